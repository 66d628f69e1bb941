"""The MixPlan: what should change in a session, from what, to what, and why. Plain data, stdlib only.

Levels are dB, times are seconds of the project. ``mixplan_json`` reads and writes the published format.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from reaper_automix.effect_settings.kinds import EffectSettings, effect_of
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.guids import guid_of
from reaper_automix.session import EnvelopeKind, SendMode
from reaper_automix.units import SILENCE_DB

_BUS_NAMESPACE = uuid.UUID("3f3f7f6e-7d55-4f0b-8a3a-0a6c5d0f1b27")

Point = tuple[float, float]
"""Time in seconds and level in dB."""


@dataclass(frozen=True, slots=True)
class TrackRef:
    """A track of the session: its id decides, its name is for the reader."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class FaderMove:
    """Set a fader. ``before_db`` None: whatever it is."""

    kind: ClassVar[str] = "fader"
    track: TrackRef
    before_db: float | None
    after_db: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PanMove:
    """Set a pan, -1 (left) to +1 (right). ``before`` None: whatever it is."""

    kind: ClassVar[str] = "pan"
    track: TrackRef
    before: float | None
    after: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PolarityMove:
    """Invert a track's polarity, or take that back. ``before`` None: whatever it is."""

    kind: ClassVar[str] = "polarity"
    track: TrackRef
    before: bool | None
    after: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EnvelopeMove:
    """Write points into an envelope between ``range_s[0]`` and ``range_s[1]``; outside nothing changes.

    ``before_points`` is what the planner saw there, and means to replace. None, or other points than are there: the
    automation that is there is kept, and the ride goes to Trim Volume.
    """

    kind: ClassVar[str] = "envelope"
    track: TrackRef
    envelope: EnvelopeKind
    range_s: tuple[float, float]
    points: tuple[Point, ...]
    before_points: tuple[Point, ...] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EffectMove:
    """Insert an effect of ours after the track's own chain, or set it in place.

    ``before`` is what the planner saw of this name, without our own earlier run: None where there was nothing.
    ``plugin`` is a short name, such as ``ReaComp``; ``tag`` the name of the instance, which begins with ``Automix: ``.
    """

    kind: ClassVar[str] = "effect"
    track: TrackRef
    plugin: str
    tag: str
    settings: EffectSettings
    before: EffectSettings | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SendMove:
    """Send a track to a bus of ours at a level in dB. ``before_db`` None: the planner saw no send."""

    kind: ClassVar[str] = "send"
    track: TrackRef
    to: str
    level_db: float
    before_db: float | None = None
    mode: SendMode = SendMode.POST_FADER
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TakeMove:
    """Add rendered audio as a new take of an item, and make it the active one; the others stay.

    It plays from the start of the file, with the gain (plus ``gain_db``), pan, playrate and envelopes of the take that
    was active. ``file`` is where the audio lies; its copy in the project's media folder is called ``name``.
    """

    kind: ClassVar[str] = "take"
    track: TrackRef
    item: TrackRef
    file: str
    name: str
    gain_db: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BusMove:
    """Make a bus track, once per project: its id follows from its name (``bus_id``)."""

    kind: ClassVar[str] = "bus"
    name: str
    reason: str = ""

    @property
    def track(self) -> TrackRef:
        """The track that it makes."""
        return bus_ref(self.name)


TrackMove = FaderMove | PanMove | PolarityMove | EnvelopeMove | EffectMove | SendMove | TakeMove | BusMove
"""A move on a track."""

Move = FaderMove | PanMove | PolarityMove | EnvelopeMove | EffectMove | SendMove | TakeMove | BusMove


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the master will measure once the plan is written; None where it was not measured."""

    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    before_loudness_lufs: float | None = None
    before_true_peak_dbtp: float | None = None


@dataclass(frozen=True, slots=True)
class MixPlan:
    """A mixer's answer for one session.

    Parameters
    ----------
    mixer : str
        The mixer that made it.
    created : str
        ISO 8601 time, UTC.
    session_path, session_fingerprint : str
        The session it was made for; an empty fingerprint fits any.
    scope_track_ids : tuple of str
        The tracks that were in scope.
    range_s : tuple of float
        The time range in scope.
    settings : mapping
        What the user asked for, with a unit in every key.
    warnings : tuple of str
        What the user should know: skipped tracks with the next step, limits that were hit.
    moves : tuple of Move
        What changes.
    predicted : Prediction
        What the master will measure.
    """

    mixer: str
    created: str
    session_path: str
    session_fingerprint: str
    scope_track_ids: tuple[str, ...]
    range_s: tuple[float, float]
    moves: tuple[Move, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    predicted: Prediction = Prediction()


def bus_ref(name: str) -> TrackRef:
    """Return the track that the bus of this name is: other moves name it so, before it is made."""
    return TrackRef(guid_of(_BUS_NAMESPACE, name), name)


def move_words(move: Move) -> tuple[str, str, str, str]:
    """Return a move in words: track, what, before, after."""
    match move:
        case FaderMove():
            return move.track.name, "fader", _db(move.before_db), _db(move.after_db)
        case PanMove():
            return move.track.name, "pan", _number(move.before), _number(move.after)
        case PolarityMove():
            return move.track.name, "polarity", _inverted(move.before), _inverted(move.after)
        case EnvelopeMove():
            before = "" if move.before_points is None else _points_words(move.before_points)
            return move.track.name, f"{move.envelope.value} envelope", before, _points_words(move.points)
        case EffectMove():
            before = "" if move.before is None else settings_words(move.before)
            return move.track.name, f"{effect_of(move.settings)} ({move.plugin})", before, settings_words(move.settings)
        case SendMove():
            return move.track.name, f"send to {move.to}", _db(move.before_db), _db(move.level_db)
        case TakeMove():
            gain = f" at {_db(move.gain_db)}" if move.gain_db else ""
            return move.track.name, f"new take of {move.item.name or 'an item'}", "", f"{move.name}{gain}"
        case BusMove():
            return move.name, "new bus", "", ""


def _points_words(points: tuple[Point, ...]) -> str:
    levels = [level for _, level in points]
    if not levels:
        return "no points"
    if len(levels) == 1:
        return f"one point at {_db(levels[0])}"
    return f"{len(levels)} points, {_db(min(levels))} to {_db(max(levels))}"


def _db(level_db: float | None) -> str:
    if level_db is None:
        return ""
    return "-inf dB" if level_db <= SILENCE_DB else f"{level_db:+.1f} dB"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _inverted(value: bool | None) -> str:
    return "" if value is None else ("inverted" if value else "normal")
