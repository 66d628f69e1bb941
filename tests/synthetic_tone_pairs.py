"""Small pairs of raw and stem for the tests of tone: noises of two colours that end up alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reaper_automix.analysis.roles import Role
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.tone.groups import Source
from reaper_automix.training.tone.pairs import LOUDNESS_LUFS, RATE_HZ, Pair, at_loudness, variants_of

SECONDS = 1.2
STEM_DB = 4.0
DARK_DB, BRIGHT_DB = -8.0, 8.0


def made_pair(number: int, *, group: str = "bass", corpus: str = "lmms", author: str = "") -> Pair:
    """A pair whose stem has a high shelf of ``STEM_DB``, whatever that of the raw track was: dark or bright."""
    rng = np.random.default_rng(number)
    noise = rng.normal(0.0, 0.1, round(SECONDS * RATE_HZ)).astype(np.float32)
    noise *= np.float32(1.0) + np.sin(np.arange(noise.size) / 4_000.0).astype(np.float32)
    both = [_shelved(noise, gain_db) for gain_db in (DARK_DB if number % 2 else BRIGHT_DB, STEM_DB)]
    raw, stem = (at_loudness(one, LOUDNESS_LUFS) for one in both)
    assert raw is not None
    assert stem is not None
    usage = Usage.TRAIN if corpus == "lmms" else Usage.EVALUATE
    about = (corpus, f"song {number}", "raw", author or f"author {number % 4}", "CC0-1.0", usage, group, Role.BASS)
    source = Source(*about, (Path("raw.wav"),), Path("stem.wav") if corpus == "raw-and-mix" else None)
    return Pair(source, raw, stem, variants_of(raw, stem, rng, (-1.0, 0.0, 1.0)) if usage is Usage.TRAIN else None)


def _shelved(noise: np.ndarray, gain_db: float) -> np.ndarray:
    shelf = EqualiserSettings((Band("high_shelf", 2_000.0, gain_db, 0.7),))
    return Equaliser(shelf, RATE_HZ, 1).process(noise[np.newaxis])[0]
