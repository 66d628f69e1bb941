r"""The compressor of ``effects.compressor``, with gradients by every knob.

All but its ballistics are ordinary operations on tensors. The ballistics are computed by the very function of the numpy
reference, whose fifth step is r[n] = r[n-1] + k[n] (R[n] - r[n-1]), k[n] being attack or release. With g the
derivatives of the loss by r, what it means for r[n] to be moved is

    m[n] = g[n] + (1 - k[n+1]) m[n+1],

and the derivatives are k[n] m[n] by R[n], and by attack and release the sums of m[n] (R[n] - r[n-1]) over the samples
that chose them. The choice itself moves nothing: where it changes, both ways lead to the same place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reaper_automix.effect_settings.compressor import PARAMETERS, RATIO
from reaper_automix.effects.compressor import POWER_FLOOR, follow
from reaper_automix.effects.differentiable import levels
from reaper_automix.effects.differentiable.equaliser import pass_sections
from reaper_automix.effects.differentiable.filters import filtered
from reaper_automix.effects.differentiable.knobs import Knobs, prepared_audio, prepared_knobs

Floats = NDArray[np.float64]

_HARDEST_KNEE_DB = 1e-6
_SHORTEST_MS = 1e-6
"""Stand in for 0, which would be divided by; both are far beyond what can be heard."""


def compressed(audio: Tensor, knobs: Knobs, sample_rate_hz: int) -> Tensor:
    """Return audio, compressed.

    Parameters
    ----------
    audio : Tensor, shape (batch, 1 or 2, n_samples)
        Full scale is 1. Both channels get the same gain.
    knobs : mapping of str to Tensor, shape (batch,)
        Any of the fields of ``CompressorSettings``, in their units; the others have their defaults. A detector's filter
        that is off, a ratio of 100 (a limiter) and an RMS size or knee of 0 have no gradient of their own.
    sample_rate_hz : int

    Returns
    -------
    Tensor, shape (batch, 1 or 2, n_samples)

    Raises
    ------
    ValueError, MediaError, PlanError
        See ``knobs``.
    """
    samples = prepared_audio(audio, sample_rate_hz)
    values = prepared_knobs(knobs, PARAMETERS, (len(audio),))
    reduction = _reduction_db(samples, values, sample_rate_hz)
    makeup, dry = (levels.db_to_lin(values[name])[:, None] for name in ("makeup_db", "dry_db"))
    gain_lin = makeup * torch.pow(10.0, reduction / -20.0) + dry
    return (samples * gain_lin[:, None, :]).to(audio)


def reduction_db(audio: Tensor, knobs: Knobs, sample_rate_hz: int) -> Tensor:
    """Return how far the gain is down at each sample, (batch, n_samples): what a meter shows. As ``compressed``."""
    samples = prepared_audio(audio, sample_rate_hz)
    return _reduction_db(samples, prepared_knobs(knobs, PARAMETERS, (len(audio),)), sample_rate_hz).to(audio)


def _reduction_db(samples: Tensor, values: Knobs, sample_rate_hz: int) -> Tensor:
    target_db = _target_db(_level_db(samples, values, sample_rate_hz), values)
    attack, release = (_constant(values[name], sample_rate_hz) for name in ("attack_ms", "release_ms"))
    return _Follow.apply(target_db, attack, release)


def _level_db(samples: Tensor, values: Knobs, sample_rate_hz: int) -> Tensor:
    """Return what the detector reads, (batch, n_samples)."""
    passes = pass_sections(values["detector_highpass_hz"], values["detector_lowpass_hz"], sample_rate_hz)
    if not torch.equal(passes.detach(), torch.eye(5, dtype=torch.float64)[0].expand_as(passes)):
        samples = filtered(samples, passes)
    power = torch.square(samples)
    if bool((values["rms_size_ms"] > 0.0).any()):
        share = _constant(values["rms_size_ms"], sample_rate_hz)
        none = torch.zeros_like(share)
        power = filtered(power, torch.stack((share, none, none, share - 1.0, none), dim=1)[:, None])
    return levels.energy_to_db(torch.clamp(power.amax(dim=1), min=POWER_FLOOR))


def _target_db(level_db: Tensor, values: Knobs) -> Tensor:
    """Return the reduction that each level would end at."""
    over_db = level_db - values["threshold_db"][:, None]
    knee_db = torch.clamp(values["knee_db"], min=_HARDEST_KNEE_DB)[:, None]
    into_db = torch.minimum(torch.relu(over_db + knee_db / 2.0), knee_db)
    in_knee = into_db.square() / (2.0 * knee_db)
    effective_db = in_knee + torch.relu(over_db - knee_db / 2.0)
    ratio = values["ratio"][:, None]
    return torch.where(ratio >= RATIO.high, 1.0, 1.0 - 1.0 / ratio) * effective_db


def _constant(time_ms: Tensor, sample_rate_hz: int) -> Tensor:
    return -torch.expm1(-1_000.0 / (torch.clamp(time_ms, min=_SHORTEST_MS) * sample_rate_hz))


class _Follow(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, target: Tensor, attack: Tensor, release: Tensor) -> Tensor:
        ctx.target, ctx.attack, ctx.release = (tensor.detach().numpy() for tensor in (target, attack, release))
        rows = zip(ctx.target, ctx.attack.tolist(), ctx.release.tolist(), strict=True)
        ctx.followed = np.stack([follow(row, 0.0, up, down) for row, up, down in rows])
        return torch.from_numpy(ctx.followed.copy())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        before = np.zeros_like(ctx.followed)
        before[:, 1:] = ctx.followed[:, :-1]
        distance = ctx.target - before
        is_attack = distance > 0.0
        share = np.where(is_attack, ctx.attack[:, None], ctx.release[:, None])
        moved = carried_back(gradient.numpy(), 1.0 - share)
        by_share = moved * distance
        by_attack = (by_share * is_attack).sum(axis=1)
        return tuple(torch.from_numpy(x) for x in (share * moved, by_attack, by_share.sum(axis=1) - by_attack))


def carried_back(gradient: Floats, kept: Floats) -> Floats:
    """Return m[n] = gradient[n] + kept[n + 1] * m[n + 1], from the last sample to the first.

    Parameters
    ----------
    gradient, kept : ndarray of float64, shape (batch, n_samples)
        ``kept[:, 0]`` is not used.

    Returns
    -------
    ndarray of float64, shape (batch, n_samples)
    """
    n_batch, n_samples = gradient.shape
    n_steps = max(math.isqrt(n_samples), 1)
    n_segments = -(-n_samples // n_steps)
    # Both turned round and filled up with zeros; row i holds step i of every segment of the whole batch.
    added, factors = np.zeros((2, n_batch, n_segments * n_steps))
    added[:, :n_samples] = gradient[:, ::-1]
    factors[:, 1:n_samples] = kept[:, :0:-1]
    added, factors = (
        np.ascontiguousarray(x.reshape(n_batch, n_segments, n_steps).transpose(2, 0, 1)) for x in (added, factors)
    )
    ends = np.zeros((n_batch, n_segments))
    for more, factor in zip(added, factors, strict=True):
        ends = ends * factor + more
    passed = factors.prod(axis=0)
    starts = np.zeros((n_batch, n_segments))
    for i in range(1, n_segments):
        starts[:, i] = ends[:, i - 1] + passed[:, i - 1] * starts[:, i - 1]
    value = starts
    for more, factor in zip(added, factors, strict=True):
        value = value * factor
        value += more
        more[:] = value
    return added.transpose(1, 2, 0).reshape(n_batch, -1)[:, :n_samples][:, ::-1].copy()
