from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from synthetic_strip_songs import RATE_HZ, made_song

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import response_db
from reaper_automix.training.strips.features import loudness_of
from reaper_automix.training.strips.raw_takes import Disturbance, as_they_are, disturbances, drawn, raw_take
from reaper_automix.training.strips.songs import StripSong

SONG = made_song(1)


def test_takes_are_the_same_whenever_they_are_asked_for_and_differ_from_each_other() -> None:
    assert disturbances(SONG, 1) == disturbances(SONG, 1)
    assert disturbances(SONG, 1) != disturbances(SONG, 2)
    assert disturbances(SONG, 1) != disturbances(made_song(2), 1)


def test_disturbed_tracks_are_as_loud_as_before(tmp_path: Path) -> None:
    take = raw_take(SONG, 3, tmp_path)
    for clean, heard in zip(SONG.tracks[0].astype(np.float32), take.audio(0), strict=True):
        assert loudness_of(heard[None], RATE_HZ) == pytest.approx(loudness_of(clean[None], RATE_HZ), abs=0.05)


def test_bands_move_as_the_equaliser_says_where_dynamics_are_left_alone(tmp_path: Path) -> None:
    take = raw_take(SONG, 4, tmp_path)
    noise = SONG.roles.index("percussion")
    found = [n for n in range(1, 40) if disturbances(SONG, n)[noise].dynamics is None]
    take = raw_take(SONG, found[0], tmp_path)
    wanted_db = response_db(take.disturbances[noise].equaliser, np.array(CENTRES_HZ), RATE_HZ) + take.norms_db[noise]
    moved_db = take.bands_db[noise] - take.clean_bands_db[noise]
    assert np.abs(moved_db - wanted_db)[3:-1].max() < 1.5  # a band is wider than its centre


def test_dynamics_are_what_the_compressor_would_take_away() -> None:
    rng = np.random.default_rng(0)
    one = next(d for d in (drawn(rng) for _ in range(50)) if d.dynamics is not None)
    assert one.dynamics is not None
    sound = 0.2 * rng.standard_normal((2, RATE_HZ)).astype(np.float32)
    played = Disturbance(replace(one.equaliser, bands=()), one.dynamics).played(sound)
    compressor = Compressor(one.dynamics, RATE_HZ, 2)
    reduction_db = compressor.reduction_db(sound)
    assert reduction_db.max() > 0.5
    np.testing.assert_allclose(played * 10.0 ** (-reduction_db / 20.0), sound, atol=1e-5)


def test_a_take_is_made_once(tmp_path: Path) -> None:
    first = raw_take(SONG, 5, tmp_path)
    (file,) = tmp_path.iterdir()
    before = file.stat().st_mtime_ns
    again = raw_take(SONG, 5, tmp_path)
    assert file.stat().st_mtime_ns == before
    np.testing.assert_array_equal(first.heard.images, again.heard.images)
    assert raw_take(made_song(2), 5, tmp_path).song.key != SONG.key
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_left_as_it_is_is_left_as_it_is() -> None:
    take = as_they_are(SONG)
    np.testing.assert_array_equal(take.audio(0), SONG.tracks[0].astype(np.float32))
    np.testing.assert_array_equal(take.audio(0, [2]), SONG.tracks[0, [2]].astype(np.float32))
    np.testing.assert_array_equal(take.bands_db, take.clean_bands_db)


def test_silent_tracks_stay_silent(tmp_path: Path) -> None:
    tracks = SONG.tracks.copy()
    tracks[:, 1] = 0.0
    silent: StripSong = replace(SONG, id="silent", tracks=tracks)
    take = raw_take(silent, 1, tmp_path)
    assert not take.audio(0)[1].any()
    assert np.isfinite(take.norms_db).all()
    assert np.isfinite(take.bands_db).all()
