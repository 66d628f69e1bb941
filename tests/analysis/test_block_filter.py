"""The filter by matrix products, against scipy's sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from reaper_automix.analysis.block_filter import BlockFilter
from reaper_automix.analysis.loudness import k_weighting

RATES_HZ = (8_000, 11_025, 44_100, 48_000, 96_000, 384_000)


def _filtered(sections: np.ndarray, audio: np.ndarray, chunk: int) -> np.ndarray:
    ours = BlockFilter(sections, len(audio))
    return np.concatenate([ours.process(audio[:, i : i + chunk]) for i in range(0, audio.shape[1], chunk)], axis=1)


def _expected(sections: np.ndarray, audio: np.ndarray) -> np.ndarray:
    return signal.sosfilt(sections, audio.astype(np.float64), axis=-1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_k_weighting_is_what_scipy_gives(rate_hz: int) -> None:
    audio = (0.3 * np.random.default_rng(0).standard_normal((2, 2 * rate_hz + 7))).astype(np.float32)
    sections = k_weighting(rate_hz)
    got = _filtered(sections, audio, rate_hz)
    assert got.dtype == np.float32
    assert np.abs(got - _expected(sections, audio)).max() < 4e-6 * np.abs(audio).max()


@pytest.mark.parametrize("chunk", [1, 31, 32, 33, 1_000])
def test_chunks_of_any_length_follow_each_other(chunk: int) -> None:
    audio = np.random.default_rng(1).standard_normal((1, 1_500)).astype(np.float32)
    sections = k_weighting(48_000)
    assert np.abs(_filtered(sections, audio, chunk) - _expected(sections, audio)).max() < 2e-5


def test_a_quiet_tone_on_an_offset_keeps_its_level() -> None:
    times_s = np.arange(5 * 44_100) / 44_100
    audio = (0.9 + 0.9e-3 * np.sin(2 * np.pi * 1_000 * times_s))[None].astype(np.float32)
    sections = k_weighting(44_100)
    got, expected = (x[0, 4 * 44_100 :] for x in (_filtered(sections, audio, 44_100), _expected(sections, audio)))
    assert 10 * np.log10(np.square(got).mean() / np.square(expected).mean()) == pytest.approx(0.0, abs=1e-4)


def test_channels_do_not_hear_each_other() -> None:
    audio = np.random.default_rng(2).standard_normal((2, 48_000)).astype(np.float32)
    sections = k_weighting(48_000)
    alone = [_filtered(sections, audio[k : k + 1], 48_000)[0] for k in (0, 1)]
    assert np.array_equal(_filtered(sections, audio, 48_000), alone)


def test_layout_in_memory_does_not_matter() -> None:
    audio = np.random.default_rng(3).standard_normal((48_000, 2)).astype(np.float32)
    sections = k_weighting(48_000)
    interleaved, apart = audio.T, np.ascontiguousarray(audio.T)
    assert np.array_equal(_filtered(sections, interleaved, 48_000), _filtered(sections, apart, 48_000))


def test_it_comes_to_rest_in_silence() -> None:
    ours = BlockFilter(k_weighting(48_000), 1)
    assert ours.is_resting
    ours.process(np.ones((1, 480), np.float32))
    assert not ours.is_resting
    for _ in range(3):
        last = ours.process(np.zeros((1, 48_000), np.float32))
    assert ours.is_resting
    assert not last[0, -1_000:].any()
