"""Kalman filter and Rauch-Tung-Striebel smoother for few states and many observations.

Three things make it fast. The observations are projected onto the states once, so that their number does not count
afterwards. Covariances do not depend on the observations: their recursion runs only until it stands still, and again
after each change of the weights. What remains are the means, and their recursion x_t = B_t x_(t-1) + u_t is a
triangular system with a narrow band, which BLAS solves in one call.

Three things keep it sound. Covariances are updated in Joseph's form, a sum of squares that cannot become negative.
What the observations after a step say about its state is carried backwards as information [3] and joined with what the
filter knows: the result is that of [2], but no predicted covariance is inverted, so states that follow from each other
without noise (a weight and its derivatives) need no special case. An observation covariance that is singular or nearly
so is raised: see ``COVARIANCE_FLOOR``.

References
----------
.. [1] R. E. Kalman, "A new approach to linear filtering and prediction problems", 1960.
.. [2] H. E. Rauch, F. Tung, C. T. Striebel, "Maximum likelihood estimates of linear dynamic systems", 1965.
.. [3] D. C. Fraser, J. E. Potter, "The optimum linear smoother as a combination of two optimum linear filters", 1969.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from reaper_automix.learning.recursion import Floats, first_order_recursion, product

COVARIANCE_FLOOR = 1e-12
"""Least eigenvalue of the observation covariance, once every observation is scaled to variance 1, over the greatest.

