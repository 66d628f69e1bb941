"""The published autoencoder [1]: 1025-1024-1024-1024-1025, from the magnitudes of a raw frame to those of the stem.

As published: hidden layers trained greedily one by one, dropout of 0.2, Adam, rectifiers, mean absolute error, 100
iterations, one network per group of instruments, the phase of the raw track. What [1] leaves open, and how it is read:
a layer is trained, before the whole, to give back what it hears of the raw frames after dropout; the last layer is
rectified too, since magnitudes are; magnitudes are divided by their mean over the training frames; batches of 32,
a rate of 0.001. An iteration is a pass over the pairs, 40 of them drawn anew where there are more, each transposed by
one of the 17 steps drawn anew, of which it shows 32 frames drawn by chance: all frames of all steps a hundred times
would be days on one core.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features,
   section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.tone.pairs import SCALE, Pair

N_BINS, N_HIDDEN, N_LAYERS = 1025, 1024, 3
DROPOUT = 0.2
ITERATIONS = 100
LAYER_ITERATIONS = 20
"""Of each hidden layer by itself; [1] names no number."""
RATE, BATCH = 1e-3, 32
MOST_PAIRS = 40
"""In one iteration."""

Floats = NDArray[np.float32]


class Autoencoder:
    """From raw to stem, frame by frame.

    Parameters
    ----------
    layers : nn.Sequential
    scale : float
        What magnitudes are divided by before and multiplied with after.
    curve : list of float
        Mean absolute error of each iteration, magnitudes scaled.
    """

    def __init__(self, layers: nn.Sequential, scale: float, curve: list[float]) -> None:
        self.layers, self.scale, self.curve = layers, scale, curve

    def predict(self, magnitude: Floats) -> Floats:
        """Return the magnitudes of the stem, float32 (n_frames, 1025)."""
        self.layers.eval()
        with torch.no_grad():
            answer = self.layers(torch.from_numpy(magnitude / np.float32(self.scale)))
        return np.asarray(answer.numpy() * np.float32(self.scale), np.float32)


def fit(
    pairs: Sequence[Pair],
    seed: int,
    *,
    iterations: int = ITERATIONS,
    layer_iterations: int = LAYER_ITERATIONS,
    say: Say = unsaid,
) -> Autoencoder:
    """Train as published; see the module.

    Parameters
    ----------
    pairs : sequence of Pair
        Those of one group that may be learned from.
    seed : int
        The same seed and pairs give the same network.
    iterations, layer_iterations : int
        Passes over all pairs, of the whole and of each hidden layer by itself.
    say : callable
        Told how it goes.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    raw = [pair.variants.raw for pair in pairs if pair.variants is not None]
    scale = float(np.mean([one.mean(dtype=np.float64) for one in raw])) / SCALE
    hidden = [nn.Linear(N_HIDDEN if number else N_BINS, N_HIDDEN) for number in range(N_LAYERS)]
    _pretrain(hidden, pairs, scale, layer_iterations, rng)
    layers: list[nn.Module] = []
    for layer in hidden:
        layers += [nn.Dropout(DROPOUT), layer, nn.ReLU()]
    whole = nn.Sequential(*layers, nn.Linear(N_HIDDEN, N_BINS), nn.ReLU())
    _start_alive(whole[-2])
    adam = torch.optim.Adam(whole.parameters(), RATE)
    curve: list[float] = []
    for number in range(iterations):
        heard, wanted = _frames(pairs, scale, rng)
        curve.append(_pass(whole, heard, wanted, adam))
        if (number + 1) % 20 == 0:
            say(f"autoencoder: iteration {number + 1}, mean absolute error {curve[-1]:.4f}")
    return Autoencoder(whole, scale, curve)


def _pretrain(
    hidden: Sequence[nn.Linear], pairs: Sequence[Pair], scale: float, iterations: int, rng: np.random.Generator
) -> None:
    """Train each hidden layer to give back what it hears, the ones below it fixed."""
    for number, layer in enumerate(hidden):
        back = nn.Linear(N_HIDDEN, layer.in_features)
        _start_alive(back)
        alone = nn.Sequential(nn.Dropout(DROPOUT), layer, nn.ReLU(), back, nn.ReLU())
        adam = torch.optim.Adam(alone.parameters(), RATE)
        for _ in range(iterations):
            heard = _frames(pairs, scale, rng)[0]
            with torch.no_grad():
                for below in hidden[:number]:
                    heard = torch.relu(below(heard))
            _pass(alone, heard, heard, adam)


def _start_alive(layer: nn.Module) -> None:
    """Begin a rectified output above zero: a unit that is zero for all frames would never learn."""
    if isinstance(layer, nn.Linear):
        nn.init.constant_(layer.bias, 0.1)


def _frames(pairs: Sequence[Pair], scale: float, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return frames of each pair at one step of transposition, shuffled: raw and stem."""
    heard, wanted = [], []
    for number in rng.permutation(len(pairs))[:MOST_PAIRS]:
        pair = pairs[number]
        if pair.variants is not None:
            step = int(rng.integers(len(pair.variants.frames)))
            heard.append(pair.variants.raw[step])
            wanted.append(pair.variants.stem[step])
    order = rng.permutation(sum(len(one) for one in heard))
    both = (np.concatenate(one)[order].astype(np.float32) / np.float32(SCALE * scale) for one in (heard, wanted))
    raw, stem = (torch.from_numpy(one) for one in both)
    return raw, stem


def _pass(net: nn.Module, heard: torch.Tensor, wanted: torch.Tensor, adam: torch.optim.Optimizer) -> float:
    net.train()
    total = 0.0
    for first in range(0, len(heard), BATCH):
        loss = (net(heard[first : first + BATCH]) - wanted[first : first + BATCH]).abs().mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        total += float(loss.detach()) * len(heard[first : first + BATCH])
    return total / len(heard)
