"""Whether REAPER runs: it keeps its settings in memory and writes the files anew when it closes."""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

PROGRAM_NAMES = frozenset({"reaper", "reaper.exe"})
_TIME_LIMIT_S = 20.0


def is_reaper_running(system: str) -> bool | None:
    """Return whether a REAPER runs on this machine; None if the processes cannot be listed."""
    names = process_names(system)
    return None if names is None else any(is_reaper(name) for name in names)


def is_reaper(process: str) -> bool:
    """Whether a process of this name (or path) is REAPER itself, not one of its plug-in hosts."""
    name = PureWindowsPath(process).name if "\\" in process else PurePosixPath(process).name
    return name.casefold() in PROGRAM_NAMES


def process_names(system: str) -> tuple[str, ...] | None:
    """Return the names of all processes; None if the system does not tell."""
    if system == "Windows":
        output = _output([_tasklist(), "/FO", "CSV", "/NH"])
        return None if output is None else names_from_tasklist(output.splitlines())
    output = _output(["ps", "-A", "-o", "comm="])
    if output is not None:
        return tuple(line.strip() for line in output.splitlines())
    return _names_from_proc(Path("/proc"))


def names_from_tasklist(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the first field of each line of ``tasklist /FO CSV /NH``."""
    return tuple(row[0] for row in csv.reader(lines) if row)


def _names_from_proc(folder: Path) -> tuple[str, ...] | None:
    """Return the names that Linux keeps under ``/proc``; None elsewhere."""
    names = []
    for file in folder.glob("[0-9]*/comm"):
        try:
            names.append(file.read_text("utf-8", "replace").strip())
        except OSError:  # the process has ended meanwhile
            continue
    return tuple(names) or None


def _tasklist() -> str:
    """Return where Windows keeps it: by its name alone, one that lies in the folder we are in would come first."""
    return str(PureWindowsPath(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "tasklist.exe"))


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIME_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
