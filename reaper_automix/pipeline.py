"""The sentence of this project: read a session, let a mixer plan, write the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.measurement import Measurement
from reaper_automix.analysis.roles import UTILITY_ROLES, Role
from reaper_automix.audio.render import Console, session_rate_hz
from reaper_automix.audio.seen_files import SeenFiles
from reaper_automix.audio.skips import Skip, notes, skip_lines, skips_of
from reaper_automix.errors import ScopeError
from reaper_automix.headroom import Fitted, fit_headroom, shifted_uniformly_db
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.ledger import Undone
from reaper_automix.listening import measure_mixes, measure_session_tracks
from reaper_automix.mixers.hearing import SILENT_LUFS, Hearing
from reaper_automix.mixers.registry import MIXERS, Decide
from reaper_automix.mixplan import EffectMove, MixPlan, Move, Prediction, TakeMove, TrackMove
from reaper_automix.move_strength import moves_at_strength
from reaper_automix.plan_writing import apply_plan, engineers_session
from reaper_automix.planning import GainDecision, Moves, moves_from
from reaper_automix.progress import Progress, silent
from reaper_automix.scope import Scope, choose_scope
from reaper_automix.session import Session
from reaper_automix.settings import MixSettings
from reaper_automix.who_is_who import all_roles, known, named_roles


@dataclass(frozen=True)
class Planned:
    """A plan, and all that was heard on the way to it: what a report needs.

    Parameters
    ----------
    plan : MixPlan
        What should change.
    before, after : Session
        The session as the engineer left it, and as the plan will leave it.
    hearing : Hearing
        What the mixer heard.
    mix_before, mix_after : Measurement
        The master of both.
    skips : tuple of Skip
        Items that could not be heard, with the next step.
    labels : mapping of track id to str
        What the mixer took a track for (``Decided.labels``).
    findings : object
        What the mixer found, for its own section of the report.
    measure_through : callable
        Returns what ``through_effects`` holds.
    """

    plan: MixPlan
    before: Session
    after: Session
    hearing: Hearing
    mix_before: Measurement
    mix_after: Measurement
    skips: tuple[Skip, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    findings: object = None
    measure_through: Callable[[], Mapping[str, Measurement]] = dict

    @cached_property
    def through_effects(self) -> Mapping[str, Measurement]:
        """Tracks whose sound the plan changes before the fader, as they are then; only a report waits for it."""
        return self.measure_through()

    @property
    def hearing_after(self) -> Hearing:
        """What the mixer would hear of the session as the plan will leave it."""
        measurements = {**self.hearing.measurements, **self.through_effects}
        return replace(self.hearing, session=self.after, measurements=measurements)


def hear(
    session: Session,
    *,
    wanted: Sequence[str] = (),
    range_s: tuple[float, float] | None = None,
    cache: MeasurementCache | None = None,
    progress: Progress = silent,
) -> tuple[Hearing, tuple[Skip, ...]]:
    """Choose the scope, find out who is who and measure the tracks in scope.

    Raises
    ------
    ScopeError
        If a wished track does not exist or the range is empty.
    """
    progress("Opening the audio files", 0, 1)
    skips = skips_of(session)
    scope = _scope(session, skips, wanted, range_s)
    context = _scope(session, skips, (), range_s) if wanted else scope
    heard = [t.id for t in session.tracks if t.id in {*scope.track_ids, *context.track_ids}]
    cache = cache or MeasurementCache()
    measurements = measure_session_tracks(session, heard, scope.range_s, cache=cache, progress=progress)
    found = all_roles(session, heard, progress=progress)
    return Hearing(session, scope, measurements, known(found), found), skips


def _scope(
    session: Session, skips: Sequence[Skip], wanted: Sequence[str], range_s: tuple[float, float] | None
) -> Scope:
    return choose_scope(
        session,
        wanted=wanted,
        range_s=range_s,
        utility_reasons=_utility_reasons(session, named_roles(session)),
        unplayable=_unplayable(session, skips),
    )


def make_plan(
    session: Session,
    mixer: str,
    settings: MixSettings,
    *,
    wanted: Sequence[str] = (),
    range_s: tuple[float, float] | None = None,
    decide: Decide | None = None,
    cache: MeasurementCache | None = None,
    progress: Progress = silent,
) -> Planned:
    """Plan a mix.

    Parameters
    ----------
    session : Session
        The session as it is; what an earlier run of the same mixer wrote is taken out first.
    mixer : str
        One of ``registry.MIXERS``, or the name of whoever decides.
    settings : MixSettings
        Strength and the like.
    wanted : sequence of str
        Tracks asked for; empty: all that belong to a balance.
    range_s : tuple of float, optional
        The time range.
    decide : callable, optional
        Who decides in place of the mixer of that name.

    Raises
    ------
    ScopeError
        If nothing can be mixed; the message says why, track by track.
    MediaError
        If a file cannot be read, or has changed since the run began.
    """
    cache = cache or MeasurementCache()
    files = SeenFiles(session.tracks)
    undone = _without_our_writing(session, mixer, wanted, range_s)
    hearing, skips = hear(undone.session, wanted=wanted, range_s=range_s, cache=cache, progress=progress)
    if not hearing.scope.track_ids and settings.strength_percent > 0.0:
        raise ScopeError(_nothing_to_mix(session, hearing.scope))
    decided = (decide or MIXERS[mixer])(hearing, settings)
    if hearing.scope.track_ids and not (decided.levels or decided.others):
        raise ScopeError(
            f"{session.path or 'The session'}: all tracks in scope are silent here; nothing to mix. "
            "Choose other tracks or another range, or see with 'inspect' what cannot be heard and why."
        )
    yours = {entry.track_id for entry in undone.left_alone}
    share = settings.strength_percent / 100.0
    others = [m for m in decided.others if isinstance(m, TrackMove) and m.track.id not in yours]
    draft = _Draft(mixer, hearing, settings, moves_at_strength(others, share) if hearing.scope.whole else ())
    levels = [d.scaled(share) for d in decided.levels if d.track_id not in yours]
    fitted, mix_before = _fitted(draft, levels, cache=cache, progress=progress)
    files.check_still(track for track in session.tracks if track.id in hearing.measurements)
    silent_ids = {i for i in hearing.scope.track_ids if hearing.loudness_lufs(i) <= SILENT_LUFS}
    warnings = (*decided.warnings, *_warnings(hearing, skips, fitted, yours, silent_ids))
    plan = draft.plan(fitted.moves, warnings, _prediction(mix_before, fitted.mix))
    resounding = {m.track.id for m in plan.moves if isinstance(m, EffectMove | TakeMove)}
    heard = resounding & set(hearing.measurements)
    return Planned(
        plan=plan,
        before=undone.session,
        after=fitted.session,
        hearing=hearing,
        mix_before=mix_before,
        mix_after=fitted.mix,
        skips=skips,
        labels=decided.labels,
        findings=decided.findings,
        measure_through=partial(
            measure_session_tracks, fitted.session, sorted(heard), hearing.scope.range_s, cache=cache
        ),
    )


def _without_our_writing(
    session: Session, mixer: str, wanted: Sequence[str], range_s: tuple[float, float] | None
) -> Undone:
    """Return the session as the engineer left it: without what the same mixer wrote in the same scope."""
    scope = _scope(session, skips_of(session), wanted, range_s)
    return engineers_session(session, mixer, frozenset(scope.track_ids), None if scope.whole else scope.range_s)


@dataclass(frozen=True)
class _Draft:
    """Makes moves and plans from decisions, for one mixer and what it heard."""

    mixer: str
    hearing: Hearing
    settings: MixSettings
    others: tuple[Move, ...] = ()

    def moves(self, decisions: Sequence[GainDecision]) -> tuple[Moves, Session]:
        """Return the moves, and the session they lead to by the same rules that every host follows."""
        session, scope = self.hearing.session, self.hearing.scope
        levels = moves_from(decisions, session, self.settings, range_s=scope.range_s, whole=scope.whole)
        moves = replace(levels, moves=(*levels.moves, *self.others))
        host = MemoryHost(session)
        apply_plan(host, self.plan(moves))
        return moves, host.read_session()

    def plan(self, moves: Moves, warnings: tuple[str, ...] = (), predicted: Prediction | None = None) -> MixPlan:
        """Return the plan that holds these moves."""
        session, scope = self.hearing.session, self.hearing.scope
        return MixPlan(
            mixer=self.mixer,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            session_path=session.path,
            session_fingerprint=session.fingerprint(),
            scope_track_ids=scope.track_ids,
            range_s=scope.range_s,
            moves=moves.moves,
            settings=self.settings.to_data(),
            warnings=(*warnings, *moves.warnings),
            predicted=predicted or Prediction(),
        )


def _fitted(
    draft: _Draft, decisions: Sequence[GainDecision], *, cache: MeasurementCache, progress: Progress
) -> tuple[Fitted, Measurement]:
    """Return moves that keep the headroom, and the mix as it was."""
    moves, after = draft.moves(decisions)
    mix_before, mix_after = measure_mixes((draft.hearing.session, after), cache=cache, progress=progress)

    def measure(lowered: Session) -> Measurement:
        shift_db = shifted_uniformly_db(after, lowered)
        if shift_db is not None:
            return mix_after.louder_by(shift_db)
        return measure_mixes((lowered,), cache=cache, progress=progress)[0]

    first = (moves, after, mix_after)
    return fit_headroom(decisions, mix_before, draft.moves, measure, first=first), mix_before


def _prediction(before: Measurement, after: Measurement) -> Prediction:
    return Prediction(
        loudness_lufs=after.loudness.integrated_lufs,
        true_peak_dbtp=after.loudness.true_peak_dbtp,
        before_loudness_lufs=before.loudness.integrated_lufs,
        before_true_peak_dbtp=before.loudness.true_peak_dbtp,
    )


def _warnings(
    hearing: Hearing,
    skips: Sequence[Skip],
    fitted: Fitted,
    yours: set[str],
    silent_ids: set[str],
) -> tuple[str, ...]:
    """Return what the user should know, the most important first."""
    session = hearing.session
    titles = {track.id: track.title for track in session.tracks}
    in_scope = set(hearing.scope.track_ids)
    said = [*fitted.warnings]
    said += [f"{titles[i]}: you changed it since the last run, so it is left alone." for i in titles if i in yours]
    said += [f"{titles[i]}: silent in this range, so it is left as it is." for i in titles if i in silent_ids]
    told = [out for out in hearing.scope.left_out if not out.expected and out.track_id not in yours]
    said += [f"{out.track}: left out, {out.reason}." for out in told]
    said += skip_lines(skip for skip in skips if skip.track_id in in_scope)
    buses = {t.id for t in session.tracks if t.is_folder or t.receives}
    said += [note.text for note in notes(session, in_scope | buses)]
    said += Console(session, session_rate_hz(session)).notes
    return (*said, *session.notes)


def _utility_reasons(session: Session, roles: Mapping[str, Role]) -> dict[str, str]:
    """Say which tracks are not part of a balance: reference, click, printed mix."""
    said = "it looks like a {}; ask for this track to have it mixed anyway"
    return {
        track.id: said.format(roles[track.id].value.replace("_", " "))
        for track in session.tracks
        if roles.get(track.id) in UTILITY_ROLES
    }


def _unplayable(session: Session, skips: Sequence[Skip]) -> dict[str, str]:
    """Say which tracks have no item that can be heard offline, with the first reason."""
    skipped = {(skip.track_id, skip.item_id) for skip in skips}
    reasons: dict[str, str] = {}
    for track in session.tracks:
        playing = [item for item in track.items if item.takes and item.plays and not item.muted]
        if not playing:
            reasons[track.id] = "all its items are empty or muted"
        elif all((track.id, item.id) in skipped for item in playing):
            first = next(skip for skip in skips if skip.track_id == track.id)
            what = f"none of its {len(playing)} items can" if len(playing) > 1 else "its item cannot"
            reasons[track.id] = f"{what} be heard here ({first.cause}). {first.next_step.rstrip('.')}"
    return reasons


def _nothing_to_mix(session: Session, scope: Scope) -> str:
    """Say why there is nothing to mix, the first few tracks with their reasons."""
    if not session.tracks:
        what = f"{session.path or 'The session'} has no tracks: nothing to mix."
        return f"{what} Open the project in REAPER and see whether it is the right one."
    told = [out for out in scope.left_out if not out.expected] or list(scope.left_out)
    shown = [f"  {out.track}: {out.reason}" for out in told[:8]]
    more = [f"  and {len(told) - 8} more"] if len(told) > 8 else []
    return "\n".join([f"{session.path or 'The session'}: no track can be mixed.", *shown, *more])
