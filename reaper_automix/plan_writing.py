"""From a plan to a session, all or nothing, and back again: the same rules for every host. Stdlib only.

Nothing the engineer did is written over: a move is skipped when its target has changed since the plan was made, and an
entry of the ledger is left alone when its target has changed since we wrote it. A re-run of a mixer takes back what its
earlier run wrote in the same scope before it writes anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reaper_automix.chain_writing import Made, Standing, write_bus, write_effect, write_send
from reaper_automix.chunks.envelopes import restore_points, spelling
from reaper_automix.edits import (
    Control,
    Edit,
    Host,
    RestoreEffect,
    RestoreSend,
    SetControl,
    SetEffect,
    SetPoints,
    SetSend,
)
from reaper_automix.envelope import has_items_between, is_neutral, place
from reaper_automix.errors import PlanError
from reaper_automix.ledger import Ledger, Undone, undo
from reaper_automix.ledger_entries import TAKE_WORDS, BusEntry, ControlEntry, Entry, PointsEntry, effect_words
from reaper_automix.mixplan import (
    BusMove,
    EffectMove,
    EnvelopeMove,
    FaderMove,
    MixPlan,
    Move,
    PanMove,
    PolarityMove,
    SendMove,
    TakeMove,
    TrackMove,
)
from reaper_automix.project_texts import RECORD_UNREADABLE
from reaper_automix.receipt import Outcome, Receipt, Status
from reaper_automix.session import AutomationMode, Envelope, EnvelopeKind, Session, Track
from reaper_automix.session_edits import control_value, perform
from reaper_automix.take_writing import write_take
from reaper_automix.units import SILENCE_DB

CONTROL_TOLERANCE = 0.01
"""How far (dB, or pan) a control may be from what the plan saw before it counts as moved by hand."""

POINT_TOLERANCE = 0.02
"""The same for envelope points, in dB and seconds."""

EVERYWHERE_S = (float("-inf"), float("inf"))


def engineers_session(
    session: Session, mixer: str, track_ids: frozenset[str], range_s: tuple[float, float] | None
) -> Undone:
    """Return the session as the engineer left it: without what the same mixer wrote in the same scope.

    Tracks on which the engineer changed some of it since are left as they are.

    Parameters
    ----------
    session : Session
        The session as it is.
    mixer : str
        Whose earlier writing is taken back.
    track_ids : frozenset of str
        The tracks in scope.
    range_s : tuple of float or None
        The range in scope; None: the whole session, faders and pans included.
    """
    ledger = Ledger.of(session)
    in_scope = track_ids | {e.track_id for e in ledger.entries if isinstance(e, BusEntry)}
    mine = [e for e in ledger.entries if e.mixer == mixer and e.track_id in in_scope and _in_range(e, range_s)]
    undone = undo(session, mine, kept=[e for e in ledger.entries if e not in mine])
    if not undone.left_alone:
        return undone
    # Fader and ride of a track belong together: where one is the engineer's now, the other stays as it is too.
    yours = {entry.track_id for entry in undone.left_alone}
    mine = [e for e in mine if e.track_id not in yours]
    again = undo(session, mine, kept=[e for e in ledger.entries if e not in mine])
    return replace(again, left_alone=undone.left_alone)


def whole_session(range_s: tuple[float, float], session: Session) -> tuple[float, float] | None:
    """Return None where a range spans the session, else the range itself."""
    return None if range_s[0] <= 0.0 and range_s[1] >= session.end_s - 1e-3 else range_s


def apply_plan(host: Host, plan: MixPlan) -> Receipt:
    """Write a plan into a session.

    Parameters
    ----------
    host : Host
        Where the session lives.
    plan : MixPlan
        What to write.

    Returns
    -------
    Receipt
        One outcome per move, and one per target that was left to the engineer.

    Raises
    ------
    SessionError
        If the host cannot write; nothing has been written then.
    """
    session = host.read_session()
    scope = frozenset(plan.scope_track_ids) | {m.track.id for m in plan.moves if isinstance(m, TrackMove)}
    undone = engineers_session(session, plan.mixer, scope, whole_session(plan.range_s, session))
    writer = _Writer(host, plan, undone)
    for move in plan.moves:
        writer.write(move)
    unused = writer.without_idle_buses()
    edits = _merged([entry.restoring_edit() for entry in undone.restored], writer.edits)
    if edits:
        before = Ledger.of(session)
        earlier = [e for e in before.entries if e not in undone.restored and e not in unused]
        host.write(edits, _after(host, before, Ledger((*earlier, *writer.entries))).to_json())
    else:
        host.write([], session.ledger_json)
    return Receipt((*writer.outcomes, *_left_alone(session, undone.left_alone)), (*writer.notes, *host.notes))


def revert(host: Host) -> Receipt:
    """Take back everything that our runs wrote into a session; what the engineer changed since is left alone.

    Raises
    ------
    PlanError
        If the session's ledger is of another version, or damaged.
    """
    session = host.read_session()
    if not Ledger.is_readable(session):
        raise PlanError(
            "The record of earlier runs in this session cannot be read: revert with the version that wrote it."
        )
    before = Ledger.of(session)
    undone = undo(session, before.entries, for_good=True)
    names = {track.id: track.title for track in session.tracks}
    if before.entries or not host.has_undo:  # else there is nothing to forget, and an undo may bring something back
        ledger = _after(host, before, Ledger())
        host.write([entry.restoring_edit() for entry in undone.restored], ledger.to_json())
    restored = tuple(Outcome(names[e.track_id], e.what, Status.RESTORED) for e in undone.restored)
    damaged = tuple(note for note in session.notes if note.startswith(RECORD_UNREADABLE))
    return Receipt((*restored, *_left_alone(session, undone.left_alone)), (*host.notes, *damaged))


def _after(host: Host, before: Ledger, ledger: Ledger) -> Ledger:
    """Return the ledger to store: with the one before, where the user can undo what we do."""
    return ledger.after(before) if host.has_undo else ledger


class _Writer:
    """Turns moves into edits and ledger entries, on a session from which our earlier writing is gone."""

    def __init__(self, host: Host, plan: MixPlan, undone: Undone) -> None:
        self.edits: list[Edit] = []
        self.entries: list[Entry] = []
        self.outcomes: list[Outcome] = []
        self.notes: list[str] = []
        self._host = host
        self._plan = plan
        self._session = undone.session
        self._restored = undone.restored
        self._kept = undone.kept
        self._left_alone = undone.left_alone
        self._locked = {(e.track_id, e.what) for e in undone.left_alone}
        if plan.session_fingerprint and plan.session_fingerprint != undone.session.fingerprint():
            self.notes.append("The session has changed since the plan was made; each move was checked on its own.")

    def write(self, move: Move) -> None:
        """Turn one move into edits, or say why not."""
        match move:
            case FaderMove():
                self._write_control(move, Control.FADER, move.before_db, max(move.after_db, SILENCE_DB))
            case PanMove():
                self._write_control(move, Control.PAN, move.before, move.after)
            case PolarityMove():
                before = None if move.before is None else float(move.before)
                self._write_control(move, Control.POLARITY, before, float(move.after))
            case EnvelopeMove():
                self._write_envelope(move)
            case EffectMove():
                if (move.track.id, effect_words(move.tag)) not in self._locked:
                    self._take(write_effect(move, self._standing()))
            case SendMove():
                if (move.track.id, "send") not in self._locked:
                    self._take([write_send(move, self._standing())])
            case BusMove():
                self._take([write_bus(move, self._standing())])
            case TakeMove():
                if (move.track.id, TAKE_WORDS) not in self._locked:
                    self._take([write_take(move, self._standing())])

    def without_idle_buses(self) -> list[BusEntry]:
        """Remove the buses that earlier runs of this mixer made and that nothing uses any more."""
        mine = [e for e in self._kept if isinstance(e, BusEntry) and e.mixer == self._plan.mixer]
        idle = [entry for entry in mine if entry.stands_in(self._session)]
        for entry in idle:
            self._add(entry.restoring_edit())
            self.outcomes.append(Outcome(entry.now, entry.what, Status.RESTORED, "nothing uses it any more"))
        return idle

    def _standing(self) -> Standing:
        known = (*self._kept, *self._left_alone, *self.entries)
        return Standing(self._session, self._plan.mixer, self._restored, known, self._host)

    def _take(self, made: Iterable[Made]) -> None:
        """Keep what moves of the chain come to."""
        for one in made:
            self.outcomes.append(one.outcome)
            if one.edit is not None and one.entry is not None:
                self._add(one.edit)
                self.entries.append(one.entry)

    def _find(self, move: FaderMove | PanMove | PolarityMove | EnvelopeMove, what: str) -> Track | None:
        try:
            return self._session.track(move.track.id)
        except KeyError:
            detail = "the track is not in the session any more; run again"
            self.outcomes.append(Outcome(move.track.name or move.track.id, what, Status.SKIPPED, detail))
            return None

    def _write_control(
        self, move: FaderMove | PanMove | PolarityMove, control: Control, before: float | None, after: float
    ) -> None:
        track = self._find(move, control.value)
        if track is None or (track.id, control.value) in self._locked:
            return
        present = control_value(track, control)
        if before is not None and abs(present - before) > CONTROL_TOLERANCE:
            detail = f"it stands at {present:.2f}, the plan saw {before:.2f}: moved since; run again"
            self.outcomes.append(Outcome(track.title, control.value, Status.SKIPPED, detail))
            return
        if abs(present - after) <= 1e-9:
            self.outcomes.append(Outcome(track.title, control.value, Status.UNCHANGED))
            return
        was = self._spelling(track.id, control)
        self._add(SetControl(track.id, control, after))
        self.entries.append(ControlEntry(self._plan.mixer, track.id, control, was, after))
        self.outcomes.append(Outcome(track.title, control.value, Status.WRITTEN, _from_to(control, present, after)))

    def _write_envelope(self, move: EnvelopeMove) -> None:
        what = f"{move.envelope.value} envelope"
        track = self._find(move, what)
        if track is None or (track.id, what) in self._locked:
            return
        kind, detail = self._free_kind(track, move)
        if kind is None:
            self.outcomes.append(Outcome(track.title, what, Status.SKIPPED, detail))
            return
        old = track.envelope(kind)
        placed = place(old, kind, move.points, move.range_s, session_end_s=self._session.end_s)
        was = self._envelope_spelling(track.id, kind, placed.window_s)
        self._add(SetPoints(track.id, kind, placed.window_s, placed.points))
        entry = PointsEntry(self._plan.mixer, track.id, kind, move.range_s, placed.window_s, was, placed.points)
        self.entries.append(entry)
        levels = [point.value for point in placed.points]
        said = f"{len(levels)} points from {min(levels):+.1f} to {max(levels):+.1f} dB"
        said = said if kind.is_volume else f"{len(levels)} points"
        self.outcomes.append(
            Outcome(track.title, f"{kind.value} envelope", Status.WRITTEN, f"{said}; {detail}" if detail else said)
        )

    def _free_kind(self, track: Track, move: EnvelopeMove) -> tuple[EnvelopeKind | None, str]:
        """Return the envelope that may take the points, and what to say about it."""
        kind, problem = free_envelope(self._session, track, move.envelope, move.range_s, known=_knows(track, move))
        if kind is None or kind == move.envelope:
            return kind, problem
        return kind, f"{problem}, so the points went to the {kind.value} envelope"

    def _spelling(self, track_id: str, control: Control) -> str:
        """Return how the project spells a control once our earlier writing is taken back."""
        for entry in self._restored[::-1]:
            if isinstance(entry, ControlEntry) and (entry.track_id, entry.control) == (track_id, control):
                return entry.was
        return self._host.spelling(track_id, control)

    def _envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        """Return the envelope lines of a window once our earlier writing is taken back."""
        mine = _points_entries(self._restored, track_id, kind)
        if any(not entry.was for entry in _points_entries((*self._kept, *self.entries), track_id, kind)):
            return ()  # the envelope is there only because another entry of ours made it
        if not mine:
            return self._host.envelope_spelling(track_id, kind, window_s)
        lines: list[str] | None = list(self._host.envelope_spelling(track_id, kind, EVERYWHERE_S))
        for entry in mine:
            lines = restore_points(lines or [], entry.window_s, entry.was)
        return () if lines is None else spelling(lines, window_s)

    def _add(self, edit: Edit) -> None:
        self.edits.append(edit)
        self._session = perform(self._session, [edit])


def _merged(restoring: Sequence[Edit], edits: Sequence[Edit]) -> list[Edit]:
    """Return both without the restorations of plug-ins and sends that are then set again: those are set in place."""
    effects = {(e.track_id, e.effect_id) for e in edits if isinstance(e, SetEffect)}
    sends = {(e.track_id, e.to_id) for e in edits if isinstance(e, SetSend)}
    kept = [
        edit
        for edit in restoring
        if not (isinstance(edit, RestoreEffect) and (edit.track_id, edit.effect_id) in effects)
        and not (isinstance(edit, RestoreSend) and (edit.track_id, edit.to_id) in sends)
    ]
    return [*kept, *edits]


def _from_to(control: Control, before: float, after: float) -> str:
    """Say a change of a control in words."""
    if control == Control.FADER:
        return f"from {before:+.1f} to {after:+.1f} dB"
    if control == Control.PAN:
        return f"from {before:+.2f} to {after:+.2f}"
    return "inverted" if after else "as recorded"


def free_envelope(
    session: Session, track: Track, wanted: EnvelopeKind, range_s: tuple[float, float], *, known: bool = False
) -> tuple[EnvelopeKind | None, str]:
    """Return the envelope that may take a ride: the one wanted, or Trim Volume where Volume holds other automation.

    With it comes why it is not the one wanted or, with None, why there is none and what to do; empty if all is well.
    """
    if session.mode_of(track) == AutomationMode.BYPASS:
        return None, "the global automation override bypasses all envelopes; set it back to none and run again"
    problem = occupied(session, track, wanted, range_s, known=known)
    if not problem:
        return wanted, ""
    if wanted == EnvelopeKind.VOLUME:
        trim_problem = occupied(session, track, EnvelopeKind.TRIM_VOLUME, range_s)
        if not trim_problem:
            return EnvelopeKind.TRIM_VOLUME, problem
        problem = f"{problem}, and {trim_problem}"
    return None, f"{problem}; clear one of them in this range and run again"


def occupied(
    session: Session, track: Track, kind: EnvelopeKind, range_s: tuple[float, float], *, known: bool = False
) -> str:
    """Say what keeps us from writing into an envelope between two times; empty if nothing does.

    Parameters
    ----------
    session, track, kind, range_s
        The envelope and the range.
    known : bool
        The points there are known to the plan, which means to replace them.
    """
    envelope = track.envelope(kind)
    if kind == EnvelopeKind.VOLUME and session.mode_of(track) != AutomationMode.TRIM_READ:
        return f"in {session.mode_of(track).name.lower()} mode the Volume envelope would own the fader"
    if envelope is None:
        return ""
    if not envelope.active and not is_neutral(replace(envelope, active=True), *EVERYWHERE_S):
        return f"the {kind.value} envelope holds bypassed automation"
    if has_items_between(envelope, *range_s):
        return f"the {kind.value} envelope holds automation items here"
    if envelope.automation_items and envelope.bypass_outside_items:
        return f"the {kind.value} envelope plays only inside its automation items"
    if not known and not is_neutral(envelope, *range_s):
        return f"the {kind.value} envelope holds automation here"
    return ""


def fader_is_owned(session: Session, track: Track) -> bool:
    """Tell whether a playing Volume envelope moves the fader, so that the fader's own value is not heard."""
    volume = track.envelope(EnvelopeKind.VOLUME)
    mode = session.mode_of(track)
    return volume is not None and volume.plays and mode not in (AutomationMode.TRIM_READ, AutomationMode.BYPASS)


