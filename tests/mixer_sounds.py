"""Sounds of known shape, and what a mixer hears of a session made of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reaper_automix.analysis.measurement import Measurement, measure
from reaper_automix.analysis.roles import role_of
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.scope import choose_scope
from reaper_automix.session import Item, Session, Source, Take, Track

RATE_HZ = 8000
LENGTH_S = 8.0


def noise(level_db: float = -20.0, *, pause: float = 0.0, click: float = 0.0, low: bool = False) -> np.ndarray:
    """Return mono noise, float32 (1, n_samples): perhaps with a pause first, clicks, or a heavy bottom."""
    audio = np.random.default_rng(7).standard_normal(int(LENGTH_S * RATE_HZ)) * 0.1
    if low:
        audio = np.convolve(audio, np.ones(64) / 8.0, mode="same")
    audio[: int(pause * audio.size)] = 0.0
    audio[-RATE_HZ::400] += click
    return (audio * 10.0 ** ((level_db + 20.0) / 20.0)).astype(np.float32)[None]


def sound(level_db: float = -20.0, *, pause: float = 0.0, click: float = 0.0, low: bool = False) -> Measurement:
    """Measure such a noise."""
    block = noise(level_db, pause=pause, click=click, low=low)
    return measure([block], RATE_HZ, 1, start_s=0.0, n_samples=block.shape[1])


def hear(sounds: Mapping[str, Measurement], only: tuple[str, ...] = ()) -> Hearing:
    """Hear tracks by name; ``only`` names those in scope."""
    takes = (Take("{t}", "", Source("WAVE", "a.wav")),)
    tracks = tuple(Track(name, name, items=(Item("{i}", 0.0, LENGTH_S, takes=takes),)) for name in sounds)
    session = Session(tracks=tracks)
    roles = {name: role for name in sounds if (role := role_of(name)) is not None}
    return Hearing(session, choose_scope(session, wanted=only), sounds, roles)
