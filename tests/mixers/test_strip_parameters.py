"""A channel strip as a vector: there and back, its limits, and where it changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.errors import PlanError
from reaper_automix.mixers import strip_parameters as strips
from reaper_automix.mixers.strip_parameters import NAMES, REVERB, STRIP, settings_from, vector_from
from reaper_automix.units import SILENCE_DB


def _at(name: str) -> int:
    return NAMES.index(name)


def test_there_are_24_entries_per_track_and_4_for_the_song() -> None:
    assert (len(STRIP), len(set(NAMES)), len(REVERB)) == (24, 24, 4)
    assert sum(name.endswith("_gain_db") for name in NAMES) == 5
    assert NAMES[:2] == ("gain_db", "polarity")
    assert NAMES[-3:] == ("send_db", "fader_db", "pan")


@pytest.mark.parametrize("seed", range(20))
def test_there_and_back(seed: int) -> None:
    vector = np.random.default_rng(seed).uniform(size=strips.N_STRIP)
    settings = settings_from(vector)
    again = vector_from(settings)
    vector[_at("polarity")] = vector[_at("polarity")] >= strips.POLARITY_ON
    np.testing.assert_allclose(again, vector, atol=1e-12)
    same = settings_from(again)
    np.testing.assert_allclose(strips.values_of(vector_from(same)), strips.values_of(again), rtol=1e-12)
    reverb = np.random.default_rng(seed).uniform(size=strips.N_REVERB)
    np.testing.assert_allclose(strips.reverb_vector_from(strips.reverb_from(reverb)), reverb, atol=1e-12)


@pytest.mark.parametrize("end", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_ends_are_settings(end: float, dtype: type) -> None:
    vector = np.full(strips.N_STRIP, end, dtype)
    np.testing.assert_allclose(vector_from(settings_from(vector)), vector, atol=1e-12)
    assert strips.reverb_from(np.full(4, end)).decay_s == pytest.approx(0.3 if end == 0.0 else 3.0)


def test_values_are_where_they_are_expected() -> None:
    middle = settings_from(np.full(strips.N_STRIP, 0.5))
    assert middle.gain_db == 0.0
    assert middle.inverted
    assert middle.fader_db == pytest.approx(-14.0)
    assert middle.pan == 0.0
    assert middle.send_db == pytest.approx(-30.0)
    assert middle.compressor.ratio == pytest.approx(np.sqrt(6.0))
    assert middle.equaliser.bands[1].frequency_hz == pytest.approx(np.sqrt(100.0 * 1_000.0))
    assert middle.equaliser.bands[0].gain_db == pytest.approx(-3.0)
    assert [band.type for band in middle.equaliser.bands] == ["low_shelf", "band", "band", "band", "high_shelf"]


def test_good_manners_bound_every_vector() -> None:
    for vector in np.random.default_rng(1).integers(0, 2, (200, strips.N_STRIP)).astype(float):
        settings = settings_from(vector)
        assert max(band.gain_db for band in settings.equaliser.bands) <= 6.0
        assert settings.send_db <= -12.0
        assert settings.compressor.ratio <= 6.0
        assert settings.compressor.threshold_db >= -40.0


def test_the_most_reverb_stays_under_the_dry_track() -> None:
    rate_hz = 44_100
    noise = np.fft.rfft(np.random.default_rng(0).standard_normal(6 * rate_hz))
    noise /= np.sqrt(np.maximum(np.arange(noise.size), 6 * 20))
    pink = np.fft.irfft(noise)[None]
    pink = (0.1 * pink / pink.std()).astype(np.float32)
    for decay_s, most_db in ((1.0, -7.0), (2.0, -4.5), (3.0, -2.5)):
        settings = ReverbSettings(
            decay_s=decay_s, wet_db=strips.SEND.high, dry_db=SILENCE_DB, highpass_hz=100.0, lowpass_hz=10_000.0
        )
        wet = Reverb(settings, rate_hz, 1).process(pink)[:, 3 * rate_hz :]
        assert 10.0 * np.log10(np.mean(np.square(wet)) / np.mean(np.square(pink))) < most_db


def test_the_neutral_strip_changes_nothing() -> None:
    settings = settings_from(strips.neutral_vector())
    assert (settings.gain_db, settings.inverted, settings.pan) == (0.0, False, 0.0)
    assert settings.fader_db == pytest.approx(0.0, abs=1e-12)
    assert settings.send_db == SILENCE_DB
    music = np.random.default_rng(3).uniform(-1.0, 1.0, (2, 20_000)).astype(np.float32)
    played = Compressor(settings.compressor, 48_000, 2).process(Equaliser(settings.equaliser, 48_000, 2).process(music))
    np.testing.assert_allclose(played, music, atol=1e-6)


def test_the_tasks_are_told_apart() -> None:
    assert [NAMES[i] for i in np.flatnonzero(strips.in_task("basic"))] == ["fader_db", "pan"]
    assert strips.in_task("full").all()
    vectors = np.random.default_rng(4).uniform(size=(3, strips.N_STRIP))
    held = strips.held_to(vectors, "basic")
    np.testing.assert_array_equal(held[:, -2:], vectors[:, -2:])
    np.testing.assert_array_equal(held[:, :-2], np.broadcast_to(strips.neutral_vector()[:-2], (3, 22)))
    np.testing.assert_array_equal(strips.held_to(vectors, "full"), vectors)


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.1, np.inf])
def test_entries_that_are_no_entries_are_refused(bad: float) -> None:
    vector = strips.neutral_vector()
    vector[3] = bad
    with pytest.raises(ValueError, match="outside of 0 to 1"):
        settings_from(vector)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 24 entries"):
        settings_from(np.zeros(23))
    with pytest.raises(ValueError, match="expected 4 entries"):
        strips.reverb_from(np.zeros(24))


def test_settings_that_no_vector_has_are_refused() -> None:
    settings = settings_from(strips.neutral_vector())
    bands = settings.equaliser.bands
    wide = replace(bands[0], q=0.3)
    loud = replace(bands[1], gain_db=9.0)
    for other, said in (
        (replace(settings, equaliser=EqualiserSettings(bands[:2])), "bands"),
        (replace(settings, equaliser=EqualiserSettings((wide, *bands[1:]))), "q = 0.3"),
        (replace(settings, equaliser=EqualiserSettings((bands[0], loud, *bands[2:]))), "first_band_gain_db is 9 dB"),
        (replace(settings, compressor=CompressorSettings(rms_size_ms=0.0)), "rms_size_ms"),
        (replace(settings, compressor=CompressorSettings(ratio=10.0)), "ratio is 10:1"),
        (replace(settings, send_db=0.0), "send_db is 0 dB"),
    ):
        with pytest.raises(PlanError, match=said):
            vector_from(other)
    with pytest.raises(PlanError, match="all wet"):
        strips.reverb_vector_from(ReverbSettings(decay_s=1.0, highpass_hz=100.0, lowpass_hz=8_000.0))
