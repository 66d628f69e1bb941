"""Songs as the experiments show them to a model: at levels that chance chose, in steps of the model's own length.

Every track is brought to ``REFERENCE_LUFS`` plus a random offset, and the same is taken off the human's gain, so that
the level of a synthesizer or of a stem says nothing of the answer. What all tracks of a song have in common does not
count either: the gains are relative to the song's median track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.features import FrameFeatures
from reaper_automix.analysis.loudness import BLOCK_S, energy_to_lufs, integrated_lufs
from reaper_automix.audio import levels
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.ride_sound import SOUNDING_LU, step_means
from reaper_automix.role_vocabulary import Role
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.songs import OFFSET_DB
from reaper_automix.training.rides.groups import gain_between_db
from reaper_automix.training.rides.listening import RiddenSong, RiddenTrack
from reaper_automix.units import db_to_energy

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ShownTrack:
    """A track, or a group, as a model sees it.

    Parameters
    ----------
    features : ndarray of float64, shape (n_steps, n_columns)
        See ``analysis.features``, at the level shown; means over the blocks of a step.
    energy : ndarray of float64, shape (n_steps,)
        K-weighted mean square at the level shown.
    gain_db : ndarray of float64, shape (n_steps,)
        From the level shown to the human's mix, the song's median track at 0 dB; weighted by energy inside a step.
    counts : ndarray of bool, shape (n_steps,)
        Whether the track sounds: other steps are neither learned from nor judged.
    loudness_lufs : float
        At the level shown.
    """

    id: str
    role: Role | None
    features: Floats
    energy: Floats
    gain_db: Floats
    counts: NDArray[np.bool_]
    loudness_lufs: float
    moves: bool


@dataclass(frozen=True, slots=True, eq=False)
class ShownSong:
    """A song as a model sees it; all tracks have the same number of steps."""

    corpus: str
    id: str
    author: str
    usage: Usage
    tracks: tuple[ShownTrack, ...]

    def track(self, track_id: str) -> ShownTrack | None:
        """Return the track of an id; None where there is none."""
        return next((track for track in self.tracks if track.id == track_id), None)


def show(song: RiddenSong, tracks: Sequence[RiddenTrack], step_s: float, rng: np.random.Generator) -> ShownSong:
    """Show a song's tracks, or its groups.

    Parameters
    ----------
    song : RiddenSong
        The song.
    tracks : sequence of RiddenTrack
        ``song.tracks`` or ``song.groups``.
    step_s : float
        Length of a step; a multiple of 100 ms.
    rng : numpy.random.Generator
        For the levels.
    """
    offsets_db = rng.uniform(-OFFSET_DB, OFFSET_DB, len(tracks))
    heard_db = [track.loudness_lufs + _typical_db(track) for track in tracks]
    median_db = float(np.median(heard_db))
    n_blocks = max(track.energy.size for track in tracks)
    size = round(step_s / BLOCK_S)
    shown = tuple(
        _shown(track, REFERENCE_LUFS + float(offset), median_db, n_blocks, size)
        for track, offset in zip(tracks, offsets_db, strict=True)
    )
    return ShownSong(song.corpus, song.id, song.author, song.usage, shown)


def _typical_db(track: RiddenTrack) -> float:
    """Return how much the human's gain raised the track's gated loudness."""
    after_lufs = integrated_lufs(track.energy[None], levels.db_to_lin(track.gain_db))
    return after_lufs - track.loudness_lufs if np.isfinite(after_lufs) else float(np.median(track.gain_db))


def _shown(track: RiddenTrack, level_lufs: float, median_db: float, n_blocks: int, size: int) -> ShownTrack:
    raise_db = level_lufs - track.loudness_lufs
    features = FrameFeatures(0.0, BLOCK_S, track.features).louder_by(raise_db).values.astype(np.float64)
    energy = track.energy * db_to_energy(raise_db)
    gain_db = track.gain_db - raise_db - median_db + REFERENCE_LUFS
    missing = n_blocks - energy.size
    features = np.pad(features, ((0, missing), (0, 0)), mode="edge")
    energy, gain_db = np.pad(energy, (0, missing)), np.pad(gain_db, (0, missing), mode="edge")
    step_energy = _pooled(energy, size)
    heard = _pooled(energy * levels.db_to_energy(gain_db), size)
    gains_db = gain_between_db(step_energy, heard, _pooled(gain_db, size))
    counts = energy_to_lufs(step_energy) > level_lufs + SOUNDING_LU
    return ShownTrack(
        track.id, track.role, _pooled(features, size), step_energy, gains_db, counts, level_lufs, track.moves
    )


def _pooled(blocks: Floats, size: int) -> Floats:
    """Return the means of whole steps of so many blocks; of one that is not whole where there is no other."""
    n_steps = max(blocks.shape[0] // size, 1)
    return step_means(blocks[: n_steps * size].T, size).T
