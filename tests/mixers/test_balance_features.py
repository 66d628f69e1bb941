"""What the learned balance knows of a track: nothing of its level, much of its shape."""

from __future__ import annotations

import numpy as np
import pytest
from mixer_sounds import sound

from reaper_automix.analysis.roles import Role
from reaper_automix.mixers.balance_features import FEATURES, OWN, balance_features


def column(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, FEATURES.index(name)]


@pytest.mark.parametrize("gain_db", [-45.0, -6.0, 6.0, 30.0])
def test_no_gain_changes_any_of_them(gain_db: float) -> None:
    tracks = [sound(-20.0, pause=0.4, click=0.5), sound(-30.0, low=True), sound(-12.0)]
    moved = [track.louder_by(gain_db * share) for track, share in zip(tracks, (1.0, 0.5, -0.3), strict=True)]
    roles = [Role.KICK, Role.BASS, None]
    np.testing.assert_allclose(balance_features(moved, roles), balance_features(tracks, roles), atol=1e-6)


def test_each_says_what_its_name_says() -> None:
    plain, heavy, sharp, resting = sound(), sound(low=True), sound(click=0.9), sound(pause=0.6)
    features = balance_features([plain, heavy, sharp, resting], [None] * 4)
    assert np.argmax(column(features, "low_weight_db")) == 1
    assert np.argmax(column(features, "peak_over_loudness_db")[[0, 2, 3]]) == 1
    assert np.argmax(column(features, "pauses_lu")) == 3


def test_what_lies_beside_is_relative_to_the_median_track() -> None:
    features = balance_features([sound(), sound(low=True), sound(click=0.9)], [None] * 3)
    for beside, own in (("low_weight_beside_db", "low_weight_db"), ("pauses_beside_lu", "pauses_lu")):
        assert np.median(column(features, beside)) == pytest.approx(0.0)
        np.testing.assert_allclose(np.diff(column(features, beside)), np.diff(column(features, own)))


def test_tracks_of_one_role_are_counted_and_those_without_are_not() -> None:
    features = balance_features([sound()] * 4, [Role.SYNTH, Role.SYNTH, None, None])
    assert column(features, "same_role_log2").tolist() == [1.0, 1.0, 0.0, 0.0]


def test_a_track_below_the_gate_still_has_numbers() -> None:
    """A fader may lift what a meter would not hear."""
    features = balance_features([sound(-95.0), sound()], [None, None])
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features[0, : len(OWN)], features[1, : len(OWN)], atol=1e-6)


def test_a_song_of_one_track_or_none() -> None:
    assert balance_features([sound()], [Role.KICK]).shape == (1, len(FEATURES))
    assert balance_features([], []).shape == (0, len(FEATURES))
