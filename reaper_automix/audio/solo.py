"""Parts of a session for the ear: tracks on their own as they are heard in the mix, and the mix itself.

A track on its own is what the master plays where only its items sound: through its fader, pan, envelopes and folders,
through the plug-ins of ours on its way, and with what it sends to buses. That is REAPER's solo in place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reaper_automix.audio.console import Console
from reaper_automix.audio.media import Audio, MediaIndex
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import memory_start, render
from reaper_automix.session import Item, Session, Track

_BLOCK_S = 2.0


class Solos:
    """Plays tracks one by one through variants of one session, over a part of it.

    Parameters
    ----------
    sessions : sequence of Session
        The same tracks with other mixing values, and perhaps other items.
    sample_rate_hz : int
        Of the result.
    range_s : tuple of float
        Start and end, in seconds of the project.
    """

    def __init__(self, sessions: Sequence[Session], sample_rate_hz: int, range_s: tuple[float, float]) -> None:
        self._sessions = tuple(sessions)
        self._rate_hz = sample_rate_hz
        self._samples = round(range_s[0] * sample_rate_hz), round(range_s[1] * sample_rate_hz)
        self._consoles = [Console(session, sample_rate_hz) for session in sessions]
        self._index = MediaIndex()

    def play(self, track_id: str) -> tuple[Audio, ...]:
        """Return a track on its own, float32 (2, n_samples), in each variant; several threads may ask at once.

        Where a track is muted, soloed away or not connected, it is silent.

        Raises
        ------
        MediaError
            If a file cannot be read any more, or holds what is not a number.
        """
        groups: dict[tuple[Item, ...], list[int]] = {}
        for number, session in enumerate(self._sessions):
            groups.setdefault(session.track(track_id).items, []).append(number)
        sounds: dict[int, Audio] = {}
        for alike in groups.values():
            track = self._sessions[alike[0]].track(track_id)
            sounds.update(zip(alike, self._through([self._consoles[n] for n in alike], track), strict=True))
        return tuple(sounds[number] for number in range(len(self._sessions)))

    def _through(self, consoles: Sequence[Console], track: Track) -> list[Audio]:
        """Read a track once, through some consoles."""
        first, last = self._samples
        begin = memory_start(first, self._rate_hz, max(console.memory_from_s(track.id) for console in consoles))
        desks = [console.at_rest() for console in consoles]
        sounds = [np.zeros((2, last - first), np.float32) for _ in desks]
        step = round(_BLOCK_S * self._rate_hz)
        with TrackReader(track, sample_rate_hz=self._rate_hz, index=self._index) as reader:
            for start in range(begin, last, step):
                n = min(step, last - start)
                audio = {track.id: reader.read(start, n)} if reader.sounds(start, n) else {}
                skipped = max(first - start, 0)
                for desk, sound in zip(desks, sounds, strict=True):
                    master = desk.process(start, audio, n_samples=n)
                    if skipped < n:
                        sound[:, start + skipped - first : start + n - first] = master[:, skipped:]
        return sounds


def play_mixes(sessions: Sequence[Session], sample_rate_hz: int, range_s: tuple[float, float]) -> tuple[Audio, ...]:
    """Return the masters of variants of one session over a part of it, float32 (2, n_samples) each.

    Raises
    ------
    MediaError
        As ``Solos.play``.
    """
    items = [{t.id: (t.items, t.play_offset_s) for t in session.tracks if t.items} for session in sessions]
    alike = all(other == items[0] for other in items[1:])
    groups = [list(sessions)] if alike else [[session] for session in sessions]
    masters: list[Audio] = []
    for group in groups:
        blocks = list(render(group, sample_rate_hz=sample_rate_hz, start_s=range_s[0], end_s=range_s[1]))
        masters += [np.concatenate([block[n] for block in blocks], axis=1) for n in range(len(group))]
    return tuple(masters)
