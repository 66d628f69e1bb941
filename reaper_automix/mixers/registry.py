"""The mixers by name. A new mixer is one line here and one module beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reaper_automix.mixers import balance, rides
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.planning import GainDecision
from reaper_automix.settings import MixSettings

Decide = Callable[[Hearing, MixSettings], tuple[GainDecision, ...]]

MIXERS: Mapping[str, Decide] = {balance.NAME: balance.decide, rides.NAME: rides.decide}
"""What each mixer decides, given what it hears."""
