"""The tests, and how many branches of what reads or writes a user's files they take: ``python tests/file_coverage.py``.

Options after the name go to pytest. It prints the rooms and every module below the target, and fails where a test
fails, where the branches of all rooms or of one are below the target, or where a module was not even loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

TARGET_PERCENT = 90.0
LEAST_OF_ONE_MODULE_PERCENT = 80.0
LEAST_BRANCHES = 10
"""A module with fewer is judged with its room only."""

PACKAGE = "reaper_automix"
TESTS = Path(__file__).resolve().parent
NOT_MEASURED = ("analysis", "effects", "end_to_end/mixers", "learning", "mixers", "plugins/judges", "training")
"""Tests that meet no file of a user; they run at full speed, after the others."""

ROOMS = {
    "REAPER's text": ("chunks/*",),
    "projects and folders": ("hosts/*", "take_files.py", "places.py", "project_texts.py", "rendered.py"),
    "what is written": (
        *("plan_writing.py", "chain_writing.py", "take_writing.py", "edit_checks.py", "session_edits.py"),
        *("ledger.py", "ledger_entries.py", "envelope.py", "files.py", "receipt.py"),
    ),
    "plans and sessions as text": (
        "mixplan.py",
        "mixplan_json.py",
        "session.py",
        "session_json.py",
        "json_reader.py",
        "requests.py",
    ),
    "audio files": ("audio/*",),
    "inside REAPER": ("reascript/*", "worker.py"),
    "plug-ins": ("plugins/*", "effect_settings/*"),
    "set-up and models": ("installation/*", "models_folder.py", "analysis/cache.py"),
    "reports and pages": ("report/*", "reporting.py", "blind_test/*"),
}


@dataclass(frozen=True)
class Branches:
    """How many branches there are, and how many were taken."""

    there: int = 0
    taken: int = 0

    def __add__(self, other: Branches) -> Branches:
        return Branches(self.there + other.there, self.taken + other.taken)

    @property
    def percent(self) -> float:
        """The share that was taken; all of none."""
        return 100.0 * self.taken / self.there if self.there else 100.0

    def __str__(self) -> str:
        return f"{self.taken:5} of {self.there:5} branches {self.percent:6.1f} %"


def run_pytest(folder: Path, words: list[str]) -> int:
    """Run pytest with these words, measured into a folder; return its exit code."""
    watched = ",".join(f"*/{PACKAGE}/{pattern}" for patterns in ROOMS.values() for pattern in patterns)
    apart = [str(TESTS / name) for name in NOT_MEASURED]
    watching = [sys.executable, "-m", "coverage", "run", f"--include={watched}", "-m", "pytest", *words]
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "branches")}
    first = subprocess.run([*watching, *(f"--ignore={name}" for name in apart)], env=environment, check=False)
    second = subprocess.run([sys.executable, "-m", "pytest", *words, *apart], check=False)
    return max(first.returncode, second.returncode)


def measured(folder: Path) -> dict[str, Branches]:
    """Return the branches of every module that was measured into a folder, by its path below the package's folder."""
    result = folder / "coverage.json"
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "branches")}
    for words in (("combine", "--quiet"), ("json", "--quiet", "-o", str(result))):
        ended = subprocess.run(
            [sys.executable, "-m", "coverage", *words], env=environment, capture_output=True, text=True, check=False
        )
        if ended.returncode != 0:  # of processes that were killed some data cannot be read, which is only said
            raise SystemExit(ended.stdout + ended.stderr)
    files = json.loads(result.read_text(encoding="utf-8"))["files"]
    by_name = {name.replace("\\", "/").rpartition(f"{PACKAGE}/")[2]: file["summary"] for name, file in files.items()}
    return {name: Branches(s["num_branches"], s["covered_branches"]) for name, s in by_name.items()}


def not_loaded(modules: dict[str, Branches]) -> list[str]:
    """Return the modules of the rooms that no test has loaded."""
    package = TESTS.parent / PACKAGE
    there = (path for patterns in ROOMS.values() for pattern in patterns for path in package.glob(f"{pattern}*"))
    return sorted({path.relative_to(package).as_posix() for path in there if path.suffix == ".py"} - set(modules))


def main() -> int:
    """Run the tests, and print the rooms and what is below the target."""
    with tempfile.TemporaryDirectory() as folder:
        code = run_pytest(Path(folder), sys.argv[1:])
        modules = measured(Path(folder))
    failed = [f"{name} was not loaded" for name in not_loaded(modules)]
    return max(code, told(modules, failed))


def told(modules: dict[str, Branches], failed: list[str]) -> int:
    """Print rooms, modules below the target, and what has failed; return 1 if something has."""
    rooms: dict[str, Branches] = {}
    for room, patterns in ROOMS.items():
        its = {name: b for name, b in modules.items() if any(fnmatch(name, pattern) for pattern in patterns)}
        rooms[room] = sum(its.values(), Branches())
        print(f"{room:30}{rooms[room]}")
        for name, branches in sorted(its.items(), key=lambda item: item[1].percent):
            if branches.percent < TARGET_PERCENT:
                print(f"    {name:40}{branches}")
            if branches.there >= LEAST_BRANCHES and branches.percent < LEAST_OF_ONE_MODULE_PERCENT:
                failed.append(f"{name} is below {LEAST_OF_ONE_MODULE_PERCENT:.0f} %")
    everything = sum(rooms.values(), Branches())
    print(f"{'everything above':30}{everything}")
    failed += [f"{room} is below {TARGET_PERCENT:.0f} %" for room, b in rooms.items() if b.percent < TARGET_PERCENT]
    for line in failed:
        print(f"FAILED: {line}")
    return 1 if failed or everything.percent < TARGET_PERCENT else 0


if __name__ == "__main__":
    sys.exit(main())