Smaller ones are raised to it: a combination of observations that seems to be free of noise stays very trustworthy, but
rounding errors in it are not divided by zero. An observation without any noise of its own gets this share of the
greatest variance.
"""

_STANDSTILL = 1e-13
"""Relative change of a covariance within ``_CHECK_STEPS`` that counts as none."""
_CHECK_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class StateSpace:
    """A linear dynamical system x_t = A x_(t-1) + w_t, y_t = C x_t + v_t with n states and m observations.

    Parameters
    ----------
    transition : ndarray of float64, shape (n, n)
        A.
    observation : ndarray of float64, shape (m, n)
        C.
    process_covariance : ndarray of float64, shape (n, n)
        Q, of w_t; may be singular, or zero.
    observation_covariance : ndarray of float64, shape (m, m)
        R, of v_t; eigenvalues near zero are raised, see ``COVARIANCE_FLOOR``.
    initial_mean, initial_covariance : ndarray of float64, shapes (n,) and (n, n)
        Of the state at the first step, before its observation.

    Raises
    ------
    ValueError
        If shapes do not fit, numbers are not finite, or a variance is negative.
    """

    transition: Floats
    observation: Floats
    process_covariance: Floats
    observation_covariance: Floats
    initial_mean: Floats
    initial_covariance: Floats

    def __post_init__(self) -> None:
        n, m = self.n_states, self.n_observations
        shapes = {"transition": (n, n), "observation": (m, n), "initial_mean": (n,)}
        covariances = {"process_covariance": (n, n), "observation_covariance": (m, m), "initial_covariance": (n, n)}
        for name, shape in (shapes | covariances).items():
            value = getattr(self, name)
            if value.shape != shape:
                raise ValueError(f"{name} has shape {value.shape}, expected {shape}")
            if not np.isfinite(value).all():
                raise ValueError(f"{name} holds numbers that are not finite")
            if name in covariances and (np.diagonal(value) < 0.0).any():
                raise ValueError(f"{name} holds a negative variance, {np.diagonal(value).min():g}")

    @property
    def n_states(self) -> int:
        """Return n."""
        return int(self.initial_mean.shape[0])

    @property
    def n_observations(self) -> int:
        """Return m."""
        return int(self.observation.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """The state at each step given the observations up to and including it: means (T, n), covariances (T, n, n)."""

    means: Floats
    covariances: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """The state at each step given all observations: means (T, n), covariances (T, n, n)."""

    means: Floats
    covariances: Floats


def kalman_filter(
    model: StateSpace, observations: Floats, precision_weights: NDArray[np.generic] | None = None
) -> Filtered:
    """Estimate the state at each step from the observations so far.

    Parameters
    ----------
    model : StateSpace
        n states, m observations.
    observations : ndarray of float64, shape (T, m)
        T may be 0. Rows of weight 0 are not looked at and may hold anything, NaN as well.
    precision_weights : ndarray of float64 or bool, shape (T,), optional
        Factor on the inverse of the observation covariance at each step: 0 or False is a step without observation,
        0.25 one with twice the standard deviation. 1 everywhere by default.

    Returns
    -------
    Filtered
        As ``pykalman`` defines it: the first step too takes its observation into account.

    Raises
    ------
    ValueError
        If shapes do not fit, a weight is negative or not finite, or an observation that counts is not finite.
    """
    weights = _weights(precision_weights, observations, model)
    information, precision = _projected(model, observations, weights)
    course = _forward_course(model, precision, weights)
    return Filtered(_filtered_means(model, information, course), course.matrices[course.index])


def rts_smooth(
    model: StateSpace, observations: Floats, precision_weights: NDArray[np.generic] | None = None
) -> Smoothed:
    """Estimate the state at each step from all observations; parameters and errors as ``kalman_filter``."""
    weights = _weights(precision_weights, observations, model)
    information, precision = _projected(model, observations, weights)
    past = _forward_course(model, precision, weights)
    means = _filtered_means(model, information, past)
    future = _backward_course(model, precision, weights)
    coming = _coming_information(model, information, future)
    # The information that is yet to come at each step; at the last one there is none, row 0.
    coming_precision = np.concatenate(
        (np.zeros_like(precision)[None], model.transition.T @ future.matrices @ model.transition)
    )
    coming_index = np.concatenate((future.index[::-1][1:] + 1, np.zeros(min(weights.size, 1), np.intp)))
    return _joined(past, means, coming, coming_precision, coming_index)


def local_level_smooth(
    values: Floats,
    *,
    step_variance: float,
    observation_variance: float,
    precision_weights: NDArray[np.generic] | None = None,
) -> tuple[Floats, Floats]:
    """Smooth one noisy quantity that wanders: a random walk, about whose start nothing is known.

    Parameters
    ----------
    values : ndarray of float64, shape (T,)
        What was observed at each step; anything where the weight is 0.
    step_variance : float
        How much the quantity wanders in one step; 0 gives the weighted mean.
    observation_variance : float
        Of the noise where the weight is 1; above 0.
    precision_weights : ndarray of float64 or bool, shape (T,), optional
        As for ``kalman_filter``. Without any weight above 0 the means are 0.

    Returns
    -------
    means, variances : ndarray of float64, each of shape (T,)
    """
    weights = np.ones(values.shape) if precision_weights is None else np.asarray(precision_weights, np.float64)
    counted = weights > 0.0
    centre = float(np.average(values[counted], weights=weights[counted])) if counted.any() else 0.0
    # Wide against all that the values can say, yet not so wide that rounding shows.
    spread = float(np.var(values[counted])) if counted.any() else 0.0
    variance = 1e6 * (spread + step_variance + observation_variance)
    one = np.ones((1, 1))
    model = StateSpace(one, one, step_variance * one, observation_variance * one, np.array([centre]), variance * one)
    smoothed = rts_smooth(model, values[:, None], weights)
    return smoothed.means[:, 0], smoothed.covariances[:, 0, 0]


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """Steps from start to stop at which the same matrices apply; see ``_course``."""

    start: int
    stop: int
    added: Floats
    by: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """A recursion of covariances, or of precisions: the distinct ones, and which of them holds at each step.

    Parameters
    ----------
    index : ndarray of int, shape (T,)
        Row of the other arrays.
    matrices : ndarray of float64, shape (k, n, n)
        The covariance after the observation; backwards, the precision after the process noise.
    kept : ndarray of float64, shape (k, n, n)
        What the last update left of the mean before it: I - K C; backwards, of the information.
    """

    index: NDArray[np.intp]
    matrices: Floats
    kept: Floats


def _weights(given: NDArray[np.generic] | None, observations: Floats, model: StateSpace) -> Floats:
    """Return a weight per step, checked."""
    if observations.ndim != 2 or observations.shape[1] != model.n_observations:
        raise ValueError(f"observations of shape {observations.shape}, expected (n_steps, {model.n_observations})")
    weights = np.ones(observations.shape[0]) if given is None else np.asarray(given, np.float64)
    if weights.shape != observations.shape[:1]:
        raise ValueError(f"{weights.shape} precision weights for {observations.shape[0]} steps: give one per step")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0.0)))
    if wrong.size:
        raise ValueError(f"precision weight {weights[wrong[0]]:g} at step {wrong[0]}: give a number from 0 up")
    return weights


def _projected(model: StateSpace, observations: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return what the observations say about the states, w_t C' R^-1 y_t (T, n), and how firmly, C' R^-1 C (n, n)."""
    weighted_observation = _whitened(model.observation_covariance, model.observation)
    precision = model.observation.T @ weighted_observation
    counted = weights > 0.0
    seen = observations if counted.all() else np.where(counted[:, None], observations, 0.0)
    information = (seen @ weighted_observation) * weights[:, None]
    wrong = np.flatnonzero(~np.isfinite(information).all(axis=1))
    if wrong.size:
        raise ValueError(f"the observation at step {wrong[0]} is not finite: give it precision weight 0")
    return information, (precision + precision.T) / 2.0


