"""The progress window: what it makes of a run's folder, and the window itself where there is a screen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reaper_automix.process_watch import ProcessWatch
from reaper_automix.progress_window import starting
from reaper_automix.progress_window.following import Follower
from reaper_automix.progress_window.starting import NO_WINDOW, WindowProcess, reason_for_no_window
from reaper_automix.progress_window.story import Line, Phase, Story
from reaper_automix.reascript.run_folder import RunFolder
from reaper_automix.receipt import Outcome, Receipt, Status

REPOSITORY = Path(__file__).resolve().parents[1]
LISTENING = {
    "event": "progress",
    "stage": "Listening to the tracks",
    "done": 6,
    "total": 24,
    "label": "Kick",
    "elapsed_s": 1.2,
}
RECEIPT = Receipt(
    (
        Outcome("Kick", "fader", Status.WRITTEN),
        Outcome("Vox: lead", "Volume envelope", Status.SKIPPED, "in latch mode: the envelope would own the fader"),
        Outcome("Shaker", "fader", Status.LEFT_ALONE, "changed since an earlier automix run wrote it, so it is yours"),
        Outcome("Bass", "fader", Status.UNCHANGED),
    ),
    ("The mix is lowered by 1.2 dB.",),
)
LINES = ["1 written, 1 skipped.", *RECEIPT.lines()]


def story(*events: dict[str, Any]) -> Story:
    told = Story("Automix: balance")
    for event in events:
        told.hear(json.dumps(event))
    return told


# --- what is shown ----------------------------------------------------------------------------------------------


def test_before_the_first_word_it_is_starting() -> None:
    view = story().view()
    assert (view.phase, view.step, view.share, view.count) == (Phase.WORKING, "Starting", None, "")
    assert view.title == "Automix: balance"


def test_a_step_is_shown_with_its_share_and_its_track() -> None:
    view = story({"event": "session", "name": "Söng.RPP", "tracks": 24}, LISTENING).view()
    assert (view.step, view.label, view.share, view.count) == ("Listening to the tracks", "Kick", 0.25, "6 of 24")
    assert view.project == "Söng.RPP"


@pytest.mark.parametrize(
    ("done", "total", "share", "count"),
    [(0, 1, None, ""), (0, 0, None, ""), (1, 1, 1.0, "1 of 1"), (37.5, 100.0, 0.375, "38 %"), (9, 4, 1.0, "9 of 4")],
)
def test_shares(done: float, total: float, share: float | None, count: str) -> None:
    view = story(LISTENING | {"done": done, "total": total}).view()
    assert (view.share, view.count) == (share, count)


def test_what_is_not_understood_is_passed_over() -> None:
    told = story(LISTENING)
    for line in ("", "{", "[]", "null", '"done"', '{"event": "progress"}', '{"event": ["done"]}', '{"stage": 1}'):
        told.hear(line)
    assert told.view() == story(LISTENING).view()
    for receipt in (None, [], {"lines": "none"}):
        told.hear_receipt(receipt)
    assert told.view().phase == Phase.WORKING


def test_names_that_cannot_be_drawn_are_mended() -> None:
    view = story(LISTENING | {"label": "Vox\x00\udcff 🎤"}, {"event": "session", "name": "a\tb\nc"}).view()
    assert view.label == "Vox\ufffd\ufffd 🎤"


def test_after_the_plan_reaper_has_the_word() -> None:
    view = story(LISTENING, {"event": "done", "plan": "plan.json", "report": "report.html"}).view()
    assert view.phase == Phase.WRITING
    assert "REAPER" in view.step


def test_the_receipt_is_sorted_with_what_was_not_written_first() -> None:
    told = story(LISTENING, {"event": "done"})
    told.hear_receipt({"title": "Automix", "lines": LINES, "failed": False})
    view = told.view()
    assert (view.phase, view.headline) == (Phase.FINISHED, "1 written, 1 skipped.")
    assert [group.heading for group in view.groups] == ["Not written", "Written", "Unchanged", "Notes"]
    missed, written, _, notes = (group.lines for group in view.groups)
    assert missed[0] == Line("Vox", "lead: Volume envelope skipped", RECEIPT.outcomes[1].detail)
    assert missed[1] == Line("Shaker", "fader left alone", RECEIPT.outcomes[2].detail)
    assert written == (Line("Kick", "fader written"),)
    assert notes == (Line("", "The mix is lowered by 1.2 dB."),)


def test_a_preview_is_shown_by_track() -> None:
    told = story({"event": "done"})
    lines = ["Preview only: nothing was written.", "Kick: fader +0.0 dB -> -4.2 dB", "A warning."]
    told.hear_receipt({"lines": lines, "failed": False})
    view = told.view()
    assert view.headline == lines[0]
    assert view.groups[0].lines == (Line("Kick", "fader +0.0 dB -> -4.2 dB"),)
    assert view.groups[1].lines == (Line("", "A warning."),)


def test_a_failure_shows_its_message_until_reaper_says_more() -> None:
    told = story(LISTENING, {"event": "failed", "message": "Kick.wav: the file is missing."})
    view = told.view()
    assert view.phase == Phase.FAILED
    assert view.groups[0].lines == (Line("", "Kick.wav: the file is missing."),)
    told.hear_receipt({"lines": ["More words."], "failed": True})
    assert told.view().groups[0].lines == (Line("", "More words."),)


def test_a_failure_of_the_writing_is_one() -> None:
    told = story({"event": "done"})
    told.hear_receipt({"lines": ["Kick: fader skipped: REAPER did not take it"], "failed": True})
    assert told.view().phase == Phase.FAILED


def test_cancelled_is_told_by_the_worker_or_by_reaper() -> None:
    told = story(LISTENING)
    told.ask_to_stop()
    assert (told.view().phase, told.view().step) == (Phase.STOPPING, "Stopping ...")
    told.hear('{"event": "cancelled"}')
    assert told.view().phase == Phase.CANCELLED
    late = story({"event": "done"})
    late.hear_receipt({"lines": ["Cancelled: nothing was changed."], "failed": False})
    assert late.view().phase == Phase.CANCELLED


def test_a_cancel_that_came_too_late_shows_what_was_written() -> None:
    told = story({"event": "done"})
    told.ask_to_stop()
    told.hear_receipt({"lines": LINES, "failed": False})
    assert told.view().phase == Phase.FINISHED


def test_an_empty_receipt_is_shown_as_such() -> None:
    told = story()
    told.hear_receipt({"lines": [], "failed": False})
    assert told.view().headline


# --- following a folder -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "rün"
    path.mkdir()
    return RunFolder(path)


def say(folder: RunFolder, *events: dict[str, Any]) -> None:
    with folder.progress.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def test_lines_are_read_as_they_come_and_only_whole_ones(folder: RunFolder) -> None:
    follower = Follower(folder, "Automix")
    assert follower.look().step == "Starting"
    say(folder, LISTENING)
    assert follower.look().label == "Kick"
    line = json.dumps(LISTENING | {"label": "Bässe"}, ensure_ascii=False).encode()
    with folder.progress.open("ab") as file:
        file.write(line[:40])
    assert follower.look().label == "Kick"
    with folder.progress.open("ab") as file:
        file.write(line[40:] + b"\n")
    assert follower.look().label == "Bässe"


def test_time_stands_still_when_the_run_is_over(folder: RunFolder) -> None:
    clock = Clock()
    follower = Follower(folder, "Automix", clock=clock)
    clock.now_s += 7.0
    follower.look()
    assert follower.elapsed_s == 7.0
    say(folder, {"event": "failed", "message": "no"})
    follower.look()
    clock.now_s += 5.0
    assert (follower.elapsed_s, follower.since_end_s) == (7.0, 5.0)


def test_a_receipt_that_is_half_written_is_read_when_it_is_whole(folder: RunFolder) -> None:
    follower = Follower(folder, "Automix")
    text = json.dumps({"title": "Automix", "lines": LINES, "failed": False})
    folder.receipt.write_text(text[:30], "utf-8")
    assert follower.look().phase == Phase.WORKING
    folder.receipt.write_text(text, "utf-8")
    assert follower.look().phase == Phase.FINISHED


def test_cancel_leaves_a_file_for_the_worker(folder: RunFolder) -> None:
    follower = Follower(folder, "Automix")
    follower.cancel()
    assert folder.cancel.exists()
    assert follower.look().phase == Phase.STOPPING


@pytest.fixture
def killed() -> Iterator[ProcessWatch]:
    """A worker that was killed while it was watched."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        watch = ProcessWatch(process.pid)
        process.kill()
        process.wait()
        yield watch


