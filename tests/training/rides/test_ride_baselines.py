"""Baselines against numbers that were worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ridden_songs import shown_song, shown_track

from reaper_automix.analysis.features import COLUMNS
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.training.rides.baselines import CONSTANT, EQUAL, GROUP_GAIN, GROUP_LEVEL, baselines
from reaper_automix.training.rides.showing import ShownTrack


def track(name: str, *gains_lin: float, counts: list[bool] | None = None) -> ShownTrack:
    """Make a track of these linear gains at REFERENCE_LUFS; ``ridden_songs`` shows all tracks there."""
    gains_db = 20.0 * np.log10(np.array(gains_lin))
    known = None if counts is None else np.array(counts)
    return shown_track(name, np.zeros((gains_db.size, len(COLUMNS))), gains_db, known)


def test_by_hand() -> None:
    songs = [
        shown_song(0, [track("bass", 1.0, 2.0, 1.0, 2.0), track("drums", 4.0, 4.0, 4.0, 4.0)]),
        shown_song(1, [track("bass", 0.5, 0.5, 0.5, 0.5), track("drums", 0.25, 0.25, 0.25, 0.25)]),
        shown_song(2, [track("bass", 3.0, 3.0, 3.0, 3.0)]),
    ]
    errors = baselines(songs, "bass", by_author=False)
    constant = (0.5 + 0.25 + 3.0) / 3.0
    assert errors[CONSTANT][0] == pytest.approx(((1.0 - constant) ** 2 + (2.0 - constant) ** 2) / 2.0)
    assert errors[GROUP_GAIN][0] == pytest.approx((0.75**2 + 0.25**2) / 2.0)
    # Gains of 0.5 and 3 are -6.02 and 9.54 dB: the mean is that of their product's root.
    level = math.sqrt(0.5 * 3.0)
    assert errors[GROUP_LEVEL][0] == pytest.approx(((1.0 - level) ** 2 + (2.0 - level) ** 2) / 2.0)
    equal = 10.0 ** ((REFERENCE_LUFS - songs[0].tracks[0].loudness_lufs) / 20.0)
    assert errors[EQUAL][0] == pytest.approx(((1.0 - equal) ** 2 + (2.0 - equal) ** 2) / 2.0)
    assert errors[GROUP_GAIN][1:] == pytest.approx([(0.5 - 2.25) ** 2, (3.0 - 1.0) ** 2])
    assert {name: len(values) for name, values in errors.items()} == dict.fromkeys(
        (CONSTANT, GROUP_GAIN, EQUAL, GROUP_LEVEL), 3
    )


def test_by_author_no_other_song_of_the_author_has_a_say() -> None:
    songs = [
        shown_song(0, [track("bass", 1.0, 1.0, 1.0, 1.0)], "a"),
        shown_song(1, [track("bass", 9.0, 9.0, 9.0, 9.0)], "a"),
        shown_song(2, [track("bass", 2.0, 2.0, 2.0, 2.0)], "b"),
    ]
    errors = baselines(songs, "bass", by_author=True)
    assert errors[GROUP_GAIN] == pytest.approx([1.0, 49.0, 9.0])
    assert errors[CONSTANT] == pytest.approx(errors[GROUP_GAIN])
    assert baselines(songs, "bass", by_author=False)[GROUP_GAIN][0] == pytest.approx((5.5 - 1.0) ** 2)


def test_only_where_the_group_sounds() -> None:
    counts = [True, True, True, True, False]
    songs = [
        shown_song(0, [track("bass", 1.0, 1.0, 1.0, 1.0, 50.0, counts=counts)]),
        shown_song(1, [track("bass", 2.0, 2.0, 2.0, 2.0, 90.0, counts=counts)]),
        shown_song(2, [track("bass", 7.0, 7.0, 7.0, 7.0, 7.0, counts=[True, True, True, False, False])]),
        shown_song(3, [track("drums", 1.0, 1.0, 1.0, 1.0, 1.0)]),
    ]
    errors = baselines(songs, "bass", by_author=False)
    # The third is too short to be judged on, not to learn from.
    assert errors[GROUP_GAIN] == pytest.approx([(4.5 - 1.0) ** 2, (4.0 - 2.0) ** 2])


def test_a_group_that_no_other_song_has_is_not_known() -> None:
    songs = [shown_song(0, [track("bass", 1.0, 1.0, 1.0, 1.0)]), shown_song(1, [track("drums", 2.0, 2.0, 2.0, 2.0)])]
    errors = baselines(songs, "bass", by_author=False)
    assert math.isnan(errors[GROUP_GAIN][0])
    assert math.isnan(errors[GROUP_LEVEL][0])
    assert errors[CONSTANT] == pytest.approx([1.0])
    assert np.isfinite(errors[EQUAL]).all()
    alone = baselines(songs[:1], "bass", by_author=False)
    assert math.isnan(alone[CONSTANT][0])
    assert baselines(songs, "vocals", by_author=False)[CONSTANT] == []
