"""The doctor: each finding, on a machine that the test describes, and on this one with something really broken."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reaper_automix import __version__, cli, commands, models_folder
from reaper_automix.doctor import (
    EXTRAS,
    IEM_PLUGINS,
    MODELS,
    SOUND_FORMATS,
    Check,
    Probes,
    doctor_lines,
    examine,
    plain_words,
    plugin_folders,
    reaper_resource_folders,
    requirements,
)
from reaper_automix.errors import ModelError
from reaper_automix.installation.resource_folders import System

GB = 1_000_000_000
REPOSITORY = Path(__file__).resolve().parents[1]
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits and folders")


def _installed(*absent: str, **other: str) -> Callable[[str], str]:
    def version(name: str) -> str:
        if name in absent:
            raise importlib.metadata.PackageNotFoundError(name)
        return other.get(name.replace("-", "_"), "99.0" if name != "python-reapy" else "0.10.0")

    return version


def _loading(failures: Mapping[str, Exception]) -> Callable[[str], object]:
    def load(name: str) -> object:
        if name in failures:
            raise failures[name]
        return object()

    return load


def _no_browser() -> str:
    raise webbrowser.Error("could not locate runnable browser")


@pytest.fixture
def machine(tmp_path: Path) -> Probes:
    """Describe a machine on which all is well, without REAPER or extras."""
    shutil.copytree(REPOSITORY / "models", tmp_path / "models")
    (tmp_path / "tmp").mkdir()
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return Probes(
        python_version=lambda: (3, 12, 1),
        in_environment=lambda: True,
        load=_loading({}),
        installed_version=_installed("torch", "scikit-learn"),
        sound_formats=lambda: dict.fromkeys(SOUND_FORMATS, "readable"),
        sound_version=lambda: "1.2.2",
        free_bytes=lambda folder: 50 * GB,
        open_files=lambda: 4096,
        encodings=lambda: ("utf-8", "UTF-8"),
        browser=lambda: "firefox",
        temporary=lambda: str(tmp_path / "tmp"),
        models_folder=lambda: tmp_path / "models",
        system=System("Linux", {"DISPLAY": ":0"}, tmp_path / "home", tmp_path / "root"),
        root=tmp_path,
    )


def findings(probes: Probes, tmp_path: Path, resource_path: Path | None = None) -> dict[str, Check]:
    checks = examine(cache_folder=tmp_path / "cache", resource_path=resource_path, probes=probes)
    return {check.name: check for check in checks}


def finding(probes: Probes, name: str, tmp_path: Path, resource_path: Path | None = None) -> Check:
    return findings(probes, tmp_path, resource_path)[name]


# --- all together --------------------------------------------------------------------------------------------------


def test_a_good_machine_has_no_problem_and_says_so_for_every_part(machine: Probes, tmp_path: Path) -> None:
    checks = findings(machine, tmp_path)
    assert [name for name, check in checks.items() if check.status != "ok"] == ["REAPER"]
    assert not list((tmp_path / "cache").iterdir())
    assert all(f"{needed.name} " in checks["Packages"].detail for needed in requirements())
    assert plain_words(tuple(checks.values())) == "Everything that is needed works. 1 note besides."


def test_whatever_is_not_well_says_why_it_matters_and_what_to_do(machine: Probes, tmp_path: Path) -> None:
    def broken() -> Any:
        raise OSError("broken")

    def no_models() -> Path:
        raise ModelError("No models folder")

    bad = replace(
        machine,
        python_version=lambda: (3, 10, 0),
        load=_loading({name: ImportError("no") for name in ("numpy", "scipy", "tkinter")}),
        installed_version=_installed(),
        sound_formats=broken,
        free_bytes=lambda folder: 0,
        open_files=lambda: 64,
        encodings=lambda: ("ascii", "ANSI_X3.4-1968"),
        browser=_no_browser,
        temporary=broken,
        models_folder=no_models,
    )
    checks = examine(cache_folder=tmp_path / "cache", resource_path=tmp_path, probes=bad)
    assert sum(check.status == "problem" for check in checks) >= 7
    for check in checks:
        if check.status != "ok":
            assert check.why.endswith((".", "!")), check
            assert check.next_step, check
    assert plain_words(checks).startswith(
        f"{sum(c.status == 'problem' for c in checks)} problems: Python, numpy, scipy"
    )


def test_what_is_shown_marks_each_finding_once() -> None:
    checks = (
        Check("A", "ok", "fine"),
        Check("B", "warning", "so so", "It matters.", "do this"),
        Check("C", "problem", "x"),
    )
    assert list(doctor_lines(checks)) == [
        ("ok", "A: fine"),
        ("note", "B: so so"),
        ("", "It matters."),
        ("", "-> do this"),
        ("problem", "C: x"),
    ]
    assert plain_words(checks) == "1 problem: C. 1 note besides."


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warning", 0), ("problem", 1)])
def test_the_exit_code_says_whether_there_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: Any, code: int
) -> None:
    check = Check("Python", status, "[bold]3.11[/]", "It matters.", "do this")
    monkeypatch.setattr(commands, "doctor", lambda resource_path: (check,))
    assert cli.main(["doctor"]) == code
    shown = capsys.readouterr().out
    assert "Python: [bold]3.11[/]" in shown
    assert "-> do this" in shown
    assert cli.main(["doctor", "--json"]) == code
    said = [
        {"name": "Python", "status": status, "detail": "[bold]3.11[/]", "why": "It matters.", "next_step": "do this"}
    ]
    assert json.loads(capsys.readouterr().out) == said
    assert cli.main(["doctor", "--quiet"]) == code
    assert capsys.readouterr().out == ""


def test_this_machine_can_run_the_project(tmp_path: Path) -> None:
    """The real probes answer; what the tests themselves need is fine here."""
    statuses = {check.name: check.status for check in examine(cache_folder=tmp_path)}
    for name in ("Packages", "Audio formats", "Cache folder", "Models", "Temporary files"):
        assert statuses[name] == "ok", name
    assert not {needed.name for needed in requirements()} & set(statuses)
    assert not {f"Model {name}" for name in MODELS} & set(statuses)


# --- Python and packages -------------------------------------------------------------------------------------------


def test_an_old_or_shared_python_is_said(machine: Probes, tmp_path: Path) -> None:
    assert finding(replace(machine, python_version=lambda: (3, 10, 9)), "Python", tmp_path).status == "problem"
    assert finding(replace(machine, in_environment=lambda: False), "Python", tmp_path).status == "warning"


def test_a_package_that_does_not_load_is_named_with_its_error(machine: Probes, tmp_path: Path) -> None:
    check = finding(replace(machine, load=_loading({"soxr": OSError("bad ELF header")})), "soxr", tmp_path)
    assert check.status == "problem"
    assert "bad ELF header" in check.detail
    assert 'pip install --force-reinstall "soxr>=0.5"' in check.next_step


def test_packages_that_are_missing_or_too_old_are_named_with_what_is_needed(machine: Probes, tmp_path: Path) -> None:
    check = finding(replace(machine, installed_version=_installed("scipy")), "scipy", tmp_path)
    assert (check.status, check.detail) == ("problem", "is not installed")
    for old in ("1.9.3", "1.4", "0.99"):
        check = finding(replace(machine, installed_version=_installed(scipy=old)), "scipy", tmp_path)
        assert (check.status, check.detail) == ("problem", f"{old} is older than 1.13, which is needed")
    for fine in ("1.13", "1.13.0", "1.14.1", "2.0", "1.13.0rc1"):
        assert "scipy" not in findings(replace(machine, installed_version=_installed(scipy=fine)), tmp_path)
    check = finding(replace(machine, installed_version=_installed(python_reapy="0.11.0")), "python-reapy", tmp_path)
    assert "is not the version 0.10.0" in check.detail
    assert "Only 'live' needs it." in check.why


def test_reapy_is_not_loaded_because_it_looks_for_reaper(machine: Probes, tmp_path: Path) -> None:
    probes = replace(machine, load=_loading({name: AssertionError("loaded") for name in ("reapy", "python-reapy")}))
    assert "python-reapy" not in findings(probes, tmp_path)


def test_what_is_needed_is_read_where_the_project_says_it(tmp_path: Path) -> None:
    names = [needed.name for needed in requirements()]
    assert {"numpy", "scipy", "soundfile", "soxr", "python-reapy"} <= set(names)
    assert next(needed for needed in requirements() if needed.name == "python-reapy").exact
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["one", "two>=2.5", "three==3"]\n')
    found = [(needed.name, needed.version, needed.exact) for needed in requirements(tmp_path / "pyproject.toml")]
    assert found == [("one", "", False), ("two", "2.5", False), ("three", "3", True)]


def test_missing_audio_formats_are_a_warning_and_a_broken_library_a_problem(machine: Probes, tmp_path: Path) -> None:
    some = replace(machine, sound_formats=lambda: {"WAV": "", "FLAC": "", "AIFF": ""})
    check = finding(some, "Audio formats", tmp_path)
    assert check.status == "warning"
    assert "OGG, MP3" in check.detail

    def broken() -> Mapping[str, str]:
        raise OSError("sndfile library not found")

    assert finding(replace(machine, sound_formats=broken), "Audio formats", tmp_path).status == "problem"


def test_extras_are_optional_and_say_how_to_add_them(machine: Probes, tmp_path: Path) -> None:
    for extra in EXTRAS:
        check = finding(machine, f"Extra [{extra}]", tmp_path)
        assert check.status == "ok"
        assert f"[{extra}]" in check.next_step
    complete = replace(machine, installed_version=_installed())
    assert "torch 99.0" in finding(complete, "Extra [deep]", tmp_path).detail


# --- really broken, in a process of its own --------------------------------------------------------------------------


def _doctor(tmp_path: Path, *, before: str = "", **environment: str) -> tuple[int, dict[str, Any], str]:
    """Run the doctor after some code; return its exit code, its findings and its error output."""
    program = f"{before}\nimport sys\nfrom reaper_automix.cli import main\nsys.exit(main(['doctor', '--json']))\n"
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "COVERAGE"))}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=known | {"REAPER_AUTOMIX_CACHE_DIR": str(tmp_path / "cache"), "LC_ALL": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {check["name"]: check for check in json.loads(done.stdout)}, done.stderr


HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.parametrize("name", ["numpy", "soundfile", "rich"])
def test_a_package_that_is_gone_is_found_even_if_nothing_else_starts_without(tmp_path: Path, name: str) -> None:
    code, checks, _ = _doctor(tmp_path, before=HIDE.format(names=(name,)))
    assert code == 1
    assert checks[name]["status"] == "problem"
    assert f"No module named '{name}'" in checks[name]["detail"]
    assert "pip install" in checks[name]["next_step"]
    assert checks["Models"]["status"] == "ok"


def test_another_command_without_a_package_names_it_and_the_doctor() -> None:
    program = (
        HIDE.format(names=("scipy",)) + "\nfrom reaper_automix.cli import main\nsys.exit(main(['inspect', 'x.RPP']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "refused: scipy does not load" in done.stderr
    assert "reaper-automix doctor" in done.stderr


def test_a_package_that_is_broken_or_old_is_found(tmp_path: Path) -> None:
    (tmp_path / "soxr").mkdir()
    (tmp_path / "soxr" / "__init__.py").write_text("raise OSError('libsoxr.so: invalid ELF header')")
    (tmp_path / "mido-1.1.0.dist-info").mkdir()
    (tmp_path / "mido-1.1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mido\nVersion: 1.1.0\n")
    code, checks, _ = _doctor(tmp_path, before=f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
    assert code == 1
    assert "invalid ELF header" in checks["soxr"]["detail"]
    assert checks["mido"]["detail"] == "1.1.0 is older than 1.3, which is needed"


@posix
def test_a_cache_that_cannot_be_written_and_few_open_files_are_found(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))"
    code, checks, _ = _doctor(tmp_path, before=limit, REAPER_AUTOMIX_CACHE_DIR="/proc/no such place/cache")
    assert code == 1
    assert checks["Cache folder"]["status"] == "problem"
    assert "REAPER_AUTOMIX_CACHE_DIR" in checks["Cache folder"]["next_step"]
    assert (checks["Open files"]["status"], "128" in checks["Open files"]["detail"]) == ("warning", True)
    assert "ulimit -n" in checks["Open files"]["next_step"]


@posix
def test_a_terminal_without_utf_8_and_a_machine_without_a_browser_are_found(tmp_path: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PATH": str(tmp_path), "BROWSER": ""}
    code, checks, _ = _doctor(tmp_path, **plain)
    assert code == 0
    assert checks["Text"]["status"] == "warning"
    assert "LC_ALL=C.UTF-8" in checks["Text"]["next_step"]
    assert checks["Browser"]["status"] == "warning"
    _, checks, _ = _doctor(tmp_path)
    assert checks["Text"]["status"] == "ok"


# --- the machine ---------------------------------------------------------------------------------------------------


def test_the_cache_says_how_much_it_holds_and_how_to_clear_it(machine: Probes, tmp_path: Path) -> None:
    (tmp_path / "cache" / "takes").mkdir(parents=True)
    (tmp_path / "cache" / "a.npz").write_bytes(bytes(3_000_000))
    (tmp_path / "cache" / "takes" / "b.wav").write_bytes(bytes(4_000_000))
    check = finding(machine, "Cache folder", tmp_path)
    assert (check.status, "2 files, 7 MB" in check.detail) == ("ok", True)
    assert f'rm -r "{tmp_path / "cache"}"' in check.next_step
    windows = replace(machine, system=replace(machine.system, name="Windows"))
    assert "rmdir /s /q" in finding(windows, "Cache folder", tmp_path).next_step


def test_a_cache_folder_that_cannot_be_made_is_a_problem(machine: Probes, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    check = finding(machine, "Cache folder", tmp_path)
    assert check.status == "problem"
    assert "REAPER_AUTOMIX_CACHE_DIR" in check.next_step


@pytest.mark.parametrize(("free_mb", "status"), [(50, "problem"), (900, "warning"), (5000, "ok")])
@pytest.mark.parametrize("name", ["Disk space", "Temporary files", "This folder"])
def test_room_is_judged(machine: Probes, tmp_path: Path, free_mb: int, status: str, name: str) -> None:
    probes = replace(machine, free_bytes=lambda folder: free_mb * 1_000_000)
    assert finding(probes, name, tmp_path).status == status


def test_a_disk_that_tells_no_room_is_a_note(machine: Probes, tmp_path: Path) -> None:
    def silent(folder: Path) -> int:
        raise OSError(38, "Function not implemented")

    assert finding(replace(machine, free_bytes=silent), "Disk space", tmp_path).status == "warning"


def test_a_temporary_folder_that_is_gone_is_a_problem(machine: Probes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check = finding(replace(machine, temporary=lambda: str(tmp_path / "file")), "Temporary files", tmp_path)
    assert (check.status, "TMPDIR" in check.next_step) == ("problem", True)


def test_a_folder_that_may_not_be_written_is_a_note(
    machine: Probes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "--out" in finding(machine, "This folder", tmp_path).next_step


def test_a_system_without_a_limit_of_open_files_is_fine(machine: Probes, tmp_path: Path) -> None:
    assert finding(replace(machine, open_files=lambda: None), "Open files", tmp_path).status == "ok"


def test_windows_names_files_in_unicode_whatever_its_terminal_does(machine: Probes, tmp_path: Path) -> None:
    windows = replace(machine, encodings=lambda: ("utf-8", "cp1252"), system=replace(machine.system, name="Windows"))
    assert finding(windows, "Text", tmp_path).status == "ok"


def test_a_python_without_tk_is_a_warning_and_a_machine_without_a_screen_is_told(
    machine: Probes, tmp_path: Path
) -> None:
    probes = replace(machine, load=_loading({"tkinter": ModuleNotFoundError("No module named '_tkinter'")}))
    assert finding(probes, "Progress window", tmp_path).status == "warning"
    assert "python3-tk" in finding(probes, "Progress window", tmp_path).next_step
    check = finding(replace(machine, system=replace(machine.system, environment={})), "Progress window", tmp_path)
    assert (check.status, "no display" in check.detail) == ("ok", True)


# --- REAPER --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("Windows", {"APPDATA": "roaming"}, Path("roaming/REAPER")),
        ("Windows", {}, Path("home/AppData/Roaming/REAPER")),
        ("Darwin", {}, Path("home/Library/Application Support/REAPER")),
        ("Linux", {}, Path("home/.config/REAPER")),
        ("Linux", {"XDG_CONFIG_HOME": "settings"}, Path("settings/REAPER")),
    ],
)
def test_reaper_is_looked_for_where_each_system_keeps_it(
    machine: Probes, system: str, environment: dict[str, str], expected: Path
) -> None:
    probes = replace(machine, system=System(system, environment, Path("home")))
    assert reaper_resource_folders(probes)[0] == expected


def test_reaper_is_found_by_its_settings_or_by_the_folder_given(machine: Probes, tmp_path: Path) -> None:
    usual, portable = machine.system.home / ".config" / "REAPER", tmp_path / "stick" / "REAPER"
    for folder in (usual, portable):
        folder.mkdir(parents=True)
    assert finding(machine, "REAPER", tmp_path).status == "warning"
    assert "file mode still works" in finding(machine, "REAPER", tmp_path).detail
    assert "--resource-path" in finding(machine, "REAPER", tmp_path).next_step
    assert finding(machine, "REAPER", tmp_path, portable).status == "problem"
    (portable / "reaper.ini").write_bytes(b"")
    assert str(portable) in finding(machine, "REAPER", tmp_path, portable).detail
    (usual / "reaper.ini").write_bytes(b"")
    check = finding(machine, "REAPER actions", tmp_path)
    assert (check.status, check.detail) == ("warning", "not installed")
    assert "install.py" in check.next_step


@pytest.fixture
def resource(machine: Probes, tmp_path: Path) -> Path:
    """REAPER's folder with the actions installed from a copy that is there, and its Python set."""
    folder = machine.system.home / ".config" / "REAPER"
    (folder / "reaper_automix").mkdir(parents=True)
    (folder / "Scripts" / "reaper_automix").mkdir(parents=True)
    (folder / "Scripts" / "reaper_automix" / "a.py").write_text("")
    library = tmp_path / "libpython3.12.so.1.0"
    library.write_bytes(b"")
    settings = f"[REAPER]\nreascript=1\npythonlibpath64={tmp_path}\npythonlibdll64={library.name}\n"
    (folder / "reaper.ini").write_text(settings)
    note(folder, root=str(tmp_path), python=sys.executable, version=__version__, files=["a.py"])
    return folder


