from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.audio.reader import TrackReader
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, Fade, PointShape

RATE_HZ = 48000


def whole(track, n_samples, rate_hz=RATE_HZ):
    with TrackReader(track, sample_rate_hz=rate_hz) as reader:
        return reader.read(0, n_samples)


def in_blocks(track, n_samples, block, rate_hz=RATE_HZ):
    with TrackReader(track, sample_rate_hz=rate_hz) as reader:
        return np.concatenate([reader.read(s, min(block, n_samples - s)) for s in range(0, n_samples, block)], axis=1)


def test_position_offset_and_length_are_exact_to_the_sample(write_audio, noise, item_of, track_of):
    audio = noise(48000)
    path = write_audio("a.wav", audio)
    item = item_of(path, 0.5, 0.25, take_start_offset_s=0.1)
    out = whole(track_of("t", item, play_offset_s=0.125), 60000)
    start, offset = round(0.375 * RATE_HZ), 4800
    assert out.shape == (2, 60000)
    assert not out[:, :start].any()
    np.testing.assert_array_equal(out[:, start : start + 24000], audio[:, offset : offset + 24000])
    assert not out[:, start + 24000 :].any()


def test_a_mono_file_stays_one_channel_until_something_is_panned(write_audio, noise, item_of, track_of):
    mono = write_audio("m.wav", noise(1000, 1))
    stereo = write_audio("s.wav", noise(1000, 2, seed=1))

    def channels(*items):
        return TrackReader(track_of("t", *items), sample_rate_hz=RATE_HZ).n_channels

    assert channels(item_of(mono, 0.02)) == 1
    assert channels(item_of(stereo, 0.02, take_channel_mode=2)) == 1
    assert channels(item_of(mono, 0.02, take_pan=0.5)) == 2
    assert channels(item_of(mono, 0.02), item_of(stereo, 0.02)) == 2
    assert channels() == 1
    both = whole(track_of("t", item_of(mono, 0.02), item_of(stereo, 0.02)), 960)
    np.testing.assert_allclose(both, noise(1000, 1)[:, :960] + noise(1000, 2, seed=1)[:, :960], atol=1e-7)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0, lambda x: x[:2]),
        (1, lambda x: x[1::-1]),
        (2, lambda x: (x[:1] + x[1:2]) / 2),
        (3, lambda x: x[:1]),
        (4, lambda x: x[1:2]),
        (5, lambda x: x[2:3]),
        (6, lambda x: x[3:4]),
        (9, lambda x: 0 * x[:1]),
        (67, lambda x: x[:2]),
        (69, lambda x: x[2:4]),
    ],
)
def test_channel_modes(write_audio, noise, item_of, track_of, mode, expected):
    audio = noise(960, 4)
    path = write_audio("a.wav", audio)
    out = whole(track_of("t", item_of(path, 0.02, take_channel_mode=mode)), 960)
    np.testing.assert_allclose(out, expected(audio), atol=1e-7)


def test_gains_polarity_and_take_pan(write_audio, noise, item_of, track_of):
    audio = noise(960)
    path = write_audio("a.wav", audio)
    item = item_of(path, 0.02, gain_db=-6.0, take_gain_db=2.0, take_polarity_inverted=True, take_pan=0.25)
    out = whole(track_of("t", item), 960)
    gain = -(10 ** (-4.0 / 20))
    np.testing.assert_allclose(out[0], audio[0] * gain * 0.75, rtol=1e-5)
    np.testing.assert_allclose(out[1], audio[1] * gain, rtol=1e-5)


def test_fades_multiply_and_overlapping_items_add(write_audio, item_of, track_of):
    path = write_audio("one.wav", np.ones((1, 48000), np.float32))
    first = item_of(path, 0.5, fade_out=Fade(0.1))
    second = item_of(path, 0.5, 0.4, fade_in=Fade(0.1))
    out = whole(track_of("t", first, second), 48000)[0]
    np.testing.assert_allclose(out[: round(0.9 * RATE_HZ)], 1.0, atol=1e-5)
    alone = whole(track_of("t", first), 24000)[0]
    np.testing.assert_allclose(alone[19200:], 1 - np.arange(4800) / 4800, atol=1e-5)
    crossing = item_of(path, 0.1, fade_in=Fade(0.08), fade_out=Fade(0.08, 1))
    out = whole(track_of("t", crossing), 4800)[0]
    t = np.arange(4800) / 4800
    left = np.clip(t / 0.8, 0, 1)
    right = np.clip((1 - t) / 0.8, 0, 1)
    np.testing.assert_allclose(out, left * right * (2 - right), atol=1e-5)


