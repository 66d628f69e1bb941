"""Which pairs are learned from and which are judged: by song for real vocals, by author for everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.vocal.pairs import VOCAL, Pair

BY_SONG, BY_AUTHOR = "song", "author"
MOST_GROUPS = 5
"""Of authors, and of songs where there are many: a network is trained for each."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Pairs to be judged, by their keys; what is learned from shares nothing with them that the split forbids.

    Parameters
    ----------
    kind : str
        ``song`` (vocals, each judged by a network that learned from the others) or ``author``.
    name : str
    judged : tuple of str
        Keys of pairs.
    """

    kind: str
    name: str
    judged: tuple[str, ...]

    def learned(self, pairs: Sequence[Pair], *, lead_parts: bool) -> list[Pair]:
        """Return what may be learned from, real vocals only or lead parts as well."""
        authors = {pair.author for pair in pairs if pair.key in self.judged}
        return [
            pair
            for pair in pairs
            if pair.usage is Usage.TRAIN
            and pair.key not in self.judged
            and (self.kind == BY_SONG or pair.author not in authors)
            and (lead_parts or pair.kind == VOCAL)
        ]


def by_song(pairs: Sequence[Pair]) -> list[Fold]:
    """Return a fold per real vocal that may be learned from, or groups of them where there are many."""
    keys = [pair.key for pair in pairs if pair.kind == VOCAL and pair.usage is Usage.TRAIN]
    n_groups = len(keys) if len(keys) <= 2 * MOST_GROUPS else MOST_GROUPS
    if len(keys) < 2:
        return []
    groups = [tuple(keys[number::n_groups]) for number in range(n_groups)]
    return [Fold(BY_SONG, group[0], group) for group in groups]


def by_author(pairs: Sequence[Pair]) -> list[Fold]:
    """Return groups of authors of about as many songs each; authors are never on both sides."""
    counts = Counter(pair.author for pair in pairs)
    n_groups = min(MOST_GROUPS, len(counts))
    if n_groups < 2:
        return []
    groups: list[list[str]] = [[] for _ in range(n_groups)]
    for author in sorted(counts, key=lambda author: (-counts[author], author)):
        min(groups, key=lambda group: sum(counts[a] for a in group)).append(author)
    return [
        Fold(BY_AUTHOR, f"authors {number}", tuple(pair.key for pair in pairs if pair.author in group))
        for number, group in enumerate(groups, 1)
    ]
