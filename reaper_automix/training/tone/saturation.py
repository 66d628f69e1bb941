"""The saturation of the engineers' chains: a hyperbolic tangent, oversampled so that it does not alias audibly."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from reaper_automix.units import db_to_lin

OVERSAMPLING = 4
LOUD_PERCENTILE = 99.9

Audio = NDArray[np.float32]


def saturated(audio: Audio, sample_rate_hz: int, *, drive_db: float) -> Audio:
    """Return audio through a hyperbolic tangent.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_channels, n_samples)
    sample_rate_hz : int
    drive_db : float
        Level of its loud samples (the 99.9th percentile of their magnitude) at the input of the tangent. At 0 dB these
        come out 2.4 dB lower; quiet samples pass as they are.

    Returns
    -------
    ndarray of float32, the same shape
        Without latency, at the level of the quiet samples.
    """
    loud = float(np.percentile(np.abs(audio), LOUD_PERCENTILE)) if audio.size else 0.0
    if loud <= 0.0:
        return audio.copy()
    drive = np.float32(db_to_lin(drive_db) / loud)
    fine = soxr.resample(audio.T, sample_rate_hz, OVERSAMPLING * sample_rate_hz, quality="HQ")
    bent = np.tanh(fine * drive) / drive
    back = soxr.resample(bent, OVERSAMPLING * sample_rate_hz, sample_rate_hz, quality="HQ").T
    output = np.zeros_like(audio)
    n_samples = min(audio.shape[1], back.shape[1])
    output[:, :n_samples] = back[:, :n_samples]
    return output
