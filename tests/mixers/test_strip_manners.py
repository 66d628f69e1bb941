"""What no strip does, whoever suggests it: measured on sounds that are made for it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.analysis.roles import Role
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.reverb import Reverb
from reaper_automix.mixers.strip_manners import (
    Mannered,
    compresses,
    does_something,
    heard_bands,
    loudness_change_lu,
    with_manners,
)
from reaper_automix.mixers.strip_parameters import (
    StripSettings,
    neutral_reverb_vector,
    neutral_vector,
    reverb_from,
    settings_from,
)
from reaper_automix.units import SILENCE_DB, db_to_lin

RATE_HZ = 32_000
REVERB = reverb_from(neutral_reverb_vector())
NEUTRAL = settings_from(neutral_vector())


def noise(n_channels: int = 1, seconds: float = 6.0, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((n_channels, round(seconds * RATE_HZ))).astype(np.float32)


def lows() -> np.ndarray:
    """Return what a bass has: nothing above 300 Hz, but for the noise of its amplifier 90 dB below."""
    filtered = signal.sosfilt(signal.butter(8, 300.0, fs=RATE_HZ, output="sos"), noise(), axis=1)
    return (filtered + 3e-6 * noise(seed=1)).astype(np.float32)


def strip(bands: tuple[Band, ...] = (), **values: object) -> StripSettings:
    return replace(NEUTRAL, equaliser=EqualiserSettings(bands), **values)


def mannered(one: StripSettings, sound: np.ndarray, role: Role | None = None) -> Mannered:
    return with_manners(one, sound, RATE_HZ, role=role, reverb=REVERB)


def energy(audio: np.ndarray) -> float:
    meter = LoudnessMeter(RATE_HZ, len(audio))
    meter.add(audio)
    return float(meter.block_energy().sum())


def test_a_neutral_strip_stays_and_changes_nothing() -> None:
    found = mannered(NEUTRAL, noise(2))
    assert found == Mannered(NEUTRAL)
    assert loudness_change_lu(NEUTRAL, noise(), RATE_HZ) == 0.0


# --- equaliser -----------------------------------------------------------------------------------------------------


def test_nothing_is_boosted_where_there_is_nothing() -> None:
    boosted = strip((Band("high_shelf", 6_000.0, 5.0), Band("band", 5_000.0, 4.0, 1.0), Band("band", 150.0, 3.0, 1.0)))
    found = mannered(boosted, lows())
    assert [band.gain_db for band in found.strip.equaliser.bands] == [0.0, 0.0, 3.0]
    assert "6 kHz" in found.bounds["equaliser"]
    assert "5 kHz" in found.bounds["equaliser"]
    assert "150 Hz" not in found.bounds["equaliser"]


def test_cuts_and_boosts_of_what_is_there_are_left() -> None:
    for one, sound in (
        (strip((Band("high_shelf", 6_000.0, -9.0), Band("band", 9_000.0, -4.0, 2.0))), lows()),
        (strip((Band("high_shelf", 6_000.0, 5.0), Band("low_shelf", 60.0, 4.0))), noise()),
    ):
        found = mannered(one, sound)
        assert found.strip == one
        assert not found.bounds


def test_a_shelf_counts_all_that_it_reaches() -> None:
    """A low shelf at 4 kHz has all of a bass below it, and stays."""
    assert not mannered(strip((Band("low_shelf", 4_000.0, 3.0),)), lows()).bounds


@pytest.mark.parametrize(
    ("gains_db", "left"), [((0.2, -0.25), 0), ((0.2, -0.3), 2), ((0.0, 3.0), 1), ((), 0), ((0.01, 3.0), 1)]
)
def test_bands_that_do_nothing_are_left_out(gains_db, left) -> None:
    bands = tuple(Band("band", 500.0, gain_db) for gain_db in gains_db)
    assert len(heard_bands(EqualiserSettings(bands)).bands) == left


# --- compressor ------------------------------------------------------------------------------------------------------


def test_the_threshold_goes_up_until_the_reduction_is_6_db_while_it_sounds() -> None:
    sound = np.concatenate([noise(2), np.zeros((2, 6 * RATE_HZ), np.float32)], axis=1)  # pauses do not count
    deep = strip(compressor=CompressorSettings(threshold_db=-40.0, ratio=6.0, attack_ms=5.0))
    found = mannered(deep, sound)
    assert found.reduction_db == pytest.approx(6.0, abs=0.2)
    assert found.reduction_db <= 6.0
    assert found.strip.compressor == replace(deep.compressor, threshold_db=found.strip.compressor.threshold_db), (
        "nothing else of it moves"
    )
    reduction_db = Compressor(found.strip.compressor, RATE_HZ, 2).reduction_db(sound)
    assert float(reduction_db[RATE_HZ : 6 * RATE_HZ].mean()) == pytest.approx(6.0, abs=0.3)
    assert "at most 6 dB" in found.bounds["compressor"]


def test_a_moderate_compressor_is_left() -> None:
    one = strip(compressor=CompressorSettings(threshold_db=-24.0, ratio=3.0))
    found = mannered(one, noise())
    assert found.strip == one
    assert 0.0 < found.reduction_db < 6.0
    assert not found.bounds


def test_a_ratio_of_one_is_no_compressor() -> None:
    assert not compresses(CompressorSettings(ratio=1.0, threshold_db=-60.0))
    assert compresses(CompressorSettings(ratio=1.1))


def test_the_change_of_loudness_is_that_of_the_processors() -> None:
    one = strip((Band("low_shelf", 100.0, -12.0),), compressor=CompressorSettings(-24.0, 2.0, makeup_db=3.0))
    found = mannered(one, noise())
    assert found.change_lu == loudness_change_lu(one, noise(), RATE_HZ)
    silent_makeup = replace(one, compressor=replace(one.compressor, makeup_db=0.0))
    assert found.change_lu - 3.0 == pytest.approx(mannered(silent_makeup, noise()).change_lu, abs=1e-9)
    only_makeup = strip(compressor=CompressorSettings(ratio=1.0, makeup_db=4.5))
    assert mannered(only_makeup, noise()).change_lu == pytest.approx(4.5)


# --- reverb ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "under_lu"), [(None, 10.0), (Role.SYNTH, 10.0), (Role.LEAD_VOCAL, 14.0)])
@pytest.mark.parametrize("pan", [0.0, 0.7])
def test_the_reverb_stays_below_the_dry_track(role, under_lu, pan) -> None:
    wet = replace(NEUTRAL, send_db=0.0, pan=pan)
    found = mannered(wet, noise(), role)
    assert found.reverb_lu == -under_lu
    dry = np.repeat(noise(), 2, axis=0) * np.array([[1.0 - pan], [1.0]], np.float32)
    tail = np.zeros((2, 3 * RATE_HZ), np.float32)
    sent = np.concatenate([dry, tail], axis=1) * np.float32(db_to_lin(found.strip.send_db))
    ratio = energy(Reverb(REVERB, RATE_HZ, 2).process(sent)) / energy(dry)
    assert 10.0 * math.log10(ratio) == pytest.approx(-under_lu, abs=0.1)
    assert f"{under_lu:.0f} LU below" in found.bounds["reverb"]


def test_a_little_reverb_is_left() -> None:
    found = mannered(replace(NEUTRAL, send_db=-30.0), noise())
    assert found.strip.send_db == -30.0
    assert found.reverb_lu < -20.0
    assert not found.bounds


@pytest.mark.parametrize("role", [Role.BASS, Role.KICK])
def test_bass_and_kick_have_none(role) -> None:
    found = mannered(replace(NEUTRAL, send_db=-20.0), noise(), role)
    assert found.strip.send_db == SILENCE_DB
    assert found.reverb_lu == -math.inf
    assert role.value in found.bounds["reverb"]


def test_silence_is_sent_nowhere() -> None:
    for sound in (np.zeros((2, RATE_HZ), np.float32), np.zeros((1, 0), np.float32)):
        found = mannered(replace(NEUTRAL, send_db=-20.0), sound)
        assert found.strip.send_db == SILENCE_DB
        assert found.change_lu == 0.0
        made_up = replace(NEUTRAL, compressor=CompressorSettings(ratio=3.0, makeup_db=4.0))
        assert loudness_change_lu(made_up, sound, RATE_HZ) == mannered(made_up, sound).change_lu == 4.0


@pytest.mark.parametrize(
    ("one", "does"),
    [
        (replace(NEUTRAL, gain_db=3.0, fader_db=-3.0, pan=0.3, inverted=True), False),
        (strip((Band("band", 500.0, -1.0),)), True),
        (strip(compressor=CompressorSettings(ratio=2.0)), True),
        (replace(NEUTRAL, send_db=-40.0), True),
    ],
)
def test_only_plugins_and_sends_need_to_be_heard(one, does) -> None:
    assert does_something(one) is does


# --- what nobody hears ---------------------------------------------------------------------------------------------


def test_a_compressor_that_hardly_works_is_left_out_with_its_make_up() -> None:
    gentle = strip(compressor=CompressorSettings(threshold_db=-6.0, ratio=2.0, makeup_db=3.0))
    found = mannered(gentle, noise())
    assert not compresses(found.strip.compressor)
    assert found.change_lu == 0.0
    assert found.bounds == {}
    working = mannered(replace(gentle, compressor=replace(gentle.compressor, threshold_db=-26.0)), noise())
    assert compresses(working.strip.compressor)
    assert working.reduction_db > 0.2


def test_a_reverb_far_below_its_track_is_left_out() -> None:
    assert mannered(strip(send_db=-48.0), noise()).strip.send_db == SILENCE_DB
    heard = mannered(strip(send_db=-24.0), noise())
    assert heard.strip.send_db == -24.0
    assert heard.reverb_lu > -36.0
