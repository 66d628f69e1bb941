"""Put the actions into REAPER's folder and action list, and take them out again, byte for byte.

What is done to a resource folder is noted in its ``reaper_automix/install.json`` before it is done. The actions read
that note to find this project; a second registration changes nothing; ``unregister`` works from it.
"""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from reaper_automix.errors import SessionError
from reaper_automix.files import write_bytes_whole
from reaper_automix.installation.action_list import (
    ASK_WHEN_RUNNING,
    NEW_INSTANCE,
    ActionScript,
    Removal,
    with_scripts,
    without_scripts,
)
from reaper_automix.installation.kept_settings import n_lines_naming, without_section
from reaper_automix.installation.python_library import PythonLibrary
from reaper_automix.installation.resource_folders import RegistrationError
from reaper_automix.reascript.installed import SCHEMA

OUR_FOLDER = "reaper_automix"
SCRIPTS_FOLDER = f"Scripts/{OUR_FOLDER}"
ACTION_LIST_FILE, EXT_STATE_FILE, MENU_FILE = "reaper-kb.ini", "reaper-extstate.ini", "reaper-menu.ini"
INSTALLER_ACTION = "Automix install actions.py"
STAYING, START_FILE = ("automix_watch.py", "automix_serve.py"), "automix_start.py"
BACKUP_SUFFIX = ".before-reaper-automix"
LEFT_BY_RUNS = ("last_error.txt", "runs")
_AGAIN = "then run the same command again"


@dataclass(frozen=True, slots=True)
class Clone:
    """The copy of this project whose actions REAPER gets."""

    root: Path
    python: Path
    """The Python of its environment."""
    version: str
    library: PythonLibrary | None = None
    """What REAPER would have to load to run the actions with the same Python."""

    def action_files(self) -> dict[str, Path]:
        """Return the scripts that go into REAPER's folder, by name.

        Raises
        ------
        RegistrationError
            If they are not there.
        """
        folder = self.root / "actions"
        if not (folder / START_FILE).is_file():
            raise RegistrationError(f"{folder} has no {START_FILE}. Next step: get a complete copy of the project.")
        return {path.name: path for path in sorted(folder.glob("*.py"))}


@dataclass(frozen=True, slots=True)
class InstallRecord:
    """The note in REAPER's folder: where this project is, and what was done there."""

    schema: str
    root: str
    python: str
    version: str
    library: str = ""
    files: tuple[str, ...] = ()
    made_folders: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """Those of REAPER's files that did not exist before us: where nothing but our lines is in one, it goes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a registration: lines for the user, and whether a step is left to them."""

    lines: tuple[str, ...]
    is_complete: bool = True


def register(resource: Path, clone: Clone, *, obstacle: str = "", windows: bool = False) -> Outcome:
    """Copy the actions into a resource folder, note where this project is, and list the actions.

    Parameters
    ----------
    resource : Path
        REAPER's resource folder.
    clone : Clone
        This project.
    obstacle : str
        Why REAPER's own files must not be edited now (it runs); empty if they may. The actions are copied all the same.
    windows : bool
        Whether a new action list gets Windows line ends.

    Returns
    -------
    Outcome
        What was done, and what is left to do.

    Raises
    ------
    RegistrationError
        If a file cannot be written, or this is not a complete copy of the project.
    """
    files = clone.action_files()
    scripts_folder, list_file = resource / SCRIPTS_FOLDER, resource / ACTION_LIST_FILE
    _refuse_links(scripts_folder, resource / OUR_FOLDER)
    try:
        before = read_record(resource)
        listed = _read(list_file)
        wanted = with_scripts(listed or b"", action_scripts(files), resource / "Scripts", windows=windows)
        obstacle = obstacle or _write_protection(list_file)
        _write_record(resource, _next_record(resource, clone, before, files))
        for name, source in files.items():
            _place(scripts_folder / name, source.read_bytes(), is_ours=before is not None and name in before.files)
        if wanted == (listed or b""):
            return _listed(scripts_folder, f"are in {list_file} already")
        if obstacle:
            return Outcome((f"The scripts are in {scripts_folder}.", obstacle, *_by_hand(scripts_folder)), False)
        _back_up(list_file, listed)
        write_bytes_whole(list_file.resolve(), wanted)
    except (OSError, SessionError) as error:
        raise _cannot_change(error) from error
    backup = f" (as it was before: {_backup_of(list_file).name})" if listed is not None else ""
    return _listed(scripts_folder, f"are in {list_file} now{backup}")


