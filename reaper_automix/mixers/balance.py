"""The balance mixer: one constant change of level per track. The baseline that every other mixer is shown against.

First rung, ``equal``: every track is heard at the same gated loudness. Second rung, ``roles``: at that loudness plus an
offset of its role, from a table of human mixes (``models/role_offsets``). Third rung, ``learned``: at the level that a
model of human mixes gives it, from its role and the shape of its level (``models/balance``).

``auto`` takes equal loudness where fewer than half of the tracks have a role, else the best rung that is proven on
authors it has not seen: the card of ``models/balance`` says whether that is the third. All keep the power sum of the
track loudnesses, so that the mix stays about as loud; where only some tracks are in scope, they go where a balance of
all the tracks would put them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import FEATURES, balance_features
from reaper_automix.mixers.balance_model import balance_is_proven, load_balance_model
from reaper_automix.mixers.balance_reasons import LevelsOfSong, parts_in_words, reason_of
from reaper_automix.mixers.hearing import SILENT_LUFS, Hearing
from reaper_automix.mixers.role_offsets import load_role_offsets
from reaper_automix.planning import GainDecision
from reaper_automix.settings import MixSettings
from reaper_automix.units import db_to_energy, energy_to_db

NAME = "balance"

ROLES_NEEDED = 0.5
"""The share of tracks that must have a role for ``auto`` to go beyond equal loudness."""

_NO_ROLE = "its name says no role, and the common level is"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a rung says: each track's offset to the common loudness, who says so, and what counted.

    Parameters
    ----------
    offsets_db : mapping of track id to float
        Of the audible tracks.
    source : str
        Whose numbers these are, as the beginning of "7.0 LU under".
    parts : mapping of track id to str
        What of a track's sound counted, in words.
    other_sources : mapping of track id to str
        Where ``source`` does not hold.
    """

    offsets_db: Mapping[str, float]
    source: str
    parts: Mapping[str, str] = field(default_factory=dict)
    other_sources: Mapping[str, str] = field(default_factory=dict)

    def reason(self, song: LevelsOfSong, track_id: str, role: Role | None) -> str:
        """Return why a track moves."""
        source = self.other_sources.get(track_id, self.source)
        return reason_of(song, track_id, role, source, self.parts.get(track_id, ""))


def decide(hearing: Hearing, settings: MixSettings) -> tuple[GainDecision, ...]:
    """Return one constant change per audible track in scope.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    settings : MixSettings
        ``balance`` chooses the rung.
    """
    levels = {track_id: hearing.loudness_lufs(track_id) for track_id in hearing.measurements}
    heard_lufs = {track_id: level for track_id, level in levels.items() if level > SILENT_LUFS}
    if not heard_lufs:
        return ()
    answer = _RUNGS[_rung(hearing, settings, heard_lufs)](hearing, heard_lufs)
    common_lufs = _common_level(heard_lufs, answer.offsets_db)
    wanted_lufs = {track_id: common_lufs + answer.offsets_db[track_id] for track_id in heard_lufs}
    song = LevelsOfSong(heard_lufs, wanted_lufs)
    start_s = hearing.scope.range_s[0]
    return tuple(
        GainDecision(
            track_id,
            ((start_s, wanted_lufs[track_id] - level),),
            answer.reason(song, track_id, hearing.roles.get(track_id)),
        )
        for track_id, level in heard_lufs.items()
        if track_id in hearing.scope.track_ids
    )


def offsets_db(hearing: Hearing, rung: str) -> Mapping[str, float]:
    """Return where a rung puts each audible track, in dB beside the common loudness.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    rung : str
        ``equal``, ``roles`` or ``learned``.
    """
    levels = {track_id: hearing.loudness_lufs(track_id) for track_id in hearing.measurements}
    return _RUNGS[rung](hearing, {i: level for i, level in levels.items() if level > SILENT_LUFS}).offsets_db


def _rung(hearing: Hearing, settings: MixSettings, audible: Mapping[str, float]) -> str:
    """Return the rung that was asked for, or the one that ``auto`` stands for."""
    if settings.balance != "auto":
        return settings.balance
    known = [track_id for track_id in audible if track_id in hearing.roles]
    if len(known) < ROLES_NEEDED * len(audible):
        return "equal"
    return "learned" if balance_is_proven() else "roles"


def _equal(_: Hearing, audible: Mapping[str, float]) -> _Answer:
    return _Answer(dict.fromkeys(audible, 0.0), "at equal loudness it is")


def _by_role(hearing: Hearing, audible: Mapping[str, float]) -> _Answer:
    """Return the table's offset of each track's role."""
    table = load_role_offsets()
    offsets_db = {track_id: table.offset_db(hearing.roles.get(track_id)) for track_id in audible}
    unknown = {track_id: _NO_ROLE for track_id in audible if track_id not in hearing.roles}
    return _Answer(offsets_db, "its role in human mixes is", other_sources=unknown)


def _learned(hearing: Hearing, audible: Mapping[str, float]) -> _Answer:
    """Return the model's level of each track, with what counted for it."""
    model = load_balance_model()
    roles = [hearing.roles.get(track_id) for track_id in audible]
    features = balance_features([hearing.measurements[track_id] for track_id in audible], roles)
    levels_db, parts_db = model.levels_db(features, roles), model.parts_db(features)
    above = features > model.centres
    words = (
        parts_in_words(
            model.role_db(role),
            dict(zip(FEATURES, map(float, parts), strict=True)),
            dict(zip(FEATURES, map(bool, sides), strict=True)),
        )
        for role, parts, sides in zip(roles, parts_db, above, strict=True)
    )
    offsets_db = dict(zip(audible, map(float, levels_db), strict=True))
    return _Answer(offsets_db, "comparable songs have it", dict(zip(audible, words, strict=True)))


_RUNGS = {"equal": _equal, "roles": _by_role, "learned": _learned}


def _common_level(audible: Mapping[str, float], offsets_db: Mapping[str, float]) -> float:
    """Return the level to which the offsets are added, such that the power sum of the loudnesses is kept."""
    before = math.fsum(db_to_energy(level) for level in audible.values())
    after = math.fsum(db_to_energy(offsets_db[track_id]) for track_id in audible)
    return energy_to_db(before / after)
