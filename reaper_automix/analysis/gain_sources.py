"""Where gain estimation reads audio from: tracks of a session, files, arrays, all at one rate, from any sample on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from reaper_automix.analysis.loudness import Audio
from reaper_automix.audio.media import probe
from reaper_automix.audio.reader import TrackReader
from reaper_automix.session import Item, Source, Take, Track


class AudioSource(Protocol):
    """Audio at a known rate; ``audio.reader.TrackReader`` is one. One thread reads it at a time."""

    @property
    def n_channels(self) -> int:
        """One or two."""
        ...

    @property
    def end_sample(self) -> int:
        """The sample after the last one that can sound."""
        ...

    def read(self, start_sample: int, n_samples: int) -> Audio:
        """Return float32 (n_channels, n_samples); before 0 and behind the end there is silence."""
        ...


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Audio in memory.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_channels, n_samples)
        One or two channels, full scale +-1.
    """

    audio: Audio

    @property
    def n_channels(self) -> int:
        """The number of channels."""
        return int(self.audio.shape[0])

    @property
    def end_sample(self) -> int:
        """The length."""
        return int(self.audio.shape[1])

    def read(self, start_sample: int, n_samples: int) -> Audio:
        """Return float32 (n_channels, n_samples); outside of the audio there is silence."""
        block = np.zeros((self.n_channels, n_samples), dtype=np.float32)
        first, last = max(start_sample, 0), min(start_sample + n_samples, self.end_sample)
        if first < last:
            block[:, first - start_sample : last - start_sample] = self.audio[:, first:last]
        return block


def open_file(path: Path, sample_rate_hz: int) -> TrackReader:
    """Open an audio file as a source at any rate; close it after use (it is a context manager).

    Raises
    ------
    MediaError
        If it cannot be read as audio; the message says what to do.
    """
    info = probe(path)
    take = Take("", path.stem, Source(info.format, str(path)))
    item = Item("", 0.0, info.n_frames / info.sample_rate_hz, (take,))
    return TrackReader(Track("", path.stem, items=(item,)), sample_rate_hz=sample_rate_hz)


def folded(block: Audio, n_channels: int) -> Audio:
    """Return a block in so many channels: one is the mean of two, two of one are the same twice."""
    if block.shape[0] == n_channels:
        return block
    if n_channels == 1:
        return np.asarray(block.mean(axis=0, keepdims=True), dtype=np.float32)
    return np.broadcast_to(block[:1], (n_channels, block.shape[1]))
