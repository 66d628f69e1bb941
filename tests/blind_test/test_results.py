from __future__ import annotations

import json
import math

import numpy as np
import pytest

from reaper_automix.blind_test.ratings_file import Rating
from reaper_automix.blind_test.results import (
    FEWEST,
    differences_table,
    mean_interval,
    mixers_table,
    results_data,
    summarise,
)


def rated(listener: str, song: str, session: str = "", **values: float) -> list[Rating]:
    return [Rating(listener, session or listener, "page", song, name, value) for name, value in values.items()]


def panel(n_listeners: int, n_songs: int, seed: int = 0, gap: float = 10.0) -> list[Rating]:
    """Ratings of listeners who use the scale differently, of songs that differ, by two mixers that lie a gap apart."""
    rng = np.random.default_rng(seed)
    ears, songs = rng.normal(0, 12, n_listeners), rng.normal(0, 8, n_songs)
    return [
        one
        for i in range(n_listeners)
        for j in range(n_songs)
        for one in rated(
            f"L{i}",
            f"S{j}",
            a=float(np.clip(55 + ears[i] + songs[j] + rng.normal(0, 3), 0, 100)),
            b=float(np.clip(55 + gap + ears[i] + songs[j] + rng.normal(0, 3), 0, 100)),
        )
    ]


def test_means_are_those_of_listeners() -> None:
    ratings = [*rated("A", "x", a=10, b=30), *rated("A", "y", a=30, b=50), *rated("B", "x", a=80, b=90)]
    results = summarise(ratings)
    assert (results.n_listeners, results.n_songs, results.units) == (2, 2, "listeners")
    assert [name for name, _ in results.mixers] == ["b", "a"]
    b = results.mixers[0][1]
    assert (b.n_ratings, b.n_units, b.mean, b.median, b.low, b.high, b.interval) == (3, 2, 65, 65, 40, 90, None)
    ((first, second, apart),) = results.differences
    assert (first, second, apart.mean, apart.low, apart.high, apart.n_ratings) == ("b", "a", 15, 10, 20, 3)


def test_differences_are_paired_within_listener_and_song() -> None:
    ratings = [*rated("A", "x", a=90, b=80), *rated("B", "x", a=20, b=10), *rated("C", "y", b=100)]
    results = summarise(ratings)
    (apart,) = [(a, b, one) for a, b, one in results.differences]
    assert apart[2].n_ratings == 2
    sign = 1.0 if apart[0] == "a" else -1.0
    assert sign * apart[2].mean == 10.0


def test_mixers_that_nobody_rated_together_have_no_difference() -> None:
    results = summarise([*rated("A", "x", a=90), *rated("A", "y", b=10)])
    assert results.differences == ()
    assert differences_table(results).rows == ()


def test_a_listener_who_went_through_it_twice_counts_once() -> None:
    ratings = [*rated("Ada", "x", "s1", a=40), *rated("ada", "x", "s2", a=60)]
    ((_, summary),) = summarise(ratings).mixers
    assert (summary.n_ratings, summary.mean) == (1, 50.0)


def test_lone_songs_without_a_name_are_told_apart_by_their_page() -> None:
    ratings = [Rating("A", "s", page, "", "a", value) for page, value in (("p1", 10.0), ("p2", 30.0))]
    assert summarise(ratings).n_songs == 2


def test_few_listeners_have_no_interval_and_it_is_said() -> None:
    results = summarise(panel(FEWEST - 1, 2))
    assert all(one.interval is None for _, one in results.mixers)
    assert results.notes[-1] == "5 listeners, 2 songs: too few for an interval (6 at least)."
    assert mixers_table(results).rows[0][-1] == "too few"
    (alone,) = summarise(panel(1, 1)).notes
    assert alone.startswith("1 listener, 1 song: too few")


def test_few_listeners_of_many_songs_have_one_over_the_songs() -> None:
    results = summarise([*panel(1, 8)])
    assert results.units == "songs"
    assert all(one.n_units == 8 and one.interval for _, one in results.mixers)
    assert results.notes[0].startswith(
        "1 listener: intervals are over 8 songs: what these would say of others like them"
    )
    assert mixers_table(results).headings[2] == ">Songs"


def test_a_difference_is_surer_than_the_means_that_it_is_of() -> None:
    results = summarise(panel(12, 3))
    ((_, _, apart),) = results.differences
    assert apart.interval is not None
    low, high = apart.interval
    assert 0.0 < low < 10.0 < high
    widest = max(one.interval[1] - one.interval[0] for _, one in results.mixers if one.interval)
    assert high - low < 0.5 * widest
    assert results.notes == ("12 listeners: small differences need more; listening tests have about 20.",)
    assert summarise(panel(20, 1)).notes == ()


def test_many_pairs_are_warned_of() -> None:
    ratings = [one for i in range(20) for one in rated(f"L{i}", "x", a=10 + i, b=20 + i, c=30 + i)]
    assert summarise(ratings, ["first"]).notes == (
        "first",
        "Each interval stands for itself: of 3 pairs, 1 in 20 leaves 0 out by chance.",
    )


def test_intervals_cover_what_they_should() -> None:
    rng = np.random.default_rng(5)
    for n, least in ((6, 0.88), (12, 0.90)):
        covered = 0
        for _ in range(300):
            low, high = mean_interval(rng.normal(60.0, 15.0, n)) or (math.nan, math.nan)
            covered += low <= 60.0 <= high
        assert least < covered / 300 < 0.985


def test_an_interval_of_ratings_that_are_all_the_same_is_that_rating() -> None:
    assert mean_interval(np.full(7, 40.0)) == (40.0, 40.0)
    assert mean_interval(np.arange(5.0)) is None


def test_tables_and_data_say_the_same() -> None:
    results = summarise(panel(8, 2))
    data = json.loads(json.dumps(results_data(results)))
    assert data["listeners"] == 8
    assert data["intervals_over"] == "listeners"
    first = mixers_table(results).rows[0]
    assert first[0] == data["mixers"][0]["name"]
    assert float(first[3]) == pytest.approx(data["mixers"][0]["mean"], abs=0.06)
    (row,) = differences_table(results).rows
    assert row[0] == "b - a"
    assert row[3].startswith("+")
    assert data["differences"][0]["minus"] == "a"
