"""What is learned from whom and judged on whom: each experiment is one split and one engineer, and stands by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.training.drums.baselines import (
    DirectSum,
    LoudnessNormalised,
    MicrophoneMean,
    SourceInformed,
    noise_free,
    pooled_db,
    spread_between,
)
from reaper_automix.training.drums.dataset import DrumSession, DrumSet, Floats
from reaper_automix.training.drums.fixed_vector import eight_of
from reaper_automix.training.drums.learners import (
    SHARES,
    FixedForest,
    FixedLasso,
    FixedLearner,
    FixedSvr,
    Learner,
    enough_trees,
    oob_curve,
)
from reaper_automix.training.drums.per_microphone import PerMicrophone, PerMicrophoneBoosting
from reaper_automix.training.drums.scores import score
from reaper_automix.training.drums.splits import (
    Split,
    by_performance,
    has_more,
    is_full,
    shuffled,
    without_some,
)

CEILING = "noise-free engineer (ceiling)"
FOREST, BEST_FOREST = "random forest", "random forest, best features"
PER_MICROPHONE, PER_MICROPHONE_FOREST = "per-microphone boosted trees", "per-microphone forest"
MEAN = "per-microphone mean"
OTHERS = "mean of the other engineers"
KEPT_FEATURES = 300
"""Of the fixed vector, in the second forest."""
SHARE_TREES = 60

Make = Callable[[DrumSet], Learner]
Parts = Mapping[str, Any]

LEARNERS: Mapping[str, Make] = {
    FOREST: lambda _: FixedForest(),
    BEST_FOREST: lambda _: FixedForest(n_kept=KEPT_FEATURES),
    PER_MICROPHONE: lambda drums: PerMicrophoneBoosting(drums.feature_names),
    PER_MICROPHONE_FOREST: lambda drums: PerMicrophone(drums.feature_names),
    "support vector regression": lambda _: FixedSvr(),
    "LASSO": lambda _: FixedLasso(),
}
BASELINES: Mapping[str, Make] = {
    MEAN: lambda _: MicrophoneMean(),
    "direct sum": lambda _: DirectSum(),
    "loudness normalised": lambda _: LoudnessNormalised(),
    "source separation": lambda _: SourceInformed(),
}
CLOSE: Mapping[str, Make] = {name: {**LEARNERS, **BASELINES}[name] for name in (BEST_FOREST, PER_MICROPHONE, MEAN)}
"""Those that the harder splits compare."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One split, one engineer.

    Parameters
    ----------
    kind : str
        Key of ``KINDS``.
    split : Split
        Sessions to learn from and to judge on.
    engineer : str
        Whose mixes.
    """

    kind: str
    split: Split
    engineer: str

    @property
    def key(self) -> str:
        """Unique within a set."""
        return f"{self.kind} | {self.split.name} | {self.engineer}"


def experiments(drums: DrumSet) -> list[Experiment]:
    """Return all experiments of a set.

    Each split is judged on every second engineer, in turn, and the harder ones are made on three of the ten: what
    spreads is there, in half the time.
    """
    splits = by_performance(drums.sessions)
    some = splits[::4]
    turns = [drums.engineers[turn::2] or drums.engineers for turn in range(2)]
    found = [Experiment("trees", splits[0], engineer) for engineer in drums.engineers]
    for kind, judged in (("performance", splits), ("microphones", some), ("engineer", some)):
        if kind != "engineer" or len(drums.engineers) > 1:
            found += [Experiment(kind, s, engineer) for n, s in enumerate(judged) for engineer in turns[n % 2]]
    return found


def run(drums: DrumSet, experiment: Experiment) -> Parts:
    """Return what an experiment gives, as plain values."""
    return KINDS[experiment.kind](drums, experiment)


def _sessions(drums: DrumSet, indices: Sequence[int]) -> list[DrumSession]:
    return [drums.sessions[i] for i in indices]


def _wanted(sessions: Sequence[DrumSession], engineer: str) -> list[Floats]:
    return [balanced_db(s.gains_db[engineer]) for s in sessions]


def number_of_trees(drums: DrumSet, experiment: Experiment) -> Parts:
    """Grow forests of more and more trees [1] Fig. 1, and compare the shares of features tried at a node."""
    train = [eight_of(s) for s in _sessions(drums, experiment.split.train)]
    wanted = _wanted(train, experiment.engineer)
    curve = oob_curve(train, wanted)
    shares = {
        str(share): FixedForest(n_trees=SHARE_TREES, share=share, n_kept=kept, out_of_bag=True)
        .fit(train, wanted)
        .oob_r2_
        for share, kept in ((SHARES[0], None), (SHARES[1], KEPT_FEATURES))
    }
    return {"curve": curve, "enough": enough_trees(curve), "oob_r2_by_share": shares}


def on_unseen_performances(drums: DrumSet, experiment: Experiment) -> Parts:
    """Learn from an engineer and be judged on the same engineer's mixes of other performances, other hits [1] 5.1."""
    train = [eight_of(s) for s in _sessions(drums, experiment.split.train)]
    test = [eight_of(s) for s in _sessions(drums, experiment.split.test)]
    wanted, judged = _wanted(train, experiment.engineer), _wanted(test, experiment.engineer)
    rows: dict[str, Any] = {
        CEILING: {
            "train": score(train, wanted, noise_free(train, experiment.engineer)).as_json(),
            "test": score(test, judged, noise_free(test, experiment.engineer)).as_json(),
        }
    }
    for name, make in {**LEARNERS, **BASELINES}.items():
        learner = make(drums).fit(train, wanted)
        rows[name] = {
            "train": score(train, wanted, learner.predict(train)).as_json(),
            "test": score(test, judged, learner.predict(test)).as_json(),
        }
    return {"sessions": [len(train), len(test)], "rows": rows}


