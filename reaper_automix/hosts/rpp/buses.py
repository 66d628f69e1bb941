"""Buses of ours and the sends to them as lines of a project: a send is an ``AUXRECV`` line of the receiving track."""

from __future__ import annotations

from collections.abc import Iterator

from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk, Line, ProjectText, make_line, parse_chunk
from reaper_automix.chunks.text import format_number, replace_token
from reaper_automix.edits import AddBus, RemoveBus, RestoreSend, SetSend
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp.template import SEND_MODES, track_lines
from reaper_automix.hosts.rpp.tracks import is_inside_folder_at_end, track_ids
from reaper_automix.session import SendMode, Track
from reaper_automix.units import db_to_lin

_AFTER_RECEIVES = ("MIDIOUT", "MAINSEND")
_SEND_ENVELOPES = ("AUXVOLENV", "AUXPANENV", "AUXMUTEENV")
_SOURCE, _MODE, _VOLUME = 1, 2, 3
_SOURCE_CHANNEL_FIELD = 7


def add_bus(project: ProjectText, edit: AddBus) -> None:
    """Append a track after the last one.

    Raises
    ------
    SessionError
        If its id is taken, the last folder is open at the project's end, or a receive waits for a track of its number.
    """
    root = project.root
    chunks = list(root.chunks("TRACK"))
    if edit.track_id in track_ids(chunks):
        raise SessionError(f"The project already has a track {edit.track_id}. Plan again for the project as it is now.")
    if is_inside_folder_at_end(chunks):
        raise SessionError("The project's last folder is not closed. Close it in REAPER, save, and run again.")
    if any(Fields(line).whole(0, -1) == len(chunks) for track in chunks for line in track.lines("AUXRECV")):
        raise SessionError(
            f"A track receives from track {len(chunks) + 1}, which does not exist, and would hear the new bus. "
            "Open the project in REAPER, save it, and run again."
        )
    indent, ending = root.indent, root.head.ending
    lines = track_lines(Track(edit.track_id, edit.name, len(chunks) + 1))
    bus = parse_chunk([make_line(indent + line, ending) for line in lines])
    after = [i + 1 for i, node in enumerate(root.body) if isinstance(node, Chunk) and node.tag == "TRACK"]
    root.body.insert(after[-1] if after else len(root.body), bus)


def remove_bus(project: ProjectText, edit: RemoveBus) -> None:
    """Take a bus out, and count the sources of all receives again."""
    chunks = list(project.root.chunks("TRACK"))
    ids = track_ids(chunks)
    if edit.track_id not in ids:
        return
    gone = ids.index(edit.track_id)
    project.root.remove(chunks[gone])
    for track in project.root.chunks("TRACK"):
        for line in list(track.lines("AUXRECV")):
            source = Fields(line).whole(0, -1)
            if source == gone:
                raise SessionError("The bus sends to another track, so it cannot be removed. Plan again.")
            if gone < source < len(chunks):  # a number beyond the tracks stays what it is
                track.replace_line(line, line.with_text(replace_token(line.text, _SOURCE, str(source - 1))))


def set_send(project: ProjectText, edit: SetSend) -> None:
    """Set the level and mode of a send, or add it behind the track's other receives."""
    target, source = _ends(project, edit)
    line = _line_from(target, source)
    if line is None:
        flags = f"AUXRECV {source} 0 1 0 0 0 0 0 0 -1:U 0 -1 ''"
        line = target.new_line(flags)
        target.body.insert(_receive_slot(target), line)
    _set(target, line, edit.level_db, edit.mode)


def restore_send(project: ProjectText, edit: RestoreSend) -> None:
    """Set a send to what it was, or take it out with its envelopes."""
    target, source = _ends(project, edit)
    line = _line_from(target, source)
    if line is None:
        return
    if edit.was is not None:
        _set(target, line, *edit.was)
        return
    for envelope in list(_envelopes_behind(target, line)):
        target.remove(envelope)
    target.remove(line)


def _ends(project: ProjectText, edit: SetSend | RestoreSend) -> tuple[Chunk, int]:
    """Return the receiving track's chunk and the index of the sending one."""
    chunks = list(project.root.chunks("TRACK"))
    ids = track_ids(chunks)
    for wanted in (edit.track_id, edit.to_id):
        if wanted not in ids:
            raise SessionError(f"The project has no track {wanted}. Plan again for the project as it is now.")
    return chunks[ids.index(edit.to_id)], ids.index(edit.track_id)


def _line_from(target: Chunk, source: int) -> Line | None:
    """Return the first audio receive from a track; one of MIDI only has a negative source channel."""
    for line in target.lines("AUXRECV"):
        fields = Fields(line)
        if fields.whole(0, -1) == source and fields.whole(_SOURCE_CHANNEL_FIELD) >= 0:
            return line
    return None


def _set(target: Chunk, line: Line, level_db: float, mode: SendMode) -> None:
    text = line.text
    fields = Fields(line)
    if fields.whole(1) != SEND_MODES[mode]:
        text = replace_token(text, _MODE, str(SEND_MODES[mode]))
    text = replace_token(text, _VOLUME, format_number(db_to_lin(level_db)))
    target.replace_line(line, line.with_text(text))


def _receive_slot(target: Chunk) -> int:
    """Return where a receive goes: behind the last one and its envelopes, else before the outputs or the chunks."""
    body = target.body
    lines = [node for node in body if isinstance(node, Line) and node.key == "AUXRECV"]
    if lines:
        behind = list(_envelopes_behind(target, lines[-1]))
        return body.index(behind[-1] if behind else lines[-1]) + 1
    for index, node in enumerate(body):
        if isinstance(node, Chunk) and node.tag in _SEND_ENVELOPES:
            continue  # of no receive; before it, ours would take it for its own
        if isinstance(node, Chunk) or node.key in _AFTER_RECEIVES:
            return index
    return len(body)


def _envelopes_behind(target: Chunk, line: Line) -> Iterator[Chunk]:
    """Yield the envelopes of a send: they stand right behind its line."""
    at = next(i for i, node in enumerate(target.body) if node is line)
    for node in target.body[at + 1 :]:
        if not isinstance(node, Chunk) or node.tag not in _SEND_ENVELOPES:
            return
        yield node
