"""The real OmniCompressor: static curve, times and waveform are our compressor's, and it hears channel 1 alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from plugins.judges.hosted import Job, Played, check_shown, play

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effects.compressor import Compressor, static_gain_db
from reaper_automix.plugins import omnicompressor

RATE_HZ = 48_000
LEVELS_DB = (-45.0, -31.0, -26.0, -23.0, -20.0, -17.0, -12.0, -6.0, 0.0)
STEP_S = 0.2
CURVES = [
    CompressorSettings(
        threshold_db=threshold_db,
        ratio=ratio,
        knee_db=knee_db,
        attack_ms=5.0,
        release_ms=10.0,
        rms_size_ms=0.0,
        makeup_db=3.0,
    )
    for threshold_db, ratio, knee_db in itertools.product((-34.5, -20.0, -8.3), (1.4, 3.0, 8.0, 100.0), (0.0, 7.5))
]
TIMES_MS = ((1.0, 50.0), (10.0, 100.0), (30.0, 300.0), (80.0, 20.0))


def _stairs() -> NDArray[np.float32]:
    levels_lin = 10.0 ** (np.array(LEVELS_DB) / 20.0)
    return np.repeat(levels_lin, int(STEP_S * RATE_HZ)).astype(np.float32)[None].repeat(2, axis=0)


def _bursts() -> NDArray[np.float32]:
    n_samples = 2 * RATE_HZ
    noise = np.random.default_rng(0).standard_normal((2, n_samples))
    return (0.3 * noise * np.exp(-6.0 * (np.arange(n_samples) % 12_000) / 12_000.0)).astype(np.float32)


def _played(settings: list[CompressorSettings], audio: NDArray[np.float32]) -> list[Played]:
    # The release brings the gain back before the next job: 10 s at most are enough for the slowest one.
    jobs = [Job(omnicompressor.knobs(each), audio, quiet={"Release Time": 0.0}) for each in settings]
    played = play("OmniCompressor", RATE_HZ, jobs)
    for job, each, meant in zip(jobs, played, settings, strict=True):
        check_shown(job.knobs, each)
        read = omnicompressor.settings_from(each.values)
        for name in ("threshold_db", "ratio", "knee_db", "attack_ms", "release_ms", "makeup_db"):
            assert getattr(read, name) == pytest.approx(getattr(meant, name), abs=1e-6)
    return played


def test_the_static_curve() -> None:
    ends = np.arange(1, len(LEVELS_DB) + 1) * int(STEP_S * RATE_HZ) - 1
    for settings, played in zip(CURVES, _played(CURVES, _stairs()), strict=True):
        held, _ = omnicompressor.playable(settings)
        assert held == settings
        gain_db = 20.0 * np.log10(played.audio[0, ends]) - np.array(LEVELS_DB)
        meant_db = static_gain_db(settings, np.array(LEVELS_DB)) + settings.makeup_db
        np.testing.assert_allclose(gain_db, meant_db, atol=0.3)


def test_attack_and_release_are_the_times_to_63_percent() -> None:
    silence, loud = np.full((2, RATE_HZ), 1e-3, np.float32), np.ones((2, RATE_HZ), np.float32)
    audio = np.concatenate((silence[:, :4_800], loud, silence), axis=1)
    settings = [
        CompressorSettings(threshold_db=-20.0, ratio=2.0, attack_ms=a, release_ms=r, rms_size_ms=0.0)
        for a, r in TIMES_MS
    ]
    for (attack_ms, release_ms), played in zip(TIMES_MS, _played(settings, audio), strict=True):
        reduction_db = -20.0 * np.log10(played.audio[0] / audio[0])
        attack = int(np.argmax(reduction_db[4_800:] >= 10.0 * (1.0 - np.exp(-1.0)) - 1e-4))
        release = int(np.argmax(reduction_db[4_800 + RATE_HZ :] <= 10.0 * np.exp(-1.0) + 1e-4))
        assert 1_000.0 * attack / RATE_HZ == pytest.approx(attack_ms, rel=0.01, abs=0.05)
        assert 1_000.0 * release / RATE_HZ == pytest.approx(release_ms, rel=0.01, abs=0.05)


def test_it_plays_what_our_compressor_plays() -> None:
    settings = [
        CompressorSettings(
            threshold_db=-30.0, ratio=4.0, knee_db=6.0, attack_ms=5.0, release_ms=80.0, makeup_db=3.0, rms_size_ms=0.0
        ),
        CompressorSettings(
            threshold_db=-25.0, ratio=8.0, knee_db=10.0, attack_ms=50.0, release_ms=20.0, rms_size_ms=0.0
        ),
    ]
    mono = _bursts()[:1].repeat(2, axis=0)
    for each, played in zip(settings, _played(settings, mono), strict=True):
        np.testing.assert_allclose(played.audio, Compressor(each, RATE_HZ, 2).process(mono), atol=2e-6)


def test_it_hears_channel_1_alone() -> None:
    settings = CompressorSettings(threshold_db=-30.0, ratio=8.0, attack_ms=1.0, release_ms=10.0, rms_size_ms=0.0)
    loud, quiet = np.full((1, RATE_HZ // 2), 0.7, np.float32), np.full((1, RATE_HZ // 2), 0.01, np.float32)
    jobs = [
        Job(omnicompressor.knobs(settings), np.concatenate(channels)) for channels in ((loud, quiet), (quiet, loud))
    ]
    left, right = play("OmniCompressor", RATE_HZ, jobs)
    assert omnicompressor.MONO_DETECTOR
    assert not omnicompressor.fits(2)
    assert 20.0 * np.log10(left.audio[:, -1] / jobs[0].audio[:, -1]) == pytest.approx([-23.5] * 2, abs=0.1)
    np.testing.assert_allclose(right.audio[:, -1], jobs[1].audio[:, -1], rtol=1e-3)
