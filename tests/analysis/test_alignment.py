from __future__ import annotations

import numpy as np
import pytest
from known_mixes import RATE_HZ, band, bass, drums, mixed, pad

from reaper_automix.analysis.alignment import Alignment, align
from reaper_automix.analysis.gain_sources import ArraySource

LAGS = (0, 160, 45, 190)
POLARITY = (1, -1, -1, 1)


def aligned(tracks: list[np.ndarray], mix: np.ndarray) -> Alignment:
    return align([ArraySource(track) for track in tracks], ArraySource(mix), RATE_HZ)


def found(alignment: Alignment) -> list[tuple[int | None, int]]:
    return [(lag.samples, lag.polarity) for lag in alignment.lags]


def test_lags_and_polarities_are_found_to_the_sample() -> None:
    tracks = band()
    alignment = aligned(tracks, mixed(tracks, (-3.0, -6.0, -9.0, 0.0), lags=LAGS, polarity=POLARITY))
    assert alignment.offset_samples == 0
    assert found(alignment) == list(zip(LAGS, POLARITY, strict=True))


def test_a_bass_far_below_the_others_is_found_in_what_they_leave() -> None:
    tracks = band()
    alignment = aligned(tracks, mixed(tracks, (0.0, -20.0, 0.0, 0.0), lags=(0, 160, 0, 0)))
    assert found(alignment)[1] == (160, 1)


def test_a_track_that_is_not_in_the_mix_has_no_lag() -> None:
    tracks = band()
    alignment = aligned([*tracks, pad(seed=11), drums(seed=12), bass(seed=13)], mixed(tracks, (0.0,) * 4))
    assert found(alignment)[:4] == [(0, 1)] * 4
    assert [lag.samples for lag in alignment.lags[4:]] == [None] * 3


def test_a_steady_tone_gives_no_lag_to_trust() -> None:
    tone = np.sin(2.0 * np.pi * 440.0 * np.arange(10 * RATE_HZ) / RATE_HZ)[None].astype(np.float32)
    tone *= np.hanning(tone.size).astype(np.float32)  # its ends would be onsets
    noise = 0.01 * np.random.default_rng(4).standard_normal(tone.shape)
    assert found(aligned([tone], (tone + noise).astype(np.float32))) == [(None, 0)]


@pytest.mark.parametrize("offset_s", [-5.25, 2.0, 11.5])
def test_a_mix_that_begins_at_another_time(offset_s: float) -> None:
    tracks = band()
    mix = mixed(tracks, (-3.0, -6.0, -9.0, 0.0))
    n = round(abs(offset_s) * RATE_HZ)
    moved = mix[:, n:] if offset_s < 0.0 else np.pad(mix, ((0, 0), (n, 0)))
    alignment = aligned(tracks, moved)
    assert alignment.offset_samples == round(offset_s * RATE_HZ)
    assert found(alignment) == [(0, 1)] * 4


def test_lags_within_an_offset_are_kept() -> None:
    tracks = band()
    mix = np.pad(mixed(tracks, (0.0,) * 4, lags=LAGS), ((0, 0), (3 * RATE_HZ, 0)))
    alignment = aligned(tracks, mix)
    lags = [lag.samples or 0 for lag in alignment.lags]
    assert [alignment.offset_samples + lag for lag in lags] == [3 * RATE_HZ + lag for lag in LAGS]


def test_where_nothing_is_known_the_usual_lag_is_taken() -> None:
    tracks = [drums(), pad(), np.zeros((1, RATE_HZ), np.float32)]
    alignment = aligned(tracks, mixed(tracks, (0.0,) * 3, lags=(64, 64, 0)))
    assert found(alignment)[2] == (None, 0)
    assert alignment.lag_samples() == (64, 64, 64)


@pytest.mark.parametrize("n_samples", [1, 7, 400])
def test_short_and_silent_signals(n_samples: int) -> None:
    short, silence = drums()[:, :n_samples], np.zeros((2, n_samples), np.float32)
    for track, mix in ((short, silence), (silence, short), (silence, silence), (short, short)):
        assert aligned([track], mix).offset_samples == 0
