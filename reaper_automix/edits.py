"""The elementary changes that a plan comes down to, and the three things every host can do. Stdlib only.

A plan says what should be; ``plan_writing`` decides what of it may be written and turns it into edits; a host performs
them, all or nothing. The same edits run on a project file, on a session in memory and inside REAPER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from reaper_automix.effect_settings.kinds import EffectSettings
from reaper_automix.session import EnvelopeKind, EnvelopePoint, SendMode, Session


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


@dataclass(frozen=True, slots=True)
class SetEffect:
    """Set a plug-in of ours in place; where the track has none of this id, insert it after the track's chain.

    ``plugin`` is its short name (``ReaComp``), ``tag`` the name of the instance. A host that cannot choose ids gives
    the plug-in one of its own, and writes that into the ledger in place of this one.
    """

    track_id: str
    effect_id: str
    plugin: str
    tag: str
    settings: EffectSettings


@dataclass(frozen=True, slots=True)
class RestoreEffect:
    """Take a ``SetEffect`` back: set it to what it was, or (``was`` None) remove it.

    ``had_chain``: the track had a chain of plug-ins before, though perhaps an empty one.
    """

    track_id: str
    effect_id: str
    was: EffectSettings | None
    had_chain: bool = True


@dataclass(frozen=True, slots=True)
class AddBus:
    """Make a track of this id and name at the end of the project, outside of all folders, with a fader at 0 dB."""

    track_id: str
    name: str


@dataclass(frozen=True, slots=True)
class RemoveBus:
    """Remove the track that ``AddBus`` made."""

    track_id: str


@dataclass(frozen=True, slots=True)
class SetSend:
    """Send a track to another one at a level in dB; a send that is there gets this level and mode."""

    track_id: str
    to_id: str
    level_db: float
    mode: SendMode


@dataclass(frozen=True, slots=True)
class RestoreSend:
    """Take a ``SetSend`` back: the level and mode that it had, or (None) no send."""

    track_id: str
    to_id: str
    was: tuple[float, SendMode] | None


@dataclass(frozen=True, slots=True)
class AddTake:
    """Add an audio file as a new take of an item, behind its others, and make it the active one.

    It plays from the start of the file in the way of the take that was active, ``gain_db`` louder. A host with a media
    folder copies the file there as ``name``, or under a number where that is taken, and never writes over one.
    """

    track_id: str
    item_id: str
    take_id: str
    file: str
    name: str
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class RemoveTake:
    """Take an ``AddTake`` back: remove the take, and make the one active that was. Its file stays where it is."""

    track_id: str
    item_id: str
    take_id: str
    active_id: str


Edit = (
    SetControl
    | RestoreControl
    | SetPoints
    | RestorePoints
    | SetEffect
    | RestoreEffect
    | AddBus
    | RemoveBus
    | SetSend
    | RestoreSend
    | AddTake
    | RemoveTake
)


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

    @property
    def why_no_takes(self) -> str:
        """Why this host adds no takes, for the engineer to read; empty where it does."""
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

    def has_chain(self, track_id: str) -> bool:
        """Tell whether a track has a chain of plug-ins in the project, even an empty one."""
        ...

    def writable_plugin(self, plugin: str) -> tuple[str, str]:
        """Return the plug-in to write for a wished one: itself, or the stock one with a sentence why."""
        ...

    def write(self, edits: Sequence[Edit], ledger_json: str) -> Session:
        """Perform all edits and store the ledger, or change nothing and raise; return the session as re-read.

        ``ledger_json`` is stored as it is (one line, ASCII); an empty string removes a stored one.
        """
        ...
