"""Where REAPER is, whether it runs, and which Python it loads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reaper_automix.installation import running
from reaper_automix.installation.action_list import ActionScript
from reaper_automix.installation.kept_settings import without_section
from reaper_automix.installation.python_library import (
    PythonBuild,
    PythonLibrary,
    ReaperPython,
    find_library,
    python_advice,
    read_reaper_python,
)
from reaper_automix.installation.resource_folders import (
    RegistrationError,
    System,
    find_resource_folders,
    given_resource_folder,
    usual_folders,
)


@pytest.mark.parametrize(
    ("name", "environment", "expected"),
    [
        ("Windows", {"APPDATA": "{home}/roaming"}, ["roaming/REAPER"]),
        ("Windows", {}, ["AppData/Roaming/REAPER"]),
        ("Darwin", {}, ["Library/Application Support/REAPER"]),
        ("Linux", {}, [".config/REAPER"]),
        ("Linux", {"XDG_CONFIG_HOME": "{home}/cfg"}, ["cfg/REAPER", ".config/REAPER"]),
        ("Linux", {"XDG_CONFIG_HOME": "{home}/.config"}, [".config/REAPER"]),
    ],
)
def test_each_system_has_its_usual_folder(
    tmp_path: Path, name: str, environment: dict[str, str], expected: list[str]
) -> None:
    values = {key: value.format(home=tmp_path) for key, value in environment.items()}
    assert usual_folders(System(name, values, tmp_path, tmp_path)) == tuple(tmp_path / folder for folder in expected)


@pytest.mark.parametrize(("name", "folder"), [("Linux", "opt/REAPER"), ("Windows", "Program Files/REAPER (x64)")])
def test_a_portable_reaper_is_found_where_programs_usually_are(tmp_path: Path, name: str, folder: str) -> None:
    system = System(name, {"PROGRAMFILES": str(tmp_path / "Program Files")}, tmp_path / "home", tmp_path)
    (tmp_path / folder).mkdir(parents=True)
    assert find_resource_folders(system) == ()
    (tmp_path / folder / "reaper.ini").write_bytes(b"")
    assert find_resource_folders(system) == (tmp_path / folder,)


def test_a_portable_folder_may_be_named_by_its_program(tmp_path: Path) -> None:
    program = tmp_path / "reaper.exe"
    program.write_bytes(b"")
    with pytest.raises(RegistrationError, match=r"has no reaper\.ini"):
        given_resource_folder(program)
    (tmp_path / "reaper.ini").write_bytes(b"")
    assert given_resource_folder(program) == given_resource_folder(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ("reaper", True),
        ("REAPER", True),
        ("reaper.exe", True),
        ("/Applications/REAPER.app/Contents/MacOS/REAPER", True),
        ("C:\\Program Files\\REAPER (x64)\\reaper.exe", True),
        ("oom_reaper", False),
        ("reaper_host64.exe", False),
        ("reaper-automix", False),
        ("", False),
    ],
)
def test_reaper_is_told_from_programs_of_similar_names(process: str, expected: bool) -> None:
    assert running.is_reaper(process) is expected


def test_the_process_list_of_windows_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = '"System Idle Process","0","Services","0","8 K"\r\n"reaper.exe","812","Console","1","90,112 K"\r\n'
    where = r"C:\Windows\System32\tasklist.exe"  # not whatever is called so in the folder we are in
    monkeypatch.setenv("SYSTEMROOT", r"C:\Windows")
    monkeypatch.setattr(running, "_output", lambda command: listed if command[0] == where else None)
    assert running.process_names("Windows") == ("System Idle Process", "reaper.exe")
    assert running.is_reaper_running("Windows") is True


def test_without_a_process_list_it_stays_open_whether_reaper_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_output", lambda command: None)
    assert running.is_reaper_running("Windows") is None
    monkeypatch.setattr(running, "_names_from_proc", lambda folder: ("init", "reaper"))
    assert running.is_reaper_running("Linux") is True


@pytest.mark.skipif(sys.platform == "win32", reason="asks a system that has ps or /proc")
def test_this_machine_tells_its_processes() -> None:
    names = running.process_names("Linux")
    assert names
    assert any("python" in name or "pytest" in name for name in names)


def test_ids_are_those_that_reaper_gives_itself() -> None:
    """Three lines that REAPER wrote into action lists that people published, on Windows and macOS."""
    assert ActionScript("Cockos/lyrics.lua").line == (
        b'SCR 4 0 RS1ee9bb229dabffe151848d7efa3c10f748e1a1cf "Custom: lyrics.lua" Cockos/lyrics.lua'
    )
    assert ActionScript("ReaSpeech.lua").command_id == "RS40502f8c2fb463969bdbf3cdc8ecfb0cc7abeeb2"
    demo = ActionScript("ReaTeam Extensions/API/ReaImGui_Demo.lua")
    assert demo.command_id == "RS6b4644d86854e10895485f184942fb69ecc26177"


def test_one_section_is_taken_out_of_an_ini_file() -> None:
    data = b"[a]\r\nx=1\r\n[Reaper_Automix]\r\npreferences={}\r\n\r\n[b]\r\ny=2"
    assert without_section(data, "reaper_automix") == b"[a]\r\nx=1\r\n[b]\r\ny=2"
    assert without_section(data, "c") == data


def _built(system: str, base: Path, files: list[str], **variables: str) -> PythonBuild:
    for name in files:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(b"")
    return PythonBuild(system, (3, 12), base, {key: value.format(base=base) for key, value in variables.items()})


@pytest.mark.parametrize(
    ("system", "files", "variables", "expected"),
    [
        ("Windows", ["python312.dll", "python3.dll"], {}, "python312.dll"),
        (
            "Linux",
            ["lib/libpython3.12.so.1.0", "lib/libpython3.12.so"],
            {"LIBDIR": "{base}/lib", "INSTSONAME": "libpython3.12.so.1.0"},
            "lib/libpython3.12.so.1.0",
        ),
        (
            "Linux",
            ["usr/lib/x86_64-linux-gnu/libpython3.12.so.1.0"],
            {"LIBDIR": "{base}/usr/lib", "MULTIARCH": "x86_64-linux-gnu", "INSTSONAME": "libpython3.12.a"},
            "usr/lib/x86_64-linux-gnu/libpython3.12.so.1.0",
        ),
        (
            "Darwin",
            ["Python.framework/Versions/3.12/Python", "Python.framework/Versions/3.12/lib/libpython3.12.dylib"],
            {
                "LIBDIR": "{base}/Python.framework/Versions/3.12/lib",
                "INSTSONAME": "Python.framework/Versions/3.12/Python",
                "PYTHONFRAMEWORKPREFIX": "{base}",
            },
            "Python.framework/Versions/3.12/lib/libpython3.12.dylib",
        ),
        (
            "Darwin",
            ["Python.framework/Versions/3.12/Python"],
            {"INSTSONAME": "Python.framework/Versions/3.12/Python", "PYTHONFRAMEWORKPREFIX": "{base}"},
            "Python.framework/Versions/3.12/Python",
        ),
    ],
)
def test_the_shared_library_of_a_python_is_found(
    tmp_path: Path, system: str, files: list[str], variables: dict[str, str], expected: str
) -> None:
    library = find_library(_built(system, tmp_path, files, **variables))
    assert library is not None
    assert library.path == tmp_path / expected


def test_a_python_without_a_shared_library_is_explained(tmp_path: Path) -> None:
    build = _built("Linux", tmp_path, ["lib/libpython3.12.a"], LIBDIR="{base}/lib", INSTSONAME="libpython3.12.a")
    assert find_library(build) is None
    said = "\n".join(python_advice(ReaperPython(True, "", ""), None))
    assert "no shared library" in said
    assert "Next step" in said


def test_reapers_settings_are_read_whatever_their_line_ends_and_case(tmp_path: Path) -> None:
    settings = tmp_path / "reaper.ini"
    settings.write_bytes(
        b"[other]\r\nreascript=0\r\n[reaper]\r\nReaScript=1\r\npythonlibpath64=C:\\Py 312\r\n"
        b"pythonlibdll64=python312.dll\r\n[last]\r\npythonlibdll64=python2.dll\r\n"
    )
    found = read_reaper_python(settings)
    assert found == ReaperPython(True, "C:\\Py 312", "python312.dll")
    assert found.version == (3, 12)
    assert read_reaper_python(tmp_path / "none.ini") == ReaperPython(False, "", "")


@pytest.mark.parametrize(
    ("folder", "file", "version"),
    [
        ("/usr/lib", "libpython3.9.so.1.0", (3, 9)),
        ("C:\\x", "python39.dll", (3, 9)),
        ("/Library/Frameworks/Python.framework/Versions/3.13", "Python", (3, 13)),
        ("/x", "libfoo.so", None),
    ],
)
def test_the_version_of_a_library_is_read_from_its_name(
    folder: str, file: str, version: tuple[int, int] | None
) -> None:
    assert ReaperPython(True, folder, file).version == version


@pytest.mark.parametrize(
    ("enabled", "file", "trouble"),
    [
        (False, "libpython3.12.so.1.0", "not enabled"),
        (True, "", "not told which Python"),
        (True, "libpython3.14.so", "which is not there"),
        (True, "libpython3.9.so.1.0", "need Python 3.11"),
        (True, "libpython3.12.so.1.0", ""),
    ],
)
def test_what_is_wrong_with_reapers_python_is_said_with_what_to_enter(
    tmp_path: Path, enabled: bool, file: str, trouble: str
) -> None:
    for name in ("libpython3.12.so.1.0", "libpython3.9.so.1.0"):
        (tmp_path / name).write_bytes(b"")
    own = PythonLibrary(tmp_path, "libpython3.12.so.1.0")
    said = "\n".join(python_advice(ReaperPython(enabled, str(tmp_path), file), own))
    if trouble:
        assert trouble in said
        assert str(tmp_path) in said.split("Next step")[1]
        assert own.file in said.split("Next step")[1]
    else:
        assert "Next step" not in said
