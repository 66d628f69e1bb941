"""Mixing weights as the hidden states of a linear dynamical system whose output are features of the tracks.

Training needs sums over the songs and nothing else: a song is left out by subtraction, and fewer features are a
submatrix. So leave-one-song-out with feature selection costs no more than solving small systems.

Where the paper is silent there is a keyword: whether means are taken off first (``centred``), what the state is
expected to be at the start (``initial``), how far R is trusted (``r_scale``, ``shrinkage``).

References
----------
.. [1] J. Scott, Y. E. Kim, "Analysis of acoustic features for automated multi-track mixing", ISMIR 2011,
   sections 3.2 and 3.3.
.. [2] S. Siddiqi, B. Boots, G. Gordon, "A constraint generation approach to learning stable linear dynamical systems",
   NIPS 2007.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reaper_automix.learning.kalman import StateSpace, kalman_filter, rts_smooth
from reaper_automix.learning.recursion import Floats
from reaper_automix.learning.stability import stable_transition_from

Initial = Literal["all", "first"]

_CONSTANT = 1e-12
"""Variance over mean square below which a quantity counts as constant; rounding in the sums reaches some 1e-14."""
_LEAST_NOISE = 1e-9
"""Least share of an observation's variance that counts as noise: nothing is measured more exactly than that."""


@dataclass(frozen=True, slots=True, eq=False)
class SongStatistics:
    """Sums over the steps of one song, or of many: they can be added and subtracted.

    Only steps that count are in them, and only pairs of consecutive steps that both count. x is a state (n,), y an
    observation (m,), p and f are the previous and the following state of a pair; all arrays are float64.

    Parameters
    ----------
    n_songs, n_steps, n_pairs : int
        Songs with at least one step that counts, such steps, such pairs.
    state_sum, observation_sum, previous_sum, following_sum, first_sum : ndarray, shape (n,) or (m,)
        Sums of x, y, p, f and of the first x of each song.
    state_products, observation_state, observation_products : ndarray, shapes (n, n), (m, n) and (m, m)
        Sums of x x', y x' and y y'.
    previous_products, following_previous, following_products : ndarray, shape (n, n)
        Sums of p p', f p' and f f'.
    first_products : ndarray, shape (n, n)
        Sum over the songs of the first x times itself.
    """

    n_songs: int
    n_steps: int
    n_pairs: int
    state_sum: Floats
    observation_sum: Floats
    previous_sum: Floats
    following_sum: Floats
    first_sum: Floats
    state_products: Floats
    observation_state: Floats
    observation_products: Floats
    previous_products: Floats
    following_previous: Floats
    following_products: Floats
    first_products: Floats

    def __add__(self, other: SongStatistics) -> SongStatistics:
        """Return the statistics of the songs of both."""
        return self._with(operator.add, other)

    def __sub__(self, other: SongStatistics) -> SongStatistics:
        """Return the statistics without songs that are in them; exact but for rounding."""
        return self._with(operator.sub, other)

    def with_observations(self, columns: Sequence[int]) -> SongStatistics:
        """Return the statistics of some of the observations, in this order."""
        chosen = np.asarray(columns, np.intp)
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        values["observation_sum"] = self.observation_sum[chosen]
        values["observation_state"] = self.observation_state[chosen]
        values["observation_products"] = self.observation_products[np.ix_(chosen, chosen)]
        return SongStatistics(**values)

    def _with(self, operation: Callable[[Any, Any], Any], other: SongStatistics) -> SongStatistics:
        if self.observation_state.shape != other.observation_state.shape:
            ours, theirs = self.observation_state.shape, other.observation_state.shape
            raise ValueError(f"statistics of (observations, states) {ours} and {theirs} do not go together")
        names = [field.name for field in fields(self)]
        return SongStatistics(*(operation(getattr(self, name), getattr(other, name)) for name in names))


@dataclass(frozen=True, slots=True, eq=False)
class Lds:
    """A fitted system: what moves around the means, and the means.

    Parameters
    ----------
    model : StateSpace
        Of states and observations less their means.
    state_mean, observation_mean : ndarray of float64, shapes (n,) and (m,)
        Zero where the fit was not centred.
    """

    model: StateSpace
    state_mean: Floats
    observation_mean: Floats

    def predict(
        self, observations: Floats, counts: NDArray[np.generic] | None = None, *, smoothed: bool = False
    ) -> Floats:
        """Estimate the states that go with observations.

        Parameters
        ----------
        observations : ndarray of float64, shape (T, m)
            The same features, in the same units, as in training.
        counts : ndarray of bool or float64, shape (T,), optional
            Steps whose observation counts, or how much: see ``kalman_filter``. At the others the state runs on towards
            its mean.
        smoothed : bool
            Look ahead as well (Rauch-Tung-Striebel) instead of only back, as [1] does.

        Returns
        -------
        ndarray of float64, shape (T, n)

        Raises
        ------
        ValueError
            If shapes do not fit, or an observation that counts is not finite.
        """
        estimate = rts_smooth if smoothed else kalman_filter
        return estimate(self.model, observations - self.observation_mean, counts).means + self.state_mean


