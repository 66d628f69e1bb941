"""Train the drum model that ships: ``python -m reaper_automix.training.drums.ship drums.npz --scores OUT.json``.

It learns from all sessions, any number of microphones, and the mean taste of all engineers.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.analysis.drum_levels import FORMAT, MODEL_NAME, WEIGHTS_FILE, levels_from, levels_to_bytes
from reaper_automix.analysis.drum_rows import row_names
from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.models_folder import models_folder
from reaper_automix.training.drums.baselines import pooled_db
from reaper_automix.training.drums.dataset import DrumSession, load_set
from reaper_automix.training.drums.evaluate import FORMAT as SCORES_FORMAT
from reaper_automix.training.drums.per_microphone import PerMicrophoneBoosting
from reaper_automix.training.resuming import to_stderr
from reaper_automix.training.shipping import about_weights, read_scores, write_model

MOST_BYTES = 4_000_000
DATA: Sequence[Mapping[str, str]] = (
    {
        "what": "recorded hits",
        "source": "MuldjordKit by Lars Muldjord, CC BY 4.0, reduced",
        "licence": "CC-BY-4.0",
    },
    {"what": "performances", "source": "Freedoom, contributors to the Freedoom project", "licence": "BSD-3-Clause"},
    {"what": "performances", "source": "OpenTTD OpenMSX, various authors", "licence": "GPL-2.0"},
    {"what": "generated grooves and engineers", "source": "reaper_automix", "licence": "MIT"},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.drums.ship", description=__doc__)
    parser.add_argument("set", type=Path, help="the sessions, .npz")
    parser.add_argument("--scores", type=Path, required=True, metavar="JSON", help="what evaluate wrote about this set")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: models/drums")
    asked = parser.parse_args(arguments)
    try:
        folder = ship(asked.set, asked.scores, asked.out or models_folder() / MODEL_NAME)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    to_stderr(f"written: {folder}")
    return 0


def ship(source: Path, scores: Path, folder: Path) -> Path:
    """Train on a set and write ``model.json`` and the weights; return their folder.

    Raises
    ------
    CorpusError
        If the figures are of another set, or the model became too large.
    AutomixError
        If the set cannot be read, or the files cannot be written.
    """
    drums = load_set(source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    told = read_scores(scores, scores_format=SCORES_FORMAT, sha256=digest, of=str(source))
    wanted = [pooled_db(s, drums.engineers) for s in drums.sessions]
    model = PerMicrophoneBoosting(drums.feature_names).fit(drums.sessions, wanted)
    shipped = model.shipped()
    names = row_names(drums.feature_names)
    stored = levels_to_bytes(shipped)
    if len(stored) > MOST_BYTES:
        raise CorpusError(f"{len(stored)} bytes of weights, {MOST_BYTES} are the most. Train fewer trees or columns.")
    card: dict[str, Any] = {
        "format": FORMAT,
        "what": "level of each microphone of a drum kit, all brought to one loudness, in the mix: what its kind is at,"
        " plus the answer of boosted trees to its own sound and that of the other microphones",
        **about_weights(WEIGHTS_FILE, stored),
        "features": list(drums.feature_names),
        "columns": [names[index] for index in shipped.kept],
        "kinds_db": dict(shipped.kinds_db),
        "trees": {"number": shipped.forest.n_trees, "nodes": int(shipped.forest.feature.size), "answers": "float16"},
        "microphones": dict(sorted(_counts(drums.sessions).items())),
        "engineers": f"the mean taste of {len(drums.engineers)} stochastic engineers; no human mixed these",
        "sessions": len(drums.sessions),
        "training_data": [dict(one) for one in DATA],
        "made": dict(drums.made),
        "scores": told["summary"],
        "bias": "one recorded kit, programmed and generated performances; engineers are rules with chance",
        "licence": "facts about the data above; the numbers themselves are MIT",
    }
    again = levels_from(stored, card)
    card["rounding_db"] = round(_rounding_db(drums.sessions, model, again), 5)
    write_model(folder, card, WEIGHTS_FILE, stored)
    return folder


def _counts(sessions: Sequence[DrumSession]) -> dict[str, int]:
    found: dict[str, int] = {}
    for session in sessions:
        for mic in session.microphones:
            found[mic.value] = found.get(mic.value, 0) + 1
    return found


def _rounding_db(sessions: Sequence[DrumSession], model: PerMicrophoneBoosting, shipped: Any) -> float:
    """Return the greatest difference that shortened weights make."""
    exact = model.predict(sessions)
    return max(
        float(np.abs(shipped.predict(s.features, s.strokes, s.microphones) - own).max())
        for s, own in zip(sessions, exact, strict=True)
    )


if __name__ == "__main__":
    sys.exit(main())
