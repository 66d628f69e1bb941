"""What the volunteer suite's tests share, and the report at the end of its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import reaper_report
from reaper_report import Finding

from reaper.connection import Connection, connection
from reaper.opening import OpenTab
from reaper.projects import measuring_project


@pytest.fixture
def reaper() -> Connection:
    """The running REAPER; the test is skipped, with the next step, where it cannot be reached."""
    return connection()


@pytest.fixture
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The measuring project, new for each test but always in one place."""
    folder = tmp_path_factory.getbasetemp() / "measured"
    folder.mkdir(exist_ok=True)
    return measuring_project(folder)


@pytest.fixture
def tab(reaper: Connection, measured: Path) -> Iterator[OpenTab]:
    """The measuring project in a tab of its own."""
    with OpenTab(reaper, measured) as opened:
        yield opened


@pytest.fixture
def finding(record_property: Finding) -> Finding:
    """Take a measured fact into the report: a name, and a value that JSON can hold."""
    return record_property


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the report and write it into the current folder."""
    told = reaper_report.outcomes(terminalreporter.stats)
    if not told:
        return
    report = reaper_report.build(told)
    paths = reaper_report.write(report, config.invocation_params.dir)
    terminalreporter.write_sep("=", "report of the volunteer suite")
    terminalreporter.write_line(reaper_report.as_text(report))
    names = " and ".join(path.name for path in paths)
    terminalreporter.write_line(
        f"Written to {names} in the current folder. Please look through them and send them back."
    )
