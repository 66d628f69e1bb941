from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.audio.console import Console, HeardGain, heard_gain
from reaper_automix.session import (
    AutomationMode,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    Master,
    PointShape,
    Send,
    SendMode,
)

RATE_HZ = 1000
N = 500


def lin(gain_db):
    return 10 ** (gain_db / 20)


def envelope(kind, *points):
    return Envelope(kind, points=tuple(EnvelopePoint(t, v, PointShape.SQUARE) for t, v in points))


def process(session, tracks, start=0):
    return Console(session, RATE_HZ).process(start, tracks, n_samples=N)


def gains(session, track_id="t"):
    """The left and right gain of a mono track at 0 s and 0.3 s, measured with a constant, and as predicted."""
    out = process(session, {track_id: np.ones((1, N), np.float32)})
    predicted = heard_gain(session, track_id, [0.0, 0.3])
    np.testing.assert_allclose(out[:, [0, 300]], predicted, atol=1e-6)
    return out[:, 0].tolist(), out[:, 300].tolist()


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("pan", [0.0, 0.4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_fader_pan_and_polarity(track_of, session_of, noise, n_channels, pan, order):
    audio = np.array(noise(N, n_channels), order=order)
    kept = audio.copy()
    track = track_of("t", gain_db=-6.0, pan=pan, polarity_inverted=True)
    out = process(session_of(track), {"t": audio})
    np.testing.assert_allclose(out[0], audio[0] * -lin(-6) * (1 - pan), rtol=1e-5)
    np.testing.assert_allclose(out[1], audio[-1] * -lin(-6), rtol=1e-5)
    np.testing.assert_array_equal(audio, kept)


def test_pairs_longer_than_one_row(track_of, session_of, noise):
    audio = np.array(noise(10_000), order="F")
    out = Console(session_of(track_of("t", pan=-0.5)), RATE_HZ).process(0, {"t": audio})
    np.testing.assert_allclose(out, audio * np.array([[1.0], [0.5]], np.float32), rtol=1e-6)


def test_silence_and_nothing(track_of, session_of):
    session = session_of(track_of("t"), track_of("m", muted=True))
    assert process(session, {}).shape == (2, N)
    assert not process(session, {}).any()
    assert not process(session, {"m": np.ones((2, N), np.float32)}).any()
    assert not process(session_of(track_of("t", gain_db=-150.0)), {"t": np.ones((2, N), np.float32)}).any()
    assert Console(session, RATE_HZ).track_ids == {"t"}
    assert Console(replace(session, master=Master(muted=True)), RATE_HZ).track_ids == set()


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        (AutomationMode.TRIM_READ, -6.0 - 2.0 - 1.0 - 10.0, -6.0 - 2.0 - 1.0 - 20.0),
        (AutomationMode.READ, -2.0 - 1.0 - 10.0, -2.0 - 1.0 - 20.0),
        (AutomationMode.LATCH, -2.0 - 1.0 - 10.0, -2.0 - 1.0 - 20.0),
        (AutomationMode.BYPASS, -6.0, -6.0),
    ],
)
def test_envelopes_and_modes(track_of, session_of, mode, before, after):
    track = track_of(
        "t",
        gain_db=-6.0,
        envelopes=(
            envelope(EnvelopeKind.VOLUME, (0.0, -10.0), (0.2, -20.0)),
            envelope(EnvelopeKind.TRIM_VOLUME, (0.0, -2.0)),
            envelope(EnvelopeKind.VOLUME_PRE_FX, (0.0, -1.0)),
        ),
    )
    for session in (session_of(replace(track, automation_mode=mode)), session_of(track, automation_override=mode)):
        first, second = gains(session)
        assert first == pytest.approx([lin(before)] * 2, rel=2e-3)
        assert second == pytest.approx([lin(after)] * 2, rel=2e-3)


def test_an_envelope_that_does_not_play_leaves_the_fader(track_of, session_of):
    quiet = replace(envelope(EnvelopeKind.VOLUME, (0.0, -40.0)), active=False)
    track = track_of("t", gain_db=-6.0, envelopes=(quiet,), automation_mode=AutomationMode.READ)
    assert gains(session_of(track))[0] == pytest.approx([lin(-6)] * 2)


