"""Reading and replacing single fields in a tree of project lines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from reaper_automix.chunks.lines import Chunk, Line, make_line, parse_chunk_text
from reaper_automix.chunks.text import format_number, quote, replace_token, words

_NAMESPACE = uuid.UUID("5ad6f7de-8b0f-4a39-9d0f-2f3c1e7a9b11")


def made_guid(*parts: object) -> str:
    """Return a GUID that depends on nothing but the parts."""
    return "{" + str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts)))).upper() + "}"


def field(chunk: Chunk, key: str, index: int, default: str = "") -> str:
    """Return a field (0 is the first after the key) of the first line with this key."""
    line = chunk.line(key)
    found = words(line.text) if line is not None else []
    return found[index + 1] if index + 1 < len(found) else default


def number(chunk: Chunk, key: str, index: int, default: float = 0.0) -> float:
    """Return a field as a number; what is none counts as the default."""
    return as_number(field(chunk, key, index), default)


def as_number(text: str, default: float = 0.0) -> float:
    """Return a text as a number, or the default."""
    try:
        return float(text)
    except ValueError:
        return default


def put_number(chunk: Chunk, key: str, index: int, value: float, defaults: str) -> bool:
    """Set a field; a missing line is made from ``defaults`` (all fields). Return whether anything changed."""
    line = chunk.line(key)
    present = words(line.text)[1:] if line is not None else []
    fields = present + defaults.split()[len(present) :]
    if as_number(fields[index], float("nan")) == value:
        return False
    fields_needed = fields[len(present) : index + 1]
    if line is None:
        spelled = [*fields[:index], format_number(value), *fields[index + 1 :]]
        insert_line(chunk, " ".join([key, *spelled]))
        return True
    text = line.text
    for extra in fields_needed:
        text = replace_token(text, len(words(text)), extra)
    chunk.replace_line(line, line.with_text(replace_token(text, index + 1, format_number(value))))
    return True


def put_text(chunk: Chunk, key: str, index: int, value: str) -> bool:
    """Set a text field (up to one past the last); return whether anything changed."""
    line = chunk.line(key)
    if line is None:
        insert_line(chunk, f"{key} {quote(value)}")
        return True
    if field(chunk, key, index, "\0") == value:
        return False
    chunk.replace_line(line, line.with_text(replace_token(line.text, index + 1, quote(value))))
    return True


def insert_line(chunk: Chunk, text: str) -> None:
    """Put a line before the first chunk inside, or at the end."""
    at = next((i for i, node in enumerate(chunk.body) if isinstance(node, Chunk)), len(chunk.body))
    chunk.body.insert(at, chunk.new_line(text))


def position(body: list[Line | Chunk], node: Line | Chunk) -> int:
    """Return where a node stands, by identity."""
    return next(i for i, other in enumerate(body) if other is node)


def state_text(chunk: Chunk) -> str:
    """Return a chunk as REAPER hands it out: without indentation, lines ended by line feeds."""
    return "".join(line.text.lstrip(" \t") + "\n" for line in chunk.all_lines())


def chunk_from_text(text: str, indent: str, ending: str) -> Chunk:
    """Return a chunk as it stands in the file, from a state text."""
    return indented(parse_chunk_text(text), indent, ending)


def indented(chunk: Chunk, indent: str, ending: str) -> Chunk:
    """Return the chunk with another indentation and line ending; empty lines go."""

    def line(old: Line, blanks: str) -> Line:
        return make_line(blanks + old.text.strip(" \t"), ending)

    body: list[Line | Chunk] = [
        indented(node, indent + "  ", ending) if isinstance(node, Chunk) else line(node, indent + "  ")
        for node in chunk.body
        if isinstance(node, Chunk) or node.text.strip(" \t")
    ]
    return Chunk(line(chunk.head, indent), body, line(chunk.foot, indent))


def new_chunk(parent: Chunk, head: str, lines: list[str]) -> Chunk:
    """Return a chunk for this parent, not put in yet."""
    text = "\n".join([head, *lines, ">", ""])
    return chunk_from_text(text, parent.indent, parent.head.ending)


def texts(chunk: Chunk) -> Iterator[str]:
    """Yield the direct lines without indentation."""
    return (node.text.strip(" \t") for node in chunk.body if isinstance(node, Line))
