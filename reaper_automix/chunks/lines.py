"""A project file as a tree of its lines, without loss: every byte that is not edited is written back as it was.

``<TAG`` opens a chunk and a lone ``>`` closes it; everything else is a line. Only ``<`` before a letter or an
underscore opens, so that base64 and the ``|`` lines of text blocks pass. Bytes that are not UTF-8 survive as
surrogates.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from reaper_automix.chunks.text import OPENING, indentation
from reaper_automix.errors import ProjectSyntaxError

MAX_DEPTH = 100
"""Deepest nesting that is read; REAPER's own files stay below 10."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its text with indentation, its own line ending, its key (first word), its 1-based number (0: new)."""

    text: str
    ending: str = "\n"
    number: int = 0
    key: str = ""

    def with_text(self, text: str) -> Line:
        """Return the same line with another text; ending and number stay."""
        return replace(self, text=text, key=key_of(text))


@dataclass(slots=True)
class Chunk:
    """A chunk: its opening line, what lies in it, its closing line. The body may be edited in place."""

    head: Line
    body: list[Line | Chunk]
    foot: Line

    @property
    def tag(self) -> str:
        """The chunk's name, without ``<``."""
        return self.head.key[1:]

    def lines(self, key: str) -> Iterator[Line]:
        """Yield the direct lines with this key."""
        return (n for n in self.body if isinstance(n, Line) and n.key == key)

    def line(self, key: str) -> Line | None:
        """Return the first direct line with this key."""
        return next(self.lines(key), None)

    def chunks(self, *tags: str) -> Iterator[Chunk]:
        """Yield the direct chunks with one of these names (all, where none is given)."""
        return (n for n in self.body if isinstance(n, Chunk) and (not tags or n.tag in tags))

    def chunk(self, tag: str) -> Chunk | None:
        """Return the first direct chunk with this name."""
        return next(self.chunks(tag), None)

    def all_lines(self) -> Iterator[Line]:
        """Yield every line, with those of inner chunks, in the order of the file."""
        yield self.head
        for node in self.body:
            if isinstance(node, Line):
                yield node
            else:
                yield from node.all_lines()
        yield self.foot

    def replace_line(self, old: Line, new: Line) -> None:
        """Put another line in the place of a direct one."""
        self.body[_position(self.body, old)] = new

    def remove(self, node: Line | Chunk) -> None:
        """Take a direct line or chunk out."""
        del self.body[_position(self.body, node)]

    @property
    def indent(self) -> str:
        """The indentation of what lies in this chunk."""
        for node in self.body:
            text = node.text if isinstance(node, Line) else node.head.text
            if text.strip(" \t"):
                return indentation(text)
        return indentation(self.head.text) + "  "

    def new_line(self, text: str) -> Line:
        """Return a line for this chunk: indented, with the chunk's line ending."""
        return make_line(self.indent + text, self.head.ending)


@dataclass(slots=True)
class ProjectText:
    """A whole project file: the project's chunk and whatever stands around it."""

    root: Chunk
    tail: list[Line] = field(default_factory=list)
    byte_order_mark: bool = False

    def to_bytes(self) -> bytes:
        """Return the file; unedited, byte for byte what was read."""
        text = "".join(f"{line.text}{line.ending}" for line in (*self.root.all_lines(), *self.tail))
        data = text.encode("utf-8", "surrogateescape")
        return codecs.BOM_UTF8 + data if self.byte_order_mark else data


def key_of(text: str) -> str:
    """Return the first word of a line."""
    key = text.lstrip(" \t").partition(" ")[0]
    return key.partition("\t")[0] if "\t" in key else key


def make_line(text: str, ending: str) -> Line:
    """Return a new line, which has no number."""
    return Line(text, ending, 0, key_of(text))


def parse_project(data: bytes, path: Path | None = None) -> ProjectText:
    """Read a project file into its lines.

    Parameters
    ----------
    data : bytes
        The file as it is on disk.
    path : Path or None
        Its name, for messages.

    Raises
    ------
    ProjectSyntaxError
        If the bytes are no REAPER project, or chunks do not open and close in pairs.
    """
    text, byte_order_mark = _decode(data, path)
    lines = split_lines(text)
    if not lines or lines[0].key != "<REAPER_PROJECT":
        first = lines[0].text.strip()[:40] if lines else ""
        problem = f"the first line is {first!r}, not '<REAPER_PROJECT'. Choose a project (.RPP) that REAPER saved."
        raise ProjectSyntaxError(path, 1, problem)
    root, rest = _grow(lines, path)
    return ProjectText(root, rest, byte_order_mark)