def test_a_killed_worker_is_told_after_its_last_words_had_time(folder: RunFolder, killed: ProcessWatch) -> None:
    clock = Clock()
    follower = Follower(folder, "Automix", killed, clock)
    say(folder, LISTENING)
    assert follower.look().phase == Phase.WORKING
    clock.now_s += 1.0
    view = follower.look()
    assert view.phase == Phase.FAILED
    assert "worker.log" in view.groups[0].lines[0].text
    folder.write_receipt("Automix", ["The worker ended without an answer."], failed=True)
    assert follower.look().groups[0].lines[0].text == "The worker ended without an answer."


def test_a_killed_worker_that_had_said_its_last_word_is_no_problem(folder: RunFolder, killed: ProcessWatch) -> None:
    clock = Clock()
    follower = Follower(folder, "Automix", killed, clock)
    follower.look()
    say(folder, {"event": "done"})
    clock.now_s += 1.0
    assert follower.look().phase == Phase.WRITING


@pytest.mark.parametrize("name", ["cancel", "closed"])
def test_a_worker_that_was_ended_on_request_is_cancelled(folder: RunFolder, killed: ProcessWatch, name: str) -> None:
    clock = Clock()
    follower = Follower(folder, "Automix", killed, clock)
    (folder.path / name).touch()
    follower.look()
    clock.now_s += 1.0
    assert follower.look().phase == Phase.CANCELLED


