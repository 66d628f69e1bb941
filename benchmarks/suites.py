"""The benchmarks by name, and one of them in this process: ``python -m benchmarks.suites NAME OUT``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from benchmarks.rows import Row, plain
from benchmarks.size import Size

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
SUITES = {
    "features": ("benchmarks.features", "ten features of a track, beside librosa"),
    "loudness": ("benchmarks.loudness", "the loudness meter, beside pyloudnorm and libebur128"),
    "kalman": ("benchmarks.kalman", "Kalman filter and smoother, beside pykalman"),
    "effects": ("benchmarks.effects", "equaliser, compressor, reverb, beside dasp-pytorch and pedalboard"),
    "loss": ("benchmarks.loss", "the stereo loss, beside auraloss"),
    "forest": ("benchmarks.forest", "a forest: load and predict, beside joblib and scikit-learn"),
    "rpp": ("benchmarks.rpp", "reading a project file, beside rpp"),
    "drums": ("benchmarks.drums", "the features of drum microphones"),
    "main-thread": ("benchmarks.main_thread", "what a run costs REAPER's main thread, on the double"),
    "cores": ("benchmarks.cores", "listening with one worker and with two: time, memory"),
    "mixers": ("benchmarks.mixers", "mix by rides, vocal, strips and tone, from the command line"),
    "mixes": ("benchmarks.mixes", "mix of 8 to 128 tracks and of 2 to 16 minutes: time, memory"),
}
"""Name: (module, what it measures)."""

THREADED = frozenset({"drums", "main-thread", "cores", "mixers", "mixes"})
"""These run as a user's machine does; the others compute in one thread, as what stands beside them does."""


def main() -> int:
    """Measure one benchmark; each row is printed and appended to a file as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(SUITES))
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=Size().rounds)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    module = importlib.import_module(SUITES[asked.name][0])
    measure = cast(Callable[[Size], Iterator[Row]], module.rows)
    with asked.out.open("a", encoding="utf-8") as stream:
        for row in measure(Size(asked.rounds, asked.quick)):
            stream.write(json.dumps(row.to_data()) + "\n")
            stream.flush()
            print(plain(row), file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
