"""How the double runs scripts: a ``__main__`` each, deferred code, and what REAPER does about loose ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.generated import FILE_VARIABLE, functions_of, load_module, users_file, write_module
from double.reaper import DoubleReaper
from double.reaper_module import pack_pointer, unpack_pointer
from double.scripts import ScriptHost

PROCESS = Path(__file__).resolve().parent / "double" / "process.py"


@pytest.fixture
def host(song: str) -> ScriptHost:
    return ScriptHost(DoubleReaper(song.encode()))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


Write = Callable[[str, str], Path]

COUNTER = """
import sys
from reaper_python import RPR_ShowConsoleMsg
turns = 0
def turn():
    global turns
    turns += 1
    RPR_ShowConsoleMsg(f"{turns} ")
    if turns < 3:
        RPR_defer("turn()")
assert sys.modules["__main__"].turn is turn and hasattr(sys.modules["__main__"], "obj")
RPR_atexit("RPR_ShowConsoleMsg('end')")
turn()
"""


# --- in this process -----------------------------------------------------------------------------------------------


def test_deferred_code_runs_once_per_round_in_its_own_main(host: ScriptHost, write: Write) -> None:
    before = sys.modules["__main__"]
    host.run_script(write("count.py", COUNTER))
    assert host.reaper.console == "1 "
    assert host.tick() is True
    assert host.tick() is False
    assert host.reaper.console == "1 2 3 end"
    assert host.script_errors == []
    assert len(host.deferred_durations_s) == 2
    assert sys.modules["__main__"] is before
    assert "reaper_python" not in sys.modules


def test_a_second_trigger_of_a_deferring_script_is_modal(host: ScriptHost, write: Write) -> None:
    script = write("count.py", COUNTER)
    host.run_script(script)
    assert host.run_script(script) is None
    assert host.reaper.modal_dialogs == ["ReaScript task control: count.py"]
    assert host.run_for(2.0, until_idle=True)
    host.run_script(script)
    assert len(host.reaper.modal_dialogs) == 1


def test_errors_are_kept_and_end_the_script(host: ScriptHost, write: Write) -> None:
    host.run_script(write("bad.py", "RPR_defer('1/0')\nRPR_defer('x = 1')"))
    host.tick()
    assert "ZeroDivisionError" in host.script_errors[0]
    assert not host.runs


def test_loose_ends_are_tied_and_noted(host: ScriptHost, write: Write) -> None:
    text = """
from reaper_python import *
RPR_PreventUIRefresh(1)
RPR_Undo_BeginBlock2(0)
RPR_SetMediaTrackInfo_Value(RPR_GetTrack(0, 0), "D_VOL", 0.5)
"""
    host.run_script(write("loose.py", text))
    assert host.left_open == ["loose.py: an undo block", "loose.py: PreventUIRefresh at 1"]
    assert host.reaper.current.undo_label() == "ReaScript: Run"
    assert host.reaper.refresh_prevented == 0


def test_an_action_may_start_another(host: ScriptHost, write: Write) -> None:
    inner = write("count.py", COUNTER)
    text = f"""