def _knows(track: Track, move: EnvelopeMove) -> bool:
    """Tell whether the plan saw the very points that are there now."""
    if move.before_points is None:
        return False
    envelope = track.envelope(move.envelope) or Envelope(move.envelope)
    present = [(p.time_s, p.value) for p in envelope.points if move.range_s[0] <= p.time_s <= move.range_s[1]]
    return (
        bool(present)
        and len(present) == len(move.before_points)
        and all(
            abs(a[0] - b[0]) <= POINT_TOLERANCE and abs(a[1] - b[1]) <= POINT_TOLERANCE
            for a, b in zip(present, move.before_points, strict=True)
        )
    )


def _points_entries(entries: Iterable[Entry], track_id: str, kind: EnvelopeKind) -> list[PointsEntry]:
    return [e for e in entries if isinstance(e, PointsEntry) and (e.track_id, e.kind) == (track_id, kind)]


def _in_range(entry: Entry, range_s: tuple[float, float] | None) -> bool:
    """Tell whether a re-run on a range replaces an entry: only one that lies in the range as a whole; never a bus."""
    if range_s is None:
        return not isinstance(entry, BusEntry)
    return isinstance(entry, PointsEntry) and range_s[0] <= entry.range_s[0] and entry.range_s[1] <= range_s[1]


def _left_alone(session: Session, entries: tuple[Entry, ...]) -> tuple[Outcome, ...]:
    names = {track.id: track.title for track in session.tracks}
    changed = "changed since an earlier automix run wrote it, so it is yours"
    used = "something else is on it, goes to it or comes from it, so it stays"
    return tuple(
        Outcome(names[e.track_id], e.what, Status.LEFT_ALONE, used if isinstance(e, BusEntry) else changed)
        for e in entries
    )
