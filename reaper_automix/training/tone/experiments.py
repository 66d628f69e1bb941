"""One experiment: a fold of a group, and a family of methods that learn from one side and are judged on the other."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.files import write_bytes_whole
from reaper_automix.mixers.tone_groups import GROUPS
from reaper_automix.mixers.tone_network import ToneNetwork, band_weights, hear, levels_of, mean_gain_db
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.tone import autoencoder, network
from reaper_automix.training.tone.baselines import Predict, baselines, means_of
from reaper_automix.training.tone.folds import Fold, folds_of
from reaper_automix.training.tone.pairs import GRID, Pair, magnitudes_of
from reaper_automix.training.tone.scores import fit_scores, scores_of

BASELINES, NETWORKS, AUTOENCODER = FAMILIES = ("baselines", "networks", "autoencoder")
STEM = "stem"
SEED = 10

Floats = NDArray[np.float32]
Methods = Callable[[Pair], Mapping[str, Predict]]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A fold and a family of methods."""

    fold: Fold
    family: str

    @property
    def key(self) -> str:
        """Unique among all experiments."""
        return f"{self.family} | {self.fold.key}"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is trained; less for tests and first looks.

    Parameters
    ----------
    autoencoder_iterations, layer_iterations : int
        See ``autoencoder.fit``.
    iterations : int or None
        Of each of our recipes; None: its own.
    """

    autoencoder_iterations: int = autoencoder.ITERATIONS
    layer_iterations: int = autoencoder.LAYER_ITERATIONS
    iterations: int | None = None


def experiments(pairs: Sequence[Pair], families: Sequence[str] = FAMILIES) -> list[Experiment]:
    """Return all experiments: quick ones first, and the first fold of every group before the second of any."""
    folds = [fold for group in GROUPS for fold in folds_of(pairs, group)]
    ordered = sorted(folds, key=lambda fold: fold.number)
    return [Experiment(fold, family) for family in FAMILIES if family in families for fold in ordered]


def run(
    experiment: Experiment, pairs: Sequence[Pair], effort: Effort, say: Say = unsaid, *, shown: Path | None = None
) -> dict[str, Any]:
    """Return the scores of each method of the family on each judged pair, by the pair's key.

    Parameters
    ----------
    experiment : Experiment
    pairs : sequence of Pair
        All of them.
    effort : Effort
    say : callable
        Told how it goes.
    shown : Path, optional
        Folder in which the autoencoder of the first fold leaves what it made of one pair, for the pictures.
    """
    learned, judged = experiment.fold.split(pairs)
    about, methods = _learned(experiment.family, learned, effort, say)
    if shown is not None and experiment.family == AUTOENCODER and experiment.fold.number == 0:
        pair = pair_to_show(judged)
        keep_shown(shown, pair, methods(pair)[AUTOENCODER](magnitudes_of(pair.raw)))
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for pair in judged:
        raw, stem = magnitudes_of(pair.raw), magnitudes_of(pair.stem)
        own = {name: scores_of(predict(raw), raw, stem) for name, predict in methods(pair).items()}
        if experiment.family == BASELINES:
            own[STEM] = scores_of(stem, raw, stem)
        if experiment.family == NETWORKS:
            for name, found in about["networks"].items():
                own[name] |= fit_scores(long_term_curve(found, raw))
        scores[pair.key] = own
    return {"learned": len(learned), "curves": about["curves"], "pairs": scores}


def pair_to_show(judged: Sequence[Pair]) -> Pair:
    """Return a pair whose stem a human made, or the first."""
    return next((pair for pair in judged if pair.is_real), judged[0])


def keep_shown(folder: Path, pair: Pair, magnitude: Floats) -> None:
    """Keep what the autoencoder made of a pair; ``SessionError`` if that cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, key=np.array(pair.key), magnitude=magnitude)
    write_bytes_whole(folder / f"{pair.source.group}.npz", buffer.getvalue())


def read_shown(folder: Path, pair: Pair) -> Floats | None:
    """Return what ``keep_shown`` kept of a pair; None where it did not."""
    file = folder / f"{pair.source.group}.npz"
    if not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as stored:
        return np.asarray(stored["magnitude"], np.float32) if str(stored["key"]) == pair.key else None


def played_by(found: ToneNetwork, magnitude: Floats) -> Floats:
    """Return magnitudes after the gains of a network."""
    levels_db = levels_of(magnitude, GRID)
    gains_db = found.gains_db(levels_db, hear(levels_db))
    return magnitude * levels.db_to_lin(gains_db @ band_weights(GRID).T)


def long_term_curve(found: ToneNetwork, magnitude: Floats) -> Floats:
    """Return the long-term gain per band of a network."""
    levels_db = levels_of(magnitude, GRID)
    return mean_gain_db(found.gains_db(levels_db, hear(levels_db)), levels_db)


def _learned(family: str, learned: Sequence[Pair], effort: Effort, say: Say) -> tuple[dict[str, Any], Methods]:
    if family == BASELINES:
        return {"curves": {}}, partial(baselines, means_of(learned))
    if family == AUTOENCODER:
        found = autoencoder.fit(
            learned,
            SEED,
            iterations=effort.autoencoder_iterations,
            layer_iterations=effort.layer_iterations,
            say=say,
        )
        return {"curves": {AUTOENCODER: found.curve}}, lambda _: {AUTOENCODER: found.predict}
    networks, curves, examples = {}, {}, network.examples_of(learned)
    for recipe in network.RECIPES:
        own = recipe if effort.iterations is None else replace(recipe, iterations=effort.iterations)
        networks[recipe.name], curves[recipe.name] = network.fit(learned, own, SEED, say, examples=examples)
    predicts = {name: partial(played_by, one) for name, one in networks.items()}
    return {"curves": curves, "networks": networks}, lambda _: predicts


def each(
    left: Sequence[Experiment], pairs: Sequence[Pair], effort: Effort, say: Say, shown: Path | None = None
) -> Iterator[tuple[Experiment, dict[str, Any]]]:
    """Run experiments one after the other; parameters as ``run``."""
    for experiment in left:
        yield experiment, run(experiment, pairs, effort, say, shown=shown)
