"""One input under a time limit, and what came of many: findings told apart by what was raised and where."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from targets import TIME_LIMIT_S, Target

REPOSITORY = Path(__file__).resolve().parents[2]


class Hang(BaseException):
    """An input that takes longer than the limit."""


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise Hang(f"more than {TIME_LIMIT_S:g} s of the processor")


def can_limit() -> bool:
    """Tell whether time can be limited here: by a signal, in the main thread."""
    return hasattr(signal, "SIGPROF") and threading.current_thread() is threading.main_thread()


def attempt(target: Target, data: bytes) -> BaseException | None:
    """Run a target on an input; return what it raised, if it raised something. It counts as a hang after the limit."""
    observer = sys.gettrace()
    sys.settrace(None)  # a measurement of coverage would count as time of the target
    if can_limit():
        signal.signal(signal.SIGPROF, _give_up)
        signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT_S)
    try:
        target(data)
    except KeyboardInterrupt:
        raise
    except (Exception, Hang) as error:
        return error
    finally:
        if can_limit():
            signal.setitimer(signal.ITIMER_PROF, 0.0)
        sys.settrace(observer)
    return None


def signature(error: BaseException) -> str:
    """Return what tells one finding from another: the kind of error and the innermost lines of ours."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if "reaper_automix" in f.filename or "targets" in f.filename
    ]
    places = [f"{Path(f.filename).name}:{f.name}" for f in frames[-2:]]
    said = str(error)[:60] if type(error).__name__ == "Broken" else ""
    return " ".join((type(error).__name__, *places, said)).strip()


@dataclass
class Tally:
    """What came of the inputs so far; kept in a file, so that it outlives the process."""

    file: Path
    findings: Path
    n_runs: int = 0
    n_failed: int = 0
    slowest_s: float = 0.0
    seen: dict[str, int] = field(default_factory=dict)
    _saved_s: float = 0.0

    def count(self, target: Target, data: bytes) -> None:
        """Try one input."""
        started_s = time.process_time()
        error = attempt(target, data)
        spent_s = time.process_time() - started_s
        self.n_runs += 1
        if spent_s > self.slowest_s:
            self.slowest_s = spent_s
            if spent_s > 0.2:
                (self.findings / "slowest.input").write_bytes(data)
        if error is not None:
            self._note(error, data)
        if time.monotonic() - self._saved_s > 2.0:
            self.save()

    def _note(self, error: BaseException, data: bytes) -> None:
        self.n_failed += 1
        name = signature(error)
        first = name not in self.seen
        self.seen[name] = self.seen.get(name, 0) + 1
        path = self.findings / f"{hashlib.sha1(name.encode('utf-8', 'replace')).hexdigest()[:12]}.input"
        if path.stat().st_size > len(data) if path.exists() else first:
            path.write_bytes(data)
            told = "".join(traceback.format_exception(error))
            path.with_suffix(".txt").write_text(f"{name}\n\n{told}", encoding="utf-8", errors="backslashreplace")
            self.save()

    def save(self) -> None:
        """Write the tally down."""
        self._saved_s = time.monotonic()
        data = {"runs": self.n_runs, "failed": self.n_failed, "slowest_s": self.slowest_s, "seen": self.seen}
        self.file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
