"""The bytes of a plug-in in its ``<VST`` chunk: one line of header, the state cut into lines, the program's name."""

from __future__ import annotations

import base64
import binascii
import struct
from itertools import accumulate
from typing import TYPE_CHECKING

from double.tree import new_chunk
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import quote

if TYPE_CHECKING:
    from double.plugin_models import Model

_PIECE_BYTES = 96
_WHOLE_STATE, _PARAMETER_LIST = 0xFEED5EEE, 0xFEED5EEF
_PROGRAM = b"\0\0\x10\0\0\0"
_SIZE_FROM_END = 12


def new_plugin_chunk(chain: Chunk, model: Model, state: bytes, name: str = "") -> Chunk:
    """Return the chunk of a new instance for this chain."""
    number = int.from_bytes(model.code, "big")
    identity = (b"VST" + model.code + model.file_name.partition(".")[0].lower().encode())[:16].ljust(16, b"\0")
    head = f'<VST "{model.name}" {model.file_name} 0 {quote(name)} {number}<{identity.hex().upper()}> ""'
    magic = _PARAMETER_LIST if model.is_parameter_list else _WHOLE_STATE
    pins = b"".join(
        struct.pack(f"<I{n}Q", n, *(1 << pin for pin in range(n))) for n in (model.n_inputs, model.n_outputs)
    )
    end = struct.pack("<III", len(state), int(not model.is_parameter_list), 0x00100000)
    header = model.code[::-1] + struct.pack("<I", magic) + pins + end
    return new_chunk(chain, head, [_coded(piece) for piece in (header, *_cut(state), _PROGRAM)])


def state_of(chunk: Chunk) -> bytes | None:
    """Return a plug-in's state; None where the chunk holds none, or it is damaged."""
    found = _pieces(chunk)
    return b"".join(found[1]) if found is not None else None


def put_state(chunk: Chunk, state: bytes) -> None:
    """Write a state; one of the same size keeps its lines as they are cut.

    Raises
    ------
    ValueError
        If the chunk holds none.
    """
    found = _pieces(chunk)
    if found is None:
        raise ValueError(f"{chunk.head.text.strip()[:40]} holds no state that could be replaced")
    header, pieces, after = found
    sizes = [len(piece) for piece in pieces]
    new = _cut(state)
    if sum(sizes) == len(state):
        starts = [0, *accumulate(sizes)][:-1]
        new = [state[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    at = len(header) - _SIZE_FROM_END
    header = header[:at] + struct.pack("<I", len(state)) + header[at + 4 :]
    chunk.body[:] = [*(chunk.new_line(_coded(piece)) for piece in (header, *new)), *after]


def _pieces(chunk: Chunk) -> tuple[bytes, list[bytes], list[Line | Chunk]] | None:
    """Return the header, the state's lines decoded, and the nodes behind them."""
    decoded = [_decoded(node) for node in chunk.body]
    if not decoded or decoded[0] is None or len(decoded[0]) < _SIZE_FROM_END:
        return None
    header = decoded[0]
    (size,) = struct.unpack_from("<I", header, len(header) - _SIZE_FROM_END)
    pieces: list[bytes] = []
    for piece in decoded[1:]:
        if sum(map(len, pieces)) >= size or piece is None:
            break
        pieces.append(piece)
    if sum(map(len, pieces)) != size or not size:
        return None
    return header, pieces, chunk.body[1 + len(pieces) :]


def _decoded(node: Line | Chunk) -> bytes | None:
    try:
        return base64.b64decode(node.text.strip(" \t"), validate=True) if isinstance(node, Line) else None
    except (binascii.Error, ValueError):
        return None


def _coded(piece: bytes) -> str:
    return base64.b64encode(piece).decode("ascii")


def _cut(state: bytes) -> list[bytes]:
    return [state[at : at + _PIECE_BYTES] for at in range(0, len(state), _PIECE_BYTES)]
