"""FdnReverb's knobs, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.errors import PlanError
from reaper_automix.plugins import fdnreverb
from reaper_automix.plugins.knobs import Knob

SEND = ReverbSettings(dry_db=-150.0, decay_s=1.2)


def _values(settings: ReverbSettings) -> dict[str, float]:
    return {knob.name: knob.normalised for knob in fdnreverb.knobs(settings)}


@given(
    st.builds(
        ReverbSettings,
        wet_db=st.floats(-150.0, 12.0),
        dry_db=st.sampled_from([-150.0, -9.0, 0.0, 3.0]),
        decay_s=st.floats(0.1, 20.0),
        dampening=st.floats(0.0, 1.0),
        width=st.floats(-1.0, 1.0),
    )
)
def test_knobs_lead_back_to_the_settings(settings: ReverbSettings) -> None:
    held, _ = fdnreverb.playable(settings)
    assert fdnreverb.playable(held) == (held, ())
    assert fdnreverb.settings_from(_values(held), is_dry=held.dry_db == 0.0) == held
    assert all(0.0 <= knob.normalised <= 1.0 for knob in fdnreverb.knobs(held))


def test_what_the_knobs_show() -> None:
    knobs = {knob.name: knob for knob in fdnreverb.knobs(replace(SEND, wet_db=-20.0))}
    assert {name: knob.text for name, knob in knobs.items()} == {
        "Room Size": "5",
        "Reverberation Time": "1.2",
        "Lows Cutoff Frequency": "100",
        "Lows Q Factor": "0.50",
        "Lows Gain": "0.0",
        "Highs Cutoff Frequency": "8000",
        "Highs Q Factor": "0.70",
        "Highs Gain": "-30.0",
        "Dry/Wet": "0.10",
        "Fade-in Time": "0.00",
        "Fdn Size (internal)": "64",
    }
    assert knobs["Reverberation Time"] == Knob("Reverberation Time", pytest.approx(1.1 / 8.9), "1.2", "s")
    assert knobs["Highs Cutoff Frequency"].normalised == pytest.approx((7_980.0 / 19_980.0) ** 0.2)
    assert fdnreverb.split(SEND) == (SEND,)


def test_what_does_not_fit_is_said() -> None:
    asked = ReverbSettings(
        wet_db=2.0,
        dry_db=-150.0,
        decay_s=12.0,
        width=0.5,
        initial_delay_ms=20.0,
        lowpass_hz=9_000.0,
        highpass_hz=100.0,
    )
    held, said = fdnreverb.playable(asked)
    assert held == ReverbSettings(wet_db=0.0, dry_db=-150.0, decay_s=9.0)
    assert said == (
        "FdnReverb: the wet signal was to be 2 dB; the plug-in ends at 0 dB.",
        "FdnReverb: decay was to be 12 s; the plug-in ends at 9 s.",
        "FdnReverb: there is no knob for an initial delay (20 ms was asked for).",
        "FdnReverb: there is no knob for the width (0.5 was asked for).",
        "FdnReverb: there is no knob for a low pass (9000 Hz was asked for).",
        "FdnReverb: there is no knob for a high pass (100 Hz was asked for).",
    )
    assert fdnreverb.playable(replace(SEND, decay_s=0.36))[1] == (
        "FdnReverb: decay was to be 0.36 s; the nearest step is 0.4 s.",
    )
    assert fdnreverb.playable(replace(SEND, decay_s=1.23))[1] == ()


def test_a_dry_signal_is_at_0_db_and_the_balance_stays() -> None:
    held, said = fdnreverb.playable(ReverbSettings(wet_db=-26.0, dry_db=-6.0, decay_s=0.5))
    assert (held.dry_db, held.wet_db) == (0.0, pytest.approx(-20.0))
    assert said == ("FdnReverb: the dry signal was to be at -6 dB; the plug-in has it at 0 dB.",)


def test_the_outputs() -> None:
    left, right = fdnreverb.output_pins(SEND)
    assert len(left) == len(right) == 30
    assert not set(left) & set(right)
    assert {*left, *right} == set(range(3, 63))
    # as many odd ones as even ones: a mono source is louder in the odd ones
    assert sum(pin % 2 for pin in left) == sum(pin % 2 for pin in right) == 15
    dry = fdnreverb.output_pins(replace(SEND, dry_db=0.0))
    assert dry == ((1, *left), (2, *right))


def test_what_an_engineer_chose() -> None:
    values = _values(SEND) | {"Highs Gain": 1.0, "Dry/Wet": 0.25, "Room Size": 1.0}
    read = fdnreverb.settings_from(values)
    assert (read.dampening, read.decay_s, read.dry_db) == (0.0, 1.2, -150.0)
    assert read.wet_db == pytest.approx(-12.04, abs=0.01)
    assert fdnreverb.settings_from(values, is_dry=True).dry_db == 0.0
    assert fdnreverb.settings_from(values | {"Highs Gain": 0.0}).dampening == 1.0
    with pytest.raises(PlanError, match="'Dry/Wet' is missing"):
        fdnreverb.settings_from({})
