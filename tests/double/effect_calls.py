"""Short ways to call the functions about plug-ins, for tests; ``api`` may be the double or any other ReaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.chunks.reaplug_blocks import ReaplugBlock, read_block

ROOM = 1 << 20


def add(api: Any, track: str, name: str, instantiate: int = -1) -> int:
    """Add a plug-in and return its index."""
    return int(api.TrackFX_AddByName(track, name, False, instantiate))


def guid(api: Any, track: str, index: int) -> str:
    """Return a plug-in's GUID."""
    return str(api.guidToString(api.TrackFX_GetFXGUID(track, index), "")[1])


def names(api: Any, track: str, index: int) -> list[str]:
    """Return the names of a plug-in's parameters."""
    count = api.TrackFX_GetNumParams(track, index)
    return [api.TrackFX_GetParamName(track, index, n, "", 256)[4] for n in range(count)]


def shown(api: Any, track: str, index: int, number: int) -> str:
    """Return a parameter's value as a text."""
    return str(api.TrackFX_GetFormattedParamValue(track, index, number, "", 64)[4])


def set_to(api: Any, track: str, index: int, number: int, text: str) -> None:
    """Set a parameter to the middle of what is shown as ``text``, by bisection on values as texts."""

    def edge(is_below: Callable[[float], bool]) -> float:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2.0
            answer = api.TrackFX_FormatParamValueNormalized(track, index, number, middle, "", 64)
            assert answer[0] == 1
            low, high = (middle, high) if is_below(float(answer[5])) else (low, middle)
        return high

    wanted = float(text)
    middle = (edge(lambda value: value < wanted) + edge(lambda value: value <= wanted)) / 2.0
    assert api.TrackFX_SetParamNormalized(track, index, number, middle) == 1


def block(api: Any, track: str, index: int = 0) -> ReaplugBlock:
    """Return a plug-in as the package reads it from the track's text."""
    chain = parse_chunk_text(api.GetTrackStateChunk(track, "", ROOM, False)[2]).chunk("FXCHAIN")
    assert chain is not None
    return read_block([*chain.chunks("VST")][index])
