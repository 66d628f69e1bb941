"""Edits performed on a session in memory: what a host will make of them. Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reaper_automix.chunks.envelopes import parse_envelope
from reaper_automix.edits import (
    AddBus,
    AddTake,
    Control,
    Edit,
    RemoveBus,
    RemoveTake,
    RestoreControl,
    RestoreEffect,
    RestorePoints,
    RestoreSend,
    SetControl,
    SetEffect,
    SetPoints,
    SetSend,
)
from reaper_automix.plugins.registry import listed_name
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, FxSlot, Item, Send, Session, Source, Track
from reaper_automix.units import SILENCE_DB, lin_to_db


def perform(session: Session, edits: Iterable[Edit]) -> Session:
    """Return the session with the edits done.

    Raises
    ------
    KeyError
        If an edit names a track that the session does not have.
    """
    for edit in edits:
        match edit:
            case AddBus():
                bus = Track(edit.track_id, edit.name, len(session.tracks) + 1)
                session = replace(session, tracks=(*session.tracks, bus))
            case RemoveBus():
                session = _without_track(session, edit.track_id)
            case SetSend() | RestoreSend():
                session.track(edit.track_id)
                target = session.track(edit.to_id)
                session = session.with_tracks({target.id: _with_send(target, edit)})
            case _:
                track = session.track(edit.track_id)
                session = session.with_tracks({track.id: _edited(track, edit)})
    return session


def control_value(track: Track, control: Control) -> float:
    """Return a control in the units of ``SetControl``."""
    match control:
        case Control.FADER:
            return track.gain_db
        case Control.PAN:
            return track.pan
        case Control.POLARITY:
            return float(track.polarity_inverted)


def control_from_spelling(control: Control, was: str) -> float:
    """Return the value that a host's spelling of a control means: the fader is spelled as a linear gain."""
    return lin_to_db(float(was)) if control == Control.FADER else float(was)


def _without_track(session: Session, track_id: str) -> Session:
    """Return the session without a track, the sends that come from it, and gaps in the numbers."""
    gone = session.track(track_id)
    tracks = tuple(
        replace(
            t,
            number=t.number - (t.number > gone.number),
            receives=tuple(s for s in t.receives if s.source_track_id != track_id),
        )
        for t in session.tracks
        if t.id != track_id
    )
    return replace(session, tracks=tracks)


def _with_send(target: Track, edit: SetSend | RestoreSend) -> Track:
    """Return the receiving track with a send set, added or taken away."""
    old = target.send_from(edit.track_id)
    if isinstance(edit, SetSend):
        level = (edit.level_db, edit.mode)
    elif edit.was is not None:
        level = edit.was
    else:
        return replace(target, receives=tuple(s for s in target.receives if s is not old))
    new = replace(old or Send(edit.track_id), gain_db=max(level[0], SILENCE_DB), mode=level[1])
    if old is None:
        return replace(target, receives=(*target.receives, new))
    return replace(target, receives=tuple(new if s is old else s for s in target.receives))


def _with_effect(track: Track, edit: SetEffect | RestoreEffect) -> Track:
    """Return the track with a plug-in of ours set, inserted after the others or taken away."""
    old = track.effect(edit.effect_id)
    if isinstance(edit, RestoreEffect):
        if edit.was is None or old is None:
            return replace(track, effects=tuple(fx for fx in track.effects if fx is not old))
        return replace(
            track, effects=tuple(replace(fx, settings=edit.was) if fx is old else fx for fx in track.effects)
        )
    if old is None:
        new = FxSlot(edit.effect_id, listed_name(edit.plugin), "VST", tag=edit.tag, settings=edit.settings)
        return replace(track, effects=(*track.effects, new))
    new = replace(old, settings=edit.settings, altered=False)
    return replace(track, effects=tuple(new if fx is old else fx for fx in track.effects))


def _with_take(item: Item, edit: AddTake | RemoveTake) -> Item:
    """Return an item with a take added, or without it; a take that is gone stays so."""
    if isinstance(edit, AddTake):
        old = item.takes[item.active_take]
        source = Source("WAVE", edit.file)
        gain_db = old.gain_db + edit.gain_db
        new = replace(
            old, id=edit.take_id, name=edit.name, source=source, start_offset_s=0.0, channel_mode=0, gain_db=gain_db
        )
        return replace(item, takes=(*item.takes, new), active_take=len(item.takes))
    takes = tuple(take for take in item.takes if take.id != edit.take_id)
    if len(takes) == len(item.takes):
        return item
    active = next((n for n, take in enumerate(takes) if take.id == edit.active_id), 0)
    return replace(item, takes=takes, active_take=active)


def _edited(track: Track, edit: Edit) -> Track:
    match edit:
        case SetControl():
            return _with_control(track, edit.control, edit.value)
        case RestoreControl():
            return _with_control(track, edit.control, control_from_spelling(edit.control, edit.was))
        case SetPoints():
            old = track.envelope(edit.kind) or Envelope(edit.kind, armed=True, fader_scaling=edit.kind.is_volume)
            points = _spliced(old.points, edit.window_s, edit.points)
            return _with_envelope(track, edit.kind, replace(old, active=True, visible=True, points=points))
        case RestorePoints():
            return _with_envelope(track, edit.kind, _restored(track, edit))
        case SetEffect() | RestoreEffect():
            return _with_effect(track, edit)
        case AddTake() | RemoveTake():
            items = tuple(_with_take(item, edit) if item.id == edit.item_id else item for item in track.items)
            return replace(track, items=items)
    raise TypeError(f"{type(edit).__name__} is no edit of one track")


def _with_control(track: Track, control: Control, value: float) -> Track:
    match control:
        case Control.FADER:
            return replace(track, gain_db=max(value, SILENCE_DB))
        case Control.PAN:
            return replace(track, pan=value)
        case Control.POLARITY:
            return replace(track, polarity_inverted=bool(value))


def _restored(track: Track, edit: RestorePoints) -> Envelope | None:
    """Return the envelope as it was before a ``SetPoints``; None if that had created it and nothing else is left."""
    now = track.envelope(edit.kind)
    if not edit.was:
        if now is None:
            return None
        points = _spliced(now.points, edit.window_s, ())
        return replace(now, points=points) if points else None
    was = parse_envelope(edit.was, edit.kind)
    now = now or was
    points = _spliced(now.points, edit.window_s, was.points)
    return replace(now, active=was.active, visible=was.visible, armed=was.armed, points=points)


def _spliced(
    old: tuple[EnvelopePoint, ...], window_s: tuple[float, float], new: tuple[EnvelopePoint, ...]
) -> tuple[EnvelopePoint, ...]:
    """Replace the points inside a window, ends included."""
    before = tuple(p for p in old if p.time_s < window_s[0])
    after = tuple(p for p in old if p.time_s > window_s[1])
    return (*before, *new, *after)


def _with_envelope(track: Track, kind: EnvelopeKind, envelope: Envelope | None) -> Track:
    """Replace, add or (None) remove an envelope; REAPER's order of envelopes does not matter to anyone here."""
    if envelope is None:
        return replace(track, envelopes=tuple(e for e in track.envelopes if e.kind != kind))
    if track.envelope(kind) is None:
        return replace(track, envelopes=(*track.envelopes, envelope))
    return replace(track, envelopes=tuple(envelope if e.kind == kind else e for e in track.envelopes))
