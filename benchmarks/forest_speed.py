"""How long the flattened forest takes to load and to answer, beside scikit-learn, and how far the answers lie apart.

Both answer the same rows with the same 600 trees of 8 outputs, grown on 168 made-up recordings of many features, a
square root of which is tried per node (the size of the published drum mixer's task). One thread: CPU time of this
process, the best of several runs. scikit-learn with ``n_jobs=1``; it has no load time of its own here, since nothing
is ever unpickled. Parity is the greatest difference of any answer: nothing at all with values as grown.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from reaper_automix.learning.forest import Forest, from_bytes, from_sklearn

RECORDINGS, OUTPUTS, TREES = 168, 8, 600
TARGET_RATIO = 100.0
"""For one row, over scikit-learn."""
N_ROWS = (1, 13, 100)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20, help="runs of each; the best counts (default: 20)")
    parser.add_argument("--features", type=int, default=10_000, help="columns (default: 10000)")
    asked = parser.parse_args()
    model, rows = _grown(asked.features)
    forest = from_sklearn(model)
    stored = {name: forest.to_bytes(kind) for name, kind in (("float64", np.float64), ("float16", np.float16))}
    print(f"{forest.n_trees} trees, {forest.feature.size} nodes, {asked.features} features, {forest.depth} levels")
    for name, data in stored.items():
        off = np.abs(from_bytes(data).predict(rows) - model.predict(rows)).max()
        load_s = _best_s(lambda data=data: from_bytes(data), asked.repeats)
        print(f"  {name}: {len(data) / 1e6:.2f} MB, load {1e3 * load_s:.1f} ms, greatest difference {off:.1e}")
    ratio = _compare(model, forest, rows, asked.repeats)
    print(f"one row: {ratio:.0f} x (goal {TARGET_RATIO:.0f} x)")
    return 0 if ratio >= TARGET_RATIO else 1


def _grown(n_features: int) -> tuple[RandomForestRegressor, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(RECORDINGS, n_features)).astype(np.float32)
    y = x[:, :OUTPUTS] + 0.3 * rng.normal(size=(RECORDINGS, OUTPUTS))
    model = RandomForestRegressor(TREES, max_features="sqrt", random_state=0, n_jobs=1).fit(x, y)
    return model, rng.normal(size=(max(N_ROWS), n_features)).astype(np.float32)


def _compare(model: RandomForestRegressor, forest: Forest, rows: np.ndarray, repeats: int) -> float:
    print(f"{'rows':>6}{'scikit-learn ms':>18}{'ours ms':>10}{'ratio':>8}")
    ratios = []
    for n in N_ROWS:
        theirs = _best_s(lambda n=n: model.predict(rows[:n]), repeats)
        ours = _best_s(lambda n=n: forest.predict(rows[:n]), repeats)
        ratios.append(theirs / ours)
        print(f"{n:>6}{1e3 * theirs:>18.2f}{1e3 * ours:>10.3f}{ratios[-1]:>8.0f}")
    return ratios[0]


def _best_s(call: Callable[[], object], repeats: int) -> float:
    """Return the least processor time of a call; several calls in a row where one is too short for the clock."""
    times = []
    for _ in range(repeats):
        began, calls = time.process_time(), 0
        while calls == 0 or time.process_time() - began < 0.005:
            call()
            calls += 1
        times.append((time.process_time() - began) / calls)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
