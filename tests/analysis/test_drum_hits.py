"""Own hits: those of the drum, once each, and none where nobody plays it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_hits import excerpts, hits_of_closes, hits_of_kit, own_hits, rivals_of
from reaper_automix.role_vocabulary import DrumMic

Audio = NDArray[np.float32]
RATE_HZ = 44_100


def struck(times_s: list[float], pitch_hz: float, *, decay_s: float = 0.3) -> NDArray[np.float64]:
    dry = np.zeros(8 * RATE_HZ)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for t in times_s:
        at = round(t * RATE_HZ)
        dry[at : at + time_s.size] += np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-time_s / decay_s)
    return dry


LOW_S = [0.5 + k for k in range(6)]
HIGH_S = [0.9 + k for k in range(6)]


def kit(*, bleed: float = 0.1) -> list[Audio]:
    low, high = struck(LOW_S, 65.0), struck(HIGH_S, 190.0, decay_s=0.05)
    unplayed = bleed * 0.3 * (low + high)
    return [x[None].astype(np.float32) for x in (low + bleed * high, high + bleed * low, unplayed)]


def test_each_hit_is_found_once_where_it_begins() -> None:
    low, high, unplayed = hits_of_kit(kit(), [[1, 2], [0, 2], [0, 1]], RATE_HZ)
    np.testing.assert_allclose(low / RATE_HZ, LOW_S, atol=0.015)
    np.testing.assert_allclose(high / RATE_HZ, HIGH_S, atol=0.015)
    assert unplayed.size == 0


def test_a_low_drum_that_rings_is_not_struck_again() -> None:
    ringing = struck([0.5, 3.0], 45.0, decay_s=0.8)[None].astype(np.float32)
    hits = own_hits(ringing, 0.1 * ringing, RATE_HZ)
    np.testing.assert_allclose(hits / RATE_HZ, [0.5, 3.0], atol=0.015)


def test_silence_and_short_audio_have_none() -> None:
    for n_samples in (0, 10, 3000, RATE_HZ):
        silence = np.zeros((1, n_samples), np.float32)
        assert own_hits(silence, silence, RATE_HZ).size == 0
    assert hits_of_kit([], [], RATE_HZ) == ()


def test_microphones_of_one_drum_are_no_rivals_but_toms_are() -> None:
    mics = [(DrumMic.SNARE_TOP,), (DrumMic.SNARE_BOTTOM,), (DrumMic.TOM_1,), (DrumMic.TOM_2,)]
    assert rivals_of(mics) == [[2, 3], [2, 3], [0, 1, 3], [0, 1, 2]]


def test_overheads_and_rooms_are_not_close() -> None:
    audio = kit()
    pair = (DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
    found = hits_of_closes([(DrumMic.TOM_4,), pair, (DrumMic.ROOM,), (DrumMic.TOM_1,)], [*audio, audio[1]], RATE_HZ)
    assert sorted(found) == [0, 3]


def test_excerpts_reach_over_the_edges_with_zeros() -> None:
    ramp = np.arange(1, 6, dtype=np.float32)
    found = excerpts(ramp, np.array([-2, 3]), 4)
    np.testing.assert_array_equal(found, [[0, 0, 1, 2], [4, 5, 0, 0]])
