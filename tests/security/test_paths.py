"""No name in a project, a plan or a folder leads a file out of its place, and no file that is named holds us up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from reaper_automix import commands
from reaper_automix.audio.media import probe
from reaper_automix.errors import AutomixError, MediaError, PlanError, SessionError
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.rpp import host as rpp_host
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.pipeline import make_plan
from reaper_automix.reascript import run_folder
from reaper_automix.session import Session
from reaper_automix.settings import MixSettings
from reaper_automix.training.corpora.gm_sources import find_sources, wad_music

REPOSITORY = Path(__file__).resolve().parents[2]
RATE_HZ = 16000
HOSTILE_NAMES = (
    "../../escape",
    "..\\..\\escape",
    "/etc/escape",
    "C:\\escape",
    "~/escape",
    "$HOME/escape",
    "`touch escape`",
    "$(touch escape)",
    "a\nTRACK b",
    "a\r\n>",
    "| escape",
    "CON",
    "-rf",
    "escape\x00.txt",
    "quo\"te's `all`",
    "%s%n{0}{name}",
    "x" * 4000,
)
posix = pytest.mark.skipif(os.name == "nt", reason="needs pipes, links and devices as POSIX has them")


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number, name in enumerate(("Kick", "Bass", "Vox")):
        soundfile.write(
            folder / f"{name}.wav", 10 ** (-(6 + 3 * number) / 20) * rng.standard_normal(4 * RATE_HZ), RATE_HZ
        )
    return folder


@pytest.fixture
def session(stems: Path) -> Session:
    return StemsHost(stems).read_session()


def saved(session: Session, folder: Path, *, names: tuple[str, ...] = ()) -> Path:
    """Save a session as a project in a folder of its own, its tracks under other names."""
    folder.mkdir(exist_ok=True)
    tracks = tuple(replace(t, name=n) for t, n in zip(session.tracks, names, strict=False)) or session.tracks
    tracks += session.tracks[len(tracks) :]
    path = folder / "song.RPP"
    path.write_text(new_project_text(replace(session, tracks=tracks), folder=folder), "utf-8", newline="")
    return path


def below(folder: Path) -> set[Path]:
    """Return everything below a folder."""
    return set(folder.rglob("*"))


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_track_of_any_name_is_mixed_and_nothing_is_made_beside(session: Session, tmp_path: Path, name: str) -> None:
    project = saved(session, tmp_path / "deep", names=(name, name, "Vox"))
    before = below(tmp_path)
    request = commands.MixRequest(
        project, plan=project.with_name("p.json"), report=project.with_name("r.html"), report_audio=False
    )
    mixed = commands.mix(request)
    new = below(tmp_path) - before
    assert new == {project.with_name(n) for n in ("p.json", "r.html", "song-automix.RPP")}
    written = RppHost(project.with_name("song-automix.RPP")).read_session()
    assert len(written.tracks) == 3
    assert mixed.receipt is not None
    commands.revert(project.with_name("song-automix.RPP"))
    assert (
        RppHost(project.with_name("song-automix.RPP")).read_session().tracks == RppHost(project).read_session().tracks
    )


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "", " ", "..", "."])
def test_a_plan_names_no_folder_for_its_takes(name: str) -> None:
    plan = _plan([_take(name=name, file="x.wav")])
    hostile = not name.strip() or set(name) & set('/\\:*?"<>|') or not name.isprintable()
    if hostile:
        with pytest.raises(PlanError, match="the name of a file, without a folder"):
            plan_from_json(plan)
    else:
        assert plan_from_json(plan).moves


def _take(**changes: object) -> dict[str, Any]:
    return {
        "kind": "take",
        "track": {"id": "{T}", "name": "Kick"},
        "item": {"id": "{I}", "name": ""},
        "name": "Kick tone",
        "gain_db": 0.0,
    } | changes


def _plan(moves: list[dict[str, Any]]) -> str:
    return json.dumps(
        {
            "schema": "reaper_automix.mixplan/1",
            "mixer": "tone",
            "session": {},
            "scope": {"tracks": [], "range_s": [0, 4]},
            "moves": moves,
        }
    )


def test_a_plan_cannot_have_a_private_file_copied_beside_the_project(session: Session, tmp_path: Path) -> None:
    """A plan from somebody else, applied, and the project sent back: nothing but audio has come along."""
    project = saved(session, tmp_path / "project")
    read = RppHost(project).read_session()
    secret = tmp_path / "id_rsa"
    secret.write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    item = read.tracks[0].items[0]
    move = _take(track={"id": read.tracks[0].id}, item={"id": item.id}, file=str(secret))
    plan = tmp_path / "plan.json"
    plan.write_text(_plan([move]))
    receipt, _ = commands.apply(plan, project)
    assert [(o.status.value, "is no WAV file" in o.detail) for o in receipt.outcomes] == [("skipped", True)]
    assert not [path for path in below(tmp_path / "project") if path.suffix.casefold() == ".wav"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_bus_of_any_name_adds_one_track_and_no_line_of_its_own(session: Session, tmp_path: Path, name: str) -> None:
    project = saved(session, tmp_path / "project")
    plan = tmp_path / "plan.json"
    text = _plan([{"kind": "bus", "name": name}])
    plan.write_text(text)
    try:
        commands.apply(plan, project, out=project.with_name("out.RPP"))
    except AutomixError:
        assert not project.with_name("out.RPP").exists()
        return
    lines = project.with_name("out.RPP").read_text("utf-8").splitlines()
    was = project.read_text("utf-8").splitlines()
    assert (
        sum(line.strip().startswith("<TRACK") for line in lines)
        <= sum(line.strip().startswith("<TRACK") for line in was) + 1
    )
    assert len(RppHost(project.with_name("out.RPP")).read_session().tracks) <= 4


@pytest.mark.parametrize("action", HOSTILE_NAMES)
def test_the_folder_of_a_run_lies_among_the_runs(tmp_path: Path, action: str) -> None:
    runs = tmp_path / "runs"
    made = run_folder.new_run_folder(runs, action[:100])
    assert made.path.parent == runs
    assert {path for path in below(tmp_path) if path.is_dir()} == {runs, made.path}


# --- links ---------------------------------------------------------------------------------------------------------


@posix
def test_a_link_that_came_with_a_project_is_not_written_through(session: Session, tmp_path: Path) -> None:
    project = saved(session, tmp_path / "project")
    private = tmp_path / ".bashrc"
    private.write_text("mine")
    project.with_name("song-automix.RPP").symlink_to(private)
    with pytest.raises(SessionError, match=r"is a link to .*another kind of file"):
        commands.mix(commands.MixRequest(project))
    for name in ("p.json", "r.html", "m.wav"):
        project.with_name(name).symlink_to(private)
        keyword = {"p.json": "plan", "r.html": "report", "m.wav": "render"}[name]
        request = commands.MixRequest(project, out=project.with_name("o.RPP"), **{keyword: project.with_name(name)})
        with pytest.raises(SessionError, match=r"is a link to .*another kind of file"):
            commands.mix(request)
    assert private.read_text() == "mine"
    assert not list(tmp_path.glob(".bashrc.*"))


@posix
def test_old_runs_are_forgotten_but_not_what_a_link_among_them_names(tmp_path: Path) -> None:
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "closed").write_text("keep")
    runs.mkdir()
    (runs / "2020-01-01_00-00-00-balance").symlink_to(elsewhere, target_is_directory=True)
    os.utime(elsewhere, (1, 1))
    for number in range(25):
        folder = runs / f"2021-01-01_00-00-{number:02d}-balance"
        folder.mkdir()
        (folder / "closed").touch()
    run_folder.new_run_folder(runs, "balance")
    assert len(list(runs.iterdir())) <= 22
    assert (elsewhere / "closed").read_text() == "keep"


# --- files that are none -------------------------------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    return path


SPECIAL = ("/dev/zero", "/dev/urandom", "/dev/tty", "/dev/stdin", "/dev/full", "/proc/kmsg", "/proc/self/mem")


@posix
def test_sources_that_never_end_or_never_begin_are_refused_at_once(pipe: Path) -> None:
    for path in (pipe, *map(Path, SPECIAL)):
        if path.exists():
            with pytest.raises(MediaError):
                probe(path)
    with pytest.raises(MediaError, match="a pipe or a device"):
        probe(pipe)
    with pytest.raises(MediaError, match="a pipe or a device"):
        probe("/dev/zero")


@posix
def test_a_project_whose_sources_are_devices_and_pipes_is_mixed_without_them(
    session: Session, stems: Path, tmp_path: Path, pipe: Path
) -> None:
    (stems / "Zero.wav").write_bytes((stems / "Kick.wav").read_bytes())
    (stems / "Pipe.wav").write_bytes((stems / "Kick.wav").read_bytes())
    project = saved(StemsHost(stems).read_session(), tmp_path / "project")
    text = project.read_text("utf-8")
    text = text.replace(str(stems / "Zero.wav"), "/dev/zero").replace(str(stems / "Pipe.wav"), str(pipe))
    assert "/dev/zero" in text
    assert str(pipe) in text
    project.write_text(text, "utf-8", newline="")
    done = subprocess.run(
        [sys.executable, "-m", "reaper_automix.cli", "mix", str(project), "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    warnings = json.loads(done.stdout)["warnings"]
    assert sum("a pipe or a device" in warning for warning in warnings) == 2, warnings


@posix
def test_projects_and_plans_that_are_pipes_or_endless_are_refused(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, endless = tmp_path / "pipe.RPP", tmp_path / "endless.RPP"
    os.mkfifo(pipe)
    endless.symlink_to("/dev/zero")
    for path in (pipe, endless):
        with pytest.raises(SessionError, match="a pipe or a device"):
            RppHost(path).read_session()
    monkeypatch.setattr(rpp_host, "MOST_BYTES", 100)
    project = saved(session, tmp_path / "project")
    with pytest.raises(SessionError, match="are not read"):
        RppHost(project).read_session()
    monkeypatch.undo()
    monkeypatch.setattr(commands, "MOST_PLAN_BYTES", 100_000)
    with pytest.raises(PlanError, match="which no plan has"):
        commands.apply(Path("/dev/zero"), project)


def test_a_source_that_is_no_audio_is_not_read_through(session: Session, tmp_path: Path) -> None:
    """A file of a terabyte without a byte in it (/proc/kcore claims 128): to read it would take an hour."""
    huge = tmp_path / "huge.wav"
    with huge.open("wb") as file:
        file.write(b"no audio")
        file.truncate(1 << 40)
    take = session.tracks[0].items[0].takes[0]
    item = replace(session.tracks[0].items[0], takes=(replace(take, source=replace(take.source, path=str(huge))),))
    changed = session.with_tracks({session.tracks[0].id: replace(session.tracks[0], items=(item,))})
    began_s = time.monotonic()
    planned = make_plan(changed, "balance", MixSettings())
    assert time.monotonic() - began_s < 120.0
    assert any("huge.wav" in warning for warning in planned.plan.warnings)


def test_a_folder_of_stems_passes_pipes_and_links_to_devices_over(stems: Path, tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(stems / "Pipe.wav")
        (stems / "Zero.wav").symlink_to("/dev/zero")
    assert [track.name for track in StemsHost(stems).read_session().tracks] == ["Bass", "Kick", "Vox"]


# --- what is built of names ------------------------------------------------------------------------------------------


def test_songs_of_a_wad_are_named_within_their_folder(tmp_path: Path) -> None:
    """The name of a lump becomes the name of a folder: it is eight bytes that anybody may choose."""
    for name in (b"D_/../..", b"D_..\\..", b"D_\x00\x01\x02", b"D_..    "):
        assert all(Path(found).name == found and found not in (".", "..") for found, _ in wad_music(_wad(name)))


def _wad(name: bytes) -> bytes:
    midi = b"MThd" + bytes(10)
    head = b"PWAD" + (1).to_bytes(4, "little") + (12 + len(midi)).to_bytes(4, "little")
    return head + midi + (12).to_bytes(4, "little") + len(midi).to_bytes(4, "little") + name


@pytest.mark.parametrize(
    "data",
    [
        b"PWAD",
        b"PWAD" + b"\xff\xff\xff\x7f" + b"\x00\x00\x00\x00",
        b"PWAD" + b"\x01\x00\x00\x00" + b"\xff\xff\xff\xff",
        b"PWAD" + b"\xff\xff\xff\xff" + b"\x0c\x00\x00\x00",
        _wad(b"D_X")[:-4],
    ],
)
def test_a_damaged_wad_holds_no_songs(data: bytes) -> None:
    assert list(wad_music(data)) == []


def test_pipes_in_a_folder_of_songs_are_passed_over(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "song.mid")
    with pytest.raises(AutomixError, match="holds no"):
        find_sources(tmp_path / "cache", midi_folder=tmp_path, font=tmp_path / "font.sf2")
