"""Training of one network by a recipe, and its error while it learns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reaper_automix.analysis.mel_spectra import Mels
from reaper_automix.audio import levels
from reaper_automix.mixers.vocal_network import DB_RANGE, RANDOM_GAIN_DB, SHOWN_GAIN_DB, VocalNetwork, as_heard
from reaper_automix.training.vocal.blocks import Floats, SongBlocks
from reaper_automix.training.vocal.network import as_arrays, build
from reaper_automix.training.vocal.pairs import VOCAL
from reaper_automix.training.vocal.recipes import PUBLISHED_EPOCHS, Recipe
from reaper_automix.units import db_to_lin

LEARNING_RATE = 5e-4
BATCH = 25
CURVE_STEPS = 10
"""The error is noted after so many batches, and after each epoch."""

VOCAL_BLOCKS, LEAD_BLOCKS = 64, 8
"""Blocks per song and epoch, drawn anew, where lead parts are learned from: real vocals count more. Otherwise all."""

SMALLEST_RATIO = 0.01
"""An answer as an amplitude is not below this."""
VISIBLE_TOP_DB = 40.0
"""About the mel energy of a sine at full scale: the top of the input where levels are left visible."""
_CHECKED_BLOCKS = 200
"""Of those learned from, to say how well they are known in the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network.

    Parameters
    ----------
    recipe : Recipe
    network : VocalNetwork
        Answers in LU, except where the target is an amplitude.
    curve : tuple of tuple
        Step, mean squared error of the batches since the one before, and of the songs held out (NaN: none), in units
        of the target.
    train_error_lu : float
        Mean absolute error per block of what was learned from, in the end.
    """

    recipe: Recipe
    network: VocalNetwork
    curve: tuple[tuple[int, float, float], ...]
    train_error_lu: float

    def answers_lu(self, song: SongBlocks) -> Floats:
        """Return the predicted loudness difference of the song by each of its blocks, (n_blocks,)."""
        answers = self.network.gaps_lu(song.levels_db())
        return _ratio_to_lu(answers) if self.recipe.target == "amplitude" else answers


@dataclass(frozen=True, slots=True)
class _Scale:
    """From a target to LU: answer * scale + shift."""

    scale: float = 1.0
    shift: float = 0.0


def fit(
    recipe: Recipe,
    songs: Sequence[SongBlocks],
    held_out: Sequence[SongBlocks],
    seed: int,
) -> Fitted:
    """Train a network.

    Parameters
    ----------
    recipe : Recipe
    songs : sequence of SongBlocks
        To learn from; cut with the recipe's pooling.
    held_out : sequence of SongBlocks
        Only for the curve: nothing is chosen by them.
    seed : int
        Of weights, order and gains.

    Raises
    ------
    ValueError
        If there is nothing to learn from.
    """
    if not songs:
        raise ValueError("no song to learn from: give songs whose licence allows it")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    scale = _scale(recipe, songs)
    wanted = [_targets(recipe, song, scale) for song in songs]
    network = build(recipe, float(np.mean([target.mean() for target in wanted])))
    optimiser = _optimiser(network, recipe.weight_decay)
    curve: list[tuple[int, float, float]] = []
    step, most = 0, _steps(recipe, songs)
    while step < most:
        epoch = _batches(recipe, songs, rng)[: most - step]
        for first in range(0, len(epoch), CURVE_STEPS):
            some = epoch[first : first + CURVE_STEPS]
            losses = [_learn(network, optimiser, *_shown(recipe, songs, wanted, batch, rng)) for batch in some]
            step += len(losses)
            curve.append((step, float(np.mean(losses)), _held_out_loss(recipe, network, held_out, scale)))
    answering = VocalNetwork(as_arrays(network.eval()), recipe.as_level, recipe.pooling, scale.scale, scale.shift)
    fitted = Fitted(recipe, answering, tuple(curve), math.nan)
    return Fitted(recipe, answering, tuple(curve), _train_error_lu(fitted, songs, rng))


def visible(blocks_db: Mels, gains_db: Floats) -> Mels:
    """Return what the network sees where levels are left in: mel energies in dB, times the gains of each channel."""
    heard_db = blocks_db + np.asarray(gains_db, np.float32)[..., np.newaxis, np.newaxis] - np.float32(VISIBLE_TOP_DB)
    return np.asarray(np.maximum(1.0 + heard_db / np.float32(DB_RANGE), 0.0), np.float32)


def random_gains_db(n_blocks: int, rng: np.random.Generator) -> Floats:
    """Return a gain per block and channel, (n_blocks, 2)."""
    return rng.uniform(*RANDOM_GAIN_DB, (n_blocks, 2))


def _steps(recipe: Recipe, songs: Sequence[SongBlocks]) -> int:
    if recipe.steps:
        return recipe.steps
    return PUBLISHED_EPOCHS * math.ceil(sum(song.n_blocks for song in songs) / BATCH)


def _scale(recipe: Recipe, songs: Sequence[SongBlocks]) -> _Scale:
    gaps = np.array([song.pair.gap_lu for song in songs])
    if recipe.target == "minmax":
        return _Scale(max(float(np.ptp(gaps)), 1.0), float(gaps.min()))
    if recipe.target == "local":
        # Gated over a whole song the difference is not the mean of those of its blocks: by so much, on average.
        return _Scale(1.0, float(np.mean(gaps - [song.local_lu.mean() for song in songs])))
    return _Scale()


def _targets(recipe: Recipe, song: SongBlocks, scale: _Scale) -> Floats:
    """Return what the network shall answer to each block, (n_blocks,)."""
    if recipe.target in ("local", "visible"):
        return song.local_lu
    gap = song.pair.gap_lu
    answer = db_to_lin(gap) if recipe.target == "amplitude" else (gap - scale.shift) / scale.scale
    return np.full(song.n_blocks, answer)


def _optimiser(network: torch.nn.Sequential, weight_decay: float) -> Any:
    if not weight_decay:
        return torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=LEARNING_RATE)


Batch = list[tuple[int, NDArray[np.intp]]]
"""Number of a song, and of its blocks."""


def _batches(recipe: Recipe, songs: Sequence[SongBlocks], rng: np.random.Generator) -> list[Batch]:
    """Return the batches of an epoch."""
    rows = np.concatenate([_drawn(recipe, number, song, rng) for number, song in enumerate(songs)])
    rng.shuffle(rows)
    cut = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    # Of two blocks or fewer there is no variance to normalise by.
    return [list(_by_song(rows)) for rows in cut if len(rows) > 2] or [list(_by_song(np.repeat(rows, 3, axis=0)))]


def _drawn(recipe: Recipe, number: int, song: SongBlocks, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the blocks of one song that an epoch shows, rows of song and block."""
    most = (VOCAL_BLOCKS if song.pair.kind == VOCAL else LEAD_BLOCKS) if recipe.lead_parts else song.n_blocks
    chosen = rng.permutation(song.n_blocks)[:most]
    return np.column_stack([np.full_like(chosen, number), chosen])


