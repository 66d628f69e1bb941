"""From units made by hand to the tables, and the tables as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from reaper_automix.training.rides.baselines import CONSTANT, EQUAL, GROUP_GAIN, GROUP_LEVEL
from reaper_automix.training.rides.courses import CourseScore
from reaper_automix.training.rides.experiments import BY_AUTHOR, BY_SONG, OURS, PUBLISHED, TOGETHER, Unit
from reaper_automix.training.rides.proper import LDS, NO_RIDE, RULE, RideScore
from reaper_automix.training.rides.published import Recipe
from reaper_automix.training.rides.results import (
    AT,
    NESTED,
    OPTIMISTIC,
    OVA,
    courses_table,
    figure_2,
    is_proven,
    recipes,
    rides_table,
    table_1,
    table_3,
    variations,
)
from reaper_automix.training.rides.tables import rides_text, tables_of

GROUPS = (*TOGETHER, "vocals")
Results = dict[Unit, dict[str, Any]]


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def systems(at: float | None, ova: float) -> dict[str, Any]:
    """Make errors of two songs per group around these means; those of backup are twice as large."""

    def around(mean: float, group: str) -> list[float]:
        scale = 2.0 if group == "backup" else 1.0
        return [0.5 * mean * scale, 1.5 * mean * scale]

    return {
        "at": {} if at is None else {group: around(at, group) for group in TOGETHER},
        "ova": {group: around(ova, group) for group in GROUPS},
        "baselines": {
            group: {
                CONSTANT: around(0.4, group),
                GROUP_GAIN: around(0.3, group),
                EQUAL: around(0.8, group),
                GROUP_LEVEL: [0.2, float("nan")],
            }
            for group in GROUPS
        },
        "songs": {},
    }


def selection(*errors: float) -> dict[str, Any]:
    return {
        "alone": [["flux", errors[0]], ["rms", 0.9]],
        "features": ["flux", "rms", "mfcc"],
        "errors": list(errors),
    }


@pytest.fixture
def results() -> Results:
    made: Results = {Unit("systems", (by,)): systems(0.2, 0.1) for by in (BY_SONG, BY_AUTHOR)}
    for group in GROUPS:
        made[Unit("selection", (group, PUBLISHED))] = selection(0.09, 0.05, 0.07)
        made[Unit("selection", (group, OURS))] = selection(0.04, 0.03, 0.02)
        for number, errors in enumerate(({"c/s0": 0.06, "c/s1": 0.08}, {"c/s2": 0.16}, {})):
            made[Unit("nested", (group, BY_SONG, number, PUBLISHED))] = {"features": ["flux"], "errors": errors}
    for recipe, scale in ((Recipe(step_s=2.0), 3.0), (Recipe(), 1.0)):
        at, ova, constant = (dict.fromkeys(TOGETHER, scale * value) for value in (0.3, 0.2, 0.4 / scale))
        made[Unit("recipe", (recipe,))] = {"at": at, "ova": ova, "constant": constant}
    made[Unit("variation", ("as published",))] = dict.fromkeys(TOGETHER, 0.125)
    return made


# --- the published tables ------------------------------------------------------------------------------------------


def test_table_1_by_hand(results: Results) -> None:
    table = table_1(results, BY_SONG)
    assert table["left_out"] == "song"
    assert list(table["groups"]) == list(GROUPS)
    bass = table["groups"]["bass"]
    assert bass[AT] == pytest.approx({"mean": 0.2, "songs": 2, "q25": 0.15, "median": 0.2, "q75": 0.25})
    assert bass[GROUP_LEVEL]["songs"] == 1
    assert bass[GROUP_LEVEL]["mean"] == pytest.approx(0.2)
    assert bass[OPTIMISTIC] == {"mean": 0.05, "features": ["flux", "rms"]}
    assert bass[NESTED]["mean"] == pytest.approx(0.1)
    assert (bass[NESTED]["songs"], bass[NESTED]["folds"]) == (3, 2)
    assert AT not in table["groups"]["vocals"]
    shares = table["mean_shares"]
    assert shares[f"{OVA} / {AT}"] == pytest.approx(0.5)
    assert shares[f"{AT} / {CONSTANT}"] == pytest.approx(0.5)
    assert shares[f"{OVA} / {CONSTANT}"] == pytest.approx(0.25)
    # Backup's errors are twice those of the others: a mean of ratios, not a ratio of means.
    assert shares[f"{OPTIMISTIC} / {AT}"] == pytest.approx((0.05 / 0.4 + 3 * 0.05 / 0.2) / 4)
    assert shares[f"{NESTED} / {AT}"] == pytest.approx((0.1 / 0.4 + 3 * 0.1 / 0.2) / 4)
    assert shares["our recipe, optimistic / all tracks"] == pytest.approx((0.02 / 0.4 + 3 * 0.02 / 0.2) / 4)


def test_no_song_chooses_its_features_where_authors_are_left_out(results: Results) -> None:
    table = table_1(results, BY_AUTHOR)
    assert not any(OPTIMISTIC in row for row in table["groups"].values())
    assert not any(name.startswith(OPTIMISTIC) for name in table["mean_shares"])


def test_without_all_tracks_the_rest_still_stands(results: Results) -> None:
    results[Unit("systems", (BY_SONG,))] = systems(None, 0.1)
    shares = table_1(results, BY_SONG)["mean_shares"]
    assert shares[f"{OVA} / {AT}"] is None
    assert shares[f"{AT} / {CONSTANT}"] is None
    assert shares[f"{OVA} / {CONSTANT}"] == pytest.approx(0.25)


def test_with_nothing_done_tables_are_empty() -> None:
    nothing = {"at": {}, "ova": {}, "baselines": {}, "songs": {}}
    table = table_1({Unit("systems", (BY_SONG,)): nothing, Unit("selection", ("bass", PUBLISHED)): {}}, BY_SONG)
    assert table["groups"] == {}
    assert set(table["mean_shares"].values()) == {None}
    assert table_3({Unit("selection", ("bass", PUBLISHED)): {}}) == {}
    assert recipes({Unit("recipe", (Recipe(),)): {"at": {}, "ova": {}, "constant": {}}})[0]["at_share"] is None


def test_table_3_and_figure_2_are_the_published_selection(results: Results) -> None:
    assert table_3(results)["drums"] == [("flux", 0.09), ("rms", 0.9)]
    assert figure_2(results)["drums"] == {"features": ["flux", "rms", "mfcc"], "errors": [0.09, 0.05, 0.07]}
    assert list(figure_2(results)) == list(GROUPS)


def test_recipes_are_sorted_by_their_shares(results: Results) -> None:
    rows = recipes(results)
    assert [row["step_s"] for row in rows] == [0.5, 2.0]
    assert (rows[0]["at_share"], rows[0]["ova_share"]) == pytest.approx((0.75, 0.5))
    assert (rows[1]["at_share"], rows[1]["ova_share"]) == pytest.approx((2.25, 1.5))
    assert variations(results) == {"as published": dict.fromkeys(TOGETHER, 0.125)}


# --- rides proper --------------------------------------------------------------------------------------------------


def score(song: int, error: float, human: float = 4.0, correlation: float = 0.0) -> RideScore:
    return RideScore("c", f"s{song}", f"a{song}", "t", correlation, error, human, error / 2.0, human / 2.0, 1.5)


def scores_of(lds: list[float], rule: list[float]) -> Mapping[str, list[RideScore]]:
    return {
        NO_RIDE: [score(song, 4.0) for song in range(len(lds))],
        RULE: [score(song, error, correlation=-0.1) for song, error in enumerate(rule)],
        LDS: [score(song, error, correlation=0.2 * song) for song, error in enumerate(lds)],
    }


def test_rides_by_hand() -> None:
    table = rides_table(scores_of([1.0, 2.0, 3.0], [5.0, 5.0, 5.0]), rng())
    assert (table["tracks"], table["songs"]) == (3, 3)
    lds = table["riders"][LDS]
    assert lds["error_share"]["value"] == pytest.approx(6.0 / 12.0)
    assert lds["error_share"]["low"] >= 0.25
    assert lds["error_share"]["high"] <= 0.75
    assert lds["absolute_error_share"] == pytest.approx(0.5)
    assert [lds["correlation"]["value"], lds["median_correlation"]] == pytest.approx([0.2, 0.2])
    assert lds["by_song"] == pytest.approx({"correlation": 0.2, "error_share": 0.5})
    assert lds["deviation_db"] == pytest.approx(1.5)
    assert table["riders"][NO_RIDE]["error_share"] == pytest.approx({"value": 1.0, "low": 1.0, "high": 1.0})


def test_songs_with_many_tracks_count_once_by_song() -> None:
    each = [score(0, 2.0), score(0, 2.0), score(0, 2.0), score(1, 8.0)]
    table = rides_table({NO_RIDE: [score(s, 4.0) for s in (0, 0, 0, 1)], RULE: each, LDS: each}, rng())
    assert (table["tracks"], table["songs"]) == (4, 2)
    assert table["riders"][RULE]["error_share"]["value"] == pytest.approx(14.0 / 16.0)
    assert table["riders"][RULE]["by_song"]["error_share"] == pytest.approx(5.0 / 4.0)


@pytest.mark.parametrize(
    ("lds", "rule", "proven"),
    [
        ([2.0, 2.5, 3.0] * 4, [5.0] * 12, True),
        ([2.0, 2.5, 3.0] * 4, [2.0, 2.4, 3.0] * 4, False),
        ([4.0] * 12, [5.0] * 12, False),
        ([3.9] * 11 + [9.0], [5.0] * 12, False),
        ([5.0] * 12, [6.0] * 12, False),
    ],
    ids=["better than both", "worse than the rule", "as good as none", "one song spoils it", "worse than none"],
)
def test_proven_is_what_beats_both_in_almost_all_draws(lds: list[float], rule: list[float], proven: bool) -> None:
    assert is_proven(scores_of(lds, rule), rng()) is proven


def test_no_rides_prove_nothing() -> None:
    nothing = scores_of([], [])
    assert not is_proven(nothing, rng())
    assert rides_table(nothing, rng()) == {"tracks": 0, "songs": 0, "riders": {}}
    assert "nothing to judge" in rides_text(rides_table(nothing, rng()))


# --- whole courses -------------------------------------------------------------------------------------------------


def course(name: str, song: int, moves: bool, *errors_db: float, corpus: str = "one") -> CourseScore:
    return CourseScore(name, corpus, f"s{song}", f"a{song}", "t", moves, errors_db)


def courses() -> list[CourseScore]:
    return [
        course("level", 0, False, 1.0, 3.0),
        course("level", 1, True, 5.0, 7.0),
        course("level", 2, True, 9.0, 11.0, corpus="two"),
        course("level + rule", 0, False, 1.0, 1.0),
        course("level + rule", 1, True, 2.0, 2.0),
        course("level + rule", 2, True, 3.0, 3.0, corpus="two"),
    ]


def test_courses_by_hand() -> None:
    table = courses_table(courses(), rng())
    assert list(table) == ["human faders", "human rides", "one", "two", "all"]
    assert [(part["songs"], part["tracks"]) for part in table.values()] == [(1, 1), (2, 2), (2, 2), (1, 1), (3, 3)]
    everything = table["all"]["predictors"]
    assert list(everything) == ["level", "level + rule"]
    assert (everything["level"]["median_db"], everything["level"]["mean_db"]) == (6.0, 6.0)
    assert everything["level"]["song_medians_db"] == pytest.approx([4.0, 6.0, 8.0])
    low, high = everything["level"]["median_interval_db"]
    assert 2.0 <= low < 6.0 < high <= 10.0
    assert table["human rides"]["predictors"]["level"]["median_db"] == 8.0
    assert table["two"]["predictors"]["level + rule"]["median_interval_db"] == [3.0, 3.0]
    assert courses_table([], rng()) == {}


# --- as text -------------------------------------------------------------------------------------------------------


def data_of(results: Results, scores: Mapping[str, list[RideScore]], judged: list[CourseScore]) -> dict[str, Any]:
    data = {
        "table_1": [table_1(results, by) for by in (BY_SONG, BY_AUTHOR)],
        "groups_in_db": {},
        "table_3": table_3(results),
        "recipes": recipes(results),
        "variations": variations(results),
        "rides": rides_table(scores, rng()),
        "courses": courses_table(judged, rng()),
    }
    again: dict[str, Any] = json.loads(json.dumps(data, allow_nan=False))
    return again


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(name))


def test_the_text_has_every_group_and_row(results: Results) -> None:
    text = tables_of(data_of(results, scores_of([1.0, 2.0, 3.0], [5.0] * 3), courses()))
    assert row(text, "backup (3 songs)").split("  ")[-1].strip() == "vocals (3 songs)"
    assert row(text, AT).split()[2::2] == ["0.4000", "0.2000", "0.2000", "0.2000", "-"]
    assert row(text, f"{OVA} / {AT}").split()[-1] == "0.500"
    for name in (CONSTANT, GROUP_GAIN, EQUAL, GROUP_LEVEL, OVA, OPTIMISTIC, NESTED, "as published"):
        assert row(text, name)
    assert row(text, "1 ").split().count("flux") == 5
    assert row(text, LDS).split()[1:3] == ["+0.200", "[+0.000,"]
    assert row(text, "level + rule").split()[3:8] == ["1.00", "[1.00,", "1.00]", "/", "1.00"]
    assert "human faders (1)" in text
    assert "Rides proper: 3 tracks that humans rode, 3 songs" in text


def test_where_there_was_too_little_the_text_says_so(results: Results) -> None:
    nothing = {"at": {}, "ova": {}, "baselines": {}, "songs": {}}
    results = {Unit("systems", (BY_SONG,)): systems(None, 0.1), Unit("systems", (BY_AUTHOR,)): nothing}
    results[Unit("recipe", (Recipe(),))] = {"at": {}, "ova": {"bass": 0.1}, "constant": {"bass": 0.2}}
    results[Unit("variation", ("first",))] = {"bass": 0.1}
    results[Unit("variation", ("second",))] = {"bass": 0.1, "drums": 0.3}
    text = tables_of(data_of(results, scores_of([], []), []))
    assert row(text, AT).split()[2:] == ["-"] * 5
    assert row(text, f"{OVA} / {AT}").split()[-1] == "-"
    assert "too few songs to leave one author out" in text
    assert row(text, "0.5").split()[-2:] == ["-", "0.500"]
    assert row(text, "first ").split() == ["first", "0.1000", "-"]
    assert text.count("nothing to judge") == 2
