"""The four groups of instruments whose tone is known, as published [1]_, and which roles belong to them. Stdlib only.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features,
   section 4 and Table 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from reaper_automix.role_vocabulary import Role

GROUPS: Mapping[str, tuple[Role, ...]] = {
    "bass": (Role.BASS,),
    "guitar": (Role.ELECTRIC_GUITAR, Role.ACOUSTIC_GUITAR),
    "vocal": (Role.LEAD_VOCAL, Role.BACKING_VOCAL),
    "keys": (Role.PIANO, Role.KEYS, Role.SYNTH),
}
"""Synthesizers are keys, as the synth lead is in [1] Table 1."""

GROUP_WORDS = "bass, guitars, vocals and keys"


def group_of(role: Role | None) -> str | None:
    """Return the group of a role; None where it has none."""
    return next((group for group, roles in GROUPS.items() if role in roles), None)
