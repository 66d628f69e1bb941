"""A drum microphone as some thousand numbers that no gain changes, and eight of them as the published vector.

Features of frames of 46 ms every 23 ms, those of pitch of 92 ms every 46 ms, each as eleven statistics, and features of
the whole file [1] section 3.1. Audio is brought to one level and one rate first, and what lies below 10 Hz taken off:
neither the gain of a preamplifier, nor an offset, nor the rate of the file is in the numbers. Statistics go over the
frames that sound, less than 60 dB below the loudest; how many those are is a feature of the file.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis import drum_file_features as file_features
from reaper_automix.analysis import drum_frame_features as frame_features
from reaper_automix.analysis.drum_feature_statistics import STATISTICS, statistics
from reaper_automix.analysis.stft import Spectra, Stft, frame_grid
from reaper_automix.errors import MediaError

Floats = NDArray[np.float32]

ANALYSIS_RATE_HZ = 44_100
"""Every signal is brought to this rate: a frame, a bin and a band are the same in all of them."""

_PITCH_FRAME_S = 4096 / 44_100
_BLOCK_SAMPLES = 262_144
_OFFSET_HZ = 10.0
_SILENT_RMS = 1e-10
"""-200 dBFS."""
_RATES_HZ = (1_000, 1_000_000)

_WAVE_FEATURES = ("level_db", "peak_db", "zero_crossings_per_s")
_ONSET_FEATURES = ("onset_db", *(f"onset_{name}_db" for name in frame_features.RANGES))
FRAME_FEATURES: tuple[str, ...] = (*frame_features.SHAPE_FEATURES, *_WAVE_FEATURES, *_ONSET_FEATURES)
"""Per frame of 46 ms."""
PITCH_FEATURES = frame_features.PITCH_FEATURES
"""Per frame of 92 ms."""
FILE_FEATURES = file_features.FEATURES
"""Per file."""
FEATURES: tuple[str, ...] = (
    *(f"{feature}.{statistic}" for feature in (*FRAME_FEATURES, *PITCH_FEATURES) for statistic in STATISTICS),
    *FILE_FEATURES,
)
"""The schema of ``microphone_features``; a model names the one it was fitted to."""


def microphone_features(audio: Floats, rate_hz: int) -> Floats:
    """Return the features of one microphone.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_samples,)
        At any level.
    rate_hz : int
        1 kHz to 1 MHz. Bands above half of it are empty.

    Returns
    -------
    ndarray of float32, shape (len(FEATURES),)
        Finite. What is not defined is 0: everything of silence, a derivative of one frame.

    Raises
    ------
    ValueError
        If the audio is not one row of samples, or the rate out of reach.
    MediaError
        If samples are not numbers.
    """
    if audio.ndim != 1:
        raise ValueError(f"audio of shape {audio.shape}: a microphone is one row of samples, (n_samples,)")
    if not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
        raise ValueError(f"sample rate {rate_hz} Hz: drum features take {_RATES_HZ[0]} to {_RATES_HZ[1]} Hz")
    rms = _rms(audio, rate_hz)
    if rms < _SILENT_RMS:
        return np.zeros(len(FEATURES), np.float32)
    listener = _Listener()
    for block in _levelled(audio, rate_hz, rms):
        listener.add(block)
    return listener.result()


def _rms(audio: Floats, rate_hz: int) -> float:
    """Return the RMS around the mean; a constant has none."""
    total, square = 0.0, 0.0
    for start in range(0, audio.size, _BLOCK_SAMPLES):
        block = audio[start : start + _BLOCK_SAMPLES].astype(np.float64)
        total += float(block.sum())
        square += float(np.square(block).sum())
        if not math.isfinite(square):
            raise MediaError(
                f"the audio holds samples that are not numbers (near {start / rate_hz:.1f} s): export the file again"
            )
    n_samples = max(audio.size, 1)
    return math.sqrt(max(square / n_samples - (total / n_samples) ** 2, 0.0))


def _levelled(audio: Floats, rate_hz: int, rms: float) -> Iterator[Floats]:
    """Yield the audio in blocks, with an RMS of 1, at the rate of the analysis, without an offset."""
    stream = None
    if rate_hz != ANALYSIS_RATE_HZ:
        stream = soxr.ResampleStream(rate_hz, ANALYSIS_RATE_HZ, 1, dtype="float32")
    # An offset that is taken off as a mean comes back where a file is digitally silent.
    pole = math.exp(-2.0 * math.pi * _OFFSET_HZ / ANALYSIS_RATE_HZ)
    state = audio[:1].astype(np.float64) / -rms
    for start in range(0, audio.size, _BLOCK_SAMPLES):
        block = audio[start : start + _BLOCK_SAMPLES] / np.float32(rms)
        if stream is not None:
            block = stream.resample_chunk(block, last=start + _BLOCK_SAMPLES >= audio.size)
        # In double precision: the filter would gather the rounding of some hundred samples in the lows.
        above, state = signal.lfilter((1.0, -1.0), (1.0, -pole), block.astype(np.float64), zi=state)
        yield above.astype(np.float32)


class _Listener:
    """Takes a signal at the rate of the analysis block by block."""

    def __init__(self) -> None:
        grid = frame_grid(ANALYSIS_RATE_HZ)
        pitch_grid = frame_grid(ANALYSIS_RATE_HZ, _PITCH_FRAME_S)
        self._grid = grid
        self._shape = frame_features.SpectrumShape(grid)
        self._pitch = frame_features.Pitch(pitch_grid)
        self._stfts = (Stft(grid, 1, self._take), Stft(pitch_grid, 1, self._take_pitch))
        self._shapes: list[tuple[Floats, Floats]] = []
        self._pitches: list[tuple[Floats, Floats]] = []
        self._wave = _Envelopes(grid.hop)

    def add(self, block: Floats) -> None:
        for stft in self._stfts:
            stft.add(block[None])
        self._wave.add(block)

    def result(self) -> Floats:
        """Return the features of everything added."""
        for stft, take in zip(self._stfts, (self._take, self._take_pitch), strict=True):
            rest = stft.rest()
            if rest is not None:
                take(rest)
        if not self._shapes:
            return np.zeros(len(FEATURES), np.float32)
        shape, powers = (np.concatenate(parts) for parts in zip(*self._shapes, strict=True))
        pitch, pitch_power = (np.concatenate(parts) for parts in zip(*self._pitches, strict=True))
        peaks, energy, crossings = self._wave.result()
        onsets_db = _onsets_db(powers)
        level_db, pitch_level_db = (file_features.levels_db(power) for power in (powers[:, 0], pitch_power))
        wave = np.column_stack((level_db, *_of_wave(peaks, energy, crossings, level_db.size, self._grid.hop)))
        frames = np.column_stack((shape, wave, onsets_db)).astype(np.float32)
        track = file_features.Track(
            sample_rate_hz=ANALYSIS_RATE_HZ,
            hop=self._grid.hop,
            powers=powers,
            centroid_hz=shape[:, frame_features.SHAPE_FEATURES.index("centroid_hz")],
            flatness_db=shape[:, frame_features.SHAPE_FEATURES.index("flatness_db")],
            onset_db=onsets_db[:, 0],
            peaks=peaks,
            energy=energy,
        )
        of_frames = statistics(frames, level_db > file_features.SILENCE_DB)
        of_pitch = statistics(pitch, pitch_level_db > file_features.SILENCE_DB)
        return np.concatenate((of_frames.ravel(), of_pitch.ravel(), file_features.file_features(track)))

    def _take(self, spectra: Spectra) -> None:
        self._shapes.append(self._shape.features(spectra))

    def _take_pitch(self, spectra: Spectra) -> None:
        self._pitches.append(self._pitch.features(spectra))


class _Envelopes:
    """Peaks, energies and zero crossings on their grids; an incomplete last hop counts with zeros behind it."""

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self._rest: Floats = np.zeros(0, np.float32)
        self._negative = False
        self._parts: list[tuple[Floats, Floats, Floats]] = []

    def add(self, block: Floats) -> None:
        samples = np.concatenate((self._rest, block))
        n_whole = samples.size // self._hop * self._hop
        self._rest = samples[n_whole:]
        if n_whole:
            self._parts.append(self._of(samples[:n_whole]))

    def result(self) -> tuple[Floats, Floats, Floats]:
        """Return peaks (n_hops * 32,), mean squares (n_hops * 4,) and numbers of crossings (n_hops,)."""
        if self._rest.size:
            self.add(np.zeros(self._hop - self._rest.size, np.float32))
        peaks, energy, crossings = (np.concatenate(parts) for parts in zip(*self._parts, strict=True))
        return peaks, energy, crossings

    def _of(self, samples: Floats) -> tuple[Floats, Floats, Floats]:
        fine = samples.reshape(-1, file_features.FINE_SAMPLES)
        steps = samples.reshape(-1, file_features.STEP_SAMPLES)
        negative = np.signbit(samples)
        crossed = np.diff(negative, prepend=self._negative if self._parts else negative[0])
        self._negative = bool(negative[-1])
        return (
            np.maximum(fine.max(axis=1), -fine.min(axis=1)),
            np.vecdot(steps, steps) / np.float32(file_features.STEP_SAMPLES),
            crossed.reshape(-1, self._hop).sum(axis=1).astype(np.float32),
        )


def _of_wave(peaks: Floats, energy: Floats, crossings: Floats, n_frames: int, hop: int) -> tuple[Floats, Floats]:
    """Return the peak of each frame over its RMS in dB, and its zero crossings per second."""
    n_hops = crossings.size
    by_hop = (peaks.reshape(n_hops, -1).max(axis=1), energy.reshape(n_hops, -1).mean(axis=1), crossings)
    # A signal of one frame may have only its first half.
    peak, power, crossed = (np.concatenate((part, np.zeros(1, np.float32))) for part in by_hop)
    first, second = slice(0, n_frames), slice(1, n_frames + 1)
    highest = np.square(np.maximum(peak[first], peak[second]))
    mean = np.maximum(0.5 * (power[first] + power[second]), np.float32(1e-30))
    peak_db = 10.0 * np.log10(np.maximum(highest / mean, 1.0))
    return peak_db, (crossed[first] + crossed[second]) * np.float32(ANALYSIS_RATE_HZ / (2 * hop))


def _onsets_db(powers: Floats) -> Floats:
    """Return how much louder each frame is than the one before: their mean, then each band; float32 (n_frames, 5)."""
    bands = slice(1, 1 + len(frame_features.RANGES))
    floor = powers[:, 0].max() * np.float32(10.0 ** (file_features.SILENCE_DB / 10.0))
    level_db = 10.0 * np.log10(np.maximum(powers[:, bands], np.maximum(floor, np.float32(1e-30))))
    rise_db = np.maximum(np.diff(level_db, axis=0, prepend=level_db[:1]), 0.0)
    return np.column_stack((rise_db.mean(axis=1), rise_db)).astype(np.float32)
