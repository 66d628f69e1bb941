"""One short-time spectrum for everything that looks at frames: cut and transformed once, batch by batch.

Frames are 2048 samples at 44.1 kHz (46 ms), at other rates the power of two nearest to that time, and overlap by half.
The first begins at sample 0: nothing is padded or centred. A signal shorter than a frame is one frame, filled up with
zeros; otherwise the samples after the last whole frame, less than half of one, are not heard.

Spectra are scaled so that at 44.1 kHz the bins of a frame add up, squared, to the mean square of the windowed frame,
in full scale: librosa's ``|X| ** 2`` times ``2 / (2048 * sum(window ** 2))``. At other rates a bin still says what lies
in a band as wide as a bin at 44.1 kHz (``BIN_HZ``), so that noise has the same level at every rate and frame length.
Nothing above 22.05 kHz is kept. Channels are joined by their mean power: what differs between the sides is not lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.errors import MediaError

Audio = NDArray[np.float32]
Floats = NDArray[np.float32]

FRAME_S = 2048 / 44_100
BIN_HZ = 44_100 / 2048
"""The bandwidth that a magnitude stands for, at every rate."""
HIGHEST_HZ = 22_050.0

_BATCH_FRAMES = 256
_LOWEST_ENERGY = 1e-20
"""Half frames below -200 dBFS are set to zero: squares of their spectra would be denormal numbers, which are slow."""
_HIGHEST_ENERGY = 1e12
"""+120 dBFS: beyond it a number is damage, not audio."""


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """How a signal of some rate is cut into frames, and which frequencies their bins stand for.

    Parameters
    ----------
    sample_rate_hz : int
        8 kHz to 384 kHz.
    size : int
        Samples per frame, a power of two; the next frame begins half of it later.
    """

    sample_rate_hz: int
    size: int

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.size // 2

    @property
    def bin_hz(self) -> float:
        """Distance of two bins."""
        return self.sample_rate_hz / self.size

    @property
    def n_bins(self) -> int:
        """Bins from 0 Hz to half the rate or 22.05 kHz, whichever is lower, both included."""
        return min(self.size // 2, int(HIGHEST_HZ / self.bin_hz)) + 1

    def frequencies_hz(self) -> NDArray[np.float64]:
        """Return the centre of each bin, float64 (n_bins,)."""
        return np.arange(self.n_bins, dtype=np.float64) * self.bin_hz

    def n_frames(self, n_samples: int) -> int:
        """Return the number of frames in a signal of so many samples."""
        if n_samples < self.size:
            return min(n_samples, 1)
        return (n_samples - self.size) // self.hop + 1


def frame_grid(sample_rate_hz: int, frame_s: float = FRAME_S) -> FrameGrid:
    """Return the grid whose frames are the power of two nearest to a time, by ratio.

    Raises
    ------
    ValueError
        If the rate is not within 8 kHz to 384 kHz.
    """
    if not 8_000 <= sample_rate_hz <= 384_000:
        raise ValueError(f"sample rate {sample_rate_hz} Hz: the spectrum takes 8000 to 384000 Hz")
    return FrameGrid(sample_rate_hz, 2 ** max(round(math.log2(frame_s * sample_rate_hz)), 1))


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Some consecutive frames.

    Parameters
    ----------
    first : int
        Index of the first of them in the signal; frame k begins at sample ``k * grid.hop``.
    magnitude : ndarray of float32, shape (n_frames, n_bins)
        Root of the mean power over the channels, per ``BIN_HZ``, full scale; see the module. A full-scale sine in the
        middle of a bin has 0.577 (-4.77 dB) there at 44.1 kHz, white noise of RMS r has ``r / 32`` in the mean square.
    mean_square : ndarray of float32, shape (n_frames,)
        Of the samples of the frame, without a window, mean over the channels.
    """

    first: int
    magnitude: Floats
    mean_square: Floats


