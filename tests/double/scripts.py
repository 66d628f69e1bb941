"""Running action scripts as REAPER does: each in a ``__main__`` of its own, deferred code some 30 times per second."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from double.api import DoubleApi
from double.reaper import DoubleReaper
from double.reaper_module import NAME, make_module

TASK_CONTROL = "ReaScript task control"


def make_main() -> Any:
    """Return a new ``__main__``."""
    return ModuleType("__main__")


class Run:
    """One run of a script, from its start until nothing of it is deferred any more."""

    def __init__(self, host: ScriptHost, path: Path, search_path: list[str]) -> None:
        self.path = path
        self.search_path = search_path
        self.modules: dict[str, ModuleType] = {}
        self.deferred: list[str] = []
        self.at_exit: list[str] = []
        self.main: Any = make_main()
        self.main.obj = object()
        self.main.RPR_defer = self.deferred.append
        self.main.RPR_runloop = self.deferred.append
        self.main.RPR_atexit = self.at_exit.append

    def is_over(self) -> bool:
        """Tell whether nothing is left to run."""
        return not self.deferred


class ScriptHost:
    """What runs the scripts of a double.

    Parameters
    ----------
    reaper : DoubleReaper
        The program.
    module : ModuleType or None
        ``reaper_python``; by default one straight over the double.
    own_interpreters : bool
        Whether each run imports its own copies of the package and of the modules beside the script, as it would in
        an interpreter of its own; by default all runs share them.
    search_path : list of str or None
        What ``sys.path`` holds behind the script's folder; by default what it holds now. ``standard_library()`` is
        all that REAPER's Python is sure to have.
    """

    def __init__(
        self,
        reaper: DoubleReaper,
        module: ModuleType | None = None,
        *,
        own_interpreters: bool = False,
        search_path: list[str] | None = None,
    ) -> None:
        self.reaper = reaper
        self.module = module if module is not None else make_module(DoubleApi(reaper))
        self.runs: list[Run] = []
        self.script_errors: list[str] = []
        self.deferred_durations_s: list[float] = []
        self.run_durations_s: list[float] = []
        self.left_open: list[str] = []
        self._own_interpreters = own_interpreters
        self._search_path = search_path
        self._depth = 0
        reaper.scripts = self

    # --- starting ----------------------------------------------------------------------------------------------

    def run_script(self, path: str | Path) -> Run | None:
        """Start a script as its action does; None where its earlier run still goes on (REAPER asks what to do)."""
        path = Path(path)
        if any(run.path == path for run in self.runs):
            self.reaper.modal_dialogs.append(f"{TASK_CONTROL}: {path.name}")
            return None
        base = self._search_path if self._search_path is not None else list(sys.path)
        run = Run(self, path, [str(path.parent), *base])
        self.runs.append(run)
        n_left_open = len(self.left_open)
        self._execute(run, compile(path.read_bytes(), str(path), "exec"), self.run_durations_s)
        if run.is_over() and len(self.left_open) == n_left_open:  # a block left open has made its point
            self.reaper.current.add_undo_point(f"ReaScript: {path.name}", always=True)
        self._end_if_over(run)
        return run

    def run_command(self, path: Path) -> None:
        """Start a script by the number of its action."""
        self.run_script(path)

    # --- deferred code -----------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Run one round of deferred code; return whether any is left."""
        for run in list(self.runs):
            pending, run.deferred[:] = list(run.deferred), []
            for code in pending:
                self._execute(run, compile(code, "<deferred>", "exec"), self.deferred_durations_s)
            self._end_if_over(run)
        return bool(self.runs)

    def run_for(self, seconds: float, *, rate_hz: float = 30.0, until_idle: bool = False) -> bool:
        """Run rounds at REAPER's rate for so long, or until nothing is deferred; return whether nothing is."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            if not self.tick() and until_idle:
                return True
            time.sleep(1.0 / rate_hz)
        return not self.runs

    def close(self) -> None:
        """Close REAPER: every script ends, with its ``RPR_atexit`` code."""
        for run in list(self.runs):
            run.deferred.clear()
            self._end_if_over(run)

    def _end_if_over(self, run: Run) -> None:
        if not run.is_over() or run not in self.runs:
            return
        codes, run.at_exit[:] = list(run.at_exit), []
        for code in codes:
            self._execute(run, compile(code, "<atexit>", "exec"), self.run_durations_s)
        run.deferred.clear()
        self.runs.remove(run)

    # --- one piece of code -------------------------------------------------------------------------------------

    def _execute(self, run: Run, code: CodeType, durations_s: list[float]) -> None:
        """Run code of a script; an error ends up in ``script_errors`` (REAPER shows it in a box)."""
        with self._inside(run):
            start = time.perf_counter()
            try:
                exec(code, run.main.__dict__)
            except SystemExit:
                pass
            except BaseException:
                self.script_errors.append(traceback.format_exc())
                run.deferred.clear()
            finally:
                durations_s.append(time.perf_counter() - start)
        if self._depth == 0:
            self._close_what_was_left(run)

    def _close_what_was_left(self, run: Run) -> None:
        """Close undo blocks that outlast the code which opened them, as REAPER does, and note it."""
        for tab in self.reaper.tabs:
            if tab.open_blocks:
                self.left_open.append(f"{run.path.name}: an undo block")
                tab.open_blocks = 1
                tab.end_block("ReaScript: Run")
        if self.reaper.refresh_prevented:
            self.left_open.append(f"{run.path.name}: PreventUIRefresh at {self.reaper.refresh_prevented}")
            self.reaper.refresh_prevented = 0

    @contextmanager
    def _inside(self, run: Run) -> Iterator[None]:
        """Make the process look like the inside of REAPER while a script's code runs."""
        kept = (sys.modules["__main__"], sys.modules.get(NAME), list(sys.path), sys.dont_write_bytecode, os.getcwd())
        self._depth += 1
        theirs = self._swap_modules(run.modules, run) if self._own_interpreters else {}
        sys.modules["__main__"], sys.modules[NAME] = run.main, self.module
        sys.path[:] = run.search_path
        try:
            yield
        finally:
            run.search_path = list(sys.path)
            main, module, sys.path[:], sys.dont_write_bytecode, folder = kept
            sys.modules["__main__"] = main
            if module is None:
                del sys.modules[NAME]
            else:
                sys.modules[NAME] = module
            if self._own_interpreters:
                run.modules = self._swap_modules(theirs, run)
            os.chdir(folder)
            self._depth -= 1

    def _swap_modules(self, new: dict[str, ModuleType], run: Run) -> dict[str, ModuleType]:
        """Put the package's modules of one interpreter in the place of another's, which are returned."""
        beside = {path.stem for path in run.path.parent.glob("*.py")}
        old = {name: m for name, m in sys.modules.items() if name.split(".")[0] in beside | {"reaper_automix"}}
        for name in old:
            del sys.modules[name]
        sys.modules.update(new)
        return old


def standard_library() -> list[str]:
    """Return the part of ``sys.path`` that holds nothing but the standard library."""
    folder = str(Path(os.__file__).parent)
    return [p for p in sys.path if p.endswith(".zip") or (p.startswith(folder) and "site-packages" not in p)]
