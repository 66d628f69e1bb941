"""From the pieces of the experiments to the tables of Scott and Kim, and to what the rides mixer is judged by.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from itertools import product
from typing import Any

import numpy as np

from reaper_automix.training.evaluation.intervals import DRAWS
from reaper_automix.training.rides.baselines import CONSTANT, GROUP_LEVEL
from reaper_automix.training.rides.courses import CourseScore
from reaper_automix.training.rides.experiments import BY_AUTHOR, BY_SONG, OURS, PUBLISHED, TOGETHER, Unit
from reaper_automix.training.rides.groups import GROUPS
from reaper_automix.training.rides.proper import LDS, NO_RIDE, RULE, RideScore, error_share, mean_over_songs
from reaper_automix.training.rides.published import Recipe

AT, OVA = "all tracks", "one versus all"
OPTIMISTIC, NESTED = "best features, optimistic", "best features, nested"
OUR_OPTIMISTIC, OUR_NESTED = "our recipe, optimistic", "our recipe, nested"

PAPER_OVA_SHARE, PAPER_BEST_SHARE = 0.884, 0.56
"""[1] table 1: error of One-Versus-All, and of the best features, over that of All-Tracks, as a mean over groups."""

Results = Mapping[Unit, dict[str, Any]]


def table_1(results: Results, by: str) -> dict[str, Any]:
    """Return [1] table 1: the mean squared error of the linear gain per group and system, with its spread over songs.

    Parameters
    ----------
    results : mapping of Unit to dict
        See ``run_units``.
    by : str
        ``song`` or ``author``: what is left out.
    """
    systems = results[Unit("systems", (by,))]
    groups = {group: _row(results, systems, group, by) for group in GROUPS if group in systems["ova"]}
    means = {group: {name: cell["mean"] for name, cell in row.items()} for group, row in groups.items()}
    pairs = product((OVA, OPTIMISTIC, NESTED, OUR_OPTIMISTIC, OUR_NESTED), (AT, CONSTANT, GROUP_LEVEL))
    shares = {f"{name} / {over}": _mean_share(means, name, over) for name, over in pairs if _everywhere(means, name)}
    shares[f"{AT} / {CONSTANT}"] = _mean_share(means, AT, CONSTANT)
    return {"left_out": by, "groups": groups, "mean_shares": shares}


def table_3(results: Results) -> dict[str, list[tuple[str, float]]]:
    """Return [1] table 3: the error of each feature alone, the best first, per group."""
    return {g: [(name, error) for name, error in chosen["alone"]] for g, chosen in _selections(results).items()}


def figure_2(results: Results) -> dict[str, dict[str, Any]]:
    """Return [1] figure 2: features in the order in which they were added, and the error with that many, per group."""
    return {g: {"features": c["features"], "errors": c["errors"]} for g, c in _selections(results).items()}


def recipes(results: Results) -> list[dict[str, Any]]:
    """Return what was tried where [1] is silent: errors of both systems over that of one constant gain."""
    rows = []
    for unit, found in results.items():
        if unit.kind == "recipe":
            shares = {
                name: float(np.mean([found[name][g] / found["constant"][g] for g in TOGETHER]))
                for name in ("at", "ova")
            }
            rows.append({**asdict(_recipe_of(unit)), "at_share": shares["at"], "ova_share": shares["ova"]})
    return sorted(rows, key=lambda row: row["at_share"] + row["ova_share"])


def variations(results: Results) -> dict[str, dict[str, float]]:
    """Return the error of One-Versus-All with one thing changed, per group."""
    return {unit.options[0]: found for unit, found in results.items() if unit.kind == "variation"}


def rides_table(scores: Mapping[str, Sequence[RideScore]], rng: np.random.Generator) -> dict[str, Any]:
    """Return how near each rider comes to human rides: correlation, and squared error over that of no ride.

    Every figure once with each track counting as one and once with each song; intervals from draws of songs.
    """
    table: dict[str, Any] = {}
    for name, each in scores.items():
        draws = _draws(each, rng)
        table[name] = {
            "correlation": _interval([float(np.mean([s.correlation for s in drawn])) for drawn in draws]),
            "median_correlation": float(np.median([s.correlation for s in each])),
            "error_share": _interval([error_share(drawn) for drawn in draws]),
            "absolute_error_share": float(
                sum(s.mean_error_db for s in each) / max(sum(s.human_mean_db for s in each), 1e-12)
            ),
            "by_song": {
                "correlation": mean_over_songs(each, "correlation"),
                "error_share": error_share(each, by_song=True),
            },
            "deviation_db": float(np.mean([s.deviation_db for s in each])),
        }
    first = scores[NO_RIDE]
    return {"tracks": len(first), "songs": len({(s.corpus, s.song) for s in first}), "riders": table}


def is_proven(scores: Mapping[str, Sequence[RideScore]], rng: np.random.Generator) -> bool:
    """Return whether the learned rider's error is below that of no ride and of the rule on authors it had not seen.

    Both intervals, over draws of songs, have to exclude equality.
    """
    for other in (NO_RIDE, RULE):
        pairs = list(zip(scores[LDS], scores[other], strict=True))
        songs = sorted({(one.corpus, one.song) for one, _ in pairs})
        place = {song: index for index, song in enumerate(songs)}
        sums = np.zeros(len(songs))
        for one, two in pairs:
            sums[place[one.corpus, one.song]] += one.mean_square_db2 - two.mean_square_db2
        counts = rng.multinomial(len(songs), np.full(len(songs), 1.0 / len(songs)), size=DRAWS)
        if float(np.percentile(counts @ sums, 97.5)) >= 0.0:
            return False
    return True


def courses_table(scores: Sequence[CourseScore], rng: np.random.Generator) -> dict[str, Any]:
    """Return the error of whole courses in dB, median and mean, for human faders, human rides, and each corpus."""
    parts = {"human faders": [s for s in scores if not s.moves], "human rides": [s for s in scores if s.moves]}
    parts |= {corpus: [s for s in scores if s.corpus == corpus] for corpus in sorted({s.corpus for s in scores})}
    parts["all"] = list(scores)
    return {name: _courses(part, rng) for name, part in parts.items() if part}


def _courses(scores: Sequence[CourseScore], rng: np.random.Generator) -> dict[str, Any]:
    names = list(dict.fromkeys(score.predictor for score in scores))
    songs = sorted({(s.corpus, s.song) for s in scores})
    drawn = rng.integers(len(songs), size=(200, len(songs)))
    table: dict[str, Any] = {}
    for name in names:
        by_song = {
            song: [s.errors_db for s in scores if s.predictor == name and (s.corpus, s.song) == song] for song in songs
        }
        pooled = [np.array(by_song[song]).ravel() for song in songs]
        medians = [float(np.median(np.concatenate([pooled[index] for index in draw]))) for draw in drawn]
        every = np.concatenate(pooled)
        table[name] = {
            "median_db": float(np.median(every)),
            "median_interval_db": [float(v) for v in np.percentile(medians, (2.5, 97.5))],
            "mean_db": float(np.mean(every)),
            "song_medians_db": [float(v) for v in np.percentile([np.median(p) for p in pooled], (25, 50, 75))],
        }
    return {"songs": len(songs), "tracks": len(scores) // max(len(names), 1), "predictors": table}


def _row(results: Results, systems: Mapping[str, Any], group: str, by: str) -> dict[str, Any]:
    """Return a group's cells."""
    row = {name: _cell(errors) for name, errors in systems["baselines"][group].items()}
    if group in systems["at"]:
        row[AT] = _cell(systems["at"][group])
    row[OVA] = _cell(systems["ova"][group])
    for recipe, optimistic, nested in ((PUBLISHED, OPTIMISTIC, NESTED), (OURS, OUR_OPTIMISTIC, OUR_NESTED)):
        if (chosen := results.get(Unit("selection", (group, recipe)))) is not None and by == BY_SONG:
            errors = chosen["errors"]
            row[optimistic] = {"mean": min(errors), "features": chosen["features"][: _least(errors)]}
        folds = _nested_folds(results, group, by, recipe)
        if held_out := [error for found in folds for error in found["errors"].values()]:
            row[nested] = {**_cell(held_out), "folds": sum(bool(found["errors"]) for found in folds)}
    return row


