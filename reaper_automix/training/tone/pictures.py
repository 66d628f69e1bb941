"""Waveforms' spectra as in the paper's figures [1]: the raw track, the stem, the autoencoder's output and ours.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features,
   Figures 1 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.files import write_bytes_whole
from reaper_automix.mixers.tone_groups import GROUPS
from reaper_automix.mixers.tone_network import ToneNetwork
from reaper_automix.training.resuming import Say
from reaper_automix.training.tone import network
from reaper_automix.training.tone.experiments import SEED, pair_to_show, played_by, read_shown
from reaper_automix.training.tone.folds import folds_of
from reaper_automix.training.tone.pairs import GRID, Pair, magnitudes_of

_DOTS_PER_INCH = 110
_DEPTH_DB = 90.0
_SHOWN_S = 6.0


def draw_all(
    pairs: Sequence[Pair], shown: Path, folder: Path, *, recipe: network.Recipe = network.RECIPES[-1], say: Say
) -> list[Path]:
    """Draw one unseen track of each group, and return the files; our network is trained anew for that.

    Parameters
    ----------
    pairs : sequence of Pair
    shown : Path
        Where the experiments left what the autoencoder made; groups without it are not drawn.
    folder : Path
    recipe : Recipe
    say : callable
        Told how it goes.

    Raises
    ------
    SessionError
        If they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for group in GROUPS:
        for fold in folds_of(pairs, group)[:1]:
            learned, judged = fold.split(pairs)
            pair = pair_to_show(judged)
            published = read_shown(shown, pair)
            if published is not None:
                ours, _ = network.fit(learned, recipe, SEED, say)
                files.append(folder / f"tone-{group}.png")
                draw(_panels(pair, published, ours), f"{group}: {pair.key}", files[-1])
    return files


def _panels(pair: Pair, published: NDArray[np.float32], ours: ToneNetwork) -> dict[str, NDArray[np.float32]]:
    raw = magnitudes_of(pair.raw)
    by = "by a human" if pair.is_real else "by the invented engineer"
    return {
        "raw": raw,
        f"stem, {by}": magnitudes_of(pair.stem),
        "published autoencoder": published,
        "our network": played_by(ours, raw),
    }


def draw(panels: Mapping[str, NDArray[np.float32]], title: str, file: Path) -> None:
    """Draw magnitudes as spectrograms, all on the scale of the second."""
    figure = Figure(figsize=(11.0, 6.0), layout="constrained")
    figure.suptitle(title, fontsize=10)
    top_db = 20.0 * np.log10(max(float(max(one.max(initial=0.0) for one in panels.values())), 1e-9))
    n_shown = round(_SHOWN_S * GRID.sample_rate_hz / GRID.hop)
    for axes, (name, magnitude) in zip(
        figure.subplots(2, 2, sharex=True, sharey=True).flat, panels.items(), strict=True
    ):
        energy = np.square(magnitude[:n_shown], dtype=np.float64).T
        image_db = np.maximum(levels.energy_to_db(energy), top_db - _DEPTH_DB)
        extent = (0.0, image_db.shape[1] * GRID.hop / GRID.sample_rate_hz, 0.0, GRID.sample_rate_hz / 2_000.0)
        axes.imshow(
            image_db, origin="lower", aspect="auto", extent=extent, vmin=top_db - _DEPTH_DB, vmax=top_db, cmap="magma"
        )
        axes.set_title(name, fontsize=9)
        axes.set_yscale("symlog", linthresh=1.0)
        axes.set_ylim(0.0, 20.0)
    figure.supxlabel("time, s", fontsize=9)
    figure.supylabel("frequency, kHz", fontsize=9)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    write_bytes_whole(file, buffer.getvalue())