def note(folder: Path, **fields: Any) -> None:
    data = {"schema": "reaper_automix.install/1"} | fields
    (folder / "reaper_automix" / "install.json").write_text(json.dumps(data))


def test_actions_that_work_are_said_to(machine: Probes, resource: Path, tmp_path: Path) -> None:
    checks = findings(machine, tmp_path)
    assert [checks[n].status for n in ("REAPER", "REAPER actions", "REAPER's Python", "Remote control")] == ["ok"] * 4


def test_actions_that_lead_nowhere_are_found(machine: Probes, resource: Path, tmp_path: Path) -> None:
    fine = {"root": str(tmp_path), "python": sys.executable, "version": __version__, "files": ["a.py"]}
    for change, status, words in (
        ({"root": str(tmp_path / "gone")}, "problem", "is not there"),
        ({"python": str(tmp_path / "gone" / "python")}, "problem", "is not there"),
        ({"files": ["a.py", "b.py"]}, "problem", "lacks b.py"),
        ({"version": "0.0.1"}, "warning", f"installed by version 0.0.1, this is {__version__}"),
    ):
        note(resource, **fine | change)
        check = finding(machine, "REAPER actions", tmp_path)
        assert (check.status, words in check.detail) == (status, True), check
        assert "install.py" in check.next_step
    (resource / "reaper_automix" / "install.json").write_text("{")
    assert "damaged" in finding(machine, "REAPER actions", tmp_path).detail


