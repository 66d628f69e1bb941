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

from reaper_automix.errors import PlanError, ProjectSyntaxError
from reaper_automix.ledger_entries import BusEntry, EffectEntry, Entry, SendEntry, entry_from_data, entry_to_data
from reaper_automix.session import Session
from reaper_automix.session_edits import perform

SCHEMA = "reaper_automix.ledger/2"

MOST_PREVIOUS = 3
"""How many runs back the record follows REAPER's undo; what was undone further than that counts as the engineer's."""


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
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, ProjectSyntaxError, PlanError):
        return None


def _standing(ledger: Ledger, session: Session) -> Ledger:
    """Return the ledger that holds: a stored one, or the one before as many of its runs as REAPER has undone.

    Runs were undone when nothing stands of what they changed, and most of it is where it was after some earlier run, or
    before the first. A single control that the engineer put back by hand does not make an undo, unless it was all that
    the runs wrote.
    """
    best, best_share = ledger, 0.0
    for earlier in _ancestors(ledger):
        changed = [entry for entry in _differing(ledger, earlier) if _can_be_judged(entry, session)]
        if not changed or any(_holds(ledger, entry, session) for entry in changed):
            continue
        share = sum(_holds(earlier, entry, session) for entry in changed) / len(changed)
        if share >= 0.5 and share > best_share:
            best, best_share = earlier, share
    return best


def _can_be_judged(entry: Entry, session: Session) -> bool:
    """Tell whether the session says what became of an entry: a track that is gone took what we wrote along."""
    return isinstance(entry, BusEntry) or any(track.id == entry.track_id for track in session.tracks)


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


def _holds(state: Ledger, entry: Entry, session: Session) -> bool:
    """Tell whether an entry's target is as a ledger says: as written there, or as it was before us."""
    own = next((e for e in reversed(state.entries) if e.target == entry.target), None)
    if own is None:
        return entry.is_back_in(session)
    return not own.is_back_in(session) if isinstance(own, BusEntry) else own.stands_in(session)


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


def undo(session: Session, entries: Iterable[Entry], kept: Sequence[Entry] = (), *, for_good: bool = False) -> Undone:
    """Take entries back from a session in memory, the last first.

    Parameters
    ----------
    session : Session
        The session as it is.
    entries : iterable of Entry
        What to take back, oldest first.
    kept : sequence of Entry
        What to keep: with what is left alone it makes up the ledger of the session returned.
    for_good : bool
        Nothing will be written in its place: a plug-in with an envelope on a knob, which would go with it, is left.
    """
    tracks = {track.id for track in session.tracks}
    restored: list[Entry] = []
    left_alone: list[Entry] = []
    for entry in reversed(tuple(entries)):
        if entry.track_id not in tracks or (isinstance(entry, SendEntry) and entry.to_id not in tracks):
            continue  # the track was deleted, by hand or with a bus of ours, and what we wrote with it
        if not entry.stands_in(session) or (for_good and _holds_automation(entry, session)):
            left_alone.append(entry)
            continue
        session = perform(session, [entry.restoring_edit()])
        restored.append(entry)
        if isinstance(entry, BusEntry):
            tracks.discard(entry.track_id)
    left = Ledger((*kept, *left_alone[::-1]))
    session = replace(session, ledger_json=left.to_json())
    return Undone(session, tuple(restored), tuple(left_alone), tuple(kept))


def _holds_automation(entry: Entry, session: Session) -> bool:
    if not isinstance(entry, EffectEntry) or entry.was is not None:
        return False
    slot = session.track(entry.track_id).effect(entry.effect_id)
    return slot is not None and slot.automated


def _ledger_to_data(ledger: Ledger, most_previous: int) -> dict[str, Any]:
    data: dict[str, Any] = {"entries": [entry_to_data(entry) for entry in ledger.entries]}
    if ledger.previous is not None and most_previous > 0:
        data["previous"] = _ledger_to_data(ledger.previous, most_previous - 1)
    return data


def _ledger_from_data(data: dict[str, Any]) -> Ledger:
    if not isinstance(data, dict):
        raise TypeError(f"a ledger is no {type(data).__name__}")
    previous = data.get("previous")
    entries = tuple(entry_from_data(entry) for entry in data["entries"])
    return Ledger(entries, _ledger_from_data(previous) if previous is not None else None)
