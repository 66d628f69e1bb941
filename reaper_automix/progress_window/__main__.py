"""Start the progress window: ``python -m reaper_automix.progress_window RUN_FOLDER``; the worker does so."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reaper_automix.process_watch import ProcessWatch
from reaper_automix.progress_window.following import Follower
from reaper_automix.progress_window.starting import NO_WINDOW
from reaper_automix.reascript.run_folder import RunFolder


def main(arguments: list[str] | None = None) -> int:
    """Show the window of a run until it is closed."""
    options = _parser().parse_args(arguments)
    worker = ProcessWatch(options.worker) if options.worker else None
    follower = Follower(RunFolder(options.folder), options.title, worker)
    try:
        import tkinter as tk
    except ImportError as error:
        sys.stderr.write(f"This Python has no Tk ({error}).\n")
        return NO_WINDOW
    from reaper_automix.progress_window.window import ProgressWindow

    try:
        window = ProgressWindow(follower)
    except tk.TclError as error:
        sys.stderr.write(f"No window can be opened ({error}).\n")
        return NO_WINDOW
    window.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.progress_window", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="RUN_FOLDER", help="the folder of a run")
    parser.add_argument("--title", default="Automix", help="what the action is called")
    parser.add_argument("--worker", type=int, default=0, metavar="PID", help="the worker's process")
    return parser


if __name__ == "__main__":
    sys.exit(main())
