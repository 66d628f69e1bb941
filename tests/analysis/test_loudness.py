"""The meter against the EBU's test signals, two other implementations, and itself in other block sizes."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.loudness import (
    BLOCK_S,
    Loudness,
    LoudnessMeter,
    integrated_lufs,
    k_weighting,
    loudness_range_lu,
    momentary_lufs,
    short_term_lufs,
)
from reaper_automix.errors import MediaError

RATES_HZ = (44_100, 48_000)
Audio = NDArray[np.float32]

# EBU Tech 3341 (2023), table 1. Case 6 is 5.0 and left out on purpose: the meter hears a stereo master, it has no
# surround channels. Cases 7 and 8 are recorded programmes; 10, 11, 13 and 14 need a window that slides more finely
# than the 100 ms grid, or a live display.
INTEGRATED_CASES = {
    1: [(-23.0, 20.0)],
    2: [(-33.0, 20.0)],
    3: [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
    4: [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
    5: [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
}
# EBU Tech 3342 (2023), section 4: two or more levels of 20 s each and the range they give.
RANGE_CASES = {
    1: ([(-20.0, 20.0), (-30.0, 20.0)], 10.0),
    2: ([(-20.0, 20.0), (-15.0, 20.0)], 5.0),
    3: ([(-40.0, 20.0), (-20.0, 20.0)], 20.0),
    4: ([(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
}
# EBU Tech 3341, cases 15 to 19: divisor of the rate, phase in degrees, amplitude, expected true peak.
TRUE_PEAK_CASES = {
    15: (4, 0.0, 0.50, -6.0),
    16: (4, 45.0, 0.50, -6.0),
    17: (6, 60.0, 0.50, -6.0),
    18: (8, 67.5, 0.50, -6.0),
    19: (4, 45.0, 1.41, 3.0),
}


def lin(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))


def tones(parts: Iterable[tuple[float, float]], rate_hz: int) -> Audio:
    """A 1 kHz sine whose peak level changes: (dBFS, seconds). One channel, which plays in both as the EBU asks."""
    envelope = np.concatenate([np.full(round(seconds * rate_hz), lin(level)) for level, seconds in parts])
    mono = envelope * np.sin(2.0 * np.pi * 1000.0 * np.arange(envelope.size) / rate_hz)
    return mono[None].astype(np.float32)


def noise(n_channels: int, n_samples: int, seed: int = 1, level: float = 0.1) -> Audio:
    return (level * np.random.default_rng(seed).standard_normal((n_channels, n_samples))).astype(np.float32)


def meter_of(audio: Audio, rate_hz: int, block: int = 1 << 16) -> LoudnessMeter:
    meter = LoudnessMeter(rate_hz, audio.shape[0])
    for start in range(0, audio.shape[1], block):
        meter.add(audio[:, start : start + block])
    return meter


def measured(audio: Audio, rate_hz: int, block: int = 1 << 16) -> Loudness:
    return meter_of(audio, rate_hz, block).result()


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("case", INTEGRATED_CASES)
def test_integrated_loudness_of_tech_3341(case: int, rate_hz: int) -> None:
    expected = -33.0 if case == 2 else -23.0
    assert measured(tones(INTEGRATED_CASES[case], rate_hz), rate_hz).integrated_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("case", [1, 2])
def test_momentary_and_short_term_of_a_steady_tone(case: int, rate_hz: int) -> None:
    loudness = measured(tones(INTEGRATED_CASES[case], rate_hz), rate_hz)
    assert loudness.max_momentary_lufs == pytest.approx(loudness.integrated_lufs, abs=0.1)
    assert loudness.max_short_term_lufs == pytest.approx(loudness.integrated_lufs, abs=0.1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_short_term_is_constant_in_tech_3341_case_9(rate_hz: int) -> None:
    energy = meter_of(tones([(-20.0, 1.34), (-30.0, 1.66)] * 5, rate_hz), rate_hz).block_energy()
    levels = short_term_lufs(energy)
    assert levels.size == 150 - 29
    assert np.abs(levels + 23.0).max() <= 0.1


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_momentary_is_constant_in_tech_3341_case_12(rate_hz: int) -> None:
    energy = meter_of(tones([(-20.0, 0.18), (-30.0, 0.22)] * 25, rate_hz), rate_hz).block_energy()
    levels = momentary_lufs(energy)
    assert levels.size == 100 - 3
    assert np.abs(levels[7:] + 23.0).max() <= 0.1


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("case", RANGE_CASES)
def test_loudness_range_of_tech_3342(case: int, rate_hz: int) -> None:
    parts, expected_lu = RANGE_CASES[case]
    assert measured(tones(parts, rate_hz), rate_hz).range_lu == pytest.approx(expected_lu, abs=1.0)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("case", TRUE_PEAK_CASES)
def test_true_peak_of_tech_3341(case: int, rate_hz: int) -> None:
    divisor, phase_deg, amplitude, expected_dbtp = TRUE_PEAK_CASES[case]
    n_samples = rate_hz // 2
    fade = np.minimum(1.0, np.minimum(np.arange(n_samples), np.arange(n_samples)[::-1]) / (0.05 * rate_hz))
    sine = fade * amplitude * np.sin(2.0 * np.pi * np.arange(n_samples) / divisor + np.deg2rad(phase_deg))
    peak_dbtp = measured(sine[None].astype(np.float32), rate_hz).true_peak_dbtp
    assert expected_dbtp - 0.4 <= peak_dbtp <= expected_dbtp + 0.2


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_k_weighting_is_that_of_the_standard_at_48_khz_and_the_same_curve_elsewhere(rate_hz: int) -> None:
    sections = k_weighting(rate_hz)
    if rate_hz == 48_000:  # BS.1770-5, annex 1, tables 1 and 2
        shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
        high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
        assert np.allclose(sections, [shelf, high_pass], atol=1e-8)
    _, response = signal.sosfreqz(sections, [997.0], fs=rate_hz)
    assert 20.0 * math.log10(abs(response[0])) == pytest.approx(0.691, abs=0.05)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000, 192_000])
def test_agrees_with_libebur128(rate_hz: int) -> None:
    pyebur128 = pytest.importorskip("pyebur128", reason="pyebur128 has no wheel for this Python")
    audio = noise(2, 8 * rate_hz) * np.linspace(0.05, 1.0, 8 * rate_hz, dtype=np.float32)
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(2, rate_hz, mode.MODE_I)
    state.add_frames(np.ascontiguousarray(audio.T).ravel(), audio.shape[1])
    assert measured(audio, rate_hz).integrated_lufs == pytest.approx(pyebur128.get_loudness_global(state), abs=0.02)


def test_agrees_with_pyloudnorm() -> None:
    audio = noise(2, 20 * 48_000) * np.linspace(0.05, 1.0, 20 * 48_000, dtype=np.float32)
    expected_lufs = pyloudnorm.Meter(48_000, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64))
    assert measured(audio, 48_000).integrated_lufs == pytest.approx(expected_lufs, abs=1e-3)


def test_a_mono_signal_is_measured_as_it_plays_in_both_channels() -> None:
    mono = noise(1, 5 * 48_000)
    one, two = meter_of(mono, 48_000), meter_of(np.repeat(mono, 2, axis=0), 48_000)
    assert np.array_equal(one.block_energy(), two.block_energy())
    assert dataclasses.astuple(one.result()) == pytest.approx(dataclasses.astuple(two.result()), abs=1e-6)
    one_channel_lufs = pyloudnorm.Meter(48_000, filter_class="DeMan").integrated_loudness(mono[0].astype(np.float64))
    assert one.result().integrated_lufs - one_channel_lufs == pytest.approx(3.01, abs=0.01)


@pytest.mark.parametrize("rate_hz", [11_025, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("block", [977, 4_410, 48_000, 1_000_000])
def test_block_sizes_do_not_change_the_result(rate_hz: int, block: int) -> None:
    audio = noise(2, int(4.56 * rate_hz))
    whole = meter_of(audio, rate_hz, audio.shape[1])
    parts = meter_of(audio, rate_hz, block)
    assert parts.result() == whole.result()
    assert np.array_equal(parts.block_energy(), whole.block_energy())


def test_blocks_start_at_exact_fractions_of_a_second() -> None:
    rate_hz = 11_025  # 1102.5 samples in 100 ms
    audio = noise(1, 30 * rate_hz)
    energy = meter_of(audio, rate_hz).block_energy()
    assert energy.shape == (2, 300)
    weighted = signal.sosfilt(k_weighting(rate_hz), audio[0].astype(np.float64))
    starts = np.arange(301) * rate_hz // 10
    expected = [np.mean(weighted[a:b] ** 2) for a, b in itertools.pairwise(starts)]
    assert np.allclose(energy[0], expected, rtol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 384_000])
def test_extreme_rates(rate_hz: int) -> None:
    loudness = measured(tones([(-23.0, 2.0)], rate_hz), rate_hz)
    assert loudness.integrated_lufs == pytest.approx(-23.0, abs=0.15)
    assert loudness.true_peak_dbtp == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("n_samples", [0, 1, 4_799, 4_800, 19_199, 48_000, 143_999])
def test_short_signals(n_samples: int) -> None:
    meter = meter_of(tones([(-20.0, 3.0)], 48_000)[:, :n_samples], 48_000)
    loudness = meter.result()
    assert not any(math.isnan(value) for value in dataclasses.astuple(loudness))
    assert loudness.duration_s == n_samples / 48_000
    assert meter.block_energy().shape == (2, max(n_samples // 4_800, min(n_samples, 1)))
    if n_samples >= 4_799:
        assert loudness.integrated_lufs == pytest.approx(-20.0, abs=0.2)
        assert loudness.max_short_term_lufs == pytest.approx(-20.0, abs=0.2)
    assert loudness.range_lu == 0.0


def test_silence_has_levels_of_minus_infinity_and_no_ratios() -> None:
    loudness = measured(np.zeros((2, 5 * 48_000), np.float32), 48_000)
    assert loudness == Loudness(-math.inf, -math.inf, -math.inf, 0.0, -math.inf, -math.inf, -math.inf, 0.0, 5.0)


def test_silence_after_sound_is_silent_and_not_denormal() -> None:
    audio = np.concatenate((noise(2, 48_000), np.zeros((2, 20 * 48_000), np.float32)), axis=1)
    energy = meter_of(audio, 48_000).block_energy()
    assert energy.shape == (2, 210)
    assert not energy[:, 20:].any()


def test_levels_of_a_full_scale_sine() -> None:
    loudness = measured(tones([(0.0, 5.0)], 48_000), 48_000)
    assert loudness.sample_peak_dbfs == pytest.approx(0.0, abs=1e-3)
    assert loudness.true_peak_dbtp == pytest.approx(0.0, abs=0.01)
    assert loudness.rms_dbfs == pytest.approx(-3.0103, abs=1e-3)
    assert loudness.crest_factor_db == pytest.approx(3.0103, abs=1e-3)


def test_the_gate_leaves_silence_out() -> None:
    sparse = tones([(-20.0, 5.0), (-math.inf, 60.0)], 48_000)
    assert measured(sparse, 48_000).integrated_lufs == pytest.approx(-20.0, abs=0.3)


def test_a_slow_gain_on_the_energies_is_a_gain_on_the_audio() -> None:
    rate_hz, n_blocks = 48_000, 200
    audio = noise(2, n_blocks * rate_hz // 10)
    gain_lin = np.stack((np.linspace(0.1, 1.0, n_blocks), np.linspace(0.8, 0.0, n_blocks)))
    played = audio * np.repeat(gain_lin, rate_hz // 10, axis=1).astype(np.float32)
    energy, expected = meter_of(audio, rate_hz).block_energy(), meter_of(played, rate_hz)
    assert energy.shape[1] * BLOCK_S == pytest.approx(20.0)
    assert integrated_lufs(energy, gain_lin) == pytest.approx(expected.result().integrated_lufs, abs=0.01)
    assert loudness_range_lu(energy, gain_lin) == pytest.approx(expected.result().range_lu, abs=0.02)
    assert np.allclose(short_term_lufs(energy, gain_lin), short_term_lufs(expected.block_energy()), atol=0.01)


def test_the_meter_goes_on_after_a_result() -> None:
    audio = noise(2, 7 * 48_000)
    meter = LoudnessMeter(48_000, 2)
    for start in range(0, audio.shape[1], 50_000):
        meter.add(audio[:, start : start + 50_000])
        meter.result()
    assert meter.result() == measured(audio, 48_000)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e30])
def test_numbers_that_are_not_audio_are_refused(bad: float) -> None:
    audio = noise(2, 3 * 48_000)
    audio[1, 100_000] = bad
    with pytest.raises(MediaError, match=r"near 2\.0 s"):
        measured(audio, 48_000)


@pytest.mark.parametrize(("rate_hz", "n_channels"), [(7_999, 2), (384_001, 2), (48_000, 0), (48_000, 3)])
def test_limits_of_the_meter(rate_hz: int, n_channels: int) -> None:
    with pytest.raises(ValueError, match="the meter takes"):
        LoudnessMeter(rate_hz, n_channels)


def test_a_block_with_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        LoudnessMeter(48_000, 2).add(noise(1, 10))
