"""What a processor can be set to: every parameter with its unit, range and default, declared once.

Settings are frozen dataclasses whose fields have the names of their parameters. A value outside of its range is an
error, never moved silently; ``Parameter.clamp`` is for those who mean it (plug-in maps, gradients).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reaper_automix.errors import PlanError

Scale = Literal["linear", "log"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob.

    Parameters
    ----------
    name : str
        The field's name in the settings; the unit ends it.
    unit : str
        As an engineer reads it: ``dB``, ``Hz``, ``ms``, ``:1``; empty for a plain number.
    low, high, default : float
        Range and default, in the unit.
    scale : {"linear", "log"}
        How two values are interpolated: levels and gains linearly in dB; frequencies, times and ratios in log.

    Raises
    ------
    ValueError
        If the range is empty, the default lies outside of it, or a logarithmic range starts at 0 or below.
    """

    name: str
    unit: str
    low: float
    high: float
    default: float
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        if not self.low <= self.default <= self.high or self.low == self.high:
            raise ValueError(f"{self.name}: default {self.default} does not lie in {self.low} to {self.high}")
        if self.scale == "log" and self.low <= 0.0:
            raise ValueError(f"{self.name}: a logarithmic range cannot start at {self.low}")

    def check(self, value: float) -> float:
        """Return the value as it is, or raise ``PlanError`` if it is no number or outside of the range."""
        if not self.low <= value <= self.high:  # NaN ends here as well
            raise PlanError(
                f"{self.name} is {self._text(value)}: choose a value from {self._text(self.low)} "
                f"to {self._text(self.high)}"
            )
        return value

    def clamp(self, value: float) -> float:
        """Return the nearest value of the range; ``PlanError`` for NaN."""
        if math.isnan(value):
            return self.check(value)
        return min(max(value, self.low), self.high)

    def between(self, before: float, after: float, share: float) -> float:
        """Return the value at a share of the way, 0 (before) to 1 (after), both ends exact.

        Raises
        ------
        PlanError
            If a value is outside of the range, or the share outside of 0 to 1.
        """
        self.check(before)
        self.check(after)
        _check_share(share)
        if share in (0.0, 1.0) or before == after:
            return before if share == 0.0 else after
        if self.scale == "log":
            return self.clamp(math.exp((1.0 - share) * math.log(before) + share * math.log(after)))
        return self.clamp((1.0 - share) * before + share * after)

    def _text(self, value: float) -> str:
        space = "" if self.unit in ("", ":1") else " "
        return f"{value:g}{space}{self.unit}"


def check_values(parameters: tuple[Parameter, ...], values: Mapping[str, float]) -> None:
    """Raise ``PlanError`` at the first value that is not in the range of its parameter."""
    for parameter in parameters:
        parameter.check(values[parameter.name])


def values_between(
    parameters: tuple[Parameter, ...], before: Mapping[str, float], after: Mapping[str, float], share: float
) -> dict[str, float]:
    """Return all values at a share of the way, 0 to 1; errors as ``Parameter.between``."""
    return {p.name: p.between(before[p.name], after[p.name], share) for p in parameters}


def _check_share(share: float) -> None:
    if not 0.0 <= share <= 1.0:
        raise PlanError(f"a strength of {100.0 * share:g} %: choose 0 to 100 %")
