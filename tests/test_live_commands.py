"""``live`` on a session in memory: what is asked of REAPER, when, and what is shown."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from rich.console import Console

from reaper_automix import live_cli, live_commands
from reaper_automix.errors import ScopeError, SessionError
from reaper_automix.hosts.live import OpenProject
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.live_commands import LiveMixRequest
from reaper_automix.mixplan import EnvelopeMove, FaderMove, MixPlan
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.plan_writing import apply_plan
from reaper_automix.plan_writing import revert as revert_host
from reaper_automix.receipt import Receipt
from reaper_automix.session import Item, Session, Source, Take, Track
from reaper_automix.session_json import session_to_json

RATE_HZ, LENGTH_S = 16000, 4.0


@dataclass
class Reaper:
    """A project in memory, and a diary of what was asked of it."""

    host: MemoryHost
    recording: bool = False
    diary: list[str] = field(default_factory=list)

    def connect(self) -> Any:
        self.diary.append("connect")
        return self

    def __enter__(self) -> Reaper:
        return self

    def __exit__(self, *_: object) -> None:
        self.diary.append("close")

    def read(self) -> OpenProject:
        self.diary.append("read")
        session = self.host.read_session()
        return OpenProject("(ReaProject*)0x01", 7, self.recording, session_to_json(session), session)

    def write(self, plan: MixPlan, read: OpenProject) -> Receipt:
        self.diary.append("write")
        assert (read.project, read.read_at) == ("(ReaProject*)0x01", 7)
        return apply_plan(self.host, plan)

    def revert(self) -> Receipt:
        self.diary.append("revert")
        return revert_host(self.host)

    def change(self, **changes: Any) -> None:
        self.host = MemoryHost(replace(self.host.read_session(), **changes))

    def select(self, *names: str) -> None:
        tracks = self.host.read_session().tracks
        self.change(tracks=tuple(replace(track, selected=track.name in names) for track in tracks))

    def faders_db(self) -> list[float]:
        return [track.gain_db for track in self.host.read_session().tracks]


@pytest.fixture
def reaper(tmp_path: Path) -> Reaper:
    tracks = []
    for number, (name, level) in enumerate((("Kick", 0.2), ("Bass", 0.05), ("Vox", 0.02)), 1):
        path = tmp_path / f"{name}.wav"
        noise = level * np.random.default_rng(number).standard_normal((int(LENGTH_S * RATE_HZ), 1))
        soundfile.write(path, noise, RATE_HZ)
        take = Take(f"take {number}", name, Source("WAVE", str(path)))
        item = Item(f"item {number}", 0.0, LENGTH_S, (take,))
        tracks.append(Track(f"{{{number}}}", name, number=number, items=(item,)))
    return Reaper(MemoryHost(Session(path=str(tmp_path / "song.RPP"), name="song", tracks=tuple(tracks))))


Moved = Callable[..., set[str]]


@pytest.fixture
def moved(reaper: Reaper) -> Moved:
    """Plan, and return the names of the tracks that would move."""

    def plan(**request: Any) -> set[str]:
        mixed = live_commands.mix(LiveMixRequest(dry_run=True, **request), connect=reaper.connect)
        return {move.track.name for move in mixed.planned.plan.moves if isinstance(move, FaderMove | EnvelopeMove)}

    return plan


def test_reading_and_writing_are_two_short_visits(reaper: Reaper, tmp_path: Path) -> None:
    plan, report = tmp_path / "plan.json", tmp_path / "report.html"
    mixed = live_commands.mix(LiveMixRequest(plan=plan, report=report), connect=reaper.connect)
    assert reaper.diary == ["connect", "read", "close", "connect", "write", "close"]
    after_db = {m.track.id: m.after_db for m in mixed.planned.plan.moves if isinstance(m, FaderMove)}
    assert len(after_db) == 3
    assert reaper.faders_db() == pytest.approx(list(after_db.values()), abs=1e-9)
    assert plan_from_json(plan.read_text("utf-8")) == mixed.planned.plan
    assert str(tmp_path / "song.RPP") in report.read_text("utf-8")
    assert [label for label, _ in mixed.outputs] == ["Project", "Plan", "Report"]


def test_a_dry_run_does_not_write(reaper: Reaper) -> None:
    mixed = live_commands.mix(LiveMixRequest(dry_run=True), connect=reaper.connect)
    assert reaper.diary == ["connect", "read", "close"]
    assert mixed.receipt is None
    assert reaper.faders_db() == [0.0, 0.0, 0.0]


def test_the_tracks_are_the_selected_ones_or_all_or_those_named(reaper: Reaper, moved: Moved) -> None:
    assert moved() == {"Kick", "Bass", "Vox"}
    reaper.select("Kick", "Vox")
    assert moved() == {"Kick", "Vox"}
    assert moved(wanted=("Bass", "Kick")) == {"Kick", "Bass"}
    assert moved(wanted=("*",)) == {"Kick", "Bass", "Vox"}
    assert moved(wanted=("selected",)) == {"Kick", "Vox"}
    with pytest.raises(ScopeError, match="No track is called 'Drums'"):
        moved(wanted=("Drums",))


def test_the_range_is_the_time_selection_or_the_one_given(reaper: Reaper) -> None:
    reaper.change(time_selection_s=(1.0, 2.0))
    ranges = []
    for range_s in (None, (0.5, 3.0)):
        mixed = live_commands.mix(LiveMixRequest(range_s=range_s, dry_run=True), connect=reaper.connect)
        assert {type(move) for move in mixed.planned.plan.moves} == {EnvelopeMove}
        ranges.append(mixed.planned.plan.range_s)
    assert ranges == [(1.0, 2.0), (0.5, 3.0)]


def test_nothing_is_analysed_while_reaper_records(reaper: Reaper) -> None:
    reaper.recording = True
    with pytest.raises(SessionError, match="REAPER is recording"):
        live_commands.mix(LiveMixRequest(), connect=reaper.connect)
    assert reaper.diary == ["connect", "read", "close"]
    live_commands.mix(LiveMixRequest(dry_run=True), connect=reaper.connect)


def test_audio_of_the_project_is_never_written_over(reaper: Reaper, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="audio of the track Kick"):
        live_commands.mix(LiveMixRequest(plan=tmp_path / "Kick.wav"), connect=reaper.connect)


def test_the_plan_is_kept_where_reaper_has_gone_meanwhile(reaper: Reaper, tmp_path: Path) -> None:
    visits = iter([reaper.connect, None])

    def connect() -> Any:
        visit = next(visits)
        if visit is None:
            raise SessionError("REAPER is not running on this computer.")
        return visit()

    outputs: list[tuple[str, str]] = []
    with pytest.raises(SessionError, match="not running"):
        live_commands.mix(LiveMixRequest(plan=tmp_path / "p.json"), outputs=outputs, connect=connect)
    assert outputs == [("Plan", str(tmp_path / "p.json"))]
    assert plan_from_json((tmp_path / "p.json").read_text("utf-8")).moves


def test_inspecting_and_reverting(reaper: Reaper) -> None:
    before = reaper.host.read_session()
    live_commands.mix(LiveMixRequest(), connect=reaper.connect)
    assert live_commands.inspect(connect=reaper.connect).data()["automixed"]
    receipt = live_commands.revert(connect=reaper.connect)
    assert [outcome.status.value for outcome in receipt.outcomes] == ["restored"] * 3
    assert reaper.host.read_session() == before


# --- the command line ----------------------------------------------------------------------------------------------


Live = Callable[..., tuple[int, str, str]]


@pytest.fixture
def live(reaper: Reaper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Live:
    """Run ``live`` with some words; return the exit code and what was printed and told."""
    for name in ("mix", "inspect", "revert"):
        command = getattr(live_commands, name)
        monkeypatch.setattr(
            live_commands, name, lambda *a, _command=command, **k: _command(*a, connect=reaper.connect, **k)
        )

    def run(*words: object) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        live_cli.add_live_parser(parser.add_subparsers())
        options = parser.parse_args(["live", *map(str, words)])
        told = Console(stderr=True, quiet=options.quiet, highlight=False, soft_wrap=True, width=200)
        code = options.run(options, told)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_live_mix_shows_its_moves_and_where_they_are(live: Live, reaper: Reaper, tmp_path: Path) -> None:
    code, out, err = live("mix", "--tracks", "Kick", "Bass", "--strength", "50%", "--report", tmp_path / "r.html")
    assert (code, out) == (0, "")
    assert "2 written." in err
    assert f"Project: open in REAPER: {tmp_path / 'song.RPP'}" in err
    assert f"Report: {tmp_path / 'r.html'}" in err
    assert reaper.faders_db()[2] == 0.0


def test_live_mix_as_json(live: Live, reaper: Reaper) -> None:
    _, whole, _ = live("mix", "--json", "--dry-run", "--range", "0:01", "2")
    data = json.loads(whole)
    assert data["moves"] == 3
    assert data["outputs"] == {}
    assert reaper.diary == ["connect", "read", "close"]


def test_live_inspect_and_revert(live: Live) -> None:
    assert "Kick" in live("inspect")[1]
    assert [track["name"] for track in json.loads(live("inspect", "--json")[1])["tracks"]] == ["Kick", "Bass", "Vox"]
    assert "nothing of Automix to take back" in live("revert")[2]
    live("mix", "--quiet")
    code, _, err = live("revert")
    assert code == 0
    assert "3 restored." in err
    assert json.loads(live("revert", "--json")[1])["outcomes"] == []


@pytest.mark.parametrize("words", [("mix", "--strength", "101"), ("mix", "--range", "1", "x"), ("render",), ()])
def test_wrong_usage_ends_with_code_2(live: Live, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as end:
        live(*words)
    assert end.value.code == 2
