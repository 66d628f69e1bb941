r"""The reverb of ``effects.reverb``, with gradients by every knob but the initial delay, which moves in whole samples.

The rooms' combs and all-passes ring far beyond any excerpt, so that a transform over frequency would wrap their tail.
Here all is evaluated on the circle \|z\| = r a little outside of the unit circle instead, which is to weight the input
by r^-n and the output by r^n: what is wrapped comes back r^-M times, with M samples in the transform. With r^M = 10^8
that is -160 dB, whatever the decay, and double precision leaves the same room below.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from scipy import fft
from torch import Tensor

from reaper_automix.effect_settings.reverb import PARAMETERS
from reaper_automix.effects import reverb as reference
from reaper_automix.effects.differentiable import levels
from reaper_automix.effects.differentiable.equaliser import pass_sections
from reaper_automix.effects.differentiable.filters import filtered
from reaper_automix.effects.differentiable.knobs import Knobs, prepared_audio, prepared_knobs
from reaper_automix.plugins.reaverbate import DECAY_S

_WRAPPED_LIN = 1e-8
_LEAST_DAMPING = 1e-7
"""As in the reference: below it there is none."""


def reverberated(audio: Tensor, knobs: Knobs, sample_rate_hz: int) -> Tensor:
    """Return audio with its room, in stereo.

    Parameters
    ----------
    audio : Tensor, shape (batch, 1 or 2, n_samples)
        Full scale is 1. For the tail append zeros.
    knobs : mapping of str to Tensor, shape (batch,)
        Any of the fields of ``ReverbSettings``, in their units; the others have their defaults. The initial delay, a
        filter that is off, a decay outside of 0.21 to 9.72 s and a dampening of 0 have no gradient of their own.
    sample_rate_hz : int

    Returns
    -------
    Tensor, shape (batch, 2, n_samples)

    Raises
    ------
    ValueError, MediaError, PlanError
        See ``knobs``.
    """
    samples = prepared_audio(audio, sample_rate_hz)
    values = prepared_knobs(knobs, PARAMETERS, (len(audio),))
    wet, dry = (levels.db_to_lin(values[name])[:, None] for name in ("wet_db", "dry_db"))
    mono = samples.mean(dim=1) * (2.0 * reference.INPUT_GAIN_LIN * wet)
    room = _room(mono, values, sample_rate_hz)
    same, crossed = (0.5 + sign * values["width"][:, None, None] / 2.0 for sign in (1.0, -1.0))
    passes = pass_sections(values["highpass_hz"], values["lowpass_hz"], sample_rate_hz)
    return (dry[:, None] * samples + filtered(same * room + crossed * room.flip(1), passes)).to(audio)


def _room(mono: Tensor, values: Knobs, sample_rate_hz: int) -> Tensor:
    """Return what the combs and all-passes make of (batch, n_samples), for both channels: (batch, 2, n_samples)."""
    n_samples = mono.shape[1]
    circle = _Circle(fft.next_fast_len(n_samples, real=True))
    weights = torch.pow(circle.radius, -torch.arange(n_samples, dtype=torch.float64))
    stretch = sample_rate_hz / reference.TUNING_RATE_HZ
    damping = torch.clamp(reference.MOST_DAMPING * values["dampening"], min=_LEAST_DAMPING**stretch) ** (1.0 / stretch)
    delays = torch.round(values["initial_delay_ms"].detach() * sample_rate_hz / 1_000.0)
    spectrum = torch.fft.rfft(mono * weights, circle.n_samples) * circle.delay(delays.to(torch.int64)[:, None])
    combs = _CombSums.apply(_feedback(values["decay_s"]), damping, circle, stretch)
    response = combs * _allpasses(circle, stretch)
    return torch.fft.irfft(spectrum[:, None] * response, circle.n_samples)[..., :n_samples] / weights


def _feedback(decay_s: Tensor) -> Tensor:
    """Return the feedback of the combs: ``reverb.feedback_for``."""
    rows_s = torch.tensor(DECAY_S, dtype=torch.float64)
    turns = -1.0 / torch.log(torch.tensor(reference.FEEDBACK, dtype=torch.float64))
    played_s = torch.clamp(decay_s, min=DECAY_S[0], max=DECAY_S[-1])
    above = torch.searchsorted(rows_s, played_s.detach()).clamp(1, len(rows_s) - 1)
    share = (played_s - rows_s[above - 1]) / (rows_s[above] - rows_s[above - 1])
    return torch.exp(-1.0 / (turns[above - 1] + share * (turns[above] - turns[above - 1])))


class _Circle:
    """The points of the upper half of a circle in the z plane: where a transform of so many samples is evaluated."""

    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples
        self.radius = _WRAPPED_LIN ** (-1.0 / n_samples)
        self._steps = torch.arange(n_samples // 2 + 1)
        self._turns = torch.exp(-2j * math.pi / n_samples * torch.arange(n_samples, dtype=torch.float64))

    def delay(self, n_samples: Tensor | int) -> Tensor:
        """Return z^-n at all points, for one n or for (batch, 1) of them."""
        shrunk = self.radius ** -torch.as_tensor(n_samples, dtype=torch.float64)
        return self._turns[(self._steps * n_samples) % self.n_samples] * shrunk


def _allpasses(circle: _Circle, stretch: float) -> Tensor:
    """Return the response of the chain of all-passes, complex (2, n_points): nothing in it can be set."""
    chains = []
    for spread in reference.SPREADS_SAMPLES:
        chain = torch.ones(1, dtype=torch.complex128)
        for length in reference.ALLPASS_SAMPLES:
            delay = circle.delay(round((length + spread) * stretch))
            chain = chain * (delay / (1.0 - reference.ALLPASS_GAIN * delay) - 1.0)
        chains.append(chain)
    return torch.stack(chains)


class _CombSums(torch.autograd.Function):
    """The sum of the combs of each channel, complex (batch, 2, n_points), by feedback f and damping d, (batch,).

    A comb of length D is z^-D q / (q - s z^-D), with q = 1 - d / z and s = f (1 - d). With R = z^-D / (q - s z^-D), its
    derivatives are (1 - d) q R^2 by f, and f (1 / z - 1) R^2 by d: two sums hold all that the gradients need.
    """

    @staticmethod
    def forward(ctx: Any, feedback: Tensor, damping: Tensor, circle: _Circle, stretch: float) -> Tensor:
        f, d = feedback[:, None], damping[:, None]
        back = circle.delay(1)
        q, scale = 1.0 - d * back, f * (1.0 - d)
        sums = torch.zeros(2, len(feedback), 2, len(back), dtype=torch.complex128)
        for channel, spread in enumerate(reference.SPREADS_SAMPLES):
            for length in reference.COMB_SAMPLES:
                delay = circle.delay(round((length + spread) * stretch))
                ratio = delay / (q - scale * delay)
                sums[0, :, channel] += ratio
                sums[1, :, channel] += ratio.square()
        ctx.by_feedback = ((1.0 - d) * q)[:, None] * sums[1]
        ctx.by_damping = (f * (back - 1.0))[:, None] * sums[1]
        return q[:, None] * sums[0]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        by_feedback, by_damping = (
            (gradient.conj() * by).real.sum(dim=(1, 2)) for by in (ctx.by_feedback, ctx.by_damping)
        )
        return by_feedback, by_damping, None, None
