"""Where envelopes stand in the tree, and how their values are scaled for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from double.chains import slots
from double.references import EnvelopeRef
from double.tree import as_number, made_guid, new_chunk, number
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import words

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

NAMES = {
    "VOLENV": "Volume (Pre-FX)",
    "VOLENV2": "Volume",
    "VOLENV3": "Trim Volume",
    "PANENV": "Pan (Pre-FX)",
    "PANENV2": "Pan",
    "WIDTHENV": "Width (Pre-FX)",
    "WIDTHENV2": "Width",
    "MUTEENV": "Mute",
}
"""Built-in envelopes of a track: name of the chunk, and what REAPER calls it."""

RECEIVE_TAGS = {"VOLENV": "AUXVOLENV", "PANENV": "AUXPANENV", "MUTEENV": "AUXMUTEENV"}

AT_ONE = 716.2178503126559
AT_HALF = 592.4
_EXPONENT = 0.273831
"""A curve through the values that are known of REAPER's: 0, about 592.4 at 0.5, and 1."""


def scale_to(mode: int, value: float) -> float:
    """Return a gain as scripts see it in an envelope of this mode."""
    return value if mode != 1 else AT_ONE * max(value, 0.0) ** _EXPONENT


def scale_from(mode: int, value: float) -> float:
    """Return the gain that a script's value means."""
    return value if mode != 1 else (max(value, 0.0) / AT_ONE) ** (1.0 / _EXPONENT)


def file_tag(envelope: EnvelopeRef) -> str:
    """Return the name of the envelope's chunk in the file."""
    if envelope.place.startswith("receive"):
        return RECEIVE_TAGS[envelope.tag]
    return f"MASTER{envelope.tag}" if envelope.track.is_master and not envelope.place else envelope.tag


def volume_mode(envelope: EnvelopeRef) -> bool:
    """Tell whether an envelope holds gains."""
    return not envelope.place.startswith("effect") and envelope.tag.startswith("VOLENV")


def built_in(envelope: EnvelopeRef) -> Chunk | None:
    """Return the envelope's chunk in the tree; None where it has no points, or was never made."""
    chunk = envelope.tab.track(envelope.track.guid)
    if not envelope.place:
        return chunk.chunk(file_tag(envelope))
    kind, *rest = envelope.place.split("\x1f")
    if kind == "receive":
        order = envelope.tab.track_order
        source = str(order.index(rest[0])) if rest[0] in order else ""
        return _receive_chunk(chunk, source, int(rest[1]), file_tag(envelope))
    return _parameter_chunk(chunk, rest[0], rest[1])


def chunk_of(reaper: DoubleReaper, envelope: EnvelopeRef) -> Chunk:
    """Return the envelope's chunk, in the tree or, as long as it is empty, beside it."""
    chunk = built_in(envelope)
    return chunk if chunk is not None else detached_chunk(reaper, envelope)


def detached_chunk(reaper: DoubleReaper, envelope: EnvelopeRef) -> Chunk:
    """Return the chunk of an envelope that is not in the tree, as REAPER hands out one that was never used."""
    if envelope not in envelope.tab.detached:
        guid = made_guid("envelope", envelope.track.guid, envelope.place, envelope.tag)
        lines = [
            f"EGUID {guid}",
            "ACT 0 -1",
            "VIS 0 1 1",
            "LANEHEIGHT 0 0",
            "ARM 0",
            "DEFSHAPE 0 -1 -1",
            *(["VOLTYPE 1"] if volume_mode(envelope) and reaper.fader_scaling else []),
        ]
        parent = envelope.tab.track(envelope.track.guid)
        envelope.tab.detached[envelope] = new_chunk(parent, f"<{file_tag(envelope)}", lines)
    return envelope.tab.detached[envelope]


def attach(envelope: EnvelopeRef, chunk: Chunk) -> None:
    """Put an envelope's chunk into the tree, in the place of the one that is there."""
    present = built_in(envelope)
    parent = envelope.tab.track(envelope.track.guid)
    envelope.tab.detached.pop(envelope, None)
    if present is not None:
        body = _parent_body(parent, present)
        body[next(i for i, n in enumerate(body) if n is present)] = chunk
        return
    stops = ("FXCHAIN", "ITEM", "FREEZE", "TRACK", "MASTERFXLIST", "TEMPOENVEX", "PROJBAY", "EXTENSIONS", "EXTSTATE")
    at = next((i for i, n in enumerate(parent.body) if isinstance(n, Chunk) and n.tag in stops), len(parent.body))
    parent.body.insert(at, chunk)


