"""Grooves: different, playable, of their style; performances on file get one."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from reaper_automix.errors import CorpusError
from reaper_automix.training.drums.grooves import STYLES, Groove, groove, guess_style, load_groove

KNOWN = {
    *("kick", "kick_left", "snare", "hihat_closed", "hihat_open", "tom_1", "tom_2", "tom_3", "tom_4", "china"),
    *("crash_left", "crash_right", "ride_left", "ride_left_bell", "ride_right", "ride_right_bell"),
}


@pytest.fixture(scope="module")
def grooves() -> list[Groove]:
    return [groove(number, 4) for number in range(120)]


def test_bars_have_the_steps_of_their_beat() -> None:
    for style in STYLES.values():
        bars = [*style.kicks, *style.snares, *(bar for _, bar in style.times)]
        assert {len(bar) for bar in bars} in ({16}, {12})


def test_every_groove_is_another_one_and_the_same_again(grooves: list[Groove]) -> None:
    assert len({g.strokes for g in grooves}) == len({g.name for g in grooves}) == 120
    assert set(Counter(g.style for g in grooves).values()) == {15}
    assert groove(17, 4) == grooves[17]
    assert groove(17, 5).strokes != grooves[17].strokes


def test_strokes_can_be_played(grooves: list[Groove]) -> None:
    for g in grooves:
        times = [t for t, _, _ in g.strokes]
        assert times == sorted(times)
        assert 0.0 <= times[0] < 2.0
        assert 28.0 < g.length_s < 31.1
        assert {i for _, i, _ in g.strokes} <= KNOWN
        assert all(0.0 < v <= 1.0 for _, _, v in g.strokes)


def test_no_hand_is_a_machine(grooves: list[Groove]) -> None:
    feet = [(t, v) for t, i, v in grooves[0].strokes if i == "kick"]
    assert len({v for _, v in feet}) > len(feet) // 3
    gaps = {round(b - a, 4) for (a, _), (b, _) in pairwise(feet)}
    assert len(gaps) > 5


def test_styles_play_what_belongs_to_them(grooves: list[Groove]) -> None:
    def share(style: str, beginning: str) -> float:
        played = [i for g in grooves if g.style == style for _, i, _ in g.strokes]
        return sum(i.startswith(beginning) for i in played) / len(played)

    def quiet(style: str) -> float:
        snares = [v for g in grooves if g.style == style for _, i, v in g.strokes if i == "snare"]
        return sum(v < 0.35 for v in snares) / len(snares)

    assert share("metal", "kick_left") > 0.1
    assert share("rock", "kick_left") == 0.0
    assert share("jazz", "ride") > 0.3
    assert quiet("funk") > 0.4 > quiet("metal")
    assert all(share(style, "tom") > 0.005 for style in STYLES)


def test_a_style_can_be_told_from_what_is_played(grooves: list[Groove]) -> None:
    right = sum(guess_style(g.strokes) == g.style for g in grooves)
    assert right >= 0.9 * len(grooves)


def test_a_window_starts_at_nothing(grooves: list[Groove]) -> None:
    part = grooves[3].window(10.0, 5.0)
    assert all(0.0 <= t < 5.0 for t, _, _ in part)
    assert len(part) == sum(10.0 <= t < 15.0 for t, _, _ in grooves[3].strokes)


def test_a_performance_on_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "march.csv"
    rows = [f"{0.25 * n},{'snare' if n % 2 else 'kick'},0.7" for n in range(40)]
    path.write_text("\n".join(["time_s,instrument,velocity", *rows]), "utf-8")
    march = load_groove(path)
    assert (march.name, len(march.strokes)) == ("march", 40)
    assert march.style in STYLES


@pytest.mark.parametrize(
    "text", ["", "time_s,instrument,velocity\n", "a,b\n1,2\n", "time_s,instrument,velocity\nx,y,z\n"]
)
def test_a_damaged_performance_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=r"broken\.csv"):
        load_groove(path)


@pytest.mark.data
def test_the_performances_on_file_get_several_styles(shared_data: Path) -> None:
    found = [load_groove(path) for path in sorted((shared_data / "drumkit" / "performances").glob("*.csv"))]
    assert len(found) == 40
    assert len({g.style for g in found}) >= 4
