"""The campaign: ``python tests/fuzz/run.py rpp --runs 1000000``. Coverage-guided, with atheris (extra ``fuzz``).

Each worker is a process of its own: one that dies (a crash in a library, too much memory) leaves its input behind, is
counted as a finding and is started again. Findings lie as ``NAME.input`` with what they raised in ``NAME.txt``;
``python tests/fuzz/run.py rpp --repeat NAME.input`` runs one of them once.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

_PROJECT = "chunks hosts.rpp plugins effect_settings project_texts session units"
ABOUT = {
    "rpp": _PROJECT,
    "edits": f"{_PROJECT} plan_writing chain_writing ledger ledger_entries",
    "chunk": "chunks",
    "plan": "mixplan_json json_reader effect_settings plan_writing chain_writing",
    "session": "session_json session scope",
    "request": "requests json_reader progress_window.story",
    "ledger": "ledger ledger_entries role_overrides plan_writing",
    "names": "analysis.role_names analysis.role_mics analysis.roles role_vocabulary role_overrides chunks.text",
    "audio": "audio.media",
    "ratings": "blind_test.ratings_file",
}
"""What each target is about: where branches are counted."""

MOST_DEATHS = 30
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


def main() -> int:
    """Run the campaign, one worker of it, or one input."""
    options = _parser().parse_args()
    if options.repeat is not None:
        return _repeat(options.target, options.repeat)
    if options.worker is not None:
        _work(options)
        return 0
    return _campaign(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=ABOUT)
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions in all")
    parser.add_argument("--seconds", type=int, default=0, help="stop after so long, whatever was reached")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="folder of inputs; kept and extended (default: a temporary one)")
    parser.add_argument("--findings", type=Path, help="folder for what was found (default: CORPUS-findings)")
    parser.add_argument("--longest", type=int, default=6_000, help="bytes of the longest input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=Path, help="run this one input and say what it raises")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    return parser


def _repeat(name: str, path: Path) -> int:
    from targets import TARGETS
    from trying import attempt

    error = attempt(TARGETS[name], path.read_bytes())
    if error is None:
        print("nothing was raised")
        return 0
    raise error


# --- one worker ----------------------------------------------------------------------------------------------------


def _work(options: argparse.Namespace) -> None:
    """Be a worker: instrument what the target is about, and let libFuzzer drive."""
    import atheris

    with atheris.instrument_imports(include=_packages(options.target)):
        from targets import TARGETS
    from mutators import MUTATORS
    from trying import Tally

    target, mutate = TARGETS[options.target], MUTATORS[options.target]
    tally = Tally(options.findings / f"worker-{options.worker}.json", options.findings)
    pool = [path.read_bytes() for path in sorted(options.corpus.iterdir())[:200]]

    def one(data: bytes) -> None:
        tally.count(target, data)
        if tally.n_runs >= options.runs:
            tally.save()

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.15:
            return atheris.Mutate(data, most)
        changed = mutate(data, rng, pool)
        return changed if len(changed) <= most else data[:most] if len(data) > most else data

    arguments = [
        sys.argv[0],
        f"-runs={options.runs}",
        f"-seed={options.seed + options.worker}",
        f"-max_len={options.longest}",
        f"-artifact_prefix={options.findings}/",
        "-timeout=120",
        "-rss_limit_mb=2048",
        "-len_control=0",
        "-print_final_stats=1",
        *([f"-max_total_time={options.seconds}"] if options.seconds else []),
        *([f"-dict={HERE / 'rpp.dict'}"] if options.target in ("rpp", "edits", "chunk") else []),
        str(options.corpus),
    ]
    atheris.Setup(arguments, one, custom_mutator=mutated)
    atheris.Fuzz()


def _packages(name: str) -> list[str]:
    return [f"reaper_automix.{part}" for part in ABOUT[name].split()]


# --- all of them ---------------------------------------------------------------------------------------------------


def _campaign(options: argparse.Namespace) -> int:
    corpus = options.corpus or Path(tempfile.mkdtemp(prefix="fuzz-")) / options.target
    findings = options.findings or corpus.with_name(f"{corpus.name}-findings")
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    _plant(corpus, seeds_of(options.target, options.longest))
    started_s = time.monotonic()
    share = -(-options.runs // options.workers)
    workers = [_Worker(n, options, corpus, findings, share) for n in range(options.workers)]
    while sum(not worker.is_over() for worker in workers):  # every one is asked, so that one that died starts again
        time.sleep(1.0)
    _report(workers, findings, time.monotonic() - started_s)
    return 1 if any(worker.total("failed") or worker.deaths for worker in workers) else 0


def seeds_of(name: str, longest: int) -> list[bytes]:
    import seeds

    if name in ("rpp", "edits", "chunk"):
        whole = [*seeds.project_seeds(), *seeds.real_projects(longest)]
        small = [piece for data in whole[:3] for piece in seeds.pieces(data, longest)]
        return [data for data in (*whole, *small) if len(data) <= longest]
    if name == "names":
        return list(seeds.name_seeds())
    return [data for data in getattr(seeds, f"{name}_seeds")() if len(data) <= longest]


def _plant(corpus: Path, inputs: Iterable[bytes]) -> None:
    for data in inputs:
        (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)


class _Worker:
    """One process after the other, until the executions are done."""

    def __init__(self, number: int, options: argparse.Namespace, corpus: Path, findings: Path, runs: int) -> None:
        self.deaths = 0
        self.log = findings / f"worker-{number}.log"
        self._number, self._options, self._corpus, self._findings = number, options, corpus, findings
        self._left, self._tallies = runs, []
        self._until_s = time.monotonic() + options.seconds if options.seconds else float("inf")
        self._tally_file = findings / f"worker-{number}.json"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._tally_file.unlink(missing_ok=True)
        own = ["--runs", self._left, "--worker", self._number, "--corpus", self._corpus, "--findings", self._findings]
        own += ["--longest", self._options.longest, "--seed", self._options.seed + 1_000 * len(self._tallies)]
        if self._options.seconds:
            own += ["--seconds", max(int(self._until_s - time.monotonic()), 1)]
        command = [sys.executable, str(HERE / "run.py"), self._options.target, *map(str, own)]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def is_over(self) -> bool:
        """Tell whether all is done; a process that died is replaced."""
        if self._process.poll() is None:
            return False
        tally = self._tally()
        if tally in self._tallies[-1:] and self._left == 0:
            return True
        self._tallies.append(tally)
        died = self._process.returncode != 0
        self.deaths += died
        self._left = max(self._left - tally.get("runs", 0), 0) if died else 0
        if self._left and self.deaths < MOST_DEATHS and time.monotonic() < self._until_s:
            self._process = self._start()
            return False
        self._left = 0
        return True

    def _tally(self) -> dict[str, Any]:
        try:
            read: dict[str, Any] = json.loads(self._tally_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return read

    def total(self, key: str) -> float:
        """Return a count over all processes of this worker; of times the longest."""
        values = [tally.get(key, 0) for tally in self._tallies]
        return max(values, default=0) if key.endswith("_s") else sum(values)

    def seen(self) -> dict[str, int]:
        """Return how often each finding was met."""
        found: dict[str, int] = {}
        for tally in self._tallies:
            for name, count in tally.get("seen", {}).items():
                found[name] = found.get(name, 0) + count
        return found

    def covered(self) -> tuple[int, int]:
        """Return the branches and the features that were reached."""
        found = _COVERED.findall(self.log.read_text(encoding="utf-8", errors="replace"))
        return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def _report(workers: list[_Worker], findings: Path, elapsed_s: float) -> None:
    runs = sum(worker.total("runs") for worker in workers)
    branches, features = max(worker.covered() for worker in workers)
    print(f"{runs:.0f} executions in {elapsed_s:.0f} s ({runs / elapsed_s:.0f} per second)")
    print(f"coverage: {branches} branches, {features} features (atheris)")
    print(f"slowest input: {max(worker.total('slowest_s') for worker in workers):.3f} s of the processor")
    found: dict[str, int] = {}
    for worker in workers:
        for name, count in worker.seen().items():
            found[name] = found.get(name, 0) + count
    print(f"processes that died: {sum(worker.deaths for worker in workers)}; findings: {len(found)}, in {findings}")
    for name, count in sorted(found.items(), key=lambda pair: -pair[1]):
        print(f"  {count:8d}  {name}")


if __name__ == "__main__":
    sys.exit(main())