def _by_song(rows: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    for number in np.unique(rows[:, 0]):
        yield int(number), rows[rows[:, 0] == number, 1]


def _shown(
    recipe: Recipe, songs: Sequence[SongBlocks], wanted: Sequence[Floats], batch: Batch, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Return input and target of a batch, with gains drawn anew."""
    levels_db = np.concatenate([songs[number].levels_db(blocks) for number, blocks in batch])
    targets = np.concatenate([wanted[number][blocks] for number, blocks in batch])
    gains_db = random_gains_db(len(levels_db), rng)
    if recipe.target == "visible":
        return _tensor(visible(levels_db, gains_db)), torch.tensor(targets + gains_db[:, 0] - gains_db[:, 1]).float()
    return _tensor(as_heard(levels_db, gains_db, as_level=recipe.as_level)), torch.tensor(targets).float()


def _learn(network: torch.nn.Sequential, optimiser: Any, x: Any, wanted: Any) -> float:
    network.train()
    optimiser.zero_grad()
    loss = torch.nn.functional.mse_loss(network(x)[:, 0], wanted)
    loss.backward()
    optimiser.step()
    return float(loss.item())


def _held_out_loss(recipe: Recipe, network: torch.nn.Sequential, songs: Sequence[SongBlocks], scale: _Scale) -> float:
    """Return the mean over songs of the mean squared error, in units of the target."""
    if not songs or recipe.target == "visible":
        return math.nan
    network.eval()
    losses = []
    with torch.no_grad():
        for song in songs:
            answers = network(_tensor(as_heard(song.levels_db(), SHOWN_GAIN_DB, as_level=recipe.as_level)))[
                :, 0
            ].numpy()
            losses.append(float(np.square(answers - _targets(recipe, song, scale)).mean()))
    return float(np.mean(losses))


def _train_error_lu(fitted: Fitted, songs: Sequence[SongBlocks], rng: np.random.Generator) -> float:
    """Return the mean absolute error of some blocks learned from."""
    if fitted.recipe.target == "visible":
        return math.nan
    errors = []
    for song in songs:
        chosen = rng.permutation(song.n_blocks)[: max(_CHECKED_BLOCKS // len(songs), 1)]
        some = SongBlocks(song.pair, song.blocks_db[chosen], song.local_lu[chosen])
        errors.append(np.abs(fitted.answers_lu(some) - song.pair.gap_lu))
    return float(np.concatenate(errors).mean())


def _ratio_to_lu(ratios: Floats) -> Floats:
    return np.asarray(2.0 * levels.energy_to_db(np.maximum(ratios, SMALLEST_RATIO)))


def _tensor(x: Mels) -> Any:
    return torch.from_numpy(np.ascontiguousarray(x, np.float32)).contiguous(memory_format=torch.channels_last)
