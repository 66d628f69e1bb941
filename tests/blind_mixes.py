"""Mixes to compare: bands of noise and tones at known levels, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 44100


def tone(frequency_hz: float, length_s: float, level_db: float = -20.0, rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    """Return a sine in both channels, shape (n_samples, 2)."""
    times_s = np.arange(round(length_s * rate_hz)) / rate_hz
    sine = 10.0 ** (level_db / 20.0) * np.sin(2.0 * np.pi * frequency_hz * times_s)
    return np.repeat(sine[:, None], 2, axis=1)


def noise(seed: int, length_s: float, level_db: float = -20.0, rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    """Return noise, different in each channel, shape (n_samples, 2)."""
    rng = np.random.default_rng(seed)
    return 10.0 ** (level_db / 20.0) * rng.standard_normal((round(length_s * rate_hz), 2))


def write(path: Path, frames: NDArray[np.float64], rate_hz: int = RATE_HZ, subtype: str = "FLOAT") -> Path:
    """Write frames to a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, frames, rate_hz, subtype=subtype)
    return path
