"""Edits on the lines of a project: only the lines that change are replaced.

A control is one token of one line. An envelope is edited by ``chunks.envelopes``; a new one goes where REAPER puts it,
behind the track's routing and before its plug-ins and items.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.chunks import envelopes as envelope_chunk
from reaper_automix.chunks.envelopes import TRACK_TAGS
from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk, Line, ProjectText, make_line, parse_chunk
from reaper_automix.chunks.media import MediaFinder, is_absolute
from reaper_automix.chunks.text import drop_last_token, format_number, quote, replace_token, tokenise
from reaper_automix.edits import (
    AddBus,
    AddTake,
    Control,
    Edit,
    RemoveBus,
    RemoveTake,
    RestoreControl,
    RestoreEffect,
    RestorePoints,
    RestoreSend,
    SetControl,
    SetEffect,
    SetPoints,
    SetSend,
)
from reaper_automix.errors import ProjectSyntaxError, SessionError
from reaper_automix.guids import guid_of
from reaper_automix.hosts.rpp.buses import add_bus, remove_bus, restore_send, set_send
from reaper_automix.hosts.rpp.chain import restore_effect, set_effect
from reaper_automix.hosts.rpp.ext_state import store_text
from reaper_automix.hosts.rpp.takes import add_take, remove_take
from reaper_automix.hosts.rpp.tracks import track_ids
from reaper_automix.project_texts import LEDGER, ROLES
from reaper_automix.session import EnvelopeKind
from reaper_automix.units import db_to_lin

_RECORD_DAMAGED = (
    "The record of an earlier run in this project is damaged: take that run back with undo in REAPER, or take the .bak "
    "or .rpp-bak beside the project."
)
_AFTER_ENVELOPES = ("FXCHAIN", "FXCHAIN_REC", "FREEZE", "ITEM")
_EGUID_NAMESPACE = uuid.UUID("6d0e7d0c-5f0e-4f6e-9a55-9a7f3d2c1b10")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a control is spelled: its line and token, and the line (after which keys) for a track that has none."""

    key: str
    index: int
    missing_line: str
    default: str
    after: tuple[str, ...]


_BEFORE_VOLPAN = ("NAME", "LOCK", "PEAKCOL", "BEAT", "AUTOMODE", "PANLAWFLAGS", "PANMODE")
_PLACES: Mapping[Control, _Place] = {
    Control.FADER: _Place("VOLPAN", 1, "VOLPAN 1 0 -1 -1 1", "1", _BEFORE_VOLPAN),
    Control.PAN: _Place("VOLPAN", 2, "VOLPAN 1 0 -1 -1 1", "0", _BEFORE_VOLPAN),
    Control.POLARITY: _Place("IPHASE", 1, "IPHASE 0", "0", (*_BEFORE_VOLPAN, "VOLPAN", "MUTESOLO")),
}


def find_track(project: ProjectText, track_id: str) -> Chunk:
    """Return a track's chunk.

    Raises
    ------
    SessionError
        If the project has no track with this id.
    """
    return _numbered_track(project, track_id)[1]


def _numbered_track(project: ProjectText, track_id: str) -> tuple[int, Chunk]:
    chunks = list(project.root.chunks("TRACK"))
    for number, (chunk, known_id) in enumerate(zip(chunks, track_ids(chunks), strict=True), 1):
        if known_id == track_id:
            return number, chunk
    raise SessionError(f"The project has no track {track_id}. Plan again for the project as it is now.")


def apply_edits(
    project: ProjectText,
    edits: Sequence[Edit],
    ledger_json: str,
    roles_json: str | None = None,
    *,
    folder: Path | None = None,
) -> None:
    """Perform edits on a tree and store our texts. A tree on which this raises is to be thrown away.

    Parameters
    ----------
    project : ProjectText
    edits : sequence of Edit
    ledger_json : str
    roles_json : str or None
        None: those that are stored stay.
    folder : Path, optional
        Media of new takes below it are named relative to it.

    Raises
    ------
    SessionError
        If an edit names a track that is not there, or holds a value that no project can.
    """
    for edit in edits:
        match edit:
            case AddBus():
                add_bus(project, edit)
                continue
            case RemoveBus():
                remove_bus(project, edit)
                continue
            case SetSend():
                set_send(project, edit)
                continue
            case RestoreSend():
                restore_send(project, edit)
                continue
        number, track = _numbered_track(project, edit.track_id)
        match edit:
            case SetControl():
                _set_control(track, edit.control, _spelled(edit))
            case RestoreControl():
                _restore_control(track, edit)
            case SetPoints():
                _set_points(track, edit)
            case RestorePoints():
                _restore_points(track, edit)
            case SetEffect():
                set_effect(track, edit)
            case RestoreEffect():
                restore_effect(track, edit)
            case AddTake():
                add_take(track, number, edit, folder)
            case RemoveTake():
                remove_take(track, number, edit)
    store_text(project.root, LEDGER, ledger_json)
    if roles_json is not None:
        store_text(project.root, ROLES, roles_json)


