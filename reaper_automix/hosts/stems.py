"""A folder of audio files as a session: one track per file, everything at 0 dB. Saved, it becomes an .RPP.

Files that are not part of a balance by their name (a printed mix, a reference, a click) become muted tracks.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reaper_automix.analysis.roles import UTILITY_ROLES, role_of
from reaper_automix.audio.media import probe
from reaper_automix.chunks.text import quote, tokenise
from reaper_automix.edits import Control, Edit
from reaper_automix.errors import MediaError, SessionError
from reaper_automix.guids import guid_of
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.rpp.chain import writable_in_file
from reaper_automix.session import EnvelopeKind, Item, Session, Source, Take, Track

KIND_OF_SUFFIX = {
    ".wav": "WAVE",
    ".w64": "WAVE",
    ".rf64": "WAVE",
    ".aif": "WAVE",
    ".aiff": "WAVE",
    ".flac": "FLAC",
    ".ogg": "VORBIS",
    ".oga": "VORBIS",
    ".opus": "OPUS",
    ".mp3": "MP3",
}
"""The audio files that a folder may hold, and what REAPER calls them."""


class StemsHost:
    """A folder of stems.

    Parameters
    ----------
    folder : Path
        The folder; files in it that are not audio, hidden files and folders inside are passed over.
    target : Path, optional
        The project file that ``write`` makes; without it the folder can only be read.

    Raises
    ------
    SessionError
        If the folder is missing or holds no audio file that can be read.
    """

    def __init__(self, folder: Path, *, target: Path | None = None) -> None:
        self._target = target
        self._memory = MemoryHost(_session_of(folder))

    @property
    def has_undo(self) -> bool:
        """False: what is written stays until it is reverted."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: the folder is never changed."""
        return ()

    @property
    def why_no_takes(self) -> str:
        """Nothing: takes are added."""
        return ""

    def read_session(self) -> Session:
        """Return the session as it is now."""
        return self._memory.read_session()

    def keep_roles(self, roles_json: str) -> None:
        """Have the project file keep what the engineer said of roles."""
        self._memory.keep_roles(roles_json)

    def spelling(self, track_id: str, control: Control) -> str:
        """Return a control as the project file will spell it."""
        return self._memory.spelling(track_id, control)

    def envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        """Return the lines of an envelope inside a window as the project file will spell them."""
        return self._memory.envelope_spelling(track_id, kind, window_s)

    def has_chain(self, track_id: str) -> bool:
        """Tell whether a track has a chain of plug-ins: none in a new project."""
        return self._memory.has_chain(track_id)

    def writable_plugin(self, plugin: str) -> tuple[str, str]:
        """Return the plug-in that the project file will hold."""
        return writable_in_file(plugin)

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Write the project file, with the edits done."""
        if self._target is None:
            raise SessionError(f"{self.read_session().path}: a folder of stems cannot be changed. Give --out FILE.RPP.")
        text = new_project_text(self.read_session(), folder=self._target.parent)
        project = RppHost.from_text(text, self._target)
        project.keep_roles(self.read_session().roles_json)
        project.write(edits, ledger_json)
        return self._memory.write(edits, ledger_json)


def _session_of(folder: Path) -> Session:
    """Read a folder into a session."""
    files = audio_files(folder)
    tracks: list[Track] = []
    notes: list[str] = []
    for file in files:
        if tokenise(quote(str(file.resolve())))[0].text != str(file.resolve()):
            notes.append(f"Skipped: a project cannot spell the path {str(file)!r}. Rename the file or its folder.")
            continue
        try:
            info = probe(file)
        except MediaError as error:
            notes.append(f"Skipped: {error}")
            continue
        track = _track_of(file, len(tracks) + 1, info.n_frames / info.sample_rate_hz)
        if (role := role_of(track.name)) in UTILITY_ROLES:
            notes.append(f"{track.name}: muted in the project, it looks like a {role.value.replace('_', ' ')}.")
            track = replace(track, muted=True)
        tracks.append(track)
    if not tracks:
        found = f"none of its {len(files)} audio files can be read. {notes[0]}" if files else "it holds no audio file"
        kinds = ", ".join(sorted({suffix[1:].upper() for suffix in KIND_OF_SUFFIX}))
        raise SessionError(f"{folder}: {found}. Give a folder with {kinds} files, or a project (.RPP).")
    return Session(path=str(folder), name=folder.name, tracks=tuple(tracks), notes=tuple(notes))


def audio_files(folder: Path) -> list[Path]:
    """Return the audio files directly in a folder, in the order a person would list them."""
    try:
        names = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise SessionError(f"{folder}: cannot be read ({error.strerror or error}). Check the path.") from None
    files = [entry for entry in names if entry.suffix.casefold() in KIND_OF_SUFFIX and entry.is_file()]
    return sorted(files, key=lambda file: _natural_order(file.name))


def _natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Order numbers by value: 2 before 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts)


def _track_of(file: Path, number: int, length_s: float) -> Track:
    """Return a track that plays one file from the start; its ids depend on the file's name alone."""
    source = Source(KIND_OF_SUFFIX[file.suffix.casefold()], str(file.resolve()))
    take = Take(_guid(file.name, "take"), file.stem, source)
    item = Item(_guid(file.name, "item"), 0.0, length_s, (take,))
    return Track(_guid(file.name, "track"), file.stem, number, items=(item,))


def _guid(name: str, what: str) -> str:
    return guid_of(uuid.NAMESPACE_URL, f"reaper_automix/stems/{what}/{name}")
