"""Examples for the classifier of roles: tracks of the corpora, whole and in parts, as the features that it goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.role_audio import heard_as
from reaper_automix.analysis.role_features import Audio, Floats, hear_role_features
from reaper_automix.analysis.roles import UTILITY_ROLES, Role
from reaper_automix.training.corpora.contract import CorpusSong
from reaper_automix.training.corpora.loading import read_audio
from reaper_automix.training.role_drumkit import DrumKit

PART_S = 20.0
"""Long tracks are also learned in parts: what a short clip of them sounds like."""
EVERY_NTH_PERFORMANCE = 3
"""One kit, however much it plays, stays one kit."""
_BLOCK = 65536


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A track, or a part of it.

    Parameters
    ----------
    corpus, author, licence, song, track : str
        Where it is from; examples of one author are never on both sides of a split.
    role : Role
        What it is heard as (``heard_as``).
    is_sure : bool
        The label was given with high or medium confidence.
    is_whole : bool
        The whole track: only these are judged on.
    features : ndarray of float32, shape (len(FEATURES),)
    """

    corpus: str
    author: str
    licence: str
    song: str
    track: str
    role: Role
    is_sure: bool
    is_whole: bool
    features: Floats

    @property
    def track_key(self) -> tuple[str, str, str]:
        """Of the track that this is a part of."""
        return self.corpus, self.song, self.track


def examples_of_songs(songs: Iterable[CorpusSong]) -> Iterator[Example]:
    """Yield the examples of each track that has a role with a sound of its own, and that sounds.

    Raises
    ------
    CorpusError
        If a file cannot be read.
    """
    for song in songs:
        for track in song.tracks:
            if (role := _heard(track.role)) is not None:
                audio, rate_hz = read_audio(track.path)
                place = (song.corpus, song.author, song.licence, song.id, track.id)
                yield from _parts(audio, rate_hz, place, role, is_sure=track.role_confidence != "low")


def examples_of_kit(kit: DrumKit) -> Iterator[Example]:
    """Yield the examples of each microphone of a drum kit in some of its performances."""
    for performance in kit.performances[::EVERY_NTH_PERFORMANCE]:
        for mic in kit.play(performance):
            if (role := _heard(mic.role)) is not None:
                place = ("drumkit", kit.author, kit.licence, performance.stem, mic.name)
                yield from _parts(mic.audio, kit.sample_rate_hz, place, role, is_sure=True)


def weights_of(examples: Iterable[Example]) -> NDArray[np.float64]:
    """Return how much each example counts: a track counts once, and a class as the root of its tracks."""
    rows = list(examples)
    parts = Counter(e.track_key for e in rows)
    tracks: Counter[Role] = Counter()
    for role in {e.track_key: e.role for e in rows}.values():
        tracks[role] += 1
    return np.asarray([tracks[e.role] ** -0.5 / parts[e.track_key] for e in rows], np.float64)


def _heard(role: Role | None) -> Role | None:
    return None if role is None or role in UTILITY_ROLES else heard_as(role)


def _parts(
    audio: Audio, rate_hz: int, place: tuple[str, str, str, str, str], role: Role, *, is_sure: bool
) -> Iterator[Example]:
    length, part = audio.shape[1], round(PART_S * rate_hz)
    spans = [(0, length)]
    if length > 1.5 * part:
        spans.extend((at, min(at + part, length)) for at in range(0, length - part // 2, part))
    for number, (start, end) in enumerate(spans):
        blocks = (audio[:, at : min(at + _BLOCK, end)] for at in range(start, end, _BLOCK))
        if (features := hear_role_features(blocks, rate_hz)) is not None:
            yield Example(*place, role=role, is_sure=is_sure, is_whole=number == 0, features=features)
