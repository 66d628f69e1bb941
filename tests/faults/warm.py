"""Runs of the program in forked children of one warm process, each with a fault of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One run of the program.

    Parameters
    ----------
    words : tuple of str
        As on the command line; ``worker FOLDER`` is the process that REAPER starts.
    folder : str
        Where it runs; events below it are counted.
    at, what, among
        Which event meets what: see ``faults.events.Events``.
    largest_bytes : int
        No file can become larger; 0: any may.
    user : int
        Who runs it; 0: who runs the tests.
    environment : dict
        Added to that of the tests.
    """

    words: tuple[str, ...]
    folder: str
    at: int = 0
    what: str = "kill"
    among: str = ""
    largest_bytes: int = 0
    user: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    counted: bool = True


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code (negative: a signal's number), what it said, which events it met, what it took."""

    code: int
    out: str
    err: str
    events: tuple[str, ...]
    peak_kib: int
    cpu_s: float
    wall_s: float

    @property
    def said(self) -> str:
        """All words in one line, as a terminal would not have broken them."""
        return " ".join(f"{self.out} {self.err}".split())


class Warm:
    """The warm process, and its children.

    Parameters
    ----------
    records : Path
        An empty folder for what the children say.
    """

    def __init__(self, records: Path) -> None:
        self._records = records
        self._numbers = itertools.count(1)
        self._began_s: dict[int, float] = {}
        paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")])
        environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
        environment["PYTHONWARNINGS"] = "ignore"
        for name in [n for n in environment if n.startswith("COVERAGE_")]:
            del environment[name]  # its files would be events, and many processes would share one
        self._log = (records / "server.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.warm_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            text=True,
        )
        if "ready" not in self._answer():
            raise RuntimeError("the warm process did not begin")

    def start(self, run: Run) -> tuple[int, Path]:
        """Start a run; return its process id and its record."""
        record = self._records / f"{next(self._numbers)}"
        pid = self._ask({"do": "start", "record": str(record), **asdict(run)})["pid"]
        self._began_s[pid] = time.monotonic()
        return pid, record

    def wait(self, started: tuple[int, Path]) -> Ended:
        """Wait for the end of a run."""
        pid, record = started
        answer = self._ask({"do": "wait", "pid": pid})
        wall_s = time.monotonic() - self._began_s.pop(pid)
        out, err = (_text(Path(f"{record}{ending}")) for ending in (".out", ".err"))
        return Ended(out=out, err=err, events=tuple(_text(record).splitlines()), wall_s=wall_s, **answer)

    def run(self, run: Run) -> Ended:
        """Run to the end."""
        return self.wait(self.start(run))

    def held(self, started: tuple[int, Path], limit_s: float = 30.0) -> str:
        """Wait until a run has come to the event at which it is held, and return its label."""
        until_s = time.monotonic() + limit_s
        while not started[1].exists():
            if time.monotonic() > until_s:
                raise TimeoutError("the run did not come to that event")
            time.sleep(0.005)
        return _text(started[1]).splitlines()[-1]

    def go_on(self, started: tuple[int, Path]) -> None:
        """Let a held run go on."""
        started[1].with_suffix(".go").touch()

    def close(self) -> None:
        """End the warm process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30.0)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(timeout=10.0)
            raise RuntimeError(f"the warm process ended: {_text(self._records / 'server.log')[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace") if path.exists() else ""
