"""MultiEQ's knobs against the responses that they stand for, and back; places and instances of bands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reaper_automix.effect_settings.equaliser import BAND_TYPES, Band, BandType, EqualiserSettings
from reaper_automix.effects.equaliser import response_db
from reaper_automix.errors import PlanError
from reaper_automix.plugins import multieq
from reaper_automix.plugins.knobs import Knob

FREQUENCIES_HZ = np.array([63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0])
bands = st.builds(
    Band,
    st.sampled_from(BAND_TYPES),
    st.floats(30.0, 18_000.0),
    st.floats(-15.0, 15.0).map(lambda gain_db: round(gain_db, 1)),
    st.floats(0.4, 6.0),
)


def _values(knobs: tuple[Knob, ...]) -> dict[str, float]:
    return {knob.name: knob.normalised for knob in knobs}


def _shown(knobs: tuple[Knob, ...], slot: int) -> list[str]:
    return [knob.text for knob in knobs if knob.name.endswith(f" {slot}")]


def _biquad_db(kind: BandType, knobs: tuple[Knob, ...], slot: int, rate_hz: int) -> NDArray[np.float64]:
    """Return the response of Bristow-Johnson's biquad with the numbers that the knobs show."""
    hz, q, gain_db = (float(text) for text in _shown(knobs, slot)[2:])
    s = 1j * np.tan(np.pi * FREQUENCIES_HZ / rate_hz) / math.tan(math.pi * hz / rate_hz)
    a = 10.0 ** (gain_db / 40.0)
    if kind == "band":
        h = (s * s + s * a / q + 1.0) / (s * s + s / (a * q) + 1.0)
    elif kind in ("low_pass", "high_pass"):
        h = (1.0 if kind == "low_pass" else s * s) / (s * s + s / q + 1.0)
    elif kind == "high_shelf":
        h = a * (a * s * s + math.sqrt(a) / q * s + 1.0) / (s * s + math.sqrt(a) / q * s + a)
    else:
        h = a * (s * s + math.sqrt(a) / q * s + a) / (a * s * s + math.sqrt(a) / q * s + 1.0)
    return np.asarray(20.0 * np.log10(np.abs(h)))


@settings(deadline=None)
@given(bands, st.sampled_from([44_100, 48_000, 96_000]))
def test_the_numbers_on_the_knobs_give_the_response_of_the_held_band(band: Band, rate_hz: int) -> None:
    held, _ = multieq.playable(EqualiserSettings((band,)), sample_rate_hz=rate_hz)
    knobs = multieq.knobs(held, sample_rate_hz=rate_hz)
    slot = next(int(knob.name[-1]) for knob in knobs if knob.text == "ON")
    # Shelves of ours end at q = 1.55, those of the plug-in go on: its nearest step may be a little steeper.
    atol = 0.35 if band.type.endswith("shelf") and band.q > 1.4 else 0.02
    expected_db = response_db(held, FREQUENCIES_HZ, rate_hz)
    np.testing.assert_allclose(_biquad_db(band.type, knobs, slot, rate_hz), expected_db, atol=atol)


@settings(deadline=None)
@given(bands.filter(lambda band: band.q <= 4.0 and band.frequency_hz >= 100.0))
def test_what_is_held_is_near_what_was_meant(band: Band) -> None:
    assume(abs(band.gain_db) <= 9.0)
    held, said = multieq.playable(EqualiserSettings((band,)))
    difference_db = response_db(held, FREQUENCIES_HZ, 48_000) - response_db(
        EqualiserSettings((band,)), FREQUENCIES_HZ, 48_000
    )
    passes = response_db(held, FREQUENCIES_HZ, 48_000) > -30.0
    assert said or np.abs(difference_db[passes]).max() < 0.35


@settings(deadline=None)
@given(st.lists(bands, max_size=14).map(tuple))
def test_knobs_lead_back_to_the_settings(given_bands: tuple[Band, ...]) -> None:
    held, _ = multieq.playable(EqualiserSettings(given_bands))
    again, said = multieq.playable(held)
    assert said == ()
    parts = multieq.split(held)
    read = [b for part in parts for b in multieq.settings_from(_values(multieq.knobs(part))).bands]
    for found in (sorted(read, key=_order), sorted(again.bands, key=_order)):
        for ours, theirs in zip(found, sorted(held.bands, key=_order), strict=True):
            assert (ours.type, ours.frequency_hz, ours.gain_db) == (theirs.type, theirs.frequency_hz, theirs.gain_db)
            assert ours.q == pytest.approx(theirs.q, rel=1e-9)


def _order(band: Band) -> tuple[str, float, float, float]:
    return band.type, band.frequency_hz, band.gain_db, round(band.q, 6)


