"""Bootstrap over songs: against a plain loop, and with the coverage that it promises."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.training.evaluation.intervals import draw_songs, interval, mean_error, median_error
from reaper_automix.training.evaluation.scores import SongScore


def scores(rng: np.random.Generator, n_songs: int = 7) -> list[SongScore]:
    return [
        SongScore("c", str(i), "a", tuple(rng.normal(0.0, 3.0, rng.integers(2, 9))), 0.0, None, None)
        for i in range(n_songs)
    ]


def test_it_is_what_a_plain_loop_gives() -> None:
    rng = np.random.default_rng(2)
    songs = scores(rng)
    draws = draw_songs(len(songs), rng)
    medians, means = median_error(songs, draws), mean_error(songs, draws)
    whole = np.abs(np.concatenate([song.errors_db for song in songs]))
    assert (medians[0], means[0]) == pytest.approx((np.median(whole), np.mean(whole)))
    for number in range(50):
        counted = zip(songs, draws[number], strict=True)
        errors = np.abs(np.concatenate([song.errors_db * int(times) for song, times in counted]))
        assert medians[number + 1] == pytest.approx(np.median(errors))
        assert means[number + 1] == pytest.approx(np.mean(errors))


def test_the_interval_of_many_songs_covers_the_truth() -> None:
    """Of 60 samples of 40 songs, 95 % should hold the true mean; 48 is five standard deviations below."""
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        songs = scores(rng, 40)
        found = interval(mean_error(songs, draw_songs(40, rng)))
        covered += found.low <= 3.0 * np.sqrt(2.0 / np.pi) <= found.high
    assert covered >= 48


def test_a_difference_of_a_predictor_to_itself_is_nothing() -> None:
    rng = np.random.default_rng(0)
    songs = scores(rng)
    draws = draw_songs(len(songs), rng)
    same = interval(median_error(songs, draws) - median_error(songs, draws))
    assert (same.low, same.high) == (0.0, 0.0)
    assert not same.excludes_zero
