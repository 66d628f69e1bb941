"""An evaluation as a picture: the median error of every predictor under every split, with its interval."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reaper_automix.files import whole_file
from reaper_automix.training.evaluation.evaluate import Evaluation, SplitResult
from reaper_automix.training.evaluation.results import KINDS

_ROW_INCHES = 0.24
_HEAD_INCHES = 0.55


def picture_of(evaluation: Evaluation) -> Figure:
    """Draw one panel per split, the predictors below each other, all on one scale."""
    heights = [len(split.results) for split in evaluation.splits]
    figure = Figure(figsize=(8.0, sum(heights) * _ROW_INCHES + len(heights) * _HEAD_INCHES), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
    for axes, split in zip(panels[:, 0], evaluation.splits, strict=True):
        _draw(axes, split)
    panels[-1, 0].set_xlim(left=0.0)  # of all panels, now that all is drawn
    panels[-1, 0].set_xlabel("median absolute error of a track's level in dB, 95 % of draws of songs")
    return figure


def save_picture(evaluation: Evaluation, path: Path) -> None:
    """Write the picture, PNG whatever the name says.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    png = BytesIO()
    picture_of(evaluation).savefig(png, format="png", dpi=120)
    with whole_file(path) as part:
        part.write_bytes(png.getvalue())


def _draw(axes: Axes, split: SplitResult) -> None:
    names = [result.predictor for result in split.results]
    for row, result in enumerate(split.results):
        error = result.median_error_db
        colour = "tab:blue" if row == len(names) - 1 else "0.45"
        axes.plot([error.low, error.high], [row, row], color=colour, linewidth=2)
        axes.plot([error.value], [row], "o", color=colour, markersize=5)
        axes.annotate(f"{error.value:.2f}", (error.value, row), (0, 4), textcoords="offset points", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.8)
    axes.grid(visible=True, axis="x", color="0.9")
    axes.set_title(
        f"{KINDS[split.kind]}: learned on {split.trained_on}, judged on {split.tested_on} ({split.n_songs} songs)",
        fontsize=9,
        loc="left",
    )
