"""Audio files that a render of the double leaves."""

from __future__ import annotations

import array
import math
import struct
import sys
from pathlib import Path

RATE_HZ = 8000


def write_tone(path: Path, length_s: float, frequency_hz: float, *, level_dbfs: float = -20.0) -> None:
    """Write a stereo WAV of 32-bit floating point samples, as REAPER does when asked for."""
    peak = 10.0 ** (level_dbfs / 20.0)
    step = 2.0 * math.pi * frequency_hz / RATE_HZ
    samples = array.array("f")
    for n in range(max(round(length_s * RATE_HZ), 1)):
        samples.extend((value := peak * math.sin(step * n), value))
    if sys.byteorder == "big":
        samples.byteswap()
    data = samples.tobytes()
    form = struct.pack("<HHIIHH", 3, 2, RATE_HZ, RATE_HZ * 8, 8, 32)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
