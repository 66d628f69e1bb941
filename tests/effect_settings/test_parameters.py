"""Ranges, errors and interpolation of parameters."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.effect_settings import compressor, equaliser, reverb
from reaper_automix.effect_settings.equaliser import Band
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.errors import PlanError

GAIN = Parameter("gain_db", "dB", -24.0, 24.0, 0.0)
FREQUENCY = Parameter("frequency_hz", "Hz", 20.0, 20_000.0, 1_000.0, "log")


def test_half_way_is_the_mean_in_db_and_the_geometric_mean_in_hz() -> None:
    assert GAIN.between(-6.0, 3.0, 0.5) == pytest.approx(-1.5)
    assert FREQUENCY.between(100.0, 10_000.0, 0.5) == pytest.approx(1_000.0)
    assert FREQUENCY.between(100.0, 1_600.0, 0.25) == pytest.approx(200.0)


@given(st.floats(20.0, 20_000.0), st.floats(20.0, 20_000.0), st.floats(0.0, 1.0))
def test_between_stays_between_and_its_ends_are_exact(before: float, after: float, share: float) -> None:
    value = FREQUENCY.between(before, after, share)
    assert min(before, after) * (1.0 - 1e-12) <= value <= max(before, after) * (1.0 + 1e-12)
    assert FREQUENCY.between(before, after, 0.0) == before
    assert FREQUENCY.between(before, after, 1.0) == after


@pytest.mark.parametrize("value", [-24.1, 24.1, math.nan, math.inf, -math.inf])
def test_a_value_outside_of_the_range_is_named_with_the_range(value: float) -> None:
    with pytest.raises(PlanError, match=r"gain_db is .* dB: choose a value from -24 dB to 24 dB"):
        GAIN.check(value)


def test_clamp_takes_the_nearest_value_but_no_nan() -> None:
    assert (GAIN.clamp(-math.inf), GAIN.clamp(5.0), GAIN.clamp(99.0)) == (-24.0, 5.0, 24.0)
    with pytest.raises(PlanError, match="gain_db is nan"):
        GAIN.clamp(math.nan)


def test_a_share_beyond_the_whole_way_is_refused() -> None:
    with pytest.raises(PlanError, match="strength of 120 %"):
        GAIN.between(0.0, 1.0, 1.2)


def test_a_parameter_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="default 3"):
        Parameter("x", "", 0.0, 2.0, 3.0)
    with pytest.raises(ValueError, match="logarithmic"):
        Parameter("x", "", 0.0, 2.0, 1.0, "log")


@pytest.mark.parametrize("module", [equaliser, compressor, reverb])
def test_names_end_in_their_units_and_are_unique(module: object) -> None:
    parameters: tuple[Parameter, ...] = module.PARAMETERS  # type: ignore[attr-defined]
    assert len({p.name for p in parameters}) == len(parameters)
    for p in parameters:
        if p.unit in ("dB", "Hz", "ms"):
            assert p.name.endswith("_" + p.unit.lower())
        if p.unit in ("Hz", ":1"):
            assert p.scale == "log"


def test_settings_interpolate_every_field() -> None:
    before = compressor.CompressorSettings(threshold_db=-10.0, ratio=1.0)
    after = compressor.CompressorSettings(threshold_db=-30.0, ratio=4.0, attack_ms=12.0)
    half = before.between(after, 0.5)
    assert half.threshold_db == pytest.approx(-20.0)
    assert half.ratio == pytest.approx(2.0)
    assert half.attack_ms == pytest.approx(6.0)
    room = reverb.ReverbSettings(decay_s=0.5).between(reverb.ReverbSettings(decay_s=2.0, width=0.0), 0.5)
    assert (room.decay_s, room.width) == pytest.approx((1.0, 0.5))


def test_bands_meet_half_way() -> None:
    half = Band("band", 100.0, 0.0, 1.0).between(Band("band", 400.0, 6.0, 4.0), 0.5)
    assert (half.frequency_hz, half.gain_db, half.q) == pytest.approx((200.0, 3.0, 2.0))


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(PlanError, match="no band lies between"):
        Band("band", 100.0).between(Band("low_pass", 100.0), 0.5)
    with pytest.raises(PlanError, match="band type 'notch'"):
        Band("notch", 100.0)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="frequency_hz is 10 Hz"):
        Band("band", 10.0)
    with pytest.raises(PlanError, match=r"ratio is 0\.5:1"):
        compressor.CompressorSettings(ratio=0.5)
    with pytest.raises(PlanError, match="decay_s is nan s"):
        reverb.ReverbSettings(decay_s=math.nan)
