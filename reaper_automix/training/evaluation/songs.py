"""Songs as an evaluation hears them, and as it shows them to a predictor: without any trace of the original level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.measurement import Measurement
from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.training.corpora.contract import Usage

OFFSET_DB = 6.0
"""Each track is shown up to this far above or below ``REFERENCE_LUFS``."""

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeardTrack:
    """A measured track of a corpus, and how loud the human made it.

    Parameters
    ----------
    measurement : Measurement
        Of the file, before the human's decision.
    human_lufs : float
        Its gated loudness in the human's mix.
    """

    id: str
    name: str
    role: Role | None
    measurement: Measurement
    human_lufs: float


@dataclass(frozen=True, slots=True)
class HeardSong:
    """A measured song of a corpus."""

    corpus: str
    id: str
    author: str
    licence: str
    usage: Usage
    tracks: tuple[HeardTrack, ...]


@dataclass(frozen=True, slots=True)
class MixTrack:
    """A track as a predictor hears it: at a loudness that chance chose."""

    name: str
    role: Role | None
    measurement: Measurement

    @property
    def loudness_lufs(self) -> float:
        """Its gated loudness."""
        return self.measurement.loudness.integrated_lufs


@dataclass(frozen=True, slots=True)
class MixSong:
    """All that a predictor may know of a song that it shall mix."""

    tracks: tuple[MixTrack, ...]

    @property
    def loudness_lufs(self) -> Levels:
        """The gated loudness of each track, (n_tracks,)."""
        return np.array([track.loudness_lufs for track in self.tracks])


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A song, and what the human did: the gain in dB from each track of ``song`` to the human's mix, (n_tracks,)."""

    corpus: str
    id: str
    author: str
    licence: str
    usage: Usage
    song: MixSong
    gains_db: Levels

    @property
    def levels_db(self) -> Levels:
        """Return the human's track levels relative to the song's median track, (n_tracks,)."""
        levels = self.song.loudness_lufs + self.gains_db
        return np.asarray(levels - np.median(levels))


class Predictor(Protocol):
    """Whatever answers with a gain per track. ``fit`` returns a fitted predictor; the unfitted one stays as it is."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        ...

    def fit(self, examples: Sequence[Example]) -> Predictor:
        """Learn from other songs."""
        ...

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return one gain in dB per track, (n_tracks,); what is common to all of them does not count."""
        ...


def shown(song: HeardSong, rng: np.random.Generator) -> Example:
    """Bring every track to ``REFERENCE_LUFS`` plus a random offset, and take the same off the human's gain."""
    offsets_db = rng.uniform(-OFFSET_DB, OFFSET_DB, len(song.tracks))
    tracks = tuple(_shown(track, float(offset)) for track, offset in zip(song.tracks, offsets_db, strict=True))
    mixed = MixSong(tracks)
    gains_db = np.array([track.human_lufs for track in song.tracks]) - mixed.loudness_lufs
    return Example(song.corpus, song.id, song.author, song.licence, song.usage, mixed, gains_db)


def _shown(track: HeardTrack, offset_db: float) -> MixTrack:
    gain_db = REFERENCE_LUFS - track.measurement.loudness.integrated_lufs + offset_db
    if not math.isfinite(gain_db):
        raise ValueError(f"track {track.id} is silent: leave it out")
    return MixTrack(track.name, track.role, track.measurement.louder_by(gain_db))
