"""Tracks with plug-ins: REAPER renders them first, or they are judged dry, as the engineer says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from open_reaper import OpenReaper

from reaper_automix.chunks.lines import parse_chunk_text, parse_project
from reaper_automix.chunks.text import words
from reaper_automix.hosts.stems import StemsHost

CHAIN = """<FXCHAIN
SHOW 0
BYPASS 0 0 0
<VST "VST: ReaEQ (Cockos)" reaeq.dll 0 "" 1919247729<56535472656571726561657100000000> ""
cWVlcu5e7f4CAAAAAQAAAAAAAAACAAAAAAAAAAIAAAABAAAAAAAAAAIAAAAAAAAAzQAAAAEAAAAAABAA
>
FXID {AAAAAAAA-0000-0000-0000-0000000000F1}
WAK 0 0
>
"""


@pytest.fixture
def reaper(stems: Path, save: Callable[..., Path], tmp_path: Path) -> Iterator[OpenReaper]:
    """Four tracks; Vox and Bass have a plug-in."""
    path = save(StemsHost(stems).read_session(), "song.RPP")
    text = parse_project(path.read_bytes())
    for track in text.root.chunks("TRACK"):
        name = track.line("NAME")
        if name is not None and words(name.text)[1] in ("Vox", "Bass"):
            track.body.append(parse_chunk_text(CHAIN))
    path.write_bytes(text.to_bytes())
    with OpenReaper(path, tmp_path) as running:
        yield running
        shown = running.messages()
        assert (shown["modal_dialogs"], shown["script_errors"]) == ([], [])


def prefer(reaper: OpenReaper, render: str) -> None:
    wanted = ["100", "fader", "volume", "selected", "stock", render, "auto", "auto", "equaliser", "no"]
    reaper.do("answer", inputs=[wanted])
    reaper.trigger("Automix settings")


def request(reaper: OpenReaper) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((reaper.runs()[-1] / "request.json").read_text())
    return data


@pytest.mark.parametrize(("render", "answers"), [("always", []), ("ask", [6])])
def test_rendered_tracks_are_judged_as_rendered(reaper: OpenReaper, render: str, answers: list[int]) -> None:
    prefer(reaper, render)
    reaper.do("answer", boxes=answers)
    before = reaper.tracks()
    reaper.run("Automix balance")
    names = {track["guid"]: track["name"] for track in before}
    assert {names[guid] for guid in request(reaper)["rendered"]} == {"Vox", "Bass"}
    assert reaper.receipt()["lines"][0] == "4 written."
    assert not any("plug-in" in line and "dry" in line for line in reaper.receipt()["lines"])
    questions = [box for box in reaper.messages()["boxes"] if "cannot be judged" in box[0]]
    assert len(questions) == len(answers)
    if questions:
        assert "Vox: 1 plug-in" in questions[0][0]
    reaper.do("undo")
    assert reaper.tracks() == before


def test_declined_they_are_judged_dry_and_the_result_says_which(reaper: OpenReaper) -> None:
    reaper.do("answer", boxes=[7])
    reaper.run("Automix balance")
    assert request(reaper)["rendered"] == {}
    dry = [line for line in reaper.receipt()["lines"] if "judged" in line and "plug-in" in line]
    assert any("Vox" in line for line in dry)
    assert any("Bass" in line for line in dry)


def test_cancelled_nothing_happens(reaper: OpenReaper) -> None:
    reaper.do("answer", boxes=[2])
    before = reaper.tracks()
    reaper.run("Automix balance")
    assert reaper.tracks() == before
    assert reaper.receipt()["lines"] == ["Cancelled: nothing was changed."]


def test_never_asks_nothing(reaper: OpenReaper) -> None:
    prefer(reaper, "never")
    reaper.run("Automix balance")
    assert request(reaper)["rendered"] == {}
    assert not reaper.messages()["boxes"]
