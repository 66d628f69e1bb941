"""Measurements and features on disk, by the content of the files and the settings they were made with.

The cache may be deleted at any time. A damaged, foreign or unwritable one never stops a run: it counts as empty.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import platformdirs

from reaper_automix.analysis.features import COLUMNS, FrameFeatures
from reaper_automix.analysis.loudness import Loudness
from reaper_automix.analysis.measurement import Measurement
from reaper_automix.errors import SessionError
from reaper_automix.files import whole_file
from reaper_automix.learning.stored_arrays import arrays_of

FORMAT = 1
"""Raise this when the arrays of a stored measurement change."""

DEFAULT_LIMIT_BYTES = 512 << 20
FOLDER_VARIABLE = "REAPER_AUTOMIX_CACHE_DIR"

_MEMO_PREFIX = "hash-"

_YOUNG_S = 2.0
"""A file changed this shortly before it was hashed may change again within one tick of its clock."""

_READ_BYTES = 1 << 20
_NOT_READABLE = (OSError, ValueError, KeyError, TypeError)


def default_folder() -> Path:
    """Return the cache folder: ``REAPER_AUTOMIX_CACHE_DIR``, or the system's place for caches."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("reaper_automix", appauthor=False))


Stored = TypeVar("Stored")


class MeasurementCache:
    """Stores measurements and features by key.

    Parameters
    ----------
    folder : Path, optional
        Where; ``default_folder`` by default. It is made when something is stored.
    limit_bytes : int
        When the measurements and the remembered hashes take more, the ones not used for longest go.
    """

    def __init__(self, folder: Path | None = None, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.folder = folder or default_folder()
        self._limit_bytes = limit_bytes

    def load(self, key: str) -> Measurement | None:
        """Return the measurement that was stored under a key; None where there is nothing that can be read."""
        return self._load(key, _from_arrays)

    def store(self, key: str, measurement: Measurement) -> None:
        """Store a measurement; where that is not possible nothing happens."""
        self._store(key, _to_arrays(measurement))

    def load_features(self, key: str) -> FrameFeatures | None:
        """Return the features that were stored under a key; None where there is nothing that can be read."""
        return self._load(f"features/{key}", _features_from_arrays)

    def store_features(self, key: str, features: FrameFeatures) -> None:
        """Store features; where that is not possible nothing happens."""
        arrays = {"values": features.values, "times_s": np.array([features.start_s, features.step_s])}
        self._store(f"features/{key}", arrays)

    def _load(self, key: str, read: Callable[[Any], Stored]) -> Stored | None:
        path = self._path(key)
        try:
            value = read(arrays_of(path.read_bytes()))
            os.utime(path)
        except (OSError, ValueError, LookupError, TypeError, OverflowError, MemoryError):
            return None
        return value

    def _store(self, key: str, arrays: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError, SessionError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self._path(key), lasting=False) as part, part.open("wb") as stream:
                np.savez_compressed(stream, **arrays)
            self._evict()

    def content_hash(self, path: Path) -> str:
        """Return a hash of a file's bytes; an unchanged file (path, size, time) is not read again.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # a pipe may never begin, and a device may never end
            raise OSError(errno.EINVAL, "a pipe or a device, not a file", str(path))
        name = _digest(str(path.absolute()).encode("utf-8", "surrogateescape"))[:32]
        memo = self.folder / f"{_MEMO_PREFIX}{name}.json"
        identity = [state.st_size, state.st_mtime_ns]
        with contextlib.suppress(*_NOT_READABLE):
            known = json.loads(memo.read_text("ascii"))
            if known["identity"] == identity:
                content = str(known["hash"])
                with contextlib.suppress(OSError):  # of a cache that may only be read
                    os.utime(memo)
                return content
        content = _hash_of(path)
        if time.time() - state.st_mtime > _YOUNG_S:
            self._remember(memo, identity, content)
        return content

    def _remember(self, memo: Path, identity: list[int], content: str) -> None:
        with contextlib.suppress(OSError, SessionError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(memo, lasting=False) as part:
                part.write_text(json.dumps({"identity": identity, "hash": content}), "ascii")

    def _path(self, key: str) -> Path:
        return self.folder / f"{_digest(f'{FORMAT}/{key}'.encode())[:40]}.npz"

    def _evict(self) -> None:
        """Remove what was not used for longest until the limit holds."""
        files = sorted(self._entries(), key=lambda entry: entry[0])
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self._limit_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield (time of last use, size, path); another process may remove files meanwhile."""
        for pattern in ("*.npz", f"{_MEMO_PREFIX}*.json"):
            for path in self.folder.glob(pattern):
                with contextlib.suppress(OSError):
                    state = path.stat()
                    yield state.st_mtime, state.st_size, path


def _hash_of(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=20)
    with path.open("rb", buffering=0) as stream:
        while chunk := stream.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def _to_arrays(measurement: Measurement) -> dict[str, Any]:
    return {
        "sample_rate_hz": np.int64(measurement.sample_rate_hz),
        "start_s": np.float64(measurement.start_s),
        "block_energy": measurement.block_energy,
        "waveform": measurement.waveform,
        "loudness": np.array(list(asdict(measurement.loudness).values()), np.float64),
    }


def _from_arrays(stored: Any) -> Measurement:
    """Return the measurement that these arrays hold; any exception: they hold none."""
    levels = [float(value) for value in stored["loudness"]]
    measurement = Measurement(
        sample_rate_hz=int(stored["sample_rate_hz"]),
        start_s=float(stored["start_s"]),
        block_energy=np.asarray(stored["block_energy"], np.float64),
        loudness=Loudness(*levels),
        waveform=np.asarray(stored["waveform"], np.float32),
    )
    energy, waveform = measurement.block_energy, measurement.waveform
    if energy.ndim != 2 or waveform.ndim != 2 or (energy.shape[0], waveform.shape[0]) != (2, 2):
        raise ValueError("arrays of another shape")
    if not (np.isfinite(energy).all() and np.isfinite(waveform).all() and math.isfinite(measurement.start_s)):
        raise ValueError("numbers that no measurement has")
    if any(math.isnan(level) for level in levels):
        raise ValueError("levels that no measurement has")
    return measurement


def _features_from_arrays(stored: Any) -> FrameFeatures:
    """Return the features that these arrays hold; any exception: they hold none."""
    start_s, step_s = (float(value) for value in stored["times_s"])
    features = FrameFeatures(start_s, step_s, np.asarray(stored["values"], np.float32))
    if features.values.ndim != 2 or features.values.shape[1] != len(COLUMNS) or not np.isfinite(features.values).all():
        raise ValueError("numbers that no features have")
    return features
