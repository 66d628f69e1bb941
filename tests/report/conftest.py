"""Reports to render: one track, and a whole session made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reaper_automix.report import CHANGED, MixSummary, MoveRow, Report, SkipRow, TrackRow

N_COLUMNS = 1200


@pytest.fixture(scope="session")
def noise() -> tuple[tuple[float, float], ...]:
    """A waveform that no path can shorten."""
    columns = np.random.default_rng(7).uniform(0.0, 0.5, (N_COLUMNS, 2))
    return tuple((-float(low), float(high)) for low, high in columns)


@pytest.fixture
def make_track(noise: tuple[tuple[float, float], ...]) -> Callable[..., TrackRow]:
    """Return a function that makes a row like the kick's, with some fields of its own."""
    kick = TrackRow(
        id="{K}",
        name="Kick",
        depth=1,
        role="kick",
        status=CHANGED,
        reason="5.1 LU above where kicks sit.",
        fader_before_db=1.2,
        fader_after_db=-8.1,
        loudness_before_lufs=-14.3,
        loudness_after_lufs=-23.6,
        range_lu=6.4,
        true_peak_dbtp=-0.7,
        crest_factor_db=17.9,
        waveform=noise,
        gain_before_db=((0.0, 1.2),),
        gain_after_db=((0.0, -8.1), (60.0, -7.0), (120.0, -9.2)),
    )

    def make(**fields: Any) -> TrackRow:
        return replace(kick, **fields)

    return make


@pytest.fixture
def make_report(make_track: Callable[..., TrackRow]) -> Callable[..., Report]:
    """Return a function that makes a report of one track, with some fields of its own."""
    plain = Report(
        title="Harbour Lights",
        session_path="/music/Harbour Lights.RPP",
        mixer="balance",
        created="2026-03-01T14:05:22+00:00",
        strength_percent=80.0,
        start_s=0.0,
        end_s=187.2,
        tempo_bpm=117.5,
        summary=MixSummary(-18.2, -18.2, -1.4, -1.9, 6.3, 7.1),
        tracks=(make_track(),),
        moves=(MoveRow("Kick", "fader", "1.2 dB", "-8.1 dB", "5.1 LU above where kicks sit."),),
        warnings=("Keys: judged dry.",),
        skipped=(SkipRow("Click", "track", "a click", "Select it to include it."),),
        outputs=(("Project", "/music/Harbour Lights-automix.RPP"),),
    )

    def make(**fields: Any) -> Report:
        return replace(plain, **fields)

    return make
