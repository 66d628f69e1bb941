"""Non-negative least squares per window, with an uncertainty for every gain.

References
----------
.. [1] J. Scott, Y. E. Kim, "Analysis of acoustic features for automated multi-track mixing", ISMIR 2011, 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from reaper_automix.analysis.gain_windows import Domain, Products, Windows
from reaper_automix.units import db_to_energy, energy_to_db

SILENT_DB = 30.0
"""A track counts as silent in windows so far below its loudest one."""

SILENT_ENERGY = 1e-9
"""Mean square (-90 dBFS) at which a window is silent whatever the rest."""

SAME = 0.99
"""Tracks whose waveforms correlate so highly over the song are one signal: only the sum of their gains is known."""

_INDEPENDENT = {"waveform": 0.1, "power": 0.02, "magnitude": 0.02}
"""Share of a window's samples or bins that count as independent: neighbours hang together. ``gain_smoothing`` finds the
scale by itself; this only has to be near enough."""

_RIDGE = 1e-9
"""Share of a column's energy that is added to the diagonal: far below any rounding that would show."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Gains of one domain, window by window.

    Parameters
    ----------
    power_gain : ndarray of float64, shape (n_windows, n_channels, n_tracks)
        Squared gain of each track, at least 0.
    variance : ndarray of float64, shape (n_windows, n_channels, n_tracks)
        Of ``power_gain``, as the residual of the window implies it.
    residual_db : float
        What the fit leaves of the mix, over all windows, in its own domain.
    """

    power_gain: NDArray[np.float64]
    variance: NDArray[np.float64]
    residual_db: float


def window_energy(windows: Windows) -> NDArray[np.float64]:
    """Return the energy of each track, float64 (n_windows, n_channels, n_tracks)."""
    return np.diagonal(windows.products["waveform"].tracks, axis1=2, axis2=3)


def sounding(energy: NDArray[np.float64], n_samples: int) -> NDArray[np.bool_]:
    """Tell where each track sounds, (n_windows, n_tracks); ``n_samples`` is the length of a window."""
    summed = energy.sum(axis=1)
    floor = summed.max(axis=0, initial=0.0) * db_to_energy(-SILENT_DB)
    return np.asarray(summed > np.maximum(floor, SILENT_ENERGY * n_samples))


def same_signals(products: Products) -> tuple[tuple[int, ...], ...]:
    """Return groups of tracks, two or more each, that are one signal at different levels or polarities."""
    whole = products.tracks.sum(axis=(0, 1))
    length = np.sqrt(np.maximum(np.diagonal(whole), 0.0))
    alike = np.abs(whole) > SAME * np.outer(length, length)
    groups: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for first in range(len(whole)):
        if first in taken or length[first] <= 0.0:
            continue
        group = [other for other in range(first, len(whole)) if alike[first, other] and other not in taken]
        if len(group) > 1:
            taken |= set(group)
            groups.append(tuple(group))
    return tuple(groups)


def with_polarity(products: Products, polarity: Sequence[int]) -> Products:
    """Return the products of waveforms after tracks of polarity -1 have been inverted."""
    sign = np.where(np.asarray(polarity) < 0, -1.0, 1.0)
    return Products(products.tracks * np.outer(sign, sign), products.across * sign, products.mix)


def fit(products: Products, domain: Domain, sounds: NDArray[np.bool_], n_samples: int) -> Fit:
    """Fit the mix by the tracks in every window and channel; tracks that are silent there get gain 0.

    Parameters
    ----------
    products : Products
        Of the domain.
    domain : {"waveform", "power", "magnitude"}
        In the power spectrum a track's coefficient is its squared gain, in the others its gain.
    sounds : ndarray of bool, shape (n_windows, n_tracks)
        Where each track sounds.
    n_samples : int
        Length of a window.
    """
    gains, variance = np.zeros_like(products.across), np.full_like(products.across, np.inf)
    left = products.mix.copy()
    n_independent = _INDEPENDENT[domain] * n_samples
    for window, channel in np.ndindex(*products.mix.shape):
        inner = products.tracks[window, channel]
        columns = np.flatnonzero(sounds[window] & (np.diagonal(inner) > 0.0))
        mix_energy = float(products.mix[window, channel])
        if not columns.size or mix_energy <= 0.0:
            continue
        found = _solve(inner[np.ix_(columns, columns)], products.across[window, channel, columns], mix_energy)
        gains[window, channel, columns], variance[window, channel, columns], left[window, channel] = found
    variance /= n_independent
    total = float(products.mix.sum())
    residual_db = energy_to_db(max(float(left.sum()) / total, 1e-12)) if total > 0.0 else 0.0
    if domain == "power":
        return Fit(gains, variance, residual_db)
    return Fit(np.square(gains), 4.0 * np.maximum(np.square(gains), variance) * variance, residual_db)


def _solve(
    inner: NDArray[np.float64], across: NDArray[np.float64], mix_energy: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return gains, their variances if all samples hung together, and the energy that is left.

    ``min |V - U a|`` over ``a >= 0`` needs of U and V only ``U'U = L L'``: the same minimum has ``|L^-1 U'V - L' a|``.
    """
    length = np.sqrt(np.diagonal(inner))
    scaled = inner / np.outer(length, length)
    scaled[np.diag_indices_from(scaled)] += _RIDGE
    factor = linalg.cholesky(_lifted(scaled), lower=True)
    target = linalg.solve_triangular(factor, across / length, lower=True)
    solution, _ = optimize.nnls(factor.T, target)  # [1] eq. 1
    gains = solution / length
    left = float(np.clip(mix_energy - 2.0 * gains @ across + gains @ inner @ gains, 1e-12 * mix_energy, mix_energy))
    inverse = linalg.solve_triangular(factor, np.eye(len(factor)), lower=True)
    return gains, np.square(inverse).sum(axis=0) / np.square(length) * left, left


def _lifted(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a matrix of inner products without eigenvalues below rounding, so that it has a Cholesky factor."""
    lowest = float(linalg.eigvalsh(matrix, subset_by_index=(0, 0))[0])
    if lowest >= _RIDGE / 2.0:
        return matrix
    lifted: NDArray[np.float64] = matrix + (_RIDGE - lowest) * np.eye(len(matrix))
    return lifted
