"""The hosts that every contract is kept by, each with the same three-track session, and what their tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from double.api import DoubleApi
from double.reaper import DoubleReaper
from reaper.opening import host_in_reaper

from reaper_automix.edits import Host
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan import MixPlan, Move, TrackRef
from reaper_automix.plan_writing import apply_plan
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.open_project import ReaperHost
from reaper_automix.receipt import Status
from reaper_automix.session import Session, Track

LENGTH_S = 2.0

HostMaker = Callable[[Path], Host]


def stems_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "söng with spaces"
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    for name in ("Kick.wav", "Snare.wav", "Vox 🎤.wav"):
        soundfile.write(folder / name, 0.1 * rng.standard_normal(round(LENGTH_S * 8000)), 8000)
    return folder


def stems_host(tmp_path: Path) -> Host:
    return StemsHost(stems_folder(tmp_path), target=tmp_path / "out.RPP")


def memory_host(tmp_path: Path) -> Host:
    return MemoryHost(StemsHost(stems_folder(tmp_path)).read_session())


def project(tmp_path: Path, line_end: bytes = b"\n") -> Path:
    text = new_project_text(StemsHost(stems_folder(tmp_path)).read_session(), folder=tmp_path)
    path = tmp_path / "song.RPP"
    path.write_bytes(text.encode().replace(b"\n", line_end))
    return path


def rpp_copy_host(tmp_path: Path) -> Host:
    return RppHost(project(tmp_path, b"\r\n"), target=tmp_path / "out.RPP")


def rpp_in_place_host(tmp_path: Path) -> Host:
    return RppHost(project(tmp_path))


def open_project(path: Path, **options: object) -> Host:
    return ReaperHost(Reaper(DoubleApi(DoubleReaper(path, **options))), "Automix: hand")  # type: ignore[arg-type]


def reaper_fader_scaling_host(tmp_path: Path) -> Host:
    return open_project(project(tmp_path), fader_scaling=True)


def reaper_gain_scaling_host(tmp_path: Path) -> Host:
    return open_project(project(tmp_path), fader_scaling=False, point_decimals=8)


def older_reaper_host(tmp_path: Path) -> Host:
    return open_project(project(tmp_path), chunk_name_gives_null=True, trim_adjust_mode=0)


def real_reaper_host(tmp_path: Path) -> Host:
    return host_in_reaper(project(tmp_path))


HOSTS = [
    memory_host,
    stems_host,
    rpp_copy_host,
    rpp_in_place_host,
    reaper_fader_scaling_host,
    reaper_gain_scaling_host,
    older_reaper_host,
    pytest.param(real_reaper_host, marks=pytest.mark.reaper),
]


def ref(session: Session, name: str) -> TrackRef:
    track = next(t for t in session.tracks if t.name == name)
    return TrackRef(track.id, track.name)


def named(host: Host, name: str) -> Track:
    session = host.read_session()
    return session.track(ref(session, name).id)


def plan_of(
    session: Session, *moves: Move, mixer: str = "hand", range_s: tuple[float, float] = (0.0, LENGTH_S)
) -> MixPlan:
    ids = tuple(t.id for t in session.tracks)
    return MixPlan(mixer, "", session.path, "", ids, range_s, moves)


def statuses(host: Host, plan: MixPlan) -> list[Status]:
    return [outcome.status for outcome in apply_plan(host, plan).outcomes]
