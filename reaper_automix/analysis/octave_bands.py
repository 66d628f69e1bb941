"""How much of a signal lies in each octave, frame by frame: plain and K-weighted, per hertz of bandwidth.

The ten octaves of Hafezi and Reiss (2015) that Li and Lerch [1] take over. Frames are 186 ms at 44.1 kHz, so that the
lowest octave, 22 to 45 Hz, has four bins.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-A 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import k_weighting_power
from reaper_automix.analysis.stft import FrameGrid, Spectra, Stft, frame_grid

Audio = NDArray[np.float32]
Powers = NDArray[np.float32]

OCTAVES_HZ: tuple[float, ...] = (31.5, 63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0)
FRAME_S = 8192 / 44_100


def band_edges_hz() -> NDArray[np.float64]:
    """Return the lower and upper edge of each octave, half an octave from its centre, float64 (10, 2)."""
    centres = np.asarray(OCTAVES_HZ)[:, None]
    return np.asarray(centres * np.array([math.sqrt(0.5), math.sqrt(2.0)]))


@dataclass(frozen=True, slots=True, eq=False)
class Octaves:
    """Mean square per hertz of each octave and frame, plain and K-weighted, float32 (n_frames, 10)."""

    plain: Powers
    weighted: Powers


class OctaveMeter:
    """Takes a signal that arrives in blocks.

    Parameters
    ----------
    sample_rate_hz : int
        8 kHz to 384 kHz. Octaves above half of it are empty.
    n_channels : int
        Their mean power counts.
    """

    def __init__(self, sample_rate_hz: int, n_channels: int) -> None:
        grid = frame_grid(sample_rate_hz, FRAME_S)
        self._bins = _band_matrix(grid)
        self._weights = k_weighting_power(grid.frequencies_hz(), sample_rate_hz).astype(np.float32)
        self._plain: list[Powers] = []
        self._weighted: list[Powers] = []
        self._stft = Stft(grid, n_channels, self._take)
        self.hop_s = grid.hop / sample_rate_hz

    def add(self, block: Audio) -> None:
        """Take the next samples, float32 (n_channels, n_samples)."""
        self._stft.add(block)

    def result(self) -> Octaves:
        """Return what was heard."""
        rest = self._stft.rest()
        if rest is not None:
            self._take(rest)
        if not self._plain:
            nothing = np.zeros((0, len(OCTAVES_HZ)), np.float32)
            return Octaves(nothing, nothing)
        return Octaves(np.concatenate(self._plain), np.concatenate(self._weighted))

    def _take(self, spectra: Spectra) -> None:
        power = np.square(spectra.magnitude)
        self._plain.append(power @ self._bins)
        self._weighted.append((power * self._weights) @ self._bins)


def _band_matrix(grid: FrameGrid) -> Powers:
    """Return what sums up the bins of each octave, over its bandwidth, float32 (n_bins, 10); edges share a bin."""
    frequencies_hz, half_hz = grid.frequencies_hz(), grid.bin_hz / 2.0
    edges = band_edges_hz()
    low = np.maximum(frequencies_hz[:, None] - half_hz, edges[:, 0])
    high = np.minimum(frequencies_hz[:, None] + half_hz, edges[:, 1])
    inside = np.maximum(high - low, 0.0) / grid.bin_hz
    return np.asarray(inside / (edges[:, 1] - edges[:, 0]), np.float32)
