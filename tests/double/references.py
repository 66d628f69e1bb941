"""What a pointer stands for: a place in a project, found anew at each use, so that it outlives undo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from double.project import Tab

MASTER = "master"
"""The master track, in place of a GUID."""

NULL = "0" * 16


class StalePointer(RuntimeError):
    """A pointer that stands for nothing: REAPER might crash, or act on another project."""


@dataclass(frozen=True, slots=True)
class TrackRef:
    """A track of a project, or its master."""

    tab: Tab
    guid: str

    @property
    def is_master(self) -> bool:
        return self.guid == MASTER

    def is_live(self) -> bool:
        return self.tab.is_open and (self.is_master or self.guid in self.tab.track_chunks)


@dataclass(frozen=True, slots=True)
class EnvelopeRef:
    """An envelope of a track: its own (``place`` empty), one of a receive or one of a plug-in's parameter."""

    track: TrackRef
    tag: str
    place: str = ""

    @property
    def tab(self) -> Tab:
        return self.track.tab

    def is_live(self) -> bool:
        from double.envelopes import place_exists

        return self.track.is_live() and (not self.place or place_exists(self))


@dataclass(frozen=True, slots=True)
class ItemRef:
    """A media item."""

    tab: Tab
    guid: str

    def is_live(self) -> bool:
        return self.tab.is_open and self.guid in self.tab.item_chunks


@dataclass(frozen=True, slots=True)
class TakeRef:
    """A take of an item, by its number."""

    item: ItemRef
    index: int

    @property
    def tab(self) -> Tab:
        return self.item.tab

    def is_live(self) -> bool:
        return self.item.is_live()


@dataclass(frozen=True, slots=True)
class SourceRef:
    """The media source of a take."""

    take: TakeRef

    @property
    def tab(self) -> Tab:
        return self.take.tab

    def is_live(self) -> bool:
        return self.take.is_live()


@dataclass(frozen=True, slots=True)
class GuidRef:
    """A GUID that REAPER handed out by its address."""

    text: str

    def is_live(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class WindowRef:
    """A window."""

    name: str

    def is_live(self) -> bool:
        return True


KINDS = {
    "Tab": "ReaProject*",
    "TrackRef": "MediaTrack*",
    "EnvelopeRef": "TrackEnvelope*",
    "ItemRef": "MediaItem*",
    "TakeRef": "MediaItem_Take*",
    "SourceRef": "PCM_source*",
    "GuidRef": "GUID*",
    "WindowRef": "HWND",
}


class Pointers:
    """The pointers that a REAPER has handed out, as numbers and as ReaScript's texts."""

    def __init__(self) -> None:
        self._next = 0x7F0000001000
        self._addresses: dict[Any, int] = {}
        self._by_address: dict[int, Any] = {}
        self._by_text: dict[str, Any] = {}
        self._texts: dict[Any, str] = {}

    def address(self, reference: Any) -> int:
        """Return the address of what a reference stands for; 0 for None."""
        if reference is None:
            return 0
        if reference not in self._addresses:
            self._addresses[reference] = self._next
            self._by_address[self._next] = reference
            text = f"({KINDS[type(reference).__name__]})0x{self._next:016X}"
            self._texts[reference] = text
            self._by_text[text] = reference
            self._next += 0x1000
        return self._addresses[reference]

    def text(self, reference: Any, kind: str) -> str:
        """Return the pointer as a text; None is the null pointer, a text too."""
        if reference is None:
            return f"({kind})0x{NULL}"
        self.address(reference)
        return self._texts[reference]

    def move(self, old: TrackRef, new: TrackRef) -> None:
        """Have the pointers of a track, and of its envelopes, stand for a track of another GUID."""
        for reference in list(self._addresses):
            if reference == old or (isinstance(reference, EnvelopeRef) and reference.track == old):
                now = new if reference == old else replace(reference, track=new)
                address, text = self._addresses.pop(reference), self._texts.pop(reference)
                self._addresses[now], self._texts[now] = address, text
                self._by_address[address] = self._by_text[text] = now

    def at(self, address: int) -> Any:
        """Return what lies at an address; None if nothing does."""
        return self._by_address.get(address)

    def of_text(self, text: str) -> Any:
        """Return what a pointer's text stands for; None if REAPER never handed it out."""
        return self._by_text.get(text)
