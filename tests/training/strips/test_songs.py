"""Songs as the controller learns from them: normalised tracks, and targets at the human's gains and pans."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")
pytest.importorskip("mido")

import mido

from reaper_automix.errors import CorpusError
from reaper_automix.mixers.strip_controller import Strips
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Usage
from reaper_automix.training.corpora.gm_render import Window
from reaper_automix.training.corpora.midi_song import read_midi
from reaper_automix.training.strips.baselines import Answer
from reaper_automix.training.strips.features import loudness_of, vggish_images
from reaper_automix.training.strips.pans import lmms_sides, midi_below, midi_sides, pan_of, sides_of, to_strip
from reaper_automix.training.strips.scoring import JUDGED_EXCERPTS, as_loud, mix_of, score
from reaper_automix.training.strips.songs import TARGET_LUFS, songs_below, strip_song

RATE_HZ = 44_100


def write(path: Path, seed: int, *, channels: int = 1, gain: float = 0.05, rate_hz: int = RATE_HZ) -> Path:
    rng = np.random.default_rng(seed)
    soundfile.write(path, gain * rng.standard_normal((6 * rate_hz, channels)), rate_hz, subtype="FLOAT")
    return path


def lmms_song(folder: Path, *, pan: float = 0.0) -> CorpusSong:
    files = [write(folder / f"raw_{n}.wav", n, gain=0.02 * n, rate_hz=48_000 if n == 3 else RATE_HZ) for n in (1, 2, 3)]
    entries = [{"file": file.name, "pan": pan if n == 0 else 0.0} for n, file in enumerate(files)]
    (folder / "song.json").write_text(json.dumps({"tracks": entries}))
    gains = (-6.0, 3.0, 0.0)
    tracks = [CorpusTrack(f.stem, f.stem, f, None, ((0.0, g),)) for f, g in zip(files, gains, strict=True)]
    return CorpusSong("lmms", "one", "One", "who", "Artistic-2.0", Usage.TRAIN, 6.0, tuple(tracks))


def midi(values: list[tuple[float, int]]) -> bytes:
    """A song with a note per second on channel 3, and controller 10 at times in seconds."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    events = [(second, mido.Message("note_on", channel=3, note=60, velocity=90)) for second in range(10)]
    events += [(second + 0.5, mido.Message("note_off", channel=3, note=60)) for second in range(10)]
    events += [(at_s, mido.Message("control_change", channel=3, control=10, value=value)) for at_s, value in values]
    at = 0
    for time_s, message in sorted(events, key=lambda event: event[0]):
        tick = round(time_s * 960)
        track.append(message.copy(time=tick - at))
        at = tick
    file, stored = mido.MidiFile(ticks_per_beat=480), io.BytesIO()
    file.tracks.append(track)
    file.save(file=stored)
    return stored.getvalue()


def test_the_humans_gains_and_pans_give_the_target_again(tmp_path: Path) -> None:
    song = strip_song(lmms_song(tmp_path, pan=-40.0), {}, tmp_path / "kept")
    assert song is not None
    assert song.is_stereo
    assert song.pans == pytest.approx([-0.4, 0.0, 0.0])
    assert loudness_of(np.asarray(song.target), RATE_HZ) == pytest.approx(TARGET_LUFS, abs=0.01)
    mix = as_loud(mix_of(song, Answer(Strips(song.gains_db, song.pans))), np.asarray(song.target[:JUDGED_EXCERPTS]))
    np.testing.assert_allclose(mix, song.target[:2], atol=2e-5)
    told = score(song, [Answer(Strips(song.gains_db, song.pans))])
    wrong = score(song, [Answer(Strips(song.gains_db[::-1].copy(), song.pans))])
    assert told["stereo"] is not None
    assert told["stereo"] < 0.01
    assert wrong["stereo"] is not None
    assert wrong["stereo"] > 0.1


def test_left_and_right_are_one_to_the_score(tmp_path: Path) -> None:
    song = strip_song(lmms_song(tmp_path, pan=-40.0), {}, tmp_path / "kept")
    assert song is not None
    mirrored = score(song, [Answer(Strips(song.gains_db, -song.pans))])
    assert mirrored["stereo"] == pytest.approx(0.0, abs=0.01)


def test_levels_of_files_are_not_in_the_tracks_but_in_the_gains(tmp_path: Path) -> None:
    song = strip_song(lmms_song(tmp_path), {}, tmp_path / "kept")
    assert song is not None
    levels = np.square(song.tracks.astype(np.float32)).mean(axis=(0, 2, 3))
    np.testing.assert_allclose(levels, levels[0], rtol=0.05)
    # Noise of 0.02, 0.04 and 0.06 at -6, 3 and 0 dB; the third file has some of it above 22.05 kHz.
    relative = song.gains_db - song.gains_db[0]
    np.testing.assert_allclose(relative, [0.0, 9.0 + 6.02, 6.0 + 9.54], atol=0.7)


def test_a_mono_target_says_nothing_of_the_sides(tmp_path: Path) -> None:
    song = strip_song(lmms_song(tmp_path), {}, tmp_path / "kept")
    assert song is not None
    assert not song.is_stereo
    told = score(song, [Answer(Strips(song.gains_db, np.array([1.0, -1.0, 0.0])))])
    assert told["stereo"] is None
    assert told["sum"] is not None


