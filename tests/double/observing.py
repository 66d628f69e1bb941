"""The coverage of a test run, carried into the processes that are to be measured, and kept out of all others.

The double runs without site-packages, which would start it. In most processes it would take a third of the time and
show nothing that tests inside their own process do not.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

CONFIG = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage begins in every process that inherits it."""

KEPT_CONFIG = "DOUBLE_COVERAGE_CONFIG"
COVERAGE_FOLDER = "DOUBLE_COVERAGE_FOLDER"
"""The variable with the folder of the package that measures."""


def keep_from_others() -> None:
    """Measure this process, but no other one that is started from now on without ``environment``."""
    if CONFIG in os.environ:
        os.environ[KEPT_CONFIG] = os.environ.pop(CONFIG)


def environment() -> dict[str, str]:
    """Return what a process is told that the test run shall measure; nothing where that does not measure now."""
    package, config = sys.modules.get("coverage"), os.environ.get(KEPT_CONFIG)
    if package is None or config is None or package.Coverage.current() is None:
        return {}
    return {COVERAGE_FOLDER: str(Path(str(package.__file__)).resolve().parents[1]), CONFIG: config}


def observed() -> frozenset[str]:
    """Let the coverage of a test run go on in this process, which does not by itself; return what it imports."""
    folder = os.environ.get(COVERAGE_FOLDER)
    if not folder:
        return frozenset()
    sys.path.append(folder)
    importlib.import_module("coverage").process_startup(slug="double")
    sys.path.remove(folder)
    keep_from_others()
    return frozenset({"coverage"})