def test_a_folder_that_vanishes_is_told(folder: RunFolder) -> None:
    follower = Follower(folder, "Automix")
    follower.look()
    shutil.rmtree(folder.path)
    view = follower.look()
    assert view.phase == Phase.FAILED
    assert str(folder.path) in view.groups[0].lines[0].text
    assert follower.report is None
    follower.cancel()


# --- starting it ------------------------------------------------------------------------------------------------


def test_why_there_is_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting.importlib.util, "find_spec", lambda name: None)
    assert "no Tk" in reason_for_no_window()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="displays are an affair of X11")
def test_no_display_no_window(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(starting.importlib.util, "find_spec", lambda name: object())
    assert "no display" in WindowProcess(folder, "Automix").problem()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="displays are an affair of X11")
def test_a_display_that_does_not_answer_ends_the_window_alone(folder: RunFolder) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reaper_automix.progress_window", str(folder.path)],
        cwd=REPOSITORY,
        env=os.environ | {"DISPLAY": ":4095"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == NO_WINDOW
    assert b"No window" in done.stderr or b"no Tk" in done.stderr


# --- the window itself ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """An X display of our own."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("needs Xvfb (on Debian and Ubuntu: the package xvfb)")
    pytest.importorskip("tkinter", reason="needs a Python with Tk (on Debian and Ubuntu: the package python3-tk)")
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-screen", "0", "1000x700x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        if not number:
            pytest.skip("Xvfb found no free display")
        yield f":{number}"
        server.terminate()


@pytest.fixture
def window(folder: RunFolder, screen: str) -> Iterator[Any]:
    from reaper_automix.progress_window.window import ProgressWindow

    opened: list[str] = []
    shown = ProgressWindow(Follower(folder, "Automix: balance"), screen=screen, open_page=opened.append)
    shown.opened = opened  # type: ignore[attr-defined]
    shown.root.update()
    yield shown
    if is_open(shown):
        shown.close()


def is_open(window: Any) -> bool:
    import tkinter

    try:
        return bool(window.root.winfo_exists())
    except tkinter.TclError:
        return False


def look(window: Any) -> None:
    window.look()
    window.root.update()


def words(window: Any) -> str:
    """Return the lines of the outcome."""
    text: str = window.root.nametowidget(window._outcome.text).get("1.0", "end")
    return text


def test_it_shows_the_step_and_offers_cancel(folder: RunFolder, window: Any) -> None:
    assert window.title.cget("text") == "Automix: balance"
    assert str(window.bar.cget("mode")) == "indeterminate"
    say(folder, {"event": "session", "name": "Song.RPP", "tracks": 24}, LISTENING)
    look(window)
    assert window.root.title() == "Automix: balance - Song.RPP"
    assert window.step.cget("text") == "Listening to the tracks"
    assert (window.count.cget("text"), window.label.cget("text")) == ("6 of 24", "Kick")
    assert str(window.bar.cget("mode")) == "determinate"
    assert float(window.bar.cget("value")) == 0.25
    assert window.elapsed.cget("text") == "0:00"
    assert window.button.cget("text") == "Cancel"


def test_escape_cancels_and_then_it_closes_by_itself(
    folder: RunFolder, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reaper_automix.progress_window.window._FAREWELL_S", 0.0)
    window.root.focus_force()
    window.root.update()
    window.root.event_generate("<Escape>")
    window.root.update()
    assert folder.cancel.exists()
    assert window.step.cget("text") == "Stopping ..."
    assert window.button.instate(["disabled"])
    say(folder, {"event": "cancelled"})
    window.look()
    assert not is_open(window)


def test_it_shows_what_was_written_and_stays(folder: RunFolder, window: Any) -> None:
    say(folder, LISTENING, {"event": "done"})
    look(window)
    assert window.button.instate(["disabled"])  # too late to cancel, too early to close
    folder.report.touch()
    folder.write_receipt("Automix: balance", LINES, failed=False)
    look(window)
    assert window._outcome.headline.cget("text") == LINES[0]
    assert "fader left alone: changed since" in words(window)
    assert not window.bar.winfo_ismapped()
    assert window.button.cget("text") == "Close"
    assert window.button.instate(["!disabled"])
    window.report.invoke()
    until_s = time.monotonic() + 5.0
    while not window.opened and time.monotonic() < until_s:
        time.sleep(0.01)
    assert window.opened == [folder.report.as_uri()]
    folder.closed.touch()
    look(window)
    assert is_open(window)
    window.leave()
    assert not is_open(window)


def test_a_report_that_has_gone_is_told(folder: RunFolder, window: Any) -> None:
    folder.report.touch()
    folder.write_receipt("Automix: balance", LINES, failed=False)
    look(window)
    folder.report.unlink()
    window.open_report()
    window.root.update()
    assert window.opened == []
    assert str(folder.report) in window.step.cget("text")
    assert window.step.winfo_ismapped()


def test_it_shows_a_failure(folder: RunFolder, window: Any) -> None:
    say(folder, {"event": "failed", "message": "Kick.wav: the file is missing."})
    look(window)
    assert "the file is missing" in words(window)
    assert not window.report.winfo_ismapped()
    assert window.button.cget("text") == "Close"


def test_it_closes_with_reaper(folder: RunFolder, window: Any) -> None:
    folder.closed.touch()
    window.look()
    assert not is_open(window)


def test_many_lines_long_names_and_a_small_window_fit(folder: RunFolder, window: Any) -> None:
    name = "Organ (Leslie, both microphones) " * 8
    say(folder, LISTENING | {"label": name}, {"event": "session", "name": name, "tracks": 1})
    look(window)
    assert window.root.winfo_width() < 600
    lines = [f"Track {n}: fader written" for n in range(400)] + [f"{name}: fader skipped: {name}"]
    folder.write_receipt("Automix", ["400 written, 1 skipped.", *lines], failed=False)
    look(window)
    assert window.root.winfo_width() <= 1000
    assert "Organ" in words(window).splitlines()[1]
    assert len(words(window).splitlines()[1].split("\t")[0]) < 40
    assert "…" in words(window)
    window.root.geometry("380x260")
    window.root.update()
    bottom = window.button.winfo_rooty() + window.button.winfo_height()
    assert bottom <= window.root.winfo_rooty() + window.root.winfo_height()
    text = window._outcome.text
    window.root.focus_force()
    window.root.update()
    window.root.event_generate("<Next>")
    window.root.update()
    where = text.index("@0,0")
    assert text.compare(where, ">", "1.0")
    look(window)
    assert text.index("@0,0") == where


def test_clock_words() -> None:
    pytest.importorskip("tkinter")
    from reaper_automix.progress_window.window import clock_words

    assert [clock_words(t) for t in (0.9, 61.0, 3725.0)] == ["0:00", "1:01", "1:02:05"]


def wait_until(found: Callable[[], bool], limit_s: float = 15.0) -> None:
    until_s = time.monotonic() + limit_s
    while not found():
        assert time.monotonic() < until_s, "it did not happen in time"
        time.sleep(0.02)


def test_the_process_lives_on_after_the_worker_and_closes_when_told(
    folder: RunFolder, screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.chdir(REPOSITORY)
    say(folder, LISTENING)
    process = WindowProcess(folder, "Automix: balance")
    assert process.problem() == ""
    inner = process._process
    assert inner is not None
    try:
        time.sleep(0.5)
        assert inner.poll() is None
        folder.closed.touch()
        wait_until(lambda: inner.poll() is not None)
        assert inner.returncode == 0
        assert process.problem() == ""
    finally:
        inner.kill()
        inner.wait()
