"""Audio files: what they are, and blocks of them from any position in bounded memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from reaper_automix.errors import MediaError

Audio = NDArray[np.float32]
"""Full scale +-1, shape (n_channels, n_samples)."""

_MOST_FRAMES = 1 << 48
"""libsndfile reports an unknown length as about 2**63 frames."""

_WARM_UP_FRAMES = 16384
"""Vorbis and MP3 decoders are wrong for up to one of their blocks after a seek, so they start this much earlier."""

_PCM_16_SCALE = np.float32(2.0**-15)

_LOSSY_FORMATS = frozenset({"OGG", "MP3"})


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What an audio file says about itself; ``format`` is libsndfile's name (WAV, RF64, W64, FLAC, OGG, MP3, AIFF)."""

    path: str
    sample_rate_hz: int
    n_channels: int
    n_frames: int
    format: str

    @property
    def length_s(self) -> float:
        """The length in seconds."""
        return self.n_frames / self.sample_rate_hz


def probe(path: str | os.PathLike[str]) -> MediaInfo:
    """Read the header of an audio file.

    Raises
    ------
    MediaError
        If the file is missing, a folder, empty, unreadable, not audio or cut short; the message says what to do.
    """
    with _open(path) as file:
        info = _info(path, file)
        _check_end(info, file)
        return info


class MediaIndex:
    """The headers of the files of a session, each read once, whether it could be read or not."""

    def __init__(self) -> None:
        self._known: dict[str, MediaInfo | MediaError] = {}

    def info(self, path: str) -> MediaInfo:
        """Return what ``probe`` returns, or raise again what it raised.

        Raises
        ------
        MediaError
            As ``probe``.
        """
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = _probe_or_error(path)
        if isinstance(found, MediaError):
            raise MediaError(str(found))
        return found


class MediaReader:
    """Blocks of one audio file from any position.

    Positions outside of the file are silence. A file that ends before its header says so is padded with silence;
    ``shortfall`` then says it in words.

    Parameters
    ----------
    path : str or path
        The audio file.

    Raises
    ------
    MediaError
        As ``probe``.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = _open(path)
        self.info = _info(path, self._file)
        self.shortfall: str | None = None
        self._position = 0
        self._end = self.info.n_frames

    def read(self, start_frame: int, n_frames: int) -> Audio:
        """Return float32 (n_channels, n_frames) from ``start_frame``, which may be negative or beyond the end.

        Raises
        ------
        MediaError
            If the file cannot be read on from here.
        """
        first = min(max(start_frame, 0), self._end)
        last = min(max(start_frame + n_frames, first), self._end)
        inside = self._read_inside(first, last - first)
        if inside.shape[0] == n_frames:
            return inside.T
        frames = np.zeros((n_frames, self.info.n_channels), dtype=np.float32)
        offset = first - start_frame
        if len(inside):
            frames[offset : offset + len(inside)] = inside
        return frames.T

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> MediaReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_inside(self, first: int, n_frames: int) -> Audio:
        """Return interleaved frames, shape (n_frames, n_channels): fewer than asked where the file breaks off."""
        if n_frames == 0:
            return np.empty((0, self.info.n_channels), dtype=np.float32)
        try:
            if not self._go_to(first):
                return self._breaks_off(first)
            read = self._decode(n_frames)
        except (sf.LibsndfileError, OSError) as error:
            raise MediaError(
                f"{self.info.path}: reading stopped at {first / self.info.sample_rate_hz:.2f} s ({error}). "
                "Check the file in a player, or restore it from a backup, and run again."
            ) from error
        self._position = first + len(read)
        if len(read) < n_frames:
            self._breaks_off(self._position)
        return read

    def _decode(self, n_frames: int) -> Audio:
        """Read on from here. 16-bit samples are scaled here: the same values as libsndfile scales, in half the time."""
        shape = (n_frames, self.info.n_channels)
        if self._file.subtype != "PCM_16":
            block: Audio = self._file.read(n_frames, out=np.empty(shape, dtype=np.float32))
            return block
        integers = self._file.read(n_frames, out=np.empty(shape, dtype=np.int16))
        scaled: Audio = np.multiply(integers, _PCM_16_SCALE, dtype=np.float32)
        return scaled

    def _go_to(self, frame: int) -> bool:
        """Move to a frame; False where the file does not reach that far, whatever its header says."""
        if frame == self._position:
            return True
        lossy = self.info.format in _LOSSY_FORMATS
        first = max(frame - _WARM_UP_FRAMES, 0) if lossy else frame
        if not (lossy and first <= self._position < frame):
            try:
                self._position = self._file.seek(first)
            except sf.LibsndfileError:
                return False
        skipped = self._file.read(frame - self._position, dtype="float32")
        self._position += len(skipped)
        return self._position == frame

    def _breaks_off(self, frame: int) -> Audio:
        """Remember that there is nothing from here on, and return that nothing."""
        self._end = frame
        self.shortfall = (
            f"{self.info.path}: the audio ends at {frame / self.info.sample_rate_hz:.2f} s or before, its header "
            f"says {self.info.length_s:.2f} s; the rest is silence. Re-export the file if something is missing."
        )
        return np.empty((0, self.info.n_channels), dtype=np.float32)


def _probe_or_error(path: str) -> MediaInfo | MediaError:
    try:
        return probe(path)
    except MediaError as error:
        return error


def _open(path: str | os.PathLike[str]) -> sf.SoundFile:
    _check_readable(Path(path))
    try:
        return sf.SoundFile(os.fspath(path))
    except (sf.LibsndfileError, OSError, TypeError) as error:
        raise MediaError(
            f"{os.fspath(path)}: not audio that can be read here, or its header is damaged ({error}). "
            "Convert it to WAV or FLAC, or render the item in REAPER, and relink it."
        ) from error


def _check_readable(path: Path) -> None:
    """Name the plain causes before libsndfile says 'System error' about all of them."""
    try:
        n_bytes = None if path.is_dir() else path.stat().st_size
    except FileNotFoundError as error:
        raise MediaError(f"{path}: the file is missing. Restore it, or relink the item in REAPER.") from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{path}: the file cannot be reached ({error}). Check the drive and the rights.") from error
    if n_bytes is None:
        raise MediaError(f"{path}: this is a folder, not an audio file. Relink the item in REAPER.")
    if n_bytes == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes). Restore it from a backup, or remove the item.")
    if not os.access(path, os.R_OK):
        raise MediaError(f"{path}: no permission to read the file. Change its rights and run again.")


def _check_end(info: MediaInfo, file: sf.SoundFile) -> None:
    """Refuse a FLAC file that is cut short: its header has the whole length, and its decoder stops with an error.

    Files of the other formats end earlier then, in their header or with ``MediaReader.shortfall``.
    """
    if info.format != "FLAC":
        return
    try:
        file.seek(info.n_frames - 1)
        file.read(1)
    except (sf.LibsndfileError, OSError) as error:
        raise MediaError(
            f"{info.path}: the file is cut short, its header says {info.length_s:.2f} s ({error}). "
            "Restore it from a backup, or export it again."
        ) from error


def _info(path: str | os.PathLike[str], file: sf.SoundFile) -> MediaInfo:
    if not 0 < file.frames < _MOST_FRAMES or file.samplerate <= 0:
        file.close()
        raise MediaError(
            f"{os.fspath(path)}: the file holds no audio ({file.format}, length unknown or 0). "
            "Re-export it, or remove the item."
        )
    return MediaInfo(os.fspath(path), file.samplerate, file.channels, file.frames, file.format)
