"""Tracks and mix as windows of half a second, reduced to what least squares needs of each: inner products.

Of every window three domains can be kept: the waveform, the power spectrum and the magnitude spectrum. All that a fit
needs of ``n`` tracks is their ``n x n`` inner products and those with the mix, so a song of any length and any number
of samples becomes a few megabytes, and audio is in memory for some seconds only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.alignment import Alignment
from reaper_automix.analysis.gain_sources import AudioSource, folded
from reaper_automix.analysis.loudness import Audio
from reaper_automix.progress import Progress, silent

Domain = Literal["waveform", "power", "magnitude"]

STEP_S = 0.5
"""From window to window. A waveform window is this long, that of a spectrum (Hann) twice as long around it."""

_STAGE = "Comparing the tracks with the mix"
_BLOCK_BYTES = 12 << 20
_THREADS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Inner products of one domain.

    Parameters
    ----------
    tracks : ndarray of float64, shape (n_windows, n_channels, n_tracks, n_tracks)
        Of the tracks with each other.
    across : ndarray of float64, shape (n_windows, n_channels, n_tracks)
        Of the tracks with the mix.
    mix : ndarray of float64, shape (n_windows, n_channels)
        Of the mix with itself.
    """

    tracks: NDArray[np.float64]
    across: NDArray[np.float64]
    mix: NDArray[np.float64]

    def of(self, columns: Sequence[int]) -> Products:
        """Return those of some tracks."""
        chosen = list(columns)
        return Products(self.tracks[:, :, chosen][..., chosen], self.across[..., chosen], self.mix)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """A song in windows.

    Parameters
    ----------
    times_s : ndarray of float64, shape (n_windows,)
        Middle of each window, in the time of the tracks.
    n_step : int
        Samples from window to window.
    products : dict of domain to Products
        The waveform's are always there: their diagonal is the energy of each track.
    """

    times_s: NDArray[np.float64]
    n_step: int
    products: dict[Domain, Products]


