"""The report that ``pytest -m reaper`` prints and leaves for a volunteer to send back.

It is made of pytest's own records: each test's outcome, and what it noted with the fixture ``finding``. Names of
persons and of their folders are taken out.
"""

from __future__ import annotations

import getpass
import json
import platform
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reaper_automix import __version__

SCHEMA = "reaper_automix.reaper_report/1"
Finding = Callable[[str, Any], None]
"""What takes a measured fact into the report: its name, and a value that JSON can hold."""

ABOUT = "about: "
"""How the name of a finding begins that says what runs there; it stands at the top of the report."""

_WORST_FIRST = ("error", "failed", "skipped", "passed")
_MOST_PROBLEM_LINES = 40
_HOME = re.compile(r"(?i)(?:\b[a-z]:)?[\\/]+(?:users|home)[\\/]+[^\\/\"'\n:*?<>|]+")
_TEMPORARY = re.compile(r"pytest-of-[^\\/\"'\s]+")


@dataclass(frozen=True)
class TestOutcome:
    """How one test ended, and what it found."""

    __test__ = False  # pytest, this is no test

    name: str
    outcome: str
    problem: str = ""
    findings: Mapping[str, Any] = field(default_factory=dict)


def outcomes(stats: Mapping[str, Sequence[Any]]) -> list[TestOutcome]:
    """Return the outcomes of the tests marked ``reaper``, by pytest's reports; the worst of a test counts."""
    found: dict[str, TestOutcome] = {}
    for outcome in _WORST_FIRST:
        for report in stats.get(outcome, ()):
            if "reaper" not in getattr(report, "keywords", ()):  # a module that is skipped whole has none
                continue
            known = found.get(report.nodeid)
            findings = (dict(known.findings) if known else {}) | dict(report.user_properties)
            if known is None:
                found[report.nodeid] = TestOutcome(report.nodeid, outcome, _problem(outcome, report), findings)
            else:
                found[report.nodeid] = TestOutcome(known.name, known.outcome, known.problem, findings)
    return sorted(found.values(), key=lambda one: one.name)


def _problem(outcome: str, report: Any) -> str:
    if outcome == "passed":
        return ""
    if outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return "\n".join(report.longreprtext.splitlines()[-_MOST_PROBLEM_LINES:])


def build(told: Iterable[TestOutcome]) -> dict[str, Any]:
    """Return the report: plain values, without names of persons and of their folders."""
    told = list(told)
    about = {k.removeprefix(ABOUT): v for one in told for k, v in one.findings.items() if k.startswith(ABOUT)}
    tests = [
        {
            "name": one.name,
            "outcome": one.outcome,
            "problem": one.problem,
            "findings": {k: v for k, v in one.findings.items() if not k.startswith(ABOUT)},
        }
        for one in told
    ]
    here = {"reaper_automix": __version__, "Python outside": platform.python_version(), "system": platform.platform()}
    report = {"schema": SCHEMA, "about": here | about, "counts": Counter(one.outcome for one in told), "tests": tests}
    cleaned: dict[str, Any] = anonymous(report)
    return cleaned


def as_text(report: Mapping[str, Any]) -> str:
    """Return a report to be read by people."""
    lines = [f"{name}: {value}" for name, value in report["about"].items()]
    counts = report["counts"]
    lines += [
        "",
        ", ".join(f"{counts[outcome]} {outcome}" for outcome in reversed(_WORST_FIRST) if counts.get(outcome)),
    ]
    reasons = Counter(test["problem"] for test in report["tests"] if test["outcome"] == "skipped")
    lines += [f"skipped {count}: {reason}" for reason, count in reasons.items()]
    for test in report["tests"]:
        if test["outcome"] == "skipped" and not test["findings"]:
            continue
        lines += ["", f"{test['outcome']}  {test['name'].removeprefix('tests/')}"]
        lines += [f"    {line}" for line in test["problem"].splitlines() if test["outcome"] != "skipped"]
        lines += [f"  {key}: {_spelled(value)}" for key, value in test["findings"].items()]
    return "\n".join(lines)


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def write(report: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write a report as JSON and as text into a folder; return the two files."""
    data, text = folder / "reaper-report.json", folder / "reaper-report.txt"
    data.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text.write_text(as_text(report) + "\n", encoding="utf-8")
    return data, text


def anonymous(value: Any) -> Any:
    """Return a value whose texts name neither the user nor the home folder."""
    if isinstance(value, Mapping):
        return {anonymous(key): anonymous(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [anonymous(one) for one in value]
    return _cleaned(value) if isinstance(value, str) else value


def _cleaned(text: str) -> str:
    for folder, stands_for in ((tempfile.gettempdir(), "<temporary>"), (str(Path.home()), "~")):
        if len(folder) > 3:  # a home that is the root folder names nobody
            for spelling in {folder, folder.replace("\\", "\\\\"), folder.replace("\\", "/")}:
                text = text.replace(spelling, stands_for)
    text = _TEMPORARY.sub("pytest-of-user", _HOME.sub("~", text))
    name = _user_name()
    return re.sub(rf"\b{re.escape(name)}\b", "<user>", text) if len(name) > 2 else text


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
