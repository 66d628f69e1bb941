"""Train the networks that ship: ``python -m reaper_automix.training.tone.ship DATA --scores OUT.json``.

Of each group it is the method with the least log-spectral distance on songs it had not seen, trained on all pairs whose
licence allows it; where that is the mean curve, the curve ships. Whether it beats the raw track and the mean curve
beyond doubt is written into the card, for the invented engineers and for stems of humans apart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.mixers.tone_groups import GROUPS
from reaper_automix.mixers.tone_network import (
    CENTRES_HZ,
    FORMAT,
    MODEL_NAME,
    MOST_BOOST_DB,
    MOST_CUT_DB,
    N_FEATURES,
    SEGMENT_S,
    WEIGHTS_FILE,
    ToneNetwork,
    networks_to_bytes,
)
from reaper_automix.models_folder import models_folder
from reaper_automix.training.resuming import Say, to_stderr
from reaper_automix.training.shipping import about_weights, read_scores, rounded, write_model
from reaper_automix.training.tone.baselines import MEAN_CURVE, means_of
from reaper_automix.training.tone.evaluate import FORMAT as SCORES_FORMAT
from reaper_automix.training.tone.evaluate import digest_of, heard_pairs
from reaper_automix.training.tone.experiments import SEED
from reaper_automix.training.tone.network import RECIPES, fit
from reaper_automix.training.tone.pairs import LOUDNESS_LUFS, Pair
from reaper_automix.training.tone.scores import LSD
from reaper_automix.training.tone.tables import REAL, RECORDED_RAWS, UNSEEN, is_proven

SCORE_DECIMALS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.tone.ship", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--scores", type=Path, required=True, metavar="JSON", help="what evaluate wrote about them")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default: models/{MODEL_NAME}")
    asked = parser.parse_args(arguments)
    try:
        pairs, _ = heard_pairs(asked.data, asked.scores.with_suffix(".pairs"), say=to_stderr)
        folder = ship(pairs, asked.scores, asked.out or models_folder() / MODEL_NAME, say=to_stderr)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    to_stderr(f"written: {folder}")
    return 0


def ship(
    pairs: Sequence[Pair], scores: Path, folder: Path, *, iterations: int | None = None, say: Say = to_stderr
) -> Path:
    """Train on pairs and write ``model.json`` and the weights; return their folder.

    Parameters
    ----------
    pairs : sequence of Pair
        Those that ``scores`` are of.
    scores : Path
        What ``evaluate`` wrote.
    folder : Path
    iterations : int, optional
        Fewer than the recipes', for tests.
    say : callable
        Told a line about each group.

    Raises
    ------
    CorpusError
        If the figures are of other pairs, or none of them may be learned from.
    SessionError
        If the files cannot be written.
    """
    told = read_scores(scores, scores_format=SCORES_FORMAT, sha256=digest_of(pairs), of="these pairs")
    networks: dict[str, ToneNetwork] = {}
    groups: dict[str, Any] = {}
    learned: list[Pair] = []
    for group in GROUPS:
        own = [pair for pair in pairs if pair.source.group == group and pair.variants is not None]
        if own and group in told["summary"].get(UNSEEN, {}):
            method = best_method(told["summary"], group)
            say(f"{group}: {method}, {len(own)} pairs")
            networks[group] = _trained(method, own, iterations)
            groups[group] = _about_group(told["summary"], group, method, own)
            learned += own
    if not networks:
        raise CorpusError("no pair may be learned from by its licence. Give songs, lmms or gm-midi.")
    stored = networks_to_bytes(networks)
    write_model(folder, _card(groups, learned, told["summary"], stored), WEIGHTS_FILE, stored)
    return folder


def best_method(found: Mapping[str, Any], group: str) -> str:
    """Return the mean curve or the recipe with the least log-spectral distance on unseen songs."""
    table = found[UNSEEN][group]
    known = [name for name in (MEAN_CURVE, *(recipe.name for recipe in RECIPES)) if name in table]
    if not known:
        raise CorpusError(f"the scores hold no method for {group}. Run evaluate with the networks.")
    return min(known, key=lambda name: float(table[name][LSD]["mean"]))


def _trained(method: str, pairs: Sequence[Pair], iterations: int | None) -> ToneNetwork:
    if method == MEAN_CURVE:
        nothing, one = np.zeros(N_FEATURES, np.float32), np.ones(N_FEATURES, np.float32)
        return ToneNetwork(nothing, one, means_of(pairs).curve_db)
    recipe = next(recipe for recipe in RECIPES if recipe.name == method)
    return fit(pairs, recipe if iterations is None else replace(recipe, iterations=iterations), SEED)[0]


def _about_group(found: Mapping[str, Any], group: str, method: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "method": method,
        "pairs": len(pairs),
        "songs": len({(pair.source.corpus, pair.source.song) for pair in pairs}),
        "authors": len({pair.source.author for pair in pairs}),
        "proven_on_unseen_songs": is_proven(found, group, method),
        "proven_on_recorded_raw_tracks": is_proven(found, group, method, RECORDED_RAWS),
        "proven_on_stems_of_engineers": is_proven(found, group, method, REAL),
    }


def _songs(learned: Sequence[Pair]) -> list[dict[str, Any]]:
    """Return the songs learned from, and how many of their tracks in which group."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for pair in learned:
        source = pair.source
        about = {"song": f"{source.corpus}/{source.song}", "author": source.author, "licence": source.licence}
        song = found.setdefault((source.corpus, source.song), {**about, "usage": source.usage.value, "tracks": {}})
        song["tracks"][source.group] = song["tracks"].get(source.group, 0) + 1
    return list(found.values())


def _card(
    groups: Mapping[str, Any], learned: Sequence[Pair], found: Mapping[str, Any], stored: bytes
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "what": "gains per third of an octave and frame that lead from a raw track to the tone of a stem, after the "
        "task of Martinez Ramirez and Reiss 2017, section 4, with a network of our own: a mask, not magnitudes",
        **about_weights(WEIGHTS_FILE, stored),
        "input": {"sample_rate_hz": 44_100, "segment_s": SEGMENT_S, "centres_hz": [round(hz, 2) for hz in CENTRES_HZ]},
        "answer": {"most_boost_db": MOST_BOOST_DB, "most_cut_db": MOST_CUT_DB, "between_lufs": LOUDNESS_LUFS},
        "groups": dict(groups),
        "recipes": [{**asdict(recipe), "seed": SEED} for recipe in RECIPES],
        "training_data": _songs(learned),
        "bias": "no stem it learned from was made by a human: chains of real effects, set by one invented engineer per "
        "group, made all of them (training/tone/engineers.py); most raw tracks are General MIDI; few voices, of "
        "finished songs by one author",
        "scores": rounded(found, SCORE_DECIMALS),
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    sys.exit(main())
