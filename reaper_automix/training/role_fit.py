"""Fit the forest that hears roles, judge it on authors it never saw, and choose how sure it has to be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from reaper_automix.analysis.role_audio import DRUM_CLASSES, Forest, RoleClassifier
from reaper_automix.analysis.roles import Role
from reaper_automix.training.corpora.gm_midi import GmMidiCorpus
from reaper_automix.training.role_examples import Example, weights_of

N_TREES = 120
FEWEST_IN_LEAF = 3
ASKED_SHARE = 0.2
"""Of the features, tried at each node."""
WANTED_RIGHT = 0.9
"""Of the answers that are given at a threshold, on authors that were left out."""
FEWEST_ANSWERS = 4
LEAST_SURE = 0.5
"""Likelier than everything else together, however often less was enough."""
ONE_SOUND = frozenset({GmMidiCorpus.name})
"""Corpora whose songs are all played by the same instruments: an author left out is not a sound left out."""
NEVER = 2.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A track with its label, and what a classifier that never saw its author says."""

    corpus: str
    author: str
    label: Role
    shares: dict[Role, float]

    @property
    def best(self) -> Role:
        """The class with the highest share."""
        return next(iter(self.shares))

    @property
    def maker(self) -> str:
        """Who made the sound: the author, or one sound font for all authors of its songs."""
        return self.corpus if self.corpus in ONE_SOUND else self.author

    @property
    def drums_share(self) -> float:
        """Of all drum classes together."""
        return sum(share for role, share in self.shares.items() if role in DRUM_CLASSES)


def fit(examples: Sequence[Example], *, seed: int = 0) -> tuple[Forest, tuple[Role, ...]]:
    """Fit a forest; return it with its classes."""
    model = ExtraTreesClassifier(
        N_TREES, min_samples_leaf=FEWEST_IN_LEAF, max_features=ASKED_SHARE, random_state=seed, n_jobs=1
    )
    features = np.stack([e.features for e in examples])
    model.fit(features, [e.role.value for e in examples], sample_weight=weights_of(examples))
    return to_arrays(model), tuple(Role(name) for name in model.classes_)


def to_arrays(model: ExtraTreesClassifier) -> Forest:
    """Return the trees of a fitted model as arrays, all nodes in one row."""
    trees = [estimator.tree_ for estimator in model.estimators_]
    roots = np.cumsum([0, *(t.node_count for t in trees[:-1])]).astype(np.int32)
    own = [np.arange(t.node_count) for t in trees]
    below = [np.where(t.children_left < 0, n, t.children_left) + r for t, n, r in zip(trees, own, roots, strict=True)]
    above = [np.where(t.children_left < 0, n, t.children_right) + r for t, n, r in zip(trees, own, roots, strict=True)]
    values = np.concatenate([t.value[:, 0, :] for t in trees])
    return Forest(
        feature=np.concatenate([np.where(t.children_left < 0, -1, t.feature) for t in trees]).astype(np.int16),
        threshold=np.concatenate([t.threshold for t in trees]).astype(np.float32),
        below=np.concatenate(below).astype(np.int32),
        above=np.concatenate(above).astype(np.int32),
        shares=(values / values.sum(axis=1, keepdims=True)).astype(np.float32),
        roots=roots,
    )


def judge(forest: Forest, classes: tuple[Role, ...], examples: Sequence[Example]) -> list[Judged]:
    """Return what a forest says of whole tracks."""
    classifier = RoleClassifier(forest, classes, {}, NEVER)
    whole = [e for e in examples if e.is_whole]
    return [Judged(e.corpus, e.author, e.role, classifier.shares(e.features)) for e in whole]


def leave_authors_out(examples: Sequence[Example]) -> Iterator[Judged]:
    """Yield the sure tracks of each author, judged by a forest that never saw this author."""
    for author in sorted({e.author for e in examples}):
        held = [e for e in examples if e.author == author and e.is_sure]
        rest = [e for e in examples if e.author != author and e.is_sure]
        if held and rest:
            yield from judge(*fit(rest), held)


def lone_classes(examples: Sequence[Example]) -> frozenset[Role]:
    """Return the classes that one author alone has: without this author nothing could know them."""
    authors: dict[Role, set[str]] = defaultdict(set)
    for example in examples:
        if example.is_sure:
            authors[example.role].add(example.author)
    return frozenset(role for role, some in authors.items() if len(some) == 1)


def leave_songs_out(examples: Sequence[Example], classes: frozenset[Role]) -> Iterator[Judged]:
    """Yield the sure tracks of some classes, judged by a forest that never saw their song."""
    for song in sorted({(e.corpus, e.song) for e in examples if e.role in classes}):
        held = [e for e in examples if (e.corpus, e.song) == song and e.role in classes and e.is_sure]
        rest = [e for e in examples if (e.corpus, e.song) != song and e.is_sure]
        if held and rest:
            yield from judge(*fit(rest), held)


