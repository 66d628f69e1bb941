"""Edits of plug-ins, sends, buses and takes: does a session read back hold what was asked for? Stdlib only."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from reaper_automix.edits import (
    AddBus,
    AddTake,
    Edit,
    RemoveBus,
    RemoveTake,
    RestoreControl,
    RestoreEffect,
    RestoreSend,
    SetControl,
    SetEffect,
    SetSend,
)
from reaper_automix.effect_settings.kinds import EffectSettings, same_settings
from reaper_automix.session import SendMode, Session, Track
from reaper_automix.units import same_level

ChainEdit = SetEffect | RestoreEffect | AddBus | RemoveBus | SetSend | RestoreSend
"""An edit of a plug-in, a send or a bus."""

TakeEdit = AddTake | RemoveTake

_LEVEL_TOLERANCE_DB = 0.001


def target_of(edit: ChainEdit | TakeEdit) -> Hashable:
    """Return what an edit is about: a later edit on the same target overrides it."""
    match edit:
        case SetEffect() | RestoreEffect():
            return "effect", edit.track_id, edit.effect_id
        case SetSend() | RestoreSend():
            return "send", edit.track_id, edit.to_id
        case AddTake() | RemoveTake():
            return "take", edit.track_id, edit.item_id
    return "bus", edit.track_id


def words_of(edit: Edit) -> str:
    """Name what an edit writes."""
    match edit:
        case SetControl() | RestoreControl():
            return edit.control.value
        case SetEffect() | RestoreEffect():
            return f"the plug-in '{edit.tag}'" if isinstance(edit, SetEffect) else "a plug-in of ours"
        case SetSend() | RestoreSend():
            return "the send"
        case AddBus() | RemoveBus():
            return "the bus"
        case AddTake() | RemoveTake():
            return "the take"
    return edit.kind.value


def holds(session: Session, edit: ChainEdit | TakeEdit) -> bool:
    """Tell whether a session that was read back holds what an edit asked for; a track that is gone holds nothing."""
    tracks = {track.id: track for track in session.tracks}
    match edit:
        case AddBus():
            return edit.track_id in tracks and tracks[edit.track_id].name == edit.name
        case RemoveBus():
            return edit.track_id not in tracks
        case SetEffect():
            return _effect_is(tracks.get(edit.track_id), edit.effect_id, edit.settings)
        case RestoreEffect():
            return _effect_is(tracks.get(edit.track_id), edit.effect_id, edit.was)
        case SetSend():
            return _send_is(tracks.get(edit.to_id), edit.track_id, (edit.level_db, edit.mode))
        case RestoreSend():
            return _send_is(tracks.get(edit.to_id), edit.track_id, edit.was)
        case AddTake() | RemoveTake():
            return _take_is(tracks.get(edit.track_id), edit)


def _effect_is(track: Track | None, effect_id: str, settings: EffectSettings | None) -> bool:
    slot = None if track is None else track.effect(effect_id)
    if slot is None or settings is None:
        return slot is None and settings is None
    return slot.settings is not None and same_settings(slot.settings, settings)


def _take_is(track: Track | None, edit: TakeEdit) -> bool:
    """Tell whether the take is there and active, or not there and the one active that was."""
    item = None if track is None else next((item for item in track.items if item.id == edit.item_id), None)
    if item is None:
        return False
    ids = [take.id for take in item.takes]
    if isinstance(edit, RemoveTake):
        return edit.take_id not in ids and (edit.active_id not in ids or ids[item.active_take] == edit.active_id)
    active = item.takes[item.active_take]
    if active.id != edit.take_id or active.name != edit.name or active.start_offset_s != 0.0:
        return False
    return active.source.path is not None and Path(active.source.path).name == Path(edit.file).name


def _send_is(target: Track | None, source_id: str, wanted: tuple[float, SendMode] | None) -> bool:
    send = None if target is None else target.send_from(source_id)
    if send is None or wanted is None:
        return send is None and wanted is None
    return send.mode == wanted[1] and same_level(send.gain_db, wanted[0], _LEVEL_TOLERANCE_DB)
