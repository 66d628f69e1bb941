"""What all room reverbs share: the dry signal beside a wet one that is late, filtered and as wide as it should be."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.blocks import Audio, check_block, check_stream
from reaper_automix.effects.equaliser import Equaliser, passes
from reaper_automix.units import db_to_lin

SILENCE_LIN = 1e-15
"""-300 dBFS: a tail below it ends, before it reaches denormal numbers."""
CHUNK_SAMPLES = 1 << 15
"""The most that a room is given at once."""


class Room(ABC):
    """Plays settings on a signal that arrives in blocks; the sizes of the blocks do not change the result.

    Parameters
    ----------
    settings : ReverbSettings
        What the plug-in has no knob for is played as well.
    sample_rate_hz : int
        8 to 384 kHz.
    n_channels : int
        1 or 2; ``ValueError`` otherwise. A mono source plays in both channels, as in REAPER: the output is stereo.
    """

    def __init__(self, settings: ReverbSettings, sample_rate_hz: int, n_channels: int) -> None:
        check_stream(sample_rate_hz, n_channels)
        self.settings = settings
        self.sample_rate_hz = sample_rate_hz
        self.n_channels = n_channels
        self._filters = Equaliser(
            passes(highpass_hz=settings.highpass_hz, lowpass_hz=settings.lowpass_hz), sample_rate_hz, 2
        )
        self._initial_delay_samples = round(settings.initial_delay_ms * sample_rate_hz / 1_000.0)
        self._wet_lin = db_to_lin(settings.wet_db)
        self._dry_lin = np.float32(db_to_lin(settings.dry_db))

    def process(self, block: Audio) -> Audio:
        """Return the next samples with their room.

        Parameters
        ----------
        block : ndarray of float32, shape (n_channels, n_samples)
            Full scale is 1. For the tail go on with zeros.

        Returns
        -------
        ndarray of float32, shape (2, n_samples)
            The dry signal has no latency.

        Raises
        ------
        ValueError, MediaError
            See ``blocks.check_block``; the state is then as before.
        """
        check_block(block, self.n_channels)
        stereo = np.broadcast_to(block, (2, block.shape[1]))
        same = np.float32(0.5 + self.settings.width / 2.0)
        crossed = np.float32(0.5 - self.settings.width / 2.0)
        output = stereo * self._dry_lin
        for start in range(0, block.shape[1], CHUNK_SAMPLES):
            part = slice(start, start + CHUNK_SAMPLES)
            wet = self._wet(stereo[:, part])
            output[:, part] += self._filters.process(same * wet + crossed * wet[::-1])
        return output

    @abstractmethod
    def _wet(self, stereo: Audio) -> Audio:
        """Return the room alone, at ``_wet_lin`` and after ``_initial_delay_samples``; at full width.

        Parameters
        ----------
        stereo : ndarray of float32, shape (2, n_samples)
            ``CHUNK_SAMPLES`` at the most.
        """
