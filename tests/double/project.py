"""A project tab: the line tree of its file, what is found in it by GUID, its undo history.

Selection, edit cursor, time selection and render settings lie over the tree (``settings``, ``selection``): undo leaves
them alone, and they are written into the text when the project is saved.
"""

from __future__ import annotations

from pathlib import Path

from double.references import MASTER
from double.settings import write_settings
from double.tree import field, insert_line, made_guid, number, position, put_number
from reaper_automix.chunks.lines import Chunk, Line, ProjectText, parse_project
from reaper_automix.chunks.text import quote, replace_token, words


class Tab:
    """One open project.

    Parameters
    ----------
    data : bytes
        The project file.
    path : Path or None
        Its name; None for a project that was never saved.
    ext_state_survives_undo : bool
        Whether undo leaves the project's ext state as it is.
    """

    def __init__(self, data: bytes, path: Path | None, *, ext_state_survives_undo: bool = True) -> None:
        self.path = path
        self.is_open = True
        self.is_dirty = False
        self.play_state = 0
        self.changes = 1
        self.view_s = (0.0, 60.0)
        self.settings: dict[str, float | str] = {}
        self.selection: dict[str, bool] = {}
        self.detached: dict[object, Chunk] = {}
        self.made: set[object] = set()
        self._keeps_ext_state = ext_state_survives_undo
        self.text = parse_project(data)
        self._give_guids()
        self._index()
        self.history: list[tuple[str, bytes]] = [("", self.state())]
        self.at = 0
        self.open_blocks = 0

    @property
    def root(self) -> Chunk:
        """The project's chunk."""
        return self.text.root

    # --- finding ---------------------------------------------------------------------------------------------

    def _index(self) -> None:
        """Note where tracks and items are; to be called after each change of their number or order."""
        self.track_chunks: dict[str, Chunk] = {track_guid(c): c for c in self.root.chunks("TRACK")}
        self.track_order = list(self.track_chunks)
        self.item_chunks: dict[str, Chunk] = {}
        self.items_of: dict[str, list[str]] = {}
        self.item_track: dict[str, str] = {}
        for guid, track in self.track_chunks.items():
            items = sorted(track.chunks("ITEM"), key=lambda c: number(c, "POSITION", 0))
            self.items_of[guid] = [field(item, "IGUID", 0) for item in items]
            for item in items:
                self.item_chunks[field(item, "IGUID", 0)] = item
                self.item_track[field(item, "IGUID", 0)] = guid

    def reindex(self) -> None:
        """Find tracks and items anew."""
        self._give_guids()
        self._index()

    def track(self, guid: str) -> Chunk:
        """Return a track's chunk; the master's lines lie in the project's own."""
        return self.root if guid == MASTER else self.track_chunks[guid]

    def change_guid(self, old: str, new: str) -> None:
        """Give a track another GUID."""
        chunk = self.track(old)
        chunk.head = chunk.head.with_text(replace_token(chunk.head.text, 1, new))
        if chunk.line("TRACKID") is not None:
            put_guid(chunk, "TRACKID", new)
        if old in self.selection:
            self.selection[new] = self.selection.pop(old)
        self.reindex()

    def _give_guids(self) -> None:
        """Give tracks and items the GUIDs that they lack or share, as REAPER does at loading."""
        taken: set[str] = set()
        for n, track in enumerate(self.root.chunks("TRACK")):
            guid = track_guid(track)
            if not guid or guid in taken:
                guid = made_guid("track", n, len(taken))
                head = replace_token(track.head.text, 1, guid)
                track.head = track.head.with_text(head)
                if track.line("TRACKID") is not None:
                    put_guid(track, "TRACKID", guid)
            taken.add(guid)
            for m, item in enumerate(track.chunks("ITEM")):
                own = field(item, "IGUID", 0)
                if not own or own in taken:
                    own = made_guid("item", guid, m, len(taken))
                    put_guid(item, "IGUID", own)
                taken.add(own)

    # --- selection -------------------------------------------------------------------------------------------

    def is_selected(self, guid: str) -> bool:
        """Return whether a track is selected."""
        if guid in self.selection:
            return self.selection[guid]
        key = "MASTER_SEL" if guid == MASTER else "SEL"
        return number(self.track(guid), key, 0) != 0.0

    def select(self, guid: str, selected: bool) -> None:
        """Select a track or not."""
        self.selection[guid] = selected

    # --- changes and undo ------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Count a change."""
        self.changes += 1
        self.is_dirty = True

    def state(self) -> bytes:
        """Return what undo covers."""
        if not self._keeps_ext_state:
            return self.text.to_bytes()
        body = [n for n in self.root.body if not (isinstance(n, Chunk) and n.tag == "EXTSTATE")]
        root = Chunk(self.root.head, body, self.root.foot)
        return ProjectText(root, self.text.tail, self.text.byte_order_mark).to_bytes()

    def add_undo_point(self, label: str, *, always: bool = False) -> bool:
        """Keep the present state under a name; nothing where it is that of the last point, unless ``always``.

        REAPER makes a point at the end of every script that has deferred nothing.
        """
        now = self.state()
        if now == self.history[self.at][1] and not always:
            return False
        del self.history[self.at + 1 :]
        self.history.append((label, now))
        self.at += 1
        self.changes += 1
        return True

    def begin_block(self) -> None:
        """Open an undo block."""
        self.open_blocks += 1

    def end_block(self, label: str, *, records: bool = True) -> None:
        """Close an undo block; the outermost one makes the undo point."""
        if self.open_blocks == 0:
            raise RuntimeError(f"Undo_EndBlock2({label!r}) closes a block that was never opened")
        self.open_blocks -= 1
        if self.open_blocks == 0 and records:
            self.add_undo_point(label)

    def undo_label(self) -> str | None:
        """Return what undo would take back."""
        return self.history[self.at][0] if self.at > 0 else None

    def redo_label(self) -> str | None:
        """Return what redo would do again."""
        return self.history[self.at + 1][0] if self.at + 1 < len(self.history) else None

    def go(self, step: int) -> bool:
        """Undo (-1) or redo (+1): the whole text becomes that of another point."""
        target = self.at + step
        if not 0 <= target < len(self.history):
            return False
        self.at = target
        kept = self._ext_state()
        self.text = parse_project(self.history[target][1])
        if self._keeps_ext_state and kept is not None:
            chunk, from_end = kept
            self.root.body.insert(len(self.root.body) - from_end, chunk)
        self.detached.clear()
        self.made.clear()
        self._index()
        self.changed()
        return True

    def _ext_state(self) -> tuple[Chunk, int] | None:
        """Return the ext state's chunk and how many nodes stand behind it."""
        chunk = self.root.chunk("EXTSTATE")
        if chunk is None:
            return None
        return chunk, len(self.root.body) - 1 - position(self.root.body, chunk)

    # --- saving ----------------------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """Return the file that saving writes."""
        if not self.selection and not self.settings:
            return self.text.to_bytes()
        text = parse_project(self.text.to_bytes())
        root = text.root
        for chunk in root.chunks("TRACK"):
            if (guid := track_guid(chunk)) in self.selection:
                put_number(chunk, "SEL", 0, float(self.selection[guid]), "0")
        if MASTER in self.selection:
            put_number(root, "MASTER_SEL", 0, float(self.selection[MASTER]), "0")
        write_settings(root, self.settings)
        return text.to_bytes()

    def save(self, path: Path | None = None) -> None:
        """Write the project file."""
        target = path or self.path
        if target is None:
            raise RuntimeError("the project has no name: save it under one")
        target.write_bytes(self.to_bytes())
        self.path = target
        self.is_dirty = False


def track_guid(track: Chunk) -> str:
    """Return the GUID of a track's chunk; empty where it has none."""
    fields = words(track.head.text)
    return fields[1] if len(fields) > 1 and fields[1] else field(track, "TRACKID", 0)


def put_guid(chunk: Chunk, key: str, guid: str) -> None:
    """Set a GUID line."""
    line: Line | None = chunk.line(key)
    if line is None:
        insert_line(chunk, f"{key} {quote(guid)}")
    else:
        chunk.replace_line(line, line.with_text(replace_token(line.text, 1, guid)))
