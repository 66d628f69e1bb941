"""Gain, polarity and pan by their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.effects.gain import amplified
from reaper_automix.effects.pan import panned
from reaper_automix.effects.polarity import inverted
from reaper_automix.errors import PlanError

NOISE = np.random.default_rng(0).standard_normal((2, 500)).astype(np.float32)


def test_gain() -> None:
    np.testing.assert_allclose(amplified(NOISE, 20.0), 10.0 * NOISE, rtol=1e-6)
    np.testing.assert_allclose(amplified(NOISE, -6.0206), NOISE / 2.0, rtol=1e-5)
    np.testing.assert_array_equal(amplified(NOISE, 0.0), NOISE)
    assert not amplified(NOISE, -150.0).any()
    assert amplified(NOISE, -3.0).dtype == np.float32
    with pytest.raises(PlanError, match="gain_db is 25 dB: choose a value from -150 dB to 24 dB"):
        amplified(NOISE, 25.0)


def test_polarity() -> None:
    np.testing.assert_array_equal(inverted(NOISE) + NOISE, np.zeros_like(NOISE))
    assert inverted(NOISE).dtype == np.float32


@pytest.mark.parametrize(
    ("pan", "law_db", "left", "right"),
    [
        (0.0, 0.0, 1.0, 1.0),
        (-1.0, 0.0, 1.0, 0.0),
        (0.25, 0.0, 0.75, 1.0),
        (0.0, -6.0206, 0.5, 0.5),
        (1.0, -6.0206, 0.0, 1.0),
        (-0.5, -6.0206, 0.75, 0.25),
        (0.0, 6.0206, 1.0, 1.0),
        (1.0, 6.0206, 0.0, 2.0),
    ],
)
def test_pan(pan: float, law_db: float, left: float, right: float) -> None:
    expected = NOISE * np.array([[left], [right]], np.float32)
    np.testing.assert_allclose(panned(NOISE, pan, law_db=law_db), expected, atol=1e-5)
    np.testing.assert_allclose(
        panned(NOISE[:1], pan, law_db=law_db), np.repeat(NOISE[:1], 2, axis=0) * [[left], [right]], atol=1e-5
    )
    assert panned(NOISE, pan).dtype == np.float32


def test_what_cannot_be_panned_is_refused() -> None:
    with pytest.raises(PlanError, match=r"pan is -1\.5"):
        panned(NOISE, -1.5)
    with pytest.raises(ValueError, match="expected \\(1 or 2, n_samples\\)"):
        panned(np.zeros((3, 9), np.float32), 0.0)
    assert panned(np.zeros((1, 0), np.float32), 0.3).shape == (2, 0)
