"""From what a mixer decides to the moves of a plan: strength, fader or envelope, thinning, limits. Stdlib only.

A mixer answers per track with a change in dB over time, relative to what the session plays now. That keeps every level
the engineer set (automation, VCA, folders) as part of what is heard. The change is split: the fader takes its weighted
mean, the envelope the ride around 0 dB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from reaper_automix.envelope import points_between, thin
from reaper_automix.mixplan import EnvelopeMove, FaderMove, Move, Point, TrackRef
from reaper_automix.plan_writing import fader_is_owned, free_envelope
from reaper_automix.session import EnvelopeKind, Session, Track
from reaper_automix.settings import ENVELOPE_TOP_DB, FADER_TOP_DB, MixSettings
from reaper_automix.units import SILENCE_DB

SMALLEST_MOVE_DB = 0.02
"""A change below this is no move: nobody hears it, and it would only stand in the way."""


@dataclass(frozen=True, slots=True)
class GainDecision:
    """How one track's level should change.

    Parameters
    ----------
    track_id : str
        The track.
    change_db : tuple of (time in s, dB)
        The change over time; one point is a constant change.
    reason : str
        Why, in words for the engineer.
    weights : tuple of float
        How much each point counts for the mean that goes to the fader (loudness, say); empty: all the same.
    ride_reason : str
        Why the change is not constant; empty where ``reason`` says it all.
    """

    track_id: str
    change_db: tuple[Point, ...]
    reason: str
    weights: tuple[float, ...] = ()
    ride_reason: str = ""

    def mean_db(self) -> float:
        """Return the weighted mean of the change."""
        weights = self.weights or (1.0,) * len(self.change_db)
        total = sum(weights)
        if total <= 0.0:
            return 0.0
        return sum(w * level for w, (_, level) in zip(weights, self.change_db, strict=True)) / total

    def shifted(self, offset_db: float) -> GainDecision:
        """Return the decision moved up or down as a whole."""
        return replace(self, change_db=tuple((t, level + offset_db) for t, level in self.change_db))

    def rounded(self) -> GainDecision:
        """Return the decision in steps of 0.0001 dB: the same curve at another level has the same points then."""
        return replace(self, change_db=tuple((t, round(level, 4)) for t, level in self.change_db))

    def scaled(self, share: float) -> GainDecision:
        """Return the decision at a share (0..1) of its strength, in dB."""
        return replace(self, change_db=tuple((t, level * share) for t, level in self.change_db))


@dataclass(frozen=True, slots=True)
class Decided:
    """A mixer's answer at full strength.

    Parameters
    ----------
    levels : tuple of GainDecision
        How loud each track should be.
    others : tuple of Move
        What else should be: pans, polarities, plug-ins, sends, buses. With a range shorter than the session nothing of
        it is done.
    warnings : tuple of str
        What the engineer should know.
    labels : mapping of track id to str
        What the mixer took a track for, where that is more than its role.
    findings : object
        What the mixer found, for its own section of the report.
    """

    levels: tuple[GainDecision, ...] = ()
    others: tuple[Move, ...] = ()
    warnings: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    findings: object = None


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves, and what the engineer should know about those that could not be made as decided."""

    moves: tuple[Move, ...] = ()
    warnings: tuple[str, ...] = ()


def moves_from(
    decisions: Iterable[GainDecision],
    session: Session,
    settings: MixSettings,
    *,
    range_s: tuple[float, float],
    whole: bool,
) -> Moves:
    """Turn decisions into moves.

    Parameters
    ----------
    decisions : iterable of GainDecision
        At full strength; the settings' strength has been applied by the caller (see ``GainDecision.scaled``).
    session : Session
        The session as the engineer left it.
    settings : MixSettings
        Where levels go and how far points may be thinned.
    range_s : tuple of float
        The range in scope.
    whole : bool
        Whether the range is the whole session; if not, no fader moves.
    """
    moves: list[Move] = []
    warnings: list[str] = []
    for decision in decisions:
        track = session.track(decision.track_id)
        if whole and not settings.all_on_envelope and not fader_is_owned(session, track):
            made = _fader_and_ride(decision, session, track, settings, range_s)
        else:
            both = "; ".join(filter(None, (decision.reason, decision.ride_reason)))
            made = _envelope_only(replace(decision, reason=both), session, track, settings, range_s)
        moves += made.moves
        warnings += made.warnings
    return Moves(tuple(moves), tuple(warnings))


