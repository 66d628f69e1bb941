"""The conversions of ``units`` for arrays: the same numbers, element by element, in the shape and type they came in.

Read them as ``levels.db_to_lin``: the names are those of the scalar ones.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reaper_automix.units import SILENCE_DB

Floats = TypeVar("Floats", NDArray[np.float64], NDArray[np.float32])


def db_to_lin(gain_db: Floats) -> Floats:
    """Convert levels in dB to linear gains; ``SILENCE_DB`` and below give exactly 0."""
    return np.where(gain_db > SILENCE_DB, np.power(10.0, gain_db / 20.0), np.zeros_like(gain_db))


def db_to_energy(level_db: Floats) -> Floats:
    """Convert levels in dB to energy (power) ratios; ``-inf`` gives 0."""
    return np.asarray(np.power(10.0, level_db / 10.0))


def energy_to_db(energy: Floats) -> Floats:
    """Convert energy (power) ratios to dB; 0 gives ``-inf``."""
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(energy))
