"""Which parts of a song the drums mixer listens to, and what it hears of a track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.analysis.drum_kit import BOTH_OVERHEADS, BOTH_ROOMS, Microphone
from reaper_automix.mixers.drum_sound import MOST_PARTS, PART_S, channels_of, parts_of, words_of
from reaper_automix.role_vocabulary import DrumMic, RoleSource


def test_a_short_range_is_heard_as_a_whole() -> None:
    assert parts_of(np.ones(120), 5.0) == (pytest.approx((5.0, 17.0)),)


def test_silence_is_not_listened_to() -> None:
    assert parts_of(np.zeros(900), 0.0) == ()
    energy = np.zeros(3000)
    energy[2500:2700] = 1.0
    ((start_s, end_s),) = parts_of(energy, 0.0)
    assert start_s <= 250.0
    assert end_s >= 270.0


def test_the_fullest_part_of_each_stretch_is_taken() -> None:
    energy = np.full(2400, 0.1)
    for at in (100, 900, 1400, 2000):
        energy[at : at + 200] = 1.0
    parts = parts_of(energy, 0.0)
    assert len(parts) == MOST_PARTS
    for (start_s, end_s), at in zip(parts, (100, 900, 1400, 2000), strict=True):
        assert start_s <= at / 10.0
        assert end_s >= (at + 200) / 10.0


@given(st.integers(1, 5000), st.integers(0, 2**32 - 1))
def test_parts_lie_in_the_range_and_apart(n_blocks: int, seed: int) -> None:
    energy = np.random.default_rng(seed).random(n_blocks)
    parts = parts_of(energy, 3.0)
    assert 1 <= len(parts) <= MOST_PARTS
    edges = [time_s for part in parts for time_s in part]
    assert edges == sorted(edges)
    assert edges[0] >= 3.0 - 1e-9
    assert edges[-1] <= 3.0 + n_blocks / 10.0 + 1e-9
    assert all(end_s - start_s <= PART_S + 1e-9 for start_s, end_s in parts)


def test_a_pair_on_one_track_is_two_microphones_and_a_stereo_snare_is_one() -> None:
    stereo = np.stack([np.ones(10), np.zeros(10)]).astype(np.float32)
    pair = Microphone("{O}", BOTH_OVERHEADS, RoleSource.NAME, "oh")
    assert [mic for mic, _ in channels_of(pair, stereo)] == list(BOTH_OVERHEADS)
    assert [mic for mic, _ in channels_of(pair, stereo[:1])] == [DrumMic.OVERHEAD_LEFT]
    snare = Microphone("{S}", (DrumMic.SNARE_TOP,), RoleSource.NAME, "snare")
    ((mic, sound),) = channels_of(snare, stereo)
    assert mic is DrumMic.SNARE_TOP
    np.testing.assert_allclose(sound, 0.5)
    assert [words_of(one) for one in (pair, snare)] == ["overheads", "snare top"]
    assert words_of(Microphone("{R}", BOTH_ROOMS, RoleSource.NAME, "room")) == "rooms"
