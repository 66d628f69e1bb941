"""ReaScript functions for the pins of a plug-in: masks in the header of its block, one of 64 bits for each pin."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from double.chains import slot_at
from double.references import TrackRef
from reaper_automix.chunks.lines import Chunk, Line

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_PINS_AT = 8


def TrackFX_GetPinMappings(
    reaper: DoubleReaper, track: TrackRef, index: int, is_output: int, pin: int, high: int
) -> tuple[int, int]:
    slot = slot_at(track, index)
    mask = _masks(slot.chunk, is_output)[pin] if slot is not None and pin < len(_masks(slot.chunk, is_output)) else 0
    return mask & 0xFFFFFFFF, mask >> 32


def TrackFX_SetPinMappings(
    reaper: DoubleReaper, track: TrackRef, index: int, is_output: int, pin: int, low: int, high: int
) -> bool:
    slot = slot_at(track, index)
    if slot is None or reaper.plugins.refuses_pins or pin >= len(_masks(slot.chunk, is_output)):
        return False
    line, header = _header(slot.chunk)
    at = _place(header, is_output) + 4 + 8 * pin
    mask = (low & 0xFFFFFFFF) | (high & 0xFFFFFFFF) << 32
    new = header[:at] + struct.pack("<Q", mask) + header[at + 8 :]
    slot.chunk.replace_line(line, line.with_text(line.text.replace(line.text.strip(), base64.b64encode(new).decode())))
    track.tab.changed()
    return True


def _header(chunk: Chunk) -> tuple[Line, bytes]:
    line = next(node for node in chunk.body if isinstance(node, Line))
    return line, base64.b64decode(line.text.strip())


def _place(header: bytes, is_output: int) -> int:
    """Return where the number of inputs, or of outputs, stands."""
    (n_inputs,) = struct.unpack_from("<I", header, _PINS_AT)
    return _PINS_AT + 4 + 8 * n_inputs if is_output else _PINS_AT


def _masks(chunk: Chunk, is_output: int) -> tuple[int, ...]:
    header = _header(chunk)[1]
    at = _place(header, is_output)
    (n_pins,) = struct.unpack_from("<I", header, at)
    return struct.unpack_from(f"<{n_pins}Q", header, at + 4)
