"""The worker: a run folder in, a plan and a report out, or one clear last word and nothing written."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from double import observing

from reaper_automix import requested_plan, worker
from reaper_automix.errors import Cancelled
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan import FaderMove, MixPlan
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.plan_writing import apply_plan
from reaper_automix.process_watch import ProcessWatch
from reaper_automix.reascript.run_folder import RunFolder
from reaper_automix.requested_plan import plan_requested
from reaper_automix.requests import Request, request_to_json
from reaper_automix.session import FxSlot, Session
from reaper_automix.session_json import session_to_json
from reaper_automix.settings import MixSettings
from reaper_automix.worker import CANCELLED, DONE, FAILED, Events, Lookout, Stop, work

REPOSITORY = Path(__file__).resolve().parents[1]
RATE_HZ = 16000
LEVELS_DB = {"Kick": -6.0, "Bass": -14.0, "Vox": -17.0}


def noise(seed: int, level_db: float, length_s: float = 4.0) -> np.ndarray:
    samples = np.random.default_rng(seed).standard_normal(round(length_s * RATE_HZ))
    return 10 ** (level_db / 20) * 0.2 * samples


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("Söng")
    for seed, (name, level_db) in enumerate(LEVELS_DB.items()):
        soundfile.write(folder / f"{name}.wav", noise(seed, level_db), RATE_HZ)
    return StemsHost(folder).read_session()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "2026-01-01_12-00-00-bálance"
    path.mkdir()
    return RunFolder(path)


def ask(folder: RunFolder, session: Session, request: Request | None = None) -> None:
    request = request or Request("balance", window=False)
    folder.request.write_text(request_to_json(request), "utf-8")
    folder.session.write_text(session_to_json(session), "utf-8")


def told(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def worked(folder: RunFolder) -> tuple[int, list[dict[str, Any]]]:
    stream = io.BytesIO()
    code = work(folder, Events(stream), Stop())
    return code, told(stream)


def faders(plan: MixPlan) -> dict[str, float]:
    return {m.track.name: m.after_db - (m.before_db or 0.0) for m in plan.moves if isinstance(m, FaderMove)}


# --- what it says -----------------------------------------------------------------------------------------------


def test_a_stage_is_told_at_once_and_then_not_too_often() -> None:
    now = [100.0]
    stream = io.BytesIO()
    events = Events(stream, clock=lambda: now[0])
    for stage in ("Listening", "Playing"):
        for done in range(100):
            events.progress(stage, done, 100, "Kick ü")
            now[0] += 0.01
    lines = told(stream)
    assert [line["stage"] for line in lines] == ["Listening"] * 10 + ["Playing"] * 10
    assert lines[0] == {
        "event": "progress",
        "stage": "Listening",
        "done": 0,
        "total": 100,
        "label": "Kick ü",
        "elapsed_s": 0.0,
    }
    assert lines[10]["elapsed_s"] == 1.0
    assert stream.getvalue().isascii()


def test_there_is_one_last_word() -> None:
    stream = io.BytesIO()
    events = Events(stream)
    assert events.end("done")
    assert not events.end("cancelled")
    events.say("window", shown=False)
    events.progress("Playing", 0, 1)
    assert told(stream) == [{"event": "done"}]


# --- what it does -----------------------------------------------------------------------------------------------


def test_a_plan_and_a_report_are_written(folder: RunFolder, session: Session) -> None:
    ask(folder, session)
    code, lines = worked(folder)
    assert code == DONE
    assert lines[-1] == {"event": "done", "plan": "plan.json", "report": "report.html"}
    assert {"event": "session", "name": session.name, "tracks": 3} in lines
    stages = [line["stage"] for line in lines if line["event"] == "progress"]
    assert stages[0] == "Starting"
    assert {"Listening to the tracks", "Playing the mix", "Writing the report"} <= set(stages)
    assert set(os.listdir(folder.path)) == {"request.json", "session.json", "plan.json", "report.html"}
    assert "<html" in folder.report.read_text("utf-8")
    plan = plan_from_json(folder.plan.read_text("utf-8"))
    assert plan.session_fingerprint == session.fingerprint()
    receipt = apply_plan(MemoryHost(session), plan)
    assert not receipt.notes
    assert set(faders(plan)) == set(LEVELS_DB)


def test_the_request_is_followed(folder: RunFolder, session: Session) -> None:
    vox = next(t.id for t in session.tracks if t.name == "Vox")
    ask(folder, session, Request("balance", MixSettings(50.0), (vox,), (1.0, 3.0), window=False))
    assert worked(folder)[0] == DONE
    plan = plan_from_json(folder.plan.read_text("utf-8"))
    assert plan.scope_track_ids == (vox,)
    assert plan.range_s == (1.0, 3.0)
    assert plan.settings["strength_percent"] == 50.0


def test_a_second_run_replaces_the_first(folder: RunFolder, session: Session) -> None:
    host = MemoryHost(session)
    first = plan_requested(Request("balance"), session).plan
    apply_plan(host, first)
    again = plan_requested(Request("balance"), host.read_session()).plan
    assert again.session_fingerprint == session.fingerprint()
    assert faders(again) == faders(first)


# --- how it fails -----------------------------------------------------------------------------------------------


def failed_message(folder: RunFolder) -> str:
    code, lines = worked(folder)
    assert code == FAILED
    assert [line["event"] for line in lines].count("failed") == 1
    assert lines[-1]["event"] == "failed"
    assert not folder.plan.exists()
    assert not folder.report.exists()
    message: str = lines[-1]["message"]
    return message


def test_a_folder_without_a_request_is_explained(folder: RunFolder) -> None:
    message = failed_message(folder)
    assert "request.json" in message
    assert "--help" in message


def test_a_damaged_session_is_explained(folder: RunFolder, session: Session) -> None:
    ask(folder, session)
    folder.session.write_text('{"schema": "reaper_automix.session/1"}', "utf-8")
    assert "damaged" in failed_message(folder)
    folder.session.write_bytes(b"\xff\xfe")
    assert "session.json" in failed_message(folder)


def test_an_unknown_mixer_is_explained(folder: RunFolder, session: Session) -> None:
    ask(folder, session, Request("magic", window=False))
    message = failed_message(folder)
    assert "'magic'" in message
    assert "balance" in message


def test_nothing_to_mix_is_explained(folder: RunFolder) -> None:
    ask(folder, Session())
    assert "no tracks" in failed_message(folder)


def test_missing_packages_name_the_installer(
    folder: RunFolder, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(folder, session)
    monkeypatch.setitem(sys.modules, "reaper_automix.requested_plan", None)
    message = failed_message(folder)
    assert "python install.py" in message
    assert sys.executable in message


def test_the_unexpected_is_logged_and_told(
    folder: RunFolder, session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    ask(folder, session)
    monkeypatch.setattr(requested_plan, "plan_requested", broken)
    message = failed_message(folder)
    assert "ZeroDivisionError: by nothing" in message
    assert "worker.log" in message
    assert "Traceback" in capsys.readouterr().err


# --- how it stops -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cancel", "closed"])
def test_a_file_in_the_folder_stops_it(folder: RunFolder, session: Session, name: str) -> None:
    ask(folder, session)
    (folder.path / name).touch()
    code, lines = worked(folder)
    assert code == CANCELLED
    assert lines[-1] == {"event": "cancelled"}
    assert not folder.plan.exists()


def test_it_stops_when_reaper_is_gone(folder: RunFolder, session: Session) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    ask(folder, session, Request("balance", window=False, reaper_pid=gone.pid))
    code, lines = worked(folder)
    assert code == CANCELLED
    assert lines[-1] == {"event": "cancelled"}


def test_a_wish_in_the_middle_of_listening_stops_it(
    folder: RunFolder, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path / "cache"))  # so that there is something to play
    heard = []

    class Listener(Events):
        def progress(self, stage: str, done: float, total: float, label: str = "") -> None:
            super().progress(stage, done, total, label)
            heard.append(stage)
            if stage == "Playing the mix":
                stop.asked.set()

    ask(folder, session)
    stop, stream = Stop(), io.BytesIO()
    assert work(folder, Listener(stream), stop) == CANCELLED
    assert told(stream)[-1] == {"event": "cancelled"}
    assert heard[-1] == "Playing the mix"
    assert sorted(os.listdir(folder.path)) == ["request.json", "session.json"]


@pytest.fixture
def lookout(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Events, Stop], list[int]]]:
    """Start a lookout that gives up at once, and tell with which code it would end the process."""
    threads: list[threading.Thread] = []
    monkeypatch.setattr(worker, "_PATIENCE_S", 0.05)

    def started(events: Events, stop: Stop) -> list[int]:
        codes: list[int] = []
        threads.append(Lookout(folder, ProcessWatch(), stop, events, codes.append))
        threads[-1].start()
        return codes

    yield started
    for thread in threads:
        thread.join(5.0)
        assert not thread.is_alive()


def test_work_that_hangs_is_ended(folder: RunFolder, lookout: Callable[[Events, Stop], list[int]]) -> None:
    stream = io.BytesIO()
    codes = lookout(Events(stream), Stop())
    folder.cancel.touch()
    until_s = time.monotonic() + 5.0
    while not codes and time.monotonic() < until_s:
        time.sleep(0.01)
    assert codes == [CANCELLED]
    assert told(stream) == [{"event": "cancelled"}]


def test_results_that_are_being_written_are_not_torn(lookout: Callable[[Events, Stop], list[int]]) -> None:
    stop, events = Stop(), Events(io.BytesIO())
    with stop.held:
        codes = lookout(events, stop)
        stop.asked.set()
        time.sleep(0.3)
        events.end("done")
    time.sleep(0.1)
    assert codes == []


def test_a_stop_before_the_writing_holds() -> None:
    stop = Stop()
    stop.check()
    stop.asked.set()
    with pytest.raises(Cancelled, match="nothing was changed"):
        stop.check()


# --- as a process -----------------------------------------------------------------------------------------------


def start(folder: RunFolder, **environment: str) -> subprocess.Popen[bytes]:
    """Start the worker as the REAPER side does, without a display."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with folder.progress.open("wb") as progress, folder.log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "reaper_automix.worker", str(folder.path)],
            cwd=REPOSITORY,
            env=kept | observing.environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=progress,
            stderr=log,
        )


