"""What all processors ask of the tensors that they are given, and settings as such tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import BandType, EqualiserSettings
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.blocks import check_stream
from reaper_automix.errors import MediaError

Knobs = Mapping[str, Tensor]
"""Values by the names of the parameters, in their units."""

_ROUNDING = 1e-6
"""A float32 at the end of a range may lie this share of it outside."""


def prepared_audio(audio: Tensor, sample_rate_hz: int) -> Tensor:
    """Return audio for computing with: float64, on the computer's own processor.

    Raises
    ------
    ValueError
        If the shape is not (batch, 1 or 2, at least one sample), or the rate is not 8 to 384 kHz.
    MediaError
        If a sample is not a finite number.
    """
    if audio.ndim != 3 or not audio.is_floating_point() or not audio.numel():
        raise ValueError(f"audio of shape {tuple(audio.shape)}, expected floats (batch, n_channels, n_samples)")
    check_stream(sample_rate_hz, audio.shape[1])
    if not torch.isfinite(audio).all():
        raise MediaError("the audio holds samples that are not numbers: export the file again")
    return audio.to("cpu", torch.float64)


def prepared_knobs(
    knobs: Knobs, parameters: Sequence[Parameter], shape: tuple[int, ...], *, are_needed: bool = False
) -> dict[str, Tensor]:
    """Return all knobs for computing with: float64, on the computer's own processor, of one shape.

    Parameters
    ----------
    knobs : mapping of str to Tensor
        What is left out has its default, unless ``are_needed``. A tensor of one value serves the whole shape.
    parameters : sequence of Parameter
        All that there are.
    shape : tuple of int
        (batch,) or (batch, n_bands).
    are_needed : bool
        Every knob must be there.

    Raises
    ------
    ValueError
        If a name is not known or missing, or a shape does not fit.
    PlanError
        If a value is outside of its range.
    """
    names = {p.name for p in parameters}
    for name in sorted(names.symmetric_difference(knobs) if are_needed else set(knobs) - names):
        raise ValueError(f"the knob {name!r} is {'missing' if name in names else 'not known'}: {sorted(names)}")
    return {
        p.name: _prepared(p, knobs[p.name], shape)
        if p.name in knobs
        else torch.full(shape, p.default, dtype=torch.float64)
        for p in parameters
    }


def _prepared(parameter: Parameter, values: Tensor, shape: tuple[int, ...]) -> Tensor:
    if values.numel() != 1 and tuple(values.shape) != shape:
        raise ValueError(f"{parameter.name} of shape {tuple(values.shape)}, expected {shape} or one value")
    low = parameter.low - _ROUNDING * abs(parameter.low)
    high = parameter.high + _ROUNDING * abs(parameter.high)
    for value in (float(values.detach().min()), float(values.detach().max())) if values.numel() else ():
        if not low <= value <= high:
            parameter.check(value)
    values = values.to("cpu", torch.float64)
    return values.reshape(()).expand(shape) if values.numel() == 1 else values


def knobs_of(settings: Sequence[CompressorSettings] | Sequence[ReverbSettings]) -> dict[str, Tensor]:
    """Return the settings of a batch as tensors, float64 (batch,), by the names of their fields."""
    names = type(settings[0]).__slots__
    return {name: torch.tensor([getattr(one, name) for one in settings], dtype=torch.float64) for name in names}


def bands_of(settings: Sequence[EqualiserSettings]) -> tuple[tuple[BandType, ...], dict[str, Tensor]]:
    """Return the types of the bands of a batch, and their values, float64 (batch, n_bands).

    Raises
    ------
    ValueError
        If the types are not the same in the whole batch.
    """
    types = tuple(band.type for band in settings[0].bands)
    if any(tuple(band.type for band in one.bands) != types for one in settings):
        raise ValueError("the equalisers of a batch must have bands of the same types, in the same order")
    names = ("frequency_hz", "gain_db", "q")
    return types, {
        name: torch.tensor([[getattr(b, name) for b in one.bands] for one in settings], dtype=torch.float64)
        for name in names
    }
