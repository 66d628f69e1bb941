"""Our network, to be trained: gains per band that move with the sound, laid over what is there.

It begins as the mean curve of the group, and learns what a track's spectrum says beyond it. Its loss is of the two
scores that it is judged by: the mean absolute error of the magnitudes over the mean of the stem, and the mean absolute
difference in dB, 80 dB deep. ``mixers.tone_network`` plays what is learned, without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reaper_automix.mixers.tone_network import (
    MOST_BOOST_DB,
    MOST_CUT_DB,
    N_BANDS,
    N_FEATURES,
    REACH,
    ToneNetwork,
    band_weights,
    boost_allowed,
    context,
    hear,
    relative,
)
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.tone.baselines import means_of
from reaper_automix.training.tone.pairs import GRID, SCALE, Pair

DB_SHARE = 0.05
"""Of a dB in the loss, against 100 % of absolute error."""
DEPTH_DB = 80.0
BATCH = 16
N_SHOWN = 8
"""Frames of a pair in one iteration."""
SMALLEST_DEVIATION = 1.0

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is made and learns.

    Parameters
    ----------
    name : str
    is_still, moves : bool
        Whether it has the part of one gain per band, and that of a gain per frame.
    n_hidden : int
    dropout, weight_decay, rate : float
    iterations : int
        Passes over all pairs, each transposed by a step drawn anew, of which it shows some frames.
    """

    name: str
    is_still: bool = True
    moves: bool = True
    n_hidden: int = 32
    dropout: float = 0.2
    weight_decay: float = 1e-2
    rate: float = 2e-3
    iterations: int = 120


RECIPES = (Recipe("network, still", moves=False), Recipe("network, moving", is_still=False), Recipe("network"))


class ToneModule:
    """The torch twin of ``ToneNetwork``.

    Parameters
    ----------
    recipe : Recipe
    mean, deviation, base_db : ndarray of float32
        See ``ToneNetwork``.
    """

    def __init__(self, recipe: Recipe, mean: Floats, deviation: Floats, base_db: Floats) -> None:
        self.mean, self.deviation = torch.from_numpy(mean), torch.from_numpy(deviation)
        self.base_db = nn.Parameter(torch.from_numpy(base_db.copy()))
        self.still = _layers(recipe, N_FEATURES) if recipe.is_still else None
        self.moving = _layers(recipe, (2 * REACH + 1) * N_BANDS) if recipe.moves else None

    def parameters(self) -> list[Tensor]:
        """Return what is learned."""
        parts = [part for part in (self.still, self.moving) if part is not None]
        return [self.base_db, *(parameter for part in parts for parameter in part.parameters())]

    def learns(self, is_on: bool) -> None:
        """Switch dropout on or off."""
        for part in (self.still, self.moving):
            if part is not None:
                part.train(is_on)

    def gains_db(self, features: Tensor, contexts: Tensor, allowed: Tensor) -> Tensor:
        """Return gains in dB, (n_tracks, n_frames, n_bands).

        Parameters
        ----------
        features : Tensor, shape (n_tracks, n_features)
        contexts : Tensor, shape (n_tracks, n_frames, (2 * REACH + 1) * n_bands)
        allowed : Tensor, shape (n_tracks, n_frames, n_bands)
            As ``boost_allowed`` returns it.
        """
        gains_db = self.base_db.expand_as(allowed)
        if self.still is not None:
            gains_db = gains_db + self.still((features - self.mean) / self.deviation).unsqueeze(1)
        if self.moving is not None:
            gains_db = gains_db + self.moving(contexts)
        boost = MOST_BOOST_DB * torch.tanh(gains_db.clamp(min=0.0) / MOST_BOOST_DB) * allowed
        return boost + MOST_CUT_DB * torch.tanh(gains_db.clamp(max=0.0) / MOST_CUT_DB)

    def as_network(self) -> ToneNetwork:
        """Return what is learned, for numpy."""
        return ToneNetwork(
            self.mean.numpy(),
            self.deviation.numpy(),
            self.base_db.detach().numpy().copy(),
            _as_arrays(self.still),
            _as_arrays(self.moving),
        )


class Example(NamedTuple):
    """A pair at one step: what is heard of the raw track, and the frames whose magnitudes are kept."""

    features: Floats
    contexts: Floats
    allowed: Floats
    raw: NDArray[np.float16]
    stem: NDArray[np.float16]


