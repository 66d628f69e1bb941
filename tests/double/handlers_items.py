"""Media items, their takes and sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from double.project import put_guid
from double.references import ItemRef, SourceRef, TakeRef, TrackRef
from double.tree import chunk_from_text, field, number, put_number, state_text
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import words
from reaper_automix.errors import ProjectSyntaxError

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper

_NUMBERS: Mapping[str, tuple[str, int, str]] = {
    "D_POSITION": ("POSITION", 0, "0"),
    "D_LENGTH": ("LENGTH", 0, "0"),
    "D_SNAPOFFSET": ("SNAPOFFS", 0, "0"),
    "D_VOL": ("VOLPAN", 0, "1 0 1 -1"),
    "B_MUTE": ("MUTE", 0, "0 0"),
    "C_MUTE_SOLO": ("MUTE", 1, "0 0"),
    "B_LOOPSRC": ("LOOP", 0, "1"),
    "B_ALLTAKESPLAY": ("ALLTAKES", 0, "0"),
    "B_UISEL": ("SEL", 0, "0"),
    "C_LOCK": ("LOCK", 0, "0"),
    "D_FADEINLEN": ("FADEIN", 1, "1 0 0 1 0 0 0"),
    "D_FADEOUTLEN": ("FADEOUT", 1, "1 0 0 1 0 0 0"),
    "D_FADEINLEN_AUTO": ("FADEIN", 2, "1 0 0 1 0 0 0"),
    "D_FADEOUTLEN_AUTO": ("FADEOUT", 2, "1 0 0 1 0 0 0"),
    "C_FADEINSHAPE": ("FADEIN", 3, "1 0 0 1 0 0 0"),
    "C_FADEOUTSHAPE": ("FADEOUT", 3, "1 0 0 1 0 0 0"),
    "D_FADEINDIR": ("FADEIN", 5, "1 0 0 1 0 0 0"),
    "D_FADEOUTDIR": ("FADEOUT", 5, "1 0 0 1 0 0 0"),
}
_FIXED_LANES = 2.0


def CountMediaItems(reaper: DoubleReaper, tab: Tab) -> int:
    return len(tab.item_chunks)


def CountTrackMediaItems(reaper: DoubleReaper, track: TrackRef) -> int:
    return len(track.tab.items_of.get(track.guid, ()))


def GetTrackMediaItem(reaper: DoubleReaper, track: TrackRef, index: int) -> ItemRef | None:
    items = track.tab.items_of.get(track.guid, [])
    return ItemRef(track.tab, items[index]) if 0 <= index < len(items) else None


def GetMediaItem_Track(reaper: DoubleReaper, item: ItemRef) -> TrackRef:
    return TrackRef(item.tab, item.tab.item_track[item.guid])


def GetItemStateChunk(reaper: DoubleReaper, item: ItemRef, buffer: str, size: int, is_undo: bool) -> tuple[bool, str]:
    return True, state_text(item.tab.item_chunks[item.guid])


def SetItemStateChunk(reaper: DoubleReaper, item: ItemRef, text: str, is_undo: bool) -> bool:
    """Replace an item by a text; it keeps its GUID."""
    track = item.tab.track(item.tab.item_track[item.guid])
    old = item.tab.item_chunks[item.guid]
    try:
        chunk = chunk_from_text(text, track.indent, track.head.ending)
    except ProjectSyntaxError:
        return False
    if chunk.tag != "ITEM":
        return False
    put_guid(chunk, "IGUID", item.guid)
    track.body[next(n for n, node in enumerate(track.body) if node is old)] = chunk
    item.tab.changed()
    item.tab.reindex()
    return True


# --- numbers -------------------------------------------------------------------------------------------------------


def GetMediaItemInfo_Value(reaper: DoubleReaper, item: ItemRef, name: str) -> float:
    chunk = item.tab.item_chunks[item.guid]
    if name in _NUMBERS:
        key, index, defaults = _NUMBERS[name]
        return number(chunk, key, index, float(defaults.split()[index]))
    track = item.tab.item_track[item.guid]
    if name == "C_LANEPLAYS":
        return _lane_plays(item.tab.track(track), chunk)
    if name == "I_CURTAKE":
        return float(_active(_stretches(chunk)))
    if name == "IP_ITEMNUMBER":
        return float(item.tab.items_of[track].index(item.guid))
    if name == "B_MUTE_ACTUAL":
        override = number(chunk, "MUTE", 1)
        return float(override == 1.0 or (number(chunk, "MUTE", 0) != 0.0 and override != -1.0))
    return 0.0


def _lane_plays(track: Chunk, item: Chunk) -> float:
    """Return whether an item's lane plays; the lane is where the item stands on the track."""
    height = number(item, "YPOS", 1)
    if number(track, "FREEMODE", 0) != _FIXED_LANES or track.line("LANESOLO") is None or height <= 0.0:
        return 1.0
    lane = round(number(item, "YPOS", 0) / height)
    return float(int(number(track, "LANESOLO", 0)) >> lane & 1) if 0 <= lane < 32 else 1.0


