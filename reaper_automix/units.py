"""Conversions between units. The only place that knows ``10 ** (x / 20)``, but for arrays: ``audio.levels``.

Scalars only, stdlib only.
"""

from __future__ import annotations

import math

SILENCE_DB = -150.0
"""REAPER's fader floor. Levels at or below it are silence: the linear gain is exactly 0."""


def db_to_lin(gain_db: float) -> float:
    """Convert a level in dB to a linear gain; ``SILENCE_DB`` and below give exactly 0."""
    if gain_db <= SILENCE_DB:
        return 0.0
    return float(10.0 ** (gain_db / 20.0))


def lin_to_db(gain_lin: float) -> float:
    """Convert the magnitude of a linear gain to dB; 0 gives ``SILENCE_DB``."""
    magnitude = abs(gain_lin)
    if magnitude <= 0.0:
        return SILENCE_DB
    return max(20.0 * math.log10(magnitude), SILENCE_DB)


def same_level(a_db: float, b_db: float, tolerance_db: float) -> bool:
    """Tell whether two levels are the same within a tolerance; near silence, where files round gains, always."""
    return abs(a_db - b_db) <= tolerance_db or abs(db_to_lin(a_db) - db_to_lin(b_db)) <= 1e-7


def q_to_bandwidth_oct(q: float) -> float:
    """Convert the quality of a filter's band, above 0, to its width in octaves, by the analogue formula."""
    return 2.0 / math.log(2.0) * math.asinh(0.5 / q)


def bandwidth_oct_to_q(bandwidth_oct: float) -> float:
    """Convert a width in octaves, above 0, to the quality ``1 / (2 sinh(ln 2 / 2 * width))``."""
    # Within what sinh can tell from 0 and from infinity: damaged files hold any width.
    return 0.5 / math.sinh(min(max(0.5 * math.log(2.0) * bandwidth_oct, 1e-300), 700.0))


def energy_to_db(energy: float) -> float:
    """Convert an energy (power) ratio to dB; 0 gives ``-inf``."""
    return 10.0 * math.log10(energy) if energy > 0.0 else -math.inf


def db_to_energy(level_db: float) -> float:
    """Convert a level in dB to an energy (power) ratio; ``-inf`` gives 0."""
    return float(10.0 ** (level_db / 10.0))
