"""One track: its numbers, names, groups and its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from double.envelopes import RECEIVE_TAGS
from double.references import GuidRef, TrackRef
from double.tree import as_number, chunk_from_text, field, number, position, put_number, put_text, state_text
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import format_number, replace_token, words
from reaper_automix.errors import ProjectSyntaxError

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_GUID = re.compile(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}")
_VOLPAN = "1 0 -1 -1 1"
_SHOWN = "1 0.6667 0.5 1 0.5 0 0 0"
_NUMBERS: Mapping[str, tuple[str, int, str]] = {
    "D_VOL": ("VOLPAN", 0, _VOLPAN),
    "D_PAN": ("VOLPAN", 1, _VOLPAN),
    "D_PANLAW": ("VOLPAN", 2, _VOLPAN),
    "D_DUALPANL": ("VOLPAN", 3, _VOLPAN),
    "D_DUALPANR": ("VOLPAN", 4, _VOLPAN),
    "D_WIDTH": ("VOLPAN", 4, _VOLPAN),
    "B_MUTE": ("MUTESOLO", 0, "0 0 0"),
    "I_SOLO": ("MUTESOLO", 1, "0 0 0"),
    "B_SOLO_DEFEAT": ("MUTESOLO", 2, "0 0 0"),
    "B_PHASE": ("IPHASE", 0, "0"),
    "I_FXEN": ("FX", 0, "1"),
    "I_RECARM": ("REC", 0, "0 0 1 0 0 0 0 0"),
    "I_AUTOMODE": ("AUTOMODE", 0, "0"),
    "I_NCHAN": ("NCHAN", 0, "2"),
    "I_FREEMODE": ("FREEMODE", 0, "0"),
    "I_PANMODE": ("PANMODE", 0, "-1"),
    "B_MAINSEND": ("MAINSEND", 0, "1 0"),
    "B_SHOWINMIXER": ("SHOWINMIX", 0, _SHOWN),
    "B_SHOWINTCP": ("SHOWINMIX", 3, _SHOWN),
    "D_PLAY_OFFSET": ("PLAYOFFS", 0, "0 1"),
    "I_PLAY_OFFSET_FLAG": ("PLAYOFFS", 1, "0 1"),
}
_MASTER_NUMBERS: Mapping[str, tuple[str, int, str]] = {
    "D_VOL": ("MASTER_VOLUME", 0, _VOLPAN),
    "D_PAN": ("MASTER_VOLUME", 1, _VOLPAN),
    "D_PANLAW": ("MASTER_VOLUME", 2, _VOLPAN),
    "D_DUALPANL": ("MASTER_VOLUME", 3, _VOLPAN),
    "D_DUALPANR": ("MASTER_VOLUME", 4, _VOLPAN),
    "D_WIDTH": ("MASTER_VOLUME", 4, _VOLPAN),
    "I_FXEN": ("MASTER_FX", 0, "1"),
    "I_AUTOMODE": ("MASTERAUTOMODE", 0, "0"),
    "I_NCHAN": ("MASTER_NCH", 0, "2 2"),
    "I_PANMODE": ("MASTER_PANMODE", 0, "-1"),
}
_MASTER_BITS = {"B_MUTE": 1, "I_SOLO": 2}
_GROUPS = (
    *("VOLUME_LEAD", "VOLUME_FOLLOW", "PAN_LEAD", "PAN_FOLLOW", "MUTE_LEAD", "MUTE_FOLLOW", "SOLO_LEAD", "SOLO_FOLLOW"),
    *("RECARM_LEAD", "RECARM_FOLLOW", "POLARITY_LEAD", "POLARITY_FOLLOW", "AUTOMODE_LEAD", "AUTOMODE_FOLLOW"),
    *("VOLUME_REVERSE", "PAN_REVERSE", "WIDTH_REVERSE", "NO_LEAD_WHEN_FOLLOW", "WIDTH_LEAD", "WIDTH_FOLLOW"),
    *("VOLUME_VCA_LEAD", "VOLUME_VCA_FOLLOW", "VOLUME_VCA_FOLLOW_ISPREFX", "MEDIA_EDIT_LEAD", "MEDIA_EDIT_FOLLOW"),
)
"""The roles in groups, in the order of the fields of GROUP_FLAGS."""


# --- numbers -------------------------------------------------------------------------------------------------------


def track_number(track: TrackRef, name: str) -> float:
    """Return a number of a track; 0 for names that are not known."""
    chunk = track.tab.track(track.guid)
    table = _MASTER_NUMBERS if track.is_master else _NUMBERS
    if name in table:
        key, index, defaults = table[name]
        return number(chunk, key, index, float(defaults.split()[index]))
    if name == "I_SELECTED":
        return float(track.tab.is_selected(track.guid))
    if name == "IP_TRACKNUMBER":
        return -1.0 if track.is_master else track.tab.track_order.index(track.guid) + 1.0
    if track.is_master:
        return float(bool(int(number(chunk, "MASTERMUTESOLO", 0)) & _MASTER_BITS.get(name, 0)))
    if name == "I_FOLDERDEPTH":
        return number(chunk, "ISBUS", 1, {1.0: 1.0, 2.0: -1.0}.get(number(chunk, "ISBUS", 0), 0.0))
    return _lane_number(chunk, name)


def _lane_number(chunk: Chunk, name: str) -> float:
    """Return which fixed lanes play: 1 for each that does, 2 where it is the only one."""
    if name != "C_ALLLANESPLAY" and not name.startswith("C_LANEPLAYS:"):
        return 0.0
    mask = int(number(chunk, "LANESOLO", 0, -1.0)) & 0xFFFFFFFF
    if name == "C_ALLLANESPLAY":
        return float(mask == 0xFFFFFFFF)
    plays = mask >> int(name.partition(":")[2]) & 1
    return float(plays * (2 if mask.bit_count() == 1 else 1))


def set_track_number(track: TrackRef, name: str, value: float) -> bool:
    """Set a number of a track; return whether there is such a one."""
    chunk = track.tab.track(track.guid)
    if name == "I_SELECTED":
        track.tab.select(track.guid, value != 0.0)
        return True
    if name in ("D_PAN", "D_DUALPANL", "D_DUALPANR", "D_WIDTH"):
        value = min(max(value, -1.0), 1.0)
    table = _MASTER_NUMBERS if track.is_master else _NUMBERS
    if name in table:
        key, index, defaults = table[name]
        is_default = chunk.line(key) is None and float(defaults.split()[index]) == value
        changed = not is_default and put_number(chunk, key, index, value, defaults)
    elif name == "I_FOLDERDEPTH" and not track.is_master:
        changed = put_number(chunk, "ISBUS", 0, float((value > 0) + 2 * (value < 0)), "0 0")
        changed = put_number(chunk, "ISBUS", 1, value, "0 0") or changed
    elif name in _MASTER_BITS and track.is_master:
        bits = int(number(chunk, "MASTERMUTESOLO", 0)) & ~_MASTER_BITS[name]
        changed = put_number(chunk, "MASTERMUTESOLO", 0, bits | _MASTER_BITS[name] * (value != 0.0), "0")
    else:
        return False
    if changed:
        track.tab.changed()
    return True


def GetMediaTrackInfo_Value(reaper: DoubleReaper, track: TrackRef, name: str) -> float:
    return track_number(track, name)


def SetMediaTrackInfo_Value(reaper: DoubleReaper, track: TrackRef, name: str, value: float) -> bool:
    return set_track_number(track, name, value)


def SetTrackAutomationMode(reaper: DoubleReaper, track: TrackRef, mode: int) -> None:
    set_track_number(track, "I_AUTOMODE", float(mode))


def GetTrackAutomationMode(reaper: DoubleReaper, track: TrackRef) -> int:
    return int(track_number(track, "I_AUTOMODE"))


# --- names ---------------------------------------------------------------------------------------------------------


def track_name(chunk: Chunk) -> str:
    """Return a track's name; one that no quotes fit around stands in a block of ``|`` lines."""
    block = chunk.chunk("NAME")
    if block is None:
        return field(chunk, "NAME", 0)
    return " ".join(n.text.strip(" \t").removeprefix("|") for n in block.body if isinstance(n, Line))


