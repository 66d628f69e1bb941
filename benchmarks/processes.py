"""Commands run as a user runs them, in a process of their own: time, processor time, and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import Figure

ROOT = Path(__file__).resolve().parents[1]
CLI = (sys.executable, "-m", "reaper_automix.cli")
LOOK_S = 0.02
"""How often the memory of a command and its children is looked at."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took; what the system does not tell is None.

    Parameters
    ----------
    wall_s : float
    cpu_s : float or None
        User and system time, children that it waited for included.
    memory_bytes : int or None
        The most that was resident at one time, looked at every 20 ms: the kernel's high-water mark of the process
        itself, or where children make it more, the sum of all. Without /proc the system's figure for the process,
        which on some systems is at least as high as that of this process.
    """

    wall_s: float
    cpu_s: float | None
    memory_bytes: int | None

    @property
    def memory_mib(self) -> float:
        """Peak memory in MiB; NaN where it is not known."""
        return float("nan") if self.memory_bytes is None else self.memory_bytes / 2**20


def figures_of(runs: Sequence[Run], name: str = "") -> tuple[Figure, ...]:
    """Return wall time, processor time and peak memory of several runs of one command."""
    found = [Figure.of(name, "s", (run.wall_s for run in runs))]
    if all(run.cpu_s is not None for run in runs):
        found.append(Figure.of("CPU", "s", (run.cpu_s or 0.0 for run in runs)))
    if all(run.memory_bytes is not None for run in runs):
        found.append(Figure.of("peak", "MiB", (run.memory_mib for run in runs)))
    return tuple(found)


def run(command: Sequence[str], *, cache: Path | None = None, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
    cache : Path, optional
        Where the program keeps what it measured; by default an empty folder that is removed.
    environment : mapping, optional
        More variables.

    Raises
    ------
    RuntimeError
        If it ends with another status than 0; the message has the end of what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="reaper-automix-benchmark-") as temporary:
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        variables = {"REAPER_AUTOMIX_CACHE_DIR": str(cache or Path(temporary) / "cache"), "PYTHONPATH": paths}
        said = Path(temporary) / "said.txt"
        with said.open("wb") as stream:
            start_s = time.perf_counter()
            process = subprocess.Popen(
                command, env=os.environ | variables | dict(environment or {}), stdout=stream, stderr=stream
            )
            family = _Family(process.pid)
            status, cpu_s, own_bytes = _waited(process)
            wall_s = time.perf_counter() - start_s
            peak_bytes = family.peak_bytes()
        if status != 0:
            text = said.read_text("utf-8", "replace")[-2_000:]
            raise RuntimeError(f"{' '.join(command)}\nended with status {status}:\n{text}")
        return Run(wall_s, cpu_s, peak_bytes or own_bytes)


def mix(
    session: Path, work: Path, *options: str, program: Sequence[str] = CLI, cache: Path | None = None, name: str = "mix"
) -> Run:
    """Run ``mix`` on a session and write the project into ``work``."""
    command = [*program, "mix", str(session), "--quiet", "--out", str(work / f"{name}.RPP"), *options]
    return run(command, cache=cache)


def _waited(process: subprocess.Popen[bytes]) -> tuple[int, float | None, int | None]:
    """Return status, processor time and peak memory of a process; the latter two are known on POSIX systems only."""
    if not hasattr(os, "wait4"):
        return process.wait(), None, None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit


class _Family:
    """Watches a process and its descendants where /proc tells (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak_bytes = 0
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        if Path("/proc/self/status").exists():
            self._watcher.start()

    def peak_bytes(self) -> int:
        """Stop watching, and return the greatest sum that was seen; 0 where nothing can be seen."""
        self._ended.set()
        if self._watcher.ident is not None:
            self._watcher.join()
        return self._peak_bytes

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            resident = sum(_bytes_of(pid, "VmRSS") for pid in _with_descendants([self._pid]))
            self._peak_bytes = max(self._peak_bytes, resident, _bytes_of(self._pid, "VmHWM"))


def _with_descendants(pids: Iterable[int]) -> list[int]:
    found = list(pids)
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in task.read_text("ascii").split())
            except OSError:
                continue
    return found


def _bytes_of(pid: int, name: str) -> int:
    """Return what /proc says of a process under a name; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), 0)
