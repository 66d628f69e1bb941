"""Audio of corpora at any rate, and names for what is made of songs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Usage
from reaper_automix.training.corpora.loading import digest_of_song, file_status, read_audio, read_audio_at

N = 24_000


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_audio_keeps_its_channels_and_its_samples(tmp_path: Path, n_channels: int) -> None:
    wanted = np.random.default_rng(1).uniform(-0.5, 0.5, (n_channels, N)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", wanted.T, 48_000, subtype="FLOAT")

    audio, rate_hz = read_audio(tmp_path / "a.wav")

    assert rate_hz == 48_000
    np.testing.assert_array_equal(audio, wanted)
    np.testing.assert_array_equal(read_audio_at(tmp_path / "a.wav", 48_000), wanted)


def test_another_rate_is_the_same_tone(tmp_path: Path) -> None:
    tone = np.sin(2.0 * np.pi * 440.0 * np.arange(N) / 48_000)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, -tone]).T * 0.5, 48_000, subtype="FLOAT")

    audio = read_audio_at(tmp_path / "tone.wav", 44_100)

    assert audio.dtype == np.float32
    assert audio.shape == (2, round(N * 44_100 / 48_000))
    wanted = 0.5 * np.sin(2.0 * np.pi * 440.0 * np.arange(audio.shape[1]) / 44_100)
    np.testing.assert_allclose(audio[0, 1000:-1000], wanted[1000:-1000], atol=1e-4)
    np.testing.assert_allclose(audio[1], -audio[0], atol=1e-6)


def test_what_is_no_audio_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"text")

    with pytest.raises(CorpusError, match=r"a\.wav: cannot be read as audio .* Fetch the corpus again"):
        read_audio_at(tmp_path / "a.wav", 44_100)
    with pytest.raises(CorpusError, match=r"b\.wav: cannot be read as audio .* Copy it again"):
        read_audio(tmp_path / "b.wav", "Copy it again.")
    with pytest.raises(CorpusError, match=r"b\.wav: cannot be read .* Fetch the corpus again"):
        file_status(tmp_path / "b.wav")


def test_the_name_of_what_is_made_follows_files_gains_and_others(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"one")
    track = CorpusTrack("1", "Bass", tmp_path / "a.wav", None)
    song = CorpusSong("songs", "x", "X", "someone", "CC0-1.0", Usage.TRAIN, 1.0, (track,))
    first = digest_of_song(song, 1)

    assert digest_of_song(song, 1) == first
    louder = replace(song, tracks=(replace(track, gain_db=((0.0, 1.0),)),))
    others = {digest_of_song(song, 2), digest_of_song(song, 1, [(1.0, 0.5)]), digest_of_song(louder, 1)}
    (tmp_path / "a.wav").write_bytes(b"another")
    others.add(digest_of_song(song, 1))
    assert len(others | {first}) == 5
