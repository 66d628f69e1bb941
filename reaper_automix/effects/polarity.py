"""The polarity switch."""

from __future__ import annotations

from reaper_automix.effects.blocks import Audio


def inverted(block: Audio) -> Audio:
    """Return samples, float32 of any shape, upside down."""
    return -block
