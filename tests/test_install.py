"""The set-up script: what it decides, says and removes. No environment is made, nothing is downloaded.

The REAPER folders are made up: no test looks into the user's own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from reaper_automix.installation.python_library import PythonBuild
from reaper_automix.installation.reaper_setup import Machine
from reaper_automix.installation.resource_folders import System

SCRIPT = Path(__file__).resolve().parents[1] / "install.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["install"] = module
    spec.loader.exec_module(module)
    return module


install = _load()


class FakeRunner:
    """Pretends to run commands: ``venv`` makes a bin folder, pip writes ``pip_says`` to the log."""

    def __init__(
        self, *, pip_code: int = 0, pip_says: str = "", healthy: bool = True, codes: dict[str, int] | None = None
    ):
        self.commands: list[list[str]] = []
        self.pip_code, self.pip_says, self.healthy, self.codes = pip_code, pip_says, healthy, codes or {}
        self.interrupt = False

    def logged(self, command: Sequence[str], log: Path) -> int:
        self.commands.append(list(command))
        if "pip" in command and self.interrupt:
            raise KeyboardInterrupt
        if "venv" in command:
            Path(command[-1], "bin").mkdir()
            return 0
        log.write_text(self.pip_says, encoding="utf-8")
        return self.pip_code

    def shown(self, command: Sequence[str]) -> int:
        self.commands.append(list(command))
        return next((code for word, code in self.codes.items() if any(word in part for part in command)), 0)

    def captured(self, command: Sequence[str]) -> tuple[int, str]:
        return (0, "") if self.healthy else (1, "missing: numpy")

    def pip_targets(self) -> list[str]:
        return [command[-1] for command in self.commands if "pip" in command]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mixing désk"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _no_real_reaper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a test that forgets to describe a machine finds an empty home."""
    for name in ("HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME", "PROGRAMFILES", "PROGRAMFILES(X86)"):
        monkeypatch.setenv(name, str(tmp_path / "empty home"))
    monkeypatch.setattr(install, "this_machine", lambda: machine_in(tmp_path / "empty home"))


def machine_in(home: Path, *, running: bool | None = False) -> Machine:
    build = PythonBuild("Linux", (3, 12), home / "python", {})
    return Machine(System("Linux", {}, home, home / "root"), lambda _: running, lambda _: build)


def run(
    root: Path, *arguments: str, runner: FakeRunner | None = None, machine: Machine | None = None
) -> tuple[int, FakeRunner]:
    runner = runner or FakeRunner()
    return install.main(arguments, root=root, runner=runner, machine=machine), runner


def stamp_of(root: Path) -> dict[str, object]:
    fields = json.loads((root / ".venv" / install.STAMP_NAME).read_text(encoding="utf-8"))
    assert isinstance(fields, dict)
    return fields


def test_the_first_run_makes_the_environment_installs_and_stamps(root: Path) -> None:
    code, runner = run(root)
    assert code == 0
    assert runner.commands[0][1:3] == ["-m", "venv"]
    assert runner.pip_targets() == ["."]
    assert stamp_of(root)["state"] == install.COMPLETE


def test_a_second_run_skips_pip(root: Path) -> None:
    run(root)
    code, runner = run(root)
    assert code == 0
    assert runner.commands == []


