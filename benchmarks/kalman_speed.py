"""How fast the Kalman filter and the smoother are beside pykalman's, and how far their answers lie apart.

Each case is one system and one song's worth of observations; both smooth the same ones (filter and backward pass). The
seconds are processor time of this process on one thread, the least of some repeats; parity is the greatest difference
of means and covariances, of filter and smoother. pykalman knows no weights, so gaps are masked steps.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np
import pykalman
from numpy.typing import NDArray

from reaper_automix.learning.kalman import StateSpace, kalman_filter, rts_smooth

TARGET_RATIO = 100.0
TARGET_PARITY = 1e-9
TARGET_CASE = "3 states, 40 observations"
N_STEPS = 2584


@dataclass(frozen=True)
class Case:
    """A size of system, and how many stretches of silence its song has."""

    name: str
    n_states: int
    n_observations: int
    n_gaps: int = 0


CASES = (
    Case("1 state, 1 observation", 1, 1),
    Case("3 states, 8 observations", 3, 8),
    Case(TARGET_CASE, 3, 40),
    Case("the same, 10 gaps of 5 s", 3, 40, 10),
    Case("5 states, 40 observations", 5, 40),
)


def main() -> int:
    """Measure, print."""
    options = _options()
    print(f"pykalman {version('pykalman')}, numpy {np.__version__}; {options.steps} steps, filter and smoother")
    print(f"{'':27}{'pykalman s':>11}{'ours s':>9}{'ratio':>8}{'parity':>10}   target")
    for case in CASES:
        _measure(case, options.steps, options.repeats)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=N_STEPS, help=f"steps per song (default: {N_STEPS})")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of pykalman; ours gets ten times as many")
    return parser.parse_args()


def _measure(case: Case, n_steps: int, n_repeats: int) -> None:
    """Print one row."""
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
    theirs_s = _least_s(lambda: reference.smooth(masked), n_repeats)
    ours_s = _least_s(lambda: rts_smooth(system, observations, counts), 10 * n_repeats)
    filtered, smoothed = (estimate(system, observations, counts) for estimate in (kalman_filter, rts_smooth))
    parity = max(
        float(np.abs(ours - theirs).max())
        for estimate, known in ((filtered, reference.filter(masked)), (smoothed, reference.smooth(masked)))
        for ours, theirs in zip((estimate.means, estimate.covariances), known, strict=True)
    )
    row = f"{case.name:27}{theirs_s:11.4f}{ours_s:9.4f}{theirs_s / ours_s:7.0f}x{parity:10.1e}"
    fast = f">= {TARGET_RATIO:.0f}x: {_said(theirs_s / ours_s >= TARGET_RATIO)}; " if case.name == TARGET_CASE else ""
    print(f"{row}   {fast}<= {TARGET_PARITY:g}: {_said(parity <= TARGET_PARITY)}")


def _system(case: Case, rng: np.random.Generator) -> StateSpace:
    """Return a stable system with noise of every kind."""
    n, m = case.n_states, case.n_observations
    transition = rng.standard_normal((n, n))
    transition *= 0.98 / np.abs(np.linalg.eigvals(transition)).max()
    process, noise, initial = (_covariance(size, rng) for size in (n, m, n))
    return StateSpace(transition, rng.standard_normal((m, n)), 0.01 * process, noise, rng.standard_normal(n), initial)


def _covariance(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    factor = rng.standard_normal((size, size))
    return factor @ factor.T / size + 0.1 * np.eye(size)


def _least_s(work: Callable[[], object], n_repeats: int) -> float:
    """Return the least processor time of some repeats."""
    taken_s = []
    for _ in range(n_repeats):
        start_s = time.process_time()
        work()
        taken_s.append(time.process_time() - start_s)
    return min(taken_s)


def _said(holds: bool) -> str:
    return "yes" if holds else "NO"


if __name__ == "__main__":
    sys.exit(main())