def test_each_band_has_a_place_that_knows_its_type() -> None:
    full = EqualiserSettings(
        (
            Band("high_shelf", 6_000.0, 2.0),
            Band("band", 500.0, 3.0),
            Band("high_shelf", 12_000.0, 2.0),
            Band("low_shelf", 90.0, -3.0),
            Band("high_pass", 30.0),
            Band("band", 900.0, 1.0),
        )
    )
    (only,) = multieq.split(full)
    assert sorted(only.bands, key=repr) == sorted(full.bands, key=repr)
    assert (only.bands[0], only.bands[-1]) == (full.bands[4], full.bands[2]), "in the plug-in's order"
    knobs = multieq.knobs(full)
    assert [_shown(knobs, slot)[1] for slot in range(1, 7)] == [
        "HP (12dB/oct)",
        "High-shelf",
        "Peak",
        "Low-shelf",
        "Peak",
        "High-shelf",
    ]
    assert _shown(knobs, 6)[2] == "12000"
    (_, frequency, *_) = [knob for knob in knobs if knob.name.endswith("3")][1:]
    assert frequency == Knob("Filter Frequency 3", (480.0 / 19_980.0) ** 0.4, "500", "Hz")


def test_more_bands_take_more_instances() -> None:
    peaks = tuple(Band("band", 200.0 * n, 1.0) for n in range(1, 10))
    assert [len(part.bands) for part in multieq.split(EqualiserSettings(peaks))] == [4, 4, 1]
    passes = (Band("high_pass", 40.0), Band("high_pass", 50.0), Band("low_pass", 9_000.0))
    first, second = multieq.split(EqualiserSettings((*passes, *peaks[:4])))
    assert first.bands == (passes[0], *peaks[:4], passes[2])
    assert second.bands == (passes[1],)
    assert multieq.split(EqualiserSettings()) == (EqualiserSettings(),)
    with pytest.raises(ValueError, match="9 bands that do not fit in one MultiEQ: split them"):
        multieq.knobs(EqualiserSettings(peaks))


def test_unused_bands_and_bands_beyond_the_rate_are_off() -> None:
    knobs = multieq.knobs(EqualiserSettings((Band("band", 15_000.0, 3.0), Band("band", 100.0, 1.0))))
    off = [knob.name[-1] for knob in knobs if knob.text == "OFF"]
    assert off == ["1", "4", "5", "6"]
    low_rate = multieq.knobs(EqualiserSettings((Band("band", 15_000.0, 3.0),)), sample_rate_hz=22_050)
    assert [knob.text for knob in low_rate] == ["Auto", *["OFF"] * 6]


def test_what_does_not_fit_is_said() -> None:
    asked = EqualiserSettings(
        (Band("high_shelf", 22_000.0, 2.0), Band("band", 900.0, 20.0, 40.0), Band("low_pass", 60.0))
    )
    held, said = multieq.playable(asked)
    assert held.bands[0].frequency_hz == 20_000.0
    assert held.bands[1].gain_db == 15.0
    assert held.bands[2] == asked.bands[2]
    assert said == (
        "MultiEQ: high_shelf was to be 22000 Hz; the plug-in ends at 20000 Hz.",
        "MultiEQ: gain at 900 Hz was to be 20 dB; the plug-in ends at 15 dB.",
        "MultiEQ: q at 900 Hz was to be 40; the nearest is 8.02.",
    )


def test_what_an_engineer_chose_beyond_our_bands_comes_near() -> None:
    values = _values(multieq.knobs(EqualiserSettings((Band("high_pass", 100.0, q=1.0), Band("low_pass", 8_000.0)))))
    steep = multieq.settings_from(values | {"Filter Type 1": 2.0 / 3.0, "Filter Type 6": 1.0 / 3.0})
    assert steep.bands[:2] == (Band("high_pass", 100.0, q=1.0),) * 2
    gentle = multieq.settings_from(values | {"Filter Type 1": 0.0, "Filter Type 6": 0.0})
    expected_db = [-5.5, -2.1, -0.6, -0.2, -0.1, -0.3, -0.9, -3.0, -10.0]
    np.testing.assert_allclose(response_db(gentle, FREQUENCIES_HZ, 48_000), expected_db, atol=0.2)
    loud = multieq.settings_from(values | {"Filter Enablement 2": 1.0} | _peak(gain=0.0, q=0.0))
    assert loud.bands[1] == Band("band", 1_000.0, -24.0, 0.1)
    with pytest.raises(PlanError, match="'Filter Frequency 2' is missing: read the plug-in's parameters again"):
        multieq.settings_from(values | {"Filter Enablement 2": 1.0, "Filter Type 2": 0.5})
    with pytest.raises(PlanError, match=r"'Filter Type 1' stands at 1\.2"):
        multieq.settings_from(values | {"Filter Type 1": 1.2})


def _peak(*, gain: float, q: float) -> dict[str, float]:
    frequency = (980.0 / 19_980.0) ** 0.4
    return {"Filter Type 2": 0.5, "Filter Frequency 2": frequency, "Filter Q 2": q, "Filter Gain 2": gain}
