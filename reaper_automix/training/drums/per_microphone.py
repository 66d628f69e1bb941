"""Beyond the published model: a row per microphone, so that any number of them in any order can be mixed.

A microphone's level is split in two: what its kind is at on the whole (found together with a common offset of each
session, so that kits with few microphones do not shift it), and what trees say of this one among its neighbours.
The rows are those of ``analysis.drum_rows``; columns that do not vary go, and of the rest those by which a first forest
on the same sessions splits best are kept. The trees are a forest of extremely randomised ones, or boosted ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

from reaper_automix.analysis.drum_levels import DrumLevels, balanced_db, kind_db
from reaper_automix.analysis.drum_rows import group_of, microphone_rows
from reaper_automix.learning.forest import Forest, from_boosting, from_sklearn
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.drums.dataset import DrumSession, Floats
from reaper_automix.training.drums.learners import best_columns

Rows = NDArray[np.float32]

N_TREES = 150
FIRST_TREES = 60
"""Of the forest that chooses columns."""
N_KEPT = 400
SHARE = 1.0 / 3.0
"""Of the kept columns, tried at each node."""
FEWEST_IN_LEAF = 3
KIND_SHRINKAGE = 4.0
"""Sessions that a kind of microphone has to be in to be told apart from its group by half."""
_KEPT_IN_MEMORY = 4096


class PerMicrophone:
    """Extremely randomised trees on rows of microphones.

    Parameters
    ----------
    feature_names : sequence of str
        Of the sessions' features.
    n_trees, n_kept, fewest_in_leaf : int
        Trees, columns, and rows that a leaf holds at least.
    share : float
        Of the kept columns, tried at each node.
    seed : int, default 0
        Of both forests.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        *,
        n_trees: int = N_TREES,
        n_kept: int = N_KEPT,
        fewest_in_leaf: int = FEWEST_IN_LEAF,
        share: float = SHARE,
        seed: int = 0,
    ) -> None:
        self.feature_names = tuple(feature_names)
        self.n_trees, self.n_kept, self.fewest_in_leaf = n_trees, n_kept, fewest_in_leaf
        self.share, self.seed = share, seed

    def fit(self, sessions: Sequence[DrumSession], levels_db: Sequence[Floats]) -> Self:
        """Learn from the level of each microphone of each session; a session counts the same however many it has."""
        self.kinds_db_ = kinds_of(sessions, levels_db)
        x, fill = _filled(np.concatenate([session_rows(s, self.feature_names) for s in sessions]))
        y = np.concatenate([beside_kinds(s, own, self.kinds_db_) for s, own in zip(sessions, levels_db, strict=True)])
        weights = np.concatenate([np.full(len(s.microphones), 1.0 / len(s.microphones)) for s in sessions])
        varying = np.flatnonzero(np.ptp(x, axis=0) > 0.0)
        first = ExtraTreesRegressor(
            FIRST_TREES, max_features=0.05, min_samples_leaf=self.fewest_in_leaf, random_state=self.seed, n_jobs=1
        ).fit(x[:, varying], y, sample_weight=weights)
        self.kept_ = varying[best_columns(first, self.n_kept)]
        self.fill_ = fill[self.kept_]
        self.model_ = self._model().fit(x[:, self.kept_], y, sample_weight=weights)
        return self

    def _model(self) -> Any:
        return ExtraTreesRegressor(
            self.n_trees,
            max_features=self.share,
            min_samples_leaf=self.fewest_in_leaf,
            random_state=self.seed,
            n_jobs=1,
        )

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:  # noqa: ARG002
        """Return the level of each microphone of each session in dB; places do not count."""
        rows = [session_rows(s, self.feature_names)[:, self.kept_] for s in sessions]
        said = self.model_.predict(_with(np.concatenate(rows), self.fill_))
        parts = np.split(said, np.cumsum([len(r) for r in rows])[:-1])
        return [
            balanced_db(part + [kind_db(self.kinds_db_, mic) for mic in session.microphones])
            for part, session in zip(parts, sessions, strict=True)
        ]

    def shipped(self) -> DrumLevels:
        """Return the fitted model without scikit-learn."""
        return DrumLevels(
            self._flattened(),
            tuple(int(column) for column in self.kept_),
            self.fill_,
            self.kinds_db_,
            self.feature_names,
        )

    def _flattened(self) -> Forest:
        return from_sklearn(self.model_)


