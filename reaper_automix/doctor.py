"""Looks at this machine: what works, and what to do about what does not. Nothing is changed, except for a test file."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reaper_automix.errors import ModelError
from reaper_automix.installation.python_library import python_advice, read_reaper_python
from reaper_automix.installation.registration import read_record
from reaper_automix.installation.resource_folders import System, usual_folders
from reaper_automix.models_folder import models_folder

Status = Literal["ok", "warning", "problem"]

LEAST_PYTHON = (3, 11)
PACKAGES = ("numpy", "scipy", "soundfile", "soxr", "pyloudnorm", "rich", "jinja2", "platformdirs", "mido")
EXTRAS = {"deep": ("torch",), "train": ("scikit-learn", "librosa")}
SOUND_FORMATS = ("WAV", "FLAC", "OGG", "MP3", "AIFF")
LEAST_FREE_MB, COMFORTABLE_FREE_MB = 200, 2000
STOCK_PLUGINS = "ReaEQ, ReaComp and ReaVerbate are part of REAPER"
IEM_PLUGINS = ("MultiEQ", "OmniCompressor", "FdnReverb")
_SET_UP_AGAIN = "Run install.py again with the system's Python: it makes a fresh environment."
_DEPTH_OF_PLUGIN_FOLDERS = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``next_step`` is empty where there is nothing to do."""

    name: str
    status: Status
    detail: str
    next_step: str = ""


def _python_version() -> tuple[int, ...]:
    return tuple(sys.version_info[:3])


def _sound_formats() -> Mapping[str, str]:
    formats: Mapping[str, str] = importlib.import_module("soundfile").available_formats()
    return formats


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Probes:
    """How facts are got; tests put their own in."""

    python_version: Callable[[], tuple[int, ...]] = _python_version
    in_environment: Callable[[], bool] = lambda: sys.prefix != sys.base_prefix
    load: Callable[[str], object] = importlib.import_module
    installed_version: Callable[[str], str] = importlib.metadata.version
    sound_formats: Callable[[], Mapping[str, str]] = _sound_formats
    free_bytes: Callable[[Path], int] = _free_bytes
    models_folder: Callable[[], Path] = models_folder
    system: str = field(default_factory=platform.system)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=Path.home)
    root: Path = Path("/")
    """Where the file system begins; a test has its own."""


def examine(
    *, cache_folder: Path, resource_path: Path | None = None, probes: Probes | None = None
) -> tuple[Check, ...]:
    """Examine this machine.

    Parameters
    ----------
    cache_folder : Path
        Where measurements are kept between runs.
    resource_path : Path, optional
        REAPER's resource folder, for a portable installation.
    probes : Probes, optional
        Where the facts come from.

    Returns
    -------
    tuple of Check
        In the order in which a user would read them.
    """
    probes = probes or Probes()
    return (
        _python(probes),
        *_packages(probes),
        _formats(probes),
        *_cache(cache_folder, probes),
        _reaper(resource_path, probes),
        _iem(probes),
        *_models(probes),
        *_extras(probes),
        _window(probes),
    )


def _python(probes: Probes) -> Check:
    version = probes.python_version()
    text = ".".join(str(part) for part in version)
    if version < LEAST_PYTHON:
        return Check(
            "Python", "problem", f"{text} is too old", "Install Python 3.11 or newer, then run install.py with it."
        )
    if not probes.in_environment():
        step = "Run install.py, and use the reaper-automix in its .venv: packages of the system change without notice."
        return Check("Python", "warning", f"{text}, not in an environment of its own ({sys.executable})", step)
    return Check("Python", "ok", f"{text} in the environment {sys.prefix}")


def _packages(probes: Probes) -> Iterator[Check]:
    """Yield one line for all that load, and a problem for each that does not."""
    good = []
    for name in PACKAGES:
        try:
            probes.load(name)
            good.append(f"{name} {probes.installed_version(name)}")
        except Exception as error:
            # A damaged native library may raise anything at import.
            yield Check(name, "problem", f"does not load ({type(error).__name__}: {error})", _SET_UP_AGAIN)
    if good:
        yield Check("Packages", "ok", ", ".join(good))


def _formats(probes: Probes) -> Check:
    try:
        available = probes.sound_formats()
    except Exception as error:
        return Check("Audio formats", "problem", f"libsndfile does not answer ({error})", _SET_UP_AGAIN)
    missing = [name for name in SOUND_FORMATS if name not in available]
    if not missing:
        return Check("Audio formats", "ok", ", ".join(SOUND_FORMATS))
    step = f"Files in {', '.join(missing)} will be skipped; install a newer libsndfile or soundfile package."
    return Check("Audio formats", "warning", f"libsndfile here cannot read {', '.join(missing)}", step)


def _cache(folder: Path, probes: Probes) -> Iterator[Check]:
    """Yield whether the cache can be written, and whether there is room."""
    step = "Make it writable, or set REAPER_AUTOMIX_CACHE_DIR to a folder that is."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"test")
        free_mb = probes.free_bytes(folder) // 1_000_000
    except OSError as error:
        yield Check("Cache folder", "problem", f"{folder} cannot be written ({error.strerror or error})", step)
        return
    yield Check("Cache folder", "ok", f"{folder} can be written")
    if free_mb >= COMFORTABLE_FREE_MB:
        yield Check("Disk space", "ok", f"{free_mb / 1000:.0f} GB free")
        return
    status: Status = "warning" if free_mb >= LEAST_FREE_MB else "problem"
    yield Check("Disk space", status, f"{free_mb} MB free at {folder}", "Make room: previews and renders need some.")


