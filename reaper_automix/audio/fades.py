"""The curves of an item's fades.

REAPER publishes no formulas. These were measured on REAPER by its users and are used by several scripts; at the
centre (curvature 0) shape 0 is a straight line, 1 a parabola, 5 an S and 6 a steeper S; 2, 3 and 4 are bent by the
curvature alone, which REAPER itself sets to +-1 when such a shape is chosen. A fade-out is the mirrored fade-in with
the opposite curvature. Shape 7 is close to equal power.

References
----------
.. [1] Cockos forum, thread 262260 (2022): "fade curve formulas", fits to rendered fades.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reaper_automix.session import Fade

Curve = NDArray[np.float64]

_QUARTER = 1.0 - math.pi / 4.0


def fade_in_gain(fade: Fade, progress: Curve) -> NDArray[np.float32]:
    """Return the linear gain of a fade-in where ``progress`` (0 at its start, 1 at its end) of it is over."""
    return _rise(fade.shape, np.clip(progress, 0.0, 1.0), _limited(fade.curvature)).astype(np.float32)


def fade_out_gain(fade: Fade, progress: Curve) -> NDArray[np.float32]:
    """Return the linear gain of a fade-out where ``progress`` (0 at its start, 1 at its end) of it is over."""
    return _rise(fade.shape, np.clip(1.0 - progress, 0.0, 1.0), -_limited(fade.curvature)).astype(np.float32)


def _limited(curvature: float) -> float:
    return min(max(curvature, -1.0), 1.0)


def _rise(shape: int, x: Curve, c: float) -> Curve:  # [1]
    if shape == 1:
        return _parabolic(x, c)
    if shape == 2:
        return (1 + c) * x - c * x * (2 - x) if c < 0 else (1 - c) * x + c * x**2
    if shape == 5:
        bent = _bent(x, 0.25 * (c + 2))
        return np.asarray((3 - 2 * bent) * bent**2)
    if shape == 6:
        bent = _bent(x, (5 * c + 8) / 16)
        return np.where(bent <= 0.5, 8 * bent**4, 1 - 8 * (1 - bent) ** 4)
    if shape == 7:
        return _equal_power(x, c)
    return (1 + c) * x - c * (1 - (1 - x) ** 4) if c < 0 else (1 - c) * x + c * x**4


def _parabolic(x: Curve, c: float) -> Curve:
    rise = x * (2 - x)
    if c < 0:
        return np.asarray((1 + c) * rise - c * np.sqrt(1 - (1 - x) ** 8))
    return (1 - c) * rise + c * x**4


def _equal_power(x: Curve, c: float) -> Curve:
    if c < 0:
        fall = (c + 1) * (1 - x**2 * (2 - math.pi / 4 - _QUARTER * x**2)) - c * (1 - x) ** 4
        return np.sqrt(np.maximum(1 - fall**2, 0.0))
    y = (1 - x) ** 2
    return c * x**4 + (1 - c) * (1 - y * (2 - math.pi / 4 - _QUARTER * y))


def _bent(x: Curve, t: float) -> Curve:
    """Move the middle of the fade to the height ``t`` along a quadratic Bezier curve through (0, 0) and (1, 1)."""
    if t == 0.5:
        return x
    g = (np.sqrt(x * (1 - 2 * t) + t**2) - t) / (1 - 2 * t)
    return np.asarray((2 * t - 1) * g**2 + (2 - 2 * t) * g)
