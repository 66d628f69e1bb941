"""Judge the level network: ``python -m reaper_automix.training.vocal.evaluate DATA --json OUT --picture FOLDER``.

DATA holds the corpora songs, lmms, gm-midi or musdb18hq. Beside OUT lie ``.pairs``, what was heard of the songs, and
``.parts``, a line per experiment: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.files import write_text_whole
from reaper_automix.training.corpora.contract import CorpusSong
from reaper_automix.training.evaluation.listening import listen
from reaper_automix.training.evaluation.songs import HeardSong
from reaper_automix.training.processes import worked
from reaper_automix.training.resuming import Say, results_of, to_stderr, unsaid
from reaper_automix.training.vocal.experiments import Experiment, Parts, experiments, run
from reaper_automix.training.vocal.pairs import Pair, pair_of, songs_below
from reaper_automix.training.vocal.pictures import draw_all
from reaper_automix.training.vocal.tables import markdown, summary

FORMAT = "reaper_automix.vocal_level_scores/1"
MOST_WORKERS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiments, print the tables."""
    asked = _parser().parse_args(arguments)
    try:
        found = evaluate(asked.data, asked.json, workers=asked.workers, say=to_stderr)
        sys.stdout.write(markdown(found) + "\n")
        if asked.picture is not None:
            for path in draw_all(found, asked.picture):
                to_stderr(f"drawn: {path}")
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.vocal.evaluate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the figures are written")
    parser.add_argument("--picture", type=Path, metavar="FOLDER", help="where the picture is drawn")
    parser.add_argument("--workers", type=int, default=MOST_WORKERS, help="processes, 1 or 2 (default: 2)")
    return parser


def evaluate(data: Path, target: Path, *, workers: int = MOST_WORKERS, say: Say) -> dict[str, Any]:
    """Run what has not been run yet, and write all figures to ``target``.

    Parameters
    ----------
    data : Path
        A folder of corpora.
    target : Path
        The figures, JSON.
    workers : int, default 2
        Processes; 1 runs in this one.
    say : callable
        Told a line about each step.

    Raises
    ------
    AutomixError
        If no corpus is there, one is damaged, or there are too few pairs.
    """
    pairs = heard_pairs(data, target.with_suffix(".pairs"), workers=workers, say=say)
    digest = digest_of(pairs)
    wanted = experiments(pairs)
    if not wanted:
        raise CorpusError(f"{data}: holds {len(pairs)} pair(s), too few to leave one out. Give more songs.")
    results = results_of(
        wanted,
        lambda left: _results(data, target, pairs, left, workers),
        parts=target.with_suffix(".parts"),
        digest=digest,
        say=say,
    )
    found = {
        "format": FORMAT,
        "set": {"sha256": digest, "pairs": [about(pair) for pair in pairs]},
        "summary": summary(results),
        "experiments": results,
    }
    write_text_whole(target, json.dumps(found, indent=1))
    return found


def heard_pairs(data: Path, kept: Path, *, workers: int = MOST_WORKERS, say: Say) -> list[Pair]:
    """Return the pairs of the corpora below a folder, those not made yet made first; parameters as ``evaluate``."""
    songs = songs_below(data)
    found: dict[str, Pair | None] = {}
    for number, (song, pair) in enumerate(_made(songs, kept, workers), 1):
        found[f"{song.corpus}/{song.id}"] = pair
        if number % 20 == 0 or number == len(songs):
            say(f"heard {number}/{len(songs)} songs")
    for key, pair in found.items():
        if pair is None:
            say(f"{key}: no vocal, no lead part by the rule, or a level that is not known: left out")
    ordered = (found[f"{song.corpus}/{song.id}"] for song in songs)
    return [pair for pair in ordered if pair is not None]


def digest_of(pairs: Sequence[Pair]) -> str:
    """Return a hash of all that is learned from."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.key} {pair.author} {pair.usage.value} {pair.kind} {pair.lead_ids} {pair.gap_lu}".encode())
        digest.update(pair.energies.tobytes())
    return digest.hexdigest()


def about(pair: Pair) -> dict[str, Any]:
    """Return what is told of a pair."""
    return {
        "pair": pair.key,
        "author": pair.author,
        "licence": pair.licence,
        "usage": pair.usage.value,
        "kind": pair.kind,
        "lead": pair.lead,
        "gap_lu": round(pair.gap_lu, 3),
    }


def _made(songs: Sequence[CorpusSong], kept: Path, workers: int) -> Iterator[tuple[CorpusSong, Pair | None]]:
    if workers <= 1:
        yield from ((song, pair_of(song, kept)) for song in songs)
        return
    # A process only makes what is not there; arrays of this size are read faster than sent.
    for song, _ in worked(_make, songs, min(workers, MOST_WORKERS), initializer=_keep_in, initargs=(kept,)):
        yield song, pair_of(song, kept)


_kept: list[Path] = []


def _keep_in(folder: Path) -> None:
    _kept.append(folder)


def _make(song: CorpusSong) -> None:
    pair_of(song, _kept[0])


def _results(
    data: Path, target: Path, pairs: Sequence[Pair], left: Sequence[Experiment], workers: int
) -> Iterator[tuple[Experiment, Parts]]:
    """Yield experiments as they are done."""
    if workers <= 1 or not left:
        yield from ((experiment, run(experiment, pairs, lambda: _measured(data))) for experiment in left)
        return
    arguments = (data, target.with_suffix(".pairs"))
    yield from worked(_run, left, min(workers, MOST_WORKERS), initializer=_open, initargs=arguments)


_opened: list[tuple[Path, list[Pair]]] = []
"""The folder and the pairs of this worker process."""


def _open(data: Path, kept: Path) -> None:
    _opened.append((data, heard_pairs(data, kept, workers=1, say=unsaid)))


def _run(experiment: Experiment) -> Parts:
    data, pairs = _opened[0]
    return run(experiment, pairs, lambda: _measured(data))


@lru_cache(maxsize=1)
def _measured(data: Path) -> tuple[HeardSong, ...]:
    return listen(songs_below(data))


if __name__ == "__main__":
    sys.exit(main())