def detach(envelope: EnvelopeRef, chunk: Chunk) -> None:
    """Keep an envelope without points beside the tree, switched off: REAPER does not save it."""
    present = built_in(envelope)
    if present is not None:
        parent = envelope.tab.track(envelope.track.guid)
        body = _parent_body(parent, present)
        del body[next(i for i, n in enumerate(body) if n is present)]
    envelope.tab.detached[envelope] = chunk
    envelope.tab.made.add(envelope)


def place_exists(envelope: EnvelopeRef) -> bool:
    """Tell whether the receive or the plug-in whose envelope it is is still there."""
    kind, *rest = envelope.place.split("\x1f")
    chunk, order = envelope.tab.track(envelope.track.guid), envelope.tab.track_order
    if kind == "receive":
        number = str(order.index(rest[0])) if rest[0] in order else ""
        return sum(fields[0] == number for fields, _ in receives(chunk)) > int(rest[1])
    return rest[0] in (slot.guid for slot in slots(envelope.track))


def was_made(envelope: EnvelopeRef) -> bool:
    """Tell whether an envelope was ever shown or written, in the file or since it was loaded."""
    return envelope in envelope.tab.made or built_in(envelope) is not None


def is_empty(chunk: Chunk) -> bool:
    """Tell whether an envelope has neither points nor automation items."""
    return chunk.line("PT") is None and chunk.line("POOLEDENVINST") is None


def scaling_mode(envelope: EnvelopeRef, chunk: Chunk) -> int:
    """Return 1 where scripts see fader positions instead of gains."""
    return int(volume_mode(envelope) and number(chunk, "VOLTYPE", 0) == 1.0)


def all_envelopes(envelope_owner: EnvelopeRef) -> Iterator[EnvelopeRef]:
    """Yield the envelopes that a track has (the argument names any of them)."""
    track = envelope_owner.track
    for tag in NAMES:
        envelope = EnvelopeRef(track, tag)
        if built_in(envelope) is not None:
            yield envelope
    chain = track.tab.track(track.guid).chunk("MASTERFXLIST" if track.is_master else "FXCHAIN")
    for guid, parameter in _parameters(chain):
        yield EnvelopeRef(track, "PARMENV", f"effect\x1f{guid}\x1f{parameter}")


# --- places --------------------------------------------------------------------------------------------------------


def _parent_body(parent: Chunk, chunk: Chunk) -> list[Line | Chunk]:
    """Return the body in which a chunk stands: the track's own or its plug-in chain's."""
    if any(node is chunk for node in parent.body):
        return parent.body
    return next(inner.body for inner in parent.chunks() if any(node is chunk for node in inner.body))


def receives(track: Chunk) -> list[tuple[list[str], dict[str, Chunk]]]:
    """Return the fields of a track's AUXRECV lines, each with the envelopes that stand behind it."""
    found: list[tuple[list[str], dict[str, Chunk]]] = []
    for node in track.body:
        if isinstance(node, Line):
            if node.key == "AUXRECV":
                found.append((words(node.text)[1:], {}))
        elif found and node.tag in RECEIVE_TAGS.values():
            found[-1][1].setdefault(node.tag, node)
    return found


def _receive_chunk(track: Chunk, source: str, ordinal: int, tag: str) -> Chunk | None:
    same = [envelopes for fields, envelopes in receives(track) if fields[0] == source]
    return same[ordinal].get(tag) if ordinal < len(same) else None


def _parameters(chain: Chunk | None) -> Iterator[tuple[str, str]]:
    """Yield (GUID of the plug-in, parameter) of each parameter envelope of a chain."""
    guid = ""
    for node in chain.body if chain is not None else ():
        if isinstance(node, Line) and node.key == "FXID":
            guid = words(node.text)[1]
        elif isinstance(node, Chunk) and node.tag == "PARMENV":
            yield guid, words(node.head.text)[1]


def _parameter_chunk(track: Chunk, guid: str, parameter: str) -> Chunk | None:
    chain = track.chunk("FXCHAIN") or track.chunk("MASTERFXLIST")
    now = ""
    for node in chain.body if chain is not None else ():
        if isinstance(node, Line) and node.key == "FXID":
            now = words(node.text)[1]
        elif isinstance(node, Chunk) and (node.tag, now) == ("PARMENV", guid) and words(node.head.text)[1] == parameter:
            return node
    return None


def point_fields(line: Line) -> tuple[float, float, int, float, bool]:
    """Return (time, value as in the file, shape or -1, tension, selected) of a PT line."""
    fields = [as_number(word) for word in words(line.text)[1:]]
    fields += [0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0][len(fields) :]
    return fields[0], fields[1], int(fields[2]), fields[6], fields[4] != 0.0
