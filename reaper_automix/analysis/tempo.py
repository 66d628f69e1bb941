"""The tempo of a song by ear: how regularly its onsets come back.

Onset strength (the rise of the level in dB of each octave, summed) is correlated with itself; a beat is a lag at which
it comes back, and comes back again after two, three and four of them. Which of several is called the beat is a matter
of habit: lags count less the further they are from 120 BPM, as in Ellis (2007) [1].

References
----------
.. [1] D. P. W. Ellis, Beat tracking by dynamic programming, Journal of New Music Research 36(1), 2007.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.stft import Spectra, Stft, frame_grid

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

TEMPI_BPM = (40.0, 240.0)
USUAL_BPM = 120.0
SPREAD_OCTAVES = 0.9
"""Standard deviation of what is called a tempo, around the usual one."""
SHORTEST_S = 8.0
_EDGES_HZ = (0.0, 100.0, 200.0, 400.0, 800.0, 1_600.0, 3_200.0, 6_400.0, 22_050.0)
_RANGE_DB = 30.0
"""What lies further below the loudest moment of its octave begins nothing."""
_MULTIPLES = (1, 2, 3, 4)
_LEAST_CORRELATION = 0.05
_STEPS_PER_OCTAVE = 480


class TempoMeter:
    """Takes a signal that arrives in blocks.

    Parameters
    ----------
    sample_rate_hz : int
        8 kHz to 384 kHz.
    n_channels : int
        Their mean power counts.
    """

    def __init__(self, sample_rate_hz: int, n_channels: int) -> None:
        grid = frame_grid(sample_rate_hz)
        edges = np.searchsorted(grid.frequencies_hz(), _EDGES_HZ)
        self._bands = [(a, b) for a, b in pairwise(edges) if b > a]
        self._powers: list[NDArray[np.float32]] = []
        self._stft = Stft(grid, n_channels, self._take)
        self._hop_s = grid.hop / sample_rate_hz

    def add(self, block: Audio) -> None:
        """Take the next samples, float32 (n_channels, n_samples)."""
        self._stft.add(block)

    def result(self) -> float | None:
        """Return the tempo in beats per minute; None where nothing comes back, or less than 8 s were heard."""
        if not self._powers:
            return None
        return tempo_of(_onsets(np.concatenate(self._powers)), self._hop_s)

    def _take(self, spectra: Spectra) -> None:
        power = np.square(spectra.magnitude)
        self._powers.append(np.stack([power[:, a:b].sum(axis=1) for a, b in self._bands], axis=1))


def tempo_of(onsets: Floats, hop_s: float) -> float | None:
    """Return the tempo of an onset strength.

    Parameters
    ----------
    onsets : ndarray of float64, shape (n_frames,)
        How strongly something begins in each frame.
    hop_s : float
        From one frame to the next.

    Returns
    -------
    float or None
        40 to 240 BPM; None where there is no pulse.
    """
    if onsets.size * hop_s < SHORTEST_S or not onsets.any():
        return None
    longest_s = _MULTIPLES[-1] * 60.0 / TEMPI_BPM[0]
    correlation = _autocorrelation(onsets - onsets.mean(), round(longest_s / hop_s) + 2)
    octaves = np.log2(TEMPI_BPM[1] / TEMPI_BPM[0])
    tempi = TEMPI_BPM[0] * 2.0 ** np.linspace(0.0, octaves, round(octaves * _STEPS_PER_OCTAVE))
    lags = 60.0 / tempi / hop_s
    frames = np.arange(correlation.size)
    combs = [np.interp(np.minimum(n * lags, frames[-1]), frames, correlation) for n in _MULTIPLES]
    strength = np.mean(combs, axis=0)
    if strength.max() < _LEAST_CORRELATION:
        return None
    habit = np.exp(-0.5 * np.square(np.log2(tempi / USUAL_BPM) / SPREAD_OCTAVES))
    return float(tempi[np.argmax(np.maximum(strength, 0.0) * habit)])


def _onsets(power: NDArray[np.float32]) -> Floats:
    """Return the rise of the level of all bands from frame to frame in dB, summed, float64 (n_frames - 1,)."""
    level_db = 10.0 * np.log10(np.maximum(power.astype(np.float64), 1e-20))
    level_db = np.maximum(level_db, level_db.max(axis=0) - _RANGE_DB)
    return np.asarray(np.maximum(np.diff(level_db, axis=0), 0.0).sum(axis=1))


def _autocorrelation(signal: Floats, n_lags: int) -> Floats:
    """Return the correlation of a signal with itself, 1 at lag 0, each lag by the mean of what overlaps."""
    size = 2 ** int(np.ceil(np.log2(2 * signal.size)))
    spectrum = np.fft.rfft(signal, size)
    whole = np.fft.irfft(np.square(np.abs(spectrum)), size)[: min(n_lags, signal.size)]
    overlap = signal.size - np.arange(whole.size)
    found = whole / np.maximum(overlap, 1)
    return np.asarray(found / max(found[0], 1e-20))
