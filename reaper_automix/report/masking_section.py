"""Masking between tracks on the page: who covers whom before and after, where, and what changed the most in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from reaper_automix.analysis.masking import MOST_DB, NOISE_OFFSET_DB, Covering
from reaper_automix.effect_settings.wording import hz
from reaper_automix.report import plots
from reaper_automix.report.model import Section
from reaper_automix.report.wording import plural, track_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

MOST_IN_MATRIX = 16
MOST_IN_BANDS = 24
MOST_CHANGES = 8
SMALLEST_CHANGE_DB = 0.3
"""A pair that changes less is not mentioned."""
_PAIR_DB, _REST_DB = 12.0, MOST_DB
"""What the pictures show at full strength: one track seldom covers another one further than that, all together do."""
_CELL, _NAME_PX = 20.0, 92.0
_NOMINAL_HZ = (
    *(31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0, 500.0, 630.0, 800.0),
    *(1_000.0, 1_250.0, 1_600.0, 2_000.0, 2_500.0, 3_150.0, 4_000.0, 5_000.0, 6_300.0, 8_000.0),
    *(10_000.0, 12_500.0, 16_000.0),
)
"""What the bands are called (ISO 266)."""
_BAND_LABELS = (63.0, 250.0, 1_000.0, 4_000.0, 16_000.0)
_LONGEST_NAME = 14


@dataclass(frozen=True, slots=True)
class MaskingPage:
    """All that the section shows.

    Parameters
    ----------
    tracks : sequence of str
        Titles, in the order of the session and of both coverings.
    before, after : Covering
    n_excerpts : int
        How many excerpts every track was heard in, evenly over the run's range.
    excerpt_s : float
    n_others : int
        Softer tracks that are not compared one by one.
    """

    tracks: Sequence[str]
    before: Covering
    after: Covering
    n_excerpts: int
    excerpt_s: float
    n_others: int = 0


class _Change(NamedTuple):
    covered: int
    by: int
    before_db: float
    after_db: float

    @property
    def db(self) -> float:
        """Return after minus before, as shown."""
        return round(self.after_db, 1) - round(self.before_db, 1)


def masking_section(page: MaskingPage) -> Section:
    """Return the section: how it is to be read, the largest changes, two pairs of heat maps and the numbers."""
    changes = _changes(page)
    parts = [Markup("<p>{}</p>").format(_finding(page)), _how(page)]
    parts += [Markup("<h3>Largest changes</h3>"), _changes_table(page, changes)]
    if plots.available():
        parts += [_matrix_part(page), _bands_part(page)]
    else:
        parts.append(Markup("<p>{}</p>").format(plots.NO_PLOTS))
    parts += [Markup("<h3>Each track under all others</h3>"), _tracks_table(page)]
    return Section("Masking between tracks", str(Markup("").join(parts)))


def _finding(page: MaskingPage) -> str:
    heard = np.isfinite(page.before.by_rest_db) & np.isfinite(page.after.by_rest_db)
    if not heard.any():
        return "No track sounds in the excerpts that were listened to."
    before, after = (float(side.by_rest_db[heard].mean()) for side in (page.before, page.after))
    change = round(after, 1) - round(before, 1)
    way = "as much as before" if not change else f"{abs(change):.1f} dB {'more' if change > 0 else 'less'} than before"
    return f"In the mean over the tracks, the others cover a track by {after:.1f} dB: {way}."


def _how(page: MaskingPage) -> Markup:
    heard = f"{plural(page.n_excerpts, 'excerpt')} of {page.excerpt_s:g} s, evenly over the range"
    others = (
        f" {plural(page.n_others, 'softer track')} count as part of all others, not one by one."
        if page.n_others
        else ""
    )
    return Markup("<details><summary>How this is measured</summary><p>{}{}</p></details>").format(
        _METHOD.format(heard, NOISE_OFFSET_DB, MOST_DB, MOST_DB), others
    )


_METHOD = (
    "The masker-to-signal ratio between tracks (after Vega and Janer 2010, Ronan and others 2018), as heard at the "
    "master in {}. In each third of an octave and each 0.2 s in which a track sounds, another one covers what lies "
    "{:g} dB below its own excitation (spread over neighbouring bands by Schroeder's function); counted is by how many "
    "dB the track lies under that, 0 where it is heard and {:g} at the most. The mean is 0 dB for a track that nothing "
    "covers and {:g} dB for one that nobody hears. Faders, pans, equalisers and compression are in it; reverbs, "
    "plug-ins of buses, and the help of hearing two sounds from two sides are not."
)


# --- the largest changes ----------------------------------------------------------------------------------------------


def _changes(page: MaskingPage) -> list[_Change]:
    """Return the pairs that changed the most, the largest first."""
    before, after = page.before.by_track_db, page.after.by_track_db
    pairs = (
        _Change(covered, by, float(before[covered, by]), float(after[covered, by]))
        for covered, by in np.argwhere(np.isfinite(before) & np.isfinite(after)).tolist()
    )
    changed = [pair for pair in pairs if abs(pair.db) >= SMALLEST_CHANGE_DB]
    return sorted(changed, key=lambda pair: -abs(pair.db))[:MOST_CHANGES]


def _changes_table(page: MaskingPage, changes: Sequence[_Change]) -> Markup:
    if not changes:
        return Markup("<p>No track covers another one by {:g} dB more or less than before.</p>").format(
            SMALLEST_CHANGE_DB
        )
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row"><bdi>{}</bdi> covers <bdi>{}</bdi></th><td>{:.1f} dB {}</td><td class="n">{:.1f}</td>'
            '<td class="n">{:.1f}</td></tr>'
        ).format(
            track_title(page.tracks[pair.by]),
            track_title(page.tracks[pair.covered]),
            abs(pair.db),
            "more" if pair.db > 0 else "less",
            pair.before_db,
            pair.after_db,
        )
        for pair in changes
    )
    return _table(
        "The pairs of tracks that changed the most", ("Pair", "Change", "Before, dB", "After, dB"), rows, numbers=2
    )


# --- heat maps --------------------------------------------------------------------------------------------------------


def _matrix_part(page: MaskingPage) -> Markup:
    heading = Markup("<h3>Who covers whom</h3>")
    both = np.fmax(page.before.by_track_db, page.after.by_track_db)
    weight = np.nansum(both, axis=0) + np.nansum(both, axis=1)
    shown = _strongest(weight, MOST_IN_MATRIX)
    more = len(page.tracks) - len(shown)
    said = f" Shown are the {len(shown)} tracks that cover and are covered the most." if more else ""
    intro = Markup("<p>Rows are covered, columns cover: mean covering in dB.{}</p>").format(said)
    pictures = (
        _matrix(page, side.by_track_db[np.ix_(shown, shown)], shown, when)
        for when, side in (("before", page.before), ("after", page.after))
    )
    return heading + intro + _legend(_PAIR_DB) + _pair(pictures)


def _matrix(page: MaskingPage, values: Floats, shown: Sequence[int], when: str) -> tuple[Markup, str]:
    n = len(shown)
    size = _CELL * n
    on = plots.axes(_NAME_PX + size + 8.0, _NAME_PX + size + 8.0, left=_NAME_PX, right=8.0, top=_NAME_PX, bottom=8.0)
    _cells(on, values, _PAIR_DB)
    for place in range(n):
        mark = plots.name_mark(place)
        plots.note(on, 0.0, place + 0.5, mark, "muted", align="right", offset=(-5.0, -4.0))
        plots.note(on, place + 0.5, 0.0, mark, "muted", turned=True, offset=(4.0, 5.0))
    names = [_short(page.tracks[i]) for i in shown]
    strongest = sorted(((float(values[i, j]), i, j) for i, j in np.argwhere(values > 0.05).tolist()), reverse=True)[:5]
    told = "; ".join(f"{names[j]} covers {names[i]} by {value:.1f} dB" for value, i, j in strongest)
    said = f"Mean covering of each track by each other one, in dB. Strongest: {told or 'no track covers another'}."
    return plots.svg(on, f"Who covers whom {when} the run", said, names=names, css_class="heat"), when.capitalize()


def _bands_part(page: MaskingPage) -> Markup:
    heading = Markup("<h3>Where each track is covered by all others</h3>")
    shown = _strongest(np.fmax(page.before.by_rest_db, page.after.by_rest_db), MOST_IN_BANDS)
    more = len(page.tracks) - len(shown)
    said = f" Shown are the {len(shown)} that are covered the most." if more else ""
    intro = Markup("<p>Thirds of an octave from left to right; empty where a track does not sound.{}</p>").format(said)
    pictures = (
        _bands(page, side.by_rest_band_db[shown], shown, when)
        for when, side in (("before", page.before), ("after", page.after))
    )
    return heading + intro + _legend(_REST_DB) + _pair(pictures)


def _bands(page: MaskingPage, values: Floats, shown: Sequence[int], when: str) -> tuple[Markup, str]:
    n, n_bands = len(shown), len(_NOMINAL_HZ)
    width, height = 12.0 * n_bands, 16.0 * n
    on = plots.axes(_NAME_PX + width + 12.0, height + 28.0, left=_NAME_PX, right=12.0, top=4.0, bottom=24.0)
    _cells(on, values, _REST_DB)
    for place in range(n):
        plots.note(on, 0.0, place + 0.5, plots.name_mark(place), "muted", align="right", offset=(-5.0, -4.0))
    for frequency_hz in _BAND_LABELS:
        plots.note(
            on, _NOMINAL_HZ.index(frequency_hz) + 0.5, float(n), hz(frequency_hz), "muted", align="center", under=True
        )
    names = [_short(page.tracks[i]) for i in shown]
    told = "; ".join(f"{name} {_where(row)}" for name, row in zip(names, values, strict=True) if _where(row))
    said = f"Covering of each track by all others, in thirds of an octave. Most covered at: {told or 'nowhere'}."
    return plots.svg(
        on, f"Where tracks are covered {when} the run", said, names=names, css_class="heat"
    ), when.capitalize()


def _cells(on: Axes, values: Floats, strongest_db: float) -> None:
    """Draw one square per value that there is, and limit the axes to them; the first row lies on top."""
    on.set_xlim(0, values.shape[1])
    on.set_ylim(values.shape[0], 0)
    cells: dict[str, list[tuple[float, float]]] = {}
    for row, column in np.argwhere(np.isfinite(values)).tolist():
        cells.setdefault(plots.heat(float(values[row, column]) / strongest_db), []).append((column, row))
    for colour, places in sorted(cells.items()):
        plots.squares(on, places, colour)


def _legend(strongest_db: float) -> Markup:
    more = " dB or more" if strongest_db < MOST_DB else " dB"
    steps = Markup("").join(
        Markup('<span><i class="swatch {}"></i>{:g}{}</span>').format(
            plots.heat(share), share * strongest_db, " dB" if share < 1.0 else more
        )
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return Markup('<p class="legend" aria-hidden="true">{}</p>').format(steps)


def _pair(pictures: Iterable[tuple[Markup, str]]) -> Markup:
    figures = Markup("").join(
        Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(picture, words) for picture, words in pictures
    )
    return Markup('<div class="curves maps">{}</div>').format(figures)


# --- numbers ----------------------------------------------------------------------------------------------------------


def _tracks_table(page: MaskingPage) -> Markup:
    rows = Markup("").join(_track_row(page, i) for i in range(len(page.tracks)))
    headings = (
        "Track",
        "Mostly by",
        "Most at",
        "Before, dB",
        "After, dB",
        "Change, dB",
        "Covered before",
        "Covered after",
    )
    caption = "Covering by all others, and the share of the track's sound that lies under it; by whom and where: after"
    return _table(caption, headings, rows, numbers=5)


def _track_row(page: MaskingPage, i: int) -> Markup:
    before, after = float(page.before.by_rest_db[i]), float(page.after.by_rest_db[i])
    cells = (
        Markup("<td><bdi>{}</bdi></td>").format(_mostly_by(page, i)),
        Markup("<td>{}</td>").format(_where(page.after.by_rest_band_db[i])),
        *(
            Markup('<td class="n">{}</td>').format(words)
            for words in (
                _number(before, ".1f"),
                _number(after, ".1f"),
                _number(
                    round(after, 1) - round(before, 1) if math.isfinite(before) and math.isfinite(after) else math.nan,
                    "+.1f",
                ),
                _number(float(page.before.covered[i]), ".0%"),
                _number(float(page.after.covered[i]), ".0%"),
            )
        ),
    )
    heading = Markup('<th scope="row"><bdi>{}</bdi></th>').format(track_title(page.tracks[i]))
    return Markup("<tr>{}{}</tr>").format(heading, Markup("").join(cells))


def _mostly_by(page: MaskingPage, i: int) -> str:
    row = page.after.by_track_db[i]
    if not np.isfinite(row).any() or np.nanmax(row) < 0.05:
        return "–"
    return track_title(page.tracks[int(np.nanargmax(row))])


def _where(bands_db: Floats) -> str:
    """Return the range of bands in which a track is covered by more than three quarters of the most; empty for none."""
    if not np.isfinite(bands_db).any() or np.nanmax(bands_db) < 0.5:
        return ""
    most = int(np.nanargmax(bands_db))
    low = high = most
    enough = np.nan_to_num(bands_db) >= 0.75 * bands_db[most]
    while low > 0 and enough[low - 1]:
        low -= 1
    while high + 1 < enough.size and enough[high + 1]:
        high += 1
    return hz(_NOMINAL_HZ[low]) if low == high else f"{hz(_NOMINAL_HZ[low])} to {hz(_NOMINAL_HZ[high])}"


def _strongest(weights: Floats, most: int) -> list[int]:
    """Return the indices of the largest weights, in their own order."""
    order = np.argsort(-np.nan_to_num(weights, nan=-1.0), kind="stable")[:most]
    return sorted(int(i) for i in order)


def _table(caption: str, headings: Sequence[str], rows: Markup, *, numbers: int) -> Markup:
    """Return a table whose last columns hold numbers."""
    n_words = len(headings) - numbers
    kinds = (Markup(' class="n"') if i >= n_words else Markup("") for i in range(len(headings)))
    cells = (Markup('<th scope="col"{}>{}</th>').format(*pair) for pair in zip(kinds, headings, strict=True))
    return Markup(
        '<div class="scroll" tabindex="0"><table class="small unbroken"><caption>{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(caption, Markup("").join(cells), rows)


def _number(value: float, form: str) -> str:
    words = format(value, form)
    return {"+0.0": "0.0", "-0.0": "0.0"}.get(words, words) if math.isfinite(value) else "–"


def _short(name: str) -> str:
    """Return a name that fits beside a picture."""
    title = track_title(name)
    return title if len(title) <= _LONGEST_NAME else title[: _LONGEST_NAME - 1].rstrip() + "…"