def GetTrackName(reaper: DoubleReaper, track: TrackRef, buffer: str, size: int) -> tuple[bool, str]:
    if track.is_master:
        return True, "MASTER"
    return True, track_name(track.tab.track(track.guid)) or f"Track {track_number(track, 'IP_TRACKNUMBER'):.0f}"


def GetSetMediaTrackInfo_String(
    reaper: DoubleReaper, track: TrackRef, name: str, value: str, is_set: bool
) -> tuple[bool, str]:
    chunk = track.tab.track(track.guid)
    if name == "GUID" and is_set:
        return _set_guid(reaper, track, value), value
    if name == "GUID":
        return True, "{00000000-0000-0000-0000-000000000000}" if track.is_master else track.guid
    if name != "P_NAME":
        return False, value
    if not is_set or track.is_master:
        return True, "MASTER" if track.is_master else track_name(chunk)
    block = chunk.chunk("NAME")
    if block is not None:
        chunk.remove(block)
    if put_text(chunk, "NAME", 0, value):
        track.tab.changed()
    return True, value


def _set_guid(reaper: DoubleReaper, track: TrackRef, guid: str) -> bool:
    """Give a track another GUID; its pointers, and those of its envelopes, stay good."""
    tab = track.tab
    if track.is_master or not _GUID.fullmatch(guid) or guid in tab.track_chunks:
        return False
    tab.change_guid(track.guid, guid)
    reaper.pointers.move(track, TrackRef(tab, guid))
    tab.changed()
    return True


