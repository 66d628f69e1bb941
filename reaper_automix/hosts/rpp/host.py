"""A project file as a host: it is read, and edited by replacing the lines that change."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from reaper_automix.chunks.lines import ProjectText, parse_project
from reaper_automix.edits import Control, Edit
from reaper_automix.errors import SessionError
from reaper_automix.files import backup_of, replace_whole
from reaper_automix.hosts.rpp.chain import has_chain, writable_in_file
from reaper_automix.hosts.rpp.checking import check_written
from reaper_automix.hosts.rpp.reading import read_project
from reaper_automix.hosts.rpp.takes import media_folder
from reaper_automix.hosts.rpp.writing import (
    apply_edits,
    control_spelling,
    envelope_spelling,
    find_track,
    make_media_absolute,
)
from reaper_automix.session import EnvelopeKind, Session
from reaper_automix.take_files import takes_placed

MOST_BYTES = 512_000_000
"""Of a project file: it is read as a whole."""


class RppHost:
    """A REAPER project file (``edits.Host``).

    Parameters
    ----------
    path : Path
        The project.
    target : Path, optional
        Where edits go; the source is then never written. Without a target the project itself is rewritten. What a write
        replaces is kept as ``<name>.bak`` beside it (numbered where one of another content is there).
    """

    def __init__(self, path: Path, *, target: Path | None = None) -> None:
        self._current = Path(path)
        in_place = target is None or Path(target).resolve() == self._current.resolve()
        self._target = None if in_place else target
        if in_place:  # a link is followed once, here, so that the file and its media stay together
            self._current = self._current.resolve()
        self._media_folder = self._current.parent
        self._data: bytes | None = None
        self._project: ProjectText | None = None  # of _data, never edited
        self._session: Session | None = None
        self._notes: list[str] = []
        self._roles_json: str | None = None

    @classmethod
    def from_text(cls, text: str, target: Path) -> RppHost:
        """Return a host for a project that exists as text only (see ``new_project_text``); ``write`` makes the file."""
        host = cls(target)
        host._target = target
        host._data = text.encode("utf-8", "surrogateescape")
        return host

    @property
    def has_undo(self) -> bool:
        """False: what is written stays until it is reverted."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """What writing did beyond the edits, in words for the user."""
        return tuple(self._notes)

    @property
    def why_no_takes(self) -> str:
        """Nothing: takes are added."""
        return ""

    def read_session(self) -> Session:
        """Return the session as it is now: the source's, and after a write the written file's.

        Raises
        ------
        SessionError
            If the file cannot be read.
        ProjectSyntaxError
            If it is damaged.
        """
        if self._session is None:
            self._session = self._read(self._tree(), self._current, self._media_folder)
        return self._session

    def keep_roles(self, roles_json: str) -> None:
        """Have the next ``write`` store what the engineer said of roles."""
        self._roles_json = roles_json

    def spelling(self, track_id: str, control: Control) -> str:
        """Return a control's value as the project spells it; ``+1`` or ``+0`` where the project does not spell it.

        Raises
        ------
        SessionError
            If the project has no such track.
        """
        return control_spelling(find_track(self._tree(), track_id), control)

    def envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        """Return the lines of an envelope that ``SetPoints`` on this window would replace; empty if there is none.

        Raises
        ------
        SessionError
            If the project has no such track.
        """
        return envelope_spelling(find_track(self._tree(), track_id), kind, window_s)

    def has_chain(self, track_id: str) -> bool:
        """Tell whether a track has a chain of plug-ins in the project, even an empty one.

        A track that the run itself makes has none.
        """
        known = any(track.id == track_id for track in self.read_session().tracks)
        return known and has_chain(find_track(self._tree(), track_id))

    def writable_plugin(self, plugin: str) -> tuple[str, str]:
        """Return the plug-in to write for a wished one: itself, or the stock one with a sentence why."""
        return writable_in_file(plugin)

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Perform all edits and store the ledger, or change nothing and raise; return the session as re-read.

        Raises
        ------
        SessionError
            If an edit does not fit the project, does not read back, or the file cannot be written.
        """
        old = self._bytes()
        project = parse_project(old, self._current)
        destination = self._target or self._current
        folder = destination.parent.absolute()
        with takes_placed(edits, media_folder(project, folder)) as placed:
            return self._write(old, project, placed, ledger_json)

    def _write(self, old: bytes, project: ProjectText, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Write edits whose media lie where they belong."""
        destination = self._target or self._current
        media = self._media_folder
        elsewhere = destination.resolve().parent != media.resolve()
        folder = None if elsewhere else destination.parent.absolute()
        apply_edits(project, edits, ledger_json, self._roles_json, folder=folder)
        moved = elsewhere and project.to_bytes() != old
        n_absolute = make_media_absolute(project, media) if moved else 0
        if moved:
            media = destination.parent
        new = project.to_bytes()
        written = parse_project(new, destination)
        session = self._read(written, destination, media)
        check_written(written, session, edits, ledger_json)
        self._store(destination, old, new)
        if elsewhere and not moved and make_media_absolute(parse_project(old, self._current), media):
            self._notes.append("Nothing changed, so the copy names its media relative to the source's folder.")
        if n_absolute:
            what = "path was" if n_absolute == 1 else "paths were"
            self._notes.append(f"{n_absolute} relative media {what} made absolute, because the folder differs.")
        self._current, self._media_folder = destination, media
        self._data, self._project, self._session = new, written, session
        return session

    def _store(self, destination: Path, old: bytes, new: bytes) -> None:
        """Bring the new bytes to the disk: what they replace is kept, what was saved meanwhile is not replaced."""
        if destination.is_dir():
            raise SessionError(f"{destination} is a folder. Name a file in it, ending in .RPP.")
        in_place = self._target is None
        present = _read_file(destination) if in_place or destination.exists() else None
        if in_place and present != old:
            raise SessionError(f"{destination} has changed since it was read. Run again on the project as it is now.")
        if new == present:
            return
        is_copy = not in_place and present == old  # of the source, or our own writing
        with nullcontext() if is_copy else backup_of(destination) as backup:
            replace_whole(destination.resolve(), new, seen=present)
        if backup is not None:
            was = "The project as it was" if in_place else f"What was in {destination.name} before"
            self._notes.append(f"{was} is kept as {backup.name}.")

    def _bytes(self) -> bytes:
        if self._data is None:
            self._data = _read_file(self._current)
        return self._data

    def _tree(self) -> ProjectText:
        if self._project is None:
            self._project = parse_project(self._bytes(), self._current)
        return self._project

    @staticmethod
    def _read(project: ProjectText, path: Path, media_folder: Path) -> Session:
        return read_project(project, path.absolute(), media_folder=media_folder.absolute())


def _read_file(path: Path) -> bytes:
    """Return a file's bytes, or say what to do."""
    if path.is_dir():
        raise SessionError(f"{path} is a folder, not a project. Name the .RPP file in it.")
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # to open a pipe may take for ever, and a device may never end
            raise SessionError(f"{path} is a pipe or a device, not a project. Name an .RPP file.")
        if found.st_size > MOST_BYTES:
            raise SessionError(
                f"{path} has {found.st_size / 1e6:.0f} MB; projects of more than {MOST_BYTES / 1e6:.0f} MB are not "
                "read. Check that it is a project; if it is, save it in parts (File > Save project as)."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SessionError(f"{path} does not exist. Check the name of the project.") from error
    except PermissionError as error:
        raise SessionError(f"{path} may not be read. Ask for permission to the file, or copy it elsewhere.") from error
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror or error}. Copy it to a local disk.") from error
