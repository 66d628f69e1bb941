"""Filter and smoother against pykalman and against the joint Gaussian; missing steps; what would break them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from learning.state_spaces import covariance, dense_posterior, random_system, simulated

from reaper_automix.learning.kalman import StateSpace, kalman_filter, local_level_smooth, rts_smooth

PARITY = 1e-9


def in_units(system: StateSpace, units: np.ndarray) -> StateSpace:
    """The same system with its states in other units."""
    scales = np.outer(units, units)
    return replace(
        system,
        transition=system.transition * np.outer(units, 1.0 / units),
        observation=system.observation / units,
        process_covariance=system.process_covariance * scales,
        initial_mean=system.initial_mean * units,
        initial_covariance=system.initial_covariance * scales,
    )


def with_free_derivatives() -> StateSpace:
    """[a, a', a''] with noise on a'' alone: Q has rank 1, and so have predictions from a known state."""
    step_s = 0.1
    transition = np.array([[1.0, step_s, step_s**2 / 2], [0.0, 0.95, step_s], [0.0, -0.5, 0.5]])
    process = np.diag([0.0, 0.0, 0.3])
    return StateSpace(
        transition, np.array([[1.0, 0.0, 0.0], [0.5, 0.1, 0.0]]), process, np.eye(2), np.ones(3), np.zeros((3, 3))
    )


def assert_is_the_joint_gaussian(system, observations, weights, tolerance=1e-10):
    n_steps = observations.shape[0]
    filtered = kalman_filter(system, observations, weights)
    smoothed = rts_smooth(system, observations, weights)
    for step in range(n_steps):
        for estimate, known in ((filtered, step + 1), (smoothed, n_steps)):
            mean, spread = dense_posterior(system, observations, weights, step=step, known=known)
            np.testing.assert_allclose(estimate.means[step], mean, rtol=0, atol=tolerance)
            np.testing.assert_allclose(estimate.covariances[step], spread, rtol=0, atol=tolerance)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("m", [1, 8, 40])
@pytest.mark.parametrize("n", [1, 3, 5])
def test_filter_and_smoother_agree_with_pykalman(n, m, missing):
    pykalman = pytest.importorskip("pykalman", reason="the second implementation to compare with")
    rng = np.random.default_rng(10 * n + m)
    system = random_system(n, m, rng)
    _, observations = simulated(system, 240, rng)
    counts = np.ones(240, bool)
    if missing:
        counts = rng.random(240) > 0.1
        counts[[0, -1]] = False
        counts[100:160] = False
    masked = np.ma.array(observations, mask=np.repeat(~counts[:, None], m, axis=1))
    reference = pykalman.KalmanFilter(
        system.transition,
        system.observation,
        system.process_covariance,
        system.observation_covariance,
        initial_state_mean=system.initial_mean,
        initial_state_covariance=system.initial_covariance,
    )

    for ours, theirs in (
        (kalman_filter(system, observations, counts), reference.filter(masked)),
        (rts_smooth(system, observations, counts), reference.smooth(masked)),
    ):
        np.testing.assert_allclose(ours.means, theirs[0], rtol=0, atol=PARITY)
        np.testing.assert_allclose(ours.covariances, theirs[1], rtol=0, atol=PARITY)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (2, 1), (3, 5), (5, 2)])
def test_filter_and_smoother_are_the_joint_gaussian_with_any_weights(n, m):
    rng = np.random.default_rng(n)
    system = random_system(n, m, rng)
    _, observations = simulated(system, 9, rng)

    assert_is_the_joint_gaussian(system, observations, np.array([0.0, 1.0, 1.0, 0.3, 0.0, 2.5, 2.5, 1e-3, 0.0]))


@pytest.mark.parametrize("seen", [1.0, 0.0])
def test_a_state_without_noise_of_its_own_is_the_joint_gaussian(seen):
    rng = np.random.default_rng(0)
    observations = rng.standard_normal((12, 2))
    weights = np.ones(12)
    weights[3:7] = seen

    assert_is_the_joint_gaussian(with_free_derivatives(), observations, weights)


