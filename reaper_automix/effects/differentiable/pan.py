"""REAPER's stereo balance, with gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from reaper_automix.audio.panning import balance
from reaper_automix.effects.differentiable.knobs import prepared_audio, prepared_knobs
from reaper_automix.effects.pan import PAN


def panned(audio: Tensor, pan: Tensor, sample_rate_hz: int, *, law_db: float = 0.0) -> Tensor:
    """Return stereo (batch, 2, n_samples) of mono or stereo, each at its place between the speakers.

    Parameters
    ----------
    audio : Tensor, shape (batch, 1 or 2, n_samples)
    pan : Tensor, shape (batch,)
        -1 (left) to 1 (right). At exactly 0, where the gains have a bend, the gradient is the mean of both sides'.
    sample_rate_hz : int
    law_db : float
        The project's pan law; see ``audio.panning``.
    """
    samples = prepared_audio(audio, sample_rate_hz)
    place = prepared_knobs({PAN.name: pan}, [PAN], (len(audio),))[PAN.name]
    centre, hard = balance(0.0, law_db)[0], balance(-1.0, law_db)[0]
    left_part, right_part = (place.abs() - place) / 2.0, (place.abs() + place) / 2.0
    left = centre + (hard - centre) * left_part - centre * right_part
    right = centre + (hard - centre) * right_part - centre * left_part
    return (samples * torch.stack((left, right), dim=1)[:, :, None]).to(audio)
