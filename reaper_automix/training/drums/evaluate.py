"""Judge the drum mixers: ``python -m reaper_automix.training.drums.evaluate drums.npz --json OUT --picture FOLDER``.

Each experiment is written down when it is done; a run that was stopped goes on where it was. A part belongs to one set
of sessions, by the hash of its file: another set begins anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reaper_automix.errors import AutomixError
from reaper_automix.files import write_text_whole
from reaper_automix.training.drums.dataset import DrumSet, load_set
from reaper_automix.training.drums.experiments import Experiment, Parts, experiments, run
from reaper_automix.training.drums.pictures import draw_all
from reaper_automix.training.drums.tables import markdown, summary
from reaper_automix.training.processes import worked
from reaper_automix.training.resuming import Say, results_of, to_stderr

FORMAT = "reaper_automix.drum_scores/1"
MOST_WORKERS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiments, print the tables."""
    asked = _parser().parse_args(arguments)
    try:
        found = evaluate(asked.set, asked.json, workers=asked.workers, say=to_stderr, kinds=asked.only)
        sys.stdout.write(markdown(found) + "\n")
        if asked.picture is not None:
            for path in draw_all(found, asked.picture):
                to_stderr(f"drawn: {path}")
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.drums.evaluate", description=__doc__)
    parser.add_argument("set", type=Path, help="the sessions, .npz")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the figures are written")
    parser.add_argument("--picture", type=Path, metavar="FOLDER", help="where the pictures are drawn")
    parser.add_argument("--workers", type=int, default=MOST_WORKERS, help="processes, 1 or 2 (default: 2)")
    parser.add_argument("--only", nargs="*", metavar="KIND", help="trees, performance, microphones, engineer")
    return parser


def evaluate(
    source: Path, target: Path, *, workers: int = MOST_WORKERS, say: Say, kinds: Sequence[str] | None = None
) -> dict[str, Any]:
    """Run what has not been run yet, and write all figures to ``target``.

    Parameters
    ----------
    source : Path
        A set of sessions.
    target : Path
        The figures, JSON. Beside it lies ``.parts``, a line per experiment.
    workers : int, default 2
        Processes; 1 runs in this one.
    say : callable
        Told a line about each experiment.
    kinds : sequence of str, optional
        Only these kinds of experiment.

    Raises
    ------
    AutomixError
        If the set cannot be read, or is too small.
    """
    drums = load_set(source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    wanted = [e for e in experiments(drums) if not kinds or e.kind in kinds]
    results = results_of(
        wanted,
        lambda left: _results(drums, source, left, workers),
        parts=target.with_suffix(".parts"),
        digest=digest,
        say=say,
    )
    found = {
        "format": FORMAT,
        "set": {"sha256": digest, "sessions": len(drums.sessions), "engineers": list(drums.engineers)},
        "made": dict(drums.made),
        "summary": summary(results),
        "experiments": results,
    }
    write_text_whole(target, json.dumps(found, indent=1))
    return found


def _results(
    drums: DrumSet, source: Path, left: Sequence[Experiment], workers: int
) -> Iterator[tuple[Experiment, Parts]]:
    """Yield experiments as they are done."""
    if workers <= 1:
        yield from ((experiment, run(drums, experiment)) for experiment in left)
        return
    yield from worked(_run, left, min(workers, MOST_WORKERS), initializer=_open, initargs=(source,))


_opened: list[DrumSet] = []
"""The set of this worker process: sent to it once, not with each experiment."""


def _open(source: Path) -> None:
    _opened.append(load_set(source))


def _run(experiment: Experiment) -> Parts:
    return run(_opened[0], experiment)


if __name__ == "__main__":
    sys.exit(main())
