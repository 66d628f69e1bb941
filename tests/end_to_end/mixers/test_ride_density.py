"""Rides of real songs have few points, which say what the ride says; skips where the corpus folders are missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import rides
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixplan import EnvelopeMove
from reaper_automix.pipeline import hear
from reaper_automix.planning import GainDecision, moves_from
from reaper_automix.settings import MixSettings

pytestmark = pytest.mark.data

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
SHORT_SONGS = ("crunk_demo", "surrender_main", "capdan_reggaetry")
ALL_SONGS = sorted(f.parent for f in (*SHARED.glob("songs/*/song.json"), *SHARED.glob("lmms/*/song.json")))
SONGS = [s for s in ALL_SONGS if "REAPER_AUTOMIX_ALL_SONGS" in os.environ or s.name in SHORT_SONGS]
MAX_ERROR_DB = 0.5
MOST_POINTS_PER_2_S = 1.0

needs_songs = pytest.mark.skipif(not SONGS, reason="needs the corpus folders ../shared/data/songs and lmms")


@pytest.fixture(scope="module", params=SONGS, ids=lambda folder: folder.name)
def hearing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearing]:
    """A song, heard once for both riders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield hear(StemsHost(request.param).read_session())[0]


def unthinned_db(decision: GainDecision, times_s: np.ndarray) -> np.ndarray:
    """Return a ride around the mean that the fader holds, at any time."""
    at_s, levels_db = np.array(decision.change_db).T
    weights = np.array(decision.weights) if decision.weights else np.ones(at_s.size)
    return np.interp(times_s, at_s, levels_db) - float(weights @ levels_db / weights.sum())


def drawn_db(move: EnvelopeMove, times_s: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what an envelope plays between its points: straight in dB, and straight in gain."""
    at_s, levels_db = np.array(move.points).T
    yield np.interp(times_s, at_s, levels_db)
    yield 20.0 * np.log10(np.interp(times_s, at_s, 10.0 ** (levels_db / 20.0)))


@needs_songs
@pytest.mark.parametrize("rider", ["rule", "lds"])
def test_few_points_say_what_the_ride_says(hearing: Hearing, rider: str) -> None:
    settings = MixSettings(rider=rider, max_error_db=MAX_ERROR_DB)
    start_s, end_s = hearing.scope.range_s
    decisions = rides.decide(hearing, settings)
    made = moves_from(decisions, hearing.session, settings, range_s=(start_s, end_s), whole=True)
    drawn = {move.track.id: move for move in made.moves if isinstance(move, EnvelopeMove)}
    times_s = np.arange(start_s, end_s, 0.01)
    errors_db = [0.0]
    for decision in decisions:
        wanted_db = unthinned_db(decision, times_s)
        move = drawn.get(decision.track_id)
        played = [np.zeros_like(wanted_db)] if move is None else drawn_db(move, times_s)
        errors_db += [float(np.abs(level_db - wanted_db).max()) for level_db in played]
    densities = [2.0 * len(move.points) / (end_s - start_s) for move in drawn.values()] or [0.0]
    assert max(errors_db) <= MAX_ERROR_DB + 1e-3
    assert np.median(densities) <= MOST_POINTS_PER_2_S


@needs_songs
def test_the_rule_rides_every_song(hearing: Hearing) -> None:
    decisions = rides.decide(hearing, MixSettings(rider="rule"))
    assert any(len(decision.change_db) > 1 for decision in decisions)
