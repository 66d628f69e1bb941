"""One system for all groups: what there is for a track whose role nobody knows, and how it goes together with its own.

The published One-Versus-All system is learned per instrument, and an unknown one has none. The system of all groups
together has seen everything, and knows no role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reaper_automix.training.rides.published import (
    EARLIER_FEATURES,
    Case,
    Fold,
    Recipe,
    can_be_judged,
    columns_for,
    folds_by_song,
    one_versus_all,
    predict_held_out,
    squared_errors,
)
from reaper_automix.training.rides.showing import ShownSong

POOLED: Mapping[str, float] = {"one system for all groups (unknown role)": 1.0, "half of each": 0.5}
"""How much of the answer comes from the system of all groups, the rest from that of the track's own."""


def pooled_errors(songs: Sequence[ShownSong], groups: Sequence[str], share: float) -> dict[str, list[float]]:
    """Return the squared errors song by song per group, each song by the others, on the earlier features.

    Parameters
    ----------
    songs : sequence of ShownSong
        Those that are judged and learned from.
    groups : sequence of str
        Which groups.
    share : float
        0 to 1, see ``POOLED``.
    """
    recipe, columns = Recipe(), columns_for(EARLIER_FEATURES, 2)
    cases = {group: one_versus_all(songs, group, recipe) for group in groups}
    every = [case for group in groups for case in cases[group]]
    folds = _by_song(every)
    if not can_be_judged(every, folds):
        return {}
    together = iter(predict_held_out(every, folds, columns, recipe))
    errors: dict[str, list[float]] = {}
    for group in groups:
        pooled = [next(together) for _ in cases[group]]
        if can_be_judged(cases[group], folds_by_song(cases[group])):
            own = predict_held_out(cases[group], folds_by_song(cases[group]), columns, recipe)
            mixed = [share * one + (1.0 - share) * other for one, other in zip(pooled, own, strict=True)]
            errors[group] = squared_errors(cases[group], mixed)[:, 0].tolist()
    return errors


def _by_song(cases: Sequence[Case]) -> list[Fold]:
    """Return one fold per song, whichever groups it is there with."""
    names = [f"{case.corpus}/{case.song}" for case in cases]
    return [np.flatnonzero(np.array(names) == name) for name in dict.fromkeys(names)]
