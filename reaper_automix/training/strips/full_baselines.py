"""What the controller of the full task has to beat: mixes of disturbed songs that know roles, or nothing.

The strongest is the mean of a role in all that it has: its level, and an equaliser on the way to its mean spectrum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_spectra import RoleSpectra, equaliser_towards
from reaper_automix.training.strips.baselines import (
    EQUAL,
    HUMAN,
    MONO,
    RANDOM,
    RANDOM_DRAWS,
    RANDOM_GAIN_DB,
    RAW,
    ROLES,
    SPECTRA,
    RoleTable,
)
from reaper_automix.training.strips.raw_takes import RawTake
from reaper_automix.training.strips.songs import RATE_HZ, StripSong

SHARES = (0.25, 0.5, 0.75, 1.0)
SHRINKAGE_TRACKS = 3.0
"""A role's mean spectrum counts as if so many tracks with the mean spectrum of all were among its own."""

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fader:
    """A mix of one song by faders, pans and equalisers.

    Parameters
    ----------
    gains_db, pans : ndarray of float64, shape (n_tracks,)
    is_mono : bool
        Whether the sides are summed.
    spectra : RoleSpectra, optional
        On the way to which tracks are equalised.
    """

    gains_db: Floats
    pans: Floats
    is_mono: bool = False
    spectra: RoleSpectra | None = None

    def mixed(self, take: RawTake, place: int) -> Audio:
        """Return the mix of an excerpt, (2, n_samples)."""
        tracks = take.audio(place)
        if self.spectra is not None:
            for number, role in enumerate(take.song.roles):
                settings = equaliser_towards(self.spectra, role, take.bands_db[number], RATE_HZ)
                tracks[number] = Equaliser(settings, RATE_HZ, 2).process(tracks[number])
        sides = np.stack([1.0 - np.maximum(self.pans, 0.0), 1.0 + np.minimum(self.pans, 0.0)], axis=1)
        sides *= levels.db_to_lin(self.gains_db)[:, None]
        mix = np.einsum("nc,ncs->cs", sides.astype(np.float32), tracks)
        return np.repeat(mix.mean(axis=0, keepdims=True), 2, axis=0) if self.is_mono else mix


def fit_spectra(takes: Sequence[RawTake], share: float) -> RoleSpectra:
    """Return the mean third-octave levels of roles, of undisturbed tracks at ``REFERENCE_LUFS``, and of all tracks."""
    rows: dict[str, list[Floats]] = defaultdict(list)
    for take in takes:
        for role, bands_db in zip(take.song.roles, take.clean_bands_db, strict=True):
            rows[role].append(np.maximum(bands_db, bands_db.max() - RoleSpectra.REACH_DB))
    everything = np.mean([row for own in rows.values() for row in own], axis=0)
    means = {
        role: (np.sum(own, axis=0) + SHRINKAGE_TRACKS * everything) / (len(own) + SHRINKAGE_TRACKS)
        for role, own in rows.items()
    }
    return RoleSpectra({**means, "": everything}, share)


def best_share(learned: Sequence[RawTake]) -> float:
    """Return how far to go to the mean spectrum: what comes nearest to the tracks as they were, on songs left out."""
    errors: dict[float, list[float]] = {share: [] for share in SHARES}
    for part in range(4):
        spectra = fit_spectra([take for n, take in enumerate(learned) if n % 4 != part], 1.0)
        for take in learned[part::4]:
            for role, heard_db, clean_db in zip(take.song.roles, take.bands_db, take.clean_bands_db, strict=True):
                counts = clean_db > clean_db.max() - RoleSpectra.REACH_DB
                for share in SHARES:
                    moved_db = heard_db + spectra.wanted_db(role, heard_db) * share - clean_db
                    errors[share].append(float(np.abs(moved_db - np.median(moved_db[counts]))[counts].mean()))
    return min(SHARES, key=lambda share: float(np.mean(errors[share])))


def full_baselines(take: RawTake, table: RoleTable, spectra: RoleSpectra, seed: int) -> dict[str, list[Fader]]:
    """Return the mixes of a disturbed song, several of those that draw."""
    song: StripSong = take.song
    n, none = len(song.roles), np.zeros(len(song.roles))
    rng = np.random.default_rng(seed)
    raw_db = song.heard.loudness_lufs - REFERENCE_LUFS if song.levels_are_raw else none
    draws = [
        Fader(rng.uniform(-RANDOM_GAIN_DB, RANDOM_GAIN_DB, n), rng.uniform(-1.0, 1.0, n)) for _ in range(RANDOM_DRAWS)
    ]
    offsets_db = table.offsets_of(song)
    return {
        MONO: [Fader(raw_db, none, is_mono=True)],
        RAW: [Fader(raw_db, none)],
        RANDOM: draws,
        EQUAL: [Fader(none, none)],
        ROLES: [Fader(offsets_db, none)],
        SPECTRA: [Fader(offsets_db, none, spectra=spectra)],
        HUMAN: [Fader(song.gains_db, song.pans)],
    }
