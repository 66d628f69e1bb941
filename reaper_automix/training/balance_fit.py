"""Fitting the learned balance: role effects and feature weights, both drawn towards zero by a ridge.

What is learned is a track's level in the human mix relative to the song's median track. Labels beyond
``LABEL_LIMIT_DB`` count as that far: one track that a human buried is no law. How hard the ridge pulls is chosen inside
the songs that are learned from, each left-out group of authors judged by the others, so that a tested song has no say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import FEATURES, Features, balance_features
from reaper_automix.mixers.balance_model import BalanceModel
from reaper_automix.training.evaluation.songs import Example, Levels, MixSong

LABEL_LIMIT_DB = 8.0
WIDEST_SPREADS = 2.5
SMALLEST_SPREAD = 1e-3
"""A feature that is the same for all tracks still needs a scale."""

MOST_GROUPS = 5
"""Groups of authors that the strength of the ridge is chosen by."""


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How hard the ridge pulls: as if so many tracks at 0 dB had been seen as well, per feature and per role."""

    features: float
    roles: float


GRID = tuple(Shrinkage(*pair) for pair in product((300.0, 100.0, 30.0, 10.0), (8.0, 4.0, 2.0)))
"""What is chosen from, the strongest first: of equals the simpler one wins."""


@dataclass(frozen=True, slots=True)
class LearnedBalance:
    """The learned rung as the evaluation sees it: the ridge, with its strength chosen again for every fold."""

    model: BalanceModel | None = None
    name: str = "learned"

    def fit(self, examples: Sequence[Example]) -> LearnedBalance:
        """Return the fitted predictor."""
        return LearnedBalance(fit_model(examples, choose_shrinkage(examples)), self.name)

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return what takes each track to its level.

        Raises
        ------
        ValueError
            If it was not fitted.
        """
        if self.model is None:
            raise ValueError("fit the learned balance first")
        roles = [track.role for track in song.tracks]
        return np.asarray(self.model.levels_db(features_of(song), roles) - song.loudness_lufs)


@dataclass(frozen=True, slots=True)
class ForestBalance:
    """A forest on the same numbers, as a second opinion; it is not shipped."""

    forest: RandomForestRegressor | None = None
    name: str = "forest"

    def fit(self, examples: Sequence[Example]) -> ForestBalance:
        """Return the fitted predictor."""
        forest = RandomForestRegressor(200, min_samples_leaf=4, max_features=0.4, random_state=0)
        table = np.vstack([_with_roles(example.song) for example in examples])
        return ForestBalance(forest.fit(table, _labels_db(examples), sample_weight=_weights(examples)), self.name)

    def predict_gains_db(self, song: MixSong) -> Levels:
        """Return what takes each track to its level; ``ValueError`` if it was not fitted."""
        if self.forest is None:
            raise ValueError("fit the forest first")
        return np.asarray(self.forest.predict(_with_roles(song)) - song.loudness_lufs)


@lru_cache(maxsize=4096)
def features_of(song: MixSong) -> Features:
    """Return the features of a song; the same array again for the same song."""
    tracks = song.tracks
    features = balance_features([track.measurement for track in tracks], [track.role for track in tracks])
    features.flags.writeable = False
    return features


def fit_model(examples: Sequence[Example], shrinkage: Shrinkage) -> BalanceModel:
    """Fit role effects and feature weights.

    Parameters
    ----------
    examples : sequence of Example
        The songs to learn from. A song counts as the root of its number of tracks.
    shrinkage : Shrinkage
        How hard to pull towards 0 dB.
    """
    features = np.vstack([features_of(example.song) for example in examples])
    centres, scales = np.median(features, axis=0), np.maximum(features.std(axis=0), SMALLEST_SPREAD)
    spreads = np.clip((features - centres) / scales, -WIDEST_SPREADS, WIDEST_SPREADS)
    # One ridge of strength 1: a column divided by the root of its own strength is pulled that hard.
    table = np.hstack([spreads / np.sqrt(shrinkage.features), _one_hot(examples) / np.sqrt(shrinkage.roles)])
    ridge = Ridge(alpha=1.0).fit(table, _labels_db(examples), sample_weight=_weights(examples))
    weights_db = ridge.coef_[: len(FEATURES)] / np.sqrt(shrinkage.features)
    effects_db = ridge.coef_[len(FEATURES) :] / np.sqrt(shrinkage.roles)
    present = {track.role for example in examples for track in example.song.tracks}
    named = zip(Role, effects_db, strict=True)
    return BalanceModel(
        role_effects_db={role.value: float(effect) for role, effect in named if role in present},
        centres=tuple(map(float, centres)),
        scales=tuple(map(float, scales)),
        weights_db=tuple(map(float, weights_db)),
        widest=WIDEST_SPREADS,
    )


def choose_shrinkage(examples: Sequence[Example]) -> Shrinkage:
    """Return the strength whose model is best on authors it has not seen (songs, where there is one author)."""
    folds = tuple(_inner_folds(examples))
    if not folds:
        return GRID[0]
    return min(GRID, key=lambda shrinkage: round(_held_out_error_db(folds, shrinkage), 3))


Folds = Sequence[tuple[Sequence[Example], Sequence[Example]]]


def _inner_folds(examples: Sequence[Example]) -> Iterator[tuple[list[Example], list[Example]]]:
    """Yield (learned from, judged on), at most ``MOST_GROUPS`` of them; none where there is one song."""
    by_author = len({example.author for example in examples}) > 1
    kept_together: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for example in examples:
        kept_together[(example.author,) if by_author else (example.corpus, example.id)].append(example)
    n_groups = min(MOST_GROUPS, len(kept_together))
    groups: list[list[Example]] = [[] for _ in range(n_groups)]
    for key in sorted(kept_together, key=lambda key: (-len(kept_together[key]), key)):
        min(groups, key=len).extend(kept_together[key])
    for group in groups if n_groups > 1 else ():
        names = {(e.corpus, e.id) for e in group}
        yield [e for e in examples if (e.corpus, e.id) not in names], group


def _held_out_error_db(folds: Folds, shrinkage: Shrinkage) -> float:
    """Return the mean over songs of the mean absolute error, the label limited as in fitting."""
    errors = []
    for learned, judged in folds:
        model = fit_model(learned, shrinkage)
        for example in judged:
            roles = [track.role for track in example.song.tracks]
            off = model.levels_db(features_of(example.song), roles) - _limited(example.levels_db)
            errors.append(np.abs(off - np.median(off)).mean())
    return float(np.mean(errors))


def _limited(levels_db: Levels) -> Levels:
    return np.clip(levels_db, -LABEL_LIMIT_DB, LABEL_LIMIT_DB)


def _labels_db(examples: Sequence[Example]) -> Levels:
    return _limited(np.concatenate([example.levels_db for example in examples]))


def _weights(examples: Sequence[Example]) -> Levels:
    """Return the weight of each track, 1 on average."""
    sizes = np.array([len(example.song.tracks) for example in examples])
    weights = np.repeat(1.0 / np.sqrt(sizes), sizes)
    return np.asarray(weights / weights.mean())


def _one_hot(examples: Sequence[Example]) -> Features:
    tracks = [track for example in examples for track in example.song.tracks]
    return np.array([[float(track.role is role) for role in Role] for track in tracks])


def _with_roles(song: MixSong) -> Features:
    roles = np.array([[float(track.role is role) for role in Role] for track in song.tracks])
    return np.hstack([features_of(song), roles])
