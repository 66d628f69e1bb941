"""Each experiment is one recipe and one fold, or the balances on one fold, and stands by itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reaper_automix.training.evaluation.songs import HeardSong
from reaper_automix.training.vocal.baselines import CONSTANT_OF_ALL, balances, constants
from reaper_automix.training.vocal.blocks import Floats, SongBlocks, song_blocks, training_blocks
from reaper_automix.training.vocal.fit import Fitted, fit, random_gains_db, visible
from reaper_automix.training.vocal.folds import BY_AUTHOR, Fold, by_author, by_song
from reaper_automix.training.vocal.pairs import Pair
from reaper_automix.training.vocal.recipes import ABLATIONS, CHECKS, FOR_NEW_AUTHORS, Recipe
from reaper_automix.training.vocal.synthetic import CHECK, check_fold, synthetic_pairs

BALANCES = "balances"
Parts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A recipe (None: the balances) on a fold."""

    fold: Fold
    recipe: Recipe | None

    @property
    def name(self) -> str:
        """Of the recipe."""
        return self.recipe.name if self.recipe is not None else BALANCES

    @property
    def key(self) -> str:
        """Unique, and another one where the recipe or the fold is another."""
        about = hashlib.sha256(f"{self.recipe} {self.fold}".encode()).hexdigest()[:8]
        return f"{self.fold.kind} | {self.name} | {self.fold.name} | {about}"


def experiments(pairs: Sequence[Pair]) -> list[Experiment]:
    """Return all experiments on some pairs, those that are learned from nothing left out."""
    songs, authors = by_song(pairs), by_author(pairs)
    found = [Experiment(fold, None) for fold in (*songs, *authors)]
    found += [Experiment(fold, recipe) for recipe in ABLATIONS for fold in songs]
    found += [Experiment(fold, recipe) for recipe in FOR_NEW_AUTHORS for fold in authors]
    found = [e for e in found if e.fold.learned(pairs, lead_parts=e.recipe is None or e.recipe.lead_parts)]
    return [*found, *(Experiment(check_fold(), recipe) for recipe in CHECKS if found)]


def run(experiment: Experiment, pairs: Sequence[Pair], hear: Callable[[], Sequence[HeardSong]]) -> dict[str, Any]:
    """Return what an experiment gives, as plain values.

    Parameters
    ----------
    experiment : Experiment
    pairs : sequence of Pair
    hear : callable
        Returns all measured songs; only the balances ask.
    """
    if experiment.fold.kind == CHECK:
        pairs = synthetic_pairs()
    if experiment.recipe is None:
        return {"songs": _balanced(experiment.fold, pairs, hear())}
    return _trained(experiment.fold, experiment.recipe, pairs)


def _balanced(fold: Fold, pairs: Sequence[Pair], songs: Sequence[HeardSong]) -> list[dict[str, Any]]:
    predicted = balances(fold, pairs, songs)
    learned = fold.learned(pairs, lead_parts=fold.kind == BY_AUTHOR)
    of_all = {CONSTANT_OF_ALL: float(np.mean([pair.gap_lu for pair in fold.learned(pairs, lead_parts=True)]))}
    return [
        _about(pair) | {"predicted_lu": constants(pair, learned) | of_all | predicted.get(pair.key, {})}
        for pair in pairs
        if pair.key in fold.judged
    ]


def _trained(fold: Fold, recipe: Recipe, pairs: Sequence[Pair]) -> dict[str, Any]:
    seed = int(hashlib.sha256(f"{fold.kind} {fold.name}".encode()).hexdigest()[:8], 16)
    rng = np.random.default_rng(seed)
    learned = fold.learned(pairs, lead_parts=recipe.lead_parts)
    judged = [song_blocks(pair, recipe.pooling) for pair in pairs if pair.key in fold.judged]
    heard = [song for song in judged if song.n_blocks]
    fitted = fit(recipe, training_blocks(learned, recipe.pooling, remixes=recipe.remixes, rng=rng), heard, seed)
    score = _visible_score if recipe.target == "visible" else _score
    scores = [score(fitted, song, rng) | {"predicted_lu": constants(song.pair, learned)} for song in heard]
    return {
        "songs": scores,
        "train_error_lu": _or_none(fitted.train_error_lu),
        "curve": [[_or_none(value) for value in row] for row in fitted.curve],
        "learned_songs": len(learned),
    }


def _or_none(value: float) -> float | None:
    """Return a number as JSON has it: there is no NaN."""
    return value if math.isfinite(value) else None


def _about(pair: Pair) -> dict[str, Any]:
    return {"key": pair.key, "kind": pair.kind, "author": pair.author, "human_lu": pair.gap_lu}


def _score(fitted: Fitted, song: SongBlocks, _: np.random.Generator) -> dict[str, Any]:
    """Return the errors against the human's level of the whole song, whatever the recipe's own target was."""
    return _errors(song, fitted.answers_lu(song), song.pair.gap_lu)


def _visible_score(fitted: Fitted, song: SongBlocks, rng: np.random.Generator) -> dict[str, Any]:
    gains_db = random_gains_db(song.n_blocks, rng)
    answers = fitted.network.network.predict(visible(song.levels_db(), gains_db))
    return _errors(song, answers, song.local_lu + gains_db[:, 0] - gains_db[:, 1])


def _errors(song: SongBlocks, answers: Floats, wanted: Floats | float) -> dict[str, Any]:
    off = answers - wanted
    return _about(song.pair) | {
        "n_blocks": song.n_blocks,
        "block_error_lu": float(np.abs(off).mean()),
        "song_error_lu": float(abs(off.mean())),
        "answer_lu": float(answers.mean()),
        "spread_of_answers_lu": float(answers.std()),
    }