def examples_of(pairs: Sequence[Pair]) -> list[list[Example]]:
    """Return what is learned from pairs of one group: by pair, one for each step of transposition."""
    return [_examples(pair) for pair in pairs]


def fit(
    pairs: Sequence[Pair],
    recipe: Recipe,
    seed: int,
    say: Say = unsaid,
    *,
    examples: Sequence[Sequence[Example]] | None = None,
) -> tuple[ToneNetwork, list[float]]:
    """Return a trained network, and its loss in each iteration.

    Parameters
    ----------
    pairs : sequence of Pair
        Of one group, that may be learned from.
    recipe : Recipe
    seed : int
        The same seed and pairs give the same network.
    say : callable
        Told how it goes.
    examples : sequence, optional
        What ``examples_of`` made of the pairs, where several recipes learn from them.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    examples = examples_of(pairs) if examples is None else examples
    features = np.stack([one.features for own in examples for one in own])
    deviation = np.maximum(features.std(axis=0), SMALLEST_DEVIATION)
    module = ToneModule(recipe, features.mean(axis=0), deviation, means_of(pairs).curve_db)
    adam = torch.optim.AdamW(module.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    n_steps = recipe.iterations * -(-len(pairs) // BATCH)
    slower = torch.optim.lr_scheduler.OneCycleLR(adam, recipe.rate, total_steps=n_steps + 1)
    weights = torch.from_numpy(band_weights(GRID).T.copy())
    curve: list[float] = []
    for number in range(recipe.iterations):
        losses = []
        for chosen in np.array_split(rng.permutation(len(pairs)), -(-len(pairs) // BATCH)):
            some = [_shown(examples[n], rng) for n in chosen]
            loss = _loss(module, some, weights)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            slower.step()
            losses.append(float(loss.detach()))
        curve.append(float(np.mean(losses)))
        if (number + 1) % 40 == 0:
            say(f"{recipe.name}: iteration {number + 1}, loss {curve[-1]:.4f}")
    return module.as_network(), curve


def _examples(pair: Pair) -> list[Example]:
    variants = pair.variants
    if variants is None:
        raise ValueError(f"{pair.key} may not be learned from")
    found = []
    for step, frames in enumerate(variants.frames):
        levels_db = variants.levels_db[step].astype(np.float32)
        heard = hear(levels_db)
        around = context(relative(levels_db, heard.long_term_db))[frames]
        allowed = boost_allowed(levels_db[frames], heard)
        found.append(Example(heard.features, around, allowed, variants.raw[step], variants.stem[step]))
    return found


def _shown(steps: Sequence[Example], rng: np.random.Generator) -> Example:
    """Return some frames of one step."""
    whole = steps[int(rng.integers(len(steps)))]
    frames = rng.choice(len(whole.raw), N_SHOWN, replace=False)
    _, contexts, allowed, raw, stem = whole
    return Example(whole.features, contexts[frames], allowed[frames], raw[frames], stem[frames])


def _loss(module: ToneModule, some: Sequence[Example], weights: Tensor) -> Tensor:
    features, contexts, allowed, raw, stem = (
        torch.from_numpy(np.stack([getattr(one, name) for one in some]).astype(np.float32) * np.float32(scale))
        for name, scale in zip(Example._fields, (1.0, 1.0, 1.0, 1.0 / SCALE, 1.0 / SCALE), strict=True)
    )
    bins_db = module.gains_db(features, contexts, allowed) @ weights
    answer = raw * torch.exp(bins_db * (np.log(10.0) / 20.0))
    off = (answer - stem).abs().mean(dim=(1, 2)) / stem.mean(dim=(1, 2)).clamp(min=1e-9)
    floor = (stem.amax(dim=(1, 2), keepdim=True) * 10.0 ** (-DEPTH_DB / 20.0)).clamp(min=1e-12)
    off_db = 20.0 * (torch.log10(torch.maximum(answer, floor)) - torch.log10(torch.maximum(stem, floor))).abs()
    return off.mean() + DB_SHARE * off_db.mean()


def _layers(recipe: Recipe, n_in: int) -> nn.Sequential:
    last = nn.Linear(recipe.n_hidden, N_BANDS)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(n_in, recipe.n_hidden), nn.ReLU(), nn.Dropout(recipe.dropout), last)


def _as_arrays(layers: nn.Sequential | None) -> tuple[tuple[Floats, Floats], ...]:
    linear = [] if layers is None else [layer for layer in layers if isinstance(layer, nn.Linear)]
    return tuple((layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in linear)
