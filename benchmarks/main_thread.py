"""What a run costs on REAPER's main thread, on the double.

Calls and seconds of reading a project and of writing rides on all its tracks (90 points each) back, and the longest
deferred call while the real worker listens. The double's functions cost time of their own; REAPER's differ.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.processes import ROOT
from benchmarks.rows import Figure, Row
from benchmarks.size import Size

sys.path[:0] = [str(ROOT / "tests")]

from double.api import DoubleApi
from double.generated import load_module, write_module
from double.reaper import DoubleReaper
from open_reaper import OpenReaper
from open_sessions import rides_json, session

from reaper_automix.hosts.rpp import new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.reascript.api import PrefixedApi, Reaper
from reaper_automix.reascript.apply import apply_plan
from reaper_automix.reascript.snapshot import snapshot

SUITE = "main-thread"
GOAL_CALLS, GOAL_S, GOAL_TURN_MS = 2_000, 0.5, 50.0
"""For 24 tracks; of one deferred call."""
WAYS = (("directly", False, False), ("over an earlier run", False, True), ("through C callbacks", True, False))


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    for way, through_c, again in WAYS:
        for n_tracks in (4,) if size.quick else (8, 24, 64, 128):
            yield _reading_and_writing(n_tracks, way, size, through_c=through_c, again=again)
    yield _a_run(size)


def _reading_and_writing(n_tracks: int, way: str, size: Size, *, through_c: bool, again: bool) -> Row:
    found = []
    for _ in range(size.long_rounds):
        with tempfile.TemporaryDirectory(prefix="reaper-automix-main-thread-") as folder:
            found.append(_cost(Path(folder), n_tracks, through_c=through_c, again=again))
    n_read, _, n_written, _ = found[0]
    both = Figure.of("", "s", (read_s + written_s for _, read_s, _, written_s in found))
    has_goal = n_tracks == 24 and not again
    return Row(
        SUITE,
        f"{n_tracks} tracks, rides of 90 points, {way}: read and write",
        (
            Figure.of("calls", "", [n_read + n_written]),
            both,
            Figure.of("read", "s", (read_s for _, read_s, _, _ in found)),
            Figure.of("write", "s", (written_s for *_, written_s in found)),
        ),
        goal=f"{GOAL_CALLS:,} calls, {GOAL_S:g} s" if has_goal else "",
        met=n_read + n_written <= GOAL_CALLS and both.median <= GOAL_S if has_goal else None,
    )


def _a_run(size: Size) -> Row:
    n_tracks = size.count(24, 2)
    with tempfile.TemporaryDirectory(prefix="reaper-automix-main-thread-") as folder:
        n, longest_s, writing_s = _turns(Path(folder), n_tracks, size.of(30.0, 2.0))
    figures = (
        Figure.of("longest", "ms", [1_000.0 * longest_s]),
        Figure.of("the one that writes", "ms", [1_000.0 * writing_s]),
    )
    worst_ms = max(figure.median for figure in figures)
    return Row(
        SUITE,
        f"{n} deferred calls of a whole run on {n_tracks} tracks",
        figures,
        goal=f"{GOAL_TURN_MS:g} ms",
        met=worst_ms <= GOAL_TURN_MS,
    )


def _cost(folder: Path, n_tracks: int, *, through_c: bool, again: bool = False) -> tuple[int, float, int, float]:
    """Return (calls, seconds) of reading and of writing; ``again``: over what an earlier run wrote."""
    path = folder / f"{n_tracks}.RPP"
    path.write_text(new_project_text(session(folder, n_tracks), folder=folder), encoding="utf-8")
    reaper = DoubleReaper(path)
    api = DoubleApi(reaper)
    if through_c:
        module, _table = load_module(reaper, write_module(folder / "reaper_python.py"))
        api = PrefixedApi(module)
    if again:
        apply_plan(api, rides_json(snapshot(Reaper(api))))
        reaper.calls.clear()
    start_s = time.perf_counter()
    heard = snapshot(Reaper(api))
    read_s, n_read = time.perf_counter() - start_s, reaper.calls.total()
    plan = rides_json(heard, shift_db=1.0)
    start_s = time.perf_counter()
    apply_plan(api, plan, heard=heard, known=heard, known_at=reaper.current.changes)
    return n_read, read_s, reaper.calls.total() - n_read, time.perf_counter() - start_s


def _turns(folder: Path, n_tracks: int = 24, length_s: float = 30.0) -> tuple[int, float, float]:
    """Return (number of deferred calls, the longest but the last in s, the writing one in s) of a real run."""
    stems = folder / "stems"
    stems.mkdir()
    rng = np.random.default_rng(1)
    for number in range(n_tracks):
        samples = 0.05 * rng.standard_normal((round(length_s * 44100), 2))
        soundfile.write(stems / f"Track {number:02d}.wav", samples, 44100)
    path = folder / "run.RPP"
    path.write_text(new_project_text(StemsHost(stems).read_session(), folder=folder), encoding="utf-8")
    with OpenReaper(path, folder) as reaper:
        reaper.run("Automix balance")
        durations = reaper.state()["deferred_durations_s"]
    *others, writing = sorted(durations)
    return len(durations), others[-1], writing
