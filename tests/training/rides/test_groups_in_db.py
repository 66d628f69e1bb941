"""Systems, baselines and what ships in dB, on a small set of songs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grouped_songs import cut_down, grouped_songs

from reaper_automix.training.rides.baselines import CONSTANT, EQUAL, GROUP_LEVEL
from reaper_automix.training.rides.experiments import (
    BY_AUTHOR,
    BY_SONG,
    TOGETHER,
    Songs,
    all_units,
    nested_fold_counts,
    run_units,
)
from reaper_automix.training.rides.groups_in_db import SHIPPED, judge_groups
from reaper_automix.training.rides.results import AT, NESTED, OVA
from reaper_automix.training.rides.tables import groups_in_db_text


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patched:
        cut_down(patched)
        patched.setattr("reaper_automix.training.rides.groups_in_db.OUTER_FOLDS", 2)
        songs = grouped_songs("aabbccdd")
        folder: Path = tmp_path_factory.mktemp("work")
        results = run_units(all_units(TOGETHER, nested_fold_counts(songs)), songs, folder)
        return {by: judge_groups(Songs(songs), results, by) for by in (BY_SONG, BY_AUTHOR)}


@pytest.mark.parametrize("by", [BY_SONG, BY_AUTHOR])
def test_every_system_is_judged_on_every_song(judged: dict[str, dict[str, Any]], by: str) -> None:
    assert {CONSTANT, EQUAL, GROUP_LEVEL, SHIPPED, AT, OVA, NESTED} <= set(judged[by])
    assert {row["songs"] for row in judged[by].values()} == {8}
    assert all(set(row["groups_db"]) == set(TOGETHER) for row in judged[by].values())


def test_what_follows_the_planted_feature_is_nearest(judged: dict[str, dict[str, Any]]) -> None:
    """The centroid tells the gain in these songs: One-Versus-All hears it, baselines cannot."""
    errors = {name: row["median_db"] for name, row in judged[BY_SONG].items()}
    assert errors[OVA] < 0.5 * errors[CONSTANT]
    squared = {name: np.mean(list(row["squared"].values())) for name, row in judged[BY_SONG].items()}
    assert squared[OVA] < 0.2 * squared[CONSTANT]


def test_an_offset_of_the_whole_song_does_not_count(judged: dict[str, dict[str, Any]]) -> None:
    low, middle, high = judged[BY_SONG][CONSTANT]["song_medians_db"]
    assert 0.0 < low <= middle <= high < 6.0


def test_the_text_has_every_row(judged: dict[str, dict[str, Any]]) -> None:
    text = groups_in_db_text(judged)
    assert all(name in text for name in judged[BY_AUTHOR])
    assert "each author by the others" in text


def test_nothing_to_judge_says_nothing() -> None:
    assert judge_groups(Songs([]), {}, BY_SONG) == {}
    assert groups_in_db_text({BY_SONG: {}}) == ""
