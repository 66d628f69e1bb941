"""The audio behind a take as one endless line: section, reversal, looping, channel choice, and resampling."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import soxr

from reaper_automix.audio.media import Audio, MediaReader
from reaper_automix.session import Source

_FILTER_FRAMES = 512
"""More than the half-length of soxr's HQ filter, in frames at the lower of the two rates."""

_GRID_SEARCH = 2048
"""How many output frames are searched for a point where both rates have a frame at nearly the same time."""

_CHUNK_FRAMES = 16384
_SAME_RATE = 1e-9

Picker = Callable[[Audio], Audio]


def channel_picker(channel_mode: int, n_channels: int) -> tuple[Picker | None, int]:
    """Return how to take the heard channels from a file's, and how many there are: 1 or 2.

    Parameters
    ----------
    channel_mode : int
        REAPER's: 0 normal, 1 swapped, 2 downmix (L+R)/2, 3 left, 4 right, 5..66 channel ``mode - 2``, 67.. the
        pair that starts with channel ``mode - 66``.
    n_channels : int
        Channels of the file. Of more than two, a stereo master hears the first pair.

    Returns
    -------
    picker : callable or None
        Maps float32 (n_channels, n) to (1 or 2, n); None where every channel passes as it is.
    n_heard : int
        1 or 2.
    """
    if n_channels == 1:
        return None, 1
    if channel_mode == 2:
        return _downmix, 1
    if 3 <= channel_mode <= 66:
        return _pair(channel_mode - 3, None, n_channels), 1
    if channel_mode >= 67:
        return _pair(channel_mode - 67, channel_mode - 66, n_channels), 2
    if channel_mode == 1:
        return _pair(1, 0, n_channels), 2
    return (None if n_channels == 2 else _pair(0, 1, n_channels)), 2


