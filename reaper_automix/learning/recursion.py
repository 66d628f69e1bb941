"""Recursions over many steps with a small matrix each, without a loop in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

Floats = NDArray[np.float64]

_SOLVED_STEPS = 8192
"""Steps that are solved in one call: bounds the memory of the band, which is 2 n times that of the result."""


def product(matrices: Floats, vectors: Floats) -> Floats:
    """Multiply each of the matrices (T, i, j) with its vector (T, j), giving (T, i)."""
    return np.asarray(np.einsum("tij,tj->ti", matrices, vectors))


def first_order_recursion(factors: Floats, pushes: Floats, first: Floats) -> Floats:
    """Solve x_0 = first, x_t = factors[t - 1] x_(t-1) + pushes[t - 1].

    It is a triangular system with a band of 2 n - 1 diagonals below the main one, which BLAS solves step by step as a
    loop would, with the same rounding errors.

    Parameters
    ----------
    factors, pushes : ndarray of float64, shapes (T - 1, n, n) and (T - 1, n)
    first : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (T, n)
    """
    return _solution(lambda start, stop: _band(factors[start:stop]), pushes, first)


class SteadyRecursion:
    """The same where all factors are one matrix: x_0 = first, x_t = factor x_(t-1) + pushes[t - 1].

    What does not depend on the pushes is made once and kept: 16 n^2 bytes per step of the longest solution, for at most
    8,192 steps.

    Parameters
    ----------
    factor : ndarray of float64, shape (n, n)
    """

    def __init__(self, factor: Floats) -> None:
        self._factor = factor
        self._kept = _band(factor[None])

    def solve(self, pushes: NDArray[np.floating[Any]], first: Floats) -> Floats:
        """Return x, float64 (T, n), for pushes (T - 1, n) and first (n,)."""
        return _solution(lambda start, stop: self._band(stop - start), pushes, first)

    def _band(self, n_steps: int) -> Floats:
        """Return the band of so many steps, which is the end of that of more steps."""
        n_rows = (n_steps + 1) * self._factor.shape[0]
        kept = self._kept
        if kept.shape[0] < n_rows:
            self._kept = kept = _band(np.broadcast_to(self._factor, (n_steps, *self._factor.shape)))
        return kept[kept.shape[0] - n_rows :]


def _solution(band_of: Callable[[int, int], Floats], pushes: NDArray[np.floating[Any]], first: Floats) -> Floats:
    """Solve so many steps at a time; ``band_of`` returns the band of the steps from ``start`` to ``stop``."""
    n = first.size
    solution = np.empty((pushes.shape[0] + 1, n))
    solution[0] = first
    for start in range(0, pushes.shape[0], _SOLVED_STEPS):
        stop = min(start + _SOLVED_STEPS, pushes.shape[0])
        right = np.concatenate((solution[start], pushes[start:stop].ravel()))
        solution[start + 1 : stop + 1] = _solved(band_of(start, stop), right).reshape(-1, n)[1:]
    return solution


def _band(factors: Floats) -> Floats:
    """Return the diagonals of the system, main diagonal first, one row per column of it.

    Row t n + i, column (t - 1) n + j of the system is -factors[t - 1, i, j], n + i - j below the main diagonal.
    """
    n_steps, n, _ = factors.shape
    band = np.zeros((n_steps + 1, n, 2 * n))
    for j in range(n):
        band[:-1, j, n - j : 2 * n - j] = -factors[:, :, j]
    return band.reshape(-1, 2 * n)


def _solved(band: Floats, right: Floats) -> Floats:
    """Solve the triangular system in place of its right side."""
    return np.asarray(blas.dtbsv(band.shape[1] - 1, band.T, right, lower=1, diag=1, overwrite_x=1))
