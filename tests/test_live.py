"""A REAPER in one process, a client in another, the real reapy between: mix, inspect, revert, and broken clients."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from double import observing
from double.generated import FILE_VARIABLE, users_file, write_module

from reaper_automix import __version__, live_commands
from reaper_automix.errors import AutomixError, PlanError, SessionError
from reaper_automix.hosts.live import connect
from reaper_automix.live_commands import LiveMixRequest
from reaper_automix.mixplan import FaderMove
from reaper_automix.reascript.remote_control import SERVER_PORT
from reaper_automix.receipt import Status

REPOSITORY = Path(__file__).resolve().parents[1]
ACTIONS = REPOSITORY / "actions"
SWITCH = str(ACTIONS / "Automix remote control.py")
RATE_HZ, LENGTH_S = 16000, 3.0
LEVELS = {"Kick": 0.2, "Bäss": 0.05, "Vox": 0.02}
ANSWER_LIMIT_S = 15.0
PORT_TAKEN = 4
"""Exit code of the process that plays REAPER."""

HOLDS = """
import time, warnings
warnings.simplefilter("ignore")
import reapy
with reapy.inside_reaper():
    reapy.reascript_api.CountTracks(0)
    print("held", flush=True)
    time.sleep(60)
"""
DIES_WAITING = """
import os, warnings
warnings.simplefilter("ignore")
import reapy
from reapy.tools import json
from reapy.tools.network import machines
from reaper_automix.reascript import remote
client = machines.get_selected_client()
client.send(json.dumps({"function": remote.read_project, "input": {"args": [], "kwargs": {}}}).encode())
os.kill(os.getpid(), 9)
"""

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("reapy") is None, reason="python-reapy is not installed"),
    pytest.mark.usefixtures("reapy_port"),
]


class Double:
    """The process that plays REAPER."""

    def __init__(self, project: Path, resource: Path, *options: str) -> None:
        program = Path(__file__).parent / "double" / "reapy_process.py"
        words = ["--project", str(project), "--resource-path", str(resource), *options]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(program), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **observing.environment()},
        )
        try:
            assert self._answer() == {"ready": True}
        except BaseException:
            self.end()
            raise

    def __call__(self, wish: str, **what: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": wish, **what}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert "error" not in answer, answer["error"]
        return answer["value"]

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self("state")
        return state

    def saved(self, folder: Path) -> bytes:
        self("save", path=str(folder / "saved.RPP"))
        return (folder / "saved.RPP").read_bytes()

    def switch(self) -> dict[str, Any]:
        """Run the action that switches the remote control, and give it some turns."""
        self("run_script", path=SWITCH)
        time.sleep(0.15)
        return self.state

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], ANSWER_LIMIT_S)[0]:
            raise AssertionError("the double does not answer")
        line = self._process.stdout.readline()
        if not line:
            if self._process.wait(5.0) == PORT_TAKEN:
                pytest.skip("port 2307, which is fixed in reapy, is in use on this machine")
            raise AssertionError("the double has ended; see the captured standard error")
        answer: dict[str, Any] = json.loads(line)
        return answer


Start = Callable[..., Double]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of three tracks at very different levels."""
    tracks = []
    for number, (name, level) in enumerate(LEVELS.items(), 1):
        noise = level * np.random.default_rng(number).standard_normal((int(RATE_HZ * LENGTH_S), 1))
        soundfile.write(tmp_path / f"{name}.wav", noise, RATE_HZ)
        tracks.append(
            f"""  <TRACK {{AAAAAAAA-0000-0000-0000-00000000000{number}}}
    NAME {name}
    VOLPAN 1 0 -1 -1 1
    MUTESOLO 0 0 0
    NCHAN 2
    FX 1
    TRACKID {{AAAAAAAA-0000-0000-0000-00000000000{number}}}
    MAINSEND 1 0
    <ITEM
      POSITION 0
      LENGTH {LENGTH_S:g}
      LOOP 0
      IGUID {{BBBBBBBB-0000-0000-0000-00000000000{number}}}
      NAME {name}
      VOLPAN 1 0 1 -1
      SOFFS 0
      PLAYRATE 1 1 0 -1 0 0.0025
      <SOURCE WAVE
        FILE "{name}.wav"
      >
    >
  >
"""
        )
    text = '<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1700000000\n  SAMPLERATE 16000 1 0\n' + "".join(tracks) + ">\n"
    path = tmp_path / "Söng.RPP"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def start(project: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a double; all of them end with the test."""
    doubles: list[Double] = []
    resource = tmp_path / "REAPER réssource"
    note = {
        "schema": "reaper_automix.install/1",
        "root": str(REPOSITORY),
        "python": sys.executable,
        "version": __version__,
    }
    (resource / "reaper_automix").mkdir(parents=True)
    (resource / "reaper_automix" / "install.json").write_text(json.dumps(note), "utf-8")

    def started(*options: str) -> Double:
        doubles.append(Double(project, resource, *options))
        return doubles[-1]

    yield started
    for double in doubles:
        double.end()


@pytest.fixture
def reaper(start: Start) -> Double:
    """A double with its remote control switched on."""
    double = start()
    state = double.switch()
    assert state["boxes"] == state["script_errors"] == state["modal_dialogs"] == []
    return double


def db_of(state: dict[str, Any]) -> dict[str, float]:
    return {name: 20 * float(np.log10(gain)) for name, gain in state["faders"].items()}


# --- the switch ------------------------------------------------------------------------------------------------------


def test_the_switch(start: Start) -> None:
    double = start()
    assert "reapy/server_port" not in double.state["ext_state"]
    with pytest.raises(SessionError, match="its remote control is off"):
        connect()
    on = double.switch()
    assert on["ext_state"]["reapy/server_port"] == str(SERVER_PORT)
    assert "remote control is ON" in on["console"]
    assert "web interface on port 2307" in on["console"]
    connect().close()
    off = double.switch()
    assert "remote control is off" in off["console"]
    assert not [key for key in off["ext_state"] if "remote" in key or "reapy" in key]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", SERVER_PORT), 1.0)
    assert double.switch()["ext_state"]["reapy/server_port"] == str(SERVER_PORT)
    with connect() as live:
        assert len(live.read().session.tracks) == 3
    state = double.state
    assert state["boxes"] == state["script_errors"] == state["modal_dialogs"] == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's list of sockets")
def test_only_this_computer_is_listened_to(reaper: Double) -> None:
    local = [line.split()[1:4:2] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [address for address, state in local if state == "0A" and address.endswith(f":{SERVER_PORT:04X}")]
    assert listening == [f"0100007F:{SERVER_PORT:04X}"]


def test_without_reapy_the_next_step_is_told(start: Start, tmp_path: Path) -> None:
    double = start()
    note = tmp_path / "REAPER réssource" / "reaper_automix" / "install.json"
    elsewhere = tmp_path / "no reapy here" / "bin" / "python"
    note.write_text(json.dumps({**json.loads(note.read_text("utf-8")), "python": str(elsewhere)}), "utf-8")
    state = double.switch()
    assert "Remote control needs python-reapy, which is not in" in state["boxes"][0][0]
    assert "run install.py" in state["boxes"][0][0]
    assert "reapy/server_port" not in state["ext_state"]


def test_a_taken_port_is_told(start: Start) -> None:
    double = start()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", SERVER_PORT))
        taken.listen()
        state = double.switch()
    assert f"Port {SERVER_PORT} is in use" in state["boxes"][0][0]
    assert "reapy/server_port" not in state["ext_state"]
    assert "ON" not in state["console"]
    assert double.switch()["ext_state"]["reapy/server_port"] == str(SERVER_PORT)


# --- mix, inspect, revert --------------------------------------------------------------------------------------------


def test_mix_is_one_undo_step(reaper: Double, tmp_path: Path) -> None:
    before = reaper.saved(tmp_path)
    mixed = live_commands.mix(LiveMixRequest())
    after_db = {m.track.name: m.after_db for m in mixed.planned.plan.moves if isinstance(m, FaderMove)}
    state = reaper.state
    assert set(after_db) == set(LEVELS)
    assert db_of(state) == pytest.approx(after_db, abs=1e-6)
    assert mixed.receipt is not None
    assert mixed.receipt.count(Status.WRITTEN) == 3
    assert state["undo"] == "Automix: balance"
    assert state["left_open"] == []
    assert reaper("undo") == "Automix: balance"
    assert set(reaper.state["faders"].values()) == {1.0}
    assert without_our_record(reaper.saved(tmp_path)) == before


def without_our_record(project: bytes) -> bytes:
    """Take out the project's ext state, which undo leaves."""
    text = project.decode()
    start = text.find("  <EXTSTATE")
    return project if start < 0 else (text[:start] + text[text.index("\n  >\n", start) + 5 :]).encode()


@pytest.mark.parametrize("file", ["made here", "REAPER's own"])
def test_mix_and_revert_over_c_calls(start: Start, tmp_path: Path, file: str) -> None:
    """As in REAPER, where each function is a C call, texts lie in buffers, and reapy replaces what packs pointers."""
    module = write_module(tmp_path / "reaper_python.py") if file == "made here" else users_file()
    if module is None:
        pytest.skip(f"needs a reaper_python.py that REAPER wrote: give its path in {FILE_VARIABLE}")
    double = start("--reaper-python", str(module))
    before = double.saved(tmp_path)
    assert double.switch()["boxes"] == []
    mixed = live_commands.mix(LiveMixRequest())
    after_db = {m.track.name: m.after_db for m in mixed.planned.plan.moves if isinstance(m, FaderMove)}
    assert db_of(double.state) == pytest.approx(after_db, abs=1e-6)
    assert live_commands.revert().count(Status.RESTORED) == 3
    assert without_our_record(double.saved(tmp_path)) == before
    assert double.state["script_errors"] == []


def test_selected_tracks_and_later_edits(reaper: Double) -> None:
    reaper("select", names=["Kick", "Vox"])
    live_commands.mix(LiveMixRequest())
    first = reaper.state["faders"]
    assert first["Bäss"] == 1.0
    reaper("set_fader", name="Vox", gain_lin=0.25)
    live_commands.mix(LiveMixRequest())
    again = reaper.state["faders"]
    assert again["Vox"] == 0.25
    receipt = live_commands.revert()
    assert {o.track: o.status for o in receipt.outcomes} == {"Kick": Status.RESTORED, "Vox": Status.LEFT_ALONE}
    assert reaper.state["faders"] == {"Kick": 1.0, "Bäss": 1.0, "Vox": 0.25}


def test_inspect_changes_nothing(reaper: Double, tmp_path: Path) -> None:
    before = reaper.saved(tmp_path)
    data = live_commands.inspect().data()
    assert [track["name"] for track in data["tracks"]] == list(LEVELS)
    assert all(track["before_fader"]["loudness_lufs"] < 0.0 for track in data["tracks"])
    assert reaper.saved(tmp_path) == before


def test_revert_is_one_undo_step_too(reaper: Double) -> None:
    live_commands.mix(LiveMixRequest())
    mixed = reaper.state["faders"]
    receipt = live_commands.revert()
    assert receipt.count(Status.RESTORED) == 3
    state = reaper.state
    assert set(state["faders"].values()) == {1.0}
    assert reaper("undo") == "Automix: revert"
    assert reaper.state["faders"] == mixed


def test_what_changed_meanwhile_is_left_alone(reaper: Double) -> None:
    with connect() as live:
        read = live.read()
    planned = live_commands.mix(LiveMixRequest(dry_run=True)).planned
    reaper("set_fader", name="Bäss", gain_lin=0.5)
    with connect() as live:
        receipt = live.write(planned.plan, read)
    assert {o.track for o in receipt.with_status(Status.SKIPPED)} == {"Bäss"}
    assert reaper.state["faders"]["Bäss"] == 0.5


def test_a_project_that_was_closed_meanwhile_is_not_written(reaper: Double, project: Path) -> None:
    with connect() as live:
        read = live.read()
        plan = live_commands.mix(LiveMixRequest(dry_run=True)).planned.plan
    reaper("open", path=str(project))
    reaper("close_first")
    with connect() as live, pytest.raises(SessionError, match="The project was closed in REAPER meanwhile"):
        live.write(plan, read)
    assert set(reaper.state["faders"].values()) == {1.0}


def test_a_plan_goes_into_its_own_project_whatever_tab_is_in_front(start: Start, project: Path, tmp_path: Path) -> None:
    double = start("--reaper-python", str(write_module(tmp_path / "reaper_python.py")))
    double.switch()
    with connect() as live:
        read = live.read()
    plan = live_commands.mix(LiveMixRequest(dry_run=True)).planned.plan
    double("open", path=str(project))
    with connect() as live:
        assert live.write(plan, read).count(Status.WRITTEN) == 3
    assert set(double.state["faders"].values()) == {1.0}
    assert double.state["undo"] is None
    double("front", tab=0)
    after_db = {m.track.name: m.after_db for m in plan.moves if isinstance(m, FaderMove)}
    assert db_of(double.state) == pytest.approx(after_db, abs=1e-6)
    assert double.state["undo"] == "Automix: balance"


def test_nothing_is_written_while_reaper_records(reaper: Double) -> None:
    with connect() as live:
        read = live.read()
    plan = live_commands.mix(LiveMixRequest(dry_run=True)).planned.plan
    reaper("record", on=True)
    with pytest.raises(SessionError, match="REAPER is recording"):
        live_commands.mix(LiveMixRequest())
    with connect() as live:
        with pytest.raises(SessionError, match="REAPER is recording, so nothing was written"):
            live.write(plan, read)
        with pytest.raises(SessionError, match="REAPER is recording, so nothing was taken back"):
            live.revert()


def test_where_reapers_python_has_no_package_it_is_held(start: Start, tmp_path: Path) -> None:
    """The server is reapy's own here, as its users have it; our code runs on this side."""
    reapy = importlib.util.find_spec("reapy")
    assert reapy is not None
    assert reapy.origin is not None
    folder = Path(reapy.origin).parent
    double = start("--without-package", "--path", str(folder.parent))
    before = double.saved(tmp_path)
    double("run_script", path=str(folder / "reascripts" / "activate_reapy_server.py"))
    with connect() as live:
        live.read()
        assert live._is_our_server is False
    mixed = live_commands.mix(LiveMixRequest())
    after_db = {m.track.name: m.after_db for m in mixed.planned.plan.moves if isinstance(m, FaderMove)}
    assert db_of(double.state) == pytest.approx(after_db, abs=1e-6)
    assert double.state["undo"] == "Automix: balance"
    assert live_commands.revert().count(Status.RESTORED) == 3
    assert without_our_record(double.saved(tmp_path)) == before
    double("record", on=True)
    with connect() as live, pytest.raises(SessionError, match="REAPER is recording"):
        live.revert()


# --- clients that break ----------------------------------------------------------------------------------------------


def run_client(program: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)


def test_a_client_killed_while_it_holds_reaper(reaper: Double) -> None:
    for _ in range(2):
        client = run_client(HOLDS)
        assert client.stdout is not None
        assert client.stdout.readline() == "held\n"
        client.kill()
        client.wait()
        client.stdout.close()
        begin_s = time.monotonic()
        with connect() as live:
            assert len(live.read().session.tracks) == 3
        assert time.monotonic() - begin_s < 3.0
    assert live_commands.mix(LiveMixRequest()).receipt is not None
    assert reaper.state["script_errors"] == []


def test_a_client_killed_while_it_waits_for_an_answer(reaper: Double) -> None:
    client = run_client(DIES_WAITING)
    client.wait()
    assert client.stdout is not None
    client.stdout.close()
    with connect() as live:
        assert len(live.read().session.tracks) == 3
    assert reaper.state["script_errors"] == []


def test_while_another_client_holds_reaper_the_message_comes_in_time(reaper: Double) -> None:
    client = run_client(HOLDS)
    assert client.stdout is not None
    assert client.stdout.readline() == "held\n"
    begin_s = time.monotonic()
    with pytest.raises(SessionError, match=r"REAPER's web interface .* does not answer|another program holds REAPER"):
        connect()
    assert time.monotonic() - begin_s < 3.0
    client.kill()
    client.wait()
    client.stdout.close()
    with connect() as live:
        live.read()


def test_a_wrong_result_leaves_the_server_usable(reaper: Double) -> None:
    with connect() as live:
        from reapy.errors import DistError

        with pytest.raises(DistError, match="cannot be sent as JSON"):
            live._client.request(eval, {"args": ["object()"], "kwargs": {}})
        assert len(live.read().session.tracks) == 3


def test_problems_arrive_as_our_own(reaper: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect() as live:
        read = live.read()
        plan = live_commands.mix(LiveMixRequest(dry_run=True)).planned.plan
    monkeypatch.setattr("reaper_automix.hosts.live.plan_to_json", lambda plan: "{}")
    with connect() as live:
        with pytest.raises(PlanError):
            live.write(plan, read)
        monkeypatch.setattr("reaper_automix.hosts.live.plan_to_json", lambda plan: 3)
        with pytest.raises(AutomixError, match="unexpected error in REAPER"):
            live.write(plan, read)
    assert set(reaper.state["faders"].values()) == {1.0}
