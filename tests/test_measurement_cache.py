"""The cache saves time and never breaks a run."""

from __future__ import annotations

import dataclasses
import math
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from reaper_automix.analysis import cache as cache_module
from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.features import COLUMNS, FrameFeatures, hear_features
from reaper_automix.analysis.measurement import Measurement, measure


def measurement(seed: int = 0, n_samples: int = 16_000) -> Measurement:
    audio = (0.1 * np.random.default_rng(seed).standard_normal((2, n_samples))).astype(np.float32)
    return measure([audio], 8_000, 2, start_s=1.5, n_samples=n_samples)


def same(one: Measurement | None, two: Measurement) -> bool:
    return (
        one is not None
        and (one.sample_rate_hz, one.start_s, one.loudness) == (two.sample_rate_hz, two.start_s, two.loudness)
        and np.array_equal(one.block_energy, two.block_energy)
        and np.array_equal(one.waveform, two.waveform)
        and (one.block_energy.dtype, one.waveform.dtype) == (np.float64, np.float32)
    )


def entries(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.npz"))


def aged(path: Path, seconds: float = 100.0) -> Path:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))
    return path


def test_what_is_stored_is_loaded_bit_by_bit(tmp_path: Path) -> None:
    kept = measurement()
    MeasurementCache(tmp_path).store("one", kept)
    again = MeasurementCache(tmp_path)
    assert same(again.load("one"), kept)
    assert again.load("two") is None
    assert not list(tmp_path.rglob("*.part"))


def test_silence_keeps_its_infinite_levels(tmp_path: Path) -> None:
    silent = measure([np.zeros((1, 8_000), np.float32)], 8_000, 1, start_s=0.0, n_samples=8_000)
    MeasurementCache(tmp_path).store("silent", silent)
    found = MeasurementCache(tmp_path).load("silent")
    assert found is not None
    assert found.loudness.integrated_lufs == -math.inf


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path / "here"))
    MeasurementCache().store("one", measurement())
    assert len(entries(tmp_path / "here")) == 1
    monkeypatch.delenv("REAPER_AUTOMIX_CACHE_DIR")
    assert MeasurementCache().folder.is_absolute()


@pytest.mark.parametrize("seed", range(24))
def test_damage_is_a_miss(tmp_path: Path, seed: int) -> None:
    cache, kept = MeasurementCache(tmp_path), measurement(n_samples=2_000)
    cache.store("one", kept)
    (path,) = entries(tmp_path)
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    if seed % 4 == 0:
        data = data[: int(rng.integers(len(data)))]
    for position in rng.integers(len(data), size=1 + seed % 7) if data else ():
        data[position] ^= int(rng.integers(1, 256))
    path.write_bytes(data)
    found = cache.load("one")
    assert found is None or found.block_energy.shape == kept.block_energy.shape
    cache.store("one", kept)
    assert same(cache.load("one"), kept)


@pytest.mark.parametrize(
    "change",
    [
        {"block_energy": np.zeros((3, 4))},
        {"block_energy": np.full((2, 4), np.nan)},
        {"block_energy": np.array([["a"], ["b"]])},
        {"waveform": np.zeros(7, np.float32)},
        {"loudness": np.zeros(3)},
        {"loudness": np.full(9, np.nan)},
        {"start_s": np.float64(np.inf)},
    ],
)
def test_a_foreign_entry_is_a_miss(tmp_path: Path, change: dict[str, np.ndarray]) -> None:
    cache = MeasurementCache(tmp_path)
    cache.store("one", measurement())
    (path,) = entries(tmp_path)
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **(arrays | change))
    assert cache.load("one") is None


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    cache = MeasurementCache(tmp_path)
    cache.store("one", measurement())
    (path,) = entries(tmp_path)
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **(arrays | {"block_energy": np.array([{"a": 1}], dtype=object)}))
    assert cache.load("one") is None


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = MeasurementCache(blocked / "folder")
    cache.store("one", measurement())
    assert cache.load("one") is None
    media = aged(_media(tmp_path))
    assert cache.content_hash(media) == MeasurementCache(tmp_path / "good").content_hash(media)


