"""The rule rider evens passages out, and leaves alone what an engineer leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.mixers.ride_shape import limited, limited_around_zero
from reaper_automix.mixers.ride_sound import STEP_BLOCKS, ride_track
from reaper_automix.mixers.rides import shaped_ride_db


def ride_of(*pieces_db: np.ndarray) -> np.ndarray:
    """Return the drawn ride of a track with these levels, one per second; -inf is silence."""
    energy = 10.0 ** (np.repeat(np.concatenate(pieces_db), STEP_BLOCKS) / 10.0)
    track = ride_track(np.stack((energy, energy)))
    (ride_db,) = rule_rides_db([track])
    return shaped_ride_db(ride_db, track, range_db=5.0)


def steady(level_db: float, seconds: int) -> np.ndarray:
    return np.full(seconds, level_db)


SILENCE = steady(-np.inf, 10)


def test_sections_are_brought_half_way_together_around_the_jump() -> None:
    ride_db = ride_of(steady(-20.0, 30), steady(-26.0, 30))
    assert ride_db[45] - ride_db[15] == pytest.approx(3.0, abs=0.01)
    assert ride_db[26:34].min() == pytest.approx(ride_db[15], abs=0.01), "it moves at the jump, not long before"
    assert ride_db[35] == pytest.approx(ride_db[45], abs=0.01)


@pytest.mark.parametrize("fall_db", [2.0, 4.0])
def test_a_tail_dies_away_and_a_build_up_grows_as_played(fall_db: float) -> None:
    tail_db = -20.0 - fall_db * np.arange(12)
    for pieces in ((steady(-20.0, 20), tail_db, SILENCE), (SILENCE, tail_db[::-1], steady(-20.0, 20))):
        assert np.ptp(ride_of(*pieces)) < 0.5


def test_bleed_between_phrases_is_not_fetched_up() -> None:
    phrases = (steady(-20.0, 8), steady(-35.0, 12), steady(-20.0, 8), steady(-35.0, 12), steady(-20.0, 8))
    assert np.ptp(ride_of(*phrases)) < 0.01


def test_a_first_and_last_second_that_are_half_full_do_not_count() -> None:
    phrase_db = np.concatenate((steady(-26.0, 1), steady(-20.0, 10), steady(-27.0, 1)))
    assert np.ptp(ride_of(phrase_db, SILENCE, phrase_db)) < 0.01


def test_what_alternates_from_second_to_second_is_not_followed() -> None:
    rng = np.random.default_rng(4)
    ride_db = ride_of(np.where(np.arange(120) % 2 == 0, -18.0, -24.0) + rng.normal(0.0, 0.5, 120))
    assert np.ptp(ride_db) < 1.0


@pytest.mark.parametrize("pieces", [(SILENCE,), (steady(-90.0, 5),), (steady(-20.0, 1),), (steady(-20.0, 2), SILENCE)])
def test_silence_and_moments_have_no_ride(pieces: tuple[np.ndarray, ...]) -> None:
    assert np.ptp(ride_of(*pieces)) == 0.0


@given(st.lists(st.floats(-90.0, 0.0), min_size=1, max_size=80))
def test_any_level_gives_a_ride_inside_the_range(levels_db: list[float]) -> None:
    ride_db = ride_of(np.array(levels_db))
    assert np.isfinite(ride_db).all()
    assert np.abs(ride_db).max() <= 5.0 + 1e-9


@given(st.lists(st.floats(-40.0, 40.0), min_size=1, max_size=60).map(np.array), st.floats(0.5, 12.0))
def test_a_limited_ride_can_have_a_mean_of_zero(ride_db: np.ndarray, range_db: float) -> None:
    weights = np.random.default_rng(ride_db.size).uniform(0.01, 1.0, ride_db.size)
    kept_db = limited_around_zero(ride_db, weights, range_db=range_db)
    assert np.average(kept_db, weights=weights) == pytest.approx(0.0, abs=1e-4)
    assert np.abs(kept_db).max() <= range_db + 1e-9
    assert limited(kept_db, range_db=range_db) == pytest.approx(kept_db, abs=1e-9)
