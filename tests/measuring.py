"""Which tests are measured where branches are: tracing takes two thirds longer, and most tests show nothing new.

``python tests/file_coverage.py`` starts the coverage of every process that runs tests; here it pauses while tests are
collected, and in tests that are not needed for it. What those reach is not counted, so the figure is a lower bound.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
NOT_MEASURED = (
    *("analysis", "demo", "effects", "end_to_end/mixers", "faults", "learning", "mixers", "plugins/judges", "training"),
    *("blind_test/test_page_in_browser.py", "contracts/test_mixers.py", "contracts/test_plugin_maps.py"),
    *("contracts/test_volunteer_suite.py", "end_to_end/test_inside_reaper.py", "end_to_end/test_mix.py"),
    *("report/test_html.py", "report/test_page_in_browser.py", "report/test_playback_in_browser.py"),
    *("report/test_player_in_browser.py", "security/test_pages.py", "security/test_shipped_code.py"),
    *("security/test_what_it_touches.py", "test_benchmarks.py", "test_cli.py", "test_documents.py", "test_doctor.py"),
    *("test_estimate_cli.py", "test_playback_reporting.py", "test_plugin_reporting.py"),
)
"""Folders and files of tests below this one: the long ones among those that take no branch alone, or hardly any."""


def is_measured(path: Path) -> bool:
    """Tell whether a file of tests is."""
    return not any(path.is_relative_to(TESTS / name) for name in NOT_MEASURED)


class Measuring:
    """A pytest plugin that lets coverage run in the tests that are measured, and nowhere else.

    Parameters
    ----------
    coverage : coverage.Coverage
        It has begun in this process.
    """

    def __init__(self, coverage: Any) -> None:
        self._coverage = coverage
        self._runs = True
        self._let(False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin or pause before a test, with the set-up that it is the first to need."""
        self._let(is_measured(item.path))
        return (yield)

    def _let(self, runs: bool) -> None:
        if runs != self._runs:
            (self._coverage.start if runs else self._coverage.stop)()
            self._runs = runs


def measure(config: pytest.Config) -> None:
    """Pause the coverage of this process, if it has one, but for the tests that are measured."""
    package = sys.modules.get("coverage")
    running = None if package is None else package.Coverage.current()
    if running is not None:
        config.pluginmanager.register(Measuring(running))
