"""What the controller must beat: mixes that listen to no spectrum, and the human's own gains and pans as a check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_controller import Strips, on_both_sides
from reaper_automix.training.role_offsets import SHRINKAGE_SONGS, Song, fit_offsets
from reaper_automix.training.strips.songs import StripSong

RANDOM_GAIN_DB = 12.0
RANDOM_DRAWS = 3

MONO, RAW, RANDOM, EQUAL = "mono sum", "faders at 0 dB", "random", "equal loudness"
ROLES, ROLES_AND_PANS, HUMAN = "role mean", "role mean and pan", "human gain and pan (check)"
SPECTRA, SENDS = "role mean and spectrum", "role mean and send"
"""Of the full task: see ``full_baselines``."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One mix of a song.

    Parameters
    ----------
    strips : Strips
    is_mono : bool
        Whether the sides are summed, as the mono sum does it.
    """

    strips: Strips
    is_mono: bool = False


@dataclass(frozen=True, slots=True)
class RoleTable:
    """Mean level and mean size of the pan by role, of songs that were learned from."""

    offsets_db: Mapping[str, float]
    pan_sizes: Mapping[str, float]

    def offsets_of(self, song: StripSong) -> NDArray[np.float64]:
        """Return the level of each track's role, (n_tracks,); 0 dB where it has none."""
        return np.array([self.offsets_db.get(role, 0.0) for role in song.roles])


def fit_roles(songs: Sequence[StripSong]) -> RoleTable:
    """Return the means, fitted as the shipped table of levels is; pans only of songs that have any."""
    levels = [Song(s.id, s.author, s.licence, _levels(s)) for s in songs]
    sizes: dict[str, list[float]] = defaultdict(list)
    for song in songs:
        if song.is_stereo and song.levels_are_raw:
            own: dict[str, list[float]] = defaultdict(list)
            for role, pan in zip(song.roles, song.pans, strict=True):
                own[role].append(abs(float(pan)))
            for role, values in own.items():
                sizes[role].append(float(np.mean(values)))
    pans = {role: sum(values) / (len(values) + SHRINKAGE_SONGS) for role, values in sizes.items()}
    return RoleTable(fit_offsets(levels), pans)


def baselines(song: StripSong, table: RoleTable, seed: int) -> dict[str, list[Answer]]:
    """Return the mixes of a song by every baseline, several of those that draw.

    Parameters
    ----------
    song : StripSong
    table : RoleTable
        Of other authors.
    seed : int
        Of the random mixes.
    """
    n = len(song.roles)
    rng = np.random.default_rng(seed)
    # Stems of a finished song came in at the human's balance: their sum would be the answer, not a baseline.
    raw_db = song.heard.loudness_lufs - REFERENCE_LUFS if song.levels_are_raw else np.zeros(n)
    offsets_db = table.offsets_of(song)
    sizes = np.array([table.pan_sizes.get(role, 0.0) for role in song.roles])
    return {
        MONO: [Answer(Strips(raw_db, np.zeros(n)), is_mono=True)],
        RAW: [Answer(Strips(raw_db, np.zeros(n)))],
        RANDOM: [Answer(_random(n, rng)) for _ in range(RANDOM_DRAWS)],
        EQUAL: [Answer(Strips(np.zeros(n), np.zeros(n)))],
        ROLES: [Answer(Strips(offsets_db, np.zeros(n)))],
        ROLES_AND_PANS: [Answer(Strips(offsets_db, on_both_sides(sizes, offsets_db)))],
        HUMAN: [Answer(Strips(song.gains_db, song.pans))],
    }


def _random(n: int, rng: np.random.Generator) -> Strips:
    return Strips(rng.uniform(-RANDOM_GAIN_DB, RANDOM_GAIN_DB, n), rng.uniform(-1.0, 1.0, n))


def _levels(song: StripSong) -> tuple[tuple[str, float], ...]:
    levels: NDArray[np.float64] = song.gains_db - np.median(song.gains_db)
    return tuple((role, float(level)) for role, level in zip(song.roles, levels, strict=True) if role)
