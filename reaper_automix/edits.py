"""The elementary changes that a plan comes down to, and the three things every host can do. Stdlib only.

A plan says what should be; ``plan_writing`` decides what of it may be written and turns it into edits; a host performs
them, all or nothing. The same edits run on a project file, on a session in memory and inside REAPER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from reaper_automix.session import EnvelopeKind, EnvelopePoint, Session


class Control(str, Enum):
    """A plain control of a track."""

    FADER = "fader"
    PAN = "pan"
    POLARITY = "polarity"


@dataclass(frozen=True, slots=True)
class SetControl:
    """Set a control: a level in dB for the fader, -1..+1 for pan, 0 or 1 (inverted) for polarity."""

    track_id: str
    control: Control
    value: float


@dataclass(frozen=True, slots=True)
class RestoreControl:
    """Write a control back exactly as the project spelled it before (``was`` is what ``Host.spelling`` returned)."""

    track_id: str
    control: Control
    was: str


@dataclass(frozen=True, slots=True)
class SetPoints:
    """Replace the points of an envelope inside a window, ends included, and make the envelope active and visible.

    ``points`` are sorted, lie inside ``window_s`` and hold any guard points; an envelope that is missing is created.
    Values are dB for volume envelopes, -1..+1 for pan. Everything outside the window stays as it is.
    """

    track_id: str
    kind: EnvelopeKind
    window_s: tuple[float, float]
    points: tuple[EnvelopePoint, ...]


@dataclass(frozen=True, slots=True)
class RestorePoints:
    """Take a ``SetPoints`` back: empty its window and put back what was there.

    ``was`` is what ``Host.envelope_spelling`` returned before the edit. An envelope that the edit created is removed
    when no point is left; the ACT, VIS and ARM lines return to what they were.
    """

    track_id: str
    kind: EnvelopeKind
    window_s: tuple[float, float]
    was: tuple[str, ...]


Edit = SetControl | RestoreControl | SetPoints | RestorePoints


class Host(Protocol):
    """Where a session lives. Project files, folders, memory and an open REAPER look the same from here.

    A host that cannot be written raises ``SessionError`` from ``write`` with the next step.
    """

    @property
    def has_undo(self) -> bool:
        """Whether the user can undo what is written, so that the record has to say what held before."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What writing did beyond the edits (a backup, say), in words for the user."""
        ...

    def read_session(self) -> Session:
        """Return the session as it is now."""
        ...

    def keep_roles(self, roles_json: str) -> None:
        """Have the project keep what the engineer said of roles; a file has it after the next ``write``."""
        ...

    def spelling(self, track_id: str, control: Control) -> str:
        """Return a control's value as the project itself spells it (a linear gain, say), for an exact way back."""
        ...

    def envelope_spelling(self, track_id: str, kind: EnvelopeKind, window_s: tuple[float, float]) -> tuple[str, ...]:
        """Return the lines of an envelope that ``SetPoints`` on this window would replace; empty if there is none.

        The lines are those of a state chunk: ``ACT``, ``VIS`` and ``ARM`` first, then each ``PT`` inside the window.
        """
        ...

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Perform all edits and store the ledger, or change nothing and raise; return the session as re-read.

        ``ledger_json`` is stored as it is (one line, ASCII); an empty string removes a stored one.
        """
        ...
