"""A channel strip as a picture, top to bottom as the signal goes: equaliser, compressor, send, pan, fader."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.effects.compressor import static_gain_db
from reaper_automix.effects.equaliser import response_db
from reaper_automix.report import figure
from reaper_automix.report.scale import Scale
from reaper_automix.report.wording import track_title
from reaper_automix.units import SILENCE_DB

WIDTH, HEIGHT = 176, 556
_LEFT, _RIGHT = 38, 156
_EQUALISER, _COMPRESSOR, _SEND, _PAN, _FADER = (74, 150), (196, 270), 312, 354, (398, 532)
"""Tops and bottoms of the pictures, and the heights of the two lines."""
_LONGEST_NAME = 22
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0
_N_CURVE = 66
_GAINS = Scale(-12.0, 12.0, 6.0)
_LEVELS = Scale(-60.0, 6.0, 20.0)
_SENDS = Scale(-48.0, 0.0, 12.0)
_FADERS = Scale(-42.0, 12.0, 12.0)
_CENTRE = 0.005


@dataclass(frozen=True, slots=True)
class StripRow:
    """One track's channel strip as the run leaves it.

    Parameters
    ----------
    track, role : str
        Its title and what it was taken for; the role may be empty.
    equaliser : EqualiserSettings
        Without bands: none.
    compressor : CompressorSettings or None
    reduction_db : float
        Gain reduction, mean while the track sounds.
    send_db : float
        To the reverb; -150 is none.
    reverb_lu : float
        How loud its reverb is beside it; ``-inf`` without.
    pan_before, pan : float
        -1 (left) to 1 (right).
    fader_before_db, fader_db : float
    bounds : tuple of str
        What good manners changed.
    left_out : tuple of str
        What was not done, and why.
    inverted : bool
        Upside down.
    """

    track: str
    role: str
    equaliser: EqualiserSettings
    compressor: CompressorSettings | None
    reduction_db: float
    send_db: float
    reverb_lu: float
    pan_before: float
    pan: float
    fader_before_db: float
    fader_db: float
    bounds: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    inverted: bool = False


def strip_picture(row: StripRow, sample_rate_hz: int) -> Markup:
    """Return the picture of one strip; what it says is its label."""
    name = track_title(row.track)
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"
    role = row.role + (", upside down" if row.inverted else "")
    parts = [
        Markup('<rect class="case" x="0.5" y="0.5" width="{}" height="{}" rx="4"/>').format(WIDTH - 1, HEIGHT - 1),
        figure.text(WIDTH / 2, 22, shown, "middle", "name"),
        figure.text(WIDTH / 2, 39, role or "role unknown", "middle"),
        _equaliser(row.equaliser, sample_rate_hz),
        _compressor(row),
        _send(row),
        _pan(row),
        _fader(row),
    ]
    return Markup('<svg class="plot strip" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, f"Channel strip of {name}: {strip_words(row)}.", Markup("").join(parts)
    )


def strip_words(row: StripRow) -> str:
    """Return a strip in one sentence."""
    compressor = settings_words(row.compressor) if row.compressor else "no compressor"
    return "; ".join(
        (
            f"equaliser {settings_words(row.equaliser)}" if row.equaliser.bands else "no equaliser",
            compressor,
            f"send {send_words(row.send_db)}",
            f"pan {pan_words(row.pan)}",
            f"fader {fader_words(row.fader_before_db)} to {fader_words(row.fader_db)} dB",
        )
    )


def pan_words(pan: float) -> str:
    """Write a place as a mixing desk does: ``C``, ``42 L``, ``18 R``."""
    if abs(pan) < _CENTRE:
        return "C"
    return f"{100.0 * abs(pan):.0f} {'L' if pan < 0.0 else 'R'}"


def send_words(level_db: float) -> str:
    """Write the level of a send."""
    return "none" if level_db <= SILENCE_DB else f"{level_db:+.1f} dB"


def fader_words(level_db: float) -> str:
    """Write a fader's level."""
    return "-inf" if level_db <= SILENCE_DB else f"{level_db:+.1f}"


