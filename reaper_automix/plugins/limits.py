"""Settings brought within the reach of a plug-in, with a sentence for each that was moved."""

from __future__ import annotations


def within(value: float, low: float, high: float, what: str, unit: str, said: list[str]) -> float:
    """Return the value, or the end of the range that it is beyond; then a sentence is added to ``said``."""
    if low <= value <= high:
        return value
    nearest = low if value < low else high
    space = f" {unit}" if unit else ""
    said.append(f"{what} was to be {value:g}{space}; the plug-in ends at {nearest:g}{space}.")
    return nearest
