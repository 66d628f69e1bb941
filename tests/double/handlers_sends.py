"""Sends, which stand in files as AUXRECV lines of the receiving track: making, removing and setting them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from double.envelopes import RECEIVE_TAGS
from double.references import EnvelopeRef, TrackRef
from double.tree import as_number
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import format_number, replace_token, words

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_FIELDS: Mapping[str, tuple[int, float]] = {
    "I_SENDMODE": (1, 0.0),
    "D_VOL": (2, 1.0),
    "D_PAN": (3, 0.0),
    "B_MUTE": (4, 0.0),
    "B_MONO": (5, 0.0),
    "B_PHASE": (6, 0.0),
    "I_SRCCHAN": (7, 0.0),
    "I_DSTCHAN": (8, 0.0),
    "D_PANLAW": (9, -1.0),
    "I_MIDIFLAGS": (10, 0.0),
    "I_AUTOMODE": (11, -1.0),
}
"""Where a send's numbers stand, and what they are where the field is missing or no number."""

_SETTABLE = ("I_SENDMODE", "D_VOL", "D_PAN", "B_MUTE", "B_MONO", "B_PHASE", "I_SRCCHAN", "I_DSTCHAN")
_MODES = (0.0, 1.0, 3.0)
_NOTHING_ELSE = "0 0 0 0 0 0 -1:U 0 -1 ''"
_BEHIND = ("MIDIOUT", "MAINSEND")


@dataclass(frozen=True)
class _Send:
    """A send: the receiving track, its line there, the nodes that belong to it, its ordinal among its source's."""

    target: TrackRef
    line: Line
    nodes: list[Line | Chunk]
    ordinal: int

    @property
    def fields(self) -> tuple[str, ...]:
        return _fields(self.line.text)

    @property
    def source(self) -> TrackRef | None:
        order, index = self.target.tab.track_order, int(as_number(self.fields[0], -1.0))
        return TrackRef(self.target.tab, order[index]) if 0 <= index < len(order) else None


@lru_cache(maxsize=4096)
def _fields(text: str) -> tuple[str, ...]:
    return tuple(words(text)[1:])


def _receives(track: TrackRef) -> list[_Send]:
    """Return what a track receives."""
    found: list[_Send] = []
    n_from: Counter[str] = Counter()
    for node in track.tab.track(track.guid).body:
        if isinstance(node, Line) and node.key == "AUXRECV":
            source = _fields(node.text)[0]
            found.append(_Send(track, node, [node], n_from[source]))
            n_from[source] += 1
        elif isinstance(node, Chunk) and node.tag in RECEIVE_TAGS.values() and found:
            found[-1].nodes.append(node)
    return found


def _sends(track: TrackRef, category: int) -> list[_Send]:
    """Return a track's receives (-1), or its sends (0) in the order of the receiving tracks."""
    if track.is_master or category not in (-1, 0):
        return []
    if category == -1:
        return _receives(track)
    targets = (TrackRef(track.tab, guid) for guid in track.tab.track_order)
    return [send for target in targets for send in _receives(target) if send.source == track]


def _send(track: TrackRef, category: int, index: int) -> _Send | None:
    found = _sends(track, category)
    return found[index] if 0 <= index < len(found) else None


# --- making and removing -------------------------------------------------------------------------------------------


def CreateTrackSend(reaper: DoubleReaper, source: TrackRef, target: TrackRef) -> int:
    """Make a send with the default mode and gain of REAPER's preferences; return its index among the source's."""
    if source.is_master or target.is_master or source == target or source.tab is not target.tab:
        return -1
    chunk = target.tab.track(target.guid)
    number = source.tab.track_order.index(source.guid)
    mode, gain_lin = reaper.default_send_mode, format_number(reaper.default_send_gain_lin)
    line = chunk.new_line(f"AUXRECV {number} {mode} {gain_lin} {_NOTHING_ELSE}")
    chunk.body.insert(_place(target, chunk), line)
    target.tab.changed()
    return next(n for n, send in enumerate(_sends(source, 0)) if send.line is line)


def _place(target: TrackRef, chunk: Chunk) -> int:
    """Return where a new receive's line goes: behind the last one, else before the lines that follow receives."""
    present = _receives(target)
    if present:
        last = present[-1].nodes[-1]
        return next(i for i, node in enumerate(chunk.body) if node is last) + 1
    stops = (i for i, n in enumerate(chunk.body) if isinstance(n, Chunk) or n.key in _BEHIND)
    return next(stops, len(chunk.body))


def RemoveTrackSend(reaper: DoubleReaper, track: TrackRef, category: int, index: int) -> bool:
    send = _send(track, category, index)
    if send is None:
        return False
    body = send.target.tab.track(send.target.guid).body
    body[:] = [node for node in body if not any(node is own for own in send.nodes)]
    track.tab.changed()
    return True


# --- values --------------------------------------------------------------------------------------------------------


def GetTrackNumSends(reaper: DoubleReaper, track: TrackRef, category: int) -> int:
    return len(_sends(track, category))


def GetTrackSendInfo_Value(reaper: DoubleReaper, track: TrackRef, category: int, index: int, name: str) -> float:
    send = _send(track, category, index)
    if send is None:
        return 0.0
    if name in _FIELDS:
        place, default = _FIELDS[name]
        return as_number(send.fields[place], default) if place < len(send.fields) else default
    if name in ("P_SRCTRACK", "P_DESTTRACK"):
        return float(reaper.pointers.address(send.source if name == "P_SRCTRACK" else send.target))
    tag = name.removeprefix("P_ENV:<")
    if tag not in RECEIVE_TAGS or RECEIVE_TAGS[tag] not in [n.tag for n in send.nodes if isinstance(n, Chunk)]:
        return 0.0
    source = send.source.guid if send.source is not None else ""
    return float(reaper.pointers.address(EnvelopeRef(send.target, tag, f"receive\x1f{source}\x1f{send.ordinal}")))


def SetTrackSendInfo_Value(
    reaper: DoubleReaper, track: TrackRef, category: int, index: int, name: str, value: float
) -> bool:
    send = _send(track, category, index)
    if send is None or name not in _SETTABLE or (name == "I_SENDMODE" and value not in _MODES):
        return False
    place, _ = _FIELDS[name]
    value = {"D": value, "B": float(value != 0.0), "I": float(int(value))}[name[0]]
    value = min(max(value, -1.0), 1.0) if name == "D_PAN" else value
    if as_number(send.fields[place], float("nan")) != value:
        text = replace_token(send.line.text, place + 1, format_number(value))
        send.target.tab.track(send.target.guid).replace_line(send.line, send.line.with_text(text))
        track.tab.changed()
    return True
