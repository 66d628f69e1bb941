"""What the controller of the full task has to beat: mixes of disturbed songs that know roles, or nothing.

The strongest is the mean of a role in all that it has: its level, and an equaliser on the way to its mean spectrum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_parameters import neutral_reverb_vector, reverb_from
from reaper_automix.training.strips.baselines import (
    EQUAL,
    HUMAN,
    MONO,
    RANDOM,
    RANDOM_DRAWS,
    RANDOM_GAIN_DB,
    RAW,
    ROLES,
    SENDS,
    SPECTRA,
    RoleTable,
)
from reaper_automix.training.strips.raw_takes import RawTake
from reaper_automix.training.strips.role_spectra import RoleSpectra, equaliser_towards
from reaper_automix.training.strips.songs import RATE_HZ, StripSong
from reaper_automix.units import SILENCE_DB, db_to_lin, lin_to_db

SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
SHRINKAGE_TRACKS = 3.0
"""A role's mean spectrum counts as if so many tracks with the mean of all were its own too, and its mean send as if so
many were that nobody sent."""

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
    sends_db : ndarray of float64, shape (n_tracks,), optional
        To the usual reverb.
    """

    gains_db: Floats
    pans: Floats
    is_mono: bool = False
    spectra: RoleSpectra | None = None
    sends_db: Floats | None = None

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
        if self.sends_db is not None:
            sent = (sides * levels.db_to_lin(self.sends_db)[:, None]).astype(np.float32)
            room = Reverb(reverb_from(neutral_reverb_vector()), RATE_HZ, 2)
            mix = mix + room.process(np.einsum("nc,ncs->cs", sent, tracks))
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
    """Return how far to go to the mean spectrum: what comes nearest to the tracks as they were, on songs left out.

    Of a single song nothing can be left out: the smallest share is taken.
    """
    errors: dict[float, list[float]] = {share: [] for share in SHARES}
    n_parts = min(4, len(learned))
    if n_parts < 2:
        return SHARES[0]
    for part in range(n_parts):
        spectra = fit_spectra([take for n, take in enumerate(learned) if n % n_parts != part], 1.0)
        for take in learned[part::n_parts]:
            for role, heard_db, clean_db in zip(take.song.roles, take.bands_db, take.clean_bands_db, strict=True):
                counts = clean_db > clean_db.max() - RoleSpectra.REACH_DB
                for share in SHARES:
                    moved_db = heard_db + spectra.wanted_db(role, heard_db) * share - clean_db
                    errors[share].append(float(np.abs(moved_db - np.median(moved_db[counts]))[counts].mean()))
    return min(SHARES, key=lambda share: float(np.mean(errors[share])))


def usual_sends_db(songs: Sequence[StripSong]) -> dict[str, float]:
    """Return the mean send of each role, linear gains averaged over all tracks of songs whose author used a reverb."""
    sent: dict[str, list[float]] = defaultdict(list)
    for song in songs:
        if (song.sends_db > SILENCE_DB).any():
            for role, send_db in zip(song.roles, song.sends_db, strict=True):
                sent[role].append(db_to_lin(float(send_db)))
    means = {role: sum(gains) / (len(gains) + SHRINKAGE_TRACKS) for role, gains in sorted(sent.items()) if role}
    return {role: round(lin_to_db(gain), 1) for role, gain in means.items() if gain > 0.0}


def full_baselines(
    take: RawTake, table: RoleTable, spectra: RoleSpectra, usual_db: Mapping[str, float], seed: int
) -> dict[str, list[Fader]]:
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
        SENDS: [Fader(offsets_db, none, sends_db=np.array([usual_db.get(r, SILENCE_DB) for r in song.roles]))],
        HUMAN: [Fader(song.gains_db, song.pans)],
    }
