"""Moves beside the levels at a share of their strength. Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reaper_automix.effect_settings.kinds import at_strength
from reaper_automix.mixplan import BusMove, EffectMove, Move, PanMove, PolarityMove, SendMove, TakeMove, bus_ref
from reaper_automix.units import SILENCE_DB, db_to_lin, lin_to_db

_HALF = 0.5
"""What is either done or not is done from here on."""


def moves_at_strength(moves: Iterable[Move], share: float) -> tuple[Move, ...]:
    """Return moves at a share (0 to 1) of the way from what is there to what was decided.

    Pans go linearly, settings of plug-ins as ``effect_settings`` has them; a new send rises from silence in amplitude,
    one that is there in dB. Polarity and buses come at a half or more, with all that is about such a bus; a plug-in at
    0 is not inserted, and a take, whose audio is made at the strength of the run, is not added. Faders and envelopes
    are no business of this: their decisions are scaled before.
    """
    kept = [move for move in (_at(move, share) for move in moves) if move is not None]
    missing = {move.track.id for move in moves if isinstance(move, BusMove)} if share < _HALF else set()
    return tuple(move for move in kept if _is_possible(move, missing))


def _at(move: Move, share: float) -> Move | None:
    match move:
        case PanMove():
            before = move.before or 0.0
            return replace(move, after=(1.0 - share) * before + share * move.after) if share > 0.0 else None
        case EffectMove():
            settings = at_strength(move.before, move.settings, share)
            return None if settings is None else replace(move, settings=settings)
        case SendMove():
            level_db = _send_db(move, share)
            return None if level_db <= SILENCE_DB else replace(move, level_db=level_db)
        case TakeMove():  # its audio was made at this strength
            return move if share > 0.0 else None
        case PolarityMove() | BusMove():
            return move if share >= _HALF else None
    return move


def _send_db(move: SendMove, share: float) -> float:
    if move.before_db is None:
        return lin_to_db(share * db_to_lin(move.level_db))
    return (1.0 - share) * move.before_db + share * move.level_db


def _is_possible(move: Move, missing: set[str]) -> bool:
    """Tell whether the bus that a move needs is made."""
    if isinstance(move, SendMove):
        return bus_ref(move.to).id not in missing
    return not isinstance(move, EffectMove) or move.track.id not in missing