from reaper_python import *
RPR_Main_OnCommand(RPR_AddRemoveReaScript(True, 0, {str(inner)!r}, True), 0)
import sys
assert sys.modules["__main__"].__dict__ is globals()
RPR_ShowConsoleMsg("outer ")
"""
    host.run_script(write("outer.py", text))
    assert host.script_errors == []
    assert host.run_for(2.0, until_idle=True)
    assert host.reaper.console == "1 outer 2 3 end"


def test_closing_reaper_runs_what_is_due_at_the_end(host: ScriptHost, write: Write) -> None:
    host.run_script(write("count.py", COUNTER))
    host.close()
    assert host.reaper.console == "1 end"


def test_the_scripts_folder_comes_first_and_the_search_path_stays(host: ScriptHost, write: Write) -> None:
    before = list(sys.path)
    write("beside_the_script.py", "VALUE = 7")
    text = "import sys\nsys.path.insert(0, 'x')\nimport beside_the_script\nassert beside_the_script.VALUE == 7"
    host.run_script(write("script.py", text))
    assert host.script_errors == []
    assert sys.path == before
    sys.modules.pop("beside_the_script", None)


def test_each_script_may_have_an_interpreter_of_its_own(song: str, write: Write) -> None:
    host = ScriptHost(DoubleReaper(song.encode()), own_interpreters=True)
    write("own.py", "count = 0")
    script = write("script.py", "import own\nown.count += 1\nassert own.count == 1")
    host.run_script(script)
    host.run_script(script)
    assert host.script_errors == []
    assert "own" not in sys.modules


# --- over C --------------------------------------------------------------------------------------------------------


def test_pointers_as_numbers() -> None:
    text = unpack_pointer("MediaTrack*", 0x7F0000001000)
    assert text == "(MediaTrack*)0x00007F0000001000"
    assert pack_pointer("MediaTrack*", text) == pack_pointer("void*", text) == 0x7F0000001000
    assert pack_pointer("MediaItem*", text) == 0
    assert unpack_pointer("HWND", None) == "(HWND)0x0000000000000000"


def walk(api: Any) -> list[Any]:
    """Call functions of every shape, and return what they answer."""
    project = api.EnumProjects(-1, "", 4096)[0]
    track, other = api.GetTrack(project, 0), api.GetTrack(project, 1)
    envelope = api.GetTrackEnvelopeByChunkName(track, "<VOLENV2")
    item = api.GetTrackMediaItem(track, 0)
    api.GetSetMediaTrackInfo_String(other, "P_NAME", "Hall für Übung ☂", True)
    return [
        project,
        api.GetTrack(project, 99),
        api.CountTracks(0),
        api.GetTrackName(other, "", 4096),
        api.GetTrackName(other, "", 6),
        api.GetMediaTrackInfo_Value(track, "D_VOL"),
        api.SetMediaTrackInfo_Value(track, "D_PAN", 0.25),
        api.GetEnvelopePoint(envelope, 1, 0.0, 0.0, 0, 0.0, False),
        api.InsertEnvelopePoint(envelope, 2.0, 700.0, 1, 0.0, True, False),
        api.GetEnvelopeStateChunk(envelope, "", 1 << 20, False),
        api.GetItemStateChunk(item, "", 100, False),
        api.SetProjExtState(project, "a", "b", "value"),
        api.GetProjExtState(project, "a", "b", "", 4096),
        api.GetSet_LoopTimeRange2(project, True, False, 1.5, 2.5, False),
        api.TimeMap_GetTimeSigAtTime(project, 1.0, 0, 0, 0.0),
        api.guidToString(api.GetTrackGUID(track), "")[1],
        api.GetSetProjectInfo_String(project, "RENDER_FORMAT", "", False),
        api.GetResourcePath(),
        api.GetMainHwnd(),
        api.UpdateArrange(),
        api.Undo_BeginBlock2(project),
        api.Undo_EndBlock2(project, "Walk", -1),
        api.Undo_CanUndo2(project),
    ]


class Unprefixed:
    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, f"RPR_{name}")


@pytest.fixture(params=["generated", "of a REAPER"])
def module_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A reaper_python.py: one in REAPER's form, and the one that a user's REAPER wrote."""
    if request.param == "generated":
        return write_module(tmp_path / "reaper_python.py")
    path = users_file()
    if path is None:
        pytest.skip(f"needs {FILE_VARIABLE}: the path of the reaper_python.py that your REAPER wrote")
    return path


@pytest.mark.filterwarnings("ignore:.*invalid escape sequence")
def test_the_same_answers_come_through_c(song: str, module_file: Path) -> None:
    straight, over_c = DoubleReaper(song.encode()), DoubleReaper(song.encode())
    module, table = load_module(over_c, module_file)
    assert len(list(functions_of(module))) > 100
    assert walk(Unprefixed(module)) == walk(DoubleApi(straight))
    assert over_c.current.to_bytes() == straight.current.to_bytes()
    assert over_c.calls == straight.calls
    assert table.errors == []