def test_the_oldest_go_when_the_limit_is_reached(tmp_path: Path) -> None:
    first = MeasurementCache(tmp_path)
    for k in range(4):
        first.store(f"key {k}", measurement(k))
        for path in entries(tmp_path):
            aged(path, time.time() - path.stat().st_mtime + 100.0)
    assert first.load("key 0") is not None  # used just now: it is the youngest
    size = max(path.stat().st_size for path in entries(tmp_path))
    small = MeasurementCache(tmp_path, limit_bytes=3 * size + size // 2)
    small.store("key 4", measurement(4))
    assert [small.load(f"key {k}") is not None for k in range(5)] == [True, False, False, True, True]


def test_remembered_hashes_go_with_the_measurements(tmp_path: Path) -> None:
    cache = MeasurementCache(tmp_path / "cache")
    for k in range(6):
        media = tmp_path / f"{k}.wav"
        media.write_bytes(b"audio" * (k + 1))
        cache.content_hash(aged(media))
    memos = sorted((tmp_path / "cache").glob("hash-*.json"))
    assert len(memos) == 6
    for memo in memos:
        aged(memo)
    cache.content_hash(tmp_path / "0.wav")  # used just now: it is the youngest
    used = [memo for memo in memos if time.time() - memo.stat().st_mtime < 50.0]
    assert len(used) == 1
    cache.store("one", measurement())
    (entry,) = entries(tmp_path)
    limit = entry.stat().st_size + used[0].stat().st_size
    MeasurementCache(tmp_path / "cache", limit_bytes=limit).store("one", measurement())
    assert sorted((tmp_path / "cache").iterdir()) == sorted((entry, used[0]))


def test_many_writers_and_readers(tmp_path: Path) -> None:
    kept = measurement()
    bad: list[object] = []

    def work() -> None:
        cache = MeasurementCache(tmp_path)
        for _ in range(15):
            cache.store("one", kept)
            found = cache.load("one")
            if not same(found, kept):
                bad.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not bad
    assert len(entries(tmp_path)) == 1


def _media(folder: Path, content: bytes = b"RIFF audio") -> Path:
    path = folder / "Kick ö.wav"
    path.write_bytes(content)
    return path


def _count_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    reads: list[Path] = []
    original = cache_module._hash_of

    def counted(path: Path) -> str:
        reads.append(path)
        return original(path)

    monkeypatch.setattr(cache_module, "_hash_of", counted)
    return reads


def test_an_unchanged_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = _count_reads(monkeypatch)
    media = aged(_media(tmp_path))
    hashes = {MeasurementCache(tmp_path / "cache").content_hash(media) for _ in range(3)}
    assert len(hashes) == 1
    assert len(reads) == 1


def test_a_file_that_has_just_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = _count_reads(monkeypatch)
    cache, media = MeasurementCache(tmp_path / "cache"), _media(tmp_path)
    first = cache.content_hash(media)
    status = media.stat()
    media.write_bytes(b"RIFF other")  # the same size, and within one tick of a coarse clock
    os.utime(media, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert cache.content_hash(media) != first
    assert len(reads) == 2


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    cache = MeasurementCache(tmp_path / "cache")
    one = aged(_media(tmp_path))
    copy = tmp_path / "copy.wav"
    copy.write_bytes(one.read_bytes())
    assert cache.content_hash(one) == cache.content_hash(copy)
    before = cache.content_hash(one)
    aged(_media(tmp_path, b"RIFF longer audio"), 50.0)
    assert cache.content_hash(one) != before


def test_a_damaged_memo_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    media = aged(_media(tmp_path))
    expected = MeasurementCache(folder).content_hash(media)
    memos = [path for path in folder.rglob("*") if path.is_file()]
    for damage in (b"", b"{", b"[1, 2]", b'{"identity": 3}', b"\xff\xfe"):
        for memo in memos:
            memo.write_bytes(damage)
        assert MeasurementCache(folder).content_hash(media) == expected


def test_a_missing_file_is_the_callers_business(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        MeasurementCache(tmp_path).content_hash(tmp_path / "missing.wav")


def test_an_entry_of_another_version_of_the_loudness_is_a_miss(tmp_path: Path) -> None:
    cache, kept = MeasurementCache(tmp_path), measurement()
    cache.store("one", kept)
    (path,) = entries(tmp_path)
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **(arrays | {"loudness": np.array([*dataclasses.astuple(kept.loudness), 0.0])}))
    assert cache.load("one") is None


def features(seed: int = 0) -> FrameFeatures:
    audio = (0.1 * np.random.default_rng(seed).standard_normal((2, 16_000))).astype(np.float32)
    return hear_features([audio], 8_000, 2)


def test_features_are_loaded_bit_by_bit(tmp_path: Path) -> None:
    kept = dataclasses.replace(features(), start_s=1.5)
    MeasurementCache(tmp_path).store_features("one", kept)
    found = MeasurementCache(tmp_path).load_features("one")
    assert found is not None
    assert (found.start_s, found.step_s) == (kept.start_s, kept.step_s)
    assert found.values.dtype == np.float32
    assert np.array_equal(found.values, kept.values)
    assert MeasurementCache(tmp_path).load_features("two") is None


def test_features_and_measurement_of_one_key_do_not_meet(tmp_path: Path) -> None:
    cache, kept = MeasurementCache(tmp_path), measurement()
    cache.store("one", kept)
    assert cache.load_features("one") is None
    cache.store_features("one", features())
    assert same(cache.load("one"), kept)
    assert cache.load_features("one") is not None
    assert len(entries(tmp_path)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"values": np.zeros((4, 3), np.float32)},
        {"values": np.zeros(len(COLUMNS), np.float32)},
        {"values": np.full((4, len(COLUMNS)), np.nan, np.float32)},
        {"values": np.array([["a"] * len(COLUMNS)])},
        {"times_s": np.zeros(3)},
    ],
)
def test_foreign_features_are_a_miss(tmp_path: Path, change: dict[str, np.ndarray]) -> None:
    cache = MeasurementCache(tmp_path)
    cache.store_features("one", features())
    (path,) = entries(tmp_path)
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **(arrays | change))
    assert cache.load_features("one") is None


@pytest.mark.parametrize("seed", range(8))
def test_damaged_features_are_a_miss(tmp_path: Path, seed: int) -> None:
    cache, kept = MeasurementCache(tmp_path), features()
    cache.store_features("one", kept)
    (path,) = entries(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(np.random.default_rng(seed).integers(len(data)))])
    assert cache.load_features("one") is None
    cache.store_features("one", kept)
    assert np.array_equal(cache.load_features("one").values, kept.values)  # type: ignore[union-attr]


def test_features_go_with_the_oldest_when_the_limit_is_reached(tmp_path: Path) -> None:
    cache = MeasurementCache(tmp_path)
    cache.store_features("old", features())
    (path,) = entries(tmp_path)
    aged(path)
    MeasurementCache(tmp_path / "elsewhere").store("new", measurement())
    both = path.stat().st_size + entries(tmp_path / "elsewhere")[0].stat().st_size
    MeasurementCache(tmp_path, limit_bytes=both - 1).store("new", measurement())
    assert cache.load_features("old") is None
    assert cache.load("new") is not None
