"""The experiments as units: done once, kept, done again where damaged, and what happens where songs are too few."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grouped_songs import cut_down, grouped_songs

from reaper_automix.errors import AutomixError, Cancelled, CorpusError
from reaper_automix.training import processes
from reaper_automix.training.rides import experiments
from reaper_automix.training.rides.baselines import CONSTANT, baselines
from reaper_automix.training.rides.experiments import (
    BY_AUTHOR,
    BY_SONG,
    NAMED,
    PUBLISHED,
    RECIPES,
    TOGETHER,
    VARIATIONS,
    Songs,
    Unit,
    all_units,
    can_be_judged,
    nested_fold_counts,
    run_units,
)
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.pooled import POOLED
from reaper_automix.training.rides.published import Recipe, folds_by_author, folds_by_song, one_versus_all

SYSTEMS = [Unit("systems", (BY_SONG,)), Unit("systems", (BY_AUTHOR,))]


@pytest.fixture
def few_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_down(monkeypatch)


@pytest.fixture(scope="module")
def songs() -> list[RiddenSong]:
    return grouped_songs("aabbcc")


def units_of(songs: Sequence[RiddenSong], groups: Sequence[str] = TOGETHER) -> list[Unit]:
    """Return the units; the names of recipes and variations are those that ``few_experiments`` leaves."""
    return all_units(groups, nested_fold_counts(songs))


def no_work(*_: Any) -> dict[str, Any]:
    pytest.fail("it was done again")


# --- kept and resumed ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_experiments")
def test_all_units_are_done_once(songs: list[RiddenSong], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    units = units_of(songs)
    told: list[tuple[str, int, int]] = []
    first = run_units(units, songs, tmp_path, progress=lambda stage, done, total, _: told.append((stage, done, total)))
    assert list(first) == units
    assert told == [("Experiments", number + 1, len(units)) for number in range(len(units))]
    (place,) = tmp_path.iterdir()
    assert {path.name for path in place.iterdir()} == {f"{unit.name}.json" for unit in units}
    monkeypatch.setattr(experiments, "WORK", dict.fromkeys(experiments.WORK, no_work))
    monkeypatch.setattr(processes, "ProcessPoolExecutor", no_work)
    monkeypatch.setattr(experiments, "PROCESSES", 2)
    assert run_units(units, songs, tmp_path) == first


@pytest.mark.usefixtures("few_experiments")
@pytest.mark.parametrize("damaged", ["", "{", "[1]", "null", b"\xff\xfe"])
def test_a_damaged_result_is_done_again(songs: list[RiddenSong], tmp_path: Path, damaged: str | bytes) -> None:
    unit = Unit("variation", ("as published",))
    first = run_units([unit], songs, tmp_path)
    (path,) = tmp_path.rglob("*.json")
    whole = path.read_bytes()
    path.write_bytes(damaged.encode() if isinstance(damaged, str) else damaged)
    assert run_units([unit], songs, tmp_path) == first
    assert path.read_bytes() == whole


@pytest.mark.usefixtures("few_experiments")
def test_other_songs_have_another_folder(songs: list[RiddenSong], tmp_path: Path) -> None:
    unit = Unit("variation", ("as published",))
    first = run_units([unit], songs, tmp_path)
    ridden = replace(songs[0].groups[0], gain_db=songs[0].groups[0].gain_db + np.linspace(0.0, 9.0, 200))
    changed = [replace(songs[0], groups=(ridden, *songs[0].groups[1:])), *songs[1:]]
    second = run_units([unit], changed, tmp_path)
    assert second != first
    run_units([unit], songs[1:], tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    assert run_units([unit], songs, tmp_path) == first


@pytest.mark.usefixtures("few_experiments")
def test_what_was_done_before_a_cancellation_is_kept(
    songs: list[RiddenSong], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(_: str, done: int, __: int, ___: str) -> None:
        if done == 2:
            raise Cancelled("enough")

    units = [Unit("systems", (BY_SONG,)), Unit("variation", ("as published",)), Unit("variation", ("gain in dB",))]
    with pytest.raises(Cancelled):
        run_units(units, songs, tmp_path, progress=cancelled)
    assert {path.stem for path in tmp_path.rglob("*.json")} == {unit.name for unit in units[:2]}
    done: list[str] = []
    monkeypatch.setattr(experiments, "WORK", {"variation": lambda _, name: done.append(name) or {}})
    run_units(units, songs, tmp_path)
    assert done == ["gain in dB"]


def test_processes_find_what_one_finds(
    songs: list[RiddenSong], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real processes; a cancellation in the middle keeps what is there."""
    before = dict(os.environ)

    def cancelled(_: str, done: int, total: int, __: str) -> None:
        assert (done, total) == (1, 2)
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_units(SYSTEMS, songs, tmp_path / "two", progress=cancelled)
    assert len(list((tmp_path / "two").rglob("*.json"))) == 1
    assert dict(os.environ) == before, "the number of threads is set for the processes only"
    monkeypatch.setattr(experiments, "PROCESSES", 1)
    assert run_units(SYSTEMS, songs, tmp_path / "one") == run_units(SYSTEMS, songs, tmp_path / "two")


