"""How long a mix of a large session takes, and how much memory, beside the least that its audio costs anybody.

Makes a folder of 24 stereo tracks of 4 minutes (48 kHz, 16 bit, 1.1 GB), then measures in one run:

* floor: decode every file and send it through the K-weighting once, in one thread; nothing is gated or kept
* first: ``reaper_automix.cli mix FOLDER --mixer balance`` in a process of its own, with an empty cache
* second: the same again, with what the first one left in the cache
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.loudness import k_weighting

RATE_HZ = 48_000
BLOCK_SAMPLES = 65_536
TARGET_RATIO = 2.5
TARGET_MEMORY_BYTES = 1 << 30
TARGET_SECOND_S = 5.0
NAMES = (
    *("Kick", "Snare", "HiHat", "Tom 1", "Tom 2", "OH", "Room", "Shaker", "Bass", "Gtr L", "Gtr R", "Ac Gtr"),
    *("Piano", "Organ", "Synth 1", "Synth 2", "Strings", "Brass", "Lead Vox", "Lead Vox Dbl", "BV 1", "BV 2", "BV 3"),
    "FX",
)


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall_s: float
    memory_bytes: int | None


def main() -> int:
    """Generate, measure, print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="reaper-automix-speed-") as temporary:
        folder = options.folder or Path(temporary) / "session"
        _make_session(folder, options.tracks, options.minutes)
        floor_s = _floor_s(folder)
        work = Path(temporary)
        first, second = (_mix(folder, work, number) for number in (1, 2))
        _show(floor_s, first, second)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="keep the session here, and use it again if it is there already")
    parser.add_argument("--tracks", type=int, default=24, help="number of tracks (default: 24)")
    parser.add_argument("--minutes", type=float, default=4.0, help="length of each (default: 4)")
    return parser.parse_args()


def _make_session(folder: Path, n_tracks: int, minutes: float) -> None:
    """Write the tracks that are missing: filtered noise with beats and pauses, another level and rhythm for each."""
    folder.mkdir(parents=True, exist_ok=True)
    n_seconds = round(minutes * 60)
    for k in range(n_tracks):
        path = folder / f"{k + 1:02d} {NAMES[k % len(NAMES)]}.wav"
        if path.exists() and soundfile.info(path).frames == n_seconds * RATE_HZ:
            continue
        with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
            for second in _seconds(k, n_seconds):
                file.write(second.T)


def _seconds(track: int, n_seconds: int) -> Iterator[NDArray[np.float64]]:
    """Yield a second of a track at a time, (2, n_samples)."""
    rng = np.random.default_rng(track)
    colour = signal.butter(1, (0.002 * 2.0 ** (track % 6), 0.6), "bandpass", output="sos")
    state = np.zeros((1, 2, 2))
    level = 0.02 + 0.12 * rng.random()
    beats = np.exp(-6.0 * (np.arange(RATE_HZ) / RATE_HZ * (1 + track % 4) % 1.0)) + 0.1
    for second in range(n_seconds):
        noise = rng.standard_normal((2, RATE_HZ), dtype=np.float32)
        sound, state = signal.sosfilt(colour, noise, axis=-1, zi=state)
        plays = (second // 8 + track) % 5 > 0
        yield np.clip(level * sound * beats * plays, -1.0, 1.0)


def _floor_s(folder: Path) -> float:
    """Return the wall time of decoding and K-weighting everything, in this process and one thread."""
    start = time.perf_counter()
    for path in sorted(folder.glob("*.wav")):
        with soundfile.SoundFile(path) as file:
            sections = k_weighting(file.samplerate)
            state = np.zeros((len(sections), file.channels, 2))
            for block in file.blocks(BLOCK_SAMPLES, dtype="float32", always_2d=True):
                _, state = signal.sosfilt(sections, np.ascontiguousarray(block.T), axis=-1, zi=state)
                state[np.abs(state) < 1e-25] = 0.0  # or pauses cost thirty times as much: denormal numbers
    return time.perf_counter() - start


def _mix(folder: Path, work: Path, number: int) -> Run:
    """Run the command once; the cache in ``work`` outlives it."""
    command = [sys.executable, "-m", "reaper_automix.cli", "mix", str(folder), "--mixer", "balance", "--quiet"]
    command += ["--out", str(work / f"mix{number}.RPP"), "--plan", str(work / f"plan{number}.json")]
    root = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"REAPER_AUTOMIX_CACHE_DIR": str(work / "cache"), "PYTHONPATH": paths}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    status, memory_bytes = _wait(process)
    wall_s = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(command)}\nended with status {status}")
    return Run(wall_s, memory_bytes)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int | None]:
    """Return exit status and peak memory of a process; the memory is known on POSIX systems only."""
    if not hasattr(os, "wait4"):
        return process.wait(), None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, usage.ru_maxrss * unit


def _show(floor_s: float, first: Run, second: Run) -> None:
    print(f"{'':22}{'seconds':>9}{'x floor':>9}{'memory':>11}   target")
    print(f"{'floor (1 thread)':22}{floor_s:9.2f}{1.0:9.2f}")
    fast = first.wall_s <= TARGET_RATIO * floor_s
    small = first.memory_bytes is None or first.memory_bytes <= TARGET_MEMORY_BYTES
    print(f"{'first run':22}{_row(first, floor_s)}   <= {TARGET_RATIO} x: {_said(fast)}; <= 1 GiB: {_said(small)}")
    again = second.wall_s <= TARGET_SECOND_S
    print(f"{'second run':22}{_row(second, floor_s)}   <= {TARGET_SECOND_S:.0f} s: {_said(again)}")


def _row(run: Run, floor_s: float) -> str:
    memory = "unknown" if run.memory_bytes is None else f"{run.memory_bytes / 2**20:.0f} MiB"
    return f"{run.wall_s:9.2f}{run.wall_s / floor_s:9.2f}{memory:>11}"


def _said(holds: bool) -> str:
    return "yes" if holds else "NO"


if __name__ == "__main__":
    sys.exit(main())
