"""A gain in dB."""

from __future__ import annotations

import numpy as np

from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effects.blocks import Audio
from reaper_automix.units import SILENCE_DB, db_to_lin

GAIN = Parameter("gain_db", "dB", SILENCE_DB, 24.0, 0.0)


def amplified(block: Audio, gain_db: float) -> Audio:
    """Return samples, float32 of any shape, times a gain of -150 (silence) to 24 dB; ``PlanError`` outside of it."""
    return block * np.float32(db_to_lin(GAIN.check(gain_db)))
