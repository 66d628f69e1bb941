"""The network of tone heard: its gains laid over a whole track, in the phase of the raw track.

Frames of 46 ms, Hann, half overlapping, add up to the track itself where no gain moves. All channels get the same
gains, found from their mean, so that the stereo image stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reaper_automix.analysis.stft import FrameGrid, Stft, frame_grid
from reaper_automix.audio import levels
from reaper_automix.mixers.tone_network import ToneNetwork, band_weights, heard_of, levels_of

Audio = NDArray[np.float32]
Floats = NDArray[np.float32]

_CHUNK_FRAMES = 512


def played(network: ToneNetwork, audio: Audio, sample_rate_hz: int) -> Audio:
    """Return a track as the network would have it.

    Parameters
    ----------
    network : ToneNetwork
        Of the group of the track.
    audio : ndarray of float32, shape (n_channels, n_samples)
        8 to 384 kHz, any level and length.
    sample_rate_hz : int

    Returns
    -------
    ndarray of float32, the same shape
        Without latency. Samples may be beyond full scale where the network boosts: it is for the caller to lower them.

    Raises
    ------
    MediaError
        If samples are not numbers, or beyond +120 dBFS.
    """
    grid = frame_grid(sample_rate_hz)
    n_samples = audio.shape[1]
    # Half a frame before and after: every sample then lies in two frames.
    n_frames = -(-n_samples // grid.hop) + 1
    padded = np.pad(audio, ((0, 0), (grid.hop, (n_frames + 1) * grid.hop - grid.hop - n_samples)))
    gains_db = _gains_db(network, audio, padded, grid)
    output = np.zeros_like(padded)
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(grid.size) / grid.size)).astype(np.float32)
    to_bins = band_weights(grid).T
    for first in range(0, n_frames, _CHUNK_FRAMES):
        gains = levels.db_to_lin(gains_db[first : first + _CHUNK_FRAMES] @ to_bins)
        start, stop = first * grid.hop, (first + len(gains) + 1) * grid.hop
        for channel, target in zip(padded, output, strict=True):
            target[start:stop] += _through(channel[start:stop], gains, window, grid)
    return output[:, grid.hop : grid.hop + n_samples]


def _gains_db(network: ToneNetwork, audio: Audio, padded: Audio, grid: FrameGrid) -> Floats:
    parts: list[Floats] = []
    stft = Stft(grid, 1, lambda spectra: parts.append(levels_of(spectra.magnitude, grid)))
    stft.add(padded.mean(axis=0, keepdims=True))
    if (rest := stft.rest()) is not None:
        parts.append(levels_of(rest.magnitude, grid))
    return network.gains_db(np.concatenate(parts), heard_of(audio, grid.sample_rate_hz))


def _through(samples: Floats, gains: Floats, window: Floats, grid: FrameGrid) -> Floats:
    """Return whole frames of one channel after their gains, added up, float32 ((n_frames + 1) * hop,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, grid.size)[:: grid.hop]
    spectra = fft.rfft(frames * window, axis=1)
    spectra[:, : grid.n_bins] *= gains
    # Above 22.05 kHz the gain goes on as it is there.
    spectra[:, grid.n_bins :] *= gains[:, -1:]
    halves = fft.irfft(spectra, n=grid.size, axis=1).astype(np.float32).reshape(len(gains), 2, grid.hop)
    added = np.zeros((len(gains) + 1, grid.hop), np.float32)
    added[:-1] = halves[:, 0]
    added[1:] += halves[:, 1]
    return added.ravel()
