"""How far a mix is from another one, whichever side things are on: the stereo loss of [1]_ section 2.3.

Sum and difference of both channels are each compared by a multi-resolution STFT loss [2]_: spectral convergence and the
L1 distance between logarithms of the magnitudes, at frames of 512, 1024 and 2048 samples with the windows and hops of
[2]. To swap left and right turns the difference upside down, which no magnitude shows.

Where the text leaves a choice, this is auraloss's (version 0.4.0), but for two things that are the paper's: the losses
of sum and difference are added (auraloss halves them), and each song counts by itself (auraloss takes one spectral
convergence over the whole batch). [1] divides the logarithmic term by the number of frames; [2] and auraloss by the
number of all values, and so it is here. Powers of the STFT below ``EPS`` = 1e-8 count as ``EPS``: -80 dB of a single
value of the transform, so that silence has a logarithm, and against silence no division by zero.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
.. [2] R. Yamamoto, E. Song, J.-M. Kim (2020): Parallel WaveGAN. ICASSP.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

EPS = 1e-8


@dataclass(frozen=True, slots=True)
class Resolution:
    """One STFT, all in samples at whatever rate the audio has: a Hann window in the middle of a longer frame."""

    frame: int
    hop: int
    window: int


RESOLUTIONS = (Resolution(512, 50, 240), Resolution(1024, 120, 600), Resolution(2048, 240, 1200))
SHORTEST_SAMPLES = max(r.frame for r in RESOLUTIONS) // 2 + 1
"""Of what the longest frame can be mirrored at its ends."""

Spectra = tuple[Tensor, ...]
"""Magnitudes at each of the resolutions, (batch, n_bins, n_frames)."""


def stereo_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the stereo loss of each mix [1].

    Parameters
    ----------
    predicted, target : Tensor, shape (batch, 2, n_samples)

    Returns
    -------
    Tensor, shape (batch,)
        0 and above; for training take the mean.

    Raises
    ------
    ValueError
        If the shapes are not the same, or not stereo.
    """
    return StereoTarget(target).loss(predicted)


class StereoTarget:
    """Mixes to come close to, with their spectra: made once for many predictions.

    Parameters
    ----------
    target : Tensor, shape (batch, 2, n_samples)
        ``ValueError`` for another shape.
    """

    def __init__(self, target: Tensor) -> None:
        self._shape = tuple(target.shape)
        self._spectra = [magnitudes(part) for part in _sum_and_difference(target)]

    def loss(self, predicted: Tensor) -> Tensor:
        """Return the loss of each prediction, (batch,); ``ValueError`` for another shape than the target's."""
        if tuple(predicted.shape) != self._shape:
            raise ValueError(f"a mix of shape {tuple(predicted.shape)} against a target of shape {self._shape}")
        parts = zip(_sum_and_difference(predicted), self._spectra, strict=True)
        return sum(_distance(magnitudes(part), spectra) for part, spectra in parts)


def _sum_and_difference(mixes: Tensor) -> tuple[Tensor, Tensor]:
    if mixes.ndim != 3 or mixes.shape[1] != 2:
        raise ValueError(f"mixes of shape {tuple(mixes.shape)}: expected (batch, 2, n_samples)")
    left, right = mixes.unbind(1)
    return left + right, left - right


def multi_resolution_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the multi-resolution STFT loss [2] between signals (batch, n_samples), one per signal, (batch,).

    Raises
    ------
    ValueError
        If the shapes are not the same, or not of two axes.
    """
    if predicted.shape != target.shape:
        raise ValueError(f"a signal of shape {tuple(predicted.shape)} against one of {tuple(target.shape)}")
    return _distance(magnitudes(predicted), magnitudes(target))


def magnitudes(signals: Tensor) -> Spectra:
    """Return magnitudes at all resolutions of signals (batch, n_samples), the square root of ``EPS`` at the least.

    Signals are mirrored at their ends; those below 1,025 samples are followed by silence up to there.
    """
    if signals.ndim != 2 or not signals.numel():
        raise ValueError(f"signals of shape {tuple(signals.shape)}: expected (batch, n_samples)")
    missing = max(SHORTEST_SAMPLES - signals.shape[1], 0)
    signals = torch.nn.functional.pad(signals, (0, missing)) if missing else signals
    return tuple(_magnitude(signals, resolution) for resolution in RESOLUTIONS)


def _magnitude(signals: Tensor, resolution: Resolution) -> Tensor:
    window = torch.hann_window(resolution.window, dtype=signals.dtype, device=signals.device)
    bins = torch.stft(signals, resolution.frame, resolution.hop, resolution.window, window=window, return_complex=True)
    return torch.sqrt(torch.clamp(bins.real.square() + bins.imag.square(), min=EPS))


def _distance(predicted: Spectra, target: Spectra) -> Tensor:
    pairs = list(zip(predicted, target, strict=True))
    return sum(_convergence(p, t) + _log_distance(p, t) for p, t in pairs) / len(pairs)


def _convergence(predicted: Tensor, target: Tensor) -> Tensor:
    return _norm(target - predicted) / _norm(target)


def _norm(values: Tensor) -> Tensor:
    return torch.linalg.vector_norm(values, dim=(1, 2))


def _log_distance(predicted: Tensor, target: Tensor) -> Tensor:
    return (torch.log(target) - torch.log(predicted)).abs().mean(dim=(1, 2))
