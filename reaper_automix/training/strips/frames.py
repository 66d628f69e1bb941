"""The stereo loss of a sum of tracks, on STFT frames at random places.

Gain and pan are linear, so the spectrum of a mix is the sum of those of its tracks: where only they are learned, the
spectra of a few frames are all that a step of training needs, thirty times less than the STFT of the mix. Each step
draws new places; what it sees is the loss of [1] over these frames instead of all.

References
----------
.. [1] C. J. Steinmetz et al., Automatic multitrack mixing with a differentiable mixing console of neural audio
   effects, ICASSP 2021, section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft
from torch import Tensor

from reaper_automix.training.strips.controller import side_gains
from reaper_automix.training.strips.stereo_loss import EPS, RESOLUTIONS, Resolution

N_FRAMES = (96, 48, 24)
"""Per resolution: as many bins of each."""

_QUIET = 1e-12
Samples = NDArray[np.floating]
Starts = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class FrameSpectra:
    """Some frames of an excerpt at one resolution.

    Parameters
    ----------
    tracks : Tensor of complex64, shape (n_tracks, 2, n_frames, n_bins)
        Left and right.
    target : Tensor of complex64, shape (2, n_frames, n_bins)
    """

    tracks: Tensor
    target: Tensor


def drawn_spectra(tracks: Samples, target: Samples, rng: np.random.Generator) -> tuple[FrameSpectra, ...]:
    """Return frames at random places of an excerpt, (n_tracks, 2, n_samples) and (2, n_samples)."""
    found = []
    for resolution, n_frames in zip(RESOLUTIONS, N_FRAMES, strict=True):
        starts = rng.integers(0, tracks.shape[-1] - resolution.window + 1, n_frames)
        found.append(spectra_at(tracks, target, starts, resolution))
    return tuple(found)


def spectra_at(tracks: Samples, target: Samples, starts: Starts, resolution: Resolution) -> FrameSpectra:
    """Return the frames whose windows begin at some samples."""
    return FrameSpectra(_spectra(tracks, starts, resolution), _spectra(target, starts, resolution))


def _spectra(signals: Samples, starts: Starts, resolution: Resolution) -> Tensor:
    places = starts[:, np.newaxis] + np.arange(resolution.window)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(resolution.window) / resolution.window)
    cuts = signals[..., places].astype(np.float32) * window.astype(np.float32)
    # Where the window lies in its frame changes phases alone, those of all tracks alike.
    return torch.from_numpy(fft.rfft(cuts, resolution.frame, axis=-1))


def frames_loss(spectra: tuple[FrameSpectra, ...], gains_db: Tensor, pans: Tensor, *, is_stereo: bool) -> Tensor:
    """Return the loss of a mix over some frames, after it was brought to the energy of the target.

    Parameters
    ----------
    spectra : tuple of FrameSpectra
        One per resolution.
    gains_db, pans : Tensor, shape (n_tracks,)
    is_stereo : bool
        Whether the difference of the sides counts; else only their sum.
    """
    sides = side_gains(gains_db, pans)
    mixes = [_weighted(sides, own.tracks) for own in spectra]
    both = [(mix[0] + mix[1], own.target[0] + own.target[1]) for mix, own in zip(mixes, spectra, strict=True)]
    scale = _level(both)
    total = _distance([(mix * scale, target) for mix, target in both])
    if is_stereo:
        between = [(m[0] - m[1], own.target[0] - own.target[1]) for m, own in zip(mixes, spectra, strict=True)]
        total = total + _distance([(mix * scale, target) for mix, target in between])
    return total


def _weighted(sides: Tensor, tracks: Tensor) -> Tensor:
    """Return the spectrum of the mix, (2, n_frames, n_bins)."""
    return torch.einsum("nc,ncfb->cfb", sides.to(tracks.dtype), tracks)


def _level(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    wanted = sum(float(target.abs().square().sum()) for _, target in pairs)
    there = torch.stack([mix.abs().square().sum() for mix, _ in pairs]).sum()
    return torch.sqrt((wanted + _QUIET) / (there + _QUIET))


def _distance(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    terms = []
    for mix, target in pairs:
        heard, wanted = _magnitude(mix), _magnitude(target)
        convergence = torch.linalg.norm(wanted - heard) / torch.linalg.norm(wanted)
        terms.append(convergence + (wanted.log() - heard.log()).abs().mean())
    return torch.stack(terms).mean()


def _magnitude(spectrum: Tensor) -> Tensor:
    return torch.sqrt(torch.clamp(spectrum.real.square() + spectrum.imag.square(), min=EPS))
