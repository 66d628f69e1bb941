"""The transition of a linear dynamical system by least squares, among those that do not blow up.

Plain least squares can give a transition whose powers grow without bound. Constraint generation starts there, and as
long as the result is unstable it adds a linear constraint that cuts it off but keeps everything whose greatest
singular value is at most the limit, and solves again. Spectral radii are not convex, so this is no exact minimum.

Departures from [1]: the constraints are generated twice, in the coordinates of the states as given and in those where
the states have covariance I. The second set is the milder one, because there a transition between states of the same
distribution has no singular value above 1, whatever the units. Scaling and clipping of eigenvalues are tried too.
Of all of these the one with the least error is returned, so the result is never worse than any of them.

References
----------
.. [1] S. Siddiqi, B. Boots, G. Gordon, "A constraint generation approach to learning stable linear dynamical systems",
   NIPS 2007.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize

from reaper_automix.learning.recursion import Floats

RIDGE = 1e-12
"""Added to the second moments of the previous states, scaled to 1 each, so that they can be inverted."""

_MAX_CONSTRAINTS = 200
_BISECTIONS = 50
_WITHIN = 1.0 - 2.0**-50
_INSIDE = 1.0 - 1e-9
"""Constraints keep this share of the limit: on the limit itself, rounding would ask for the same constraint again."""


def stable_transition(previous: Floats, following: Floats, *, radius: float = 1.0) -> Floats:
    """Fit following = A previous by least squares with a spectral radius of at most ``radius``.

    Parameters
    ----------
    previous, following : ndarray of float64, shape (N, n)
        Pairs of states, one step apart.
    radius : float
        Limit above 0; below 1 every state also fades.

    Returns
    -------
    ndarray of float64, shape (n, n)
        A. No eigenvalue that ``numpy.linalg.eigvals`` finds is greater than ``radius`` in magnitude, without any
        tolerance. Plain least squares where that is stable.

    Raises
    ------
    ValueError
        If there is no pair, shapes do not fit, or numbers are not finite.
    """
    if previous.shape != following.shape or previous.ndim != 2:
        raise ValueError(f"previous states {previous.shape} and following states {following.shape} are no pairs")
    if not previous.shape[0]:
        raise ValueError("no pair of states: a transition needs at least one")
    return stable_transition_from(previous.T @ previous, following.T @ previous, radius=radius)


def stable_transition_from(previous_products: Floats, following_previous: Floats, *, radius: float = 1.0) -> Floats:
    """Fit as ``stable_transition`` from sums over the pairs.

    Parameters
    ----------
    previous_products : ndarray of float64, shape (n, n)
        Sum of previous previous'. Where it is singular, A is the (nearly) smallest of the least squares solutions.
    following_previous : ndarray of float64, shape (n, n)
        Sum of following previous'.
    radius : float
        As there.
    """
    if not (np.isfinite(previous_products).all() and np.isfinite(following_previous).all()):
        raise ValueError("the states hold numbers that are not finite")
    if not radius > 0.0:
        raise ValueError(f"radius {radius:g}: give a limit above 0")
    half = _half(previous_products)
    best = linalg.solve_triangular(half, following_previous.T, lower=True)
    best = np.asarray(linalg.solve_triangular(half, best, lower=True, trans="T").T)  # [1]: the start
    if spectral_radius(best) <= radius:
        return best
    candidates = [
        _generated(best, half, np.eye(half.shape[0]), radius),
        _generated(best, half, half / np.sqrt(np.trace(previous_products)), radius),
        _clipped(best, radius),
        np.zeros_like(best),
    ]
    drawn = [_towards(best, candidate, radius) for candidate in candidates]
    return min(drawn, key=lambda transition: float(np.linalg.norm((transition - best) @ half)))


def spectral_radius(transition: Floats) -> float:
    """Return the greatest magnitude of the eigenvalues of a matrix (n, n); 0 without states."""
    return float(np.abs(np.linalg.eigvals(transition)).max(initial=0.0))


def _half(products: Floats) -> Floats:
    """Return the lower triangle L with L L' = products, slightly raised; a state that is always 0 counts as 1."""
    scale = np.sqrt(np.diagonal(products))
    scale = np.where(scale > 0.0, scale, 1.0)
    scaled = (products + products.T) / (2.0 * np.outer(scale, scale))
    values, vectors = np.linalg.eigh(scaled)
    # Sums that went through subtraction can have eigenvalues just below zero, where Cholesky would fail.
    roots = np.sqrt(np.maximum(values, 0.0) + RIDGE)
    triangle = np.asarray(np.linalg.qr((vectors * roots).T, mode="r")).T
    return np.asarray(scale[:, None] * triangle)


