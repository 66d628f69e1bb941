"""A task that the same code must learn: noise over noise, where the level difference is all that differs between songs.

Where levels are left visible, the network must find the difference; where channels are brought to their maximum, as
published, nothing of it is left in the input, and no network can do better than the constant.
"""

from __future__ import annotations

import numpy as np

from reaper_automix.analysis.mel_spectra import N_MELS
from reaper_automix.audio import levels
from reaper_automix.mixers.vocal_network import BLOCK_FRAMES
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.vocal.folds import Fold
from reaper_automix.training.vocal.pairs import VOCAL, Pair

CHECK = "check"
N_SONGS, N_JUDGED = 32, 8
BLOCKS_PER_SONG = 10
GAPS_LU = (-15.0, 3.0)
LEVELS_DB = (-10.0, 20.0)
"""Of the backing, per mel band: well inside the range of the visible input."""
SEED = 1

_ENERGIES_PER_BLOCK = 15
_DEGREES = 8


def check_fold() -> Fold:
    """Return the split of the synthetic pairs."""
    return Fold(CHECK, "synthetic", tuple(f"synthetic/{number}" for number in range(N_JUDGED)))


def synthetic_pairs() -> list[Pair]:
    """Return the pairs, each by an author of its own; always the same ones."""
    rng = np.random.default_rng(SEED)
    return [_pair(number, rng) for number in range(N_SONGS)]


def _pair(number: int, rng: np.random.Generator) -> Pair:
    gap, level = float(rng.uniform(*GAPS_LU)), float(rng.uniform(*LEVELS_DB))
    shape = (2, N_MELS, BLOCKS_PER_SONG * BLOCK_FRAMES)
    noise_db = levels.energy_to_db(rng.chisquare(_DEGREES, shape) / _DEGREES)
    tilt_db = np.linspace(5.0, -5.0, N_MELS)[:, np.newaxis]
    mels_db = noise_db + tilt_db + np.array([level + gap, level])[:, np.newaxis, np.newaxis]
    energies = np.asarray(levels.db_to_energy(np.array([[gap], [0.0]]) + level - 60.0))
    constant = np.repeat(energies, BLOCKS_PER_SONG * _ENERGIES_PER_BLOCK, axis=1)
    name = str(number)
    about = ("synthetic", name, name, "none: made by chance", Usage.TRAIN, VOCAL, "noise", (name,))
    return Pair(*about, mels_db.astype(np.float16), constant, gap)
