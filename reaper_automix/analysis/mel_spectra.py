"""Mel spectra of a mono signal: 128 bands on Slaney's scale, frames of 2048 samples at 44.1 kHz, every 1024."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.audio import levels

Audio = NDArray[np.float32]
Mels = NDArray[np.float32]

RATE_HZ = 44_100
FFT_SIZE = 2048
HOP = 1024
N_MELS = 128


@lru_cache(maxsize=1)
def mel_filters() -> Mels:
    """Return triangular filters from 0 Hz to 22.05 kHz on Slaney's mel scale, each of area 1, (128, 1025)."""
    edges_hz = _mel_to_hz(np.linspace(0.0, _hz_to_mel(RATE_HZ / 2.0), N_MELS + 2))
    bins_hz = fft.rfftfreq(FFT_SIZE, 1.0 / RATE_HZ)
    widths_hz = np.diff(edges_hz)[:, np.newaxis]
    slopes = edges_hz[:, np.newaxis] - bins_hz
    up, down = -slopes[:-2] / widths_hz[:-1], slopes[2:] / widths_hz[1:]
    filters = np.maximum(0.0, np.minimum(up, down)) * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, np.newaxis]
    return np.asarray(filters, np.float32)


def mel_centres_hz() -> NDArray[np.float64]:
    """Return the frequency at the top of each filter, (128,)."""
    return np.asarray(_mel_to_hz(np.linspace(0.0, _hz_to_mel(RATE_HZ / 2.0), N_MELS + 2))[1:-1])


def mel_energies(audio: Audio, rate_hz: int) -> Mels:
    """Return the mel power spectrum of a mono signal.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_samples,)
        Full scale is 1. A signal shorter than a frame is filled up with zeros.
    rate_hz : int
        Other rates than 44.1 kHz are resampled.

    Returns
    -------
    ndarray of float32, shape (128, n_frames)
        Frames of 2048 samples, Hann, every 1024; the first begins at sample 0, nothing is centred.

    Raises
    ------
    ValueError
        If the signal is not mono or holds samples that are not numbers.
    """
    if audio.ndim != 1 or rate_hz <= 0:
        raise ValueError(f"a signal of shape {audio.shape} at {rate_hz} Hz, expected mono, (n_samples,)")
    if not np.isfinite(audio).all():
        raise ValueError("the signal holds samples that are not numbers: export the file again")
    heard = np.asarray(audio, np.float32)
    if rate_hz != RATE_HZ and heard.size:
        heard = soxr.resample(heard, rate_hz, RATE_HZ, quality="HQ")
    heard = np.pad(heard, (0, max(FFT_SIZE - heard.size, 0)))
    window = np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FFT_SIZE) / FFT_SIZE), np.float32)
    frames = sliding_window_view(heard, FFT_SIZE)[::HOP]
    energies = np.empty((N_MELS, len(frames)), np.float32)
    for start in range(0, len(frames), 256):
        spectra = fft.rfft(frames[start : start + 256] * window, axis=1)
        power = np.square(spectra.real) + np.square(spectra.imag)
        energies[:, start : start + 256] = mel_filters() @ power.T
    return energies


def in_db(blocks: Mels) -> Mels:
    """Return energies as levels in dB, nothing below -160 dB."""
    return levels.energy_to_db(np.maximum(blocks, np.float32(1e-16)))


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = 1000.0 * np.exp((np.maximum(mel, 15.0) - 15.0) * np.log(6.4) / 27.0)
    return np.asarray(np.where(mel < 15.0, mel * 200.0 / 3.0, above))


def _hz_to_mel(frequency_hz: float) -> float:
    """Slaney's scale: 3 mel per 200 Hz below 1 kHz, 27 per factor of 6.4 above."""
    if frequency_hz < 1000.0:
        return frequency_hz * 3.0 / 200.0
    return 15.0 + 27.0 * math.log(frequency_hz / 1000.0) / math.log(6.4)
