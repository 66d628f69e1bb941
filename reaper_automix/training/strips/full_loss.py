"""What a controller of the full task is pulled by: third-octave levels where the answer is known, else the stereo loss.

Of a disturbed song (``raw_takes``) each track's spectrum as it was is known, and with it what equaliser and fader
together should do to each third of an octave. That takes no audio, and a step of it is a thousand times cheaper than
one through a console; [1]_ had no such knowledge and began with the stereo loss.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.effects.differentiable.equaliser import sections
from reaper_automix.mixers.strip_parameters import BAND_TYPES
from reaper_automix.training.strips.console import band_knobs, mix, strip_values
from reaper_automix.training.strips.raw_takes import RawTake
from reaper_automix.training.strips.songs import RATE_HZ
from reaper_automix.training.strips.songs import is_stereo as has_sides
from reaper_automix.training.strips.stereo_loss import multi_resolution_loss
from reaper_automix.training.strips.transformation import TransformationNetwork, centre_crop, transformed_mix

Route = Literal["exact console", "network"]

HEARD_BELOW_DB = 40.0
"""A band counts so far below the loudest band of its track."""
_QUIET = 1e-12
Floats = NDArray[np.float64]


def response_db(vectors: Tensor) -> Tensor:
    """Return what the equalisers of strips, (n_rows, 24), do to each third of an octave at 44.1 kHz."""
    rows = sections(BAND_TYPES, band_knobs(strip_values(vectors)), RATE_HZ)
    z = torch.exp(torch.tensor(-2j * np.pi / RATE_HZ) * torch.tensor(CENTRES_HZ, dtype=torch.float64))
    powers = torch.stack([torch.ones_like(z), z, z * z])
    b, a = rows[..., :3].to(powers.dtype), torch.cat([torch.ones_like(rows[..., :1]), rows[..., 3:]], dim=-1)
    response = (b @ powers) / (a.to(powers.dtype) @ powers)
    return 20.0 * torch.log10(torch.clamp(response.abs(), min=1e-6)).sum(dim=1)


def known_loss(take: RawTake, vectors: Tensor, bands_db: Floats | None = None) -> Tensor:
    """Return how far equaliser and fader of each track are from what was taken back, mean over bands and tracks, in dB.

    What is common to all tracks of the song does not count.

    Parameters
    ----------
    take : RawTake
    vectors : Tensor, shape (n_tracks, 24)
    bands_db : ndarray of float64, shape (n_tracks, n_bands), optional
        What was heard of the tracks, where that is not ``take.bands_db``.
    """
    heard_db = torch.from_numpy(take.bands_db if bands_db is None else bands_db) + response_db(vectors)
    fader_db = strip_values(vectors)["fader_db"]
    wanted_db = torch.from_numpy(take.clean_bands_db + take.song.gains_db[:, None])
    error_db = heard_db + fader_db[:, None] - wanted_db
    clean_db = torch.from_numpy(take.clean_bands_db)
    counts = clean_db > clean_db.amax(dim=1, keepdim=True) - HEARD_BELOW_DB
    common_db = error_db.detach()[counts].median()
    return (error_db - common_db)[counts].abs().mean()


def song_mix(route: Route | TransformationNetwork, tracks: Tensor, vectors: Tensor, reverb: Tensor) -> Tensor:
    """Return the mix of one song, (2, n_samples), through the exact console or through a network, then shorter.

    Parameters
    ----------
    route : "exact console" or TransformationNetwork
    tracks : Tensor, shape (n_tracks, 2, n_samples)
    vectors : Tensor, shape (n_tracks, 24)
    reverb : Tensor, shape (4,)
    """
    if isinstance(route, TransformationNetwork):
        return transformed_mix(route, tracks[None], vectors[None], reverb[None])[0]
    return mix(tracks[None], vectors[None], reverb[None], RATE_HZ)[0]


def mix_loss(mixed: Tensor, target: Tensor, *, is_stereo: bool) -> Tensor:
    """Return the stereo loss of a mix that is first brought to the energy of the target [1] section 2.3.

    Parameters
    ----------
    mixed, target : Tensor, shape (2, n_samples)
        The middle of the target counts where the mix is shorter.
    is_stereo : bool
        Whether the difference of the sides counts; else only their sum. Nor does it where this stretch of the target
        has none: beside silence any difference is as large as one likes.
    """
    target = centre_crop(target, mixed.shape[-1])
    is_stereo = is_stereo and has_sides(target.numpy())
    mixed = mixed * torch.sqrt((target.square().sum() + _QUIET) / (mixed.square().sum() + _QUIET))
    loss = multi_resolution_loss((mixed[0] + mixed[1])[None], (target[0] + target[1])[None]).sum()
    if not is_stereo:
        return loss
    return loss + multi_resolution_loss((mixed[0] - mixed[1])[None], (target[0] - target[1])[None]).sum()
