"""Transitions that do not blow up: the guarantee, the constraints, and the error beside simpler ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from reaper_automix.learning import stability
from reaper_automix.learning.stability import spectral_radius, stable_transition, stable_transition_from


def a_run(transition: np.ndarray, n_steps: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    states = [rng.standard_normal(transition.shape[0])]
    for _ in range(n_steps):
        states.append(transition @ states[-1] + noise * rng.standard_normal(transition.shape[0]))
    return np.array(states)


def unstable_pairs(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose least squares transition is unstable."""
    rng = np.random.default_rng(seed)
    while True:
        transition = rng.standard_normal((n, n))
        states = a_run(transition * 1.05 / spectral_radius(transition), 40, 0.3, rng)
        if spectral_radius(np.linalg.lstsq(states[:-1], states[1:], rcond=None)[0].T) > 1.01:
            return states[:-1], states[1:]


def error(transition: np.ndarray, previous: np.ndarray, following: np.ndarray) -> float:
    return float(np.linalg.norm(following - previous @ transition.T))


@pytest.mark.parametrize("units", [1.0, np.array([1.0, 1e2, 1e-3])])
def test_stable_data_give_plain_least_squares(units):
    rng = np.random.default_rng(0)
    states = a_run(np.array([[0.9, 0.2, 0.0], [-0.2, 0.9, 0.0], [0.1, 0.0, 0.5]]), 400, 1.0, rng) * units
    expected = np.linalg.lstsq(states[:-1], states[1:], rcond=None)[0].T

    found = stable_transition(states[:-1], states[1:])

    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_unstable_data_give_a_stable_transition_better_than_simpler_ways(n, seed):
    previous, following = unstable_pairs(n, seed)
    best = np.linalg.lstsq(previous, following, rcond=None)[0].T
    values, vectors = np.linalg.eig(best)
    clipped = (vectors @ np.diag(values / np.maximum(np.abs(values), 1.0)) @ np.linalg.inv(vectors)).real

    found = stable_transition(previous, following)

    assert spectral_radius(found) <= 1.0
    reached = error(found, previous, following) * (1.0 - 1e-9)
    assert reached <= error(best / spectral_radius(best), previous, following)
    assert reached <= error(clipped, previous, following)


def test_one_state_is_cut_at_the_limit():
    previous = np.array([[1.0], [2.0]])
    assert stable_transition(previous, 1.5 * previous)[0, 0] == pytest.approx(1.0, abs=1e-12)
    assert stable_transition(previous, -1.5 * previous, radius=0.9)[0, 0] == pytest.approx(-0.9, abs=1e-12)
    assert stable_transition(previous, 0.5 * previous)[0, 0] == pytest.approx(0.5, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 8), n_pairs=st.integers(1, 30), spread=st.floats(0.0, 4.0))
def test_no_eigenvalue_ever_exceeds_the_limit(seed, n, n_pairs, spread):
    rng = np.random.default_rng(seed)
    units = 10.0 ** rng.uniform(-spread, spread, n)
    pairs = rng.standard_normal((2, n_pairs, n)) * units

    assert spectral_radius(stable_transition(pairs[0], pairs[1])) <= 1.0


@settings(max_examples=40, deadline=None)
@given(states=st.lists(st.lists(st.sampled_from([0.0, 1.0, -2.0, 1e-9, 1e9]), min_size=2, max_size=2), min_size=2))
def test_degenerate_states_give_a_stable_transition(states):
    values = np.array(states)
    assert spectral_radius(stable_transition(values[:-1], values[1:])) <= 1.0


def test_a_state_that_is_always_zero_has_no_part():
    previous = np.column_stack((np.arange(1.0, 9.0), np.zeros(8)))
    found = stable_transition(previous, 0.5 * previous)
    np.testing.assert_allclose(found, [[0.5, 0.0], [0.0, 0.0]], atol=1e-9)


def test_the_constrained_least_squares_are_those_of_a_general_solver():
    rng = np.random.default_rng(5)
    best = 1.5 * rng.standard_normal((3, 3))
    half = np.linalg.cholesky(np.cov(rng.standard_normal((3, 50))) * 40.0)
    rows = rng.standard_normal((4, 3, 3))

    found = stability._nearest(best, half, rows, 0.2)

    general = optimize.minimize(
        lambda a: np.linalg.norm((a.reshape(3, 3) - best) @ half) ** 2,
        np.zeros(9),
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda a: 0.2 - np.einsum("kij,ij->k", rows, a.reshape(3, 3))},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert (np.einsum("kij,ij->k", rows, found) <= 0.2 + 1e-9).all()
    assert np.linalg.norm((found - best) @ half) ** 2 == pytest.approx(general.fun, rel=1e-6)


def test_sums_over_songs_are_enough():
    previous, following = unstable_pairs(3, 7)
    from_sums = stable_transition_from(previous.T @ previous, following.T @ previous)
    np.testing.assert_allclose(from_sums, stable_transition(previous, following), atol=1e-12)


def test_what_is_no_transition_is_refused():
    with pytest.raises(ValueError, match="no pair of states"):
        stable_transition(np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(ValueError, match=r"previous states \(3, 2\) and following states \(2, 2\)"):
        stable_transition(np.zeros((3, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="not finite"):
        stable_transition(np.full((3, 2), np.nan), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="radius 0"):
        stable_transition(np.ones((3, 2)), np.ones((3, 2)), radius=0.0)