def test_no_process_noise_at_all_is_the_joint_gaussian():
    rng = np.random.default_rng(2)
    system = replace(random_system(3, 4, rng), process_covariance=np.zeros((3, 3)))
    _, observations = simulated(system, 10, rng)

    assert_is_the_joint_gaussian(system, observations, np.ones(10), tolerance=1e-9)


def test_without_noise_and_with_a_fading_state_the_smoother_stays_finite():
    transition = np.array([[0.9, 0.3], [0.0, 0.1]])
    system = StateSpace(transition, np.eye(2), np.zeros((2, 2)), np.eye(2), np.ones(2), np.eye(2))
    states = np.array([np.linalg.matrix_power(transition, t) @ [1.0, -1.0] for t in range(2000)])

    smoothed = rts_smooth(system, states)

    assert np.abs(smoothed.means).max() < 2.0
    assert np.diagonal(smoothed.covariances, axis1=1, axis2=2).min() >= 0.0


def test_the_units_of_the_states_do_not_matter():
    rng = np.random.default_rng(3)
    system = random_system(3, 8, rng)
    units = np.array([1.0, 1e2, 1e5])
    _, observations = simulated(system, 300, rng)

    plain, other = rts_smooth(system, observations), rts_smooth(in_units(system, units), observations)

    np.testing.assert_allclose(other.means / units, plain.means, rtol=0, atol=1e-8)


def test_holding_the_covariance_changes_nothing():
    """Weights that differ by less than rounding force a recursion at every step."""
    rng = np.random.default_rng(4)
    system = random_system(3, 4, rng, radius=0.999)
    _, observations = simulated(system, 3000, rng)
    jittered = 1.0 + np.where(np.arange(3000) % 2, 1e-15, 0.0)

    for estimate in (kalman_filter, rts_smooth):
        held, stepwise = estimate(system, observations), estimate(system, observations, jittered)
        np.testing.assert_allclose(held.means, stepwise.means, rtol=0, atol=1e-11)
        np.testing.assert_allclose(held.covariances, stepwise.covariances, rtol=0, atol=1e-11)


def test_a_weight_is_a_factor_on_the_precision():
    rng = np.random.default_rng(5)
    system = random_system(2, 3, rng)
    _, observations = simulated(system, 50, rng)
    noisier = replace(system, observation_covariance=4.0 * system.observation_covariance)

    quarter = kalman_filter(system, observations, np.full(50, 0.25))

    np.testing.assert_allclose(quarter.means, kalman_filter(noisier, observations).means, rtol=0, atol=1e-12)


def test_steps_that_do_not_count_are_not_looked_at():
    rng = np.random.default_rng(6)
    system = random_system(3, 4, rng)
    _, observations = simulated(system, 60, rng)
    counts = np.arange(60) % 7 > 2
    damaged = np.where(counts[:, None], observations, np.nan)

    np.testing.assert_array_equal(
        rts_smooth(system, damaged, counts).means, rts_smooth(system, observations, counts).means
    )


def test_an_observation_without_noise_is_followed_and_a_copy_of_one_adds_nothing():
    rng = np.random.default_rng(7)
    exact = replace(random_system(2, 2, rng), observation=np.eye(2), observation_covariance=np.diag([0.0, 1.0]))
    states, _ = simulated(exact, 40, rng)
    np.testing.assert_allclose(kalman_filter(exact, states).means[:, 0], states[:, 0], rtol=0, atol=1e-6)

    single = random_system(2, 3, rng)
    doubled = replace(
        single,
        observation=np.vstack((single.observation, single.observation)),
        observation_covariance=np.kron(np.ones((2, 2)), single.observation_covariance),
    )
    _, observations = simulated(single, 40, rng)
    expected = kalman_filter(single, observations).means
    np.testing.assert_allclose(kalman_filter(doubled, np.tile(observations, 2)).means, expected, rtol=0, atol=1e-3)


def test_hours_of_a_slow_system_keep_sound_covariances():
    rng = np.random.default_rng(8)
    n_steps = 144_000
    system = replace(with_free_derivatives(), initial_covariance=covariance(3, rng))
    counts = np.arange(n_steps) % 6000 > 2000
    observations = rng.standard_normal((n_steps, 2))

    smoothed = rts_smooth(system, observations, counts)

    assert np.isfinite(smoothed.means).all()
    np.testing.assert_array_equal(smoothed.covariances, smoothed.covariances.mT)
    assert np.linalg.eigvalsh(smoothed.covariances[::100]).min() > -1e-12 * smoothed.covariances.max()


