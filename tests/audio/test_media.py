from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from reaper_automix.audio.media import MediaIndex, MediaReader, probe
from reaper_automix.errors import MediaError


@pytest.mark.parametrize(
    ("name", "kwargs", "fmt"),
    [
        ("a.wav", {"subtype": "PCM_16"}, "WAV"),
        ("a.wav", {"subtype": "PCM_24"}, "WAV"),
        ("a.rf64", {"format": "RF64", "subtype": "FLOAT"}, "RF64"),
        ("a.w64", {"subtype": "PCM_16"}, "W64"),
        ("a.flac", {}, "FLAC"),
        ("a.aiff", {"subtype": "PCM_16"}, "AIFF"),
        ("a.ogg", {}, "OGG"),
        ("a.mp3", {}, "MP3"),
    ],
)
def test_blocks_from_anywhere_equal_a_full_decode(write_audio, noise, name, kwargs, fmt):
    path = write_audio(name, noise(120_000), 44100, **kwargs)
    full = sf.read(path, dtype="float32")[0].T
    with MediaReader(path) as reader:
        assert (reader.info.format, reader.info.sample_rate_hz, reader.info.n_channels) == (fmt, 44100, 2)
        assert reader.info.n_frames == full.shape[1]
        for start in (0, 3000, 6000, 100_000, 99_000, 20_000, 1, 117_000, 44_100, 0):
            np.testing.assert_allclose(reader.read(start, 3000), full[:, start : start + 3000], atol=2e-6)


def test_outside_of_the_file_is_silence(write_audio, noise):
    audio = noise(1000)
    with MediaReader(write_audio("a.wav", audio)) as reader:
        block = reader.read(-100, 1200)
        assert block.shape == (2, 1200)
        assert not block[:, :100].any()
        assert not block[:, 1100:].any()
        np.testing.assert_array_equal(block[:, 100:1100], audio)
        assert not reader.read(5000, 10).any()
        assert not reader.read(-50, 20).any()
        assert reader.shortfall is None


def test_a_file_shorter_than_its_header_is_padded_and_said_once(write_audio, noise, monkeypatch):
    path = write_audio("a.wav", noise(1000), subtype="PCM_16")
    with MediaReader(path) as reader:
        monkeypatch.setattr(reader, "_end", 4000)
        block = reader.read(500, 2000)
        assert block.shape == (2, 2000)
        assert block[:, :500].any()
        assert not block[:, 500:].any()
        assert "0.02 s" in (reader.shortfall or "")
        assert "silence" in (reader.shortfall or "")
        assert not reader.read(3000, 100).any()
        np.testing.assert_array_equal(reader.read(0, 1200)[:, 500:1000], block[:, :500])


def test_starting_beyond_the_real_end_is_silence(write_audio, noise, monkeypatch):
    path = write_audio("a.wav", noise(1000), subtype="PCM_16")
    with MediaReader(path) as reader:
        monkeypatch.setattr(reader, "_end", 4000)
        assert not reader.read(3000, 100).any()
        assert reader.shortfall is not None
        assert reader.read(0, 1000).any()


def test_a_truncated_wav_still_plays_what_is_there(write_audio, noise):
    path = write_audio("a.wav", noise(10_000), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:20_000])
    with MediaReader(path) as reader:
        block = reader.read(0, 10_000)
    assert block.shape == (2, 10_000)
    assert block[:, :4900].any()
    assert not block[:, 5000:].any()


def test_problems_are_named_with_a_next_step(tmp_path: Path, write_audio, noise):
    empty = tmp_path / "empty.wav"
    empty.touch()
    text = tmp_path / "text.wav"
    text.write_text("this is not audio at all")
    header = tmp_path / "header.wav"
    header.write_bytes(write_audio("a.wav", noise(100)).read_bytes()[:20])
    no_frames = write_audio("none.wav", np.zeros((2, 0), np.float32))
    for path, words in (
        (tmp_path / "gone.wav", "missing. Restore it"),
        (tmp_path, "folder"),
        (empty, "0 bytes"),
        (text, "not audio"),
        (header, "damaged"),
        (no_frames, "holds no audio"),
    ):
        with pytest.raises(MediaError, match=words) as caught:
            probe(path)
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith(".")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_no_permission(write_audio, noise):
    path = write_audio("a.wav", noise(100))
    path.chmod(0)
    with pytest.raises(MediaError, match="permission"):
        probe(path)


def test_the_index_opens_each_file_once(write_audio, noise, tmp_path):
    path = write_audio("a.wav", noise(100))
    index = MediaIndex()
    first = index.info(str(path))
    path.unlink()
    assert index.info(str(path)) is first
    for _ in range(2):
        with pytest.raises(MediaError, match="missing"):
            index.info(str(tmp_path / "gone.wav"))


def test_a_flac_that_is_cut_short_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.flac"
    sf.write(path, 0.1 * np.random.default_rng(1).standard_normal((40_000, 2)), 8000)
    assert probe(path).n_frames == 40_000
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(MediaError, match=r"cut short, its header says 5.00 s .*\. Restore it"):
        probe(path)
