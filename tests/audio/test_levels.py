"""Levels of arrays are those of the scalars, element by element."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix import units
from reaper_automix.audio import levels

decibels = st.lists(st.floats(-400.0, 200.0) | st.just(-math.inf), min_size=1).map(np.array)


@given(decibels)
def test_gains_and_energies_are_those_of_the_units(level_db: np.ndarray) -> None:
    assert levels.db_to_lin(level_db) == pytest.approx([units.db_to_lin(float(level)) for level in level_db], rel=1e-14)
    assert levels.db_to_energy(level_db) == pytest.approx(
        [units.db_to_energy(float(level)) for level in level_db], rel=1e-14
    )


@given(st.lists(st.floats(0.0, 1e20), min_size=1).map(np.array))
def test_levels_are_those_of_the_units(energy: np.ndarray) -> None:
    assert levels.energy_to_db(energy) == pytest.approx([units.energy_to_db(float(each)) for each in energy], abs=1e-9)


@pytest.mark.parametrize("convert", [levels.db_to_lin, levels.db_to_energy, levels.energy_to_db])
def test_shape_and_type_stay(convert) -> None:
    for dtype in (np.float32, np.float64):
        converted = convert(np.ones((2, 3), dtype))
        assert converted.dtype == dtype
        assert converted.shape == (2, 3)
