"""Fit the learned rider to every human ride that may be learned from, and judge its recipe on authors left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import CorpusError
from reaper_automix.learning.stability import spectral_radius
from reaper_automix.mixers.ride_model import FORMAT, OBSERVATIONS, WEIGHTS_FILE, WINDOWS_S, RideModel
from reaper_automix.mixers.ride_sound import STEP_S
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.proper import (
    LIMIT_DB,
    MUTED_DB,
    OBSERVED,
    R_SCALES,
    RideCase,
    Settings,
    choose_settings,
    fit_rides,
    judge_riders,
    ride_cases,
)
from reaper_automix.training.rides.results import is_proven, rides_table
from reaper_automix.training.shipping import about_weights, rounded, write_model

SEED = 4
DECIMALS, SCORE_DECIMALS = 9, 3


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRides:
    """A fitted rider: the weights file, the card, and the table of its recipe on authors left out."""

    weights: str
    card: dict[str, Any]
    table: dict[str, Any]


def train_rides(songs: Sequence[RiddenSong]) -> TrainedRides:
    """Fit and judge.

    Raises
    ------
    CorpusError
        If the songs that may be learned from hold rides of fewer than two authors.
    """
    cases = [case for case in ride_cases(songs) if case.usage is Usage.TRAIN]
    n_authors = len({case.author for case in cases})
    if n_authors < 2:
        who = "1 author" if n_authors else "0 authors"
        raise CorpusError(
            f"The songs that may be learned from hold rides by {who}. The recipe is chosen by leaving "
            "authors out: add songs of at least two whose gains move over time, as those of gm-midi and lmms do."
        )
    scores = judge_riders(cases)
    table = rides_table(scores, np.random.default_rng(SEED))
    proven = is_proven(scores, np.random.default_rng(SEED))
    settings = choose_settings(cases)
    weights = json.dumps(rounded(fit_rides(cases, settings).to_data(), DECIMALS), indent=1) + "\n"
    return TrainedRides(weights, _card(cases, settings, weights, table, proven=proven), table)


def write_rides(trained: TrainedRides, folder: Path) -> None:
    """Write card and weights into a folder."""
    write_model(folder, trained.card, WEIGHTS_FILE, trained.weights.encode())


def _card(
    cases: Sequence[RideCase], settings: Settings, weights: str, table: dict[str, Any], *, proven: bool
) -> dict[str, Any]:
    model = RideModel.from_data(json.loads(weights))
    return {
        "format": FORMAT,
        "what": "the ride of a track in dB around its level: a linear dynamical system with the ride and its two "
        "derivatives as state (Scott and Kim 2011, eq. 6), fitted to tracks whose gain a human moved",
        **about_weights(WEIGHTS_FILE, weights.encode()),
        "features": {
            "names": list(settings.observed),
            "from": "K-weighted energies of 100 ms, every track at one loudness; any sample rate",
            "step_s": STEP_S,
        },
        "spectral_radius": round(spectral_radius(model.lds.model.transition), 6),
        "proven_on_unseen_authors": proven,
        "fitting": _fitting(settings),
        "scores": {"split": "leave_one_author_out", **rounded(table, SCORE_DECIMALS)},
        "training_data": _training_data(cases),
        "bias": f"electronic and General MIDI music, amateur mixes, {len({case.author for case in cases})} authors, "
        f"{len(cases)} tracks that move",
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


def _fitting(settings: Settings) -> dict[str, Any]:
    """Return what was chosen, from what, and how."""
    return {
        **asdict(settings),
        "chosen_from": {"observed": [list(names) for names in OBSERVED], "r_scale": list(R_SCALES)},
        "chosen_by": "authors left out in turn: what correlates best, then the smallest R that is no worse than no "
        "ride",
        "windows_s": list(WINDOWS_S),
        "observations": list(OBSERVATIONS),
        "label_limit_db": LIMIT_DB,
        "muted_db": MUTED_DB,
    }


def _training_data(cases: Sequence[RideCase]) -> list[dict[str, str]]:
    songs = sorted({(case.corpus, case.song, case.author, case.licence) for case in cases})
    return [dict(zip(("corpus", "song", "author", "licence"), song, strict=True)) for song in songs]
