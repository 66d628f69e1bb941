"""Arrays from an ``.npz`` that somebody else may have made: sizes and types are checked before memory is asked for.

An ``.npz`` is a zip archive of ``.npy`` files. A few kilobytes may announce terabytes, in the archive's directory as in
the header of an array; and an array may ask for objects, which are code. Neither gets as far as being unpacked here.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MOST_BYTES = 256 << 20
"""Of all arrays of one file together, unpacked; the greatest model that ships has 6 MB."""

MOST_ARRAYS = 4096

_PLAIN_KINDS = "biufU"
"""What numpy calls truth values, whole numbers, numbers and texts; no objects, no structures."""

_READ_HEADER = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def arrays_of(stored: bytes, *, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz``, by name.

    Parameters
    ----------
    stored : bytes
        The file.
    most_bytes : int
        More than this is refused before it is unpacked.

    Raises
    ------
    ValueError
        If it is damaged, holds something else than arrays of numbers and texts, or more than it may.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(stored)) as archive:
            members = archive.infolist()
            _check_sizes(members, most_bytes)
            return {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}
    except Exception as error:  # a damaged archive raises whatever its parser trips over: zlib, struct, tokenize ...
        raise ValueError(f"no arrays can be read: {error or type(error).__name__}") from None


def _check_sizes(members: list[zipfile.ZipInfo], most_bytes: int) -> None:
    """Refuse an archive that would unpack to too much; ``zipfile`` reads no more than its directory says."""
    if len(members) > MOST_ARRAYS:
        raise ValueError(f"{len(members)} arrays, at most {MOST_ARRAYS} are read")
    n_bytes = sum(member.file_size for member in members)
    if n_bytes > most_bytes:
        raise ValueError(f"{n_bytes} bytes unpacked, at most {most_bytes} are read")


def _array(data: bytes) -> NDArray[Any]:
    """Return the array of a ``.npy`` file whose header fits what follows it."""
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    if version not in _READ_HEADER:
        raise ValueError(f"an array in format {version}")
    shape, _, dtype = _READ_HEADER[version](stream)
    if dtype.kind not in _PLAIN_KINDS or dtype.hasobject or dtype.subdtype is not None:
        raise ValueError(f"an array of {dtype}, not of numbers or texts")
    if min(shape, default=0) < 0 or stream.tell() + math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"an array that announces shape {shape} and holds {len(data)} bytes")
    stream.seek(0)
    return np.asarray(npy.read_array(stream, allow_pickle=False))
