"""Kalman filter and smoother beside pykalman's, and how far their answers lie apart.

Each case is one system and one song's worth of observations; both smooth the same ones (filter and backward pass).
Parity is the greatest difference of means and covariances, of filter and smoother. pykalman knows no weights, so gaps
are masked steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import is_there
from benchmarks.rows import Row
from benchmarks.size import Size
from benchmarks.timing import race
from reaper_automix.learning.kalman import StateSpace, kalman_filter, rts_smooth

SUITE = "kalman"
GOAL_RATIO = 100.0
GOAL_PARITY = 1e-9
N_STEPS = 2584


@dataclass(frozen=True)
class Case:
    """A size of system, and how many stretches of silence its song has."""

    n_states: int
    n_observations: int
    n_gaps: int = 0
    has_goal: bool = False

    @property
    def words(self) -> str:
        """In words."""
        gaps = f", {self.n_gaps} gaps of 5 s" if self.n_gaps else ""
        return f"filter and smoother, {self.n_states} states, {self.n_observations} observations{gaps}"


CASES = (Case(1, 1), Case(3, 8), Case(3, 40, has_goal=True), Case(3, 40, 10), Case(5, 40))


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    n_steps = size.count(N_STEPS, 100)
    for case in CASES:
        if missing := is_there("pykalman"):
            yield Row(SUITE, f"{case.words}, {n_steps} steps", skipped=missing)
            continue
        yield _measured(case, n_steps, size.long_rounds)


def _measured(case: Case, n_steps: int, rounds: int) -> Row:
    import pykalman

    rng = np.random.default_rng(case.n_states)
    system = _system(case, rng)
    observations = rng.standard_normal((n_steps, case.n_observations)).cumsum(axis=0) / 10.0
    counts = np.ones(n_steps, np.bool_)
    for start in rng.integers(0, n_steps, case.n_gaps):
        counts[start : start + 50] = False
    masked = np.ma.array(observations, mask=np.repeat(~counts[:, None], case.n_observations, axis=1))
    reference = pykalman.KalmanFilter(
        system.transition,
        system.observation,
        system.process_covariance,
        system.observation_covariance,
        initial_state_mean=system.initial_mean,
        initial_state_covariance=system.initial_covariance,
    )
    found = race(
        {"ours": lambda: rts_smooth(system, observations, counts), "pykalman": lambda: reference.smooth(masked)}, rounds
    )
    filtered, smoothed = (estimate(system, observations, counts) for estimate in (kalman_filter, rts_smooth))
    parity = max(
        float(np.abs(ours - theirs).max())
        for estimate, known in ((filtered, reference.filter(masked)), (smoothed, reference.smooth(masked)))
        for ours, theirs in zip((estimate.means, estimate.covariances), known, strict=True)
    )
    ratio = found.ratio("pykalman")
    return Row(
        SUITE,
        f"{case.words}, {n_steps} steps",
        (found.figure("ours"), found.figure("pykalman")),
        ratio,
        goal=f"{GOAL_RATIO:g} x, {GOAL_PARITY:g}" if case.has_goal else f"{GOAL_PARITY:g}",
        met=parity <= GOAL_PARITY and (not case.has_goal or ratio.median >= GOAL_RATIO),
        note=f"greatest difference {parity:.0e}",
    )


def _system(case: Case, rng: np.random.Generator) -> StateSpace:
    """Return a stable system with noise of every kind."""
    n, m = case.n_states, case.n_observations
    transition = rng.standard_normal((n, n))
    transition *= 0.98 / np.abs(np.linalg.eigvals(transition)).max()
    process, noise, initial = (_covariance(count, rng) for count in (n, m, n))
    return StateSpace(transition, rng.standard_normal((m, n)), 0.01 * process, noise, rng.standard_normal(n), initial)


def _covariance(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    factor = rng.standard_normal((count, count))
    return factor @ factor.T / count + 0.1 * np.eye(count)
