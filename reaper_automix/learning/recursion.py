"""Recursions over many steps with a small matrix each, without a loop in Python."""

from __future__ import annotations

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
    n = first.size
    solution = np.empty((pushes.shape[0] + 1, n))
    solution[0] = first
    for start in range(0, pushes.shape[0], _SOLVED_STEPS):
        stop = min(start + _SOLVED_STEPS, pushes.shape[0])
        right = np.concatenate((solution[start], pushes[start:stop].ravel()))
        # Row t n + i, column (t - 1) n + j of the system is -factors[t - 1, i, j], n + i - j below the main diagonal.
        band = np.zeros((stop - start + 1, n, 2 * n))
        for j in range(n):
            band[:-1, j, n - j : 2 * n - j] = -factors[start:stop, :, j]
        solved = blas.dtbsv(2 * n - 1, band.reshape(-1, 2 * n).T, right, lower=1, diag=1, overwrite_x=1)
        solution[start + 1 : stop + 1] = solved.reshape(-1, n)[1:]
    return solution
