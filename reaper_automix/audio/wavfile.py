"""Writing a mix as a WAV file of any length."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import soundfile as sf

from reaper_automix.audio.media import Audio
from reaper_automix.errors import SessionError
from reaper_automix.files import whole_file

_WAV_LIMIT_BYTES = 0xFFFFFFFF


def write_wav(path: str | os.PathLike[str], blocks: Iterable[Audio], sample_rate_hz: int) -> None:
    """Write blocks of float32 (n_channels, n_samples) as a 32-bit float WAV, RF64 beyond 4 GiB. Nothing is clipped.

    The file appears under its name only when it is complete.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    target = Path(path)
    try:
        with whole_file(target) as partial:
            _write_rf64(partial, blocks, sample_rate_hz)
            _shrink_to_wav(partial)
    except sf.LibsndfileError as error:
        raise SessionError(
            f"{target}: the mix cannot be written ({getattr(error, 'error_string', error)}). "
            "Check the folder, its rights and the free space."
        ) from error


def _write_rf64(path: Path, blocks: Iterable[Audio], sample_rate_hz: int) -> None:
    file: sf.SoundFile | None = None
    try:
        for block in blocks:
            if file is None:
                file = sf.SoundFile(path, "w", sample_rate_hz, len(block), subtype="FLOAT", format="RF64")
            file.write(block.T)
        if file is None:
            file = sf.SoundFile(path, "w", sample_rate_hz, 2, subtype="FLOAT", format="RF64")
    finally:
        if file is not None:
            file.close()


def _shrink_to_wav(path: Path) -> None:
    """Turn a finished RF64 file that fits 4 GiB into plain WAV by its header alone, as EBU Tech 3306 (3.3) has it."""
    n_bytes = path.stat().st_size
    if n_bytes > _WAV_LIMIT_BYTES:
        return
    with path.open("r+b") as file:
        head = bytearray(file.read(4096))
        data = head.index(b"data")
        n_data_bytes = struct.unpack_from("<Q", head, head.index(b"ds64") + 16)[0]
        struct.pack_into("<4sI", head, 0, b"RIFF", n_bytes - 8)
        struct.pack_into("<4s", head, head.index(b"ds64"), b"JUNK")
        struct.pack_into("<I", head, data + 4, n_data_bytes)
        file.seek(0)
        file.write(head)
