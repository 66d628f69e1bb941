"""What the strips mixer listens to: a few excerpts of each track, chosen by how loud every track is where.

The measurement that every mixer has says where the tracks sound, so that only the excerpts themselves are read, and of
one track at a time: memory grows neither with the length of the song nor with the excerpts of other tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from reaper_automix.audio.media import Audio
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.audio.track_sound import TrackSound
from reaper_automix.errors import MediaError
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.strip_excerpts import EXCERPT_S, Heard, Places, heard_at, places_of

THREADS = 2
"""Decoding and the processors release the interpreter lock."""
_FADE_S = 0.005
"""Excerpts are put one after the other: so short a fade keeps their edges from clicking."""


class SongExcerpts:
    """The excerpts of some tracks of a session.

    Parameters
    ----------
    hearing : Hearing
    track_ids : sequence of str
        Measured tracks that sound.
    """

    def __init__(self, hearing: Hearing, track_ids: Sequence[str]) -> None:
        self.rate_hz = session_rate_hz(hearing.session)
        self.places: Places = places_of([hearing.measurements[i].block_energy for i in track_ids])
        self._hearing = hearing
        self._track_ids = tuple(track_ids)

    def heard(self) -> Heard:
        """Return what the controller knows of the song.

        Raises
        ------
        MediaError
            If a file cannot be read any more.
        """
        numbers = range(len(self._track_ids))
        with ThreadPoolExecutor(THREADS, thread_name_prefix="strips") as pool:
            single = list(pool.map(self._heard_alone, numbers))
        return Heard(
            images=np.concatenate([one.images for one in single]),
            sounds=np.concatenate([one.sounds for one in single]),
            loudness_lufs=self.places.loudness_lufs,
            starts_s=self.places.common_s,
        )

    def sound_of(self, number: int) -> Audio:
        """Return all excerpts of a track one after the other, float32 (1 or 2, n_samples); empty for a silent one.

        Raises
        ------
        MediaError
            If a file cannot be read any more.
        """
        cuts = [_faded(self._cut(number, start_s), self.rate_hz) for start_s in self.places.starts_s[number]]
        return np.concatenate(cuts, axis=1) if cuts else np.zeros((1, 0), np.float32)

    def _heard_alone(self, number: int) -> Heard:
        places = self.places
        alone = Places((places.starts_s[number],), places.common_s, places.loudness_lufs[number : number + 1])
        return heard_at(alone, lambda _, start_s: self._cut(number, start_s), self.rate_hz)

    def _cut(self, number: int, start_s: float) -> Audio:
        """Read an excerpt, of which the rest is silent where the range ends."""
        track = self._hearing.session.track(self._track_ids[number])
        begin_s, end_s = self._hearing.scope.range_s
        length = round(EXCERPT_S * self.rate_hz)
        first_s = begin_s + start_s
        try:
            sound = TrackSound(track, self.rate_hz, (first_s, min(first_s + EXCERPT_S, end_s)))
            blocks = list(sound.blocks())
        except MediaError as error:
            raise MediaError(f"{track.title}: {error}") from None
        read = np.concatenate(blocks, axis=1) if blocks else np.zeros((1, 0), np.float32)
        return np.pad(read[:, :length], ((0, 0), (0, max(length - read.shape[1], 0))))


def _faded(cut: Audio, rate_hz: int) -> Audio:
    n_fade = round(_FADE_S * rate_hz)
    ramp = np.linspace(0.0, 1.0, n_fade, dtype=np.float32)
    faded = cut.copy()
    faded[:, :n_fade] *= ramp
    faded[:, faded.shape[1] - n_fade :] *= ramp[::-1]
    return faded