def test_a_process_that_was_killed_is_explained(
    songs: list[RiddenSong], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, *_: Any, **__: Any) -> None: ...
        def __enter__(self) -> Broken:
            return self

        def __exit__(self, *_: object) -> None: ...
        def shutdown(self, **_: Any) -> None: ...
        def submit(self, *_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(BrokenProcessPool("gone"))
            return future

    monkeypatch.setattr(processes, "ProcessPoolExecutor", Broken)
    with pytest.raises(AutomixError, match=r"ended from outside.*run again"):
        run_units(SYSTEMS, songs, tmp_path)


def test_a_work_folder_that_cannot_be_made_is_named(songs: list[RiddenSong], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match=r"file.*cannot be made.*--work another folder"):
        run_units(SYSTEMS, songs, tmp_path / "file")


# --- names and numbers of units ------------------------------------------------------------------------------------


def test_names_are_those_of_kept_results() -> None:
    """If this fails, results that people have kept are lost: that takes a new MADE_AS, and a reason."""
    assert Unit("systems", ("song",)).name == "systems-faef155d1d3d"
    assert Unit("recipe", (Recipe(),)).name == "recipe-168d439f54d7"
    assert Unit("recipe", (Recipe(r_scale=1.0),)).name != Unit("recipe", (Recipe(),)).name


def test_every_unit_has_its_own_name() -> None:
    units = all_units(("bass", "vocals"), {BY_SONG: 3, BY_AUTHOR: 2})
    assert len({unit.name for unit in units}) == len(set(units)) == len(units)
    counts = {kind: sum(unit.kind == kind for unit in units) for kind in experiments.WORK}
    assert counts == {
        "nested": len(NAMED) * 2 * (3 + 2),
        "selection": len(NAMED) * 2,
        "systems": 2,
        "recipe": len(RECIPES),
        "variation": len(VARIATIONS) + len(POOLED),
    }


def test_folds_are_no_more_than_songs_or_authors(songs: list[RiddenSong]) -> None:
    assert nested_fold_counts(songs) == {BY_SONG: 6, BY_AUTHOR: 3}
    assert nested_fold_counts(songs * 5) == {BY_SONG: 10, BY_AUTHOR: 3}


# --- what is found -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_experiments")
def test_systems_are_judged_on_the_same_songs(songs: list[RiddenSong], tmp_path: Path) -> None:
    vocals = grouped_songs("de", ("bass", "vocals"))
    renamed = [replace(song, id=f"v{number}") for number, song in enumerate(vocals)]
    found = run_units(SYSTEMS, [*songs, *renamed], tmp_path)
    by_song = found[SYSTEMS[0]]
    assert set(by_song["at"]) == set(by_song["ova"]) == set(TOGETHER), "two songs with vocals are too few"
    for group in TOGETHER:
        judged = [song for _, song, _ in by_song["songs"][group]]
        assert judged == [song.id for song in songs]
        assert len(by_song["at"][group]) == len(by_song["ova"][group]) == 6
        assert all(len(errors) == 6 for errors in by_song["baselines"][group].values())
        assert np.mean(by_song["ova"][group]) < np.mean(by_song["baselines"][group][CONSTANT])
    held = Songs([*songs, *renamed])
    shown = held.complete(0.5)
    assert by_song["baselines"]["bass"] == baselines(shown, "bass", by_author=False)
    assert found[SYSTEMS[1]]["baselines"]["bass"] == baselines(shown, "bass", by_author=True)


@pytest.mark.usefixtures("few_experiments")
def test_the_telling_feature_is_selected_also_when_nested(tmp_path: Path) -> None:
    songs = grouped_songs("aabbccdd")
    nested = [Unit("nested", ("bass", by, number, PUBLISHED)) for by in (BY_SONG, BY_AUTHOR) for number in range(3)]
    selection = Unit("selection", ("bass", PUBLISHED))
    found = run_units([selection, *nested], songs, tmp_path)
    assert found[selection]["features"][0] == "centroid"
    for by in (BY_SONG, BY_AUTHOR):
        folds = [found[unit] for unit in nested if unit.options[1] == by]
        assert all(fold["features"][0] == "centroid" for fold in folds[:2])
        assert folds[2] == {"features": [], "errors": {}}, "there are two folds"
        judged = [song for fold in folds for song in fold["errors"]]
        assert sorted(judged) == [f"c/{song.id}" for song in songs]


def test_a_recipe_stands_beside_one_constant_gain(songs: list[RiddenSong], tmp_path: Path) -> None:
    unit = Unit("recipe", (Recipe(),))
    found = run_units([unit], songs, tmp_path)[unit]
    assert set(found["at"]) == set(found["ova"]) == set(found["constant"]) == set(TOGETHER)
    shown = Songs(songs).complete(0.5)
    assert found["constant"]["drums"] == pytest.approx(np.mean(baselines(shown, "drums", by_author=False)[CONSTANT]))
    assert found["ova"]["drums"] < found["constant"]["drums"]


# --- too few songs -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_experiments")
@pytest.mark.parametrize("authors", ["a", "ab", "aaa", "aab", "abc", "aabb"])
def test_few_songs_leave_out_what_they_are_too_few_for(authors: str, tmp_path: Path) -> None:
    songs = grouped_songs(authors)
    units = units_of(songs)
    found = run_units(units, songs, tmp_path)
    assert json.loads(json.dumps(list(found.values()), allow_nan=False)) == list(found.values())
    enough = len(authors) >= 3
    assert set(found[SYSTEMS[0]]["at"]) == (set(TOGETHER) if enough else set())
    assert set(found[SYSTEMS[0]]["ova"]) == (set(TOGETHER) if enough else set())
    assert bool(found[Unit("selection", ("bass", PUBLISHED))]) == enough
    assert set(found[SYSTEMS[1]]["ova"]) == (set(TOGETHER) if authors in ("abc", "aabb") else set())


@pytest.mark.usefixtures("few_experiments")
def test_where_no_song_has_all_groups_the_others_are_judged_on_what_there_is(tmp_path: Path) -> None:
    songs = grouped_songs("aabbc", ("bass", "drums"))
    found = run_units(units_of(songs, ("bass", "drums")), songs, tmp_path)
    for unit in SYSTEMS:
        assert found[unit]["at"] == {}
        assert set(found[unit]["ova"]) == {"bass", "drums"}
    recipe = next(result for unit, result in found.items() if unit.kind == "recipe")
    assert recipe["at"] == {}
    assert set(recipe["ova"]) == set(recipe["constant"]) == {"bass", "drums"}
    assert found[Unit("selection", ("bass", PUBLISHED))]["features"][0] == "centroid"


def test_two_songs_have_to_be_left_by_every_fold(songs: list[RiddenSong]) -> None:
    shown = Songs(songs).shown(0.5)

    def cases(count: int) -> list[Any]:
        return one_versus_all(shown[:count], "bass", Recipe())

    assert can_be_judged(cases(3), folds_by_song(cases(3)))
    assert not can_be_judged(cases(2), folds_by_song(cases(2)))
    assert not can_be_judged([], [])
    assert can_be_judged(cases(4), folds_by_author(cases(4)))
    assert not can_be_judged(cases(3), folds_by_author(cases(3))), "without the first author one song is left"
    unpaired = [replace(case, statistics=replace(case.statistics, n_pairs=0)) for case in cases(3)]
    assert not can_be_judged(unpaired, folds_by_song(unpaired))
