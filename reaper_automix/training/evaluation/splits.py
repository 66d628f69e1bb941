"""Which songs a predictor learns from before it is judged on others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.songs import Example

ALL = "all"


@dataclass(frozen=True, slots=True)
class Fold:
    """Songs to learn from, and songs to be judged on, which share nothing that the split forbids."""

    train: tuple[Example, ...]
    test: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A way of dividing the songs.

    Parameters
    ----------
    kind : str
        ``leave_one_song_out``, ``leave_one_author_out`` or ``across``.
    trained_on, tested_on : str
        The names of corpora, or ``all``.
    """

    kind: str
    trained_on: str
    tested_on: str
    folds: tuple[Fold, ...]


def splits_of(examples: Sequence[Example]) -> Iterator[Split]:
    """Yield every split that these songs allow; only songs of usage ``train`` are ever learned from."""
    corpora = sorted({example.corpus for example in examples})
    for corpus in corpora:
        inside = [example for example in examples if example.corpus == corpus]
        yield from _kept(Split("leave_one_song_out", corpus, corpus, _by_song(inside)))
        if len({example.author for example in inside}) > 1:
            yield from _kept(Split("leave_one_author_out", corpus, corpus, _by_author(inside, inside)))
    for first, second in permutations(corpora, 2):
        yield from _kept(Split("across", first, second, _across(examples, first, second)))
    if len(corpora) > 1:
        for corpus in (*corpora, ALL):
            tested = [example for example in examples if corpus in (ALL, example.corpus)]
            yield from _kept(Split("leave_one_author_out", ALL, corpus, _by_author(examples, tested)))


def _kept(split: Split) -> Iterator[Split]:
    """Yield a split without the folds that have nothing to learn from."""
    if folds := tuple(fold for fold in split.folds if fold.train and fold.test):
        yield Split(split.kind, split.trained_on, split.tested_on, folds)


def _by_song(examples: Sequence[Example]) -> tuple[Fold, ...]:
    return tuple(Fold(_learnable(e for e in examples if e is not tested), (tested,)) for tested in examples)


def _by_author(examples: Sequence[Example], tested: Sequence[Example]) -> tuple[Fold, ...]:
    authors = sorted({example.author for example in tested})
    return tuple(
        Fold(_learnable(e for e in examples if e.author != author), tuple(e for e in tested if e.author == author))
        for author in authors
    )


def _across(examples: Sequence[Example], first: str, second: str) -> tuple[Fold, ...]:
    """Return folds that learn from one corpus; an author who is in both is not judged on their own songs."""
    learned = [example for example in examples if example.corpus == first]
    tested = [example for example in examples if example.corpus == second]
    authors = {example.author for example in learned}
    strangers = tuple(example for example in tested if example.author not in authors)
    known = [example for example in tested if example.author in authors]
    return (Fold(_learnable(learned), strangers), *_by_author(learned, known))


def _learnable(examples: Iterable[Example]) -> tuple[Example, ...]:
    return tuple(example for example in examples if example.usage is Usage.TRAIN)
