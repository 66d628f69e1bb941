"""Sessions for benchmarks, made here: folders of WAV files that differ in sound, level, rhythm and pauses."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 48_000
BAND = (
    *("Kick", "Snare", "HiHat", "Tom 1", "Tom 2", "OH", "Room", "Shaker", "Bass", "Gtr L", "Gtr R", "Ac Gtr"),
    *("Piano", "Organ", "Synth 1", "Synth 2", "Strings", "Brass", "Lead Vox", "Lead Vox Dbl", "BV 1", "BV 2", "BV 3"),
    "FX",
)
BAR_S, BARS = 2, 16
"""So much of every track is played, then again and again, each bar at another level: no two files are alike."""

Audio = NDArray[np.float32]


def music(seconds: float, *, rate_hz: int = 44_100, n_channels: int = 2) -> Audio:
    """Return coloured noise with a beat, different in all channels: energy in every band. float32 (n_channels, n)."""
    rng = np.random.default_rng(1)
    n_samples = round(seconds * rate_hz)
    beat = 0.2 + np.exp(-5.0 * (np.arange(n_samples) / rate_hz * 2.0 % 1.0))
    noise = signal.lfilter([1.0], [1.0, -0.7], rng.standard_normal((n_channels, n_samples)))
    return (0.1 * beat * noise).astype(np.float32)


def write_session(folder: Path, names: Sequence[str], minutes: float, *, soft_first: bool = False) -> Path:
    """Write one stereo file of 48 kHz and 16 bit per name, and return the folder.

    Parameters
    ----------
    soft_first : bool
        The first track sings softly and loudly by turns of 12 s.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        path = folder / f"{number + 1:03d} {name}.wav"
        with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
            for bar in _bars(number, max(round(60.0 * minutes), 1), soft=soft_first and number == 0):
                file.write(bar)
    return folder


def linked_session(folder: Path, files: Sequence[Path]) -> Path:
    """Return a new folder with the same files under the same names, which takes no space on the disk."""
    folder.mkdir(parents=True)
    for path in files:
        os.link(path, folder / path.name)
    return folder


def band_names(n_tracks: int) -> list[str]:
    """Return so many names, with numbers from the second time on."""
    return [BAND[k % len(BAND)] + (f" #{k // len(BAND) + 1}" if k >= len(BAND) else "") for k in range(n_tracks)]


def _bars(number: int, n_seconds: int, *, soft: bool) -> Iterator[NDArray[np.int16]]:
    """Yield a track bar by bar, (n_samples, 2)."""
    rng = np.random.default_rng(number)
    bars = _played(number, min(BARS, -(-n_seconds // BAR_S)), rng)
    left = n_seconds * RATE_HZ
    for at in range(0, n_seconds, BAR_S):
        level = 0.6 + 0.4 * rng.random()
        if (at // 8 + number) % 5 == 0:
            level = 0.0
        if soft and at // 12 % 2:
            level *= 0.1
        bar = bars[at // BAR_S % len(bars)][:left]
        left -= len(bar)
        yield np.rint(level * bar).astype(np.int16)


def _played(number: int, n_bars: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the bars of a track, (n_bars, n_samples, 2), full scale +-32767: noise and two tones in a rhythm."""
    n_samples = BAR_S * n_bars * RATE_HZ
    time_s = np.arange(n_samples, dtype=np.float64) / RATE_HZ
    colour = signal.butter(1, (0.002 * 2.0 ** (number % 6), 0.6), "bandpass", output="sos")
    noise = signal.sosfilt(colour, rng.standard_normal((2, n_samples), dtype=np.float32), axis=-1)
    root_hz = 55.0 * 2.0 ** (number % 36 / 12.0)
    tones = np.sin(2.0 * np.pi * root_hz * time_s) + 0.4 * np.sin(2.0 * np.pi * 2.997 * root_hz * time_s)
    beats = np.exp(-6.0 * (time_s * (1 + number % 4) / 2.0 % 1.0)) + 0.1
    level = 0.02 + 0.12 * rng.random()
    sound = np.clip(level * beats * (noise + 0.5 * tones), -1.0, 1.0)
    return np.ascontiguousarray((32_767.0 * sound).T, np.float32).reshape(n_bars, -1, 2)
