"""Songs as if no engineer had touched them yet: every track with an equaliser and dynamics of its own taken back.

The full task of [1]_ needs raw tracks beside finished mixes. Our corpora hold the gains and pans of humans, but their
tracks come without an engineer's equaliser and compressor. So these are taken back: a track is played through an
equaliser drawn at random, and the gain reduction of a compressor drawn at random is turned into a gain, so that its
dynamics grow. The target stays the human's mix of the tracks as they were; who finds the inverse comes closest. What
is learned is therefore how tracks of finished songs sound, not what one engineer did to one recording.

Disturbances are drawn once per song, take and track; takes with one number are always the same.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.third_octaves import third_octaves_db
from reaper_automix.audio import levels
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.files import write_bytes_whole
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_excerpts import Heard, image_of
from reaper_automix.mixers.strip_parameters import BAND_PLACES, SHELF_Q
from reaper_automix.training.strips.features import loudness_of
from reaper_automix.training.strips.songs import RATE_HZ, StripSong
from reaper_automix.units import db_to_lin

MADE_AS = 1
"""Raise this when takes are made differently, so that old ones are not used."""

EQUALISER_DB = (-6.0, 9.0)
"""Of a band that is taken back; a strip cuts by 12 dB and boosts by 6."""
BAND_SHARE = 0.6
"""Of the five bands of an equaliser, so many are used."""
DYNAMICS_SHARE = 0.5
"""Of the tracks, so many get dynamics back."""
RATIO = (1.5, 3.0)
THRESHOLD_DB = (-38.0, -22.0)
"""For tracks at ``REFERENCE_LUFS``."""
ATTACK_MS = (5.0, 30.0)
RELEASE_MS = (60.0, 300.0)

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is done to one track; ``dynamics`` is the compressor whose work is undone, None for none."""

    equaliser: EqualiserSettings
    dynamics: CompressorSettings | None

    def played(self, audio: Audio) -> Audio:
        """Return audio, (2, n_samples) at 44.1 kHz, disturbed."""
        if self.dynamics is not None:
            reduction_db = Compressor(self.dynamics, RATE_HZ, len(audio)).reduction_db(audio)
            audio = (audio * levels.db_to_lin(reduction_db)).astype(np.float32)
        return Equaliser(self.equaliser, RATE_HZ, len(audio)).process(audio)


def drawn(rng: np.random.Generator) -> Disturbance:
    """Draw a disturbance."""
    bands = []
    for _, kind, low_hz, high_hz, _ in BAND_PLACES:
        frequency_hz = float(np.exp(rng.uniform(np.log(low_hz), np.log(high_hz))))
        gain_db, q = float(rng.uniform(*EQUALISER_DB)), float(np.exp(rng.uniform(np.log(0.4), np.log(2.0))))
        if rng.uniform() < BAND_SHARE:
            bands.append(Band(kind, frequency_hz, gain_db, q if kind == "band" else SHELF_Q))
    dynamics = CompressorSettings(
        threshold_db=float(rng.uniform(*THRESHOLD_DB)),
        ratio=float(rng.uniform(*RATIO)),
        attack_ms=float(rng.uniform(*ATTACK_MS)),
        release_ms=float(rng.uniform(*RELEASE_MS)),
    )
    return Disturbance(EqualiserSettings(tuple(bands)), dynamics if rng.uniform() < DYNAMICS_SHARE else None)


def disturbances(song: StripSong, take: int) -> tuple[Disturbance, ...]:
    """Return what is done to each track of a take; the same ones whenever they are asked for."""
    rng = np.random.default_rng([zlib.crc32(song.key.encode()), take])
    return tuple(drawn(rng) for _ in song.roles)


