"""What is heard without learning: the baselines of the published table [1], a mean per microphone, and the ceiling.

All say the level of each microphone brought to one loudness, in dB, energies adding up to 1.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019, sections 4 and 5.
.. [2] D. Moffat, M. Sandler, Automatic mixing level balancing enhanced through source interference identification,
   AES 146, 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from reaper_automix.analysis.drum_levels import kind_db
from reaper_automix.training.drums.dataset import DrumSession, Floats, balanced_db
from reaper_automix.training.drums.per_microphone import kinds_of

LOUDEST_FRAME = "level_db.max"
"""The feature that the source separation's stand-in looks at: the loudest frame beside the RMS of the file."""


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
    """The own source of every microphone equally loud, bleed not counted: a stand-in for [2].

    [2] estimates how much of a microphone is interference of other sources, and levels by the loudness of what is left.
    Here no separation is done; features alone are at hand. Bleed is taken out by the simplest gate: of each microphone
    only its loudest frame counts, which its own drum makes, since it stands nearest. A microphone that is full of bleed
    between few hits of its own is turned down against the equal loudness, one that sounds all the time is turned up.
    No claim about the published method follows from this row.

    Parameters
    ----------
    feature_names : sequence of str
        Of the sessions' features.
    """

    def __init__(self, feature_names: Sequence[str]) -> None:
        names = list(feature_names)
        self.column = names.index(LOUDEST_FRAME) if LOUDEST_FRAME in names else None

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:  # noqa: ARG002
        """Return levels at which the loudest frames are equal.

        Raises
        ------
        ValueError
            If the feature is not there.
        """
        if self.column is None:
            raise ValueError(f"the sessions lack the feature {LOUDEST_FRAME!r}")
        return [balanced_db(-s.features[:, self.column].astype(np.float64)) for s in sessions]


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