# --- controls ------------------------------------------------------------------------------------------------------


def control_spelling(track: Chunk, control: Control) -> str:
    """Return a control as the project spells it; ``+1`` or ``+0``, which no program writes, where it is missing."""
    place = _PLACES[control]
    return Fields(track.line(place.key)).text(place.index - 1, f"+{place.default}")


def _title(track: Chunk, track_id: str) -> str:
    """Return what a person calls a track: its name, where it has one."""
    name = Fields(track.line("NAME")).text(0)
    return f"Track {name!r}" if name else f"Track {track_id}"


def _spelled(edit: SetControl) -> str:
    if not math.isfinite(edit.value):
        wanted = f"its {edit.control.value} cannot be {edit.value}"
        raise SessionError(f"Track {edit.track_id}: {wanted}. Make the plan again.")
    if edit.control == Control.FADER:
        return format_number(db_to_lin(edit.value))
    return format_number(edit.value)


def _set_control(track: Chunk, control: Control, spelling: str) -> None:
    place = _PLACES[control]
    line = track.line(place.key)
    if line is None:
        line = track.new_line(place.missing_line)
        track.body.insert(_slot_after(track, place.after), line)
    text = line.text
    while len(tokenise(text)) < place.index:  # an old, shorter line
        text = replace_token(text, len(tokenise(text)), "1")
    track.replace_line(line, line.with_text(replace_token(text, place.index, spelling)))


def _restore_control(track: Chunk, edit: RestoreControl) -> None:
    """Write the old token back; where there was none, take away what ``_set_control`` had added."""
    place = _PLACES[edit.control]
    if edit.was != f"+{place.default}":
        if len(tokenise(edit.was)) != 1 or "\n" in edit.was or "\r" in edit.was:
            raise SessionError(f"{_title(track, edit.track_id)}: {edit.was!r} is no single value. {_RECORD_DAMAGED}")
        _set_control(track, edit.control, edit.was)
        return
    line = track.line(place.key)
    if line is None:
        return
    text = replace_token(line.text, place.index, place.default)
    if text.strip(" \t") == place.missing_line:
        track.remove(line)
        return
    last = len(tokenise(text)) == place.index + 1
    track.replace_line(line, line.with_text(drop_last_token(text) if last else text))


def _slot_after(track: Chunk, keys: Sequence[str]) -> int:
    """Return the position behind the last line with one of these keys."""
    return max((i + 1 for i, n in enumerate(track.body) if isinstance(n, Line) and n.key in keys), default=0)


# --- envelopes -----------------------------------------------------------------------------------------------------


def _lines_of(track: Chunk, kind: EnvelopeKind) -> list[str] | None:
    """Return the lines of a track's envelope; None where it has none."""
    chunk = track.chunk(TRACK_TAGS[kind])
    return [line.text for line in chunk.all_lines()] if chunk is not None else None


