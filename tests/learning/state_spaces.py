"""Systems to test on, and the plainest way to solve them: as one joint Gaussian of all states and observations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reaper_automix.learning.kalman import StateSpace

Floats = NDArray[np.float64]


def random_system(n: int, m: int, rng: np.random.Generator, *, radius: float = 0.97) -> StateSpace:
    transition = rng.standard_normal((n, n))
    transition *= radius / np.abs(np.linalg.eigvals(transition)).max()
    return StateSpace(
        transition=transition,
        observation=rng.standard_normal((m, n)),
        process_covariance=0.02 * covariance(n, rng),
        observation_covariance=covariance(m, rng),
        initial_mean=rng.standard_normal(n),
        initial_covariance=covariance(n, rng),
    )


def covariance(n: int, rng: np.random.Generator) -> Floats:
    factor = rng.standard_normal((n, n))
    return factor @ factor.T / n + 0.1 * np.eye(n)


def simulated(system: StateSpace, n_steps: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """States and observations drawn from a system."""
    n, m = system.n_states, system.n_observations
    pushes = rng.multivariate_normal(np.zeros(n), system.process_covariance, n_steps)
    noise = rng.multivariate_normal(np.zeros(m), system.observation_covariance, n_steps)
    states = np.empty((n_steps, n))
    state = rng.multivariate_normal(system.initial_mean, system.initial_covariance)
    for t in range(n_steps):
        state = state if t == 0 else system.transition @ state + pushes[t]
        states[t] = state
    return states, states @ system.observation.T + noise


def dense_posterior(
    system: StateSpace, observations: Floats, weights: Floats, *, step: int, known: int
) -> tuple[Floats, Floats]:
    """Mean and covariance of the state at ``step`` given the first ``known`` observations."""
    n, n_steps = system.n_states, observations.shape[0]
    # All states as a linear map of (first state, pushes), whose covariance is block diagonal.
    lift = np.zeros((n_steps * n, n_steps * n))
    for t in range(n_steps):
        for s in range(t + 1):
            power = np.linalg.matrix_power(system.transition, t - s)
            lift[t * n : (t + 1) * n, s * n : (s + 1) * n] = power
    sources = np.kron(np.eye(n_steps), system.process_covariance)
    sources[:n, :n] = system.initial_covariance
    joint = lift @ sources @ lift.T
    mean = lift[:, :n] @ system.initial_mean
    rows = slice(step * n, (step + 1) * n)
    seen = [t for t in range(known) if weights[t] > 0.0]
    if not seen:
        return mean[rows], joint[rows, rows]
    output = np.vstack([np.kron(np.eye(n_steps)[t : t + 1], system.observation) for t in seen])
    noise = np.kron(np.diag(1.0 / weights[seen]), system.observation_covariance)
    gain = np.linalg.solve(output @ joint @ output.T + noise, output @ joint).T
    posterior_mean = mean + gain @ (observations[seen].ravel() - output @ mean)
    return posterior_mean[rows], (joint - gain @ output @ joint)[rows, rows]
