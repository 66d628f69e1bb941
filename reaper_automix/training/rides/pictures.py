"""The figures of Scott and Kim on our songs, and rides beside human rides.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reaper_automix.files import whole_file
from reaper_automix.mixers.ride_sound import STEP_S
from reaper_automix.training.rides.experiments import TOGETHER
from reaper_automix.training.rides.proper import RideCase
from reaper_automix.training.rides.published import Case, Floats, track_gain_lin

_TRUTH, _FIRST, _SECOND = "black", "0.6", "tab:orange"
"""The colours of [1] figures 3 and 4."""

LINE_LETTERS = 44
"""Letters of a line below a panel of figure 2: more would run into the next panel."""

HEADROOM = 0.05
"""Share of a panel that stays free above a gain that stands at the top, so that it is not taken for the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A human's gain of one group in one song, and two predictions of it, per step; NaN where the group pauses."""

    song: str
    group: str
    times_s: Floats
    truth: Floats
    first: Floats
    second: Floats


def course_of(case: Case, group: str, first: Floats, second: Floats, step_s: float) -> Course:
    """Return the course of a One-Versus-All case with two predictions, linear gains (n_steps,)."""
    hidden = ~case.counts
    times_s = np.arange(case.counts.size, dtype=np.float64) * step_s
    lines = [np.where(hidden, np.nan, line) for line in (track_gain_lin(case.tracks[0]), first, second)]
    return Course(case.song, group, times_s, *lines)


def draw_figure_2(curves: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw the error against the number of features, a panel per group; a diamond marks the least: [1] figure 2."""
    figure = Figure(figsize=(11.0, 2.6), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (group, curve) in zip(panels, curves.items(), strict=True):
        errors = np.array(curve["errors"])
        numbers = np.arange(1, errors.size + 1)
        best = int(np.argmin(errors))
        axes.plot(numbers, errors, color=_TRUTH, linewidth=1.2)
        axes.plot([numbers[best]], [errors[best]], "D", color=_SECOND)
        axes.set_title(group, fontsize=9)
        names = textwrap.fill(f"features; best: {', '.join(curve['features'][: best + 1])}", LINE_LETTERS)
        axes.set_xlabel(names, fontsize=6)
        axes.tick_params(labelsize=7)
    panels[0].set_ylabel("mean squared error of the gain", fontsize=8)
    _save(figure, path)


def draw_courses(courses: Sequence[Course], labels: tuple[str, str], path: Path) -> None:
    """Draw courses, a row per group and a column per song, as [1] figures 3 and 4."""
    songs = list(dict.fromkeys(course.song for course in courses))
    figure = Figure(figsize=(5.0 * len(songs), 1.6 * len(TOGETHER) + 0.6), layout="constrained")
    panels = figure.subplots(len(TOGETHER), len(songs), squeeze=False)
    for course in courses:
        axes = panels[TOGETHER.index(course.group), songs.index(course.song)]
        axes.plot(course.times_s, course.truth, color=_TRUTH, linewidth=1.4, label="human")
        axes.plot(course.times_s, course.first, color=_FIRST, linewidth=1.0, label=labels[0])
        axes.plot(course.times_s, course.second, color=_SECOND, linewidth=1.0, label=labels[1])
        axes.set_title(f"{course.song}: {course.group}", fontsize=8, loc="left")
        axes.tick_params(labelsize=7)
        low, high = axes.get_ylim()
        axes.set_ylim(min(0.0, low), high + HEADROOM * (high - min(0.0, low)))
    first = courses[0]
    panels[TOGETHER.index(first.group), songs.index(first.song)].legend(fontsize=7, ncols=3)
    panels[-1, 0].set_xlabel("time in s", fontsize=8)
    panels[-1, 0].set_ylabel("linear gain", fontsize=8)
    _save(figure, path)


def draw_rides(cases: Sequence[RideCase], riders: Mapping[str, Callable[[RideCase], Floats]], path: Path) -> None:
    """Draw human rides in black and each rider's answer in a colour, a panel per track."""
    figure = Figure(figsize=(11.0, 1.5 * ((len(cases) + 2) // 3) + 0.6), layout="constrained")
    panels = figure.subplots((len(cases) + 2) // 3, 3, squeeze=False).ravel()
    for axes, case in zip(panels, cases, strict=False):
        _draw_ride(axes, case, riders)
    for axes in panels[len(cases) :]:
        axes.set_visible(False)
    panels[0].legend(fontsize=6)
    panels[0].set_ylabel("ride in dB", fontsize=7)
    panels[len(cases) - 1].set_xlabel("time in s", fontsize=7)
    _save(figure, path)


def _draw_ride(axes: Axes, case: RideCase, riders: Mapping[str, Callable[[RideCase], Floats]]) -> None:
    times_s = np.arange(case.counts.size) * STEP_S
    axes.plot(times_s, np.where(case.counts, case.ride_db, np.nan), color=_TRUTH, linewidth=1.4, label="human")
    for (name, answer), colour in zip(riders.items(), (_SECOND, "tab:blue"), strict=False):
        ride_db = answer(case)
        ride_db = ride_db - ride_db[case.counts].mean()
        axes.plot(times_s, np.where(case.counts, ride_db, np.nan), color=colour, linewidth=1.0, label=name)
    axes.set_title(f"{case.song}: {case.track}", fontsize=7, loc="left")
    axes.tick_params(labelsize=6)


def _save(figure: Figure, path: Path) -> None:
    png = BytesIO()
    figure.savefig(png, format="png", dpi=110)
    with whole_file(path) as part:
        part.write_bytes(png.getvalue())