class Stft:
    """Cuts a signal that arrives in blocks and hands on its spectra; the sizes of the blocks do not change them.

    Parameters
    ----------
    grid : FrameGrid
        Where the frames lie.
    n_channels : int
        Of the blocks, at least 1.
    take : callable
        Called with each batch of some hundred frames, in order, while blocks are added.
    """

    def __init__(self, grid: FrameGrid, n_channels: int, take: Callable[[Spectra], None]) -> None:
        if n_channels < 1:
            raise ValueError(f"{n_channels} channels: the spectrum takes at least one")
        self.grid = grid
        self.n_channels = n_channels
        self.n_samples = 0
        self._take = take
        self._window = _scaled_window(grid)
        # The work is done on a fixed grid of batches, so that it does not depend on the sizes of the blocks.
        self._pending = np.zeros((n_channels, (_BATCH_FRAMES + 1) * grid.hop), np.float32)
        self._n_pending = 0
        self._n_taken = 0

    def add(self, block: Audio) -> None:
        """Take the next samples.

        Parameters
        ----------
        block : ndarray of float32, shape (n_channels, n_samples)
            Full scale is 1.

        Raises
        ------
        ValueError
            If the block has another number of channels.
        MediaError
            If samples are not numbers, or a frame is louder than +120 dBFS.
        """
        if block.ndim != 2 or block.shape[0] != self.n_channels:
            raise ValueError(f"a block of shape {block.shape}, expected ({self.n_channels}, n_samples)")
        start = 0
        while start < block.shape[1]:
            n_copied = min(self._pending.shape[1] - self._n_pending, block.shape[1] - start)
            self._pending[:, self._n_pending : self._n_pending + n_copied] = block[:, start : start + n_copied]
            start += n_copied
            self._n_pending += n_copied
            self.n_samples += n_copied
            if self._n_pending == self._pending.shape[1]:
                self._take(self._spectra(self._pending))
                self._n_taken += _BATCH_FRAMES
                self._n_pending = self.grid.hop
                self._pending[:, : self.grid.hop] = self._pending[:, -self.grid.hop :]

    def rest(self) -> Spectra | None:
        """Return the frames that have not been handed on yet; None where there are none. More can be added after."""
        n_frames = self.grid.n_frames(self.n_samples) - self._n_taken
        if n_frames == 0:
            return None
        samples = np.zeros((self.n_channels, (n_frames + 1) * self.grid.hop), np.float32)
        n_heard = min(samples.shape[1], self._n_pending)
        samples[:, :n_heard] = self._pending[:, :n_heard]
        return self._spectra(samples)

    def _spectra(self, samples: Audio) -> Spectra:
        """Transform a whole number of half frames; those that are all but silent are set to zero in place."""
        halves = samples.reshape(self.n_channels, -1, self.grid.hop)
        energy = self._energy(halves)
        mean_square = energy.mean(axis=0)
        magnitude = self._magnitude(samples) if energy.any() else self._silence(mean_square.size - 1)
        return Spectra(self._n_taken, magnitude, np.float32(0.5) * (mean_square[1:] + mean_square[:-1]))

    def _energy(self, halves: Floats) -> Floats:
        """Return the mean square of each half frame, float32 (n_channels, n_halves)."""
        with np.errstate(over="ignore", invalid="ignore"):
            energy: Floats = np.vecdot(halves, halves) / np.float32(self.grid.hop)
        if not energy.max() <= _HIGHEST_ENERGY:
            at_s = self._n_taken * self.grid.hop / self.grid.sample_rate_hz
            raise MediaError(
                f"the audio holds samples that are not numbers or beyond +120 dBFS (near {at_s:.1f} s): "
                "export the file again"
            )
        quiet = energy < _LOWEST_ENERGY
        halves[quiet] = 0.0
        energy[quiet] = 0.0
        return energy

    def _magnitude(self, samples: Audio) -> Floats:
        frames = sliding_window_view(samples, self.grid.size, axis=1)[:, :: self.grid.hop]
        spectra = fft.rfft(frames * self._window, axis=-1, overwrite_x=True)[..., : self.grid.n_bins]
        magnitude: Floats = np.abs(spectra)
        joined: Floats = magnitude[0] if self.n_channels == 1 else np.sqrt(np.square(magnitude).mean(axis=0))
        return joined

    def _silence(self, n_frames: int) -> Floats:
        return np.zeros((n_frames, self.grid.n_bins), np.float32)


def spectra_of(audio: Audio, grid: FrameGrid) -> Spectra:
    """Return all frames of a signal at once: for short signals, 4 bytes per bin and frame.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_channels, n_samples)
        Full scale is 1.
    grid : FrameGrid
        Where the frames lie.
    """
    parts: list[Spectra] = []
    stft = Stft(grid, audio.shape[0], parts.append)
    stft.add(audio)
    rest = stft.rest()
    if rest is not None:
        parts.append(rest)
    if not parts:
        return Spectra(0, np.zeros((0, grid.n_bins), np.float32), np.zeros(0, np.float32))
    magnitude = np.concatenate([part.magnitude for part in parts])
    return Spectra(0, magnitude, np.concatenate([part.mean_square for part in parts]))


def _scaled_window(grid: FrameGrid) -> Floats:
    """Return the periodic Hann window, times what makes a magnitude from it one per ``BIN_HZ``; float32 (size,)."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(grid.size) / grid.size)
    density = 2.0 / (grid.sample_rate_hz * np.square(window).sum())
    return np.asarray(window * math.sqrt(density * BIN_HZ), np.float32)