def test_a_changed_project_file_runs_pip_again_in_the_same_environment(root: Path) -> None:
    run(root)
    (root / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    _, runner = run(root)
    assert [command[1:3] for command in runner.commands] == [["-m", "pip"]]


def test_development_tools_are_added_to_a_base_environment_and_stay(root: Path) -> None:
    run(root, "--demo")
    _, with_tools = run(root, "--test")
    assert with_tools.pip_targets() == [".[dev]"]
    assert not any("venv" in command for command in with_tools.commands)
    _, again = run(root, "--demo")
    assert again.pip_targets() == []
    assert stamp_of(root)["extras"] == ["dev"]


@pytest.mark.parametrize("damage", ["half-made", "unreadable stamp", "does not start", "moved", "another Python"])
def test_a_damaged_environment_is_made_anew(root: Path, damage: str) -> None:
    run(root)
    stamp_file = root / ".venv" / install.STAMP_NAME
    fields = stamp_of(root)
    if damage == "unreadable stamp":
        stamp_file.write_text("{", encoding="utf-8")
    changes = {
        "half-made": {"state": "unfinished"},
        "moved": {"folder": "elsewhere"},
        "another Python": {"python": "3.10.1"},
    }
    if damage in changes:
        stamp_file.write_text(json.dumps(fields | changes[damage]), encoding="utf-8")
    leftover = root / ".venv" / "lib"
    leftover.mkdir()
    runner = FakeRunner(healthy=damage != "does not start")
    code, _ = run(root, runner=runner)
    assert not leftover.exists()
    assert runner.commands[0][1:3] == ["-m", "venv"]
    assert code == (1 if damage == "does not start" else 0)


def test_an_environment_of_someone_else_is_neither_used_nor_removed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    precious = root / ".venv" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine", encoding="utf-8")
    for arguments in ((), ("--uninstall",)):
        code, runner = run(root, *arguments)
        assert code == 1
        assert runner.commands == []
        assert "was not made by install.py" in capsys.readouterr().err
    assert precious.read_text(encoding="utf-8") == "mine"


def test_an_empty_leftover_folder_is_taken_over(root: Path) -> None:
    (root / ".venv").mkdir()
    assert run(root)[0] == 0


def test_uninstall_removes_only_its_own_environment(root: Path, tmp_path: Path) -> None:
    run(root)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "song.wav").write_bytes(b"")
    try:
        (root / ".venv" / "lib64").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("this system does not let us make links")
    assert run(root, "--uninstall")[0] == 0
    assert [path.name for path in root.iterdir()] == ["pyproject.toml"]
    assert (elsewhere / "song.wav").exists()


def test_uninstall_does_not_follow_a_link(root: Path, tmp_path: Path) -> None:
    run(root)
    real = tmp_path / "shared-venv"
    (root / ".venv").rename(real)
    try:
        (root / ".venv").symlink_to(real, target_is_directory=True)
    except OSError:
        pytest.skip("this system does not let us make links")
    assert run(root, "--uninstall")[0] == 1
    assert (real / install.STAMP_NAME).exists()


def test_uninstall_without_an_environment_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "--uninstall")[0] == 0
    assert "Nothing to remove" in capsys.readouterr().out


NO_NETWORK = """Looking in indexes: https://index.example/simple
WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection...>:
 Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/hatchling/
ERROR: Could not find a version that satisfies the requirement hatchling>=1.25 (from versions: none)
ERROR: No matching distribution found for hatchling>=1.25"""
DISK_FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
NO_WHEEL = """ERROR: Ignored the following versions that require a different python version: 2.0.0 Requires-Python <3.14
ERROR: Could not find a version that satisfies the requirement soxr>=0.5 (from versions: none)
ERROR: No matching distribution found for soxr>=0.5"""
NO_COMPILER = """  Building wheel for scipy (pyproject.toml): finished with status 'error'
  ERROR: Failed building wheel for scipy
ERROR: Could not build wheels for scipy, which is required to install pyproject.toml-based projects"""
NOT_WRITABLE = "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '.venv/lib'"
CERTIFICATE = (
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')): /simple/"
)


@pytest.mark.parametrize(
    ("pip_says", "cause"),
    [
        (NO_NETWORK, "cannot reach the package index"),
        (NO_NETWORK.splitlines()[3], "cannot reach the package index"),
        (DISK_FULL, "The disk is full"),
        (NO_WHEEL, "no 'soxr' that fits Python"),
        (NO_COMPILER, "no ready-made scipy"),
        (NOT_WRITABLE, "could not be written"),
        (CERTIFICATE, "refused the certificate"),
        ("ERROR: something new", "report these lines"),
    ],
)
def test_a_failure_of_pip_is_explained(
    root: Path, capsys: pytest.CaptureFixture[str], pip_says: str, cause: str
) -> None:
    code, _ = run(root, "--demo", runner=FakeRunner(pip_code=1, pip_says=pip_says))
    said = capsys.readouterr().err
    assert code == 1
    assert cause in said
    assert "Next step:" in said
    assert pip_says.splitlines()[-1] in said, "the end of the log is shown"


