"""The machine around Python: folders that are written, room, limits, the terminal, the browser and windows."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from reaper_automix.doctor.check import Check, Probes, Status

LEAST_FREE_MB, COMFORTABLE_FREE_MB = 200, 2000
LEAST_OPEN_FILES = 512
"""Every file that plays at one time is open: tracks, and items that overlap on them."""
CACHE_VARIABLE = "REAPER_AUTOMIX_CACHE_DIR"

_CACHE_WHY = "What was heard of a track is kept there, so that the next run takes a second and not a minute."


def cache(folder: Path, probes: Probes) -> Iterator[Check]:
    """Yield whether the cache can be written, how much is in it, and whether there is room."""
    trouble = _write_trouble(folder)
    if trouble:
        step = f"Make it writable ({_make_writable(folder, probes)}), or set {CACHE_VARIABLE} to a folder that is."
        yield Check("Cache folder", "problem", f"{folder} cannot be written ({trouble})", _CACHE_WHY, step)
        return
    n_files, n_mb = _size_of(folder)
    yield Check(
        "Cache folder",
        "ok",
        f"{folder} can be written; {n_files} files, {n_mb:.0f} MB",
        f"{_CACHE_WHY} It may be cleared at any time and fills again.",
        f"To clear it:  {_clear_command(folder, probes)}",
    )
    yield _room("Disk space", folder, probes, "Previews, reports and kept measurements need some.")


def temporary(probes: Probes) -> Check:
    """Look at the folder for temporary files."""
    why = "Fonts for the report's plots and rendered parts of a corpus lie there for a while."
    try:
        folder = Path(probes.temporary())
    except OSError as error:  # Python has tried several
        step = "Make /tmp writable, or set TMPDIR to a folder that is."
        return Check("Temporary files", "problem", f"no folder can be written ({error})", why, step)
    trouble = _write_trouble(folder)
    if trouble:
        step = "Make it writable, or set TMPDIR to a folder that is."
        return Check("Temporary files", "problem", f"{folder} cannot be written ({trouble})", why, step)
    return _room("Temporary files", folder, probes, why)


def _room(name: str, folder: Path, probes: Probes, why: str) -> Check:
    try:
        free_mb = probes.free_bytes(folder) // 1_000_000
    except OSError as error:
        return Check(name, "warning", f"{folder}: the free space is not told ({error.strerror or error})", why)
    if free_mb >= COMFORTABLE_FREE_MB:
        return Check(name, "ok", f"{free_mb / 1000:.0f} GB free at {folder}")
    status: Status = "warning" if free_mb >= LEAST_FREE_MB else "problem"
    return Check(name, status, f"{free_mb} MB free at {folder}", why, f"Make room on the disk that holds {folder}.")


def _write_trouble(folder: Path) -> str:
    """Return why a folder cannot be written; empty if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"test")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _size_of(folder: Path) -> tuple[int, float]:
    """Return how many files lie in a folder, and how many megabytes they have."""
    sizes = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                sizes.append(path.stat().st_size)
        except OSError:  # another run has removed it meanwhile
            continue
    return len(sizes), sum(sizes) / 1e6


def _clear_command(folder: Path, probes: Probes) -> str:
    return f'rmdir /s /q "{folder}"' if probes.system.name == "Windows" else f'rm -r "{folder}"'


def _make_writable(folder: Path, probes: Probes) -> str:
    return f'icacls "{folder}" /grant "%USERNAME%":F' if probes.system.name == "Windows" else f'chmod u+rwx "{folder}"'


def open_files(probes: Probes) -> Check:
    """Look at how many files may be open at once."""
    limit = probes.open_files()
    if limit is None:
        return Check("Open files", "ok", "the system sets no limit")
    if limit >= LEAST_OPEN_FILES:
        return Check("Open files", "ok", f"up to {limit} at once")
    why = "A session with more tracks than that playing at one time cannot be heard: each has its file open."
    step = f"In this terminal, before reaper-automix:  ulimit -n {2 * LEAST_OPEN_FILES}"
    return Check("Open files", "warning", f"no more than {limit} at once", why, step)


def text(probes: Probes) -> Check:
    """Look at whether names with accents and other scripts are read and shown as they are."""
    of_files, of_terminal = probes.encodings()
    wrong = [name for name in (of_files, of_terminal) if name.casefold().replace("-", "") not in ("utf8", "cp65001")]
    if not wrong or (probes.system.name == "Windows" and of_files.casefold() == "utf-8"):
        return Check("Text", "ok", f"names of files as {of_files}, the terminal as {of_terminal}")
    why = "Names with accents or other scripts show as question marks, or their files are not found."
    step = "For this terminal:  export LC_ALL=C.UTF-8  (for good: in your shell's profile)"
    return Check("Text", "warning", f"names of files as {of_files}, the terminal as {of_terminal}", why, step)


def browser(probes: Probes) -> Check:
    """Look for what opens the report."""
    try:
        return Check("Browser", "ok", f"pages open with {probes.browser()}")
    except webbrowser.Error:
        why = "The report and the listening page are HTML files; nothing here opens them by itself."
        step = "Nothing, if you open them elsewhere: each is one file that needs nothing else. Or install a browser."
        return Check("Browser", "warning", "none was found", why, step)


def window(probes: Probes) -> Check:
    """Look at whether the progress window can be shown."""
    why = "Progress is shown as text in REAPER's console instead of in a window with a Cancel button."
    try:
        probes.load("tkinter")
    except ImportError as error:
        step = "Install Tk for this Python. Debian, Ubuntu:  sudo apt install python3-tk"
        return Check("Progress window", "warning", f"this Python has no Tk ({error})", why, step)
    if probes.system.name == "Linux" and not probes.system.environment.get("DISPLAY"):
        step = "Nothing, on a machine without a screen. With one: run this in a terminal on it."
        return Check("Progress window", "ok", "Tk is there; there is no display here (DISPLAY is not set)", why, step)
    return Check("Progress window", "ok", "Tk is there")


def project_folder(probes: Probes) -> Check:
    """Look at the folder we are in: what is written without another place goes beside the session."""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return _room("This folder", here, probes, "What a run writes lies beside the session unless you say otherwise.")
    why = "Nothing can be written here."
    return Check("This folder", "warning", f"{here} may not be written", why, "Name another place with --out.")
