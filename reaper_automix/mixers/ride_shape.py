"""What makes any rider's answer a ride that an engineer would draw: few, slow moves inside a range, none in pauses."""

from __future__ import annotations

import numpy as np

from reaper_automix.analysis.loudness import Energy, integrated_lufs
from reaper_automix.audio import levels
from reaper_automix.mixers.ride_sound import STEP_BLOCKS, STEP_S, Floats, Steps

SLEW_DB_PER_S = 3.0
"""The fastest a ride moves: a hand on a fader between two phrases, not a compressor."""

_NEUTRAL_ROUNDS = 3
_HALVINGS = 24


def across_pauses(ride_db: Floats, sounds: Steps) -> Floats:
    """Return the ride with straight lines across pauses; before the first sound and after the last it holds.

    Parameters
    ----------
    ride_db : ndarray of float64, shape (n_steps,)
        Only its values in steps that sound count.
    sounds : ndarray of bool, shape (n_steps,)
        Where the track sounds.
    """
    if not sounds.any():
        return np.zeros_like(ride_db)
    (at,) = np.nonzero(sounds)
    return np.asarray(np.interp(np.arange(ride_db.size), at, ride_db[at]))


def limited(ride_db: Floats, *, range_db: float, slew_db_per_s: float = SLEW_DB_PER_S) -> Floats:
    """Keep a ride within +-``range_db`` and below a slew rate, without delay.

    The result is the mean of the highest slow curve below the ride and the lowest slow curve above it: a jump becomes a
    ramp whose middle lies on the jump.
    """
    ride_db = np.clip(ride_db, -range_db, range_db)
    ramp_db = slew_db_per_s * STEP_S * np.arange(ride_db.size, dtype=np.float64)
    below = np.minimum(_lowest_so_far(ride_db, ramp_db), _lowest_so_far(ride_db[::-1], ramp_db)[::-1])
    above = -np.minimum(_lowest_so_far(-ride_db, ramp_db), _lowest_so_far(-ride_db[::-1], ramp_db)[::-1])
    return np.asarray((below + above) / 2.0)


def limited_around_zero(ride_db: Floats, weights: Floats, *, range_db: float) -> Floats:
    """Shift a ride so that its weighted mean is 0 dB once it is ``limited``; a fader can hold that mean instead.

    Parameters
    ----------
    ride_db : ndarray of float64, shape (n_steps,)
        The ride, around any level.
    weights : ndarray of float64, shape (n_steps,)
        How much each step counts; not all 0.
    range_db : float
        How far the result goes up or down.
    """
    low_db, high_db = float(ride_db.min()), float(ride_db.max())
    for _ in range(_HALVINGS):  # the mean falls with the level that is taken off
        middle_db = 0.5 * (low_db + high_db)
        if np.average(limited(ride_db - middle_db, range_db=range_db), weights=weights) > 0.0:
            low_db = middle_db
        else:
            high_db = middle_db
    return limited(ride_db - high_db, range_db=range_db)


def _lowest_so_far(ride_db: Floats, ramp_db: Floats) -> Floats:
    """Return for each step the least of every earlier value plus the ramp that leads from there to here."""
    return np.asarray(np.minimum.accumulate(ride_db - ramp_db) + ramp_db)


def loudness_neutral(ride_db: Floats, block_energy: Energy) -> Floats:
    """Shift a ride so that it leaves the track's gated loudness as it is: levels are the balance's business.

    Parameters
    ----------
    ride_db : ndarray of float64, shape (n_steps,)
        The ride.
    block_energy : ndarray of float64, shape (2, n_blocks)
        The track as it is heard, per 100 ms.
    """
    before_lufs = integrated_lufs(block_energy)
    if not np.isfinite(before_lufs):
        return ride_db
    for _ in range(_NEUTRAL_ROUNDS):  # the gates move with the ride, so once is not always enough
        gain_lin = np.repeat(levels.db_to_lin(ride_db), STEP_BLOCKS)
        after_lufs = integrated_lufs(block_energy, gain_lin[: block_energy.shape[1]])
        if not np.isfinite(after_lufs):
            return ride_db
        ride_db = ride_db - (after_lufs - before_lufs)
    return ride_db
