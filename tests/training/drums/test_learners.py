from __future__ import annotations

import numpy as np
import pytest
from synthetic_drums import FEATURE_NAMES, drum_set

pytest.importorskip("sklearn")

from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.drums.dataset import EIGHT, DrumSession, Floats
from reaper_automix.training.drums.fixed_vector import (
    FixedVector,
    eight_of,
    fixed_targets,
    levels_from_fixed,
    slots_of,
)
from reaper_automix.training.drums.learners import (
    FixedForest,
    FixedLasso,
    FixedLearner,
    FixedSvr,
    enough_trees,
    inner_folds,
    oob_curve,
)
from reaper_automix.training.drums.per_microphone import (
    PerMicrophone,
    PerMicrophoneBoosting,
    kinds_of,
)
from reaper_automix.training.drums.splits import shuffled, without_some

SET = drum_set(performances=40, extra=False, missing=False)
TRAIN, TEST = SET.sessions[:60], SET.sessions[60:]
MIXED = drum_set(performances=10)


def levels(sessions: tuple[DrumSession, ...]) -> list[Floats]:
    return [s.gains_db["ann"] for s in sessions]


def error_db(said: list[Floats], sessions: tuple[DrumSession, ...]) -> float:
    return float(np.mean([np.abs(a - b).mean() for a, b in zip(said, levels(sessions), strict=True)]))


def usual_error_db() -> float:
    mean = np.mean(levels(TRAIN), axis=0)
    return error_db([mean] * len(TEST), TEST)


