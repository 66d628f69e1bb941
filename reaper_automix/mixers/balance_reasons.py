"""Why a balance moves a track, in an engineer's words and from the numbers that decided."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import FEATURES
from reaper_automix.units import db_to_energy, energy_to_db

SMALLEST_SHIFT_DB = 0.1
"""A rest that moves less than this stays where it is, in words."""

SMALLEST_PART_DB = 0.3
MOST_PARTS = 2

WORDS: Mapping[str, tuple[str, str]] = {
    "low_weight_db": ("a bright sound", "a low, heavy sound"),
    "peak_over_loudness_db": ("a dense level", "sharp peaks"),
    "pauses_lu": ("playing throughout", "long pauses"),
    "loudest_3_s_lu": ("an even level", "single loud passages"),
    "range_lu": ("a narrow range", "a wide range"),
    "low_weight_beside_db": ("brighter than the others", "heavier than the others"),
    "peak_beside_db": ("denser than the others", "sharper peaks than the others"),
    "pauses_beside_lu": ("playing more than the others", "playing less than the others"),
    "same_role_log2": ("few of its role", "one of several of its role"),
}
"""What a feature below and above its usual value means."""


@dataclass(frozen=True, slots=True)
class LevelsOfSong:
    """The levels of all audible tracks, as they are heard and as the balance wants them.

    Parameters
    ----------
    heard_lufs, wanted_lufs : mapping of track id to float
        Gated loudness at the master.
    """

    heard_lufs: Mapping[str, float]
    wanted_lufs: Mapping[str, float]

    def over_rest_lu(self, track_id: str) -> tuple[float, float] | None:
        """Return how far a track stands over the power sum of all others, heard and wanted; None without others."""
        if len(self.heard_lufs) < 2:
            return None
        before, after = (levels[track_id] - _sum_of_others(levels, track_id) for levels in self._both())
        return before, after

    def rest_shift_db(self, track_id: str) -> float:
        """Return how far the sum of all other tracks goes up."""
        before, after = (_sum_of_others(levels, track_id) for levels in self._both())
        return after - before

    def _both(self) -> tuple[Mapping[str, float], Mapping[str, float]]:
        return self.heard_lufs, self.wanted_lufs


def reason_of(levels: LevelsOfSong, track_id: str, role: Role | None, source: str, parts: str = "") -> str:
    """Return the reason of one move.

    Parameters
    ----------
    role : Role or None
        Who the track is.
    source : str
        Who says where it belongs: ``comparable songs have it``.
    parts : str
        What of its sound counted, see ``parts_in_words``.
    """
    change_db = levels.wanted_lufs[track_id] - levels.heard_lufs[track_id]
    asked = f"asks for {abs(change_db):.1f} dB {'up' if change_db >= 0.0 else 'down'}"
    stands = levels.over_rest_lu(track_id)
    if stands is None:
        return f"{asked}: it plays alone"
    who = "it" if role is None else role.value.replace("_", " ")
    now_lu, wanted_lu = stands
    return (
        f"{asked}: {who} sits {_over(now_lu)} the rest; {source} {_over(wanted_lu)}"
        f"{_of_rest(levels.rest_shift_db(track_id))}{parts}"
    )


def parts_in_words(role_db: float, parts_db: Mapping[str, float], above: Mapping[str, bool]) -> str:
    """Say what moved a learned level away from the common one: the role, and the features that count most.

    Parameters
    ----------
    role_db : float
        What the role adds.
    parts_db : mapping of feature name to float
        What each feature adds.
    above : mapping of feature name to bool
        Whether the feature is above its usual value.
    """
    ranked = sorted(FEATURES, key=lambda name: -abs(parts_db[name]))[:MOST_PARTS]
    said = [f"role {role_db:+.1f} dB"] if abs(role_db) >= SMALLEST_PART_DB else []
    said += [
        f"{WORDS[name][above[name]]} {parts_db[name]:+.1f} dB"
        for name in ranked
        if abs(parts_db[name]) >= SMALLEST_PART_DB
    ]
    return f" ({', '.join(said)})" if said else ""


def _over(distance_lu: float) -> str:
    return f"{abs(distance_lu):.1f} LU {'over' if distance_lu >= 0.0 else 'under'}"


def _of_rest(shift_db: float) -> str:
    if abs(shift_db) < SMALLEST_SHIFT_DB:
        return ""
    return f", and the rest goes {abs(shift_db):.1f} dB {'up' if shift_db > 0.0 else 'down'}"


def _sum_of_others(levels: Mapping[str, float], track_id: str) -> float:
    return energy_to_db(math.fsum(db_to_energy(level) for other, level in levels.items() if other != track_id))
