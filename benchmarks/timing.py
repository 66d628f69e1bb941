"""Timing of several ways to do the same, in turns, so that a busy moment of the machine does not hit one alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.rows import Figure

Call = Callable[[], object]

SHORTEST_S = 0.005
"""A call that is shorter is made several times in a row: clocks are coarse."""


@dataclass(frozen=True, slots=True)
class Race:
    """What several contenders took, in seconds, round by round.

    Parameters
    ----------
    times_s : mapping of str to tuple of float
        Equally many per contender; entry k of all was measured in the same round.
    """

    times_s: Mapping[str, tuple[float, ...]]

    def figure(self, name: str, *, unit: str = "ms", per: float = 1.0) -> Figure:
        """Return what a contender took, ``per`` (seconds of audio, say)."""
        scale = 1_000.0 if unit.startswith("ms") else 1.0
        return Figure.of(name, unit, (scale * t / per for t in self.times_s[name]))

    def ratio(self, other: str, ours: str = "ours") -> Figure:
        """Return how many times longer the other one takes, compared round by round."""
        pairs = zip(self.times_s[other], self.times_s[ours], strict=True)
        return Figure.of("", "x", (theirs / mine for theirs, mine in pairs))


def race(contenders: Mapping[str, Call], rounds: int, *, clock: Callable[[], float] = time.process_time) -> Race:
    """Run all contenders in turns.

    Parameters
    ----------
    contenders : mapping of str to callable
        What to do, by name.
    rounds : int
        How often; one more round comes first and does not count: it compiles and fills caches.
    clock : callable
        By default the processor time of this process: on one thread it is what a quiet machine would take, more or
        less, whatever else runs.
    """
    times_s: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, call in contenders.items():
            taken_s = _taken_s(call, clock)
            if number:
                times_s[name].append(taken_s)
    return Race({name: tuple(taken) for name, taken in times_s.items()})


def _taken_s(call: Call, clock: Callable[[], float]) -> float:
    start_s, calls = clock(), 0
    while True:
        call()
        calls += 1
        taken_s = clock() - start_s
        if taken_s >= SHORTEST_S:
            return taken_s / calls
