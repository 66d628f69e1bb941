"""A disk that is full: one clear message, old files as they were, nothing half, nothing left lying about."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.scenes import EVERY, HURT, SILENT, contents, left, lost, of
from faults.warm import Warm

WRITING = [name for name in HURT if name not in ("the worker", "mix while the cache is filled")]


@pytest.mark.parametrize("name", HURT)
def test_full_from_the_nth_event_on(
    warm: Warm, scene: Callable[..., Path], name: str, record_property: Callable[[str, object], None]
) -> None:
    hurt = HURT[name]
    folder = scene(cold=hurt.cold)
    reference = warm.run(of(folder, hurt.words))
    wanted = contents(folder)
    step = 1 if EVERY else 2 * hurt.step + 1
    refused = 0
    for at in range(1, len(reference.events) + 1, step):
        before = contents(scene(cold=hurt.cold))
        ended = warm.run(of(folder, hurt.words, at=at, what="full"))
        after = contents(folder)
        assert lost(before, after, hurt, wanted) == [], (at, ended.said)
        assert left(after) == [], at
        assert ended.code in (0, 1), ended.said
        assert "Traceback" not in ended.said
        if ended.code == 1:
            refused += 1
            assert "cannot be " in ended.said
            assert "No space left" in ended.said
    record_property("filled", len(range(1, len(reference.events) + 1, step)))
    record_property("refused", refused)
    assert refused >= 1


@pytest.mark.parametrize("largest_bytes", [900, 2000, 5000, 60_000])
@pytest.mark.parametrize("name", WRITING)
def test_files_may_not_grow(warm: Warm, scene: Callable[..., Path], name: str, largest_bytes: int) -> None:
    hurt = HURT[name]
    folder = scene()
    warm.run(of(folder, hurt.words, counted=False))
    wanted = contents(folder)
    before = contents(scene())
    ended = warm.run(of(folder, hurt.words, largest_bytes=largest_bytes, counted=False))
    after = contents(folder)
    assert lost(before, after, hurt, wanted) == [], ended.said
    assert left(after) == []
    assert ended.code in (0, 1), ended.said
    assert "Traceback" not in ended.said
    assert ended.code == 0 or "cannot be " in ended.said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of so many KiB; skipped where none can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()

    def mounted(size_kib: int) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "none", str(place)]
        if shutil.which("mount") is None or subprocess.run(words, capture_output=True).returncode != 0:
            pytest.skip("no disk can be mounted here; the limit on the size of files stands for it")
        return place

    yield mounted
    subprocess.run(["umount", str(place)], capture_output=True)


@pytest.mark.parametrize("size_kib", [4, 8, 16, 32, 64, 128, 256])
def test_a_disk_that_is_really_full(
    warm: Warm, scene: Callable[..., Path], small_disk: Callable[[int], Path], size_kib: int
) -> None:
    folder, disk = scene(), small_disk(size_kib)
    places = {"--out": "a.RPP", "--plan": "p.json", "--render": "m.wav", "--report": "r.html"}
    outputs = (word for option, name in places.items() for word in (option, str(disk / name)))
    ended = warm.run(of(folder, ("mix", "song.RPP", *outputs, SILENT), counted=False))
    found = contents(disk)
    assert left(found) == []
    assert ended.code == (0 if len(found) == 4 else 1), ended.said
    assert ended.code == 0 or "No space left" in ended.said or "free space" in ended.said, ended.said
    if "m.wav" in found:
        assert len(found["m.wav"]) == len((folder / "mix.wav").read_bytes())
    if "r.html" in found:
        assert found["r.html"].rstrip().endswith(b"</html>")


@pytest.mark.parametrize("size_kib", [4, 20])
def test_a_full_cache_stops_nothing(
    warm: Warm, scene: Callable[..., Path], small_disk: Callable[[int], Path], size_kib: int
) -> None:
    folder, disk = scene(), small_disk(size_kib)
    run = of(folder, ("mix", "song.RPP"), counted=False)
    run.environment["REAPER_AUTOMIX_CACHE_DIR"] = str(disk)
    ended = warm.run(run)
    assert ended.code == 0, ended.said
    assert left(contents(disk)) == []
