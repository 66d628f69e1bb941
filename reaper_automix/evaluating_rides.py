"""The command ``evaluate rides``: the published experiments, human rides, whole courses. Needs the extra ``train``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import CorpusError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.listening import listen
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.rides.courses import judge_courses
from reaper_automix.training.rides.experiments import (
    BY_AUTHOR,
    BY_SONG,
    TOGETHER,
    Songs,
    all_units,
    nested_fold_counts,
    run_units,
)
from reaper_automix.training.rides.groups import GROUPS
from reaper_automix.training.rides.listening import RiddenSong, hear_rides
from reaper_automix.training.rides.mix_gains import with_mix_gains
from reaper_automix.training.rides.proper import (
    RideCase,
    by_author,
    choose_settings,
    fit_rides,
    judge_riders,
    ride_cases,
)
from reaper_automix.training.rides.published import (
    EARLIER_FEATURES,
    Floats,
    Recipe,
    all_tracks,
    columns_for,
    folds_by_song,
    one_versus_all,
    predict_held_out,
)
from reaper_automix.training.rides.results import (
    Results,
    courses_table,
    figure_2,
    is_proven,
    recipes,
    rides_table,
    table_1,
    table_3,
    variations,
)
from reaper_automix.training.rides.tables import tables_of

__all__ = ["RidesRequest", "draw_figures", "evaluate_rides", "tables_of"]

SCHEMA = "reaper_automix.rides_evaluation/1"
SHOWN_SONGS = 2
SHOWN_RIDES = 12


@dataclass(frozen=True, slots=True)
class RidesRequest:
    """What to judge on.

    Parameters
    ----------
    data : Path
        Folder whose subfolders are corpora.
    work : Path
        Where the results of single experiments are kept, so that a run that was stopped goes on.
    corpora : tuple of str
        Which ones; empty: all that are there.
    seed : int
        Of the levels at which whole courses are shown, and of the draws for intervals.
    """

    data: Path
    work: Path
    corpora: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RidesEvaluation:
    """What was found, and what pictures need beside it."""

    data: dict[str, Any]
    songs: tuple[RiddenSong, ...]
    cases: tuple[RideCase, ...]


def evaluate_rides(request: RidesRequest, progress: Progress = silent) -> RidesEvaluation:
    """Do the experiments of Scott and Kim on the corpora, judge the riders, and whole courses of level and ride.

    Only songs whose licence allows training are used for the published experiments, because all of them are learned
    from in turn.

    Raises
    ------
    CorpusError
        If the data hold no corpus, a damaged one, or too few songs.
    """
    found = with_mix_gains(corpus_songs(request.data, request.corpora), request.work, progress=progress)
    songs = hear_rides(found, progress=progress)
    learnable = tuple(song for song in songs if song.usage is Usage.TRAIN)
    if len({song.author for song in learnable}) < 2:
        raise CorpusError(f"{request.data}: rides are judged by leaving authors out, so give songs of at least two.")
    groups = [group for group in GROUPS if _n_songs(learnable, group) > 1]
    units = all_units(groups, nested_fold_counts(learnable))
    results = run_units(units, learnable, request.work, progress=progress)
    progress("Judging rides", 0, 2, "rides proper")
    cases = ride_cases(songs)
    scores = judge_riders(cases)
    progress("Judging rides", 1, 2, "whole courses")
    courses = judge_courses(songs, listen(found, progress=progress), cases, np.random.default_rng(request.seed))
    data = {
        "schema": SCHEMA,
        "mixer": "rides",
        "seed": request.seed,
        "songs": [{"corpus": s.corpus, "song": s.id, "author": s.author, "usage": s.usage.value} for s in songs],
        **_published(results),
        "rides": rides_table(scores, np.random.default_rng(request.seed)),
        "proven_on_unseen_authors": is_proven(scores, np.random.default_rng(request.seed)),
        "courses": courses_table(courses, np.random.default_rng(request.seed)),
    }
    return RidesEvaluation(data, learnable, tuple(cases))


def draw_figures(evaluation: RidesEvaluation, folder: Path) -> list[Path]:
    """Draw [1] figures 2 to 4 and rides beside human rides; return the files.

    Raises
    ------
    ModelError
        If the package that draws is not installed.
    """
    from reaper_automix.training.rides import pictures

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("figure-2.png", "figure-3.png", "figure-4.png", "rides.png")]
    pictures.draw_figure_2(evaluation.data["figure_2"], paths[0])
    figure_3, figure_4 = _courses(evaluation)
    pictures.draw_courses(figure_3, ("all tracks", "one versus all"), paths[1])
    pictures.draw_courses(figure_4, ("best single feature", "best features"), paths[2])
    shown, model = _shown_rides(evaluation.cases)
    riders = {
        "lds": lambda case: model[case.author].ride_db(case.observations, case.counts),
        "rule": lambda case: case.rule_db,
    }
    pictures.draw_rides(shown, riders, paths[3])
    return paths


def _published(results: Results) -> dict[str, Any]:
    return {
        "table_1": [table_1(results, BY_SONG), table_1(results, BY_AUTHOR)],
        "table_3": table_3(results),
        "figure_2": figure_2(results),
        "recipes": recipes(results),
        "variations": variations(results),
    }


def _n_songs(songs: Sequence[RiddenSong], group: str) -> int:
    return sum(any(track.id == group for track in song.groups) for song in songs)


def _courses(evaluation: RidesEvaluation) -> tuple[list[Any], list[Any]]:
    """Return the courses of two songs in which humans moved most: for [1] figure 3, and for figure 4."""
    from reaper_automix.training.rides.pictures import course_of

    recipe = Recipe()
    songs = Songs(evaluation.songs).complete(recipe.step_s)
    joint = all_tracks(songs, TOGETHER, recipe)
    together = predict_held_out(joint, folds_by_song(joint), columns_for(EARLIER_FEATURES, len(TOGETHER)), recipe)
    place = {case.song: index for index, case in enumerate(joint)}
    chosen = sorted(joint, key=lambda case: -_moving(case.states))[:SHOWN_SONGS]
    names = [case.song for case in chosen]
    figure_3, figure_4 = [], []
    for column, group in enumerate(TOGETHER):
        curve = evaluation.data["figure_2"][group]
        best = curve["features"][: int(np.argmin(curve["errors"])) + 1]
        cases = one_versus_all(songs, group, recipe)
        predicted = {
            key: predict_held_out(cases, folds_by_song(cases), columns_for(features, 2), recipe)
            for key, features in (("ova", EARLIER_FEATURES), ("single", best[:1]), ("best", best))
        }
        for index, case in enumerate(cases):
            if case.song in names:
                ova, single, most = (predicted[key][index][:, 0] for key in ("ova", "single", "best"))
                joint_line = together[place[case.song]][:, column]
                figure_3.append(course_of(case, group, joint_line, ova, recipe.step_s))
                figure_4.append(course_of(case, group, single, most, recipe.step_s))
    return figure_3, figure_4


def _moving(states: Floats) -> float:
    """Return how many of the gains move, and how far."""
    return float(np.sum(states.std(axis=0) / np.maximum(states.mean(axis=0), 1e-9) > 0.1) + states.std(axis=0).mean())


def _shown_rides(cases: Sequence[RideCase]) -> tuple[list[RideCase], Mapping[str, Any]]:
    """Return one track of each of some songs, and for each author the model that has not seen them."""
    first = {(case.corpus, case.song): case for case in cases if case.ride_db[case.counts].std() > 1.0}
    models = {judged[0].author: fit_rides(learned, choose_settings(learned)) for learned, judged in by_author(cases)}
    return [case for case in first.values() if case.author in models][:SHOWN_RIDES], models
