"""The features of drum microphones: times real time on one core, and 13 of 3 minutes on two.

Made-up microphones (hits of decaying tones with bursts, hiss under them) at 44.1, 48 and 96 kHz, decoded already. How
many threads one keeps busy is processor time over wall time. Then a kit in two worker threads, wall time, as a plan
needs it; and the memory beside the audio of one long microphone.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Figure, Row
from benchmarks.size import Size
from benchmarks.timing import race
from reaper_automix.analysis.drum_features import FEATURES, microphone_features

SUITE = "drums"
RATES_HZ = (44_100, 48_000, 96_000)
GOAL_SPEED = 150.0
GOAL_KIT_S = 10.0
"""Of a whole plan, after decoding."""
MICROPHONES = 13
N_WORKERS = 2
Audio = NDArray[np.float32]


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    length_s = size.of(180.0, 9.0)
    for rate_hz in RATES_HZ:
        audio = _microphone(1, rate_hz, length_s)
        found = race({"ours": lambda a=audio, r=rate_hz: microphone_features(a, r)}, size.long_rounds)
        speed = Figure.of("", "x real time", (length_s / taken_s for taken_s in found.times_s["ours"]))
        yield Row(
            SUITE,
            f"{len(FEATURES):,} features of one microphone, {length_s:g} s at {rate_hz / 1000:g} kHz, one core",
            (found.figure("ours", unit="s"), speed),
            goal=f"{GOAL_SPEED:g} x real time",
            met=speed.median >= GOAL_SPEED,
        )
    yield _kit(size, length_s)
    yield _memory(length_s)


def _microphone(seed: int, rate_hz: int, length_s: float) -> Audio:
    """Return 8 s of hits over hiss, again and again."""
    rng = np.random.default_rng(seed)
    bar = 1e-3 * rng.standard_normal(8 * rate_hz)
    times_s = np.arange(round(0.6 * rate_hz)) / rate_hz
    for start in rng.integers(0, bar.size - times_s.size, 24):
        tone = np.sin(2.0 * np.pi * rng.uniform(50.0, 400.0) * times_s) + 0.3 * rng.standard_normal(times_s.size)
        bar[start : start + times_s.size] += rng.uniform(0.02, 0.5) * np.exp(-times_s / rng.uniform(0.03, 0.2)) * tone
    return np.resize(bar, round(length_s * rate_hz)).astype(np.float32)


def _kit(size: Size, length_s: float) -> Row:
    n_microphones = size.count(MICROPHONES, 2)
    kit = [_microphone(seed, 48_000, length_s) for seed in range(n_microphones)]

    def heard() -> None:
        with ThreadPoolExecutor(N_WORKERS) as workers:
            list(workers.map(lambda audio: microphone_features(audio, 48_000), kit))

    wall = race({"ours": heard}, size.long_rounds, clock=time.perf_counter).figure("ours", unit="s")
    return Row(
        SUITE,
        f"{n_microphones} microphones of {length_s:g} s at 48 kHz, {N_WORKERS} threads",
        (wall,),
        goal=f"{GOAL_KIT_S:g} s",
        met=wall.median <= GOAL_KIT_S,
    )


def _memory(length_s: float) -> Row:
    audio = _microphone(1, 44_100, length_s)
    tracemalloc.start()
    microphone_features(audio, 44_100)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    figures = (
        Figure.of("beside the audio", "MiB", [peak_bytes / 2**20]),
        Figure.of("audio", "MiB", [audio.nbytes / 2**20]),
    )
    return Row(SUITE, f"memory of one microphone of {length_s:g} s at 44.1 kHz", figures)
