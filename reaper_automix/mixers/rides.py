"""The rides mixer: a level per track from the balance mixer, and a slow ride around it over the song.

Level and ride are decided apart: the level by whatever rung of the balance is asked for, the ride by a rider (``rule``
levels the short-term loudness; ``lds`` is the published system, see ``ride_model``). Whatever a rider answers is held
across pauses, limited in range and speed, and leaves the track's gated loudness as the balance has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reaper_automix.mixers import balance
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.ride_model import load_ride_model, rides_are_proven
from reaper_automix.mixers.ride_rule import rule_rides_db
from reaper_automix.mixers.ride_shape import across_pauses, limited_around_zero, loudness_neutral
from reaper_automix.mixers.ride_sound import STEP_S, Floats, RideTrack, ride_track
from reaper_automix.planning import GainDecision
from reaper_automix.settings import MixSettings

NAME = "rides"

SMALLEST_RIDE_DB = 0.5
"""A ride that stays within this is none: nobody hears it, and its points would only stand in the way."""


def decide(hearing: Hearing, settings: MixSettings) -> tuple[GainDecision, ...]:
    """Return a level and a ride per audible track in scope.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``balance`` chooses the level, ``rider`` who rides, ``ride_range_db`` how far it goes.
    """
    tracks = {
        track_id: ride_track(measurement.block_energy, hearing.gain_lin(track_id))
        for track_id, measurement in hearing.measurements.items()
    }
    name = _rider(settings)
    rides_db = dict(zip(tracks, RIDERS[name](list(tracks.values())), strict=True))
    shape = _Shape(settings.ride_range_db, WHY[name])
    return tuple(
        shape.with_ride(level, hearing, tracks[level.track_id], rides_db[level.track_id])
        for level in balance.decide(hearing, settings)
    )


def shaped_ride_db(ride_db: Floats, track: RideTrack, *, range_db: float) -> Floats:
    """Return a rider's answer as a ride that can be drawn: held in pauses, limited in range and speed, (n_steps,).

    Its energy-weighted mean is 0 dB: that part belongs to the fader, and the whole range is left to the envelope.
    """
    ride_db = across_pauses(ride_db, track.sounds)
    if not track.sounds.any():
        return ride_db
    return limited_around_zero(ride_db, track.energy, range_db=range_db)


def _rider(settings: MixSettings) -> str:
    """Return the rider that was asked for; ``auto`` takes the learned one only if it is proven."""
    if settings.rider != "auto":
        return settings.rider
    return "lds" if rides_are_proven() else "rule"


@dataclass(frozen=True, slots=True)
class _Shape:
    """How far a ride goes, and what is said of it."""

    range_db: float
    why: str

    def with_ride(self, level: GainDecision, hearing: Hearing, track: RideTrack, ride_db: Floats) -> GainDecision:
        """Return the level of a track with its ride around it."""
        measurement = hearing.measurements[level.track_id]
        heard = measurement.block_energy * np.square(hearing.gain_lin(level.track_id))
        ride_db = shaped_ride_db(ride_db, track, range_db=self.range_db)
        if np.ptp(ride_db) < SMALLEST_RIDE_DB:
            return level
        times_s = measurement.start_s + (np.arange(ride_db.size) + 0.5) * STEP_S
        (_, level_db), *_ = level.change_db
        levels_db = level_db + loudness_neutral(ride_db, heard)
        curve = tuple(zip(times_s.tolist(), levels_db.tolist(), strict=True))
        reason = f"rides {ride_db.min():+.1f} to {ride_db.max():+.1f} dB {self.why}"
        return replace(level, change_db=curve, weights=tuple(track.energy.tolist()), ride_reason=reason)


Rider = Callable[[Sequence[RideTrack]], Sequence[Floats]]


def _lds_rides_db(tracks: Sequence[RideTrack]) -> Sequence[Floats]:
    return load_ride_model().rides_db(tracks)


RIDERS: Mapping[str, Rider] = {"rule": rule_rides_db, "lds": _lds_rides_db}
"""Who answers with a ride in dB per track and step; only the steps in which a track sounds count."""

WHY: Mapping[str, str] = {
    "rule": "to even its short-term loudness out",
    "lds": "with how full the rest of the song is, as in human rides",
}
