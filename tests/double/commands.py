"""REAPER's own actions, as far as scripts here use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from double.envelopes import attach, built_in, detached_chunk, volume_mode
from double.references import MASTER, EnvelopeRef, TrackRef
from double.settings import NUMBERS, number_setting, text_setting
from double.tree import number, put_number
from reaper_automix.chunks.text import format_number

if TYPE_CHECKING:
    from double.project import Tab
    from double.reaper import DoubleReaper

SHOWN_BY = {40406: "VOLENV2", 40408: "VOLENV", 42020: "VOLENV3", 40407: "PANENV2"}
RENDER, UNDO, REDO, UNSELECT_ALL = 42230, 40029, 40030, 40297
NEW_TAB, CLOSE_TAB = 41929, 40860


def run(reaper: DoubleReaper, command: int, tab: Tab) -> None:
    """Run an action.

    Raises
    ------
    NotImplementedError
        If the double does not have it.
    """
    if command in SHOWN_BY:
        _toggle_visible(reaper, tab, SHOWN_BY[command])
    elif command == RENDER:
        _render(reaper, tab)
    elif command in (UNDO, REDO):
        tab.go(-1 if command == UNDO else 1)
    elif command == UNSELECT_ALL:
        for guid in (*tab.track_order, MASTER):
            tab.select(guid, False)
    elif command == NEW_TAB:
        reaper.open_project(b"<REAPER_PROJECT 0.1\n>\n")
    elif command == CLOSE_TAB:
        reaper.ask_to_save(tab)
        reaper.close_project(tab)
    else:
        raise NotImplementedError(f"the double has no action {command}")


def _toggle_visible(reaper: DoubleReaper, tab: Tab, tag: str) -> None:
    """Show or hide an envelope of every selected track; one that never was there is made with one point."""
    for guid in (*tab.track_order, MASTER):
        if not tab.is_selected(guid):
            continue
        envelope = EnvelopeRef(TrackRef(tab, guid), tag)
        chunk = built_in(envelope)
        if chunk is not None:
            shown = number(chunk, "VIS", 0) != 0.0
            put_number(chunk, "VIS", 0, float(not shown), "0 1 1")
        else:
            _create(reaper, envelope)
        tab.changed()
    if tab.open_blocks == 0:
        tab.add_undo_point("Toggle envelope visible")


def _create(reaper: DoubleReaper, envelope: EnvelopeRef) -> None:
    chunk = detached_chunk(reaper, envelope)
    value = _first_value(reaper, envelope)
    for key in ("ACT", "VIS", "ARM"):
        put_number(chunk, key, 0, 1.0, "1")
    chunk.body.append(chunk.new_line(f"PT 0 {format_number(value)} 0"))
    attach(envelope, chunk)


def _first_value(reaper: DoubleReaper, envelope: EnvelopeRef) -> float:
    """Return the value of the first point; the control may move into it, and is neutral afterwards."""
    neutral = 1.0 if volume_mode(envelope) else 0.0
    name = {"VOLENV2": "D_VOL", "PANENV2": "D_PAN"}.get(envelope.tag)
    if name is None:
        return neutral
    from double.handlers_tracks import set_track_number, track_number

    mode = track_number(envelope.track, "I_AUTOMODE")
    if reaper.trim_adjust_mode == 2 or (reaper.trim_adjust_mode == 1 and mode == 0.0):
        return neutral
    value = track_number(envelope.track, name)
    set_track_number(envelope.track, name, neutral)
    return value if name == "D_VOL" else 0.0 - value


def _render(reaper: DoubleReaper, tab: Tab) -> None:
    """Have the test write the files that a render with the present settings would."""
    if reaper.on_render is None:
        raise NotImplementedError("a render: set on_render to a function that writes the files")
    from double.handlers_tracks import track_name

    settings: dict[str, Any] = {
        name: number_setting(tab.root, tab.settings, name) for name in NUMBERS if name.startswith("RENDER")
    }
    for name in ("RENDER_FILE", "RENDER_PATTERN", "RENDER_FORMAT", "RENDER_FORMAT2"):
        settings[name] = text_setting(tab.root, tab.settings, name)
    settings["TRACK_NUMBERS"] = {guid: n for n, guid in enumerate(tab.track_order, 1)}
    chosen = [guid for guid in tab.track_order if tab.is_selected(guid)]
    reaper.on_render(settings, [(guid, track_name(tab.track(guid))) for guid in chosen])
