"""The compressor against its equations run sample by sample, on steps, and in other block sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effects.compressor import Compressor, follow, static_gain_db
from reaper_automix.errors import MediaError, PlanError

RATES_HZ = (22_050, 44_100, 48_000, 96_000)
SQUASH = CompressorSettings(threshold_db=-20.0, ratio=4.0, knee_db=6.0, attack_ms=5.0, release_ms=60.0)


def _steady(level_db: float, n_samples: int, n_channels: int = 1) -> NDArray[np.float32]:
    return np.full((n_channels, n_samples), 10.0 ** (level_db / 20.0), np.float32)


def _bursts(n_channels: int, n_samples: int, seed: int = 0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal((n_channels, n_samples))
    swell = np.exp(-6.0 * (np.arange(n_samples) % 7_000) / 7_000.0)
    return (0.3 * noise * swell).astype(np.float32)


def _followed(target: NDArray[np.float64], start: float, attack: float, release: float) -> NDArray[np.float64]:
    values = []
    value = start
    for wanted in target.tolist():
        value += (attack if wanted > value else release) * (wanted - value)
        values.append(value)
    return np.array(values)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 4_000),
    st.floats(1e-5, 1.0),
    st.floats(1e-5, 1.0),
    st.floats(0.0, 30.0),
    st.integers(0, 2**32 - 1),
)
def test_following_all_segments_at_once_is_following_sample_by_sample(
    n_samples: int, attack: float, release: float, start: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    target = np.maximum(rng.standard_normal(n_samples).cumsum() * rng.choice([0.01, 1.0]), 0.0)
    followed = follow(target, start, attack, release)
    np.testing.assert_allclose(followed, _followed(target, start, attack, release), atol=1e-7)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(("attack_ms", "release_ms"), [(3.0, 100.0), (20.0, 400.0), (80.0, 10.0)])
def test_attack_and_release_are_the_times_to_63_percent_of_a_step(
    rate_hz: int, attack_ms: float, release_ms: float
) -> None:
    knobs = CompressorSettings(
        threshold_db=-20.0, ratio=2.0, attack_ms=attack_ms, release_ms=release_ms, rms_size_ms=0.0
    )
    compressor = Compressor(knobs, rate_hz, 1)
    compressor.reduction_db(_steady(-40.0, rate_hz // 10))
    up_db = compressor.reduction_db(_steady(0.0, rate_hz))
    down_db = compressor.reduction_db(_steady(-40.0, 2 * rate_hz))
    assert up_db[-1] == pytest.approx(10.0, abs=1e-4)
    share = 1.0 - math.exp(-1.0)
    attack_samples = 1 + int(np.argmax(up_db >= 10.0 * share - 1e-6))
    release_samples = 1 + int(np.argmax(down_db <= 10.0 * (1.0 - share) + 1e-6))
    assert attack_samples == pytest.approx(attack_ms * rate_hz / 1_000.0, abs=1.0)
    assert release_samples == pytest.approx(release_ms * rate_hz / 1_000.0, abs=1.0)


@pytest.mark.parametrize("knee_db", [0.0, 12.0])
@pytest.mark.parametrize("ratio", [1.5, 4.0, 100.0])
def test_steady_levels_end_on_the_static_curve(ratio: float, knee_db: float) -> None:
    knobs = CompressorSettings(
        threshold_db=-20.0, ratio=ratio, knee_db=knee_db, attack_ms=1.0, rms_size_ms=2.0, makeup_db=3.0
    )
    for level_db in (-50.0, -27.0, -23.0, -20.0, -17.0, -13.0, 0.0):
        output = Compressor(knobs, 48_000, 1).process(_steady(level_db, 4_800))
        expected_db = level_db + float(static_gain_db(knobs, np.array(level_db))) + 3.0
        assert 20.0 * math.log10(float(output[0, -1])) == pytest.approx(expected_db, abs=1e-3)


def test_the_static_curve_in_closed_form() -> None:
    hard = CompressorSettings(threshold_db=-20.0, ratio=4.0)
    np.testing.assert_allclose(static_gain_db(hard, np.array([-np.inf, -20.0, -12.0, 0.0])), [0.0, 0.0, -6.0, -15.0])
    limiter = CompressorSettings(threshold_db=-20.0, ratio=100.0)
    np.testing.assert_allclose(static_gain_db(limiter, np.array([0.0])), [-20.0])
    soft = CompressorSettings(threshold_db=-20.0, ratio=4.0, knee_db=8.0)
    # At the threshold a soft knee takes slope * knee / 8; its ends meet the straight lines.
    np.testing.assert_allclose(static_gain_db(soft, np.array([-24.0, -20.0, -16.0])), [0.0, -0.75, -3.0])
    levels_db = np.linspace(-40.0, 0.0, 4_001)
    steepness = np.diff(static_gain_db(soft, levels_db)) / np.diff(levels_db)
    assert np.abs(np.diff(steepness)).max() < 2e-3
    assert steepness.min() == pytest.approx(-0.75)


def test_a_sine_has_its_rms_level() -> None:
    rate_hz = 48_000
    knobs = CompressorSettings(threshold_db=-30.0, ratio=2.0, attack_ms=20.0, release_ms=20.0, rms_size_ms=50.0)
    sine = np.sin(2.0 * np.pi * 1_000.0 * np.arange(rate_hz) / rate_hz).astype(np.float32)[None]
    reduction_db = Compressor(knobs, rate_hz, 1).reduction_db(sine)
    assert reduction_db[-1] == pytest.approx((30.0 - 3.0103) / 2.0, abs=0.02)


def test_both_channels_get_the_gain_of_the_louder_one() -> None:
    audio = _bursts(1, 20_000)
    quiet = np.full_like(audio, 0.01)
    for stereo in (np.concatenate((audio, quiet)), np.concatenate((quiet, audio))):
        output = Compressor(SQUASH, 44_100, 2).process(stereo)
        gain_lin = output[stereo == 0.01] / 0.01
        reduction_db = Compressor(SQUASH, 44_100, 1).reduction_db(np.maximum(np.abs(audio), 0.0))
        assert reduction_db.max() > 3.0
        loud = reduction_db > 1.0
        np.testing.assert_allclose(-20.0 * np.log10(gain_lin[loud]), reduction_db[loud], atol=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=10), st.integers(1, 2), st.sampled_from([1.0, 300.0]))
def test_block_sizes_do_not_matter(sizes: list[int], n_channels: int, attack_ms: float) -> None:
    knobs = CompressorSettings(threshold_db=-30.0, ratio=8.0, attack_ms=attack_ms, release_ms=100.0, dry_db=-6.0)
    audio = _bursts(n_channels, sum(sizes))
    compressor = Compressor(knobs, 44_100, n_channels)
    blocks = [compressor.process(part) for part in np.split(audio, np.cumsum(sizes)[:-1], axis=1)]
    whole = Compressor(knobs, 44_100, n_channels).process(audio)
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


def test_longer_than_the_work_space() -> None:
    audio = _bursts(1, 600_000)
    compressor = Compressor(SQUASH, 96_000, 1)
    halves = [compressor.process(half) for half in np.array_split(audio, 7, axis=1)]
    whole = Compressor(SQUASH, 96_000, 1).process(audio)
    np.testing.assert_allclose(np.concatenate(halves, axis=1), whole, atol=1e-6)


def test_dry_and_wet_add_up() -> None:
    audio = _bursts(2, 5_000)
    wet = Compressor(SQUASH, 44_100, 2).process(audio)
    both = CompressorSettings(
        threshold_db=-20.0, ratio=4.0, knee_db=6.0, attack_ms=5.0, release_ms=60.0, makeup_db=6.0, dry_db=-6.0
    )
    expected = 10.0**0.3 * wet + 10.0**-0.3 * audio
    np.testing.assert_allclose(Compressor(both, 44_100, 2).process(audio), expected, atol=1e-6)


def test_silence_stays_silent_and_a_release_ends() -> None:
    compressor = Compressor(SQUASH, 22_050, 2)
    compressor.process(_bursts(2, 22_050))
    for _ in range(12):
        tail_db = compressor.reduction_db(np.zeros((2, 22_050), np.float32))
    assert not tail_db.any()
    assert not compressor.process(np.zeros((2, 1_000), np.float32)).any()
    assert compressor.process(np.zeros((2, 0), np.float32)).shape == (2, 0)
    assert compressor.reduction_db(np.zeros((2, 0), np.float32)).shape == (0,)


def test_nothing_over_the_threshold_is_a_wire() -> None:
    audio = (0.01 * _bursts(2, 9_000)).astype(np.float32)
    np.testing.assert_array_equal(Compressor(SQUASH, 48_000, 2).process(audio), audio)


def test_nan_is_an_error_that_leaves_the_state() -> None:
    compressor, untouched = Compressor(SQUASH, 48_000, 1), Compressor(SQUASH, 48_000, 1)
    audio = _bursts(1, 900)
    compressor.process(audio)
    untouched.process(audio)
    with pytest.raises(MediaError, match="not numbers"):
        compressor.process(np.full((1, 10), np.inf, np.float32))
    np.testing.assert_array_equal(compressor.process(audio), untouched.process(audio))
    with pytest.raises(PlanError, match=r"ratio is 0\.5:1: choose a value from 1:1 to 100:1"):
        CompressorSettings(ratio=0.5)


def _sine(hz: float, rate_hz: int, level_db: float) -> NDArray[np.float32]:
    phase = 2.0 * np.pi * hz * np.arange(rate_hz) / rate_hz
    return (10.0 ** (level_db / 20.0) * np.sin(phase)).astype(np.float32)[None]


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("hz", [40.0, 200.0, 1_000.0, 5_000.0])
def test_the_detector_hears_what_its_filters_let_through(rate_hz: int, hz: float) -> None:
    knobs = CompressorSettings(
        threshold_db=-60.0,
        ratio=2.0,
        attack_ms=20.0,
        release_ms=20.0,
        rms_size_ms=50.0,
        detector_highpass_hz=200.0,
        detector_lowpass_hz=1_000.0,
    )
    reduction_db = Compressor(knobs, rate_hz, 1).reduction_db(_sine(hz, rate_hz, -6.0))
    # Butterworth filters of second order, on the frequency axis of the bilinear transform.
    high, low = (np.tan(np.pi * hz / rate_hz) / np.tan(np.pi * corner_hz / rate_hz) for corner_hz in (200.0, 1_000.0))
    heard_db = -6.0 - 3.0103 - 10.0 * np.log10(1.0 + high**-4.0) - 10.0 * np.log10(1.0 + low**4.0)
    assert reduction_db[-1] == pytest.approx((60.0 + heard_db) / 2.0, abs=0.06)


def test_the_detectors_filters_do_not_touch_the_sound() -> None:
    knobs = CompressorSettings(threshold_db=-30.0, ratio=100.0, detector_highpass_hz=2_000.0)
    bass, voice = _sine(50.0, 44_100, -6.0), _sine(4_000.0, 44_100, -6.0)
    assert np.abs(Compressor(knobs, 44_100, 1).process(bass) - bass).max() < 1e-6
    alone, together = (Compressor(knobs, 44_100, 1).reduction_db(x)[-1] for x in (voice, voice + bass))
    assert alone > 15.0
    assert together == pytest.approx(alone, abs=0.1)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=10), st.integers(1, 2))
def test_block_sizes_do_not_matter_to_the_detectors_filters(sizes: list[int], n_channels: int) -> None:
    knobs = CompressorSettings(threshold_db=-40.0, detector_highpass_hz=150.0, detector_lowpass_hz=5_000.0)
    audio = _bursts(n_channels, sum(sizes))
    compressor = Compressor(knobs, 22_050, n_channels)
    blocks = [compressor.process(part) for part in np.split(audio, np.cumsum(sizes)[:-1], axis=1)]
    whole = Compressor(knobs, 22_050, n_channels).process(audio)
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


def test_a_low_pass_beyond_the_nyquist_frequency_is_off() -> None:
    audio = _bursts(2, 3_000)
    off, beyond = (CompressorSettings(threshold_db=-40.0, detector_lowpass_hz=hz) for hz in (20_000.0, 15_000.0))
    np.testing.assert_array_equal(
        Compressor(beyond, 22_050, 2).process(audio), Compressor(off, 22_050, 2).process(audio)
    )
