"""What measuring and training share: loudness of excerpts, and the images of VGGish for whoever has its weights."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.loudness import Audio, LoudnessMeter, integrated_lufs

VGGISH_RATE_HZ = 16_000
VGGISH_BANDS, VGGISH_FRAMES = 64, 96
_WINDOW, _HOP, _FFT = 400, 160, 512
_LOWEST_HZ, _HIGHEST_HZ = 125.0, 7500.0
_OFFSET = 0.01


def loudness_of(excerpts: NDArray[np.float32], rate_hz: int) -> float:
    """Return the gated loudness of excerpts, (n_excerpts, 2, n_samples), one after another; ``-inf`` for silence."""
    meter = LoudnessMeter(rate_hz, excerpts.shape[1])
    for block in excerpts:
        meter.add(np.asarray(block, np.float32))
    return integrated_lufs(meter.block_energy())


def vggish_images(audio: Audio, rate_hz: int) -> NDArray[np.float32]:
    """Return the log-mel patches that VGGish sees.

    Parameters
    ----------
    audio : ndarray of float32, shape (1 or 2, n_samples)
        Full scale is 1; heard in mono. What is shorter than a patch is filled up with silence.
    rate_hz : int

    Returns
    -------
    ndarray of float32, shape (n_patches, 1, 96, 64)
        Patches of 0.96 s, one after another; magnitudes of frames of 25 ms every 10 ms.

    References
    ----------
    .. [1] S. Hershey et al., CNN architectures for large-scale audio classification, ICASSP 2017, section 3.1.
    """
    heard = audio.mean(axis=0, dtype=np.float64)
    if rate_hz != VGGISH_RATE_HZ:
        heard = soxr.resample(heard, rate_hz, VGGISH_RATE_HZ, quality="HQ")
    heard = np.pad(heard, (0, max(_WINDOW + (VGGISH_FRAMES - 1) * _HOP - heard.size, 0)))
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW) / _WINDOW)
    spectra = np.abs(fft.rfft(sliding_window_view(heard, _WINDOW)[::_HOP] * window, _FFT, axis=1))
    logs = np.log(spectra @ _vggish_filters() + _OFFSET)
    n_patches = len(logs) // VGGISH_FRAMES
    patches = logs[: n_patches * VGGISH_FRAMES].reshape(n_patches, 1, VGGISH_FRAMES, VGGISH_BANDS)
    return np.asarray(patches, np.float32)


@lru_cache(maxsize=1)
def _vggish_filters() -> NDArray[np.float64]:
    """Return triangles that are straight in mel (1127 ln(1 + f / 700)), each with its top at 1, (257, 64)."""
    bins = _mel(fft.rfftfreq(_FFT, 1.0 / VGGISH_RATE_HZ))
    low, high = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    edges = np.linspace(low, high, VGGISH_BANDS + 2)
    up = (bins[:, np.newaxis] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins[:, np.newaxis]) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(up, down))
    filters[0] = 0.0
    return np.asarray(filters)


def _mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(frequency_hz / 700.0))
