"""The worker: ``python -m reaper_automix.worker RUN_FOLDER``, started from inside REAPER, in our own environment.

It reads ``request.json`` and ``session.json`` in the folder and writes ``plan.json`` and ``report.html`` there. On its
output it says where it stands, one JSON object per line; the last one is ``done``, ``failed`` or ``cancelled``. It
stops when a file ``cancel`` or ``closed`` appears, when it gets SIGTERM, and when REAPER is gone. Until numpy and its
like are needed, only the standard library is loaded: the first line is there at once.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO

from reaper_automix import __version__
from reaper_automix.errors import AutomixError, Cancelled, SessionError
from reaper_automix.files import write_text_whole
from reaper_automix.process_watch import ProcessWatch
from reaper_automix.progress_window.starting import WindowProcess
from reaper_automix.reascript.run_folder import RunFolder
from reaper_automix.requests import Request, request_from_json
from reaper_automix.session import Session
from reaper_automix.session_json import session_from_json

DONE, FAILED, CANCELLED = 0, 1, 3
"""How the process ends."""

LEAST_PAUSE_S = 0.1
"""Between two lines about the same stage."""

_LOOKS_EVERY_S = 0.1
_PATIENCE_S = 2.0
"""How long after the wish to stop work may go on; then the process ends where it stands. REAPER waits 3 s."""

_TEACHING = """\
The worker is started by the actions in REAPER. To start it by hand, for the folder of an earlier run
(<REAPER resource folder>/reaper_automix/runs/...):

  python -m reaper_automix.worker RUN_FOLDER

The folder holds request.json and session.json; plan.json and report.html are written into it, nothing else is
touched. Progress comes as one JSON object per line; a file called "cancel" in the folder stops the work.
To mix a project without REAPER:  reaper-automix mix SESSION"""


class Events:
    """Says where the work stands, one JSON object per line; after the last word nothing is said any more."""

    def __init__(self, stream: BinaryIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._started_s = clock()
        self._stage = ""
        self._said_at_s = float("-inf")
        self._over = False
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether the last word has been said."""
        return self._over

    def say(self, event: str, **fields: Any) -> None:
        """Say something on the way."""
        with self._lock:
            self._write({"event": event, **fields})

    def end(self, event: str, **fields: Any) -> bool:
        """Say the last word; False if it has been said."""
        with self._lock:
            is_last = not self._over
            self._write({"event": event, **fields})
            self._over = True
            return is_last

    def progress(self, stage: str, done: float, total: float, label: str = "") -> None:
        """Say how far a stage is: a new stage always, the same one some times per second."""
        now_s = self._clock()
        if stage == self._stage and now_s - self._said_at_s < LEAST_PAUSE_S:
            return
        self._stage, self._said_at_s = stage, now_s
        elapsed_s = round(now_s - self._started_s, 2)
        self.say("progress", stage=stage, done=done, total=total, label=label, elapsed_s=elapsed_s)

    def _write(self, event: dict[str, Any]) -> None:
        if not self._over:
            self._stream.write(json.dumps(event).encode("ascii") + b"\n")
            self._stream.flush()


class Stop:
    """The wish to stop, from wherever it comes; ``hold`` keeps it out while the results are written."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.held = threading.Lock()

    def check(self) -> None:
        """Go no further if the work is to stop.

        Raises
        ------
        Cancelled
            If it is.
        """
        if self.asked.is_set():
            raise Cancelled("Cancelled: nothing was changed.")


class Lookout(threading.Thread):
    """Looks out, beside the work, for reasons to stop: files in the folder, REAPER gone. Ends work that hangs.

    Parameters
    ----------
    folder : RunFolder
        The run.
    reaper : ProcessWatch
        The process that asked.
    stop, events : Stop, Events
        Where to say so.
    give_up : callable
        Ends the process.
    """

    def __init__(
        self,
        folder: RunFolder,
        reaper: ProcessWatch,
        stop: Stop,
        events: Events,
        give_up: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__(name="lookout", daemon=True)
        self.window: WindowProcess | None = None
        self._folder, self._reaper = folder, reaper
        self._stop_wish, self._events, self._give_up = stop, events, give_up

    def run(self) -> None:
        """Look out until the work is over."""
        while not self._stop_wish.asked.wait(_LOOKS_EVERY_S):
            if self._events.is_over:
                return
            self.look()
        time.sleep(_PATIENCE_S)
        with self._stop_wish.held:
            if self._events.end("cancelled"):
                _log("The work did not stop within two seconds and was ended.")
                self._give_up(CANCELLED)

    def look(self) -> None:
        """Look once."""
        folder = self._folder
        if folder.cancel.exists() or folder.closed.exists() or not folder.path.is_dir():
            self._stop_wish.asked.set()
        elif not self._reaper.is_alive():
            _log("REAPER is gone; stopping.")
            self._stop_wish.asked.set()
        if self.window is not None and (problem := self.window.problem()):
            _log(f"No progress window: {problem}")
            self.window = None
            self._events.say("window", shown=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the worker and return its exit code."""
    options = _parser().parse_args(arguments)
    events = Events(_own_output())
    events.say("start", pid=os.getpid())
    faulthandler.enable()
    _log(f"reaper_automix {__version__}, Python {sys.version.split()[0]} at {sys.executable}, {options.folder}")
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.asked.set())
    return work(RunFolder(options.folder), events, stop)


