"""Pairs of raw and stem: which ten seconds, which raw track, at which loudness, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthetic_medleydb import medleydb_song

from reaper_automix.analysis.loudness import LoudnessMeter, integrated_lufs
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.mixers.tone_groups import GROUPS, group_of
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.tone.groups import Source, counts, sources_below
from reaper_automix.training.tone.pairs import (
    LOUDNESS_LUFS,
    N_FRAMES,
    RATE_HZ,
    SCALE,
    SHIFTS_SEMITONES,
    UNSHIFTED,
    magnitudes_of,
    pair_of,
    segments_of,
    transposed,
)


def sine(frequency_hz: float, seconds: float, level: float = 0.1) -> np.ndarray:
    return (level * np.sin(2.0 * np.pi * frequency_hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(
        np.float32
    )


def lufs(mono: np.ndarray) -> float:
    meter = LoudnessMeter(RATE_HZ, 1)
    meter.add(mono[np.newaxis])
    return integrated_lufs(meter.block_energy())


def source(path: Path, usage: Usage = Usage.TRAIN) -> Source:
    return Source("lmms", "song", path.stem, "author", "CC0-1.0", usage, "bass", Role.BASS, (path,))


def test_synthesizers_are_keys_and_drums_are_in_no_group() -> None:
    assert group_of(Role.SYNTH) == "keys"
    assert group_of(Role.BACKING_VOCAL) == "vocal"
    assert group_of(Role.KICK) is None
    assert group_of(None) is None
    assert list(GROUPS) == ["bass", "guitar", "vocal", "keys"]


def test_the_loudest_ten_seconds_of_the_stem_and_the_loudest_raw_track_there() -> None:
    stem = sine(100.0, 25.0)
    stem[: 12 * RATE_HZ] *= 0.1
    first, second = sine(200.0, 25.0), sine(300.0, 20.0, 0.2)
    first[14 * RATE_HZ :] *= 0.01
    raw, cut = segments_of(stem, [first, second])
    assert cut.size == raw.size == 10 * RATE_HZ
    assert np.sqrt(np.square(cut).mean()) == pytest.approx(0.1 / np.sqrt(2.0), rel=0.01)
    assert np.argmax(magnitudes_of(raw)[:100].sum(axis=0)) == round(300.0 / RATE_HZ * 2048)


def test_transposition_is_varispeed() -> None:
    up = transposed(sine(1_000.0, 2.0), 4.0)
    assert up.size == pytest.approx(2.0 * RATE_HZ / 2.0 ** (4.0 / 12.0), abs=2)
    assert np.argmax(magnitudes_of(up).sum(axis=0)) == round(1_000.0 * 2.0 ** (4.0 / 12.0) / RATE_HZ * 2048)
    assert SHIFTS_SEMITONES[0] == -4.0
    assert SHIFTS_SEMITONES[-1] == 4.0
    assert set(np.diff(SHIFTS_SEMITONES)) == {0.5}


def test_a_pair_is_made_once_at_one_loudness(tmp_path: Path) -> None:
    path = tmp_path / "bass.wav"
    noise = np.random.default_rng(1).normal(0.0, 0.02, (3 * 48_000, 2))
    soundfile.write(path, noise, 48_000)
    pair = pair_of(source(path), tmp_path / "kept")
    assert pair is not None
    assert lufs(pair.raw) == pytest.approx(LOUDNESS_LUFS, abs=0.05)
    assert lufs(pair.stem) == pytest.approx(LOUDNESS_LUFS, abs=0.05)
    assert not pair.is_real
    (file,) = (tmp_path / "kept").iterdir()
    changed = file.stat().st_mtime_ns
    again = pair_of(source(path), tmp_path / "kept")
    assert again is not None
    assert np.array_equal(again.stem, pair.stem)
    assert file.stat().st_mtime_ns == changed


def test_what_is_learned_from_are_frames_of_all_steps(tmp_path: Path) -> None:
    path = tmp_path / "bass.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0.0, 0.02, 3 * RATE_HZ), RATE_HZ)
    pair = pair_of(source(path), tmp_path / "kept")
    assert pair is not None
    variants = pair.variants
    assert variants is not None
    assert variants.raw.shape == variants.stem.shape == (len(SHIFTS_SEMITONES), N_FRAMES, 1025)
    assert len(variants.levels_db) == len(SHIFTS_SEMITONES)
    frames = variants.frames[UNSHIFTED]
    wanted = magnitudes_of(pair.stem)[frames]
    assert variants.stem[UNSHIFTED].astype(np.float32) / SCALE == pytest.approx(wanted, rel=2e-3, abs=1e-6)


def test_non_commercial_tracks_are_judged_only(tmp_path: Path) -> None:
    path = tmp_path / "bass.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0.0, 0.02, 2 * RATE_HZ), RATE_HZ)
    pair = pair_of(source(path, Usage.EVALUATE), tmp_path / "kept")
    assert pair is not None
    assert pair.variants is None


@pytest.mark.parametrize("samples", [np.zeros(3 * RATE_HZ), np.ones(1_000) * 0.1, np.zeros(0)])
def test_silence_and_clicks_are_no_pairs(tmp_path: Path, samples: np.ndarray) -> None:
    path = tmp_path / "nothing.wav"
    soundfile.write(path, samples, RATE_HZ)
    assert pair_of(source(path), tmp_path / "kept") is None
    assert pair_of(source(path), tmp_path / "kept") is None


def test_medleydb_as_its_owners_have_it(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    medleydb_song(tmp_path / "medleydb", seconds=2.0)
    sources = sources_below(tmp_path)
    assert [(s.track, s.group, len(s.raws), s.usage) for s in sources] == [
        ("ABand_ASong_STEM_01", "bass", 2, Usage.EVALUATE),
        ("ABand_ASong_STEM_02", "vocal", 1, Usage.EVALUATE),
    ]
    pair = pair_of(sources[0], tmp_path / "kept")
    assert pair is not None
    assert pair.is_real
    assert pair.variants is None
    # The second raw track is the louder one: its sine is what is heard.
    assert np.argmax(magnitudes_of(pair.raw).sum(axis=0)) == round(400.0 / RATE_HZ * 2048)
    assert counts(sources, 17) == [("bass", "bass", "medleydb", 2, 1, 0), ("vocal", "lead_vocal", "medleydb", 1, 1, 0)]


def test_a_folder_without_a_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has none of the subfolders"):
        sources_below(tmp_path)


@pytest.mark.data
def test_the_real_excerpts(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw_and_mix").symlink_to(shared_data / "raw_and_mix")
    sources = sources_below(tmp_path / "data")
    assert sorted(s.group for s in sources) == ["bass", "bass", "guitar", "guitar", "guitar", "vocal"]
    pair = pair_of(sources[0], tmp_path / "kept")
    assert pair is not None
    assert pair.is_real
    assert pair.raw.size == pair.stem.size == 10 * RATE_HZ
