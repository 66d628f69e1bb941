"""The figures of all experiments in short, and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reaper_automix.training.evaluation.intervals import Interval, draw_songs, interval
from reaper_automix.training.strips.baselines import (
    EQUAL,
    HUMAN,
    MONO,
    RANDOM,
    RAW,
    ROLES,
    ROLES_AND_PANS,
    SENDS,
    SPECTRA,
)

FIGURES = ("stereo", "sum", "difference")
JUDGED_BESIDE = (MONO, RAW, RANDOM, EQUAL, ROLES, ROLES_AND_PANS, SPECTRA, SENDS)
"""Each task has its own: what a table does not hold is not judged beside."""
ALL = "all"
SEED = 0

Scores = Mapping[str, Mapping[str, Mapping[str, float | None]]]
Row = dict[str, Any]


def summary(scores: Scores, corpora: Mapping[str, str]) -> dict[str, Any]:
    """Return mean, spread and 95 % interval over songs of every figure of every mix, in all and by corpus.

    Parameters
    ----------
    scores : mapping
        By song, then by mix: ``stereo``, ``sum`` and ``difference``, None where a song says nothing of it.
    corpora : mapping of str to str
        The corpus of each song.

    Returns
    -------
    dict
        By corpus (``all``: of all songs), figure and mix; ``minus`` holds paired differences to the baselines.
    """
    found: dict[str, Any] = {}
    for corpus in (ALL, *sorted(set(corpora.values()))):
        keys = [key for key in scores if corpus in (ALL, corpora[key])]
        found[corpus] = {figure: table for figure in FIGURES if (table := _table(scores, keys, figure))}
    return found


def is_proven(found: Mapping[str, Any], name: str) -> bool:
    """Return whether a mix is below every baseline beyond doubt, in the stereo loss and in that of the sum alone."""
    tables = [found[ALL].get(figure, {}) for figure in ("stereo", "sum")]
    beaten = [table.get(name, {}).get("minus", {}) for table in tables]
    return all(bool(minus) and all(m["high"] < 0.0 for m in minus.values()) for minus in beaten)


def markdown(found: Mapping[str, Any]) -> str:
    """Return the tables of ``summary``."""
    corpora = [corpus for corpus in found if corpus != ALL]
    return "\n\n".join([_losses(found[ALL]), _by_corpus(found, corpora), _differences(found[ALL])])


def _table(scores: Scores, keys: Sequence[str], figure: str) -> dict[str, Row]:
    known = [key for key in keys if all(own[figure] is not None for own in scores[key].values())]
    if not known:
        return {}
    names = list(scores[known[0]])
    values = {name: np.array([scores[key][name][figure] for key in known], np.float64) for name in names}
    draws = draw_songs(len(known), np.random.default_rng(SEED))

    def over(own: np.ndarray[Any, np.dtype[np.float64]]) -> Interval:
        return interval(np.concatenate([[own.mean()], draws @ own / len(known)]))

    table: dict[str, Row] = {}
    for name, own in values.items():
        table[name] = {"songs": len(known), **_figures(over(own)), "std": float(own.std())}
        if name not in (*JUDGED_BESIDE, HUMAN):
            table[name]["minus"] = {
                other: _figures(over(own - values[other])) for other in JUDGED_BESIDE if other in values
            }
    return table


def _figures(found: Interval) -> dict[str, float]:
    return {"mean": found.value, "low": found.low, "high": found.high}


def _losses(tables: Mapping[str, Mapping[str, Row]]) -> str:
    """Return the table of all songs; songs with a mono target only have the last column."""
    stereo, alone = tables.get("stereo", {}), tables["sum"]
    n_stereo, n_all = (next(iter(t.values()))["songs"] if t else 0 for t in (stereo, alone))
    lines = [
        "Authors left out: mean +- spread over songs [95 % of draws of songs], equally loud; less is better",
        "",
        f"| mix | stereo loss ({n_stereo} songs) | of it difference | sum of the sides alone ({n_all} songs) |",
        "|---|---|---|---|",
    ]
    for name in alone:
        cells = [_cell(stereo.get(name)), _cell(tables.get("difference", {}).get(name)), _cell(alone[name])]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _by_corpus(found: Mapping[str, Any], corpora: Sequence[str]) -> str:
    columns = [(c, figure) for c in corpora for figure in ("stereo", "sum") if figure in found[c]]
    heads = [f"{c}, {figure} ({next(iter(found[c][figure].values()))['songs']})" for c, figure in columns]
    lines = ["Mean by corpus", "", "| mix | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for name in found[ALL]["sum"]:
        lines.append(
            f"| {name} | " + " | ".join(f"{found[c][figure][name]['mean']:.3f}" for c, figure in columns) + " |"
        )
    return "\n".join(lines)


def _differences(tables: Mapping[str, Mapping[str, Row]]) -> str:
    beside = [name for name in JUDGED_BESIDE if name in tables["sum"]]
    lines = ["Paired differences to the baselines", "", "| mix | figure | " + " | ".join(beside) + " |"]
    lines.append("|---|---|" + "---|" * len(beside))
    for figure in ("stereo", "sum"):
        for name, row in tables.get(figure, {}).items():
            if "minus" in row:
                cells = [_signed(row["minus"][other]) for other in beside]
                lines.append(f"| {name} | {figure} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(row: Row | None) -> str:
    return f"{row['mean']:.3f} +- {row['std']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" if row else ""


def _signed(row: Mapping[str, float]) -> str:
    return f"{row['mean']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
