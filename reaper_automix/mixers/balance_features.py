"""What the learned balance knows of a track: numbers that do not change when the track is turned up or down.

All of them come from the measurement that every mixer has (energies per 100 ms, peak, RMS), so hearing costs nothing
more. A track is brought to ``REFERENCE_LUFS`` first, so that the absolute gates of the meters cut the same of it
whatever its level was: a model that could see the level would only learn the habits of one synthesizer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import (
    Energy,
    energy_to_lufs,
    integrated_lufs,
    loudness_range_lu,
    short_term_lufs,
)
from reaper_automix.analysis.measurement import Measurement
from reaper_automix.analysis.roles import Role
from reaper_automix.units import db_to_energy

REFERENCE_LUFS = -23.0

OWN = ("low_weight_db", "peak_over_loudness_db", "pauses_lu", "loudest_3_s_lu", "range_lu")
"""Of the track alone."""

BESIDE = ("low_weight_beside_db", "peak_beside_db", "pauses_beside_lu")
"""The first three of ``OWN`` relative to the median of the song's tracks."""

FEATURES = (*OWN, *BESIDE, "same_role_log2")
"""The columns of ``balance_features``, in this order."""

Features = NDArray[np.float64]


def balance_features(measurements: Sequence[Measurement], roles: Sequence[Role | None]) -> Features:
    """Describe the tracks of one song, each by itself and beside the others.

    Parameters
    ----------
    measurements : sequence of Measurement
        Tracks that sound.
    roles : sequence of Role or None
        Of the same tracks.

    Returns
    -------
    ndarray of float64, shape (n_tracks, 9)
        Columns as ``FEATURES``.
    """
    own = np.array([_of_one(measurement) for measurement in measurements]).reshape(-1, len(OWN))
    beside = own[:, : len(BESIDE)] - np.median(own[:, : len(BESIDE)], axis=0) if len(own) else own[:, : len(BESIDE)]
    how_many = Counter(roles)
    same = np.array([[math.log2(how_many[role]) if role is not None else 0.0] for role in roles]).reshape(-1, 1)
    return np.hstack([own, beside, same])


def _of_one(measurement: Measurement) -> tuple[float, ...]:
    """Return the columns ``OWN`` of one track."""
    loudness = measurement.loudness
    shift_db = _shift_to_reference_db(measurement.block_energy, loudness.integrated_lufs)
    energy = measurement.block_energy * db_to_energy(shift_db)
    level_lufs = integrated_lufs(energy)
    mean_lufs = _mean_lufs(energy)
    return (
        loudness.rms_dbfs + shift_db - mean_lufs,
        loudness.true_peak_dbtp + shift_db - level_lufs,
        level_lufs - mean_lufs,
        float(short_term_lufs(energy).max()) - level_lufs,
        loudness_range_lu(energy),
    )


def _shift_to_reference_db(energy: Energy, level_lufs: float) -> float:
    """Return the gain to the reference; twice, as the absolute gate of a very quiet track hides part of it at first."""
    if not math.isfinite(level_lufs):  # all of it is below the absolute gate, and a fader makes it audible
        level_lufs = _mean_lufs(energy)
    first_db = REFERENCE_LUFS - level_lufs
    again_lufs = integrated_lufs(energy * db_to_energy(first_db))
    return first_db + (REFERENCE_LUFS - again_lufs)


def _mean_lufs(energy: Energy) -> float:
    return float(energy_to_lufs(energy.sum(axis=0).mean(keepdims=True))[0])
