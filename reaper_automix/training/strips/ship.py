"""Train what ships: ``python -m reaper_automix.training.strips.ship DATA --scores FULL.json --midi FOLDER``.

The controller of the full task is the recipe with the least stereo loss on authors it had not seen, trained on all
songs whose licence allows it; its faders are its own, or those of the role mean, whichever came closer. Whether ``mix
--mixer strips`` follows it without being asked is decided by the figures: where it is below every baseline beyond
doubt, and not above the role mean beyond doubt on tracks that need nothing.
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
from reaper_automix.mixers.strip_controller import FORMAT, MODEL_NAME, WEIGHTS_FILE, controller_to_bytes
from reaper_automix.mixers.strip_knobs import KNOBS
from reaper_automix.mixers.strip_suggestions import Faders
from reaper_automix.models_folder import models_folder
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.resuming import Say, to_stderr, unsaid
from reaper_automix.training.shipping import about_weights, read_scores, rounded, write_model
from reaper_automix.training.strips.baselines import ROLES
from reaper_automix.training.strips.evaluate import SEED, about, cut_songs, digest_of
from reaper_automix.training.strips.evaluate_full import FORMAT as SCORES_FORMAT
from reaper_automix.training.strips.evaluate_full import RAW, UNTOUCHED, load_network
from reaper_automix.training.strips.full_controller import full_arrays
from reaper_automix.training.strips.full_fit import FULL_RECIPES, FullRecipe, Takes, fit_full
from reaper_automix.training.strips.full_mixers import ROLE_FADERS
from reaper_automix.training.strips.songs import StripSong
from reaper_automix.training.strips.tables import ALL, is_proven
from reaper_automix.training.strips.transformation import TransformationNetwork

SCORE_DECIMALS = 3
LOOK = ("step", "loss", "held_out", "rate")
FADERS: Mapping[Faders, str] = {"own": "", "roles": ROLE_FADERS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.strips.ship", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--scores", type=Path, required=True, metavar="JSON", help="what evaluate_full wrote of them")
    parser.add_argument("--midi", type=Path, metavar="FOLDER", help="as for evaluate_full")
    parser.add_argument("--most-per-author", type=int, metavar="N", help="as for evaluate_full")
    parser.add_argument("--network", type=Path, metavar="FILE", help="as for evaluate_full, if its recipe is the best")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default: models/{MODEL_NAME}")
    asked = parser.parse_args(arguments)
    try:
        songs = cut_songs(asked.data, asked.scores, asked.midi, asked.most_per_author)
        network = load_network(asked.network) if asked.network else None
        folder = ship(songs, asked.scores, asked.out or models_folder() / MODEL_NAME, network, to_stderr)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    to_stderr(f"written: {folder}")
    return 0


def ship(
    songs: Sequence[StripSong],
    scores: Path,
    folder: Path,
    network: TransformationNetwork | None = None,
    say: Say = unsaid,
) -> Path:
    """Train on songs and write ``model.json`` and the weights; return their folder.

    Raises
    ------
    CorpusError
        If the figures are of other songs, or none of them may be learned from.
    SessionError
        If the files cannot be written.
    """
    told = read_scores(scores, scores_format=SCORES_FORMAT, sha256=digest_of(songs))
    recipe, faders = best_recipe(told["summary"][RAW])
    allowed = [song for song in songs if song.usage is Usage.TRAIN]
    if not allowed or (recipe.route == "network" and network is None):
        raise CorpusError(f"'{recipe.name}' wants songs whose licence allows it, and the network that it goes through.")
    takes = Takes(scores.with_suffix(".takes"))
    fitted = fit_full(recipe, allowed, takes, SEED, scores.with_suffix(".states") / "all", network, say)
    stored = controller_to_bytes(full_arrays(fitted.controller))
    card = {
        **_about(recipe, faders, told, allowed),
        **about_weights(WEIGHTS_FILE, stored),
        "looks": rounded([dict(zip(LOOK, row, strict=True)) for row in fitted.curve[1:]], SCORE_DECIMALS),
    }
    write_model(folder, card, WEIGHTS_FILE, stored)
    return folder


def best_recipe(found: Mapping[str, Any]) -> tuple[FullRecipe, Faders]:
    """Return the recipe with the least stereo loss over all songs, and whose faders it has then.

    What never went through a console does not count: of compressors and reverbs known spectra say nothing.

    Raises
    ------
    CorpusError
        If none was judged.
    """
    table = found[ALL].get("stereo") or found[ALL]["sum"]
    known: list[tuple[FullRecipe, Faders]] = [
        (recipe, faders)
        for recipe in FULL_RECIPES
        for faders in FADERS
        if recipe.route and recipe.name + FADERS[faders] in table
    ]
    if not known:
        raise CorpusError("the scores hold no controller. Run evaluate_full to its end.")
    return min(known, key=lambda one: float(table[one[0].name + FADERS[one[1]]]["mean"]))


def does_no_harm(found: Mapping[str, Any], name: str) -> bool:
    """Return whether a mix is not above the role mean beyond doubt: of tracks that need nothing."""
    tables = [found[ALL].get(figure, {}) for figure in ("stereo", "sum")]
    return all(table.get(name, {}).get("minus", {}).get(ROLES, {"low": 0.0})["low"] <= 0.0 for table in tables)


def _about(recipe: FullRecipe, faders: Faders, told: Mapping[str, Any], songs: Sequence[StripSong]) -> dict[str, Any]:
    raw, untouched = (told["summary"][heard] for heard in (RAW, UNTOUCHED))
    name = recipe.name + FADERS[faders]
    return {
        "format": FORMAT,
        "what": "the channel strip of each track in human mixes, from spectra of a few excerpts at one loudness, by "
        "the controller of a differentiable mixing console (Steinmetz et al. 2021) with an encoder of our own",
        "input": {"loudness_lufs": REFERENCE_LUFS},
        "answer": ["fader_db", "pan", *KNOBS],
        "faders": faders,
        "proven_on_unseen_authors": is_proven(raw, name) and does_no_harm(untouched, name),
        "recipe": {**asdict(recipe), "seed": SEED},
        "training_data": [about(song) for song in songs],
        "bias": f"equaliser and dynamics are inverses of random ones, not an engineer's; most songs are General MIDI; "
        f"few real recordings, few voices; {len({song.author for song in songs})} authors",
        "scores": {heard: rounded(told["summary"][heard][ALL], SCORE_DECIMALS) for heard in (RAW, UNTOUCHED)},
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


if __name__ == "__main__":
    sys.exit(main())
