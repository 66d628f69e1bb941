"""What install.py does with REAPER: find its folder, register this project there, check its Python, undo all that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reaper_automix import __version__
from reaper_automix.installation.python_library import PythonBuild, find_library, python_advice, read_reaper_python
from reaper_automix.installation.registration import Clone, Outcome, read_record, record_file, register, unregister
from reaper_automix.installation.resource_folders import (
    SETTINGS_FILE,
    System,
    find_resource_folders,
    given_resource_folder,
    usual_folders,
)
from reaper_automix.installation.running import is_reaper_running


@dataclass(frozen=True, slots=True)
class Machine:
    """How facts about this machine are got; tests put their own in."""

    system: System = field(default_factory=System)
    is_reaper_running: Callable[[str], bool | None] = is_reaper_running
    python_build: Callable[[str], PythonBuild] = PythonBuild.this

    def obstacle(self) -> str:
        """Return why REAPER's files must not be edited now; empty if they may."""
        running = self.is_reaper_running(self.system.name)
        if running is None:
            return "It cannot be found out here whether REAPER runs, so its files are not edited."
        return (
            "REAPER is running, so its files are not edited: it would write them anew when it closes."
            if running
            else ""
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """The resource folder to register in, and what to tell the user about it. None where no REAPER was found."""

    folder: Path | None
    lines: tuple[str, ...] = ()


def choose_folder(machine: Machine, given: Path | None = None) -> Choice:
    """Return the folder that the user named, or the one REAPER uses by default on this machine.

    Raises
    ------
    RegistrationError
        If the folder that was named is not REAPER's.
    """
    if given is not None:
        return Choice(given_resource_folder(given))
    found = find_resource_folders(machine.system)
    if not found:
        looked = ", ".join(str(folder) for folder in usual_folders(machine.system))
        return Choice(
            None,
            (
                f"No REAPER was found (looked in {looked}): nothing was registered.",
                "Next step: start REAPER once and run install.py again, or name REAPER's folder (in REAPER: Options >",
                "Show REAPER resource path): python install.py --resource-path FOLDER",
            ),
        )
    if len(found) == 1:
        return Choice(found[0])
    others = ", ".join(str(folder) for folder in found[1:])
    return Choice(found[0], (f"Used: {found[0]} (REAPER's default). Also found, and left alone: {others}",))


def register_clone(folder: Path, root: Path, python: Path, machine: Machine) -> Outcome:
    """Register this project in a resource folder and check REAPER's Python; what is left to do is the last line.

    Raises
    ------
    RegistrationError
        If it cannot be done.
    """
    library = find_library(machine.python_build(machine.system.name))
    before = read_record(folder)
    clone = Clone(root, python, __version__, library)
    outcome = register(folder, clone, obstacle=machine.obstacle(), windows=machine.system.name == "Windows")
    moved = (f"REAPER used the copy in {before.root} until now.",) if before and Path(before.root) != root else ()
    advice = python_advice(read_reaper_python(folder / SETTINGS_FILE), library)
    return Outcome((*moved, *outcome.lines, *advice), outcome.is_complete)


def unregister_clone(folders: Iterable[Path], root: Path, machine: Machine) -> tuple[str, ...]:
    """Take this project out of REAPER's default folders and of those named; return what was done.

    Raises
    ------
    RegistrationError
        If REAPER runs, or a file cannot be changed.
    """
    lines: list[str] = []
    for folder in dict.fromkeys((*find_resource_folders(machine.system), *folders)):
        record = read_record(folder)
        if record is not None and _is_other_clone(Path(record.root), root):
            lines.append(f"{folder} uses the copy in {record.root}: run install.py --uninstall there.")
        elif record_file(folder).exists():
            lines += unregister(folder, obstacle=machine.obstacle()).lines
    return tuple(lines)


def _is_other_clone(noted: Path, root: Path) -> bool:
    """Whether the note is of another copy of this project that is still there."""
    return noted.resolve() != root.resolve() and (noted / "reaper_automix").is_dir()
