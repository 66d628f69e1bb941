"""Keeping a plan's true peak at or below the limit by lowering the plan's own moves, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reaper_automix.analysis.measurement import Measurement
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.plan_writing import fader_is_owned
from reaper_automix.planning import GainDecision, Moves
from reaper_automix.session import SendMode, Session, Track

MARGIN_DB = 0.05
"""The plan aims this far below the limit, so that rounding in the project file cannot pass it."""

MOST_DB = 24.0
"""Moves are lowered by no more than this; beyond, the rest of the session is what peaks."""

GOOD_ENOUGH_DB = 0.2
"""A plan that ends this close below the limit is not raised again."""

ATTEMPTS = 8

LEAST_EFFECT = 0.1
"""A dB of lowering is taken to lower the peak by no less than this when the next step is chosen."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Moves whose mix keeps the limit as far as they can, the session they lead to, and its mix."""

    moves: Moves
    session: Session
    mix: Measurement
    lowered_db: float
    warnings: tuple[str, ...]


MakeMoves = Callable[[Sequence[GainDecision]], tuple[Moves, Session]]


def fit_headroom(
    decisions: Sequence[GainDecision],
    before: Measurement,
    make_moves: MakeMoves,
    measure: Callable[[Session], Measurement],
    *,
    first: tuple[Moves, Session, Measurement],
) -> Fitted:
    """Lower all decisions by one amount until the true peak is at or below ``max(0 dBTP, what it was)``.

    Parameters
    ----------
    decisions : sequence of GainDecision
        What the mixer decided, at the strength asked for.
    before : Measurement
        The mix as it was.
    make_moves : callable
        From decisions to moves and the session they lead to.
    measure : callable
        From a session to its mix.
    first : tuple
        Moves, session and mix of the decisions as they are.
    """
    limit_dbtp = max(0.0, before.loudness.true_peak_dbtp)
    tried = [_Try(0.0, *first)]
    while len(tried) <= ATTEMPTS:
        lowered_db = _next_step(tried, limit_dbtp)
        if lowered_db is None:
            break
        moves, session = make_moves([d.shifted(-lowered_db) for d in decisions])
        tried.append(_Try(lowered_db, moves, session, measure(session)))
    chosen = _best(tried, limit_dbtp)
    warnings = _warnings(chosen.mix, limit_dbtp, chosen.lowered_db)
    return Fitted(chosen.moves, chosen.session, chosen.mix, chosen.lowered_db, warnings)


@dataclass(frozen=True, slots=True)
class _Try:
    """Moves lowered by so much, and what they lead to."""

    lowered_db: float
    moves: Moves
    session: Session
    mix: Measurement

    def excess_db(self, limit_dbtp: float) -> float:
        return self.mix.loudness.true_peak_dbtp - limit_dbtp


def _best(tried: Sequence[_Try], limit_dbtp: float) -> _Try:
    """Return the try that keeps the limit with the least lowering; where none does, the one that comes closest."""
    good = [t for t in tried if t.excess_db(limit_dbtp) <= 0.0]
    return min(good, key=lambda t: t.lowered_db) if good else min(tried, key=lambda t: t.excess_db(limit_dbtp))


def _next_step(tried: Sequence[_Try], limit_dbtp: float) -> float | None:
    """Return how far to lower next; None when it is good enough, or cannot get better.

    Where other tracks take part in the peak, or faders stand at their top, a dB of lowering takes less than a dB off
    the peak. So the steps lengthen until one try lies below the limit, and then close in on it from both sides.
    """
    above = [t for t in tried if t.excess_db(limit_dbtp) > 0.0]
    below = [t for t in tried if t.excess_db(limit_dbtp) <= 0.0]
    if not above or not tried[-1].moves.moves:
        return None
    high = max(above, key=lambda t: t.lowered_db)
    aim_db = high.excess_db(limit_dbtp) + MARGIN_DB
    if below:
        low = min(below, key=lambda t: t.lowered_db)
        if low.excess_db(limit_dbtp) >= -GOOD_ENOUGH_DB:
            return None
        share = aim_db / (high.excess_db(limit_dbtp) - low.excess_db(limit_dbtp))
        return high.lowered_db + (low.lowered_db - high.lowered_db) * min(share, 0.95)
    if high.lowered_db >= MOST_DB:
        return None
    taken_off_db = tried[0].excess_db(limit_dbtp) - high.excess_db(limit_dbtp)
    effect = max(taken_off_db / high.lowered_db, LEAST_EFFECT) if high.lowered_db > 0.0 else 1.0
    return min(high.lowered_db + aim_db / min(effect, 1.0), MOST_DB)


def shifted_uniformly_db(first: Session, second: Session) -> float | None:
    """Return by how much the second session's mix is louder, where only its level differs from the first's.

    That is so when every track with items that is not muted has its fader moved by the same amount, nothing else
    differs, no envelope moves a fader, nothing is soloed, no send is taken before the fader, and no compressor of ours
    hears what a fader has passed. None: the mix has to be played.
    """
    if first.any_solo or len(first.tracks) != len(second.tracks):
        return None
    shifts: set[float] = set()
    for a, b in zip(first.tracks, second.tracks, strict=True):
        if a != replace(b, gain_db=a.gain_db) or any(s.is_audio and s.mode != SendMode.POST_FADER for s in a.receives):
            return None
        if fader_is_owned(first, a) or _compresses_what_faders_pass(first, a):
            return None
        if a.items and not a.muted:
            shifts.add(round(b.gain_db - a.gain_db, 6))
        elif a.gain_db != b.gain_db:
            return None
    return shifts.pop() if len(shifts) == 1 else None


def _compresses_what_faders_pass(session: Session, track: Track) -> bool:
    """Tell whether a compressor of ours sits on a folder or a bus: how far it is driven depends on the faders."""
    if not any(isinstance(fx.settings, CompressorSettings) for fx in track.effects_played()):
        return False
    return any(s.is_audio for s in track.receives) or any(t.sends_to_parent for t in session.children(track.id))


def _warnings(mix: Measurement, limit_dbtp: float, lowered_db: float) -> tuple[str, ...]:
    said: list[str] = []
    if lowered_db > 0.0:
        said.append(f"All moves were lowered by {lowered_db:.2f} dB to keep the true peak at {limit_dbtp:+.1f} dBTP.")
    excess_db = mix.loudness.true_peak_dbtp - limit_dbtp
    if excess_db > 0.0:
        said.append(
            f"The true peak will be {mix.loudness.true_peak_dbtp:+.1f} dBTP: lower the master by {excess_db:.1f} dB "
            "(with a compressor or limiter on the master this also drives it less)."
        )
    return tuple(said)
