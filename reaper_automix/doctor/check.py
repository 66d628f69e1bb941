"""One finding, and where the facts come from."""

from __future__ import annotations

import importlib
import importlib.metadata
import locale
import shutil
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reaper_automix.installation.resource_folders import System
from reaper_automix.models_folder import models_folder

Status = Literal["ok", "warning", "problem"]

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds install.py, where this is a checkout."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: what was looked at, how it is, why that matters, and what to do, a command where there is one.

    ``why`` and ``next_step`` are empty where all is well.
    """

    name: str
    status: Status
    detail: str
    why: str = ""
    next_step: str = ""


def _python_version() -> tuple[int, ...]:
    return tuple(sys.version_info[:3])


def _sound_formats() -> Mapping[str, str]:
    formats: Mapping[str, str] = importlib.import_module("soundfile").available_formats()
    return formats


def _sound_version() -> str:
    return str(importlib.import_module("soundfile").__libsndfile_version__)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _open_files() -> int | None:
    """Return how many files may be open at once; None where the system sets no such limit."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows
        return None
    soft = int(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return None if soft == resource.RLIM_INFINITY else soft


def _encodings() -> tuple[str, str]:
    """Return how names of files and words on the terminal are spelled."""
    return sys.getfilesystemencoding(), locale.getencoding()


def _browser() -> str:
    """Return what opens pages here; ``webbrowser.Error`` where nothing does."""
    found = webbrowser.get()
    return str(getattr(found, "name", "") or type(found).__name__)


@dataclass(frozen=True, slots=True)
class Probes:
    """How facts are got; tests put their own in."""

    python_version: Callable[[], tuple[int, ...]] = _python_version
    in_environment: Callable[[], bool] = lambda: sys.prefix != sys.base_prefix
    load: Callable[[str], object] = importlib.import_module
    installed_version: Callable[[str], str] = importlib.metadata.version
    sound_formats: Callable[[], Mapping[str, str]] = _sound_formats
    sound_version: Callable[[], str] = _sound_version
    free_bytes: Callable[[Path], int] = _free_bytes
    open_files: Callable[[], int | None] = _open_files
    encodings: Callable[[], tuple[str, str]] = _encodings
    browser: Callable[[], str] = _browser
    temporary: Callable[[], str] = tempfile.gettempdir
    models_folder: Callable[[], Path] = models_folder
    system: System = field(default_factory=System)
    root: Path = ROOT

    @property
    def install_command(self) -> str:
        """The command that sets everything up again, as it can be typed here."""
        script = self.root / "install.py"
        return f'python "{script}"' if script.is_file() else "python install.py (in the folder of reaper_automix)"

    @property
    def program(self) -> str:
        """The command line's own name, as it can be typed here."""
        return f'"{sys.executable}" -m reaper_automix.cli'