def lines_of(folder: RunFolder) -> list[dict[str, Any]]:
    return [json.loads(line) for line in folder.progress.read_bytes().splitlines()]


def wait_for_start(folder: RunFolder) -> float:
    began_s = time.monotonic()
    while not folder.progress.read_bytes().endswith(b"\n") and time.monotonic() < began_s + 20.0:
        time.sleep(0.005)
    return time.monotonic() - began_s


def test_nothing_heavy_is_loaded_before_the_first_word() -> None:
    code = (
        "import sys, reaper_automix.worker as w; "
        "print(sorted({'numpy', 'scipy', 'soundfile', 'jinja2', 'tkinter', 'rich'} & set(sys.modules)), w.__name__)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("[] reaper_automix.worker\n", "")


def test_the_process_does_the_whole_run(folder: RunFolder, session: Session) -> None:
    ask(folder, session, Request("balance", window=False, reaper_pid=os.getpid()))
    with start(folder) as process:
        assert wait_for_start(folder) < 5.0
        assert process.wait(120) == DONE
    lines = lines_of(folder)
    assert lines[0] == {"event": "start", "pid": process.pid}
    assert lines[-1]["event"] == "done"
    assert "Python" in folder.log.read_text("utf-8")


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="displays are an affair of X11")
def test_without_a_display_there_is_no_window_but_a_plan(folder: RunFolder, session: Session) -> None:
    ask(folder, session, Request("balance", window=True))
    with start(folder) as process:
        assert process.wait(120) == DONE
    if sys.platform == "linux":
        assert {"event": "window", "shown": False} in lines_of(folder)
        assert "No progress window" in folder.log.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal that it could hear")
