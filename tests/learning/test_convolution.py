"""The network as plain arrays: against convolutions written out, and against torch."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.learning.convolution import (
    Convolution,
    ConvolutionNetwork,
    network_from_bytes,
    network_to_bytes,
)

RNG = np.random.default_rng(3)


def random_network(widths: tuple[int, ...], n_features: int) -> ConvolutionNetwork:
    sizes = zip((2, *widths[:-1]), widths, strict=True)
    layers = tuple(
        Convolution(RNG.normal(0, 0.3, (n_out, n_in, 3, 3)).astype(np.float32), RNG.normal(size=n_out).astype("f4"))
        for n_in, n_out in sizes
    )
    return ConvolutionNetwork(layers, RNG.normal(size=n_features).astype(np.float32), 0.25)


def by_hand(layer: Convolution, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """One block, (n_in, height, width), cell by cell."""
    n_out, _, height, width = layer.weight.shape
    rows, columns = x.shape[1] - height + 1, x.shape[2] - width + 1
    heard = np.zeros((n_out, rows, columns))
    for row in range(rows):
        for column in range(columns):
            part = x[:, row : row + height, column : column + width]
            heard[:, row, column] = (layer.weight * part).sum(axis=(1, 2, 3)) + layer.bias
    heard = np.maximum(heard, 0.0)[:, : rows // 2 * 2, : columns // 2 * 2]
    return heard.reshape(n_out, rows // 2, 2, columns // 2, 2).max(axis=(2, 4))


def test_a_layer_is_convolution_relu_and_maximum_as_written_out() -> None:
    network = random_network((3, 4), 4 * 2 * 1)
    x = RNG.normal(size=(2, 15, 12)).astype(np.float32)
    first = by_hand(network.layers[0], x)
    second = by_hand(network.layers[1], first.astype(np.float32))
    wanted = second.reshape(-1) @ network.weight + network.bias
    assert network.predict(x[np.newaxis])[0] == pytest.approx(wanted, abs=1e-4)


def test_each_block_is_answered_by_itself_however_many_there_are() -> None:
    network = random_network((4, 3), 3 * 4 * 3)
    x = RNG.normal(size=(21, 2, 22, 18)).astype(np.float32)
    together = network.predict(x)
    alone = [network.predict(block[np.newaxis])[0] for block in x]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert network.predict(x[:0]).shape == (0,)


def test_answers_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    network = random_network((8, 16, 32, 64), 768)
    x = RNG.normal(size=(3, 2, 128, 64)).astype(np.float32)
    heard = torch.from_numpy(x)
    for layer in network.layers:
        heard = torch.nn.functional.conv2d(heard, torch.from_numpy(layer.weight), torch.from_numpy(layer.bias))
        heard = torch.nn.functional.max_pool2d(torch.relu(heard), 2)
    wanted = heard.flatten(1) @ torch.from_numpy(network.weight) + network.bias
    np.testing.assert_allclose(network.predict(x), wanted.numpy(), rtol=1e-4, atol=1e-3)


def test_a_wrong_shape_is_named() -> None:
    network = random_network((2,), 2 * 9 * 9)
    with pytest.raises(ValueError, match="expected"):
        network.predict(np.zeros((1, 3, 20, 20)))
    with pytest.raises(ValueError, match="features"):
        network.predict(np.zeros((1, 2, 24, 20)))


def test_stored_networks_come_back_and_damage_is_noticed() -> None:
    network = random_network((2, 3), 12)
    stored = network_to_bytes(network)
    again = network_from_bytes(stored)
    assert again.bias == network.bias
    np.testing.assert_array_equal(again.weight, network.weight)
    for one, other in zip(again.layers, network.layers, strict=True):
        np.testing.assert_array_equal(one.weight, other.weight)
        np.testing.assert_array_equal(one.bias, other.bias)
    with pytest.raises(ValueError, match="fit together"):
        network_from_bytes(network_to_bytes(ConvolutionNetwork(network.layers[::-1], network.weight, 0.0)))
    with pytest.raises(ValueError, match="an answer"):
        network_from_bytes(network_to_bytes(ConvolutionNetwork(network.layers, network.weight * np.nan, 0.0)))
    holed = Convolution(network.layers[0].weight * np.inf, network.layers[0].bias)
    with pytest.raises(ValueError, match="layer 0"):
        network_from_bytes(network_to_bytes(ConvolutionNetwork((holed,), network.weight, 0.0)))


def test_pickles_are_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, answer_weight=np.array([{}], dtype=object), answer_bias=0.0)
    with pytest.raises(ValueError, match="object"):
        network_from_bytes(buffer.getvalue())