def unregister(resource: Path, *, obstacle: str = "") -> Outcome:
    """Take everything out of a resource folder that ``register`` put there, and what REAPER added for our scripts.

    Parameters
    ----------
    resource : Path
        REAPER's resource folder.
    obstacle : str
        Why REAPER's own files must not be edited now; empty if they may.

    Returns
    -------
    Outcome
        What was done; without lines if nothing of ours is there.

    Raises
    ------
    RegistrationError
        If REAPER's files must not be edited now, or a file cannot be changed; what is left then can be removed later.
    """
    if not record_file(resource).exists():
        return Outcome(())
    record = read_record(resource)
    if record is None:
        raise RegistrationError(f"{record_file(resource)} is damaged. Next step: run install.py, {_AGAIN}.")
    if obstacle:
        raise RegistrationError(f"{obstacle} Nothing was removed from {resource}. Next step: close it, {_AGAIN}.")
    _refuse_links(resource / SCRIPTS_FOLDER, resource / OUR_FOLDER)
    try:
        list_file, ext_state_file = resource / ACTION_LIST_FILE, resource / EXT_STATE_FILE
        paths = [f"{OUR_FOLDER}/{name}" for name in record.files]
        removal = without_scripts(_read(list_file) or b"", paths, resource / "Scripts")
        edits = {list_file: removal.data, ext_state_file: without_section(_read(ext_state_file) or b"", OUR_FOLDER)}
        edits = {path: data for path, data in edits.items() if data != (_read(path) or b"")}
        _refuse_protected(edits)
        for path, data in edits.items():
            _back_to(path, data, goes_if_empty=path.name in record.absent)
        _backup_of(list_file).unlink(missing_ok=True)
        stayed = _remove_files(resource, record)
        lines = (*_removal_lines(resource, removal), *(f"{folder} stays: other files are in it." for folder in stayed))
    except (OSError, SessionError) as error:
        raise _cannot_change(error) from error
    return Outcome((f"The actions were removed from {resource}.", *lines))


def action_scripts(files: Iterable[str]) -> tuple[ActionScript, ...]:
    """Return the scripts that go into the action list.

    The watcher may be started while it runs: REAPER must not ask what to do then, since its question stops everything.
    """
    names = [name for name in sorted(files) if name not in (START_FILE, INSTALLER_ACTION)]
    return tuple(
        ActionScript(f"{OUR_FOLDER}/{name}", NEW_INSTANCE if name in STAYING else ASK_WHEN_RUNNING) for name in names
    )


def record_file(resource: Path) -> Path:
    """Return where the note about this project lies in a resource folder."""
    return resource / OUR_FOLDER / "install.json"


def read_record(resource: Path) -> InstallRecord | None:
    """Return the note of an earlier registration; None if there is none, or it cannot be understood."""
    known = [field.name for field in fields(InstallRecord)]
    try:
        data = json.loads(record_file(resource).read_text("utf-8"))
        values: dict[str, Any] = {name: data[name] for name in known if name in data}
        lists: dict[str, Any] = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        record = InstallRecord(**{**values, **lists})
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return None
    return record if record.schema == SCHEMA else None


def _next_record(resource: Path, clone: Clone, before: InstallRecord | None, files: Iterable[str]) -> InstallRecord:
    """Return the note to write; what an earlier one says of the time before us is still true."""
    folders = (resource / OUR_FOLDER, resource / "Scripts", resource / SCRIPTS_FOLDER)
    missing = tuple(folder.relative_to(resource).as_posix() for folder in folders if not folder.is_dir())
    absent = tuple(name for name in (ACTION_LIST_FILE, EXT_STATE_FILE) if not (resource / name).exists())
    library = str(clone.library.path) if clone.library else ""
    now = InstallRecord(SCHEMA, str(clone.root), str(clone.python), clone.version, library, tuple(sorted(files)))
    if before is None:
        return replace(now, made_folders=missing, absent=absent)
    return replace(
        now,
        files=tuple(sorted({*now.files, *before.files})),
        made_folders=tuple(dict.fromkeys((*before.made_folders, *missing))),
        absent=before.absent,
    )


def _write_record(resource: Path, record: InstallRecord) -> None:
    """Make our folders and write the note: from here on, ``unregister`` can take back whatever was done."""
    for folder in (OUR_FOLDER, SCRIPTS_FOLDER):
        (resource / folder).mkdir(parents=True, exist_ok=True)
    _write_if_different(record_file(resource), (json.dumps(asdict(record), indent=1) + "\n").encode())


