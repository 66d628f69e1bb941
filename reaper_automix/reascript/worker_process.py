"""The worker as REAPER sees it: a process that writes lines into a file, and can be stopped. Nothing here waits."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from reaper_automix.errors import SessionError
from reaper_automix.reascript.run_folder import RunFolder

FINAL_EVENTS = ("done", "failed", "cancelled")
_PATIENCE_S = 3.0
"""How long a worker that was asked to stop may take before it is killed."""

_FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")


class WorkerProcess:
    """A worker at work on a run folder.

    Parameters
    ----------
    folder : RunFolder
        Holds the request and the session.
    python : Path
        The Python of our own environment.
    root : Path
        The folder of the package.

    Raises
    ------
    SessionError
        If that Python does not start.
    """

    def __init__(self, folder: RunFolder, *, python: Path, root: Path) -> None:
        self._folder = folder
        self._read_up_to = 0
        self._asked_to_stop_s: float | None = None
        self.heard_at_s = time.monotonic()
        command = [str(python), "-m", "reaper_automix.worker", str(folder.path)]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console window
        try:
            with folder.progress.open("wb") as progress, folder.log.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    cwd=root,
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=progress,
                    stderr=log,
                    creationflags=flags,
                )
        except OSError as error:
            raise SessionError(
                f"The worker's Python does not start ({python}: {error.strerror or error}). "
                "Next step: run install.py in the reaper_automix folder again."
            ) from error

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended: None while it runs, negative where a signal killed it."""
        return self._process.poll()

    def events(self) -> list[dict[str, Any]]:
        """Return what the worker said since the last call."""
        try:
            with self._folder.progress.open("rb") as file:
                file.seek(self._read_up_to)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._read_up_to += len(whole)
        events = [event for line in whole.splitlines() if (event := _event(line)) is not None]
        if events:
            self.heard_at_s = time.monotonic()
        return events

    def stop(self) -> None:
        """Ask the worker to stop; call again until it has: after a while it is killed."""
        now_s = time.monotonic()
        if self._asked_to_stop_s is None:
            self._asked_to_stop_s = now_s
            with contextlib.suppress(OSError):
                self._folder.cancel.touch()
            self._process.terminate()
        elif now_s - self._asked_to_stop_s > _PATIENCE_S:
            self._process.kill()

    def kill(self) -> None:
        """End the worker at once."""
        with contextlib.suppress(OSError):
            self._folder.cancel.touch()
        self._process.kill()


def start_quietly(command: list[str]) -> None:
    """Start a program and forget it: no window, no output, nothing waits.

    Raises
    ------
    SessionError
        If it does not start.
    """
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    nowhere = subprocess.DEVNULL
    try:
        subprocess.Popen(
            command, env=_environment(), stdin=nowhere, stdout=nowhere, stderr=nowhere, creationflags=flags
        )
    except OSError as error:
        raise SessionError(
            f"{command[0]} does not start ({error.strerror or error}). "
            "Next step: run install.py in the reaper_automix folder again."
        ) from error


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _environment() -> dict[str, str]:
    """Return the environment of the worker: nothing of the Python that REAPER runs, text as UTF-8."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN_VARIABLES}
    return kept | {"PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1"}
