"""Rides stay inside their range and below their speed, hold in pauses, and leave the loudness alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.analysis.loudness import integrated_lufs
from reaper_automix.mixers.ride_shape import SLEW_DB_PER_S, across_pauses, limited, loudness_neutral
from reaper_automix.mixers.ride_sound import STEP_BLOCKS, STEP_S, moving_mean, ride_track, step_means

rides = st.lists(st.floats(-40.0, 40.0), min_size=1, max_size=60).map(np.array)


@given(rides, st.floats(0.5, 12.0))
def test_limited_rides_are_slow_and_inside_their_range(ride_db: np.ndarray, range_db: float) -> None:
    kept = limited(ride_db, range_db=range_db)
    assert np.abs(kept).max() <= range_db + 1e-9
    assert np.abs(np.diff(kept)).max(initial=0.0) <= SLEW_DB_PER_S * STEP_S + 1e-9


@given(rides)
def test_a_ride_that_is_slow_already_stays_as_it_is(ride_db: np.ndarray) -> None:
    slow = limited(ride_db, range_db=5.0)
    assert limited(slow, range_db=5.0) == pytest.approx(slow, abs=1e-9)


def test_a_jump_becomes_a_ramp_around_it() -> None:
    ride_db = np.repeat([0.0, 6.0], 20)
    ramp = limited(ride_db, range_db=8.0)
    assert ramp[[15, 24]] == pytest.approx([0.0, 6.0])
    assert ramp[19] + ramp[20] == pytest.approx(6.0)


def test_pauses_are_bridged_and_ends_hold() -> None:
    sounds = np.array([False, True, False, False, True, False])
    assert across_pauses(np.array([9.0, 1.0, 9.0, 9.0, 4.0, 9.0]), sounds) == pytest.approx([1, 1, 2, 3, 4, 4])
    assert across_pauses(np.ones(3), np.zeros(3, bool)) == pytest.approx([0, 0, 0])


@pytest.mark.parametrize("n_blocks", [1, 4, 63, 300])
def test_a_neutral_ride_leaves_the_loudness(n_blocks: int) -> None:
    rng = np.random.default_rng(3)
    energy = rng.uniform(1e-4, 1e-2, (2, n_blocks))
    ride_db = loudness_neutral(rng.uniform(-4.0, 9.0, step_means(energy[0]).size), energy)
    gain_lin = np.repeat(10.0 ** (ride_db / 20.0), STEP_BLOCKS)[:n_blocks]
    assert integrated_lufs(energy, gain_lin) == pytest.approx(integrated_lufs(energy), abs=0.05)


def test_silence_needs_no_ride() -> None:
    assert loudness_neutral(np.ones(2), np.zeros((2, 10))) == pytest.approx([1.0, 1.0])
    assert not ride_track(np.zeros((2, 10))).sounds.any()


@given(st.integers(0, 40), st.integers(1, 9))
def test_moving_means_are_means_of_what_is_there(n_steps: int, width: int) -> None:
    values = np.random.default_rng(n_steps).uniform(size=n_steps)
    means = moving_mean(values, width)
    for at in range(n_steps):
        first = max(at - (width - 1) // 2, 0)
        assert means[at] == pytest.approx(values[first : at - (width - 1) // 2 + width].mean())


def test_the_last_step_may_be_short() -> None:
    n_blocks = STEP_BLOCKS + STEP_BLOCKS // 2
    values = np.arange(float(n_blocks))
    assert step_means(values) == pytest.approx([values[:STEP_BLOCKS].mean(), values[STEP_BLOCKS:].mean()])
    assert step_means(np.arange(7.0), 5) == pytest.approx([2.0, 5.5])
    assert step_means(np.zeros(0)).size == 0
