"""The real FdnReverb: its decay with our knobs is the one that was meant, and our own network sounds like it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from plugins.judges.hosted import Job, Played, check_shown, play
from scipy import signal

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.network_reverb import NetworkReverb
from reaper_automix.plugins import fdnreverb

DECAYS_S = (0.3, 0.5, 1.0, 2.0, 3.0, 4.0)
WET = ReverbSettings(dry_db=-150.0, dampening=0.0)
QUIET = {"Reverberation Time": 0.0, "Highs Gain": 80.0 / 84.0}
OCTAVES_HZ = (250, 500, 1_000, 2_000, 4_000, 8_000, 16_000)


def _impulse(duration_s: float, rate_hz: int) -> NDArray[np.float32]:
    impulse = np.zeros((2, int(duration_s * rate_hz)), np.float32)
    impulse[:, 0] = 1.0
    return impulse


def _played(settings: list[ReverbSettings], rate_hz: int) -> list[Played]:
    jobs = []
    for each in settings:
        outputs = tuple(tuple(pin - 1 for pin in pins) for pins in fdnreverb.output_pins(each))
        audio = _impulse(_duration_s(each), rate_hz)
        jobs.append(Job(fdnreverb.knobs(each), audio, outputs, QUIET, 0.7))
    played = play("FdnReverb", rate_hz, jobs)
    for job, each, meant in zip(jobs, played, settings, strict=True):
        check_shown(job.knobs, each)
        read = fdnreverb.settings_from(each.values, is_dry=meant.dry_db == 0.0)
        for name in ("wet_db", "dry_db", "decay_s", "dampening"):
            assert getattr(read, name) == pytest.approx(getattr(meant, name), abs=1e-6)
    return played


def _rt60_s(response: NDArray[np.floating], rate_hz: int) -> float:
    """Return the decay time by Schroeder's backward integration, a line through -5 to -35 dB."""
    energy = np.cumsum(np.square(response, dtype=np.float64).sum(axis=0)[::-1])[::-1]
    level_db = 10.0 * np.log10(energy / energy[0] + 1e-12)
    on_line = (level_db <= -5.0) & (level_db >= -35.0)
    return float(-60.0 / np.polyfit(np.flatnonzero(on_line) / rate_hz, level_db[on_line], 1)[0])


def _octave(response: NDArray[np.floating], middle_hz: float, rate_hz: int) -> NDArray[np.float64]:
    edges_hz = [middle_hz / math.sqrt(2.0), min(middle_hz * math.sqrt(2.0), 0.49 * rate_hz)]
    return np.asarray(signal.sosfilt(signal.butter(4, edges_hz, "band", fs=rate_hz, output="sos"), response))


def _energy_db(response: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(10.0 * np.log10(np.square(response, dtype=np.float64).sum(axis=1)))


def _duration_s(settings: ReverbSettings) -> float:
    return 1.1 * settings.decay_s + 0.3


@pytest.fixture(scope="module")
def flat() -> list[tuple[ReverbSettings, Played]]:
    settings = [replace(WET, decay_s=decay_s) for decay_s in DECAYS_S]
    return list(zip(settings, _played(settings, 48_000), strict=True))


@pytest.fixture(scope="module")
def dampened() -> list[tuple[ReverbSettings, Played]]:
    settings = [replace(WET, decay_s=decay_s, dampening=0.5) for decay_s in DECAYS_S]
    return list(zip(settings, _played(settings, 48_000), strict=True))


def test_the_decay_is_the_one_that_was_meant(flat: list[tuple[ReverbSettings, Played]]) -> None:
    for each, played in flat:
        assert fdnreverb.playable(each) == (each, ())
        decay_s = _rt60_s(played.audio, 48_000)
        assert decay_s == pytest.approx(each.decay_s, rel=0.05)


def test_the_decay_at_another_rate() -> None:
    settings = [replace(WET, decay_s=decay_s) for decay_s in (0.3, 1.0, 2.0)]
    for each, played in zip(settings, _played(settings, 44_100), strict=True):
        assert _rt60_s(played.audio, 44_100) == pytest.approx(each.decay_s, rel=0.05)


def test_with_dampening_the_middle_frequencies_keep_the_decay(dampened: list[tuple[ReverbSettings, Played]]) -> None:
    for each, played in dampened:
        low, middle, high = (_rt60_s(_octave(played.audio, hz, 48_000), 48_000) for hz in (500, 1_000, 15_000))
        assert (low + middle) / 2.0 == pytest.approx(each.decay_s, rel=0.05)
        # 30 dB/s more at a dampening of 0.5, nearly all of it at 15 kHz
        assert 60.0 / high == pytest.approx(60.0 / each.decay_s + 28.5, rel=0.1)
        assert _rt60_s(played.audio, 48_000) == pytest.approx(each.decay_s, rel=0.15)


def test_dry_and_wet() -> None:
    loud = ReverbSettings(wet_db=0.0, dry_db=0.0, decay_s=0.5, dampening=0.0)
    (half, text) = fdnreverb.playable(replace(loud, wet_db=-6.0))
    assert half.wet_db == pytest.approx(-6.0, abs=0.1)
    assert text == ()
    wet_only = replace(half, dry_db=-150.0)
    first, second, third = _played([loud, half, wet_only], 48_000)
    assert first.audio[:, 0] == pytest.approx([1.0, 1.0], abs=1e-6)
    assert second.audio[:, 0] == pytest.approx([1.0, 1.0], abs=1e-6)
    assert not third.audio[:, :20].any()
    np.testing.assert_allclose(second.audio[:, 1:], first.audio[:, 1:] * 10.0 ** (half.wet_db / 20.0), atol=1e-6)


@pytest.mark.parametrize("kind", ["flat", "dampened"])
def test_our_network_sounds_like_it(kind: str, request: pytest.FixtureRequest) -> None:
    for each, played in request.getfixturevalue(kind):
        ours = NetworkReverb(each, 48_000, 2).process(_impulse(_duration_s(each), 48_000))
        off_db = _energy_db(ours) - _energy_db(played.audio)
        pairs = [[_octave(audio, hz, 48_000) for audio in (ours, played.audio)] for hz in OCTAVES_HZ]
        octaves_db = np.array([_energy_db(a).mean() - _energy_db(b).mean() for a, b in pairs])
        times = np.array([_rt60_s(a, 48_000) / _rt60_s(b, 48_000) for a, b in pairs])
        np.testing.assert_allclose(off_db, 0.0, atol=1.0)
        np.testing.assert_allclose(octaves_db, 0.0, atol=2.0)
        np.testing.assert_allclose(times, 1.0, atol=0.08)