@dataclass(frozen=True, eq=False)
class RawTake:
    """A song, disturbed.

    Parameters
    ----------
    song : StripSong
    number : int
    heard : Heard
        Of the disturbed tracks.
    norms_db : ndarray of float64, shape (n_tracks,)
        What brings the disturbed tracks back to ``REFERENCE_LUFS``.
    bands_db : ndarray of float64, shape (n_tracks, n_bands)
        Third-octave levels of the disturbed tracks at ``REFERENCE_LUFS``, mean over the excerpts in which they sound.
    clean_bands_db : ndarray of float64, shape (n_tracks, n_bands)
        Of the tracks as they were, at ``REFERENCE_LUFS``.
    """

    song: StripSong
    number: int
    heard: Heard
    norms_db: Floats
    bands_db: Floats
    clean_bands_db: Floats

    @cached_property
    def disturbances(self) -> tuple[Disturbance, ...]:
        """What was done to each track."""
        return disturbances(self.song, self.number)

    def audio(self, place: int, tracks: Sequence[int] | None = None) -> Audio:
        """Return an excerpt of tracks at ``REFERENCE_LUFS``, disturbed, (n_tracks, 2, n_samples); all without a list.

        The processors begin at rest where the excerpt does.
        """
        chosen = range(len(self.song.roles)) if tracks is None else tracks
        return np.stack([self._one(place, track) for track in chosen])

    def _one(self, place: int, track: int) -> Audio:
        clean = self.song.tracks[place, track].astype(np.float32)
        return self.disturbances[track].played(clean) * np.float32(db_to_lin(float(self.norms_db[track])))


def raw_take(song: StripSong, number: int, kept: Path) -> RawTake:
    """Return a take of a song, made once.

    Parameters
    ----------
    song : StripSong
    number : int
        From 0.
    kept : Path
        Folder of takes that are made already.
    """
    file = (
        kept / f"{zlib.crc32(repr((MADE_AS, song.key, song.roles, song.gains_db.tolist())).encode()):08x}-{number}.npz"
    )
    if not file.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        write_bytes_whole(file, _made(song, number))
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    images = arrays["images"].astype(np.float32)
    heard = Heard(images, song.heard.sounds, np.full(len(song.roles), REFERENCE_LUFS), song.heard.starts_s)
    return RawTake(song, number, heard, arrays["norms_db"], arrays["bands_db"], arrays["clean_bands_db"])


def as_they_are(song: StripSong) -> RawTake:
    """Return a song as a take of which nothing is taken back."""
    bands_db = np.array([_mean_bands_db([song.tracks[p, n] for p in _places(song, n)]) for n in range(len(song.roles))])
    return _Untouched(song, -1, song.heard, np.zeros(len(song.roles)), bands_db, bands_db)


class _Untouched(RawTake):
    @cached_property
    def disturbances(self) -> tuple[Disturbance, ...]:
        return (Disturbance(EqualiserSettings(()), None),) * len(self.song.roles)


def _places(song: StripSong, track: int) -> list[int]:
    """Return the common excerpts in which a track sounds; all of them where it sounds in none."""
    found = [place for place in range(len(song.tracks)) if np.any(song.tracks[place, track])]
    return found or list(range(len(song.tracks)))


def _made(song: StripSong, number: int) -> bytes:
    drawn_here = disturbances(song, number)
    images = np.zeros_like(song.heard.images, np.float16)
    norms_db, bands_db, clean_bands_db = np.zeros(len(drawn_here)), [], []
    for track, disturbance in enumerate(drawn_here):
        clean = [song.tracks[place, track].astype(np.float32) for place in _places(song, track)]
        played = [disturbance.played(cut) for cut in clean]
        off_db = loudness_of(np.stack(clean), RATE_HZ) - loudness_of(np.stack(played), RATE_HZ)
        norms_db[track] = off_db if np.isfinite(off_db) else 0.0
        bands_db.append(_mean_bands_db(played) + norms_db[track])
        clean_bands_db.append(_mean_bands_db(clean))
        for slot, cut in zip(np.flatnonzero(song.heard.sounds[track]), played, strict=False):
            images[track, slot] = image_of(cut, RATE_HZ, float(norms_db[track]))
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        images=images,
        norms_db=norms_db,
        bands_db=np.array(bands_db),
        clean_bands_db=np.array(clean_bands_db),
    )
    return buffer.getvalue()


def _mean_bands_db(cuts: Sequence[NDArray[np.floating]]) -> Floats:
    energies = [levels.db_to_energy(third_octaves_db(np.asarray(cut, np.float32), RATE_HZ)) for cut in cuts]
    return np.asarray(levels.energy_to_db(np.mean(energies, axis=0)))
