"""The figures of an evaluation: PNGs of sane size, the songs they show, and none where there is nothing to show."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grouped_songs import cut_down, grouped_song, grouped_songs
from ridden_songs import ridden_songs, slow_course

pytest.importorskip("matplotlib", reason="needs the extra 'train'")

from reaper_automix.training.rides.experiments import TOGETHER, Songs
from reaper_automix.training.rides.figures import SHOWN_RIDES, SHOWN_SONGS, draw_all, published_courses, shown_rides
from reaper_automix.training.rides.pictures import draw_courses, draw_figure_2, draw_rides
from reaper_automix.training.rides.proper import LDS, RULE, RideCase, choose_settings, fit_rides, ride_cases
from reaper_automix.training.rides.published import (
    Recipe,
    columns_for,
    folds_by_song,
    one_versus_all,
    predict_held_out,
)

NAMES = ["figure-2.png", "figure-3.png", "figure-4.png", "rides.png"]


@pytest.fixture(autouse=True)
def _few_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_down(monkeypatch)


@pytest.fixture
def curves() -> dict[str, dict[str, Any]]:
    return {group: {"features": ["centroid", "rms", "flux"], "errors": [0.3, 0.2, 0.25]} for group in TOGETHER}


def cases_of(n_songs: int) -> list[RideCase]:
    rng = np.random.default_rng(3)
    return ride_cases(
        ridden_songs(n_songs, lambda band_db: 3.0 * slow_course(rng, band_db.size, width=150), seconds=60)
    )


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG in pixels."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_all_figures_are_drawn(curves: Mapping[str, Any], tmp_path: Path) -> None:
    paths = draw_all(curves, grouped_songs("abcd"), cases_of(4), tmp_path)
    assert [path.name for path in paths] == NAMES
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES, "no half-written file is left"
    sizes = {path.name: size_of(path) for path in paths}
    assert sizes["figure-2.png"] == pytest.approx((1210, 286), abs=4)
    assert sizes["figure-3.png"] == sizes["figure-4.png"] == pytest.approx((1100, 770), abs=4)
    assert sizes["rides.png"] == pytest.approx((1210, 396), abs=4)
    assert all(10_000 < path.stat().st_size < 1_000_000 for path in paths)


def test_the_songs_in_which_most_moves_are_shown(curves: Mapping[str, Any]) -> None:
    songs = grouped_songs("abcd")
    for still in (1, 3):
        groups = tuple(replace(group, gain_db=np.full(group.gain_db.size, -6.0)) for group in songs[still].groups)
        songs[still] = replace(songs[still], groups=groups)
    figure_3, figure_4 = published_courses(curves, songs)
    assert len(figure_3) == len(figure_4) == SHOWN_SONGS * len(TOGETHER)
    assert {course.song for course in figure_3} == {"s0", "s2"}
    assert {course.group for course in figure_3} == set(TOGETHER)
    for one, two in zip(figure_3, figure_4, strict=True):
        assert (one.song, one.group) == (two.song, two.group)
        assert np.array_equal(one.truth, two.truth, equal_nan=True)
        assert one.times_s[:3] == pytest.approx([0.0, 0.5, 1.0])
        assert not np.array_equal(one.first, one.second)
    cases = one_versus_all(Songs(songs).complete(0.5), "drums", Recipe())
    single, best = (
        predict_held_out(cases, folds_by_song(cases), columns_for(names, 2), Recipe())[2][:, 0]
        for names in (["centroid"], ["centroid", "rms"])
    )
    drums = next(course for course in figure_4 if (course.song, course.group) == ("s2", "drums"))
    assert (drums.first, drums.second) == (pytest.approx(single), pytest.approx(best))
    assert drums.truth == pytest.approx(cases[2].states[:, 0])


def test_songs_of_one_name_in_two_corpora_are_two_songs(curves: Mapping[str, Any]) -> None:
    songs = grouped_songs("abcd")
    twin = replace(grouped_song(9, "e"), id="s0", corpus="other")
    figure_3, _ = published_courses(curves, [*songs, twin])
    assert len(figure_3) == SHOWN_SONGS * len(TOGETHER)


def test_rides_come_from_riders_that_have_not_seen_the_author() -> None:
    cases = cases_of(4)
    shown, riders = shown_rides([*cases, replace(cases[0], track="second")])
    assert [(case.song, case.track) for case in shown] == [(f"s{k}", "lead") for k in range(4)]
    others = [case for case in cases if case.author != "a2"]
    model = fit_rides(others, choose_settings(others))
    alone, alone_riders = shown_rides(cases)
    answer = alone_riders[LDS](alone[2])
    assert answer == pytest.approx(model.ride_db(cases[2].observations, cases[2].sounds))
    assert riders[RULE](cases[1]) is cases[1].rule_db


def test_no_more_rides_than_can_be_seen() -> None:
    many = [replace(case, song=f"{case.song} {k}") for k in range(4) for case in cases_of(4)]
    still = [replace(case, song="still", ride_db=0.1 * case.ride_db) for case in cases_of(1)]
    shown, _ = shown_rides([*still, *many])
    assert len(shown) == SHOWN_RIDES
    assert "still" not in {case.song for case in shown}


def test_what_has_nothing_to_show_is_not_drawn(curves: Mapping[str, Any], tmp_path: Path) -> None:
    assert draw_all({}, grouped_songs("ab"), [], tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    without = grouped_songs("abcd", ("bass", "vocals"))
    assert [path.name for path in draw_all({"bass": curves["bass"]}, without, cases_of(1), tmp_path)] == NAMES[:1]
    some = {group: curves[group] for group in TOGETHER[1:]}
    assert [path.name for path in draw_all(some, grouped_songs("abc"), [], tmp_path)] == NAMES[:3]


def test_single_panels_are_drawn(curves: Mapping[str, Any], tmp_path: Path) -> None:
    draw_figure_2({"bass": curves["bass"]}, tmp_path / "2.png")
    figure_3, _ = published_courses({"guitar": curves["guitar"]}, grouped_songs("abc"))
    draw_courses(figure_3[:1], ("one", "two"), tmp_path / "3.png")
    draw_rides(cases_of(1), {"rule": lambda case: case.rule_db}, tmp_path / "r.png")
    assert [size_of(tmp_path / name)[0] for name in ("2.png", "3.png", "r.png")] == pytest.approx(
        [1210, 550, 1210], abs=4
    )
