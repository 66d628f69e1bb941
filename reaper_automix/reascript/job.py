"""One run, from the trigger to the receipt, in steps of some milliseconds: REAPER's main thread is never held up.

A job is bound to the project tab in which it was triggered, whatever tab is in front later. Until its plan is written
in the last step, nothing in the project has been touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import traceback
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from reaper_automix.errors import AutomixError, Cancelled, SessionError
from reaper_automix.files import write_text_whole
from reaper_automix.mixplan import move_words
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.apply import apply_plan
from reaper_automix.reascript.installed import Installed
from reaper_automix.reascript.preferences import Preferences
from reaper_automix.reascript.rendering import Rendered, reason_to_render, render_tracks
from reaper_automix.reascript.run_folder import RunFolder, new_run_folder, supersede_others
from reaper_automix.reascript.snapshot import Steps, snapshot_steps
from reaper_automix.reascript.worker_process import FINAL_EVENTS, WorkerProcess
from reaper_automix.receipt import Receipt, Status
from reaper_automix.rendered import reason_against_rendering
from reaper_automix.requests import Request, request_to_json
from reaper_automix.scope import silence_reason
from reaper_automix.session import Session, Track
from reaper_automix.session_json import session_json_pieces

GO_ON, WAIT = True, False
"""What a step says: there is more to do at once, or nothing before REAPER's next turn."""

Advance = Generator[bool, None, None]

SILENCE_LIMIT_S = 300.0
"""A worker that says nothing for so long is stuck: it reports several times per second."""

READING, WRITING = "Reading the project", "Writing"

_READINGS = 3

_LEAVE_S = 5.0
"""How long a worker may take to end after its last word."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What an action asked for."""

    project: str
    mixer: str
    title: str
    preview: bool = False


