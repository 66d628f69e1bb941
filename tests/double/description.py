"""A project of the double in plain data, for tests in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from double.envelopes import NAMES, built_in, point_fields
from double.handlers_tracks import track_name, track_number
from double.references import EnvelopeRef, TrackRef
from double.tree import number

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper


def described(reaper: DoubleReaper, tab: Tab) -> list[dict[str, Any]]:
    """Return what the tracks are set to."""
    return [_track(TrackRef(tab, guid)) for guid in tab.track_order]


def _track(track: TrackRef) -> dict[str, Any]:
    return {
        "guid": track.guid,
        "name": track_name(track.tab.track(track.guid)),
        "gain_lin": track_number(track, "D_VOL"),
        "pan": track_number(track, "D_PAN"),
        "polarity_inverted": bool(track_number(track, "B_PHASE")),
        "automation_mode": int(track_number(track, "I_AUTOMODE")),
        "muted": bool(track_number(track, "B_MUTE")),
        "selected": track.tab.is_selected(track.guid),
        "n_items": len(track.tab.items_of[track.guid]),
        "envelopes": _envelopes(track),
    }


def _envelopes(track: TrackRef) -> dict[str, Any]:
    found = {}
    for tag, title in NAMES.items():
        chunk = built_in(EnvelopeRef(track, tag))
        if chunk is not None:
            found[title] = {
                "active": bool(number(chunk, "ACT", 0)),
                "visible": bool(number(chunk, "VIS", 0)),
                "points": [point_fields(line)[:3] for line in chunk.lines("PT")],
            }
    return found
