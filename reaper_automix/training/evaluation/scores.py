"""How far a predictor's levels are from the human's: per track, per song, and the vocal against the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from reaper_automix.analysis.loudness import Energy, integrated_lufs
from reaper_automix.analysis.roles import Role
from reaper_automix.training.evaluation.songs import Example, Levels, MixSong
from reaper_automix.units import db_to_energy

VOCALS = frozenset({Role.LEAD_VOCAL, Role.BACKING_VOCAL})
FEWEST_RANKED = 3
"""Two tracks have one order or the other; that is no correlation."""


@dataclass(frozen=True, slots=True)
class SongScore:
    """One song, one predictor.

    Parameters
    ----------
    errors_db : tuple of float
        Per track: predicted minus human gain, after their median over the song was taken off.
    weighted_rmse_db : float
        Root of the mean squared error, each track counting as much as its energy in the human's mix.
    rank_correlation : float or None
        Spearman's, between predicted and human level; None for less than three tracks, or where all are equal.
    vocal_error_lu : float or None
        How much louder the vocals stand over everything else than the human had them; None without both.
    """

    corpus: str
    song: str
    author: str
    errors_db: tuple[float, ...]
    weighted_rmse_db: float
    rank_correlation: float | None
    vocal_error_lu: float | None


def score(example: Example, predicted_db: Levels) -> SongScore:
    """Compare predicted gains with the human's.

    Raises
    ------
    ValueError
        If there is not one finite gain per track.
    """
    if predicted_db.shape != example.gains_db.shape or not np.isfinite(predicted_db).all():
        raise ValueError(f"{example.id}: expected {example.gains_db.size} finite gains")
    errors_db = predicted_db - example.gains_db
    errors_db = errors_db - np.median(errors_db)
    before = example.song.loudness_lufs
    weights = np.array([db_to_energy(level) for level in example.levels_db])
    return SongScore(
        corpus=example.corpus,
        song=example.id,
        author=example.author,
        errors_db=tuple(float(error) for error in errors_db),
        weighted_rmse_db=float(np.sqrt(np.average(np.square(errors_db), weights=weights))),
        rank_correlation=_rank_correlation(before + predicted_db, before + example.gains_db),
        vocal_error_lu=_vocal_error_lu(example, predicted_db),
    )


def vocal_over_rest_lu(song: MixSong, gains_db: Levels) -> float | None:
    """Return how far the sum of the vocals stands over the sum of everything else; None without both.

    Energies add up: the tracks count as independent of each other.
    """
    is_vocal = [track.role in VOCALS for track in song.tracks]
    if all(is_vocal) or not any(is_vocal):
        return None
    n_blocks = max(track.measurement.block_energy.shape[1] for track in song.tracks)
    sums: dict[bool, Energy] = {side: np.zeros((2, n_blocks)) for side in (True, False)}
    for track, gain_db, side in zip(song.tracks, gains_db, is_vocal, strict=True):
        energy = track.measurement.block_energy
        sums[side][:, : energy.shape[1]] += energy * db_to_energy(float(gain_db))
    levels = {side: integrated_lufs(energy) for side, energy in sums.items()}
    return levels[True] - levels[False] if np.isfinite([*levels.values()]).all() else None


def _vocal_error_lu(example: Example, predicted_db: Levels) -> float | None:
    # Both balances at the same power, so that the absolute gate of the meter cuts the same of them.
    offset_db = float(np.median(predicted_db - example.gains_db))
    predicted_lu = vocal_over_rest_lu(example.song, predicted_db - offset_db)
    human_lu = vocal_over_rest_lu(example.song, example.gains_db)
    return None if predicted_lu is None or human_lu is None else predicted_lu - human_lu


def _rank_correlation(predicted: Levels, human: Levels) -> float | None:
    """Return Spearman's correlation; levels that differ by rounding only count as equal."""
    if predicted.size < FEWEST_RANKED or np.ptp(predicted) < 1e-6 or np.ptp(human) < 1e-6:
        return None
    return float(stats.spearmanr(np.round(predicted, 6), np.round(human, 6)).statistic)
