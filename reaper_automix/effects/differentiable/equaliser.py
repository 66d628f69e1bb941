"""The parametric equaliser of ``effects.equaliser``, with gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from reaper_automix.effect_settings.equaliser import BAND_TYPES, PARAMETERS, BandType
from reaper_automix.effects.differentiable import levels
from reaper_automix.effects.differentiable.filters import filtered
from reaper_automix.effects.differentiable.knobs import Knobs, prepared_audio, prepared_knobs
from reaper_automix.effects.equaliser import (
    HIGHEST_ALPHA,
    HIGHEST_RELATIVE,
    HIGHPASS_OFF_HZ,
    LOWPASS_OFF_HZ,
    SHORTEST_SHELF_OCT,
)

_WIRE = (1.0, 0.0, 0.0, 0.0, 0.0)
_Six = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def equalised(audio: Tensor, types: Sequence[BandType], knobs: Knobs, sample_rate_hz: int) -> Tensor:
    """Return audio through the bands, one after the other.

    Parameters
    ----------
    audio : Tensor, shape (batch, 1 or 2, n_samples)
        Full scale is 1.
    types : sequence of str
        What each band is, the same in the whole batch: ``effect_settings.equaliser.BAND_TYPES``.
    knobs : mapping of str to Tensor, shape (batch, n_bands)
        ``frequency_hz``, ``gain_db`` (a pass has none and ignores it) and ``q``, all three. A band beyond the Nyquist
        frequency plays as in ``effects.equaliser``, without a gradient where it is left out.
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
    values = prepared_knobs(knobs, PARAMETERS, (len(audio), len(types)), are_needed=True)
    return filtered(samples, sections(types, values, sample_rate_hz)).to(audio)


def sections(types: Sequence[BandType], values: Knobs, sample_rate_hz: int) -> Tensor:
    """Return second-order sections, (batch, n_bands, 5) as ``filters.filtered`` takes them; all knobs are needed."""
    frequency_hz, gain_db, q = (values[p.name] for p in PARAMETERS)
    rows = [_section(kind, frequency_hz[:, i], gain_db[:, i], q[:, i], sample_rate_hz) for i, kind in enumerate(types)]
    return torch.stack(rows, dim=1) if rows else torch.zeros(len(q), 0, 5, dtype=torch.float64)


def pass_sections(highpass_hz: Tensor, lowpass_hz: Tensor, sample_rate_hz: int) -> Tensor:
    """Return a Butterworth high and low pass, (batch, 2, 5); a wire, without a gradient, where one is off.

    Knobs are float64 (batch,); off is as in ``effects.equaliser.passes``.
    """
    q, unused = torch.full_like(highpass_hz, math.sqrt(0.5)), torch.zeros_like(highpass_hz)
    high = _section("high_pass", highpass_hz, unused, q, sample_rate_hz)
    low = _section("low_pass", lowpass_hz, unused, q, sample_rate_hz)
    wire = torch.tensor(_WIRE, dtype=torch.float64)
    high = torch.where((highpass_hz > HIGHPASS_OFF_HZ)[:, None], high, wire)
    low = torch.where((lowpass_hz < LOWPASS_OFF_HZ)[:, None], low, wire)
    return torch.stack((high, low), dim=1)


def _section(kind: BandType, frequency_hz: Tensor, gain_db: Tensor, q: Tensor, sample_rate_hz: int) -> Tensor:
    """Return the sections of one band, (batch, 5)."""
    if kind not in BAND_TYPES:
        raise ValueError(f"band type {kind!r}: choose one of {', '.join(BAND_TYPES)}")
    is_below = frequency_hz < sample_rate_hz / 2.0
    w = 2.0 * math.pi * torch.where(is_below, frequency_hz / sample_rate_hz, HIGHEST_RELATIVE)
    if kind in ("low_pass", "high_pass"):
        six = _pass(w, q, is_high=kind == "high_pass")
    elif kind == "band":
        six = _peak(w, gain_db, _bandwidth_oct(q))
    else:
        six = _shelf(w, gain_db, _bandwidth_oct(q), is_high=kind == "high_shelf")
    b0, b1, b2, a0, a1, a2 = six
    rows = torch.stack([b0, b1, b2, a1, a2], dim=-1) / a0[:, None]
    if kind in ("low_shelf", "high_pass"):
        return rows
    return torch.where(is_below[:, None], rows, torch.tensor(_WIRE, dtype=torch.float64))


def _bandwidth_oct(q: Tensor) -> Tensor:
    return 2.0 / math.log(2.0) * torch.asinh(0.5 / q)


def _peak(w: Tensor, gain_db: Tensor, bandwidth_oct: Tensor) -> _Six:
    amplitude = levels.db_to_lin(gain_db / 2.0)
    corrected = torch.clamp(math.log(2.0) / 2.0 * bandwidth_oct * w / torch.sin(w), max=100.0)
    alpha = torch.clamp(torch.sin(w) * torch.sinh(corrected), max=HIGHEST_ALPHA)
    middle = -2.0 * torch.cos(w)
    return (
        1.0 + alpha * amplitude,
        middle,
        1.0 - alpha * amplitude,
        1.0 + alpha / amplitude,
        middle,
        1.0 - alpha / amplitude,
    )


def _shelf(w: Tensor, gain_db: Tensor, bandwidth_oct: Tensor, *, is_high: bool) -> _Six:
    a = levels.db_to_lin(gain_db / 2.0)
    inverse_slope = torch.clamp(bandwidth_oct, min=SHORTEST_SHELF_OCT) ** 2
    alpha = torch.sin(w) / 2.0 * torch.sqrt((a + 1.0 / a) * (inverse_slope - 1.0) + 2.0)
    sign = -1.0 if is_high else 1.0
    cosine = sign * torch.cos(w)
    root = 2.0 * torch.sqrt(a) * alpha
    up, down = a + 1.0, a - 1.0
    return (
        a * (up - down * cosine + root),
        sign * 2.0 * a * (down - up * cosine),
        a * (up - down * cosine - root),
        up + down * cosine + root,
        sign * -2.0 * (down + up * cosine),
        up + down * cosine - root,
    )


def _pass(w: Tensor, q: Tensor, *, is_high: bool) -> _Six:
    alpha = torch.sin(w) / (2.0 * q)
    edge = (torch.cos(w / 2.0) if is_high else torch.sin(w / 2.0)) ** 2
    return edge, (-2.0 if is_high else 2.0) * edge, edge, 1.0 + alpha, -2.0 * torch.cos(w), 1.0 - alpha
