"""Moves of plug-ins, sends and buses as edits: what may be written, and why not. Stdlib only.

A plug-in of ours is told by its id and the name of its instance, both in the ledger: one that carries such a name but
is not in it (on a duplicated track, say) is the engineer's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from reaper_automix.edits import AddBus, Edit, Host, SetEffect, SetSend
from reaper_automix.effect_settings.kinds import EffectSettings, effect_of, same_settings
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.guids import guid_of
from reaper_automix.ledger_entries import BusEntry, EffectEntry, Entry, SendEntry, effect_words
from reaper_automix.mixplan import BusMove, EffectMove, SendMove, bus_ref
from reaper_automix.plugins.registry import USUAL_RATE_HZ, instances, playable, short_name
from reaper_automix.receipt import Outcome, Status
from reaper_automix.session import FxSlot, Session, Track
from reaper_automix.units import SILENCE_DB

_EFFECT_NAMESPACE = uuid.UUID("b54b0d60-3a0c-4a39-93f5-5a5f1f5d7c11")
_LEVEL_TOLERANCE_DB = 0.01
_GONE = "the track is not in the session any more; run again"


@dataclass(frozen=True, slots=True)
class Made:
    """What one instance of a plug-in, one send or one bus comes to; without an edit, nothing changes."""

    outcome: Outcome
    edit: Edit | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds while a plan is written: the session without our earlier run, and the entries that concern it.

    Parameters
    ----------
    session : Session
        As the moves before this one leave it.
    mixer : str
        Whose plan it is.
    restored : sequence of Entry
        What the same mixer's earlier run wrote and is written anew.
    known : sequence of Entry
        What else of ours stands.
    host : Host
        Where it is written.
    """

    session: Session
    mixer: str
    restored: Sequence[Entry]
    known: Sequence[Entry]
    host: Host

    def track(self, track_id: str) -> Track | None:
        """Return a track, None where it is gone."""
        return next((track for track in self.session.tracks if track.id == track_id), None)

    def made_chain(self, track_id: str, effect_id: str) -> bool:
        """Tell whether our earlier run had to make the chain in which this plug-in lies."""
        mine = (e for e in self.restored if isinstance(e, EffectEntry) and e.track_id == track_id)
        return any(e.effect_id == effect_id and not e.had_chain for e in mine)


def effect_id(track_id: str, tag: str, plugin: str) -> str:
    """Return the GUID for a new plug-in: the same for the same place, so that a run can be repeated."""
    return guid_of(_EFFECT_NAMESPACE, f"{track_id}/{tag}/{plugin}")


# --- plug-ins ------------------------------------------------------------------------------------------------------


def write_effect(move: EffectMove, standing: Standing) -> list[Made]:
    """Return what a move of a plug-in comes to: one for each instance that it needs."""
    what = f"{effect_words(move.tag)} ({move.plugin})"
    track = standing.track(move.track.id)
    problem = _GONE if track is None else _chain_problem(track)
    if track is None or problem:
        name = move.track.name or move.track.id if track is None else track.title
        return [Made(Outcome(name, what, Status.SKIPPED, problem))]
    plugin, note = standing.host.writable_plugin(move.plugin)
    rate_hz = standing.session.sample_rate_hz or USUAL_RATE_HZ
    settings, notes = playable(plugin, move.settings, rate_hz)
    said = tuple(filter(None, (note, *notes)))
    before = None if move.before is None else playable(plugin, move.before, rate_hz)[0]
    return [
        _write_instance(standing, track, plugin, tag, part, before if tag == move.tag else None, said)
        for tag, part in instances(plugin, move.tag, settings)
    ]


def _chain_problem(track: Track) -> str:
    if track.frozen:
        return "the track is frozen; unfreeze it and run again"
    if track.effects_bypassed:
        return "the track's chain of plug-ins is bypassed; switch it on and run again"
    return ""


