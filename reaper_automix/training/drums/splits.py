"""Who learns from which sessions and is judged on which: no performance and no recorded hit is on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reaper_automix.errors import CorpusError
from reaper_automix.training.drums.dataset import EIGHT, DrumSession
from reaper_automix.training.drums.fixed_vector import eight_of, slots_of

N_FOLDS = 5
FEWEST_LEFT = 3
"""Microphones that are left where some are missing."""
HALVES = ("a", "b")


@dataclass(frozen=True, slots=True)
class Split:
    """Sessions by their index in a set.

    Parameters
    ----------
    name : str
        ``fold 2, learned on hits a``.
    train, test : tuple of int
        Sessions of the two sides.
    """

    name: str
    train: tuple[int, ...]
    test: tuple[int, ...]


def by_performance(sessions: Sequence[DrumSession], *, folds: int = N_FOLDS, seed: int = 0) -> tuple[Split, ...]:
    """Return splits in which the performances of a fold, played with the one half of the hits, are the test side.

    The training side has the other performances, played with the other half. Each fold is used both ways.

    Raises
    ------
    CorpusError
        If there are fewer performances than folds, or one half of the hits is not there.
    """
    performances = sorted({s.performance for s in sessions})
    if len(performances) < folds:
        raise CorpusError(f"{len(performances)} performances do not make {folds} folds. Build a set with more of them.")
    order = np.random.default_rng(seed).permutation(len(performances))
    fold_of = {performances[index]: place % folds for place, index in enumerate(order)}
    found = []
    for fold in range(folds):
        for learned, judged in (HALVES, HALVES[::-1]):
            train = [i for i, s in enumerate(sessions) if fold_of[s.performance] != fold and s.hits == learned]
            test = [i for i, s in enumerate(sessions) if fold_of[s.performance] == fold and s.hits == judged]
            if not train or not test:
                raise CorpusError(f"Fold {fold + 1} has no sessions on hits {learned!r} or {judged!r}. Build both.")
            found.append(Split(f"fold {fold + 1}, learned on hits {learned}", tuple(train), tuple(test)))
    return tuple(found)


def is_full(session: DrumSession) -> bool:
    """Return whether a session has all of the eight microphones."""
    return None not in slots_of(session)


def without_some(session: DrumSession, rng: np.random.Generator) -> DrumSession:
    """Return the eight microphones without one to five of them, in their order."""
    eight = eight_of(session)
    most = len(eight.microphones) - FEWEST_LEFT
    left = len(eight.microphones) - int(rng.integers(1, most + 1))
    return eight.with_microphones(sorted(rng.choice(len(eight.microphones), left, replace=False).tolist()))


def shuffled(session: DrumSession, rng: np.random.Generator) -> DrumSession:
    """Return the eight microphones in any other order."""
    eight = eight_of(session)
    order = np.arange(len(eight.microphones))
    while (order == np.arange(order.size)).all():
        order = rng.permutation(order.size)
    return eight.with_microphones(order.tolist())


def has_more(session: DrumSession) -> bool:
    """Return whether a session has microphones beyond the eight."""
    return is_full(session) and len(session.microphones) > len(EIGHT)