def windows_of(
    tracks: Sequence[AudioSource],
    mix: AudioSource,
    sample_rate_hz: int,
    alignment: Alignment,
    domains: Sequence[Domain],
    *,
    progress: Progress = silent,
) -> Windows:
    """Read tracks and mix side by side and keep their inner products, window by window.

    Windows that the mix does not fill are left out, unless it fills none. A mono mix is compared with the mean of a
    track's channels, a stereo mix channel by channel.
    """
    n_step = max(2 * round(STEP_S * sample_rate_hz / 2.0), 2)
    first, last = _filled(tracks, mix, alignment.offset_samples, n_step)
    lags = alignment.lag_samples()
    starts = [*(-lag for lag in lags), alignment.offset_samples]
    n_channels = min(mix.n_channels, 2)
    lines = [_Line(source, start, n_step) for source, start in zip((*tracks, mix), starts, strict=True)]
    kept: dict[Domain, list[NDArray[np.float64]]] = {domain: [] for domain in ("waveform", *domains)}
    per_block = max(_BLOCK_BYTES // (4 * n_step * n_channels * len(lines)), 1)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="gains") as pool:
        for begin in range(first, last, per_block):
            progress(_STAGE, begin - first, last - first)
            n = min(per_block, last - begin)
            blocks = _read_all(pool, lines, begin, n, n_channels)
            for domain, found in kept.items():
                vectors = pool.map(_VECTORS[domain], blocks, [n_step] * len(blocks))
                found.append(_products(list(vectors), n_channels))
    progress(_STAGE, 1, 1)
    times_s = (np.arange(first, last, dtype=np.float64) + 0.5) * (n_step / sample_rate_hz)
    return Windows(times_s, n_step, {domain: _split(np.concatenate(found)) for domain, found in kept.items()})


def _filled(tracks: Sequence[AudioSource], mix: AudioSource, offset: int, n_step: int) -> tuple[int, int]:
    """Return the first window that the mix fills, and the one after the last."""
    end = max(track.end_sample for track in tracks)
    first = max(-(offset // n_step), 0)
    last = min(-(-end // n_step), (mix.end_sample - offset) // n_step)
    return (first, last) if first < last else (first, first + 1)


class _Line:
    """One source, read on and on, with the half windows to both sides of the block that a spectrum needs.

    Parameters
    ----------
    source : AudioSource
        What is read.
    start : int
        The sample of the source at the time 0 of the tracks.
    n_step : int
        Samples from window to window.
    """

    def __init__(self, source: AudioSource, start: int, n_step: int) -> None:
        self._source = source
        self._start = start - n_step // 2
        self._n_step = n_step
        self._tail: Audio | None = None

    def read(self, first: int, n_windows: int, n_channels: int) -> Audio:
        """Return float32 (1 or n_channels, (n_windows + 1) * n_step); 1 where all channels are the same."""
        n_step, position = self._n_step, self._start + first * self._n_step
        if self._tail is None:
            self._tail = self._source.read(position, n_step)
        fresh = self._source.read(position + n_step, n_windows * n_step)
        block = np.concatenate((self._tail, fresh), axis=1)
        self._tail = block[:, -n_step:].copy()
        if n_channels == 1:
            return folded(block, 1)
        return block[:1] if block.shape[0] > 1 and np.array_equal(block[0], block[1]) else block[:2]


def _read_all(
    pool: ThreadPoolExecutor, lines: Sequence[_Line], first: int, n_windows: int, n_channels: int
) -> list[Audio]:
    """Return the next block of every line."""
    return list(pool.map(lambda line: line.read(first, n_windows, n_channels), lines))


def _waveforms(block: Audio, n_step: int) -> NDArray[np.float64]:
    """Return (n_channels, n_windows, n_step)."""
    half = n_step // 2
    inner = block[:, half : block.shape[1] - half]
    return inner.reshape(block.shape[0], -1, n_step).astype(np.float64)


def _spectra(block: Audio, n_step: int, *, exponent: int) -> Audio:
    """Return the spectrum of each window to a power, float32 (n_channels, n_windows, n_step + 1)."""
    taper = np.square(np.sin(np.pi * np.arange(2 * n_step) / (2 * n_step))).astype(np.float32)
    n_windows = block.shape[1] // n_step - 1
    spectra = np.empty((block.shape[0], n_windows, n_step + 1), dtype=np.float32)
    for window in range(n_windows):
        framed = block[:, window * n_step : (window + 2) * n_step] * taper
        spectrum = fft.rfft(framed, axis=-1)
        np.square(spectrum.real, out=spectra[:, window])
        spectra[:, window] += np.square(spectrum.imag)
    return spectra if exponent == 2 else np.sqrt(spectra, out=spectra)


def _powers(block: Audio, n_step: int) -> Audio:
    return _spectra(block, n_step, exponent=2)


def _magnitudes(block: Audio, n_step: int) -> Audio:
    return _spectra(block, n_step, exponent=1)


_VECTORS: dict[Domain, Callable[[Audio, int], NDArray[np.floating[Any]]]] = {
    "waveform": _waveforms,
    "power": _powers,
    "magnitude": _magnitudes,
}


def _products(vectors: Sequence[NDArray[np.floating[Any]]], n_channels: int) -> NDArray[np.float64]:
    """Return all inner products, the mix last: (n_windows, n_channels, n_tracks + 1, n_tracks + 1)."""
    n_windows = vectors[0].shape[1]
    products = np.empty((n_windows, n_channels, len(vectors), len(vectors)))
    for window in range(n_windows):
        for channel in range(n_channels):
            stacked = np.stack([v[min(channel, v.shape[0] - 1), window] for v in vectors])
            products[window, channel] = stacked @ stacked.T
    return products


def _split(products: NDArray[np.float64]) -> Products:
    return Products(products[..., :-1, :-1], products[..., :-1, -1], products[..., -1, -1])
