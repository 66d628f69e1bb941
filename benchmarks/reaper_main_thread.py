"""What a run costs on REAPER's main thread, on the double: python benchmarks/reaper_main_thread.py.

Calls and seconds of reading a project and of writing rides on all its tracks (90 points each) back, and the longest
deferred call while the real worker listens. The double's functions cost time of their own; REAPER's differ.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests")]

import numpy as np
import soundfile
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


def cost(folder: Path, n_tracks: int, *, through_c: bool, again: bool = False) -> tuple[int, float, int, float]:
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


def turns(folder: Path, n_tracks: int = 24, length_s: float = 30.0) -> tuple[int, float, float]:
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


def main() -> None:
    """Print one line per size, and one for the run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for through_c, again in ((False, False), (False, True), (True, False)):
            for n_tracks in (8, 24, 64, 128):
                n_read, read_s, n_written, written_s = cost(folder, n_tracks, through_c=through_c, again=again)
                way = "through C callbacks" if through_c else "over an earlier run" if again else "directly"
                print(
                    f"{n_tracks:4d} tracks {way}: read {n_read} calls {read_s:.3f} s, "
                    f"write {n_written} calls {written_s:.3f} s"
                )
        n, longest_s, writing_s = turns(folder)
        times = f"the longest {1e3 * longest_s:.1f} ms, writing {1e3 * writing_s:.1f} ms"
        print(f"a run on 24 tracks: {n} deferred calls, {times}")


if __name__ == "__main__":
    main()
