"""Which Python library REAPER has to load for our actions, and which one it is set to load now.

REAPER's own settings are only read here: it writes ``reaper.ini`` anew when it closes.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LEAST_PYTHON = (3, 11)
SETTING_PLACE = "Options > Preferences > Plug-ins > ReaScript"


@dataclass(frozen=True, slots=True)
class PythonLibrary:
    """A Python as a library that a program can load: the two entries of REAPER's preferences."""

    folder: Path
    file: str

    @property
    def path(self) -> Path:
        """The library itself."""
        return self.folder / self.file


@dataclass(frozen=True, slots=True)
class PythonBuild:
    """How a Python was built; tests describe their own."""

    system: str
    version: tuple[int, int]
    base_prefix: Path
    variables: Mapping[str, object]

    @classmethod
    def this(cls, system: str) -> PythonBuild:
        """Describe the Python that runs this."""
        return cls(system, sys.version_info[:2], Path(sys.base_prefix), sysconfig.get_config_vars())


@dataclass(frozen=True, slots=True)
class ReaperPython:
    """What ``reaper.ini`` says about Python. Empty entries are those that REAPER chooses itself."""

    is_enabled: bool
    folder: str
    file: str

    @property
    def is_set(self) -> bool:
        """Whether the user named a library."""
        return bool(self.file)

    @property
    def path(self) -> Path:
        """The library that is named."""
        return Path(self.folder) / self.file

    @property
    def version(self) -> tuple[int, int] | None:
        """The version in the library's name (``python312.dll``, ``libpython3.12.so.1.0``) or in its path."""
        found = re.search(r"python(3)\.?(\d+)", self.file) or re.search(r"(3)\.(\d+)", f"{self.folder}/{self.file}")
        return (int(found[1]), int(found[2])) if found else None


def find_library(build: PythonBuild) -> PythonLibrary | None:
    """Return the shared library of a Python; None if it came without one (or it lies in an unusual place)."""
    for path in _candidates(build):
        if path.is_file():
            return PythonLibrary(path.parent, path.name)
    return None


def _candidates(build: PythonBuild) -> Iterator[Path]:
    """Yield where the library may be, the likeliest first."""
    major, minor = build.version
    if build.system == "Windows":
        yield build.base_prefix / f"python{major}{minor}.dll"
        return
    values = {name: str(build.variables.get(name) or "") for name in ("LIBDIR", "MULTIARCH", "INSTSONAME", "LDLIBRARY")}
    ending = ".dylib" if build.system == "Darwin" else ".so"
    names = [f"libpython{major}.{minor}{ending}", values["INSTSONAME"], values["LDLIBRARY"]]
    if build.system != "Darwin":
        names.insert(0, f"libpython{major}.{minor}.so.1.0")
    folders = [Path(values["LIBDIR"])] if values["LIBDIR"] else []
    folders.append(build.base_prefix / "lib")
    for folder in [*(folder / values["MULTIARCH"] for folder in folders if values["MULTIARCH"]), *folders]:
        yield from (folder / name for name in names if name and not name.endswith(".a"))
    framework = build.variables.get("PYTHONFRAMEWORKPREFIX")
    if framework and values["INSTSONAME"]:
        yield Path(str(framework)) / values["INSTSONAME"]


def read_reaper_python(settings_file: Path) -> ReaperPython:
    """Return the Python settings of a ``reaper.ini``; a file that is missing has none."""
    try:
        text = settings_file.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        text = ""
    values: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip().casefold()
        elif section == "[reaper]" and "=" in line:
            key, _, value = line.partition("=")
            values.setdefault(key.strip().casefold(), value.strip().strip('"'))
    enabled = values.get("reascript", "")
    is_enabled = enabled.isdigit() and bool(int(enabled) & 1)
    return ReaperPython(is_enabled, values.get("pythonlibpath64", ""), values.get("pythonlibdll64", ""))


def python_advice(reaper: ReaperPython, own: PythonLibrary | None) -> tuple[str, ...]:
    """Say whether REAPER's Python is right for our actions, and if not, what to enter where."""
    trouble = _trouble(reaper)
    if not trouble:
        return (f"REAPER's Python is set: {reaper.path}.",)
    if own is None:
        return (
            trouble,
            "This Python has no shared library that REAPER could load. Next step: install one from python.org (64 bit, "
            "3.11 or newer; on Debian or Ubuntu: sudo apt install libpython3-dev) and run install.py with it.",
        )
    return (
        trouble,
        f"Next step: in REAPER, {SETTING_PLACE}: tick 'Enable Python for use with ReaScript', then enter",
        f"    Custom path to Python dll directory:       {own.folder}",
        f"    Force ReaScript to use specific Python:    {own.file}",
        "  and restart REAPER.",
    )


def _trouble(reaper: ReaperPython) -> str:
    """Return what is wrong with the setting; empty if nothing is."""
    if not reaper.is_enabled:
        return "Python is not enabled in REAPER."
    if not reaper.is_set:
        return "REAPER is not told which Python to use: it takes the first one that it finds, or none."
    if not reaper.path.is_file():
        return f"REAPER is set to use {reaper.path}, which is not there."
    if reaper.version is not None and reaper.version < LEAST_PYTHON:
        return f"REAPER is set to use {reaper.path}: the actions need Python 3.11 or newer."
    return ""
