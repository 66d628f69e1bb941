"""A rack plays as its processors do one after the other, mono or stereo, and rests when nothing sounds any more."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.network_reverb import NetworkReverb
from reaper_automix.effects.rack import Rack, processor_of
from reaper_automix.effects.reverb import Reverb
from reaper_automix.errors import MediaError
from reaper_automix.session import FxSlot

RATE_HZ = 44_100
TONE = EqualiserSettings((Band("high_pass", 120.0, q=0.8), Band("band", 2_500.0, 4.0, 1.5)))
GLUE = CompressorSettings(threshold_db=-30.0, ratio=4.0, knee_db=6.0, detector_highpass_hz=90.0, makeup_db=3.0)
ROOM = ReverbSettings(wet_db=-6.0, dry_db=0.0, decay_s=0.4, lowpass_hz=8_000.0, initial_delay_ms=7.0)


def rack_of(*settings: Any, rate_hz: int = RATE_HZ) -> Rack:
    slots = [FxSlot(f"{{{i}}}", "VST: Any (Maker)", "VST", settings=s) for i, s in enumerate(settings)]
    return Rack(slots, rate_hz)


def noise(n_samples: int, n_channels: int, seed: int = 1) -> np.ndarray:
    swell = np.linspace(0.02, 0.4, n_samples)
    return (np.random.default_rng(seed).standard_normal((n_channels, n_samples)) * swell).astype(np.float32)


def in_blocks(rack: Rack, audio: np.ndarray, *edges: int) -> np.ndarray:
    bounds = pairwise((0, *edges, audio.shape[1]))
    return np.concatenate([rack.process(audio[:, a:b]) for a, b in bounds], axis=1)


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_rack_is_its_processors_one_after_the_other(rate_hz: int, n_channels: int) -> None:
    audio = noise(20_000, n_channels)
    kept = audio.copy()
    expected = Equaliser(TONE, rate_hz, n_channels).process(audio)
    expected = Compressor(GLUE, rate_hz, n_channels).process(expected)
    without_room = rack_of(TONE, GLUE, rate_hz=rate_hz).process(audio)
    assert without_room.shape == audio.shape
    np.testing.assert_array_equal(without_room, expected)
    expected = Reverb(ROOM, rate_hz, n_channels).process(expected)
    whole = rack_of(TONE, GLUE, ROOM, rate_hz=rate_hz)
    np.testing.assert_allclose(in_blocks(whole, audio, 997, 998, 5_000), expected, atol=1e-6)
    np.testing.assert_array_equal(audio, kept)
    other_way_round = rack_of(GLUE, TONE, rate_hz=rate_hz).process(audio)
    assert np.max(np.abs(other_way_round - without_room)) > 1e-3


@pytest.mark.parametrize("settings", [(TONE,), (GLUE,), (ROOM,), (TONE, GLUE, ROOM), (ROOM, TONE, GLUE)])
def test_mono_blocks_among_stereo_ones_play_in_both_channels(settings: tuple[Any, ...]) -> None:
    audio = noise(30_000, 2)
    for a, b in ((0, 9_000), (17_000, 23_000)):
        audio[1, a:b] = audio[0, a:b]
    expected = rack_of(*settings).process(audio)
    rack = rack_of(*settings)
    played = [
        rack.process(part)
        for part in (
            audio[:1, :4_000],
            audio[:1, 4_000:9_000],
            audio[:, 9_000:17_000],
            audio[:1, 17_000:23_000],
            audio[:, 23_000:],
        )
    ]
    assert [len(part) for part in played] == ([2] * 5 if ROOM in settings else [1, 1, 2, 2, 2])
    whole = np.concatenate([np.broadcast_to(part, (2, part.shape[1])) for part in played], axis=1)
    np.testing.assert_allclose(whole, expected, atol=1e-6)


def test_what_a_rack_knows_of_itself() -> None:
    wire = rack_of()
    assert (wire.is_empty, wire.is_linear, wire.makes_stereo, wire.tail_s, wire.memory_s) == (True, True, False, 0, 0)
    audio = noise(10, 1)
    assert wire.process(audio) is audio
    assert not rack_of(TONE).is_empty
    assert rack_of(TONE, ROOM).is_linear
    assert not rack_of(TONE, GLUE).is_linear
    assert rack_of(TONE, ROOM).makes_stereo
    assert not rack_of(TONE, GLUE).makes_stereo
    assert rack_of(GLUE).tail_s == 0.0
    assert rack_of(GLUE).memory_s > 5.0 * GLUE.release_ms / 1_000.0
    assert (
        rack_of(EqualiserSettings((Band("band", 15_000.0, 3.0),)), rate_hz=22_050).notes[0].startswith("band at 15000")
    )


@pytest.mark.parametrize(
    "settings", [ROOM, ReverbSettings(decay_s=1.5), TONE, EqualiserSettings((Band("band", 40.0, 12.0, 30.0),))]
)
def test_tails_are_100_db_down_when_they_are_said_to_be_over(settings: Any) -> None:
    rack = rack_of(settings)
    burst = noise(4_000, 2)
    loudest = np.max(np.abs(rack.process(burst)))
    n_tail = round(rack.tail_s * RATE_HZ)
    tail = rack.process(np.zeros((2, n_tail + 2_000), np.float32))
    assert np.max(np.abs(tail[:, n_tail:])) < 1e-5 * loudest
    assert np.max(np.abs(tail[:, : n_tail // 3])) > 1e-5 * loudest


@pytest.mark.parametrize("settings", [(TONE,), (GLUE,), (ROOM, GLUE)])
def test_a_rack_rests_after_its_tail_and_wakes_as_if_it_had_not(settings: tuple[Any, ...]) -> None:
    rack = rack_of(*settings)
    burst, n_silent = noise(3_000, 2), 0
    assert rack.is_resting
    rack.process(burst)
    silence = np.zeros((2, 10_000), np.float32)
    while not rack.is_resting:
        rack.process(silence)
        n_silent += silence.shape[1]
        assert n_silent < 10 * RATE_HZ
    assert n_silent >= rack.memory_s * RATE_HZ
    assert not rack.process(silence).any()
    assert rack.is_resting
    woken = rack.process(burst)
    gap = np.zeros((2, n_silent + silence.shape[1]), np.float32)
    throughout = in_blocks(rack_of(*settings), np.concatenate((burst, gap, burst), axis=1))
    np.testing.assert_allclose(woken, throughout[:, -burst.shape[1] :], atol=1e-7)


def test_a_silent_block_does_not_end_a_tail() -> None:
    rack = rack_of(ROOM)
    rack.process(noise(3_000, 1))
    for _ in range(5):
        assert rack.process(np.zeros((1, 2_000), np.float32)).any()
        assert not rack.is_resting


def test_settings_that_are_not_known_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="VST: ReaXcomp"):
        Rack([FxSlot("{1}", "VST: ReaXcomp (Cockos)", "VST")], RATE_HZ)
    assert processor_of(FxSlot("{1}", "VST: ReaEQ (Cockos)", "VST", settings=TONE)) is Equaliser


def test_fdn_reverb_is_played_by_the_network() -> None:
    stock, iem = (FxSlot("{1}", f"VST: {name} (64ch)", "VST", settings=ROOM) for name in ("ReaVerbate", "FdnReverb"))
    assert (processor_of(stock), processor_of(iem)) == (Reverb, NetworkReverb)
    audio = noise(20_000, 2)
    audio[:, 12_000:] = 0.0
    audio[1, :5_000] = audio[0, :5_000]
    rack = Rack([iem], RATE_HZ)
    played = [rack.process(audio[:1, :5_000]), rack.process(audio[:, 5_000:])]
    expected = NetworkReverb(ROOM, RATE_HZ, 2).process(audio)
    np.testing.assert_allclose(np.concatenate(played, axis=1), expected, atol=1e-6)
    tail = rack.process(np.zeros((2, round(rack.tail_s * RATE_HZ) + 2_000), np.float32))
    assert np.abs(tail[:, -2_000:]).max() < 1e-5 * np.abs(expected).max()


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(MediaError, match="not numbers"):
        rack_of(TONE).process(np.full((1, 8), np.nan, np.float32))
