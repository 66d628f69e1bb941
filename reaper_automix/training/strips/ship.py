"""Train the controller that ships: ``python -m reaper_automix.training.strips.ship DATA --scores OUT.json --midi DIR``.

It is the recipe with the least stereo loss on authors it had not seen, trained on all songs whose licence allows it.
Whether it beats every baseline beyond doubt is written into the card, and is a matter of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_controller import (
    EXCERPT_S,
    FORMAT,
    MODEL_NAME,
    MOST_EXCERPTS,
    MOST_GAIN_DB,
    N_BANDS,
    N_COLUMNS,
    WEIGHTS_FILE,
    controller_to_bytes,
)
from reaper_automix.models_folder import models_folder
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.resuming import to_stderr
from reaper_automix.training.shipping import about_weights, read_scores, rounded, write_model
from reaper_automix.training.strips.controller import as_arrays
from reaper_automix.training.strips.evaluate import FORMAT as SCORES_FORMAT
from reaper_automix.training.strips.evaluate import HALF, SEED, SIDES, about, cut_songs, digest_of
from reaper_automix.training.strips.fit import EPOCH_PATCHES, RECIPES, Fitted, Recipe, fit
from reaper_automix.training.strips.songs import StripSong
from reaper_automix.training.strips.tables import ALL, is_proven

SCORE_DECIMALS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.strips.ship", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--scores", type=Path, required=True, metavar="JSON", help="what evaluate wrote about them")
    parser.add_argument("--midi", type=Path, metavar="FOLDER", help="as for evaluate")
    parser.add_argument("--most-per-author", type=int, metavar="N", help="as for evaluate")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default: models/{MODEL_NAME}")
    asked = parser.parse_args(arguments)
    try:
        songs = cut_songs(asked.data, asked.scores, asked.midi, asked.most_per_author)
        folder = ship(songs, asked.scores, asked.out or models_folder() / MODEL_NAME)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    to_stderr(f"written: {folder}")
    return 0


def ship(songs: Sequence[StripSong], scores: Path, folder: Path) -> Path:
    """Train on songs and write ``model.json`` and the weights; return their folder.

    Raises
    ------
    CorpusError
        If the figures are of other songs, or none of them may be learned from.
    SessionError
        If the files cannot be written.
    """
    told = read_scores(scores, scores_format=SCORES_FORMAT, sha256=digest_of(songs))
    recipe = best_recipe(told["summary"])
    allowed = [song for song in songs if song.usage is Usage.TRAIN]
    if not allowed:
        raise CorpusError("no song may be learned from by its licence. Give songs or lmms.")
    fitted = fit(recipe, allowed, SEED)
    stored = controller_to_bytes(as_arrays(fitted.controller))
    write_model(folder, _card(fitted, allowed, told["summary"], stored), WEIGHTS_FILE, stored)
    return folder


def best_recipe(found: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the least stereo loss over all songs that have one, sides balanced as they are in use.

    Raises
    ------
    CorpusError
        If none of them was judged.
    """
    table = found[ALL].get("stereo") or found[ALL]["sum"]
    known = [recipe for recipe in RECIPES if recipe.name + SIDES in table]
    if not known:
        raise CorpusError("the scores hold no controller. Run evaluate with at least one recipe.")
    return min(known, key=lambda recipe: float(table[recipe.name + SIDES]["mean"]))


def _card(fitted: Fitted, songs: Sequence[StripSong], found: Mapping[str, Any], stored: bytes) -> dict[str, Any]:
    recipe = fitted.recipe
    n_with_pans = sum(song.is_stereo and song.levels_are_raw for song in songs)
    return {
        "format": FORMAT,
        "what": "gain and pan of each track in human mixes, from spectra of a few excerpts at one loudness, by the "
        "controller of a differentiable mixing console (Steinmetz et al. 2021, section 2.2) with an encoder of our own",
        **about_weights(WEIGHTS_FILE, stored),
        "input": {
            "loudness_lufs": REFERENCE_LUFS,
            "excerpts": MOST_EXCERPTS,
            "excerpt_s": EXCERPT_S,
            "bands": N_BANDS,
            "columns": N_COLUMNS,
        },
        "answer": {"most_gain_db": MOST_GAIN_DB, "pans": "-1 to 1, sizes; sides by on_both_sides"},
        "proven_on_unseen_authors": is_proven(found, recipe.name + SIDES),
        "half_way_to_roles_proven": is_proven(found, recipe.name + HALF),
        "recipe": {**asdict(recipe), "epoch_patches": EPOCH_PATCHES, "seed": SEED},
        "training_data": [about(song) for song in songs],
        "bias": f"pans are known of {n_with_pans} songs, nearly all of them General MIDI; few real recordings, few "
        f"voices; {len({song.author for song in songs})} authors",
        "loss": {"first": fitted.curve[0][1], "best": min(row[1] for row in fitted.curve)},
        "scores": rounded(found, SCORE_DECIMALS),
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


if __name__ == "__main__":
    sys.exit(main())
