"""The ReaScript functions that this project uses, in Python's shapes: with ``chain_calls`` all that knows the tuples.

ReaScript for Python takes every argument by position and answers ``(result, *arguments)`` where an argument is written
to; a null pointer is a text that ends in zeros, and so is true; see the API documentation in REAPER's Help menu.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from reaper_automix.chunks.envelopes import TRACK_TAGS
from reaper_automix.reascript.chain_calls import TEXT_ROOM, ChainCalls
from reaper_automix.session import EnvelopeKind

EXT_SECTION = "reaper_automix"
"""Our section of the project's and of REAPER's own ext state."""

_SHOW_ENVELOPE_COMMANDS = {EnvelopeKind.VOLUME: 40406, EnvelopeKind.TRIM_VOLUME: 42020, EnvelopeKind.PAN: 40407}


class PrefixedApi:
    """REAPER's own ``reaper_python`` module without the prefix of its names.

    Parameters
    ----------
    module : ModuleType
        A module with functions named ``RPR_...``.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._module, f"RPR_{name}")
        self.__dict__[name] = function  # found once, used often
        return function


def is_null(pointer: str) -> bool:
    """Tell whether REAPER returned no object."""
    return not pointer or pointer.endswith("0x0000000000000000")


class Reaper(ChainCalls):
    """One project tab of a running REAPER.

    Parameters
    ----------
    api : object
        The ReaScript functions, without the prefix ``RPR_``.
    project : str, optional
        Pointer of the tab; by default the one that is in front now. It is kept: the user may change tabs meanwhile.
    """

    def __init__(self, api: Any, project: str | None = None) -> None:
        self.api = api
        self.project: str = project or api.EnumProjects(-1, "", TEXT_ROOM)[0]

    # --- the project -------------------------------------------------------------------------------------------

    def open_projects(self) -> Iterator[tuple[str, str]]:
        """Yield (pointer, file name) of each open tab; the name is empty where the project was never saved."""
        for index in range(1000):
            answer = self.api.EnumProjects(index, "", TEXT_ROOM)
            if is_null(answer[0]):
                return
            yield answer[0], answer[2]

    def project_file(self) -> str | None:
        """Return the project's file name; empty for one that was never saved, None where its tab was closed."""
        return next((name for pointer, name in self.open_projects() if pointer == self.project), None)

    def is_in_front(self) -> bool:
        """Tell whether this tab is the one that the user sees."""
        return bool(self.api.EnumProjects(-1, "", TEXT_ROOM)[0] == self.project)

    @contextmanager
    def brought_to_front(self) -> Iterator[None]:
        """Have this tab in front in the block, and the one that was there again after it.

        REAPER's Python wrapper lets no pointer of a track through whose project is not in front: it becomes null.
        """
        before = self.api.EnumProjects(-1, "", TEXT_ROOM)[0]
        if before == self.project:
            yield
            return
        self.api.SelectProjectInstance(self.project)
        try:
            yield
        finally:
            self.api.SelectProjectInstance(before)

    def media_folder(self) -> str:
        """Return the folder into which the project records."""
        return str(self.api.GetProjectPathEx(self.project, "", TEXT_ROOM)[1])

    def record_path(self) -> str:
        """Return the project's recording folder as it was entered: relative to the project, absolute or empty."""
        return str(self.api.GetSetProjectInfo_String(self.project, "RECORD_PATH", "", False)[3])

    def change_count(self) -> int:
        """Return a number that changes with every change of the project's state."""
        return int(self.api.GetProjectStateChangeCount(self.project))

    def is_recording(self) -> bool:
        """Tell whether REAPER records now, in whichever tab."""
        return any(int(self.api.GetPlayStateEx(project)) & 4 for project, _ in self.open_projects())

    def setting(self, name: str) -> float:
        """Return a number of the project's settings (``GetSetProjectInfo``)."""
        return float(self.api.GetSetProjectInfo(self.project, name, 0.0, False))

    def set_setting(self, name: str, value: float) -> None:
        """Set a number of the project's settings."""
        self.api.GetSetProjectInfo(self.project, name, float(value), True)

    def text_setting(self, name: str) -> str:
        """Return a text of the project's settings (``GetSetProjectInfo_String``)."""
        return str(self.api.GetSetProjectInfo_String(self.project, name, "", False)[3])

    def set_text_setting(self, name: str, value: str) -> None:
        """Set a text of the project's settings."""
        self.api.GetSetProjectInfo_String(self.project, name, value, True)

    def time_selection_s(self) -> tuple[float, float]:
        """Return the time selection; both ends are the same where there is none."""
        answer = self.api.GetSet_LoopTimeRange2(self.project, False, False, 0.0, 0.0, False)
        return float(answer[3]), float(answer[4])

    def tempo_at(self, time_s: float) -> tuple[float, int, int]:
        """Return (beats per minute, numerator, denominator) at a time."""
        answer = self.api.TimeMap_GetTimeSigAtTime(self.project, float(time_s), 0, 0, 0.0)
        return float(answer[4]), int(answer[2]), int(answer[3])

    def tempo_markers(self) -> Iterator[tuple[float, float, int, int, bool]]:
        """Yield (time in s, beats per minute, numerator, denominator, gradual) of each tempo marker."""
        for index in range(int(self.api.CountTempoTimeSigMarkers(self.project))):
            answer = self.api.GetTempoTimeSigMarker(self.project, index, 0.0, 0, 0.0, 0.0, 0, 0, False)
            yield float(answer[3]), float(answer[6]), int(answer[7]), int(answer[8]), bool(answer[9])

    def automation_override(self) -> int:
        """Return the global automation override: -1 none, 0 to 4 as the modes of tracks, 5 bypass."""
        return int(self.api.GetGlobalAutomationOverride())

    def project_value(self, key: str) -> str:
        """Return a value that we stored in the project; empty where there is none."""
        return str(self.api.GetProjExtState(self.project, EXT_SECTION, key, "", TEXT_ROOM)[4])

    def set_project_value(self, key: str, value: str) -> None:
        """Store a value in the project; an empty one removes the key."""
        self.api.SetProjExtState(self.project, EXT_SECTION, key, value)

    # --- tracks ------------------------------------------------------------------------------------------------

    def tracks(self) -> list[str]:
        """Return the pointers of the tracks, from the top, without the master."""
        n_tracks = int(self.api.CountTracks(self.project))
        return [self.api.GetTrack(self.project, index) for index in range(n_tracks)]

    def master(self) -> str:
        """Return the pointer of the master track."""
        return str(self.api.GetMasterTrack(self.project))

    def value(self, track: str, name: str) -> float:
        """Return a number of a track (``GetMediaTrackInfo_Value``)."""
        return float(self.api.GetMediaTrackInfo_Value(track, name))

    def set_value(self, track: str, name: str, value: float) -> None:
        """Set a number of a track."""
        self.api.SetMediaTrackInfo_Value(track, name, float(value))

    def text(self, track: str, name: str) -> str:
        """Return a text of a track, ``P_NAME`` or ``GUID``; empty where it is not UTF-8 (REAPER hands it out raw)."""
        try:
            return str(self.api.GetSetMediaTrackInfo_String(track, name, "", False)[3])
        except UnicodeDecodeError:
            return ""

    def groups(self, track: str, role: str) -> frozenset[int]:
        """Return the groups (1 to 64) in which a track has a role, such as ``VOLUME_VCA_LEAD``."""
        low = int(self.api.GetSetTrackGroupMembership(track, role, 0, 0))
        high = int(self.api.GetSetTrackGroupMembershipHigh(track, role, 0, 0))
        return frozenset(k + 1 for k in range(64) if (low & 0xFFFFFFFF | (high & 0xFFFFFFFF) << 32) >> k & 1)

    def n_receives(self, track: str) -> int:
        """Return how many sends end at a track."""
        return int(self.api.GetTrackNumSends(track, -1))

    def receive_value(self, track: str, index: int, name: str) -> float:
        """Return a number of a receive."""
        return float(self.api.GetTrackSendInfo_Value(track, -1, index, name))

    def receive_source(self, track: str, index: int) -> str:
        """Return the pointer of the track that a receive comes from."""
        return f"(MediaTrack*)0x{int(self.receive_value(track, index, 'P_SRCTRACK')):016X}"

    def receive_envelope(self, track: str, index: int, tag: str) -> str | None:
        """Return the pointer of a receive's envelope, such as ``VOLENV``; None where it has none."""
        address = int(self.receive_value(track, index, f"P_ENV:<{tag}"))
        return f"(TrackEnvelope*)0x{address:016X}" if address else None

    def items(self, track: str) -> list[str]:
        """Return the pointers of a track's items."""
        n_items = int(self.api.CountTrackMediaItems(track))
        return [self.api.GetTrackMediaItem(track, index) for index in range(n_items)]

    def item_chunk(self, item: str) -> str:
        """Return an item as text, as it would stand in the project file; empty where it is not UTF-8."""
        try:
            return str(self.api.GetItemStateChunk(item, "", TEXT_ROOM, False)[2])
        except UnicodeDecodeError:
            return ""

    def set_item_chunk(self, item: str, chunk: str) -> bool:
        """Replace an item by a text; tell whether REAPER took it."""
        return bool(self.api.SetItemStateChunk(item, chunk, False))

    def item_value(self, item: str, name: str) -> float:
        """Return a number of an item (``GetMediaItemInfo_Value``)."""
        return float(self.api.GetMediaItemInfo_Value(item, name))

    def source_kind(self, item: str) -> str:
        """Return the type of the media behind an item's active take, such as ``MIDI``; ``EMPTY`` without a take."""
        take = self.api.GetActiveTake(item)
        if is_null(take):
            return "EMPTY"
        source = self.api.GetMediaItemTake_Source(take)
        return str(self.api.GetMediaSourceType(source, "", TEXT_ROOM)[1]) if not is_null(source) else "EMPTY"

    # --- envelopes ---------------------------------------------------------------------------------------------

    def envelope(self, track: str, kind: EnvelopeKind) -> str | None:
        """Return the pointer of a track's envelope; None where REAPER hands out none.

        REAPER 7 hands out an envelope that was never used, without points; others return null until it was shown once.
        """
        pointer = str(self.api.GetTrackEnvelopeByChunkName(track, f"<{TRACK_TAGS[kind]}"))
        return None if is_null(pointer) else pointer

    def is_used(self, envelope: str) -> bool:
        """Tell whether an envelope has points or automation items of its own."""
        return int(self.api.CountEnvelopePoints(envelope)) > 0 or int(self.api.CountAutomationItems(envelope)) > 0

    def envelope_chunk(self, envelope: str) -> str:
        """Return an envelope as text; its points are linear gains whatever scaling the envelope displays."""
        return str(self.api.GetEnvelopeStateChunk(envelope, "", TEXT_ROOM, False)[2])

    def set_envelope_chunk(self, envelope: str, chunk: str) -> bool:
        """Replace an envelope by a text; tell whether REAPER took it."""
        return bool(self.api.SetEnvelopeStateChunk(envelope, chunk, False))

    def item_points(self, envelope: str, index: int) -> list[tuple[float, float, int, float]]:
        """Return the visible points of an automation item as (project time in s, linear value, shape, tension)."""
        mode = int(self.api.GetEnvelopeScalingMode(envelope))
        points = []
        for point in range(min(int(self.api.CountEnvelopePointsEx(envelope, index)), 2000)):
            answer = self.api.GetEnvelopePointEx(envelope, index, point, 0.0, 0.0, 0, 0.0, False)
            value = float(self.api.ScaleFromEnvelopeMode(mode, float(answer[5])))
            points.append((float(answer[4]), value, int(answer[6]), float(answer[7])))
        return points

    def show_envelopes(self, tracks: list[str], kind: EnvelopeKind) -> None:
        """Make REAPER create an envelope on tracks that have none; selection, faders and pans are put back.

        Only for a REAPER that returns null for an envelope that was never shown. The command toggles, and acts on the
        selected tracks; a preference makes it move the fader, or the pan, into the envelope.
        """
        controls = [(track, name, self.value(track, name)) for track in tracks for name in ("D_VOL", "D_PAN")]
        with self.selected_only(tracks):
            self.api.Main_OnCommandEx(_SHOW_ENVELOPE_COMMANDS[kind], 0, self.project)
        for track, name, value in controls:
            self.set_value(track, name, value)

    @contextmanager
    def selected_only(self, tracks: Collection[str]) -> Iterator[None]:
        """Have just these tracks selected in the block."""
        everyone = [*self.tracks(), self.master()]
        was = [self.value(track, "I_SELECTED") for track in everyone]
        try:
            for track in everyone:
                self.set_value(track, "I_SELECTED", float(track in tracks))
            yield
        finally:
            for track, selected in zip(everyone, was, strict=True):
                self.set_value(track, "I_SELECTED", selected)

    # --- undo and display --------------------------------------------------------------------------------------

    def begin_block(self) -> None:
        """Begin an undo block and hold the display still."""
        self.api.PreventUIRefresh(1)
        self.api.Undo_BeginBlock2(self.project)

    def end_block(self, label: str) -> None:
        """End the undo block under a name, everything included (flags -1), and refresh the display."""
        try:
            self.api.Undo_EndBlock2(self.project, label, -1)
        finally:
            self.api.PreventUIRefresh(-1)
            self.api.TrackList_AdjustWindows(False)
            self.api.UpdateArrange()

    def last_step(self) -> str:
        """Return the name of what undo would take back; empty where there is nothing, or undo is switched off."""
        try:
            return str(self.api.Undo_CanUndo2(self.project))
        except AttributeError:  # REAPER's wrapper decodes the null that means "nothing to undo"
            return ""

    def undo(self) -> bool:
        """Undo the last step; tell whether that was done."""
        return bool(self.api.Undo_DoUndo2(self.project))
