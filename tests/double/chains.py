"""Plug-in chains in the tree: which lines belong to which plug-in, and putting plug-ins in and taking them out."""

from __future__ import annotations

from dataclasses import dataclass

from double.references import TrackRef
from double.tree import as_number, made_guid, new_chunk, position
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import format_number, quote, replace_token, words

_TAGS = ("VST", "AU", "AUv3", "JS", "CLAP", "DX", "LV2", "VIDEO_EFFECT", "CONTAINER")
NAME_PLACES = {"VST": 4, "AU": 3, "AUv3": 3, "CLAP": 3, "DX": 3, "LV2": 3, "JS": 2}
"""Where in a plug-in's first line the user's own name stands."""

_BEHIND = ("ITEM", "FREEZE", "TRACK", "TEMPOENVEX", "PROJBAY", "EXTENSIONS", "EXTSTATE")
_NEW_CHAIN = ["SHOW 0", "LASTSEL 0", "DOCKED 0"]


@dataclass(frozen=True)
class Slot:
    """A plug-in of a chain: its nodes are ``chain.body[first:end]``, its own chunk is ``chunk``.

    ``place`` is its track and its index.
    """

    chain: Chunk
    first: int
    end: int
    chunk: Chunk
    place: tuple[str, int]

    @property
    def tag(self) -> str:
        return self.chunk.tag

    @property
    def fields(self) -> list[str]:
        """The words of its first line."""
        return words(self.chunk.head.text)

    def line(self, key: str) -> Line | None:
        """Return one of its lines."""
        nodes = self.chain.body[self.first : self.end]
        return next((n for n in nodes if isinstance(n, Line) and n.key == key), None)

    def field(self, key: str, place: int, default: str = "0") -> str:
        """Return a field of one of its lines."""
        line = self.line(key)
        found = words(line.text)[1:] if line is not None else []
        return found[place] if place < len(found) else default

    @property
    def guid(self) -> str:
        """Its GUID; one made from its place where the file gives none."""
        return self.field("FXID", 0) if self.line("FXID") is not None else made_guid("effect", *self.place)

    @property
    def listed_name(self) -> str:
        """The name under which REAPER lists the plug-in."""
        first = self.fields[1] if len(self.fields) > 1 else ""
        if self.tag == "JS":
            return f"JS: {first}"
        if self.tag == "CONTAINER":
            return "Container"
        return "Video processor" if self.tag == "VIDEO_EFFECT" else first

    @property
    def given_name(self) -> str:
        """The name that the user gave this instance; empty for none."""
        place = NAME_PLACES.get(self.tag, 99)
        return self.fields[place] if place < len(self.fields) else ""


def slots(track: TrackRef) -> list[Slot]:
    """Return the plug-ins of a track; what lies in a container is not in the list."""
    chain = _chain(track)
    if chain is None:
        return []
    at = [i for i, node in enumerate(chain.body) if isinstance(node, Chunk) and node.tag in _TAGS]
    firsts = [_first(chain, i, after) for i, after in zip(at, [-1, *at], strict=False)]
    found = []
    for n, (i, first, end) in enumerate(zip(at, firsts, [*firsts, len(chain.body)][1:], strict=True)):
        chunk = chain.body[i]
        assert isinstance(chunk, Chunk)
        found.append(Slot(chain, first, end, chunk, (track.guid, n)))
    return found


def slot_at(track: TrackRef, index: int) -> Slot | None:
    """Return the plug-in at an index."""
    found = slots(track)
    return found[index] if 0 <= index < len(found) else None


def _chain(track: TrackRef) -> Chunk | None:
    return track.tab.track(track.guid).chunk("MASTERFXLIST" if track.is_master else "FXCHAIN")


def _first(chain: Chunk, at: int, after: int) -> int:
    """Return where the plug-in at ``at`` begins: at its BYPASS line, if it has one."""
    for i in range(at - 1, after, -1):
        node = chain.body[i]
        if isinstance(node, Line) and node.key == "BYPASS":
            return i
    return at


