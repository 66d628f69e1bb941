"""Envelopes as text, their switches, scaling and automation items."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from double.envelopes import (
    NAMES,
    attach,
    built_in,
    chunk_of,
    detach,
    file_tag,
    is_empty,
    scale_from,
    scale_to,
    scaling_mode,
    volume_mode,
)
from double.references import EnvelopeRef
from double.tree import as_number, chunk_from_text, field, number, put_number, state_text
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import format_number, replace_token, words
from reaper_automix.errors import ProjectSyntaxError

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_SWITCHES = {"ACTIVE": ("ACT", 0, "1 -1"), "VISIBLE": ("VIS", 0, "1 1 1"), "ARM": ("ARM", 0, "0")}
_SWITCHES["SHOWLANE"] = ("VIS", 1, "1 1 1")
_ITEM_FIELDS = {
    "D_POOL_ID": 0,
    "D_POSITION": 1,
    "D_LENGTH": 2,
    "D_STARTOFFS": 3,
    "D_PLAYRATE": 4,
    "D_UISEL": 5,
    "D_BASELINE": 6,
    "D_AMPLITUDE": 7,
    "D_LOOPSRC": 8,
    "D_MUTE": 12,
}


# --- text ----------------------------------------------------------------------------------------------------------


def GetEnvelopeStateChunk(
    reaper: DoubleReaper, envelope: EnvelopeRef, buffer: str, size: int, is_undo: bool
) -> tuple[bool, str]:
    return True, state_text(chunk_of(reaper, envelope))


def SetEnvelopeStateChunk(reaper: DoubleReaper, envelope: EnvelopeRef, text: str, is_undo: bool) -> bool:
    """Replace an envelope; one without points is switched off and stays out of the file."""
    parent = envelope.tab.track(envelope.track.guid)
    indent = parent.indent + ("  " if envelope.place.startswith("effect") else "")
    try:
        chunk = chunk_from_text(text, indent, parent.head.ending)
    except ProjectSyntaxError:
        return False
    if chunk.tag not in (file_tag(envelope), envelope.tag):
        return False
    chunk.head = chunk.head.with_text(chunk.head.text.replace(f"<{chunk.tag}", f"<{file_tag(envelope)}", 1))
    _respell(chunk, reaper.point_decimals)
    sort_points(chunk)
    store(envelope, chunk)
    return True


def _respell(chunk: Chunk, decimals: int | None) -> None:
    """Spell times and values of points with so many decimals, as far as asked for."""
    if decimals is None:
        return
    for index, node in enumerate(chunk.body):
        if isinstance(node, Line) and node.key == "PT":
            text = node.text
            for place in (1, 2):
                value = round(as_number(words(text)[place]), decimals)
                text = replace_token(text, place, format_number(value))
            chunk.body[index] = node.with_text(text)


def sort_points(chunk: Chunk) -> None:
    """Put the points in the order of their times."""
    places = [i for i, node in enumerate(chunk.body) if isinstance(node, Line) and node.key == "PT"]
    ordered = sorted(chunk.lines("PT"), key=lambda line: as_number(words(line.text)[1]))
    for place, line in zip(places, ordered, strict=True):
        chunk.body[place] = line


def store(envelope: EnvelopeRef, chunk: Chunk) -> None:
    """Put an envelope's chunk where it belongs: into the tree, or beside it while it has no points."""
    if is_empty(chunk):
        put_number(chunk, "ACT", 0, 0.0, "0 -1")
        detach(envelope, chunk)
    else:
        attach(envelope, chunk)
    envelope.tab.changed()


# --- switches and names --------------------------------------------------------------------------------------------


def GetSetEnvelopeInfo_String(
    reaper: DoubleReaper, envelope: EnvelopeRef, name: str, value: str, is_set: bool
) -> tuple[bool, str]:
    chunk = chunk_of(reaper, envelope)
    if name == "GUID":
        return not is_set, field(chunk, "EGUID", 0)
    if name not in _SWITCHES:
        return False, value
    key, index, defaults = _SWITCHES[name]
    if not is_set:
        return True, format_number(number(chunk, key, index))
    if name == "ACTIVE" and is_empty(chunk):
        return True, value  # taken without a word, and without effect
    if put_number(chunk, key, index, as_number(value), defaults):
        envelope.tab.changed()
    return True, value


def GetEnvelopeName(reaper: DoubleReaper, envelope: EnvelopeRef, buffer: str, size: int) -> tuple[bool, str]:
    if envelope.place.startswith("effect"):
        return True, words(chunk_of(reaper, envelope).head.text)[-1]
    title = NAMES[envelope.tag]
    return True, f"Send {title}" if envelope.place else title


# --- scaling -------------------------------------------------------------------------------------------------------


def GetEnvelopeScalingMode(reaper: DoubleReaper, envelope: EnvelopeRef) -> int:
    return scaling_mode(envelope, chunk_of(reaper, envelope))


def ScaleToEnvelopeMode(reaper: DoubleReaper, mode: int, value: float) -> float:
    return scale_to(mode, value)


def ScaleFromEnvelopeMode(reaper: DoubleReaper, mode: int, value: float) -> float:
    return scale_from(mode, value)


def Envelope_FormatValue(
    reaper: DoubleReaper, envelope: EnvelopeRef, value: float, buffer: str, size: int
) -> tuple[str]:
    """Return a value as REAPER shows it; the argument is a script's value."""
    if not volume_mode(envelope):
        return (f"{value:.2f}",)
    gain = scale_from(scaling_mode(envelope, chunk_of(reaper, envelope)), value)
    return ("-inf dB" if gain <= 1e-7 else f"{20.0 * math.log10(gain):.2f} dB",)


# --- automation items ----------------------------------------------------------------------------------------------


def item_lines(chunk: Chunk) -> list[Line]:
    """Return an envelope's automation items in the order of their times."""
    return sorted(chunk.lines("POOLEDENVINST"), key=lambda line: as_number(words(line.text)[2]))


def CountAutomationItems(reaper: DoubleReaper, envelope: EnvelopeRef) -> int:
    return len(item_lines(chunk_of(reaper, envelope)))


def GetSetAutomationItemInfo(
    reaper: DoubleReaper, envelope: EnvelopeRef, index: int, name: str, value: float, is_set: bool
) -> float:
    """Return or set a number of an automation item; the length of its source stands with the pool."""
    chunk = chunk_of(reaper, envelope)
    lines = item_lines(chunk)
    if not 0 <= index < len(lines):
        return 0.0
    line, fields = lines[index], words(lines[index].text)[1:]
    if name == "D_POOL_QNLEN":
        return 0.0
    if name not in _ITEM_FIELDS:
        return 0.0
    place = _ITEM_FIELDS[name]
    if is_set and built_in(envelope) is not None and place < len(fields):
        chunk.replace_line(line, line.with_text(replace_token(line.text, place + 1, format_number(value))))
        envelope.tab.changed()
        return value
    return as_number(fields[place]) if place < len(fields) else 0.0