def test_the_actions_need_reapers_python_to_be_set(machine: Probes, resource: Path, tmp_path: Path) -> None:
    (resource / "reaper.ini").write_text("[REAPER]\nreascript=0\n")
    check = finding(machine, "REAPER's Python", tmp_path)
    assert (check.status, "Python is not enabled" in check.detail) == ("warning", True)


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("", "ok", "off: REAPER has no web interface"),
        ("csurf_0=HTTP 0 8080 '' 'index.html' 0 ''", "ok", "off: REAPER has no web interface on port 2307"),
        ("csurf_0=HTTP 0 2307 '' 'index.html' 0 ''", "ok", "set up on port 2307, without a password"),
        ("csurf_1=HTTP 0 2307 'me:secret' 'index.html' 0 ''", "warning", "asks for a password"),
    ],
)
def test_the_way_in_from_outside_is_read_from_the_settings(
    machine: Probes, resource: Path, tmp_path: Path, line: str, status: str, words: str
) -> None:
    with (resource / "reaper.ini").open("a") as file:
        file.write(f"{line}\n")
    check = finding(machine, "Remote control", tmp_path)
    assert (check.status, words in check.detail) == (status, True), check
    assert "secret" not in f"{check}"


@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_the_iem_suite_is_found_in_the_usual_folders(machine: Probes, tmp_path: Path, system: str) -> None:
    probes = replace(machine, system=replace(machine.system, name=system))
    assert "not found" in finding(probes, "IEM plug-ins", tmp_path).detail
    suite = plugin_folders(probes.system)[0] / "IEM"
    suite.mkdir(parents=True)
    for name in IEM_PLUGINS[:2]:
        (suite / f"lib{name}.vst3").write_bytes(b"")
    assert finding(probes, "IEM plug-ins", tmp_path).status == "warning"
    (suite / f"{IEM_PLUGINS[2]}.vst3").mkdir()
    assert finding(probes, "IEM plug-ins", tmp_path).status == "ok"
    assert str(suite) in finding(probes, "IEM plug-ins", tmp_path).detail


