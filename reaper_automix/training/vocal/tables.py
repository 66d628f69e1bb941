"""The figures of all experiments in short, and as one table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.training.evaluation.intervals import Interval, draw_songs, interval
from reaper_automix.training.vocal.baselines import CONSTANT, CONSTANT_OF_ALL, CONSTANT_OF_KIND
from reaper_automix.training.vocal.experiments import BALANCES, Parts
from reaper_automix.training.vocal.folds import BY_AUTHOR, BY_SONG
from reaper_automix.training.vocal.pairs import LEAD, VOCAL
from reaper_automix.training.vocal.recipes import ABLATIONS, CHECKS, FOR_NEW_AUTHORS, VISIBLE
from reaper_automix.training.vocal.synthetic import CHECK

Floats = NDArray[np.float64]
SEED = 15
CAUSES: Mapping[str, str] = {recipe.name: recipe.cause for recipe in (*ABLATIONS, *FOR_NEW_AUTHORS, *CHECKS)}
PARTS: Mapping[str, tuple[str, str, str]] = {
    f"{BY_SONG}, {VOCAL}": (BY_SONG, VOCAL, "Real vocals, each song by the others"),
    f"{BY_AUTHOR}, {VOCAL}": (BY_AUTHOR, VOCAL, "Real vocals, by other authors only (all of them lead parts)"),
    f"{BY_AUTHOR}, {LEAD}": (BY_AUTHOR, LEAD, "Lead parts of songs without a vocal, by other authors"),
    f"{CHECK}, {VOCAL}": (CHECK, VOCAL, "Code check: noise at random levels"),
}


def summary(parts: Mapping[str, Parts]) -> dict[str, Any]:
    """Return, by split and kind of pair, the errors of each recipe and baseline over songs.

    Parameters
    ----------
    parts : mapping of str to mapping
        What each experiment gave, by its key.
    """
    found = {}
    for name, (split, kind, _) in PARTS.items():
        songs = _songs(parts, split, kind)
        if songs:
            found[name] = _rows(songs, _train_errors(parts, split))
    return found


def markdown(found: Mapping[str, Any]) -> str:
    """Return the tables of ``summary``."""
    texts = []
    for name, rows in found["summary"].items():
        _, _, title = PARTS[name]
        n_songs = rows[CONSTANT]["songs"]
        texts.append(f"**{title}** ({n_songs} songs; absolute error in dB, mean ± std over songs, [95 % of draws])\n")
        texts.append("| | cause | per block | per song | per song, minus constant | learned blocks |")
        texts.append("|---|---|---|---|---|---|")
        texts += [_line(recipe, row) for recipe, row in rows.items()]
        texts.append("")
    return "\n".join(texts)


def _songs(parts: Mapping[str, Parts], split: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return, by recipe and key of the pair, what was found of each pair of a kind."""
    found: dict[str, dict[str, Any]] = {}
    for key, part in parts.items():
        its_split, recipe, *_ = key.split(" | ")
        if its_split == split:
            of_kind = {song["key"]: song for song in part["songs"] if song["kind"] == kind}
            found.setdefault(recipe, {}).update(of_kind)
    return {recipe: songs for recipe, songs in found.items() if songs}


def _train_errors(parts: Mapping[str, Parts], split: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for key, part in parts.items():
        its_split, recipe, *_ = key.split(" | ")
        if its_split == split and part.get("train_error_lu") is not None:
            found.setdefault(recipe, []).append(part["train_error_lu"])
    return {recipe: float(np.mean(values)) for recipe, values in found.items()}


def _rows(songs: Mapping[str, Mapping[str, Any]], train_errors: Mapping[str, float]) -> dict[str, Any]:
    simple = songs.get(BALANCES) or next(iter(songs.values()))
    keys = sorted(simple)
    constant = _simple_errors(simple, keys, CONSTANT)
    names = dict.fromkeys(name for key in keys for name in simple[key]["predicted_lu"])
    rows = {}
    for name in names:
        if name in (CONSTANT_OF_KIND, CONSTANT_OF_ALL) and np.allclose(_simple_errors(simple, keys, name), constant):
            continue
        errors = _simple_errors(simple, keys, name)
        rows[name] = _row(errors, errors, None if name == CONSTANT else errors - constant)
    for recipe, scored in songs.items():
        if recipe != BALANCES and set(keys) == set(scored):
            per_block, per_song = (np.array([scored[k][what] for k in keys]) for what in ERRORS)
            apart = None if recipe == VISIBLE.name else per_song - constant
            rows[recipe] = _row(per_block, per_song, apart) | {"train_error_lu": train_errors.get(recipe)}
    return rows


ERRORS = ("block_error_lu", "song_error_lu")


def _simple_errors(simple: Mapping[str, Any], keys: Sequence[str], name: str) -> Floats:
    """Return errors per song; NaN where a baseline has nothing to say."""
    predicted = [simple[key]["predicted_lu"].get(name, np.nan) for key in keys]
    return np.asarray(np.abs(np.array(predicted) - [simple[key]["human_lu"] for key in keys]))


def _row(per_block: Floats, per_song: Floats, apart: Floats | None) -> dict[str, Any]:
    return {
        "songs": int(np.isfinite(per_song).sum()),
        "per_block_lu": _told(per_block),
        "per_song_lu": _told(per_song),
        "minus_constant_lu": None if apart is None else _told(apart),
    }


def _told(values: Floats) -> dict[str, float]:
    known = values[np.isfinite(values)]
    found = mean_interval(known)
    return {"mean": found.value, "std": float(known.std()), "low": found.low, "high": found.high}


def mean_interval(values: Floats) -> Interval:
    """Return the mean over songs with the interval of draws of songs."""
    draws = draw_songs(len(values), np.random.default_rng(SEED))
    return interval(np.concatenate([[values.mean()], draws @ values / len(values)]))


def _line(recipe: str, row: Mapping[str, Any]) -> str:
    is_network = "train_error_lu" in row
    apart, learned = row["minus_constant_lu"], row.get("train_error_lu")
    cells = [
        recipe,
        CAUSES.get(recipe, "") or ("" if is_network else "baseline"),
        _cell(row["per_block_lu"]) if is_network else "",
        _cell(row["per_song_lu"]),
        f"{apart['mean']:+.2f} [{apart['low']:+.2f}, {apart['high']:+.2f}]" if apart else "",
        f"{learned:.2f}" if learned is not None else "",
    ]
    return "| " + " | ".join(cells) + " |"


def _cell(told: Mapping[str, float]) -> str:
    return f"{told['mean']:.2f} ± {told['std']:.2f} [{told['low']:.2f}, {told['high']:.2f}]"
