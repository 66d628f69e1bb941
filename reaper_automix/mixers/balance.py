"""The balance mixer: one constant change of level per track. The baseline that every other mixer is shown against.

First rung, ``equal``: every track is heard at the same gated loudness. Second rung, ``roles``: at that loudness plus an
offset of its role, from a table of human mixes (``models/role_offsets``). ``auto`` takes the second rung when at least
half of the tracks have a role. Both keep the power sum of the track loudnesses, so that the mix stays about as loud;
where only some tracks are in scope, they go where a balance of all the tracks would put them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.role_offsets import RoleOffsets, load_role_offsets
from reaper_automix.planning import GainDecision
from reaper_automix.settings import MixSettings
from reaper_automix.units import db_to_energy, energy_to_db

NAME = "balance"

SILENT_LUFS = -70.0
"""Tracks at or below the absolute gate of BS.1770 count as silent and are left as they are."""

ROLES_NEEDED = 0.5
"""The share of tracks that must have a role for ``auto`` to use the role table."""


def decide(hearing: Hearing, settings: MixSettings) -> tuple[GainDecision, ...]:
    """Return one constant change per audible track in scope.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``balance`` chooses the rung.
    """
    heard_lufs = {track_id: hearing.loudness_lufs(track_id) for track_id in hearing.measurements}
    audible = {track_id: level for track_id, level in heard_lufs.items() if level > SILENT_LUFS}
    if not audible:
        return ()
    offsets = _offsets(hearing, settings, audible)
    common_lufs = _common_level(audible, offsets)
    start_s = hearing.scope.range_s[0]
    return tuple(
        GainDecision(
            track_id,
            ((start_s, common_lufs + offsets.get(track_id, 0.0) - level),),
            _reason(hearing, track_id, level, offsets),
        )
        for track_id, level in audible.items()
        if track_id in hearing.scope.track_ids
    )


def _offsets(hearing: Hearing, settings: MixSettings, audible: Mapping[str, float]) -> dict[str, float]:
    """Return the role offset in dB of each track; empty on the first rung."""
    if settings.balance == "equal":
        return {}
    known = [track_id for track_id in audible if track_id in hearing.roles]
    if settings.balance == "auto" and len(known) < ROLES_NEEDED * len(audible):
        return {}
    table: RoleOffsets = load_role_offsets()
    return {track_id: table.offset_db(hearing.roles.get(track_id)) for track_id in audible}


def _common_level(audible: Mapping[str, float], offsets: Mapping[str, float]) -> float:
    """Return the level to which the offsets are added, such that the power sum of the loudnesses is kept."""
    before = math.fsum(db_to_energy(level) for level in audible.values())
    after = math.fsum(db_to_energy(offsets.get(track_id, 0.0)) for track_id in audible)
    return energy_to_db(before / after)


def _reason(hearing: Hearing, track_id: str, level_lufs: float, offsets: Mapping[str, float]) -> str:
    heard = f"heard at {level_lufs:.1f} LUFS"
    if not offsets:
        return f"{heard}; to the loudness of all the others"
    role = hearing.roles.get(track_id)
    if role is None:
        return f"{heard}; to the common loudness, as its name says no role"
    offset_db = offsets[track_id]
    where = "above" if offset_db >= 0.0 else "below"
    return f"{heard}; to {abs(offset_db):.1f} dB {where} the common loudness ({role.value.replace('_', ' ')})"
