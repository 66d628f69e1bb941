"""A track as the session plays it, before its pre-FX envelope, block by block in bounded memory.

Assumptions: a take that keeps its pitch at another playrate is resampled (same length, other pitch); a looped section
repeats without REAPER's overlap; of more than two channels the first pair is heard. ``skips`` tells the user.
"""

from __future__ import annotations

from types import TracebackType

import numpy as np

from reaper_automix.audio.media import Audio, MediaIndex
from reaper_automix.audio.skips import take_skip
from reaper_automix.audio.takes import TakePlayer
from reaper_automix.session import Item, Take, Track


class TrackReader:
    """The items of one track, added up: positions, loops, rates, gains, fades, take pans and take envelopes.

    Items that cannot be heard here are silent; ``skips.playable`` says which. Files are open only while they play, so
    that memory does not depend on the length of the session. One reader belongs to one thread at a time.

    Parameters
    ----------
    track : Track
        What plays.
    sample_rate_hz : int
        Rate of the blocks.
    index : MediaIndex, optional
        Headers already read.
    """

    def __init__(self, track: Track, *, sample_rate_hz: int, index: MediaIndex | None = None) -> None:
        self._index = index or MediaIndex()
        self._rate_hz = sample_rate_hz
        self._players = sorted(self._make_players(track), key=lambda p: p.start_sample)
        self._open: set[TakePlayer] = set()
        self._notes: dict[str, str] = {}
        self.n_channels = max((p.n_channels for p in self._players), default=1)
        """1 when everything that plays is mono and un-panned: the console plays it in both channels. Else 2."""

    @property
    def end_sample(self) -> int:
        """The sample after the last one that can sound."""
        return max((p.end_sample for p in self._players), default=0)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found wrong with files while they were read, once per file."""
        return tuple(self._notes.values())

    def sounds(self, start_sample: int, n_samples: int) -> bool:
        """Tell whether any item plays inside this block."""
        return bool(self._overlapping(start_sample, n_samples))

    def read(self, start_sample: int, n_samples: int) -> Audio:
        """Return float32 (n_channels, n_samples) from any sample of the session on.

        Blocks in sequence are fastest.

        Raises
        ------
        MediaError
            If a file cannot be read any more.
        """
        players = self._overlapping(start_sample, n_samples)
        self._close_all_but(players)
        parts = [self._part(player, start_sample, n_samples) for player in players]
        if len(parts) == 1 and parts[0][1].shape == (self.n_channels, n_samples):
            return parts[0][1]
        block = np.zeros((n_samples, self.n_channels), dtype=np.float32).T
        for offset, part in parts:
            for channel in range(self.n_channels):
                block[channel, offset : offset + part.shape[1]] += part[min(channel, len(part) - 1)]
        return block

    def close(self) -> None:
        """Close every file; reading opens them again."""
        self._close_all_but([])

    def __enter__(self) -> TrackReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_players(self, track: Track) -> list[TakePlayer]:
        return [
            self._player(item, take, track)
            for item in track.items
            if item.plays and not item.muted and item.length_s > 0.0
            for take in item.playing_takes
            if take.source.kind != "EMPTY" and take.playrate > 0.0 and self._plays(item, take, track)
        ]

    def _plays(self, item: Item, take: Take, track: Track) -> bool:
        return take_skip(take, item, track, self._index) is None

    def _player(self, item: Item, take: Take, track: Track) -> TakePlayer:
        return TakePlayer(
            item,
            take,
            offset_s=track.play_offset_s,
            sample_rate_hz=self._rate_hz,
            n_file_channels=self._index.info(take.source.path or "").n_channels,
        )

    def _overlapping(self, start_sample: int, n_samples: int) -> list[TakePlayer]:
        end_sample = start_sample + n_samples
        return [p for p in self._players if p.start_sample < end_sample and p.end_sample > start_sample]

    def _part(self, player: TakePlayer, start_sample: int, n_samples: int) -> tuple[int, Audio]:
        """Return where in the block a player's audio lies, and the audio."""
        self._open.add(player)
        first = max(player.start_sample, start_sample)
        last = min(player.end_sample, start_sample + n_samples)
        audio = player.read(first, last - first)
        if player.shortfall:
            self._notes.setdefault(player.path, player.shortfall)
        return first - start_sample, audio

    def _close_all_but(self, players: list[TakePlayer]) -> None:
        for player in self._open.difference(players):
            player.close()
        self._open.intersection_update(players)