def _whitened(covariance: Floats, columns: Floats) -> Floats:
    """Return covariance^-1 columns, with the floor that ``COVARIANCE_FLOOR`` describes."""
    variances = np.diagonal(covariance)
    highest = variances.max(initial=0.0)
    if variances.size and highest <= 0.0:
        raise ValueError("observation_covariance is zero: give the observations some noise")
    scale = np.sqrt(np.maximum(variances, COVARIANCE_FLOOR * highest))
    scaled = (covariance + covariance.T) / (2.0 * np.outer(scale, scale))
    factor, failed = lapack.dpotrf(scaled, lower=1)
    if (
        not failed
        and lapack.dpocon(factor, np.abs(scaled).sum(axis=0).max(initial=0.0), uplo="L")[0] > COVARIANCE_FLOOR
    ):
        solved, _ = lapack.dpotrs(factor, columns / scale[:, None], lower=1)
        return np.asarray(solved / scale[:, None])
    values, vectors = np.linalg.eigh(scaled)
    values = np.maximum(values, COVARIANCE_FLOOR * values.max(initial=0.0))
    return np.asarray((vectors / values) @ (vectors.T @ (columns / scale[:, None])) / scale[:, None])


def _forward_course(model: StateSpace, precision: Floats, weights: Floats) -> _Course:
    """Return the filter's covariances."""
    q = model.process_covariance
    stretches = [_Stretch(start, stop, q, weights[start] * precision) for start, stop in _runs(weights)]
    return _course(model.initial_covariance, model.transition, stretches)


def _backward_course(model: StateSpace, precision: Floats, weights: Floats) -> _Course:
    """Return how firmly this observation and all later ones say what came in, in the reverse order of the steps."""
    q, turned = model.process_covariance, weights[::-1]
    stretches = [_Stretch(start, stop, turned[start] * precision, q) for start, stop in _runs(turned)]
    return _course(turned[0] * precision if turned.size else precision, model.transition.T, stretches)


def _runs(values: Floats) -> list[tuple[int, int]]:
    """Return start and stop of each stretch of equal values."""
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    stops = [*edges.tolist(), values.size] if values.size else []
    return list(zip([0, *stops], stops, strict=False))


