"""Gains that change over time, evaluated for a block of samples or at any times.

A gain is a plain float while nothing moves and an array while something does, so that a session without automation
costs one multiplication per track.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reaper_automix.envelope import gain_polyline, value_polyline
from reaper_automix.session import Envelope

Gain = float | NDArray[np.float32]
"""A linear gain: constant, or one value per sample."""

_RAMP_SAMPLES = 256
"""With fewer points than one in so many samples, straight pieces are drawn one by one; else numpy interpolates."""

_HORIZON_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points joined by straight lines; before the first and after the last it holds. Equal times are a step.

    Parameters
    ----------
    times_s : ndarray, shape (n_points,)
        Not decreasing.
    values : ndarray, shape (n_points,)
        Linear gains, or the native values of a pan or mute envelope.
    """

    times_s: NDArray[np.float64]
    values: NDArray[np.float64]

    def at(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Return the values at these times; at a step the value after it."""
        return np.asarray(np.interp(np.asarray(times_s, dtype=np.float64), self.times_s, self.values))


def curve_of(envelope: Envelope | None) -> Curve | None:
    """Return an envelope as a curve (volume kinds in linear gain), or None where it changes nothing."""
    if envelope is None or not envelope.plays:
        return None
    line = gain_polyline if envelope.kind.is_volume else value_polyline
    points = line(envelope, *_extent_s(envelope))
    return Curve(np.array([p[0] for p in points]), np.array([p[1] for p in points])) if points else None


def _extent_s(envelope: Envelope) -> tuple[float, float]:
    """Return times outside of which an envelope holds its value."""
    times = [p.time_s for p in envelope.points]
    times += [t for item in envelope.automation_items for t in (item.position_s, item.end_s)]
    return min(0.0, *times) - _HORIZON_S, max(times) + _HORIZON_S


class Clock(Protocol):
    """The moments at which gains are wanted."""

    def follow(self, curve: Curve) -> Gain:
        """Return the curve's values at these moments, a float where they are all the same."""
        ...


class BlockClock:
    """The samples of one block.

    Parameters
    ----------
    start_sample, n_samples : int
        The block; sample 0 is at 0 s of the curves.
    sample_rate_hz : int
        Samples per second.
    """

    def __init__(self, start_sample: int, n_samples: int, sample_rate_hz: int) -> None:
        self._start = start_sample
        self._n = n_samples
        self._rate_hz = sample_rate_hz
        self._ramp: NDArray[np.float32] | None = None

    def follow(self, curve: Curve) -> Gain:
        """Return the curve's values at the samples of the block."""
        places = curve.times_s * self._rate_hz - self._start
        first = max(int(np.searchsorted(places, 0.0, side="right")) - 1, 0)
        last = min(int(np.searchsorted(places, self._n - 1.0, side="right")), len(places) - 1)
        places, values = places[first : last + 1], curve.values[first : last + 1]
        if np.all(values == values[0]):
            return float(values[0])
        if len(places) * _RAMP_SAMPLES > self._n:
            return np.interp(np.arange(self._n), places, values).astype(np.float32)
        return self._pieces(places, values)

    def _pieces(self, places: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float32]:
        gains = np.empty(self._n, dtype=np.float32)
        edges = np.clip(np.ceil(places), 0, self._n).astype(int)
        gains[: edges[0]] = values[0]
        gains[edges[-1] :] = values[-1]
        for i in range(len(places) - 1):
            begin, end = edges[i], edges[i + 1]
            if end <= begin:
                continue
            slope = (values[i + 1] - values[i]) / (places[i + 1] - places[i])
            piece = gains[begin:end]
            np.multiply(self._counting(end - begin), np.float32(slope), out=piece)
            piece += np.float32(values[i] + slope * (begin - places[i]))
        return gains

    def _counting(self, n: int) -> NDArray[np.float32]:
        """Return 0, 1, 2 ...: made once per block, float32 is exact to 2**24."""
        if self._ramp is None:
            self._ramp = np.arange(self._n, dtype=np.float32)
        return self._ramp[:n]


class TimesClock:
    """Any times in seconds."""

    def __init__(self, times_s: ArrayLike) -> None:
        self._times_s = np.asarray(times_s, dtype=np.float64)

    def follow(self, curve: Curve) -> Gain:
        """Return the curve's values at the times."""
        return curve.at(self._times_s).astype(np.float32)


def product(first: Gain, second: Gain) -> Gain:
    """Multiply two gains, without touching arrays where one of them is exactly 0 or 1."""
    for one, other in ((first, second), (second, first)):
        if isinstance(one, float) and one in (0.0, 1.0):
            return other if one else 0.0
    return _as_gain(first * second)


def total(first: Gain, second: Gain) -> Gain:
    """Add two gains, without touching arrays where one of them is exactly 0."""
    for one, other in ((first, second), (second, first)):
        if isinstance(one, float) and one == 0.0:
            return other
    return _as_gain(first + second)


def _as_gain(value: Gain | np.floating) -> Gain:
    return value.astype(np.float32, copy=False) if isinstance(value, np.ndarray) else float(value)
