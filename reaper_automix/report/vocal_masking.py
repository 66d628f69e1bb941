"""What masks and is masked on the page: the spectra of vocal and backing, and the equaliser that came of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from reaper_automix.analysis.octave_bands import OCTAVES_HZ
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.wording import hz, settings_words
from reaper_automix.effects.equaliser import response_db
from reaper_automix.report import figure
from reaper_automix.report.scale import Scale, gain_scale
from reaper_automix.report.wording import SILENT, change, is_heard

_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0
_N_CURVE = 295
"""One point of the equaliser's curve for every two units of the picture."""
_MOST_DIFFERENCE_DB = 18.0
_BAR_OCT = 0.3
"""Half the width of an octave's bar."""


@dataclass(frozen=True, slots=True)
class MaskingRows:
    """Vocal and backing in the octaves of ``octave_bands.OCTAVES_HZ``, and the equaliser that came of them.

    Parameters
    ----------
    vocal_db, backing_db : sequence of float
        ``-inf`` for a silent octave.
    difference_db : sequence of float
        Vocal minus backing, its mean taken off; NaN where one of them is silent.
    vocal_essential, backing_essential : sequence of int
        Octaves that matter most to a side.
    equaliser : EqualiserSettings
        What the vocal gets.
    sample_rate_hz : int
        Of the session; the curve depends on it.
    """

    vocal_db: Sequence[float]
    backing_db: Sequence[float]
    difference_db: Sequence[float]
    vocal_essential: Sequence[int]
    backing_essential: Sequence[int]
    equaliser: EqualiserSettings
    sample_rate_hz: int


def relative(value: float, unit: str = "") -> str:
    """Write a level beside another one: "+1.2", "silent", or a dash for what was not measured."""
    return SILENT if value == -math.inf else change(0.0, value, unit)


def masking_part(masking: MaskingRows) -> Markup:
    """Return the equaliser in words, both spectra with its curve, and the numbers."""
    if not any(map(is_heard, masking.vocal_db)):
        return Markup("<p>Nobody sings, so there is nothing to mask.</p>")
    if masking.equaliser.bands:
        words = f"The vocal's equaliser: {settings_words(masking.equaliser)}."
    else:
        words = (
            "No band was needed: neither side masks, enough to be heard, "
            "an octave that is essential to the other alone."
        )
    legend = figure.legend(
        (figure.marked_line("after"), "vocal"),
        (figure.marked_line("before"), "backing"),
        (_SIZES, "large dot: an octave essential to that side"),
        (figure.BAR, "vocal minus backing"),
        *([(figure.LINE_AFTER, "equaliser on the vocal")] if masking.equaliser.bands else []),
    )
    return Markup("<p>{}</p>").format(words) + legend + _picture(masking) + _table(masking)


_SIZES = figure.mark(figure.dot("before", 6.0, 7.0, 2.5) + figure.dot("after", 18.0, 7.0, 6.0))


def _shapes(masking: MaskingRows) -> tuple[list[float], list[float]]:
    """Return both spectra less their mean over the octaves in which both sound, or else each over its own."""
    both = [
        i for i, pair in enumerate(zip(masking.vocal_db, masking.backing_db, strict=True)) if all(map(is_heard, pair))
    ]
    shapes = []
    for side in (masking.vocal_db, masking.backing_db):
        counted = [side[i] for i in both] or [v for v in side if is_heard(v)]
        mean = math.fsum(counted) / len(counted) if counted else 0.0
        shapes.append([v - mean for v in side])
    return shapes[0], shapes[1]


