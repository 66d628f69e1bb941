"""What our runs wrote into a session, kept inside it, so that it can be replaced or taken back. Stdlib only.

Every entry knows how the project spelled the value before and what was written. An entry whose target no longer has the
written value belongs to the engineer: it is left alone. Entries are in the order of writing and are taken back from the
last to the first.

REAPER's undo takes back what a run wrote, but perhaps not this record of it. So in an open project the record keeps the
one before it, and counts only where its last run still stands (``Ledger.of``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from reaper_automix.chunks.envelopes import parse_envelope
from reaper_automix.edits import Control, RestoreControl, RestorePoints
from reaper_automix.envelope import points_between
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, PointShape, Session, Track
from reaper_automix.session_edits import control_from_spelling, control_value, perform
from reaper_automix.units import SILENCE_DB, same_level

SCHEMA = "reaper_automix.ledger/2"

MOST_PREVIOUS = 3
"""How many runs back the record follows REAPER's undo; what was undone further than that counts as the engineer's."""

VALUE_TOLERANCE = 0.005
"""A value (dB, or pan) that differs by less was not moved by hand: REAPER itself rounds when it saves."""

TIME_TOLERANCE_S = 1e-4

Target = tuple[str, str] | tuple[str, str, tuple[float, float]]
"""A control of a track, or a range of one of its envelopes."""


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

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, self.control.value

    def restoring_edit(self) -> RestoreControl:
        """Return the edit that takes this entry back."""
        return RestoreControl(self.track_id, self.control, self.was)

    def stands_on(self, track: Track) -> bool:
        """Tell whether the track still has what was written."""
        return abs(control_value(track, self.control) - self.now) <= VALUE_TOLERANCE

    def is_back_on(self, track: Track) -> bool:
        """Tell whether the track has what was there before anything of ours."""
        was = control_from_spelling(self.control, self.was)
        return abs(control_value(track, self.control) - max(was, SILENCE_DB)) <= VALUE_TOLERANCE


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

    @property
    def target(self) -> Target:
        """What this entry is about; a later entry on the same target replaces it."""
        return self.track_id, self.kind.value, self.range_s

    def restoring_edit(self) -> RestorePoints:
        """Return the edit that takes this entry back."""
        return RestorePoints(self.track_id, self.kind, self.window_s, self.was)

    def stands_on(self, track: Track) -> bool:
        """Tell whether the track still has what was written."""
        return _same_points(track.envelope(self.kind), self.kind, self.window_s, self.now)

    def is_back_on(self, track: Track) -> bool:
        """Tell whether the window holds the points that were there before anything of ours."""
        was = parse_envelope(self.was, self.kind)
        present = points_between(track.envelope(self.kind), *self.window_s)
        return _equal_points(present, was.points, self.kind)


Entry = ControlEntry | PointsEntry


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries of a session, oldest first.

    Parameters
    ----------
    entries : tuple of Entry
        What we wrote and have not taken back.
    previous : Ledger or None
        The ledger before the last run, which holds again where that run was undone; None where no undo can do that.
    """

    entries: tuple[Entry, ...] = ()
    previous: Ledger | None = None

    @classmethod
    def of(cls, session: Session) -> Ledger:
        """Read the ledger that a session carries, without runs that were undone; a damaged one counts as none.

        A ledger that cannot be read must not stop an engineer: without it our earlier writing counts as theirs.
        """
        return _standing(cls._stored(session) or cls(), session)

    @classmethod
    def is_readable(cls, session: Session) -> bool:
        """Tell whether a session carries no ledger, or one that this version understands."""
        return not session.ledger_json or cls._stored(session) is not None

    @classmethod
    def _stored(cls, session: Session) -> Ledger | None:
        """Return the ledger as it is stored; None where there is none that can be read."""
        return _parsed(session.ledger_json) if session.ledger_json else None

    def after(self, previous: Ledger) -> Ledger:
        """Return this ledger with the one before the last run, so that it outlives an undo."""
        return replace(self, previous=previous)

    def to_json(self) -> str:
        """Return one line of ASCII JSON; an empty ledger, with nothing to go back to, is an empty string."""
        if not self.entries and self.previous is None:
            return ""
        data = {"schema": SCHEMA, **_ledger_to_data(self, MOST_PREVIOUS)}
        return json.dumps(data, separators=(",", ":"), ensure_ascii=True)


