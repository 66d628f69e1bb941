"""Tracks on their own are what they add to the mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.audio.console import Console
from reaper_automix.audio.render import render
from reaper_automix.audio.solo import Solos, play_mixes
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, FxSlot, Send

RATE_HZ = 48_000
LENGTH_S = 4.0
ROOM = ReverbSettings(wet_db=0.0, dry_db=-150.0, decay_s=0.5)
TONE = EqualiserSettings((Band("high_pass", 120.0, q=0.8), Band("band", 2_500.0, 4.0, 1.5)))
GLUE = CompressorSettings(threshold_db=-30.0, ratio=4.0, release_ms=60.0)


def fx(settings):
    return FxSlot("{fx}", "VST: Any (Maker)", "VST", settings=settings)


@pytest.fixture
def song(write_audio, noise, item_of, track_of, session_of):
    """A panned vocal with a ride and a send, a guitar in a folder, and a reverb on a bus."""
    n = round(LENGTH_S * RATE_HZ)
    vocal = item_of(write_audio("v.wav", noise(n, 1), RATE_HZ), LENGTH_S)
    guitar = item_of(write_audio("g.wav", noise(n, 2, seed=1), RATE_HZ), LENGTH_S - 1.0, 1.0)
    ride = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, 0.0), EnvelopePoint(4.0, -12.0)))
    return session_of(
        track_of("vocal", vocal, gain_db=-4.0, pan=0.3, envelopes=(ride,), effects=(fx(TONE),)),
        track_of("band", is_folder=True, gain_db=-3.0),
        track_of("guitar", guitar, gain_db=-7.0, parent_id="band"),
        track_of("room", receives=(Send("vocal", gain_db=-9.0), Send("guitar", gain_db=-12.0)), effects=(fx(ROOM),)),
    )


def alone(session, range_s=(0.0, LENGTH_S)):
    solos = Solos([session], RATE_HZ, range_s)
    return {track.id: solos.play(track.id)[0] for track in session.tracks}


def mixed(session):
    return np.concatenate([block for (block,) in render([session], sample_rate_hz=RATE_HZ)], axis=1)


def test_tracks_on_their_own_add_up_to_the_mix(song) -> None:
    parts = alone(song)
    assert not parts["room"].any()
    assert not parts["band"].any()
    np.testing.assert_allclose(sum(parts.values()), mixed(song), atol=2e-6)


def test_a_part_sounds_as_it_does_in_the_whole(song) -> None:
    whole, part = alone(song), alone(song, (2.0, 3.5))
    for track_id in ("vocal", "guitar"):
        assert part[track_id].shape == (2, round(1.5 * RATE_HZ))
        np.testing.assert_allclose(part[track_id], whole[track_id][:, 2 * RATE_HZ : -RATE_HZ // 2], atol=3e-6)


def test_one_track_leaves_nothing_behind_for_the_next(song) -> None:
    solos = Solos([song], RATE_HZ, (0.0, 2.0))
    first = solos.play("vocal")[0]
    solos.play("guitar")
    np.testing.assert_array_equal(solos.play("vocal")[0], first)


def test_variants_are_heard_as_they_are(song) -> None:
    after = song.with_tracks(
        {
            "vocal": replace(song.track("vocal"), effects=(fx(GLUE),)),
            "guitar": replace(song.track("guitar"), gain_db=-1.0),
        }
    )
    solos = Solos([song, after], RATE_HZ, (0.0, 2.0))
    before, louder = solos.play("guitar")
    np.testing.assert_allclose(louder, before * 10.0 ** (6.0 / 20.0), atol=1e-6)
    np.testing.assert_array_equal(solos.play("vocal")[1], alone(after, (0.0, 2.0))["vocal"])


def test_variants_may_play_other_items(song, write_audio, noise, item_of) -> None:
    other = item_of(write_audio("other.wav", noise(RATE_HZ, 1, seed=5), RATE_HZ), 1.0)
    after = song.with_tracks({"vocal": replace(song.track("vocal"), items=(other,))})
    solos = Solos([song, after, song], RATE_HZ, (0.0, 2.0))
    before, changed, again = solos.play("vocal")
    np.testing.assert_array_equal(before, again)
    np.testing.assert_array_equal(changed, alone(after, (0.0, 2.0))["vocal"])
    assert np.abs(changed - before).max() > 0.01
    mixes = play_mixes([song, after], RATE_HZ, (0.0, 2.0))
    np.testing.assert_allclose(mixes[1] - mixes[0], changed - before, atol=3e-6)


def test_what_is_not_heard_in_the_mix_is_silent_alone(song) -> None:
    muted = song.with_tracks({"vocal": replace(song.track("vocal"), muted=True)})
    assert not alone(muted)["vocal"].any()
    soloed = song.with_tracks({"vocal": replace(song.track("vocal"), soloed=True)})
    assert not alone(soloed)["guitar"].any()
    np.testing.assert_array_equal(alone(soloed)["vocal"], alone(song)["vocal"])


def test_the_way_of_a_track_remembers_as_long_as_its_effects(song) -> None:
    console = Console(song, RATE_HZ)
    assert console.memory_from_s("vocal") > console.memory_from_s("guitar") > 0.5
    assert console.memory_from_s("vocal") == pytest.approx(console.memory_s)
    dry = song.with_tracks({"room": replace(song.track("room"), effects=())})
    assert Console(dry, RATE_HZ).memory_from_s("guitar") == 0.0
