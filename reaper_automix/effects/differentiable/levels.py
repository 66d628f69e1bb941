"""The conversions of ``units`` for tensors: read them as ``levels.db_to_lin``."""

from __future__ import annotations

import torch
from torch import Tensor

from reaper_automix.units import SILENCE_DB


def db_to_lin(gain_db: Tensor) -> Tensor:
    """Convert levels in dB to linear gains; ``SILENCE_DB`` and below give exactly 0."""
    return torch.where(gain_db > SILENCE_DB, torch.pow(10.0, gain_db / 20.0), 0.0)


def energy_to_db(energy: Tensor) -> Tensor:
    """Convert energy (power) ratios, above 0, to dB."""
    return 10.0 * torch.log10(energy)