def _nested_folds(results: Results, group: str, by: str, recipe: str) -> list[dict[str, Any]]:
    def wanted(unit: Unit) -> bool:
        return unit.kind == "nested" and unit.options[:2] == (group, by) and unit.options[3] == recipe

    return [found for unit, found in results.items() if wanted(unit)]


def _cell(errors: Sequence[float]) -> dict[str, float]:
    values = np.array(errors)
    values = values[np.isfinite(values)]
    low, median, high = (float(v) for v in np.percentile(values, (25, 50, 75)))
    return {"mean": float(values.mean()), "songs": int(values.size), "q25": low, "median": median, "q75": high}


def _least(errors: Sequence[float]) -> int:
    return int(np.argmin(errors)) + 1


def _everywhere(means: Mapping[str, Mapping[str, float]], name: str) -> bool:
    return all(name in means[group] for group in TOGETHER if group in means)


def _mean_share(means: Mapping[str, Mapping[str, float]], name: str, over: str) -> float:
    return float(np.mean([means[g][name] / means[g][over] for g in TOGETHER if g in means]))


def _selections(results: Results) -> dict[str, dict[str, Any]]:
    return {
        unit.options[0]: found
        for unit, found in results.items()
        if unit.kind == "selection" and unit.options[1] == PUBLISHED
    }


def _recipe_of(unit: Unit) -> Recipe:
    recipe = unit.options[0]
    if not isinstance(recipe, Recipe) or len(fields(recipe)) == 0:
        raise TypeError("a unit of kind 'recipe' holds a Recipe")
    return recipe


def _draws(scores: Sequence[RideScore], rng: np.random.Generator) -> list[list[RideScore]]:
    """Return the scores as they are, then draws of their songs."""
    by_song: dict[tuple[str, str], list[RideScore]] = {}
    for score in scores:
        by_song.setdefault((score.corpus, score.song), []).append(score)
    songs = list(by_song.values())
    drawn = rng.integers(len(songs), size=(DRAWS // 4, len(songs)))
    return [list(scores), *([score for index in draw for score in songs[index]] for draw in drawn)]


def _interval(values: Sequence[float]) -> dict[str, float]:
    low, high = np.percentile(values[1:], (2.5, 97.5))
    return {"value": values[0], "low": float(low), "high": float(high)}


__all__ = [
    "AT",
    "BY_AUTHOR",
    "BY_SONG",
    "NESTED",
    "OPTIMISTIC",
    "OVA",
    "courses_table",
    "figure_2",
    "is_proven",
    "recipes",
    "rides_table",
    "table_1",
    "table_3",
    "variations",
]
