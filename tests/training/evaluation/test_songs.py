"""What a predictor is shown: nothing of the level that the track came with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mixer_sounds import sound
from training_songs import song

from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.training.evaluation.songs import OFFSET_DB, shown


def test_tracks_are_shown_around_the_reference_and_the_label_moves_with_them() -> None:
    heard = song("x")
    example = shown(heard, np.random.default_rng(3))
    levels = example.song.loudness_lufs
    assert np.all(np.abs(levels - REFERENCE_LUFS) <= OFFSET_DB + 1e-6)
    assert np.ptp(levels) > 1.0
    assert levels + example.gains_db == pytest.approx([track.human_lufs for track in heard.tracks])


def test_the_level_that_a_track_came_with_leaves_no_trace() -> None:
    heard = song("x")
    louder = (replace(track, measurement=track.measurement.louder_by(3.0 * i)) for i, track in enumerate(heard.tracks))
    turned = replace(heard, tracks=tuple(louder))
    one, other = (shown(each, np.random.default_rng(3)) for each in (heard, turned))
    assert other.song.loudness_lufs == pytest.approx(one.song.loudness_lufs)
    assert other.gains_db == pytest.approx(one.gains_db)


def test_levels_are_relative_to_the_median_track() -> None:
    assert np.median(shown(song("x"), np.random.default_rng(0)).levels_db) == pytest.approx(0.0)


def test_a_silent_track_is_refused() -> None:
    heard = song("x")
    silent = replace(heard.tracks[0], measurement=sound(-300.0))
    with pytest.raises(ValueError, match="silent"):
        shown(replace(heard, tracks=(silent, *heard.tracks[1:])), np.random.default_rng(0))