# --- equaliser -----------------------------------------------------------------------------------------------------


def _equaliser(equaliser: EqualiserSettings, sample_rate_hz: int) -> Markup:
    top, bottom = _EQUALISER
    parts = [figure.text(10, top - 13, "Equaliser", "start"), *_gain_lines(top, bottom)]
    highest_hz = min(_HIGHEST_HZ, 0.499 * sample_rate_hz)
    frequencies = np.geomspace(_LOWEST_HZ, highest_hz, _N_CURVE)
    gains_db = response_db(equaliser, frequencies, sample_rate_hz) if equaliser.bands else np.zeros(_N_CURVE)
    points = zip(frequencies.tolist(), gains_db.tolist(), strict=True)
    path = "L".join(f"{_hz_x(f):g} {_y(_GAINS, gain_db, top, bottom):g}" for f, gain_db in points)
    parts.append(Markup('<path class="{}" d="M{}"/>').format("after" if equaliser.bands else "before", path))
    for band in equaliser.bands:
        if band.frequency_hz < highest_hz:
            gain_db = float(np.interp(math.log(band.frequency_hz), np.log(frequencies), gains_db))
            parts.append(figure.dot("after", _hz_x(band.frequency_hz), _y(_GAINS, gain_db, top, bottom), 2.6))
    return Markup("").join(parts)


def _gain_lines(top: int, bottom: int) -> list[Markup]:
    parts = []
    for gain_db in (-12.0, 0.0, 12.0):
        y = _y(_GAINS, gain_db, top, bottom)
        parts.append(_line("grid zero" if gain_db == 0.0 else "grid", f"M{_LEFT} {y:g}H{_RIGHT}"))
        parts.append(figure.text(_LEFT - 4, y + 4, f"{gain_db:+g}" if gain_db else "0 dB", "end"))
    for frequency_hz, words in ((100.0, "100"), (1_000.0, "1k"), (10_000.0, "10k")):
        parts.append(_line("grid", f"M{_hz_x(frequency_hz):g} {top}V{bottom}"))
        parts.append(figure.text(_hz_x(frequency_hz), bottom + 14, words, "middle"))
    return parts


def _hz_x(frequency_hz: float) -> float:
    share = math.log(frequency_hz / _LOWEST_HZ) / math.log(_HIGHEST_HZ / _LOWEST_HZ)
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


# --- compressor ------------------------------------------------------------------------------------------------------


def _compressor(row: StripRow) -> Markup:
    """Draw what comes out over what goes in, and its threshold; the knobs stand beside it."""
    top, bottom = _COMPRESSOR
    left, right = 12, 12 + bottom - top
    parts = [figure.text(10, top - 10, "Compressor", "start")]
    if row.compressor is None:
        return Markup("").join([*parts, figure.text(WIDTH - 10, top - 10, "none", "end"), _diagonal(left, right)])
    inputs_db = np.linspace(_LEVELS.low, _LEVELS.high, _N_CURVE)
    outputs_db = inputs_db + static_gain_db(row.compressor, inputs_db) + row.compressor.makeup_db
    points = zip(inputs_db.tolist(), outputs_db.tolist(), strict=True)
    path = "L".join(f"{_x(_LEVELS, i, left, right):g} {_y(_LEVELS, o, top, bottom):g}" for i, o in points)
    threshold = _x(_LEVELS, row.compressor.threshold_db, left, right)
    parts += [
        _diagonal(left, right),
        _line("zero", f"M{threshold:g} {top}V{bottom}"),
        Markup('<path class="after" d="M{}"/>').format(path),
    ]
    knobs = (
        f"{row.compressor.ratio:.3g}:1",
        f"{row.compressor.threshold_db:+.1f} dB",
        f"{_short(row.compressor.attack_ms)} / {_short(row.compressor.release_ms)} ms",
        f"make-up {row.compressor.makeup_db:+.1f}",
        f"takes {row.reduction_db:.1f} dB",
    )
    parts += [figure.text(right + 8, top + 10 + 15 * n, knob, "start") for n, knob in enumerate(knobs)]
    return Markup("").join(parts)


