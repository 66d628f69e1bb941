"""The stereo loss beside auraloss: the same values, and the time forward and backward. torch, one thread.

auraloss halves the sum of the two losses and takes one spectral convergence over the whole batch; ours adds them and
answers per song, so a batch of one is compared, and twice auraloss's value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.machine import is_there
from benchmarks.rows import Row
from benchmarks.size import Size
from benchmarks.sounds import music
from benchmarks.timing import race

SUITE = "loss"
RATE_HZ = 44_100
GOAL_VALUE = 1e-5
"""Relative difference of the values."""


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    seconds = size.of(10, 1)
    case = f"stereo loss, {seconds:g} s at 44.1 kHz"
    if missing := is_there("torch") or is_there("auraloss"):
        yield Row(SUITE, case, skipped=missing)
        return
    yield from _compared(case, seconds, size)


def _compared(case: str, seconds: float, size: Size) -> Iterator[Row]:
    import auraloss
    import torch

    from reaper_automix.training.strips.stereo_loss import StereoTarget, stereo_loss

    torch.set_num_threads(1)
    target = torch.from_numpy(music(seconds, rate_hz=RATE_HZ)[None])
    predicted = 0.8 * target + 0.02 * torch.from_numpy(np.random.default_rng(2).normal(size=target.shape)).float()
    other = auraloss.freq.SumAndDifferenceSTFTLoss([1024, 2048, 512], [120, 240, 50], [600, 1200, 240])
    kept = StereoTarget(target)
    apart = _apart(predicted, lambda x: stereo_loss(x, target)[0], lambda x: 2.0 * other(x, target))
    ways = {
        "forward": lambda f: lambda: f(predicted),
        "forward and backward": lambda f: lambda: _gradient(f, predicted),
    }
    for way, called in ways.items():
        contenders = {
            "ours": called(lambda x: stereo_loss(x, target)[0]),
            "ours, target kept": called(lambda x: kept.loss(x)[0]),
            "auraloss": called(lambda x: 2.0 * other(x, target)),
        }
        found = race(contenders, size.rounds)
        yield Row(
            SUITE,
            f"{case}, {way}",
            tuple(found.figure(name) for name in contenders),
            found.ratio("auraloss"),
            goal=f"values within {GOAL_VALUE:g}",
            met=apart[0] <= GOAL_VALUE,
            note=f"values differ by {apart[0]:.0e}, gradients by {apart[1]:.0e} of their norm; "
            f"with the target's spectra kept {found.ratio('auraloss', 'ours, target kept').words}",
        )


def _gradient(loss: Callable[[Any], Any], predicted: Any) -> Any:
    import torch

    x = predicted.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x), x)
    return gradient


def _apart(predicted: Any, ours: Callable[[Any], Any], theirs: Callable[[Any], Any]) -> tuple[float, float]:
    """Return how far value and gradient lie apart, relative to auraloss's."""
    value, gradient = theirs(predicted), _gradient(theirs, predicted)
    off = (ours(predicted) - value).abs() / value.abs()
    return float(off), float((_gradient(ours, predicted) - gradient).norm() / gradient.norm())
