"""A spectrogram as a small picture inside a page: mel bands upwards, time to the right, brighter is louder."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

DEPTH_DB = 70.0
"""What lies so far below the loudest cell of the first picture, or further, is black."""
_STOPS = ((0, 0, 4), (80, 18, 123), (182, 54, 121), (251, 136, 97), (252, 253, 191))
"""Black over violet and orange to a pale yellow, evenly spaced: readable in grey as well."""

Levels = NDArray[np.float32]


def spectrogram(levels_db: Levels, loudest_db: float, alt: str) -> Markup:
    """Return an image.

    Parameters
    ----------
    levels_db : ndarray of float32, shape (n_bands, n_frames)
        Low bands first.
    loudest_db : float
        Shown brightest.
    alt : str
        What it shows, for who cannot see it.
    """
    shade = np.clip((levels_db - loudest_db + DEPTH_DB) / DEPTH_DB, 0.0, 1.0)
    encoded = base64.b64encode(png(np.asarray(np.round(shade[::-1] * 255.0), np.uint8))).decode("ascii")
    return Markup('<img src="data:image/png;base64,{}" alt="{}">').format(encoded, alt)


def png(shades: NDArray[np.uint8]) -> bytes:
    """Return shades, uint8 (n_rows, n_columns) with the top row first, as a PNG file with a palette."""
    n_rows, n_columns = shades.shape
    palette = np.stack([np.interp(np.linspace(0, 4, 256), range(5), channel) for channel in zip(*_STOPS, strict=True)])
    lines = np.concatenate([np.zeros((n_rows, 1), np.uint8), shades], axis=1)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", n_columns, n_rows, 8, 3, 0, 0, 0)),
        (b"PLTE", np.round(palette.T).astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
