"""The vocal mixer on the page: the lead's level, its compressor, what masks and is masked, and its reverb."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.report import figure
from reaper_automix.report.model import Section
from reaper_automix.report.scale import Scale, gain_scale, time_scale
from reaper_automix.report.vocal_masking import MaskingRows, masking_part, relative
from reaper_automix.report.wording import clock, extent, is_heard, track_title

_MOST_COLUMNS = 900
"""A picture of gain reduction has no more steps than the page has pixels for it."""

_TIMES = ("while somebody sings", "over the whole song")


@dataclass(frozen=True, slots=True)
class CompressorRow:
    """One lead track and its compressor.

    Parameters
    ----------
    track : str
        Its title.
    settings : CompressorSettings or None
        None: it was left alone.
    range_before_lu, range_after_lu : float
        Loudness range.
    reason : str
        Why these settings, or why none.
    reduction_db : sequence of float
        Gain reduction, the deepest in each block, 0 or more; empty without a compressor.
    block_s : float
        How long a block is.
    """

    track: str
    settings: CompressorSettings | None
    range_before_lu: float
    range_after_lu: float
    reason: str
    reduction_db: Sequence[float] = ()
    block_s: float = 0.1


@dataclass(frozen=True, slots=True)
class VocalPage:
    """All that the section shows.

    Parameters
    ----------
    leads : sequence of str
        Titles of the lead's tracks.
    before_lu, wanted_lu, after_lu : float
        Lead above everything else; NaN where nothing sounds beside it.
    measured : str
        Over which time that is: ``while somebody sings`` or ``over the whole song``.
    other_lu : float
        The same after the run, over the other of the two.
    compressors : sequence of CompressorRow
    masking : MaskingRows or None
        None: not looked for, or nothing sounds beside the vocal.
    reverb : str
        In words; empty where there is none.
    range_s : tuple of float
        Start and end of the run.
    strength_percent : float
        How far the run went of what is shown here.
    left_out : mapping of str to str
        Steps that were not done, of ``settings.VOCAL_STEPS``, and why.
    """

    leads: Sequence[str]
    before_lu: float
    wanted_lu: float
    after_lu: float
    measured: str
    other_lu: float
    compressors: Sequence[CompressorRow]
    masking: MaskingRows | None
    reverb: str
    range_s: tuple[float, float]
    strength_percent: float = 100.0
    left_out: Mapping[str, str] = field(default_factory=dict)


def vocal_section(page: VocalPage) -> Section:
    """Return the section of a lead vocal: level, compressor, equaliser and reverb, each in words and in a picture."""
    leads = Markup(", ").join(Markup("<bdi>{}</bdi>").format(track_title(title)) for title in page.leads)
    parts = [Markup("<p>Lead vocal: {}.</p>").format(leads)]
    if page.strength_percent != 100.0:
        text = "Shown is the mixer's whole answer; at {:g} % strength this run went that far of the way."
        parts.append(_paragraph(text.format(page.strength_percent)))
    parts += [_level(page), _compressor(page), _equaliser(page), _reverb(page)]
    return Section("The vocal", str(Markup("").join(parts)))


# --- level -----------------------------------------------------------------------------------------------------------


def _level(page: VocalPage) -> Markup:
    heading = Markup("<h3>Level against everything else</h3>")
    if not any(map(is_heard, (page.before_lu, page.wanted_lu, page.after_lu, page.other_lu))):
        return heading + _paragraph("Nothing sounds beside the vocal, so there is no level to compare it with.")
    sung = [relative(v) for v in (page.before_lu, page.wanted_lu, page.after_lu)]
    whole = ("", "", relative(page.other_lu))
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row">{}</th><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td></tr>'
        ).format(name, *values)
        for name, values in zip(map(str.capitalize, _times(page)), (sung, whole), strict=True)
    )
    return (
        heading
        + _left_out(page, "level")
        + figure.legend(
            (figure.marked_dot("before"), "before"), (_WANTED, "wanted"), (figure.marked_dot("after"), "after")
        )
        + _level_picture(page)
        + Markup(
            '<div class="scroll" tabindex="0"><table class="small unbroken">'
            "<caption>Lead vocal above everything else, LU</caption>"
            '<thead><tr><th scope="col">Heard</th><th scope="col" class="n">Before</th>'
            '<th scope="col" class="n">Wanted</th><th scope="col" class="n">After</th></tr></thead>'
            "<tbody>{}</tbody></table></div>"
        ).format(rows)
    )


def _level_picture(page: VocalPage) -> Markup:
    """Draw before, wanted and after on one line, and the whole song on another; 0 is as loud as everything else."""
    left, bottom, y_wanted, y_other = 226, 66, 18, 48
    sung = {"before": page.before_lu, "after": page.after_lu}
    scale = gain_scale(v for v in (*sung.values(), page.wanted_lu, page.other_lu, 0.0) if is_heard(v))

    def x(value: float) -> float:
        return round(left + scale.position(value) * (figure.RIGHT - 10 - left), 1)

    parts = [
        figure.text(left - 14, y + 4, time.capitalize(), "end")
        for time, y in zip(_times(page), (y_wanted, y_other), strict=True)
    ]
    for tick in scale.ticks:
        css_class = "grid zero" if tick == 0.0 else "grid"
        parts.append(Markup('<path class="{}" d="M{:g} 4V{}"/>').format(css_class, x(tick), bottom))
        parts.append(figure.text(x(tick), bottom + 20, f"{tick:+g}" if tick else "0 LU", "middle"))
    if all(map(is_heard, sung.values())):
        parts.append(
            Markup('<path class="reach" d="M{:g} {}H{:g}"/>').format(x(sung["before"]), y_wanted, x(page.after_lu))
        )
    parts += [figure.dot(kind, x(value), y_wanted) for kind, value in sung.items() if is_heard(value)]
    if is_heard(page.wanted_lu):
        parts.append(Markup('<path class="wanted" d="M{:g} {}v24"/>').format(x(page.wanted_lu), y_wanted - 12))
    if is_heard(page.other_lu):
        parts.append(figure.dot("after", x(page.other_lu), y_other))
    return figure.picture(bottom + 26, _level_words(page), parts)


def _times(page: VocalPage) -> tuple[str, str]:
    """Return over which time the level was decided, and the other one."""
    return (page.measured, next(time for time in _TIMES if time != page.measured))


def _level_words(page: VocalPage) -> str:
    return (
        f"Lead vocal above everything else: {page.measured} {relative(page.before_lu, 'LU')} before, "
        f"{relative(page.wanted_lu, 'LU')} wanted, {relative(page.after_lu, 'LU')} after; "
        f"{_times(page)[1]} {relative(page.other_lu, 'LU')} after."
    )


# --- compressor ------------------------------------------------------------------------------------------------------


def _compressor(page: VocalPage) -> Markup:
    heading = Markup("<h3>Compressor</h3>") + _left_out(page, "compressor")
    if not page.compressors:
        return heading
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row"><bdi>{}</bdi></th><td>{}</td><td class="n">{}</td><td class="n">{}</td>'
            "<td>{}</td></tr>"
        ).format(
            track_title(row.track),
            settings_words(row.settings) if row.settings else "left alone",
            extent(row.range_before_lu),
            extent(row.range_after_lu),
            row.reason,
        )
        for row in page.compressors
    )
    table = Markup(
        '<div class="scroll" tabindex="0"><table class="compressors">'
        "<caption>Each track of the lead has its own</caption>"
        '<thead><tr><th scope="col">Track</th><th scope="col">Settings</th>'
        '<th scope="col" class="n">Loudness range<br>before, LU'
        '</th><th scope="col" class="n">Loudness range<br>after, LU</th><th scope="col">Why</th></tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(rows)
    working = [row for row in page.compressors if len(row.reduction_db)]
    return heading + table + Markup("").join(_reduction(row, page.range_s) for row in working)


def _reduction(row: CompressorRow, range_s: tuple[float, float]) -> Markup:
    """Draw the gain reduction of a track over time, hanging from 0 dB."""
    reduction_db = np.nan_to_num(np.asarray(row.reduction_db, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    deepest = int(reduction_db.argmax())
    said = (
        f"at the most {reduction_db[deepest]:.1f} dB, at {clock(range_s[0] + deepest * row.block_s)}; "
        f"1 dB or more in {float((reduction_db >= 1.0).mean()):.0%} of the time"
    )
    top, bottom = 8, 108
    scale, times = _reduction_scale(float(reduction_db[deepest])), time_scale(*range_s, max_steps=8)
    outline = _outline(_columns(reduction_db, row.block_s), scale, times, top, bottom)
    parts = [outline, figure.level_lines(scale, top, bottom), figure.time_line(times, bottom)]
    name = track_title(row.track)
    return Markup('<p class="caption">Gain reduction of <bdi>{}</bdi>, dB: {}.</p>{}').format(
        name, said, figure.picture(bottom + 28, f"Gain reduction of {name} over time: {said}.", parts)
    )


def _columns(reduction_db: NDArray[np.float64], block_s: float) -> list[tuple[float, float]]:
    """Return at most ``_MOST_COLUMNS`` of (end in seconds from the first block, the deepest of its blocks in dB)."""
    n_columns = min(reduction_db.size, _MOST_COLUMNS)
    edges = np.arange(n_columns + 1) * reduction_db.size // n_columns
    depths_db = np.maximum.reduceat(reduction_db, edges[:-1])
    return list(zip((edges[1:] * block_s).tolist(), depths_db.tolist(), strict=True))


def _outline(columns: Sequence[tuple[float, float]], scale: Scale, times: Scale, top: int, bottom: int) -> Markup:
    """Draw a closed path along the columns, a corner only where the depth changes."""
    corners, x, drawn = [], float(figure.LEFT), float(top)
    for end_s, depth_db in columns:
        y = figure.level_y(scale, -depth_db, top, bottom)
        if y != drawn:
            corners.append(f"H{x:g}V{y:g}")
            drawn = y
        x = figure.time_x(times, times.low + end_s)
    return Markup('<path class="wave edged" d="M{} {}{}H{:g}V{}z"/>').format(figure.LEFT, top, "".join(corners), x, top)


def _reduction_scale(deepest_db: float) -> Scale:
    """Return an axis from 0 dB down, 6 dB at the least."""
    low = -6.0 * max(math.ceil(deepest_db / 6.0), 1)
    return Scale(low, 0.0, next(step for step in (2.0, 6.0, 12.0, -low) if -low / step <= 4.0))


# --- equaliser and reverb --------------------------------------------------------------------------------------------


def _equaliser(page: VocalPage) -> Markup:
    heading = Markup("<h3>Masking and equaliser</h3>") + _left_out(page, "equaliser")
    if page.masking is not None:
        return heading + masking_part(page.masking)
    if "equaliser" in page.left_out:
        return heading
    return heading + _paragraph("Nothing sounds beside the vocal that could mask it.")


def _reverb(page: VocalPage) -> Markup:
    heading = Markup("<h3>Reverb</h3>") + _left_out(page, "reverb")
    if page.reverb:
        return heading + _paragraph(f"Decay {page.reverb}.")
    if "reverb" in page.left_out:
        return heading
    return heading + _paragraph("None: nothing of it would be heard at the master.")


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)


def _left_out(page: VocalPage, step: str) -> Markup:
    return _paragraph(page.left_out[step]) if step in page.left_out else Markup("")


_WANTED = figure.mark(Markup('<path class="wanted" d="M14 0v14"/>'))
