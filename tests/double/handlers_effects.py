"""The plug-ins of a track: adding, moving and removing them, their switches and names."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from double.chains import (
    Slot,
    copied,
    new_nodes,
    open_chain,
    put_field,
    put_given_name,
    put_in,
    slot_at,
    slots,
    take_out,
)
from double.plugin_blocks import new_plugin_chunk, put_state, state_of
from double.references import GuidRef, TrackRef
from double.tree import made_guid

if TYPE_CHECKING:
    from double.plugin_models import Model, Parameter
    from double.project import Tab
    from double.reaper import DoubleReaper

_AT = -1000
"""Positions are asked for by this number and below."""
_SWITCHES = "0 0 0"


def TrackFX_GetCount(reaper: DoubleReaper, track: TrackRef) -> int:
    return len(slots(track))


# --- adding, moving, removing --------------------------------------------------------------------------------------


def TrackFX_AddByName(reaper: DoubleReaper, track: TrackRef, name: str, is_record: bool, instantiate: int) -> int:
    """Find a plug-in by its name (0), add it where there is none (>0), or add one (-1: behind, -1000 - n: at n)."""
    model = reaper.plugins.find(name)
    if model is None or is_record:
        return -1
    found = [n for n, slot in enumerate(slots(track)) if reaper.plugins.of_chunk(slot.chunk) is model]
    if instantiate >= 0 and (found or not instantiate):
        return found[0] if found else -1
    chain = open_chain(track)
    chunk = new_plugin_chunk(chain, model, model.new_state())
    nodes = new_nodes(chain, chunk, _fresh_guid(track.tab))
    index = put_in(track, _AT - instantiate if instantiate <= _AT else -1, nodes)
    track.tab.changed()
    return index


def _fresh_guid(tab: Tab) -> str:
    text, n = tab.text.to_bytes(), 0
    while (guid := made_guid("new effect", tab.changes, n)).encode() in text:
        n += 1
    return guid


def TrackFX_Delete(reaper: DoubleReaper, track: TrackRef, index: int) -> bool:
    slot = slot_at(track, index)
    if slot is None:
        return False
    take_out(track, slot, keeps_empty_chain=reaper.plugins.keeps_empty_chain)
    track.tab.changed()
    return True


def TrackFX_CopyToTrack(
    reaper: DoubleReaper, source: TrackRef, index: int, target: TrackRef, target_index: int, moves: bool
) -> None:
    """Copy or move a plug-in, so that it stands at the index; a copy gets a GUID of its own."""
    slot = slot_at(source, index)
    if slot is None:
        return
    if moves:
        nodes = take_out(source, slot, keeps_empty_chain=reaper.plugins.keeps_empty_chain or source == target)
    else:
        nodes = copied(slot.chain.body[slot.first : slot.end], _fresh_guid(target.tab))
    put_in(target, target_index, nodes)
    source.tab.changed()
    if target.tab is not source.tab:
        target.tab.changed()


# --- switches ------------------------------------------------------------------------------------------------------


def TrackFX_GetEnabled(reaper: DoubleReaper, track: TrackRef, index: int) -> bool:
    slot = slot_at(track, index)
    return slot is not None and slot.field("BYPASS", 0) == "0"


def TrackFX_SetEnabled(reaper: DoubleReaper, track: TrackRef, index: int, enabled: bool) -> None:
    _switch(track, index, 0, not enabled)


def TrackFX_GetOffline(reaper: DoubleReaper, track: TrackRef, index: int) -> bool:
    slot = slot_at(track, index)
    return slot is not None and slot.field("BYPASS", 1) != "0"


def TrackFX_SetOffline(reaper: DoubleReaper, track: TrackRef, index: int, offline: bool) -> None:
    _switch(track, index, 1, offline)


def _switch(track: TrackRef, index: int, place: int, value: bool) -> None:
    slot = slot_at(track, index)
    if slot is not None and put_field(slot, "BYPASS", place, float(value), _SWITCHES):
        track.tab.changed()


# --- names ---------------------------------------------------------------------------------------------------------


def TrackFX_GetFXName(reaper: DoubleReaper, track: TrackRef, index: int, buffer: str, size: int) -> tuple[bool, str]:
    slot = slot_at(track, index)
    return (True, slot.given_name or slot.listed_name) if slot else (False, buffer)


def TrackFX_GetFXGUID(reaper: DoubleReaper, track: TrackRef, index: int) -> GuidRef | None:
    slot = slot_at(track, index)
    return GuidRef(slot.guid) if slot else None


def TrackFX_GetInstrument(reaper: DoubleReaper, track: TrackRef) -> int:
    heads = [slot.listed_name.partition(":")[0] for slot in slots(track)]
    return next((n for n, head in enumerate(heads) if head.endswith("i")), -1)


# --- named settings ------------------------------------------------------------------------------------------------


def TrackFX_GetNamedConfigParm(
    reaper: DoubleReaper, track: TrackRef, index: int, name: str, buffer: str, size: int
) -> tuple[bool, str]:
    slot = slot_at(track, index)
    value = _named(reaper, slot, name) if slot is not None else None
    return (False, buffer) if value is None else (True, value)


def _named(reaper: DoubleReaper, slot: Slot, name: str) -> str | None:
    """Return a named setting; None where the plug-in has none of that name."""
    kind, _, _ = slot.listed_name.partition(":")
    known = {
        "original_name": slot.listed_name,
        "renamed_name": slot.given_name,
        "fx_type": kind if ":" in slot.listed_name else slot.tag,
        "fx_ident": slot.fields[2 if slot.tag == "VST" and len(slot.fields) > 2 else 1] if len(slot.fields) > 1 else "",
        "fx_name": slot.listed_name,
    }
    if name in known:
        return known[name]
    state = state_of(slot.chunk)
    if state is None:
        return None
    if name == "vst_chunk":
        return base64.b64encode(state).decode("ascii")
    working = running(reaper, slot)
    return working.model.config(state, name) if working is not None else None


def TrackFX_SetNamedConfigParm(reaper: DoubleReaper, track: TrackRef, index: int, name: str, value: str) -> bool:
    slot = slot_at(track, index)
    if slot is None:
        return False
    if name == "renamed_name":
        done = not reaper.plugins.refuses_names and put_given_name(slot, value)
    else:
        done = _set_state(reaper, slot, name, value)
    if done:
        track.tab.changed()
    return done


def _set_state(reaper: DoubleReaper, slot: Slot, name: str, value: str) -> bool:
    """Set a setting that is part of the plug-in's state."""
    working = running(reaper, slot)
    if working is None:
        return False
    if name == "vst_chunk":
        new = None if reaper.plugins.refuses_vst_chunk else _decoded(working.model, value)
    else:
        new = working.model.with_config(working.state, name, value)
    if new is not None:
        put_state(slot.chunk, new)
    return new is not None


def _decoded(model: Model, value: str) -> bytes | None:
    """Return the state in a ``vst_chunk``; None where the plug-in cannot read it."""
    try:
        state = base64.b64decode(value, validate=True)
        model.parameters(state)
    except (binascii.Error, ValueError, struct.error):
        return None
    return state


@dataclass(frozen=True)
class Running:
    """An instance that runs."""

    model: Model
    state: bytes
    parameters: list[Parameter]


def running(reaper: DoubleReaper, slot: Slot) -> Running | None:
    """Return an instance that is installed, not offline, and can read its state; None for any other."""
    model = reaper.plugins.of_chunk(slot.chunk)
    state = state_of(slot.chunk)
    if model is None or state is None or model.name not in reaper.plugins.installed or slot.field("BYPASS", 1) != "0":
        return None
    try:
        return Running(model, state, model.parameters(state))
    except (ValueError, struct.error):
        return None
