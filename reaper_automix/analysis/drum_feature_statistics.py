"""The eleven numbers that sum up how a feature of frames goes over a file.

Moments are those of the population (divided by n), kurtosis is 0 for a Gaussian: ``scipy.stats`` with its defaults. The
two means of derivatives are those of their magnitude: with signs they would say no more than last less first. A
derivative is the difference of neighbouring frames, per step and not per second, and only of frames that are all kept.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019, section 3.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

STATISTICS: tuple[str, ...] = (
    *("mean", "var", "skew", "kurt", "median"),
    *("dmean", "dvar", "dmean2", "dvar2", "max", "min"),
)
"""The columns of ``statistics`` [1]."""

_STEADY_SHARE = 1e-3
_STEADY = 1e-4
"""A feature whose deviation is below these (relative to its RMS, plus absolute) has no shape: what is left of it is
rounding, and its third and fourth moments would be those of the rounding."""
_BATCH = 16
"""Features at a time: what is held in double precision stays small on long files."""


def statistics(frames: Floats, kept: NDArray[np.bool_]) -> Floats:
    """Return the statistics of each feature over the frames that count.

    Parameters
    ----------
    frames : ndarray of float32, shape (n_frames, n_features)
        All of them in order, finite.
    kept : ndarray of bool, shape (n_frames,)
        The frames that count.

    Returns
    -------
    ndarray of float32, shape (n_features, len(STATISTICS))
        No kept frame gives zeros; fewer than two (three) give zeros for the first (second) derivative.
    """
    values = np.zeros((frames.shape[1], len(STATISTICS)), np.float32)
    if not kept.any():
        return values
    pairs = kept[1:] & kept[:-1]
    triples = pairs[1:] & pairs[:-1]
    for start in range(0, frames.shape[1], _BATCH):
        batch = slice(start, start + _BATCH)
        columns = np.ascontiguousarray(frames[:, batch].T, np.float64)
        slopes = np.diff(columns, axis=1)
        bends = np.diff(slopes, axis=1)
        values[batch] = _of_columns(columns[:, kept], slopes[:, pairs], bends[:, triples])
    return values


def _of_columns(columns: Doubles, slopes: Doubles, bends: Doubles) -> Doubles:
    """Return (n_features, len(STATISTICS)) of float64 (n_features, n): values, first and second differences."""
    mean = columns.mean(axis=1)
    return np.column_stack(
        (
            mean,
            *_moments(columns - mean[:, None], np.square(columns).mean(axis=1)),
            np.median(columns, axis=1),
            *_mean_and_variance(slopes),
            *_mean_and_variance(bends),
            columns.max(axis=1),
            columns.min(axis=1),
        )
    )


def _moments(deviation: Doubles, mean_square: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return variance, skewness and kurtosis of float64 (n_features, n) around 0."""
    square = np.square(deviation)
    variance = square.mean(axis=1)
    shaped = np.sqrt(variance) > _STEADY_SHARE * np.sqrt(mean_square) + _STEADY
    safe = np.where(shaped, variance, 1.0)
    third = (square * deviation).mean(axis=1)
    fourth = np.square(square).mean(axis=1)
    return variance, np.where(shaped, third / safe**1.5, 0.0), np.where(shaped, fourth / safe**2 - 3.0, 0.0)


def _mean_and_variance(differences: Doubles) -> tuple[Doubles, Doubles]:
    """Return the mean of the magnitude, and the variance; of none 0."""
    if differences.shape[1] == 0:
        nothing = np.zeros(differences.shape[0])
        return nothing, nothing
    return np.abs(differences).mean(axis=1), differences.var(axis=1)
