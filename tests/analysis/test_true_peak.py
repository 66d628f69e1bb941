"""The pruned search against oversampling everything, and against a far finer grid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.true_peak import TruePeakMeter, interpolation_taps, oversampling_factor

RATE_HZ = 48_000
Audio = NDArray[np.float32]


def true_peak_lin(audio: Audio, rate_hz: int = RATE_HZ, block: int = 20_000) -> float:
    meter = TruePeakMeter(rate_hz, audio.shape[0])
    for start in range(0, audio.shape[1], block):
        meter.add(audio[:, start : start + block])
    return meter.true_peak_lin()


def without_pruning(audio: Audio, factor: int = 8) -> float:
    """All phases of the same filter over all samples, with silence on both sides."""
    taps = interpolation_taps(factor)
    padded = np.pad(audio.astype(np.float64), ((0, 0), (32, 32)))
    phases = [np.abs(np.correlate(row, taps[:, p], "valid")).max() for row in padded for p in range(taps.shape[1])]
    return max(*phases, float(np.abs(audio).max()))


def sixteen_times(audio: Audio) -> float:
    """The peak on a grid of 16 times the rate, by a long FFT with silence around."""
    padded = np.pad(audio.astype(np.float64), ((0, 0), (2_000, 2_000)))
    return float(np.abs(signal.resample(padded, padded.shape[1] * 16, axis=1)).max())


def faded(mono: NDArray[np.float64]) -> Audio:
    fade = np.minimum(1.0, np.minimum(np.arange(mono.size), np.arange(mono.size)[::-1]) / 1_000.0)
    return (mono * fade)[None].astype(np.float32)


def sine(share_of_rate: float, phase: float, n_samples: int = 12_000) -> Audio:
    return faded(0.7 * np.sin(2.0 * np.pi * (share_of_rate * np.arange(n_samples) + phase)))


def music(seed: int, drive: float, n_samples: int = 24_000) -> Audio:
    """Low-pass noise with beats, driven into clipping; the band ends at 0.4 of the rate, as converters have it."""
    rng = np.random.default_rng(seed)
    low = signal.lfilter([1.0], [1.0, -0.9], rng.standard_normal((2, n_samples)), axis=-1)
    low = low / low.std() * (0.2 + np.exp(-6.0 * (np.arange(n_samples) / 12_000 % 1.0)))
    return np.clip(drive * low, -1.0, 1.0).astype(np.float32)


def signals() -> dict[str, Audio]:
    rng = np.random.default_rng(5)
    white = (0.2 * rng.standard_normal((2, 30_000))).astype(np.float32)
    impulse = np.zeros((1, 1_000), np.float32)
    impulse[0, 500] = 1.0
    edges = np.zeros((1, 2_003), np.float32)
    edges[0, :8] = edges[0, -8:] = [1, -1, 1, -1, -1, 1, -1, 1]
    return {
        "white noise": white,
        "quiet noise after a peak": np.concatenate((white, 0.01 * white), axis=1),
        "music": music(1, 0.3),
        "clipped": music(2, 4.0),
        "square": np.sign(sine(0.0113, 0.1)),
        "impulse": impulse,
        "loud edges": edges,
        "sine": sine(0.25, 0.125),
        "short": white[:, :7],
    }


@pytest.mark.parametrize("name", signals())
@pytest.mark.parametrize("block", [331, 20_000])
def test_pruning_misses_nothing(name: str, block: int) -> None:
    audio = signals()[name]
    assert true_peak_lin(audio, block=block) == pytest.approx(without_pruning(audio), rel=2e-6)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2, 0.2499, 0.25, 1 / 3, 0.4, 0.45])
@pytest.mark.parametrize("phase", [0.0, 0.05, 0.125, 0.2])
def test_sines_read_within_a_fifth_of_a_decibel(share: float, phase: float) -> None:
    audio = sine(share, phase)
    assert 20.0 * math.log10(true_peak_lin(audio) / sixteen_times(audio)) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("drive", [0.2, 3.0])
def test_noise_and_clipped_music_read_within_a_fifth_of_a_decibel(seed: int, drive: float) -> None:
    band = signal.firwin(255, 0.42, fs=1.0)
    audio = signal.fftconvolve(music(seed, drive), band[None], axes=1).astype(np.float32)
    assert 20.0 * math.log10(true_peak_lin(audio) / sixteen_times(audio)) == pytest.approx(0.0, abs=0.2)


def test_the_interpolation_is_flat_up_to_045_of_the_rate() -> None:
    taps = interpolation_taps(8)
    frequency = np.linspace(0.0, 0.45, 1_000)[:, None]
    response = np.exp(2j * np.pi * frequency * (np.arange(32) - 15)) @ taps
    ideal = np.exp(2j * np.pi * frequency * np.arange(1, 8) / 8)
    assert np.abs(response - ideal).max() < 0.0092  # 0.08 dB


@pytest.mark.parametrize(
    ("rate_hz", "factor"), [(8_000, 8), (44_100, 8), (48_000, 8), (88_200, 4), (96_000, 4), (192_000, 2), (384_000, 1)]
)
def test_oversampling_is_at_least_what_the_standard_asks(rate_hz: int, factor: int) -> None:
    assert oversampling_factor(rate_hz) == factor


@pytest.mark.parametrize("rate_hz", [96_000, 192_000, 384_000])
def test_high_rates(rate_hz: int) -> None:
    audio = sine(0.25, 0.125)
    expected = without_pruning(audio, oversampling_factor(rate_hz)) if rate_hz < 384_000 else float(np.abs(audio).max())
    assert true_peak_lin(audio, rate_hz) == pytest.approx(expected, rel=2e-6)


def test_an_empty_signal_has_no_peak() -> None:
    assert TruePeakMeter(RATE_HZ, 2).true_peak_lin() == 0.0
