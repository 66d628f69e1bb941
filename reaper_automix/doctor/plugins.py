"""The plug-ins that we can set: REAPER's own, and those of the IEM suite where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reaper_automix.doctor.check import Check, Probes
from reaper_automix.installation.resource_folders import System

STOCK_PLUGINS = "ReaEQ, ReaComp and ReaVerbate are part of REAPER"
IEM_PLUGINS = ("MultiEQ", "OmniCompressor", "FdnReverb")
_DEPTH_OF_PLUGIN_FOLDERS = 3


def plugin_folders(system: System) -> tuple[Path, ...]:
    """Return the usual VST folders of a system."""
    home, root = system.home, system.root
    if system.name == "Windows":
        programs = Path(system.environment.get("PROGRAMFILES", r"C:\Program Files"))
        shared = Path(system.environment.get("COMMONPROGRAMFILES", str(programs / "Common Files")))
        return (shared / "VST3", shared / "VST2", programs / "VSTPlugins", programs / "Steinberg" / "VSTPlugins")
    if system.name == "Darwin":
        libraries = (root / "Library" / "Audio" / "Plug-Ins", home / "Library" / "Audio" / "Plug-Ins")
        return tuple(library / kind for library in libraries for kind in ("VST3", "VST"))
    usual = tuple(root / "usr" / place / kind for place in ("lib", "local/lib") for kind in ("vst3", "vst"))
    debian = tuple((root / "usr" / "lib").glob("*/iem-plugin-suite/*"))
    return (home / ".vst3", home / ".vst", *usual, *debian)


def iem(probes: Probes) -> Check:
    """Look for the IEM suite in the usual VST folders."""
    found: dict[str, Path] = {}
    for folder in plugin_folders(probes.system):
        for path in _files_within(folder, _DEPTH_OF_PLUGIN_FOLDERS):
            for name in IEM_PLUGINS:
                if name.casefold() in path.name.casefold():
                    found.setdefault(name, path.parent)
    why = "'--plugins iem' sets these where they are; elsewhere REAPER's own take their place."
    if not found:
        step = "Nothing. Only if you want them: plugins.iem.at, or on Debian:  sudo apt install iem-plugin-suite-vst"
        return Check("IEM plug-ins", "ok", f"not found in the usual VST folders, optional; {STOCK_PLUGINS}", why, step)
    missing = [name for name in IEM_PLUGINS if name not in found]
    places = ", ".join(sorted({str(folder) for folder in found.values()}))
    if missing:
        step = "Nothing, or install the whole suite: only what is there can be used."
        return Check("IEM plug-ins", "warning", f"in {places}, but without {', '.join(missing)}", why, step)
    return Check("IEM plug-ins", "ok", f"{', '.join(IEM_PLUGINS)} in {places}; {STOCK_PLUGINS}")


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