def _course(first: Floats, transition: Floats, stretches: list[_Stretch]) -> _Course:
    """Run P_t = updated(transition P_(t-1) transition' + added, by), holding it where it stands still.

    With the process noise added and updated by an observation's precision it is the covariance of the filter; with the
    precision added and updated by the process noise it is the information that flows back. ``first`` is P before the
    first update.
    """
    if first.shape[0] == 1:
        return _scalar_course(float(first[0, 0]), float(transition[0, 0]) ** 2, stretches)
    identity = np.eye(first.shape[0])
    index = np.zeros(stretches[-1].stop if stretches else 0, np.intp)
    matrices: list[Floats] = []
    kept: list[Floats] = []
    for stretch in stretches:
        is_updated, checked = stretch.by.any(), None
        for t in range(stretch.start, stretch.stop):
            # Here and in _updated: for matrices this small, dot costs half of what @ does.
            before = transition.dot(matrices[-1]).dot(transition.T) + stretch.added if t else first
            matrix, keeps = _updated(before, stretch.by, identity) if is_updated else (before, identity)
            matrices.append(matrix)
            kept.append(keeps)
            index[t] = len(matrices) - 1
            if (t - stretch.start) % _CHECK_STEPS == 0:
                if checked is not None and _stands_still(matrix, checked):
                    index[t : stretch.stop] = index[t]
                    break
                checked = matrix
    shape = (len(matrices), *first.shape)
    return _Course(index, np.array(matrices).reshape(shape), np.array(kept).reshape(shape))


def _updated(before: Floats, by: Floats, identity: Floats) -> tuple[Floats, Floats]:
    """Return (before^-1 + by)^-1, and what is kept, (I + before by)^-1; neither matrix need be invertible."""
    keeps = lapack.dgesv(identity + before.dot(by), identity)[2]
    gain = keeps.dot(before)
    matrix = gain.dot(keeps.T) + gain.dot(by).dot(gain.T)  # Joseph's form
    return (matrix + matrix.T) * 0.5, keeps


def _scalar_course(value: float, square: float, stretches: list[_Stretch]) -> _Course:
    """Run a course of numbers; nothing is held, because a step costs less than the question."""
    values: list[float] = []
    kept: list[float] = []
    for stretch in stretches:
        added, by = float(stretch.added[0, 0]), float(stretch.by[0, 0])
        for t in range(stretch.start, stretch.stop):
            before = square * value + added if t else value
            keeps = 1.0 / (1.0 + before * by)
            value = keeps * before
            values.append(value)
            kept.append(keeps)
    shape = (len(values), 1, 1)
    return _Course(np.arange(len(values)), np.array(values).reshape(shape), np.array(kept).reshape(shape))


def _stands_still(covariance: Floats, before: Floats) -> bool:
    deviations = np.sqrt(np.diagonal(covariance))
    return bool((np.abs(covariance - before) <= _STANDSTILL * np.outer(deviations, deviations)).all())


def _filtered_means(model: StateSpace, information: Floats, course: _Course) -> Floats:
    """Return x_t = (I - K C) A x_(t-1) + P_t h_t, (T, n)."""
    if not information.shape[0]:
        return np.zeros_like(information)
    pushes = product(course.matrices[course.index], information)  # [1]: the gain K is P C' R^-1
    first = course.kept[course.index[0]] @ model.initial_mean + pushes[0]
    return first_order_recursion((course.kept @ model.transition)[course.index[1:]], pushes[1:], first)


def _coming_information(model: StateSpace, information: Floats, course: _Course) -> Floats:
    """Return the information about the state at each step in the observations after it, (T, n)."""
    if not information.shape[0]:
        return np.zeros_like(information)
    factors = (model.transition.T @ course.kept)[course.index]
    turned = information[::-1]
    gathered = first_order_recursion(factors[:-1], turned[1:], turned[0])
    return np.concatenate((product(factors[:-1], gathered[:-1])[::-1], np.zeros_like(turned[:1])))


def _joined(past: _Course, means: Floats, coming: Floats, precisions: Floats, index: NDArray[np.intp]) -> Smoothed:
    """Return the filter's estimate, sharpened by information (T, n) of ``precisions[index]`` on the same states."""
    pairs, inverse = np.unique(past.index * precisions.shape[0] + index, return_inverse=True)
    before, by = past.matrices[pairs // precisions.shape[0]], precisions[pairs % precisions.shape[0]]
    keeps = np.linalg.inv(np.eye(before.shape[-1]) + before @ by)
    gain = keeps @ before
    covariances = gain @ keeps.mT + gain @ by @ gain.mT
    known = means + product(past.matrices[past.index], coming)
    return Smoothed(product(keeps[inverse], known), ((covariances + covariances.mT) / 2.0)[inverse])
