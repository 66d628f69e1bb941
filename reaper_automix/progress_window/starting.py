"""Starting the progress window as a process of its own; a machine without Tk or a screen does without. Stdlib only."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

from reaper_automix.reascript.run_folder import RunFolder

NO_WINDOW = 4
"""How the window's process ends when there can be no window."""


class WindowProcess:
    """The window's process; it outlives the worker, so that the engineer can read how the run ended.

    Parameters
    ----------
    folder : RunFolder
        The run that it follows.
    title : str
        What the run is called.
    """

    def __init__(self, folder: RunFolder, title: str) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._problem = reason_for_no_window()
        if self._problem:
            return
        command = [sys.executable, "-m", "reaper_automix.progress_window", str(folder.path), "--title", title]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console window
        try:
            self._process = subprocess.Popen(  # its error output is the worker's log
                [*command, "--worker", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                creationflags=flags,
                start_new_session=True,
            )
        except OSError as error:
            self._problem = f"its process does not start ({error.strerror or error})."

    def problem(self) -> str:
        """Say why there is no window; empty while nothing is wrong."""
        if self._process is not None and self._process.poll() not in (None, 0):
            return f"its process ended with code {self._process.returncode}; the reason is above."
        return self._problem


def reason_for_no_window() -> str:
    """Say why there can be no window here, with the next step; empty if there can, as far as one sees beforehand."""
    if importlib.util.find_spec("tkinter") is None or importlib.util.find_spec("_tkinter") is None:
        return "this Python has no Tk (on Linux: install python3-tk). REAPER's console shows the progress."
    if sys.platform not in ("win32", "darwin") and not os.environ.get("DISPLAY"):
        return "there is no display (DISPLAY is not set). REAPER's console shows the progress."
    return ""
