"""Bootstrap intervals over songs, paired: every predictor is judged on the same draws of songs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.training.evaluation.scores import SongScore

DRAWS = 2000
COVERED_PERCENT = 95.0

Draws = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value, and where 95 % of the draws of songs put it; few songs make it narrower than it should be."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the sign is the same over the whole interval."""
        return self.low > 0.0 or self.high < 0.0


def draw_songs(n_songs: int, rng: np.random.Generator) -> Draws:
    """Return how often each draw holds each song, int64 (DRAWS, n_songs)."""
    return np.asarray(rng.multinomial(n_songs, np.full(n_songs, 1.0 / n_songs), size=DRAWS), np.int64)


def median_error(scores: Sequence[SongScore], draws: Draws) -> Values:
    """Return the median over all tracks of the absolute error: first as it is, then of each draw, (1 + DRAWS,)."""
    errors, counts = _tracks(scores, draws)
    order = np.argsort(errors, kind="stable")
    errors, below = errors[order], np.cumsum(counts[:, order], axis=1)
    total = below[:, -1:]
    low = errors[(below <= (total - 1) // 2).sum(axis=1)]
    high = errors[(below <= total // 2).sum(axis=1)]
    return np.asarray((low + high) / 2.0)


def mean_error(scores: Sequence[SongScore], draws: Draws) -> Values:
    """Return the mean over all tracks of the absolute error, as ``median_error``."""
    errors, counts = _tracks(scores, draws)
    return np.asarray(counts @ errors / counts.sum(axis=1))


def interval(values: Values) -> Interval:
    """Return the interval of a value that is followed by its draws."""
    tail = (100.0 - COVERED_PERCENT) / 2.0
    low, high = np.percentile(values[1:], (tail, 100.0 - tail))
    return Interval(float(values[0]), float(low), float(high))


def _tracks(scores: Sequence[SongScore], draws: Draws) -> tuple[Values, Draws]:
    """Return the absolute error of every track, and how often the whole and each draw hold it."""
    sizes = [len(score.errors_db) for score in scores]
    errors = np.abs(np.concatenate([score.errors_db for score in scores]))
    counts = np.vstack([np.ones((1, len(sizes)), np.int64), draws])
    return errors, np.repeat(counts, sizes, axis=1)