def GetTrackGUID(reaper: DoubleReaper, track: TrackRef) -> GuidRef:
    return GuidRef("{00000000-0000-0000-0000-000000000000}" if track.is_master else track.guid)


def guidToString(reaper: DoubleReaper, guid: GuidRef | None, buffer: str) -> tuple[str]:
    return (guid.text if guid is not None else buffer,)


# --- groups --------------------------------------------------------------------------------------------------------


def GetSetTrackGroupMembership(reaper: DoubleReaper, track: TrackRef, name: str, mask: int, value: int) -> int:
    return _membership(track, "GROUP_FLAGS", name, mask, value)


def GetSetTrackGroupMembershipHigh(reaper: DoubleReaper, track: TrackRef, name: str, mask: int, value: int) -> int:
    return _membership(track, "GROUP_FLAGS_HIGH", name, mask, value)


def _membership(track: TrackRef, key: str, name: str, mask: int, value: int) -> int:
    """Return in which groups a track has a role, as Python gets it: bit 31 makes the number negative."""
    if name not in _GROUPS or track.is_master:
        return 0
    chunk, index = track.tab.track(track.guid), _GROUPS.index(name)
    was = int(number(chunk, key, index)) & 0xFFFFFFFF
    now = was & ~mask | value & mask
    if now != was:
        put_number(chunk, key, index, float(now), " ".join(["0"] * len(_GROUPS)))
        track.tab.changed()
    return was - (1 << 32) if was >> 31 else was


# --- text ----------------------------------------------------------------------------------------------------------


def GetTrackStateChunk(
    reaper: DoubleReaper, track: TrackRef, buffer: str, size: int, is_undo: bool
) -> tuple[bool, str]:
    if track.is_master:
        return False, ""
    return True, state_text(track.tab.track(track.guid))


def SetTrackStateChunk(reaper: DoubleReaper, track: TrackRef, text: str, is_undo: bool) -> bool:
    """Replace a track; its GUID stays, so that its pointer does."""
    tab = track.tab
    if track.is_master:
        return False
    old = tab.track(track.guid)
    try:
        new = chunk_from_text(text, tab.root.indent, tab.root.head.ending)
    except ProjectSyntaxError:
        return False
    if new.tag != "TRACK":
        return False
    new.head = new.head.with_text(replace_token(new.head.text, 1, track.guid))
    tab.root.body[position(tab.root.body, old)] = new
    tab.reindex()
    tab.changed()
    return True


def renumber_receives(tab: Any, change: dict[int, int | None]) -> None:
    """Follow a change of the tracks' numbers in AUXRECV lines; a receive from a track that is gone goes."""
    for chunk in tab.root.chunks("TRACK"):
        kept: list[Line | Chunk] = []
        dropping = False
        for node in chunk.body:
            if isinstance(node, Line) and node.key == "AUXRECV":
                target = change.get(int(as_number(words(node.text)[1], -1.0)))
                dropping = target is None
                if target is not None:
                    node = node.with_text(replace_token(node.text, 1, format_number(target)))
            elif not (isinstance(node, Chunk) and node.tag in RECEIVE_TAGS.values()):
                dropping = False
            if not dropping:
                kept.append(node)
        chunk.body[:] = kept


def new_track_lines(guid: str) -> list[str]:
    """Return the body of a new track."""
    return [
        'NAME ""',
        "AUTOMODE 0",
        f"VOLPAN {_VOLPAN}",
        "MUTESOLO 0 0 0",
        "IPHASE 0",
        "PLAYOFFS 0 1",
        "ISBUS 0 0",
        f"SHOWINMIX {_SHOWN}",
        "FREEMODE 0",
        "SEL 0",
        "REC 0 0 1 0 0 0 0 0",
        "NCHAN 2",
        "FX 1",
        f"TRACKID {guid}",
        "MAINSEND 1 0",
    ]
