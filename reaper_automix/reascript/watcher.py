"""The script that stays: it carries the jobs on, a few milliseconds at each turn of REAPER, and ends when none is left.

The actions themselves end at once. A second trigger of a script that still runs would open REAPER's modal question
whether to terminate it; so only this script is deferred, and no engineer triggers it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reaper_automix.errors import AutomixError
from reaper_automix.reascript.installed import installed
from reaper_automix.reascript.job import Job, Trigger
from reaper_automix.reascript.preferences import from_stored
from reaper_automix.reascript.state import SharedState

WATCH_SCRIPT = "automix_watch.py"

TURN_S = 0.012
"""How long all jobs together may work in one of REAPER's turns; a single step may take somewhat longer."""


class Watcher:
    """Carries jobs on.

    Parameters
    ----------
    api : object
        The ReaScript functions.
    defer : callable
        Has REAPER call ``turn`` once more.
    """

    def __init__(self, api: Any, defer: Callable[[], None]) -> None:
        self._api = api
        self._defer = defer
        self._state = SharedState(api)
        self._jobs: list[Job] = []
        self._leaving: list[Job] = []

    def turn(self) -> None:
        """Do a little work and ask for the next turn; without jobs, end."""
        try:
            self._take_up()
            for job in self._jobs:
                job.advance(TURN_S / len(self._jobs))  # it raises nothing: one run's trouble is not another's
            for job in [job for job in self._jobs if job.finished]:
                self._jobs.remove(job)
                self._leaving.append(job)
                self._tell(job)
            self._leaving = [job for job in self._leaving if not job.is_gone()]
        except BaseException:
            self.close()
            raise
        if not self._jobs and not self._leaving:
            self._state.end_watch()
            return
        self._state.set_jobs({job.trigger.project: job.state() for job in self._jobs})
        self._state.keep_watch()
        self._defer()

    def close(self) -> None:
        """Stop all jobs: REAPER closes, or the script was terminated."""
        for job in (*self._jobs, *self._leaving):
            job.abandon()
        self._jobs.clear()
        self._leaving.clear()
        self._state.end_watch()

    def _take_up(self) -> None:
        """Begin what actions asked for, and cancel what they want cancelled."""
        for request in self._state.take_requests():
            project = str(request.get("project", ""))
            if request.get("cancel"):
                for job in self._jobs:
                    if job.trigger.project == project:
                        job.cancel()
            elif not any(job.trigger.project == project for job in self._jobs):
                self._begin(request, project)

    def _begin(self, request: dict[str, Any], project: str) -> None:
        trigger = Trigger(project, str(request["mixer"]), str(request["title"]), bool(request.get("preview", False)))
        try:
            place = installed(self._api)
        except AutomixError as error:
            self._api.ShowMessageBox(str(error), trigger.title, 0)
            return
        preferences = from_stored(self._state.preferences())
        self._jobs.append(Job(self._api, trigger, preferences, place, window=bool(request.get("window", True))))

    def _tell(self, job: Job) -> None:
        """Tell how a job ended, where its window does not: in REAPER's console, or a box where it hardly began."""
        if job.window_shown and job.has_receipt:
            return
        text = "\n".join(job.lines)
        if job.failed and not job.was_heard:
            self._api.ShowMessageBox(text, job.trigger.title, 0)
        else:
            self._api.ShowConsoleMsg(f"{job.trigger.title}\n{text}\n\n")


def start_watching(api: Any, folder: Path) -> bool:
    """Start the watcher script if it does not run already; tell whether it runs then."""
    if SharedState(api).is_watched():
        return True
    command = int(api.AddRemoveReaScript(True, 0, str(folder / WATCH_SCRIPT), True))
    if command == 0:
        return False
    api.Main_OnCommand(command, 0)
    return True