def _picture(masking: MaskingRows) -> Markup:
    """Draw the two spectra over each other, and below them their difference with the equaliser's curve."""
    curve = _curve(masking) if masking.equaliser.bands else []
    parts = [_spectra(masking, 22, 160), *_differences(masking, curve, 200, 354)]
    parts += [figure.text(_hz_x(f), 378, _short_hz(f), "middle") for f in OCTAVES_HZ]
    parts.append(figure.text(figure.LEFT - 6, 378, "Hz", "end"))
    said = (
        "Spectra of vocal and backing in ten octaves, and their difference, with the numbers in the table below; "
        f"equaliser on the vocal: {settings_words(masking.equaliser)}."
    )
    return figure.picture(384, said, parts)


def _spectra(masking: MaskingRows, top: int, bottom: int) -> Markup:
    vocal, backing = _shapes(masking)
    scale = gain_scale(v for v in (*vocal, *backing) if is_heard(v))
    parts = [figure.text(figure.LEFT, top - 10, "Each less its mean, dB", "start")]
    parts += [_octave_lines(top, bottom), figure.level_lines(scale, top, bottom)]
    parts += _spectrum(backing, masking.backing_essential, "before", scale, top, bottom)
    parts += _spectrum(vocal, masking.vocal_essential, "after", scale, top, bottom)
    return Markup("").join(parts)


def _differences(masking: MaskingRows, curve: Sequence[tuple[float, float]], top: int, bottom: int) -> list[Markup]:
    differences = {i: v for i, v in enumerate(masking.difference_db) if is_heard(v)}
    furthest_db = max(map(abs, (*differences.values(), *(gain_db for _, gain_db in curve))), default=0.0)
    scale = _difference_scale(furthest_db)
    title = "Vocal minus backing, and the equaliser, dB" if curve else "Vocal minus backing, dB"
    title += f" (bars end at ±{scale.high:g})" if furthest_db > scale.high else ""
    parts = [figure.text(figure.LEFT, top - 10, title, "start"), _octave_lines(top, bottom)]
    parts += [_bar(octave, value, scale, top, bottom) for octave, value in differences.items()]
    return [*parts, figure.level_lines(scale, top, bottom), *_curve_parts(curve, masking, scale, top, bottom)]


def _difference_scale(furthest_db: float) -> Scale:
    """Return an axis as far up as down; a few bars that go further may not hide the equaliser's few dB."""
    high = min(6.0 * max(math.ceil(furthest_db / 6.0), 1), _MOST_DIFFERENCE_DB)
    return Scale(-high, high, 6.0 if high > 6.0 else 3.0)


def _octave_lines(top: int, bottom: int) -> Markup:
    line = Markup('<path class="grid" d="M{:g} {}V{}"/>')
    return Markup("").join(line.format(_hz_x(f), top, bottom) for f in OCTAVES_HZ)


def _bar(octave: int, value: float, scale: Scale, top: int, bottom: int) -> Markup:
    left, right = (_hz_x(OCTAVES_HZ[octave] * 2.0**half) for half in (-_BAR_OCT, _BAR_OCT))
    zero, y = (figure.level_y(scale, level_db, top, bottom) for level_db in (0.0, value))
    return Markup('<path class="wave edged" d="M{:g} {:g}H{:g}V{:g}H{:g}z"/>').format(left, zero, right, y, left)


def _curve(masking: MaskingRows) -> list[tuple[float, float]]:
    """Return (frequency in Hz, gain in dB) of the equaliser, evenly on a logarithmic axis."""
    frequencies = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, 0.499 * masking.sample_rate_hz), _N_CURVE)
    gains_db = response_db(masking.equaliser, frequencies, masking.sample_rate_hz)
    return list(zip(frequencies.tolist(), gains_db.tolist(), strict=True))