def test_a_python_without_venv_is_explained() -> None:
    debian = "The virtual environment was not created successfully because ensurepip is not available."
    assert "apt install python3-venv" in install.explain_failure(debian)
    assert "apt install python3-venv" in install.explain_failure("/usr/bin/python3: No module named venv")


def test_a_failed_addition_leaves_a_working_environment_working(root: Path) -> None:
    run(root, "--demo")
    assert run(root, "--test", runner=FakeRunner(pip_code=1, pip_says=NO_NETWORK))[0] == 1
    code, runner = run(root, "--demo")
    assert code == 0
    assert runner.pip_targets() == []


def test_an_interrupted_run_is_said_and_recognised(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runner = FakeRunner()
    runner.interrupt = True
    assert run(root, runner=runner)[0] == 1
    assert "Stopped" in capsys.readouterr().err
    assert stamp_of(root)["state"] == install.UNFINISHED
    assert run(root)[0] == 0
    assert stamp_of(root)["state"] == install.COMPLETE


def test_a_folder_that_cannot_be_written_is_explained(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert run(root)[0] == 1
    assert "writable" in capsys.readouterr().err


def test_too_little_disk_is_said_before_anything_is_made(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "FREE_SPACE_NEEDED_MB", 10**12)
    assert run(root)[0] == 1
    assert "MB free" in capsys.readouterr().err
    assert not (root / ".venv").exists()


def test_an_incomplete_copy_of_the_project_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path)[0] == 1
    assert "get a complete copy" in capsys.readouterr().err


def test_the_demo_runs_the_installed_program(root: Path) -> None:
    _, runner = run(root, "--demo")
    assert runner.commands[-1] == [str(root / ".venv" / "bin" / "reaper-automix"), "demo", "--out", "automix-demo"]
    assert run(root, "--demo", runner=FakeRunner(codes={"demo": 3}))[0] == 1


def test_every_check_runs_in_order_and_one_failure_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, runner = run(root, "--test", runner=FakeRunner(codes={"mypy": 1}))
    checks = [command[1:] if len(command) == 1 else command[2:] for command in runner.commands[-5:]]
    said = capsys.readouterr().out
    assert code == 1
    assert checks[:3] == [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]]
    assert Path(runner.commands[-2][0]).name == "lint-imports"
    assert runner.commands[-1][1] == "tests/file_coverage.py"
    assert checks[4][-3:-1] == ["--dist", "loadfile"], "a file's tests stay together on one of two processes"
    assert "[7/7] pytest" in said
    assert "4 of 5 checks passed" in said
    lines = said.split("Summary:")[1].splitlines()[1:6]
    assert [line.split()[0] for line in lines] == ["ok", "ok", "FAILED", "ok", "ok"]


def test_without_an_order_nothing_is_promised_about_reaper(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root)[0] == 0
    assert "nothing was registered" in capsys.readouterr().out


@pytest.fixture
def home(tmp_path: Path, root: Path) -> Path:
    """Make up a home with a REAPER folder, and give the copy of the project its actions."""
    home = tmp_path / "Jörg's home"
    resource = home / ".config" / "REAPER"
    resource.mkdir(parents=True)
    (resource / "reaper.ini").write_bytes(b"[REAPER]\r\nreascript=0\r\n")
    (resource / "reaper-kb.ini").write_bytes(b"KEY 1 65 40044 0")
    _add_actions(root)
    return home