class SourceLine:
    """A source on an endless line of its own frames: frame 0 is the start of its section.

    Outside of a source that does not loop there is silence. Reversed sources are read backwards block by block.

    Parameters
    ----------
    media : MediaReader
        The open file.
    source : Source
        Section and direction.
    loop : bool
        Whether the section repeats.
    channel_mode : int
        See ``channel_picker``.
    """

    def __init__(self, media: MediaReader, source: Source, *, loop: bool, channel_mode: int) -> None:
        rate_hz = media.info.sample_rate_hz
        length_s = source.section_length_s
        self._media = media
        self._first = round(source.section_start_s * rate_hz)
        # A fraction of a frame is kept: rounded once, it would add up over many loops.
        self._length = (media.info.n_frames - self._first) if not length_s else length_s * rate_hz
        self._reversed = source.reversed
        self._loop = loop and self._length >= 1
        self._pick, self.n_channels = channel_picker(channel_mode, media.info.n_channels)

    def read(self, start: int, n_frames: int) -> Audio:
        """Return float32 (n_channels, n_frames) from frame ``start`` of the line, which may be negative."""
        if self._loop:
            turn = int(start // self._length)
            if start + n_frames > self._turn_start(turn + 1) or start < self._turn_start(turn):
                return self._read_turns(start, n_frames)
            return self._read_once(start - self._turn_start(turn), n_frames)
        last = round(self._length)
        if start >= 0 and start + n_frames <= last:
            return self._read_once(start, n_frames)
        block = np.zeros((n_frames, self.n_channels), dtype=np.float32).T
        first, end = max(start, 0), min(start + n_frames, last)
        if end > first:
            block[:, first - start : end - start] = self._read_once(first, end - first)
        return block

    def _read_turns(self, start: int, n_frames: int) -> Audio:
        """Read across the seams of a loop."""
        block = np.empty((n_frames, self.n_channels), dtype=np.float32).T
        turn = int(start // self._length)
        if start < self._turn_start(turn):
            turn -= 1
        done = 0
        while done < n_frames:
            end = min(self._turn_start(turn + 1) - start, n_frames)
            if end > done:
                block[:, done:end] = self._read_once(start + done - self._turn_start(turn), end - done)
                done = end
            turn += 1
        return block

    def _turn_start(self, turn: int) -> int:
        return round(turn * self._length)

    def _read_once(self, start: int, n_frames: int) -> Audio:
        if self._reversed:
            last = self._first + math.ceil(self._length)
            block = self._media.read(last - start - n_frames, n_frames)[:, ::-1]
        else:
            block = self._media.read(self._first + start, n_frames)
        return block if self._pick is None else self._pick(block)


class ResampledLine:
    """A line at another rate: frame ``k`` lies at frame ``start_frame + k * ratio`` of the line underneath.

    Blocks that follow each other are cheap. Any other position starts the filter anew far enough ahead, from a frame
    that both rates share (to a thousandth of a frame), so that the result does not depend on where reading began.

    Parameters
    ----------
    line : SourceLine
        What is resampled.
    start_frame : float
        Where frame 0 lies on the line.
    ratio : float
        Source frames per frame: above 1 for a faster playrate or a higher source rate.
    """

    def __init__(self, line: SourceLine, *, start_frame: float, ratio: float) -> None:
        self._line = line
        self._start_frame = start_frame
        self._ratio = ratio
        self._position: int | None = None
        self._stream: soxr.ResampleStream | None = None
        self._fed = 0
        self._ready = np.empty((0, line.n_channels), dtype=np.float32)
        self.n_channels = line.n_channels

    def read(self, start: int, n_frames: int) -> Audio:
        """Return float32 (n_channels, n_frames) from frame ``start``."""
        if abs(self._ratio - 1.0) < _SAME_RATE:
            return self._line.read(start + round(self._start_frame), n_frames)
        if start != self._position:
            self._restart(start)
        frames = self._take(n_frames)
        self._position = start + n_frames
        return frames.T

    def _restart(self, start: int) -> None:
        ahead = int(_FILTER_FRAMES * max(1.0, 1.0 / self._ratio))
        candidates = np.arange(start - ahead - _GRID_SEARCH, start - ahead)
        places = self._start_frame + candidates * self._ratio
        best = int(np.argmin(np.round(np.abs(places - np.rint(places)), 6)))
        self._stream = soxr.ResampleStream(self._ratio, 1.0, self.n_channels, dtype="float32")
        self._fed = round(float(places[best]))
        self._ready = np.empty((0, self.n_channels), dtype=np.float32)
        self._take(start - int(candidates[best]))

    def _take(self, n_frames: int) -> Audio:
        """Return the next frames, interleaved, feeding the filter as it asks for more."""
        assert self._stream is not None  # noqa: S101 - read() always restarts first
        parts, missing = [self._ready], n_frames - len(self._ready)
        while missing > 0:
            n_fed = min(int(missing * self._ratio) + _FILTER_FRAMES, _CHUNK_FRAMES)
            chunk = np.ascontiguousarray(self._line.read(self._fed, n_fed).T)
            self._fed += n_fed
            part = self._stream.resample_chunk(chunk).reshape(-1, self.n_channels)
            parts.append(part)
            missing -= len(part)
        frames = np.concatenate(parts)
        self._ready = frames[n_frames:].copy()
        return frames[:n_frames]


def _downmix(block: Audio) -> Audio:
    mono = block[:1] + block[1:2]
    mono *= np.float32(0.5)
    return mono


def _pair(first: int, second: int | None, n_channels: int) -> Picker:
    """Return a picker of one channel or two; a channel that the file does not have is silence."""
    wanted = (first,) if second is None else (first, second)

    def pick(block: Audio) -> Audio:
        picked = np.zeros((block.shape[1], len(wanted)), dtype=np.float32).T
        for i, channel in enumerate(wanted):
            if channel < n_channels:
                picked[i] = block[channel]
        return picked

    return pick
