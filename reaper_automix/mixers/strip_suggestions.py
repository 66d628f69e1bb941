"""Which channel strip each track of a song is suggested, and which reverb they share: who answers, and in which form.

Suggestions are for tracks at ``balance_features.REFERENCE_LUFS``; whoever writes them moves thresholds and faders by
what brings the track there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.roles import Role
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.mixers.role_offsets import load_role_offsets
from reaper_automix.mixers.strip_controller import (
    load_strip_controller,
    on_both_sides,
    strip_controller_is_proven,
    strip_faders,
)
from reaper_automix.mixers.strip_excerpts import Heard
from reaper_automix.mixers.strip_parameters import (
    StripSettings,
    neutral_reverb_vector,
    neutral_vector,
    reverb_from,
    settings_from,
)

StripSource = Literal["auto", "usual", "learned"]
Faders = Literal["own", "roles"]
"""Whose levels the controller's strips have: its own, or those of the role mean."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A strip per track, and the reverb.

    Parameters
    ----------
    strips : tuple of StripSettings
        For tracks at the common loudness, in their order; a silent one is left neutral.
    reverb : ReverbSettings
        On its bus.
    source : str
        Who says so, for an engineer to read.
    faders_are_loudness : bool
        Whether a fader says how loud the track shall be behind equaliser and compressor, and not what is done to what
        comes out of them.
    """

    strips: tuple[StripSettings, ...]
    reverb: ReverbSettings
    source: str
    faders_are_loudness: bool = False


def suggested(heard: Heard, roles: Sequence[Role | None], source: StripSource = "auto") -> Suggestion:
    """Return the strips of a song's tracks.

    Parameters
    ----------
    heard : Heard
    roles : sequence of Role or None
        Of each track.
    source : {"auto", "usual", "learned"}
        ``usual`` knows roles alone, and only their levels; ``auto`` is the controller where it is proven.

    Raises
    ------
    ModelError
        If a shipped model is missing or damaged.
    """
    if source == "learned" or (source == "auto" and strip_controller_is_proven()):
        return _learned(heard, roles)
    strips = [settings_from(neutral_vector())] * len(roles)
    reverb = reverb_from(neutral_reverb_vector())
    return Suggestion(_by_role(strips, roles), reverb, "usual for its role", faders_are_loudness=True)


def _learned(heard: Heard, roles: Sequence[Role | None]) -> Suggestion:
    vectors, reverb = load_strip_controller().vectors(heard)
    strips = [settings_from(vector) for vector in vectors]
    source = "the console's controller"
    if strip_faders() == "roles":
        return Suggestion(_by_role(strips, roles), reverb_from(reverb), source, faders_are_loudness=True)
    pans = on_both_sides(_numbers([s.pan for s in strips]), _numbers([s.fader_db for s in strips]))
    placed = tuple(replace(strip, pan=float(pan)) for strip, pan in zip(strips, pans, strict=True))
    return Suggestion(placed, reverb_from(reverb), source)


def _by_role(strips: Sequence[StripSettings], roles: Sequence[Role | None]) -> tuple[StripSettings, ...]:
    """Return strips whose faders are the usual levels of their roles, at the centre."""
    offsets = load_role_offsets()
    return tuple(
        replace(strip, fader_db=offsets.offset_db(role), pan=0.0) for strip, role in zip(strips, roles, strict=True)
    )


def _numbers(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, np.float64)
