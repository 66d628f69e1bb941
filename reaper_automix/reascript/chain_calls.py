"""The ReaScript functions for plug-ins, sends, and tracks that come and go; ``api.Reaper`` has them all."""

from __future__ import annotations

from typing import Any

TEXT_ROOM = 4 * 1024 * 1024 - 1
"""Room for a text that REAPER returns; its Python wrapper makes a buffer of 4 MiB for each, whatever is asked for."""


class ChainCalls:
    """The part of ``api.Reaper`` that is about chains of plug-ins, sends and whole tracks."""

    api: Any
    project: str

    # --- plug-ins ----------------------------------------------------------------------------------------------

    def n_effects(self, track: str) -> int:
        """Return how many plug-ins a track has."""
        return int(self.api.TrackFX_GetCount(track))

    def effect_name(self, track: str, index: int) -> str:
        """Return the name under which REAPER lists a plug-in, even where the user has renamed the instance."""
        answer = self.api.TrackFX_GetNamedConfigParm(track, index, "original_name", "", TEXT_ROOM)
        if answer[0] and answer[4]:
            return str(answer[4])
        return str(self.api.TrackFX_GetFXName(track, index, "", TEXT_ROOM)[3])

    def effect_is_enabled(self, track: str, index: int) -> bool:
        """Tell whether a plug-in is not bypassed."""
        return bool(self.api.TrackFX_GetEnabled(track, index))

    def effect_is_offline(self, track: str, index: int) -> bool:
        """Tell whether a plug-in was taken offline."""
        return bool(self.api.TrackFX_GetOffline(track, index))

    def effect_title(self, track: str, index: int) -> str:
        """Return the name that a plug-in's window and the chain show: the user's, where the instance was renamed."""
        try:
            return str(self.api.TrackFX_GetFXName(track, index, "", TEXT_ROOM)[3])
        except UnicodeDecodeError:
            return ""

    def add_effect(self, track: str, name: str) -> int:
        """Add a plug-in at the end of a track's chain; return its place, below 0 where it is not installed."""
        wanted = f"{name} (Cockos)" if name.startswith("Rea") else name
        index = int(self.api.TrackFX_AddByName(track, wanted, False, -1))
        if index >= 0 and name.lower() not in self.effect_name(track, index).lower():
            self.api.TrackFX_Delete(track, index)  # another plug-in whose name begins alike
            return -1
        return index

    def remove_effect(self, track: str, index: int) -> None:
        """Remove a plug-in."""
        self.api.TrackFX_Delete(track, index)

    def set_effect_config(self, track: str, index: int, key: str, value: str) -> bool:
        """Set a named setting of a plug-in; tell whether REAPER took it."""
        return bool(self.api.TrackFX_SetNamedConfigParm(track, index, key, value))

    def n_parameters(self, track: str, index: int) -> int:
        """Return how many knobs a plug-in has, those that REAPER adds included."""
        return int(self.api.TrackFX_GetNumParams(track, index))

    def parameter_name(self, track: str, index: int, number: int) -> str:
        """Return the name of a plug-in's knob."""
        return str(self.api.TrackFX_GetParamName(track, index, number, "", TEXT_ROOM)[4])

    def parameter(self, track: str, index: int, number: int) -> float:
        """Return where a knob stands, 0..1."""
        return float(self.api.TrackFX_GetParamNormalized(track, index, number))

    def set_parameter(self, track: str, index: int, number: int, normalised: float) -> None:
        """Set a knob, 0..1."""
        self.api.TrackFX_SetParamNormalized(track, index, number, float(normalised))

    def shown(self, track: str, index: int, number: int) -> str:
        """Return what a knob shows."""
        return str(self.api.TrackFX_GetFormattedParamValue(track, index, number, "", TEXT_ROOM)[4])

    def would_show(self, track: str, index: int, number: int, normalised: float) -> str | None:
        """Return what a knob would show at 0..1; None where the plug-in does not tell."""
        answer = self.api.TrackFX_FormatParamValueNormalized(track, index, number, float(normalised), "", TEXT_ROOM)
        return str(answer[5]) if answer[0] and answer[5] else None

    def set_output_pin(self, track: str, index: int, pin: int, channels: int) -> bool:
        """Connect an output pin, counted from 0, to channels of the track, as bits; tell whether REAPER took it."""
        return bool(self.api.TrackFX_SetPinMappings(track, index, 1, pin, channels, 0))

    def output_pin(self, track: str, index: int, pin: int) -> int:
        """Return the first 32 channels of the track that an output pin is connected to, as bits."""
        return int(self.api.TrackFX_GetPinMappings(track, index, 1, pin, 0)[0])

    # --- sends, and tracks that come and go ----------------------------------------------------------------------

    def track_chunk(self, track: str) -> str:
        """Return a track as text, as it would stand in the project file; empty where it is not UTF-8."""
        try:
            return str(self.api.GetTrackStateChunk(track, "", TEXT_ROOM, False)[2])
        except UnicodeDecodeError:
            return ""

    def insert_track(self, index: int) -> str:
        """Insert a track, without the user's defaults, and return its pointer. The project has to be in front."""
        self.api.InsertTrackAtIndex(index, False)
        return str(self.api.GetTrack(self.project, index))

    def delete_track(self, track: str) -> None:
        """Delete a track, with all that it sends and receives."""
        self.api.DeleteTrack(track)

    def set_text(self, track: str, name: str, value: str) -> None:
        """Set a text of a track, ``P_NAME`` or ``GUID``."""
        self.api.GetSetMediaTrackInfo_String(track, name, value, True)

    def audio_send(self, source: str, target: str) -> int | None:
        """Return the number of the first audio send from one track to another; None where there is none."""
        for index in range(int(self.api.GetTrackNumSends(source, 0))):
            address = int(self.send_value(source, index, "P_DESTTRACK"))
            if f"(MediaTrack*)0x{address:016X}" == target and self.send_value(source, index, "I_SRCCHAN") >= 0:
                return index
        return None

    def add_send(self, source: str, target: str) -> int:
        """Make a send from one track to another, and return its number."""
        return int(self.api.CreateTrackSend(source, target))

    def remove_send(self, source: str, index: int) -> None:
        """Remove a send."""
        self.api.RemoveTrackSend(source, 0, index)

    def send_value(self, source: str, index: int, name: str) -> float:
        """Return a number of a send, such as ``D_VOL``."""
        return float(self.api.GetTrackSendInfo_Value(source, 0, index, name))

    def set_send_value(self, source: str, index: int, name: str, value: float) -> None:
        """Set a number of a send."""
        self.api.SetTrackSendInfo_Value(source, 0, index, name, float(value))
