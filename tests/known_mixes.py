"""Tracks of known kinds, and mixes of them with known gains: what gain estimation has to find again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

RATE_HZ = 16000
LENGTH_S = 24.0


def times_s(length_s: float = LENGTH_S) -> np.ndarray:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def drums(seed: int = 0, length_s: float = LENGTH_S) -> np.ndarray:
    """Return decaying bursts of noise, two a second with some skipped, float32 (1, n_samples)."""
    rng = np.random.default_rng(seed)
    audio = np.zeros(times_s(length_s).size)
    burst = np.exp(-np.arange(round(0.2 * RATE_HZ)) / (0.03 * RATE_HZ))
    for start in range(0, audio.size - burst.size, RATE_HZ // 2):
        if rng.random() < 0.8:
            audio[start : start + burst.size] += 0.4 * burst * rng.standard_normal(burst.size) * rng.uniform(0.5, 1.0)
    return audio[None].astype(np.float32)


def bass(seed: int = 1, length_s: float = LENGTH_S) -> np.ndarray:
    """Return notes of half a second with falling harmonics: little to find a lag by."""
    rng = np.random.default_rng(seed)
    t, audio = times_s(length_s), np.zeros(times_s(length_s).size)
    for start in range(0, t.size, RATE_HZ // 2):
        n = min(RATE_HZ // 2, t.size - start)
        pitch_hz = 55.0 * 2.0 ** (rng.integers(0, 12) / 12.0)
        swell = np.minimum(np.arange(n) / 160.0, 1.0) * np.exp(-np.arange(n) / (0.4 * RATE_HZ))
        for harmonic in range(1, 12):
            phase = 2.0 * np.pi * (pitch_hz * harmonic * np.arange(n) / RATE_HZ + rng.random())
            audio[start : start + n] += 0.2 * swell * np.sin(phase) / harmonic**1.5
    return audio[None].astype(np.float32)


def pad(seed: int = 2, length_s: float = LENGTH_S) -> np.ndarray:
    """Return coloured noise in stereo, the channels different, swelling slowly, float32 (2, n_samples)."""
    rng = np.random.default_rng(seed)
    colour = signal.butter(2, (300.0, 3000.0), btype="bandpass", fs=RATE_HZ, output="sos")
    audio = signal.sosfilt(colour, rng.standard_normal((2, times_s(length_s).size)), axis=-1)
    return (0.3 * audio * (1.0 + 0.5 * np.sin(2.0 * np.pi * 0.13 * times_s(length_s)))).astype(np.float32)


def voice(seed: int = 3, length_s: float = LENGTH_S) -> np.ndarray:
    """Return phrases of filtered pulses with pauses of digital silence between them."""
    rng = np.random.default_rng(seed)
    t = times_s(length_s)
    vibrato = 180.0 + 60.0 * np.sin(2.0 * np.pi * 0.2 * t) + 5.0 * np.sin(2.0 * np.pi * 5.0 * t)
    pulses = signal.sawtooth(2.0 * np.pi * np.cumsum(vibrato) / RATE_HZ) + 0.05 * rng.standard_normal(t.size)
    formant = signal.butter(2, (400.0, 2500.0), btype="bandpass", fs=RATE_HZ, output="sos")
    sings = np.floor(t / 3.0) % 3 < 2
    return (0.2 * signal.sosfilt(formant, pulses) * sings)[None].astype(np.float32)


def band() -> list[np.ndarray]:
    return [drums(), bass(), pad(), voice()]


def mixed(
    tracks: Sequence[np.ndarray],
    gains_db: Sequence[np.ndarray | float],
    *,
    lags: Sequence[int] | None = None,
    polarity: Sequence[int] | None = None,
    sides: Sequence[tuple[float, float]] | None = None,
) -> np.ndarray:
    """Return tracks at gains in dB (numbers or curves), delayed by samples, as a stereo mix of 16-bit steps."""
    n_samples = max(track.shape[1] for track in tracks)
    mix = np.zeros((2, n_samples))
    for i, track in enumerate(tracks):
        gain = 10.0 ** (np.asarray(gains_db[i]) / 20.0) * (polarity[i] if polarity else 1)
        lag = lags[i] if lags else 0
        played = np.zeros((2, n_samples))
        sound = (track * gain)[:, : n_samples - lag]
        played[:, lag : lag + sound.shape[1]] = sound
        mix += played * np.array(sides[i] if sides else (1.0, 1.0))[:, None]
    return (np.round(mix * 8192.0) / 8192.0).astype(np.float32)