class PerMicrophoneBoosting(PerMicrophone):
    """The same with boosted trees, small ones and twice as many."""

    def _flattened(self) -> Forest:
        return from_boosting(self.model_)

    def _model(self) -> Any:
        return HistGradientBoostingRegressor(
            max_iter=2 * self.n_trees,
            learning_rate=0.05,
            max_leaf_nodes=31,
            max_bins=63,
            min_samples_leaf=10,
            l2_regularization=1.0,
            max_features=0.1,
            random_state=self.seed,
            early_stopping=False,
        )


def kinds_of(sessions: Sequence[DrumSession], levels_db: Sequence[Floats]) -> dict[str, float]:
    """Return the level of each kind of microphone and of each group beside the others, in dB.

    Each level is a kind plus an offset of its session; kinds are drawn towards their group where they are rare, and
    groups towards 0.
    """
    groups, kinds = _effects(sessions, levels_db, group_of), {}
    beside = [own - [groups[group_of(m)] for m in s.microphones] for s, own in zip(sessions, levels_db, strict=True)]
    for kind, value in _effects(sessions, beside, lambda mic: mic.value).items():
        kinds[kind] = value + groups[group_of(DrumMic(kind))]
    return {name: round(value, 4) for name, value in {**groups, **kinds}.items()}


def _effects(sessions: Sequence[DrumSession], levels_db: Sequence[Floats], name_of: Any) -> dict[str, float]:
    """Return an effect per name by least squares with an offset per session, shrunk towards 0."""
    names = sorted({name_of(mic) for s in sessions for mic in s.microphones})
    index = np.asarray([names.index(name_of(mic)) for s in sessions for mic in s.microphones])
    owner = np.concatenate([np.full(len(s.microphones), i) for i, s in enumerate(sessions)])
    level = np.concatenate(levels_db)
    count, size = np.bincount(index), np.bincount(owner)
    together = np.zeros((len(names), len(sessions)))
    np.add.at(together, (index, owner), 1.0)
    # The offsets are eliminated: what remains is a small system in the effects.
    left = np.diag(count + KIND_SHRINKAGE) - (together / size) @ together.T
    right = np.bincount(index, level) - together @ (np.bincount(owner, level) / size)
    return dict(zip(names, np.linalg.solve(left, right).tolist(), strict=True))


def beside_kinds(session: DrumSession, levels_db: Floats, kinds_db: dict[str, float]) -> Floats:
    """Return what is left of levels beside their kinds, its mean over the session taken off."""
    left = levels_db - [kind_db(kinds_db, mic) for mic in session.microphones]
    return np.asarray(left - left.mean())


@lru_cache(maxsize=_KEPT_IN_MEMORY)
def session_rows(session: DrumSession, feature_names: tuple[str, ...]) -> Rows:
    """Return the rows of a session's microphones; the same object is not worked out twice."""
    return microphone_rows(session.features, session.strokes, session.microphones, feature_names)


def _filled(rows: Rows) -> tuple[Rows, Rows]:
    """Return rows without holes, and what they were filled with: the mean of the column."""
    known = np.isfinite(rows)
    total = np.where(known, rows, 0.0).sum(axis=0, dtype=np.float64)
    fill = (total / np.maximum(known.sum(axis=0), 1)).astype(np.float32)
    return _with(rows, fill), fill


def _with(rows: Rows, fill: Rows) -> Rows:
    return np.where(np.isfinite(rows), rows, fill)