def on_other_microphones(drums: DrumSet, experiment: Experiment) -> Parts:
    """Learn from kits with all eight microphones, and be judged where some are missing, shuffled, or more are there.

    ``shuffled`` takes the microphones as they come: the fixed vector knows them by their place only. ``as recorded``
    learns from sessions as they are, any number of microphones.
    """
    engineer = experiment.engineer
    whole = _sessions(drums, experiment.split.train)
    test = _sessions(drums, experiment.split.test)
    full = [s for s in test if is_full(s)]
    rng = np.random.default_rng(0)
    variants: dict[str, list[DrumSession]] = {
        "eight": [eight_of(s) for s in full],
        "some missing": [without_some(s, rng) for s in full for _ in range(2)],
        "shuffled": [shuffled(s, rng) for s in full for _ in range(2)],
        "more than eight": [s for s in test if has_more(s)],
    }
    train = [eight_of(s) for s in whole if is_full(s)]
    fitted = {name: make(drums).fit(train, _wanted(train, engineer)) for name, make in CLOSE.items()}
    found = {name: _compared(fitted, variant, engineer, name) for name, variant in variants.items() if len(variant) > 4}
    any_number = {
        name: CLOSE[name](drums).fit(whole, _wanted(whole, engineer)) for name in (BEST_FOREST, PER_MICROPHONE, MEAN)
    }
    found["as recorded"] = _compared(any_number, test, engineer, "as recorded")
    return {"sessions": [len(train), len(test)], "rows": found}


def _compared(
    fitted: Mapping[str, Learner], sessions: Sequence[DrumSession], engineer: str, variant: str
) -> dict[str, Any]:
    wanted = _wanted(sessions, engineer)
    rows = {CEILING: score(sessions, wanted, noise_free(sessions, engineer)).as_json()}
    for name, learner in fitted.items():
        by_place = variant == "shuffled" and isinstance(learner, FixedLearner)
        rows[name] = score(sessions, wanted, learner.predict(sessions, by_place=by_place)).as_json()
    return rows


def on_another_engineer(drums: DrumSet, experiment: Experiment) -> Parts:
    """Learn the mean taste of the other engineers, and be judged by one who was not there, on unseen performances."""
    others = [e for e in drums.engineers if e != experiment.engineer]
    train = [eight_of(s) for s in _sessions(drums, experiment.split.train)]
    test = [eight_of(s) for s in _sessions(drums, experiment.split.test)]
    wanted, judged = [pooled_db(s, others) for s in train], _wanted(test, experiment.engineer)
    rows = {
        CEILING: score(test, judged, noise_free(test, experiment.engineer)).as_json(),
        OTHERS: score(test, judged, spread_between(test, experiment.engineer)).as_json(),
    }
    for name, make in CLOSE.items():
        rows[name] = score(test, judged, make(drums).fit(train, wanted).predict(test)).as_json()
    return {"sessions": [len(train), len(test)], "rows": rows}


KINDS: Mapping[str, Callable[[DrumSet, Experiment], Parts]] = {
    "trees": number_of_trees,
    "performance": on_unseen_performances,
    "microphones": on_other_microphones,
    "engineer": on_another_engineer,
}
