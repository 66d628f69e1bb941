"""The published network: its size, and the same answers from plain arrays as from torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from reaper_automix.training.vocal.network import as_arrays, build, features_of
from reaper_automix.training.vocal.recipes import ABLATIONS, FOR_NEW_AUTHORS, PUBLISHED


def test_the_published_network_is_the_published_one() -> None:
    assert features_of(PUBLISHED.widths) == 768
    network = build(PUBLISHED, -4.0)
    convolutions = [m for m in network if isinstance(m, torch.nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [(2, 8), (8, 16), (16, 32), (32, 64)]
    assert {(c.kernel_size, c.stride, c.padding) for c in convolutions} == {((3, 3), (1, 1), (0, 0))}
    kinds = [type(m).__name__ for m in network]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"] * 4 + ["Flatten", "Dropout", "Linear"]
    assert {m.kernel_size for m in network if isinstance(m, torch.nn.MaxPool2d)} == {2}
    assert network[-2].p == 0.3
    assert (network[-1].in_features, network[-1].out_features) == (768, 1)
    assert network[:-1](torch.zeros(3, 2, 128, 64)).shape == (3, 768)


@pytest.mark.parametrize("widths", [(8, 16, 32, 64), (4, 8, 8, 8)])
def test_plain_arrays_answer_as_torch_does(widths: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = build(replace(PUBLISHED, widths=widths), -4.0)
    x = torch.rand(25, 2, 128, 64)
    for _ in range(3):
        network(x)  # so that the running means are of something
    network.eval()
    with torch.no_grad():
        wanted = network(x)[:, 0].numpy()
    np.testing.assert_allclose(as_arrays(network).predict(x.numpy()), wanted, atol=1e-4)


def test_recipes_are_told_apart_by_name() -> None:
    names = [recipe.name for recipe in ABLATIONS]
    assert len(set(names)) == len(names)
    assert len({recipe.name for recipe in FOR_NEW_AUTHORS}) == len(FOR_NEW_AUTHORS)
    assert {recipe.cause[:1] for recipe in ABLATIONS if recipe.cause} >= {"1", "2", "3", "4"}
