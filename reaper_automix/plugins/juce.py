"""The knobs of plug-ins made with JUCE: values in real units to positions from 0 to 1, and what is then shown.

A slider's value x stands at ((x - low) / (high - low)) ** skew, and is moved to the nearest of its steps; the word
number k of n stands at k / (n - 1). Both agree with what the plug-ins of the IEM suite show of themselves
(``tests/plugins/judges``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reaper_automix.errors import PlanError
from reaper_automix.plugins.knobs import Knob


@dataclass(frozen=True, slots=True)
class Slider:
    """A knob that shows a number.

    Parameters
    ----------
    name : str
        As the plug-in reports it.
    unit : str
        As the plug-in reports it; empty for none.
    low, high, step : float
        Range and steps, in the unit.
    decimals : int
        Of the number that it shows.
    skew : float
        Exponent of the way from a value to its position.
    """

    name: str
    unit: str
    low: float
    high: float
    step: float
    decimals: int
    skew: float = 1.0

    def nearest(self, value: float) -> float:
        """Return the nearest value that the knob can have; what is beyond its range comes to the end of it."""
        n_steps = math.floor((min(max(value, self.low), self.high) - self.low) / self.step + 0.5)
        return round(min(self.low + n_steps * self.step, self.high), 9)

    def knob(self, value: float) -> Knob:
        """Return where the knob stands for the nearest value."""
        nearest = self.nearest(value)
        position = ((nearest - self.low) / (self.high - self.low)) ** self.skew
        return Knob(self.name, position, f"{nearest:.{self.decimals}f}", self.unit)

    def value(self, values: Mapping[str, float]) -> float:
        """Return the value by the positions of all knobs; ``PlanError`` where this one is missing or not 0 to 1."""
        position = _position(self.name, values)
        return self.nearest(self.low + (self.high - self.low) * position ** (1.0 / self.skew))


@dataclass(frozen=True, slots=True)
class Choice:
    """A knob that shows one of some words.

    Parameters
    ----------
    name : str
        As the plug-in reports it.
    words : tuple of str
        What it shows, from 0 to 1.
    """

    name: str
    words: tuple[str, ...]

    def knob(self, word: str) -> Knob:
        """Return where the knob stands for a word; ``ValueError`` for one that it has not."""
        return Knob(self.name, self.words.index(word) / (len(self.words) - 1), word)

    def word(self, values: Mapping[str, float]) -> str:
        """Return the word by the positions of all knobs; ``PlanError`` where this one is missing or not 0 to 1."""
        return self.words[math.floor(_position(self.name, values) * (len(self.words) - 1) + 0.5)]


def _position(name: str, values: Mapping[str, float]) -> float:
    position = values.get(name)
    if position is None or not -1e-6 <= position <= 1.0 + 1e-6:
        was = "is missing" if position is None else f"stands at {position:g}, not from 0 to 1"
        raise PlanError(f"the knob {name!r} {was}: read the plug-in's parameters again")
    return min(max(position, 0.0), 1.0)
