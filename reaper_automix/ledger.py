"""What our runs wrote into a session, kept inside it, so that it can be replaced or taken back. Stdlib only.

Every entry knows how the project spelled the value before and what was written. An entry whose target no longer has the
written value belongs to the engineer: it is left alone. Entries are in the order of writing and are taken back from the
last to the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reaper_automix.edits import Control, RestoreControl, RestorePoints
from reaper_automix.envelope import points_between
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, PointShape, Session, Track
from reaper_automix.session_edits import control_value, perform

SCHEMA = "reaper_automix.ledger/1"

VALUE_TOLERANCE = 0.005
"""A value (dB, or pan) that differs by less was not moved by hand: REAPER itself rounds when it saves."""

TIME_TOLERANCE_S = 1e-4


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """A control that was set: how it was spelled, and the value written (dB, pan or 0/1)."""

    mixer: str
    track_id: str
    control: Control
    was: str
    now: float

    @property
    def what(self) -> str:
        """Name the target in words."""
        return self.control.value

    def restoring_edit(self) -> RestoreControl:
        """Return the edit that takes this entry back."""
        return RestoreControl(self.track_id, self.control, self.was)

    def stands_on(self, track: Track) -> bool:
        """Tell whether the track still has what was written."""
        return abs(control_value(track, self.control) - self.now) <= VALUE_TOLERANCE


@dataclass(frozen=True, slots=True)
class PointsEntry:
    """Points that were written for a range, guards included: the lines that they replaced, and the points."""

    mixer: str
    track_id: str
    kind: EnvelopeKind
    range_s: tuple[float, float]
    window_s: tuple[float, float]
    was: tuple[str, ...]
    now: tuple[EnvelopePoint, ...]

    @property
    def what(self) -> str:
        """Name the target in words."""
        return f"{self.kind.value} envelope"

    def restoring_edit(self) -> RestorePoints:
        """Return the edit that takes this entry back."""
        return RestorePoints(self.track_id, self.kind, self.window_s, self.was)

    def stands_on(self, track: Track) -> bool:
        """Tell whether the track still has what was written."""
        return _same_points(track.envelope(self.kind), self.window_s, self.now)


Entry = ControlEntry | PointsEntry


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries of a session, oldest first."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, session: Session) -> Ledger:
        """Read the ledger that a session carries; a damaged or unknown one counts as none.

        A ledger that cannot be read must not stop an engineer: without it our earlier writing counts as theirs.
        """
        if not session.ledger_json:
            return cls()
        try:
            data = json.loads(session.ledger_json)
            if data["schema"] != SCHEMA:
                return cls()
            return cls(tuple(_entry_from_data(entry) for entry in data["entries"]))
        except (ValueError, KeyError, TypeError, IndexError):
            return cls()

    @classmethod
    def is_readable(cls, session: Session) -> bool:
        """Tell whether a session carries no ledger, or one that this version understands."""
        return not session.ledger_json or bool(cls.of(session).entries)

    def to_json(self) -> str:
        """Return one line of ASCII JSON; an empty ledger is an empty string."""
        if not self.entries:
            return ""
        data = {"schema": SCHEMA, "entries": [_entry_to_data(entry) for entry in self.entries]}
        return json.dumps(data, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Undone:
    """A session without some of our writing.

    Parameters
    ----------
    session : Session
        The session with the entries taken back that could be.
    restored : tuple of Entry
        What was taken back, in that order.
    left_alone : tuple of Entry
        What was changed since it was written: it is the engineer's now.
    kept : tuple of Entry
        The entries that were not asked for.
    """

    session: Session
    restored: tuple[Entry, ...]
    left_alone: tuple[Entry, ...]
    kept: tuple[Entry, ...]


def undo(session: Session, entries: Iterable[Entry], kept: Sequence[Entry] = ()) -> Undone:
    """Take entries back from a session in memory, the last first.

    Parameters
    ----------
    session : Session
        The session as it is.
    entries : iterable of Entry
        What to take back, oldest first.
    kept : sequence of Entry
        What to keep: with what is left alone it makes up the ledger of the session returned.
    """
    tracks = {track.id for track in session.tracks}
    restored: list[Entry] = []
    left_alone: list[Entry] = []
    for entry in reversed(tuple(entries)):
        if entry.track_id not in tracks:
            continue  # the track was deleted, and what we wrote with it
        if not entry.stands_on(session.track(entry.track_id)):
            left_alone.append(entry)
            continue
        session = perform(session, [entry.restoring_edit()])
        restored.append(entry)
    left = Ledger((*kept, *left_alone[::-1]))
    session = replace(session, ledger_json=left.to_json())
    return Undone(session, tuple(restored), tuple(left_alone), tuple(kept))


def _same_points(envelope: Envelope | None, window_s: tuple[float, float], points: tuple[EnvelopePoint, ...]) -> bool:
    if envelope is None or not envelope.active:
        return False
    wide_s = (window_s[0] - TIME_TOLERANCE_S, window_s[1] + TIME_TOLERANCE_S)
    present = points_between(envelope, *wide_s)
    return len(present) == len(points) and all(
        abs(a.time_s - b.time_s) <= TIME_TOLERANCE_S
        and abs(a.value - b.value) <= VALUE_TOLERANCE
        and a.shape == b.shape
        for a, b in zip(present, points, strict=True)
    )


def _entry_to_data(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, ControlEntry):
        return {
            "mixer": entry.mixer,
            "track": entry.track_id,
            "control": entry.control.value,
            "was": entry.was,
            "now": entry.now,
        }
    return {
        "mixer": entry.mixer,
        "track": entry.track_id,
        "envelope": entry.kind.value,
        "range_s": list(entry.range_s),
        "window_s": list(entry.window_s),
        "was": list(entry.was),
        "now": [[p.time_s, p.value, p.shape.value, p.tension] for p in entry.now],
    }


def _entry_from_data(data: dict[str, Any]) -> Entry:
    if "control" in data:
        float(data["was"])  # every host spells a control as a number
        return ControlEntry(
            data["mixer"], data["track"], Control(data["control"]), str(data["was"]), float(data["now"])
        )
    range_start_s, range_end_s = data["range_s"]
    start_s, end_s = data["window_s"]
    return PointsEntry(
        data["mixer"],
        data["track"],
        EnvelopeKind(data["envelope"]),
        (float(range_start_s), float(range_end_s)),
        (float(start_s), float(end_s)),
        tuple(str(line) for line in data["was"]),
        tuple(EnvelopePoint(float(t), float(v), PointShape(s), float(b)) for t, v, s, b in data["now"]),
    )