def SetMediaItemInfo_Value(reaper: DoubleReaper, item: ItemRef, name: str, value: float) -> bool:
    """Set a number; a track's items are put in order anew as soon as a position changes."""
    if name not in _NUMBERS:
        return False
    chunk = item.tab.item_chunks[item.guid]
    key, index, defaults = _NUMBERS[name]
    if put_number(chunk, key, index, value, defaults):
        item.tab.changed()
        if name == "D_POSITION":
            item.tab.reindex()
    return True


# --- takes ---------------------------------------------------------------------------------------------------------


def _stretches(item: Chunk) -> list[list[Line | Chunk]]:
    """Return what belongs to each take: the first one shares its lines with the item."""
    found: list[list[Line | Chunk]] = [[]]
    for node in item.body:
        if isinstance(node, Line) and node.key == "TAKE":
            found.append([])
        found[-1].append(node)
    return found


def _active(stretches: list[list[Line | Chunk]]) -> int:
    for index, stretch in enumerate(stretches[1:], 1):
        head = stretch[0]
        if isinstance(head, Line) and "SEL" in words(head.text)[1:3]:
            return index
    return 0


def GetActiveTake(reaper: DoubleReaper, item: ItemRef) -> TakeRef | None:
    stretches = _stretches(item.tab.item_chunks[item.guid])
    take = TakeRef(item, _active(stretches))
    return None if _source_chunk(take) is None else take


def GetMediaItemTake_Source(reaper: DoubleReaper, take: TakeRef) -> SourceRef | None:
    return SourceRef(take) if _source_chunk(take) is not None else None


def TakeIsMIDI(reaper: DoubleReaper, take: TakeRef) -> bool:
    return _source_kind(take).startswith("MIDI")


def _source_chunk(take: TakeRef) -> Chunk | None:
    stretches = _stretches(take.tab.item_chunks[take.item.guid])
    nodes = stretches[take.index] if take.index < len(stretches) else []
    return next((node for node in nodes if isinstance(node, Chunk) and node.tag == "SOURCE"), None)


def _source_kind(take: TakeRef) -> str:
    chunk = _source_chunk(take)
    fields = words(chunk.head.text) if chunk is not None else []
    return fields[1] if len(fields) > 1 else "EMPTY"


def GetMediaSourceType(reaper: DoubleReaper, source: SourceRef, buffer: str, size: int) -> tuple[str]:
    return (_source_kind(source.take).removeprefix("_OFFLINE_"),)


def GetMediaSourceFileName(reaper: DoubleReaper, source: SourceRef, buffer: str, size: int) -> tuple[str]:
    """Return where the media is; a section has no file of its own."""
    chunk = _source_chunk(source.take)
    name = field(chunk, "FILE", 0) if chunk is not None else ""
    folder = source.tab.path.parent if source.tab.path is not None else None
    is_whole = Path(name).is_absolute() or PureWindowsPath(name).is_absolute()
    return (name if not name or is_whole or folder is None else str(folder / name.replace("\\", "/")),)