@pytest.mark.parametrize(
    "learner",
    [FixedForest(n_trees=100, share=1 / 3), FixedForest(n_trees=60, n_kept=20, in_db=True), FixedLasso(), FixedSvr()],
)
def test_learners_of_the_fixed_vector_beat_a_constant(learner: FixedLearner) -> None:
    said = learner.fit(TRAIN, levels(TRAIN)).predict(TEST)

    assert error_db(said, TEST) < 0.97 * usual_error_db()
    for own, session in zip(said, TEST, strict=True):
        assert own.shape == (len(session.microphones),)
        assert np.sum(10.0 ** (own / 10.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", [PerMicrophone, PerMicrophoneBoosting])
def test_a_model_per_microphone_learns_what_all_microphones_share(kind: type[PerMicrophone]) -> None:
    said = kind(FEATURE_NAMES, n_trees=60).fit(TRAIN, levels(TRAIN)).predict(TEST)

    assert error_db(said, TEST) < 0.5 * usual_error_db()


def test_a_model_per_microphone_takes_any_number_in_any_order() -> None:
    learner = PerMicrophone(FEATURE_NAMES, n_trees=20).fit(MIXED.sessions, levels(MIXED.sessions))
    session = MIXED.sessions[0]
    order = np.random.default_rng(1).permutation(len(session.microphones)).tolist()

    whole, moved = learner.predict([session, session.with_microphones(order)])
    (one,) = learner.predict([session.with_microphones([3])])

    np.testing.assert_allclose(moved, whole[order], atol=1e-6)
    assert one == pytest.approx([0.0])


@pytest.mark.parametrize("kind", [PerMicrophone, PerMicrophoneBoosting])
def test_what_ships_says_what_was_learned(kind: type[PerMicrophone]) -> None:
    learner = kind(FEATURE_NAMES, n_trees=20).fit(MIXED.sessions, levels(MIXED.sessions))
    shipped = learner.shipped()

    for session, said in zip(MIXED.sessions, learner.predict(MIXED.sessions), strict=True):
        np.testing.assert_allclose(
            shipped.predict(session.features, session.strokes, session.microphones), said, atol=1e-9
        )


def test_kinds_do_not_mistake_few_microphones_for_loud_ones() -> None:
    drums = drum_set(performances=30, noise_db=0.0, missing=False)
    few = [s.with_microphones([0, 1, 6]) for s in drums.sessions[:30]]
    sessions = [*few, *drums.sessions[30:]]
    kinds = kinds_of(sessions, [s.meant_db["ann"] for s in sessions])

    assert kinds["snare_top"] - kinds["overhead_left"] == pytest.approx(3.0, abs=1.0)
    assert kinds["hihat"] - kinds["snare_top"] == pytest.approx(-13.0, abs=1.5)
    assert {"kick", "toms", "room", "tom_2"} <= set(kinds)


def test_slots_find_the_first_of_each_kind() -> None:
    session = MIXED.sessions[0].with_microphones([8, 0, 1, 11])  # two kick drums, the snare, a room

    assert slots_of(session) == [0, 2, None, None, None, None, None, None]
    assert slots_of(session, by_place=True) == [0, 1, 2, 3, None, None, None, None]
    assert eight_of(session).microphones == (DrumMic.KICK_IN, DrumMic.SNARE_TOP)


def test_vectors_are_normalised_and_padded_with_zeros() -> None:
    vector = FixedVector().fit(TRAIN)
    x = vector.transform(TRAIN)
    lone = vector.transform([TRAIN[0].with_microphones([1])])

    assert x.shape == (60, 8 * (len(FEATURE_NAMES) - 1))  # one feature is constant
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1.0, atol=1e-4)
    assert np.flatnonzero(lone[0]).tolist() == list(range(6, 12))


def test_targets_are_balances_of_the_eight_and_the_mean_where_one_is_missing() -> None:
    drums = drum_set(performances=3, missing=False)
    sessions = [drums.sessions[0], drums.sessions[2].with_microphones([0, 1])]
    gains = fixed_targets(sessions, [s.gains_db["ann"] for s in sessions], in_db=False)

    np.testing.assert_allclose(np.square(gains[0]).sum(), 1.0)
    np.testing.assert_allclose(np.square(gains[1, :2]).sum(), 1.0)
    np.testing.assert_allclose(gains[1, 2:], gains[0, 2:])
    np.testing.assert_allclose(
        levels_from_fixed(eight_of(sessions[0]), gains[0], in_db=False)[0], 20 * np.log10(gains[0, 0])
    )


def test_microphones_beyond_the_eight_are_left_alone() -> None:
    session = drum_set(performances=1).sessions[0]
    said = levels_from_fixed(session, np.asarray([-3.0, -4, -20, -9, -9, -9, -7, -7]), in_db=True)

    assert len(said) == 12
    assert said[11] - said[6] == pytest.approx(np.median([-3.0, -4, -20, -9, -9, -9, -7, -7]) + 7.0)


def test_gains_below_zero_are_very_quiet() -> None:
    said = levels_from_fixed(TEST[0], np.asarray([1.0, -0.2, 0, 1, 1, 1, 1, 1]), in_db=False)

    assert np.isfinite(said).all()
    assert said[1] == pytest.approx(said[0] - 60.0)


def test_shuffled_microphones_are_unknown_to_the_fixed_vector_and_no_matter_per_microphone() -> None:
    rng = np.random.default_rng(3)
    moved = tuple(shuffled(s, rng) for s in TEST)
    forest = FixedForest(n_trees=30).fit(TRAIN, levels(TRAIN))
    own = PerMicrophone(FEATURE_NAMES, n_trees=30).fit(TRAIN, levels(TRAIN))

    assert error_db(forest.predict(moved, by_place=True), moved) > 1.2 * error_db(forest.predict(TEST), TEST)
    assert error_db(own.predict(moved), moved) == pytest.approx(error_db(own.predict(TEST), TEST))


def test_missing_microphones_leave_balances_of_the_others() -> None:
    left = without_some(TEST[0], np.random.default_rng(0))
    (said,) = FixedForest(n_trees=10).fit(TRAIN, levels(TRAIN)).predict([left])

    assert 3 <= len(left.microphones) < len(EIGHT)
    assert np.sum(10.0 ** (said / 10.0)) == pytest.approx(1.0)


def test_the_out_of_bag_error_falls_with_the_number_of_trees() -> None:
    curve = oob_curve(TRAIN, levels(TRAIN), numbers=(10, 50, 200), share=1 / 3)

    assert [number for number, _ in curve] == [10, 50, 200]
    assert curve[2][1] < curve[0][1]


def test_enough_trees_is_where_the_curve_stays_near_its_end() -> None:
    assert enough_trees([(10, 0.5), (100, 0.302), (300, 0.31), (600, 0.303), (1000, 0.3)]) == 600
    assert enough_trees([(10, 0.3), (100, 0.3)]) == 10


def test_inner_folds_keep_performances_together() -> None:
    groups = np.repeat(np.arange(6), 4)

    for learned, judged in inner_folds(groups):
        assert not set(groups[learned]) & set(groups[judged])
    with pytest.raises(ValueError, match="two performances"):
        inner_folds(np.zeros(4, dtype=int))
