"""Scores, baselines and folds of tone."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_tone_pairs import BRIGHT_DB, DARK_DB, STEM_DB, made_pair

from reaper_automix.mixers.tone_network import CENTRES_HZ, N_BANDS
from reaper_automix.training.tone.baselines import (
    AS_IT_IS,
    MEAN_CURVE,
    MEAN_SPECTRUM,
    OWN_CURVE,
    as_loud,
    baselines,
    means_of,
    played,
)
from reaper_automix.training.tone.folds import folds_of
from reaper_automix.training.tone.pairs import magnitudes_of
from reaper_automix.training.tone.scores import ADDED, FIT, FIT_OF, LSD, MAE, TONE, added_db, fit_scores, scores_of

SHAPE = (40, 1025)


def magnitudes(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.01, 1.0, SHAPE).astype(np.float32)


def test_the_stem_itself_has_no_error() -> None:
    stem = magnitudes()
    found = scores_of(stem, magnitudes(1), stem)
    assert (found[MAE], found[LSD], found[TONE]) == (0.0, 0.0, 0.0)


def test_half_the_magnitude_is_half_the_error_and_six_decibels() -> None:
    stem = magnitudes()
    found = scores_of(stem * np.float32(0.5), stem, stem)
    assert found[MAE] == pytest.approx(50.0, abs=1e-3)
    assert found[LSD] == pytest.approx(6.02, abs=0.01)
    assert found[TONE] == pytest.approx(6.02, abs=0.01)


def test_what_is_added_where_the_raw_track_holds_nothing_is_counted() -> None:
    raw = magnitudes()
    raw[:, 600:] = 0.0
    output = raw.copy()
    assert added_db(output, raw) == -120.0
    output[:, 600:] = 0.01
    wanted = 10.0 * np.log10(40 * 425 * 1e-4 / np.square(output.astype(np.float64)).sum())
    assert scores_of(output, raw, raw)[ADDED] == pytest.approx(wanted, abs=0.01)
    assert added_db(np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)) == -120.0


def test_a_mask_adds_nothing() -> None:
    raw = magnitudes()
    raw[:, 600:] = 0.0
    assert added_db(played(np.full(N_BANDS, 12.0), raw), raw) == -120.0


def test_the_fit_of_a_curve_is_told_beside_the_curve() -> None:
    curve_db = (4.0 * np.sin(np.log2(np.array(CENTRES_HZ)))).astype(np.float32)
    found = fit_scores(curve_db)
    assert found[FIT] < 0.5 < 2.0 < found[FIT_OF]


def test_the_mean_curve_is_the_mean_over_the_pairs() -> None:
    means = means_of([made_pair(0), made_pair(1)])
    low, high = means.curve_db[6], means.curve_db[-1]
    assert high - low == pytest.approx(STEM_DB - (DARK_DB + BRIGHT_DB) / 2.0, abs=1.0)


def test_the_own_curve_is_nearest_in_tone_and_the_mean_spectrum_is_no_worse_where_stems_are_alike() -> None:
    means = means_of([made_pair(number) for number in range(4)])
    pair = made_pair(5)
    raw, stem = magnitudes_of(pair.raw), magnitudes_of(pair.stem)
    tone = {name: scores_of(play(raw), raw, stem)[TONE] for name, play in baselines(means, pair).items()}
    assert tone[OWN_CURVE] < 0.5
    assert tone[MEAN_SPECTRUM] < 1.0
    assert tone[MEAN_CURVE] > 2.0
    assert tone[AS_IT_IS] > 2.0


def test_loudness_is_brought_back() -> None:
    raw = magnitudes()
    assert as_loud(raw * np.float32(3.0), raw) == pytest.approx(raw, rel=1e-5)
    assert np.array_equal(as_loud(raw * np.float32(0.0), raw), raw * np.float32(0.0))


def test_authors_are_on_one_side_and_what_is_not_free_is_judged_in_each_fold() -> None:
    pairs = [made_pair(number) for number in range(8)]
    pairs += [made_pair(20, corpus="raw-and-mix", author="someone")]
    folds = folds_of(pairs, "bass", 2)
    assert len(folds) == 2
    for fold in folds:
        learned, judged = fold.split(pairs)
        assert {p.source.author for p in learned}.isdisjoint(p.source.author for p in judged)
        assert pairs[-1] in judged
        assert len(learned) == 4
    assert folds_of(pairs, "vocal") == []


def test_the_songs_of_an_author_of_most_are_told_apart() -> None:
    pairs = [made_pair(number, author="one" if number < 6 else "") for number in range(8)]
    folds = folds_of(pairs, "bass", 2)
    assert all(fold.mixed == ("one",) for fold in folds)
    learned, judged = folds[0].split(pairs)
    assert {p.source.song for p in learned}.isdisjoint(p.source.song for p in judged)
