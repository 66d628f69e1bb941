"""What a run has told so far, and what the window shows of it: no Tk, no files. Stdlib only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from reaper_automix.receipt import Status

_NOT_DRAWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that Tk cannot draw; file names and track names can hold them."""

_OUTCOME = re.compile(
    rf"(?P<track>.*?): (?P<what>.*?) (?P<status>{'|'.join(s.value for s in Status)})(?:: (?P<detail>.*))?", re.DOTALL
)
"""A line of ``receipt.Receipt.lines``."""

_PLANNED = re.compile(r"(?P<track>.*?): (?P<what>.* -> .*)", re.DOTALL)
"""A line of a preview."""

NOT_WRITTEN = "Not written"
_WRITTEN, _PREVIEW, _UNCHANGED, _NOTES = "Written", "Planned", "Unchanged", "Notes"
_HEADINGS = (NOT_WRITTEN, _WRITTEN, _PREVIEW, _UNCHANGED, _NOTES)
_HEADING_OF = {
    Status.SKIPPED: NOT_WRITTEN,
    Status.LEFT_ALONE: NOT_WRITTEN,
    Status.WRITTEN: _WRITTEN,
    Status.RESTORED: _WRITTEN,
    Status.UNCHANGED: _UNCHANGED,
}


_LARGEST = 1e9
"""What a count may be; NaN is beyond it."""


class Phase(str, Enum):
    """Where a run stands, as far as the window is concerned."""

    WORKING = "working"
    STOPPING = "stopping"
    WRITING = "writing"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self in (Phase.FINISHED, Phase.FAILED, Phase.CANCELLED)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the outcome: whose it is (empty: the whole run's), what became of it, and why."""

    track: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a heading; an empty heading is not shown."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the window shows.

    Parameters
    ----------
    share : float or None
        How much of the step is done, 0..1; None: nobody knows.
    count : str
        The same in words, such as "7 of 24".
    headline, groups
        How the run ended.
    """

    phase: Phase
    title: str
    project: str
    step: str = ""
    label: str = ""
    share: float | None = None
    count: str = ""
    headline: str = ""
    groups: tuple[Group, ...] = ()


class Story:
    """Collects what the worker and REAPER say about a run.

    Parameters
    ----------
    title : str
        What the action is called.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._project = ""
        self._progress: dict[str, Any] = {"stage": "Starting"}
        self._last_word = ""
        self._message = ""
        self._receipt: dict[str, Any] | None = None
        self._wants_to_stop = False

    @property
    def needs_worker(self) -> bool:
        """Whether the worker still has to say its last word."""
        return not self._last_word and self._receipt is None

    def hear(self, line: str) -> None:
        """Take note of one line of the worker; what is not understood is passed over."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return
        match event:
            case {"event": "progress", "stage": str()}:
                self._progress = event
            case {"event": "session", "name": str(name)}:
                self._project = name
            case {"event": "done" | "failed" | "cancelled" as word}:
                self._last_word, self._message = word, str(event.get("message", ""))

    def hear_receipt(self, receipt: Any) -> None:
        """Take note of how REAPER says that the run ended: {"title", "lines", "failed"}."""
        if isinstance(receipt, dict) and isinstance(receipt.get("lines"), list):
            self._receipt = receipt

    def ask_to_stop(self) -> None:
        """Take note that the engineer wants the run to stop."""
        self._wants_to_stop = True

    def end(self, word: str, message: str = "") -> None:
        """Take note of an end that the worker could not tell itself: ``failed`` or ``cancelled``."""
        if not self._last_word:
            self._last_word, self._message = word, message

    def view(self) -> View:
        """Return what the window shows now."""
        phase = self._phase()
        head = View(phase, _drawn(self._title), _drawn(self._project))
        if phase in (Phase.FINISHED, Phase.FAILED):
            return self._ended(head)
        return self._under_way(head)

    def _phase(self) -> Phase:
        if self._receipt is not None:
            told = " ".join(map(str, self._receipt["lines"][:2]))
            if self._last_word == "cancelled" or (told.startswith("Cancelled") and not self._receipt.get("failed")):
                return Phase.CANCELLED
            return Phase.FAILED if self._receipt.get("failed") else Phase.FINISHED
        if self._last_word in ("failed", "cancelled"):
            return Phase(self._last_word)
        if self._last_word == "done":
            return Phase.WRITING
        return Phase.STOPPING if self._wants_to_stop else Phase.WORKING

    def _under_way(self, head: View) -> View:
        step, label, share, count = self._step()
        match head.phase:
            case Phase.STOPPING:
                step, label = "Stopping ...", ""
            case Phase.WRITING:
                step, label, share, count = "REAPER takes over the plan", "", 1.0, ""
            case Phase.CANCELLED:
                step, label, share, count = "Cancelled: nothing was changed.", "", 0.0, ""
        return View(head.phase, head.title, head.project, _drawn(step), _drawn(label), share, count)

    def _step(self) -> tuple[str, str, float | None, str]:
        progress = self._progress
        done, total = _number(progress.get("done")), _number(progress.get("total"))
        share = min(max(done / total, 0.0), 1.0) if total > 0.0 else None
        if total == 1.0 and done == 0.0:
            share = None  # one step without parts: how far it is nobody knows
        count = "" if share is None else f"{done:.0f} of {total:.0f}"
        if total == 100.0:
            count = f"{done:.0f} %"
        return str(progress["stage"]), str(progress.get("label", "")), share, count

    def _ended(self, head: View) -> View:
        lines = [_drawn(str(line)) for line in (self._receipt or {"lines": [self._message]})["lines"]]
        lines = [line for line in lines if line.strip()] or [_NO_WORD]
        failed = head.phase == Phase.FAILED
        if failed:
            groups = (Group("", tuple(Line("", line) for line in lines)),)
            return View(head.phase, head.title, head.project, headline="Stopped by a problem", groups=groups)
        return View(head.phase, head.title, head.project, headline=lines[0], groups=_grouped(lines[1:]))


_NO_WORD = "The run ended without a word. Run it again; if it ends like this again, report worker.log in its folder."


def _grouped(lines: list[str]) -> tuple[Group, ...]:
    """Sort the lines of a receipt: first what was not written and why, then what was, then notes."""
    sorted_lines: dict[str, list[Line]] = {heading: [] for heading in _HEADINGS}
    for text in lines:
        heading, line = _understood(text)
        sorted_lines[heading].append(line)
    groups = tuple(Group(heading, tuple(found)) for heading, found in sorted_lines.items() if found)
    return (Group("", groups[0].lines),) if [g.heading for g in groups] == [_NOTES] else groups


def _understood(text: str) -> tuple[str, Line]:
    """Return the heading that a line belongs under, and the line in its parts."""
    if outcome := _OUTCOME.fullmatch(text):
        heading = _HEADING_OF[Status(outcome["status"])]
        return heading, Line(outcome["track"], f"{outcome['what']} {outcome['status']}", outcome["detail"] or "")
    if planned := _PLANNED.fullmatch(text):
        return _PREVIEW, Line(planned["track"], planned["what"])
    return _NOTES, Line("", text)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST else 0.0


def _drawn(text: str) -> str:
    return _NOT_DRAWN.sub("\ufffd", text)
