"""How long the features of drum microphones take: times real time on one core, and 13 of 3 minutes on two.

Synthetic microphones (hits of decaying tones with bursts, hiss under them) at 44.1, 48 and 96 kHz, decoded already. One
line per rate: processor time of one microphone in this process, the best of several runs, and how many threads it kept
busy (processor time over wall time; the number of BLAS threads is left as the machine has it, so that it would show).
Then a kit in two worker threads, wall time, as a plan needs it; and the memory beside the audio of one long microphone.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_features import FEATURES, microphone_features

TARGET_SPEED = 150.0
TARGET_KIT_S = 10.0
"""Of a whole plan, after decoding."""
N_WORKERS = 2
Audio = NDArray[np.float32]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each; the best counts (default: 5)")
    parser.add_argument("--microphones", type=int, default=13, help="of the kit (default: 13)")
    parser.add_argument("--minutes", type=float, default=3.0, help="length of each (default: 3)")
    options = parser.parse_args()
    length_s = 60.0 * options.minutes
    print(f"{len(FEATURES)} features, {os.cpu_count()} cores, microphones of {length_s:.0f} s")
    for rate_hz in (44_100, 48_000, 96_000):
        _show_one(_microphone(1, rate_hz, length_s), rate_hz, options.repeats)
    _show_kit(options.microphones, length_s)
    _show_memory(length_s)
    return 0


def _microphone(seed: int, rate_hz: int, length_s: float) -> Audio:
    """Return 8 s of hits over hiss, again and again."""
    rng = np.random.default_rng(seed)
    bar = 1e-3 * rng.standard_normal(8 * rate_hz)
    times_s = np.arange(round(0.6 * rate_hz)) / rate_hz
    for start in rng.integers(0, bar.size - times_s.size, 24):
        tone = np.sin(2.0 * np.pi * rng.uniform(50.0, 400.0) * times_s) + 0.3 * rng.standard_normal(times_s.size)
        bar[start : start + times_s.size] += rng.uniform(0.02, 0.5) * np.exp(-times_s / rng.uniform(0.03, 0.2)) * tone
    return np.resize(bar, round(length_s * rate_hz)).astype(np.float32)


def _show_one(audio: Audio, rate_hz: int, repeats: int) -> None:
    times_s = []
    for _ in range(repeats):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        microphone_features(audio, rate_hz)
        times_s.append((time.process_time() - cpu_s, time.perf_counter() - wall_s))
    cpu_s, wall_s = min(times_s)
    speed = audio.size / rate_hz / cpu_s
    said = "yes" if speed >= TARGET_SPEED else "NO"
    print(
        f"{rate_hz:6d} Hz: {cpu_s:6.3f} s, {speed:4.0f} x real time (>= {TARGET_SPEED:.0f}: {said}), "
        f"{cpu_s / wall_s:.2f} threads busy"
    )


def _show_kit(n_microphones: int, length_s: float) -> None:
    rate_hz = 48_000
    kit = [_microphone(seed, rate_hz, length_s) for seed in range(n_microphones)]
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(N_WORKERS) as workers:
        list(workers.map(lambda audio: microphone_features(audio, rate_hz), kit))
    wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    said = "yes" if wall_s <= TARGET_KIT_S else "NO"
    print(
        f"{n_microphones} of them at 48 kHz, {N_WORKERS} threads: {wall_s:.2f} s (<= {TARGET_KIT_S:.0f} s: {said}), "
        f"{cpu_s:.2f} s of processor time"
    )


def _show_memory(length_s: float) -> None:
    audio = _microphone(1, 44_100, length_s)
    tracemalloc.start()
    microphone_features(audio, 44_100)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory beside the audio: {peak_bytes / 1e6:.0f} MB (audio: {audio.nbytes / 1e6:.0f} MB)")


if __name__ == "__main__":
    sys.exit(main())
