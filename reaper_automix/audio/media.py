"""Audio files: what they are, and blocks of them from any position in bounded memory."""

from __future__ import annotations

import os
import stat
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

_OPUS_TAIL_S = 0.25
"""libsndfile (1.2.2) spoils the last packet of an Opus stream, up to 0.12 s, unless it is read in one go."""

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
        opus_tail_start = max(self._end - round(_OPUS_TAIL_S * self.info.sample_rate_hz), 0)
        self._tail_start = opus_tail_start if self._file.subtype == "OPUS" else _MOST_FRAMES
        self._tail: Audio | None = None

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
        if first + n_frames <= self._tail_start:
            return self._read_on(first, n_frames)
        before = self._read_on(first, max(self._tail_start - first, 0))
        if len(before) < self._tail_start - first:
            return before
        if self._tail is None:
            self._tail = self._read_on(self._tail_start, self.info.n_frames - self._tail_start)
        tail = self._tail[max(first - self._tail_start, 0) : first + n_frames - self._tail_start]
        return np.concatenate([before, tail]) if len(before) else tail

    def _read_on(self, first: int, n_frames: int) -> Audio:
        if n_frames == 0:
            return np.empty((0, self.info.n_channels), dtype=np.float32)
        try:
            if not self._go_to(first):
                return self._breaks_off(first)
            read = self._decode(n_frames)
        except (sf.LibsndfileError, OSError) as error:
            raise MediaError(
                f"{self.info.path}: reading stopped at {first / self.info.sample_rate_hz:.2f} s ({_why(error)}). "
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
                self._position = self._start_again() if lossy and first == 0 else self._file.seek(first)
            except sf.LibsndfileError:
                return False
            if self._position < 0 or not 0 <= frame - self._position <= _WARM_UP_FRAMES:
                return False  # in a damaged MP3 a seek may end anywhere
        skipped = self._file.read(frame - self._position, dtype="float32")
        self._position += len(skipped)
        return self._position == frame

    def _start_again(self) -> int:
        """Open the file anew: libsndfile (1.2.2) plays short Opus files wrongly after a way back to their start."""
        anew = _open(self.info.path)
        self._file.close()
        self._file = anew
        return 0

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
        # As bytes, but for Windows: names there are text, elsewhere they need not be.
        return sf.SoundFile(os.fspath(path) if os.name == "nt" else os.fsencode(path))
    except (sf.LibsndfileError, OSError, TypeError) as error:
        raise MediaError(
            f"{os.fspath(path)}: not audio that can be read here, or its header is damaged ({_why(error)}). "
            "Convert it to WAV or FLAC, or render the item in REAPER, and relink it."
        ) from error


def _why(error: Exception) -> str:
    """Return the cause without the path, which the message has already."""
    said = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(said).rstrip(".")


def _check_readable(path: Path) -> None:
    """Name the plain causes before libsndfile says 'System error' about all of them."""
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise MediaError(f"{path}: the file is missing. Restore it, or relink the item in REAPER.") from error
    except (OSError, ValueError) as error:
        why = _why(error)
        raise MediaError(f"{path}: the file cannot be reached ({why}). Check the drive and the rights.") from error
    if stat.S_ISDIR(found.st_mode):
        raise MediaError(f"{path}: this is a folder, not an audio file. Relink the item in REAPER.")
    if not stat.S_ISREG(found.st_mode):  # to open a pipe may take for ever, and a device may never end
        raise MediaError(f"{path}: this is a pipe or a device, not an audio file. Relink the item in REAPER.")
    if found.st_size == 0:
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
            f"{info.path}: the file is cut short, its header says {info.length_s:.2f} s ({_why(error)}). "
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
