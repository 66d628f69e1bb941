"""How long rides take: for a large session from its files, and for four hours of which the levels are known.

First, in one run, on 24 stereo tracks of 4 minutes (those of ``session_speed.py``):

* floor: decode every file and send it through the shared spectrum once, in one thread; nothing is kept
* first: ``reaper_automix.cli mix FOLDER --mixer rides`` in its own process, with an empty cache and its two threads
* second: the same again, with what the first one left in the cache

for both riders (the second rider's first run has an empty cache too).

Then 8 tracks of 4 hours that repeat every hour, as energies per 100 ms: from there to the points, for both riders,
with ``thin`` alone, and by how much the rides of the second and the third hour differ (nothing, unless a ride drifts).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from session_speed import BLOCK_SAMPLES, Run, _make_session, _wait

from reaper_automix.analysis.loudness import Loudness, integrated_lufs
from reaper_automix.analysis.measurement import THREADS, Measurement
from reaper_automix.analysis.roles import role_of
from reaper_automix.analysis.stft import Stft, frame_grid
from reaper_automix.envelope import thin
from reaper_automix.mixers import rides
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import EnvelopeMove
from reaper_automix.planning import GainDecision, moves_from
from reaper_automix.scope import choose_scope
from reaper_automix.session import Item, Session, Source, Take, Track
from reaper_automix.settings import MixSettings

TARGET_RATIO = 2.5
TARGET_MEMORY_BYTES = 3 << 29
TARGET_SECOND_S = 5.0
RIDERS = ("rule", "lds")
HOUR_S, N_HOURS = 3600, 4
NAMES = ("Kick", "Snare", "OH", "Bass", "Gtr", "Keys", "Lead Vox", "BV")


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="keep the session here, and use it again if it is there already")
    parser.add_argument("--tracks", type=int, default=24, help="number of tracks (default: 24)")
    parser.add_argument("--minutes", type=float, default=4.0, help="length of each (default: 4)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reaper-automix-rides-speed-") as temporary:
        folder = options.folder or Path(temporary) / "session"
        _make_session(folder, options.tracks, options.minutes)
        _show_session(folder, Path(temporary))
    _show_hours()
    return 0


def _show_session(folder: Path, temporary: Path) -> None:
    floor_s = _floor_s(folder)
    print(f"{'':32}{'seconds':>9}{'x floor':>9}{'memory':>11}   target")
    print(f"{'floor (1 thread)':32}{floor_s:9.2f}{1.0:9.2f}")
    for rider in RIDERS:
        work = temporary / rider
        work.mkdir()
        first, second = (_mix(folder, work, rider, number) for number in (1, 2))
        fast = first.wall_s <= TARGET_RATIO * floor_s
        small = first.memory_bytes is None or first.memory_bytes <= TARGET_MEMORY_BYTES
        name = f"{rider}, first run ({THREADS} threads)"
        print(f"{name:32}{_row(first, floor_s)}   <= {TARGET_RATIO} x: {_said(fast)}; <= 1.5 GiB: {_said(small)}")
        again = second.wall_s <= TARGET_SECOND_S
        print(f"{rider + ', second run':32}{_row(second, floor_s)}   <= {TARGET_SECOND_S:.0f} s: {_said(again)}")


def _floor_s(folder: Path) -> float:
    """Return the wall time of decoding and transforming everything, in this process and one thread."""
    start = time.perf_counter()
    for path in sorted(folder.glob("*.wav")):
        with soundfile.SoundFile(path) as file:
            stft = Stft(frame_grid(file.samplerate), file.channels, lambda _: None)
            for block in file.blocks(BLOCK_SAMPLES, dtype="float32", always_2d=True):
                stft.add(np.ascontiguousarray(block.T))
            stft.rest()
    return time.perf_counter() - start


def _mix(folder: Path, work: Path, rider: str, number: int) -> Run:
    """Run the command once; the cache in ``work`` outlives it."""
    command = [sys.executable, "-m", "reaper_automix.cli", "mix", str(folder), "--mixer", "rides", "--rides", rider]
    command += ["--quiet", "--out", str(work / f"mix{number}.RPP"), "--plan", str(work / f"plan{number}.json")]
    paths = os.pathsep.join(filter(None, (str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"REAPER_AUTOMIX_CACHE_DIR": str(work / "cache"), "PYTHONPATH": paths}
    start = time.perf_counter()
    status, memory_bytes = _wait(subprocess.Popen(command, env=environment))
    wall_s = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(command)}\nended with status {status}")
    return Run(wall_s, memory_bytes)


def _show_hours() -> None:
    hearing = _four_hours()
    print(f"\n{f'{len(NAMES)} tracks x {N_HOURS} h of known levels':32}{'seconds':>9}{'thin':>9}{'points':>11}")
    for rider in RIDERS:
        settings = MixSettings(rider=rider)
        start = time.perf_counter()
        decisions = rides.decide(hearing, settings)
        moves = moves_from(decisions, hearing.session, settings, range_s=hearing.scope.range_s, whole=True).moves
        wall_s = time.perf_counter() - start
        start = time.perf_counter()
        for decision in decisions:
            thin(decision.change_db)
        thin_s = time.perf_counter() - start
        points = [len(move.points) for move in moves if isinstance(move, EnvelopeMove)]
        density = np.median(points) / (N_HOURS * HOUR_S / 2)
        print(f"{rider:32}{wall_s:9.2f}{thin_s:9.2f}{sum(points):11d}   {density:.2f} per 2 s (median)", end="; ")
        print(f"ptp {_span_db(decisions):.1f} dB at the most; hours 2 and 3 differ by {_drift_db(decisions):.1e} dB")


def _four_hours() -> Hearing:
    """Return eight tracks with beats, phrases, sections and pauses that are the same in every hour."""
    end_s = float(N_HOURS * HOUR_S)
    takes = (Take("{t}", "", Source("WAVE", "a.wav")),)
    tracks = tuple(Track(name, name, items=(Item("{i}", 0.0, end_s, takes=takes),)) for name in NAMES)
    session = Session(tracks=tracks)
    measurements = {name: _measured(_hour(seed)) for seed, name in enumerate(NAMES)}
    known = {name: role for name in NAMES if (role := role_of(name)) is not None}
    return Hearing(session, choose_scope(session), measurements, known)


def _hour(seed: int) -> NDArray[np.float64]:
    """Return the energy per 100 ms of an hour, (n_blocks,)."""
    rng = np.random.default_rng(seed)
    n_blocks = HOUR_S * 10
    sections_db = np.repeat(rng.uniform(-9.0, 0.0, HOUR_S // 20), 200)
    phrases_db = np.repeat(rng.normal(0.0, 2.0, HOUR_S // 4), 40)
    plays = np.repeat(rng.random(HOUR_S // 20) < 0.8, 200)
    return 0.01 * plays * 10.0 ** ((sections_db + phrases_db) / 10.0) * rng.uniform(0.5, 1.5, n_blocks)


def _measured(energy: NDArray[np.float64]) -> Measurement:
    blocks = np.tile(energy / 2.0, (2, N_HOURS))
    lufs, end_s = integrated_lufs(blocks), float(N_HOURS * HOUR_S)
    loudness = Loudness(lufs, lufs, lufs, 0.0, 0.0, 0.0, lufs, 0.0, end_s)
    return Measurement(48_000, 0.0, blocks, loudness, np.zeros((2, 1), np.float32))


def _span_db(decisions: tuple[GainDecision, ...]) -> float:
    return max(float(np.ptp([level for _, level in decision.change_db])) for decision in decisions)


def _drift_db(decisions: tuple[GainDecision, ...]) -> float:
    """Return by how much any ride differs between the second and the third hour, which sound the same."""
    ridden = [np.array(decision.change_db)[:, 1] for decision in decisions if len(decision.change_db) > 1]
    second, third = slice(HOUR_S, 2 * HOUR_S), slice(2 * HOUR_S, 3 * HOUR_S)
    return max(float(np.abs(levels[second] - levels[third]).max()) for levels in ridden)


def _row(run: Run, floor_s: float) -> str:
    memory = "unknown" if run.memory_bytes is None else f"{run.memory_bytes / 2**20:.0f} MiB"
    return f"{run.wall_s:9.2f}{run.wall_s / floor_s:9.2f}{memory:>11}"


def _said(holds: bool) -> str:
    return "yes" if holds else "NO"


if __name__ == "__main__":
    sys.exit(main())
