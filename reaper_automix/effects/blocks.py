"""What all processors ask of the audio that they are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reaper_automix.errors import MediaError

Audio = NDArray[np.float32]

STATE_FLOOR = 1e-25
"""Filter states below this are set to zero: denormal numbers make silence a hundred times slower than music."""
LOWEST_RATE_HZ = 8_000
HIGHEST_RATE_HZ = 384_000


def check_stream(sample_rate_hz: int, n_channels: int) -> None:
    """Raise ``ValueError`` unless a processor can work on such a stream: 8 to 384 kHz, mono or stereo."""
    if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
        raise ValueError(f"sample rate {sample_rate_hz} Hz: effects take {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz")
    if n_channels not in (1, 2):
        raise ValueError(f"{n_channels} channels: effects take a mono or a stereo signal")


def check_block(block: Audio, n_channels: int) -> None:
    """Check the next samples before any state is changed.

    Raises
    ------
    ValueError
        If the shape is not (n_channels, n_samples).
    MediaError
        If a sample is not a finite number.
    """
    if block.ndim != 2 or block.shape[0] != n_channels:
        raise ValueError(f"a block of shape {block.shape}, expected ({n_channels}, n_samples)")
    if not np.isfinite(block).all():
        raise MediaError("the audio holds samples that are not numbers: export the file again")
