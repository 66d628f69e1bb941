"""Edits of plug-ins, sends and buses against a session read back: does it hold what was asked for? Stdlib only."""

from __future__ import annotations

from collections.abc import Hashable

from reaper_automix.edits import (
    AddBus,
    Edit,
    RemoveBus,
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

_LEVEL_TOLERANCE_DB = 0.001


def target_of(edit: ChainEdit) -> Hashable:
    """Return what an edit is about: a later edit on the same target overrides it."""
    match edit:
        case SetEffect() | RestoreEffect():
            return "effect", edit.track_id, edit.effect_id
        case SetSend() | RestoreSend():
            return "send", edit.track_id, edit.to_id
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
    return edit.kind.value


def holds(session: Session, edit: ChainEdit) -> bool:
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


def _effect_is(track: Track | None, effect_id: str, settings: EffectSettings | None) -> bool:
    slot = None if track is None else track.effect(effect_id)
    if slot is None or settings is None:
        return slot is None and settings is None
    return slot.settings is not None and same_settings(slot.settings, settings)


def _send_is(target: Track | None, source_id: str, wanted: tuple[float, SendMode] | None) -> bool:
    send = None if target is None else target.send_from(source_id)
    if send is None or wanted is None:
        return send is None and wanted is None
    return send.mode == wanted[1] and same_level(send.gain_db, wanted[0], _LEVEL_TOLERANCE_DB)
