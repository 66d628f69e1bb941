"""Draw the rides of a folder of stems over the waveforms of its tracks, both riders beside each other: docs/rides.png.

The waveforms are those before the fader, each at its own height. The dots are the points that are written, the lines
between them what REAPER plays, and the thin line is the ride before it was thinned. Needs matplotlib (extra ``train``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import rides
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import EnvelopeMove
from reaper_automix.pipeline import hear
from reaper_automix.planning import GainDecision, moves_from
from reaper_automix.settings import MixSettings

matplotlib.use("Agg")
from matplotlib import pyplot

RIDERS = {"rule": "--rides rule: evens each track out", "lds": "--rides lds: learned, goes with the rest of the song"}
HEIGHT_DB = 6.0
WAVE, RIDE = "#c4ccd4", "#c03a2b"


def main() -> int:
    """Listen, plan, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of stems")
    parser.add_argument("--out", type=Path, default=Path("docs/rides.png"), help="(default: docs/rides.png)")
    options = parser.parse_args()
    hearing, _ = hear(StemsHost(options.folder).read_session())
    _draw(hearing, f"{options.folder.name}: every track and its ride in dB", options.out)
    return 0


def _draw(hearing: Hearing, title: str, out: Path) -> None:
    track_ids = list(hearing.measurements)
    figure, grid = pyplot.subplots(
        len(track_ids), 2, figsize=(12.0, 0.68 * len(track_ids) + 1.0), sharex=True, sharey=True, squeeze=False
    )
    for column, (rider, words) in enumerate(RIDERS.items()):
        decisions, envelopes = _ridden(hearing, rider)
        grid[0, column].set_title(words, fontsize=10, loc="left")
        grid[-1, column].set_xlabel("s", fontsize=8)
        for row, track_id in enumerate(track_ids):
            axes = grid[row, column]
            _draw_track(axes, hearing, track_id)
            if track_id in envelopes:
                _draw_ride(axes, decisions[track_id], envelopes[track_id])
    for row, track_id in enumerate(track_ids):
        name = hearing.session.track(track_id).title
        grid[row, 0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center", labelpad=18)
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    figure.tight_layout(h_pad=0.3)
    figure.savefig(out, dpi=80)


def _ridden(hearing: Hearing, rider: str) -> tuple[dict[str, GainDecision], dict[str, EnvelopeMove]]:
    settings = MixSettings(rider=rider)
    decisions = rides.decide(hearing, settings)
    moves = moves_from(decisions, hearing.session, settings, range_s=hearing.scope.range_s, whole=True).moves
    envelopes = {move.track.id: move for move in moves if isinstance(move, EnvelopeMove)}
    return {decision.track_id: decision for decision in decisions}, envelopes


def _draw_track(axes: Any, hearing: Hearing, track_id: str) -> None:
    low, high = hearing.measurements[track_id].waveform
    height = max(float(np.abs((low, high)).max()), 1e-9) / HEIGHT_DB
    axes.fill_between(np.linspace(*hearing.scope.range_s, low.size), low / height, high / height, color=WAVE, lw=0)
    axes.axhline(0.0, color="black", lw=0.4)
    axes.set(xlim=hearing.scope.range_s, ylim=(-HEIGHT_DB, HEIGHT_DB), yticks=(-5, 0, 5))
    axes.tick_params(labelsize=7, length=2)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_ride(axes: Any, decision: GainDecision, move: EnvelopeMove) -> None:
    times_s, levels_db = np.array(decision.change_db).T
    axes.plot(times_s, levels_db - decision.mean_db(), color="black", lw=0.5)
    axes.plot(*np.array(move.points).T, color=RIDE, lw=1.4, marker="o", ms=3.5)


if __name__ == "__main__":
    sys.exit(main())
