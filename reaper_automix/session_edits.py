"""Edits performed on a session in memory: what a host will make of them. Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reaper_automix.chunks.envelopes import parse_envelope
from reaper_automix.edits import Control, Edit, RestoreControl, RestorePoints, SetControl, SetPoints
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, Session, Track
from reaper_automix.units import SILENCE_DB, lin_to_db


def perform(session: Session, edits: Iterable[Edit]) -> Session:
    """Return the session with the edits done.

    Raises
    ------
    KeyError
        If an edit names a track that the session does not have.
    """
    for edit in edits:
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