def test_pan_and_mute_envelopes(track_of, session_of):
    pan = envelope(EnvelopeKind.PAN, (0.0, 0.0), (0.2, 0.5))
    mute = envelope(EnvelopeKind.MUTE, (0.0, 1.0), (0.3, 0.0))
    track = track_of("t", pan=0.25, envelopes=(pan,))
    first, second = gains(session_of(track))
    assert (first, second) == (pytest.approx([0.75, 1.0]), pytest.approx([0.25, 1.0]))
    first, second = gains(session_of(replace(track, automation_mode=AutomationMode.READ)))
    assert (first, second) == (pytest.approx([1.0, 1.0]), pytest.approx([0.5, 1.0]))
    first, second = gains(session_of(replace(track, pan=0.0, envelopes=(mute,))))
    assert (first, second) == ([1.0, 1.0], [0.0, 0.0])


def test_pan_law_of_the_project_and_the_track(track_of, session_of):
    session = session_of(track_of("t"), pan_law_db=-3.0)
    assert gains(session)[0] == pytest.approx([lin(-3)] * 2)
    assert gains(session_of(track_of("t", pan_law_db=0.0), pan_law_db=-3.0))[0] == [1.0, 1.0]
    assert gains(session_of(track_of("t", pan=1.0), pan_law_db=3.0))[0] == pytest.approx([0.0, lin(3)])


def test_folders_apply_their_strip_to_children_and_own_items(track_of, session_of):
    session = session_of(
        track_of("top", is_folder=True, gain_db=-3.0),
        track_of("sub", parent_id="top", is_folder=True, gain_db=-2.0, pan=1.0),
        track_of("t", parent_id="sub", gain_db=-1.0),
        track_of("out", parent_id="top", sends_to_parent=False),
    )
    assert gains(session)[0] == pytest.approx([0.0, lin(-6)])
    assert gains(session, "top")[0] == pytest.approx([lin(-3)] * 2)
    assert gains(session, "out")[0] == [0.0, 0.0]
    ones = np.ones((2, N), np.float32)
    out = process(session, {"t": ones, "top": ones})
    assert out[:, 0] == pytest.approx([lin(-3), lin(-3) + lin(-6)])


def test_vca_leaders_add_up_and_circles_end(track_of, session_of):
    ride = envelope(EnvelopeKind.VOLUME, (0.0, -1.0), (0.2, -7.0))
    session = session_of(
        track_of("t", gain_db=-2.0, vca_follows=frozenset({1})),
        track_of("lead", gain_db=-3.0, envelopes=(ride,), vca_leads=frozenset({1}), vca_follows=frozenset({2})),
        track_of("boss", gain_db=-4.0, vca_leads=frozenset({2}), vca_follows=frozenset({1})),
    )
    first, second = gains(session)
    assert first == pytest.approx([lin(-10)] * 2, rel=2e-3)
    assert second == pytest.approx([lin(-16)] * 2, rel=2e-3)
    assert gains(session, "boss")[0] == pytest.approx([lin(-4 - 3 - 1)] * 2, rel=2e-3)


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        (Send("t"), (lin(-12) * 0.5, lin(-12))),
        (Send("t", SendMode.PRE_FADER), (1.0, 1.0)),
        (Send("t", SendMode.PRE_FX), (1.0, 1.0)),
        (Send("t", SendMode.PRE_FADER, gain_db=-6.0, pan=-1.0), (lin(-6), 0.0)),
        (Send("t", SendMode.PRE_FADER, polarity_inverted=True), (-1.0, -1.0)),
        (Send("t", mono=True), (lin(-12) * 0.75, lin(-12) * 0.75)),
        (Send("t", muted=True), (0.0, 0.0)),
        (Send("t", target_channel=2), (0.0, 0.0)),
        (Send("t", source_channel=-1), (0.0, 0.0)),
        (Send("t", source_channel=2), (0.0, 0.0)),
        (Send("t", source_mono=True), (lin(-12) * 0.5,) * 2),
        (Send("t", source_channel=1, source_mono=True), (lin(-12),) * 2),
        (Send("t", target_mono=True), (lin(-12) * 0.75, 0.0)),
        (Send("t", SendMode.PRE_FADER, envelopes=(envelope(EnvelopeKind.VOLUME, (0.0, -6.0)),)), (lin(-6),) * 2),
        (Send("t", SendMode.PRE_FADER, envelopes=(envelope(EnvelopeKind.MUTE, (0.0, 0.0)),)), (0.0, 0.0)),
    ],
)
def test_sends(track_of, session_of, send, expected):
    session = session_of(
        track_of("t", gain_db=-12.0, pan=0.5, sends_to_parent=False), track_of("bus", receives=(send,))
    )
    out = process(session, {"t": np.ones((2, N), np.float32)})
    assert out[:, 0] == pytest.approx(expected, rel=2e-3)


