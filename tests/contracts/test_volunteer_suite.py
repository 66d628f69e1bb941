"""The volunteer suite runs to its end against the double under the real reapy, and leaves its report."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import reaper_report
from double import observing
from double.generated import write_module
from double.plugins import IEM, STOCK
from reaper import connection
from reaper_report import TestOutcome
from test_live import Double

from reaper_automix import __version__
from reaper_automix.errors import SessionError
from reaper_automix.hosts.live import connect
from reaper_automix.hosts.live_address import WEB_PORT

REPOSITORY = Path(__file__).resolve().parents[2]
SWITCH = REPOSITORY / "actions" / "Automix remote control.py"
LIMIT_S = 120.0

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("reapy") is None, reason="python-reapy is not installed"),
    pytest.mark.usefixtures("reapy_port"),
]

NOT_IN_THE_DOUBLE = {
    "test_sections": "CreateTakeAudioAccessor",
    "test_what_an_accessor_hears": "CreateTakeAudioAccessor",
}
"""Tests that the double cannot answer, and the function that it lacks."""

POINTERS = "test_track_pointers_in_the_wrapper_that_reaper_wrote"
"""Needs a ``reaper_python`` that is a file."""

NOTHING_RUN = 5
"""pytest's exit code."""


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder of its own, which the report goes to."""
    folder.mkdir(exist_ok=True)
    options = ["-c", str(REPOSITORY / "pyproject.toml"), "-p", "no:cacheprovider", "--basetemp", str(folder / "temp")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *words],
        cwd=folder,
        env=os.environ | observing.environment() | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT_S,
    )


def run(folder: Path, *paths: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the suite as a volunteer does; return the run and its report."""
    done = pytest_in(folder, "-m", "reaper", *(str(REPOSITORY / "tests" / path) for path in paths))
    report = folder / "reaper-report.json"
    assert report.is_file(), done.stdout + done.stderr
    return done, json.loads(report.read_text("utf-8"))


@pytest.fixture
def own_project(tmp_path: Path) -> Path:
    """The project that the volunteer works on."""
    path = tmp_path / "Volunteer's own.RPP"
    path.write_text('<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1700000000\n  <TRACK\n    NAME Mine\n  >\n>\n', "utf-8")
    return path


@pytest.fixture
def double(request: pytest.FixtureRequest, own_project: Path, tmp_path: Path) -> Iterator[Double]:
    """A double with its remote control switched on, and a project with changes in front."""
    resource = tmp_path / "resource"
    (resource / "reaper_automix").mkdir(parents=True)
    note = {"schema": "reaper_automix.install/1", "root": str(REPOSITORY), "python": sys.executable}
    (resource / "reaper_automix" / "install.json").write_text(json.dumps(note | {"version": __version__}), "utf-8")
    over_c = request.param == "over C calls"
    options = ("--reaper-python", str(write_module(tmp_path / "reaper_python.py"))) if over_c else ()
    plugins = json.dumps({"installed": [*STOCK, *IEM]})
    started = Double(own_project, resource, "--plugins", plugins, *options)
    try:
        started("set_fader", name="Mine", gain_lin=0.5)
        started("run_script", path=str(SWITCH))
        yield started
    finally:
        started.end()


