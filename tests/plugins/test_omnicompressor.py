"""OmniCompressor's knobs, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.errors import PlanError
from reaper_automix.plugins import omnicompressor
from reaper_automix.plugins.knobs import Knob


def _values(settings: CompressorSettings) -> dict[str, float]:
    return {knob.name: knob.normalised for knob in omnicompressor.knobs(settings)}


@given(
    st.builds(
        CompressorSettings,
        threshold_db=st.floats(-60.0, 6.0),
        ratio=st.floats(1.0, 100.0),
        knee_db=st.floats(0.0, 24.0),
        attack_ms=st.floats(0.01, 500.0),
        release_ms=st.floats(0.01, 5_000.0),
        makeup_db=st.floats(-20.0, 12.0),
    )
)
def test_knobs_lead_back_to_the_settings(settings: CompressorSettings) -> None:
    held, _ = omnicompressor.playable(settings)
    assert omnicompressor.playable(held) == (held, ())
    assert omnicompressor.settings_from(_values(held)) == held
    assert all(0.0 <= knob.normalised <= 1.0 for knob in omnicompressor.knobs(held))


def test_what_the_knobs_show() -> None:
    settings = CompressorSettings(threshold_db=-21.5, ratio=3.8, knee_db=6.0, attack_ms=30.0, rms_size_ms=0.0)
    assert omnicompressor.playable(settings) == (settings, ())
    assert omnicompressor.knobs(settings) == (
        Knob("Ambisonics Order", 0.0, "Auto"),
        Knob("Threshold", 28.5 / 60.0, "-21.5", "dB"),
        Knob("Knee", 0.2, "6.0", "dB"),
        Knob("Attack Time", 0.3, "30.0", "ms"),
        Knob("Release Time", 0.2, "100.0", "ms"),
        Knob("Ratio", pytest.approx(2.8 / 15.0), "3.8", ": 1"),
        Knob("MakeUp Gain", pytest.approx(1.0 / 3.0), "0.0", "dB"),
        Knob("LookAhead", 0.0, "OFF"),
    )
    assert omnicompressor.split(settings) == (settings,)


@pytest.mark.parametrize(
    ("meant", "held", "shown"),
    [
        (1.0, 1.0, "1.0"),
        (3.7, 3.8, "3.8"),
        (1.25, 1.2, "1.2"),
        (15.9, 15.8, "15.8"),
        (20.0, 15.8, "15.8"),
        (40.0, 100.0, "inf"),
    ],
)
def test_the_ratio_with_the_nearest_slope(meant: float, held: float, shown: str) -> None:
    settings, said = omnicompressor.playable(CompressorSettings(ratio=meant, rms_size_ms=0.0))
    assert settings.ratio == pytest.approx(held)
    assert next(knob.text for knob in omnicompressor.knobs(settings) if knob.name == "Ratio") == shown
    assert bool(said) == (abs(held / meant - 1.0) > 0.03)


def test_what_does_not_fit_is_said() -> None:
    settings = CompressorSettings(
        threshold_db=-55.0,
        ratio=50.0,
        attack_ms=200.0,
        release_ms=800.0,
        makeup_db=-12.0,
        dry_db=-6.0,
        detector_highpass_hz=90.0,
        detector_lowpass_hz=8_000.0,
    )
    held, said = omnicompressor.playable(settings)
    assert held == CompressorSettings(
        threshold_db=-50.0, ratio=100.0, attack_ms=100.0, release_ms=500.0, makeup_db=-10.0, rms_size_ms=0.0
    )
    assert said == (
        "OmniCompressor: threshold was to be -55 dB; the plug-in ends at -50 dB.",
        "OmniCompressor: attack was to be 200 ms; the plug-in ends at 100 ms.",
        "OmniCompressor: release was to be 800 ms; the plug-in ends at 500 ms.",
        "OmniCompressor: make-up was to be -12 dB; the plug-in ends at -10 dB.",
        "OmniCompressor: ratio was to be 50:1; it is infinite.",
        "OmniCompressor: there is no knob for an RMS size (5 ms was asked for): its detector hears peaks, "
        "and compresses more.",
        "OmniCompressor: there is no knob for a dry signal (-6 dB was asked for).",
        "OmniCompressor: its detector has no filters (one at 90 Hz was asked for).",
        "OmniCompressor: its detector has no filters (one at 8000 Hz was asked for).",
    )


def test_it_is_for_mono_signals() -> None:
    assert omnicompressor.MONO_DETECTOR
    assert omnicompressor.fits(1)
    assert not omnicompressor.fits(2)


def test_what_an_engineer_chose_beyond_our_ranges_comes_to_the_end_of_them() -> None:
    values = _values(CompressorSettings(rms_size_ms=0.0))
    read = omnicompressor.settings_from(values | {"Knee": 1.0, "Attack Time": 0.0, "Threshold": 1.0, "Ratio": 0.999})
    assert (read.knee_db, read.attack_ms, read.threshold_db, read.ratio) == (24.0, 0.01, 6.0, 100.0)
    with pytest.raises(PlanError, match="'Ratio' is missing"):
        omnicompressor.settings_from({name: value for name, value in values.items() if name != "Ratio"})
