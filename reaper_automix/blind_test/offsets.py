"""Whether mixes lie at the same place in their files: where one begins later, a switch would jump and give it away."""

from __future__ import annotations

import numpy as np

from reaper_automix.analysis.alignment import CLEAR, align
from reaper_automix.analysis.gain_sources import ArraySource
from reaper_automix.analysis.loudness import Audio

COMPARED_S = 30.0
NOTED_S = 0.005
"""What plug-ins delay a mix by is less, and nobody hears it in a switch."""


def middle(audio: Audio, rate_hz: int) -> Audio:
    """Return the mono sum of the middle of an excerpt, float32 (1, n_samples): enough to compare."""
    n_samples = min(audio.shape[1], round(COMPARED_S * rate_hz))
    first = (audio.shape[1] - n_samples) // 2
    return np.asarray(audio[:, first : first + n_samples].mean(axis=0, keepdims=True), dtype=np.float32)


def later_s(first: Audio, other: Audio, rate_hz: int) -> float:
    """Return how much later the other holds what the first holds; 0 where that is next to nothing or not certain.

    Parameters
    ----------
    first, other : ndarray of float32, shape (1, n_samples)
        The same stretch of two mixes.
    rate_hz : int
        Their rate.
    """
    found = align([ArraySource(first)], ArraySource(other), rate_hz)
    lag = found.lags[0]
    if lag.samples is None or lag.certainty < CLEAR:
        return 0.0
    seconds = (found.offset_samples + lag.samples) / rate_hz
    return seconds if abs(seconds) >= NOTED_S else 0.0
