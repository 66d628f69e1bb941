"""The scripts that REAPER's action list shows: short, of the standard library, and never a traceback box."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from reaper_automix import __version__
from reaper_automix.errors import PlanError
from reaper_automix.installation.reapack import read_header
from reaper_automix.mixers.registry import MIXERS

ACTIONS = Path(__file__).resolve().parents[1] / "actions"
START = ACTIONS / "automix_start.py"
SCRIPTS = sorted(path for path in ACTIONS.glob("*.py") if path != START)
STARTED = {
    **{f"Automix {mixer}.py": f'mix", mixer="{mixer}' for mixer in MIXERS},  # every mixer has its action
    "Automix balance.py": "balance",
    "Automix preview only.py": "preview",
    "Automix revert.py": "revert",
    "Automix status.py": "status",
    "Automix settings.py": "settings",
    "Automix report of the last run.py": "report",
    "Automix remote control.py": "remote",
    "Automix role of the selected tracks.py": "role",
    "automix_watch.py": "watch",
    "automix_serve.py": "serve",
}
OLD_PYTHON = (3, 6)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_an_action_is_short_and_has_a_header(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    assert len(text.splitlines()) <= 20
    tags = read_header(text)
    assert tags["version"] == __version__, "the headers carry the version of the package"
    assert all(tags[name] for name in ("description", "author", "about"))
    assert ("noindex" in tags) != ("provides" in tags), "one package holds all actions"


@pytest.mark.parametrize("path", [*SCRIPTS, START], ids=lambda path: path.name)
def test_an_old_python_gets_as_far_as_the_message(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="ascii"), feature_version=OLD_PYTHON)
    for node in ast.walk(module):
        assert not isinstance(node, ast.ImportFrom) or node.module != "__future__"
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in {name.partition(".")[0] for name in names}:
            assert name in sys.stdlib_module_names or name in ("automix_start", "reaper_python", "reaper_automix")


def test_every_action_starts_what_its_name_says() -> None:
    assert {path.name for path in SCRIPTS} == {*STARTED, "Automix install actions.py"}
    for name, started in STARTED.items():
        assert f'start("{started}")\n' in (ACTIONS / name).read_text(encoding="ascii")


class Reaper:
    """The three functions that the start-up file needs, and what they were asked."""

    def __init__(self, resource_path: Path) -> None:
        self.resource_path = resource_path
        self.boxes: list[str] = []
        self.added: list[tuple[object, ...]] = []
        self.add_answer = 40001

    def as_module(self) -> ModuleType:
        module = ModuleType("reaper_python")
        functions = SimpleNamespace(
            RPR_GetResourcePath=lambda: str(self.resource_path),
            RPR_ShowMessageBox=lambda text, title, kind: self.boxes.append(text),
            RPR_AddRemoveReaScript=self._add,
        )
        module.__dict__.update(vars(functions))
        return module

    def _add(self, *arguments: object) -> int:
        self.added.append(arguments)
        return self.add_answer


@pytest.fixture
def reaper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reaper:
    resource = tmp_path / "REAPER é"
    resource.mkdir()
    reaper = Reaper(resource)
    monkeypatch.setitem(sys.modules, "reaper_python", reaper.as_module())
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    return reaper


@pytest.fixture
def start_file(tmp_path: Path) -> ModuleType:
    """Load a copy of the start-up file from a scripts folder, as REAPER has it."""
    folder = tmp_path / "Scripts"
    folder.mkdir()
    (folder / START.name).write_bytes(START.read_bytes())
    spec = importlib.util.spec_from_file_location("automix_start_under_test", folder / START.name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def install(reaper: Reaper, tmp_path: Path) -> Callable[[], Path]:
    """Note a copy of the project for this REAPER, as install.py does."""

    def note() -> Path:
        root = tmp_path / "mixing désk"
        (root / "reaper_automix" / "reascript").mkdir(parents=True)
        (root / "reaper_automix" / "reascript" / "actions.py").write_text("", encoding="utf-8")
        folder = reaper.resource_path / "reaper_automix"
        folder.mkdir()
        (folder / "install.json").write_text(json.dumps({"root": str(root)}), encoding="utf-8")
        return root

    return note


def test_without_install_py_its_run_is_the_next_step(reaper: Reaper, start_file: ModuleType) -> None:
    start_file.start("balance")
    assert len(reaper.boxes) == 1
    assert "not set up for this REAPER yet" in reaper.boxes[0]
    assert "run install.py" in reaper.boxes[0]
    assert list(reaper.resource_path.iterdir()) == []


@pytest.mark.parametrize("note", ["{", "[]", '{"root": 3}', '{"schema": "reaper_automix.install/1"}'])
def test_a_damaged_note_is_explained(reaper: Reaper, start_file: ModuleType, note: str) -> None:
    folder = reaper.resource_path / "reaper_automix"
    folder.mkdir()
    (folder / "install.json").write_text(note, encoding="utf-8")
    start_file.start("balance")
    assert "install.json is damaged" in reaper.boxes[0]
    assert "run install.py" in reaper.boxes[0]


def test_a_folder_that_was_moved_is_explained(
    reaper: Reaper, start_file: ModuleType, install: Callable[[], Path], tmp_path: Path
) -> None:
    install().rename(tmp_path / "elsewhere")
    start_file.start("balance")
    assert "no longer at" in reaper.boxes[0]
    assert "new place" in reaper.boxes[0]


def test_an_old_python_is_named_with_the_place_to_set_a_newer_one(
    reaper: Reaper, start_file: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = SimpleNamespace(version_info=(3, 9, 2), version="3.9.2 (main)", modules=sys.modules)
    monkeypatch.setattr(start_file, "sys", fake)
    start_file.start("balance")
    assert "REAPER uses Python 3.9.2" in reaper.boxes[0]
    assert "Preferences > Plug-ins > ReaScript" in reaper.boxes[0]


def test_the_package_gets_the_name_the_main_module_and_the_options(
    reaper: Reaper, start_file: ModuleType, install: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = install()
    calls: list[tuple[object, ...]] = []
    actions = ModuleType("reaper_automix.reascript.actions")
    vars(actions)["run"] = lambda name, main, **options: calls.append((name, main, options))
    monkeypatch.setitem(sys.modules, "reaper_automix.reascript.actions", actions)
    start_file.start("mix", mixer="rides")
    assert calls == [("mix", sys.modules["__main__"], {"mixer": "rides"})]
    assert sys.path[0] == str(root)
    assert reaper.boxes == []


def _failing(error: Exception) -> Callable[..., None]:
    def run(*_: object, **__: object) -> None:
        raise error

    return run


def test_an_error_that_was_not_expected_is_one_message_and_a_file(
    reaper: Reaper, start_file: ModuleType, install: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setattr(start_file, "_load", lambda root: _failing(ValueError("größer \udc80")))
    start_file.start("balance")
    noted = reaper.resource_path / "reaper_automix" / "last_error.txt"
    assert len(reaper.boxes) == 1
    assert "ValueError: größer" in reaper.boxes[0]
    assert str(noted) in reaper.boxes[0]
    assert "Traceback" not in reaper.boxes[0]
    assert "Traceback" in noted.read_text(encoding="utf-8")


def test_an_error_for_the_user_is_shown_as_it_is(
    reaper: Reaper, start_file: ModuleType, install: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setattr(start_file, "_load", lambda root: _failing(PlanError("The plan is empty. Next step: …")))
    start_file.start("balance")
    assert reaper.boxes == ["The plan is empty. Next step: …"]
    assert not (reaper.resource_path / "reaper_automix" / "last_error.txt").exists()


def test_a_file_that_cannot_be_written_does_not_hide_the_error(
    reaper: Reaper, start_file: ModuleType, tmp_path: Path
) -> None:
    reaper.resource_path = tmp_path / "not" / "there"
    start_file.show_failure(ValueError("wrong"))
    assert "ValueError: wrong" in reaper.boxes[0]


def test_the_installer_action_adds_all_others_and_says_so(
    reaper: Reaper, start_file: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "Scripts"
    for path in SCRIPTS:
        (folder / path.name).write_bytes(b"")
    start_file.add_actions()
    names = [name for name in STARTED if name.startswith("Automix ")]
    expected = [str(folder / name) for name in sorted(names)]
    assert [arguments[2] for arguments in reaper.added] == expected
    assert [arguments[3] for arguments in reaper.added] == [False] * (len(names) - 1) + [True], (
        "stored once, at the end"
    )
    assert {arguments[:2] for arguments in reaper.added} == {(True, 0)}
    assert "Automix balance" in reaper.boxes[0]


def test_the_installer_action_says_what_reaper_did_not_take(
    reaper: Reaper, start_file: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "Scripts" / "Automix balance.py").write_bytes(b"")
    reaper.add_answer = 0
    start_file.add_actions()
    assert "did not take Automix balance.py" in reaper.boxes[0]
    assert "Load ReaScript" in reaper.boxes[0]


@pytest.mark.parametrize("inside_reaper", [True, False])
def test_an_action_runs_as_a_process_of_its_own_without_other_packages(tmp_path: Path, inside_reaper: bool) -> None:
    scripts, root, modules = tmp_path / "Scripts é", tmp_path / "the project", tmp_path / "modules"
    for folder in (scripts, root / "reaper_automix" / "reascript", modules, tmp_path / "reaper_automix"):
        folder.mkdir(parents=True)
    for path in (ACTIONS / "Automix balance.py", START):
        (scripts / path.name).write_bytes(path.read_bytes())
    (root / "reaper_automix" / "reascript" / "actions.py").write_text(
        "def run(name, main_module, **options):\n    print('ran', name, main_module.__name__, options)\n"
    )
    (tmp_path / "reaper_automix" / "install.json").write_text(json.dumps({"root": str(root)}), encoding="utf-8")
    stub = (
        f"def RPR_GetResourcePath():\n    return {str(tmp_path)!r}\ndef RPR_ShowMessageBox(*a):\n    print('box', a)\n"
    )
    if inside_reaper:
        (modules / "reaper_python.py").write_text(stub, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-S", str(scripts / "Automix balance.py")],
        env={**os.environ, "PYTHONPATH": str(modules), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    if inside_reaper:
        assert (done.stdout, done.stderr) == ("ran balance __main__ {}\n", "")
    else:
        assert "works inside REAPER only" in done.stderr
    assert not list(scripts.rglob("__pycache__")), "nothing is written beside the actions"
