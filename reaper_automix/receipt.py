"""What was written, what was not, and why: the answer to every apply and revert. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """What became of one move."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    RESTORED = "restored"
    LEFT_ALONE = "left alone"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one move: on which track, which control, and a sentence where there is something to say."""

    track: str
    what: str
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcomes of one run, in order, and notes on the whole."""

    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()

    def count(self, status: Status) -> int:
        """Return how many moves ended so."""
        return sum(outcome.status == status for outcome in self.outcomes)

    def with_status(self, *statuses: Status) -> tuple[Outcome, ...]:
        """Return the outcomes that ended in one of these ways."""
        return tuple(outcome for outcome in self.outcomes if outcome.status in statuses)

    def lines(self) -> list[str]:
        """Return the receipt in words, one line per outcome and note."""
        told = [f"{o.track}: {o.what} {o.status.value}{': ' + o.detail if o.detail else ''}" for o in self.outcomes]
        return [*told, *self.notes]
