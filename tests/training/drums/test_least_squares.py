"""Gains recovered from a dry mix: exact with bleed, and with a microphone that is late and inverted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from played_kit import write_kit

from reaper_automix.errors import ScopeError
from reaper_automix.training.drums.grooves import groove
from reaper_automix.training.drums.kit_player import KitPlayer, draw_variation
from reaper_automix.training.drums.least_squares import recover_gains, recover_levels
from reaper_automix.training.role_drumkit import DrumKit


def played(kit: DrumKit, seed: int, length_s: float) -> tuple[np.ndarray, int, tuple[str, ...]]:
    variation = draw_variation(kit, np.random.default_rng(seed))
    recording = KitPlayer(kit, "a").play(groove(seed, 1).window(0.0, length_s), variation, length_s)
    return recording.audio, recording.rate_hz, recording.names


def gains_of(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(-15.0, 3.0, n)


def mixed(audio: np.ndarray, gains_db: np.ndarray, *, late: int | None = None, samples: int = 0) -> np.ndarray:
    """Return the mix; one microphone may be late and inverted in it."""
    parts = 10.0 ** (gains_db / 20.0)[:, None] * audio
    if late is not None:
        parts[late] = -np.concatenate([np.zeros(samples), parts[late]])[: audio.shape[1]]
    return parts.sum(axis=0).astype(np.float32)


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> DrumKit:
    return DrumKit.load(write_kit(tmp_path_factory.mktemp("kit")) / "drumkit")


def test_gains_come_back_with_bleed(noises: DrumKit) -> None:
    for seed in (0, 3, 5):
        audio, _, _ = played(noises, seed, 8.0)
        gains_db = gains_of(len(audio))
        found = recover_gains(audio, mixed(audio, gains_db))
        np.testing.assert_allclose(20.0 * np.log10(np.abs(found)), gains_db, atol=0.1)
        assert (found > 0.0).all()


@pytest.mark.parametrize("late", range(4))
def test_gains_come_back_with_a_late_and_inverted_microphone(noises: DrumKit, late: int) -> None:
    audio, rate_hz, _ = played(noises, 3, 6.0)
    gains_db = gains_of(len(audio))
    found = recover_levels(audio, mixed(audio, gains_db, late=late, samples=rate_hz // 50), rate_hz)
    np.testing.assert_allclose(found.gains_db, gains_db, atol=0.5)
    assert found.polarity == tuple(-1 if i == late else 1 for i in range(len(audio)))
    np.testing.assert_allclose(found.lag_s, [0.02 if i == late else 0.0 for i in range(len(audio))], atol=1e-4)
    assert found.residual_db < -60.0


def test_a_mix_that_starts_later_is_found(noises: DrumKit) -> None:
    audio, rate_hz, _ = played(noises, 3, 6.0)
    gains_db = gains_of(len(audio))
    mix = np.concatenate([np.zeros(rate_hz, np.float32), mixed(audio, gains_db)])
    found = recover_levels(audio, mix, rate_hz)
    np.testing.assert_allclose(found.gains_db, gains_db, atol=0.1)
    np.testing.assert_allclose(found.lag_s, 1.0, atol=1e-4)


def test_a_silent_track_has_no_gain_and_equal_ones_share_theirs() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((2, 4000)).astype(np.float32)
    tracks = np.stack([one, one, two, np.zeros_like(one)])
    found = recover_gains(tracks, one - 0.5 * two)
    np.testing.assert_allclose(found, [0.5, 0.5, -0.5, 0.0], atol=1e-3)


def test_it_is_what_a_library_says() -> None:
    rng = np.random.default_rng(1)
    tracks = rng.standard_normal((5, 3000)).astype(np.float32)
    mix = rng.standard_normal(3000).astype(np.float32)
    expected = np.linalg.lstsq(tracks.T.astype(np.float64), mix.astype(np.float64), rcond=None)[0]
    np.testing.assert_allclose(recover_gains(tracks, mix), expected, rtol=1e-8)


@pytest.mark.parametrize(("tracks", "mix"), [((0, 10), 10), ((2, 10), 9)])
def test_what_does_not_fit_is_told(tracks: tuple[int, int], mix: int) -> None:
    with pytest.raises(ScopeError, match="tracks of shape"):
        recover_gains(np.zeros(tracks, np.float32), np.zeros(mix, np.float32))


def test_silence_is_told() -> None:
    with pytest.raises(ScopeError):
        recover_levels(np.zeros((2, 8000), np.float32), np.zeros(8000, np.float32), 8000)


@pytest.mark.data
def test_on_the_recorded_kit(shared_data: Path) -> None:
    kit = DrumKit.load(shared_data / "drumkit")
    audio, rate_hz, _ = played(kit, 7, 5.0)
    gains_db = gains_of(len(audio))
    plain = recover_gains(audio, mixed(audio, gains_db))
    np.testing.assert_allclose(20.0 * np.log10(np.abs(plain)), gains_db, atol=0.1)
    for late in (1, len(audio) - 1):
        found = recover_levels(audio, mixed(audio, gains_db, late=late, samples=rate_hz // 50), rate_hz)
        np.testing.assert_allclose(found.gains_db, gains_db, atol=0.5)
        assert found.polarity[late] == -1
