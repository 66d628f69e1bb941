"""Synthetic media and short spellings of sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from reaper_automix.session import Item, Session, Source, Take, Track

RATE_HZ = 48000


@pytest.fixture
def write_audio(tmp_path: Path) -> Callable[..., Path]:
    """Write float32 (n_channels, n) as a file; float WAV unless told otherwise."""

    def write(name: str, audio: np.ndarray, rate_hz: int = RATE_HZ, **kwargs: Any) -> Path:
        path = tmp_path / name
        if path.suffix == ".wav" and "subtype" not in kwargs:
            kwargs["subtype"] = "FLOAT"
        sf.write(path, np.atleast_2d(audio).T, rate_hz, **kwargs)
        return path

    return write


@pytest.fixture
def noise() -> Callable[..., np.ndarray]:
    def make(n_samples: int, n_channels: int = 2, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return (rng.standard_normal((n_channels, n_samples)) * 0.1).astype(np.float32)

    return make


@pytest.fixture
def item_of() -> Callable[..., Item]:
    """Make an item that plays a file; keywords ``take_...`` and ``source_...`` go to its take and source."""

    def make(path: Path | str | None, length_s: float, position_s: float = 0.0, **kwargs: Any) -> Item:
        source = {k.removeprefix("source_"): kwargs.pop(k) for k in list(kwargs) if k.startswith("source_")}
        take = {k.removeprefix("take_"): kwargs.pop(k) for k in list(kwargs) if k.startswith("take_")}
        if kwargs.get("loop") is not None:
            kwargs["loop_source"] = kwargs.pop("loop")
        made_source = Source(source.pop("kind", "WAVE"), None if path is None else str(path), **source)
        return Item(
            id=kwargs.pop("id", "item"),
            position_s=position_s,
            length_s=length_s,
            takes=(Take(id="take", name="take", source=made_source, **take),),
            **kwargs,
        )

    return make


@pytest.fixture
def track_of() -> Callable[..., Track]:
    def make(track_id: str, *items: Item, **kwargs: Any) -> Track:
        return Track(id=track_id, name=kwargs.pop("name", track_id), items=items, **kwargs)

    return make


@pytest.fixture
def session_of() -> Callable[..., Session]:
    def make(*tracks: Track, **kwargs: Any) -> Session:
        numbered = tuple(replace(t, number=i) for i, t in enumerate(tracks, start=1))
        return Session(tracks=numbered, **kwargs)

    return make
