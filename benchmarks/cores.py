"""Listening to 24 tracks with one worker and with two: time, how many cores are busy, and peak memory.

A process of its own for each: hashing, measuring, and who is who by ear, for tracks whose names say nothing. Busy
cores are processor time over wall time from the start of the process, so that loading the program, in which one core
works, counts as well.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import figures_of, run
from benchmarks.rows import Figure, Row
from benchmarks.size import Size
from benchmarks.sounds import write_session

SUITE = "cores"
TRACKS, MINUTES = 24, 4.0
GOAL_MEMORY = 1.5
"""Peak memory of two workers over that of one: not doubled."""


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    n_tracks, minutes = size.count(TRACKS, 2), size.of(MINUTES, 0.1)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-cores-") as work:
        folder = write_session(Path(work) / "session", [f"Audio {k}" for k in range(n_tracks)], minutes)
        found = {1: [], 2: []}
        for _ in range(size.long_rounds):
            for n, runs in found.items():
                runs.append(run([sys.executable, "-m", "benchmarks.cores", str(folder), str(n)]))
    for n, runs in found.items():
        busy = [] if runs[0].cpu_s is None else [Figure.of("cores busy", "", (r.cpu_s / r.wall_s for r in runs))]
        case = f"listening to {n_tracks} unnamed tracks x {minutes:g} min, {n} worker{'s' if n > 1 else ''}"
        yield Row(SUITE, case, (*figures_of(runs), *busy))
    faster = [one.wall_s / two.wall_s for one, two in zip(found[1], found[2], strict=True)]
    growth = max(r.memory_mib for r in found[2]) / max(r.memory_mib for r in found[1])
    yield Row(
        SUITE,
        "two workers over one",
        (Figure.of("faster", "x", faster), Figure.of("memory", "x", [growth])),
        goal=f"memory {GOAL_MEMORY:g} x",
        met=not growth > GOAL_MEMORY,
    )


def _listen(folder: Path, n_workers: int) -> None:
    """Listen to a session with so many threads, in this process."""
    from reaper_automix.analysis import measurement
    from reaper_automix.hosts.stems import StemsHost
    from reaper_automix.pipeline import hear

    measurement.THREADS = n_workers
    hear(StemsHost(folder).read_session())


if __name__ == "__main__":
    _listen(Path(sys.argv[1]), int(sys.argv[2]))