def test_windows_has_its_own_plugin_folders(machine: Probes) -> None:
    folders = plugin_folders(System("Windows", {"PROGRAMFILES": "P", "COMMONPROGRAMFILES": "C"}, Path("home")))
    assert Path("C/VST3") in folders


# --- models --------------------------------------------------------------------------------------------------------


def test_every_model_that_ships_is_looked_at() -> None:
    assert {card.parent.name for card in (REPOSITORY / "models").glob("*/model.json")} == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_is_gone_or_damaged_is_named_with_what_does_not_work(
    machine: Probes, tmp_path: Path, name: str
) -> None:
    card = tmp_path / "models" / name / "model.json"
    whole = card.read_bytes()
    for content, words in ((b"{", "is damaged"), (b"{}", "names no format"), (b"[" * 100_000, "is damaged")):
        card.write_bytes(content)
        check = finding(machine, f"Model {name}", tmp_path)
        assert (check.status, words in check.detail) == ("problem", True), check
        assert MODELS[name] in check.why
    card.unlink()
    assert "is missing" in finding(machine, f"Model {name}", tmp_path).detail
    card.mkdir()
    assert "cannot be read" in finding(machine, f"Model {name}", tmp_path).detail
    card.rmdir()
    card.write_bytes(whole)
    assert f"Model {name}" not in findings(machine, tmp_path)
    assert f"{len(MODELS)} of {len(MODELS)}" in finding(machine, "Models", tmp_path).detail


