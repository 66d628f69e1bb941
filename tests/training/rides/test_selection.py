"""Forward selection finds what tells something, and a nested one never looks at what it is judged on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ridden_songs import telling_songs

from reaper_automix.analysis.features import FEATURES
from reaper_automix.training.rides import selection
from reaper_automix.training.rides.published import Case, Recipe, folds_by_author, folds_by_song, one_versus_all
from reaper_automix.training.rides.selection import Selection, merged, ova_errors, predict_nested, select_forward

RECIPE = Recipe(r_scale=1.0)


def cases_of(n_songs: int = 6, feature: str = "flux", authors: str = "") -> list[Case]:
    return one_versus_all(telling_songs(n_songs, feature, authors), "bass", RECIPE)


def test_the_planted_feature_comes_first() -> None:
    planted = "mfcc"
    cases = cases_of(4, feature=planted)
    folds = folds_by_song(cases)
    found = select_forward(cases, folds, RECIPE)
    assert found.features[0] == found.alone[0][0] == planted
    assert sorted(found.features) == sorted(FEATURES)
    assert sorted(name for name, _ in found.alone) == sorted(FEATURES)
    assert len(found.errors) == len(FEATURES) == 10
    errors = [error for _, error in found.alone]
    assert errors == sorted(errors)
    assert errors[0] < 0.2 * errors[1]
    assert found.errors[0] == found.alone[0][1] == pytest.approx(ova_errors(cases, folds, [planted], RECIPE).mean())
    assert found.errors[-1] == pytest.approx(ova_errors(cases, folds, found.features, RECIPE).mean())


def test_the_best_features_are_those_up_to_the_least_error() -> None:
    assert Selection((), ("a", "b", "c"), (0.3, 0.1, 0.2)).best == ("a", "b")
    assert Selection((), ("a", "b"), (0.1, 0.1)).best == ("a",)


def test_each_feature_is_chosen_beside_those_that_are_in_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an error of our own: flux and mfcc help only together, so the best pair is not the two best alone."""
    alone = {name: 1.0 + 0.01 * rank for rank, name in enumerate(FEATURES)} | {"rms": 0.9, "flux": 0.95, "mfcc": 2.0}

    def error(_: object, __: object, features: tuple[str, ...], ___: object) -> float:
        return 0.1 if {"rms", "mfcc"} <= set(features) else min(alone[name] for name in features)

    monkeypatch.setattr(selection, "_error", error)
    found = select_forward([], [], RECIPE)
    assert found.best == ("rms", "mfcc")
    assert found.alone[:2] == (("rms", 0.9), ("flux", 0.95))


@pytest.mark.parametrize("by_author", [False, True])
def test_a_nested_selection_never_sees_the_fold(by_author: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The labels of the fold are poisoned with numbers that would break any fit that looked at them."""
    monkeypatch.setattr(selection, "FEATURES", ("rms", "flux", "centroid", "slope"))
    cases = cases_of(7, authors="abcd")
    fold = folds_by_author(cases)[1]
    features, predicted = predict_nested(cases, fold, RECIPE, by_author=by_author)
    assert features[0] == "flux"
    poisoned = list(cases)
    for index in fold:
        case = cases[index]
        unreal = replace(case.statistics, **{name: getattr(case.statistics, name) * 1e3 for name in LABEL_SUMS})
        tracks = tuple(replace(track, gain_db=np.full(track.gain_db.size, np.nan)) for track in case.tracks)
        poisoned[index] = replace(case, states=np.full_like(case.states, np.nan), tracks=tracks, statistics=unreal)
    again, repeated = predict_nested(poisoned, fold, RECIPE, by_author=by_author)
    assert again == features
    assert len(repeated) == fold.size
    for one, two in zip(predicted, repeated, strict=True):
        assert two == pytest.approx(one, rel=1e-6)


LABEL_SUMS = ("state_sum", "state_products", "observation_state", "previous_products", "following_previous")


def test_inside_a_nested_selection_authors_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = cases_of(8, authors="abcd")
    seen: list[tuple[set[str], list[set[str]]]] = []

    def select(learned: list[Case], folds: list[np.ndarray], _: Recipe) -> Selection:
        seen.append(({c.author for c in learned}, [{learned[i].author for i in fold} for fold in folds]))
        return Selection((), ("flux",), (0.0,))

    monkeypatch.setattr(selection, "select_forward", select)
    predict_nested(cases, folds_by_author(cases)[0], RECIPE, by_author=True)
    ((authors, folds),) = seen
    assert authors == {"b", "c", "d"}
    assert sorted(folds, key=min) == [{"b"}, {"c"}, {"d"}]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=20), st.integers(1, 8))
def test_joined_folds_hold_every_case_once(sizes: list[int], most: int) -> None:
    ends = np.cumsum(sizes)
    folds = [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    joined = merged(folds, most)
    assert len(joined) == min(most, len(folds))
    assert sorted(index for fold in joined for index in fold) == list(range(ends[-1]))
    assert max(fold.size for fold in joined) - min(fold.size for fold in joined) <= max(sizes)
    for fold in folds:
        assert sum(np.isin(fold, each).all() for each in joined) == 1, "a fold is never torn apart"
