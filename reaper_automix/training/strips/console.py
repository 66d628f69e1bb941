"""The exact mixing console, with gradients: tracks and the vectors of their strips in, a stereo mix out.

What a track meets is what REAPER plays of the plan: gain, polarity, equaliser, compressor, fader and pan [1]_ Figure 1,
and after the pan a send to the one reverb that all tracks share. The processors are those of
``effects.differentiable``, which work in double precision on the processor of the computer. ``reference_mix`` is the
same console by the numpy processors.

A mono track that is given as two equal channels plays as the mono track does: a compressor listens to the louder
channel, the reverb to the mean of both, and the pan is a balance. So mono and stereo tracks can share one tensor. A
silent track adds nothing: songs of different sizes are filled up with zeros.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.blocks import Audio
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.differentiable import levels
from reaper_automix.effects.differentiable.compressor import compressed
from reaper_automix.effects.differentiable.equaliser import equalised
from reaper_automix.effects.differentiable.knobs import Knobs, prepared_audio
from reaper_automix.effects.differentiable.pan import panned
from reaper_automix.effects.differentiable.reverb import reverberated
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.gain import amplified
from reaper_automix.effects.pan import panned as placed
from reaper_automix.effects.reverb import Reverb
from reaper_automix.mixers.strip_parameters import (
    BAND_NAMES,
    BAND_TYPES,
    COMPRESSOR,
    POLARITY_ON,
    REVERB,
    SEND,
    SHELF_Q,
    STRIP,
    StripSettings,
    Task,
    ranges_of,
    values_of,
)
from reaper_automix.units import SILENCE_DB


def mix(tracks: Tensor, vectors: Tensor, reverb_vectors: Tensor, sample_rate_hz: int, *, task: Task = "full") -> Tensor:
    """Mix songs.

    Parameters
    ----------
    tracks : Tensor, shape (batch, n_tracks, 1 or 2, n_samples)
        Full scale is 1; see the module for mono and stereo in one tensor, and for songs of different sizes.
    vectors : Tensor, shape (batch, n_tracks, 24)
        0 to 1, ``strip_parameters.STRIP``. Polarity is a switch, without a gradient; neither has a send at exactly 0.
    reverb_vectors : Tensor, shape (batch, 4)
        0 to 1, ``strip_parameters.REVERB``.
    sample_rate_hz : int
        8 to 384 kHz.
    task : {"full", "basic"}
        In the basic task only faders and pans are played, whatever else the vectors hold.

    Returns
    -------
    Tensor, shape (batch, 2, n_samples)
        In the type and on the device of the tracks, from rest: append zeros for the tail.

    Raises
    ------
    ValueError, MediaError
        See ``strip_values`` and ``effects.differentiable.knobs``.
    """
    rows = prepared_audio(_rows_of(tracks, vectors), sample_rate_hz)
    values = strip_values(vectors.flatten(0, 1))
    if task == "full":
        rows = channel(rows * input_gain_lin(values)[:, None, None], values, sample_rate_hz)
    stereo = (rows * placed_gains(values)).unflatten(0, tracks.shape[:2])
    dry = stereo.sum(dim=1)
    if task == "basic":
        return dry.to(tracks)
    sends = levels.db_to_lin(values[SEND.name]).unflatten(0, tracks.shape[:2])
    sent = (stereo * sends[:, :, None, None]).sum(dim=1)
    return (dry + reverberated(sent, bus_knobs(reverb_vectors), sample_rate_hz)).to(tracks)


def _rows_of(tracks: Tensor, vectors: Tensor) -> Tensor:
    if tracks.ndim != 4 or not len(tracks) or tracks.shape[:2] != vectors.shape[:2]:
        raise ValueError(
            f"tracks of shape {tuple(tracks.shape)} with vectors of shape {tuple(vectors.shape)}: "
            "expected (batch, n_tracks, n_channels, n_samples) and (batch, n_tracks, 24)"
        )
    return tracks.flatten(0, 1)


def channel(rows: Tensor, values: Knobs, sample_rate_hz: int) -> Tensor:
    """Return audio (n_rows, 1 or 2, n_samples) after the equaliser and the compressor of each row."""
    return compressed(
        equalised(rows, BAND_TYPES, band_knobs(values), sample_rate_hz),
        {p.name: values[p.name] for p in COMPRESSOR},
        sample_rate_hz,
    )


def strip_values(vectors: Tensor) -> dict[str, Tensor]:
    """Return what strips stand for: ``strip_parameters.values_of`` with gradients.

    Parameters
    ----------
    vectors : Tensor, shape (..., 24)
        0 to 1.

    Returns
    -------
    dict of str to Tensor, shape (...)
        By the names of ``STRIP``; float64, on the computer's own processor.

    Raises
    ------
    ValueError
        If the shape does not fit, or an entry is no number from 0 to 1.
    """
    return _values(vectors, STRIP)


def _values(vectors: Tensor, parameters: Sequence[Parameter]) -> dict[str, Tensor]:
    values_of(vectors.detach().cpu().numpy(), parameters)  # for its checks
    ranges = ranges_of(parameters)
    entries = torch.clamp(vectors.to("cpu", torch.float64), 0.0, 1.0)
    columns = (torch.from_numpy(ranges.starts) + entries * torch.from_numpy(ranges.spans)).unbind(-1)
    values = {
        p.name: torch.exp(column) if is_log else column
        for p, column, is_log in zip(parameters, columns, ranges.is_log, strict=True)
    }
    if SEND in parameters:
        is_sent = entries[..., list(parameters).index(SEND)] > 0.0
        values[SEND.name] = torch.where(is_sent, values[SEND.name], SILENCE_DB)
    return values


def band_knobs(values: Knobs) -> dict[str, Tensor]:
    """Return the knobs of the equalisers, (n_rows, n_bands), as ``effects.differentiable.equaliser`` takes them."""
    gains = [values[f"{name}_gain_db"] for name in BAND_NAMES]
    shelf_q = torch.full_like(gains[0], SHELF_Q)
    return {
        "frequency_hz": torch.stack([values[f"{name}_frequency_hz"] for name in BAND_NAMES], dim=-1),
        "gain_db": torch.stack(gains, dim=-1),
        "q": torch.stack([values.get(f"{name}_q", shelf_q) for name in BAND_NAMES], dim=-1),
    }


def bus_knobs(reverb_vectors: Tensor) -> dict[str, Tensor]:
    """Return the knobs, (batch,), of shared reverbs on their buses: all wet; ``ValueError`` as ``strip_values``."""
    return _values(reverb_vectors, REVERB) | {
        "wet_db": torch.zeros(1, dtype=torch.float64),
        "dry_db": torch.full((1,), SILENCE_DB, dtype=torch.float64),
    }


def input_gain_lin(values: Knobs) -> Tensor:
    """Return the gains (...) before the processors, below 0 where a track is turned upside down."""
    return levels.db_to_lin(values["gain_db"]) * torch.where(values["polarity"] >= POLARITY_ON, -1.0, 1.0)


def placed_gains(values: Knobs) -> Tensor:
    """Return the gains of fader and pan, float64 (n_rows, 2, 1): to the left and to the right."""
    unity = torch.ones(len(values["pan"]), 1, 1, dtype=torch.float64)
    any_rate_hz = 48_000
    gains: Tensor = panned(unity, values["pan"], any_rate_hz)
    return gains * levels.db_to_lin(values["fader_db"])[:, None, None]


def reference_mix(
    tracks: Sequence[Audio], strips: Sequence[StripSettings], reverb: ReverbSettings, sample_rate_hz: int
) -> Audio:
    """Mix one song with the numpy processors: what REAPER is expected to play.

    Parameters
    ----------
    tracks : sequence of ndarray of float32, shape (1 or 2, n_samples)
        All of one length; at least one.
    strips : sequence of StripSettings
        One per track.
    reverb : ReverbSettings
        On the bus.
    sample_rate_hz : int

    Returns
    -------
    ndarray of float32, shape (2, n_samples)

    Raises
    ------
    ValueError, MediaError
        If there is not one strip per track, or a track cannot be played.
    """
    dry = np.zeros((2, tracks[0].shape[1]))
    sent = np.zeros_like(dry)
    for audio, strip in zip(tracks, strips, strict=True):
        played = _played(audio, strip, sample_rate_hz)
        dry += played
        sent += amplified(played, strip.send_db)
    wet = Reverb(reverb, sample_rate_hz, 2).process(sent.astype(np.float32))
    return (dry + wet).astype(np.float32)


def _played(audio: Audio, strip: StripSettings, sample_rate_hz: int) -> Audio:
    """Return a track at the place where its send starts: after fader and pan."""
    played = amplified(audio, strip.gain_db)
    played = -played if strip.inverted else played
    for processor in (
        Equaliser(strip.equaliser, sample_rate_hz, len(audio)),
        Compressor(strip.compressor, sample_rate_hz, len(audio)),
    ):
        played = processor.process(played)
    return placed(amplified(played, strip.fader_db), strip.pan)