def test_a_null_text_and_a_stale_pointer_over_c(song: str, tmp_path: Path) -> None:
    reaper = DoubleReaper(song.encode())
    module, table = load_module(reaper, write_module(tmp_path / "reaper_python.py"))
    with pytest.raises(AttributeError, match="decode"):
        module.RPR_Undo_CanUndo2(0)
    track = module.RPR_GetTrack(0, 0)
    module.RPR_DeleteTrack(track)
    assert table.errors == []
    module.RPR_GetMediaTrackInfo_Value(track, "D_VOL")
    assert "null or unknown MediaTrack" in str(table.errors[0])


# --- in a process of its own ---------------------------------------------------------------------------------------


class Process:
    """A double in another process."""

    def __init__(self, folder: Path, song: str, *options: str) -> None:
        project = folder / "Söng.RPP"
        project.write_text(song, "utf-8")
        arguments = ["--project", str(project), "--resource-path", str(folder / "REAPER"), *options]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROCESS), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def do(self, what: str, **values: Any) -> dict[str, Any]:
        """Give a command and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **values}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def end(self) -> int:
        """Close it and return its exit code."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.stdout.close()  # type: ignore[union-attr]
        return self._process.wait(20)


@pytest.fixture
def process(tmp_path: Path, song: str) -> Iterator[Process]:
    process = Process(tmp_path, song)
    yield process
    assert process.end() == 0


def test_a_process_does_what_a_person_does(process: Process, tmp_path: Path) -> None:
    before = process.do("state")
    assert [track["name"] for track in before["tracks"]] == ["Snare top", "Reverb"]
    process.do("set_fader", track="Reverb", gain_lin=0.5)
    process.do("set_pan", track="Reverb", pan=-0.5)
    process.do("select", tracks=["Reverb"])
    state = process.do("state")
    assert (state["undo"], state["undo_points"]) == ("Track pan", 2)
    assert (state["tracks"][1]["gain_lin"], state["tracks"][1]["selected"]) == (0.5, True)
    process.do("undo")
    assert process.do("undo")["label"] == "Track volume"
    assert process.do("state")["sha256_of_undoable"] == before["sha256_of_undoable"]
    assert process.do("save", path=str(tmp_path / "saved.RPP"))["ok"]
    assert b"SEL 1" in (tmp_path / "saved.RPP").read_bytes()
    assert process.do("dance")["error"] == "no such command"
    assert "KeyError" in process.do("select", tracks=["Nobody"])["error"]


def test_a_process_runs_scripts_with_the_standard_library_alone(process: Process, write: Write) -> None:
    assert process.do("run_script", path=str(write("count.py", COUNTER)))["deferred"]
    assert process.do("until_idle", limit_s=5.0)["idle"]
    text = """
from reaper_python import *
try:
    import numpy
except ImportError as error:
    RPR_ShowConsoleMsg(str(error))
"""
    process.do("run_script", path=str(write("imports.py", text)))
    process.do("run_script", path=str(write("package.py", "import reaper_automix")))
    messages, state = process.do("messages"), process.do("state")
    assert messages["console"] == "1 2 3 endNo module named 'numpy' (inside REAPER)"
    assert "No module named 'reaper_automix'" in messages["script_errors"][0]
    assert state["refused_imports"] == ["numpy"]
    assert state["calls"]["ShowConsoleMsg"] == 5
    assert len(state["deferred_durations_s"]) == 2


def test_a_process_answers_boxes(process: Process, write: Write) -> None:
    process.do("answer", boxes=[6], inputs=[["7"]])
    text = """
from reaper_python import *
RPR_ShowConsoleMsg(str(RPR_ShowMessageBox("go on?", "t", 4)) + RPR_GetUserInputs("t", 1, "One", "", 512)[4])
"""
    process.do("run_script", path=str(write("ask.py", text)))
    assert process.do("messages")["console"] == "67"


def test_a_process_may_load_a_reaper_python_over_c(tmp_path: Path, song: str, write: Write) -> None:
    process = Process(tmp_path, song, "--reaper-python", str(write_module(tmp_path / "reaper_python.py")))
    text = "from reaper_python import *\nRPR_SetMediaTrackInfo_Value(RPR_GetTrack(0, 0), 'D_VOL', 0.25)"
    process.do("run_script", path=str(write("script.py", text)))
    assert process.do("state")["tracks"][0]["gain_lin"] == 0.25
    assert process.do("messages")["script_errors"] == []
    assert process.end() == 0