def _curve_parts(
    curve: Sequence[tuple[float, float]], masking: MaskingRows, gains: Scale, top: int, bottom: int
) -> list[Markup]:
    """Draw the equaliser's curve, and on it each band as a dot with its own gain; neighbours add up."""
    if not curve:
        return []
    path = "L".join(f"{_hz_x(f):g} {figure.level_y(gains, gain_db, top, bottom):g}" for f, gain_db in curve)
    parts = [Markup('<path class="after" d="M{}"/>').format(path)]
    for band in masking.equaliser.bands:
        if band.frequency_hz >= curve[-1][0]:
            continue
        gain_db = min(curve, key=lambda point: abs(math.log(point[0] / band.frequency_hz)))[1]
        x, y = _hz_x(band.frequency_hz), figure.level_y(gains, gain_db, top, bottom)
        parts.append(figure.dot("after", x, y, 4.5))
        parts.append(figure.text(x, y - 9 if band.gain_db > 0.0 else y + 18, f"{band.gain_db:+.1f}", "middle", "mark"))
    return parts


def _spectrum(
    shape: Sequence[float], essential: Sequence[int], kind: str, scale: Scale, top: int, bottom: int
) -> list[Markup]:
    """Draw a line through the octaves that sound, broken at those that do not, and a dot at each."""
    parts, runs = [], [""]
    for octave, value in enumerate(shape):
        if not is_heard(value):
            runs.append("")
            continue
        x, y = _hz_x(OCTAVES_HZ[octave]), figure.level_y(scale, value, top, bottom)
        runs[-1] += f"{'L' if runs[-1] else 'M'}{x:g} {y:g}"
        parts.append(figure.dot(kind, x, y, 6.0 if octave in essential else 2.5))
    return [Markup('<path class="{}" d="{}"/>').format(kind, "".join(runs)), *parts]


def _table(masking: MaskingRows) -> Markup:
    """Write the numbers; the last two columns only if the equaliser has bands."""
    vocal, backing = _shapes(masking)
    gains_db = {band.frequency_hz: band.gain_db for band in masking.equaliser.bands}
    n_columns = 7 if gains_db else 5
    sides = (("vocal", masking.vocal_essential), ("backing", masking.backing_essential))
    rows = []
    for octave, frequency_hz in enumerate(OCTAVES_HZ):
        cells = [relative(side[octave]) for side in (vocal, backing, masking.difference_db)]
        cells.append(" and ".join(name for name, essential in sides if octave in essential))
        gain_db = gains_db.get(frequency_hz)
        cells += ["", ""] if gain_db is None else [relative(gain_db), _why(gain_db)]
        rows.append(
            Markup('<tr><th scope="row">{}</th>{}</tr>').format(hz(frequency_hz), _cells(cells[: n_columns - 1]))
        )
    headings = (Markup('<th scope="col"{}>{}</th>').format(_kind(i), h) for i, h in enumerate(_HEADINGS[:n_columns]))
    return Markup(
        '<div class="scroll" tabindex="0"><table class="small unbroken">'
        "<caption>By octave, dB per root hertz, each less its mean"
        "</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(Markup("").join(headings), Markup("").join(rows))


_HEADINGS = ("Octave", "Vocal", "Backing", "Difference", "Essential to", "Equaliser", "Why")
_NUMBERS = (1, 2, 3, 5)


def _cells(values: Sequence[str]) -> Markup:
    cells = (Markup("<td{}>{}</td>").format(_kind(column), value) for column, value in enumerate(values, 1))
    return Markup("").join(cells)


def _kind(column: int) -> Markup:
    return Markup(' class="n"') if column in _NUMBERS else Markup("")


def _why(gain_db: float) -> str:
    if gain_db == 0.0:
        return ""
    return "the backing masks the vocal" if gain_db > 0.0 else "the vocal masks the backing"


def _hz_x(frequency_hz: float) -> float:
    share = math.log(frequency_hz / _LOWEST_HZ) / math.log(_HIGHEST_HZ / _LOWEST_HZ)
    return round(figure.LEFT + share * (figure.RIGHT - figure.LEFT), 1)


def _short_hz(frequency_hz: float) -> str:
    return f"{frequency_hz / 1000.0:g}k" if frequency_hz >= 1000.0 else f"{frequency_hz:g}"
