"""What is heard without learning: the baselines of the published table [1], a mean per microphone, and the ceiling.

All say the level of each microphone brought to one loudness, in dB, energies adding up to 1.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019, sections 4 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from reaper_automix.analysis.drum_levels import balanced_db, kind_db
from reaper_automix.training.drums.dataset import DrumSession, Floats
from reaper_automix.training.drums.per_microphone import kinds_of


class DirectSum:
    """A gain of 1 on each microphone as it was recorded: its level is its loudness."""

    def fit(self, sessions: Sequence[DrumSession], levels_db: Sequence[Floats]) -> Self:  # noqa: ARG002
        """Learn nothing."""
        return self

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:  # noqa: ARG002
        """Return the balance of the recordings."""
        return [balanced_db(np.maximum(s.loudness_lufs, -100.0)) for s in sessions]


class LoudnessNormalised(DirectSum):
    """Every microphone equally loud."""

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:  # noqa: ARG002
        """Return one level for all microphones."""
        return [balanced_db(np.zeros(len(s.microphones))) for s in sessions]


class SourceInformed(DirectSum):
    """Every drum equally loud, freed of the others that bleed into its microphone (``separation``) [1] ref. 21."""

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:  # noqa: ARG002
        """Return the levels that bring each own part to one loudness."""
        return [balanced_db(-s.own_parts_db) for s in sessions]


class MicrophoneMean:
    """What microphones of a kind are at on the whole, in the sessions learned from."""

    def fit(self, sessions: Sequence[DrumSession], levels_db: Sequence[Floats]) -> Self:
        """Learn a level per kind of microphone."""
        self.kinds_db_ = kinds_of(sessions, levels_db)
        return self

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:  # noqa: ARG002
        """Return the usual balance of these microphones."""
        return [balanced_db(np.asarray([kind_db(self.kinds_db_, mic) for mic in s.microphones])) for s in sessions]


def noise_free(sessions: Sequence[DrumSession], engineer: str) -> list[Floats]:
    """Return what the engineer meant, without the noise of the day: no model can know more. The ceiling."""
    return [balanced_db(s.meant_db[engineer]) for s in sessions]


def spread_between(sessions: Sequence[DrumSession], engineer: str) -> list[Floats]:
    """Return the mean of all other engineers on the same recordings: how far engineers are apart."""
    return [balanced_db(pooled_db(s, [e for e in s.gains_db if e != engineer])) for s in sessions]


def pooled_db(session: DrumSession, engineers: Sequence[str]) -> Floats:
    """Return the mean taste of some engineers: the mean of their levels in dB."""
    return balanced_db(np.mean([session.gains_db[e] for e in engineers], axis=0))
