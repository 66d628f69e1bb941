"""Keeping a plan's true peak at or below the limit by lowering the plan's own moves, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reaper_automix.analysis.measurement import Measurement
from reaper_automix.planning import GainDecision, Moves
from reaper_automix.scope import silence_reason
from reaper_automix.session import SendMode, Session

MARGIN_DB = 0.05
"""The plan aims this far below the limit, so that rounding in the project file cannot pass it."""

MOST_DB = 24.0
"""Moves are lowered by no more than this; beyond, the rest of the session is what peaks."""

ATTEMPTS = 8

LEAST_EFFECT = 0.1


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
    moves, session, mix = first
    lowered_db, effect = 0.0, 1.0
    for _ in range(ATTEMPTS):
        peak_dbtp = mix.loudness.true_peak_dbtp
        if peak_dbtp <= limit_dbtp or not moves.moves or lowered_db >= MOST_DB:
            break
        step_db = min((peak_dbtp - limit_dbtp + MARGIN_DB) / effect, MOST_DB - lowered_db)
        lowered_db += step_db
        moves, session = make_moves([d.shifted(-lowered_db) for d in decisions])
        mix = measure(session)
        # Where other tracks take part in the peak, a dB of ours takes less than a dB off it: step further next time.
        effect = min(max((peak_dbtp - mix.loudness.true_peak_dbtp) / step_db, LEAST_EFFECT), 1.0)
    return Fitted(moves, session, mix, lowered_db, _warnings(mix, limit_dbtp, lowered_db))


def shifted_uniformly_db(first: Session, second: Session) -> float | None:
    """Return by how much the second session's mix is louder, where only its level differs from the first's.

    That is so when every track that is heard has its fader moved by the same amount, no envelope differs, and no send
    is taken before the fader. None: the mixes have to be compared by listening.
    """
    shifts: set[float] = set()
    for a, b in zip(first.tracks, second.tracks, strict=True):
        if a.envelopes != b.envelopes or any(s.is_audio and s.mode != SendMode.POST_FADER for s in a.receives):
            return None
        if a.items and not silence_reason(first, a):
            shifts.add(round(b.gain_db - a.gain_db, 6))
        elif a.gain_db != b.gain_db:
            return None
    return shifts.pop() if len(shifts) == 1 else None


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
