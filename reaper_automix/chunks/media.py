"""Where the media of a project lie: file names as REAPER spells them to paths on this machine.

A name is relative to the project's folder, or absolute, with the slashes of the system that wrote it. A project that
has moved between machines still works as long as its files lie beside it, in the folders below it that they lay in, or
in its recording folder; and where only capitals differ, which Windows and macOS do not mind, as long as one file fits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk
from reaper_automix.session import Source

_WINDOWS_ROOT = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def is_absolute(name: str) -> bool:
    """Tell whether a file name is absolute on the system that wrote it."""
    return name.startswith("/") or _WINDOWS_ROOT.match(name) is not None


@dataclass(slots=True)
class MediaFinder:
    """Turns file names into paths; remembers what it found, because many items share a file.

    Parameters
    ----------
    folder : Path
        The folder that relative names start from.
    record_paths : sequence of str
        The project's RECORD_PATH folders, as spelled.
    """

    folder: Path
    record_paths: Sequence[str] = ()
    _known: dict[str, str] = field(default_factory=dict)
    _listed: dict[Path, tuple[str, ...]] = field(default_factory=dict)

    def path_of(self, name: str) -> str:
        """Return the file's absolute path: the first candidate that exists, else where the name points."""
        if name not in self._known:
            candidates = list(self._candidates(name))
            exact = (c for c in candidates if _is_file(c))
            alike = (found for c in candidates if (found := self._in_other_case(c)) is not None)
            self._known[name] = str(next(exact, None) or next(alike, candidates[0]))
        return self._known[name]

    def _candidates(self, name: str) -> Iterator[Path]:
        """Yield where a file may be: as named, beside the project, in the recording folders."""
        if is_absolute(name):
            yield Path(name)
        else:
            yield self.folder / name.replace("\\", "/")
            yield self.folder / name
        spelled = PureWindowsPath(name)  # splits at both slashes
        folders = [part for part in spelled.parent.parts if part != spelled.anchor]
        bare = spelled.name or name
        if ".." not in folders:
            for n in range(len(folders)):
                yield self.folder.joinpath(*folders[n:], bare)
        yield self.folder / bare
        for record_path in self.record_paths:
            if record_path:
                yield self.folder / record_path.replace("\\", "/") / bare

    def _in_other_case(self, path: Path) -> Path | None:
        """Return the one file below the project's folder that has this path but for capitals."""
        if not path.is_relative_to(self.folder):
            return None
        found = self.folder
        for part in path.relative_to(self.folder).parts:
            alike = [name for name in self._names_in(found) if name.casefold() == part.casefold()]
            if len(alike) != 1:
                return None
            found = found / alike[0]
        return found if _is_file(found) else None

    def _names_in(self, folder: Path) -> tuple[str, ...]:
        if folder not in self._listed:
            try:
                self._listed[folder] = tuple(os.listdir(folder))  # noqa: PTH208 - names alone
            except (OSError, ValueError):
                self._listed[folder] = ()
        return self._listed[folder]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long or otherwise impossible here
        return False


def read_source(chunk: Chunk, media: MediaFinder) -> Source:
    """Read a ``<SOURCE`` chunk, sections resolved to the file they cut from.

    MODE of a SECTION is read as bits: 1 the section's limits are ignored, 2 it plays backwards (public descriptions
    name 2 "section and reverse" and 3 "reverse"; not confirmed in a running REAPER). The number that REAPER writes
    after the name of every MP3 is no offline flag; offline media have ``_OFFLINE_`` before their type.
    """
    kind = Fields(chunk.head).text(0, "EMPTY").upper()
    if kind == "SECTION":
        return _section(chunk, media)
    file_line = chunk.line("FILE")
    name = Fields(file_line).text(0)
    return Source(
        kind=kind.removeprefix("_OFFLINE_"),
        path=media.path_of(name) if name else None,
        offline=kind.startswith("_OFFLINE_"),
    )


def _section(chunk: Chunk, media: MediaFinder) -> Source:
    inner_chunk = chunk.chunk("SOURCE")
    inner = read_source(inner_chunk, media) if inner_chunk is not None else Source("EMPTY")
    mode = Fields(chunk.line("MODE")).whole(0)
    start_s = Fields(chunk.line("STARTPOS")).real(0)
    length_s = Fields(chunk.line("LENGTH")).real(0)
    source = replace(inner, reversed=inner.reversed != bool(mode & 2))
    if mode & 1:
        return source
    return replace(
        source,
        section_start_s=inner.section_start_s + start_s,
        section_length_s=length_s if length_s > 0.0 else inner.section_length_s,
    )
