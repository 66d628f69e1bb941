"""The polarity switch. It has no gradient of its own: a model that must choose can weight both outcomes."""

from __future__ import annotations

import torch
from torch import Tensor


def inverted(audio: Tensor, is_inverted: Tensor) -> Tensor:
    """Return audio (batch, n_channels, n_samples), upside down where ``is_inverted``, bool (batch,), is true."""
    return torch.where(is_inverted[:, None, None], -audio, audio)
