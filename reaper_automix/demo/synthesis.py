"""Building blocks of the demo's sounds: partials, noise, spectral shaping, rooms. Signals are float64 (n_samples,)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

Signal = NDArray[np.float64]
GainCurve = Callable[[Signal], Signal]
"""Frequencies in Hz to linear gains."""

_SIZES = (8, 9, 10, 12, 15)


def midi_to_hz(pitch: float) -> float:
    """Convert a MIDI note number (69 is 440 Hz) to a frequency."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def times_s(length_s: float, sample_rate_hz: int) -> Signal:
    """Return the time of every sample of a signal of this length."""
    return np.arange(round(length_s * sample_rate_hz), dtype=np.float64) / sample_rate_hz


def partials(
    frequencies_hz: Sequence[float],
    gains_lin: Sequence[float],
    decays_s: Sequence[float],
    length_s: float,
    sample_rate_hz: int,
) -> Signal:
    """Return a sum of sines, each with its own exponential decay (time constant); what would alias is left out.

    Time is split into blocks: exp(a (t_block + t)) = exp(a t_block) exp(a t), and the sum is a product of two matrices.
    """
    n_samples = round(length_s * sample_rate_hz)
    n_block = max(1, int(np.sqrt(n_samples)))
    kept = np.asarray(frequencies_hz) < 0.45 * sample_rate_hz
    rates = (-1.0 / np.asarray(decays_s) + 2j * np.pi * np.asarray(frequencies_hz))[kept] / sample_rate_hz
    blocks = np.exp(np.arange(-(-n_samples // n_block))[:, None] * n_block * rates) * np.asarray(gains_lin)[kept]
    within = np.exp(rates[:, None] * np.arange(n_block))
    total = blocks.real @ within.imag + blocks.imag @ within.real
    return np.asarray(total.ravel()[:n_samples])


def sweep(from_hz: float, to_hz: float, glide_s: float, decay_s: float, length_s: float, sample_rate_hz: int) -> Signal:
    """Return a sine that falls exponentially from one frequency to another while it decays: a drum skin."""
    t = times_s(length_s, sample_rate_hz)
    cycles = to_hz * t + (from_hz - to_hz) * glide_s * (1.0 - np.exp(-t / glide_s))
    return np.asarray(np.sin(2.0 * np.pi * cycles) * np.exp(-t / decay_s))


def fast_length(n_samples: int) -> int:
    """Return a length of at least ``n_samples`` whose Fourier transform is quick."""
    power = max(0, (n_samples - 1).bit_length() - 4)
    return min(size << p for p in (power, power + 1) for size in _SIZES if size << p >= n_samples)


def shape_spectrum(signal: Signal, gain_of_hz: GainCurve, sample_rate_hz: int) -> Signal:
    """Filter with a gain curve over frequency, without any phase shift; silence at the beginning costs nothing."""
    silent = max(0, int(np.argmax(signal != 0.0)) - sample_rate_hz // 100)
    heard = signal[silent:]
    n_fft = fast_length(heard.size + sample_rate_hz // 100)
    spectrum = np.fft.rfft(heard, n_fft)
    spectrum *= gain_of_hz(np.arange(spectrum.size, dtype=np.float64) * sample_rate_hz / n_fft)
    return np.concatenate((signal[:silent], np.fft.irfft(spectrum, n_fft)[: heard.size]))


def band(low_hz: float, high_hz: float, *, order: int = 2) -> GainCurve:
    """Return the gain curve of a Butterworth-like band pass."""

    def gain(frequency_hz: Signal) -> Signal:
        safe_hz = np.maximum(frequency_hz, 1e-3)
        squared = (1.0 + (low_hz / safe_hz) ** (2 * order)) * (1.0 + (safe_hz / high_hz) ** (2 * order))
        return np.asarray(1.0 / np.sqrt(squared))

    return gain


def noise_burst(
    low_hz: float, high_hz: float, decay_s: float, length_s: float, sample_rate_hz: int, rng: np.random.Generator
) -> Signal:
    """Return decaying band noise with a peak of about 1."""
    t = times_s(length_s, sample_rate_hz)
    noise = shape_spectrum(rng.normal(size=t.size), band(low_hz, high_hz), sample_rate_hz) * np.exp(-t / decay_s)
    return np.asarray(noise / max(float(np.max(np.abs(noise))), 1e-9))


def fade_out(signal: Signal, fade_s: float, sample_rate_hz: int) -> Signal:
    """Return the signal with its last part faded to nothing, so that a cut note does not click."""
    n_fade = min(signal.size, round(fade_s * sample_rate_hz))
    faded = signal.copy()
    faded[signal.size - n_fade :] *= 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, n_fade))
    return faded


def add_at(target: Signal, signal: Signal, start: int, gain_lin: float = 1.0) -> None:
    """Add a signal into another from sample ``start`` on; what hangs over either end is dropped."""
    first, last = max(0, start), min(target.size, start + signal.size)
    if first < last:
        target[first:last] += gain_lin * signal[first - start : last - start]


def room_response(
    decay_s: float, pre_delay_s: float, high_hz: float, sample_rate_hz: int, rng: np.random.Generator
) -> Signal:
    """Return the impulse response of a simple room: darkening noise of unit energy after a pause."""
    tail = noise_burst(120.0, high_hz, decay_s / 6.9, decay_s, sample_rate_hz, rng)
    pause = np.zeros(round(pre_delay_s * sample_rate_hz))
    return np.concatenate((pause, tail / np.sqrt(np.sum(tail**2))))


def in_room(signal: Signal, response: Signal) -> Signal:
    """Return what a room with this impulse response answers, as long as the signal."""
    return np.asarray(oaconvolve(signal, response)[: signal.size], dtype=np.float64)
