"""The tests, and how many branches of what reads or writes a user's files they take: ``python tests/file_coverage.py``.

Options after the name go to pytest. It prints the rooms and every module below the target, and fails where a test
fails, or where the branches of all rooms, of one or of a module are below what they have to be.
"""

from __future__ import annotations

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
    """Run pytest with these words, measured into a folder (see ``measuring``); return its exit code."""
    watched = ",".join(f"*/{PACKAGE}/{pattern}" for patterns in ROOMS.values() for pattern in patterns)
    command = [sys.executable, "-m", "coverage", "run", f"--include={watched}", "-m", "pytest", *words]
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "branches")}
    return subprocess.run(command, env=environment, check=False).returncode


def measured(folder: Path) -> dict[str, Branches]:
    """Return the branches of every module of the rooms, by its path below the package's folder."""
    import coverage

    data = folder / "branches"
    ended = subprocess.run(
        [sys.executable, "-m", "coverage", "combine", "--quiet"],
        env={**os.environ, "COVERAGE_FILE": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:  # of processes that were killed some data cannot be read, which is only said
        raise SystemExit(ended.stdout + ended.stderr)
    watch = coverage.Coverage(data_file=str(data))
    watch.load()
    package = TESTS.parent / PACKAGE
    wanted = [each for patterns in ROOMS.values() for each in patterns]
    modules = {}
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        if any(fnmatch(name, each) for each in wanted):
            exits = watch.branch_stats(str(path)).values()
            modules[name] = Branches(sum(of for of, _ in exits), sum(taken for _, taken in exits))
    return modules


def main() -> int:
    """Run the tests, and print the rooms and what is below the target."""
    with tempfile.TemporaryDirectory() as folder:
        code = run_pytest(Path(folder), sys.argv[1:])
        modules = measured(Path(folder))
    return max(code, told(modules))


def told(modules: dict[str, Branches]) -> int:
    """Print rooms, modules below the target, and what has failed; return 1 if something has."""
    rooms: dict[str, Branches] = {}
    failed = []
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