def envelope_spelling(track: Chunk, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
    """Return what ``SetPoints`` on this window would replace; empty where there is no envelope.

    Raises
    ------
    ProjectSyntaxError
        If a point's time is malformed.
    """
    lines = _lines_of(track, kind)
    if lines is None:
        return ()
    try:
        return envelope_chunk.spelling(lines, window_s)
    except ProjectSyntaxError as error:
        raise _relocated(error, track, kind) from None


def _set_points(track: Chunk, edit: SetPoints) -> None:
    numbers = [*edit.window_s, *(n for p in edit.points for n in (p.time_s, p.value, p.tension))]
    if not all(math.isfinite(n) for n in numbers):
        raise SessionError(
            f"{_title(track, edit.track_id)}: its {edit.kind.value} envelope would get a point that is no number. "
            "Make the plan again."
        )
    lines = _lines_of(track, edit.kind)
    try:
        new = envelope_chunk.set_points(lines, edit.kind, edit.window_s, edit.points, _eguid(edit))
    except ProjectSyntaxError as error:
        raise _relocated(error, track, edit.kind) from None
    _put_envelope(track, edit.kind, new, indented=lines is not None)


def _restore_points(track: Chunk, edit: RestorePoints) -> None:
    if any("\n" in line or "\r" in line for line in edit.was):
        raise SessionError(
            f"{_title(track, edit.track_id)}: a stored line of its {edit.kind.value} envelope has a line break. "
            f"{_RECORD_DAMAGED}"
        )
    lines = _lines_of(track, edit.kind)
    if lines is None and not edit.was:
        return
    indented = lines is not None
    if lines is None:  # the engineer deleted it; what was there before comes back in a new one
        lines = envelope_chunk.set_points(None, edit.kind, edit.window_s, (), _eguid(edit))
    try:
        new = envelope_chunk.restore_points(lines, edit.window_s, edit.was)
    except ProjectSyntaxError as error:
        raise _relocated(error, track, edit.kind) from None
    _put_envelope(track, edit.kind, new, indented=indented)


def _eguid(edit: SetPoints | RestorePoints) -> str:
    """Return the GUID for a new envelope: the same for the same track and kind, so that a run can be repeated."""
    return guid_of(_EGUID_NAMESPACE, f"{edit.track_id}/{edit.kind.value}")


def _put_envelope(track: Chunk, kind: EnvelopeKind, lines: Sequence[str] | None, *, indented: bool) -> None:
    """Replace, insert or (None) remove a track's envelope; lines that stay keep their own endings."""
    old = track.chunk(TRACK_TAGS[kind])
    if lines is None:
        if old is not None:
            track.remove(old)
        return
    head = old.head if old is not None else track.head
    endings = {line.text: line.ending for line in old.all_lines()} if old is not None else {}
    if not indented:
        outer = track.indent
        lines = [outer + lines[0], *(f"{outer}  {line}" for line in lines[1:-1]), outer + lines[-1]]
    new = parse_chunk([make_line(text, endings.get(text, head.ending)) for text in lines])
    if old is not None:
        track.body[next(i for i, n in enumerate(track.body) if n is old)] = new
        return
    track.body.insert(_envelope_slot(track, kind), new)


def _envelope_slot(track: Chunk, kind: EnvelopeKind) -> int:
    """Return where a new envelope goes: before later kinds, plug-ins and items."""
    tags = list(TRACK_TAGS.values())
    later = (*tags[tags.index(TRACK_TAGS[kind]) + 1 :], *_AFTER_ENVELOPES)
    return next((i for i, n in enumerate(track.body) if isinstance(n, Chunk) and n.tag in later), len(track.body))


def _relocated(error: ProjectSyntaxError, track: Chunk, kind: EnvelopeKind) -> ProjectSyntaxError:
    """Give an error inside an envelope the line number of the file."""
    chunk = track.chunk(TRACK_TAGS[kind])
    lines = list(chunk.all_lines()) if chunk is not None else []
    number = lines[error.line_number - 1].number if error.line_number <= len(lines) else 0
    return ProjectSyntaxError(error.path, number, error.problem)


# --- media ---------------------------------------------------------------------------------------------------------


def make_media_absolute(project: ProjectText, folder: Path) -> int:
    """Spell file names that depend on where the project lies as absolute paths; return how many lines changed.

    Parameters
    ----------
    project : ProjectText
        The tree, edited in place.
    folder : Path
        The folder that relative names start from.
    """
    record = Fields(project.root.line("RECORD_PATH"))
    return _absolute_below(project.root, MediaFinder(folder.resolve(), (record.text(0), record.text(1))))


def _absolute_below(chunk: Chunk, media: MediaFinder) -> int:
    changed = 0
    for line in list(chunk.lines("FILE")) if chunk.tag == "SOURCE" else ():
        name = Fields(line).text(0)
        path = media.path_of(name) if name else ""
        # A path of another machine stays, unless its file was found by where the project lies.
        if name and (not is_absolute(name) or (path != name and Path(path).is_file())):
            chunk.replace_line(line, line.with_text(replace_token(line.text, 1, quote(path, always=True))))
            changed += 1
    return changed + sum(_absolute_below(inner, media) for inner in chunk.chunks())