def _place(path: Path, data: bytes, *, is_ours: bool) -> None:
    """Write a file of ours; a file of the same name that someone else put there is kept beside it."""
    if not is_ours:
        _back_up(path, _read(path))
    _write_if_different(path, data)


def _back_up(path: Path, data: bytes | None) -> None:
    """Keep what a file held before us; an older backup is nearer to that."""
    if data is not None and not _backup_of(path).exists():
        write_bytes_whole(_backup_of(path), data)


def _backup_of(path: Path) -> Path:
    return path.with_name(path.name + BACKUP_SUFFIX)


def _write_if_different(path: Path, data: bytes) -> None:
    if _read(path) != data:
        write_bytes_whole(path, data)


def _back_to(path: Path, data: bytes, *, goes_if_empty: bool) -> None:
    if goes_if_empty and not data:
        path.unlink()
    else:
        write_bytes_whole(path.resolve(), data)


def _remove_files(resource: Path, record: InstallRecord) -> tuple[Path, ...]:
    """Remove our files and put back what they replaced; return the folders of ours that hold other files."""
    scripts_folder = resource / SCRIPTS_FOLDER
    for name in record.files:
        path = scripts_folder / name
        if _backup_of(path).exists():
            _backup_of(path).replace(path)
        else:
            path.unlink(missing_ok=True)
    for compiled in (scripts_folder / "__pycache__").glob(f"{Path(START_FILE).stem}.*.pyc"):
        compiled.unlink()
    _remove_if_empty(scripts_folder / "__pycache__")
    for left in (resource / OUR_FOLDER / name for name in LEFT_BY_RUNS):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)
    record_file(resource).unlink()
    made = (resource / folder for folder in reversed(record.made_folders))
    return tuple(folder for folder in made if not _remove_if_empty(folder) and folder.name == OUR_FOLDER)


def _remove_if_empty(folder: Path) -> bool:
    """Remove a folder that holds nothing; return whether it is gone."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return not folder.exists()


def _removal_lines(resource: Path, removal: Removal) -> Iterator[str]:
    """Yield what was taken out of REAPER's action list, and what there still names an action that is gone."""
    if removal.n_scripts:
        yield f"{removal.n_scripts} actions were taken out of {ACTION_LIST_FILE}; its other lines are as they were."
    if removal.n_shortcuts:
        yield f"{removal.n_shortcuts} shortcuts of these actions went with them: they would do nothing."
    if removal.n_custom_actions:
        yield f"{removal.n_custom_actions} custom actions of yours still name one: edit them in REAPER's action list."
    n_buttons = n_lines_naming(_read(resource / MENU_FILE) or b"", removal.ids)
    if n_buttons:
        yield f"{n_buttons} toolbar or menu entries still name one: right-click them in REAPER, Customize."


def _refuse_links(*folders: Path) -> None:
    for folder in folders:
        if folder.is_symlink():  # what is written and removed there would be written and removed elsewhere
            raise RegistrationError(f"{folder} is a link to another folder. Next step: remove the link, {_AGAIN}.")


def _refuse_protected(paths: Iterable[Path]) -> None:
    for protection in filter(None, map(_write_protection, paths)):
        raise RegistrationError(f"{protection} Nothing was removed. Next step: make it writable, {_AGAIN}.")


def _write_protection(path: Path) -> str:
    """Say that the user protected a file (replacing it would get around that); empty if not."""
    is_protected = path.exists() and not path.stat().st_mode & stat.S_IWUSR
    return f"{path} is write-protected, so it stays as it is." if is_protected else ""


def _listed(scripts_folder: Path, where: str) -> Outcome:
    return Outcome(
        (f"The scripts are in {scripts_folder}.", f"The actions {where}: Actions > Show action list, filter 'Automix'.")
    )


def _by_hand(scripts_folder: Path) -> tuple[str, ...]:
    """Return how the actions get into the list when its file must not be edited."""
    return (
        "The actions are not in the action list yet. Next step, one of these:",
        f"  in REAPER: Actions > Show action list > New action > Load ReaScript, choose {INSTALLER_ACTION} in",
        f"  {scripts_folder}, and run it: it adds the others at once; or",
        f"  close REAPER (or make the file writable), {_AGAIN}.",
    )


def _read(path: Path) -> bytes | None:
    """Return a file's bytes; None if there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _cannot_change(error: OSError | SessionError) -> RegistrationError:
    why = str(error).rpartition(". ")[0] if isinstance(error, SessionError) else f"{error.filename}: {error.strerror}"
    return RegistrationError(f"{why}. Next step: check that you may write in REAPER's folder, {_AGAIN}.")
