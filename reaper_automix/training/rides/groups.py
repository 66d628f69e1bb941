"""The five tracks that Scott and Kim bring every song to: bass, drums, guitar, vocals, and a backup of all the rest.

The tracks of a group are added up at the human's typical balance inside it, so that one gain over time is left for the
group: the one that gives the sum the power that the human's own gains give it, the tracks counting as independent.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.role_vocabulary import KIT_ROLES, VOCAL_ROLES, Role

GROUPS: tuple[str, ...] = ("backup", "bass", "drums", "guitar", "vocals")
"""In the order of [1] table 1."""

_ROLES: Mapping[str, frozenset[Role]] = {
    "bass": frozenset({Role.BASS}),
    "drums": KIT_ROLES | {Role.PERCUSSION},
    "guitar": frozenset({Role.ELECTRIC_GUITAR, Role.ACOUSTIC_GUITAR}),
    "vocals": VOCAL_ROLES,
}

QUIETEST = 1e-12
"""Energies below this (-120 dB) are silence, and no gain goes below it."""

Floats = NDArray[np.float64]


def group_of(role: Role | None) -> str:
    """Return the group of a role; whatever is no other group's is backup."""
    return next((group for group, roles in _ROLES.items() if role in roles), "backup")


def typical_gain_db(gain_db: Floats, energy: Floats) -> float:
    """Return the energy-weighted mean of a track's gain: what it is where the track sounds."""
    weights = energy if energy.sum() > QUIETEST else np.ones_like(energy)
    return float(np.average(gain_db, weights=weights))


def group_gain_db(gains_db: Floats, typical_db: Floats, energies: Floats) -> Floats:
    """Return the one gain over time of a group's sum.

    Parameters
    ----------
    gains_db, energies : ndarray of float64, shape (n_tracks, n_blocks)
        The human's gain of each track, and its energy before that.
    typical_db : ndarray of float64, shape (n_tracks,)
        The constant gains that the sum was made with.

    Returns
    -------
    ndarray of float64, shape (n_blocks,)
        Where nothing sounds, the mean of the tracks' gains over their typical ones.
    """
    in_human_mix = np.sum(energies * levels.db_to_energy(gains_db), axis=0)
    in_sum = np.sum(energies * levels.db_to_energy(typical_db)[:, None], axis=0)
    return gain_between_db(in_sum, in_human_mix, np.mean(gains_db - typical_db[:, None], axis=0))


def gain_between_db(before: Floats, after: Floats, silent_db: Floats) -> Floats:
    """Return the gain that leads from one energy to another; where there was silence before, what ``silent_db`` says.

    All are float64 arrays of one shape.
    """
    sounding = before > QUIETEST
    ratio = np.where(sounding, after, 1.0) / np.where(sounding, before, 1.0)
    return np.where(sounding, levels.energy_to_db(np.maximum(ratio, QUIETEST)), silent_db)