def with_derivatives(
    weights: Floats, step_s: float, *, differences: Literal["central", "backward"] = "central"
) -> Floats:
    """Return a weight with its first and second derivative, the state of [1] eq. 6.

    Parameters
    ----------
    weights : ndarray of float64, shape (T,)
        One weight over time.
    step_s : float
        Time between two steps.
    differences : {"central", "backward"}
        Whether the derivatives at a step look at both neighbours, or only at the two steps before.

    Returns
    -------
    ndarray of float64, shape (T, 3)
        a, a' in 1/s, a'' in 1/s^2. At the ends, where a difference lacks a neighbour, the first derivative is
        one-sided and the second that of the nearest step which has one; 0 where there is none.
    """
    if not step_s > 0.0:
        raise ValueError(f"step_s is {step_s:g}: give a time above 0")
    slopes = np.diff(weights) / step_s
    bends = np.diff(slopes) / step_s
    before = 1 if differences == "central" else 2
    second = np.pad(bends, (before, 2 - before), "edge") if bends.size else np.zeros(weights.size)
    first = np.pad(slopes, (1, 0), "edge") if slopes.size else np.zeros(weights.size)
    if differences == "central" and slopes.size:
        first = (first + np.pad(slopes, (0, 1), "edge")) / 2.0
    return np.column_stack((weights, first, second))


def statistics_of(states: Floats, observations: Floats, counts: NDArray[np.bool_] | None = None) -> SongStatistics:
    """Return the sums over one song.

    Parameters
    ----------
    states : ndarray of float64, shape (T, n)
        What the engineer did.
    observations : ndarray of float64, shape (T, m)
        The features at the same steps.
    counts : ndarray of bool, shape (T,), optional
        Steps at which the track sounds; all by default. States and observations of the others may be anything.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number that counts is not finite.
    """
    counts = np.ones(states.shape[0], np.bool_) if counts is None else np.asarray(counts, np.bool_)
    if not states.shape[0] == observations.shape[0] == counts.size:
        raise ValueError(f"{states.shape[0]} states, {observations.shape[0]} observations, {counts.size} counts")
    for name, values in (("states", states), ("observations", observations)):
        wrong = np.flatnonzero(counts & ~np.isfinite(values).all(axis=1))
        if wrong.size:
            raise ValueError(f"{name} at step {wrong[0]} are not finite: leave the step out of the count")
    paired = counts[1:] & counts[:-1]
    x, y = states[counts], observations[counts]
    previous, following = states[:-1][paired], states[1:][paired]
    first = x[:1]
    return SongStatistics(
        n_songs=first.shape[0],
        n_steps=x.shape[0],
        n_pairs=previous.shape[0],
        state_sum=x.sum(axis=0),
        observation_sum=y.sum(axis=0),
        previous_sum=previous.sum(axis=0),
        following_sum=following.sum(axis=0),
        first_sum=first.sum(axis=0),
        state_products=x.T @ x,
        observation_state=y.T @ x,
        observation_products=y.T @ y,
        previous_products=previous.T @ previous,
        following_previous=following.T @ previous,
        following_products=following.T @ following,
        first_products=first.T @ first,
    )


