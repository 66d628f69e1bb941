"""The ten features of a track beside one call of librosa for each, and how far the two agree.

60 s of mono at 44.1 kHz, frames of 2048 samples that overlap by half. Ours is ``FeatureListener`` in blocks of 65,536
samples, 46 columns in steps of 100 ms. librosa, all with ``n_fft=2048, hop_length=1024, center=False``:

* ``feature.rms``, ``spectral_bandwidth``, ``spectral_centroid``, ``poly_features(order=1)`` (slope and intercept)
* ``feature.mfcc(n_mfcc=13, n_mels=40)``
* ``feature.spectral_contrast(fmin=88.39, n_bands=8)`` (peaks minus valleys)
* ``onset.onset_strength`` in place of the flux: librosa's own is one over mel bands
* ``feature.melspectrogram(n_mels=9)`` in place of the octave sub-bands, which it does not have

The second row has librosa with one spectrum computed once and handed to all of them, as a careful user writes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import is_there
from benchmarks.rows import Row
from benchmarks.size import Size
from benchmarks.sounds import music
from benchmarks.timing import Call, race
from reaper_automix.analysis.features import BAND_EDGES_HZ, DEPTH_DB, FeatureListener, FrameFeatures
from reaper_automix.analysis.stft import BIN_HZ

SUITE = "features"
RATE_HZ = 44_100
SECONDS = 60
BLOCK_SAMPLES = 65_536
GOAL_RATIO = 3.0
FRAMES = {"n_fft": 2048, "hop_length": 1024, "center": False}
BANDS = {"fmin": BAND_EDGES_HZ[1], "n_bands": 8}
TO_POWER = 2.0 / (2048 * 768.0)
"""From librosa's power spectra to ours."""

Mono = NDArray[np.float32]


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    seconds = size.of(SECONDS, 4)
    case = f"ten features of {seconds:g} s mono, 44.1 kHz, one thread"
    if missing := is_there("librosa"):
        yield Row(SUITE, case, skipped=missing)
        return
    audio = music(seconds, rate_hz=RATE_HZ, n_channels=1)
    contenders: dict[str, Call] = {
        "ours": lambda: _listen(audio),
        "librosa": lambda: [call() for call in _librosa_calls(audio[0]).values()],
        "librosa, one spectrum": lambda: _from_one_spectrum(audio[0]),
    }
    found = race(contenders, size.rounds)
    remarks = ("one call for each; " + _parity(audio), "all from one spectrum")
    for name, remark, goal in zip(list(contenders)[1:], remarks, (GOAL_RATIO, None), strict=True):
        ratio = found.ratio(name)
        yield Row(
            SUITE,
            case,
            (found.figure("ours"), found.figure(name)),
            ratio,
            goal="" if goal is None else f"{goal:g} x",
            met=None if goal is None else ratio.median >= goal,
            note=remark,
        )


def _listen(audio: Mono, step_s: float | None = 0.1) -> FrameFeatures:
    listener = FeatureListener(RATE_HZ, 1, step_s)
    for start in range(0, audio.shape[1], BLOCK_SAMPLES):
        listener.add(audio[:, start : start + BLOCK_SAMPLES])
    return listener.result()


def _librosa_calls(y: Mono) -> dict[str, Call]:
    import librosa

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


def _from_one_spectrum(y: Mono) -> None:
    import librosa

    feature = librosa.feature
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


def _parity(audio: Mono) -> str:
    """Return the greatest difference relative to the greatest value, over all frames and what both have.

    What librosa scales or places otherwise is converted first.
    """
    import librosa

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
    pairs = {
        "rms": (got.of("rms").T, calls["rms"]()),
        "bandwidth": (got.of("bandwidth").T, calls["spectral_bandwidth"]()),
        "centroid": (got.of("centroid").T, calls["spectral_centroid"]()),
        "MFCC": (got.of("mfcc").T, mfcc),
        "peaks - valleys": ((got.of("peaks") - got.of("valleys"))[~deep], contrast_db.T[~deep]),
        "slope": (got.of("slope").T, 1000.0 * line[:1]),
        "intercept": (got.of("intercept").T, line[1:]),
        "flux": (got.of("flux")[1:, 0], flux),
    }
    errors = {name: _relative(mine, np.asarray(theirs)) for name, (mine, theirs) in pairs.items()}
    worst = max(errors, key=lambda name: errors[name])
    return f"same values: greatest difference {errors[worst]:.0e} of the greatest value ({worst})"


def _relative(mine: NDArray[np.floating], theirs: NDArray[np.floating]) -> float:
    return float(np.abs(mine - theirs).max(initial=0.0) / np.abs(theirs).max(initial=1e-12))
