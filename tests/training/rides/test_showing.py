"""Songs as they are shown: no trace of the level that a file came in, steps of one length, gains that fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ridden_songs import ridden_song, ridden_track

from reaper_automix.analysis.features import FrameFeatures, hear_features
from reaper_automix.analysis.loudness import BLOCK_S, integrated_lufs
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.training.evaluation.songs import OFFSET_DB
from reaper_automix.training.rides.listening import RiddenSong, RiddenTrack
from reaper_automix.training.rides.showing import ShownSong, show

RATE_HZ = 8_000
STEP_S = 0.5


def track(number: int, gain_db: float = 0.0, seconds: float = 4.0) -> RiddenTrack:
    """Make a track of real features; its gain moves around a level."""
    rng = np.random.default_rng(number)
    audio = (0.05 * (number + 1) * rng.standard_normal((1, int(seconds * RATE_HZ)))).astype(np.float32)
    features = hear_features([audio], RATE_HZ, 1).values
    energy = rng.uniform(0.5, 1.5, features.shape[0]) * 0.003 * (number + 1)
    moving_db = gain_db + np.linspace(-3.0, 3.0, energy.size)
    return replace(ridden_track(f"t{number}", energy, moving_db), features=features)


def at_other_levels(song: RiddenSong) -> RiddenSong:
    """Return the same mix made of files that come at other levels."""
    changed = []
    for raise_db, one in zip((9.0, -7.0, 3.0), song.tracks, strict=True):
        features = FrameFeatures(0.0, BLOCK_S, one.features).louder_by(raise_db).values
        energy = one.energy * 10.0 ** (raise_db / 10.0)
        louder = replace(one, energy=energy, features=features, gain_db=one.gain_db - raise_db)
        changed.append(replace(louder, loudness_lufs=integrated_lufs(energy[None])))
    return replace(song, tracks=tuple(changed))


@pytest.fixture
def song() -> RiddenSong:
    return ridden_song(0, [track(0), track(1, -5.0), track(2, 4.0, seconds=2.95)])


def shown(song: RiddenSong, seed: int = 3, step_s: float = STEP_S) -> ShownSong:
    return show(song, song.tracks, step_s, np.random.default_rng(seed))


def test_the_level_of_a_file_does_not_leak(song: RiddenSong) -> None:
    for one, two in zip(shown(song).tracks, shown(at_other_levels(song)).tracks, strict=True):
        assert two.features == pytest.approx(one.features, rel=1e-4, abs=1e-4)
        assert two.gain_db == pytest.approx(one.gain_db, abs=1e-9)
        assert two.energy == pytest.approx(one.energy)
        assert np.array_equal(two.counts, one.counts)
        assert two.loudness_lufs == one.loudness_lufs


def test_levels_come_by_chance_and_gains_make_up_for_them(song: RiddenSong) -> None:
    one, two = shown(song, 3), shown(song, 4)
    for first, second in zip(one.tracks, two.tracks, strict=True):
        assert abs(first.loudness_lufs - REFERENCE_LUFS) <= OFFSET_DB
        assert first.loudness_lufs != second.loudness_lufs
        assert first.loudness_lufs + first.gain_db == pytest.approx(second.loudness_lufs + second.gain_db)


def test_what_is_shown_has_the_level_it_says(song: RiddenSong) -> None:
    whole = shown(song, step_s=BLOCK_S).tracks[0]
    assert integrated_lufs(whole.energy[None]) == pytest.approx(whole.loudness_lufs)
    before, rise_db = song.tracks[0], whole.loudness_lufs - song.tracks[0].loudness_lufs
    expected = FrameFeatures(0.0, BLOCK_S, before.features).louder_by(rise_db).values
    assert whole.features == pytest.approx(expected, rel=1e-6)


def test_the_median_track_of_the_humans_mix_is_at_the_reference(song: RiddenSong) -> None:
    """The gains bring the tracks to the human's balance, whose middle is the reference."""
    levels = []
    for each in shown(song, step_s=BLOCK_S).tracks:
        in_mix = each.energy * 10.0 ** (each.gain_db / 10.0)
        levels.append(integrated_lufs(in_mix[each.energy > 0.0][None]))
    human = [integrated_lufs((t.energy * 10.0 ** (t.gain_db / 10.0))[None]) for t in song.tracks]
    assert np.median(levels) == pytest.approx(REFERENCE_LUFS, abs=1e-6)
    assert np.diff(levels) == pytest.approx(np.diff(human), abs=1e-6)


def test_inside_a_step_the_gain_counts_where_the_energy_is() -> None:
    energy = np.tile([0.01, 0.03], 20)
    gain_db = np.tile([0.0, -6.0], 20)
    song = ridden_song(0, [ridden_track("a", energy, gain_db), ridden_track("b", energy, np.zeros(40))])
    ridden, still = shown(song, step_s=0.2).tracks
    mean_db = 10.0 * np.log10((0.01 + 0.03 * 10.0**-0.6) / 0.04)
    # Both tracks are at one loudness before their gains, so the step's gain is seen in the difference of their levels.
    levels = ridden.loudness_lufs + ridden.gain_db - still.loudness_lufs - still.gain_db
    assert levels == pytest.approx(np.full(20, mean_db))


def test_a_shorter_track_pauses_at_the_end(song: RiddenSong) -> None:
    tracks = shown(song).tracks
    assert {each.gain_db.size for each in tracks} == {8}
    assert tracks[0].counts.all()
    assert tracks[2].counts.tolist() == [True] * 6 + [False] * 2
    assert np.isfinite(tracks[2].gain_db).all()


@pytest.mark.parametrize(("n_blocks", "n_steps"), [(3, 1), (5, 1), (9, 1), (10, 2), (14, 2)])
def test_steps_are_whole_unless_there_is_only_a_part_of_one(n_blocks: int, n_steps: int) -> None:
    energy = np.linspace(0.01, 0.02, n_blocks)
    song = ridden_song(0, [ridden_track(name, energy, np.zeros(n_blocks)) for name in "ab"])
    one = shown(song).tracks[0]
    assert one.features.shape[0] == one.energy.size == one.gain_db.size == one.counts.size == n_steps
    rise = 10.0 ** ((one.loudness_lufs - song.tracks[0].loudness_lufs) / 10.0)
    assert one.energy[0] == pytest.approx(energy[:5].mean() * rise)


def test_a_track_is_found_by_its_id(song: RiddenSong) -> None:
    one = shown(song)
    assert one.track("t1") is one.tracks[1]
    assert one.track("t9") is None