def parse_chunk(lines: Iterable[Line]) -> Chunk:
    """Read the lines of one chunk, which must be complete.

    Raises
    ------
    ProjectSyntaxError
        If chunks do not open and close in pairs.
    """
    return _grow(list(lines), None)[0]


def parse_chunk_text(text: str) -> Chunk:
    """Read a state chunk as REAPER hands it out.

    Raises
    ------
    ProjectSyntaxError
        If it is no chunk, or not a complete one (REAPER cuts what does not fit its buffer).
    """
    lines = split_lines(text)
    if not lines or not OPENING.match(lines[0].key):
        raise ProjectSyntaxError(None, 1, f"{text[:40]!r} is no state chunk.")
    return parse_chunk(lines)


def split_lines(text: str) -> list[Line]:
    """Split a text at its line feeds; each line keeps its own ending (none for an unfinished last line)."""
    pieces = text.split("\n")
    unfinished = pieces.pop()
    lines = [
        Line(p[:-1], "\r\n", n, key_of(p[:-1])) if p.endswith("\r") else Line(p, "\n", n, key_of(p))
        for n, p in enumerate(pieces, 1)
    ]
    if unfinished:
        bare = unfinished.removesuffix("\r")
        lines.append(Line(bare, unfinished[len(bare) :], len(lines) + 1, key_of(bare)))
    return lines


def _decode(data: bytes, path: Path | None) -> tuple[str, bool]:
    """Return the text, and whether a byte order mark stood before it."""
    if not data.strip():
        raise ProjectSyntaxError(path, 1, "the file is empty. Take the .rpp-bak beside it, or save the project again.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ProjectSyntaxError(path, 1, "the file is UTF-16 text; REAPER writes UTF-8. Save it again from REAPER.")
    nul = data.find(b"\0")
    if nul >= 0:
        number = data.count(b"\n", 0, nul) + 1
        raise ProjectSyntaxError(path, number, "the file holds binary data. Choose a project (.RPP) that REAPER saved.")
    byte_order_mark = data.startswith(codecs.BOM_UTF8)
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape"), byte_order_mark


def _grow(lines: list[Line], path: Path | None) -> tuple[Chunk, list[Line]]:
    """Return the first chunk of the lines and the lines after its end."""
    stack: list[tuple[Line, list[Line | Chunk]]] = []
    for index, line in enumerate(lines):
        if line.key[:1] == "<" and OPENING.match(line.key):
            if len(stack) >= MAX_DEPTH:
                raise ProjectSyntaxError(
                    path,
                    line.number,
                    f"chunks are nested deeper than {MAX_DEPTH}: the file is damaged. Take the .rpp-bak beside it, or "
                    "save the project again.",
                )
            stack.append((line, []))
        elif line.key == ">" and line.text.strip(" \t") == ">":
            head, body = stack.pop()
            chunk = Chunk(head, body, line)
            if not stack:
                return chunk, _checked_tail(lines[index + 1 :], line.number, path)
            stack[-1][1].append(chunk)
        else:
            stack[-1][1].append(line)
    head = stack[-1][0]
    problem = (
        f"the file ends inside <{head.key[1:]} (opened at line {head.number}) and looks truncated. "
        "Take the .rpp-bak beside it, or save the project again."
    )
    raise ProjectSyntaxError(path, lines[-1].number, problem)


def _checked_tail(lines: list[Line], end_number: int, path: Path | None) -> list[Line]:
    """Return the lines after the project's end, which must not close anything."""
    for line in lines:
        if line.key == ">" and line.text.strip(" \t") == ">":
            problem = (
                f"this '>' closes nothing: the project already ended at line {end_number}. "
                "Remove the one too many, or take the .rpp-bak beside the project."
            )
            raise ProjectSyntaxError(path, line.number, problem)
    return lines


def _position(body: list[Line | Chunk], node: Line | Chunk) -> int:
    """Return where a node stands, by identity: equal lines may occur twice."""
    return next(i for i, n in enumerate(body) if n is node)