def test_pre_fader_sends_of_a_closed_fader_still_sound(track_of, session_of):
    session = session_of(
        track_of("t", gain_db=-150.0),
        track_of("bus", gain_db=-6.0, receives=(Send("t", SendMode.PRE_FADER), Send("t"))),
    )
    assert "t" in Console(session, RATE_HZ).track_ids
    assert process(session, {"t": np.ones((1, N), np.float32)})[:, 0] == pytest.approx([lin(-6)] * 2)


def test_solo_silences_the_rest(track_of, session_of):
    ones = np.ones((1, N), np.float32)
    session = session_of(track_of("a", soloed=True), track_of("b"))
    assert process(session, {"a": ones, "b": ones})[0, 0] == 1.0
    assert heard_gain(session, "b", [0.0]).tolist() == [[0.0], [0.0]]


def test_master(track_of, session_of, noise):
    audio = noise(N)
    master = Master(gain_db=-3.0, pan=0.5, mono=True, envelopes=(envelope(EnvelopeKind.VOLUME, (0.0, -2.0)),))
    out = process(session_of(track_of("t"), master=master), {"t": audio})
    expected = lin(-5) * (0.5 * audio[0] + audio[1]) / 2
    np.testing.assert_allclose(out, [expected, expected], rtol=2e-3, atol=1e-6)
    assert not process(session_of(track_of("t"), master=Master(muted=True)), {"t": audio}).any()


def test_the_master_follows_its_envelope(track_of, session_of):
    ride = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, 0.0), EnvelopePoint(0.4, -20.0)))
    out = process(session_of(track_of("t"), master=Master(envelopes=(ride,))), {"t": np.ones((2, N), np.float32)})
    np.testing.assert_allclose(out[:, [0, 450]], [[1.0, lin(-20)]] * 2, rtol=2e-3)
    assert np.all(np.diff(out[0, :400]) < 0.0)


def test_stereo_pan_mixes_the_channels(track_of, session_of, noise):
    audio = np.array(noise(N), order="F")
    out = process(session_of(track_of("t", pan_mode=5, width=0.0)), {"t": audio})
    np.testing.assert_allclose(out, np.repeat(audio.mean(0, keepdims=True), 2, 0), atol=1e-6)


def test_ramps_are_the_same_in_small_and_large_blocks(track_of, session_of, noise):
    ramp = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.05, -6.0), EnvelopePoint(0.4, 3.0)))
    pan = Envelope(EnvelopeKind.PAN, points=(EnvelopePoint(0.0, -1.0), EnvelopePoint(0.5, 1.0)))
    session = session_of(track_of("t", gain_db=-1.0, envelopes=(ramp, pan)))
    audio = np.array(noise(N), order="F")
    one = process(session, {"t": audio})
    console = Console(session, RATE_HZ)
    parts = [console.process(s, {"t": audio[:, s : s + 77]}) for s in range(0, N, 77)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), one, atol=1e-6)
    predicted = heard_gain(session, "t", np.arange(N) / RATE_HZ)
    np.testing.assert_allclose(one, audio * predicted, atol=1e-6)


def test_heard_gain_follows_what_moves(track_of, session_of):
    moving = envelope(EnvelopeKind.VOLUME, (0.0, 0.0), (1.0, -6.0))
    session = session_of(track_of("t", gain_db=-6.0, pan=1.0), track_of("m", envelopes=(moving,)))
    heard = HeardGain(session)
    assert heard.at("t", 2.0)[:, 0] == pytest.approx((0.0, lin(-6)))
    assert heard.at(session.track("m"), (0.0, 2.0))[0, 1] < heard.at("m", 0.0)[0, 0]
    assert heard.at("m", 2.0).shape == (2, 1)