@lru_cache(maxsize=4)
def _parsed(ledger_json: str) -> Ledger | None:
    try:
        data = json.loads(ledger_json)
        return _ledger_from_data(data) if data["schema"] == SCHEMA else None
    except (ValueError, KeyError, TypeError, IndexError, ProjectSyntaxError):
        return None


def _standing(ledger: Ledger, session: Session) -> Ledger:
    """Return the ledger that holds: a stored one, or the one before as many of its runs as REAPER has undone.

    Runs were undone when nothing stands of what they changed, and most of it is where it was after some earlier run, or
    before the first. A single control that the engineer put back by hand does not make an undo, unless it was all that
    the runs wrote.
    """
    tracks = {track.id: track for track in session.tracks}
    best, best_share = ledger, 0.0
    for earlier in _ancestors(ledger):
        changed = [entry for entry in _differing(ledger, earlier) if entry.track_id in tracks]
        if not changed or any(_holds(ledger, entry, tracks[entry.track_id]) for entry in changed):
            continue
        share = sum(_holds(earlier, entry, tracks[entry.track_id]) for entry in changed) / len(changed)
        if share >= 0.5 and share > best_share:
            best, best_share = earlier, share
    return best


def _ancestors(ledger: Ledger) -> Iterator[Ledger]:
    while ledger.previous is not None:
        ledger = ledger.previous
        yield ledger


def _differing(now: Ledger, earlier: Ledger) -> list[Entry]:
    """Return one entry for each target on which two ledgers differ."""
    a, b = ({entry.target: entry for entry in ledger.entries} for ledger in (now, earlier))
    return [a.get(target) or b[target] for target in {**a, **b} if not _same(a.get(target), b.get(target))]


def _same(a: Entry | None, b: Entry | None) -> bool:
    """Tell whether two entries of a target say the same values."""
    return a is not None and b is not None and a.now == b.now


def _holds(state: Ledger, entry: Entry, track: Track) -> bool:
    """Tell whether an entry's target is as a ledger says: as written there, or as it was before us."""
    own = next((e for e in reversed(state.entries) if e.target == entry.target), None)
    return entry.is_back_on(track) if own is None else own.stands_on(track)


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


def _same_points(
    envelope: Envelope | None, kind: EnvelopeKind, window_s: tuple[float, float], points: tuple[EnvelopePoint, ...]
) -> bool:
    if envelope is None or not envelope.active:
        return False
    wide_s = (window_s[0] - TIME_TOLERANCE_S, window_s[1] + TIME_TOLERANCE_S)
    present = points_between(envelope, *wide_s)
    return _equal_points(present, points, kind)


def _equal_points(present: tuple[EnvelopePoint, ...], points: tuple[EnvelopePoint, ...], kind: EnvelopeKind) -> bool:
    def same_value(a: float, b: float) -> bool:
        return same_level(a, b, VALUE_TOLERANCE) if kind.is_volume else abs(a - b) <= VALUE_TOLERANCE

    return len(present) == len(points) and all(
        abs(a.time_s - b.time_s) <= TIME_TOLERANCE_S and same_value(a.value, b.value) and a.shape == b.shape
        for a, b in zip(present, points, strict=True)
    )


def _ledger_to_data(ledger: Ledger, most_previous: int) -> dict[str, Any]:
    data: dict[str, Any] = {"entries": [_entry_to_data(entry) for entry in ledger.entries]}
    if ledger.previous is not None and most_previous > 0:
        data["previous"] = _ledger_to_data(ledger.previous, most_previous - 1)
    return data


def _ledger_from_data(data: dict[str, Any]) -> Ledger:
    previous = data.get("previous")
    entries = tuple(_entry_from_data(entry) for entry in data["entries"])
    return Ledger(entries, _ledger_from_data(previous) if previous is not None else None)


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