def test_one_flipped_bit_in_the_weights_is_found(machine: Probes, tmp_path: Path) -> None:
    for weights in sorted((tmp_path / "models").glob("*/weights.*")):
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        check = finding(machine, f"Model {weights.parent.name}", tmp_path)
        assert (check.status, "SHA-256 differs" in check.detail) == ("problem", True)
        weights.unlink()
        assert "has no weights" in finding(machine, f"Model {weights.parent.name}", tmp_path).detail
        weights.mkdir()
        assert "cannot be read" in finding(machine, f"Model {weights.parent.name}", tmp_path).detail
        weights.rmdir()
        weights.write_bytes(whole)


def test_a_checkout_gets_its_models_back_from_git(machine: Probes, tmp_path: Path) -> None:
    (tmp_path / "models" / "tone" / "model.json").unlink()
    assert "complete copy" in finding(machine, "Model tone", tmp_path).next_step
    (tmp_path / ".git").mkdir()
    assert f'git -C "{tmp_path}" checkout -- models' in finding(machine, "Model tone", tmp_path).next_step


def test_a_missing_models_folder_is_a_problem(machine: Probes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path / "nowhere",))
    check = finding(replace(machine, models_folder=models_folder.models_folder), "Models", tmp_path)
    assert (check.status, str(tmp_path / "nowhere") in check.detail) == ("problem", True)
