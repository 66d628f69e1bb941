"""Small songs for the tests of the strips controller: tones that humans like low, noise that they like loud."""

from __future__ import annotations

import numpy as np

from reaper_automix.mixers.strip_excerpts import hear
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.strips.songs import RATE_HZ, StripSong

SECONDS = 5
JUDGED_SECONDS = 1
"""Of the tracks that are summed: these sounds go on as they begin, and the loss takes its time."""

KINDS = {"bass": 70.0, "keys": 500.0, "synth": 3000.0, "percussion": 0.0}
GAINS_DB = {"bass": -8.0, "keys": 0.0, "synth": -4.0, "percussion": 8.0}
PANS = {"bass": 0.0, "keys": 0.6, "synth": -0.6, "percussion": 0.0}


def made_song(number: int, *, author: str = "", corpus: str = "lmms", mono: bool = False) -> StripSong:
    """A song of four tracks whose human mix follows their kinds."""
    rng = np.random.default_rng(number)
    roles = tuple(KINDS)
    audio = [_audio(KINDS[role], rng) for role in roles]
    heard = hear(audio, RATE_HZ)
    norms = 10.0 ** ((-23.0 - heard.loudness_lufs) / 20.0)
    short = [a[:, : JUDGED_SECONDS * RATE_HZ] * n for a, n in zip(audio, norms, strict=True)]
    tracks = np.stack([np.repeat(track, 2, axis=0) for track in short]).astype(np.float16)
    gains_db, pans = np.array([GAINS_DB[r] for r in roles]), np.array([0.0 if mono else PANS[r] for r in roles])
    sides = np.stack([1.0 - np.maximum(pans, 0.0), 1.0 + np.minimum(pans, 0.0)], axis=1)
    sides *= 10.0 ** (gains_db / 20.0)[:, np.newaxis]
    target = np.einsum("nc,ncs->cs", sides, tracks.astype(np.float64)).astype(np.float32)
    about = (corpus, f"song {number}", author or f"author {number % 3}", "CC0-1.0", Usage.TRAIN)
    return StripSong(
        *about,
        roles,
        heard,
        gains_db,
        pans,
        np.full(len(roles), -150.0),
        tracks[np.newaxis],
        target[np.newaxis],
        not mono,
        corpus != "songs",
    )


def _audio(frequency_hz: float, rng: np.random.Generator) -> np.ndarray:
    n = SECONDS * RATE_HZ
    if not frequency_hz:
        return np.asarray(0.1 * rng.standard_normal((1, n)), np.float32)
    at_hz = frequency_hz * rng.uniform(0.8, 1.25)
    tone = sum(np.sin(2.0 * np.pi * k * at_hz * np.arange(n) / RATE_HZ) / k for k in (1, 2, 3))
    return np.asarray(0.1 * tone + 1e-4 * rng.standard_normal(n), np.float32)[np.newaxis]
