"""The published system: its states and observations as the paper writes them, and held out means held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from ridden_songs import noise_track, shown_song, shown_track, telling_songs

from reaper_automix.analysis.features import COLUMNS, columns_of
from reaper_automix.training.rides.published import (
    Case,
    Fold,
    Recipe,
    all_tracks,
    columns_for,
    folds_by_author,
    folds_by_song,
    one_versus_all,
    predict_held_out,
    squared_errors,
    track_gain_lin,
)
from reaper_automix.training.rides.showing import ShownSong

N = len(COLUMNS)
RECIPE = Recipe(r_scale=1.0)


@pytest.fixture
def song() -> ShownSong:
    rng = np.random.default_rng(0)
    return shown_song(0, [noise_track(name, rng, n_steps=6) for name in ("vocals", "bass", "drums")])


def errors_of(songs: Sequence[ShownSong], features: Sequence[str] = ("centroid",), recipe: Recipe = RECIPE):
    """Return the held-out errors of the bass, song by song, and those of the mean gain of the other songs."""
    cases = one_versus_all(songs, "bass", recipe)
    predicted = predict_held_out(cases, folds_by_song(cases), columns_for(features, 2), recipe)
    gains = [track_gain_lin(case.tracks[0]) for case in cases]
    constant = [np.mean([other.mean() for other in gains if other is not gain]) for gain in gains]
    baseline = [float(np.mean(np.square(gain - mean))) for gain, mean in zip(gains, constant, strict=True)]
    return squared_errors(cases, predicted)[:, 0], np.array(baseline)


def with_gain(song: ShownSong, track_id: str, gain_db: np.ndarray) -> ShownSong:
    tracks = (replace(each, gain_db=gain_db) if each.id == track_id else each for each in song.tracks)
    return replace(song, tracks=tuple(tracks))


def test_all_tracks_is_laid_out_as_equations_4_and_5(song: ShownSong) -> None:
    (case,) = all_tracks([song], ("bass", "vocals"), RECIPE)
    bass, vocals = song.track("bass"), song.track("vocals")
    for t in range(6):
        assert case.states[t] == pytest.approx([10.0 ** (bass.gain_db[t] / 20.0), 10.0 ** (vocals.gain_db[t] / 20.0)])
        assert case.observations[t].tolist() == [*bass.features[t], *vocals.features[t]]
    assert [each.id for each in case.tracks] == ["bass", "vocals"]


def test_one_versus_all_is_laid_out_as_equations_6_and_7(song: ShownSong) -> None:
    (case,) = one_versus_all([song], "bass", RECIPE)
    own, others = song.track("bass"), [song.track("vocals"), song.track("drums")]
    gain = 10.0 ** (own.gain_db / 20.0)
    for t in range(6):
        rest = [sum(other.features[t, m] for other in others) / (3 - 1) for m in range(N)]
        assert case.observations[t] == pytest.approx([*own.features[t], *rest])
    for t in range(1, 5):
        first = (gain[t + 1] - gain[t - 1]) / (2.0 * RECIPE.step_s)
        second = (gain[t + 1] - 2.0 * gain[t] + gain[t - 1]) / RECIPE.step_s**2
        assert case.states[t] == pytest.approx([gain[t], first, second])


def test_a_track_by_itself_has_silence_beside_it(song: ShownSong) -> None:
    (case,) = one_versus_all([replace(song, tracks=song.tracks[:1])], "vocals", RECIPE)
    assert not case.observations[:, N:].any()


def test_songs_that_lack_a_group_or_hardly_have_it_are_left_out(song: ShownSong) -> None:
    counts = np.array([True] * 3 + [False] * 3)
    brief = shown_song(1, [replace(each, counts=counts) for each in song.tracks])
    assert len(one_versus_all([song, brief], "bass", RECIPE)) == 1
    assert len(all_tracks([song, brief], ("bass", "drums"), RECIPE)) == 1
    assert one_versus_all([song], "guitar", RECIPE) == []
    assert all_tracks([song], ("bass", "guitar"), RECIPE) == []


def test_the_system_of_all_tracks_counts_where_any_of_them_sounds(song: ShownSong) -> None:
    counts = np.arange(6) < 4
    bass = replace(song.track("bass"), counts=counts)
    drums = replace(song.track("drums"), counts=~counts)
    (case,) = all_tracks([replace(song, tracks=(bass, drums))], ("bass", "drums"), RECIPE)
    assert case.counts.all()


def test_columns_are_those_of_each_block() -> None:
    mfcc, rms = range(*columns_of("mfcc").indices(N)), columns_of("rms").start
    assert columns_for(["mfcc", "rms"], 1) == [*mfcc, rms]
    assert columns_for(["rms"], 3) == [rms, N + rms, 2 * N + rms]
    assert {COLUMNS[column] for column in columns_for(["rms"], 1)} == {"rms"}


def test_a_gain_that_follows_a_feature_is_learned() -> None:
    errors, constant = errors_of(telling_songs(8))
    assert errors.mean() < 0.2 * constant.mean()


def test_a_gain_that_follows_nothing_is_not_learned() -> None:
    """The same songs, their gains dealt out anew: each song has the gain of the next one."""
    songs = telling_songs(8)
    gains = [song.track("bass").gain_db for song in songs]
    shuffled = [with_gain(song, "bass", gain) for song, gain in zip(songs, gains[1:] + gains[:1], strict=True)]
    errors, constant = errors_of(shuffled)
    assert errors.mean() > 0.9 * constant.mean()
    assert errors_of(songs, ("flux",))[0].mean() > 0.9 * constant.mean(), "nor from a feature that says nothing"


def test_all_tracks_learns_every_group() -> None:
    songs = telling_songs(8)
    for song in songs:
        drums = song.track("drums")
        drums.features[:, columns_of("centroid")] = 10.0 * track_gain_lin(drums)[:, None]
    cases = all_tracks(songs, ("bass", "drums"), RECIPE)
    predicted = predict_held_out(cases, folds_by_song(cases), columns_for(["centroid"], 2), RECIPE)
    spread = np.var([[track_gain_lin(track) for track in case.tracks] for case in cases], axis=(0, 2))
    assert (squared_errors(cases, predicted).mean(axis=0) < 0.2 * spread).all()


@pytest.mark.parametrize("folds_of", [folds_by_song, folds_by_author])
def test_a_judged_song_has_no_say_in_its_prediction(folds_of: Callable[[Sequence[Case]], list[Fold]]) -> None:
    """Labels of a whole fold are made nonsense: nothing changes for the fold, everything for the others."""
    songs = telling_songs(6, authors="abc")
    columns = columns_for(["centroid", "rms"], 2)
    cases = one_versus_all(songs, "bass", RECIPE)
    folds = folds_of(cases)
    before = predict_held_out(cases, folds, columns, RECIPE)
    for fold in folds:
        nonsense = [
            with_gain(song, "bass", 6.0 - 3.0 * song.track("bass").gain_db) if number in fold else song
            for number, song in enumerate(songs)
        ]
        after = predict_held_out(one_versus_all(nonsense, "bass", RECIPE), folds, columns, RECIPE)
        for number in range(len(songs)):
            same = np.allclose(after[number], before[number], rtol=1e-7, atol=1e-9)
            assert same == (number in fold)


def test_songs_of_one_author_are_left_out_together() -> None:
    cases = one_versus_all(telling_songs(7, authors="xyz"), "bass", RECIPE)
    assert [fold.tolist() for fold in folds_by_author(cases)] == [[0, 3, 6], [1, 4], [2, 5]]
    assert [fold.tolist() for fold in folds_by_song(cases)] == [[index] for index in range(7)]


def test_gains_in_db_are_learned_and_given_back_as_factors() -> None:
    songs = telling_songs(8)
    for song in songs:
        bass = song.track("bass")
        bass.features[:, columns_of("centroid")] = bass.gain_db[:, None]
    errors, constant = errors_of(songs, recipe=replace(RECIPE, in_db=True))
    assert errors.mean() < 0.2 * constant.mean()


def test_a_prediction_in_db_stays_inside_the_numbers() -> None:
    rng = np.random.default_rng(2)
    songs = [
        shown_song(k, [shown_track("bass", 1e6 * rng.standard_normal((9, N)), 900.0 * rng.standard_normal(9))])
        for k in range(4)
    ]
    cases = one_versus_all(songs, "bass", recipe := Recipe(in_db=True, r_scale=1.0))
    predicted = predict_held_out(cases, folds_by_song(cases), columns_for(["rms"], 2), recipe)
    assert all(np.isfinite(gains).all() and gains.max() <= 1_000.0 for gains in predicted)


def test_errors_are_mean_squares_where_the_track_sounds(song: ShownSong) -> None:
    counts = np.array([True, False, True, False, False, False])
    tracks = (replace(song.tracks[0], counts=counts, gain_db=np.full(6, 20.0 * np.log10(0.5))), song.tracks[1])
    silent = replace(song.tracks[2], counts=np.zeros(6, np.bool_))
    (case,) = all_tracks([replace(song, tracks=(*tracks, silent))], ("vocals", "bass", "drums"), RECIPE)
    predicted = np.column_stack([[0.7, 9.0, 0.5, 9.0, 9.0, 9.0], track_gain_lin(tracks[1]), np.zeros(6)])
    first, second, third = squared_errors([case], [predicted])[0]
    assert first == pytest.approx((0.2**2 + 0.0) / 2.0)
    assert second == pytest.approx(0.0)
    assert np.isnan(third)


def test_features_can_be_in_db_and_octaves(song: ShownSong) -> None:
    song.tracks[1].features[0, columns_of("rms")] = 0.1
    song.tracks[1].features[0, columns_of("slope")] = -0.01
    song.tracks[1].features[1, columns_of("rms")] = 0.0
    song.tracks[1].features[0, columns_of("centroid")] = 1024.0
    before = song.tracks[1].features.copy()
    (case,) = one_versus_all([song], "bass", replace(RECIPE, logged=True))
    rms, slope, centroid, mfcc = (columns_of(name).start for name in ("rms", "slope", "centroid", "mfcc"))
    assert case.observations[0, [rms, slope, centroid]] == pytest.approx([-20.0, -40.0, 10.0])
    assert case.observations[1, rms] == pytest.approx(-140.0)
    assert case.observations[:, mfcc] == pytest.approx(before[:, mfcc])
    assert np.array_equal(song.tracks[1].features, before), "the song stays as it was"


def test_features_can_be_means_over_a_while_and_loudness_can_stand_for_rms(song: ShownSong) -> None:
    (case,) = one_versus_all([song], "bass", replace(RECIPE, context_s=1.5, loudness=True))
    features, rms, mfcc = song.track("bass").features, columns_of("rms").start, columns_of("mfcc").start
    assert case.observations[2, mfcc] == pytest.approx(features[1:4, mfcc].mean())
    assert case.observations[0, mfcc] == pytest.approx(features[:2, mfcc].mean())
    assert case.observations[:, rms] == pytest.approx(np.full(6, -0.691 - 20.0))
