"""What is rare in an open project, and plug-ins that show their knobs otherwise than ours were seen to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper
from fuzz.odd_project import ODD_PROJECT

from reaper_automix.errors import SessionError
from reaper_automix.plugins.knobs import Knob
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.own_effects import knob_number, place_that_shows
from reaper_automix.reascript.snapshot import snapshot

ITEM = """    <ITEM
      POSITION 0
      LENGTH 1
      {rest}
    >
"""


def test_an_odd_project_is_read_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    path = tmp_path / "odd.RPP"
    path.write_bytes(ODD_PROJECT.encode("utf-8", "surrogateescape"))
    read = snapshot(Reaper(DoubleApi(DoubleReaper(path))))
    bus, odd, _ = read.tracks
    assert any("a receive whose track is not known is left out" in note for note in read.notes)
    assert [send.source_track_id for send in odd.receives] == [bus.id]
    (volume,) = odd.envelopes
    (item,) = volume.automation_items
    assert item.points, "as REAPER unrolls the pool"
    assert [item.plays for item in odd.items] == [True]
    assert read.master.effects[0].bypassed, "the switch of the whole chain"


@pytest.mark.parametrize(
    ("rest", "kind"),
    [("TAKE NULL", "EMPTY"), ("<SOURCE MIDI\n      >", "MIDI"), ("NAME nothing", "EMPTY")],
)
def test_the_kind_of_an_item_is_that_of_its_active_take(tmp_path: Path, rest: str, kind: str) -> None:
    path = tmp_path / "items.RPP"
    item = ITEM.format(rest=rest)
    path.write_text(f'<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1\n  <TRACK\n{item}  >\n>\n')
    reaper = Reaper(DoubleApi(DoubleReaper(path)))
    ((pointer, *_),) = [list(reaper.items(track)) for track in reaper.tracks()]
    assert reaper.source_kind(pointer) == kind


def test_items_in_lanes_that_do_not_play_are_not_heard(tmp_path: Path) -> None:
    path = tmp_path / "lanes.RPP"
    lanes = "".join(ITEM.format(rest=f"YPOS {number / 2} 0.5\n      LANE {number}") for number in range(2))
    path.write_text(
        '<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1\n  <TRACK\n    FREEMODE 2\n    FIXEDLANES 9 0 1 0\n'
        f"    LANESOLO 1 0\n{lanes}  >\n>\n"
    )
    read = snapshot(Reaper(DoubleApi(DoubleReaper(path))))
    assert [item.plays for item in read.tracks[0].items] == [True, False]


# --- knobs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knob", "number"),
    [
        (Knob("Gain", 0.5, "0", index=1), 1),
        (Knob("Gain", 0.5, "0", index=0), 1),
        (Knob("Gain", 0.5, "0"), 1),
        (Knob("Output", 0.5, "0", index=2), 2),
    ],
    ids=["where it is known to be", "moved", "by name", "renamed"],
)
def test_a_knob_is_found_by_place_or_name(knob: Knob, number: int) -> None:
    assert knob_number(knob, ["Threshold", "Gain", "Wet"], "ReaComp") == number


def test_a_knob_that_is_not_there_is_named() -> None:
    with pytest.raises(SessionError, match="ReaComp has no knob 'Output'"):
        knob_number(Knob("Output", 0.5, "0", index=7), ["Threshold", "Gain"], "ReaComp")


@pytest.mark.parametrize(
    ("shown_at", "found"),
    [
        (lambda x: f"{20.0 * x:.1f} dB", 0.5),
        (lambda x: f"{20.0 - 20.0 * x:.1f} dB", 0.5),
        (lambda x: "off", None),
        (lambda x: "3.0 dB", None),
        (lambda x: f"{20.0 * x:.1f} dB" if x in (0.0, 1.0) else "busy", None),
    ],
    ids=["rising", "falling", "words", "always the same", "no number on the way"],
)
def test_the_place_of_a_knob_is_found_by_what_it_shows(shown_at: Callable[[float], str], found: float | None) -> None:
    place = place_that_shows(shown_at, 10.0, "dB")
    assert place == (None if found is None else pytest.approx(found, abs=0.01))
