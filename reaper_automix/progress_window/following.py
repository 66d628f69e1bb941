"""Follows the folder of a run: reads what is new in its files, and can put the wish to stop there. Stdlib only."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from reaper_automix.process_watch import ProcessWatch
from reaper_automix.progress_window.story import Story, View
from reaper_automix.reascript.run_folder import RunFolder, read_json

_LAST_WORDS_S = 0.6
"""How long after its end the lines of a worker may still be on their way to the disk."""


class Follower:
    """Follows one run.

    Parameters
    ----------
    folder : RunFolder
        The run.
    title : str
        What the action is called.
    worker : ProcessWatch or None
        The worker's process; None: it is not watched.
    """

    def __init__(
        self,
        folder: RunFolder,
        title: str,
        worker: ProcessWatch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._story = Story(title)
        self._worker = worker
        self._clock = clock
        self._started_s = clock()
        self._ended_s: float | None = None
        self._worker_gone_s: float | None = None
        self._news_s = self._started_s
        self._read_up_to = 0
        self.view = self._story.view()
        self._stamp: tuple[int, int] | None = None

    @property
    def elapsed_s(self) -> float:
        """How long the run has taken until now, or until it ended."""
        return (self._clock() if self._ended_s is None else self._ended_s) - self._started_s

    @property
    def since_end_s(self) -> float:
        """How long ago the run ended; 0 while it goes on."""
        return 0.0 if self._ended_s is None else self._clock() - self._ended_s

    @property
    def since_news_s(self) -> float:
        """How long there has been nothing new."""
        return self._clock() - self._news_s

    @property
    def report(self) -> Path | None:
        """The report, if there is one."""
        return self.folder.report if self.folder.report.is_file() else None

    @property
    def is_superseded(self) -> bool:
        """Whether a newer run of the project has begun."""
        return self.folder.superseded.exists()

    @property
    def is_abandoned(self) -> bool:
        """Whether REAPER listens no more, so that the window has nothing left to say."""
        return self.folder.closed.exists()

    def look(self) -> View:
        """Read what is new and return what to show."""
        self._hear_lines()
        receipt = self.folder.receipt
        if self._is_new(receipt):
            self._story.hear_receipt(read_json(receipt))
        if self._story.needs_worker:
            self._look_after_worker()
        view = self._story.view()
        if view != self.view:
            self.view, self._news_s = view, self._clock()
        if view.phase.is_over and self._ended_s is None:
            self._ended_s = self._clock()
        return view

    def cancel(self) -> None:
        """Ask the worker and REAPER to stop."""
        self._story.ask_to_stop()
        with contextlib.suppress(OSError):
            self.folder.cancel.touch()

    def _hear_lines(self) -> None:
        try:
            with self.folder.progress.open("rb") as file:
                file.seek(self._read_up_to)
                data = file.read()
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read_up_to += len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._story.hear(line)

    def _is_new(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        stamp = (status.st_mtime_ns, status.st_size)
        is_new, self._stamp = stamp != self._stamp, stamp
        return is_new

    def _look_after_worker(self) -> None:
        """Tell the end that a worker which was killed cannot tell, and that of a folder which was removed."""
        folder = self.folder
        if not folder.path.is_dir():
            self._story.end("failed", f"The folder of this run is gone: {folder.path}. Run the action again.")
            return
        if self._worker is None or self._worker.is_alive():
            return
        now_s = self._clock()
        if self._worker_gone_s is None:
            self._worker_gone_s = now_s
        if now_s - self._worker_gone_s < _LAST_WORDS_S:
            return
        if folder.cancel.exists() or folder.closed.exists():
            self._story.end("cancelled")
        else:
            self._story.end(
                "failed",
                f"The worker was ended from outside; nothing was changed. Its log is {folder.log}. "
                "Run the action again; if it ends like this again, report the log.",
            )