def open_chain(track: TrackRef) -> Chunk:
    """Return a track's chain, made where there is none."""
    chain = _chain(track)
    if chain is None:
        parent = track.tab.track(track.guid)
        chain = new_chunk(parent, f"<{'MASTERFXLIST' if track.is_master else 'FXCHAIN'}", _NEW_CHAIN)
        body = parent.body
        at = next((i for i, n in enumerate(body) if isinstance(n, Chunk) and n.tag in _BEHIND), len(body))
        body.insert(at, chain)
    return chain


def put_in(track: TrackRef, index: int, nodes: list[Line | Chunk]) -> int:
    """Put a plug-in's nodes before the one at an index, or at the end; return where it stands."""
    chain, present = open_chain(track), slots(track)
    at = present[index].first if 0 <= index < len(present) else len(chain.body)
    chain.body[at:at] = nodes
    return index if 0 <= index < len(present) else len(present)


def take_out(track: TrackRef, slot: Slot, *, keeps_empty_chain: bool) -> list[Line | Chunk]:
    """Take a plug-in out and return its nodes."""
    nodes = slot.chain.body[slot.first : slot.end]
    del slot.chain.body[slot.first : slot.end]
    if not keeps_empty_chain and not slots(track):
        track.tab.track(track.guid).remove(slot.chain)
    return nodes


def new_nodes(chain: Chunk, chunk: Chunk, guid: str) -> list[Line | Chunk]:
    """Return the nodes of a new plug-in."""
    after = ("FLOATPOS 0 0 0 0", f"FXID {guid}", "WAK 0 0")
    return [chain.new_line("BYPASS 0 0 0"), chunk, *map(chain.new_line, after)]


def copied(nodes: list[Line | Chunk], guid: str) -> list[Line | Chunk]:
    """Return nodes of a copy, with a GUID of its own; its envelopes stay behind."""
    found: list[Line | Chunk] = []
    for node in nodes:
        if isinstance(node, Line):
            found.append(node.with_text(replace_token(node.text, 1, guid)) if node.key == "FXID" else node)
        elif node.tag != "PARMENV":
            found.append(Chunk(node.head, list(node.body), node.foot))
    return found


def put_field(slot: Slot, key: str, place: int, value: float, default: str) -> bool:
    """Set a field of a line of the plug-in; return whether anything changed.

    A line that says no more than ``default`` is not made, and a WET line that comes to say so goes.
    """
    line, fields = slot.line(key), default.split()
    if line is None:
        if float(fields[place]) == value:
            return False
        fields[place] = format_number(value)
        new = slot.chain.new_line(" ".join([key, *fields]))
        at = slot.first if key == "BYPASS" else position(slot.chain.body, slot.chunk) + 1
        slot.chain.body.insert(at, new)
        return True
    if float(slot.field(key, place, fields[place])) == value:
        return False
    present = words(line.text)[1:]
    spelled = [*present, *fields[len(present) :]]
    spelled[place] = format_number(value)
    text = line.text
    for n, word in enumerate(spelled, 1):
        if n > len(present) or n == place + 1:
            text = replace_token(text, n, word)
    if key == "WET" and [as_number(word) for word in spelled] == [as_number(word) for word in fields]:
        slot.chain.remove(line)
    else:
        slot.chain.replace_line(line, line.with_text(text))
    return True


def put_given_name(slot: Slot, name: str) -> bool:
    """Set the user's name of a plug-in; return whether its kind of line has one."""
    place = NAME_PLACES.get(slot.tag)
    if place is None or len(slot.fields) < 2:
        return False
    text = slot.chunk.head.text
    while len(words(text)) < place:
        text = replace_token(text, len(words(text)), '""')
    slot.chunk.head = slot.chunk.head.with_text(replace_token(text, place, quote(name)))
    return True
