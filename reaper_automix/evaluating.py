"""The command ``evaluate``: from a request to an evaluation, its data and its picture. Needs the extra ``train``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import INSTALL_TRAINING, ModelError
from reaper_automix.progress import Progress, silent
from reaper_automix.training.balance_fit import ForestBalance, LearnedBalance
from reaper_automix.training.evaluation.baselines import BASELINES
from reaper_automix.training.evaluation.evaluate import Evaluation, evaluate
from reaper_automix.training.evaluation.listening import listen, with_roles_from_names
from reaper_automix.training.evaluation.results import evaluation_to_data, table_of
from reaper_automix.training.evaluation.songs import Predictor
from reaper_automix.training.evaluation.sources import corpus_songs

__all__ = ["EvaluationRequest", "draw", "evaluate_balance", "evaluation_data", "table_of"]


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to judge on.

    Parameters
    ----------
    data : Path
        Folder whose subfolders are corpora.
    corpora : tuple of str
        Which ones; empty: all that are there.
    roles_from_names : bool
        Take roles from the track names, as a session would, and not from the corpus.
    forest : bool
        Judge a forest as well.
    seed : int
        Of the levels shown, and of the draws for the intervals.
    """

    data: Path
    corpora: tuple[str, ...] = ()
    roles_from_names: bool = False
    forest: bool = False
    seed: int = 0


def evaluate_balance(request: EvaluationRequest, progress: Progress = silent) -> Evaluation:
    """Judge the rungs of the balance mixer, each fitted again without the songs it is judged on.

    Raises
    ------
    CorpusError
        If the data hold no corpus, or a damaged one.
    """
    songs = listen(corpus_songs(request.data, request.corpora), progress=progress)
    if request.roles_from_names:
        songs = with_roles_from_names(songs)
    second: tuple[Predictor, ...] = (ForestBalance(),) if request.forest else ()
    predictors: tuple[Predictor, ...] = (*BASELINES, *second, LearnedBalance())
    return evaluate(songs, predictors, np.random.default_rng(request.seed), progress=progress)


def evaluation_data(request: EvaluationRequest, evaluation: Evaluation) -> dict[str, Any]:
    """Return the evaluation as plain data, with what was asked for; the place of the data is left out."""
    return {
        **evaluation_to_data(evaluation),
        "mixer": "balance",
        "roles": "names" if request.roles_from_names else "corpus",
        "seed": request.seed,
    }


def draw(evaluation: Evaluation, path: Path) -> None:
    """Write the picture.

    Raises
    ------
    ModelError
        If the package that draws is not installed.
    """
    try:
        from reaper_automix.training.evaluation.pictures import save_picture
    except ImportError as error:
        raise ModelError(f"--picture needs {error.name}, which is not installed. {INSTALL_TRAINING}") from None
    save_picture(evaluation, path)
