"""The grammar of REAPER's text format: project files, state chunks and project ext state. Stdlib only.

A line is a row of tokens divided by blanks. A token that starts with one of the three quote characters runs to the next
same character; there are no escapes, and quotes inside a bare token are plain characters.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

MAX_PIECE_CHARS = 2_000
"""Longest value that is stored under one ext-state key."""

MAX_TEXT_BYTES = 64_000_000
"""Longest text that pieces of ext state are unpacked to: a project may come from anyone, and zlib packs 1 to 1000."""

LARGEST_NUMBER = 1e12
"""Beyond every time, level and flag in a project; in samples it is still a whole number of 64 bits."""

_LONGEST_SHOWN = 60

OPENING = re.compile(r"<[A-Za-z_]")
"""How a line starts (after its indentation) that opens a chunk."""

_QUOTES = "\"'`"
_TOKEN = re.compile(r"\"[^\"]*\"?|'[^']*'?|`[^`]*`?|[^ \t]+")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a line: its text without quotes, and where it stands (quotes included) as ``line[start:end]``."""

    text: str
    start: int
    end: int


def tokenise(line: str) -> list[Token]:
    """Split a line into its tokens, the tag or key first.

    A quote that is never closed runs to the end of the line, as in REAPER.
    """
    return [Token(_unquoted(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(line)]


def words(line: str) -> list[str]:
    """Return the texts of a line's tokens; quicker than ``tokenise`` where their places do not matter."""
    if "\t" in line or '"' in line or "'" in line or "`" in line:
        return [_unquoted(spelling) for spelling in _TOKEN.findall(line)]
    return [word for word in line.split(" ") if word]


def _unquoted(spelling: str) -> str:
    """Return what a token says, without the quotes around it."""
    mark = spelling[0]
    if mark not in _QUOTES:
        return spelling
    return spelling[1:-1] if len(spelling) > 1 and spelling[-1] == mark else spelling[1:]


def replace_token(line: str, index: int, spelling: str) -> str:
    """Replace one token and leave every other character of the line.

    Parameters
    ----------
    line : str
        The line, with its indentation.
    index : int
        Which token; 0 is the tag or key. One past the last appends a token.
    spelling : str
        The new token as it shall stand in the line (see ``quote`` and ``format_number``).

    Raises
    ------
    IndexError
        If the line has fewer than ``index`` tokens.
    """
    tokens = tokenise(line)
    if index == len(tokens):
        return f"{line[: tokens[-1].end]} {spelling}{line[tokens[-1].end :]}"
    token = tokens[index]
    return line[: token.start] + spelling + line[token.end :]


def drop_last_token(line: str) -> str:
    """Remove the last token and the blanks before it: the way back from appending one."""
    tokens = tokenise(line)
    return line[: tokens[-2].end] + line[tokens[-1].end :]


def quote(text: str, *, always: bool = False) -> str:
    """Spell a text as one token, by REAPER's own rule.

    Bare where possible; else in the first of ``"``, ``'`` and a backtick that the text does not hold. A text with all
    three gets backticks, and its own backticks become ``'``. Line breaks and NUL, which no line can hold, become
    blanks.

    Parameters
    ----------
    text : str
        What the token shall say.
    always : bool
        Quote even where a bare token would do, as REAPER does for file names.
    """
    text = re.sub(r"\r\n|[\r\n\0]", " ", text)
    bare = bool(text) and not re.search(r"[ \t]", text) and text[0] not in _QUOTES + "#;"
    if bare and not always and not _opens_or_closes(text):
        return text
    for mark in _QUOTES:
        if mark not in text:
            return f"{mark}{text}{mark}"
    return "`" + text.replace("`", "'") + "`"


def _opens_or_closes(text: str) -> bool:
    """Tell whether a bare token could be taken for the start or the end of a chunk."""
    return text[0] in "<>|"


def format_number(value: float) -> str:
    """Spell a number as REAPER does: the shortest decimal that reads back as the same value, without exponent.

    Raises
    ------
    ValueError
        If the number is not finite.
    """
    if not math.isfinite(value):
        msg = f"{value} cannot be written to a project: a finite number is needed"
        raise ValueError(msg)
    text = format(Decimal(repr(float(value))), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def to_number(text: str) -> float:
    """Read a decimal number.

    Raises
    ------
    ValueError
        If the text is no plain finite decimal (``nan``, ``inf`` and ``1_000`` are none).
    """
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{text!r} is not a number"
        raise ValueError(msg)
    return value


def to_field_number(text: str) -> float:
    """Read a number of a project that is calculated with.

    Raises
    ------
    ValueError
        If it is none, or beyond ``LARGEST_NUMBER``; the message ends a sentence that begins with the field.
    """
    shown = repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ...")
    try:
        value = to_number(text)
    except ValueError:
        raise ValueError(f"is {shown}, not a number") from None
    if abs(value) > LARGEST_NUMBER:
        raise ValueError(f"is {shown}, beyond every number that a project holds")
    return value


def indentation(line: str) -> str:
    """Return the blanks at the start of a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def ext_state_pieces(text: str) -> list[str]:
    """Cut a text into values for ext state: packed, in URL-safe base64, so that no quoting arises; none for no text."""
    if not text:
        return []
    coded = base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8"), 6)).decode("ascii")
    return [coded[i : i + MAX_PIECE_CHARS] for i in range(0, len(coded), MAX_PIECE_CHARS)]


def join_ext_state_pieces(pieces: Iterable[str]) -> str:
    """Put the values of ``ext_state_pieces`` together again.

    Raises
    ------
    ValueError
        If a piece is missing or damaged.
    """
    coded = "".join(pieces)
    if not coded:
        return ""
    try:
        packed = base64.b64decode(coded.encode("ascii"), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, MAX_TEXT_BYTES)
        is_whole = unpacking.eof
        decoded = text.decode("utf-8") if is_whole else ""
    except (binascii.Error, zlib.error, UnicodeError) as error:
        msg = "a piece is missing or was changed"
        raise ValueError(msg) from error
    if not is_whole:
        msg = f"it is cut off, or unpacks to more than {MAX_TEXT_BYTES // 1_000_000} MB"
        raise ValueError(msg)
    return decoded
