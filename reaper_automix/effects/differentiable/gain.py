"""A gain in dB, with gradients."""

from __future__ import annotations

from torch import Tensor

from reaper_automix.effects.differentiable import levels
from reaper_automix.effects.differentiable.knobs import prepared_audio, prepared_knobs
from reaper_automix.effects.gain import GAIN


def amplified(audio: Tensor, gain_db: Tensor, sample_rate_hz: int) -> Tensor:
    """Return audio (batch, n_channels, n_samples) times a gain (batch,) in dB; errors as in ``knobs``."""
    samples = prepared_audio(audio, sample_rate_hz)
    gain_db = prepared_knobs({GAIN.name: gain_db}, [GAIN], (len(audio),))[GAIN.name]
    return (samples * levels.db_to_lin(gain_db)[:, None, None]).to(audio)