def test_looping_wraps_and_not_looping_is_silent(write_audio, noise, item_of, track_of):
    audio = noise(1000)
    path = write_audio("a.wav", audio)
    looped = whole(track_of("t", item_of(path, 0.1, loop=True, take_start_offset_s=0.01)), 4800)
    np.testing.assert_array_equal(looped, audio[:, (np.arange(4800) + 480) % 1000])
    once = whole(track_of("t", item_of(path, 0.1, take_start_offset_s=0.01)), 4800)
    np.testing.assert_array_equal(once[:, :520], audio[:, 480:])
    assert not once[:, 520:].any()
    early = whole(track_of("t", item_of(path, 0.1, take_start_offset_s=-0.01)), 4800)
    assert not early[:, :480].any()
    np.testing.assert_array_equal(early[:, 480:1480], audio)


def test_section_and_reverse(write_audio, noise, item_of, track_of):
    audio = noise(9600)
    path = write_audio("a.wav", audio)
    section = {"source_section_start_s": 0.05, "source_section_length_s": 0.1}
    out = whole(track_of("t", item_of(path, 0.2, **section)), 9600)
    np.testing.assert_array_equal(out[:, :4800], audio[:, 2400:7200])
    assert not out[:, 4800:].any()
    looped = whole(track_of("t", item_of(path, 0.2, loop=True, **section)), 9600)
    np.testing.assert_array_equal(looped[:, 4800:], audio[:, 2400:7200])
    backwards = item_of(path, 0.1, source_reversed=True, take_start_offset_s=0.01, **section)
    out = in_blocks(track_of("t", backwards), 4800, 700)
    np.testing.assert_array_equal(out[:, :4320], audio[:, 2400:6720][:, ::-1])
    whole_file = whole(track_of("t", item_of(path, 0.2, source_reversed=True)), 9600)
    np.testing.assert_array_equal(whole_file, audio[:, ::-1])


def test_a_section_of_a_fraction_of_a_frame_does_not_drift(write_audio, item_of, track_of):
    audio = np.zeros((1, 1000), np.float32)
    audio[0, 0] = 1.0
    path = write_audio("a.wav", audio)
    item = item_of(path, 2.0, loop=True, source_section_length_s=100.4 / RATE_HZ)
    peaks = np.nonzero(whole(track_of("t", item), 96000)[0] > 0.5)[0]
    np.testing.assert_array_equal(peaks, np.round(np.arange(len(peaks)) * 100.4))


def test_another_rate_keeps_place_amplitude_and_phase(write_audio, item_of, track_of):
    t = np.arange(44100) / 44100
    sine = (0.5 * np.sin(2 * np.pi * 997 * t)).astype(np.float32)
    out = whole(track_of("t", item_of(write_audio("sine.wav", sine, 44100), 1.0)), 48000)[0]
    expected = 0.5 * np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)
    np.testing.assert_allclose(out[500:-500], expected[500:-500], atol=2e-4)
    impulse = np.zeros(192000, np.float32)
    impulse[96000] = 1.0
    path = write_audio("impulse.wav", impulse, 192000)
    out = whole(track_of("t", item_of(path, 0.8, 0.1, take_start_offset_s=0.2)), 48000)[0]
    assert np.argmax(np.abs(out)) == round((0.5 - 0.2 + 0.1) * 48000)


@pytest.mark.parametrize(
    ("rate_hz", "playrate"), [(44100, 1.0), (48000, 1.037), (96000, 1.0), (44100, 0.5), (8000, 1.3)]
)
def test_resampled_blocks_equal_one_piece_from_anywhere(write_audio, noise, item_of, track_of, rate_hz, playrate):
    path = write_audio("a.wav", noise(rate_hz), rate_hz)
    track = track_of("t", item_of(path, 0.7, 0.05, take_start_offset_s=0.11, take_playrate=playrate))
    one = whole(track, 40000)
    np.testing.assert_allclose(in_blocks(track, 40000, 5001), one, atol=2e-4 if playrate != 1.0 else 1e-5)
    with TrackReader(track, sample_rate_hz=RATE_HZ) as reader:
        for start in (30000, 2000, 12345):
            np.testing.assert_allclose(
                reader.read(start, 2000), one[:, start : start + 2000], atol=2e-4 if playrate != 1.0 else 1e-5
            )


