"""The folder of one run: what the REAPER side and the worker hand to one another, and what is left to look up later."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reaper_automix.errors import SessionError
from reaper_automix.files import write_text_whole

_KEPT_RUNS = 20
_LONGEST_RUN_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the files of a run lie."""

    path: Path

    @property
    def request(self) -> Path:
        """What the worker is asked for."""
        return self.path / "request.json"

    @property
    def session(self) -> Path:
        """The project as it was read."""
        return self.path / "session.json"

    @property
    def progress(self) -> Path:
        """What the worker says: one JSON object per line."""
        return self.path / "progress.jsonl"

    @property
    def log(self) -> Path:
        """What the worker and its libraries say beyond that."""
        return self.path / "worker.log"

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.path / "plan.json"

    @property
    def report(self) -> Path:
        """The report."""
        return self.path / "report.html"

    @property
    def receipt(self) -> Path:
        """How the run ended, in words."""
        return self.path / "receipt.json"

    @property
    def cancel(self) -> Path:
        """The worker stops when this file is there."""
        return self.path / "cancel"

    @property
    def superseded(self) -> Path:
        """A newer run of the project has begun when this file is there: the window has nothing more to show."""
        return self.path / "superseded"

    @property
    def closed(self) -> Path:
        """The REAPER side listens no more when this file is there."""
        return self.path / "closed"

    def write_receipt(self, title: str, lines: list[str], *, failed: bool) -> None:
        """Write how the run ended, for the progress window and for the records."""
        data = {"title": title, "lines": lines, "failed": failed}
        write_text_whole(self.receipt, json.dumps(data, ensure_ascii=True, indent=1) + "\n")


def new_run_folder(runs: Path, action: str) -> RunFolder:
    """Make a folder for a run, named by date and action; the oldest runs beyond the last twenty are removed.

    Raises
    ------
    SessionError
        If it cannot be made.
    """
    try:
        return _new_run_folder(runs, action)
    except OSError as error:
        why = error.strerror or error
        raise SessionError(
            f"No folder for this run can be made in {runs} ({why}). Make room there, or get the right to write."
        ) from error


def _new_run_folder(runs: Path, action: str) -> RunFolder:
    runs.mkdir(parents=True, exist_ok=True)
    name = f"{time.strftime('%Y-%m-%d_%H-%M-%S')}-{re.sub(r'[^a-z0-9]+', '-', action.casefold())}"
    for number in range(1, 1000):
        path = runs / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        _forget_old(runs)
        return RunFolder(path)
    raise OSError(f"{runs} holds 999 runs of one second; clear it")


def last_report(runs: Path, project: str) -> Path | None:
    """Return the report of the newest run in a project (its file; empty: a project never saved) that has one."""
    with_report = (run for run in _newest_first(runs) if run.report.is_file())
    return next((run.report for run in with_report if _project_of(run) == project), None)


def supersede_others(runs: Path, run: RunFolder, project: str) -> None:
    """Have the windows of a project's earlier, finished runs close."""
    for other in _newest_first(runs):
        if other.path != run.path and other.receipt.exists() and _project_of(other) == project:
            with contextlib.suppress(OSError):
                other.superseded.touch()


def _project_of(run: RunFolder) -> str | None:
    request = read_json(run.request)
    return str(request.get("project", "")) if isinstance(request, dict) else None


def read_json(path: Path) -> Any:
    """Return what a JSON file says; None where it is missing or not whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _newest_first(runs: Path) -> Iterator[RunFolder]:
    folders = [p for p in runs.glob("[0-9][0-9][0-9][0-9]-*") if p.is_dir()] if runs.is_dir() else []
    return (RunFolder(path) for path in sorted(folders, key=lambda p: (p.stat().st_mtime, p.name), reverse=True))


def _forget_old(runs: Path) -> None:
    for run in list(_newest_first(runs))[_KEPT_RUNS:]:
        if run.receipt.exists() or run.closed.exists() or _age_s(run) > _LONGEST_RUN_S:  # else it may be at work
            shutil.rmtree(run.path, ignore_errors=True)


def _age_s(run: RunFolder) -> float:
    try:
        return time.time() - run.path.stat().st_mtime
    except OSError:
        return 0.0
