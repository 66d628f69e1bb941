"""Judge tone from raw to stem: ``python -m reaper_automix.training.tone.evaluate DATA --json OUT --picture FOLDER``.

DATA holds the corpora songs, lmms and gm-midi, and raw-tracks, raw-and-mix or medleydb, which are judged only. Beside
OUT lie ``.pairs``, what was made of the tracks, ``.shown``, what is drawn, and ``.parts``, a line per experiment: a run
that was stopped goes on where it was. ``--only`` leaves families out, ``--folds`` all but the first folds: the
autoencoder takes its time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.files import write_text_whole
from reaper_automix.training.resuming import Say, results_of, to_stderr
from reaper_automix.training.tone.experiments import FAMILIES, Effort, Experiment, each, experiments
from reaper_automix.training.tone.groups import Source, counts, sources_below
from reaper_automix.training.tone.pairs import SHIFTS_SEMITONES, Pair, pair_of
from reaper_automix.training.tone.tables import markdown, summary

FORMAT = "reaper_automix.tone_scores/1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiments, print the tables."""
    asked = _parser().parse_args(arguments)
    try:
        pairs, rows = heard_pairs(asked.data, asked.json.with_suffix(".pairs"), say=to_stderr)
        found = evaluate(pairs, rows, asked.json, only=asked.only, folds=asked.folds, say=to_stderr)
        sys.stdout.write(markdown(found) + "\n")
        if asked.picture is not None:
            from reaper_automix.training.tone.pictures import draw_all

            for path in draw_all(pairs, asked.json.with_suffix(".shown"), asked.picture, say=to_stderr):
                to_stderr(f"drawn: {path}")
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.tone.evaluate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the figures are written")
    parser.add_argument("--picture", type=Path, metavar="FOLDER", help="where spectrograms are drawn")
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=FAMILIES, help="families of methods (all)")
    parser.add_argument("--folds", type=int, metavar="N", help="of the autoencoder: so many folds only")
    return parser


def heard_pairs(data: Path, kept: Path, *, say: Say) -> tuple[list[Pair], list[tuple[str, str, str, int, int, int]]]:
    """Return the pairs of the corpora below a folder, those not made yet made first, and how many there are of each.

    Raises
    ------
    CorpusError
        If no corpus is there, or one is damaged.
    """
    sources = sources_below(data)
    used: list[Source] = []
    pairs: list[Pair] = []
    for number, source in enumerate(sources, 1):
        pair = pair_of(source, kept)
        if pair is None:
            say(f"{source.key}: silent or shorter than a second, left out")
        else:
            pairs.append(pair)
            used.append(source)
        if number % 100 == 0 or number == len(sources):
            say(f"heard {number}/{len(sources)} tracks")
    return pairs, counts(used, len(SHIFTS_SEMITONES))


def evaluate(
    pairs: Sequence[Pair],
    rows: Sequence[tuple[str, str, str, int, int, int]],
    target: Path,
    *,
    only: Sequence[str] = FAMILIES,
    folds: int | None = None,
    effort: Effort | None = None,
    say: Say,
) -> dict[str, Any]:
    """Run what has not been run yet, and write all figures to ``target``.

    Parameters
    ----------
    pairs, rows : sequences
        What ``heard_pairs`` returned.
    target : Path
        The figures, JSON.
    only : sequence of str
        Families of methods.
    folds : int, optional
        So many of the autoencoder.
    effort : Effort, optional
        Less than as published, for tests.
    say : callable
        Told a line about each step.

    Raises
    ------
    CorpusError
        If there are too few pairs.
    """
    effort = effort or Effort()
    wanted = [e for e in experiments(pairs, only) if _is_wanted(e, folds)]
    if not wanted:
        raise CorpusError(f"{len(pairs)} pair(s) of raw and stem are too few to leave a song out. Give more songs.")
    digest = digest_of(pairs)
    results = results_of(
        wanted,
        lambda left: each(left, pairs, effort, say, target.with_suffix(".shown")),
        parts=target.with_suffix(".parts"),
        digest=f"{digest} {effort}",
        say=say,
    )
    found = {
        "format": FORMAT,
        "set": {"sha256": digest, "pairs": [about(pair) for pair in pairs]},
        "effort": asdict(effort),
        "counts": list(rows),
        "folds": {e.fold.key: {"judged": e.fold.judged, "mixed authors": e.fold.mixed} for e in wanted},
        "summary": summary(results),
        "experiments": results,
    }
    write_text_whole(target, json.dumps(found, indent=1))
    return found


def digest_of(pairs: Sequence[Pair]) -> str:
    """Return a hash of all that is learned from and judged on."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.key} {pair.source.author} {pair.source.usage.value} {pair.source.group}".encode())
        digest.update(pair.raw.tobytes() + pair.stem.tobytes())
    return digest.hexdigest()


def about(pair: Pair) -> dict[str, Any]:
    """Return what is told of a pair."""
    source = pair.source
    return {
        "pair": pair.key,
        "group": source.group,
        "author": source.author,
        "licence": source.licence,
        "usage": source.usage.value,
        "stem": "by a human" if pair.is_real else "by the engineer of the group",
    }


def _is_wanted(experiment: Experiment, folds: int | None) -> bool:
    return experiment.family != "autoencoder" or folds is None or experiment.fold.number < folds


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    sys.exit(main())
