"""New takes in the open project: an item's chunk is read, edited and given back to REAPER."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk, parse_chunk_text
from reaper_automix.chunks.takes import NewTake, add_take, remove_take
from reaper_automix.edit_checks import TakeEdit, holds, target_of, words_of
from reaper_automix.edits import AddTake
from reaper_automix.errors import ProjectSyntaxError, SessionError
from reaper_automix.reascript.api import Reaper
from reaper_automix.session import Item, Session


def items_of(session: Session, edits: Sequence[TakeEdit]) -> list[Item | None]:
    """Return the items that edits are about, to compare."""
    tracks = {track.id: track for track in session.tracks}
    found = []
    for edit in edits:
        items = tracks[edit.track_id].items if edit.track_id in tracks else ()
        found.append(next((replace(i, line_number=None) for i in items if i.id == edit.item_id), None))
    return found


class TakeWriter:
    """Performs such edits on one project, for one run.

    Parameters
    ----------
    reaper : Reaper
        The project.
    track_of : callable
        Returns a track's pointer by its id, or raises ``SessionError``.
    """

    def __init__(self, reaper: Reaper, track_of: Callable[[str], str]) -> None:
        self._reaper = reaper
        self._track_of = track_of
        self._before: list[tuple[str, str]] = []

    def perform(self, edit: TakeEdit) -> None:
        """Perform one edit.

        Raises
        ------
        SessionError
            If the item is gone, or REAPER refuses it.
        """
        pointer, text, item = self._item(edit)
        if isinstance(edit, AddTake):
            add_take(item, NewTake(edit.take_id, edit.name, edit.file, edit.gain_db))
        else:
            remove_take(item, edit.take_id, edit.active_id, edit.item_id)
        self._before.append((pointer, text))
        if not self._reaper.set_item_chunk(pointer, "\n".join(line.text for line in item.all_lines())):
            raise SessionError("REAPER refused an item with its new take")

    def take_back(self) -> None:
        """Undo by hand what was done, the last first."""
        for pointer, text in reversed(self._before):
            self._reaper.set_item_chunk(pointer, text)
        self._before.clear()

    def checked(self, wanted: Session, now: Session, edits: Sequence[TakeEdit]) -> Session:
        """Return the wanted session with the items as they were read back.

        Raises
        ------
        SessionError
            If an edit did not read back as written; one that a later one overrides is not looked for.
        """
        for number, edit in enumerate(edits):
            overridden = any(target_of(later) == target_of(edit) for later in edits[number + 1 :])
            if not overridden and not holds(now, edit):
                title = next((t.title for t in now.tracks if t.id == edit.track_id), edit.track_id)
                raise SessionError(f"{words_of(edit)} of track {title!r} did not read back as written")
        changed = {edit.track_id for edit in edits}
        read = {track.id: track for track in now.tracks if track.id in changed}
        return wanted.with_tracks({i: replace(wanted.track(i), items=track.items) for i, track in read.items()})

    def _item(self, edit: TakeEdit) -> tuple[str, str, Chunk]:
        """Return an item's pointer, its text and that text as a chunk."""
        for number, pointer in enumerate(self._reaper.items(self._track_of(edit.track_id)), 1):
            text = self._reaper.item_chunk(pointer)
            try:
                chunk = parse_chunk_text(text)
            except ProjectSyntaxError:
                continue  # it does not fit REAPER's buffer, so that it was not heard either
            if (Fields(chunk.line("IGUID")).text(0) or f"{edit.track_id}.{number}") == edit.item_id:
                return pointer, text, chunk
        raise SessionError("an item is not in the project any more")
