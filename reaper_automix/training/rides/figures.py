"""Which songs and tracks the figures of an evaluation show, and what is drawn of them. Needs matplotlib.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.training.rides.experiments import TOGETHER, Songs
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.pictures import Course, course_of, draw_courses, draw_figure_2, draw_rides
from reaper_automix.training.rides.proper import LDS, RULE, RideCase, by_author, choose_settings, fit_rides
from reaper_automix.training.rides.published import (
    EARLIER_FEATURES,
    Case,
    Floats,
    Recipe,
    all_tracks,
    can_be_judged,
    columns_for,
    folds_by_song,
    one_versus_all,
    predict_held_out,
)

SHOWN_SONGS = 2
SHOWN_RIDES = 12
LEAST_SHOWN_DB = 1.0
"""A human's ride that deviates less is hardly seen in a figure."""

_RECIPE = Recipe()

Curves = Mapping[str, Mapping[str, Any]]
"""Of ``results.figure_2``."""


def draw_all(curves: Curves, songs: Sequence[RiddenSong], cases: Sequence[RideCase], folder: Path) -> list[Path]:
    """Draw [1] figures 2 to 4, and rides beside human rides; return the files.

    Parameters
    ----------
    curves : mapping
        What ``results.figure_2`` returned.
    songs : sequence of RiddenSong
        Those of the published experiments.
    cases : sequence of RideCase
        The rides that humans made.
    folder : Path
        Where the files go. A figure that has nothing to show is not drawn.
    """
    figure_3, figure_4 = published_courses(curves, songs)
    rides, riders = shown_rides(cases)
    drawn: dict[str, tuple[bool, Callable[[Path], None]]] = {
        "figure-2.png": (bool(curves), lambda path: draw_figure_2(curves, path)),
        "figure-3.png": (bool(figure_3), lambda path: draw_courses(figure_3, ("all tracks", "one versus all"), path)),
        "figure-4.png": (
            bool(figure_4),
            lambda path: draw_courses(figure_4, ("best single feature", "best features"), path),
        ),
        "rides.png": (bool(rides), lambda path: draw_rides(rides, riders, path)),
    }
    paths = [folder / name for name, (is_there, _) in drawn.items() if is_there]
    for path in paths:
        drawn[path.name][1](path)
    return paths


def published_courses(curves: Curves, songs: Sequence[RiddenSong]) -> tuple[list[Course], list[Course]]:
    """Return the courses of the songs in which humans moved most, for [1] figure 3 and for figure 4.

    Both are empty where All-Tracks cannot be learned.
    """
    held = Songs(songs)
    joint = all_tracks(held.complete(_RECIPE.step_s), TOGETHER, _RECIPE)
    if not can_be_judged(joint, folds_by_song(joint)):
        return [], []
    together = dict(zip(map(_key, joint), _held_out(joint, EARLIER_FEATURES, len(TOGETHER)), strict=True))
    chosen = {_key(case) for case in sorted(joint, key=lambda case: -_moving(case.states))[:SHOWN_SONGS]}
    figure_3, figure_4 = [], []
    for column, group in enumerate(TOGETHER):
        for case, ova, single, most in _answers(held, group, curves.get(group)):
            if _key(case) in chosen:
                joint_line = together[_key(case)][:, column]
                figure_3.append(course_of(case, group, joint_line, ova, _RECIPE.step_s))
                figure_4.append(course_of(case, group, single, most, _RECIPE.step_s))
    return figure_3, figure_4


def shown_rides(
    cases: Sequence[RideCase],
) -> tuple[list[RideCase], Mapping[str, Callable[[RideCase], Floats]]]:
    """Return one track of each of some songs, and what answers for it: riders that have not seen its author."""
    seen: dict[tuple[str, str], RideCase] = {}
    for case in cases:
        if case.ride_db[case.counts].std() > LEAST_SHOWN_DB:
            seen.setdefault((case.corpus, case.song), case)
    models = {judged[0].author: fit_rides(learned, choose_settings(learned)) for learned, judged in by_author(cases)}
    riders: Mapping[str, Callable[[RideCase], Floats]] = {
        LDS: lambda case: models[case.author].ride_db(case.observations, case.sounds),
        RULE: lambda case: case.rule_db,
    }
    return [case for case in seen.values() if case.author in models][:SHOWN_RIDES], riders


def _answers(
    songs: Songs, group: str, curve: Mapping[str, Any] | None
) -> Iterator[tuple[Case, Floats, Floats, Floats]]:
    """Yield One-Versus-All's gains, (n_steps,): by the earlier features, the best single one, and the best ones."""
    if curve is None:
        return
    best = curve["features"][: int(np.argmin(curve["errors"])) + 1]
    cases = one_versus_all(songs.with_group(group, _RECIPE.step_s), group, _RECIPE)
    predicted = [_held_out(cases, features, 2) for features in (EARLIER_FEATURES, best[:1], best)]
    for case, ova, single, most in zip(cases, *predicted, strict=True):
        yield case, ova[:, 0], single[:, 0], most[:, 0]


def _held_out(cases: Sequence[Case], features: Sequence[str], n_blocks: int) -> list[Floats]:
    return predict_held_out(cases, folds_by_song(cases), columns_for(features, n_blocks), _RECIPE)


def _key(case: Case) -> tuple[str, str]:
    return case.corpus, case.song


def _moving(states: Floats) -> float:
    """Return how many of the gains move, and how far."""
    return float(np.sum(states.std(axis=0) / np.maximum(states.mean(axis=0), 1e-9) > 0.1) + states.std(axis=0).mean())
