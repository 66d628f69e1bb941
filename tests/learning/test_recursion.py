"""Recursions as banded systems, against the loop that they replace."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.learning.recursion import SteadyRecursion, first_order_recursion, product


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("n_steps", [1, 2, 40, 20_000])
def test_a_recursion_is_what_a_loop_gives(n, n_steps):
    rng = np.random.default_rng(n)
    factors = 0.5 * rng.standard_normal((n_steps - 1, n, n)) / np.sqrt(n)
    pushes = rng.standard_normal((n_steps - 1, n))
    state = rng.standard_normal(n)
    expected = [state]
    for factor, push in zip(factors, pushes, strict=True):
        state = factor @ state + push
        expected.append(state)

    solved = first_order_recursion(factors, pushes, expected[0])

    np.testing.assert_allclose(solved, expected, rtol=0, atol=1e-13)


def test_products_go_step_by_step():
    rng = np.random.default_rng(0)
    matrices, vectors = rng.standard_normal((4, 2, 3)), rng.standard_normal((4, 3))

    np.testing.assert_allclose(product(matrices, vectors), [m @ v for m, v in zip(matrices, vectors, strict=True)])


@pytest.mark.parametrize("lengths", [(1, 40, 3, 0), (20_000, 7)])
def test_one_factor_for_all_steps_is_the_same(lengths):
    rng = np.random.default_rng(3)
    factor = 0.4 * rng.standard_normal((3, 3))
    steady = SteadyRecursion(factor)
    for n_steps in lengths:
        pushes, first = rng.standard_normal((n_steps, 3)), rng.standard_normal(3)
        expected = first_order_recursion(np.broadcast_to(factor, (n_steps, 3, 3)), pushes, first)
        np.testing.assert_allclose(steady.solve(pushes, first), expected, rtol=0, atol=1e-13)
