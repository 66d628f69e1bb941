"""Train what ships: ``python -m reaper_automix.training.strips.ship_full DATA --scores FULL.json --midi FOLDER``.

The controller of the full task is the recipe with the least stereo loss on authors it had not seen, trained on all
songs whose licence allows it. Beside it the card holds what is usual of each role: its mean spectrum, and the mean of
what humans sent to a reverb. Which of the two ``mix --mixer strips`` follows is decided by the figures: the controller
where it is below every baseline beyond doubt, and not above the role mean beyond doubt on tracks that need nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.audio import levels
from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_controller import FORMAT, MODEL_NAME, WEIGHTS_FILE, controller_to_bytes
from reaper_automix.mixers.strip_knobs import KNOBS
from reaper_automix.models_folder import models_folder
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.resuming import Say, to_stderr, unsaid
from reaper_automix.training.shipping import about_weights, read_scores, rounded, write_model
from reaper_automix.training.strips.baselines import ROLES, SPECTRA
from reaper_automix.training.strips.evaluate import SEED, about, cut_songs, digest_of
from reaper_automix.training.strips.evaluate_full import FORMAT as SCORES_FORMAT
from reaper_automix.training.strips.evaluate_full import RAW, UNTOUCHED, load_network
from reaper_automix.training.strips.full_baselines import best_share, fit_spectra
from reaper_automix.training.strips.full_controller import full_arrays
from reaper_automix.training.strips.full_fit import FULL_RECIPES, FullRecipe, Takes, fit_full
from reaper_automix.training.strips.songs import StripSong
from reaper_automix.training.strips.tables import ALL, is_proven
from reaper_automix.training.strips.transformation import TransformationNetwork
from reaper_automix.units import SILENCE_DB

SCORE_DECIMALS, BAND_DECIMALS = 3, 2
SHRINKAGE_TRACKS = 3.0
"""A role's mean send counts as if so many tracks that nobody sent were among its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.strips.ship_full", description=__doc__)
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
        folder = ship_full(songs, asked.scores, asked.out or models_folder() / MODEL_NAME, network, to_stderr)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    to_stderr(f"written: {folder}")
    return 0


def ship_full(
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
    recipe = best_recipe(told["summary"][RAW])
    allowed = [song for song in songs if song.usage is Usage.TRAIN]
    if not allowed or (recipe.route == "network" and network is None):
        raise CorpusError(f"'{recipe.name}' wants songs whose licence allows it, and the network that it goes through.")
    takes = Takes(scores.with_suffix(".takes"))
    fitted = fit_full(recipe, allowed, takes, SEED, scores.with_suffix(".states") / "all", network, say)
    stored = controller_to_bytes(full_arrays(fitted.controller))
    card = {
        **_about(recipe, told, allowed),
        **about_weights(WEIGHTS_FILE, stored),
        "usual": _usual(allowed, takes),
        "looks": rounded([list(row) for row in fitted.curve], SCORE_DECIMALS),
    }
    write_model(folder, card, WEIGHTS_FILE, stored)
    return folder


def best_recipe(found: Mapping[str, Any]) -> FullRecipe:
    """Return the recipe with the least stereo loss over all songs; ``CorpusError`` if none was judged."""
    table = found[ALL].get("stereo") or found[ALL]["sum"]
    known = [recipe for recipe in FULL_RECIPES if recipe.name in table]
    if not known:
        raise CorpusError("the scores hold no controller. Run evaluate_full to its end.")
    return min(known, key=lambda recipe: float(table[recipe.name]["mean"]))


def does_no_harm(found: Mapping[str, Any], name: str) -> bool:
    """Return whether a mix is not above the role mean beyond doubt: of tracks that need nothing."""
    tables = [found[ALL].get(figure, {}) for figure in ("stereo", "sum")]
    return all(table.get(name, {}).get("minus", {}).get(ROLES, {"low": 0.0})["low"] <= 0.0 for table in tables)


def _about(recipe: FullRecipe, told: Mapping[str, Any], songs: Sequence[StripSong]) -> dict[str, Any]:
    raw, untouched = (told["summary"][heard] for heard in (RAW, UNTOUCHED))
    spectra = raw[ALL].get("stereo", raw[ALL]["sum"])[SPECTRA]["mean"]
    return {
        "format": FORMAT,
        "what": "the channel strip of each track in human mixes, from spectra of a few excerpts at one loudness, by "
        "the controller of a differentiable mixing console (Steinmetz et al. 2021) with an encoder of our own",
        "input": {"loudness_lufs": REFERENCE_LUFS},
        "answer": ["fader_db", "pan", *KNOBS],
        "proven_on_unseen_authors": is_proven(raw, recipe.name) and does_no_harm(untouched, recipe.name),
        "usual_equaliser_is_better_than_none": bool(spectra < raw[ALL].get("stereo", raw[ALL]["sum"])[ROLES]["mean"]),
        "recipe": {**asdict(recipe), "seed": SEED},
        "training_data": [about(song) for song in songs],
        "bias": f"equaliser and dynamics are inverses of random ones, not an engineer's; most songs are General MIDI; "
        f"few real recordings, few voices; {len({song.author for song in songs})} authors",
        "scores": {heard: rounded(told["summary"][heard][ALL], SCORE_DECIMALS) for heard in (RAW, UNTOUCHED)},
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


def _usual(songs: Sequence[StripSong], takes: Takes) -> dict[str, Any]:
    """Return the mean spectrum and the mean send of each role."""
    own = [takes.of(song, 1) for song in songs]
    spectra = fit_spectra(own, best_share(own))
    return {
        "share": spectra.share,
        "centres_hz": rounded(list(CENTRES_HZ), BAND_DECIMALS),
        "bands_db": {role: rounded(bands.tolist(), BAND_DECIMALS) for role, bands in sorted(spectra.bands_db.items())},
        "sends_db": usual_sends_db(songs),
    }


def usual_sends_db(songs: Sequence[StripSong]) -> dict[str, float]:
    """Return the mean send of each role in songs whose author sent any track to a reverb, linear gains averaged."""
    sent: dict[str, list[float]] = defaultdict(list)
    for song in songs:
        if (song.sends_db > SILENCE_DB).any():
            for role, send_db in zip(song.roles, song.sends_db, strict=True):
                if role:
                    sent[role].append(float(levels.db_to_lin(np.array(send_db))) if send_db > SILENCE_DB else 0.0)
    means = {role: sum(gains) / (len(gains) + SHRINKAGE_TRACKS) for role, gains in sorted(sent.items())}
    return {role: round(20.0 * float(np.log10(gain)), 1) for role, gain in means.items() if gain > 0.0}


if __name__ == "__main__":
    sys.exit(main())
