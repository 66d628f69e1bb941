"""New takes as lines of a project: where an item stands, where the media go, and how a file there is spelled."""

from __future__ import annotations

from pathlib import Path

from reaper_automix.chunks import takes as take_chunk
from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk, ProjectText
from reaper_automix.chunks.media import is_absolute
from reaper_automix.chunks.takes import NewTake
from reaper_automix.edits import AddTake, RemoveTake
from reaper_automix.errors import SessionError


def add_take(track: Chunk, number: int, edit: AddTake, folder: Path | None) -> None:
    """Add a take to an item of the track with this 1-based number; a file below ``folder`` is spelled relative to it.

    Raises
    ------
    SessionError
        If the item is not there, or has no take in whose place another could play.
    """
    item = _item(track, number, edit.item_id)
    new = NewTake(edit.take_id, edit.name, _spelled(Path(edit.file), folder), edit.gain_db)
    take_chunk.add_take(item, new)


def remove_take(track: Chunk, number: int, edit: RemoveTake) -> None:
    """Remove a take that was added.

    Raises
    ------
    SessionError
        If the item is not there.
    """
    take_chunk.remove_take(_item(track, number, edit.item_id), edit.take_id, edit.active_id, edit.item_id)


def media_folder(project: ProjectText, folder: Path) -> Path:
    """Return where a project in a folder keeps its recordings: its RECORD_PATH, or the folder itself."""
    record_path = Fields(project.root.line("RECORD_PATH")).text(0).replace("\\", "/")
    if is_absolute(record_path):  # of another machine, perhaps
        return Path(record_path) if Path(record_path).is_dir() else folder
    return folder / record_path


def _item(track: Chunk, number: int, item_id: str) -> Chunk:
    for n, chunk in enumerate(track.chunks("ITEM"), 1):
        if (Fields(chunk.line("IGUID")).text(0) or f"#{number}.{n}") == item_id:
            return chunk
    raise SessionError(f"The project has no item {item_id}. Plan again for the project as it is now.")


def _spelled(file: Path, folder: Path | None) -> str:
    if folder is not None and file.is_relative_to(folder):
        return str(file.relative_to(folder))
    return str(file.absolute())
