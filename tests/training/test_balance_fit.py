"""Fitting the learned balance: it finds rules that are there, agrees with scikit-learn, and keeps tested songs out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from training_songs import by_role, by_sound, song, songs

pytest.importorskip("sklearn", reason="needs the extra 'train'")

from sklearn.linear_model import Ridge

from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import FEATURES
from reaper_automix.training import balance_fit
from reaper_automix.training.balance_fit import (
    GRID,
    LABEL_LIMIT_DB,
    ForestBalance,
    LearnedBalance,
    Shrinkage,
    choose_shrinkage,
    features_of,
    fit_model,
)
from reaper_automix.training.evaluation import Example, HeardSong, evaluate
from reaper_automix.training.evaluation.baselines import BASELINES
from reaper_automix.training.evaluation.songs import shown

WEAK = Shrinkage(features=0.01, roles=0.01)


def examples_of(heard: Sequence[HeardSong]) -> list[Example]:
    return [shown(each, np.random.default_rng(1)) for each in heard]


def test_role_effects_are_found() -> None:
    model = fit_model(examples_of(songs(20)), WEAK)
    assert model.role_db(Role.KICK) - model.role_db(Role.FX) == pytest.approx(10.0, abs=0.5)
    assert model.role_db(Role.SNARE) == 0.0


def test_a_rule_of_sounds_is_found_on_unseen_songs() -> None:
    evaluation = evaluate(songs(16, rule=by_sound), (*BASELINES, LearnedBalance()), np.random.default_rng(0))
    split = evaluation.split("leave_one_author_out", "c", "c")
    assert split.result("learned").mean_error_db.value < 0.5 * split.result("role mean").mean_error_db.value
    assert split.difference("learned", "role mean").mean_error_db.excludes_zero


def test_strong_shrinkage_leaves_equal_loudness() -> None:
    examples = examples_of(songs(6))
    model = fit_model(examples, Shrinkage(1e9, 1e9))
    roles = [track.role for track in examples[0].song.tracks]
    assert model.levels_db(features_of(examples[0].song), roles) == pytest.approx(np.zeros(len(roles)), abs=1e-4)


def test_predictions_are_those_of_scikit_learn() -> None:
    """The shipped arithmetic, against the estimator that was fitted on the same columns."""
    examples = examples_of(songs(8, rule=lambda role, number: by_role(role, number) + by_sound(role, number)))
    shrinkage = Shrinkage(20.0, 3.0)
    model = fit_model(examples, shrinkage)

    def table(example: Example) -> np.ndarray:
        spreads = (features_of(example.song) - model.centres) / model.scales
        hot = np.array([[float(t.role is role) for role in Role] for t in example.song.tracks])
        return np.hstack([np.clip(spreads, -model.widest, model.widest) / 20.0**0.5, hot / 3.0**0.5])

    labels = np.clip(np.concatenate([e.levels_db for e in examples]), -LABEL_LIMIT_DB, LABEL_LIMIT_DB)
    ridge = Ridge(alpha=1.0).fit(np.vstack([table(e) for e in examples]), labels)
    for example in examples_of([song("new")]):
        roles = [track.role for track in example.song.tracks]
        mine = model.levels_db(features_of(example.song), roles)
        assert mine == pytest.approx(ridge.predict(table(example)) - ridge.intercept_, abs=1e-9)


def test_features_do_not_depend_on_the_level_shown() -> None:
    heard = song("x")
    one, other = (shown(heard, np.random.default_rng(seed)).song for seed in (1, 2))
    np.testing.assert_allclose(features_of(one), features_of(other), atol=1e-6)
    assert features_of(one).shape[1] == len(FEATURES)


def test_the_strength_is_chosen_without_the_tested_author(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def watched(examples: Sequence[Example]) -> Shrinkage:
        seen.append({example.author for example in examples})
        return GRID[0]

    monkeypatch.setattr(balance_fit, "choose_shrinkage", watched)
    evaluation = evaluate(songs(6, authors="abc"), (*BASELINES, LearnedBalance()), np.random.default_rng(0))
    assert evaluation.split("leave_one_author_out", "c", "c").n_authors == 3
    assert {frozenset(authors) for authors in seen[6:]} == {frozenset(pair) for pair in ("bc", "ac", "ab")}


def test_a_rule_is_believed_more_than_chance() -> None:
    rng = np.random.default_rng(0)
    chance = {(number, role): float(rng.normal(0.0, 4.0)) for number in range(5) for role in (*Role, None)}
    ruled = choose_shrinkage(examples_of(songs(10, rule=by_sound)))
    noisy = choose_shrinkage(examples_of(songs(10, rule=lambda role, number: chance[number, role])))
    assert ruled.features <= noisy.features
    assert ruled.features == min(choice.features for choice in GRID)


def test_one_song_is_learned_from_with_the_strongest_pull() -> None:
    assert choose_shrinkage(examples_of([song("x")])) == GRID[0]


def test_the_forest_answers_as_well() -> None:
    evaluation = evaluate(songs(8), (*BASELINES, ForestBalance()), np.random.default_rng(0))
    split = evaluation.split("leave_one_author_out", "c", "c")
    assert split.result("forest").mean_error_db.value < split.result("equal loudness").mean_error_db.value


@pytest.mark.parametrize("predictor", [LearnedBalance(), ForestBalance()])
def test_an_unfitted_one_says_so(predictor: LearnedBalance | ForestBalance) -> None:
    with pytest.raises(ValueError, match="fit"):
        predictor.predict_gains_db(examples_of([song("x")])[0].song)
