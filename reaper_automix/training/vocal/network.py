"""The network of Li and Lerch [1] in torch, and the same weights as plain arrays.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-B.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reaper_automix.analysis.mel_spectra import N_MELS
from reaper_automix.learning.convolution import Convolution, ConvolutionNetwork
from reaper_automix.mixers.vocal_network import BLOCK_FRAMES
from reaper_automix.training.vocal.recipes import Recipe

KERNEL = 3
N_CHANNELS = 2


def features_of(widths: tuple[int, ...]) -> int:
    """Return how many features the convolutions leave; 768 for the published widths."""
    rows, columns = N_MELS, BLOCK_FRAMES
    for _ in widths:
        rows, columns = (rows - KERNEL + 1) // 2, (columns - KERNEL + 1) // 2
    return widths[-1] * rows * columns


def build(recipe: Recipe, first_answer: float) -> torch.nn.Sequential:
    """Return an untrained network, by torch's random state.

    Parameters
    ----------
    recipe : Recipe
    first_answer : float
        Bias of the answer: the mean of the training targets.
    """
    layers: list[Any] = []
    n_in = N_CHANNELS
    for n_out in recipe.widths:
        convolution = torch.nn.Conv2d(n_in, n_out, KERNEL)
        layers += [convolution, torch.nn.BatchNorm2d(n_out), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
        n_in = n_out
    answer = torch.nn.Linear(features_of(recipe.widths), 1)
    torch.nn.init.constant_(answer.bias, first_answer)
    network = torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Dropout(recipe.dropout), answer)
    return network.to(memory_format=torch.channels_last)  # a third faster on a processor


def as_arrays(network: torch.nn.Sequential) -> ConvolutionNetwork:
    """Return the weights of a trained network, batch normalisation worked into them."""
    modules = list(network)
    pairs = [(modules[i], modules[i + 1]) for i, m in enumerate(modules) if isinstance(m, torch.nn.Conv2d)]
    layers = tuple(_folded(convolution, norm) for convolution, norm in pairs)
    answer = modules[-1]
    return ConvolutionNetwork(layers, _array(answer.weight)[0].astype(np.float32), float(_array(answer.bias)[0]))


def _folded(convolution: Any, norm: Any) -> Convolution:
    scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    bias = _array(norm.bias) + scale * (_array(convolution.bias) - _array(norm.running_mean))
    weight = _array(convolution.weight) * scale[:, np.newaxis, np.newaxis, np.newaxis]
    return Convolution(np.ascontiguousarray(weight, np.float32), bias.astype(np.float32))


def _array(tensor: Any) -> NDArray[np.float64]:
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)
