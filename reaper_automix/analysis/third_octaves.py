"""How much of a sound lies in each third of an octave, from 31.5 Hz to 16 kHz: what an equaliser is judged by."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.audio import levels

Audio = NDArray[np.float32]
Powers = NDArray[np.float64]

FRAME_S = 0.2
"""Of a spectrum: bins of 5 Hz, so that the lowest band still holds one."""
BANDS = tuple(range(-15, 13))
CENTRES_HZ = tuple(1_000.0 * 2.0 ** (band / 3.0) for band in BANDS)
"""In powers of two around 1 kHz."""
N_BANDS = len(BANDS)
FLOOR_DB = -150.0


def third_octaves_db(audio: Audio, sample_rate_hz: int) -> Powers:
    """Return the level of each band, mean over the sound, float64 (n_bands,); -150 dB for silence.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_channels, n_samples)
        Full scale is 1; energies of the channels are added. Frames of ``FRAME_S``, Hann, half overlapping; the end is
        filled up with silence.
    sample_rate_hz : int
        A band beyond its half holds nothing.

    Notes
    -----
    A full-scale sine in one channel has -3.01 dB in its band.
    """
    size = max(round(FRAME_S * sample_rate_hz), 2)
    hop = size // 2
    n_frames = max(-(-(audio.shape[1] - size) // hop) + 1, 1)
    padded = np.pad(audio, ((0, 0), (0, (n_frames - 1) * hop + size - audio.shape[1])))
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    total = np.zeros(size // 2 + 1)
    for channel in padded:
        frames = np.lib.stride_tricks.sliding_window_view(channel, size)[::hop]
        spectra = fft.rfft(frames * window, axis=1)
        total += np.square(np.abs(spectra)).sum(axis=0, dtype=np.float64)
    # Parseval, one side of the spectrum, per frame.
    powers = _matrix(size, sample_rate_hz) @ total * 2.0 / (size * np.square(window, dtype=np.float64).sum() * n_frames)
    return np.asarray(np.maximum(levels.energy_to_db(np.maximum(powers, 1e-15)), FLOOR_DB))


def frame_powers(frames: Audio, sample_rate_hz: int) -> NDArray[np.float32]:
    """Return the mean square of each frame in each band, float32 (n_frames, n_bands), channels added.

    Parameters
    ----------
    frames : ndarray of float32, shape (n_channels, n_frames, n_samples)
        Full scale is 1; of any length, ``FRAME_S`` for bins of 5 Hz. A Hann window is laid over each.
    sample_rate_hz : int
        A band beyond its half holds nothing.
    """
    size = frames.shape[2]
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    scale = 2.0 / (size * np.square(window, dtype=np.float64).sum())
    total = np.zeros((frames.shape[1], N_BANDS))
    for channel in frames:
        power = np.square(np.abs(fft.rfft(channel * window, axis=1)))
        total += power @ _matrix(size, sample_rate_hz).T.astype(np.float32)
    return np.asarray(total * scale, np.float32)


@lru_cache(maxsize=8)
def _matrix(size: int, sample_rate_hz: int) -> Powers:
    """Return which bins belong to which band, (n_bands, n_bins)."""
    bins_hz = fft.rfftfreq(size, 1.0 / sample_rate_hz)
    edges_hz = np.array([1_000.0 * 2.0 ** ((band - 0.5) / 3.0) for band in (*BANDS, BANDS[-1] + 1)])
    return np.asarray((bins_hz >= edges_hz[:-1, None]) & (bins_hz < edges_hz[1:, None]), np.float64)
