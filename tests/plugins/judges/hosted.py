"""The real IEM plug-ins as judges: what they play and show with our knobs, or a reason to skip.

They need the package dawdreamer and the IEM plug-in suite (Debian: iem-plugin-suite-vst). The folder with libMultiEQ
and the others may be named by the environment variable REAPER_AUTOMIX_IEM.
"""

from __future__ import annotations

import glob
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.plugins.knobs import Knob

_FOLDERS = ("/usr/lib/*/iem-plugin-suite/vst", "/usr/lib/vst", "/usr/local/lib/vst")
_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Job:
    """One sound through one plug-in: input channels, knobs, and which outputs (from 0) are added up to each row."""

    knobs: tuple[Knob, ...]
    audio: NDArray[np.float32]
    outputs: tuple[tuple[int, ...], ...] = ((0,), (1,))
    quiet: dict[str, float] = field(default_factory=dict)
    quiet_s: float = 0.5


@dataclass(frozen=True)
class Played:
    """What came out, (n_rows, n_samples), and (position, text, unit) of every knob by its name."""

    audio: NDArray[np.float32]
    shown: dict[str, tuple[float, str, str]]

    @property
    def values(self) -> dict[str, float]:
        return {name: position for name, (position, _, _) in self.shown.items()}


def play(plugin: str, rate_hz: int, jobs: Sequence[Job]) -> list[Played]:
    """Play all jobs in one process; skips the test where that cannot be."""
    path = _path_of(plugin)
    audio: dict[str, NDArray[np.float32]] = {}
    told = []
    for i, job in enumerate(jobs):
        audio[f"input_{i}"] = job.audio
        positions = {knob.name: knob.normalised for knob in job.knobs}
        told.append(
            {
                "knobs": positions,
                "audio": f"input_{i}",
                "outputs": job.outputs,
                "quiet": positions | job.quiet,
                "quiet_s": job.quiet_s,
            }
        )
    with tempfile.TemporaryDirectory() as folder:
        jobs_path, out_path = Path(folder, "jobs.npz"), Path(folder, "out.npz")
        np.savez(jobs_path, jobs=np.array(json.dumps(told)), **audio)  # type: ignore[arg-type]
        script = Path(__file__).with_name("play_plugin.py")
        command = [sys.executable, str(script), path, str(rate_hz), str(jobs_path), str(out_path)]
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
        if not out_path.is_file():
            pytest.fail(f"{plugin} did not play: {done.stderr.decode(errors='replace')[-2000:]}")
        with np.load(out_path) as found:
            shown = json.loads(str(found["shown"]))
            return [
                Played(found[f"audio_{i}"], {name: tuple(each) for name, each in shown[i].items()})
                for i in range(len(told))
            ]


def check_shown(knobs: tuple[Knob, ...], played: Played) -> None:
    """Every knob that we set exists by this name, stands where we put it, and shows our text and unit."""
    for knob in knobs:
        position, text, unit = played.shown[knob.name]
        assert position == pytest.approx(knob.normalised, abs=1e-6), knob
        assert (text, unit) == (knob.text, knob.unit), knob


def _path_of(plugin: str) -> str:
    if importlib.util.find_spec("dawdreamer") is None:
        pytest.skip("the package dawdreamer is not installed: it hosts the real plug-ins")
    folders = [os.environ["REAPER_AUTOMIX_IEM"]] if "REAPER_AUTOMIX_IEM" in os.environ else list(_FOLDERS)
    found = [path for folder in folders for path in sorted(glob.glob(f"{folder}/*{plugin}.*"))]
    if not found:
        pytest.skip(f"the IEM plug-in {plugin} is not installed (Debian: iem-plugin-suite-vst)")
    return found[0]
