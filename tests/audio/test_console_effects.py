"""The console plays our effects: the same numbers as the processors run directly, at the right places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.audio.console import Console, heard_gain
from reaper_automix.audio.render import MOST_MEMORY_S, memory_start, render
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.rack import Rack
from reaper_automix.effects.reverb import Reverb
from reaper_automix.errors import MediaError
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, FxSlot, PointShape, Send, SendMode
from reaper_automix.units import db_to_lin as lin

RATE_HZ = 48_000
TONE = EqualiserSettings((Band("high_pass", 120.0, q=0.8), Band("band", 2_500.0, 4.0, 1.5)))
GLUE = CompressorSettings(threshold_db=-30.0, ratio=4.0, knee_db=6.0, release_ms=60.0, makeup_db=3.0)
ROOM = ReverbSettings(wet_db=0.0, dry_db=-150.0, decay_s=0.5)
UP = EqualiserSettings((Band("low_shelf", 24_000.0, 6.0),))
"""6 dB louder up to high frequencies: what tells where something was tapped."""


def fx(settings, **kwargs):
    return FxSlot("{fx}", "VST: Any (Maker)", "VST", settings=settings, **kwargs)


def joined(session, **kwargs):
    return np.concatenate([block for (block,) in render([session], **kwargs)], axis=1)


@pytest.fixture
def song(write_audio, noise, item_of, track_of, session_of):
    """A vocal with an equaliser and a compressor, a dry guitar, and a reverb on a bus that both send to."""

    def make(rate_hz=RATE_HZ, n_channels=2, length_s=1.0):
        n = round(length_s * rate_hz)
        vocal, guitar = noise(n, n_channels), noise(n, 1, seed=1)
        vocal *= np.linspace(0.2, 3.0, n, dtype=np.float32)
        sends = (Send("vocal", gain_db=-9.0), Send("guitar", gain_db=-12.0))
        session = session_of(
            track_of(
                "vocal",
                item_of(write_audio("v.wav", vocal, rate_hz), length_s),
                effects=(fx(TONE), fx(GLUE)),
                gain_db=-4.0,
                pan=0.2,
            ),
            track_of("guitar", item_of(write_audio("g.wav", guitar, rate_hz), length_s), gain_db=-7.0),
            track_of("room", receives=sends, effects=(fx(ROOM),)),
        )
        return session, vocal, guitar

    return make


def direct(rate_hz, vocal, guitar):
    """Return the master of the song, from the processors alone."""
    n_channels = len(vocal)
    vocal = Compressor(GLUE, rate_hz, n_channels).process(Equaliser(TONE, rate_hz, n_channels).process(vocal))
    faded = np.float32(lin(-4.0)) * np.broadcast_to(vocal, (2, vocal.shape[1])) * np.array([[0.8], [1.0]], np.float32)
    strummed = np.float32(lin(-7.0)) * np.repeat(guitar, 2, axis=0)
    sent = np.float32(lin(-9.0)) * faded + np.float32(lin(-12.0)) * strummed
    return faded + strummed + Reverb(ROOM, rate_hz, 2).process(sent)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("block_samples", [None, 997])
def test_a_render_is_the_processors_run_directly(song, rate_hz, n_channels, block_samples):
    session, vocal, guitar = song(rate_hz, n_channels)
    played = joined(session, block_samples=block_samples)
    expected = direct(rate_hz, vocal, guitar)
    np.testing.assert_allclose(played, expected, atol=2e-6)
    dry = joined(session.with_tracks({"vocal": replace(session.track("vocal"), effects=())}))
    assert np.max(np.abs(dry - played)) > 0.01


def test_block_sizes_do_not_matter(song):
    session, _, _ = song()
    np.testing.assert_allclose(joined(session, block_samples=997), joined(session), atol=1e-6)


@pytest.mark.parametrize(
    "off",
    [
        {"effects": (fx(TONE, bypassed=True), fx(GLUE, offline=True))},
        {"effects_bypassed": True},
        {"effects": (FxSlot("{x}", "VST: ReaXcomp (Cockos)", "VST"), FxSlot("{y}", "JS: utility/volume", "JS"))},
    ],
)
def test_effects_that_are_off_or_not_ours_are_not_played(song, off):
    session, _, _ = song()
    session = session.with_tracks({"room": replace(session.track("room"), muted=True)})
    without = session.with_tracks({"vocal": replace(session.track("vocal"), effects=())})
    silenced = session.with_tracks({"vocal": replace(session.track("vocal"), **off)})
    np.testing.assert_array_equal(joined(silenced), joined(without))


def test_a_track_without_effects_is_not_touched_by_those_of_others(song):
    session, _, _ = song()
    alone = session.with_tracks({i: replace(session.track(i), muted=True) for i in ("vocal", "room")})
    bare = alone.with_tracks({i: replace(session.track(i), muted=True, effects=()) for i in ("vocal", "room")})
    np.testing.assert_array_equal(joined(alone), joined(bare))
    console = Console(bare, RATE_HZ)
    assert console.memory_s == 0.0
    block = {"guitar": np.ones((1, 100), np.float32)}
    np.testing.assert_array_equal(console.process(5_000, block), console.process(0, block))


@pytest.mark.parametrize(
    ("mode", "expected_db"),
    [(SendMode.PRE_FX, -3.0), (SendMode.PRE_FADER, -3.0 + 6.0), (SendMode.POST_FADER, -12.0 + 3.0)],
)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_sends_are_tapped_before_and_after_the_effects(track_of, session_of, mode, expected_db, n_channels):
    down = Envelope(EnvelopeKind.VOLUME_PRE_FX, points=(EnvelopePoint(0.0, -3.0, PointShape.SQUARE),))
    session = session_of(
        track_of("t", gain_db=-12.0, effects=(fx(UP),), envelopes=(down,), sends_to_parent=False),
        track_of("bus", receives=(Send("t", mode),)),
    )
    out = Console(session, RATE_HZ).process(0, {"t": np.ones((n_channels, 4_000), np.float32)})
    np.testing.assert_allclose(out[:, -1], lin(expected_db), rtol=2e-3)


def test_a_compressor_hears_the_input_stage_but_not_the_fader(track_of, session_of, noise):
    audio, shift = noise(20_000, 1), Envelope(EnvelopeKind.PAN_PRE_FX, points=(EnvelopePoint(0.0, -0.5),))
    track = track_of("t", gain_db=-20.0, polarity_inverted=True, effects=(fx(GLUE),))
    out = Console(session_of(track), RATE_HZ).process(0, {"t": audio})
    expected = np.float32(lin(-20.0)) * Compressor(GLUE, RATE_HZ, 1).process(-audio)
    np.testing.assert_allclose(out, np.repeat(expected, 2, axis=0), atol=1e-6)
    panned = Console(session_of(replace(track, envelopes=(shift,))), RATE_HZ).process(0, {"t": audio})
    entering = -np.repeat(audio, 2, axis=0) * np.array([[1.0], [0.5]], np.float32)
    np.testing.assert_allclose(
        panned, np.float32(lin(-20.0)) * Compressor(GLUE, RATE_HZ, 2).process(entering), atol=1e-6
    )


def test_effects_on_a_folder_act_on_the_sum_of_its_children(track_of, session_of, noise):
    a, b, own = noise(20_000), noise(20_000, 1, seed=1), noise(20_000, 1, seed=2)
    session = session_of(
        track_of("folder", is_folder=True, effects=(fx(GLUE),), gain_db=-2.0),
        track_of("a", parent_id="folder", gain_db=3.0),
        track_of("b", parent_id="folder", gain_db=-3.0),
    )
    out = Console(session, RATE_HZ).process(0, {"a": a, "b": b, "folder": own})
    summed = np.float32(lin(3.0)) * a + np.float32(lin(-3.0)) * b + own
    expected = np.float32(lin(-2.0)) * Compressor(GLUE, RATE_HZ, 2).process(summed)
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_children_that_pause_leave_the_folder_its_stereo_past(track_of, session_of, noise):
    own, child = noise(9_000, 1), noise(9_000, seed=1)
    child[:, :3_000] = child[:, 6_000:] = 0.0
    session = session_of(
        track_of("folder", is_folder=True, effects=(fx(TONE), fx(GLUE))), track_of("child", parent_id="folder")
    )
    console = Console(session, RATE_HZ)
    parts = [
        console.process(0, {"folder": own[:, :3_000]}),
        console.process(3_000, {"folder": own[:, 3_000:6_000], "child": child[:, 3_000:6_000]}),
        console.process(6_000, {"folder": own[:, 6_000:]}),
    ]
    expected = Compressor(GLUE, RATE_HZ, 2).process(Equaliser(TONE, RATE_HZ, 2).process(own + child))
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, atol=1e-6)


def test_tails_sound_on_after_the_last_item(write_audio, noise, item_of, track_of, session_of):
    burst = noise(4_800, 1)
    item = item_of(write_audio("a.wav", burst), 0.1)
    session = session_of(
        track_of("t", item, gain_db=-6.0), track_of("room", receives=(Send("t"),), effects=(fx(ROOM),), gain_db=-1.0)
    )
    out = joined(session, end_s=1.5, block_samples=2_000)
    sent = np.zeros((2, 72_000), np.float32)
    sent[:, :4_800] = lin(-6.0) * burst
    expected = sent + np.float32(lin(-1.0)) * Reverb(ROOM, RATE_HZ, 2).process(sent)
    np.testing.assert_allclose(out, expected, atol=1e-6)
    assert np.abs(out[:, 20_000:24_000]).max() > 1e-4


def test_silence_costs_nothing_once_the_tail_is_over(track_of, session_of, noise, monkeypatch):
    session = session_of(track_of("t", effects=(fx(TONE), fx(GLUE))))
    console, blocks = Console(session, RATE_HZ), []
    real = Rack.process
    monkeypatch.setattr(Rack, "process", lambda self, block: blocks.append(block) or real(self, block))
    console.process(0, {}, n_samples=48_000)
    assert not blocks
    console.process(48_000, {"t": noise(48_000)})
    for i in range(2, 12):
        console.process(48_000 * i, {}, n_samples=48_000)
    assert 1 < len(blocks) < 6


@pytest.mark.parametrize("start_s", [0.4, 2.0, 3.3])
def test_a_range_is_that_part_of_the_whole(song, start_s):
    session, _, _ = song(length_s=4.0)
    bus = session.track("room")
    session = session.with_tracks({"room": replace(bus, effects=(*bus.effects, fx(GLUE)))})
    whole = joined(session)
    progress = []
    part = joined(session, start_s=start_s, end_s=start_s + 0.5, progress=progress.append)
    first = round(start_s * RATE_HZ)
    np.testing.assert_allclose(part, whole[:, first : first + 24_000], atol=1e-5)
    assert progress == sorted(progress)
    assert progress[0] > 0.0
    assert progress[-1] == 1.0


def test_what_is_played_before_a_range_has_bounds():
    assert memory_start(480_000, 48_000, 0.0) == 480_000
    assert memory_start(480_000, 48_000, 1.5) == 408_000
    assert memory_start(10_000, 48_000, 1.5) == 0
    assert memory_start(4_800_000, 48_000, 99.0) == 4_800_000 - round(48_000 * MOST_MEMORY_S)


def test_memories_add_up_along_the_way_to_the_master(song):
    session, _, _ = song()
    vocal, room = (Rack(session.track(i).effects_played(), RATE_HZ) for i in ("vocal", "room"))
    assert Console(session, RATE_HZ).memory_s == pytest.approx(vocal.memory_s + room.memory_s)


def test_variants_have_their_own_effects(song):
    session, _, _ = song()
    vocal = session.track("vocal")
    other = session.with_tracks({"vocal": replace(vocal, effects=(fx(TONE),))})
    dry = session.with_tracks({"vocal": replace(vocal, effects=())})
    blocks = list(render([session, other, dry], block_samples=5_000))
    for variant, parts in zip((session, other, dry), zip(*blocks, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), joined(variant, block_samples=5_000))


def test_blocks_out_of_sequence_are_refused_where_effects_play(track_of, session_of, noise):
    console = Console(session_of(track_of("t", effects=(fx(TONE),))), RATE_HZ)
    console.process(700, {"t": noise(100)})
    console.process(800, {"t": noise(100)})
    with pytest.raises(ValueError, match="expected 900"):
        console.process(800, {"t": noise(100)})


def test_a_track_that_is_not_a_number_is_named(track_of, session_of):
    console = Console(session_of(track_of("t", name="Vox", effects=(fx(TONE),))), RATE_HZ)
    with pytest.raises(MediaError, match="Vox: the audio holds samples that are not numbers"):
        console.process(0, {"t": np.full((1, 9), np.nan, np.float32)})


def test_bands_that_a_rate_cannot_play_are_told(track_of, session_of):
    high = EqualiserSettings((Band("band", 15_000.0, 3.0),))
    session = session_of(track_of("t", name="Vox", effects=(fx(high),)))
    assert Console(session, RATE_HZ).notes == ()
    (note,) = Console(session, 22_050).notes
    assert note.startswith("'Vox': band at 15000 Hz is left out")


def test_heard_gain_leaves_effects_out(track_of, session_of):
    assert heard_gain(session_of(track_of("t", gain_db=-6.0, effects=(fx(UP),))), "t", [0.0])[0, 0] == lin(-6.0)
