"""The mixers by name. A new mixer is one line here and one module beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reaper_automix.mixers import balance, drums, rides, strips, tone, vocal
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.planning import Decided, GainDecision
from reaper_automix.settings import MixSettings

Decide = Callable[[Hearing, MixSettings], Decided]
DecideLevels = Callable[[Hearing, MixSettings], tuple[GainDecision, ...]]


def levels_only(decide: DecideLevels) -> Decide:
    """Return a mixer that moves levels and nothing else."""
    return lambda hearing, settings: Decided(decide(hearing, settings))


MIXERS: Mapping[str, Decide] = {
    balance.NAME: levels_only(balance.decide),
    rides.NAME: levels_only(rides.decide),
    drums.NAME: drums.decide,
    vocal.NAME: vocal.decide,
    strips.NAME: strips.decide,
    tone.NAME: tone.decide,
}
"""What each mixer decides, given what it hears."""
