"""What the network is judged beside: a constant, the fixed rule, the mean level of roles, and the learned balance.

The levels of roles and the learned balance say how loud every track should be; the difference between vocal and
backing follows from the energies of the tracks at those levels. They are fitted anew without the songs, or authors,
that they are judged on: the tables that ship have seen all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reaper_automix.analysis.loudness import Energy, integrated_lufs
from reaper_automix.audio import levels
from reaper_automix.training.balance_fit import LearnedBalance
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.baselines import RoleMean
from reaper_automix.training.evaluation.songs import Example, HeardSong, Levels, Predictor, shown
from reaper_automix.training.vocal.folds import BY_SONG, Fold
from reaper_automix.training.vocal.pairs import Pair

RULE_LU = -0.5
"""Li and Lerch, section III-A1."""

CONSTANT, CONSTANT_OF_KIND, CONSTANT_OF_ALL = "constant", "constant of its kind", "constant, with lead parts"
RULE = "rule (-0.5 LU)"
ROLE_MEAN, LEARNED, FADERS = "role mean", "learned balance", "human faders (check of the sum)"
SEED = 8


def constants(pair: Pair, learned: Sequence[Pair]) -> dict[str, float]:
    """Return what constants say of a pair.

    Parameters
    ----------
    pair : Pair
        Its level is not looked at.
    learned : sequence of Pair
        Their mean; that of pairs of the same kind, vocal or lead part, where there are any.
    """
    gaps = [other.gap_lu for other in learned]
    same = [other.gap_lu for other in learned if other.kind == pair.kind]
    return {CONSTANT: float(np.mean(gaps)), CONSTANT_OF_KIND: float(np.mean(same or gaps)), RULE: RULE_LU}


def balances(fold: Fold, pairs: Sequence[Pair], songs: Sequence[HeardSong]) -> dict[str, dict[str, float]]:
    """Return, by pair and baseline, the differences in LU that balances predict for the pairs of a fold.

    Parameters
    ----------
    fold : Fold
    pairs : sequence of Pair
    songs : sequence of HeardSong
        All songs, those without a pair too: there is a balance to learn from them.
    """
    rng = np.random.default_rng(SEED)
    examples = {f"{song.corpus}/{song.id}": shown(song, rng) for song in songs}
    heard = {f"{song.corpus}/{song.id}": song for song in songs}
    learned = _learned(fold, examples)
    predictors: tuple[Predictor, ...] = (RoleMean().fit(learned), LearnedBalance().fit(learned))
    named = dict(zip((ROLE_MEAN, LEARNED), predictors, strict=True))
    found: dict[str, dict[str, float]] = {}
    for pair in pairs:
        if pair.key in fold.judged and pair.key in examples:
            example = examples[pair.key]
            gains = {name: predictor.predict_gains_db(example.song) for name, predictor in named.items()}
            leads = np.array([track.id in pair.lead_ids for track in heard[pair.key].tracks])
            gains[FADERS] = example.gains_db
            found[pair.key] = {name: gap_at(example, leads, gains_db) for name, gains_db in gains.items()}
    return found


def gap_at(example: Example, leads: np.ndarray, gains_db: Levels) -> float:
    """Return the loudness of the leads minus that of all others at some gains, in LU; energies are added up."""
    sides = []
    for side in (leads, ~leads):
        parts = [
            track.measurement.block_energy * float(levels.db_to_energy(np.array(gain)))
            for track, gain, wanted in zip(example.song.tracks, gains_db, side, strict=True)
            if wanted
        ]
        sides.append(integrated_lufs(_sum_of(parts)))
    return sides[0] - sides[1]


def _learned(fold: Fold, examples: Mapping[str, Example]) -> list[Example]:
    authors = {example.author for key, example in examples.items() if key in fold.judged}
    return [
        example
        for key, example in examples.items()
        if example.usage is Usage.TRAIN
        and key not in fold.judged
        and (fold.kind == BY_SONG or example.author not in authors)
    ]


def _sum_of(energies: Sequence[Energy]) -> Energy:
    length = max((energy.shape[1] for energy in energies), default=0)
    total = np.zeros((2, length))
    for energy in energies:
        total[:, : energy.shape[1]] += energy
    return total
