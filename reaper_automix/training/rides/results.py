"""From the pieces of the experiments to the tables of Scott and Kim, and to what the rides mixer is judged by.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.training.evaluation.intervals import DRAWS
from reaper_automix.training.rides.baselines import CONSTANT, GROUP_LEVEL
from reaper_automix.training.rides.courses import CourseScore
from reaper_automix.training.rides.experiments import BY_AUTHOR, BY_SONG, OURS, PUBLISHED, TOGETHER, Unit
from reaper_automix.training.rides.groups import GROUPS
from reaper_automix.training.rides.proper import LDS, NO_RIDE, RULE, RideScore, error_share, mean_over_songs
from reaper_automix.training.rides.published import Floats, Recipe

AT, OVA = "all tracks", "one versus all"
OPTIMISTIC, NESTED = "best features, optimistic", "best features, nested"
OUR_OPTIMISTIC, OUR_NESTED = "our recipe, optimistic", "our recipe, nested"

COURSE_DRAWS = 200
"""Draws of songs for the intervals of whole courses; each sorts every error anew."""

Results = Mapping[Unit, dict[str, Any]]


def table_1(results: Results, by: str) -> dict[str, Any]:
    """Return [1] table 1: the mean squared error of the linear gain per group and system, with its spread over songs.

    Parameters
    ----------
    results : mapping of Unit to dict
        See ``run_units``.
    by : str
        ``song`` or ``author``: what is left out.

    Returns
    -------
    dict
        ``groups`` that the songs are enough for; ``mean_shares`` over those of ``TOGETHER``, None where a system is
        not known for all of them.
    """
    systems = results[Unit("systems", (by,))]
    groups = {group: _row(results, systems, group, by) for group in GROUPS if group in systems["ova"]}
    together = [
        {name: cell["mean"] for name, cell in row.items()} for group, row in groups.items() if group in TOGETHER
    ]
    pairs = [*product((OVA, OPTIMISTIC, NESTED, OUR_OPTIMISTIC, OUR_NESTED), (AT, CONSTANT, GROUP_LEVEL))]
    judged = [(name, over) for name, over in pairs if all(name in means for means in together)]
    shares = {f"{name} / {over}": _mean_share(together, name, over) for name, over in (*judged, (AT, CONSTANT))}
    return {"left_out": by, "groups": groups, "mean_shares": shares}


def table_3(results: Results) -> dict[str, list[tuple[str, float]]]:
    """Return [1] table 3: the error of each feature alone, the best first, per group."""
    return {g: [(name, error) for name, error in chosen["alone"]] for g, chosen in _selections(results).items()}


def figure_2(results: Results) -> dict[str, dict[str, Any]]:
    """Return [1] figure 2: features in the order in which they were added, and the error with that many, per group."""
    return {g: {"features": c["features"], "errors": c["errors"]} for g, c in _selections(results).items()}


def recipes(results: Results) -> list[dict[str, Any]]:
    """Return what was tried where [1] is silent: errors of both systems over that of one constant gain, or None."""
    rows = [
        {
            **asdict(_recipe_of(unit)),
            "at_share": _share_of_constant(found, "at"),
            "ova_share": _share_of_constant(found, "ova"),
        }
        for unit, found in results.items()
        if unit.kind == "recipe"
    ]
    return sorted(rows, key=lambda row: (row["at_share"] or 0.0) + (row["ova_share"] or 0.0))


def variations(results: Results) -> dict[str, dict[str, float]]:
    """Return the error of One-Versus-All with one thing changed, per group."""
    return {unit.options[0]: found for unit, found in results.items() if unit.kind == "variation"}


def rides_table(scores: Mapping[str, Sequence[RideScore]], rng: np.random.Generator) -> dict[str, Any]:
    """Return how near each rider comes to human rides: correlation, and squared error over that of no ride.

    Every figure once with each track counting as one and once with each song; intervals from draws of songs. Where
    there is no ride to judge, there are 0 tracks and no riders.
    """
    first = scores[NO_RIDE]
    riders = {name: _rider(each, rng) for name, each in scores.items() if each}
    return {"tracks": len(first), "songs": len({(s.corpus, s.song) for s in first}), "riders": riders}


def is_proven(scores: Mapping[str, Sequence[RideScore]], rng: np.random.Generator) -> bool:
    """Return whether the learned rider's error is below that of no ride and of the rule on authors it had not seen.

    Both intervals, over draws of songs, have to exclude equality.
    """
    if not scores[LDS]:
        return False
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
    """Return the error of whole courses in dB, median and mean, for human faders, human rides, and each corpus.

    Parts without a track are left out.
    """
    parts = {"human faders": [s for s in scores if not s.moves], "human rides": [s for s in scores if s.moves]}
    parts |= {corpus: [s for s in scores if s.corpus == corpus] for corpus in sorted({s.corpus for s in scores})}
    parts["all"] = list(scores)
    return {name: _courses(part, rng) for name, part in parts.items() if part}


def _courses(scores: Sequence[CourseScore], rng: np.random.Generator) -> dict[str, Any]:
    """Return the table of the predictors, all of which were judged on the same tracks."""
    songs = sorted({(s.corpus, s.song) for s in scores})
    drawn = rng.integers(len(songs), size=(COURSE_DRAWS, len(songs)))
    errors_db: dict[str, dict[tuple[str, str], list[float]]] = {}
    for score in scores:
        by_song = errors_db.setdefault(score.predictor, {})
        by_song.setdefault((score.corpus, score.song), []).extend(score.errors_db)
    table = {name: _errors([np.array(by_song[song]) for song in songs], drawn) for name, by_song in errors_db.items()}
    return {"songs": len(songs), "tracks": len(scores) // len(table), "predictors": table}


def _errors(pooled: Sequence[Floats], drawn: NDArray[np.int64]) -> dict[str, Any]:
    """Return what is told of absolute errors in dB, an array per song; intervals from draws of songs."""
    medians = [float(np.median(np.concatenate([pooled[index] for index in draw]))) for draw in drawn]
    every = np.concatenate(pooled)
    return {
        "median_db": float(np.median(every)),
        "median_interval_db": [float(v) for v in np.percentile(medians, (2.5, 97.5))],
        "mean_db": float(np.mean(every)),
        "song_medians_db": [float(v) for v in np.percentile([np.median(p) for p in pooled], (25, 50, 75))],
    }


def _rider(scores: Sequence[RideScore], rng: np.random.Generator) -> dict[str, Any]:
    """Return what is told of a rider."""
    draws = _draws(scores, rng)
    human_db = max(sum(s.human_mean_db for s in scores), 1e-12)
    return {
        "correlation": _interval([float(np.mean([s.correlation for s in drawn])) for drawn in draws]),
        "median_correlation": float(np.median([s.correlation for s in scores])),
        "error_share": _interval([error_share(drawn) for drawn in draws]),
        "absolute_error_share": float(sum(s.mean_error_db for s in scores) / human_db),
        "by_song": {
            "correlation": mean_over_songs(scores, "correlation"),
            "error_share": error_share(scores, by_song=True),
        },
        "deviation_db": float(np.mean([s.deviation_db for s in scores])),
    }


def _row(results: Results, systems: Mapping[str, Any], group: str, by: str) -> dict[str, Any]:
    """Return a group's cells."""
    errors_of = {**systems["baselines"][group], AT: systems["at"].get(group, ()), OVA: systems["ova"][group]}
    row = {name: _cell(errors) for name, errors in errors_of.items() if np.isfinite(errors).any()}
    for recipe, optimistic, nested in ((PUBLISHED, OPTIMISTIC, NESTED), (OURS, OUR_OPTIMISTIC, OUR_NESTED)):
        if by == BY_SONG and (chosen := results.get(Unit("selection", (group, recipe)))):
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


def _mean_share(together: Sequence[Mapping[str, float]], name: str, over: str) -> float | None:
    """Return the mean over groups of one error over another; None where one is missing."""
    if not together or any(not {name, over} <= set(means) for means in together):
        return None
    return float(np.mean([means[name] / means[over] for means in together]))


def _share_of_constant(found: Mapping[str, Mapping[str, float]], system: str) -> float | None:
    shares = [error / found["constant"][group] for group, error in found[system].items()]
    return float(np.mean(shares)) if shares else None


def _selections(results: Results) -> dict[str, dict[str, Any]]:
    return {
        unit.options[0]: found
        for unit, found in results.items()
        if unit.kind == "selection" and unit.options[1] == PUBLISHED and found
    }


def _recipe_of(unit: Unit) -> Recipe:
    recipe: Recipe = unit.options[0]
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