def test_a_signal_stops_the_process(folder: RunFolder, session: Session) -> None:
    ask(folder, session)
    with start(folder) as process:
        wait_for_start(folder)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == CANCELLED
    assert lines_of(folder)[-1] == {"event": "cancelled"}
    assert not folder.plan.exists()
    assert not folder.report.exists()


def test_stray_prints_break_no_line(folder: RunFolder) -> None:
    code = (
        "import os, sys; from reaper_automix.worker import Events, _own_output; events = Events(_own_output()); "
        "events.say('start'); print('a library talks'); os.write(1, b'so does C'); events.end('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=True)
    assert done.stdout.splitlines() == [b'{"event": "start"}', b'{"event": "done"}']
    assert b"a library talks" in done.stderr
    assert b"so does C" in done.stderr


def test_started_by_hand_it_teaches() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reaper_automix.worker", "--help"], cwd=REPOSITORY, capture_output=True, check=True
    )
    assert b"RUN_FOLDER" in done.stdout
    assert b"reaper-automix mix" in done.stdout


# --- tracks that REAPER rendered ----------------------------------------------------------------------------------


@pytest.fixture
def driven(session: Session) -> Session:
    """The session, with a plug-in on the vocal."""
    vox = next(t for t in session.tracks if t.name == "Vox")
    return session.with_tracks({vox.id: replace(vox, effects=(FxSlot("{F}", "ReaComp", "VST"),))})


