"""The loudness meter beside pyloudnorm and libebur128 (pyebur128): stereo, 48 kHz, one thread.

Ours gives integrated, greatest momentary and short-term loudness, loudness range, true peak, sample peak, RMS and the
energies of all 100 ms in one pass. pyloudnorm is used for integrated loudness (filters "DeMan") and loudness range;
libebur128 for integrated loudness, loudness range and true peak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.machine import is_there
from benchmarks.rows import Row
from benchmarks.size import Size
from benchmarks.sounds import Audio, music
from benchmarks.timing import race
from reaper_automix.analysis.loudness import Loudness, LoudnessMeter

SUITE = "loudness"
RATE_HZ = 48_000
BLOCK_SAMPLES = 1 << 17


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    seconds = size.of(60, 4)
    audio = music(seconds, rate_hz=RATE_HZ)
    ours = _ours(audio)
    for package, theirs, what in (
        ("pyloudnorm", _pyloudnorm, "integrated and range"),
        ("pyebur128", _pyebur128, "integrated, range and true peak"),
    ):
        case = f"{seconds:g} s stereo, 48 kHz: ours everything, {package} {what}"
        if missing := is_there(package):
            yield Row(SUITE, case, skipped=missing)
            continue
        contenders = {"ours": lambda: _ours(audio), package: _bound(theirs, audio)}
        found = race(contenders, size.rounds)
        figures = tuple(found.figure(name) for name in contenders)
        yield Row(SUITE, case, figures, found.ratio(package), note=_agreement(ours, theirs(audio)))


def _bound(measure: Callable[[Audio], object], audio: Audio) -> Callable[[], object]:
    return lambda: measure(audio)


def _ours(audio: Audio) -> Loudness:
    meter = LoudnessMeter(RATE_HZ, len(audio))
    for start in range(0, audio.shape[1], BLOCK_SAMPLES):
        meter.add(audio[:, start : start + BLOCK_SAMPLES])
    return meter.result()


def _pyloudnorm(audio: Audio) -> dict[str, float]:
    import pyloudnorm

    meter, samples = pyloudnorm.Meter(RATE_HZ, filter_class="DeMan"), audio.T.astype(np.float64)
    return {
        "integrated_lufs": float(meter.integrated_loudness(samples)),
        "range_lu": float(meter.loudness_range(samples)),
    }


def _pyebur128(audio: Audio) -> dict[str, float]:
    import pyebur128

    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(len(audio), RATE_HZ, mode.MODE_I | mode.MODE_LRA | mode.MODE_TRUE_PEAK)
    for start in range(0, audio.shape[1], BLOCK_SAMPLES):
        block = audio[:, start : start + BLOCK_SAMPLES]
        state.add_frames(np.ascontiguousarray(block.T).ravel(), block.shape[1])
    peaks = [pyebur128.get_true_peak(state, channel) for channel in range(len(audio))]
    return {
        "integrated_lufs": pyebur128.get_loudness_global(state),
        "range_lu": pyebur128.get_loudness_range(state),
        "true_peak_dbtp": 20.0 * float(np.log10(max(peaks))),
    }


def _agreement(ours: Loudness, theirs: dict[str, float]) -> str:
    units = {"integrated_lufs": "LU integrated", "range_lu": "LU range", "true_peak_dbtp": "dB true peak"}
    apart = (f"{abs(getattr(ours, name) - value):.3f} {units[name]}" for name, value in theirs.items())
    return "apart by " + ", ".join(apart)