def fit_lds(
    statistics: SongStatistics,
    *,
    columns: Sequence[int] | None = None,
    centred: bool = True,
    initial: Initial = "all",
    r_scale: float = 1.0,
    shrinkage: float = 1e-3,
    radius: float = 1.0,
) -> Lds:
    """Fit a system to songs: A by constraint generation, C by least squares, Q and R from what these leave.

    Parameters
    ----------
    statistics : SongStatistics
        Of all training songs together.
    columns : sequence of int, optional
        The observations to use; all by default.
    centred : bool
        Take the means of states and observations off first, so that the system carries what moves around them.
        Without it the state tends to 0 where nothing is observed.
    initial : {"all", "first"}
        What is expected at the first step: mean and covariance of the states at all steps, or at the first step of
        each song.
    r_scale : float
        Factor on R, above 0. Features of successive steps err alike, but the filter takes them as independent; a
        factor of about the steps that err alike makes up for it.
    shrinkage : float
        0 to 1: share of R that is replaced by its diagonal. R of few songs and many features is near singular, and
        its inverse then trusts combinations of features that happened to be constant.
    radius : float
        Limit of the spectral radius of A.

    Returns
    -------
    Lds
        States that are constant in training stay at their mean (A, C and Q are 0 for them, if ``centred``); an
        observation that is constant says nothing.

    Raises
    ------
    ValueError
        If no pair of steps counts, an option is out of range, or ``initial`` is "first" with a single song.
    """
    if not (r_scale > 0.0 and 0.0 <= shrinkage <= 1.0):
        raise ValueError(f"r_scale {r_scale:g}, shrinkage {shrinkage:g}: give one above 0 and one from 0 to 1")
    if statistics.n_pairs < 1:
        raise ValueError(f"{statistics.n_steps} steps count, none of them consecutive: a fit needs at least one pair")
    chosen = statistics if columns is None else statistics.with_observations(columns)
    moments = _moments(chosen, centred)
    transition, process = _dynamics(chosen, moments, radius)
    observation, noise = _output(moments, shrinkage)
    mean, covariance = _start(chosen, moments, initial)
    model = StateSpace(transition, observation, process, r_scale * noise, mean, covariance)
    return Lds(model, moments.state_mean, moments.observation_mean)


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Means (or zeros), and mean products of states (n, n), observations and states (m, n), observations (m, m)."""

    state_mean: Floats
    observation_mean: Floats
    state: Floats
    cross: Floats
    observation: Floats


def _moments(sums: SongStatistics, centred: bool) -> _Moments:
    """Return the moments around the means; those of constant quantities are exactly 0."""
    share = (1.0 if centred else 0.0) / sums.n_steps
    x_mean, y_mean = sums.state_sum * share, sums.observation_sum * share
    # n times a product of means equals the sum times the other mean, with zero means as well.
    state = sums.state_products / sums.n_steps - np.outer(x_mean, x_mean)
    cross = sums.observation_state / sums.n_steps - np.outer(y_mean, x_mean)
    observation = sums.observation_products / sums.n_steps - np.outer(y_mean, y_mean)
    x_moves = np.diagonal(state) > _CONSTANT * np.diagonal(sums.state_products) / sums.n_steps
    y_moves = np.diagonal(observation) > _CONSTANT * np.diagonal(sums.observation_products) / sums.n_steps
    return _Moments(
        x_mean,
        y_mean,
        state * np.outer(x_moves, x_moves),
        cross * np.outer(y_moves, x_moves),
        observation * np.outer(y_moves, y_moves),
    )


def _dynamics(sums: SongStatistics, moments: _Moments, radius: float) -> tuple[Floats, Floats]:
    """Return A and Q."""
    mean, moves = moments.state_mean, np.diagonal(moments.state) > 0.0

    def around_mean(products: Floats, left: Floats, right: Floats) -> Floats:
        shifted = products - np.outer(left, mean) - np.outer(mean, right) + sums.n_pairs * np.outer(mean, mean)
        return np.asarray(shifted * np.outer(moves, moves))

    p, f = sums.previous_sum, sums.following_sum
    previous = around_mean(sums.previous_products, p, p)
    both = around_mean(sums.following_previous, f, p)
    following = around_mean(sums.following_products, f, f)
    transition = stable_transition_from(previous, both, radius=radius)  # [1] eq. 2, [2]
    explained = transition @ both.T
    residual = following - explained - explained.T + transition @ previous @ transition.T
    return transition, _without_negatives(residual / sums.n_pairs)


def _output(moments: _Moments, shrinkage: float) -> tuple[Floats, Floats]:
    """Return C and R."""
    deviations = np.sqrt(np.diagonal(moments.state))
    scale = np.where(deviations > 0.0, deviations, 1.0)
    inverse = np.linalg.pinv(moments.state / np.outer(scale, scale), rcond=1e-10, hermitian=True)
    observation = moments.cross @ (inverse / np.outer(scale, scale))  # [1] eq. 3
    explained = observation @ moments.cross.T
    residual = moments.observation - explained - explained.T + observation @ moments.state @ observation.T
    variances = np.diagonal(moments.observation)
    floored = np.maximum(np.diagonal(residual), _LEAST_NOISE * variances)
    floored = np.where(variances > 0.0, floored, 1.0)
    noise = (1.0 - shrinkage) * (residual + residual.T) / 2.0
    np.fill_diagonal(noise, floored)
    return observation, noise


def _start(sums: SongStatistics, moments: _Moments, initial: Initial) -> tuple[Floats, Floats]:
    """Return what is expected of the first state, less the mean of all."""
    mean = sums.state_sum / sums.n_steps
    if initial == "all":
        # Not around moments.state_mean, which is 0 in a fit that is not centred.
        covariance = sums.state_products / sums.n_steps - np.outer(mean, mean)
        return mean - moments.state_mean, _without_negatives(covariance)
    if sums.n_songs < 2:
        raise ValueError(f"{sums.n_songs} song: the first states of a single song have no covariance, use 'all'")
    first = sums.first_sum / sums.n_songs
    spread = sums.first_products - sums.n_songs * np.outer(first, first)
    return first - moments.state_mean, _without_negatives(spread / (sums.n_songs - 1))


def _without_negatives(covariance: Floats) -> Floats:
    """Return the covariance without the negative eigenvalues that rounding leaves, whatever the units."""
    deviations = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    scales = np.outer(deviations, deviations)
    scaled = np.divide(covariance + covariance.T, 2.0 * scales, out=np.zeros_like(covariance), where=scales > 0.0)
    values, vectors = np.linalg.eigh(scaled)
    clipped = (vectors * np.maximum(values, 0.0)) @ vectors.T * scales
    return np.asarray((clipped + clipped.T) / 2.0)
