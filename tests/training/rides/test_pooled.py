"""One system for all groups, and half of it with a group's own."""

from __future__ import annotations

import numpy as np
import pytest
from grouped_songs import grouped_songs

from reaper_automix.training.rides.baselines import CONSTANT, baselines
from reaper_automix.training.rides.experiments import TOGETHER, Songs
from reaper_automix.training.rides.pooled import pooled_errors
from reaper_automix.training.rides.published import EARLIER_FEATURES, Recipe, folds_by_song, one_versus_all
from reaper_automix.training.rides.selection import ova_errors
from reaper_automix.training.rides.showing import ShownSong


@pytest.fixture(scope="module")
def songs() -> list[ShownSong]:
    return Songs(grouped_songs("aabbc")).complete(Recipe().step_s)


def test_nothing_of_it_is_the_published_system(songs: list[ShownSong]) -> None:
    found = pooled_errors(songs, TOGETHER, 0.0)
    for group in TOGETHER:
        cases = one_versus_all(songs, group, Recipe())
        assert found[group] == pytest.approx(ova_errors(cases, folds_by_song(cases), EARLIER_FEATURES, Recipe()))


def test_all_of_it_knows_no_group_and_still_follows_the_feature(songs: list[ShownSong]) -> None:
    own, pooled = (pooled_errors(songs, TOGETHER, share) for share in (0.0, 1.0))
    constant = {group: baselines(songs, group, by_author=False)[CONSTANT] for group in TOGETHER}
    assert np.mean([np.mean(v) for v in pooled.values()]) < 0.6 * np.mean([np.mean(v) for v in constant.values()])
    assert pooled["bass"] != pytest.approx(own["bass"], rel=1e-6)


def test_half_of_each_lies_between_or_below(songs: list[ShownSong]) -> None:
    own, half, pooled = (pooled_errors(songs, ("bass", "drums"), share)["bass"] for share in (0.0, 0.5, 1.0))
    worse = np.maximum(own, pooled)
    assert (np.array(half) <= worse + 1e-12).all()


def test_a_song_that_is_left_out_has_no_say_in_any_group(songs: list[ShownSong]) -> None:
    two = pooled_errors(songs[:2], TOGETHER, 1.0)
    assert two == {}, "with one song left there is nothing to learn from"
