"""The flattened forest: how long it takes to load and to answer, beside scikit-learn, and how far the answers differ.

Both answer the same rows with the same trees of 8 outputs, grown on 168 made-up recordings of many features, a square
root of which is tried per node (the size of the published drum mixer's task). Loading is from bytes, as from a model
that ships; scikit-learn's own way is joblib, a pickle that we never open elsewhere: here it is one that was just made.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import is_there
from benchmarks.rows import Row
from benchmarks.size import Size
from benchmarks.timing import race
from reaper_automix.learning.forest import Forest, from_bytes, from_sklearn

SUITE = "forest"
RECORDINGS, OUTPUTS, TREES, FEATURES = 168, 8, 600, 10_000
GOAL_RATIO = 100.0
"""For one row, over scikit-learn."""
N_ROWS = (1, 13, 100)

Rows = NDArray[np.float32]


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    n_trees, n_features = size.count(TREES, 20), size.count(FEATURES, 100)
    if missing := is_there("scikit-learn"):
        yield Row(SUITE, f"{n_trees} trees, load and predict", skipped=missing)
        return
    model, asked = _grown(n_trees, n_features)
    forest = from_sklearn(model)
    said = f"{n_trees} trees, {forest.feature.size:,} nodes"
    yield _loading(said, model, forest, size)
    for n in N_ROWS:
        found = race(
            {"ours": lambda n=n: forest.predict(asked[:n]), "scikit-learn": lambda n=n: model.predict(asked[:n])},
            size.rounds,
        )
        ratio = found.ratio("scikit-learn")
        off = np.abs(forest.predict(asked[:n]) - model.predict(asked[:n])).max()
        yield Row(
            SUITE,
            f"{said}: predict {n} row{'s' if n > 1 else ''}",
            (found.figure("ours"), found.figure("scikit-learn")),
            ratio,
            goal=f"{GOAL_RATIO:g} x" if n == 1 else "",
            met=ratio.median >= GOAL_RATIO if n == 1 else None,
            note="answers bit-equal" if off == 0.0 else f"greatest difference {off:.0e}",
        )


def _loading(said: str, model: Any, forest: Forest, size: Size) -> Row:
    import joblib

    ours, theirs = forest.to_bytes(np.float64), io.BytesIO()
    joblib.dump(model, theirs)

    def load_theirs() -> object:
        theirs.seek(0)
        return joblib.load(theirs)

    found = race({"ours": lambda: from_bytes(ours), "joblib": load_theirs}, size.rounds)
    sizes = f"{len(ours) / 1e6:.2f} MB beside {len(theirs.getvalue()) / 1e6:.2f} MB"
    return Row(
        SUITE, f"{said}: load", (found.figure("ours"), found.figure("joblib")), found.ratio("joblib"), note=sizes
    )


def _grown(n_trees: int, n_features: int) -> tuple[Any, Rows]:
    from sklearn.ensemble import RandomForestRegressor

    rng = np.random.default_rng(0)
    x = rng.normal(size=(RECORDINGS, n_features)).astype(np.float32)
    y = x[:, :OUTPUTS] + 0.3 * rng.normal(size=(RECORDINGS, OUTPUTS))
    model = RandomForestRegressor(n_trees, max_features="sqrt", random_state=0, n_jobs=1).fit(x, y)
    return model, rng.normal(size=(max(N_ROWS), n_features)).astype(np.float32)
