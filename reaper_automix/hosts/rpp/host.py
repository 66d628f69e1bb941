"""A project file as a host: it is read, and edited by replacing the lines that change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from reaper_automix.chunks.envelopes import TIME_TOLERANCE_S
from reaper_automix.chunks.lines import ProjectText, parse_project
from reaper_automix.edits import Control, Edit, RestoreControl, RestorePoints, SetControl, SetPoints
from reaper_automix.errors import SessionError
from reaper_automix.files import backup_of, write_bytes_whole
from reaper_automix.hosts.rpp.reading import read_project
from reaper_automix.hosts.rpp.writing import (
    apply_edits,
    control_spelling,
    envelope_spelling,
    find_track,
    make_media_absolute,
)
from reaper_automix.session import EnvelopeKind, Session
from reaper_automix.units import db_to_lin

_TOLERANCE = 1e-6


class RppHost:
    """A REAPER project file (``edits.Host``).

    Parameters
    ----------
    path : Path
        The project.
    target : Path, optional
        Where edits go; the source is then never written. Without a target the project itself is rewritten, after a copy
        ``<name>.bak`` beside it (numbered where one of another content is there).
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

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Perform all edits and store the ledger, or change nothing and raise; return the session as re-read.

        Raises
        ------
        SessionError
            If an edit does not fit the project, does not read back, or the file cannot be written.
        """
        old = self._bytes()
        project = parse_project(old, self._current)
        apply_edits(project, edits, ledger_json, self._roles_json)
        destination = self._target or self._current
        media_folder = self._media_folder
        elsewhere = destination.resolve().parent != media_folder.resolve()
        moved = elsewhere and project.to_bytes() != old
        n_absolute = make_media_absolute(project, media_folder) if moved else 0
        if moved:
            media_folder = destination.parent
        new = project.to_bytes()
        written = parse_project(new, destination)
        session = self._read(written, destination, media_folder)
        _check(written, session, edits, ledger_json)
        self._store(destination, old, new)
        if elsewhere and not moved and make_media_absolute(parse_project(old, self._current), media_folder):
            self._notes.append("Nothing changed, so the copy names its media relative to the source's folder.")
        if n_absolute:
            what = "path was" if n_absolute == 1 else "paths were"
            self._notes.append(f"{n_absolute} relative media {what} made absolute, because the folder differs.")
        self._current, self._media_folder = destination, media_folder
        self._data, self._project, self._session = new, written, session
        return session

    def _store(self, destination: Path, old: bytes, new: bytes) -> None:
        """Bring the new bytes to the disk, with a copy of the old ones where they are overwritten in place."""
        if destination.is_dir():
            raise SessionError(f"{destination} is a folder. Name a file in it, ending in .RPP.")
        if self._target is not None:
            write_bytes_whole(destination.resolve(), new)
            return
        if new == old:
            return
        if _read_file(destination) != old:
            raise SessionError(f"{destination} has changed since it was read. Run again on the project as it is now.")
        with backup_of(destination) as backup:
            write_bytes_whole(destination.resolve(), new)
        if backup is not None:
            self._notes.append(f"The project as it was is kept as {backup.name}.")

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
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SessionError(f"{path} does not exist. Check the name of the project.") from error
    except PermissionError as error:
        raise SessionError(f"{path} may not be read. Ask for permission to the file, or copy it elsewhere.") from error
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror or error}. Copy it to a local disk.") from error


# --- the written bytes must say what the edits said -----------------------------------------------------------------


def _check(project: ProjectText, session: Session, edits: Sequence[Edit], ledger_json: str) -> None:
    """Raise where an edit does not read back; an edit that a later one overrides is not looked for."""
    for index, edit in enumerate(edits):
        later = edits[index + 1 :]
        if any(_overrides(other, edit) for other in later):
            continue
        last = not any(_same_envelope(other, edit) for other in later)
        if not _reads_back(project, session, edit, last=last):
            what = edit.control.value if isinstance(edit, SetControl | RestoreControl) else edit.kind.value
            title = session.track(edit.track_id).title
            raise SessionError(
                f"{what} of track {title!r} did not read back as written; nothing was changed. Report it."
            )
    if session.ledger_json != ledger_json:
        raise SessionError("The record of this run did not read back as written; nothing was changed. Report it.")


def _same_envelope(other: Edit, edit: Edit) -> bool:
    if not isinstance(other, SetPoints | RestorePoints) or not isinstance(edit, SetPoints | RestorePoints):
        return False
    return (other.track_id, other.kind) == (edit.track_id, edit.kind)


def _overrides(later: Edit, edit: Edit) -> bool:
    """Tell whether a later edit writes where an earlier one did."""
    if isinstance(later, SetControl | RestoreControl):
        same_kind = isinstance(edit, SetControl | RestoreControl) and later.control == edit.control
        return same_kind and later.track_id == edit.track_id
    if not isinstance(edit, SetPoints | RestorePoints) or not _same_envelope(later, edit):
        return False
    return later.window_s[0] <= edit.window_s[1] and edit.window_s[0] <= later.window_s[1]


def _reads_back(project: ProjectText, session: Session, edit: Edit, *, last: bool) -> bool:
    """Tell whether the written project says what an edit said. ``last``: no later edit touches the same envelope."""
    match edit:
        case SetControl():
            return _control_reads_back(session, edit)
        case RestoreControl():
            now = control_spelling(find_track(project, edit.track_id), edit.control)
            return now.removeprefix("+") == edit.was.removeprefix("+")
        case SetPoints():
            return _points_read_back(session, edit, last=last)
        case RestorePoints():
            return _restored_points_read_back(project, edit, last=last)


def _control_reads_back(session: Session, edit: SetControl) -> bool:
    track = session.track(edit.track_id)
    if edit.control == Control.FADER:
        return math.isclose(db_to_lin(track.gain_db), db_to_lin(edit.value), rel_tol=_TOLERANCE, abs_tol=1e-12)
    if edit.control == Control.PAN:
        return abs(track.pan - edit.value) <= _TOLERANCE
    return track.polarity_inverted == (edit.value != 0.0)


def _points_read_back(session: Session, edit: SetPoints, *, last: bool) -> bool:
    envelope = session.track(edit.track_id).envelope(edit.kind)
    if envelope is None:
        return not edit.points and not last
    if last and not (envelope.active and envelope.visible):
        return False
    start_s, end_s = edit.window_s[0] - TIME_TOLERANCE_S, edit.window_s[1] + TIME_TOLERANCE_S
    inside = [p for p in envelope.points if start_s <= p.time_s <= end_s]
    if len(inside) != len(edit.points):
        return False
    for read, wanted in zip(inside, edit.points, strict=True):
        same_value = abs(read.value - wanted.value) <= _TOLERANCE
        if edit.kind.is_volume:
            same_value = math.isclose(db_to_lin(read.value), db_to_lin(wanted.value), rel_tol=_TOLERANCE, abs_tol=1e-12)
        if not same_value or abs(read.time_s - wanted.time_s) > TIME_TOLERANCE_S or read.shape != wanted.shape:
            return False
    return True


def _restored_points_read_back(project: ProjectText, edit: RestorePoints, *, last: bool) -> bool:
    now = envelope_spelling(find_track(project, edit.track_id), edit.kind, edit.window_s)
    if last and edit.was:
        return now == tuple(edit.was)
    return [line for line in now if line.startswith("PT")] == [line for line in edit.was if line.startswith("PT")]
