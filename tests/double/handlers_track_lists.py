"""The list of tracks: counting, selecting, adding, deleting; and the envelopes of a track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from double.envelopes import NAMES, all_envelopes, chunk_of, was_made
from double.handlers_tracks import new_track_lines, renumber_receives, track_number
from double.references import MASTER, EnvelopeRef, TrackRef
from double.tree import field, made_guid, new_chunk, position

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper


def CountTracks(reaper: DoubleReaper, tab: Tab) -> int:
    return len(tab.track_order)


def GetTrack(reaper: DoubleReaper, tab: Tab, index: int) -> TrackRef | None:
    return TrackRef(tab, tab.track_order[index]) if 0 <= index < len(tab.track_order) else None


def GetMasterTrack(reaper: DoubleReaper, tab: Tab) -> TrackRef:
    return TrackRef(tab, MASTER)


def GetParentTrack(reaper: DoubleReaper, track: TrackRef) -> TrackRef | None:
    open_folders: list[str] = []
    for guid in track.tab.track_order:
        if guid == track.guid:
            return TrackRef(track.tab, open_folders[-1]) if open_folders else None
        depth = int(track_number(TrackRef(track.tab, guid), "I_FOLDERDEPTH"))
        if depth > 0:
            open_folders.append(guid)
        elif depth < 0:
            del open_folders[max(len(open_folders) + depth, 0) :]
    return None


# --- selection -----------------------------------------------------------------------------------------------------


def _selected(tab: Tab, with_master: bool = False) -> list[str]:
    order = [MASTER, *tab.track_order] if with_master else tab.track_order
    return [guid for guid in order if tab.is_selected(guid)]


def CountSelectedTracks(reaper: DoubleReaper, tab: Tab) -> int:
    return len(_selected(tab))


def CountSelectedTracks2(reaper: DoubleReaper, tab: Tab, with_master: bool) -> int:
    return len(_selected(tab, with_master))


def GetSelectedTrack(reaper: DoubleReaper, tab: Tab, index: int) -> TrackRef | None:
    return GetSelectedTrack2(reaper, tab, index, False)


def GetSelectedTrack2(reaper: DoubleReaper, tab: Tab, index: int, with_master: bool) -> TrackRef | None:
    selected = _selected(tab, with_master)
    return TrackRef(tab, selected[index]) if 0 <= index < len(selected) else None


def SetTrackSelected(reaper: DoubleReaper, track: TrackRef, selected: bool) -> None:
    track.tab.select(track.guid, selected)


def SetOnlyTrackSelected(reaper: DoubleReaper, track: TrackRef) -> None:
    for guid in (*track.tab.track_order, MASTER):
        track.tab.select(guid, guid == track.guid)


# --- adding and deleting -------------------------------------------------------------------------------------------


def InsertTrackAtIndex(reaper: DoubleReaper, index: int, defaults: bool) -> None:
    """Add a track to the project in front; the tracks behind it move on by one."""
    tab = reaper.current
    order = tab.track_order
    index = min(max(index, 0), len(order))
    guid = made_guid("new track", tab.changes, len(order))
    chunk = new_chunk(tab.root, f"<TRACK {guid}", new_track_lines(guid))
    if index < len(order):
        at = position(tab.root.body, tab.track(order[index]))
    else:
        at = position(tab.root.body, tab.track(order[-1])) + 1 if order else len(tab.root.body)
    renumber_receives(tab, {n: n + (n >= index) for n in range(len(order))})
    tab.root.body.insert(at, chunk)
    tab.reindex()
    tab.changed()


def DeleteTrack(reaper: DoubleReaper, track: TrackRef) -> None:
    tab, index = track.tab, track.tab.track_order.index(track.guid)
    count = len(tab.track_order)
    tab.root.remove(tab.track(track.guid))
    renumber_receives(tab, {n: None if n == index else n - (n > index) for n in range(count)})
    tab.reindex()
    tab.changed()


# --- envelopes of a track ------------------------------------------------------------------------------------------


def CountTrackEnvelopes(reaper: DoubleReaper, track: TrackRef) -> int:
    return len(list(all_envelopes(EnvelopeRef(track, ""))))


def GetTrackEnvelope(reaper: DoubleReaper, track: TrackRef, index: int) -> EnvelopeRef | None:
    envelopes = list(all_envelopes(EnvelopeRef(track, "")))
    return envelopes[index] if 0 <= index < len(envelopes) else None


def GetTrackEnvelopeByName(reaper: DoubleReaper, track: TrackRef, name: str) -> EnvelopeRef | None:
    """Return a built-in envelope by its English name, if it was ever made; hidden and inactive ones too."""
    envelopes = (EnvelopeRef(track, tag) for tag, title in NAMES.items() if title == name)
    return next((envelope for envelope in envelopes if was_made(envelope)), None)


def GetTrackEnvelopeByChunkName(reaper: DoubleReaper, track: TrackRef, name: str) -> EnvelopeRef | None:
    """Return a built-in envelope by the name of its chunk, made or not (see ``chunk_name_gives_null``), or by GUID."""
    if name.startswith("{"):
        envelopes = all_envelopes(EnvelopeRef(track, ""))
        return next((e for e in envelopes if field(chunk_of(reaper, e), "EGUID", 0) == name), None)
    tag = name.removeprefix("<")
    if tag not in NAMES:
        return None
    envelope = EnvelopeRef(track, tag)
    return None if reaper.chunk_name_gives_null and not was_made(envelope) else envelope
