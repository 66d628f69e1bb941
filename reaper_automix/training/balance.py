"""Train the learned rung of the balance mixer, judge it on songs and authors it never saw, and write model and card.

Run ``python -m reaper_automix.training.balance DATA --out models/balance``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.mixers.balance_features import FEATURES, REFERENCE_LUFS
from reaper_automix.mixers.balance_model import FORMAT, WEIGHTS_FILE
from reaper_automix.training.balance_fit import (
    GRID,
    LABEL_LIMIT_DB,
    MOST_GROUPS,
    LearnedBalance,
    Shrinkage,
    choose_shrinkage,
    fit_model,
)
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.baselines import BASELINES, EqualLoudness, RoleMean
from reaper_automix.training.evaluation.evaluate import Difference, Evaluation, SplitResult, evaluate
from reaper_automix.training.evaluation.listening import listen
from reaper_automix.training.evaluation.results import table_of
from reaper_automix.training.evaluation.songs import Example, HeardSong, shown
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.evaluation.splits import ALL
from reaper_automix.training.shipping import about_weights, rounded, write_model

SEED = 4
DECIMALS = 5


def unseen_authors(evaluation: Evaluation) -> SplitResult:
    """Return the split that stands for new users: every author judged by all the others, over all corpora.

    Raises
    ------
    CorpusError
        If the songs have one author only.
    """
    authors = [split for split in evaluation.splits if split.kind == "leave_one_author_out"]
    if not authors:
        raise CorpusError("the songs have one author: give songs of several, or nothing can be said of new ones.")
    return next((split for split in authors if split.tested_on == ALL), authors[0])


def is_proven(evaluation: Evaluation) -> bool:
    """Return whether the learned rung beat equal loudness and the role mean on authors it had not seen.

    Over all songs its mean error must be lower, with an interval that excludes 0, and its median error not higher; and
    there must be no corpus on which it is worse with an interval that excludes 0: many songs of one kind prove nothing
    for another.

    Raises
    ------
    CorpusError
        If the songs have one author only.
    """
    whole = unseen_authors(evaluation)
    parts = [s for s in evaluation.splits if (s.kind, s.trained_on) == (whole.kind, whole.trained_on)]
    better = all(d.mean_error_db.high < 0.0 and d.median_error_db.value <= 0.0 for d in _against_simpler(whole))
    return better and not any(d.mean_error_db.low > 0.0 for part in parts for d in _against_simpler(part))


def _against_simpler(split: SplitResult) -> tuple[Difference, ...]:
    return tuple(split.difference(LearnedBalance().name, each) for each in (EqualLoudness().name, RoleMean().name))


def train(songs: Sequence[HeardSong]) -> tuple[str, dict[str, Any], Evaluation]:
    """Fit the model on all songs that may be learned from.

    Returns
    -------
    str
        The weights file.
    dict
        The card.
    Evaluation
        Of the same recipe on songs left out.
    """
    songs = [song for song in songs if song.usage is Usage.TRAIN]
    examples = [shown(song, np.random.default_rng(SEED)) for song in songs]
    evaluation = evaluate(songs, (*BASELINES, LearnedBalance()), np.random.default_rng(SEED))
    shrinkage = choose_shrinkage(examples)
    weights = json.dumps(rounded(fit_model(examples, shrinkage).to_data(), DECIMALS), indent=1) + "\n"
    return weights, _card(examples, shrinkage, evaluation, weights), evaluation


def write(weights: str, card: Mapping[str, Any], folder: Path) -> None:
    """Write card and weights into a folder."""
    write_model(folder, card, WEIGHTS_FILE, weights.encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, judge, and write ``model.json`` and the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--corpora", nargs="+", default=(), metavar="NAME", help="which ones (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    options = parser.parse_args(arguments)
    try:
        weights, card, evaluation = train(listen(corpus_songs(options.data, options.corpora)))
        write(weights, card, options.out)
    except AutomixError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table_of(evaluation) + "\n")
    return 0


def _card(examples: Sequence[Example], shrinkage: Shrinkage, evaluation: Evaluation, weights: str) -> dict[str, Any]:
    authors = {example.author for example in examples}
    return {
        "format": FORMAT,
        "what": "level of a track in dB above the common loudness of a balance: an effect of its role, plus a weight "
        "per feature of the shape of its level, by itself and beside the others",
        **about_weights(WEIGHTS_FILE, weights.encode()),
        "features": {
            "names": list(FEATURES),
            "from": "K-weighted energies of 100 ms, RMS and true peak; any sample rate",
            "at_lufs": REFERENCE_LUFS,
        },
        "proven_on_unseen_authors": is_proven(evaluation),
        "fitting": {
            "shrinkage": asdict(shrinkage),
            "chosen_from": [asdict(choice) for choice in GRID],
            "chosen_by": f"at most {MOST_GROUPS} groups of authors left out in turn, inside the songs learned from",
            "label_limit_db": LABEL_LIMIT_DB,
        },
        "training_data": [
            {"corpus": e.corpus, "song": e.id, "author": e.author, "licence": e.licence} for e in examples
        ],
        "bias": f"electronic music and amateur mixes, few real voices, {len(authors)} authors",
        "scores": [_scores(split) for split in evaluation.splits],
        "licence": "facts about the songs above; the numbers themselves are MIT",
    }


def _scores(split: SplitResult) -> dict[str, Any]:
    """Return the errors of one split, the baselines beside the model."""
    return {
        "split": split.kind,
        "trained_on": split.trained_on,
        "tested_on": split.tested_on,
        "songs": split.n_songs,
        "median_and_mean_error_db": {
            result.predictor: [round(result.median_error_db.value, 2), round(result.mean_error_db.value, 2)]
            for result in split.results
        },
    }


if __name__ == "__main__":
    sys.exit(main())
