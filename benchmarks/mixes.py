"""``mix`` from the command line on sessions of many sizes: time, and peak memory of the process and its children.

Stereo tracks of 48 kHz and 16 bit, all distinct files; they lie in the system's file cache where they fit. Each run is
a process of its own; "first" has an empty cache of ours, "again" what the first one left.

* floor: decode every file and send it through the K-weighting once, in one thread; nothing is gated or kept
* tracks: 8, 24, 64 and 128 x 4 minutes; lengths: 24 x 2, 4, 8 and 16 minutes
* linear: whether the time of all these grows with minutes times tracks, by the straight line that fits best
* report: the same with ``--report``
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

from benchmarks.processes import Run, figures_of, mix
from benchmarks.rows import Figure, Row
from benchmarks.size import Size
from benchmarks.sounds import RATE_HZ, band_names, linked_session, write_session
from reaper_automix.analysis.loudness import k_weighting

SUITE = "mixes"
TRACKS, MINUTES = (8, 24, 64, 128), 4.0
LENGTHS_MIN, TRACKS_OF_LENGTHS = (2.0, 4.0, 8.0, 16.0), 24
BLOCK_SAMPLES = 65_536
MIXER = ("--mixer", "balance")
GOAL_FLOOR_RATIO = 2.5
GOAL_MEMORY_MIB = 1_024.0
GOAL_LARGEST_MIB = 2_048.0
GOAL_AGAIN_S = 5.0
GOAL_OFF_LINE = 0.2
"""Of the straight line at any size."""
GOAL_GROWTH = 1.1
"""Memory of the longest session over that of the shortest."""

Shape = tuple[int, float]
"""Tracks and minutes."""
Results = dict[Shape, list[Run]]


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    needed_bytes = _bytes_of(size)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-mixes-") as name:
        free_bytes = shutil.disk_usage(name).free
        if free_bytes < 1.1 * needed_bytes:
            space = f"{needed_bytes / 1e9:.1f} GB for its audio in {name}, {free_bytes / 1e9:.1f} GB are free"
            yield Row(SUITE, "mix of 8 to 128 tracks", skipped=f"it needs {space} (TMPDIR names another folder)")
            return
        yield from _measured(Path(name), size)


def _shapes(size: Size) -> tuple[list[Shape], list[Shape]]:
    """Return the sessions that differ in tracks, and those that differ in length."""
    if size.quick:
        return [(2, 0.1), (4, 0.1)], [(2, 0.1), (2, 0.2)]
    return [(n, MINUTES) for n in TRACKS], [(TRACKS_OF_LENGTHS, minutes) for minutes in LENGTHS_MIN]


def _bytes_of(size: Size) -> int:
    """Return what lies on the disk at the most: sessions that differ in tracks share files, the others come and go."""
    by_tracks, by_length = _shapes(size)
    return round(max(n * minutes for n, minutes in (*by_tracks, *by_length)) * 60 * RATE_HZ * 4)


def _measured(work: Path, size: Size) -> Iterator[Row]:
    by_tracks, by_length = _shapes(size)
    found: Results = {}
    n_most, minutes = by_tracks[-1]
    everything = write_session(work / "everything", band_names(n_most), minutes)
    files = sorted(everything.iterdir())
    usual = _linked(work, files, by_length[0][0])
    yield from _usual(usual, work, (by_length[0][0], minutes), size, found)
    for _ in range(size.long_rounds):
        for shape in by_tracks:
            with _removed(_linked(work, files, shape[0])) as folder:
                found.setdefault(shape, []).append(mix(folder, work, *MIXER))
    shutil.rmtree(everything)
    shutil.rmtree(usual)
    for n, length in by_length:
        if (n, length) in found:
            continue
        with _removed(write_session(work / f"{length:g} minutes", band_names(n), length)) as folder:
            found[n, length] = [mix(folder, work, *MIXER) for _ in range(size.long_rounds)]
    yield from (_row_of(shape, found[shape], shape == by_tracks[-1]) for shape in sorted(found))
    yield _linear(found)
    yield _memory(by_length, found)


def _usual(folder: Path, work: Path, shape: Shape, size: Size, found: Results) -> Iterator[Row]:
    """Measure one session in turns: the floor, an empty cache, a filled one, with and without a report."""
    floors_s, first, again, reports = [], [], [], []
    for number in range(size.long_rounds):
        cache = work / f"cache {number}"
        floors_s.append(_floor_s(folder))
        first.append(mix(folder, work, *MIXER, cache=cache))
        again.append(mix(folder, work, *MIXER, cache=cache))
        reports.append(mix(folder, work, *MIXER, "--report", str(work / "report.html")))
    found.setdefault(shape, []).extend(first)
    case = _words(shape)
    yield Row(SUITE, f"{case}: decoding and one K-weighting pass alone, 1 thread", (Figure.of("", "s", floors_s),))
    ratio = Figure.of("of that", "x", (run.wall_s / floor_s for run, floor_s in zip(first, floors_s, strict=True)))
    peak_mib = max(run.memory_mib for run in first)
    is_small = not peak_mib > GOAL_MEMORY_MIB  # not known on every system
    yield Row(
        SUITE,
        f"{case}: mix, first",
        (*figures_of(first), ratio),
        goal=f"{GOAL_FLOOR_RATIO:g} x, {GOAL_MEMORY_MIB:,.0f} MiB",
        met=ratio.median <= GOAL_FLOOR_RATIO and is_small,
    )
    figures = figures_of(again)
    met = figures[0].median <= GOAL_AGAIN_S
    yield Row(SUITE, f"{case}: mix again", figures, goal=f"{GOAL_AGAIN_S:g} s", met=met)
    size_mb = (work / "report.html").stat().st_size / 1e6
    extra = Figure.of("more", "s", (with_.wall_s - plain.wall_s for with_, plain in zip(reports, first, strict=True)))
    yield Row(SUITE, f"{case}: mix --report, first", (*figures_of(reports), extra), note=f"page of {size_mb:.1f} MB")


def _row_of(shape: Shape, runs: Sequence[Run], is_largest: bool) -> Row:
    peak_mib = max(run.memory_mib for run in runs)
    return Row(
        SUITE,
        f"{_words(shape)}: mix, first",
        figures_of(runs),
        goal=f"{GOAL_LARGEST_MIB:,.0f} MiB" if is_largest else "",
        met=not peak_mib > GOAL_LARGEST_MIB if is_largest else None,
        note=f"{_middle_s(runs) / (shape[0] * shape[1]):.3f} s of processor time per track-minute",
    )


def _linear(found: Results) -> Row:
    """Fit processor time (which other programs disturb least) by a straight line over track-minutes."""
    shapes = sorted(found, key=lambda shape: shape[0] * shape[1])
    amount = np.array([n * minutes for n, minutes in shapes])
    taken_s = np.array([_middle_s(found[shape]) for shape in shapes])
    # Relative errors count: else the largest session alone would decide.
    weights = 1.0 / taken_s
    slope, start_s = np.polyfit(amount, taken_s, 1, w=weights)
    off = np.abs(taken_s / (start_s + slope * amount) - 1.0)
    worst = int(off.argmax())
    return Row(
        SUITE,
        f"processor time over track-minutes, {len(shapes)} sizes from {amount[0]:g} to {amount[-1]:g}",
        (Figure.of("start", "s", [start_s]), Figure.of("per track-minute", "s", [slope])),
        goal=f"all within {GOAL_OFF_LINE:.0%} of a straight line",
        met=bool(off[worst] <= GOAL_OFF_LINE),
        note=f"furthest off: {off[worst]:.0%} at {_words(shapes[worst])}",
    )


def _memory(by_length: Sequence[Shape], found: Results) -> Row:
    peaks = [max(run.memory_mib for run in found[shape]) for shape in by_length]
    said = ", ".join(f"{minutes:g} min {peak:.0f}" for (_, minutes), peak in zip(by_length, peaks, strict=True))
    growth = peaks[-1] / peaks[0]
    return Row(
        SUITE,
        f"peak memory of {by_length[0][0]} tracks over their length",
        (Figure.of("longest over shortest", "x", [growth]),),
        goal=f"{GOAL_GROWTH:g} x",
        met=not growth > GOAL_GROWTH,
        note=f"MiB: {said}",
    )


def _middle_s(runs: Sequence[Run]) -> float:
    """Return the median of processor time; of wall time where that is not known."""
    return float(np.median([run.wall_s if run.cpu_s is None else run.cpu_s for run in runs]))


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


def _words(shape: Shape) -> str:
    return f"{shape[0]} tracks x {shape[1]:g} min"


def _linked(work: Path, files: Sequence[Path], n_tracks: int) -> Path:
    return linked_session(Path(tempfile.mkdtemp(dir=work)) / "session", files[:n_tracks])


@contextmanager
def _removed(folder: Path) -> Iterator[Path]:
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
