"""The strips mixer on the page: the channel strip of every track, and the reverb that all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effect_settings.wording import hz, settings_words
from reaper_automix.report import figure
from reaper_automix.report.model import Section
from reaper_automix.report.strip_picture import StripRow, fader_words, pan_words, send_words, strip_picture
from reaper_automix.report.wording import clock, is_heard, track_title


@dataclass(frozen=True, slots=True)
class StripPage:
    """All that the section shows.

    Parameters
    ----------
    rows : sequence of StripRow
        In the order of the session.
    reverb : ReverbSettings or None
        On the bus; None where nothing is sent.
    bus : str
        What it is called.
    source : str
        Who suggested the strips.
    starts_s : sequence of float
        Where the excerpts begin that all tracks were heard in, seconds of the project.
    excerpt_s : float
        How long one is.
    sample_rate_hz : int
        Of the session.
    strength_percent : float
    left_out : mapping of str to str
        Steps that the run did not do, and why.
    """

    rows: Sequence[StripRow]
    reverb: ReverbSettings | None
    bus: str
    source: str
    starts_s: Sequence[float]
    excerpt_s: float
    sample_rate_hz: int
    strength_percent: float = 100.0
    left_out: Mapping[str, str] = field(default_factory=dict)


def strip_section(page: StripPage) -> Section:
    """Return the section: who suggests, where was listened, one picture per track, and the same in words."""
    parts = [_paragraph(f"Suggested: {page.source}. {_heard(page)}")]
    if page.strength_percent != 100.0:
        shown = "Shown is what is written at {:g} % strength; gain reduction and reverb are heard at 100 %."
        parts.append(_paragraph(shown.format(page.strength_percent)))
    parts += [_paragraph(why) for why in page.left_out.values()]
    legend = figure.legend((figure.marked_dot("before"), "before"), (figure.marked_dot("after"), "after"))
    pictures = Markup("").join(strip_picture(row, page.sample_rate_hz) for row in page.rows)
    parts += [
        Markup("<h3>Channel strips</h3>"),
        legend,
        Markup('<div class="strips">{}</div>').format(pictures),
        _reverb(page),
        _table(page.rows),
    ]
    return Section("The channel strips", str(Markup("").join(parts)))


def _heard(page: StripPage) -> str:
    times = ", ".join(clock(start_s) for start_s in sorted(page.starts_s))
    return (
        f"Heard in {len(page.starts_s)} excerpts of {page.excerpt_s:g} s, from {times} on, in which most tracks sound; "
        "a track that is silent there, where it is loudest."
    )


def _reverb(page: StripPage) -> Markup:
    heading = Markup("<h3>Reverb</h3>")
    if page.reverb is None:
        return heading + _paragraph("None: no track is sent there.")
    filters = f"from {hz(page.reverb.highpass_hz)} to {hz(page.reverb.lowpass_hz)}"
    said = f"{settings_words(page.reverb)}, dampening {page.reverb.dampening:.2f}, {filters}"
    return heading + Markup("<p>One for all tracks, on <bdi>{}</bdi>: {}.</p>").format(page.bus, said)


def _table(rows: Sequence[StripRow]) -> Markup:
    lines = Markup("").join(
        Markup(
            '<tr><th scope="row"><bdi>{}</bdi></th><td>{}</td><td>{}</td><td class="n">{}</td><td class="n">{}</td>'
            '<td class="n">{}</td><td>{}</td></tr>'
        ).format(
            track_title(row.track),
            settings_words(row.equaliser) if row.equaliser.bands else "none",
            _compressor_words(row),
            _send_words(row),
            pan_words(row.pan),
            fader_words(row.fader_db),
            "; ".join((*row.bounds, *row.left_out)),
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll" tabindex="0"><table class="compressors">'
        "<caption>The same in words; held back: where a suggestion was "
        'too much for the track</caption><thead><tr><th scope="col">Track</th><th scope="col">Equaliser</th>'
        '<th scope="col">Compressor</th><th scope="col" class="n">Reverb</th><th scope="col" class="n">Pan</th>'
        '<th scope="col" class="n">Fader, dB</th><th scope="col" class="held">Held back</th></tr></thead>'
        "<tbody>{}</tbody></table>"
        "</div>"
    ).format(lines)


def _compressor_words(row: StripRow) -> str:
    if row.compressor is None:
        return "none"
    return f"{settings_words(row.compressor)}; reduces by {row.reduction_db:.1f} dB in the mean"


def _send_words(row: StripRow) -> Markup:
    if not is_heard(row.reverb_lu):
        return Markup("{}").format(send_words(row.send_db))
    return Markup("{}<br>{:.0f} LU below").format(send_words(row.send_db), -row.reverb_lu)


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)