def reaper_resource_folders(probes: Probes) -> tuple[Path, ...]:
    """Return where REAPER keeps its settings on this system, unless it is portable."""
    return usual_folders(System(probes.system, probes.environment, probes.home, probes.root))


def _reaper(resource_path: Path | None, probes: Probes) -> Check:
    if resource_path is not None and not (resource_path / "reaper.ini").is_file():
        step = "Give the folder that REAPER shows under Options, 'Show REAPER resource path'."
        return Check("REAPER", "problem", f"{resource_path} has no reaper.ini", step)
    candidates = (resource_path,) if resource_path is not None else reaper_resource_folders(probes)
    for folder in candidates:
        if (folder / "reaper.ini").is_file():
            return _actions(folder)
    looked = ", ".join(str(folder) for folder in candidates)
    step = "Nothing, to work on project files. For a portable REAPER name its resource folder with --resource-path."
    return Check("REAPER", "warning", f"not found (looked in {looked}); file mode still works", step)


def _actions(folder: Path) -> Check:
    """Say whether the actions are in this REAPER, and whether it is set to use a Python that runs them."""
    found = f"resource folder {folder}; version unknown; {STOCK_PLUGINS}"
    if read_record(folder) is None:
        step = "To have the actions in REAPER: close it and run  python install.py."
        return Check("REAPER", "warning", f"{found}; the actions are not installed", step)
    said, *steps = python_advice(read_reaper_python(folder / "reaper.ini"), None)
    if not steps:
        return Check("REAPER", "ok", f"{found}; the actions are installed. {said}")
    step = "Run  python install.py  again: it says what to enter in REAPER's preferences."
    return Check("REAPER", "warning", f"{found}; the actions are installed, but: {said}", step)


def plugin_folders(probes: Probes) -> tuple[Path, ...]:
    """Return the usual VST folders of this system."""
    home, root = probes.home, probes.root
    if probes.system == "Windows":
        programs = Path(probes.environment.get("PROGRAMFILES", r"C:\Program Files"))
        shared = Path(probes.environment.get("COMMONPROGRAMFILES", str(programs / "Common Files")))
        return (shared / "VST3", shared / "VST2", programs / "VSTPlugins", programs / "Steinberg" / "VSTPlugins")
    if probes.system == "Darwin":
        libraries = (root / "Library" / "Audio" / "Plug-Ins", home / "Library" / "Audio" / "Plug-Ins")
        return tuple(library / kind for library in libraries for kind in ("VST3", "VST"))
    system = tuple(root / "usr" / place / kind for place in ("lib", "local/lib") for kind in ("vst3", "vst"))
    debian = tuple((root / "usr" / "lib").glob("*/iem-plugin-suite/*"))
    return (home / ".vst3", home / ".vst", *system, *debian)


def _iem(probes: Probes) -> Check:
    found: dict[str, Path] = {}
    for folder in plugin_folders(probes):
        for path in _files_within(folder, _DEPTH_OF_PLUGIN_FOLDERS):
            for name in IEM_PLUGINS:
                if name.casefold() in path.name.casefold():
                    found.setdefault(name, path.parent)
    if not found:
        return Check("IEM plug-ins", "ok", "not found in the usual VST folders; they are optional, REAPER's own do")
    missing = [name for name in IEM_PLUGINS if name not in found]
    places = ", ".join(sorted({str(folder) for folder in found.values()}))
    if missing:
        step = "Nothing, or install the whole suite: only what is there can be used."
        return Check("IEM plug-ins", "warning", f"in {places}, but without {', '.join(missing)}", step)
    return Check("IEM plug-ins", "ok", f"{', '.join(IEM_PLUGINS)} in {places}")


def _files_within(folder: Path, depth: int) -> Iterator[Path]:
    """Yield what lies in a folder down to a depth; folders that cannot be read are passed over."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        yield entry
        if depth > 1 and entry.is_dir():
            yield from _files_within(entry, depth - 1)


def _models(probes: Probes) -> Iterator[Check]:
    """Yield one line for the models that can be read, and a problem for each that cannot."""
    try:
        folder = probes.models_folder()
    except ModelError as error:
        yield Check("Models", "problem", str(error), _SET_UP_AGAIN)
        return
    readable = []
    for card in sorted(folder.glob("*/model.json")):
        trouble = _card_trouble(card)
        if trouble:
            step = "Get this folder again from the project, or delete it: the other mixers work without."
            yield Check(f"Model {card.parent.name}", "problem", f"{card}: {trouble}", step)
        else:
            readable.append(card.parent.name)
    yield Check("Models", "ok", f"{', '.join(readable) or 'none'} in {folder}")


def _card_trouble(path: Path) -> str:
    """Return what is wrong with a model's card; empty if nothing is."""
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    if not isinstance(card, dict) or not isinstance(card.get("format"), str):
        return "names no format"
    return ""


def _extras(probes: Probes) -> Iterator[Check]:
    """Yield the optional packages; versions only, since importing them takes seconds."""
    for extra, names in EXTRAS.items():
        try:
            versions = ", ".join(f"{name} {probes.installed_version(name)}" for name in names)
            yield Check(f"Extra [{extra}]", "ok", versions)
        except importlib.metadata.PackageNotFoundError as error:
            step = f'Only if you want it, in the project folder: "{sys.executable}" -m pip install -e ".[{extra}]"'
            yield Check(f"Extra [{extra}]", "ok", f"not installed ({error.name} is missing); it is optional", step)


def _window(probes: Probes) -> Check:
    try:
        probes.load("tkinter")
    except ImportError:
        step = "Only if you want the progress window: install Tk for this Python (Debian, Ubuntu: python3-tk)."
        return Check("Progress window", "warning", "this Python has no Tk; progress is shown as text instead", step)
    return Check("Progress window", "ok", "Tk is there")
