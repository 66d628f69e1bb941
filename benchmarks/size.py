"""How much a benchmark does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How often, and how much.

    Parameters
    ----------
    rounds : int
        How often contenders are measured beside each other; long runs are repeated less.
    quick : bool
        A second or two of audio and few tracks: shows that everything runs, its figures say nothing.
    """

    rounds: int = 5
    quick: bool = False

    def of(self, whole: float, tiny: float) -> float:
        """Return the first size, or the second where it has to be quick."""
        return tiny if self.quick else whole

    def count(self, whole: int, tiny: int) -> int:
        """Return the same for numbers of things."""
        return tiny if self.quick else whole

    @property
    def long_rounds(self) -> int:
        """How often a run of many seconds is repeated."""
        return max(self.rounds // 2, 1)
