"""Axes for the pictures: a range of values, where a value lies in it, and the round values to label."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reaper_automix.report.wording import is_heard

TIME_STEPS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)
LEVEL_STEPS_DB = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0)

_SMALLEST_SPAN_DB = 12.0  # so that a ride of 0.3 dB does not look like a big one
_LARGEST_SPAN_DB = 48.0  # so that a fade to silence does not flatten everything else


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from ``low`` to ``high`` with a label every ``step``; ``clipped``: some values lie below ``low``."""

    low: float
    high: float
    step: float
    clipped: bool = False

    def position(self, value: float) -> float:
        """Return where a value lies, 0 (low) to 1 (high); values outside lie on the edge."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ticks(self) -> tuple[float, ...]:
        """The multiples of ``step`` on the axis."""
        first = math.ceil(self.low / self.step - 1e-6)
        last = math.floor(self.high / self.step + 1e-6)
        return tuple(n * self.step for n in range(first, last + 1))


def time_scale(start_s: float, end_s: float, *, max_steps: int = 10) -> Scale:
    """Return the time axis of a range; an empty range gets one second."""
    end_s = end_s if end_s > start_s else start_s + 1.0
    return Scale(start_s, end_s, _step((end_s - start_s) / max_steps, TIME_STEPS_S))


def gain_scale(gains_db: Iterable[float]) -> Scale:
    """Return the dB axis of one track's gain curves; closed faders fall off its lower end."""
    return _level_scale(gains_db, default_db=0.0, pad_db=1.0, max_steps=4)


def loudness_scale(loudness_lufs: Iterable[float | None]) -> Scale:
    """Return the LUFS axis on which all tracks are compared; silence has no place on it."""
    return _level_scale(filter(is_heard, loudness_lufs), default_db=-23.0, pad_db=0.5, max_steps=9)


def _level_scale(levels_db: Iterable[float | None], *, default_db: float, pad_db: float, max_steps: int) -> Scale:
    """Cover the levels with whole steps: at least 12 dB around them, at most the loudest 48 dB."""
    given = [v for v in levels_db if v is not None and not math.isnan(v)]
    heard = [v for v in given if is_heard(v)] or [default_db]
    high = max(heard) + pad_db
    low = max(min(heard) - pad_db, high - _LARGEST_SPAN_DB)
    missing = max(_SMALLEST_SPAN_DB - (high - low), 0.0) / 2.0
    low, high = low - missing, high + missing
    step = _step((high - low) / max_steps, LEVEL_STEPS_DB)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return Scale(low, high, step, clipped=any(v < low for v in given))


def _step(at_least: float, steps: tuple[float, ...]) -> float:
    return next((s for s in steps if s >= at_least), at_least)
