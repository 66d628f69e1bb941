"""The plug-ins of a track, by the lines of its chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from double.references import GuidRef, TrackRef
from double.tree import made_guid
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import words

if TYPE_CHECKING:
    from double.reaper import DoubleReaper

_TAGS = ("VST", "AU", "AUv3", "JS", "CLAP", "DX", "LV2", "VIDEO_EFFECT", "CONTAINER")
_NAME_PLACES = {"VST": 4, "AU": 3, "AUv3": 3, "CLAP": 3, "DX": 3, "LV2": 3, "JS": 2}
"""Where in a plug-in's first line the user's own name stands."""


@dataclass(frozen=True)
class Slot:
    """A plug-in: the words of its first line, the fields of BYPASS, its GUID."""

    tag: str
    fields: tuple[str, ...]
    state: tuple[str, ...]
    guid: str

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
        place = _NAME_PLACES.get(self.tag, 99)
        return self.fields[place] if place < len(self.fields) else ""


def slots(track: TrackRef) -> list[Slot]:
    """Return the plug-ins of a track; what lies in a container is not in the list."""
    chain = track.tab.track(track.guid).chunk("MASTERFXLIST" if track.is_master else "FXCHAIN")
    found: list[Slot] = []
    state: tuple[str, ...] = ()
    for node in chain.body if chain is not None else ():
        if isinstance(node, Chunk) and node.tag in _TAGS:
            guid = made_guid("effect", track.guid, len(found))
            found.append(Slot(node.tag, tuple(words(node.head.text)), state, guid))
            state = ()
        elif isinstance(node, Line) and node.key == "BYPASS":
            state = tuple(words(node.text)[1:])
        elif isinstance(node, Line) and node.key == "FXID" and found:
            found[-1] = Slot(found[-1].tag, found[-1].fields, found[-1].state, words(node.text)[1])
    return found


def _slot(track: TrackRef, index: int) -> Slot | None:
    found = slots(track)
    return found[index] if 0 <= index < len(found) else None


def TrackFX_GetCount(reaper: DoubleReaper, track: TrackRef) -> int:
    return len(slots(track))


def TrackFX_GetFXName(reaper: DoubleReaper, track: TrackRef, index: int, buffer: str, size: int) -> tuple[bool, str]:
    slot = _slot(track, index)
    return (True, slot.given_name or slot.listed_name) if slot else (False, buffer)


def TrackFX_GetEnabled(reaper: DoubleReaper, track: TrackRef, index: int) -> bool:
    slot = _slot(track, index)
    return slot is not None and slot.state[:1] in ((), ("0",))


def TrackFX_GetOffline(reaper: DoubleReaper, track: TrackRef, index: int) -> bool:
    slot = _slot(track, index)
    return slot is not None and slot.state[1:2] not in ((), ("0",))


def TrackFX_GetFXGUID(reaper: DoubleReaper, track: TrackRef, index: int) -> GuidRef | None:
    slot = _slot(track, index)
    return GuidRef(slot.guid) if slot else None


def TrackFX_GetInstrument(reaper: DoubleReaper, track: TrackRef) -> int:
    heads = [slot.listed_name.partition(":")[0] for slot in slots(track)]
    return next((n for n, head in enumerate(heads) if head.endswith("i")), -1)


def TrackFX_GetNumParams(reaper: DoubleReaper, track: TrackRef, index: int) -> int:
    return 0 if _slot(track, index) is None else 300  # as many as a large foreign plug-in has


def TrackFX_GetNamedConfigParm(
    reaper: DoubleReaper, track: TrackRef, index: int, name: str, buffer: str, size: int
) -> tuple[bool, str]:
    slot = _slot(track, index)
    if slot is None:
        return False, buffer
    kind, _, _ = slot.listed_name.partition(":")
    known = {
        "original_name": slot.listed_name,
        "renamed_name": slot.given_name,
        "fx_type": kind if ":" in slot.listed_name else slot.tag,
        "fx_ident": slot.fields[2 if slot.tag == "VST" and len(slot.fields) > 2 else 1] if len(slot.fields) > 1 else "",
        "fx_name": slot.listed_name,
    }
    return (True, known[name]) if name in known else (False, buffer)
