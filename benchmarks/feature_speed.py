"""How long the ten features of a track take beside one call of librosa for each, and how far the two agree.

60 s of mono at 44.1 kHz, frames of 2048 samples that overlap by half. One thread: CPU time of this process, the best of
several runs, everything in one process. Ours is ``FeatureListener`` in blocks of 65,536 samples, 46 columns in steps of
100 ms. librosa, all with ``n_fft=2048, hop_length=1024, center=False``:

* ``feature.rms``, ``spectral_bandwidth``, ``spectral_centroid``, ``poly_features(order=1)`` (slope and intercept)
* ``feature.mfcc(n_mfcc=13, n_mels=40)``
* ``feature.spectral_contrast(fmin=88.39, n_bands=8)`` (peaks minus valleys)
* ``onset.onset_strength`` in place of the flux: librosa's own is one over mel bands
* ``feature.melspectrogram(n_mels=9)`` in place of the octave sub-bands, which it does not have

The table also shows the first six alone, and librosa with one spectrum computed once and handed to all of them.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import math
import sys
import time
from collections.abc import Callable

import librosa
import numpy as np
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.features import BAND_EDGES_HZ, DEPTH_DB, FeatureListener, FrameFeatures
from reaper_automix.analysis.stft import BIN_HZ, Stft, frame_grid

RATE_HZ = 44_100
SECONDS = 60
BLOCK_SAMPLES = 65_536
TARGET_RATIO = 3.0
FRAMES = {"n_fft": 2048, "hop_length": 1024, "center": False}
BANDS = {"fmin": BAND_EDGES_HZ[1], "n_bands": 8}
TO_POWER = 2.0 / (2048 * 768.0)
"""From librosa's power spectra to ours."""
STAND_INS = ("onset_strength", "melspectrogram")
Call = Callable[[], object]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="runs of each; the best counts (default: 7)")
    repeats = parser.parse_args().repeats
    audio = _audio()
    calls, shared = _librosa_calls(audio[0]), _shared_calls(audio[0])
    ours: dict[str, Call] = {"ten features": lambda: _listen(audio), "its spectra alone": lambda: _transform(audio)}
    times_s = _best_s({**calls, **shared, **ours}, repeats)
    _show_times(times_s, calls, shared)
    _show_parity(audio)
    return 0


def _audio() -> NDArray[np.float32]:
    """Return coloured noise with a beat: energy in every band, so that nothing but rounding differs."""
    rng = np.random.default_rng(1)
    n_samples = SECONDS * RATE_HZ
    beat = 0.2 + np.exp(-5.0 * (np.arange(n_samples) / RATE_HZ * 2.0 % 1.0))
    noise = signal.lfilter([1.0], [1.0, -0.7], rng.standard_normal(n_samples))
    return (0.1 * beat * noise)[None].astype(np.float32)


def _listen(audio: NDArray[np.float32], step_s: float | None = 0.1) -> FrameFeatures:
    listener = FeatureListener(RATE_HZ, 1, step_s)
    for start in range(0, audio.shape[1], BLOCK_SAMPLES):
        listener.add(audio[:, start : start + BLOCK_SAMPLES])
    return listener.result()


def _transform(audio: NDArray[np.float32]) -> None:
    stft = Stft(frame_grid(RATE_HZ), 1, lambda _: None)
    for start in range(0, audio.shape[1], BLOCK_SAMPLES):
        stft.add(audio[:, start : start + BLOCK_SAMPLES])
    stft.rest()


def _librosa_calls(y: NDArray[np.float32]) -> dict[str, Call]:
    feature = librosa.feature
    both = {"y": y, "sr": RATE_HZ, **FRAMES}
    return {
        "rms": lambda: feature.rms(y=y, frame_length=2048, hop_length=1024, center=False),
        "spectral_bandwidth": lambda: feature.spectral_bandwidth(**both),
        "mfcc": lambda: feature.mfcc(n_mfcc=13, n_mels=40, **both),
        "spectral_centroid": lambda: feature.spectral_centroid(**both),
        "spectral_contrast": lambda: feature.spectral_contrast(**both, **BANDS),
        "poly_features": lambda: feature.poly_features(order=1, **both),
        "onset_strength": lambda: librosa.onset.onset_strength(**both),
        "melspectrogram": lambda: feature.melspectrogram(n_mels=9, **both),
    }


