"""A fitted forest of regression trees as plain arrays, which answers without the library that grew it.

All trees lie in one row of nodes. A leaf leads to itself, so that every row of every tree can take one step down at the
same time; after as many steps as the deepest tree has levels all of them have arrived.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from reaper_automix.learning.stored_arrays import arrays_of

Floats = NDArray[np.float64]
Nodes = NDArray[np.intp]

_STEPS_AT_ONCE = 1 << 18
"""Rows times trees that go down together: few enough to stay in the processor's cache."""
_LEVELS_BETWEEN = 4
"""After how many levels those that have arrived are left out; doing it at every level costs more than it saves."""


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Regression trees with several outputs; the answer is the mean over the trees.

    Parameters
    ----------
    feature : ndarray of intp, shape (n_nodes,)
        Column that a node asks for; 0 at leaves.
    threshold : ndarray of float32, shape (n_nodes,)
        A row goes left where its value is at most this; infinite at leaves.
    children : ndarray of intp, shape (n_nodes, 2)
        Nodes below, left and right; a leaf is its own.
    value : ndarray of float, shape (n_nodes, n_outputs)
        Answers; only those of leaves are used.
    roots : ndarray of intp, shape (n_trees,)
        First node of each tree.
    depth : int
        Steps from a root to the farthest leaf.
    n_features : int
        Columns of a row.
    """

    feature: Nodes
    threshold: NDArray[np.float32]
    children: Nodes
    value: NDArray[np.floating[Any]]
    roots: Nodes
    depth: int
    n_features: int

    @property
    def n_outputs(self) -> int:
        """Answers per row."""
        return int(self.value.shape[1])

    @property
    def n_trees(self) -> int:
        """Trees."""
        return int(self.roots.shape[0])

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which nodes are leaves, shape (n_nodes,)."""
        return np.asarray(self.children[:, 0] == np.arange(self.feature.size))

    def predict(self, x: NDArray[np.floating[Any]]) -> Floats:
        """Answer rows.

        Rows are looked at as float32, as scikit-learn does. With the float64 values of ``from_sklearn`` the answers
        are those of ``RandomForestRegressor.predict`` with ``n_jobs=1`` bit by bit: thresholds are rounded so that no
        float32 changes its side, and the trees are added up in the same order.

        Parameters
        ----------
        x : ndarray of float, shape (n_rows, n_features)
            Finite.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_outputs)

        Raises
        ------
        ValueError
            If the shape does not fit, or a value is not finite.
        """
        rows = np.ascontiguousarray(x, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise ValueError(f"rows have shape {rows.shape}, expected (n, {self.n_features})")
        if not np.isfinite(rows).all():
            raise ValueError("rows hold numbers that are not finite")
        answers = np.empty((rows.shape[0], self.n_outputs))
        for part in self._parts(rows.shape[0]):
            answers[part] = self._mean_of(self._leaves(rows[part]))
        return answers

    def _parts(self, n_rows: int) -> Iterator[slice]:
        size = max(_STEPS_AT_ONCE // self.n_trees, 1)
        return (slice(start, start + size) for start in range(0, n_rows, size))

    def _leaves(self, rows: NDArray[np.float32]) -> Nodes:
        """Return the leaf of each row in each tree, shape (n_trees, n_rows)."""
        flat, below = rows.reshape(-1), self.children.reshape(-1)
        nodes = np.repeat(self.roots, rows.shape[0])
        begins = np.tile(np.arange(rows.shape[0]) * self.n_features, self.n_trees)
        arrived, places = np.empty_like(nodes), np.arange(nodes.size)
        for level in range(1, self.depth + 1):
            goes_right = flat.take(begins + self.feature.take(nodes)) > self.threshold.take(nodes)
            nodes = below.take(2 * nodes + goes_right)
            if level % _LEVELS_BETWEEN == 0:
                arrived[places] = nodes
                inside = np.flatnonzero(below.take(2 * nodes) != nodes)
                nodes, begins, places = nodes.take(inside), begins.take(inside), places.take(inside)
        arrived[places] = nodes
        return arrived.reshape(self.n_trees, rows.shape[0])

    def _mean_of(self, leaves: Nodes) -> Floats:
        own = self.value.take(leaves.reshape(-1), axis=0).reshape(self.n_trees, -1).astype(np.float64, copy=False)
        # One tree after the other, as scikit-learn adds them up. A single column numpy would add up in pairs.
        total = np.add.reduce(own, axis=0) if own.shape[1] > 1 else np.add.accumulate(own, axis=0)[-1]
        return np.asarray(total / self.n_trees).reshape(-1, self.n_outputs)

    def to_bytes(self, value_type: DTypeLike = np.float32) -> bytes:
        """Return the forest as a compressed ``.npz`` without pickle.

        Parameters
        ----------
        value_type : dtype, default float32
            Of the answers: float16 keeps three digits, float64 all.

        Raises
        ------
        ValueError
            If an answer is too great for that type.
        """
        with np.errstate(over="ignore"):
            value = np.where(self.is_leaf[:, None], self.value, 0.0).astype(value_type)
        if not np.isfinite(value).all():
            raise ValueError(f"{np.abs(self.value).max():g} does not fit into {np.dtype(value_type)}")
        own = np.arange(self.feature.size)
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            allow_pickle=False,
            feature=_narrow(self.feature),
            threshold=self.threshold,
            left=_narrow(self.children[:, 0] - own),  # how far down the row: small numbers, many alike
            right=_narrow(self.children[:, 1] - own),
            value=value,
            roots=self.roots.astype(np.int32),
            shape=np.asarray([self.depth, self.n_features], dtype=np.int32),
        )
        return buffer.getvalue()


def from_bytes(stored: bytes) -> Forest:
    """Read what ``Forest.to_bytes`` returned.

    Raises
    ------
    ValueError
        If it is no forest, or its nodes lead out of it.
    """
    try:
        arrays = arrays_of(stored)
        own = np.arange(arrays["feature"].size)
        depth, n_features = (int(n) for n in arrays["shape"])
        forest = Forest(
            feature=arrays["feature"].astype(np.intp),
            threshold=arrays["threshold"].astype(np.float32),
            children=np.column_stack([own + arrays["left"], own + arrays["right"]]),
            value=arrays["value"],
            roots=arrays["roots"].astype(np.intp),
            depth=depth,
            n_features=n_features,
        )
    except (ValueError, KeyError) as error:
        raise ValueError(f"no forest can be read ({error})") from None
    return checked(forest)


def from_sklearn(model: Any, *, columns: NDArray[np.intp] | None = None, n_features: int | None = None) -> Forest:
    """Return the trees of a fitted scikit-learn forest or tree ensemble of regressors.

    Parameters
    ----------
    model : sklearn.ensemble.RandomForestRegressor or ExtraTreesRegressor
        Fitted.
    columns : ndarray of int, optional
        Where the model's columns lie in the rows that the forest will see; as they are by default.
    n_features : int, optional
        Columns of those rows; needed with ``columns``.

    Returns
    -------
    Forest
        With values of float64, exact.
    """
    trees = [estimator.tree_ for estimator in model.estimators_]
    roots = np.cumsum([0, *(t.node_count for t in trees[:-1])])
    is_leaf = np.concatenate([t.children_left < 0 for t in trees])
    own = np.arange(is_leaf.size)
    left = np.concatenate([t.children_left + root for t, root in zip(trees, roots, strict=True)])
    right = np.concatenate([t.children_right + root for t, root in zip(trees, roots, strict=True)])
    feature = np.where(is_leaf, 0, np.concatenate([t.feature for t in trees]))
    threshold = _rounded_down(np.concatenate([t.threshold for t in trees]))
    placed = feature if columns is None else np.where(is_leaf, 0, np.asarray(columns)[feature])
    return Forest(
        feature=placed.astype(np.intp),
        threshold=np.where(is_leaf, np.float32(np.inf), threshold).astype(np.float32),
        children=np.column_stack([np.where(is_leaf, own, left), np.where(is_leaf, own, right)]),
        value=np.concatenate([t.value[:, :, 0] for t in trees]),
        roots=roots.astype(np.intp),
        depth=max((int(t.max_depth) for t in trees), default=0),
        n_features=int(model.n_features_in_ if n_features is None else n_features),
    )


def from_boosting(model: Any) -> Forest:
    """Return the trees of a fitted ``sklearn.ensemble.HistGradientBoostingRegressor`` of one output, no categories.

    Boosted trees are added up and not averaged: their leaves are multiplied by the number of trees, and each holds the
    constant that they begin with. The answers differ from scikit-learn's by rounding only.
    """
    trees = [stage[0].nodes for stage in model._predictors]
    roots = np.cumsum([0, *(t.size for t in trees[:-1])])
    nodes = np.concatenate(trees)
    base = np.repeat(roots, [t.size for t in trees])
    is_leaf, own = nodes["is_leaf"].astype(bool), np.arange(nodes.size)
    threshold = _rounded_down(nodes["num_threshold"].astype(np.float64))
    below = [np.where(is_leaf, own, nodes[side].astype(np.intp) + base) for side in ("left", "right")]
    answers = nodes["value"].astype(np.float64) * len(trees) + float(np.ravel(model._baseline_prediction)[0])
    return Forest(
        feature=np.where(is_leaf, 0, nodes["feature_idx"]).astype(np.intp),
        threshold=np.where(is_leaf, np.float32(np.inf), threshold).astype(np.float32),
        children=np.column_stack(below),
        value=answers[:, None],
        roots=roots.astype(np.intp),
        depth=int(nodes["depth"].max()),
        n_features=int(model.n_features_in_),
    )


def _rounded_down(threshold: Floats) -> NDArray[np.float32]:
    """Return the greatest float32 that is not above each threshold: every float32 stays on its side."""
    with np.errstate(over="ignore"):
        nearest = threshold.astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _narrow(values: Nodes) -> NDArray[np.signedinteger[Any]]:
    """Return whole numbers in 16 bits where all of them fit."""
    limits = np.iinfo(np.int16)
    fits = values.size == 0 or (int(values.min()) >= limits.min and int(values.max()) <= limits.max)
    return values.astype(np.int16 if fits else np.int32)


def checked(forest: Forest) -> Forest:
    """Return a forest whose arrays neither read outside themselves nor go round in circles.

    Raises
    ------
    ValueError
        If they do.
    """
    n_nodes = forest.feature.size
    lengths = {n_nodes, forest.threshold.size, len(forest.children), len(forest.value)}
    if lengths != {n_nodes} or forest.value.ndim != 2 or forest.roots.ndim != 1 or not forest.roots.size:
        raise ValueError("the arrays of the forest do not fit together")
    if (forest.children < np.arange(n_nodes)[:, None]).any() or (forest.children >= n_nodes).any():
        raise ValueError("a node of the forest leads out of it or back")
    if (forest.roots < 0).any() or (forest.roots >= n_nodes).any():
        raise ValueError("a tree of the forest begins outside of it")
    if (forest.feature < 0).any() or (forest.feature >= forest.n_features).any():
        raise ValueError(f"a node of the forest asks for a column outside of {forest.n_features}")
    if not np.isfinite(forest.value).all() or np.isnan(forest.threshold).any() or not 0 <= forest.depth <= n_nodes:
        raise ValueError("the forest holds numbers that are not finite")
    return forest
