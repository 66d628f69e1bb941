"""How far predicted levels are from the human's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from training_songs import song

from reaper_automix.analysis.roles import Role
from reaper_automix.training.evaluation.scores import score, vocal_over_rest_lu
from reaper_automix.training.evaluation.songs import Example, shown


@pytest.fixture
def example() -> Example:
    return shown(song("x"), np.random.default_rng(5))


def test_the_human_makes_no_error(example: Example) -> None:
    perfect = score(example, example.gains_db)
    assert perfect.errors_db == pytest.approx([0.0] * len(example.gains_db))
    assert perfect.weighted_rmse_db == pytest.approx(0.0)
    assert perfect.rank_correlation == pytest.approx(1.0)
    assert perfect.vocal_error_lu == pytest.approx(0.0)


@pytest.mark.parametrize("offset_db", [-20.0, 7.0])
def test_what_all_tracks_share_does_not_count(example: Example, offset_db: float) -> None:
    rng = np.random.default_rng(1)
    predicted = example.gains_db + rng.normal(0.0, 3.0, example.gains_db.size)
    one, other = score(example, predicted), score(example, predicted + offset_db)
    assert other.errors_db == pytest.approx(one.errors_db)
    assert other.vocal_error_lu == pytest.approx(one.vocal_error_lu)


def test_one_track_that_is_off_is_the_only_error(example: Example) -> None:
    predicted = example.gains_db.copy()
    predicted[0] += 4.0
    assert score(example, predicted).errors_db == pytest.approx([4.0, 0.0, 0.0, 0.0, 0.0, 0.0])


def test_loud_tracks_weigh_more(example: Example) -> None:
    loudest, softest = int(np.argmax(example.levels_db)), int(np.argmin(example.levels_db))
    rmse = []
    for track in (loudest, softest):
        predicted = example.gains_db.copy()
        predicted[track] += 4.0
        rmse.append(score(example, predicted).weighted_rmse_db)
    assert rmse[0] > 2.0 * rmse[1]


def test_the_rank_correlation_is_that_of_the_levels(example: Example) -> None:
    upside_down = -2.0 * example.song.loudness_lufs - example.gains_db
    assert score(example, upside_down).rank_correlation == pytest.approx(-1.0)
    assert score(example, -example.song.loudness_lufs).rank_correlation is None


def test_a_louder_vocal_stands_further_over_the_rest(example: Example) -> None:
    vocal = [track.role for track in example.song.tracks].index(Role.LEAD_VOCAL)
    predicted = example.gains_db.copy()
    predicted[vocal] += 3.0
    assert score(example, predicted).vocal_error_lu == pytest.approx(3.0, abs=0.01)


def test_without_a_vocal_there_is_nothing_to_compare(example: Example) -> None:
    tracks = tuple(replace(track, role=Role.SYNTH) for track in example.song.tracks)
    assert vocal_over_rest_lu(replace(example.song, tracks=tracks), example.gains_db) is None


@pytest.mark.parametrize("predicted", [np.zeros(3), np.full(6, np.nan)])
def test_what_is_no_gain_per_track_is_refused(example: Example, predicted: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite gains"):
        score(example, predicted)
