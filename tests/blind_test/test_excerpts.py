from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from blind_mixes import noise, tone, write

from reaper_automix.blind_test.excerpts import (
    LONGEST_S,
    clock,
    loudest_part,
    measure,
    page_rate_hz,
    read_excerpt,
    wanted_stretch,
)
from reaper_automix.blind_test.songs import Render, Song, find_songs
from reaper_automix.errors import ListeningError, MediaError
from reaper_automix.progress import silent


def song_of(*paths: Path) -> Song:
    return Song("", tuple(Render(path.stem, path) for path in paths))


def stretch_of(path: Path, start_s: float, end_s: float) -> np.ndarray:
    audio, _ = read_excerpt(Render("", path), wanted_stretch(song_of(path), (start_s, end_s)), 44100)
    return audio


@pytest.mark.parametrize(("rates", "expected"), [((44100, 88200), 44100), ((44100, 48000), 48000), ((96000,), 48000)])
def test_a_page_has_one_rate(tmp_path: Path, rates: tuple[int, ...], expected: int) -> None:
    files = [write(tmp_path / f"{rate}.wav", noise(1, 0.1), rate) for rate in rates]
    assert page_rate_hz([song_of(*files)]) == expected


def test_everything_is_heard_as_far_as_the_shortest_reaches(tmp_path: Path) -> None:
    long, short = write(tmp_path / "long.wav", noise(1, 3.0)), write(tmp_path / "short.wav", noise(2, 2.0))
    wanted = wanted_stretch(song_of(long, short), None)
    assert (wanted.start_s, wanted.end_s) == (0.0, 2.0)
    assert wanted.notes == ("all are cut to the shortest, short.wav (2.0 s).",)
    assert wanted_stretch(song_of(long), None).notes == ()
    assert wanted_stretch(song_of(long, short), (0.5, 99.0)).end_s == 2.0
    with pytest.raises(ListeningError, match=r"from 1\.5 s on 0\.50 s would be heard; short\.wav, the shortest, ends"):
        wanted_stretch(song_of(long, short), (1.5, 3.0))


def test_an_excerpt_is_the_file_from_there_on(tmp_path: Path) -> None:
    frames = noise(3, 3.0).astype(np.float32)
    path = write(tmp_path / "a.wav", frames)
    assert np.array_equal(stretch_of(path, 1.0, 2.5), frames[44100:110250].T)


def test_mono_is_heard_in_both_channels_and_surround_by_its_first_two(tmp_path: Path) -> None:
    six = np.random.default_rng(4).standard_normal((66150, 6)).astype(np.float32) * 0.1
    mono, surround = write(tmp_path / "mono.wav", six[:, :1]), write(tmp_path / "six.wav", six)
    assert np.array_equal(stretch_of(mono, 0.0, 1.5), np.repeat(six[:, :1].T, 2, axis=0))
    assert np.array_equal(stretch_of(surround, 0.0, 1.5), six[:, :2].T)


def test_another_rate_lies_at_the_same_time(tmp_path: Path) -> None:
    at_48k = write(tmp_path / "a.wav", tone(440.0, 2.0, rate_hz=48000), 48000)
    expected = tone(440.0, 2.0).T[:, 22050:66150]
    assert np.abs(stretch_of(at_48k, 0.5, 1.5) - expected)[:, 100:-100].max() < 1e-4


def test_a_hidden_anchor_has_nothing_above_its_limit(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.wav", noise(number, 2.0)) for number, name in enumerate("ab")]
    (song,), _ = find_songs(files, anchor=True)
    audio, _ = read_excerpt(song.renders[-1], wanted_stretch(song, None), 44100)
    whole, _ = read_excerpt(song.renders[0], wanted_stretch(song, None), 44100)
    frequencies_hz = np.fft.rfftfreq(audio.shape[1], 1 / 44100)
    ratio_db = 20.0 * np.log10(np.abs(np.fft.rfft(audio[0])) / np.abs(np.fft.rfft(whole[0])))
    assert np.median(ratio_db[frequencies_hz > 7000.0]) < -45.0
    assert abs(np.median(ratio_db[frequencies_hz < 2500.0])) < 0.1


def test_the_loudest_part_is_heard_where_there_is_no_room_for_more(tmp_path: Path) -> None:
    def with_chorus(seed: int, level_db: float) -> np.ndarray:
        frames = noise(seed, 12.0, level_db, 8000)
        frames[7 * 8000 : 10 * 8000] *= 4.0
        return frames

    files = [write(tmp_path / f"{n}.wav", with_chorus(n, level_db), 8000) for n, level_db in enumerate((-30.0, -50.0))]
    song = song_of(*files)
    wanted = wanted_stretch(song, (1.0, 12.0))
    found = loudest_part(song, wanted, 3.0, 44100, silent)
    assert found.start_s == pytest.approx(7.0, abs=0.11)
    assert found.length_s == pytest.approx(3.0)
    assert found.notes[-1].startswith("there is room for 3 s of 11 s: heard is the loudest part, 0:07 to 0:10.")
    assert loudest_part(song, wanted, LONGEST_S, 44100, silent) == wanted


def test_no_part_is_loudest_in_silence(tmp_path: Path) -> None:
    song = song_of(write(tmp_path / "a.wav", np.zeros((32000, 2)), 8000))
    assert loudest_part(song, wanted_stretch(song, None), 2.0, 44100, silent).start_s == 0.0


def test_what_cannot_be_made_as_loud_is_refused(tmp_path: Path) -> None:
    zeros = np.zeros((2, 44100), np.float32)
    with pytest.raises(ListeningError, match=r"still\.wav: it is silent in the part that would be heard"):
        measure(zeros, 44100, Render("", Path("still.wav")))
    damaged = noise(5, 2.0, rate_hz=8000)
    damaged[100] = np.nan
    path = write(tmp_path / "damaged.wav", damaged, 8000)
    song = song_of(path)
    with pytest.raises(MediaError, match=r"damaged\.wav: the audio holds samples that are not numbers"):
        measure(stretch_of(path, 0.0, 2.0), 44100, song.renders[0])
    with pytest.raises(MediaError, match=r"damaged\.wav: the audio holds samples that are not numbers"):
        loudest_part(song, wanted_stretch(song, None), 1.0, 44100, silent)


@pytest.mark.parametrize(("time_s", "expected"), [(0.0, "0:00"), (59.6, "1:00"), (125.0, "2:05")])
def test_times_are_written_as_they_are_read(time_s: float, expected: str) -> None:
    assert clock(time_s) == expected