def _write_instance(
    standing: Standing,
    track: Track,
    plugin: str,
    tag: str,
    settings: EffectSettings,
    before: EffectSettings | None,
    notes: tuple[str, ...],
) -> Made:
    what = f"{effect_words(tag)} ({plugin})"
    present = track.effects_tagged(tag)
    if present:
        problem = _slot_problem(standing, track, present, plugin, before)
        if problem:
            return Made(Outcome(track.title, what, Status.SKIPPED, problem))
    slot = present[0] if present else None
    if slot is not None and slot.settings is not None and same_settings(slot.settings, settings):
        return Made(Outcome(track.title, what, Status.UNCHANGED))
    own_id = effect_id(track.id, tag, plugin) if slot is None else slot.id
    for entry in standing.restored if slot is None else ():
        if isinstance(entry, EffectEntry) and (entry.track_id, entry.tag, entry.was) == (track.id, tag, None):
            own_id = entry.effect_id if effect_of(entry.now) == effect_of(settings) else own_id
    had_chain = standing.host.has_chain(track.id) and not standing.made_chain(track.id, own_id)
    was = None if slot is None else slot.settings
    entry = EffectEntry(standing.mixer, track.id, own_id, tag, was, settings, had_chain)
    detail = "; ".join((settings_words(settings), *(note.rstrip(".") for note in notes)))
    edit = SetEffect(track.id, own_id, plugin, tag, settings)
    return Made(Outcome(track.title, what, Status.WRITTEN, detail), edit, entry)


def _slot_problem(
    standing: Standing, track: Track, present: Sequence[FxSlot], plugin: str, before: EffectSettings | None
) -> str:
    """Say why the plug-in that carries this name may not be set; empty where it may."""
    slot = present[0]
    ours = {e.effect_id for e in standing.known if isinstance(e, EffectEntry) and e.track_id == track.id}
    if len(present) > 1 or slot.id not in ours:
        return f"it has a plug-in called '{slot.tag}' that no run wrote there; rename or remove it and run again"
    if short_name(slot.name) != plugin:
        return f"'{slot.tag}' is another plug-in ({slot.name}) there; remove it and run again"
    if not slot.is_heard or slot.altered or slot.settings is None:
        return f"'{slot.tag}' was changed by hand, so it is yours"
    if before is not None and not same_settings(slot.settings, before):
        return f"'{slot.tag}' is not set as the plan saw it: moved since; run again"
    return ""


# --- sends and buses -------------------------------------------------------------------------------------------------


def write_send(move: SendMove, standing: Standing) -> Made:
    """Return what a move of a send comes to."""
    what = f"send to {move.to}"
    track, bus = standing.track(move.track.id), standing.track(bus_ref(move.to).id)
    if track is None or bus is None:
        problem = _GONE if track is None else f"there is no bus '{move.to}' of ours; plan again"
        return Made(Outcome(move.track.name or move.track.id, what, Status.SKIPPED, problem))
    send = bus.send_from(track.id)
    now = (max(move.level_db, SILENCE_DB), move.mode)
    if send is not None:
        known = any(isinstance(e, SendEntry) and (e.track_id, e.to_id) == (track.id, bus.id) for e in standing.known)
        if not known:
            return Made(Outcome(track.title, what, Status.SKIPPED, "a send that no run wrote is there, so it is yours"))
        if move.before_db is not None and abs(send.gain_db - move.before_db) > _LEVEL_TOLERANCE_DB:
            detail = f"it stands at {send.gain_db:+.1f} dB, the plan saw {move.before_db:+.1f}: moved since; run again"
            return Made(Outcome(track.title, what, Status.SKIPPED, detail))
        if abs(send.gain_db - now[0]) <= 1e-9 and send.mode == move.mode:
            return Made(Outcome(track.title, what, Status.UNCHANGED))
    was = None if send is None else (send.gain_db, send.mode)
    entry = SendEntry(standing.mixer, track.id, bus.id, was, now)
    detail = f"{now[0]:+.1f} dB, {move.mode.value}"
    return Made(Outcome(track.title, what, Status.WRITTEN, detail), SetSend(track.id, bus.id, *now), entry)


def write_bus(move: BusMove, standing: Standing) -> Made:
    """Return what a move of a bus comes to: nothing, where an earlier run has made it."""
    ref = bus_ref(move.name)
    if standing.track(ref.id) is not None:
        return Made(Outcome(move.name, "bus", Status.UNCHANGED))
    entry = BusEntry(standing.mixer, ref.id, move.name)
    return Made(Outcome(move.name, "bus", Status.WRITTEN), AddBus(ref.id, move.name), entry)
