"""The gains of a finished mix over time as a picture: a panel per track."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reaper_automix.analysis.gain_estimation import GainEstimate
from reaper_automix.files import whole_file

_SPAN_DB = 12.0
_SHARED_AXIS_TRACKS = 7


def picture_of(found: GainEstimate, titles: Sequence[str]) -> Figure:
    """Draw the gain of every window as a dot, the smoothed gain as a line with two deviations around it."""
    n_columns = 1 if len(titles) < _SHARED_AXIS_TRACKS else 2
    n_rows = -(-len(titles) // n_columns)
    figure = Figure(figsize=(7.0 * n_columns, 1.6 * n_rows + 0.6), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, sharex=True, squeeze=False)
    for number, axes in enumerate(panels.T.flat):
        if number < len(titles):
            _draw(axes, found, number, titles[number])
        else:
            axes.set_visible(False)
    for axes in panels[-1]:
        axes.set_xlabel("time of the session in s")
    figure.suptitle(
        f"gain in dB that the mix holds, by {found.method}; unexplained: {found.residual_db:.1f} dB", fontsize=9
    )
    return figure


def save_picture(found: GainEstimate, titles: Sequence[str], path: Path) -> None:
    """Write the picture, PNG whatever the name says.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    png = BytesIO()
    picture_of(found, titles).savefig(png, format="png", dpi=110)
    with whole_file(path) as part:
        part.write_bytes(png.getvalue())


def _draw(axes: Axes, found: GainEstimate, number: int, title: str) -> None:
    axes.grid(visible=True, color="0.92")
    axes.set_title(_heading(found, number, title), fontsize=8, loc="left")
    axes.tick_params(labelsize=7)
    if not found.heard[number]:
        axes.set_yticks([])
        return
    times_s, curve_db = found.times_s, found.smoothed_db[number]
    around_db = 2.0 * found.deviations_db[number]
    axes.plot(times_s, found.gains_db[number], ".", color="0.6", markersize=3)
    axes.fill_between(times_s, curve_db - around_db, curve_db + around_db, color="tab:blue", alpha=0.2, linewidth=0)
    axes.plot(times_s, curve_db, color="tab:blue", linewidth=1.5)
    middle_db, reach_db = float(np.median(curve_db)), max(_SPAN_DB / 2.0, 1.3 * float(np.ptp(curve_db)))
    axes.set_ylim(middle_db - reach_db, middle_db + reach_db)


def _heading(found: GainEstimate, number: int, title: str) -> str:
    if not found.heard[number]:
        return f"{title}: not heard in the mix"
    ride = "rides" if found.moves[number] else "does not move"
    return f"{title}: {found.level_db(number):+.1f} dB, {ride}, {100.0 * found.share[number]:.0f} % of the mix"