def known_answers(examples: Sequence[Example], judged: Sequence[Judged]) -> list[Judged]:
    """Return the left-out judgements that thresholds are chosen on: classes of one author with their songs left out."""
    lone = lone_classes(examples)
    return [*(j for j in judged if j.label not in lone), *leave_songs_out(examples, lone)]


def sure_shares(judged: Sequence[Judged]) -> dict[Role, float]:
    """Return from which share on each class is right often enough; a class that never is has none."""
    weights = _maker_weights(judged)
    found: dict[Role, float] = {}
    for role in sorted({j.best for j in judged}):
        answers = [Answer(j.shares[role], j.label is role, weights[j.maker]) for j in judged if j.best is role]
        if (share := _threshold(answers)) is not None:
            found[role] = share
    return found


def drums_share(judged: Sequence[Judged]) -> float:
    """Return from which share of the drum classes on a track whose best class is a drum is some drum often enough."""
    weights = _maker_weights(judged)
    answers = [
        Answer(j.drums_share, j.label in DRUM_CLASSES, weights[j.maker]) for j in judged if j.best in DRUM_CLASSES
    ]
    share = _threshold(answers)
    return NEVER if share is None else share


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its share, and what it counts among those of all authors."""

    share: float
    is_right: bool
    weight: float


def _maker_weights(judged: Sequence[Judged]) -> dict[str, float]:
    """Return what a track of each maker counts: one with many tracks does not outvote the others."""
    return {maker: number**-0.5 for maker, number in Counter(j.maker for j in judged).items()}


def _threshold(answers: Sequence[Answer]) -> float | None:
    """Return the lowest share from which on enough answers are right; None where there is none, or too few answers."""
    ranked = sorted(answers, key=lambda a: -a.share)
    if not ranked:
        return None
    shares, weights = np.asarray([a.share for a in ranked]), np.asarray([a.weight for a in ranked])
    right = np.cumsum(weights * np.asarray([a.is_right for a in ranked])) / np.cumsum(weights)
    is_last = np.append(shares[1:] < shares[:-1], True)  # answers of one share stand or fall together
    good: NDArray[np.bool_] = (right >= WANTED_RIGHT) & (np.arange(1, len(ranked) + 1) >= FEWEST_ANSWERS) & is_last
    return round(max(float(shares[np.flatnonzero(good)[-1]]), LEAST_SURE), 3) if good.any() else None


def accuracy(judged: Sequence[Judged]) -> float:
    """Return the share of tracks whose best class is the label's."""
    return sum(j.best is j.label for j in judged) / max(len(judged), 1)


def commonest_share(judged: Sequence[Judged]) -> float:
    """Return what calling every track by the commonest label of these very tracks would score."""
    return max(Counter(j.label for j in judged).values(), default=0) / max(len(judged), 1)


def confusion_lines(judged: Sequence[Judged], classifier: RoleClassifier | None = None) -> list[str]:
    """Return a table: labels in rows, answers in columns; with a classifier, unknown is an answer too."""
    answers = [(j.label.value, _answer(j, classifier)) for j in judged]
    rows = sorted({label for label, _ in answers})
    columns = sorted({answer for _, answer in answers} - {"unknown"}) + ["unknown"] * (classifier is not None)
    counts = Counter(answers)
    lines = ["label \\ answer     " + " ".join(f"{c[:8]:>8}" for c in columns)]
    return lines + [f"{r:18} " + " ".join(f"{counts[r, c] or '.':>8}" for c in columns) for r in rows]


def answer_scores(judged: Sequence[Judged], classifier: RoleClassifier) -> dict[str, float]:
    """Return how many tracks get an answer and how many answers are right; ``drums`` is right for any drum."""
    given = [(j.label, a) for j in judged if (a := _answer(j, classifier)) != "unknown"]
    right = sum(a == label.value or (a == Role.DRUMS.value and label in DRUM_CLASSES) for label, a in given)
    return {
        "tracks": len(judged),
        "answered": len(given),
        "right_of_answered": round(right / len(given), 3) if given else 0.0,
    }


def _answer(judged: Judged, classifier: RoleClassifier | None) -> str:
    if classifier is None or judged.shares[judged.best] >= classifier.sure_share.get(judged.best, NEVER):
        return judged.best.value
    some_drum = judged.best in DRUM_CLASSES and judged.drums_share >= classifier.drums_share
    return Role.DRUMS.value if some_drum else "unknown"
