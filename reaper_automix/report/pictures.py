"""The pictures of the report: inline SVG without colours of its own; the page's style sheet gives them.

Every function returns ``Markup``; values are put in with ``Markup.format``, which escapes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
from markupsafe import Markup

from reaper_automix.report.model import LEFT_OUT, TrackRow
from reaper_automix.report.scale import Scale, gain_scale, time_scale
from reaper_automix.report.wording import clock, is_heard, level, track_title
from reaper_automix.units import SILENCE_DB, lin_to_db

Curve = Sequence[tuple[float, float]]
"""(time in seconds, gain in dB)."""

_WIDTH, _HEIGHT = 900, 152
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 892, 6, 130
_WAVE_UNITS = 100  # whole numbers keep a waveform of 1200 columns near 10 kB


def track_picture(track: TrackRow, start_s: float, end_s: float) -> Markup:
    """Draw a track's waveform with its gain curve over it, before (dashed) and after (solid).

    Parameters
    ----------
    track : TrackRow
        Its waveform covers the range evenly; scaled so that its peak fills the height.
    start_s, end_s : float
        The time axis.
    """
    times = time_scale(start_s, end_s)
    gains = gain_scale(gain_db for _, gain_db in (*track.gain_before_db, *track.gain_after_db))
    parts = [waveform(track.waveform), gain_axis(gains), time_axis(times)]
    if tuple(track.gain_before_db) != tuple(track.gain_after_db):
        parts.append(gain_curve(track.gain_before_db, times, gains, css_class="before"))
    parts.append(gain_curve(track.gain_after_db, times, gains, css_class="after"))
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, describe(track, start_s, end_s), Markup("").join(parts)
    )


def describe(track: TrackRow, start_s: float, end_s: float) -> str:
    """Say in words what ``track_picture`` shows."""
    parts = [f"{track_title(track.name)}, {clock(start_s)} to {clock(end_s)}"]
    parts.append(f"waveform with a peak of {peak_dbfs(track.waveform)}" if track.waveform else "no audio")
    if track.gain_before_db:
        parts.append(f"gain before {_course(track.gain_before_db)}")
    if track.gain_after_db:
        parts.append(f"gain after {_course(track.gain_after_db)}")
    return "; ".join(parts) + "."


def peak_dbfs(columns: Sequence[tuple[float, float]]) -> str:
    """Write the sample peak of a waveform: "-3.1 dBFS"."""
    return level(lin_to_db(_peak(columns)), "dBFS")


def waveform(columns: Sequence[tuple[float, float]]) -> Markup:
    """Draw (minimum, maximum) columns as one closed path across the plot, its peak filling the height."""
    peak = _peak(columns)
    if peak <= 0.0:
        return Markup("")
    tops = [round(-_finite(high) / peak * _WAVE_UNITS) for _, high in columns]
    bottoms = [round(-_finite(low) / peak * _WAVE_UNITS) for low, _ in columns]
    x_scale = (_RIGHT - _LEFT) / len(columns)
    y_scale = (_BOTTOM - _TOP) / (2 * _WAVE_UNITS)
    return Markup('<path class="wave" transform="translate({} {}) scale({:.4f} {:.4f})" d="{}"/>').format(
        _LEFT, (_TOP + _BOTTOM) // 2, x_scale, y_scale, _outline(tops, bottoms)
    )


def gain_curve(points: Curve, times: Scale, gains: Scale, *, css_class: str) -> Markup:
    """Draw a gain curve over the whole plot: straight between its points, held before the first and after the last."""
    points = _drawable(points)
    if not points:
        return Markup("")
    corners = ((_x(times, time_s), _y(gains, gain_db)) for time_s, gain_db in _inside(points, times.low, times.high))
    path = "L".join(f"{x:g} {y:g}" for x, y in _thin(corners))
    return Markup('<path class="{}" d="M{}"/>').format(css_class, path)


def gain_axis(gains: Scale) -> Markup:
    """Draw the lines and labels of the dB axis."""
    lines, labels = [], []
    for tick in gains.ticks:
        y = _y(gains, tick)
        css_class = "grid zero" if tick == 0.0 else "grid"
        lines.append(Markup('<path class="{}" d="M{} {:g}H{}"/>').format(css_class, _LEFT, y, _RIGHT))
        labels.append(_label(_LEFT - 6, y + 4, _tick_text(tick, gains, "dB"), anchor="end"))
    return Markup("").join(lines + labels)


def time_axis(times: Scale) -> Markup:
    """Draw the time axis below the plot."""
    decimals = 1 if times.step < 1.0 else 0
    parts = [Markup('<path class="axis" d="M{} {}H{}"/>').format(_LEFT, _BOTTOM, _RIGHT)]
    for tick in times.ticks:
        x = _x(times, tick)
        parts.append(Markup('<path class="axis" d="M{:g} {}v4"/>').format(x, _BOTTOM))
        parts.append(_label(x, _BOTTOM + 17, clock(tick, decimals), anchor="middle"))
    return Markup("").join(parts)


def balance_axis(scale: Scale) -> Markup:
    """Draw the labels of the loudness axis that the rows of the balance table share."""
    labels = Markup("").join(
        Markup('<text x="{}" y="14" text-anchor="middle">{}</text>').format(
            _percent(scale, tick), _tick_text(tick, scale)
        )
        for tick in scale.ticks
    )
    return Markup('<svg class="plot row" role="img" aria-label="Axis from {:g} to {:g} LUFS">{}</svg>').format(
        scale.low, scale.high, labels
    )


def balance_row(track: TrackRow, scale: Scale) -> Markup:
    """Draw a track's heard loudness as an open dot (before) joined to a filled dot (after).

    A track that was left out has no after: only its open dot is drawn.
    """
    before, after = track.loudness_before_lufs, track.loudness_after_lufs
    parts = [
        Markup('<line class="grid" x1="{0}" x2="{0}" y1="0" y2="100%"/>').format(_percent(scale, t))
        for t in scale.ticks
    ]
    dots = {"before": before} if track.status == LEFT_OUT else {"before": before, "after": after}
    if len(dots) == 2 and is_heard(before) and is_heard(after):
        parts.append(
            Markup('<line class="reach" x1="{}" x2="{}" y1="50%" y2="50%"/>').format(
                _percent(scale, before), _percent(scale, after)
            )
        )
    parts += [_dot(value, scale, css_class) for css_class, value in dots.items() if is_heard(value)]
    label = f"{track_title(track.name)}: {level(before, 'LUFS')} before, {level(after, 'LUFS')} after"
    return Markup('<svg class="plot row" role="img" aria-label="{}">{}</svg>').format(label, Markup("").join(parts))


def legend_mark(css_class: str, label: str) -> Markup:
    """Draw the sample of a line, a dot or the waveform for a legend."""
    shapes = {
        "dot before": Markup('<circle class="dot before" cx="14" cy="7" r="4.5"/>'),
        "dot after": Markup('<circle class="dot after" cx="14" cy="7" r="4.5"/>'),
        "wave": Markup('<path class="wave" d="M2 2h24v10h-24z"/>'),
    }
    shape = shapes.get(css_class) or Markup('<path class="{}" d="M1 7h26"/>').format(css_class)
    return Markup('<svg class="plot mark" viewBox="0 0 28 14" role="img" aria-label="{}">{}</svg>').format(label, shape)


def _dot(value: float, scale: Scale, css_class: str) -> Markup:
    return Markup('<circle class="dot {}" cx="{}" cy="50%" r="4.5"/>').format(css_class, _percent(scale, value))


def _label(x: float, y: float, text: str, *, anchor: str) -> Markup:
    return Markup('<text x="{:g}" y="{:g}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _tick_text(tick: float, scale: Scale, unit: str = "") -> str:
    """Write a tick; the lowest says when values below it lie on the edge, the highest carries the unit."""
    below = "≤ " if scale.clipped and tick == scale.ticks[0] else ""
    with_unit = f" {unit}" if unit and tick == scale.ticks[-1] else ""
    return f"{below}{tick:g}{with_unit}"


def _x(times: Scale, time_s: float) -> float:
    return round(_LEFT + times.position(time_s) * (_RIGHT - _LEFT), 1)


def _y(gains: Scale, gain_db: float) -> float:
    return round(_BOTTOM - gains.position(gain_db) * (_BOTTOM - _TOP), 1)


def _percent(scale: Scale, value: float) -> str:
    """Place a value in a row that stretches with its cell, with room for a dot at both ends."""
    return f"{1.5 + 97.0 * scale.position(value):.1f}%"


def _peak(columns: Sequence[tuple[float, float]]) -> float:
    return max((abs(_finite(value)) for column in columns for value in column), default=0.0)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _outline(tops: Sequence[int], bottoms: Sequence[int]) -> str:
    """Write a path along the tops and back along the bottoms, in steps relative to the point before."""
    tops, bottoms = (*tops, tops[-1]), (*bottoms, bottoms[-1])  # the last column has a width too
    steps = [number for a, b in pairwise(tops) for number in (1, b - a)]
    steps += (0, bottoms[-1] - tops[-1])
    steps += [number for a, b in pairwise(reversed(bottoms)) for number in (-1, b - a)]
    return f"M0 {tops[0]}l{' '.join(map(str, steps))}z".replace(" -", "-")


def _drawable(points: Curve) -> Curve:
    """Leave out what is no number, and put silence where a picture can show it."""
    levels = ((time_s, SILENCE_DB if gain_db == -math.inf else gain_db) for time_s, gain_db in points)
    return [point for point in levels if all(map(math.isfinite, point))]


def _inside(points: Curve, start_s: float, end_s: float) -> Curve:
    """Cut a curve to the time axis; both ends get a point."""
    times_s, gains_db = zip(*points, strict=True)
    first_db, last_db = (float(v) for v in np.interp((start_s, end_s), times_s, gains_db))
    between = [(t, g) for t, g in zip(times_s, gains_db, strict=True) if start_s < t < end_s]
    return [(start_s, first_db), *between, (end_s, last_db)]


def _thin(corners: Iterable[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Keep of the corners in one pixel column the first, the lowest, the highest and the last: what can be seen."""
    for _, group in groupby(corners, key=lambda corner: round(corner[0])):
        column = list(group)
        if len(column) <= 4:
            yield from column
            continue
        inner = sorted((min(column, key=itemgetter(1)), max(column, key=itemgetter(1))))
        yield from (column[0], *inner, column[-1])


def _course(points: Curve) -> str:
    """Say in words where a gain curve runs."""
    gains_db = [gain_db for _, gain_db in _drawable(points)]
    lowest, highest = (level(choose(gains_db, default=None), "dB") for choose in (min, max))
    return lowest if lowest == highest else f"{lowest} to {highest}"
