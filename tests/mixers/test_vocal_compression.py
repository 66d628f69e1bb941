"""The published loop on vocals of known loudness range, heard by a meter of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.effects.compressor import Compressor
from reaper_automix.mixers import vocal_compression
from reaper_automix.mixers.vocal_compression import ENOUGH_LU, Compression, compress

RATE_HZ = 16_000


def vocal(*levels_db: float, each_s: float = 6.0, n_channels: int = 1, peak: float = 0.5) -> np.ndarray:
    """Return syllables of noise at one level after the other, float32 (n_channels, n_samples)."""
    rng = np.random.default_rng(4)
    n = int(each_s * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    syllables = 0.3 + 0.7 * np.square(np.sin(np.pi * 2.0 * time_s))
    parts = [rng.standard_normal(n) * syllables * 10.0 ** (level / 20.0) for level in levels_db]
    audio = np.concatenate(parts)
    audio *= peak / np.abs(audio).max()
    return np.repeat(audio.astype(np.float32)[None], n_channels, axis=0)


def reader(audio: np.ndarray, block: int = 40_000) -> Callable[[], Iterator[np.ndarray]]:
    return lambda: (audio[:, at : at + block] for at in range(0, audio.shape[1], block))


def found(audio: np.ndarray, rms_size_ms: float = 5.0) -> Compression:
    return compress(reader(audio), RATE_HZ, audio.shape[0], rms_size_ms=rms_size_ms)


def heard(audio: np.ndarray, compression: Compression | None = None) -> tuple[float, float]:
    """Return loudness range and loudness, through the compressor."""
    if compression is not None and compression.settings is not None:
        audio = Compressor(compression.settings, RATE_HZ, audio.shape[0]).process(audio)
    meter = LoudnessMeter(RATE_HZ, audio.shape[0])
    meter.add(audio)
    result = meter.result()
    return result.range_lu, result.integrated_lufs


@pytest.mark.parametrize("rms_size_ms", [0.0, 5.0])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_range_beyond_20_lu_is_brought_below_the_aim(n_channels: int, rms_size_ms: float) -> None:
    audio = vocal(-18.0, 0.0, -18.0, -9.0, 0.0, -19.0, n_channels=n_channels)
    before_lu, before_lufs = heard(audio)
    assert before_lu > 17.5
    compression = found(audio, rms_size_ms)
    after_lu, after_lufs = heard(audio, compression)
    assert compression.settings is not None
    assert after_lu < ENOUGH_LU
    assert after_lu == pytest.approx(compression.range_after_lu, abs=0.01)
    assert after_lufs == pytest.approx(before_lufs, abs=0.05), "make-up keeps the loudness"


def test_settings_are_those_of_the_published_loop() -> None:
    audio = vocal(-18.0, 0.0, -18.0, -9.0, 0.0, -19.0, peak=0.25)
    settings = found(audio).settings
    assert settings is not None
    assert (settings.attack_ms, settings.release_ms) == (30.0, 200.0)
    fallen_db = 20.0 * math.log10(0.25) - settings.threshold_db
    turns = round(fallen_db / 3.0)
    assert fallen_db == pytest.approx(3.0 * turns, abs=1e-4), "steps of 3 dB below the peak"
    assert settings.ratio == pytest.approx(3.0 + 0.1 * turns), "0.1 more at every step"
    assert heard(audio, Compression(settings, 0.0, 0.0, "", np.zeros(0)))[0] < ENOUGH_LU
    one_less = Compression(
        type(settings)(
            threshold_db=settings.threshold_db + 3.0, ratio=settings.ratio - 0.1, attack_ms=30.0, release_ms=200.0
        ),
        0.0,
        0.0,
        "",
        np.zeros(0),
    )
    assert heard(audio, one_less)[0] >= ENOUGH_LU, "the loop ends at the first that is enough"


def test_the_threshold_follows_the_level_of_the_vocal() -> None:
    loud, quiet = found(vocal(-18.0, 0.0, -18.0, 0.0)), found(vocal(-18.0, 0.0, -18.0, 0.0, peak=0.05))
    assert loud.settings is not None
    assert quiet.settings is not None
    assert loud.settings.threshold_db - quiet.settings.threshold_db == pytest.approx(20.0, abs=0.01)
    assert loud.settings.ratio == quiet.settings.ratio


def test_a_vocal_below_the_aim_is_left_alone_and_it_is_said() -> None:
    compression = found(vocal(-4.0, 0.0, -6.0))
    assert compression.settings is None
    assert compression.range_after_lu == compression.range_before_lu < ENOUGH_LU
    assert "no compressor" in compression.reason
    assert compression.reduction_db.size == 0


def test_where_the_loop_ends_without_it_the_reason_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocal_compression, "LOWEST_THRESHOLD_DB", -5.0)
    compression = found(vocal(-18.0, 0.0, -18.0, 0.0))
    assert compression.settings is not None
    assert compression.settings.threshold_db == pytest.approx(20.0 * math.log10(0.5) - 3.0, abs=0.01)
    assert compression.range_after_lu >= ENOUGH_LU
    assert "as far as the published loop goes" in compression.reason


@pytest.mark.parametrize("length", [0, 1, 37, 3_000])
def test_silence_and_short_sounds(length: int) -> None:
    for audio in (np.zeros((1, length), np.float32), np.full((2, length), 0.1, np.float32)):
        compression = found(audio)
        assert compression.settings is None


def test_gain_reduction_over_time() -> None:
    audio = vocal(-18.0, 0.0, -18.0, 0.0)
    compression = found(audio)
    assert compression.reduction_db.size == pytest.approx(audio.shape[1] / RATE_HZ * 10.0, abs=1)
    quiet, loud = compression.reduction_db[5:55], compression.reduction_db[65:115]
    assert loud.mean() > quiet.mean() + 3.0
    assert (compression.reduction_db >= 0.0).all()


def test_sizes_of_blocks_do_not_matter() -> None:
    audio = vocal(-18.0, 0.0, -18.0, 0.0)
    settings = {
        compress(reader(audio, block), RATE_HZ, 1, rms_size_ms=5.0).settings for block in (777, 40_000, audio.size)
    }
    assert len({(s.threshold_db, s.ratio) for s in settings if s}) == 1