def _short(time_ms: float) -> str:
    return f"{time_ms:.0f}" if time_ms >= 10.0 else f"{time_ms:.1f}"


def _diagonal(left: int, right: int) -> Markup:
    top, bottom = _COMPRESSOR
    frame = _line("grid", f"M{left} {top}H{right}V{bottom}H{left}z")
    return frame + _line("before", f"M{left} {bottom}L{right} {top}")


# --- send, pan, fader -------------------------------------------------------------------------------------------------


def _send(row: StripRow) -> Markup:
    parts = [figure.text(10, _SEND - 12, "Reverb send", "start")]
    parts.append(figure.text(WIDTH - 10, _SEND - 12, send_words(row.send_db), "end", "mark"))
    parts.append(_line("axis", f"M{_LEFT} {_SEND}H{_RIGHT}"))
    if row.send_db > SILENCE_DB:
        x = _x(_SENDS, row.send_db, _LEFT, _RIGHT)
        parts += [_line("after", f"M{_LEFT} {_SEND}H{x:g}"), figure.dot("after", x, _SEND, 4.5)]
    return Markup("").join(parts)


def _pan(row: StripRow) -> Markup:
    middle = (_LEFT + _RIGHT) / 2.0
    parts = [figure.text(10, _PAN - 12, "Pan", "start")]
    parts.append(figure.text(WIDTH - 10, _PAN - 12, pan_words(row.pan), "end", "mark"))
    parts.append(_line("axis", f"M{_LEFT} {_PAN}H{_RIGHT}M{middle:g} {_PAN - 5}v10"))
    parts += [figure.text(_LEFT - 8, _PAN + 4, "L", "end"), figure.text(_RIGHT + 7, _PAN + 4, "R", "start")]
    x, before = (middle + pan * (_RIGHT - _LEFT) / 2.0 for pan in (row.pan, row.pan_before))
    if before != x:
        parts.append(figure.dot("before", round(before, 1), _PAN, 4.0))
    return Markup("").join([*parts, figure.dot("after", round(x, 1), _PAN, 4.5)])


def _fader(row: StripRow) -> Markup:
    top, bottom = _FADER
    slot = 74
    parts = [figure.text(10, top - 12, "Fader", "start")]
    parts.append(figure.text(WIDTH - 10, top - 12, f"{fader_words(row.fader_db)} dB", "end", "mark"))
    parts.append(_line("axis", f"M{slot} {top}V{bottom}"))
    for level_db in (12.0, 0.0, -12.0, -24.0, -36.0):
        y = _y(_FADERS, level_db, top, bottom)
        parts.append(_line("grid zero" if level_db == 0.0 else "grid", f"M{slot - 18} {y:g}h36"))
        parts.append(figure.text(slot - 26, y + 4, f"{level_db:+g}" if level_db else "0", "end"))
    before, after = (_y(_FADERS, level, top, bottom) for level in (row.fader_before_db, row.fader_db))
    parts.append(
        Markup('<rect class="cap before" x="{}" y="{:g}" width="28" height="9" rx="2"/>').format(60, before - 4.5)
    )
    parts.append(
        Markup('<rect class="cap after" x="{}" y="{:g}" width="28" height="9" rx="2"/>').format(60, after - 4.5)
    )
    words = f"was {fader_words(row.fader_before_db)}"
    parts.append(figure.text(slot + 26, before + 4 if abs(before - after) > 12 else after + 18, words, "start"))
    return Markup("").join(parts)


def _line(css_class: str, path: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(css_class, path)


def _x(scale: Scale, value: float, left: int, right: int) -> float:
    return round(left + scale.position(value) * (right - left), 1)


def _y(scale: Scale, value: float, top: int, bottom: int) -> float:
    return figure.level_y(scale, value, top, bottom)
