"""A plan into the open project: the rules of ``plan_writing``, and nothing where the audio has changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reaper_automix import plan_writing
from reaper_automix.errors import SessionError
from reaper_automix.mixplan import EnvelopeMove, MixPlan, Move, TrackMove
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.open_project import ReaperHost
from reaper_automix.receipt import Outcome, Receipt, Status
from reaper_automix.session import Session, Track

_CHANGED = "its items, offset or plug-ins have changed since it was heard; run again"


def apply_plan(
    api: Any,
    plan_json: str,
    *,
    project: str | None = None,
    heard: Session | None = None,
    known: Session | None = None,
    known_at: int = -1,
) -> Receipt:
    """Write a plan into the open project, in one undo step.

    Parameters
    ----------
    api : object
        The ReaScript functions (see ``api.Reaper``).
    plan_json : str
        The plan in its published format.
    project : str, optional
        Pointer of the project tab; the one in front by default.
    heard : Session, optional
        The session for which the plan was made: tracks that sound different now are left alone.
    known, known_at : Session and int, optional
        The session as it was read last, and REAPER's change count then: where it still counts the same, the project is
        not read again.

    Raises
    ------
    SessionError
        If REAPER records, or something does not read back; nothing was changed then.
    PlanError
        If the plan cannot be read.
    """
    reaper = Reaper(api, project)
    plan = plan_from_json(plan_json)
    if reaper.is_recording():
        raise SessionError("REAPER is recording, so nothing was written. Stop the recording and run again.")
    host = ReaperHost(reaper, f"Automix: {plan.mixer}", known=known, known_at=known_at)
    with reaper.brought_to_front():
        changed = _heard_differently(heard, host.read_session()) if heard is not None else frozenset()
        receipt = plan_writing.apply_plan(host, _without(plan, changed))
    skipped = tuple(_skipped(move) for move in plan.moves if _track_id(move) in changed)
    return Receipt((*receipt.outcomes, *skipped), receipt.notes)


def revert(api: Any, *, project: str | None = None) -> Receipt:
    """Take back everything that our runs wrote into the open project, in one undo step.

    Raises
    ------
    SessionError
        If REAPER records, or something does not read back; nothing was changed then.
    PlanError
        If the record of earlier runs cannot be read.
    """
    reaper = Reaper(api, project)
    if reaper.is_recording():
        raise SessionError("REAPER is recording, so nothing was taken back. Stop the recording and run again.")
    with reaper.brought_to_front():
        return plan_writing.revert(ReaperHost(reaper, "Automix: revert"))


def _heard_differently(heard: Session, now: Session) -> frozenset[str]:
    """Return the tracks whose audio before the fader is not what it was when the plan was made."""
    before = {track.id: _audio(track) for track in heard.tracks}
    return frozenset(t.id for t in now.tracks if t.id in before and before[t.id] != _audio(t))


def _audio(track: Track) -> Track:
    """Return a track with only what is heard before its fader."""
    bare = Track(id=track.id, name="")
    items = tuple(replace(item, line_number=None) for item in track.items)
    effects = track.effects_heard()
    return replace(bare, items=items, effects=effects, play_offset_s=track.play_offset_s)


def _without(plan: MixPlan, track_ids: frozenset[str]) -> MixPlan:
    """Return a plan without its moves on some tracks; what an earlier run wrote on those stays as well."""
    return replace(
        plan,
        moves=tuple(move for move in plan.moves if _track_id(move) not in track_ids),
        scope_track_ids=tuple(i for i in plan.scope_track_ids if i not in track_ids),
    )


def _track_id(move: Move) -> str | None:
    return move.track.id if isinstance(move, TrackMove) else None


def _skipped(move: Move) -> Outcome:
    name = move.track.name if isinstance(move, TrackMove) else ""
    what = f"{move.envelope.value} envelope" if isinstance(move, EnvelopeMove) else str(move.kind)
    return Outcome(name, what, Status.SKIPPED, _CHANGED)
