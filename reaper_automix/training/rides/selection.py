"""Which features a system needs: sequential forward selection, as published and without looking at the judged songs.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.features import FEATURES
from reaper_automix.training.rides.published import (
    Case,
    Floats,
    Fold,
    Recipe,
    columns_for,
    folds_by_author,
    folds_by_song,
    predict_held_out,
    squared_errors,
)

_BLOCKS = 2
"""One-Versus-All observes a track's own features and the mean of the others'."""

INNER_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """The course of a forward selection.

    Parameters
    ----------
    alone : tuple of (feature, error)
        Each feature by itself, the best first: [1] table 3.
    features : tuple of str
        In the order in which they were added.
    errors : tuple of float
        The error with the first 1, 2 ... of them: [1] figure 2.
    """

    alone: tuple[tuple[str, float], ...]
    features: tuple[str, ...]
    errors: tuple[float, ...]

    @property
    def best(self) -> tuple[str, ...]:
        """The features with which the error is least."""
        return self.features[: int(np.argmin(self.errors)) + 1]


def select_forward(cases: Sequence[Case], folds: Sequence[Fold], recipe: Recipe) -> Selection:
    """Add the feature that lowers the held-out error most, until all are in: [1] section 4.

    The error of the best number of features is optimistic, because the judged songs have chosen it.
    """
    chosen: list[str] = []
    errors: list[float] = []
    alone: dict[str, float] = {}
    left = list(FEATURES)
    while left:
        found = {feature: _error(cases, folds, (*chosen, feature), recipe) for feature in left}
        alone = alone or found
        best = min(found, key=lambda feature: found[feature])
        chosen.append(best)
        left.remove(best)
        errors.append(found[best])
    ranked = sorted(alone.items(), key=lambda pair: pair[1])
    return Selection(tuple(ranked), tuple(chosen), tuple(errors))


def predict_nested(
    cases: Sequence[Case], fold: Fold, recipe: Recipe, *, by_author: bool
) -> tuple[tuple[str, ...], list[Floats]]:
    """Select on all other songs, then predict a fold that had no say in it.

    Returns
    -------
    tuple of str
        The features.
    list of ndarray
        The predicted gains of the fold's cases, see ``predict_held_out``.
    """
    judged = set(fold.tolist())
    learned = [case for index, case in enumerate(cases) if index not in judged]
    inner = merged(folds_by_author(learned) if by_author else folds_by_song(learned), INNER_FOLDS)
    best = select_forward(learned, inner, recipe).best
    predicted = predict_held_out(cases, [fold], columns_for(best, _BLOCKS), recipe)
    return best, [predicted[index] for index in fold]


def merged(folds: Sequence[Fold], most: int) -> list[Fold]:
    """Join folds until there are at most so many, of about equal size."""
    bins: list[list[int]] = [[] for _ in range(min(most, len(folds)))]
    for fold in sorted(folds, key=lambda fold: -fold.size):
        min(bins, key=len).extend(fold.tolist())
    return [np.array(sorted(each), np.intp) for each in bins]


def ova_errors(cases: Sequence[Case], folds: Sequence[Fold], features: Sequence[str], recipe: Recipe) -> Floats:
    """Return the held-out error of each case with these features, (n_cases,)."""
    predicted = predict_held_out(cases, folds, columns_for(features, _BLOCKS), recipe)
    return squared_errors(cases, predicted)[:, 0]


def _error(cases: Sequence[Case], folds: Sequence[Fold], features: Sequence[str], recipe: Recipe) -> float:
    errors: NDArray[np.float64] = ova_errors(cases, folds, features, recipe)
    return float(np.mean(errors))
