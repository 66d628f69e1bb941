"""Registration on made-up REAPER folders: everything that is put there can be taken out again, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reaper_automix import files
from reaper_automix.installation.python_library import PythonBuild
from reaper_automix.installation.reaper_setup import Machine, choose_folder, register_clone, unregister_clone
from reaper_automix.installation.registration import action_scripts, read_record, record_file
from reaper_automix.installation.resource_folders import RegistrationError, System

REPOSITORY = Path(__file__).resolve().parents[2]
BALANCE_ID = "RS9c34ad7c6ba14f0544b1b2c6caef5c4857e4c453"
OTHER_LINES = (
    b'SCR 4 0 RS1ee9bb229dabffe151848d7efa3c10f748e1a1cf "Custom: lyrics.lua" Cockos/lyrics.lua',
    b'ACT 1 0 "ef70cb7efba543b1897994587201d7ab" "Custom: Z\xfcgig" 40513 40626',
    b"KEY 1 65 40044 0\t\t # Main : A : Transport: Play/stop",
)
LF, CRLF = b"\n".join(OTHER_LINES) + b"\n", b"\r\n".join(OTHER_LINES) + b"\r\n"
ACTION_LISTS = {
    "lf": LF,
    "crlf": CRLF,
    "no end of the last line": CRLF[:-2],
    "byte order mark": b"\xef\xbb\xbf" + LF,
    "empty": b"",
    "absent": None,
}


@dataclass(frozen=True)
class Desk:
    """A machine with REAPER, and this project on it."""

    resource: Path
    clone: Path
    machine: Machine

    def register(self) -> tuple[str, bool]:
        outcome = register_clone(self.resource, self.clone, self.clone / ".venv" / "bin" / "python", self.machine)
        return "\n".join(outcome.lines), outcome.is_complete

    def unregister(self) -> str:
        return "\n".join(unregister_clone([self.resource], self.clone, self.machine))

    @property
    def action_list(self) -> Path:
        return self.resource / "reaper-kb.ini"

    def while_reaper_is(self, running: bool | None) -> Desk:
        return replace(self, machine=replace(self.machine, is_reaper_running=lambda system: running))


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path) -> MakeDesk:
    """Make up a machine: ``Windows``, ``Darwin``, ``Linux``, or ``portable`` (a program's folder on Windows)."""

    def make(kind: str = "Linux", action_list: bytes | None = LF) -> Desk:
        home = tmp_path / "Jörg 音 home"
        where = {
            "Windows": home / "AppData" / "Roaming" / "REAPER",
            "Darwin": home / "Library" / "Application Support" / "REAPER",
            "Linux": home / ".config" / "REAPER",
            "portable": tmp_path / "USB stick" / "REAPER x64 é",
        }
        resource = where[kind]
        resource.mkdir(parents=True)
        (resource / "reaper.ini").write_bytes(b"[REAPER]\r\nlastproject=C:\\M\xfcller\\a.rpp\r\n")
        (resource / "reaper.exe").write_bytes(b"MZ")
        if action_list is not None:
            (resource / "reaper-kb.ini").write_bytes(action_list)
        if kind in ("Linux", "portable"):
            (resource / "Scripts").mkdir()
            (resource / "Scripts" / "my own.lua").write_bytes(b"-- mine\n")
        name = "Windows" if kind == "portable" else kind
        system = System(name, {"APPDATA": str(home / "AppData" / "Roaming")}, home, tmp_path / "root")
        build = PythonBuild(name, (3, 12), tmp_path / "python", {})
        machine = Machine(system, lambda _: False, lambda _: build)
        return Desk(resource, _clone(tmp_path / "mixing désk"), machine)

    return make


def _clone(root: Path) -> Path:
    """Make a copy of the project that has its actions only."""
    (root / "actions").mkdir(parents=True)
    (root / "reaper_automix").mkdir()
    for path in (REPOSITORY / "actions").glob("*.py"):
        (root / "actions" / path.name).write_bytes(path.read_bytes())
    return root


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """Return a fingerprint of everything under a folder: names, contents, permissions."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.relative_to(folder).as_posix()] = (kind, stat.S_IMODE(path.stat().st_mode))
    return found


@pytest.mark.parametrize("kind", ["Windows", "Darwin", "Linux", "portable"])
@pytest.mark.parametrize("action_list", list(ACTION_LISTS.values()), ids=list(ACTION_LISTS))
def test_every_file_is_as_before_after_install_install_again_and_uninstall(
    make_desk: MakeDesk, kind: str, action_list: bytes | None
) -> None:
    desk = make_desk(kind, action_list)
    before = tree(desk.resource)
    said, is_complete = desk.register()
    assert is_complete, said
    after = tree(desk.resource)
    assert set(after) > set(before)
    assert after["reaper.ini"] == before["reaper.ini"]
    assert desk.register()[1]
    assert tree(desk.resource) == after
    desk.unregister()
    assert tree(desk.resource) == before
    assert desk.unregister() == "", "there is nothing left to take out"


def test_a_second_install_does_not_even_touch_a_file(desk: Desk) -> None:
    desk.register()
    written = {path: path.stat().st_mtime_ns for path in desk.resource.rglob("*")}
    desk.register()
    assert {path: path.stat().st_mtime_ns for path in desk.resource.rglob("*")} == written


def test_the_lines_are_those_that_reaper_writes(make_desk: MakeDesk) -> None:
    desk = make_desk("Windows", None)
    desk.register()
    lines = desk.action_list.read_bytes().split(b"\r\n")
    assert f'SCR 4 0 {BALANCE_ID} "Custom: Automix balance.py" "reaper_automix/Automix balance.py"'.encode() in lines
    assert not any(b"automix_start" in line or b"install actions" in line for line in lines)
    watcher = next(line for line in lines if b"automix_watch" in line)
    assert watcher.startswith(b"SCR 516 0 "), "REAPER never asks what to do with a watcher that runs"
    assert watcher.endswith(b" reaper_automix/automix_watch.py")


def test_every_action_file_gets_a_line_and_lines_of_others_stay_whole(make_desk: MakeDesk) -> None:
    desk = make_desk("Linux", CRLF[:-2])
    desk.register()
    data = desk.action_list.read_bytes()
    assert data.endswith(CRLF[:-2])
    assert data.count(b"\r\n") == data.count(b"\n")
    names = {path.name for path in (REPOSITORY / "actions").glob("*.py")}
    scripts = action_scripts(names)
    assert len(scripts) == len(names) - 2
    assert [line for line in data.splitlines() if b"reaper_automix/" in line] == [script.line for script in scripts]


def test_only_our_lines_go_where_the_user_changed_others_in_between(desk: Desk) -> None:
    desk.register()
    changed = desk.action_list.read_bytes().replace(b"40044", b"1007") + b"KEY 1 66 40073 0"
    desk.action_list.write_bytes(changed)
    desk.unregister()
    assert desk.action_list.read_bytes() == LF.replace(b"40044", b"1007") + b"KEY 1 66 40073 0"


def test_shortcuts_of_our_actions_go_with_them_and_that_is_said(desk: Desk) -> None:
    desk.register()
    with desk.action_list.open("ab") as stream:
        stream.write(f"KEY 9 77 _{BALANCE_ID} 0\t\t # Main : Ctrl+M\nKEY 9 78 _RSabc 0\n".encode())
    said = desk.unregister()
    assert desk.action_list.read_bytes() == LF + b"KEY 9 78 _RSabc 0\n"
    assert "1 shortcuts" in said


def test_custom_actions_and_toolbars_that_name_our_actions_stay_and_are_said(desk: Desk) -> None:
    desk.register()
    custom = f'ACT 1 0 "aa" "Custom: mix and save" _{BALANCE_ID} 40026\n'.encode()
    desk.action_list.write_bytes(desk.action_list.read_bytes() + custom)
    menu = desk.resource / "reaper-menu.ini"
    menu.write_text(f"[Floating toolbar 1]\nitem_0=_{BALANCE_ID} Automix\n", encoding="utf-8")
    said = desk.unregister()
    assert desk.action_list.read_bytes() == LF + custom
    assert "1 custom actions of yours" in said
    assert "1 toolbar" in said
    assert BALANCE_ID in menu.read_text(encoding="utf-8")


def test_lines_are_recognised_as_reaper_may_have_written_them_anew(desk: Desk) -> None:
    desk.register()
    scripts = desk.resource / "Scripts" / "reaper_automix"
    lines = [
        b'SCR 4 32060 RS7d3c_abc "Custom: mine" "reaper_automix\\AUTOMIX revert.py"',
        f'SCR 260 0 {BALANCE_ID} "Custom: renamed" "{scripts}/Automix balance.py"'.encode(),
        b'SCR 4 0 RSdef "Custom: Automix balance.py" "elsewhere/reaper_automix/Automix balance.py"',
    ]
    desk.action_list.write_bytes(b"\r\n".join(lines) + b"\r\n")
    desk.unregister()
    assert desk.action_list.read_bytes() == lines[2] + b"\r\n"


def test_an_action_that_is_listed_already_gets_no_second_line(desk: Desk) -> None:
    own = f'SCR 260 0 {BALANCE_ID} "Custom: Automix balance.py" "reaper_automix/Automix balance.py"\n'.encode()
    desk.action_list.write_bytes(own)
    desk.register()
    assert desk.action_list.read_bytes().count(BALANCE_ID.encode()) == 1
    assert desk.action_list.read_bytes().endswith(own)


def test_the_id_of_another_script_is_never_taken(desk: Desk) -> None:
    other = f'SCR 4 0 {BALANCE_ID} "Custom: other.lua" other.lua\n'.encode()
    desk.action_list.write_bytes(other)
    desk.register()
    assert desk.action_list.read_bytes().count(BALANCE_ID.encode()) == 1
    desk.unregister()
    assert desk.action_list.read_bytes() == other


def test_a_backup_shows_the_file_as_it_was_before_the_first_install(desk: Desk) -> None:
    backup = desk.resource / "reaper-kb.ini.before-reaper-automix"
    desk.register()
    assert backup.read_bytes() == LF
    desk.action_list.write_bytes(CRLF)
    desk.register()
    assert backup.read_bytes() == LF


@pytest.mark.parametrize(("running", "why"), [(True, "REAPER is running"), (None, "cannot be found out")])
def test_while_reaper_runs_its_files_are_left_alone_and_an_action_is_offered(
    desk: Desk, running: bool | None, why: str
) -> None:
    before = tree(desk.resource)
    said, is_complete = desk.while_reaper_is(running).register()
    assert not is_complete
    assert why in said
    assert "Load ReaScript, choose Automix install actions.py" in said
    after = tree(desk.resource)
    assert {name: after[name] for name in before} == before
    assert "Scripts/reaper_automix/Automix install actions.py" in after
    assert not any("before-reaper-automix" in name for name in after)
    assert desk.register()[1], "with REAPER closed, the next run finishes it"
    desk.unregister()
    assert tree(desk.resource) == before


def test_what_the_installer_action_made_reaper_write_is_found_complete_and_removed(desk: Desk) -> None:
    desk.while_reaper_is(True).register()
    names = [path.name for path in (desk.resource / "Scripts" / "reaper_automix").glob("*.py")]
    added = b"".join(script.line + b"\n" for script in action_scripts(names))
    desk.action_list.write_bytes(LF + added)
    assert desk.while_reaper_is(True).register()[1], "nothing needs to be edited any more"
    assert desk.action_list.read_bytes() == LF + added
    desk.unregister()
    assert desk.action_list.read_bytes() == LF


def test_uninstall_is_refused_while_reaper_runs(desk: Desk) -> None:
    desk.register()
    after = tree(desk.resource)
    with pytest.raises(RegistrationError, match=r"REAPER is running.*Nothing was removed"):
        desk.while_reaper_is(True).unregister()
    assert tree(desk.resource) == after


def test_a_write_protected_action_list_stays_as_it_is(desk: Desk) -> None:
    desk.action_list.chmod(0o444)
    said, is_complete = desk.register()
    assert not is_complete
    assert "write-protected" in said
    assert desk.action_list.read_bytes() == LF
    desk.action_list.chmod(0o644)
    desk.register()
    desk.action_list.chmod(0o444)
    after = tree(desk.resource)
    with pytest.raises(RegistrationError, match=r"write-protected.*Nothing was removed"):
        desk.unregister()
    assert tree(desk.resource) == after


def test_an_action_list_that_is_a_link_stays_one(desk: Desk, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.ini"
    desk.action_list.rename(real)
    _link_or_skip(desk.action_list, real)
    desk.register()
    assert desk.action_list.is_symlink()
    assert b"Automix" in real.read_bytes()
    desk.unregister()
    assert desk.action_list.is_symlink()
    assert real.read_bytes() == LF


def test_a_scripts_folder_that_is_a_link_is_refused(desk: Desk) -> None:
    _link_or_skip(desk.resource / "Scripts" / "reaper_automix", desk.clone / "actions")
    before = tree(desk.clone)
    with pytest.raises(RegistrationError, match="is a link to another folder"):
        desk.register()
    assert tree(desk.clone) == before


def _link_or_skip(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this system does not let us make links")


def test_files_of_others_in_our_folder_are_kept_and_put_back(desk: Desk) -> None:
    folder = desk.resource / "Scripts" / "reaper_automix"
    (folder / "Automix").mkdir(parents=True)
    (folder / "Automix" / "Automix balance.py").write_bytes(b"# from ReaPack\n")
    (folder / "automix_start.py").write_bytes(b"# someone else's\n")
    before = tree(desk.resource)
    desk.register()
    assert b"someone" not in (folder / "automix_start.py").read_bytes()
    desk.register()
    desk.unregister()
    assert tree(desk.resource) == before


def test_folders_in_which_the_user_has_put_something_stay(desk: Desk) -> None:
    desk.register()
    own = desk.resource / "Scripts" / "reaper_automix" / "mine.py"
    own.write_bytes(b"pass\n")
    assert f"{own.parent} stays" in desk.unregister()
    assert [path.name for path in own.parent.iterdir()] == ["mine.py"]


def test_what_runs_left_behind_goes_too(desk: Desk) -> None:
    ext_state = desk.resource / "reaper-extstate.ini"
    ext_state.write_bytes(b"[other]\r\nkey=1\r\n")
    before = tree(desk.resource)
    desk.register()
    run = desk.resource / "reaper_automix" / "runs" / "2026-01-01_12-00-00-balance"
    run.mkdir(parents=True)
    (run / "plan.json").write_text("{}", encoding="utf-8")
    (desk.resource / "reaper_automix" / "last_error.txt").write_text("x", encoding="utf-8")
    compiled = desk.resource / "Scripts" / "reaper_automix" / "__pycache__"
    compiled.mkdir()
    (compiled / "automix_start.cpython-312.pyc").write_bytes(b"x")
    ext_state.write_bytes(b'[reaper_automix]\r\npreferences={"a":1}\r\n[other]\r\nkey=1\r\n')
    desk.unregister()
    assert tree(desk.resource) == before


def test_the_note_tells_the_actions_where_this_project_is(desk: Desk) -> None:
    desk.register()
    note = json.loads(record_file(desk.resource).read_text(encoding="utf-8"))
    assert note["schema"] == "reaper_automix.install/1"
    assert note["root"] == str(desk.clone)
    assert note["python"] == str(desk.clone / ".venv" / "bin" / "python")
    assert note["version"]


def test_a_second_copy_of_the_project_takes_over_and_only_it_can_uninstall(desk: Desk, tmp_path: Path) -> None:
    before = tree(desk.resource)
    desk.register()
    second = replace(desk, clone=_clone(tmp_path / "second copy"))
    said, _ = second.register()
    assert f"used the copy in {desk.clone} until now" in said
    said = desk.unregister()
    assert f"uses the copy in {second.clone}" in said
    record = read_record(desk.resource)
    assert record is not None
    assert record.root == str(second.clone)
    second.unregister()
    assert tree(desk.resource) == before


def test_a_copy_that_is_gone_does_not_hold_its_registration(desk: Desk, tmp_path: Path) -> None:
    before = tree(desk.resource)
    desk.register()
    desk.clone.rename(tmp_path / "moved")
    replace(desk, clone=tmp_path / "moved").unregister()
    assert tree(desk.resource) == before


def test_a_damaged_note_is_mended_by_installing_again(desk: Desk) -> None:
    desk.register()
    record_file(desk.resource).write_text("{", encoding="utf-8")
    with pytest.raises(RegistrationError, match="damaged"):
        desk.unregister()
    desk.register()
    desk.unregister()
    assert desk.action_list.read_bytes() == LF


def test_a_write_that_fails_leaves_the_action_list_whole_and_can_be_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(desk.resource)
    real = os.replace

    def refuse(source: object, target: object) -> None:
        if str(target).endswith("reaper-kb.ini"):
            raise OSError(28, "No space left on device", str(target))
        real(str(source), str(target))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", refuse)
        with pytest.raises(RegistrationError, match=r"No space left.*Next step"):
            desk.register()
    assert desk.action_list.read_bytes() == LF
    desk.unregister()
    assert tree(desk.resource) == before


def test_an_incomplete_copy_of_the_project_changes_nothing(desk: Desk) -> None:
    (desk.clone / "actions" / "automix_start.py").unlink()
    before = tree(desk.resource)
    with pytest.raises(RegistrationError, match="complete copy"):
        desk.register()
    assert tree(desk.resource) == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="an administrator may write everywhere")
def test_a_folder_that_cannot_be_written_is_explained(desk: Desk) -> None:
    desk.resource.chmod(0o555)
    try:
        with pytest.raises(RegistrationError, match="check that you may write in REAPER's folder"):
            desk.register()
    finally:
        desk.resource.chmod(0o755)


def test_the_default_folder_is_used_and_the_others_are_listed(make_desk: MakeDesk, tmp_path: Path) -> None:
    desk = make_desk("Linux")
    other = tmp_path / "root" / "opt" / "REAPER"
    other.mkdir(parents=True)
    (other / "reaper.ini").write_bytes(b"")
    choice = choose_folder(desk.machine)
    assert choice.folder == desk.resource
    assert str(other) in "\n".join(choice.lines)
    assert choose_folder(desk.machine, other).folder == other


def test_without_reaper_the_next_step_is_said(desk: Desk) -> None:
    (desk.resource / "reaper.ini").unlink()
    choice = choose_folder(desk.machine)
    assert choice.folder is None
    assert "nothing was registered" in "\n".join(choice.lines)
    assert str(desk.resource) in "\n".join(choice.lines)
