"""The coverage of a test run, carried into the double's processes, which have no site-packages to start it for them."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

COVERAGE_FOLDER = "DOUBLE_COVERAGE_FOLDER"
"""The variable with the folder of the package that measures."""


def environment() -> dict[str, str]:
    """Return what a process of the double is told by a test run; nothing where that does not measure."""
    package = sys.modules.get("coverage")
    if package is None or not any(name.startswith("COVERAGE_PROCESS_") for name in os.environ):
        return {}
    return {COVERAGE_FOLDER: str(Path(str(package.__file__)).resolve().parents[1])}


def observed() -> frozenset[str]:
    """Let the coverage of a test run go on in this process, which does not by itself; return what it imports."""
    folder = os.environ.get(COVERAGE_FOLDER)
    if not folder:
        return frozenset()
    sys.path.append(folder)
    importlib.import_module("coverage").process_startup(slug="double")
    sys.path.remove(folder)
    return frozenset({"coverage"})
