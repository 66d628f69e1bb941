"""The words of the project for who a track is: coarse roles, and below them drum microphones. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """What a track does in a mix, or why it is no part of one."""

    LEAD_VOCAL = "lead_vocal"
    BACKING_VOCAL = "backing_vocal"
    DRUMS = "drums"
    KICK = "kick"
    SNARE = "snare"
    HIHAT = "hihat"
    TOMS = "toms"
    OVERHEADS = "overheads"
    PERCUSSION = "percussion"
    BASS = "bass"
    ELECTRIC_GUITAR = "electric_guitar"
    ACOUSTIC_GUITAR = "acoustic_guitar"
    PIANO = "piano"
    KEYS = "keys"
    SYNTH = "synth"
    STRINGS = "strings"
    BRASS = "brass"
    FX = "fx"
    OTHER = "other"
    REFERENCE = "reference"
    CLICK = "click"
    PRINTED_MIX = "printed_mix"


UTILITY_ROLES = frozenset({Role.REFERENCE, Role.CLICK, Role.PRINTED_MIX})
"""Tracks that are not part of a balance."""

VOCAL_ROLES = frozenset({Role.LEAD_VOCAL, Role.BACKING_VOCAL})

KIT_ROLES = frozenset({Role.DRUMS, Role.KICK, Role.SNARE, Role.HIHAT, Role.TOMS, Role.OVERHEADS})
"""What the microphones of a drum kit hear, rooms (``DRUMS``) included."""


class DrumMic(str, Enum):
    """A microphone of a drum kit; toms are numbered from the highest, without a number only rack or floor is known."""

    KICK_IN = "kick_in"
    KICK_OUT = "kick_out"
    KICK_SUB = "kick_sub"
    SNARE_TOP = "snare_top"
    SNARE_BOTTOM = "snare_bottom"
    HIHAT = "hihat"
    RIDE = "ride"
    TOM_1 = "tom_1"
    TOM_2 = "tom_2"
    TOM_3 = "tom_3"
    TOM_4 = "tom_4"
    TOM_5 = "tom_5"
    TOM_6 = "tom_6"
    TOM_RACK = "tom_rack"
    TOM_FLOOR = "tom_floor"
    OVERHEAD_LEFT = "overhead_left"
    OVERHEAD_RIGHT = "overhead_right"
    ROOM = "room"

    @property
    def role(self) -> Role:
        """The coarse role of what this microphone is for."""
        if self in (DrumMic.HIHAT, DrumMic.RIDE, DrumMic.ROOM):
            return {"hihat": Role.HIHAT, "ride": Role.PERCUSSION, "room": Role.DRUMS}[self.value]
        return _MIC_GROUPS[self.value.partition("_")[0]]


_MIC_GROUPS = {"kick": Role.KICK, "snare": Role.SNARE, "tom": Role.TOMS, "overhead": Role.OVERHEADS}


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """A role, and the words of the name that say so.

    Parameters
    ----------
    role : Role
        The coarse role.
    evidence : str
        The words of the name.
    mic : DrumMic or None
        The microphone of the kit, where the name says so.
    is_weak : bool
        The words also stand beside other instruments ("Lead", "Room"): a folder knows better.
    """

    role: Role
    evidence: str
    mic: DrumMic | None = None
    is_weak: bool = False


class RoleSource(str, Enum):
    """Where a role is from; the first that says something decides, in this order."""

    ENGINEER = "engineer"
    NAME = "name"
    FILE = "file"
    FOLDER = "folder"
    AUDIO = "audio"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class TrackRole:
    """Who a track is, and how that is known.

    Parameters
    ----------
    role : Role or None
        None: unknown, and ``evidence`` says why.
    source : RoleSource
        Where it is from.
    evidence : str
        The words or numbers that say so, to show the engineer.
    mic : DrumMic or None
        The microphone of the kit, where it is one and known.
    """

    role: Role | None
    source: RoleSource
    evidence: str = ""
    mic: DrumMic | None = None

    def described(self) -> str:
        """Return the role in words: ``kick (kick_in; name: kick in)``, ``unknown (nothing says who it is)``."""
        said = f"{self.source.value}: {self.evidence}" if self.evidence else self.source.value
        if self.role is None:
            return f"unknown ({self.evidence or 'nothing says who it is'})"
        fine = f"{self.mic.value}; " if self.mic is not None and self.mic.value != self.role.value else ""
        return f"{self.role.value} ({fine}{said})"


def coarse_role(word: str) -> Role | None:
    """Return the coarse role of a word of the vocabulary, fine or coarse; None for any other word."""
    for kind in (Role, DrumMic):
        try:
            found = kind(word)
        except ValueError:
            continue
        return found if isinstance(found, Role) else found.role
    return None
