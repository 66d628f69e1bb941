from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.learning.forest import Forest, from_boosting, from_bytes, from_sklearn

ensemble = pytest.importorskip("sklearn.ensemble")
Rows = NDArray[np.float64]


def grown(kind: str = "RandomForestRegressor", n_outputs: int = 3, **options: object) -> tuple[object, Forest, Rows]:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(120, 40))
    y = x[:, :n_outputs] ** 2 + x[:, 5:6] + 0.1 * rng.normal(size=(120, n_outputs))
    model = getattr(ensemble, kind)(30, max_features="sqrt", random_state=1, **options)
    model.fit(x, y if n_outputs > 1 else y[:, 0])
    return model, from_sklearn(model), rng.normal(size=(64, 40))


@pytest.mark.parametrize("kind", ["RandomForestRegressor", "ExtraTreesRegressor"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_answers_are_those_of_scikit_learn_bit_by_bit(kind: str, n_outputs: int) -> None:
    model, forest, x = grown(kind, n_outputs)

    assert np.array_equal(forest.predict(x), model.predict(x).reshape(64, n_outputs))
    assert np.array_equal(forest.predict(x[:1]), model.predict(x[:1]).reshape(1, n_outputs))


def test_rows_on_a_threshold_and_on_the_float32_beside_it_go_the_same_way() -> None:
    model, forest, _ = grown()
    inner = ~forest.is_leaf
    rows = np.zeros((int(inner.sum()), 40), dtype=np.float32)
    on_it = rows.copy()
    on_it[np.arange(len(rows)), forest.feature[inner]] = forest.threshold[inner]
    above = rows.copy()
    above[np.arange(len(rows)), forest.feature[inner]] = np.nextafter(forest.threshold[inner], np.float32(np.inf))

    for x in (on_it, above):
        assert np.array_equal(forest.predict(x), model.predict(x))


def test_many_rows_are_answered_in_parts_as_if_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _, forest, x = grown()
    whole = forest.predict(x)
    monkeypatch.setattr("reaper_automix.learning.forest._STEPS_AT_ONCE", 100)

    assert np.array_equal(forest.predict(x), whole)
    assert forest.predict(x[:0]).shape == (0, 3)


@pytest.mark.parametrize(("value_type", "tolerance"), [(np.float64, 0.0), (np.float32, 1e-6), (np.float16, 2e-3)])
def test_bytes_bring_the_forest_back(value_type: type, tolerance: float) -> None:
    _, forest, x = grown(min_samples_leaf=3)
    again = from_bytes(forest.to_bytes(value_type))

    assert np.abs(again.predict(x) - forest.predict(x)).max() <= tolerance
    assert (again.n_trees, again.n_outputs, again.depth) == (30, 3, forest.depth)


def test_narrow_numbers_make_a_small_file() -> None:
    _, forest, _ = grown()
    n_nodes = forest.feature.size

    assert len(forest.to_bytes(np.float16)) < 14 * n_nodes
    assert len(forest.to_bytes(np.float16)) < len(forest.to_bytes(np.float64))


def test_a_forest_of_some_columns_reads_whole_rows() -> None:
    model, _, x = grown()
    columns = np.arange(40)[::-1] * 2
    wide = np.full((64, 80), 1e9)
    wide[:, columns] = x

    assert np.array_equal(from_sklearn(model, columns=columns, n_features=80).predict(wide), model.predict(x))


def test_boosted_trees_answer_as_scikit_learn_does_up_to_rounding() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 20)).astype(np.float32)
    model = ensemble.HistGradientBoostingRegressor(max_iter=40, max_bins=63, max_leaf_nodes=9, random_state=0)
    model.fit(x, 5.0 + x[:, 0] * x[:, 1])
    forest = from_boosting(model)

    assert np.abs(forest.predict(x)[:, 0] - model.predict(x)).max() < 1e-9
    assert np.abs(from_bytes(forest.to_bytes(np.float16)).predict(x)[:, 0] - model.predict(x)).max() < 5e-3
    assert forest.n_trees == 40


def test_a_tree_that_never_splits_is_a_constant() -> None:
    model = ensemble.RandomForestRegressor(3, random_state=0, bootstrap=False).fit(np.zeros((4, 2)), np.full(4, 2.5))

    assert np.array_equal(from_sklearn(model).predict(np.ones((2, 2))), np.full((2, 1), 2.5))


def test_wrong_rows_are_refused() -> None:
    _, forest, x = grown()

    with pytest.raises(ValueError, match=r"expected \(n, 40\)"):
        forest.predict(x[:, :39])
    x[3, 3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        forest.predict(x)


def test_values_that_do_not_fit_are_refused() -> None:
    model = ensemble.RandomForestRegressor(2, random_state=0).fit(np.arange(8.0)[:, None], np.full(8, 1e6))

    with pytest.raises(ValueError, match="does not fit into float16"):
        from_sklearn(model).to_bytes(np.float16)


def damaged(**changed: NDArray[np.generic]) -> bytes:
    stored = grown()[1].to_bytes()
    with np.load(io.BytesIO(stored), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files} | changed
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: array for name, array in arrays.items() if array.ndim})
    return buffer.getvalue()


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"PK nothing",
        damaged(shape=np.asarray([4, 3], dtype=np.int32)),
        damaged(roots=np.asarray([10**6], dtype=np.int32)),
        damaged(left=np.zeros(5, dtype=np.int16)),
        damaged(value=np.asarray(0.0)),
        damaged(right=np.full(grown()[1].feature.size, -1, dtype=np.int16)),
        damaged(value=np.full((grown()[1].feature.size, 1), np.nan)),
    ],
)
def test_damaged_files_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="forest"):
        from_bytes(stored)