@pytest.mark.parametrize("n_steps", [0, 1, 2])
@pytest.mark.parametrize("n", [1, 3])
def test_short_signals_have_estimates_of_their_length(n, n_steps):
    system = random_system(n, 2, np.random.default_rng(9))

    for estimate in (kalman_filter, rts_smooth):
        result = estimate(system, np.zeros((n_steps, 2)))
        assert result.means.shape == (n_steps, n)
        assert result.covariances.shape == (n_steps, n, n)


def test_nothing_observed_gives_the_prior_and_where_it_leads():
    system = random_system(2, 3, np.random.default_rng(10))

    filtered = kalman_filter(system, np.full((3, 3), np.nan), np.zeros(3))

    powers = [np.linalg.matrix_power(system.transition, t) for t in range(3)]
    np.testing.assert_allclose(filtered.means, [power @ system.initial_mean for power in powers])
    np.testing.assert_allclose(filtered.covariances[0], system.initial_covariance)


def test_a_local_level_without_wandering_is_the_weighted_mean():
    values, weights = np.array([1.0, 5.0, np.nan, 2.0]), np.array([1.0, 0.5, 0.0, 2.0])

    means, variances = local_level_smooth(
        values, step_variance=0.0, observation_variance=0.7, precision_weights=weights
    )

    np.testing.assert_allclose(means, (1.0 + 2.5 + 4.0) / 3.5, rtol=1e-6)
    np.testing.assert_allclose(variances, 0.7 / 3.5, rtol=1e-5)


def test_a_local_level_solves_its_penalised_least_squares():
    """The mode of a random walk: a tridiagonal system, with a flat prior on its start."""
    rng = np.random.default_rng(11)
    values, weights = rng.standard_normal(400).cumsum(), rng.random(400)
    weights[100:150] = 0.0
    step_variance, observation_variance = 0.3, 2.0
    differences = np.diff(np.eye(400), axis=0)
    system = np.diag(weights / observation_variance) + differences.T @ differences / step_variance
    expected = np.linalg.solve(system, weights * values / observation_variance)

    means, variances = local_level_smooth(
        values, step_variance=step_variance, observation_variance=observation_variance, precision_weights=weights
    )

    np.testing.assert_allclose(means, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(variances, np.diagonal(np.linalg.inv(system)), rtol=1e-4)


def test_a_local_level_of_nothing_is_flat():
    means, variances = local_level_smooth(
        np.full(5, np.nan), step_variance=0.1, observation_variance=1.0, precision_weights=np.zeros(5)
    )
    assert not means.any()
    assert (variances > 1.0).all()


def test_what_cannot_be_estimated_is_named():
    system = random_system(2, 3, np.random.default_rng(12))
    observations = np.zeros((4, 3))
    observations[2, 1] = np.nan
    with pytest.raises(ValueError, match="observation at step 2 is not finite: give it precision weight 0"):
        kalman_filter(system, observations)
    with pytest.raises(ValueError, match="precision weight -1 at step 1"):
        kalman_filter(system, np.zeros((2, 3)), np.array([1.0, -1.0]))
    with pytest.raises(ValueError, match="for 2 steps"):
        kalman_filter(system, np.zeros((2, 3)), np.ones(3))
    with pytest.raises(ValueError, match=r"expected \(n_steps, 3\)"):
        kalman_filter(system, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="observation_covariance is zero"):
        kalman_filter(replace(system, observation_covariance=np.zeros((3, 3))), np.zeros((2, 3)))


def test_a_system_that_cannot_be_is_refused():
    system = random_system(2, 3, np.random.default_rng(13))
    with pytest.raises(ValueError, match=r"transition has shape \(3, 3\), expected \(2, 2\)"):
        replace(system, transition=np.eye(3))
    with pytest.raises(ValueError, match="process_covariance holds a negative variance, -1"):
        replace(system, process_covariance=np.diag([1.0, -1.0]))
    with pytest.raises(ValueError, match="initial_mean holds numbers that are not finite"):
        replace(system, initial_mean=np.array([0.0, np.nan]))