def test_a_gain_that_moves_moves_in_the_target(tmp_path: Path) -> None:
    still = lmms_song(tmp_path)
    moving = replace(still.tracks[0], gain_db=((0.0, 0.0), (2.0, 0.0), (2.1, -100.0)))
    song = strip_song(replace(still, tracks=(moving, *still.tracks[1:])), {}, tmp_path / "kept")
    assert song is not None
    told = score(song, [Answer(Strips(song.gains_db, song.pans))])
    assert told["sum"] is not None
    assert told["sum"] > 0.01


def test_a_song_is_made_once_and_again_when_a_gain_changes(tmp_path: Path) -> None:
    one = lmms_song(tmp_path)
    strip_song(one, {}, tmp_path / "kept")
    made = sorted((tmp_path / "kept").iterdir())
    strip_song(one, {}, tmp_path / "kept")
    assert sorted((tmp_path / "kept").iterdir()) == made
    changed = replace(one, tracks=(replace(one.tracks[0], gain_db=((0.0, -1.0),)), *one.tracks[1:]))
    strip_song(changed, {}, tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 2 * len(made)


def test_tracks_without_a_known_gain_are_left_out_and_one_track_is_no_song(tmp_path: Path) -> None:
    one = lmms_song(tmp_path)
    unknown = [replace(track, gain_is_known=False) for track in one.tracks]
    some = strip_song(replace(one, tracks=(unknown[0], *one.tracks[1:])), {}, tmp_path / "kept")
    assert some is not None
    assert len(some.roles) == 2
    for _ in range(2):
        assert strip_song(replace(one, tracks=(*unknown[:2], one.tracks[2])), {}, tmp_path / "kept") is None


def test_audio_that_is_none_is_said(tmp_path: Path) -> None:
    one = lmms_song(tmp_path)
    one.tracks[0].path.write_bytes(b"no audio")
    with pytest.raises(CorpusError, match=r"raw_1\.wav"):
        strip_song(one, {}, tmp_path / "kept")


def test_a_folder_without_a_corpus_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="subfolders"):
        songs_below(tmp_path)


def test_pans_become_gain_and_balance() -> None:
    assert lmms_sides(0.25) == (0.75, 1.0)
    left, right = midi_sides(0.5)
    assert left**2 + right**2 == pytest.approx(2.0)
    gain, pan = to_strip(left, right)
    assert gain * (1.0 - max(pan, 0.0)) == pytest.approx(left)
    assert gain * (1.0 + min(pan, 0.0)) == pytest.approx(right)
    assert to_strip(0.0, 0.0) == (0.0, 0.0)
    assert to_strip(1.0, 0.0) == (1.0, -1.0)


def test_the_pan_of_a_channel_is_what_most_notes_are_played_with() -> None:
    channel = read_midi(midi([(0.2, 127), (2.5, 1), (7.5, 64)]), name="x").channels[0]
    assert pan_of(channel, Window(0.0, 10.0)) == -1.0
    assert pan_of(channel, Window(0.5, 2.0)) == 1.0
    assert pan_of(channel, Window(8.0, 9.5)) == 0.0
    assert pan_of(read_midi(midi([]), name="x").channels[0], Window(0.0, 10.0)) == 0.0


def test_rendered_songs_take_their_pans_from_the_midi_file(tmp_path: Path) -> None:
    stored = midi([(0.0, 96)])
    one = replace(lmms_song(tmp_path), corpus="gm-midi")
    entries = [{"file": track.path.name, "channel": 4} for track in one.tracks]
    about = {"tracks": entries, "midi_sha256": "abc", "window_s": [0.0, 6.0]}
    (tmp_path / "song.json").write_text(json.dumps(about))
    assert sides_of(one, {}) is None
    found = sides_of(one, {"abc": stored})
    assert found is not None
    assert found[0] == pytest.approx(midi_sides(32 / 63))
    without = strip_song(one, {}, tmp_path / "kept")
    assert without is not None
    assert not without.is_stereo
    (tmp_path / "midi").mkdir()
    (tmp_path / "midi" / "a.mid").write_bytes(stored)
    assert list(midi_below(tmp_path / "midi").values()) == [stored]


def test_vggish_hears_patches_of_0_96_s() -> None:
    times_s = np.arange(3 * RATE_HZ) / RATE_HZ
    images = vggish_images(np.sin(2.0 * np.pi * 1000.0 * times_s).astype(np.float32)[np.newaxis], RATE_HZ)
    assert images.shape == (3, 1, 96, 64)
    mels = 1127.0 * np.log1p(np.array([125.0, 7500.0, 1000.0]) / 700.0)
    place = (mels[2] - mels[0]) / (mels[1] - mels[0]) * 65.0 - 1.0
    assert abs(int(images[1, 0, 50].argmax()) - place) < 1.0
    assert vggish_images(np.zeros((2, 10), np.float32), 48_000).shape == (1, 1, 96, 64)
    np.testing.assert_allclose(vggish_images(np.zeros((2, 10), np.float32), 48_000), np.log(0.01), rtol=1e-6)


@pytest.mark.data
def test_real_songs_are_cut(shared_data: Path, tmp_path: Path) -> None:
    songs = {song.id: song for song in songs_below(shared_data)}
    assert {song.corpus for song in songs.values()} >= {"songs", "lmms"}
    song = strip_song(songs["crunk_demo"], {}, tmp_path)
    assert song is not None
    assert len(song.roles) == 4
    told = score(song, [Answer(Strips(song.gains_db, song.pans))])
    assert told["sum"] is not None
    assert told["sum"] < 0.02
