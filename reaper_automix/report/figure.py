"""The parts of a figure in a section of the page: inline SVG that the page's style sheet colours.

A figure is 640 units wide whatever the page's width, so that its words stay readable on a narrow one.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reaper_automix.report.scale import Scale
from reaper_automix.report.wording import clock

WIDTH, LEFT, RIGHT = 640, 58, 628


def picture(height: int, said: str, parts: Sequence[Markup]) -> Markup:
    """Return a picture with what it says in words."""
    return Markup('<svg class="plot figure" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, said, Markup("").join(parts)
    )


def text(x: float, y: float, words: str, anchor: str, css_class: str = "") -> Markup:
    """Write words at a place: ``anchor`` is start, middle or end."""
    named = Markup(' class="{}"').format(css_class) if css_class else Markup("")
    return Markup('<text{} x="{:g}" y="{:g}" text-anchor="{}">{}</text>').format(named, round(x, 1), y, anchor, words)


def dot(kind: str, x: float, y: float, radius: float = 5.0) -> Markup:
    """Draw a dot: ``before`` is hollow, ``after`` filled."""
    return Markup('<circle class="dot {}" cx="{:g}" cy="{:g}" r="{:g}"/>').format(kind, x, y, radius)


def level_y(scale: Scale, level_db: float, top: int, bottom: int) -> float:
    """Return the height at which a level lies."""
    return round(bottom - scale.position(level_db) * (bottom - top), 1)


def level_lines(scale: Scale, top: int, bottom: int) -> Markup:
    """Draw the lines and labels of a dB axis."""
    parts = []
    for tick in scale.ticks:
        y = level_y(scale, tick, top, bottom)
        css_class = "grid zero" if tick == 0.0 else "grid"
        below = "≤ " if scale.clipped and tick == scale.ticks[0] else ""
        parts.append(Markup('<path class="{}" d="M{} {:g}H{}"/>').format(css_class, LEFT, y, RIGHT))
        parts.append(text(LEFT - 6, y + 4, f"{below}{tick:g}", "end"))
    return Markup("").join(parts)


def time_x(times: Scale, time_s: float) -> float:
    """Return where a time lies."""
    return round(LEFT + times.position(time_s) * (RIGHT - LEFT), 1)


def time_line(times: Scale, bottom: int) -> Markup:
    """Draw a time axis."""
    parts = [Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, bottom, RIGHT)]
    for tick in times.ticks:
        x = time_x(times, tick)
        parts.append(Markup('<path class="axis" d="M{:g} {}v4"/>').format(x, bottom))
        parts.append(text(x, bottom + 22, clock(tick, 1 if times.step < 1.0 else 0), "middle"))
    return Markup("").join(parts)


def mark(shapes: Markup) -> Markup:
    """Draw a sample for a legend, 28 by 14 units."""
    return Markup('<svg class="plot mark" viewBox="0 0 28 14" aria-hidden="true">{}</svg>').format(shapes)


LINE_AFTER = mark(Markup('<path class="after" d="M1 7h26"/>'))
BAR = mark(Markup('<path class="wave edged" d="M7 2h14v10h-14z"/>'))


def marked_dot(kind: str) -> Markup:
    """Return the sample of a dot."""
    return mark(dot(kind, 14.0, 7.0))


def marked_line(kind: str) -> Markup:
    """Return the sample of a line through dots."""
    return mark(Markup('<path class="{}" d="M1 7h26"/>').format(kind) + dot(kind, 14.0, 7.0, 2.5))


def legend(*entries: tuple[Markup, str]) -> Markup:
    """Return samples with their words; what a figure says is in its label, so a screen reader may pass it by."""
    spans = (Markup("<span>{}{}</span>").format(*entry) for entry in entries)
    return Markup('<p class="legend" aria-hidden="true">{}</p>').format(Markup("").join(spans))