def work(folder: RunFolder, events: Events, stop: Stop) -> int:
    """Do what the folder asks for, say how it ended, and return the exit code."""
    try:
        _work(folder, events, stop)
    except Cancelled:
        events.end("cancelled")
        return CANCELLED
    except AutomixError as error:
        events.end("failed", message=str(error))
        return FAILED
    except Exception as error:
        _log(traceback.format_exc())
        what = f"{type(error).__name__}: {error}".rstrip(": ")[:300]
        told = f"The worker met an error it does not know ({what}); nothing was changed. Please report {folder.log}."
        events.end("failed", message=told)
        return FAILED
    return DONE


def _work(folder: RunFolder, events: Events, stop: Stop) -> None:
    request = request_from_json(_text_of(folder.request), name=folder.request.name)
    lookout = Lookout(folder, ProcessWatch(request.reaper_pid), stop, events)
    if request.window:
        lookout.window = WindowProcess(folder, request.title)
    lookout.look()
    lookout.start()

    def progress(stage: str, done: float, total: float, label: str = "") -> None:
        stop.check()
        events.progress(stage, done, total, label)

    progress("Starting", 0, 0)
    session = session_from_json(_text_of(folder.session))
    events.say("session", name=_name_of(session), tracks=len(session.tracks))
    plan, report = _planned(request, session, folder, progress)
    with stop.held:
        stop.check()
        write_text_whole(folder.report, report)
        write_text_whole(folder.plan, plan)  # comes last, so that there is none without a report
        events.end("done", plan=folder.plan.name, report=folder.report.name)


def _planned(request: Request, session: Session, folder: RunFolder, progress: Callable[..., None]) -> tuple[str, str]:
    """Return the plan and the report as text."""
    try:
        from reaper_automix.mixplan_json import plan_to_json
        from reaper_automix.playback_reporting import with_playback
        from reaper_automix.report import render_report
        from reaper_automix.reporting import report_of
        from reaper_automix.requested_plan import plan_requested
    except ImportError as error:
        _log(traceback.format_exc())
        raise SessionError(
            f"The worker's Python ({sys.executable}) cannot load {error.name or 'a package'} ({error}). "
            "Run  python install.py  in the reaper_automix folder, then the action again."
        ) from error
    planned = plan_requested(request, session, progress)
    progress("Writing the report", 0, 1)
    report = report_of(planned, None, (("Plan", str(folder.plan)),))
    report = with_playback(report, planned, progress, wanted=request.report_audio)
    return plan_to_json(planned.plan), render_report(report)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise SessionError(
            f"{path}: cannot be read ({why}). It is written by the action in REAPER: run that, or see "
            "python -m reaper_automix.worker --help."
        ) from None


def _name_of(session: Session) -> str:
    """Return the project's name; its path is of the system that REAPER runs on."""
    return session.name or PureWindowsPath(session.path).name or "Unsaved project"


def _own_output() -> BinaryIO:
    """Keep the output to ourselves: what a library prints goes to the log, and no line is broken by it."""
    sys.stdout.flush()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def _log(text: str) -> None:
    """Write to the log, which is the error output; a closed one is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text.rstrip("\n") + "\n")
        sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reaper_automix.worker",
        description=_TEACHING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="RUN_FOLDER", help="the folder of a run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
