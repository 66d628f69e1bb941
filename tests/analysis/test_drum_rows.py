from __future__ import annotations

import warnings

import numpy as np
import pytest
from synthetic_drums import FEATURE_NAMES

from reaper_automix.analysis.drum_rows import GROUPS, group_of, microphone_rows, row_names, summed_up
from reaper_automix.analysis.drum_strokes import STROKE_FEATURES
from reaper_automix.role_vocabulary import DrumMic

KIT = (DrumMic.KICK_IN, DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.TOM_1, DrumMic.TOM_FLOOR, DrumMic.OVERHEAD_LEFT)


def features(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, len(FEATURE_NAMES))).astype(np.float32)


def strokes(n: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, len(STROKE_FEATURES))).astype(np.float32)


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, row_names(FEATURE_NAMES).index(name)]


def test_every_microphone_belongs_to_a_group() -> None:
    assert {group_of(mic) for mic in DrumMic} == set(GROUPS)
    assert group_of(DrumMic.RIDE) == "hihat"
    assert group_of(DrumMic.TOM_FLOOR) == "toms"


def test_columns_have_names_of_their_own() -> None:
    rows = microphone_rows(features(6), strokes(6), KIT, FEATURE_NAMES)

    assert rows.shape == (6, len(row_names(FEATURE_NAMES)))
    assert len(set(row_names(FEATURE_NAMES))) == rows.shape[1]
    assert [FEATURE_NAMES[i] for i in summed_up(FEATURE_NAMES)] == [
        "level_db.mean",
        "tone_db.mean",
        "hits_per_s",
        "none",
    ]


def test_the_order_of_the_microphones_does_not_count() -> None:
    own, order = features(6), np.asarray([4, 2, 5, 0, 3, 1])

    shuffled = microphone_rows(own[order], strokes(6)[order], [KIT[i] for i in order], FEATURE_NAMES)

    np.testing.assert_allclose(
        shuffled, microphone_rows(own, strokes(6), KIT, FEATURE_NAMES)[order], rtol=1e-5, atol=1e-6
    )


def test_rows_tell_of_the_others_only() -> None:
    own = features(6)
    rows = microphone_rows(own, strokes(6), KIT, FEATURE_NAMES)

    assert column(rows, "others of kick").tolist() == [1, 1, 2, 2, 2, 2]
    np.testing.assert_allclose(column(rows, "tone_db.mean mean of kick")[0], own[1, 2])
    np.testing.assert_allclose(column(rows, "tone_db.mean mean of toms")[2], own[3:5, 2].mean(), rtol=1e-6)
    np.testing.assert_allclose(column(rows, "tone_db.mean most of toms")[2], own[3:5, 2].max())
    np.testing.assert_allclose(
        column(rows, "level_db.mean above the others")[5], own[5, 0] - own[:5, 0].mean(), rtol=1e-5
    )
    assert np.isnan(column(rows, "tone_db.mean mean of snare")[2])
    assert np.isnan(column(rows, "tone_db.mean most of room")).all()


def test_rows_say_what_each_microphone_is() -> None:
    rows = microphone_rows(features(6), strokes(6), KIT, FEATURE_NAMES)

    assert column(rows, "is kick_in").tolist() == [1, 1, 0, 0, 0, 0]
    assert column(rows, "is of toms").tolist() == [0, 0, 0, 1, 1, 0]
    assert column(rows, "tom place").tolist() == [0, 0, 0, 1, 3, 0]
    assert column(rows, "microphones").tolist() == [6] * 6


@pytest.mark.parametrize("kit", [(), (DrumMic.ROOM,)])
def test_few_microphones_make_no_noise(kit: tuple[DrumMic, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = microphone_rows(features(len(kit)), strokes(len(kit)), kit, FEATURE_NAMES)

    assert rows.shape == (len(kit), len(row_names(FEATURE_NAMES)))


def test_features_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(6, 7\)"):
        microphone_rows(features(5), strokes(5), KIT, FEATURE_NAMES)
