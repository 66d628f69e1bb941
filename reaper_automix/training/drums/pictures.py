"""The out-of-bag error against the number of trees, as published [1] Fig. 1, and the error of each microphone.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reaper_automix.files import write_bytes_whole
from reaper_automix.training.drums.dataset import EIGHT
from reaper_automix.training.drums.experiments import BEST_FOREST, CEILING, MEAN, PER_MICROPHONE

TREES_FILE, ERRORS_FILE = "drums-trees.png", "drums-errors.png"
PUBLISHED_TREES = 600
COLOURS: Mapping[str, str] = {
    MEAN: "0.75",
    BEST_FOREST: "tab:blue",
    PER_MICROPHONE: "tab:orange",
    CEILING: "0.25",
}
_DOTS_PER_INCH = 130


def draw_all(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what the figures of ``evaluate`` hold, and return the files.

    Raises
    ------
    SessionError
        If they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures, drawn = found["summary"], []
    if "trees" in figures:
        draw_trees(figures["trees"]["curve"], path := folder / TREES_FILE)
        drawn.append(path)
    if "performance" in figures:
        draw_errors(figures["performance"]["test"], path := folder / ERRORS_FILE)
        drawn.append(path)
    return drawn


def draw_trees(curve: list[list[float]], path: Path) -> None:
    """Draw the mean error over engineers, with their standard deviation: [1] Fig. 1."""
    number, mean, spread = np.asarray(curve).T
    figure = Figure(figsize=(6.0, 3.4), layout="constrained")
    panel = figure.subplots()
    panel.fill_between(number, mean - spread, mean + spread, color="tab:blue", alpha=0.2, lw=0, label="engineers")
    panel.plot(number, mean, color="tab:blue", marker="o", ms=3.5, label="mean")
    panel.axvline(PUBLISHED_TREES, color="0.4", ls=":", lw=1.2, label=f"{PUBLISHED_TREES} trees (published)")
    panel.set_xlabel("trees")
    panel.set_ylabel("out-of-bag error (1 - R²)")
    panel.set_xlim(0, number.max() * 1.02)
    panel.grid(alpha=0.25)
    panel.legend(frameon=False)
    _save(figure, path)


def draw_errors(rows: Mapping[str, Any], path: Path) -> None:
    """Draw the mean absolute error of each of the eight microphones on unseen performances, in dB."""
    figure = Figure(figsize=(8.0, 3.4), layout="constrained")
    panel = figure.subplots()
    names = [name for name in COLOURS if name in rows]
    mics = [mic.value for mic in EIGHT if mic.value in rows[names[0]]["per_microphone"]]
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        errors_db = [rows[name]["per_microphone"][mic][2] for mic in mics]
        at = np.arange(len(mics)) - 0.4 + (index + 0.5) * width
        panel.bar(at, errors_db, width, color=COLOURS[name], label=name)
    panel.set_xticks(range(len(mics)), [mic.replace("_", "\n") for mic in mics])
    panel.set_ylabel("error, dB")
    panel.grid(axis="y", alpha=0.25)
    panel.set_axisbelow(True)
    figure.legend(frameon=False, ncols=len(names), fontsize=8, loc="outside upper center")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    write_bytes_whole(path, buffer.getvalue())