def test_playrate_reads_the_source_faster(write_audio, item_of, track_of):
    t = np.arange(48000) / 48000
    path = write_audio("sine.wav", (0.5 * np.sin(2 * np.pi * 500 * t)).astype(np.float32))
    out = whole(track_of("t", item_of(path, 0.8, take_playrate=1.5)), 38400)[0]
    n = round(48000 / 1.5)
    expected = 0.5 * np.sin(2 * np.pi * 750 * np.arange(n) / 48000)
    np.testing.assert_allclose(out[300 : n - 300], expected[300:-300], atol=2e-4)
    assert np.abs(out[n + 300 :]).max() < 1e-4


def test_blocks_of_everything_equal_one_piece(write_audio, noise, item_of, track_of):
    a = write_audio("a.wav", noise(30000), subtype="PCM_16")
    b = write_audio("b.flac", noise(5000, 1, seed=2), 44100)
    track = track_of(
        "t",
        item_of(a, 0.5, 0.01, fade_in=Fade(0.1, 3, -0.5), fade_out=Fade(0.3, 6), take_pan=-0.2),
        item_of(b, 0.6, 0.3, loop=True, gain_db=-3.0),
        item_of(a, 0.2, 0.9, source_reversed=True),
    )
    one = whole(track, 55000)
    np.testing.assert_allclose(in_blocks(track, 55000, 1777), one, atol=1e-5)
    assert one[:, 53000:].max() == 0.0


def test_several_takes(write_audio, noise, item_of, track_of):
    a, b = noise(960), noise(960, seed=1)
    first = item_of(write_audio("a.wav", a), 0.02)
    second = item_of(write_audio("b.wav", b), 0.02)
    item = replace(first, takes=first.takes + second.takes, active_take=1)
    np.testing.assert_array_equal(whole(track_of("t", item), 960), b)
    both = whole(track_of("t", replace(item, play_all_takes=True)), 960)
    np.testing.assert_allclose(both, a + b, atol=1e-7)


def test_muted_silenced_and_unplayable_items_are_silent(write_audio, noise, item_of, track_of, tmp_path):
    path = write_audio("a.wav", noise(960))
    track = track_of(
        "t",
        item_of(path, 0.02, muted=True),
        item_of(path, 0.02, plays=False),
        item_of(tmp_path / "gone.wav", 0.02),
        item_of(path, 0.02, take_n_stretch_markers=3),
        item_of(None, 0.02, source_kind="MIDI"),
        item_of(None, 0.02, source_kind="EMPTY"),
        replace(item_of(path, 0.02), takes=()),
    )
    with TrackReader(track, sample_rate_hz=RATE_HZ) as reader:
        assert not reader.sounds(0, 960)
        out = reader.read(0, 960)
    assert out.shape == (1, 960)
    assert not out.any()


def test_take_envelopes_count_from_the_item_start(write_audio, item_of, track_of):
    path = write_audio("one.wav", np.ones((1, 48000), np.float32))
    volume = Envelope(
        EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, 0.0, PointShape.SQUARE), EnvelopePoint(0.1, -20.0))
    )
    mute = Envelope(EnvelopeKind.MUTE, points=(EnvelopePoint(0.0, 1.0, PointShape.SQUARE), EnvelopePoint(0.2, 0.0)))
    track = track_of("t", item_of(path, 0.5, 0.1, take_envelopes=(volume, mute)))
    for out in (whole(track, 28800)[0], in_blocks(track, 28800, 999)[0]):
        np.testing.assert_allclose(out[4800:9600], 1.0, atol=1e-6)
        np.testing.assert_allclose(out[9600:14400], 0.1, atol=1e-4)
        assert not out[14400:].any()
    pan = Envelope(EnvelopeKind.PAN, points=(EnvelopePoint(0.0, -1.0), EnvelopePoint(0.4, 1.0)))
    out = whole(track_of("t", item_of(path, 0.4, take_envelopes=(pan,))), 19200)
    assert out[:, 0].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(out[:, 9600], 1.0, atol=1e-3)
    np.testing.assert_allclose(out[:, -1], [0.0, 1.0], atol=1e-3)


def test_a_file_that_breaks_off_is_noted_once(write_audio, noise, item_of, track_of, monkeypatch):
    from reaper_automix.audio import media

    path = write_audio("a.wav", noise(960), subtype="PCM_16")
    real = media._info
    monkeypatch.setattr(media, "_info", lambda p, f: replace(real(p, f), n_frames=5000))
    with TrackReader(track_of("t", item_of(path, 0.1)), sample_rate_hz=RATE_HZ) as reader:
        for start in range(0, 4800, 480):
            reader.read(start, 480)
        assert len(reader.notes) == 1
        assert "a.wav" in reader.notes[0]
