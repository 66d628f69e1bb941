from __future__ import annotations

import numpy as np
import pytest
import soundfile as sf

from reaper_automix.audio import wavfile
from reaper_automix.audio.render import write_wav
from reaper_automix.errors import MediaError, SessionError


def test_a_plain_float_wav_that_never_clips(tmp_path, noise):
    audio = noise(10_000) * 30
    path = tmp_path / "mix.wav"
    write_wav(path, [audio[:, :3000], audio[:, 3000:]], 44100)
    read, rate_hz = sf.read(path, dtype="float32")
    info = sf.info(path)
    assert (info.format, info.subtype, rate_hz) in {("WAV", "FLOAT", 44100), ("WAVEX", "FLOAT", 44100)}
    assert np.abs(read).max() > 1.0
    np.testing.assert_array_equal(read.T, audio)
    head = path.read_bytes()[:12]
    assert head[:4] == b"RIFF"
    assert int.from_bytes(head[4:8], "little") == path.stat().st_size - 8
    assert [p.name for p in tmp_path.iterdir()] == ["mix.wav"]


def test_beyond_the_limit_it_stays_rf64(tmp_path, noise, monkeypatch):
    monkeypatch.setattr(wavfile, "_WAV_LIMIT_BYTES", 1000)
    path = tmp_path / "mix.wav"
    write_wav(path, [noise(1000)], 48000)
    assert sf.info(path).format == "RF64"
    np.testing.assert_array_equal(sf.read(path, dtype="float32")[0].T, noise(1000))


def test_nothing_to_write_is_an_empty_file(tmp_path):
    write_wav(tmp_path / "mix.wav", [], 48000)
    assert sf.info(tmp_path / "mix.wav").frames == 0


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path, noise):
    path = tmp_path / "mix.wav"
    path.write_text("old")

    def blocks():
        yield noise(100)
        raise MediaError("the source went away")

    with pytest.raises(MediaError, match="went away"):
        write_wav(path, blocks(), 48000)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(SessionError, match="cannot be written"):
        write_wav(tmp_path / "no" / "mix.wav", [noise(10)], 48000)


def test_two_writers_of_one_name_do_not_share_a_file(tmp_path, noise):
    path = tmp_path / "mix.wav"
    inner = noise(50)

    def blocks():
        yield noise(100)
        write_wav(path, [inner], 48000)

    write_wav(path, blocks(), 48000)
    assert sf.info(path).frames == 100
    assert [p.name for p in tmp_path.iterdir()] == ["mix.wav"]
