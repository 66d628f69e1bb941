"""The learners of the published table: random forest, LASSO and support vectors on the fixed vector [1] section 4.

All choose what they can choose by themselves on the sessions that they learn from: the forest by its own out-of-bag
error, the others by leaving out performances in turn.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import MultiTaskLasso
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import GroupKFold
from sklearn.svm import SVR

from reaper_automix.training.drums.dataset import DrumSession, Floats
from reaper_automix.training.drums.fixed_vector import FixedVector, fixed_targets, levels_from_fixed

Rows = NDArray[np.float32]
Share = str | float

N_TREES = 600
"""As published, see ``oob_curve``."""
FIRST_TREES = 200
"""Of the forest that chooses features."""
SHARES: tuple[Share, ...] = ("sqrt", 1.0 / 3.0)
"""Of the features, tried at each node; chosen among by the out-of-bag error."""
CURVE = (10, 20, 40, 70, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000)
INNER_FOLDS = 3
LASSO_SHARES = (0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08)
"""Of the least penalty that makes every coefficient zero."""
SVR_PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
SVR_WIDTHS = (0.1, 0.3, 1.0, 3.0)
"""Of 1 / (number of features), which fits features of variance 1."""
SVR_MARGIN = 0.05
"""Half the width of the tube, in deviations of the target."""


class Learner(Protocol):
    """Learns what levels microphones are at from recordings, and says it of others."""

    def fit(self, sessions: Sequence[DrumSession], levels_db: Sequence[Floats]) -> Self:
        """Learn from the level of each microphone of each session."""
        ...

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:
        """Return the level of each microphone of each session in dB, energies adding up to 1."""
        ...


class FixedLearner(ABC):
    """What learners on the fixed vector share: its making, and balances of what they say.

    Parameters
    ----------
    in_db : bool, default False
        Learn decibels; linear amplitudes as published.
    """

    def __init__(self, *, in_db: bool = False) -> None:
        self.in_db = in_db

    def fit(self, sessions: Sequence[DrumSession], levels_db: Sequence[Floats]) -> Self:
        """Learn from the eight microphones of each session."""
        self.vector_ = FixedVector().fit(sessions)
        groups = np.unique([s.performance for s in sessions], return_inverse=True)[1]
        self._fit(self.vector_.transform(sessions), fixed_targets(sessions, levels_db, in_db=self.in_db), groups)
        return self

    def predict(self, sessions: Sequence[DrumSession], *, by_place: bool = False) -> list[Floats]:
        """Return levels in dB; by place, microphones are taken for the eight as they come."""
        gains = self._predict(self.vector_.transform(sessions, by_place=by_place))
        return [
            levels_from_fixed(session, own, in_db=self.in_db, by_place=by_place)
            for session, own in zip(sessions, gains, strict=True)
        ]

    @abstractmethod
    def _fit(self, x: Rows, y: Floats, groups: NDArray[np.intp]) -> None:
        """Learn from rows."""

    @abstractmethod
    def _predict(self, x: Rows) -> Floats:
        """Return a gain for each of the eight microphones of each row."""


class FixedForest(FixedLearner):
    """Multi-output random forest [1].

    Parameters
    ----------
    in_db : bool, default False
        As in ``FixedLearner``.
    n_trees : int, default 600
        Trees.
    share : str or float, default "sqrt"
        Of the features, tried at each node.
    n_kept : int, optional
        Keep this many features: those by which a first forest on the same sessions split best. All by default, as
        published.
    out_of_bag : bool, default False
        Judge it on the sessions that its trees were not grown on (``oob_r2_``).
    seed : int, default 0
        Of both forests.
    """

    def __init__(
        self,
        *,
        in_db: bool = False,
        n_trees: int = N_TREES,
        share: Share = "sqrt",
        n_kept: int | None = None,
        out_of_bag: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(in_db=in_db)
        self.n_trees, self.share, self.n_kept = n_trees, share, n_kept
        self.out_of_bag, self.seed = out_of_bag, seed

    def _fit(self, x: Rows, y: Floats, groups: NDArray[np.intp]) -> None:  # noqa: ARG002
        scaled = _scaled(y)
        self.kept_ = np.arange(x.shape[1])
        if self.n_kept is not None and self.n_kept < x.shape[1]:
            first = RandomForestRegressor(FIRST_TREES, max_features="sqrt", random_state=self.seed, n_jobs=1)
            self.kept_ = best_columns(first.fit(x, scaled), self.n_kept)
        self.forest_ = RandomForestRegressor(
            self.n_trees, max_features=self.share, random_state=self.seed, n_jobs=1, oob_score=self.out_of_bag
        )
        self.mean_, self.deviation_ = y.mean(axis=0), _deviation(y)
        self.forest_.fit(x[:, self.kept_], scaled)
        if self.out_of_bag:
            self.oob_r2_ = float(self.forest_.oob_score_)

    def _predict(self, x: Rows) -> Floats:
        said = self.forest_.predict(x[:, self.kept_])
        return np.asarray(said * self.deviation_ + self.mean_)


class FixedLasso(FixedLearner):
    """Multi-output LASSO [1]: a feature counts for all eight outputs or for none; its penalty by inner folds."""

    def _fit(self, x: Rows, y: Floats, groups: NDArray[np.intp]) -> None:
        wide, scaled = x.astype(np.float64), _scaled(y)
        self.mean_, self.deviation_ = y.mean(axis=0), _deviation(y)
        error = np.zeros(len(LASSO_SHARES))
        for learned, held in inner_folds(groups):
            for index, model in enumerate(_lasso_path(wide[learned], scaled[learned], LASSO_SHARES)):
                error[index] += np.square(model(wide[held]) - scaled[held]).sum()
        best = int(np.argmin(error))
        self.penalty_share_ = LASSO_SHARES[best]
        self.model_ = _lasso_path(wide, scaled, LASSO_SHARES[: best + 1])[-1]

    def _predict(self, x: Rows) -> Floats:
        return np.asarray(self.model_(x.astype(np.float64)) * self.deviation_ + self.mean_)


class _Linear:
    def __init__(self, weights: Floats, offset: Floats) -> None:
        self.weights, self.offset = weights, offset

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weights.T + self.offset


def _lasso_path(x: Floats, y: Floats, shares: Sequence[float]) -> list[_Linear]:
    """Return the models for falling penalties, each begun where the last one ended."""
    centred = y - y.mean(axis=0)
    most = float(np.sqrt(np.square((x - x.mean(axis=0)).T @ centred).sum(axis=1)).max()) / len(x)
    model = MultiTaskLasso(alpha=1.0, warm_start=True, max_iter=100, tol=1e-3)
    found = []
    for share in shares:
        model.set_params(alpha=max(share * most, 1e-9))
        with warnings.catch_warnings():
            # A hundred rounds are all that a path gets: what it is worth by then is judged like any other model.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
        found.append(_Linear(model.coef_.copy(), np.asarray(model.intercept_).copy()))
    return found


class FixedSvr(FixedLearner):
    """One support vector regression per microphone [1], radial; penalty and width by inner folds, of each its own."""

    def _fit(self, x: Rows, y: Floats, groups: NDArray[np.intp]) -> None:
        self.mean_, self.deviation_ = y.mean(axis=0), _deviation(y)
        self.x_, scaled = x, _scaled(y)
        distances = euclidean_distances(x, squared=True) / x.shape[1]
        folds = list(inner_folds(groups))
        self.chosen_ = [self._chosen(distances, column, folds) for column in scaled.T]
        self.models_ = [
            _svr(penalty).fit(np.exp(-width * distances), column)
            for (penalty, width), column in zip(self.chosen_, scaled.T, strict=True)
        ]

    def _chosen(
        self, distances: Floats, y: Floats, folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
    ) -> tuple[float, float]:
        errors: dict[tuple[float, float], float] = {}
        for width in SVR_WIDTHS:
            kernel = np.exp(-width * distances)
            for penalty in SVR_PENALTIES:
                models = [_svr(penalty).fit(kernel[np.ix_(a, a)], y[a]) for a, _ in folds]
                errors[penalty, width] = sum(
                    float(np.square(model.predict(kernel[np.ix_(b, a)]) - y[b]).sum())
                    for model, (a, b) in zip(models, folds, strict=True)
                )
        return min(errors, key=lambda choice: errors[choice])

    def _predict(self, x: Rows) -> Floats:
        distances = euclidean_distances(x, self.x_, squared=True) / x.shape[1]
        said = [
            model.predict(np.exp(-width * distances))
            for model, (_, width) in zip(self.models_, self.chosen_, strict=True)
        ]
        return np.asarray(np.column_stack(said) * self.deviation_ + self.mean_)


def _svr(penalty: float) -> SVR:
    return SVR(kernel="precomputed", C=penalty, epsilon=SVR_MARGIN)


def inner_folds(groups: NDArray[np.intp]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return pairs of rows to learn from and to judge on; those of a performance stay together."""
    number = min(INNER_FOLDS, np.unique(groups).size)
    if number < 2:
        raise ValueError("sessions of at least two performances are needed to choose anything on")
    return list(GroupKFold(number).split(groups, groups=groups))


