"""Fitting and predicting: recovery, leave-one-out by subtraction, subsets, parity, and inputs with little in them."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import reduce
from operator import add

import numpy as np
import pytest
from learning.state_spaces import random_system, simulated

from reaper_automix.learning.kalman import StateSpace
from reaper_automix.learning.lds import SongStatistics, fit_lds, statistics_of, with_derivatives
from reaper_automix.learning.stability import spectral_radius

AS_THE_PAPER = {"centred": False, "shrinkage": 0.0}


def songs(n_songs: int, *, n: int = 3, m: int = 6, n_steps: int = 200, seed: int = 0):
    """States, observations and counts of songs from one system, with means that are not 0."""
    rng = np.random.default_rng(seed)
    system = random_system(n, m, rng)
    result = []
    for _ in range(n_songs):
        states, observations = simulated(system, n_steps, rng)
        result.append((states + 0.7, observations + 100.0 * np.arange(m), rng.random(n_steps) > 0.1))
    return result


def together(given) -> SongStatistics:
    return reduce(add, (statistics_of(*song) for song in given))


def assert_same_fit(one, other, tolerance=1e-9):
    for field in fields(StateSpace):
        ours, theirs = getattr(one.model, field.name), getattr(other.model, field.name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=field.name)
    np.testing.assert_allclose(one.observation_mean, other.observation_mean, rtol=0, atol=tolerance)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parameters_of_simulated_songs_are_recovered(centred, seed):
    """Within four standard errors, which are those of least squares and of sample covariances."""
    rng, n_steps = np.random.default_rng(seed), 20_000
    system = random_system(2, 4, rng)
    states, observations = simulated(system, n_steps, rng)

    model = fit_lds(statistics_of(states, observations), centred=centred, shrinkage=0.0).model

    spread = np.sqrt(np.diagonal(np.linalg.inv(states.T @ states)))
    for found, true, noise, noise_found in (
        (model.transition, system.transition, system.process_covariance, model.process_covariance),
        (model.observation, system.observation, system.observation_covariance, model.observation_covariance),
    ):
        deviations = np.sqrt(np.diagonal(noise))
        assert (np.abs(found - true) <= 4.0 * np.outer(deviations, spread)).all()
        assert (np.abs(noise_found - noise) <= 4.0 * np.sqrt(2.0 / n_steps) * np.outer(deviations, deviations)).all()


def test_without_centring_it_is_least_squares_and_the_covariance_of_its_residuals():
    ((states, observations, counts),) = songs(1)
    model = fit_lds(statistics_of(states, observations, counts), **AS_THE_PAPER).model

    x, y = states[counts], observations[counts]
    output = np.linalg.lstsq(x, y, rcond=None)[0].T
    np.testing.assert_allclose(model.observation, output, rtol=1e-6)
    residual = y - x @ output.T
    np.testing.assert_allclose(model.observation_covariance, residual.T @ residual / len(x), rtol=1e-6)
    pairs = counts[1:] & counts[:-1]
    pushes = states[1:][pairs] - states[:-1][pairs] @ model.transition.T
    np.testing.assert_allclose(model.process_covariance, pushes.T @ pushes / pairs.sum(), rtol=0, atol=1e-9)


def test_with_centring_it_is_the_same_of_what_moves_around_the_means():
    ((states, observations, counts),) = songs(1)
    centre, level = states[counts].mean(axis=0), observations[counts].mean(axis=0)

    fitted = fit_lds(statistics_of(states, observations, counts), shrinkage=0.0)
    moved = fit_lds(statistics_of(states - centre, observations - level, counts), **AS_THE_PAPER)

    np.testing.assert_allclose(fitted.state_mean, centre)
    np.testing.assert_allclose(fitted.observation_mean, level)
    for field in fields(StateSpace):
        ours, theirs = getattr(fitted.model, field.name), getattr(moved.model, field.name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8, err_msg=field.name)


@pytest.mark.parametrize("initial", ["all", "first"])
def test_a_song_taken_out_again_leaves_the_fit_of_the_others(initial):
    given = songs(5)
    without = together(given) - statistics_of(*given[2])

    assert_same_fit(fit_lds(without, initial=initial), fit_lds(together(given[:2] + given[3:]), initial=initial), 1e-8)


def test_a_subset_of_features_is_a_fit_on_their_columns():
    given, columns = songs(3), [4, 0, 3]
    alone = together([(states, observations[:, columns], counts) for states, observations, counts in given])

    assert_same_fit(fit_lds(together(given), columns=columns), fit_lds(alone))


def test_steps_that_do_not_count_leave_no_trace_and_break_pairs():
    ((states, observations, _),) = songs(1)
    counts = np.ones(200, bool)
    counts[[50, 51, 120]] = False
    damaged = np.where(counts[:, None], states, np.nan), np.where(counts[:, None], observations, np.nan)

    sums = statistics_of(*damaged, counts)

    assert (sums.n_songs, sums.n_steps, sums.n_pairs) == (1, 197, 194)
    pieces = [(states[a:b], observations[a:b]) for a, b in ((0, 50), (52, 120), (121, 200))]
    np.testing.assert_allclose(sums.following_previous, together(pieces).following_previous)


def test_silent_songs_add_nothing():
    given = songs(2)
    states, observations, counts = given[0]
    silent = statistics_of(states, observations, np.zeros_like(counts))

    assert silent.n_songs == 0
    assert_same_fit(fit_lds(together(given) + silent), fit_lds(together(given)), 0.0)


@pytest.mark.parametrize("smoothed", [False, True])
def test_predictions_are_those_of_pykalman(smoothed):
    pykalman = pytest.importorskip("pykalman", reason="the second implementation to compare with")
    *training, (_, observations, counts) = songs(4)
    lds = fit_lds(together(training), r_scale=3.0)
    model = lds.model
    reference = pykalman.KalmanFilter(
        model.transition,
        model.observation,
        model.process_covariance,
        model.observation_covariance,
        initial_state_mean=model.initial_mean,
        initial_state_covariance=model.initial_covariance,
    )
    masked = np.ma.array(observations - lds.observation_mean, mask=np.repeat(~counts[:, None], 6, axis=1))
    expected, _ = reference.smooth(masked) if smoothed else reference.filter(masked)

    found = lds.predict(observations, counts, smoothed=smoothed)

    np.testing.assert_allclose(found, expected + lds.state_mean, rtol=0, atol=1e-9)


def test_a_prediction_beats_the_mean_on_a_song_it_never_saw():
    *training, (states, observations, counts) = songs(6)
    lds = fit_lds(together(training))

    error = np.mean((lds.predict(observations, counts) - states) ** 2)

    assert error < 0.3 * np.mean((lds.state_mean - states) ** 2)


def test_what_is_unknown_runs_to_the_mean():
    lds = fit_lds(together(songs(3)))

    end = lds.predict(np.full((3000, 6), np.nan), np.zeros(3000, bool))[-1]

    np.testing.assert_allclose(end, lds.state_mean, atol=1e-6)


def test_r_is_scaled_and_shrunk_towards_its_diagonal():
    sums = together(songs(2))
    plain = fit_lds(sums, shrinkage=0.0).model.observation_covariance

    np.testing.assert_allclose(fit_lds(sums, shrinkage=0.0, r_scale=50.0).model.observation_covariance, 50.0 * plain)
    shrunk = fit_lds(sums, shrinkage=0.25).model.observation_covariance
    np.testing.assert_allclose(shrunk, 0.75 * plain + 0.25 * np.diag(np.diagonal(plain)))


def test_first_states_as_the_start():
    given = songs(4)
    starts = np.array([states[counts][0] for states, _, counts in given])

    lds = fit_lds(together(given), initial="first")

    np.testing.assert_allclose(lds.model.initial_mean + lds.state_mean, starts.mean(axis=0))
    np.testing.assert_allclose(lds.model.initial_covariance, np.cov(starts.T), atol=1e-10)


def test_four_hours_are_predicted_without_drift():
    """A weight that the engineer moved all the way up in training looks unstable; its prediction is not."""
    rng = np.random.default_rng(3)
    weights = np.exp(0.004 * np.arange(600)) / 10.0
    states = with_derivatives(weights, 0.1)
    assert spectral_radius(np.linalg.lstsq(states[:-1], states[1:], rcond=None)[0]) > 1.001
    observations = states @ rng.standard_normal((3, 8)) + 0.1 * rng.standard_normal((600, 8))
    lds = fit_lds(statistics_of(states, observations), centred=False)
    assert spectral_radius(lds.model.transition) <= 1.0

    n_steps = 4 * 3600 * 10
    heard = np.resize(observations, (n_steps, 8))
    counts = np.arange(n_steps) % 36_000 < 18_000
    predicted = lds.predict(heard, counts)

    assert np.abs(predicted[:, 0]).max() < 1.5 * weights.max()
    np.testing.assert_allclose(predicted[36_600:37_200], predicted[108_600:109_200], atol=1e-6)


def test_derivatives_of_a_parabola():
    time_s = np.arange(9) * 0.5
    for differences, behind_s in (("central", 0.0), ("backward", 0.25)):
        states = with_derivatives(3.0 * time_s**2, 0.5, differences=differences)
        np.testing.assert_allclose(states[:, 2], 6.0)
        np.testing.assert_allclose(states[2:-1, 1], 6.0 * (time_s[2:-1] - behind_s))
    assert with_derivatives(np.array([1.0, 2.0, 4.0]), 1.0).tolist() == [[1, 1, 1], [2, 1.5, 1], [4, 2, 1]]


@pytest.mark.parametrize("differences", ["central", "backward"])
@pytest.mark.parametrize("n_steps", [0, 1, 2, 3])
def test_derivatives_of_few_steps(differences, n_steps):
    states = with_derivatives(np.arange(n_steps, dtype=float), 2.0, differences=differences)
    expected = np.zeros((n_steps, 3))
    expected[:, 0] = np.arange(n_steps)
    expected[:, 1] = 0.5 if n_steps > 1 else 0.0
    np.testing.assert_allclose(states, expected)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("m", [1, 30])
def test_a_weight_that_never_moves_is_predicted(centred, m):
    rng = np.random.default_rng(4)
    states = with_derivatives(np.full(100, 0.37), 0.1)
    observations = 5.0 + rng.standard_normal((100, m))

    lds = fit_lds(statistics_of(states, observations), centred=centred)

    np.testing.assert_allclose(lds.predict(observations), states, atol=1e-6)


def test_constant_and_perfect_features_do_no_harm():
    *training, (states, observations, counts) = songs(4)
    odd = [(x, np.column_stack((y, np.full(200, 7.0), 2.0 * x[:, 0])), c) for x, y, c in training]
    lds = fit_lds(together(odd))

    predicted = lds.predict(np.column_stack((observations, np.full(200, 9.0), 2.0 * states[:, 0])), counts)

    np.testing.assert_allclose(predicted[counts, 0], states[counts, 0], atol=1e-2)
    assert np.isfinite(predicted).all()


def test_more_features_than_steps_give_finite_predictions():
    given = [
        (x[:20], np.tile(y[:20], 10) + 0.1 * np.random.default_rng(5).standard_normal((20, 60)), None)
        for x, y, _ in songs(1)
    ]
    for shrinkage in (0.0, 0.1):
        lds = fit_lds(together(given), shrinkage=shrinkage)
        assert np.isfinite(lds.predict(given[0][1])).all()


def test_what_cannot_be_fitted_is_named():
    ((states, observations, counts),) = songs(1)
    with pytest.raises(ValueError, match="0 steps count, none of them consecutive"):
        fit_lds(statistics_of(states, observations, np.zeros_like(counts)))
    with pytest.raises(ValueError, match="100 steps count, none of them consecutive"):
        fit_lds(statistics_of(states, observations, np.arange(200) % 2 == 0))
    broken = observations.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="observations at step 3 are not finite"):
        statistics_of(states, broken)
    with pytest.raises(ValueError, match="200 states, 199 observations, 200 counts"):
        statistics_of(states, observations[1:])
    sums = statistics_of(states, observations)
    with pytest.raises(ValueError, match="1 song: the first states"):
        fit_lds(sums, initial="first")
    with pytest.raises(ValueError, match="r_scale 0"):
        fit_lds(sums, r_scale=0.0)
    with pytest.raises(ValueError, match="do not go together"):
        sums + sums.with_observations([0])
    with pytest.raises(ValueError, match="step_s is 0"):
        with_derivatives(np.zeros(3), 0.0)
    with pytest.raises(ValueError, match="negative variance"):
        replace(fit_lds(sums).model, process_covariance=-np.eye(3))
