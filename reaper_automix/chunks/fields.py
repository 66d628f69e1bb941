"""Typed access to the fields of lines: missing fields have defaults, malformed ones an error with the line number."""

from __future__ import annotations

from collections.abc import Iterable

from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import to_field_number, words
from reaper_automix.errors import ProjectSyntaxError


class Fields:
    """The fields of one line after its key; field 0 is the first. A missing line (None) has no fields."""

    __slots__ = ("_words", "key", "number")

    def __init__(self, line: Line | None) -> None:
        self._words = words(line.text)[1:] if line is not None else []
        self.key = line.key if line is not None else ""
        self.number = line.number if line is not None else 0

    def __len__(self) -> int:
        return len(self._words)

    def text(self, index: int, default: str = "") -> str:
        """Return a field as it stands, without quotes."""
        return self._words[index] if index < len(self._words) else default

    def real(self, index: int, default: float = 0.0) -> float:
        """Return a field as a number.

        Raises
        ------
        ProjectSyntaxError
            If the field is there but is no decimal number of reasonable size.
        """
        if index >= len(self._words):
            return default
        try:
            return to_field_number(self._words[index])
        except ValueError as error:
            problem = (
                f"{self.key} field {index + 1} {error}. Correct the line, or take the .rpp-bak beside the project."
            )
            raise ProjectSyntaxError(None, self.number, problem) from None

    def whole(self, index: int, default: int = 0) -> int:
        """Return a field as a whole number; decimals are cut off, as REAPER does."""
        return int(self.real(index, default))

    def flag(self, index: int, default: bool = False) -> bool:
        """Return whether a field is other than 0."""
        return self.real(index, float(default)) != 0.0


_MISSING = Fields(None)


class Section:
    """The direct lines and chunks of a stretch of the file, by name."""

    __slots__ = ("_chunks", "_lines")

    def __init__(self, nodes: Iterable[Line | Chunk]) -> None:
        self._lines: dict[str, list[Line]] = {}
        self._chunks: dict[str, list[Chunk]] = {}
        for node in nodes:
            if isinstance(node, Line):
                self._lines.setdefault(node.key, []).append(node)
            else:
                self._chunks.setdefault(node.tag, []).append(node)

    def fields(self, key: str) -> Fields:
        """Return the fields of the first line with this key; none where there is no such line."""
        lines = self._lines.get(key)
        return Fields(lines[0]) if lines else _MISSING

    def lines(self, key: str) -> list[Line]:
        """Return all lines with this key."""
        return self._lines.get(key, [])

    def chunks(self, tag: str) -> list[Chunk]:
        """Return all chunks with this name."""
        return self._chunks.get(tag, [])

    def chunk(self, tag: str) -> Chunk | None:
        """Return the first chunk with this name."""
        chunks = self._chunks.get(tag)
        return chunks[0] if chunks else None


def readable(text: str) -> str:
    """Return a name that can be shown and stored: bytes that are not UTF-8 become replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
