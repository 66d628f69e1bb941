"""The rides mixer with its rule rider: levels as the balance has them, and a ride around them that evens them out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mixer_sounds import LENGTH_S, RATE_HZ, hear, noise, sound

from reaper_automix.analysis.loudness import short_term_lufs
from reaper_automix.analysis.measurement import Measurement, measure
from reaper_automix.mixers import balance, rides
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.planning import GainDecision
from reaper_automix.settings import MixSettings

RULE = MixSettings(rider="rule")


def loud_then_soft(step_db: float, *, pause_s: float = 0.0) -> Measurement:
    """Measure 16 s of noise whose second half is softer, perhaps with a pause between."""
    block = np.concatenate([noise(-20.0), np.zeros((1, int(pause_s * RATE_HZ)), np.float32), noise(-20.0 - step_db)], 1)
    return measure([block], RATE_HZ, 1, start_s=0.0, n_samples=block.shape[1])


def ride_of(decision: GainDecision) -> np.ndarray:
    return np.array([level for _, level in decision.change_db]) - decision.mean_db()


@pytest.fixture
def hearing() -> Hearing:
    return hear({"Vox": loud_then_soft(8.0), "Bass": sound(-30.0, low=True)})


def test_the_loud_half_comes_down_and_the_soft_half_up(hearing: Hearing) -> None:
    vox, _ = rides.decide(hearing, RULE)
    ride_db = ride_of(vox)
    assert ride_db[4] < -0.5
    assert ride_db[-4] - ride_db[4] == pytest.approx(4.0, abs=0.3), "half of the 8 dB"
    energy = hearing.measurements["Vox"].block_energy
    times_s, levels_db = np.array(vox.change_db).T
    after = energy * 10.0 ** (np.interp((np.arange(energy.shape[1]) + 0.5) * 0.1, times_s, levels_db) / 10.0)
    assert np.ptp(short_term_lufs(after)) < 0.7 * np.ptp(short_term_lufs(energy))


def test_an_even_track_gets_no_ride(hearing: Hearing) -> None:
    _, bass = rides.decide(hearing, RULE)
    assert len(bass.change_db) == 1
    assert bass.ride_reason == ""


def test_levels_are_those_of_the_balance(hearing: Hearing) -> None:
    for ridden, level in zip(rides.decide(hearing, RULE), balance.decide(hearing, RULE), strict=True):
        times_s, levels_db = np.array(ridden.change_db).T
        energy = hearing.measurements[ridden.track_id].block_energy
        at_s = (np.arange(energy.shape[1]) + 0.5) * 0.1
        gain_lin = 10.0 ** (np.interp(at_s, times_s, levels_db) / 20.0)
        from reaper_automix.analysis.loudness import integrated_lufs

        moved_db = integrated_lufs(energy, gain_lin) - integrated_lufs(energy)
        assert moved_db == pytest.approx(level.change_db[0][1], abs=0.1)


def test_a_pause_is_bridged_not_ridden() -> None:
    (vox,) = rides.decide(hear({"Vox": loud_then_soft(8.0, pause_s=6.0)}), RULE)
    times_s, levels_db = np.array(vox.change_db).T
    inside = (times_s > LENGTH_S + 1.0) & (times_s < LENGTH_S + 5.0)
    assert np.ptp(np.diff(levels_db[inside])) < 0.2, "a straight line"


def test_the_range_holds_whatever_the_material() -> None:
    (vox,) = rides.decide(hear({"Vox": loud_then_soft(24.0)}), replace(RULE, ride_range_db=3.0))
    assert np.ptp(ride_of(vox)) <= 6.0 + 1e-6


def test_the_ride_says_what_it_does(hearing: Hearing) -> None:
    vox, _ = rides.decide(hearing, RULE)
    assert "dB to even its short-term loudness out" in vox.ride_reason
    assert "the rest" in vox.reason


def test_silence_is_left_as_it_is() -> None:
    assert rides.decide(hear({"Vox": sound(-200.0)}), RULE) == ()
