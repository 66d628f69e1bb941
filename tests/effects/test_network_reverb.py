"""The feedback delay network against its equations run sample by sample, its decay, and itself in other block sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import linalg, signal

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.network_reverb import NetworkReverb, line_lengths
from reaper_automix.errors import MediaError

WET_ONLY = {"dry_db": -150.0}


def _impulse_response(knobs: ReverbSettings, rate_hz: int, duration_s: float) -> NDArray[np.float32]:
    impulse = np.zeros((2, int(duration_s * rate_hz)), np.float32)
    impulse[:, 0] = 1.0
    return NetworkReverb(knobs, rate_hz, 2).process(impulse)


def _rt60_s(response: NDArray[np.floating], rate_hz: int) -> float:
    """Return the decay time by Schroeder's backward integration, a line through -5 to -35 dB."""
    energy = np.cumsum(np.square(response, dtype=np.float64).sum(axis=0)[::-1])[::-1]
    level_db = 10.0 * np.log10(energy / energy[0] + 1e-12)
    on_line = (level_db <= -5.0) & (level_db >= -35.0)
    return float(-60.0 / np.polyfit(np.flatnonzero(on_line) / rate_hz, level_db[on_line], 1)[0])


def _octave(response: NDArray[np.floating], middle_hz: float, rate_hz: int) -> NDArray[np.float64]:
    edges_hz = [middle_hz / math.sqrt(2.0), middle_hz * math.sqrt(2.0)]
    return np.asarray(signal.sosfilt(signal.butter(4, edges_hz, "band", fs=rate_hz, output="sos"), response))


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("decay_s", [0.3, 0.5, 1.0, 2.0, 3.0, 4.0])
def test_the_decay_is_the_one_that_was_meant(decay_s: float, rate_hz: int) -> None:
    flat = _impulse_response(ReverbSettings(decay_s=decay_s, dampening=0.0, **WET_ONLY), rate_hz, 1.1 * decay_s + 0.3)
    assert _rt60_s(flat, rate_hz) == pytest.approx(decay_s, rel=0.05)
    dampened = _impulse_response(ReverbSettings(decay_s=decay_s, **WET_ONLY), rate_hz, 1.1 * decay_s + 0.3)
    assert _rt60_s(_octave(dampened, 1_000.0, rate_hz), rate_hz) == pytest.approx(decay_s, rel=0.08)
    assert _rt60_s(dampened, rate_hz) == pytest.approx(decay_s, rel=0.15)


@pytest.mark.parametrize("rate_hz", [48_000, 96_000])
def test_dampening_adds_60_db_per_second_above_8_khz(rate_hz: int) -> None:
    for dampening in (0.0, 0.5, 1.0):
        knobs = ReverbSettings(decay_s=2.0, dampening=dampening, **WET_ONLY)
        response = _impulse_response(knobs, rate_hz, 2.0)
        for middle_hz, share in ((500.0, 0.0), (1_000.0, 0.0), (15_000.0, 0.95)):
            decay_s = _rt60_s(_octave(response, middle_hz, rate_hz), rate_hz)
            assert 60.0 / decay_s == pytest.approx(30.0 + 60.0 * dampening * share, rel=0.12)


def _network(stereo: NDArray[np.float64], decay_s: float, dampening: float, rate_hz: int) -> NDArray[np.float64]:
    """Return the wet signal of the module's equations, one sample at a time in double precision."""
    delays = line_lengths(rate_hz)
    mix = linalg.hadamard(16) / 4.0
    shelves = [_shelf(-60.0 * dampening * delay / rate_hz, rate_hz) for delay in delays]
    states = [np.zeros(2) for _ in delays]
    lines = [[0.0] * delay for delay in delays]
    heard = np.zeros_like(stereo)
    for n, sample in enumerate(stereo.T):
        ends = np.array([line[n % len(line)] for line in lines])
        heard[:, n] = ends[np.arange(16) // 2 % 2 == 0].sum(), ends[np.arange(16) // 2 % 2 == 1].sum()
        for i, (b, a) in enumerate(shelves):
            (ends[i],), states[i] = signal.lfilter(b, a, ends[i : i + 1], zi=states[i])
        fed = mix @ (ends * 10.0 ** (-3.0 * np.array(delays) / rate_hz / decay_s)) + mix[:, [2, 13]] @ sample
        for line, value in zip(lines, fed.tolist(), strict=True):
            line[n % len(line)] = value
    return heard * 10.0**0.02


def _shelf(gain_db: float, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scipy's bilinear transform of the analogue shelf, at 0.45 of the rate (below 8 kHz) after prewarping."""
    w, g = 2.0 * rate_hz * math.tan(math.pi * 0.45), 10.0 ** (gain_db / 20.0)
    b, a = signal.bilinear([g / w**2, math.sqrt(g) / 0.7 / w, 1.0], [1.0 / w**2, 1.0 / 0.7 / w, 1.0], rate_hz)
    return b, a


@pytest.mark.parametrize("dampening", [0.0, 0.8])
def test_it_is_the_network_of_its_equations(dampening: float) -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal((2, 3_000)).astype(np.float32)
    knobs = ReverbSettings(decay_s=0.7, dampening=dampening, **WET_ONLY)
    wet = NetworkReverb(knobs, 16_000, 2).process(noise)
    np.testing.assert_allclose(wet, _network(noise.astype(np.float64), 0.7, dampening, 16_000), atol=3e-6)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 6_000), min_size=1, max_size=10), st.integers(1, 2), st.sampled_from([22_050, 48_000]))
