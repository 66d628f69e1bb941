"""What a page has room for, and which part of a song is played."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.analysis.measurement import Measurement, measure
from reaper_automix.playback_excerpt import (
    LEAST_S,
    LONGEST_S,
    MIX_KBPS,
    QUALITIES_KBPS,
    SHORTEST_S,
    TEXT_PER_BYTE,
    Need,
    Room,
    fullest_start_s,
    room_for,
)

ROOM_BYTES = 10_000_000
RATE_HZ = 8_000


def needs(n_tracks: int, n_sounds: int = 2, n_channels: int = 2) -> list[Need]:
    return [Need(str(n), n_sounds, n_channels) for n in range(n_tracks)]


def size_of(wanted: list[Need], room: Room) -> float:
    """Return the text that this takes."""
    kept = [need for need in wanted if need.name in room.names]
    tracks = sum(need.n_sounds * room.kbps[need.n_channels - 1] for need in kept) * room.tracks_s
    return (tracks + 2 * MIX_KBPS * room.mix_s) * 125.0 * TEXT_PER_BYTE


def test_few_tracks_are_long_and_good() -> None:
    assert room_for(needs(3), room_bytes=ROOM_BYTES, available_s=240.0) == Room(
        LONGEST_S, LONGEST_S, QUALITIES_KBPS[0], ("0", "1", "2")
    )


def test_no_more_is_played_than_there_is() -> None:
    room = room_for(needs(3), room_bytes=ROOM_BYTES, available_s=4.5)
    assert (room.mix_s, room.tracks_s) == (4.5, 4.5)


@pytest.mark.parametrize(("n_sounds", "n_channels"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_24_tracks_all_fit_with_a_long_mix(n_sounds: int, n_channels: int) -> None:
    wanted = needs(24, n_sounds, n_channels)
    room = room_for(wanted, room_bytes=ROOM_BYTES, available_s=240.0)
    assert len(room.names) == 24
    assert room.mix_s == LONGEST_S
    assert room.tracks_s >= 8.0
    assert size_of(wanted, room) <= ROOM_BYTES


def test_128_tracks_whose_levels_changed_all_fit() -> None:
    room = room_for(needs(128, 1, 1), room_bytes=ROOM_BYTES, available_s=240.0)
    assert len(room.names) == 128
    assert room.tracks_s >= LEAST_S


def test_what_does_not_fit_is_left_out_from_the_end() -> None:
    room = room_for(needs(500), room_bytes=ROOM_BYTES, available_s=240.0)
    assert room.names == tuple(str(n) for n in range(len(room.names)))
    assert 20 < len(room.names) < 500
    assert room.tracks_s == LEAST_S


@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2)), max_size=200),
    st.integers(1_500_000, 40_000_000),
    st.floats(0.5, 600.0),
)
def test_never_more_than_there_is_room_for(shapes: list[tuple[int, int]], room_bytes: int, available_s: float) -> None:
    wanted = [Need(str(n), *shape) for n, shape in enumerate(shapes)]
    room = room_for(wanted, room_bytes=room_bytes, available_s=available_s)
    assert size_of(wanted, room) <= room_bytes * 1.0001
    assert 0.0 < room.tracks_s <= room.mix_s <= min(LONGEST_S, available_s)
    assert len(room.names) == len(wanted) or room.tracks_s <= SHORTEST_S


def measured(levels: list[float], start_s: float = 0.0) -> Measurement:
    """Measure noise that has one level per second."""
    audio = np.random.default_rng(len(levels)).standard_normal(len(levels) * RATE_HZ)
    audio = (audio * np.repeat(levels, RATE_HZ)).astype(np.float32)[None]
    return measure([audio], RATE_HZ, 1, start_s=start_s, n_samples=audio.shape[1])


def test_the_loud_part_is_played() -> None:
    mix = measured([0.01] * 20 + [0.1] * 10 + [0.01] * 20)
    assert fullest_start_s(mix, [], (0.0, 50.0), 10.0) == pytest.approx(20.0, abs=0.5)
    assert fullest_start_s(mix, [(mix, 1.0)], (0.0, 50.0), 10.0) == pytest.approx(20.0, abs=0.5)


def test_the_part_in_which_most_tracks_play_goes_before_a_louder_one() -> None:
    mix = measured([0.1] * 20 + [0.07] * 20)
    tracks = [measured([0.1] * 40), measured([0.0] * 25 + [0.01] * 15), measured([0.0] * 25 + [0.001] * 15)]
    assert fullest_start_s(mix, [(track, 1.0) for track in tracks], (0.0, 40.0), 10.0) >= 17.0


def test_tracks_that_change_count_more_than_the_others() -> None:
    mix = measured([0.1] * 40)
    vocal = measured([0.0] * 30 + [0.1] * 10)
    others = [(measured([0.1] * 20 + [0.0] * 20), 0.05)] * 10
    assert fullest_start_s(mix, [(vocal, 1.0), *others], (0.0, 40.0), 10.0) >= 22.0


def test_the_excerpt_lies_in_the_range() -> None:
    mix = measured([0.1] * 10 + [0.01] * 30)
    track = measured([0.05] * 20, start_s=15.0)
    for length_s in (1.0, 7.3, 20.0):
        start_s = fullest_start_s(mix, [(track, 1.0)], (15.0, 35.0), length_s)
        assert 15.0 <= start_s <= 35.0 - length_s + 1e-9


def test_silence_is_played_from_the_start() -> None:
    silence = measured([0.0] * 10)
    assert fullest_start_s(silence, [(silence, 1.0)], (2.0, 10.0), 3.0) == 2.0