def _shared_calls(y: NDArray[np.float32]) -> dict[str, Call]:
    """Return the same, all from one spectrum, as the careful user of librosa writes it."""
    feature = librosa.feature

    def everything() -> None:
        magnitude = np.abs(librosa.stft(y, **FRAMES))
        power = np.square(magnitude)
        feature.rms(y=y, frame_length=2048, hop_length=1024, center=False)
        feature.spectral_bandwidth(S=magnitude, sr=RATE_HZ)
        feature.spectral_centroid(S=magnitude, sr=RATE_HZ)
        feature.spectral_contrast(S=magnitude, sr=RATE_HZ, **BANDS)
        feature.poly_features(S=magnitude, sr=RATE_HZ, order=1)
        feature.mfcc(S=librosa.power_to_db(feature.melspectrogram(S=power, sr=RATE_HZ, n_mels=40)), n_mfcc=13)
        feature.melspectrogram(S=power, sr=RATE_HZ, n_mels=9)
        np.linalg.norm(np.diff(magnitude, axis=1), axis=0)

    return {"one shared spectrum": everything}


def _best_s(calls: dict[str, Call], repeats: int) -> dict[str, float]:
    """Return the least CPU time of each, in turns, so that a busy moment of the machine does not hit one alone."""
    best_s = dict.fromkeys(calls, math.inf)
    for _ in range(repeats + 1):  # the first time compiles and fills caches, and is never the best
        for name, call in calls.items():
            start = time.process_time()
            call()
            best_s[name] = min(best_s[name], time.process_time() - start)
    return best_s


def _show_times(times_s: dict[str, float], calls: dict[str, Call], shared: dict[str, Call]) -> None:
    ours_s = times_s["ten features"]
    print(f"{'60 s mono, 44.1 kHz, one thread':40}{'ms':>8}{'x ours':>8}")
    for name in (*calls, *shared, "its spectra alone", "ten features"):
        owner = "librosa" if name in calls or name in shared else "ours"
        print(f"{owner + ': ' + name:40}{1000 * times_s[name]:8.1f}{times_s[name] / ours_s:8.2f}")
    exact_s = sum(times_s[name] for name in calls if name not in STAND_INS)
    all_s = sum(times_s[name] for name in calls)
    print(f"{'librosa, the six it has':40}{1000 * exact_s:8.1f}{exact_s / ours_s:8.2f}")
    met = "yes" if all_s >= TARGET_RATIO * ours_s else "NO"
    print(f"{'librosa, one call each':40}{1000 * all_s:8.1f}{all_s / ours_s:8.2f}   >= {TARGET_RATIO:.0f} x: {met}")


def _show_parity(audio: NDArray[np.float32]) -> None:
    """Print the greatest difference over all frames; what librosa scales or places otherwise is converted first."""
    calls, got = _librosa_calls(audio[0]), _listen(audio, None)
    mfcc = np.asarray(calls["mfcc"]())
    mfcc[0] += math.sqrt(40) * 10.0 * math.log10(TO_POWER * BIN_HZ)
    line = np.asarray(calls["poly_features"]()) * math.sqrt(TO_POWER)
    magnitude = np.abs(librosa.stft(audio[0], **FRAMES))
    # librosa takes each band one bin lower, and 10 log10 of magnitudes.
    shifted_hz = (np.arange(1025) - 1) * BIN_HZ
    contrast_db = 2.0 * librosa.feature.spectral_contrast(S=magnitude, sr=RATE_HZ, freq=shifted_hz, **BANDS)
    deep = got.of("valleys") < 20.0 * np.log10(got.of("rms")) + DEPTH_DB + 0.1  # a floor that librosa does not have
    flux = np.linalg.norm(np.diff(magnitude.astype(np.float64), axis=1), axis=0) * math.sqrt(TO_POWER)
    rows = (
        ("rms, full scale", got.of("rms").T, calls["rms"]()),
        ("bandwidth, Hz", got.of("bandwidth").T, calls["spectral_bandwidth"]()),
        ("centroid, Hz", got.of("centroid").T, calls["spectral_centroid"]()),
        ("mfcc, dB", got.of("mfcc").T, mfcc),
        (
            "peaks - valleys, dB (where not at the depth)",
            (got.of("peaks") - got.of("valleys"))[~deep],
            contrast_db.T[~deep],
        ),
        ("slope, full scale/kHz", got.of("slope").T, 1000.0 * line[:1]),
        ("intercept, full scale", got.of("intercept").T, line[1:]),
        ("flux, full scale (from librosa.stft)", got.of("flux")[1:, 0], flux),
    )
    print(f"\n{'parity with librosa ' + librosa.__version__:40}{'greatest':>10}{'of values up to':>18}")
    for name, mine, theirs in rows:
        expected = np.asarray(theirs)
        print(f"{name:40}{np.abs(mine - expected).max():10.1e}{np.abs(expected).max():18.3g}")


if __name__ == "__main__":
    sys.exit(main())