@dataclass
class Job:
    """A run.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    trigger : Trigger
        What was asked for, and in which tab.
    preferences : Preferences
        What the engineer has set.
    place : Installed
        Where the worker is.
    window : bool
        Whether the worker shows its progress window.
    """

    api: Any
    trigger: Trigger
    preferences: Preferences
    place: Installed
    window: bool = True
    stage: str = READING
    done: float = 0.0
    total: float = 0.0
    label: str = ""
    finished: bool = False
    failed: bool = False
    lines: list[str] = field(default_factory=list)
    folder: RunFolder | None = None
    window_shown: bool = False
    was_heard: bool = False
    _worker: WorkerProcess | None = None
    _cancelled: bool = False
    _reads: bool = False
    _started_s: float = field(default_factory=time.monotonic)
    _steps: Advance | None = None

    def advance(self, budget_s: float) -> None:
        """Work for about so long; every problem ends the job with a message, and leaves the project as it was."""
        until_s = time.perf_counter() + budget_s
        if self._steps is None:
            self._steps = self._run()
        if self._reads and self._waits_for_its_tab():
            return
        try:
            while next(self._steps) is GO_ON and time.perf_counter() < until_s:
                pass
        except StopIteration:
            pass
        except AutomixError as error:
            self._cancelled = self._cancelled or isinstance(error, Cancelled)
            self._end([str(error)], failed=not isinstance(error, Cancelled))
        except Exception as error:
            self._note_traceback()
            left = (
                "Look at Edit > Undo whether anything was written" if self.stage == WRITING else "Nothing was written"
            )
            self._end([f"{left}: an unexpected error, {error!r}. Please report it."], failed=True)

    @property
    def started_worker(self) -> bool:
        """Whether the worker was started."""
        return self._worker is not None

    @property
    def has_receipt(self) -> bool:
        """Whether the folder of the run tells how it ended."""
        return self.folder is not None and self.folder.receipt.exists()

    def cancel(self) -> None:
        """Stop the run as soon as possible; nothing has been written, and nothing will be."""
        self._cancelled = True

    def is_gone(self) -> bool:
        """See the worker of a finished run off; tell whether it has ended."""
        if self._worker is None or self._worker.exit_code is not None:
            return True
        if self.failed or self._cancelled or time.monotonic() - self._worker.heard_at_s > _LEAVE_S:
            self._worker.stop()
        return False

    def abandon(self) -> None:
        """End the run because REAPER closes or the script is stopped."""
        if self._worker is not None and self._worker.exit_code is None:
            self._worker.kill()
        self._remove_rendered()
        if self.folder is not None:
            with contextlib.suppress(OSError):
                self.folder.closed.touch()

    def state(self) -> dict[str, Any]:
        """Return where the run stands, for other scripts."""
        return {
            "title": self.trigger.title,
            "stage": self.stage,
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "elapsed_s": round(time.monotonic() - self._started_s, 1),
            "folder": str(self.folder.path) if self.folder else "",
        }

    # --- the run -----------------------------------------------------------------------------------------------

    def _run(self) -> Advance:
        reaper = Reaper(self.api, self.trigger.project)
        if reaper.is_recording():
            raise SessionError("REAPER is recording. Stop the recording and run again; nothing was changed.")
        self.folder = new_run_folder(self.place.runs, self.trigger.title)
        yield GO_ON
        session, read_at = yield from self._read(reaper)
        rendered = self._rendered(reaper, session)
        if rendered and reaper.change_count() != read_at:
            session, read_at = yield from self._read(reaper)
        worker = yield from self._hand_over(session, rendered)
        yield from self._follow(worker)
        yield from self._finish(reaper, session, read_at)

    def _waits_for_its_tab(self) -> bool:
        """Tell whether another tab is in front: REAPER's wrapper lets only the tracks of the one in front through."""
        reaper = Reaper(self.api, self.trigger.project)
        if reaper.is_in_front():
            return False
        if self._cancelled:
            self._end(["Cancelled: nothing was changed."])
        elif reaper.project_file() is None:
            self._end(["The project was closed before it was read; nothing was changed."], failed=True)
        else:
            self.stage = "Waiting until this project's tab is in front again"
        return True

    def _read(self, reaper: Reaper) -> Generator[bool, None, tuple[Session, int]]:
        """Read the project in steps; some times more where it changed meanwhile."""
        self._reads = True
        for _ in range(_READINGS):
            self.stage = READING
            read_at = reaper.change_count()
            session = yield from self._paused(snapshot_steps(reaper))
            if reaper.change_count() == read_at:
                break
        self._reads = False
        return session, read_at

    def _paused(self, steps: Steps[Session]) -> Generator[bool, None, Session]:
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                session: Session = stop.value
                return session
            if self._cancelled:
                raise Cancelled("Cancelled: nothing was changed.")
            yield GO_ON

    def _rendered(self, reaper: Reaper, session: Session) -> dict[str, Rendered]:
        """Let REAPER render what cannot be judged from files, if the engineer wants that."""
        in_scope = self._in_scope(session)
        tracks = [t for t in in_scope if reason_to_render(t) and not reason_against_rendering(session, t)]
        if not tracks or self.folder is None or not self._wants_rendering(tracks, len(in_scope)):
            return {}
        if not reaper.is_in_front():
            raise SessionError(
                "Another project tab came in front, and REAPER renders only that. Run again in this one."
            )
        self.stage = "REAPER renders tracks with plug-ins"
        rendered = render_tracks(reaper, session, tracks, self._range_s(session), self.folder.path / "rendered")
        n_missing = sum(not Path(file.path).is_file() for file in rendered.values())
        if n_missing:
            raise SessionError(
                f"REAPER has not rendered {n_missing} of {len(rendered)} tracks: was its render stopped? Nothing was "
                "changed. Run again, and answer No to have these tracks judged without their plug-ins."
            )
        return rendered

    def _wants_rendering(self, tracks: Sequence[Track], n_in_scope: int) -> bool:
        if self.preferences.render != "ask":
            return self.preferences.render == "always"
        shown = "\n".join(f"  {track.title}: {reason_to_render(track)}" for track in tracks[:8])
        more = f"\n  and {len(tracks) - 8} more" if len(tracks) > 8 else ""
        question = (
            f"{len(tracks)} of {n_in_scope} tracks cannot be judged from their files alone:\n{shown}{more}\n\n"
            "Yes: REAPER renders them first, after their plug-ins and before their faders; it is busy meanwhile.\n"
            "No: they are judged without their plug-ins, or skipped."
        )
        answer = int(self.api.ShowMessageBox(question, self.trigger.title, 3))
        if answer == 2:
            raise Cancelled("Cancelled: nothing was changed.")
        return answer == 6

    def _in_scope(self, session: Session) -> list[Track]:
        wanted = self._wanted_ids(session)
        audible = (t for t in session.tracks if t.items and not silence_reason(session, t))
        return [t for t in audible if not wanted or t.id in wanted]

    def _wanted_ids(self, session: Session) -> tuple[str, ...]:
        if self.preferences.tracks == "all":
            return ()
        return tuple(track.id for track in session.tracks if track.selected)

    @staticmethod
    def _selected_s(session: Session) -> tuple[float, float] | None:
        """Return the time selection as far as it lies after the project's start."""
        if session.time_selection_s is None:
            return None
        start_s, end_s = session.time_selection_s
        if end_s <= 0.0:
            raise SessionError("The time selection ends before the project starts. Choose another one, or none.")
        return max(start_s, 0.0), end_s

    def _range_s(self, session: Session) -> tuple[float, float]:
        return self._selected_s(session) or (0.0, session.end_s)

    def _hand_over(self, session: Session, rendered: dict[str, Rendered]) -> Generator[bool, None, WorkerProcess]:
        """Write what the worker needs and start it."""
        folder = self._folder()
        request = Request(
            mixer=self.trigger.mixer,
            settings=self.preferences.mix_settings(),
            track_ids=self._wanted_ids(session),
            range_s=self._selected_s(session),
            rendered={i: asdict(r) for i, r in rendered.items()},
            title=self.trigger.title,
            window=self.window,
            reaper_pid=os.getpid(),
            project=session.path,
            report_audio=self.preferences.report_audio == "yes",
        )
        write_text_whole(folder.request, request_to_json(request))
        yield GO_ON
        supersede_others(self.place.runs, folder, session.path)
        yield GO_ON
        with folder.session.open("w", encoding="ascii") as file:  # the worker begins only after it
            for piece in session_json_pieces(session):
                file.write(piece)
                yield GO_ON
        self.stage = "Starting"
        self._worker = worker = WorkerProcess(folder, python=self.place.python, root=self.place.root)
        yield WAIT
        return worker

    def _follow(self, worker: WorkerProcess) -> Advance:
        """Follow the worker until it says that it is done."""
        folder = self._folder()
        last: dict[str, Any] = {}
        while True:
            exit_code = worker.exit_code  # before its last words are read
            for event in worker.events():
                last = self._heard(event, last)
            self._cancelled = self._cancelled or folder.cancel.exists()
            if last.get("event") == "done" and not self._cancelled:
                return
            if last.get("event") == "failed":
                raise SessionError(str(last.get("message") or _no_reason(folder)))
            if exit_code is not None:
                self._raise_ended(last, exit_code)
            if time.monotonic() - worker.heard_at_s > SILENCE_LIMIT_S:
                worker.kill()
                raise SessionError(
                    f"The worker said nothing for {SILENCE_LIMIT_S:.0f} s at {self.stage!r} and was stopped; nothing "
                    f"was changed. Its log is {folder.log}. Run again; if it stops there again, report the log."
                )
            if self._cancelled:
                worker.stop()
            yield WAIT

    def _heard(self, event: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
        """Take note of what the worker said; return its last word, if it has said one."""
        if event.get("event") == "progress":
            self.stage, self.label = str(event.get("stage", "")), str(event.get("label", ""))
            self.done, self.total = float(event.get("done", 0.0)), float(event.get("total", 0.0))
        if event.get("event") == "session":  # the worker is at work, and has started its window
            self.window_shown, self.was_heard = self.window, True
        if event.get("event") == "window" and not event.get("shown", False):
            self.window = self.window_shown = False  # there can be none; this may be told first
        return event if event.get("event") in FINAL_EVENTS else last

    def _raise_ended(self, last: dict[str, Any], exit_code: int) -> NoReturn:
        if self._cancelled or last.get("event") == "cancelled":
            raise Cancelled("Cancelled: nothing was changed.")
        raise SessionError(
            f"The worker ended without an answer (exit code {exit_code}) at {self.stage!r}; nothing was changed. "
            f"Its log is {self._folder().log}. Run again; if it ends like this again, report the log."
        )

    def _finish(self, reaper: Reaper, session: Session, read_at: int) -> Advance:
        """Write the plan, or only tell it."""
        folder = self._folder()
        try:
            plan_json = folder.plan.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SessionError(
                f"The worker said that it was done, but its plan cannot be read ({error}); nothing was changed. "
                "Run again."
            ) from error
        yield WAIT  # a turn for REAPER between the worker's end and the writing
        self._check_cancel()
        if self.trigger.preview:
            plan = plan_from_json(plan_json)
            self._end(["Preview only: nothing was written.", *_told(plan_json), *plan.warnings])
            return
        yield from self._wait_for_the_recording(reaper)
        if reaper.project_file() is None:
            raise SessionError(f"The project was closed meanwhile, so nothing was written. The plan is {folder.plan}.")
        now = session
        if reaper.change_count() != read_at and reaper.is_in_front():
            now, read_at = yield from self._read(reaper)
        self._check_cancel()
        self.stage = WRITING
        receipt = apply_plan(
            self.api, plan_json, project=self.trigger.project, heard=session, known=now, known_at=read_at
        )
        self._end([*summary(receipt), *plan_from_json(plan_json).warnings])

    def _wait_for_the_recording(self, reaper: Reaper) -> Advance:
        """Wait until REAPER records no more: what was heard is not lost."""
        while reaper.is_recording():
            self.stage = "Waiting until the recording ends"
            self._check_cancel()
            yield WAIT

    def _check_cancel(self) -> None:
        if self._cancelled or self._folder().cancel.exists():
            raise Cancelled("Cancelled: nothing was changed.")

    def _end(self, lines: list[str], *, failed: bool = False) -> None:
        self.finished, self.failed, self.lines = True, failed, lines
        if self.folder is not None:
            with contextlib.suppress(Exception):  # the console tells where the file cannot
                self.folder.write_receipt(self.trigger.title, lines, failed=failed)
        self.is_gone()
        self._remove_rendered()

    def _remove_rendered(self) -> None:
        """Remove what REAPER rendered for this run: it is large, and was heard."""
        if self.folder is not None:
            shutil.rmtree(self.folder.path / "rendered", ignore_errors=True)

    def _note_traceback(self) -> None:
        if self.folder is not None:
            with contextlib.suppress(OSError):
                (self.folder.path / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")

    def _folder(self) -> RunFolder:
        if self.folder is None:
            raise SessionError("The run has no folder yet.")
        return self.folder


def summary(receipt: Receipt) -> list[str]:
    """Return a receipt in words: the counts first, then each move."""
    counts = [f"{receipt.count(status)} {status.value}" for status in Status if receipt.count(status)]
    return [", ".join(counts) + "." if counts else "Nothing to change.", *receipt.lines()]


def _told(plan_json: str) -> list[str]:
    """Return the moves of a plan in words."""
    words = (move_words(move) for move in plan_from_json(plan_json).moves)
    return [f"{track}: {what} {before} -> {after}" for track, what, before, after in words]


def _no_reason(folder: RunFolder) -> str:
    return f"The worker failed and gave no reason; nothing was changed. Run again, or report {folder.log}."
