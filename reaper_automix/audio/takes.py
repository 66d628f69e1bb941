"""One take of one item at the session's rate: geometry, resampling, gains, fades and take envelopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio.curves import BlockClock, Curve, Gain, curve_of, product
from reaper_automix.audio.fades import fade_in_gain, fade_out_gain
from reaper_automix.audio.media import Audio, MediaReader
from reaper_automix.audio.panning import balance
from reaper_automix.audio.sources import ResampledLine, SourceLine, channel_picker
from reaper_automix.session import EnvelopeKind, Item, Take
from reaper_automix.units import db_to_lin


class TakePlayer:
    """What one take adds to its track, from the first sample of its item to the last.

    The item's edges fall on the nearest samples. The file is opened with the first block and can be closed between.

    Parameters
    ----------
    item, take : Item, Take
        What plays.
    offset_s : float
        Play offset of the track.
    sample_rate_hz : int
        The session's.
    n_file_channels : int
        Channels of the take's file.
    """

    def __init__(self, item: Item, take: Take, *, offset_s: float, sample_rate_hz: int, n_file_channels: int) -> None:
        self.start_sample = round((item.position_s + offset_s) * sample_rate_hz)
        self.end_sample = round((item.end_s + offset_s) * sample_rate_hz)
        self.path = take.source.path or ""
        self.shortfall: str | None = None
        self._item = item
        self._take = take
        self._rate_hz = sample_rate_hz
        sign = -1.0 if take.polarity_inverted else 1.0
        self._gain_lin = sign * db_to_lin(item.gain_db) * db_to_lin(take.gain_db)
        self._volumes = _take_curves(take, EnvelopeKind.VOLUME, EnvelopeKind.VOLUME_PRE_FX, EnvelopeKind.TRIM_VOLUME)
        self._pans = _take_curves(take, EnvelopeKind.PAN, EnvelopeKind.PAN_PRE_FX)
        self._mutes = _take_curves(take, EnvelopeKind.MUTE)
        self._panned = take.pan != 0.0 or bool(self._pans)
        self.n_channels = 2 if self._panned else channel_picker(take.channel_mode, n_file_channels)[1]
        self._media: MediaReader | None = None
        self._line: ResampledLine | None = None

    def read(self, start_sample: int, n_samples: int) -> Audio:
        """Return float32 (1 or 2, n_samples) of the session's samples from ``start_sample``, inside of the item.

        Raises
        ------
        MediaError
            If the file cannot be read.
        """
        begin = start_sample - self.start_sample
        audio = self._open_line().read(begin, n_samples)
        self.shortfall = self._media.shortfall if self._media else None
        gain = self._gain(begin, n_samples)
        if not self._panned:
            return _scaled(audio, gain)
        return self._pan(audio, gain, BlockClock(begin, n_samples, self._rate_hz))

    def close(self) -> None:
        """Close the file; the next block opens it again."""
        if self._media is not None:
            self._media.close()
        self._media = self._line = None

    def _open_line(self) -> ResampledLine:
        if self._line is None:
            take = self._take
            self._media = MediaReader(self.path)
            rate_hz = self._media.info.sample_rate_hz
            line = SourceLine(self._media, take.source, loop=self._item.loop_source, channel_mode=take.channel_mode)
            ratio = rate_hz * take.playrate / self._rate_hz
            self._line = ResampledLine(line, start_frame=take.start_offset_s * rate_hz, ratio=ratio)
        return self._line

    def _gain(self, begin: int, n_samples: int) -> Gain:
        clock = BlockClock(begin, n_samples, self._rate_hz)
        gain: Gain = self._gain_lin
        for curve in self._volumes:
            gain = product(gain, clock.follow(curve))
        for curve in self._mutes:
            gain = product(gain, as_gate(clock.follow(curve)))
        return self._faded(gain, begin, n_samples)

    def _faded(self, gain: Gain, begin: int, n_samples: int) -> Gain:
        """Multiply by the fades, where the block touches them."""
        length = self.end_sample - self.start_sample
        fade_in, fade_out = self._item.fade_in, self._item.fade_out
        n_in, n_out = fade_in.length_s * self._rate_hz, fade_out.length_s * self._rate_hz
        if begin < n_in:
            n = min(int(np.ceil(n_in)) - begin, n_samples)
            gain = _with_part(gain, n_samples, 0, fade_in_gain(fade_in, np.arange(begin, begin + n) / n_in))
        if n_out > 0 and begin + n_samples > length - n_out:
            first = max(int(np.ceil(length - n_out)) - begin, 0)
            places = np.arange(begin + first, begin + n_samples) - (length - n_out)
            gain = _with_part(gain, n_samples, first, fade_out_gain(fade_out, (places / n_out).astype(np.float64)))
        return gain

    def _pan(self, audio: Audio, gain: Gain, clock: BlockClock) -> Audio:
        """Balance the take; REAPER's pan law is left to the track."""
        pan: Gain = self._take.pan
        for curve in self._pans:
            moved = clock.follow(curve)
            pan = np.clip(pan + moved, -1.0, 1.0) if isinstance(moved, np.ndarray) else min(max(pan + moved, -1.0), 1.0)
        block = np.empty((audio.shape[1], 2), dtype=np.float32).T
        for channel, side in enumerate(balance(pan, 0.0)):
            np.multiply(audio[min(channel, len(audio) - 1)], product(gain, side), out=block[channel])
        return block


def as_gate(value: Gain) -> Gain:
    """Turn the values of a mute envelope (1 plays, 0 mutes) into gains of exactly 1 or 0."""
    if isinstance(value, np.ndarray):
        return (value >= 0.5).astype(np.float32)
    return 1.0 if value >= 0.5 else 0.0


def _take_curves(take: Take, *kinds: EnvelopeKind) -> tuple[Curve, ...]:
    curves = (curve_of(e) for e in take.envelopes if e.kind in kinds)
    return tuple(c for c in curves if c is not None)


def _with_part(gain: Gain, n_samples: int, first: int, part: NDArray[np.float32]) -> Gain:
    whole = gain if isinstance(gain, np.ndarray) else np.full(n_samples, gain, dtype=np.float32)
    whole[first : first + len(part)] *= part
    return whole


def _scaled(audio: Audio, gain: Gain) -> Audio:
    """Multiply in place: the block belongs to this call alone."""
    if isinstance(gain, np.ndarray):
        for channel in audio:
            channel *= gain
    elif gain != 1.0:
        audio *= np.float32(gain)
    return audio
