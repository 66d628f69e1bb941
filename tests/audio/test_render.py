from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from reaper_automix.audio import media
from reaper_automix.audio.render import render, session_rate_hz
from reaper_automix.errors import MediaError, SessionError
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, Fade, Send

RATE_HZ = 48000


def joined(sessions, **kwargs):
    blocks = list(render(sessions, **kwargs))
    return [np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)]


@pytest.fixture
def session(write_audio, noise, item_of, track_of, session_of):
    a = write_audio("a.wav", noise(30000), subtype="PCM_16")
    b = write_audio("b.wav", noise(44100, 1, seed=1), 44100)
    ride = Envelope(EnvelopeKind.VOLUME, points=(EnvelopePoint(0.0, 0.0), EnvelopePoint(1.0, -12.0)))
    return session_of(
        track_of("folder", is_folder=True, gain_db=-2.0),
        track_of("a", item_of(a, 0.6, 0.1, fade_in=Fade(0.05)), parent_id="folder", gain_db=-4.0, pan=-0.3),
        track_of("b", item_of(b, 0.9, 0.0), envelopes=(ride,)),
        track_of("bus", receives=(Send("a", gain_db=-6.0),), gain_db=-3.0),
        track_of("off", item_of(a, 0.6), muted=True),
        sample_rate_hz=RATE_HZ,
    )


def test_the_mix_is_the_sum_by_hand(write_audio, noise, item_of, track_of, session_of):
    x, y = noise(4800), noise(4800, 1, seed=1)
    session = session_of(
        track_of("x", item_of(write_audio("x.wav", x), 0.1), gain_db=-6.0),
        track_of("y", item_of(write_audio("y.wav", y), 0.1, 0.05), pan=1.0),
    )
    (out,) = joined([session])
    expected = np.zeros((2, 7200), np.float32)
    expected[:, :4800] = x * 10 ** (-6 / 20)
    expected[1, 2400:7200] += y[0]
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_blocks_equal_one_piece_and_ranges_equal_their_part(session):
    (one,) = joined([session])
    assert one.shape == (2, round(0.9 * RATE_HZ))
    (blocks,) = joined([session], block_samples=1000)
    np.testing.assert_allclose(blocks, one, atol=1e-6)
    (part,) = joined([session], start_s=0.25, end_s=0.5, block_samples=5000)
    np.testing.assert_allclose(part, one[:, 12000:24000], atol=1e-5)


def test_two_variants_equal_two_renders(session):
    other = session.with_tracks(
        {"a": replace(session.track("a"), muted=True), "off": replace(session.track("off"), muted=False)}
    )
    both = joined([session, other])
    np.testing.assert_array_equal(both[0], joined([session])[0])
    np.testing.assert_array_equal(both[1], joined([other])[0])
    assert not np.array_equal(*both)


def test_variants_with_other_items_are_refused(session):
    other = session.with_tracks({"a": replace(session.track("a"), items=())})
    with pytest.raises(SessionError, match="different items"):
        list(render([session, other]))
    with pytest.raises(SessionError, match="no session"):
        list(render([]))


def test_silent_tracks_are_not_decoded_and_files_are_read_once(session, monkeypatch):
    opened, threads = [], set()
    real = media.MediaReader.read

    def read(self, start, n):
        opened.append(self.info.path)
        threads.add(threading.current_thread().name)
        return real(self, start, n)

    monkeypatch.setattr(media.MediaReader, "read", read)
    list(render([session, session]))
    assert len([p for p in opened if p.endswith("a.wav")]) == 1
    assert len(threads) <= 2
    assert all(name.startswith("decode") for name in threads)


def test_progress_ends_at_one_and_notes_arrive(session):
    looped = session.with_tracks({"a": replace(session.track("a"), receives=(Send("bus"),))})
    progress, notes = [], []
    list(render([looped], block_samples=10_000, progress=progress.append, on_note=notes.append))
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert len(notes) == 1
    assert "feedback loop" in notes[0]


def test_stopping_early_leaves_no_thread(session):
    before = threading.active_count()
    blocks = render([session], block_samples=1000)
    next(blocks)
    blocks.close()
    assert threading.active_count() == before


def test_files_are_closed_only_after_the_last_read(session, monkeypatch):
    reading, closed_while_reading = threading.Semaphore(0), []
    real_read, real_close = media.MediaReader.read, media.MediaReader.close
    active = set()

    def read(self, start, n):
        active.add(self)
        try:
            reading.acquire(timeout=0.02)
            return real_read(self, start, n)
        finally:
            active.discard(self)

    def close(self):
        closed_while_reading.append(self in active)
        real_close(self)

    monkeypatch.setattr(media.MediaReader, "read", read)
    monkeypatch.setattr(media.MediaReader, "close", close)
    blocks = render([session], block_samples=6000)
    next(blocks)
    blocks.close()
    assert closed_while_reading
    assert not any(closed_while_reading)


def test_a_file_that_goes_bad_is_named(session, monkeypatch):
    def fail(self, n_frames):
        raise OSError("device gone")

    monkeypatch.setattr(media.MediaReader, "_decode", fail)
    with pytest.raises(MediaError, match=r"b\.wav|a\.wav"):
        list(render([session]))


def test_an_empty_session_renders_nothing(session_of, track_of):
    assert list(render([session_of(track_of("t"))])) == []
    (out,) = joined([session_of(track_of("t"))], end_s=0.5)
    assert out.shape == (2, 24000)


def test_session_rate(write_audio, noise, item_of, track_of, session_of):
    files = [write_audio(f"{i}.wav", noise(100), rate) for i, rate in enumerate((44100, 44100, 96000))]
    items = [item_of(f, 0.001) for f in files] + [item_of("/gone/x.wav", 0.001), item_of(None, 0.001)]
    session = session_of(track_of("t", *items, items[2], items[2]))
    assert session_rate_hz(session) == 44100
    assert session_rate_hz(replace(session, sample_rate_hz=88200)) == 88200
    assert session_rate_hz(session_of()) == 48000


def test_memory_does_not_grow_with_the_number_of_tracks():
    from reaper_automix.audio.render import _block_samples

    assert _block_samples(48000, 4) == 96000
    for n_tracks in (24, 200, 1000):
        assert n_tracks * 8 * _block_samples(48000, n_tracks) <= 33 << 20
