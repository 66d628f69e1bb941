"""A project of the double in plain data, for tests in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from double.chains import slots
from double.envelopes import NAMES, built_in, point_fields, receives
from double.handlers_effects import running
from double.handlers_tracks import track_name, track_number
from double.references import EnvelopeRef, TrackRef
from double.tree import as_number, number

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper


def described(reaper: DoubleReaper, tab: Tab) -> list[dict[str, Any]]:
    """Return what the tracks are set to."""
    return [_track(reaper, TrackRef(tab, guid)) for guid in tab.track_order]


def _track(reaper: DoubleReaper, track: TrackRef) -> dict[str, Any]:
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
        "effects": _effects(reaper, track),
        "receives": _receives(track),
    }


def _effects(reaper: DoubleReaper, track: TrackRef) -> list[dict[str, Any]]:
    """Return the plug-ins; the values of those that work, as texts by name (of two names alike, the first)."""
    found = []
    for slot in slots(track):
        working = running(reaper, slot)
        values: dict[str, str] = {}
        for parameter in working.parameters if working is not None else ():
            values.setdefault(parameter.name, parameter.show(parameter.raw))
        names = {"name": slot.listed_name, "given_name": slot.given_name, "guid": slot.guid}
        found.append(names | {"bypassed": slot.field("BYPASS", 0) != "0", "values": values})
    return found


def _receives(track: TrackRef) -> list[dict[str, Any]]:
    """Return the receives: name of the source, mode, linear gain, pan, whether muted."""
    order, found = track.tab.track_order, []
    for fields, _ in receives(track.tab.track(track.guid)):
        mode, gain_lin, pan, muted = (as_number(word) for word in fields[1:5])
        source = track_name(track.tab.track(order[int(fields[0])]))
        numbers = {"mode": int(mode), "gain_lin": gain_lin, "pan": pan, "muted": bool(muted)}
        found.append({"source": source} | numbers)
    return found


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
