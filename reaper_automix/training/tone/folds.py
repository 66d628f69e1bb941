"""Which pairs are learned from and which are judged: by song and author, stricter than the segments of the paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.tone.pairs import Pair

N_FOLDS = 3
MOST_OF_ONE_AUTHOR = 0.4
"""An author of more than this share of a group's pairs cannot be left out as a whole: his songs are told apart."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Pairs of one group: those learned from share no song with those judged, and but for ``mixed`` no author.

    Parameters
    ----------
    group : str
    number : int
    judged : tuple of str
        Keys of the pairs that are judged; what may not be learned from is judged in each fold.
    mixed : tuple of str
        Authors who are on both sides with different songs.
    """

    group: str
    number: int
    judged: tuple[str, ...]
    mixed: tuple[str, ...]

    @property
    def key(self) -> str:
        """Unique among all folds."""
        return f"{self.group} {self.number}"

    def split(self, pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
        """Return the pairs that are learned from, and those that are judged."""
        own = [pair for pair in pairs if pair.source.group == self.group]
        learned = [pair for pair in own if pair.key not in self.judged and pair.variants is not None]
        return learned, [pair for pair in own if pair.key in self.judged]


def folds_of(pairs: Sequence[Pair], group: str, n_folds: int = N_FOLDS) -> list[Fold]:
    """Return folds of about as many pairs each; none where fewer than two units could be told apart."""
    own = [pair for pair in pairs if pair.source.group == group]
    free = [pair for pair in own if pair.source.usage is Usage.TRAIN]
    always = [pair.key for pair in own if pair.source.usage is not Usage.TRAIN]
    authors = Counter(pair.source.author for pair in free)
    mixed = tuple(sorted(a for a, count in authors.items() if count > MOST_OF_ONE_AUTHOR * len(free)))
    units: dict[str, list[str]] = {}
    for pair in free:
        song = f"/{pair.source.corpus}/{pair.source.song}" if pair.source.author in mixed else ""
        units.setdefault(pair.source.author + song, []).append(pair.key)
    parts: list[list[str]] = [[] for _ in range(min(n_folds, len(units)))]
    if len(parts) < 2:
        return []
    for name in sorted(units, key=lambda unit: (-len(units[unit]), unit)):
        min(parts, key=len).extend(units[name])
    return [Fold(group, number, (*sorted(part), *always), mixed) for number, part in enumerate(parts)]
