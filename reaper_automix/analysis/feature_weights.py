"""The sums over the bins of a spectrum that the features are made of, as rows of weights.

References
----------
.. [1] M. Slaney, Auditory Toolbox, technical report 1998-010: the mel scale and its triangles.
.. [2] S. B. Davis, P. Mermelstein, Comparison of parametric representations for monosyllabic word recognition, 1980.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.stft import BIN_HZ, HIGHEST_HZ, Floats, FrameGrid

N_MELS = 40
N_MFCC = 13


def band_weights(grid: FrameGrid, edges_hz: Sequence[float]) -> Floats:
    """Return the width of a bin, in those that magnitudes stand for, as far as it lies in a band; (n_bands, n_bins).

    A bin on an edge counts in parts on both sides: low octaves are a few bins wide, and other ones at every rate.
    """
    hz = grid.frequencies_hz()
    low, high = np.asarray(edges_hz[:-1])[:, None], np.asarray(edges_hz[1:])[:, None]
    shared_hz = np.minimum(high, hz + grid.bin_hz / 2) - np.maximum(low, hz - grid.bin_hz / 2)
    return np.asarray(np.maximum(shared_hz, 0.0) / BIN_HZ, np.float32)


def mel_weights(grid: FrameGrid) -> Floats:
    """Return triangles over equal steps of the mel scale, each of area 1 over frequency in Hz; (N_MELS, n_bins)."""
    edges_hz = _mel_to_hz(np.linspace(0.0, _hz_to_mel(HIGHEST_HZ), N_MELS + 2))[:, None]
    low, middle, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    hz = grid.frequencies_hz()
    triangles = np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle))
    return np.asarray(np.maximum(triangles, 0.0) * (2.0 / (high - low)) * grid.bin_hz, np.float32)


def _hz_to_mel(frequency_hz: float) -> float:
    """Return [1]'s mel: linear up to 1 kHz, 27 steps per factor of 6.4 above."""
    return frequency_hz * 0.015 if frequency_hz < 1000.0 else 15.0 + 27.0 * math.log(frequency_hz / 1000.0, 6.4)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15.0, mel / 0.015, 1000.0 * 6.4 ** ((mel - 15.0) / 27.0))


def cosines() -> Floats:
    """Return the first rows of the orthonormal cosine transform over the mel bands; (N_MFCC, N_MELS)."""
    angles = np.pi / N_MELS * np.outer(np.arange(N_MFCC), np.arange(N_MELS) + 0.5)
    rows = np.cos(angles) * math.sqrt(2.0 / N_MELS)
    rows[0] = 1.0 / math.sqrt(N_MELS)
    return rows.astype(np.float32)


def moment_weights(grid: FrameGrid) -> Floats:
    """Return the rows that give the sum of the magnitudes and the sum of magnitude times Hz."""
    return np.stack((np.ones(grid.n_bins), grid.frequencies_hz())).astype(np.float32)


def line_weights(grid: FrameGrid) -> Floats:
    """Return the rows that give the slope per kHz and the intercept of the line through all bins up to 22.05 kHz.

    Bins above half the rate count as silent ones, so that a line means the same at every rate.
    """
    hz = grid.frequencies_hz()
    khz = np.arange(int(HIGHEST_HZ / grid.bin_hz) + 1) * grid.bin_hz / 1000.0
    centre = khz.mean()
    slope = (hz / 1000.0 - centre) / np.square(khz - centre).sum()
    return np.stack((slope, 1.0 / khz.size - centre * slope)).astype(np.float32)
