"""What every mixer must beat: nothing, one gain for all, equal loudness, and the mean of the role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reaper_automix.training.evaluation.songs import Example, Levels, MixSong, Predictor
from reaper_automix.training.role_offsets import Song, fit_offsets


@dataclass(frozen=True, slots=True)
class AsIs:
    """Leaves the tracks at the levels that chance gave them."""

    name: str = "as is"

    def fit(self, examples: Sequence[Example]) -> AsIs:  # noqa: ARG002 - it has nothing to learn
        """Return it as it is."""
        return self

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return zeros."""
        return np.zeros(len(song.tracks))


@dataclass(frozen=True, slots=True)
class Constant:
    """Gives every track the mean gain of the songs it learned from.

    As a song's common offset does not count, this is as good as ``AsIs`` by definition; where it is not, the
    evaluation is broken.
    """

    gain_db: float = 0.0
    name: str = "constant"

    def fit(self, examples: Sequence[Example]) -> Constant:
        """Return the fitted predictor."""
        return Constant(float(np.mean(np.concatenate([example.gains_db for example in examples]))))

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return the same gain for all."""
        return np.full(len(song.tracks), self.gain_db)


@dataclass(frozen=True, slots=True)
class EqualLoudness:
    """Brings every track to the same gated loudness: the first rung of the balance mixer."""

    name: str = "equal loudness"

    def fit(self, examples: Sequence[Example]) -> EqualLoudness:  # noqa: ARG002 - it has nothing to learn
        """Return it as it is."""
        return self

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return what takes each track to 0 LUFS."""
        return -song.loudness_lufs


@dataclass(frozen=True, slots=True)
class RoleMean:
    """Brings every track to the mean level of its role: the second rung, fitted as the shipped table is."""

    offsets_db: Mapping[str, float] | None = None
    name: str = "role mean"

    def fit(self, examples: Sequence[Example]) -> RoleMean:
        """Return the fitted predictor."""
        return RoleMean(fit_offsets(_as_song(example) for example in examples))

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return what takes each track to its role's level; without a role, to the common one."""
        table = self.offsets_db or {}
        offsets = np.array([0.0 if t.role is None else table.get(t.role.value, 0.0) for t in song.tracks])
        return np.asarray(offsets - song.loudness_lufs)


BASELINES: tuple[Predictor, ...] = (AsIs(), Constant(), EqualLoudness(), RoleMean())


def _as_song(example: Example) -> Song:
    tracks = zip(example.song.tracks, example.levels_db, strict=True)
    known = tuple((track.role.value, float(level)) for track, level in tracks if track.role is not None)
    return Song(example.id, example.author, example.licence, known)
