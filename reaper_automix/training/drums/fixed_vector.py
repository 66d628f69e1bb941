"""The published input: the features of eight microphones in a fixed order, one after the other [1] section 3.2.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.training.drums.dataset import EIGHT, DrumSession, Floats

QUIETEST_LIN = 10.0 ** (-60.0 / 20.0)
"""A gain that a learner puts at or below zero counts as this."""


def slots_of(session: DrumSession, *, by_place: bool = False) -> list[int | None]:
    """Return which microphone of a session stands at each of the eight places; None where it is missing.

    Parameters
    ----------
    session : DrumSession
        Any microphones in any order. The first of a kind counts.
    by_place : bool, default False
        As published: the microphones as they come, whatever they are.
    """
    if by_place:
        return [index if index < len(session.microphones) else None for index in range(len(EIGHT))]
    found = {mic: index for index, mic in reversed(list(enumerate(session.microphones)))}
    return [found.get(mic) for mic in EIGHT]


def eight_of(session: DrumSession) -> DrumSession:
    """Return the session with those of the eight microphones that it has, in their order."""
    return session.with_microphones([slot for slot in slots_of(session) if slot is not None])


class FixedVector:
    """Turns sessions into vectors: features of mean 0 and variance 1 over those learned from, constant ones dropped.

    A microphone that is missing is padded with zeros, which after the normalisation are the mean.
    """

    def fit(self, sessions: Sequence[DrumSession]) -> Self:
        """Learn means, deviations and which features are constant, of each of the eight places by itself."""
        stacked = _stacked(sessions, by_place=False)
        there = ~np.isnan(stacked[:, :, 0])
        self.mean_ = np.zeros(stacked.shape[1:])
        self.deviation_ = np.zeros(stacked.shape[1:])
        for place in np.flatnonzero(there.any(axis=0)):
            own = stacked[there[:, place], place]
            self.mean_[place], self.deviation_[place] = own.mean(axis=0), own.std(axis=0)
        self.varies_ = self.deviation_ > 1e-6 * np.maximum(np.abs(self.mean_), 1e-6)
        return self

    def transform(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> NDArray[np.float32]:
        """Return a row of all features that vary for each session."""
        stacked = _stacked(sessions, by_place=by_place)
        scaled = (stacked - self.mean_) / np.where(self.varies_, self.deviation_, 1.0)
        return np.nan_to_num(scaled[:, self.varies_], nan=0.0).astype(np.float32)


def _stacked(sessions: Sequence[DrumSession], *, by_place: bool) -> Floats:
    """Return float64 (n_sessions, 8, n_features), NaN where a microphone is missing."""
    stacked = np.full((len(sessions), len(EIGHT), sessions[0].features.shape[1]), np.nan)
    for row, session in zip(stacked, sessions, strict=True):
        for place, slot in enumerate(slots_of(session, by_place=by_place)):
            if slot is not None:
                row[place] = session.features[slot]
    return stacked


def fixed_targets(sessions: Sequence[DrumSession], levels_db: Sequence[Floats], *, in_db: bool) -> Floats:
    """Return the eight gains of each session (n_sessions, 8), of microphones brought to one loudness.

    Those of the microphones of the eight that are there have energies that add up to 1. A missing one has the mean of
    its place: nothing is learned from it.

    Parameters
    ----------
    sessions : sequence of DrumSession
        Recordings.
    levels_db : sequence of ndarray
        Of each session, the level of each of its microphones.
    in_db : bool
        dB, or linear amplitudes as published.
    """
    targets = np.full((len(sessions), len(EIGHT)), np.nan)
    for row, session, levels in zip(targets, sessions, levels_db, strict=True):
        slots = slots_of(session)
        places = [place for place, slot in enumerate(slots) if slot is not None]
        balance_db = balanced_db(levels[[slot for slot in slots if slot is not None]])
        row[places] = balance_db if in_db else 10.0 ** (balance_db / 20.0)
    there = np.isfinite(targets)
    means = np.where(there, targets, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return np.asarray(np.where(there, targets, means))


def levels_from_fixed(session: DrumSession, gains: Floats, *, in_db: bool, by_place: bool = False) -> Floats:
    """Return the level of each microphone of a session in dB, their energies adding up to 1.

    Parameters
    ----------
    session : DrumSession
        Any microphones.
    gains : ndarray of float64, shape (8,)
        What a learner says, in dB or linear.
    in_db : bool
        Which of the two.
    by_place : bool, default False
        As in ``slots_of``.

    Notes
    -----
    A microphone that is none of the eight has no gain in the published model; it gets the median of the others, which
    is to leave it alone.
    """
    gains_db = gains if in_db else 20.0 * np.log10(np.maximum(gains, QUIETEST_LIN))
    levels = np.full(len(session.microphones), np.nan)
    for place, slot in enumerate(slots_of(session, by_place=by_place)):
        if slot is not None:
            levels[slot] = gains_db[place]
    known = np.isfinite(levels)
    other_db = float(np.median(levels[known])) if known.any() else 0.0
    return balanced_db(np.where(known, levels, other_db))
