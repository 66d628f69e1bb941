"""The ``<VST`` chunk of a plug-in that comes with REAPER: its header, its state and how they are written as base64.

One line holds the header, the next ones the state, cut into pieces that are coded one by one, the last one the name of
the program. Whatever is not understood is kept, so that an unchanged block is written back byte for byte. Stdlib only.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from reaper_automix.chunks.fields import readable
from reaper_automix.chunks.lines import Chunk, Line, make_line
from reaper_automix.chunks.text import indentation, quote, replace_token, words
from reaper_automix.errors import SessionError

PIECE_BYTES = 96
"""How much of a state REAPER writes on one line (older versions: up to 210 bytes)."""

HIGHEST_NUMBER = 1e9
"""Beyond every setting; far below what a float32 holds."""

HIGHEST_DB = 150.0
"""Beyond every gain that a plug-in takes."""

_NAME_FIELD = 4
_ID_FIELD = 5
_WHOLE_STATE_MAGIC = 0xFEED5EEE
_PARAMETER_LIST_MAGIC = 0xFEED5EEF
_HEADER_END = 0x00100000
_NO_PROGRAM = b"\0\0\x10\0\0\0"
_MOST_PINS = 256


class PluginStateError(SessionError):
    """The stored state of a plug-in is damaged or of a layout that is not known."""


@dataclass(frozen=True, slots=True)
class Reaplug:
    """One of REAPER's own plug-ins, as project files name it.

    Parameters
    ----------
    name : str
        As users know it.
    vst_id : int
        The number that tells the plug-in on every operating system.
    has_parameter_list : bool
        Whether the state is a list of parameters (else one of the plug-in's own making).
    n_inputs, n_outputs : int
        Pins of a new instance; inputs beyond two are the side chain.
    """

    name: str
    vst_id: int
    has_parameter_list: bool
    n_inputs: int = 2
    n_outputs: int = 2

    @property
    def file_stem(self) -> str:
        """The plug-in's file without its ending, which differs per operating system."""
        return self.name.lower()

    def head(self, name: str = "") -> str:
        """Return the line that opens the chunk of an instance with this name (none: the plug-in's own)."""
        identity = b"VST" + self.vst_id.to_bytes(4, "big") + self.file_stem.encode("ascii")
        code = identity[:16].ljust(16, b"\0").hex().upper()
        return f'<VST "VST: {self.name} (Cockos)" {self.file_stem}.dll 0 {quote(name)} {self.vst_id}<{code}> ""'


REAEQ = Reaplug("ReaEQ", 1919247729, has_parameter_list=False)
REACOMP = Reaplug("ReaComp", 1919247213, has_parameter_list=True, n_inputs=4)
REAVERBATE = Reaplug("ReaVerbate", 1920361016, has_parameter_list=True)
REAPLUGS = (REAEQ, REACOMP, REAVERBATE)


@dataclass(frozen=True, slots=True)
class ReaplugBlock:
    """What one ``<VST`` chunk holds.

    Parameters
    ----------
    plugin : Reaplug
        Which plug-in it is.
    head : str
        The opening line without indentation.
    state : bytes
        The plug-in's settings, as it wrote them.
    inputs, outputs : tuple of int
        For each pin the track channels it is connected to, as bits.
    header_tail : tuple of int
        The last two numbers of the header; their meaning is not certain.
    piece_sizes : tuple of int
        Bytes of the state on each line.
    trailer : tuple of bytes
        The lines after the state: the program's name.
    line_number : int
        Where the block stands in its file, for messages; 0 where it is new.
    """

    plugin: Reaplug
    head: str
    state: bytes
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    header_tail: tuple[int, int]
    piece_sizes: tuple[int, ...]
    trailer: tuple[bytes, ...] = (_NO_PROGRAM,)
    line_number: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """The name that the user gave this instance; empty for none."""
        return _word(self.head, _NAME_FIELD)

    @property
    def program(self) -> str:
        """The name of the plug-in's program or preset; empty for none."""
        return self.trailer[0][1:].partition(b"\0")[0].decode("utf-8", "replace") if self.trailer else ""

    @property
    def label(self) -> str:
        """How messages call it."""
        place = f" (line {self.line_number})" if self.line_number else ""
        return f"{self.plugin.name}{f' {readable(self.name)!r}' if self.name else ''}{place}"

    def with_state(self, state: bytes) -> ReaplugBlock:
        """Return the block with another state; one of the same size keeps its line breaks."""
        if len(state) == len(self.state):
            return replace(self, state=state)
        return replace(self, state=state, piece_sizes=_piece_sizes(len(state), max(self.piece_sizes)))

    def with_name(self, name: str) -> ReaplugBlock:
        """Return the block under another name of the user's."""
        return replace(self, head=replace_token(self.head, _NAME_FIELD, quote(name)))

    def lines(self) -> tuple[str, ...]:
        """Return the chunk's lines without indentation, ``>`` last."""
        edges = (0, *accumulate(self.piece_sizes))
        pieces = (self._header(), *(self.state[a:b] for a, b in pairwise(edges)), *self.trailer)
        return (self.head, *(base64.b64encode(p).decode("ascii") for p in pieces), ">")

    def _header(self) -> bytes:
        magic = _PARAMETER_LIST_MAGIC if self.plugin.has_parameter_list else _WHOLE_STATE_MAGIC
        pins = b"".join(struct.pack(f"<I{len(p)}Q", len(p), *p) for p in (self.inputs, self.outputs))
        start = struct.pack("<II", self.plugin.vst_id, magic)
        return start + pins + struct.pack("<III", len(self.state), *self.header_tail)


def new_block(plugin: Reaplug, state: bytes, *, name: str = "") -> ReaplugBlock:
    """Return the block of a new instance, wired to the first channels of its track.

    Parameters
    ----------
    plugin : Reaplug
        Which plug-in.
    state : bytes
        Its settings.
    name : str
        What the user reads instead of the plug-in's name; empty for none.
    """
    return ReaplugBlock(
        plugin=plugin,
        head=plugin.head(name),
        state=state,
        inputs=tuple(1 << pin for pin in range(plugin.n_inputs)),
        outputs=tuple(1 << pin for pin in range(plugin.n_outputs)),
        header_tail=(0 if plugin.has_parameter_list else 1, _HEADER_END),
        piece_sizes=_piece_sizes(len(state), PIECE_BYTES),
    )


def reaplug_of(chunk: Chunk) -> Reaplug | None:
    """Return which of ``REAPLUGS`` a chunk is an instance of, by its id; None for every other plug-in."""
    if chunk.tag != "VST":
        return None
    number = _word(chunk.head.text, _ID_FIELD).partition("<")[0]
    return next((plugin for plugin in REAPLUGS if str(plugin.vst_id) == number), None)


def read_block(chunk: Chunk) -> ReaplugBlock:
    """Read the chunk of a ReaEQ, ReaComp or ReaVerbate.

    Raises
    ------
    PluginStateError
        If it is another plug-in, if its data are damaged, or if a very old REAPER (3 and before) wrote them.
    """
    plugin = reaplug_of(chunk)
    head = chunk.head.text.lstrip(" \t")
    if plugin is None:
        known = ", ".join(p.name for p in REAPLUGS)
        msg = f"line {chunk.head.number}: {readable(head)[:60]!r} is none of {known}. Leave this plug-in as it is."
        raise PluginStateError(msg)
    start = ReaplugBlock(plugin, head, b"", (), (), (0, 0), (), (), chunk.head.number)
    pieces = _pieces(chunk, start)
    inputs, outputs, size, tail = _read_header(pieces[0] if pieces else b"", start)
    n_lines = _lines_of_state(pieces[1:], size, start)
    state = pieces[1 : 1 + n_lines]
    sizes = tuple(len(piece) for piece in state)
    block = replace(start, state=b"".join(state), inputs=inputs, outputs=outputs, header_tail=tail, piece_sizes=sizes)
    return replace(block, trailer=tuple(pieces[1 + n_lines :]))


def put_block(chunk: Chunk, block: ReaplugBlock) -> None:
    """Write a block into a chunk in place; indentation and line endings stay."""
    head, *body, _ = block.lines()
    indent, old = chunk.indent, [node for node in chunk.body if isinstance(node, Line)]
    kept = [line.with_text(indent + text) for line, text in zip(old, body, strict=False)]
    added = [make_line(indent + text, chunk.head.ending) for text in body[len(kept) :]]
    chunk.head = chunk.head.with_text(indentation(chunk.head.text) + head)
    chunk.body[:] = [*kept, *added]


def chunk_of(block: ReaplugBlock, *, indent: str = "", ending: str = "\n") -> Chunk:
    """Return a new chunk with this block, its head indented by ``indent`` and its body by two blanks more."""
    head, *body, foot = (make_line(text, ending) for text in block.lines())
    inner = [line.with_text(f"{indent}  {line.text}") for line in body]
    return Chunk(head.with_text(indent + head.text), list(inner), foot.with_text(indent + foot.text))


def damaged(block: ReaplugBlock, problem: str) -> PluginStateError:
    """Return the error for a block that cannot be understood."""
    msg = (
        f"{block.label}: {problem}. It is left as it is. To have it read, save the project in a current REAPER, "
        "set the plug-in up again, or take the .rpp-bak beside the project."
    )
    return PluginStateError(msg)


def checked_number(
    thing: str, value: float, *, lowest: float = -HIGHEST_NUMBER, highest: float = HIGHEST_NUMBER
) -> float:
    """Return a setting that a state can hold.

    Raises
    ------
    ValueError
        If it is not a number between ``lowest`` and ``highest``.
    """
    if not lowest <= value <= highest:
        msg = f"{thing} is {value}: a number from {lowest:g} to {highest:g} is needed"
        raise ValueError(msg)
    return value


def _pieces(chunk: Chunk, block: ReaplugBlock) -> list[bytes]:
    """Return what each line of the body codes."""
    pieces = []
    for node in chunk.body:
        text = node.text.strip(" \t") if isinstance(node, Line) else node.head.text
        try:
            piece = base64.b64decode(text.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            piece = b""
        # Bits beyond the last byte would be lost in writing; REAPER leaves none.
        if not text or base64.b64encode(piece).decode("ascii") != text:
            number = node.number if isinstance(node, Line) else node.head.number
            raise damaged(block, f"line {number} of the project, {readable(text)[:24]!r}, is no whole base64")
        pieces.append(piece)
    return pieces


def _read_header(data: bytes, block: ReaplugBlock) -> tuple[tuple[int, ...], tuple[int, ...], int, tuple[int, int]]:
    """Return the connections of the inputs and of the outputs, the size of the state, and the header's end."""
    magic = _PARAMETER_LIST_MAGIC if block.plugin.has_parameter_list else _WHOLE_STATE_MAGIC
    if data[:8] != struct.pack("<II", block.plugin.vst_id, magic):
        problem = f"its data do not begin as REAPER 4 and later write them ({data[:8].hex() or 'nothing'})"
        raise damaged(block, problem)
    try:
        inputs, at = _read_pins(data, 8)
        outputs, at = _read_pins(data, at)
        size, flag, end = struct.unpack("<III", data[at:])
    except struct.error:
        raise damaged(block, f"its header of {len(data)} bytes is cut off or too long") from None
    return inputs, outputs, size, (flag, end)


def _read_pins(data: bytes, at: int) -> tuple[tuple[int, ...], int]:
    """Return the connections of one side and where the next part begins."""
    (count,) = struct.unpack_from("<I", data, at)
    # A count from damaged bytes could ask for gigabytes; no plug-in has that many pins.
    pins = struct.unpack_from(f"<{min(count, _MOST_PINS)}Q", data, at + 4)
    return pins, at + 4 + 8 * len(pins)


def _lines_of_state(pieces: Sequence[bytes], size: int, block: ReaplugBlock) -> int:
    """Return how many lines the state takes."""
    sums = list(accumulate((len(p) for p in pieces), initial=0))
    if size == 0 or size not in sums:
        raise damaged(block, f"its header announces a state of {size} bytes, and its lines hold {sums[-1]} in all")
    return sums.index(size)


def _piece_sizes(n_bytes: int, width: int) -> tuple[int, ...]:
    """Return how many bytes stand on each line."""
    width = max(width, PIECE_BYTES)
    return tuple(min(width, n_bytes - start) for start in range(0, n_bytes, width))


def _word(text: str, index: int) -> str:
    """Return a word of a line; empty where there are not as many."""
    found = words(text)
    return found[index] if index < len(found) else ""
