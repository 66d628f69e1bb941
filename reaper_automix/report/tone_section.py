"""The tone mixer on the page: what each track is, what it should be, and the equaliser that leads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.report import figure
from reaper_automix.report.model import Section
from reaper_automix.report.tone_picture import ToneRow, spectrograms, tone_picture
from reaper_automix.report.wording import clock, track_title

_WANTED = figure.mark(Markup('<path class="wanted" d="M1 7h26"/>'))
_CURVE = figure.mark(Markup('<path class="before" d="M1 7h26"/>'))


@dataclass(frozen=True, slots=True)
class TonePage:
    """All that the section shows.

    Parameters
    ----------
    rows : sequence of ToneRow
        In the order of the session.
    sample_rate_hz : int
        Of the session.
    strength_percent : float
    evidence : sequence of str
        What is known of the networks, a sentence each.
    """

    rows: Sequence[ToneRow]
    sample_rate_hz: int
    strength_percent: float = 100.0
    evidence: Sequence[str] = ()


def tone_section(page: TonePage) -> Section:
    """Return the section: how it is to be read, one picture per track, and the same in words."""
    if not page.rows:
        return Section("Tone", "<p>No track of a group whose tone is known sounds here.</p>")
    parts = [_paragraph(_HOW), *([_paragraph(" ".join(page.evidence))] if page.evidence else [])]
    if page.strength_percent != 100.0:
        shown = "The equaliser is shown as it is written at {:g} % strength; what is wanted at 100 %."
        parts.append(_paragraph(shown.format(page.strength_percent)))
    parts.append(
        figure.legend(
            (figure.BAR, "as it is"),
            (_WANTED, "as it should be"),
            (_CURVE, "wanted curve"),
            (figure.LINE_AFTER, "equaliser"),
        )
    )
    for row in page.rows:
        parts += [_heading(row), tone_picture(row, page.sample_rate_hz), spectrograms(row, page.sample_rate_hz)]
    return Section("Tone", str(Markup("").join([*parts, _table(page.rows)])))


_HOW = (
    "Each track was heard in its ten seconds of highest energy. A network of its group says which gain each third of "
    "an octave would have in a finished stem; the curve is moved up or down until the track stays as loud as it is, "
    "and a few bands come near to it."
)


def _heading(row: ToneRow) -> Markup:
    return Markup("<h3><bdi>{}</bdi> ({}, heard from {} on)</h3>").format(
        track_title(row.track), row.group, clock(row.start_s)
    )


def _table(rows: Sequence[ToneRow]) -> Markup:
    lines = Markup("").join(
        Markup(
            '<tr><th scope="row"><bdi>{}</bdi></th><td>{}</td><td class="n">{:.1f}</td><td class="n">{:.1f}</td>'
            "<td>{}</td></tr>"
        ).format(
            track_title(row.track),
            settings_words(row.equaliser) if row.equaliser.bands else "none",
            row.curve_rms_db,
            row.distance_db,
            "; ".join(row.remarks),
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll" tabindex="0"><table class="compressors">'
        "<caption>The same in words; both distances are root mean "
        'squares from 80 Hz to 12 kHz at full strength, in dB</caption><thead><tr><th scope="col">Track</th>'
        '<th scope="col">Equaliser</th><th scope="col" class="n">Wanted curve to flat</th><th scope="col" class="n">'
        'Equaliser to wanted curve</th><th scope="col">Remarks</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(lines)


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)
