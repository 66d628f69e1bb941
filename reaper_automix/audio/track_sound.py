"""A track as it reaches its fader: its items through the plug-ins of ours, over a range of the session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reaper_automix.audio.media import Audio
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import memory_start
from reaper_automix.effects.rack import Rack
from reaper_automix.session import Track

BLOCK_SAMPLES = 1 << 17


@dataclass(frozen=True, slots=True)
class TrackSound:
    """A track to be read from its beginning, as often as wanted.

    Neither pre-FX envelopes nor what a folder or a bus receives is in it.

    Parameters
    ----------
    track : Track
    rate_hz : int
        Of the blocks.
    range_s : tuple of float
        Start and end, in seconds of the project.
    """

    track: Track
    rate_hz: int
    range_s: tuple[float, float]

    @property
    def n_samples(self) -> int:
        """Of the range."""
        first, last = self._samples
        return last - first

    @property
    def n_channels(self) -> int:
        """1 or 2."""
        if Rack(self.track.effects_played(), self.rate_hz).makes_stereo:
            return 2
        with TrackReader(self.track, sample_rate_hz=self.rate_hz) as reader:
            return reader.n_channels

    def blocks(self) -> Iterator[Audio]:
        """Yield float32 (n_channels, n_samples), behind effects which have heard what came before.

        Raises
        ------
        MediaError
            If a file cannot be read any more.
        """
        first, last = self._samples
        rack = Rack(self.track.effects_played(), self.rate_hz)
        begin = memory_start(first, self.rate_hz, rack.memory_s)
        with TrackReader(self.track, sample_rate_hz=self.rate_hz) as reader:
            for start in range(begin, first, BLOCK_SAMPLES):
                rack.process(reader.read(start, min(BLOCK_SAMPLES, first - start)))
            for start in range(first, last, BLOCK_SAMPLES):
                yield rack.process(reader.read(start, min(BLOCK_SAMPLES, last - start)))

    @property
    def _samples(self) -> tuple[int, int]:
        start_s, end_s = self.range_s
        return round(start_s * self.rate_hz), round(end_s * self.rate_hz)
