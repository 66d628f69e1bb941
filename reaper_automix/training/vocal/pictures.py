"""Train and validation error while the networks learn, as published [1] Fig. 2.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reaper_automix.files import write_bytes_whole
from reaper_automix.training.vocal.baselines import CONSTANT
from reaper_automix.training.vocal.folds import BY_SONG
from reaper_automix.training.vocal.pairs import VOCAL
from reaper_automix.training.vocal.recipes import COMBINED, PUBLISHED

CURVES_FILE = "vocal-level-curves.png"
_DOTS_PER_INCH = 130
_LOWEST = 0.1
"""dB²; single songs may be lower by chance."""


def draw_all(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what the figures of ``evaluate`` hold, and return the files.

    Raises
    ------
    SessionError
        If they cannot be written.
    """
    curves = {name: _curves(found, name) for name in (PUBLISHED.name, COMBINED.name)}
    if any(curve is None for curve in curves.values()):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(8.0, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    level = _constant(found)
    for panel, (name, curve) in zip(panels, curves.items(), strict=True):
        if curve is not None:
            _draw(panel, name, curve, level)
    panels[0].set_ylabel("mean squared error, dB²")
    panels[0].legend(frameon=False, fontsize=8)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    write_bytes_whole(folder / CURVES_FILE, buffer.getvalue())
    return [folder / CURVES_FILE]


def _draw(panel: Axes, name: str, curve: NDArray[np.float64], constant: float) -> None:
    steps, train, held_out = curve[..., 0].mean(axis=0), curve[..., 1], curve[..., 2]
    for values, colour, label in ((train, "tab:blue", "learned from"), (held_out, "tab:orange", "song left out")):
        panel.plot(steps, values.T, color=colour, lw=0.7, alpha=0.35)
        panel.plot(steps, values.mean(axis=0), color=colour, lw=2.0, label=label)
    panel.axhline(constant, color="0.3", ls=":", lw=1.2, label="constant of the other vocals")
    panel.set_title(name, fontsize=10)
    panel.set_xlabel("batches of 25 (thin: each song)")
    panel.set_yscale("log")
    panel.set_ylim(bottom=_LOWEST)
    panel.grid(alpha=0.25)


def _curves(found: Mapping[str, Any], recipe: str) -> NDArray[np.float64] | None:
    """Return the curves of a recipe, (n_folds, n_epochs, 3), cut to the shortest; None where there are none."""
    wanted = f"{BY_SONG} | {recipe} |"
    rows = [np.array(part["curve"], float) for key, part in found["experiments"].items() if key.startswith(wanted)]
    shortest = min((len(row) for row in rows), default=0)
    return np.stack([row[:shortest] for row in rows]) if shortest else None


def _constant(found: Mapping[str, Any]) -> float:
    row = found["summary"][f"{BY_SONG}, {VOCAL}"][CONSTANT]["per_song_lu"]
    return float(row["mean"] ** 2 + row["std"] ** 2)
