"""A run whose worker misbehaves: whatever it does, the project is as it was and the message says what happened."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper
from open_sessions import rides_json, session

from reaper_automix.reascript import job as job_module
from reaper_automix.reascript import worker_process
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.installed import Installed
from reaper_automix.reascript.job import Job, Trigger
from reaper_automix.reascript.preferences import Preferences

OpenReaper = Callable[..., DoubleReaper]


@pytest.fixture
def make_job(open_reaper: OpenReaper, tmp_path: Path) -> Callable[[str], tuple[Job, DoubleReaper]]:
    """Return a maker of jobs whose worker is the given program (which finds its run folder in ``sys.argv``)."""

    def make(program: str) -> tuple[Job, DoubleReaper]:
        package = tmp_path / "clone" / "reaper_automix"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        head = "import json, pathlib, signal, sys, time\nfolder = pathlib.Path(sys.argv[1])\n"
        head += "def say(**event):\n    print(json.dumps(event), flush=True)\nsay(event='start', pid=1)\n"
        (package / "worker.py").write_text(head + textwrap.dedent(program))
        reaper = open_reaper(session(tmp_path, 4))
        api = DoubleApi(reaper)
        place = Installed(tmp_path / "clone", Path(sys.executable), tmp_path / "runs")
        trigger = Trigger(Reaper(api).project, "balance", "Automix: balance")
        return Job(api, trigger, Preferences(render="never"), place, window=False), reaper

    return make


def carry_on(job: Job, limit_s: float = 20.0) -> Job:
    """Give a job its turns until it ends."""
    until_s = time.monotonic() + limit_s
    while not job.finished and time.monotonic() < until_s:
        job.advance(0.012)
        time.sleep(0.01)
    assert job.finished, job.state()
    while not job.is_gone() and time.monotonic() < until_s:
        time.sleep(0.01)
    assert job.is_gone(), "the worker has ended"
    return job


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('garbage {')\nprint('[1]')", "ended without an answer (exit code 0)"),
        ("sys.exit(7)", "exit code 7"),
        ("import os\nos._exit(1)", "exit code 1"),
        ("say(event='failed', message='Track 3 is damaged.')", "Track 3 is damaged."),
        ("say(event='done', plan='plan.json')", "its plan cannot be read"),
        ("(folder / 'plan.json').write_text('{')\nsay(event='done', plan='plan.json')", "plan"),
        ("(folder / 'plan.json').write_bytes(b'\\xff\\xfe')\nsay(event='done', plan='plan.json')", "cannot be read"),
        ("(folder / 'session.json').unlink()\nimport shutil\nshutil.rmtree(folder)", "ended without an answer"),
    ],
)
def test_a_worker_that_ends_badly_changes_nothing(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], program: str, said: str
) -> None:
    job, reaper = make_job(program)
    before = reaper.current.to_bytes()
    carry_on(job)
    assert job.failed
    assert said in " ".join(job.lines)
    assert reaper.current.to_bytes() == before
    assert reaper.current.undo_label() is None


def test_a_worker_that_says_nothing_is_stopped(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "SILENCE_LIMIT_S", 1.0)
    job, reaper = make_job("say(event='progress', stage='Listening', done=1, total=2, label='Kick')\ntime.sleep(60)")
    carry_on(job)
    assert job.failed
    assert "said nothing for 1 s at 'Listening'" in job.lines[0]
    assert "worker.log" in job.lines[0]
    assert reaper.current.undo_label() is None


def test_a_worker_that_ignores_the_wish_to_stop_is_killed(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "_PATIENCE_S", 0.5)
    job, _ = make_job("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay(event='progress', stage='x')\ntime.sleep(60)")
    while job.stage != "x":
        job.advance(0.012)
    job.cancel()
    carry_on(job)
    assert (job.failed, job.lines) == (False, ["Cancelled: nothing was changed."])


def test_done_beats_a_late_wish_to_stop_only_before_writing(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], tmp_path: Path
) -> None:
    plan = rides_json(session(tmp_path, 4))
    job, reaper = make_job(
        f"(folder / 'plan.json').write_text({json.dumps(plan)})\nsay(event='done', plan='plan.json')\ntime.sleep(0.3)"
    )
    while not job.started_worker:
        job.advance(0.012)
    job.cancel()
    carry_on(job)
    assert job.lines == ["Cancelled: nothing was changed."]
    assert reaper.current.undo_label() is None


def test_a_long_backlog_is_heard_to_its_end(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], tmp_path: Path
) -> None:
    plan = rides_json(session(tmp_path, 4))
    job, _ = make_job(
        f"(folder / 'plan.json').write_text({json.dumps(plan)})\nprint()\n"
        "for n in range(3000):\n    say(event='progress', stage='Listening', done=n, total=3000, label='Kick')\n"
        "say(event='done')"
    )
    while not job.started_worker:
        job.advance(0.012)
    process = job._worker
    assert process is not None
    while process.exit_code is None:  # REAPER shows a box meanwhile
        time.sleep(0.05)
    carry_on(job)
    assert job.lines[0] == "8 written."


def test_a_cancel_after_the_workers_last_word_is_heeded(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], tmp_path: Path
) -> None:
    plan = rides_json(session(tmp_path, 4))
    job, reaper = make_job(f"(folder / 'plan.json').write_text({json.dumps(plan)})\nsay(event='done')")
    original = job._finish

    def finish(*arguments: object) -> object:
        job.cancel()
        return original(*arguments)  # type: ignore[arg-type]

    job._finish = finish  # type: ignore[method-assign,assignment]
    carry_on(job)
    assert job.lines == ["Cancelled: nothing was changed."]
    assert reaper.current.undo_label() is None


def test_what_reaper_rendered_is_removed(make_job: Callable[[str], tuple[Job, DoubleReaper]]) -> None:
    job, _ = make_job("(folder / 'rendered').mkdir()\nsay(event='failed', message='No.')")
    carry_on(job)
    assert job.folder is not None
    assert not (job.folder.path / "rendered").exists()


def test_a_runs_folder_that_cannot_be_made_is_said(
    make_job: Callable[[str], tuple[Job, DoubleReaper]], tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file")
    job, _ = make_job("")
    carry_on(job)
    assert "No folder for this run can be made" in job.lines[0]


def test_a_good_worker_is_written_back(make_job: Callable[[str], tuple[Job, DoubleReaper]], tmp_path: Path) -> None:
    plan = rides_json(session(tmp_path, 4))
    job, reaper = make_job(f"(folder / 'plan.json').write_text({json.dumps(plan)})\nsay(event='done')")
    carry_on(job)
    assert job.lines[0] == "8 written."
    assert reaper.current.undo_label() == "Automix: rides"


def test_closing_reaper_ends_the_worker(make_job: Callable[[str], tuple[Job, DoubleReaper]]) -> None:
    job, _ = make_job("say(event='progress', stage='x')\ntime.sleep(60)")
    while job.stage != "x":
        job.advance(0.012)
    process = job._worker
    assert process is not None
    job.abandon()
    until_s = time.monotonic() + 5.0
    while process.exit_code is None and time.monotonic() < until_s:
        time.sleep(0.01)
    assert process.exit_code is not None
    assert job.folder is not None
    assert job.folder.closed.exists()
