"""The command ``evaluate rides``: the published experiments, human rides, whole courses. Needs the extra ``train``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import INSTALL_TRAINING, CorpusError, ModelError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.listening import listen
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.rides.courses import judge_courses
from reaper_automix.training.rides.experiments import (
    BY_AUTHOR,
    BY_SONG,
    Songs,
    all_units,
    nested_fold_counts,
    run_units,
)
from reaper_automix.training.rides.groups import GROUPS
from reaper_automix.training.rides.groups_in_db import judge_groups
from reaper_automix.training.rides.listening import RiddenSong, hear_rides
from reaper_automix.training.rides.mix_gains import with_mix_gains
from reaper_automix.training.rides.proper import RideCase, judge_riders, ride_cases
from reaper_automix.training.rides.published import FEWEST_LEARNED
from reaper_automix.training.rides.results import (
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
    from in turn. What the songs are too few for, or of too few authors, is left out of the tables.

    Raises
    ------
    CorpusError
        If the data hold no corpus, a damaged one, or too few songs.
    """
    found = with_mix_gains(corpus_songs(request.data, request.corpora), request.work, progress=progress)
    songs = hear_rides(found, progress=progress)
    learnable = tuple(song for song in songs if song.usage is Usage.TRAIN)
    if len(learnable) <= FEWEST_LEARNED:
        raise CorpusError(
            f"{request.data}: holds {len(learnable)} songs that may be learned from. Songs are judged by what others "
            f"teach, so give {FEWEST_LEARNED + 1} or more whose licence allows it, of several authors."
        )
    published = _experiments(learnable, request.work, progress)
    cases = ride_cases(songs)
    progress("Judging rides", 0, 2, "rides proper")
    rides = _rides(cases, request.seed)
    progress("Judging rides", 1, 2, "whole courses")
    courses = judge_courses(songs, listen(found, progress=progress), cases, np.random.default_rng(request.seed))
    data = {
        "schema": SCHEMA,
        "mixer": "rides",
        "seed": request.seed,
        "songs": [{"corpus": s.corpus, "song": s.id, "author": s.author, "usage": s.usage.value} for s in songs],
        **published,
        **rides,
        "courses": courses_table(courses, np.random.default_rng(request.seed)),
    }
    return RidesEvaluation(data, learnable, tuple(cases))


def draw_figures(evaluation: RidesEvaluation, folder: Path) -> list[Path]:
    """Draw [1] figures 2 to 4 and rides beside human rides; return the files. What has nothing to show is not drawn.

    Raises
    ------
    ModelError
        If the package that draws is not installed.
    CorpusError
        If the folder cannot be made.
    """
    try:
        from reaper_automix.training.rides.figures import draw_all
    except ImportError as error:
        raise ModelError(f"--picture needs {error.name}, which is not installed. {INSTALL_TRAINING}") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(
            f"{folder}: cannot be made ({error.strerror or error}). Give --picture another folder."
        ) from error
    return draw_all(evaluation.data["figure_2"], evaluation.songs, evaluation.cases, folder)


def _experiments(songs: Sequence[RiddenSong], work: Path, progress: Progress) -> dict[str, Any]:
    """Return the tables of the published experiments."""
    groups = [group for group in GROUPS if _n_songs(songs, group) > 1]
    results = run_units(all_units(groups, nested_fold_counts(songs)), songs, work, progress=progress)
    return {
        "table_1": [table_1(results, BY_SONG), table_1(results, BY_AUTHOR)],
        "groups_in_db": {by: judge_groups(Songs(songs), results, by) for by in (BY_SONG, BY_AUTHOR)},
        "table_3": table_3(results),
        "figure_2": figure_2(results),
        "recipes": recipes(results),
        "variations": variations(results),
    }


def _rides(cases: Sequence[RideCase], seed: int) -> dict[str, Any]:
    """Return how near the riders come to human rides."""
    scores = judge_riders(cases)
    return {
        "rides": rides_table(scores, np.random.default_rng(seed)),
        "proven_on_unseen_authors": is_proven(scores, np.random.default_rng(seed)),
    }


def _n_songs(songs: Sequence[RiddenSong], group: str) -> int:
    return sum(any(track.id == group for track in song.groups) for song in songs)
