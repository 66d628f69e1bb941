"""Our texts inside a project: ext state of the section ``reaper_automix``, which REAPER keeps with the project.

In the file: ``<EXTSTATE`` / ``<REAPER_AUTOMIX`` / ``LEDGER_1 piece``, ``LEDGER_2 piece`` ... ``ROLES_1 piece``. REAPER
compares names without case. ``CREATED 1`` says that the EXTSTATE chunk is ours too, so that it goes with the last key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk, Line, make_line
from reaper_automix.chunks.text import ext_state_pieces, join_ext_state_pieces
from reaper_automix.project_texts import LEDGER, ROLES, joined_ledger, joined_roles

SECTION = "REAPER_AUTOMIX"


def stored_ledger(root: Chunk, note: Callable[[str], None]) -> str:
    """Return the stored ledger; empty where there is none, or where it is damaged (which is noted)."""
    return joined_ledger(_pieces(root, LEDGER), note)


def stored_roles(root: Chunk, note: Callable[[str], None]) -> str:
    """Return what the engineer said of roles; empty where nothing was, or where it is damaged (which is noted)."""
    return joined_roles(_pieces(root, ROLES), note)


def _pieces(root: Chunk, prefix: str) -> Iterator[str]:
    section = _section(root)
    for line in _lines(section, prefix) if section is not None else ():
        yield Fields(line).text(0)


def store_text(root: Chunk, prefix: str, text: str) -> None:
    """Store a text, or remove the stored one where it is empty; lines that say the same already are not touched.

    A damaged one is replaced by a text, and stays where there is none: what it was, a backup may tell.
    """
    pieces = ext_state_pieces(text)
    section = _section(root)
    if section is None:
        if pieces:
            _fill(_new_section(root), prefix, pieces)
        return
    lines = _lines(section, prefix)
    if _said(lines) == text:
        return
    if pieces:
        _fill(section, prefix, pieces)
        return
    for line in lines:
        section.remove(line)
    _sweep(root, section)


def _said(lines: list[Line]) -> str:
    """Return what pieces say, however they were packed; nothing where they are damaged."""
    try:
        return join_ext_state_pieces(Fields(line).text(0) for line in lines)
    except ValueError:
        return ""


def _section(root: Chunk) -> Chunk | None:
    for state in root.chunks("EXTSTATE"):
        for section in state.chunks():
            if section.tag.upper() == SECTION:
                return section
    return None


def _lines(section: Chunk, prefix: str) -> list[Line]:
    """Return the pieces in their order."""
    key = re.compile(rf"{prefix}([0-9]{{1,6}})", re.IGNORECASE)
    found = [(m, n) for n in section.body if isinstance(n, Line) and (m := key.fullmatch(n.key))]
    return [line for _, line in sorted(found, key=lambda pair: int(pair[0][1]))]


def _fill(section: Chunk, prefix: str, pieces: list[str]) -> None:
    """Put the pieces where the old ones stood, else at the section's end."""
    old = _lines(section, prefix)
    at = min((next(i for i, n in enumerate(section.body) if n is line) for line in old), default=len(section.body))
    new = [section.new_line(f"{prefix}{number} {piece}") for number, piece in enumerate(pieces, 1)]
    for line in old:
        section.remove(line)
    section.body[at:at] = new


def _new_section(root: Chunk) -> Chunk:
    """Insert an empty section, with an EXTSTATE chunk before the project's end where there is none."""
    state = root.chunk("EXTSTATE")
    created = state is None
    if state is None:
        state = _new_chunk(root, "EXTSTATE")
    section = _new_chunk(state, SECTION)
    if created:
        section.body.append(section.new_line("CREATED 1"))
    return section


def _new_chunk(parent: Chunk, tag: str) -> Chunk:
    indent, ending = parent.indent, parent.head.ending
    chunk = Chunk(make_line(f"{indent}<{tag}", ending), [], make_line(f"{indent}>", ending))
    parent.body.append(chunk)
    return chunk


def _sweep(root: Chunk, section: Chunk) -> None:
    """Remove what an empty text leaves behind, as far as it is ours."""
    marks = [n for n in section.body if isinstance(n, Line) and n.key.upper() == "CREATED"]
    if len(marks) != len(section.body):
        return
    state = next(s for s in root.chunks("EXTSTATE") if any(c is section for c in s.chunks()))
    state.remove(section)
    if marks and not state.body:
        root.remove(state)