def by_name(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {test["name"].rpartition("::")[2]: test for test in report["tests"]}


def outcome_of(report: dict[str, Any], outcome: str) -> set[str]:
    return {name for name, test in by_name(report).items() if test["outcome"] == outcome}


@pytest.mark.parametrize("double", ["directly"], indirect=True)
def test_all_of_it_on_the_double(double: Double, tmp_path: Path) -> None:
    done, report = run(tmp_path / "here", "reaper", "contracts/test_hosts.py", "contracts/test_chains.py")
    tests = by_name(report)
    assert done.returncode == 0, done.stdout
    assert len(tests) >= 45
    assert sum("[real_reaper_host" in name for name in tests) >= 30
    skipped = outcome_of(report, "skipped")
    assert {name.partition("[")[0] for name in skipped} == {*NOT_IN_THE_DOUBLE, POINTERS}
    for name in skipped - {POINTERS}:
        assert tests[name]["problem"].endswith(f"no function {NOT_IN_THE_DOUBLE[name.partition('[')[0]]}")
    assert outcome_of(report, "passed") == set(tests) - skipped
    left_alone(double)


@pytest.mark.parametrize("double", ["over C calls"], indirect=True)
def test_the_measurements_over_c_calls(double: Double, tmp_path: Path) -> None:
    """As in REAPER, where reapy has replaced what packs pointers: the module's own packing is asked as well."""
    done, report = run(tmp_path / "here", "reaper")
    tests = by_name(report)
    assert outcome_of(report, "failed") == outcome_of(report, "error") == set(), done.stdout
    assert list(tests[POINTERS]["findings"].values()) == [True, False]
    found = tests["test_between_two_points[Fader ride]"]["findings"]
    assert (found["scaling mode"], found["closest to linear in"]) == (1, "fader")
    assert tests["test_what_undo_covers"]["findings"]["fader"] == 1.0
    assert len(tests["test_the_scale_of_faders"]["findings"]["gain, scaled"]) >= 20
    about = report["about"]
    assert about["REAPER"] == "7.82/linux-x86_64"
    assert about["Python inside"] == about["Python outside"] == platform.python_version()
    assert about["reaper_automix"] == __version__
    text = (tmp_path / "here" / "reaper-report.txt").read_text("utf-8")
    assert text.strip() in done.stdout
    assert "REAPER: 7.82/linux-x86_64" in text
    assert "Please look through them and send them back" in done.stdout
    assert str(tmp_path) not in json.dumps(report)
    left_alone(double)


def left_alone(double: Double) -> None:
    """The volunteer's own project is in front again, as it was, and nothing was asked."""
    state = double.state
    assert state["faders"] == {"Mine": 0.5}
    assert state["modal_dialogs"] == state["boxes"] == state["script_errors"] == state["left_open"] == []
    assert double("tabs") == [["Volunteer's own.RPP", True]]


def test_without_a_reaper_all_is_skipped_with_the_next_step(tmp_path: Path) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", WEB_PORT)) == 0:
            pytest.skip(f"something answers on port {WEB_PORT}, perhaps a REAPER: nothing of this runs in it unasked")
    done, report = run(tmp_path / "here", "reaper/test_rendering.py")
    assert done.returncode == 0, done.stdout
    assert outcome_of(report, "skipped") == set(by_name(report)) != set()
    assert "run the action 'Automix remote control'" in done.stdout
    assert {"REAPER", "Python inside"}.isdisjoint(report["about"])


def test_default_runs_leave_it_out(tmp_path: Path) -> None:
    done = pytest_in(tmp_path / "here", str(REPOSITORY / "tests" / "reaper" / "test_rendering.py"))
    assert done.returncode == NOTHING_RUN
    assert "deselected" in done.stdout
    assert not (tmp_path / "here" / "reaper-report.json").exists()


@pytest.mark.parametrize("double", ["directly"], indirect=True)
def test_a_reaper_that_stands_still_is_let_go_of(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does while it shows a box, which would hold the suite up for ever."""
    monkeypatch.setattr(connection, "BLOCK_LIMIT_S", 0.3)
    reaper = connection.Connection(connect())
    still = threading.Thread(target=lambda: double("stand_still", for_s=1.0))
    still.start()
    time.sleep(0.1)
    with pytest.raises(SessionError, match="Close any box"), reaper.held():
        pass
    assert reaper.is_broken
    still.join()
    reaper.close()
    again = connection.Connection(connect())
    with again.held() as api:
        assert api.CountTracks(0) == 1
    again.close()


# --- the report ------------------------------------------------------------------------------------------------------


def reported(name: str, **what: Any) -> SimpleNamespace:
    fields = {"keywords": {"reaper": 1}, "user_properties": [], "longrepr": None, "longreprtext": ""}
    return SimpleNamespace(nodeid=name, **fields | what)


def test_the_worst_outcome_of_a_test_counts() -> None:
    told = reaper_report.outcomes(
        {
            "passed": [reported("a", user_properties=[("x", 1)]), reported("other", keywords={})],
            "error": [reported("a", longreprtext="the tab is left open")],
            "skipped": [SimpleNamespace(nodeid="a module"), reported("b", longrepr=("file", 1, "Skipped: no REAPER"))],
        }
    )
    assert told == [
        TestOutcome("a", "error", "the tab is left open", {"x": 1}),
        TestOutcome("b", "skipped", "no REAPER"),
    ]
    report = reaper_report.build(told)
    assert report["counts"] == {"error": 1, "skipped": 1}
    text = reaper_report.as_text(report)
    assert "1 skipped, 1 error" in text
    assert "error  a\n    the tab is left open\n  x: 1" in text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\Jo Doe\\Music\\x.wav", "~\\Music\\x.wav"),
        ("'C:\\\\Users\\\\jo\\\\x.wav'", "'~\\\\x.wav'"),
        ("/Users/jo/x.wav", "~/x.wav"),
        ("see /home/jo/x.wav.", "see ~/x.wav."),
        ("/private/var/pytest-of-jo/pytest-1", "/private/var/pytest-of-user/pytest-1"),
        ("Envelope 0.5", "Envelope 0.5"),
    ],
)
def test_folders_of_persons_are_taken_out(given: str, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper_report, "_user_name", lambda: "jdoe")
    assert reaper_report.anonymous({"a": [given, 1.5]}) == {"a": [kept, 1.5]}


def test_the_users_name_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper_report, "_user_name", lambda: "jdoe")
    assert reaper_report.anonymous("made by jdoe, jdoes") == "made by <user>, jdoes"
