"""A small convolutional network as plain arrays, which answers without the library that trained it.

Each layer is a convolution of stride 1 without padding, a bias, ReLU and the maximum of 2 x 2; batch normalisation is
part of the weights, as it is a fixed scale and shift once training is over. What remains is one linear answer.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reaper_automix.learning.stored_arrays import arrays_of

Floats = NDArray[np.float32]

_BLOCKS_AT_ONCE = 8
"""So few that what a layer copies stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """One layer.

    Parameters
    ----------
    weight : ndarray of float32, shape (n_out, n_in, height, width)
    bias : ndarray of float32, shape (n_out,)
    """

    weight: Floats
    bias: Floats

    def forward(self, x: Floats) -> Floats:
        """Return convolution, ReLU and the maximum of 2 x 2 cells; an odd last row or column is left out.

        Parameters
        ----------
        x : ndarray of float32, shape (n_blocks, height, width, n_in)

        Returns
        -------
        ndarray of float32, shape (n_blocks, (height - h + 1) // 2, (width - w + 1) // 2, n_out)
        """
        n_out, n_in, height, width = self.weight.shape
        windows = sliding_window_view(x, (height, width), axis=(1, 2))  # (blocks, rows, columns, n_in, height, width)
        n_blocks, n_rows, n_columns = windows.shape[:3]
        columns = windows.reshape(n_blocks * n_rows * n_columns, n_in * height * width)
        heard = (columns @ self.weight.reshape(n_out, -1).T).reshape(n_blocks, n_rows, n_columns, n_out)
        # The bias is common to the cells and ReLU keeps their order, so the maximum may come first.
        return np.asarray(np.maximum(_pooled(heard) + self.bias, np.float32(0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionNetwork:
    """Layers, and one linear answer of what comes out of them.

    Parameters
    ----------
    layers : tuple of Convolution
    weight : ndarray of float32, shape (n_features,)
        Of the answer; features in the order channel, row, column.
    bias : float
    """

    layers: tuple[Convolution, ...]
    weight: Floats
    bias: float

    def predict(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Answer blocks.

        Parameters
        ----------
        x : ndarray of float, shape (n_blocks, n_channels, height, width)

        Returns
        -------
        ndarray of float64, shape (n_blocks,)

        Raises
        ------
        ValueError
            If the shape does not fit the weights.
        """
        n_channels = self.layers[0].weight.shape[1]
        if x.ndim != 4 or x.shape[1] != n_channels:
            raise ValueError(f"blocks have shape {x.shape}, expected (n, {n_channels}, height, width)")
        parts = [self._answers(x[start : start + _BLOCKS_AT_ONCE]) for start in range(0, len(x), _BLOCKS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _answers(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        heard = np.ascontiguousarray(x.transpose(0, 2, 3, 1), np.float32)
        for layer in self.layers:
            heard = layer.forward(heard)
        features = heard.transpose(0, 3, 1, 2).reshape(len(x), -1)
        if features.shape[1] != self.weight.size:
            raise ValueError(f"blocks of shape {x.shape[1:]} give {features.shape[1]} features, not {self.weight.size}")
        return np.asarray(features @ self.weight + self.bias, np.float64)


def network_to_bytes(network: ConvolutionNetwork) -> bytes:
    """Return a network as the bytes of an ``.npz`` without pickles."""
    arrays = {f"weight_{number}": layer.weight for number, layer in enumerate(network.layers)}
    arrays |= {f"bias_{number}": layer.bias for number, layer in enumerate(network.layers)}
    buffer = io.BytesIO()
    answer_bias = np.array(network.bias, np.float64)
    np.savez(buffer, allow_pickle=False, answer_weight=network.weight, answer_bias=answer_bias, **arrays)
    return buffer.getvalue()


def network_from_bytes(stored: bytes) -> ConvolutionNetwork:
    """Return the network that ``network_to_bytes`` stored.

    Raises
    ------
    ValueError, KeyError
        If the bytes hold none, or numbers that no network has.
    """
    arrays = arrays_of(stored)
    answer_bias = float(arrays.pop("answer_bias"))
    answer_weight = np.asarray(arrays.pop("answer_weight"), np.float32)
    layers = tuple(_layer(arrays, number) for number in range(len(arrays) // 2))
    channels = [layer.weight.shape[:2] for layer in layers]
    if not layers or any(above[0] != below[1] for above, below in pairwise(channels)):
        raise ValueError("layers that do not fit together")
    if answer_weight.ndim != 1 or not np.isfinite([*answer_weight, answer_bias]).all():
        raise ValueError("an answer that no network has")
    return ConvolutionNetwork(layers, answer_weight, answer_bias)


def _layer(arrays: dict[str, NDArray[np.float32]], number: int) -> Convolution:
    weight = np.asarray(arrays[f"weight_{number}"], np.float32)
    bias = np.asarray(arrays[f"bias_{number}"], np.float32)
    if (
        weight.ndim != 4
        or bias.shape != weight.shape[:1]
        or not (np.isfinite(weight).all() and np.isfinite(bias).all())
    ):
        raise ValueError(f"layer {number} with shapes {weight.shape} and {bias.shape}, or numbers that no layer has")
    return Convolution(weight, bias)


def _pooled(x: Floats) -> Floats:
    """Return the maximum of 2 x 2 cells, (n_blocks, rows // 2, columns // 2, n_channels)."""
    n_rows, n_columns = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    over_rows = np.maximum(x[:, 0:n_rows:2], x[:, 1:n_rows:2])
    return np.asarray(np.maximum(over_rows[:, :, 0:n_columns:2], over_rows[:, :, 1:n_columns:2]))
