"""The drum kit on the page: how loud each microphone was and is beside the others, and what else was done to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reaper_automix.report.model import Section
from reaper_automix.report.wording import change, is_heard, level, track_title

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 900, 30, 210, 880, 14
_LEAST_SPAN_DB = 12.0
_TICK_DB = 6.0


@dataclass(frozen=True, slots=True)
class KitRow:
    """One microphone: its track, what it is, its loudness at the master before and after, and what else moved."""

    track: str
    microphone: str
    before_lufs: float
    after_lufs: float
    remarks: tuple[str, ...] = ()


def kit_section(rows: Sequence[KitRow]) -> Section:
    """Return the section of a kit: a picture, and the same in numbers."""
    table = Markup("").join(_row(row) for row in rows)
    html = Markup(
        '<h3>Loudness of each microphone</h3><p class="legend">Hollow: before. Filled: after. LUFS at the master.</p>'
        '<div class="scroll" tabindex="0">{}</div><div class="scroll" tabindex="0"><table><caption>The same in numbers'
        '</caption><thead><tr><th scope="col">Track</th><th scope="col">Microphone</th><th scope="col" class="n">Before'
        '</th><th scope="col" class="n">After</th><th scope="col" class="n">Change</th><th scope="col">Besides</th>'
        "</tr></thead><tbody>{}</tbody></table></div>"
    ).format(_picture(rows), table)
    return Section("The drum kit", str(html))


def _row(row: KitRow) -> Markup:
    return Markup(
        '<tr><th scope="row">{}</th><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td>'
        "<td>{}</td></tr>"
    ).format(
        track_title(row.track),
        row.microphone,
        level(row.before_lufs, "LUFS"),
        level(row.after_lufs, "LUFS"),
        change(row.before_lufs, row.after_lufs, "dB"),
        "; ".join(row.remarks),
    )


def _picture(rows: Sequence[KitRow]) -> Markup:
    """Draw two dots per microphone on one scale, joined by a line."""
    heard = [value for row in rows for value in (row.before_lufs, row.after_lufs) if is_heard(value)]
    if not heard:
        return Markup("")
    high = _TICK_DB * (int(max(heard) // _TICK_DB) + 1)
    low = min(_TICK_DB * int(min(heard) // _TICK_DB), high - _LEAST_SPAN_DB)
    bottom = _TOP + _ROW * len(rows)

    def x(value: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * (value - low) / (high - low), 1)

    parts = [_tick(x(tick), tick, bottom) for tick in _ticks(low, high)]
    for number, row in enumerate(rows):
        parts.append(_dots(row, _TOP + _ROW * number + _ROW // 2, x))
    said = "; ".join(
        f"{track_title(row.track)} {level(row.before_lufs)} to {level(row.after_lufs, 'LUFS')}" for row in rows
    )
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, bottom + 24, f"Loudness of each microphone before and after: {said}.", Markup("").join(parts)
    )


def _ticks(low: float, high: float) -> list[float]:
    return [low + _TICK_DB * n for n in range(round((high - low) / _TICK_DB) + 1)]


def _tick(x: float, value: float, bottom: int) -> Markup:
    return Markup('<path class="grid" d="M{} {}V{}"/><text x="{}" y="{}" text-anchor="middle">{:g}</text>').format(
        x, _TOP - 8, bottom, x, bottom + 16, value
    )


def _dots(row: KitRow, y: int, x: Callable[[float], float]) -> Markup:
    name = Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_LEFT - 12, y + 4, track_title(row.track))
    if not (is_heard(row.before_lufs) and is_heard(row.after_lufs)):
        return name
    before, after = x(row.before_lufs), x(row.after_lufs)
    return name + Markup(
        '<path class="after" d="M{} {}H{}"/><circle class="dot before" cx="{}" cy="{}" r="5"/>'
        '<circle class="dot after" cx="{}" cy="{}" r="5"/>'
    ).format(before, y, after, before, y, after, y)