def best_columns(forest: RandomForestRegressor, number: int) -> NDArray[np.intp]:
    """Return the columns by which a forest gained most, in their order."""
    return np.sort(np.argsort(-forest.feature_importances_, kind="stable")[:number])


def oob_curve(
    sessions: Sequence[DrumSession],
    levels_db: Sequence[Floats],
    *,
    share: Share = "sqrt",
    numbers: Sequence[int] = CURVE,
    in_db: bool = False,
    seed: int = 0,
) -> list[tuple[int, float]]:
    """Return the out-of-bag error against the number of trees [1] Fig. 1.

    Returns
    -------
    list of (int, float)
        Trees, and 1 minus the R^2 of the sessions that a tree was not grown on, mean over the eight outputs.
    """
    vector = FixedVector().fit(sessions)
    x, y = vector.transform(sessions), _scaled(fixed_targets(sessions, levels_db, in_db=in_db))
    forest = RandomForestRegressor(1, max_features=share, random_state=seed, n_jobs=1, oob_score=True, warm_start=True)
    found = []
    for number in sorted(numbers):
        forest.set_params(n_estimators=number)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Some inputs do not have OOB scores")
            forest.fit(x, y)
        found.append((number, 1.0 - float(forest.oob_score_)))
    return found


def enough_trees(curve: Sequence[tuple[int, float]], *, tolerance: float = 0.005) -> int:
    """Return from which number of trees on the curve stays within ``tolerance`` of its end."""
    last = curve[-1][1]
    far = [index for index, (_, error) in enumerate(curve) if abs(error - last) > tolerance]
    return curve[far[-1] + 1 if far else 0][0]


def _scaled(y: Floats) -> Floats:
    """Return outputs of mean 0 and variance 1: each of the eight counts the same, whatever its size."""
    return np.asarray((y - y.mean(axis=0)) / _deviation(y))


def _deviation(y: Floats) -> Floats:
    deviation = y.std(axis=0)
    return np.asarray(np.where(deviation > 1e-12, deviation, 1.0))
