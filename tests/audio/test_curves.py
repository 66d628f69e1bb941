from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.audio.curves import BlockClock, Curve, TimesClock, curve_of, product, total
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint

RATE_HZ = 1000


def curve(*points):
    return Curve(np.array([p[0] for p in points], float), np.array([p[1] for p in points], float))


@pytest.mark.parametrize(
    "points",
    [
        [(0.1, 0.2), (0.9, 1.0)],
        [(0.0, 0.0), (0.5, 1.0), (0.5, 0.25), (2.0, 0.5)],
        [(0.4, 1.0), (0.4, 0.0)],
        [(-1.0, 1.0), (3.0, 2.0)],
        [(0.0103, 0.3), (0.0417, 0.9), (0.99999, 0.1)],
        [(0.001 * i, (i % 7) / 7) for i in range(1500)],
    ],
)
@pytest.mark.parametrize("start", [0, 137, 400, 500, 2500])
def test_blocks_follow_interpolation_and_steps(points, start):
    drawn = BlockClock(start, 600, RATE_HZ).follow(curve(*points))
    expected = np.interp((np.arange(600) + start) / RATE_HZ, *zip(*points, strict=True))
    np.testing.assert_allclose(np.broadcast_to(drawn, 600), expected, atol=1e-5)


def test_still_blocks_are_plain_floats():
    moving = curve((1.0, 0.5), (2.0, 0.5), (3.0, 1.0))
    assert BlockClock(0, 1000, RATE_HZ).follow(moving) == 0.5
    assert BlockClock(4000, 1000, RATE_HZ).follow(moving) == 1.0
    assert isinstance(BlockClock(2500, 1000, RATE_HZ).follow(moving), np.ndarray)
    assert TimesClock([2.5]).follow(moving).tolist() == [0.75]


def test_arithmetic_spares_zeros_and_ones():
    ramp = np.array([0.5, 1.0], np.float32)
    assert product(1.0, ramp) is ramp
    assert product(ramp, 0.0) == 0.0
    assert total(0.0, ramp) is ramp
    assert product(0.5, 0.5) == 0.25
    assert product(2.0, ramp).dtype == np.float32
    assert total(1.0, ramp).tolist() == [1.5, 2.0]


def test_envelopes_become_curves_in_linear_gain():
    points = (EnvelopePoint(1.0, 0.0), EnvelopePoint(2.0, -20.0))
    found = curve_of(Envelope(EnvelopeKind.VOLUME, points=points))
    np.testing.assert_allclose(found.at([-50.0, 1.0, 1.5, 2.0, 500.0]), [1.0, 1.0, 0.55, 0.1, 0.1], atol=1e-3)
    assert curve_of(None) is None
    assert curve_of(Envelope(EnvelopeKind.VOLUME, active=False, points=points)) is None
    assert curve_of(Envelope(EnvelopeKind.VOLUME)) is None
