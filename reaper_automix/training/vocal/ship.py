"""Train the level network that ships: ``python -m reaper_automix.training.vocal.ship DATA --scores OUT.json``.

It is the recipe that erred least on authors it had not seen, vocals and lead parts alike, trained on all songs whose
licence allows it. Whether it beats a constant beyond doubt is written into the card, and is a matter of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.analysis.mel_spectra import FFT_SIZE, HOP, N_MELS, RATE_HZ
from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.learning.convolution import network_to_bytes
from reaper_automix.mixers.vocal_network import BLOCK_FRAMES, FORMAT, MODEL_NAME, SHOWN_GAIN_DB, WEIGHTS_FILE
from reaper_automix.models_folder import models_folder
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.resuming import to_stderr, unsaid
from reaper_automix.training.shipping import about_weights, read_scores, rounded, write_model
from reaper_automix.training.vocal.blocks import training_blocks
from reaper_automix.training.vocal.evaluate import FORMAT as SCORES_FORMAT
from reaper_automix.training.vocal.evaluate import about, digest_of, heard_pairs
from reaper_automix.training.vocal.fit import Fitted, fit
from reaper_automix.training.vocal.folds import BY_AUTHOR
from reaper_automix.training.vocal.pairs import LEAD, VOCAL, Pair
from reaper_automix.training.vocal.recipes import FOR_NEW_AUTHORS, Recipe

SEED = 8
MOST_BYTES = 2_000_000
SCORE_DECIMALS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.vocal.ship", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--scores", type=Path, required=True, metavar="JSON", help="what evaluate wrote about them")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default: models/{MODEL_NAME}")
    asked = parser.parse_args(arguments)
    try:
        folder = ship(asked.data, asked.scores, asked.out or models_folder() / MODEL_NAME)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    to_stderr(f"written: {folder}")
    return 0


def ship(data: Path, scores: Path, folder: Path) -> Path:
    """Train on the corpora below a folder and write ``model.json`` and the weights; return their folder.

    Raises
    ------
    CorpusError
        If the figures are of other pairs, or none of them may be learned from.
    AutomixError
        If a corpus is damaged, or the files cannot be written.
    """
    pairs = heard_pairs(data, scores.with_suffix(".pairs"), workers=1, say=unsaid)
    told = read_scores(scores, scores_format=SCORES_FORMAT, sha256=digest_of(pairs))
    recipe = best_recipe(told["summary"])
    allowed = [pair for pair in pairs if pair.usage is Usage.TRAIN]
    if not allowed:
        raise CorpusError(f"{data}: no song may be learned from by its licence. Give songs or lmms.")
    rng = np.random.default_rng(SEED)
    fitted = fit(recipe, training_blocks(allowed, recipe.pooling, remixes=recipe.remixes, rng=rng), (), SEED)
    stored = network_to_bytes(fitted.network.network)
    if len(stored) > MOST_BYTES:
        raise CorpusError(f"{len(stored)} bytes of weights, {MOST_BYTES} are the most. Ship a smaller network.")
    write_model(folder, _card(fitted, allowed, told["summary"], stored), WEIGHTS_FILE, stored)
    return folder


def best_recipe(summary: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the least error per song on authors left out, every song counting once.

    Raises
    ------
    CorpusError
        If none of them was judged so.
    """
    errors = {recipe.name: _error_over_all(summary, recipe.name) for recipe in FOR_NEW_AUTHORS}
    known = {name: error for name, error in errors.items() if error is not None}
    if not known:
        raise CorpusError("the scores say nothing of authors left out. Run evaluate on songs of several authors.")
    best = min(known, key=lambda name: known[name])
    return next(recipe for recipe in FOR_NEW_AUTHORS if recipe.name == best)


def _parts(summary: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = (summary.get(f"{BY_AUTHOR}, {kind}", {}) for kind in (VOCAL, LEAD))
    return [part[name] for part in parts if name in part]


def _error_over_all(summary: Mapping[str, Any], name: str) -> float | None:
    rows = _parts(summary, name)
    n_songs = sum(row["songs"] for row in rows)
    return sum(row["per_song_lu"]["mean"] * row["songs"] for row in rows) / n_songs if n_songs else None


def _is_proven(summary: Mapping[str, Any], name: str) -> bool:
    """Return whether it errs less than the constant on vocals and on lead parts of new authors, beyond doubt."""
    rows = _parts(summary, name)
    return len(rows) == len((VOCAL, LEAD)) and all(row["minus_constant_lu"]["high"] < 0.0 for row in rows)


def _card(fitted: Fitted, pairs: Sequence[Pair], summary: Mapping[str, Any], stored: bytes) -> dict[str, Any]:
    recipe, network = fitted.recipe, fitted.network
    n_vocals = sum(pair.kind == VOCAL for pair in pairs)
    authors, vocal_authors = {p.author for p in pairs}, {p.author for p in pairs if p.kind == VOCAL}
    return {
        "format": FORMAT,
        "what": "integrated loudness of a vocal minus that of its backing in human mixes, in LU, by a small "
        "convolutional network (Li and Lerch, section III-B) from spectra and density: levels are not in its input",
        **about_weights(WEIGHTS_FILE, stored),
        "input": {
            "sample_rate_hz": RATE_HZ,
            "fft_size": FFT_SIZE,
            "hop": HOP,
            "mel_bands": N_MELS,
            "columns": BLOCK_FRAMES,
            "pooling": recipe.pooling,
            "as_level": recipe.as_level,
            "shown_gain_db": SHOWN_GAIN_DB,
        },
        "answer": {"scale_lu": network.scale_lu, "shift_lu": network.shift_lu},
        "constant_lu": {
            "all": round(float(np.mean([pair.gap_lu for pair in pairs])), 2),
            "vocals": round(float(np.mean([p.gap_lu for p in pairs if p.kind == VOCAL])), 2) if n_vocals else None,
        },
        "proven_on_unseen_authors": _is_proven(summary, recipe.name),
        "recipe": {field: getattr(recipe, field) for field in Recipe.__dataclass_fields__},
        "training_data": [about(pair) for pair in pairs],
        "bias": f"{n_vocals} real vocals by {len(vocal_authors)} author(s); {len(pairs) - n_vocals} lead parts chosen"
        f" by a rule, most of them synthesised; {len(authors)} authors in all",
        "train_error_lu": round(fitted.train_error_lu, 3),
        "scores": rounded(summary, SCORE_DECIMALS),
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


if __name__ == "__main__":
    sys.exit(main())
