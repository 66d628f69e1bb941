"""Pairs at the human's level: by hand, from MUSDB18-HQ as its owners have it, and from the shared songs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.analysis.mel_spectra import mel_energies
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Usage
from reaper_automix.training.vocal.pairs import LEAD, VOCAL, pair_of, songs_below

RATE_HZ = 44_100
SECONDS = 3.0


def sound(path: Path, seed: int, level: float = 0.1, rate_hz: int = RATE_HZ, channels: int = 1) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    audio = level * np.random.default_rng(seed).standard_normal((int(SECONDS * rate_hz), channels))
    soundfile.write(path, audio, rate_hz, subtype="FLOAT")
    return audio


def tone(path: Path, frequency_hz: float) -> None:
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    soundfile.write(path, 0.1 * np.sin(2 * np.pi * frequency_hz * time_s), RATE_HZ, subtype="FLOAT")


def song(*tracks: CorpusTrack) -> CorpusSong:
    return CorpusSong("songs", "one", "One", "An author", "CC0-1.0", Usage.TRAIN, SECONDS, tracks)


@pytest.fixture
def add(tmp_path: Path) -> Callable[..., CorpusTrack]:
    def add_track(name: str, role: Role | None, gain_db: float = 0.0, **how: int) -> CorpusTrack:
        path = tmp_path / f"{name}.wav"
        sound(path, seed=len(name), **how)  # type: ignore[arg-type]
        return CorpusTrack(name, name, path, role, gain_db=((0.0, gain_db),))

    return add_track


def lufs(audio: np.ndarray) -> float:
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.add(np.ascontiguousarray(np.broadcast_to(audio.T, (2, len(audio))), np.float32))
    return meter.result().integrated_lufs


def test_the_pair_is_the_human_mix_taken_apart(add: Callable[..., CorpusTrack], tmp_path: Path) -> None:
    vocal, bass, drums = add("Vox", Role.LEAD_VOCAL, -7.0), add("Bass", Role.BASS), add("Drums", Role.DRUMS, -3.0)
    pair = pair_of(song(vocal, bass, drums), tmp_path / "kept")
    assert pair is not None
    signals = {
        t.name: soundfile.read(t.path, always_2d=True)[0] * 10 ** (t.gain_db[0][1] / 20) for t in (vocal, bass, drums)
    }
    backing = signals["Bass"] + signals["Drums"]
    assert (pair.kind, pair.lead, pair.lead_ids) == (VOCAL, "Vox", ("Vox",))
    assert pair.gap_lu == pytest.approx(lufs(signals["Vox"]) - lufs(backing), abs=0.01)
    for channel, wanted in ((0, signals["Vox"]), (1, backing)):
        mels = mel_energies(wanted[:, 0].astype(np.float32), RATE_HZ)
        np.testing.assert_allclose(pair.mels(channel), mels, rtol=0.01)


def test_a_remix_is_another_balance_as_loud_as_the_backing(add: Callable[..., CorpusTrack], tmp_path: Path) -> None:
    tracks = add("Vox", Role.LEAD_VOCAL), add("Bass", Role.BASS), add("Percussion", Role.PERCUSSION)
    tone(tracks[1].path, 440.0)
    pair = pair_of(song(*tracks), tmp_path)
    assert pair is not None
    levels_db = [10 * np.log10(pair.mels(channel).sum()) for channel in range(4)]
    assert levels_db[2:] == pytest.approx([levels_db[1]] * 2, abs=3.0)
    tone_band = int(pair.mels(1).sum(axis=1).argmax())
    of_tone_db = [10 * np.log10(pair.mels(channel)[tone_band].sum()) for channel in range(1, 4)]
    of_noise_db = [10 * np.log10(pair.mels(channel)[100:].sum()) for channel in range(1, 4)]
    balances_db = np.subtract(of_tone_db, of_noise_db)
    assert np.abs(balances_db[1:] - balances_db[0]).max() > 0.5
    assert np.abs(balances_db[1:] - balances_db[0]).max() <= 12.0


def test_a_gain_over_time_is_followed(add: Callable[..., CorpusTrack], tmp_path: Path) -> None:
    ridden = replace(add("Vox", Role.LEAD_VOCAL), gain_db=((0.0, 0.0), (1.0, 0.0), (2.0, -12.0), (3.0, -12.0)))
    pair = pair_of(song(ridden, add("Bass", Role.BASS)), tmp_path)
    assert pair is not None
    level_db = 10 * np.log10(pair.energies[0])
    assert level_db[:9].mean() - level_db[21:].mean() == pytest.approx(12.0, abs=0.3)


def test_any_rate_and_channels_and_lengths(add: Callable[..., CorpusTrack], tmp_path: Path) -> None:
    vocal = add("Vox", Role.LEAD_VOCAL, rate_hz=48_000, channels=2)
    short = add("Bass", Role.BASS)
    audio, _ = soundfile.read(short.path)
    soundfile.write(short.path, audio[:RATE_HZ], RATE_HZ, subtype="FLOAT")
    pair = pair_of(song(vocal, short), tmp_path)
    assert pair is not None
    assert pair.energies.shape == (2, 30)
    assert np.isfinite(pair.gap_lu)


def test_without_a_vocal_the_lead_part_is_chosen_and_without_that_there_is_no_pair(
    add: Callable[..., CorpusTrack], tmp_path: Path
) -> None:
    noise, drums, melody = add("Noise", Role.SYNTH), add("Drums", Role.DRUMS), add("Synth", Role.SYNTH)
    tone(melody.path, 440.0)
    pair = pair_of(song(noise, drums, melody), tmp_path / "kept")
    assert pair is not None
    assert (pair.kind, pair.lead) == (LEAD, "Synth")
    assert pair_of(song(drums, add("Low", Role.BASS)), tmp_path / "kept") is None
    unknown = replace(drums, gain_is_known=False)
    assert pair_of(song(noise, unknown, melody), tmp_path / "kept") is None
    alone = add("Vox", Role.LEAD_VOCAL)
    assert pair_of(song(alone), tmp_path / "kept") is None


def test_pairs_are_made_once_and_again_where_something_changed(add: Callable[..., CorpusTrack], tmp_path: Path) -> None:
    one = song(add("Vox", Role.LEAD_VOCAL), add("Bass", Role.BASS))
    kept = tmp_path / "kept"
    first = pair_of(one, kept)
    (file,) = kept.iterdir()
    written = file.stat().st_mtime_ns
    again = pair_of(one, kept)
    assert first is not None
    assert again is not None
    assert file.stat().st_mtime_ns == written
    np.testing.assert_array_equal(first.mels_db, again.mels_db)
    louder = replace(one, tracks=(replace(one.tracks[0], gain_db=((0.0, 6.0),)), one.tracks[1]))
    changed = pair_of(louder, kept)
    assert changed is not None
    assert changed.gap_lu == pytest.approx(first.gap_lu + 6.0, abs=0.01)
    one.tracks[0].path.unlink()
    with pytest.raises(CorpusError, match="cannot be read"):
        pair_of(one, kept)


def test_musdb18hq_gives_vocals_over_the_rest_for_evaluation_only(tmp_path: Path) -> None:
    root = tmp_path / "musdb18hq"
    for number, place in enumerate(("train/A Band - A Song", "test/B - C")):
        stems = [
            sound(root / place / f"{stem}.wav", 10 * number + seed, level, channels=2)
            for seed, (stem, level) in enumerate((("vocals", 0.05), ("drums", 0.1), ("bass", 0.1), ("other", 0.1)))
        ]
        soundfile.write(root / place / "mixture.wav", sum(stems), RATE_HZ, subtype="FLOAT")
    pairs = [pair_of(song, tmp_path / "kept") for song in songs_below(tmp_path)]
    assert [pair.kind for pair in pairs if pair] == [VOCAL, VOCAL]
    assert {pair.usage for pair in pairs if pair} == {Usage.EVALUATE}
    assert {pair.author for pair in pairs if pair} == {"A Band", "B"}
    for pair in pairs:
        assert pair is not None
        assert pair.lead == "vocals"
        assert pair.gap_lu == pytest.approx(20 * np.log10(0.5) - 10 * np.log10(3.0), abs=0.2)


def test_a_folder_without_corpora_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="none of the subfolders songs, lmms"):
        songs_below(tmp_path)


@pytest.mark.data
def test_a_shared_song_without_a_vocal_has_the_lead_that_its_author_named(shared_data: Path, tmp_path: Path) -> None:
    shortest = next(song for song in songs_below(shared_data) if song.id == "surrender_main")
    pair = pair_of(shortest, tmp_path)
    assert pair is not None
    assert (pair.kind, pair.lead, pair.usage) == (LEAD, "Lead", Usage.TRAIN)
    assert -10.0 < pair.gap_lu < 5.0
