"""Where REAPER keeps its settings and scripts, on each system and beside a portable program."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reaper_automix.errors import AutomixError

SETTINGS_FILE = "reaper.ini"


class RegistrationError(AutomixError):
    """REAPER's folder cannot be found, or its files cannot be changed now."""


@dataclass(frozen=True, slots=True)
class System:
    """The facts about a machine that decide where REAPER's folders are; tests describe their own."""

    name: str = field(default_factory=platform.system)
    """``Windows``, ``Darwin`` or ``Linux``."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=Path.home)
    root: Path = Path("/")
    """Where the file system begins."""


def usual_folders(system: System) -> tuple[Path, ...]:
    """Return where REAPER keeps its resource folder on this system unless it is portable, the likeliest first."""
    if system.name == "Windows":
        roaming = system.environment.get("APPDATA")
        return (Path(roaming) / "REAPER" if roaming else system.home / "AppData" / "Roaming" / "REAPER",)
    if system.name == "Darwin":
        return (system.home / "Library" / "Application Support" / "REAPER",)
    configuration = system.environment.get("XDG_CONFIG_HOME")
    standard = system.home / ".config" / "REAPER"
    return tuple(dict.fromkeys((Path(configuration) / "REAPER", standard) if configuration else (standard,)))


def program_folders(system: System) -> tuple[Path, ...]:
    """Return the usual places of the program itself: with a ``reaper.ini`` beside it, it is a portable one."""
    if system.name == "Windows":
        programs = [system.environment.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)")]
        names = ("REAPER (x64)", "REAPER (arm64ec)", "REAPER")
        return tuple(Path(folder) / name for folder in programs if folder for name in names)
    if system.name == "Darwin":
        return ()
    return (system.home / "opt" / "REAPER", system.root / "opt" / "REAPER")


def find_resource_folders(system: System) -> tuple[Path, ...]:
    """Return the resource folders that exist (have a ``reaper.ini``), the one REAPER uses by default first."""
    folders = (*usual_folders(system), *program_folders(system))
    return tuple(folder for folder in folders if (folder / SETTINGS_FILE).is_file())


def given_resource_folder(path: Path) -> Path:
    """Return the resource folder that the user named: the folder itself, or that of a file in it (the program).

    Raises
    ------
    RegistrationError
        If there is no ``reaper.ini``.
    """
    folder = (path if path.is_dir() else path.parent).absolute()
    if (folder / SETTINGS_FILE).is_file():
        return folder
    raise RegistrationError(
        f"{path} is no REAPER resource folder: it has no {SETTINGS_FILE}. Next step: give the folder that REAPER opens "
        "with Options > Show REAPER resource path (for a portable REAPER: the folder of the program); a REAPER that "
        "was never started has none yet."
    )
