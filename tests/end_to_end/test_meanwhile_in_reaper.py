"""What else happens while an action runs: cancelling, other triggers, tabs, recording, edits by hand, dead workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from double.generated import write_module
from open_reaper import OpenReaper

from reaper_automix.session import Session
from reaper_automix.units import db_to_lin


def test_cancel_in_the_middle_changes_nothing(reaper: OpenReaper) -> None:
    before = reaper.state()["sha256"]
    reaper.trigger("Automix balance")
    pid = reaper.worker_pid()
    reaper.do("answer", boxes=[6])
    reaper.trigger("Automix status")
    reaper.wait()
    assert reaper.state()["sha256"] == before
    assert reaper.receipt()["lines"] == ["Cancelled: nothing was changed."]
    assert_gone(pid)


def test_a_second_trigger_shows_the_run_instead_of_reapers_question(reaper: OpenReaper) -> None:
    reaper.trigger("Automix balance")
    reaper.worker_pid()
    reaper.do("answer", boxes=[7])
    reaper.trigger("Automix balance")
    assert "so far" in reaper.messages()["boxes"][0][0]
    reaper.wait()
    assert reaper.receipt()["lines"][0] == "8 written."
    assert len(reaper.runs()) == 1


def test_a_killed_worker_changes_nothing_and_says_so(reaper: OpenReaper) -> None:
    before = reaper.state()["sha256"]
    reaper.trigger("Automix balance")
    os.kill(reaper.worker_pid(), signal.SIGKILL)
    reaper.wait()
    assert reaper.state()["sha256"] == before
    receipt = reaper.receipt()
    assert receipt["failed"]
    assert "exit code -9" in receipt["lines"][0]
    assert "nothing was changed" in receipt["lines"][0]
    assert "worker.log" in receipt["lines"][0]
    reaper.run("Automix balance")
    assert reaper.receipt()["lines"][0] == "8 written."


def test_a_fader_moved_while_the_worker_listens_stays(reaper: OpenReaper) -> None:
    reaper.trigger("Automix balance")
    reaper.worker_pid()
    reaper.do("set_fader", track="Keys", gain_lin=db_to_lin(-20.0))
    reaper.wait()
    assert reaper.faders()["Keys"] == pytest.approx(db_to_lin(-20.0))
    assert any("Keys" in line and "moved since" in line for line in reaper.receipt()["lines"])


def test_the_run_stays_with_its_tab(reaper: OpenReaper, eight: Session, save: Callable[..., Path]) -> None:
    reaper.trigger("Automix balance")
    reaper.worker_pid()
    reaper.do("open", path=str(save(eight, "other.RPP")))
    reaper.wait()
    assert set(reaper.faders().values()) == {1.0}, "the tab in front is another one"
    reaper.do("front", tab=0)
    assert set(reaper.faders().values()) != {1.0}


@pytest.mark.parametrize("scaling", [(), ("--amplitude-scaling",)], ids=["fader scaling", "gain scaling"])
def test_over_the_module_that_reaper_generates(
    eight: Session, save: Callable[..., Path], tmp_path: Path, scaling: tuple[str, ...]
) -> None:
    """Its wrapper goes through C, and lets no pointer through that is not of the tab in front."""
    module = write_module(tmp_path / "reaper_python.py")
    path = save(replace(eight, time_selection_s=(2.0, 5.0)), "song.RPP")
    with OpenReaper(path, tmp_path, "--reaper-python", str(module), *scaling) as reaper:
        before = reaper.tracks()
        reaper.trigger("Automix balance")
        reaper.worker_pid()
        reaper.do("open", path=str(save(eight, "other.RPP")))
        reaper.wait()
        assert not any(track["envelopes"] for track in reaper.tracks())
        assert reaper.state()["tabs"] == 2
        reaper.do("front", tab=0)
        after = reaper.tracks()
        assert all(track["envelopes"]["Volume"]["active"] for track in after)
        assert reaper.receipt()["lines"][0] == "8 written."
        reaper.do("undo")
        assert reaper.tracks() == before
        assert reaper.messages()["script_errors"] == []


def test_reading_waits_for_its_tab(eight: Session, save: Callable[..., Path], tmp_path: Path) -> None:
    module = write_module(tmp_path / "reaper_python.py")
    with OpenReaper(save(eight, "song.RPP"), tmp_path, "--reaper-python", str(module)) as reaper:
        reaper.trigger("Automix balance")  # the project is being read from here on
        reaper.do("open", path=str(save(eight, "other.RPP")))
        reaper.do("tick", for_s=0.5)
        reaper.do("front", tab=0)
        reaper.wait()
        assert reaper.receipt()["lines"][0] == "8 written."
        assert set(reaper.faders().values()) != {1.0}


def test_a_tab_closed_while_it_is_read_is_told(eight: Session, save: Callable[..., Path], tmp_path: Path) -> None:
    module = write_module(tmp_path / "reaper_python.py")
    with OpenReaper(save(eight, "song.RPP"), tmp_path, "--reaper-python", str(module)) as reaper:
        reaper.trigger("Automix balance")
        reaper.do("open", path=str(save(eight, "other.RPP")))
        reaper.do("close", tab=0)
        reaper.wait()
        assert "closed" in reaper.receipt()["lines"][0]


def test_a_closed_tab_is_told(reaper: OpenReaper, eight: Session, save: Callable[..., Path]) -> None:
    reaper.trigger("Automix balance")
    reaper.worker_pid()
    reaper.do("open", path=str(save(eight, "other.RPP")))
    reaper.do("close", tab=0)
    reaper.wait()
    assert "closed meanwhile" in reaper.receipt()["lines"][0]
    assert set(reaper.faders().values()) == {1.0}


def test_nothing_happens_while_reaper_records(reaper: OpenReaper) -> None:
    reaper.do("play", state=5)
    reaper.trigger("Automix balance")
    assert "recording" in reaper.messages()["boxes"][0][0]
    reaper.trigger("Automix revert")
    assert "recording" in reaper.messages()["boxes"][1][0]
    assert reaper.runs() == []


def test_recording_that_begins_meanwhile_is_respected(reaper: OpenReaper) -> None:
    before = reaper.state()["sha256"]
    reaper.trigger("Automix balance")
    reaper.worker_pid()
    reaper.do("play", state=5)
    reaper.do("tick", for_s=4.0)
    assert reaper.state()["sha256"] == before
    assert not (reaper.runs()[-1] / "receipt.json").exists()
    reaper.do("play", state=0)
    reaper.wait()
    assert reaper.receipt()["lines"][0] == "8 written.", "what was heard is not lost"


def test_a_missing_environment_is_told_with_the_next_step(reaper: OpenReaper, tmp_path: Path) -> None:
    before = reaper.state()["sha256"]
    reaper.install(tmp_path / "no" / "python")
    reaper.run("Automix balance")
    shown = reaper.messages()["boxes"][0][0]
    assert "does not start" in shown
    assert "install.py" in shown
    assert reaper.state()["sha256"] == before


def test_the_worker_goes_when_reaper_crashes(reaper: OpenReaper, eight: Session, save: Callable[..., Path]) -> None:
    with OpenReaper(save(eight, "crash.RPP"), reaper.resource.parent) as crashing:
        crashing.trigger("Automix balance")
        pid = crashing.worker_pid()
        crashing.kill()
        assert_gone(pid)


def assert_gone(pid: int, limit_s: float = 10.0) -> None:
    until_s = time.monotonic() + limit_s
    while time.monotonic() < until_s:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} still lives")
