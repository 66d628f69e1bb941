"""Every figure of speed and memory: python -m benchmarks, from the project's folder.

Each benchmark runs in a process of its own. What is compared is measured in turns within one run (ours, theirs, ours,
theirs ...): figures are medians, with the least and the greatest in brackets, and a ratio is the median of the rounds'
ratios, so that a busy moment of the machine hits both. What is not installed is left out, with the reason:
pip install -e '.[benchmark,deep,train]' dasp-pytorch brings all of it.

  python -m benchmarks                       all of it (6 GB in the temporary folder while it runs)
  python -m benchmarks features rpp          some
  python -m benchmarks --markdown            all, then the table for the README
  python -m benchmarks mixes --json out.json with every figure
  TMPDIR=/big/disk python -m benchmarks mixes

Exit code 0: all were measured or left out with a reason, 1: one failed, 2: usage. A missed goal says NO.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine, machine_words
from benchmarks.processes import ROOT
from benchmarks.rows import Row, markdown
from benchmarks.size import Size
from benchmarks.suites import ONE_THREAD, SUITES, THREADED


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in SUITES]:
        parser.error(f"no benchmark is called {unknown[0]!r}; there are: {', '.join(SUITES)}")
    if asked.rounds < 1:
        parser.error(f"--rounds {asked.rounds}: at least 1")
    if asked.json is not None and not asked.json.parent.is_dir():
        parser.error(f"--json {asked.json}: there is no folder {asked.json.parent}")
    if asked.list:
        print("\n".join(f"{name:12} {what}" for name, (_, what) in SUITES.items()))
        return 0
    found, start_s = machine(), time.monotonic()
    rows, failed = _all_rows(asked.names or list(SUITES), Size(asked.rounds, asked.quick))
    took_s = time.monotonic() - start_s
    if asked.json is not None:
        data = {"machine": found, "rounds": asked.rounds, "quick": asked.quick, "took_s": took_s}
        text = json.dumps(data | {"rows": [row.to_data() for row in rows]}, indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")
    if asked.markdown:
        print(f"{machine_words(found)}\n\n{markdown(rows)}")
    missed = sum(row.met is False for row in rows)
    skipped = sum(bool(row.skipped) for row in rows) - len(failed)
    said = f"{len(rows)} rows in {took_s:.0f} s; goals missed: {missed}; left out: {skipped}; failed: {len(failed)}"
    print(f"\n{said} {' '.join(failed)}".rstrip(), file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:12} {what}" for name, (_, what) in SUITES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\nBenchmarks:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    rounds = Size().rounds
    parser.add_argument(
        "--rounds", type=int, default=rounds, help=f"rounds; long runs half as many (default: {rounds})"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that all of it runs; figures say nothing"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every figure to this file")
    parser.add_argument("--markdown", action="store_true", help="print the machine and the table for the README")
    return parser


def _all_rows(names: Sequence[str], size: Size) -> tuple[list[Row], list[str]]:
    """Return the rows of these benchmarks, and the names of those that failed; their rows up to then count."""
    rows: list[Row] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="reaper-automix-benchmarks-") as work:
        for name in dict.fromkeys(names):
            print(f"\n{name}: {SUITES[name][1]}", file=sys.stderr, flush=True)
            out = Path(work) / f"{name}.jsonl"
            status = _run(name, out, size)
            text = out.read_text("utf-8") if out.exists() else ""
            rows += [Row.from_data(json.loads(line)) for line in text.splitlines()]
            if status != 0:
                failed.append(name)
                rows.append(Row(name, "the rest", skipped=f"it ended with status {status}; its error is above"))
    return rows, failed


def _run(name: str, out: Path, size: Size) -> int:
    command = [sys.executable, "-m", "benchmarks.suites", name, str(out), "--rounds", str(size.rounds)]
    environment = os.environ | ({} if name in THREADED else ONE_THREAD)
    paths = filter(None, (str(ROOT), environment.get("PYTHONPATH")))
    environment = environment | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([*command, *(["--quick"] if size.quick else [])], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