def rendering(session: Session, path: Path) -> Request:
    vox = next(t for t in session.tracks if t.name == "Vox")
    return Request(
        "balance", rendered={vox.id: {"path": str(path), "start_s": 0.0, "end_s": session.end_s}}, window=False
    )


def test_a_rendered_track_is_judged_as_rendered(driven: Session, tmp_path: Path) -> None:
    quiet = np.tile(noise(2, -23.0), (2, 1)).T  # 6 dB below the file of the vocal, in both channels
    soundfile.write(tmp_path / "vox.wav", quiet, RATE_HZ, subtype="FLOAT")
    dry = plan_requested(Request("balance"), driven).plan
    wet = plan_requested(rendering(driven, tmp_path / "vox.wav"), driven).plan
    difference_db = {name: faders(wet)[name] - faders(dry)[name] for name in LEVELS_DB}
    assert difference_db["Vox"] - difference_db["Kick"] == pytest.approx(6.0, abs=0.2)
    assert any("judged dry" in w for w in dry.warnings)
    assert not any("judged dry" in w for w in wet.warnings)


def test_the_plan_is_for_the_session_itself(driven: Session, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "vox.wav", noise(2, -23.0), RATE_HZ)
    plan = plan_requested(rendering(driven, tmp_path / "vox.wav"), driven).plan
    assert plan.session_fingerprint == driven.fingerprint()
    assert not apply_plan(MemoryHost(driven), plan).notes


@pytest.mark.parametrize("content", [None, b"", b"no audio"])
def test_a_rendering_that_cannot_be_used_is_named(driven: Session, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "vox.wav"
    if content is not None:
        path.write_bytes(content)
    plan = plan_requested(rendering(driven, path), driven).plan
    assert plan.warnings[0].startswith("Vox: judged dry. What REAPER rendered of it cannot be used (")
    assert str(path) in plan.warnings[0]
    assert faders(plan) == faders(plan_requested(Request("balance"), driven).plan)


def test_a_rendering_that_was_stopped_is_not_taken_for_the_track(driven: Session, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "vox.wav", noise(2, -60.0)[: RATE_HZ // 2], RATE_HZ)
    plan = plan_requested(rendering(driven, tmp_path / "vox.wav"), driven).plan
    assert "it ends after 0.5 of" in plan.warnings[0]
    assert faders(plan) == faders(plan_requested(Request("balance"), driven).plan)


def test_a_track_that_was_saved_locked_is_left_alone(session: Session, tmp_path: Path) -> None:
    vox = next(t for t in session.tracks if t.name == "Vox")
    locked = session.with_tracks({vox.id: replace(vox, locked=True)})
    path = tmp_path / "song.RPP"
    path.write_text(new_project_text(locked, folder=tmp_path), encoding="utf-8")
    open_now = replace(RppHost(path).read_session(), tracks=tuple(replace(t, locked=False) for t in session.tracks))
    plan = plan_requested(Request("balance"), replace(open_now, path=str(path))).plan
    assert "Vox" not in faders(plan)
    assert any("Vox" in w and "locked" in w for w in plan.warnings)
    assert plan.session_fingerprint == open_now.fingerprint()
