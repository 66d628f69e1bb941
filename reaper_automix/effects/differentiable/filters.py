r"""Second-order sections with exact gradients, in the time domain.

For one section y[n] = sum b_k x[n-k] - a_1 y[n-1] - a_2 y[n-2], and a loss whose derivatives by y are g, let h be g run
backwards in time through 1 / A(z). Then the derivatives are

* by x[n]: sum b_k h[n+k]
* by b_k: sum over n of h[n] x[n-k]
* by a_k: -sum over n of h[n] y[n-k]

so that a gradient costs one more filter per section. Sampling the response over frequency instead costs about as much,
but wraps what still rings after its transform: a narrow band at 20 Hz rings for seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reaper_automix.effects.equaliser import Cascade

Floats = NDArray[np.float64]

_CHUNK_SAMPLES = 1 << 15
"""After each, traces of a state are set to zero: silence at the end of an excerpt must not cost more than music."""


def filtered(audio: Tensor, sections: Tensor) -> Tensor:
    """Return audio that has gone through second-order sections, from rest.

    Parameters
    ----------
    audio : Tensor of float64, shape (batch, n_channels, n_samples)
    sections : Tensor of float64, shape (batch, n_sections, 5)
        b0, b1, b2, a1, a2, with an a0 of 1.

    Returns
    -------
    Tensor of float64, shape (batch, n_channels, n_samples)
    """
    return _Sections.apply(audio, sections)


class _Sections(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, audio: Tensor, sections: Tensor) -> Tensor:
        ctx.save_for_backward(audio, sections)
        both = zip(audio.detach().numpy(), sections.detach().numpy(), strict=True)
        ctx.stages = [_all_stages(x, rows) for x, rows in both]
        return torch.from_numpy(np.stack([stages[-1] for stages in ctx.stages]))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        _, sections = (
            ctx.saved_tensors
        )  # an error where they were written over: ``stages`` begins with the audio itself
        by_rows = np.zeros(sections.shape)
        by_audio = np.array(gradient.numpy())
        for i, (rows, stages) in enumerate(zip(sections.detach().numpy(), ctx.stages, strict=True)):
            for s in reversed(range(len(rows))):
                by_audio[i], by_rows[i, s] = _section_gradients(by_audio[i], rows[s], stages[s], stages[s + 1])
        return torch.from_numpy(by_audio), torch.from_numpy(by_rows)


def _all_stages(samples: Floats, rows: Floats) -> list[Floats]:
    """Return the signal before, between and after the sections."""
    stages = [samples]
    for b0, b1, b2, a1, a2 in rows:
        stages.append(_run(np.array([b0, b1, b2, 1.0, a1, a2]), stages[-1]))
    return stages


def _section_gradients(gradient: Floats, row: Floats, before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return the derivatives by the samples and by the five values of a section."""
    held = _run(np.array([1.0, 0.0, 0.0, 1.0, row[3], row[4]]), gradient[:, ::-1])[:, ::-1]
    n_samples = held.shape[1]

    def together(samples: Floats, delay: int) -> float:
        n_shared = max(n_samples - delay, 0)
        return sum(float(h[delay:] @ x[:n_shared]) for h, x in zip(held, samples, strict=True))

    by_samples = row[0] * held
    by_samples[:, :-1] += row[1] * held[:, 1:]
    by_samples[:, :-2] += row[2] * held[:, 2:]
    by_row = [together(before, k) for k in (0, 1, 2)] + [-together(after, k) for k in (1, 2)]
    return by_samples, np.array(by_row)


def _run(section: Floats, samples: Floats) -> Floats:
    cascade = Cascade(section[None], len(samples))
    starts = range(0, samples.shape[1], _CHUNK_SAMPLES)
    return np.concatenate([cascade.process(samples[:, i : i + _CHUNK_SAMPLES]) for i in starts], axis=1)