def _generated(best: Floats, half: Floats, basis: Floats, radius: float) -> Floats:
    """Return what constraint generation finds, with singular vectors in the coordinates of the columns of ``basis``.

    Parameters
    ----------
    best : ndarray, shape (n, n)
        Least squares.
    half : ndarray, shape (n, n)
        The error of A is the norm of (A - best) half.
    basis : ndarray, shape (n, n)
        x = basis z; in z the transition is basis^-1 A basis.
    radius : float
        The limit.
    """
    inverse = np.linalg.inv(basis)
    rows: list[Floats] = []
    transition = best
    while spectral_radius(transition) > radius and len(rows) < _MAX_CONSTRAINTS:
        left, _, right = np.linalg.svd(inverse @ transition @ basis)
        # u' basis^-1 A basis v <= radius, as a condition on A: the sum of row * A.
        rows.append(np.outer(inverse.T @ left[:, 0], basis @ right[0]))  # [1]: the constraint
        transition = _nearest(best, half, np.array(rows), radius * _INSIDE)
    return transition


def _nearest(best: Floats, half: Floats, rows: Floats, radius: float) -> Floats:
    """Minimise the norm of (A - best) half subject to sum(row * A) <= radius for each row.

    With D = (A - best) half it is the point nearest to the origin within half-spaces, which non-negative least squares
    finds by its dual.
    """
    sides = np.array([linalg.solve_triangular(half, row.T, lower=True).T.ravel() for row in rows])
    room = radius - np.einsum("kij,ij->k", rows, best)
    lengths = np.linalg.norm(sides, axis=1)
    sides, room = sides / lengths[:, None], room / lengths
    unit = np.abs(room).max()
    system = np.vstack((-sides.T, -room / unit))
    target = np.zeros(system.shape[0])
    target[-1] = 1.0
    try:
        weights, _ = optimize.nnls(system, target)
    except RuntimeError:  # did not converge: the caller has other candidates
        return np.zeros_like(best)
    residual = system @ weights - target
    if residual[-1] >= 0.0:
        return np.zeros_like(best)
    step = unit * residual[:-1] / -residual[-1]
    return np.asarray(best + linalg.solve_triangular(half, step.reshape(best.shape).T, lower=True, trans="T").T)


def _clipped(best: Floats, radius: float) -> Floats:
    """Return the transition with the magnitude of each eigenvalue limited; zero where it has no eigenvectors."""
    values, vectors = np.linalg.eig(best)
    limited = values * np.minimum(1.0, radius / np.maximum(np.abs(values), np.finfo(float).tiny))
    try:
        clipped = np.linalg.solve(vectors.T, (vectors * limited).T).T.real
    except np.linalg.LinAlgError:
        return np.zeros_like(best)
    return clipped if np.isfinite(clipped).all() else np.zeros_like(best)


def _towards(best: Floats, candidate: Floats, radius: float) -> Floats:
    """Return the point on the way from a candidate to least squares that is as far as stability lets it, as [1] does.

    The error falls all along the way, because it is convex and least at its end.
    """
    size = spectral_radius(candidate)
    stable = candidate if size <= radius else candidate * (radius / size * _WITHIN)
    if spectral_radius(stable) > radius:
        return np.zeros_like(best)
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        inside = spectral_radius(stable + middle * (best - stable)) <= radius
        low, high = (middle, high) if inside else (low, middle)
    return np.asarray(stable + low * (best - stable))
