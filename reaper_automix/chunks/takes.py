"""A new take of an item as lines of its chunk, behind the others, and the way back. Stdlib only.

What the item plays in its active take (gain, pan, playrate, envelopes) the new one plays in the same way. ``SEL`` on a
``TAKE`` line marks the active take; where none has it, the first one is active.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from reaper_automix.chunks.fields import Fields, Section
from reaper_automix.chunks.items import TAKE_ENVELOPE_TAGS, selected_take, take_stretches
from reaper_automix.chunks.lines import Chunk, Line, make_line, parse_chunk
from reaper_automix.chunks.text import format_number, quote, replace_token
from reaper_automix.errors import SessionError
from reaper_automix.guids import guid_of
from reaper_automix.units import db_to_lin

_EGUID_NAMESPACE = uuid.UUID("4a3f1b1c-64d1-4d0e-a4b5-5c2f7b0e9d33")
_PITCH_ENVELOPE = "PITCHENV"


@dataclass(frozen=True, slots=True)
class NewTake:
    """What a new take is.

    Parameters
    ----------
    id : str
        Its GUID with braces.
    name : str
    file : str
        As the project spells it: relative to its folder, or absolute. It plays from its start.
    gain_db : float
        Beyond that of the take in whose place it plays.
    """

    id: str
    name: str
    file: str
    gain_db: float = 0.0


def add_take(item: Chunk, new: NewTake) -> None:
    """Add a take behind the others and make it the active one.

    Raises
    ------
    SessionError
        If the item has no take in whose place it could play.
    """
    stretches = take_stretches(item)
    active = selected_take(stretches)
    old = Section(stretches[active])
    if old.chunk("SOURCE") is None:
        raise SessionError("An item has no take in whose place another one could play. Plan again.")
    _select(item, -1)
    texts = ["TAKE SEL", f"NAME {quote(new.name)}", _vol_pan(old, new.gain_db, first=active == 0), "SOFFS 0"]
    texts += [line.text.strip(" \t") for line in old.lines("PLAYRATE")[:1]]
    texts += ["CHANMODE 0", f"GUID {new.id}"]
    indent, ending = item.indent, item.head.ending
    lines: list[Line | Chunk] = [make_line(indent + text, ending) for text in texts]
    source = ("<SOURCE WAVE", f"  FILE {quote(new.file, always=True)}", ">")
    lines.append(parse_chunk([make_line(indent + text, ending) for text in source]))
    for tag in (*TAKE_ENVELOPE_TAGS, _PITCH_ENVELOPE):
        lines += [_copied(envelope, new.id) for envelope in old.chunks(tag)[:1]]
    item.body += lines


def remove_take(item: Chunk, take_id: str, active_id: str, item_id: str) -> None:
    """Remove a take that was added, and make the one active that was; a take that is gone stays so.

    Parameters
    ----------
    item : Chunk
    take_id, active_id : str
        GUIDs; ``<item id>/n`` for the n-th take, where it has none.
    item_id : str
    """
    stretches = take_stretches(item)
    number = next((n for n, stretch in enumerate(stretches) if n and _id_of(stretch, n, item_id) == take_id), None)
    if number is None:
        return
    for node in stretches.pop(number):
        item.remove(node)
    _select(item, next((n for n, stretch in enumerate(stretches) if _id_of(stretch, n, item_id) == active_id), 0))


def _id_of(stretch: list[Line | Chunk], number: int, item_id: str) -> str:
    return Section(stretch).fields("GUID").text(0) or f"{item_id}/{number + 1}"


def _select(item: Chunk, number: int) -> None:
    """Mark one take as the active one, -1 for none; lines that say so already stay as they are."""
    for index, stretch in enumerate(take_stretches(item)):
        head = stretch[0] if index else None
        if not isinstance(head, Line):
            continue
        fields = [Fields(head).text(n) for n in range(len(Fields(head)))]
        if ("SEL" in fields) != (index == number):
            kept = [word for word in fields if word != "SEL"] + (["SEL"] if index == number else [])
            item.replace_line(head, head.with_text(item.indent + " ".join(("TAKE", *kept))))


def _vol_pan(old: Section, gain_db: float, *, first: bool) -> str:
    """Return the gain and pan of the new take; the first one of an item has them behind the item's own gain."""
    fields, start = (old.fields("VOLPAN"), 1) if first else (old.fields("TAKEVOLPAN"), 0)
    gain_lin = fields.real(start + 1, 1.0) * db_to_lin(gain_db)
    return f"TAKEVOLPAN {fields.text(start, '0')} {format_number(gain_lin)} {fields.text(start + 2, '-1')}"


def _copied(envelope: Chunk, take_id: str) -> Chunk:
    """Return a copy of a take envelope, with an id of its own."""
    body: list[Line | Chunk] = []
    for node in envelope.body:
        if isinstance(node, Line) and node.key == "EGUID":
            own = guid_of(_EGUID_NAMESPACE, f"{take_id}/{envelope.tag}")
            node = node.with_text(replace_token(node.text, 1, own))
        body.append(replace(node, number=0) if isinstance(node, Line) else node)
    return Chunk(envelope.head, body, envelope.foot)