def _fader_and_ride(
    decision: GainDecision, session: Session, track: Track, settings: MixSettings, range_s: tuple[float, float]
) -> Moves:
    mean_db = decision.mean_db()
    moves: list[Move] = []
    warnings: list[str] = []
    wanted_db = track.gain_db + mean_db
    after_db = min(max(wanted_db, SILENCE_DB), max(FADER_TOP_DB, track.gain_db))
    if after_db < wanted_db - SMALLEST_MOVE_DB:
        warnings.append(_too_high(track, wanted_db, "the fader", after_db))
    if abs(after_db - track.gain_db) > SMALLEST_MOVE_DB:
        ref = TrackRef(track.id, track.title)
        moves.append(FaderMove(ref, track.gain_db, after_db, decision.reason))
    ride = replace(decision.shifted(-mean_db).rounded(), reason=decision.ride_reason or decision.reason)
    if any(abs(level) > settings.max_error_db for _, level in ride.change_db):
        made = _envelope_only(ride, session, track, settings, range_s)
        return Moves((*moves, *made.moves), (*warnings, *made.warnings))
    return Moves(tuple(moves), tuple(warnings))


def _envelope_only(
    decision: GainDecision, session: Session, track: Track, settings: MixSettings, range_s: tuple[float, float]
) -> Moves:
    if all(abs(level) <= SMALLEST_MOVE_DB for _, level in decision.change_db):
        return Moves()
    kind, problem = free_envelope(session, track, EnvelopeKind(settings.ride_envelope), range_s)
    if kind is None:
        return Moves(warnings=(f"{track.title}: left as it is, because {problem}.",))
    curve = _inside(decision.change_db, range_s)
    highest_db = max(level for _, level in curve)
    warnings: tuple[str, ...] = ()
    if highest_db > ENVELOPE_TOP_DB:
        curve = tuple((t, min(level, ENVELOPE_TOP_DB)) for t, level in curve)
        warnings = (_too_high(track, highest_db, "the envelope", ENVELOPE_TOP_DB),)
    points = thin(curve, max_error_db=settings.max_error_db)
    before = tuple((p.time_s, p.value) for p in points_between(track.envelope(kind), *range_s))
    reason = f"{decision.reason} (on {kind.value}, because {problem})" if problem else decision.reason
    move = EnvelopeMove(TrackRef(track.id, track.title), kind, range_s, points, before, reason)
    return Moves((move,), warnings)


def _too_high(track: Track, wanted_db: float, what: str, top_db: float) -> str:
    return (
        f"{track.title}: {wanted_db:+.1f} dB was wanted, {what} ends at {top_db:+.1f} dB. "
        "Raise the item's or take's gain for more."
    )


def _inside(curve: Sequence[Point], range_s: tuple[float, float]) -> tuple[Point, ...]:
    """Cut a curve to a range, with a point at its start (and at its end where it is not constant)."""
    start_s, end_s = range_s
    if len(curve) == 1:
        return ((start_s, curve[0][1]),)
    inner = [(t, level) for t, level in curve if start_s < t < end_s]
    return ((start_s, _level_at(curve, start_s)), *inner, (end_s, _level_at(curve, end_s)))


def _level_at(curve: Sequence[Point], time_s: float) -> float:
    """Interpolate a curve linearly in dB; it holds its value outside."""
    if time_s <= curve[0][0]:
        return curve[0][1]
    for (t0, a), (t1, b) in pairwise(curve):
        if time_s <= t1:
            return a if t1 <= t0 else a + (b - a) * (time_s - t0) / (t1 - t0)
    return curve[-1][1]