def test_block_sizes_do_not_matter(sizes: list[int], n_channels: int, rate_hz: int) -> None:
    knobs = ReverbSettings(decay_s=3.0, wet_db=-6.0, initial_delay_ms=12.0, lowpass_hz=6_000.0, highpass_hz=90.0)
    audio = (0.3 * np.random.default_rng(1).standard_normal((n_channels, sum(sizes)))).astype(np.float32)
    reverb = NetworkReverb(knobs, rate_hz, n_channels)
    blocks = [reverb.process(part) for part in np.split(audio, np.cumsum(sizes)[:-1], axis=1)]
    whole = NetworkReverb(knobs, rate_hz, n_channels).process(audio)
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


def test_longer_than_the_work_space() -> None:
    audio = (0.3 * np.random.default_rng(5).standard_normal((2, 150_000))).astype(np.float32)
    reverb = NetworkReverb(ReverbSettings(decay_s=1.0, wet_db=-6.0), 48_000, 2)
    parts = [reverb.process(part) for part in np.array_split(audio, 7, axis=1)]
    whole = NetworkReverb(ReverbSettings(decay_s=1.0, wet_db=-6.0), 48_000, 2).process(audio)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 384_000])
def test_the_lines_are_different_primes_and_none_sounds_before_the_shortest(rate_hz: int) -> None:
    lengths = line_lengths(rate_hz)
    assert lengths == sorted(set(lengths))
    assert all(n % k for n in lengths for k in range(2, math.isqrt(n) + 1))
    assert np.mean(lengths) / rate_hz == pytest.approx(0.0316, abs=0.003)
    for initial_delay_ms in (0.0, 40.0):
        knobs = ReverbSettings(initial_delay_ms=initial_delay_ms, **WET_ONLY)
        first = int(np.flatnonzero(_impulse_response(knobs, rate_hz, 0.1)[0])[0])
        assert first == lengths[0] + round(initial_delay_ms * rate_hz / 1_000.0)


def test_left_and_right_are_alike_and_not_the_same() -> None:
    impulse = np.zeros((2, 48_000), np.float32)
    for heard in ([1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, -1.0]):
        impulse[:, 0] = heard
        wet = NetworkReverb(ReverbSettings(decay_s=1.0, **WET_ONLY), 48_000, 2).process(impulse)
        energy_db = 10.0 * np.log10(np.square(wet, dtype=np.float64).sum(axis=1))
        assert energy_db[0] == pytest.approx(energy_db[1], abs=0.7)
        assert abs(np.corrcoef(wet)[0, 1]) < 0.25


def test_width() -> None:
    wide, mono, swapped = (
        _impulse_response(ReverbSettings(width=width, **WET_ONLY), 44_100, 0.3) for width in (1.0, 0.0, -1.0)
    )
    np.testing.assert_allclose(mono[0], mono[1], atol=1e-9)
    np.testing.assert_allclose(mono[0], wide.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(swapped, wide[::-1])


def test_the_filters_act_on_the_wet_signal_only() -> None:
    def spectrum_db(**knobs: float) -> NDArray[np.float64]:
        response = _impulse_response(ReverbSettings(**{**WET_ONLY, **knobs}), 44_100, 1.0)
        return np.asarray(20.0 * np.log10(np.abs(np.fft.rfft(response[0], 44_100)) + 1e-12))

    change_db = spectrum_db(lowpass_hz=2_000.0, highpass_hz=200.0) - spectrum_db()
    np.testing.assert_allclose(change_db[[50, 632, 8_000]], [-24.1, -0.1, -25.5], atol=0.6)
    impulse = _impulse_response(ReverbSettings(lowpass_hz=100.0), 44_100, 0.011)
    assert impulse[0, 0] == 1.0
    assert not impulse[:, 1:].any()


def test_a_mono_source_plays_in_both_channels() -> None:
    audio = np.random.default_rng(2).standard_normal((1, 4_000)).astype(np.float32)
    from_mono = NetworkReverb(ReverbSettings(), 44_100, 1).process(audio)
    from_stereo = NetworkReverb(ReverbSettings(), 44_100, 2).process(np.repeat(audio, 2, axis=0))
    np.testing.assert_array_equal(from_mono, from_stereo)


def test_silence_stays_silent_and_a_tail_ends_before_denormal_numbers() -> None:
    reverb = NetworkReverb(ReverbSettings(decay_s=0.3, lowpass_hz=5_000.0), 22_050, 2)
    assert not reverb.process(np.zeros((2, 40_000), np.float32)).any()
    reverb.process(np.random.default_rng(3).standard_normal((2, 22_050)).astype(np.float32))
    tail = np.concatenate([reverb.process(np.zeros((2, 7_000), np.float32)) for _ in range(30)], axis=1)
    assert tail[:, :2_000].all()
    assert not tail[:, -20_000:].any()
    assert not np.any((tail != 0.0) & (np.abs(tail) < np.finfo(np.float32).tiny))


def test_no_wet_signal_is_a_wire() -> None:
    audio = np.random.default_rng(4).standard_normal((2, 3_000)).astype(np.float32)
    np.testing.assert_array_equal(NetworkReverb(ReverbSettings(wet_db=-150.0), 48_000, 2).process(audio), audio)
    assert NetworkReverb(ReverbSettings(), 48_000, 2).process(np.zeros((2, 0), np.float32)).shape == (2, 0)


def test_nan_is_an_error_that_leaves_the_state() -> None:
    reverb, untouched = (NetworkReverb(ReverbSettings(), 48_000, 1) for _ in range(2))
    audio = np.ones((1, 3_000), np.float32)
    reverb.process(audio)
    untouched.process(audio)
    with pytest.raises(MediaError, match="not numbers"):
        reverb.process(np.full((1, 10), np.nan, np.float32))
    np.testing.assert_array_equal(reverb.process(audio), untouched.process(audio))
    with pytest.raises(ValueError, match="3 channels"):
        NetworkReverb(ReverbSettings(), 48_000, 3)