def _add_actions(root: Path) -> None:
    (root / "actions").mkdir()
    for path in SCRIPT.parent.joinpath("actions").glob("*.py"):
        (root / "actions" / path.name).write_bytes(path.read_bytes())


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def test_a_plain_install_registers_in_reaper_and_uninstall_takes_all_of_it_back(
    root: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {"home": hashes(home), "root": hashes(root)}
    machine = machine_in(home)
    assert run(root, machine=machine)[0] == 0
    said = capsys.readouterr().out
    assert f"[3/3] REAPER in {home / '.config' / 'REAPER'}" in said
    assert "Python is not enabled in REAPER" in said
    after = hashes(home)
    assert b"Automix balance.py" in (home / ".config" / "REAPER" / "reaper-kb.ini").read_bytes()
    assert run(root, machine=machine)[0] == 0
    assert hashes(home) == after
    assert run(root, "--uninstall", machine=machine)[0] == 0
    assert {"home": hashes(home), "root": hashes(root)} == before
    assert "Nothing else had been added" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--demo"], ["--test"], ["--no-reaper"]])
def test_demo_test_and_no_reaper_leave_reaper_alone(root: Path, home: Path, arguments: list[str]) -> None:
    before = hashes(home)
    run(root, *arguments, machine=machine_in(home))
    assert hashes(home) == before


def test_uninstall_finds_a_portable_reaper_again_even_after_the_environment_was_made_anew(
    root: Path, tmp_path: Path
) -> None:
    portable = tmp_path / "USB stick" / "REAPER é"
    portable.mkdir(parents=True)
    (portable / "reaper.ini").write_bytes(b"[REAPER]\n")
    _add_actions(root)
    before = hashes(portable)
    machine = machine_in(tmp_path / "nobody")
    assert run(root, "--resource-path", str(portable), machine=machine)[0] == 0
    assert hashes(portable) != before
    (root / ".venv" / install.STAMP_NAME).write_text("{", encoding="utf-8")
    _, remade = run(root, "--demo", machine=machine)
    assert remade.commands[0][1:3] == ["-m", "venv"]
    assert run(root, "--uninstall", machine=machine)[0] == 0
    assert hashes(portable) == before


def test_a_folder_that_is_not_reapers_is_refused_before_anything_is_made(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, runner = run(root, "--resource-path", str(tmp_path))
    assert code == 1
    assert "has no reaper.ini" in capsys.readouterr().err
    assert runner.commands == []
    assert not (root / ".venv").exists()


def test_while_reaper_runs_install_says_what_is_left_and_uninstall_changes_nothing(
    root: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    action_list = home / ".config" / "REAPER" / "reaper-kb.ini"
    before = action_list.read_bytes()
    assert run(root, machine=machine_in(home, running=True))[0] == 0
    said = capsys.readouterr().out
    assert "REAPER is running" in said
    assert "one step is left" in said
    assert action_list.read_bytes() == before
    installed = {"home": hashes(home), "root": hashes(root)}
    assert run(root, "--uninstall", machine=machine_in(home, running=True))[0] == 1
    assert "close it" in capsys.readouterr().err
    assert {"home": hashes(home), "root": hashes(root)} == installed


def test_uninstall_works_without_an_environment(root: Path, home: Path, tmp_path: Path) -> None:
    before = hashes(home)
    run(root, machine=machine_in(home))
    (root / ".venv").rename(tmp_path / "lost")
    assert run(root, "--uninstall", machine=machine_in(home))[0] == 0
    assert hashes(home) == before


@pytest.mark.parametrize(
    "arguments", [["--everything"], ["--demo", "--test"], ["demo"], ["--demo", "--no-reaper"], ["--resource-path"]]
)
def test_wrong_usage_ends_with_2(root: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        install.main(arguments, root=root, runner=FakeRunner())
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_children_see_utf8_and_no_user_site_but_pips_own_settings() -> None:
    own = {"PATH": "/bin", "PYTHONPATH": "/other", "PIP_INDEX_URL": "https://index.example", "PIP_TARGET": "/elsewhere"}
    seen = install.child_environment(own)
    assert seen["PIP_INDEX_URL"] == "https://index.example"
    assert seen["PYTHONUTF8"] == "1"
    assert seen["PYTHONNOUSERSITE"] == "1"
    assert "PYTHONPATH" not in seen
    assert "PIP_TARGET" not in seen


def test_a_real_command_is_logged_and_its_exit_code_returned(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = install.Runner(tmp_path).logged([sys.executable, "-c", "print('größer'); raise SystemExit(7)"], log)
    assert code == 7
    assert install.last_line(log) == "größer"


def test_the_script_is_ascii_so_that_every_python_can_read_it() -> None:
    assert SCRIPT.read_bytes().isascii()
