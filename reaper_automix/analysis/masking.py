"""How far the tracks of a mix cover each other: a masker-to-signal ratio between tracks, in thirds of an octave.

What one track does to another is measured as [1]_ and [2]_ do, with the simple model of simultaneous masking that
audio coders use, and nothing that would need the level of playback:

1. the power of each track in each third of an octave (``third_octaves.CENTRES_HZ``) and frame of 0.2 s, as it arrives
   at the master;
2. its excitation: the powers spread over the neighbouring bands along the Bark scale, by Schroeder's function [3]_;
3. what a masker covers: everything up to 5.5 dB below its excitation [4]_, the offset of a noise-like masker;
4. the masker-to-signal ratio of a cell (a band in a frame) of a track: the masker's threshold over the excitation of
   the track, in dB. Below 0 dB the track is heard there; above, it is covered, by ``MOST_DB`` at the most;
5. the covering of a track: the mean of that over its cells that count. A cell counts where the track sounds: within
   ``CELL_DB`` of its loudest band of the frame, in frames within ``FRAME_DB`` of the mean of its loud frames.

So 0 dB is a track that nothing covers, ``MOST_DB`` one that nobody hears.

Left out: the threshold in quiet, masking before and after a sound, tonal maskers (which cover less), and that sounds
from two sides cover each other less: what arrives left and right is added up.

References
----------
.. [1] S. Vega, J. Janer (2010): Quantifying masking in multi-track recordings. SMC. (Signal-to-masker ratio of each
   track against the others.)
.. [2] D. Ronan, Z. Ma, P. Mc Namara, H. Gunes, J. D. Reiss (2018): Automatic minimisation of masking in multitrack
   audio using subgroups. arXiv 1803.09960. (Masker-to-signal ratio over the bands of a coder's model.) Departure:
   thirds of an octave, and the spreading and offset of [3]_ and [4]_.
.. [3] M. R. Schroeder, B. S. Atal, J. L. Hall (1979): Optimizing digital speech coders by exploiting masking properties
   of the human ear. JASA 66(6).
.. [4] J. D. Johnston (1988): Transform coding of audio signals using perceptual noise criteria. IEEE JSAC 6(2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.audio import levels

Powers = NDArray[np.float32]
Floats = NDArray[np.float64]

MOST_DB = 20.0
"""A cell that lies this far below what covers it is gone; more would only let single cells decide."""
CELL_DB = 30.0
FRAME_DB = 20.0
NOISE_OFFSET_DB = 5.5
_FLOOR = 1e-15
"""-150 dB: keeps logarithms finite, and is never heard."""


@dataclass(frozen=True, slots=True, eq=False)
class Covering:
    """Who covers whom; NaN for a track that does not sound.

    Parameters
    ----------
    by_track_db : ndarray of float64, shape (n_tracks, n_tracks)
        Row: the track that is covered; column: the one that covers it. 0 to ``MOST_DB``; NaN on the diagonal.
    by_rest_db : ndarray of float64, shape (n_tracks,)
        By the sum of all others.
    by_rest_band_db : ndarray of float64, shape (n_tracks, n_bands)
        The same in each band; NaN where the track does not sound.
    covered : ndarray of float64, shape (n_tracks,)
        Share (0 to 1) of a track's cells that lie below what the others cover.
    """

    by_track_db: Floats
    by_rest_db: Floats
    by_rest_band_db: Floats
    covered: Floats


def covering(powers: Powers, rest: Powers | None = None) -> Covering:
    """Return how far tracks cover each other.

    Parameters
    ----------
    powers : ndarray of float32, shape (n_tracks, n_frames, n_bands)
        Mean squares at the master, in the bands of ``third_octaves``.
    rest : ndarray of float32, shape (n_frames, n_bands), optional
        What sounds beside these tracks.
    """
    n_tracks, _, n_bands = powers.shape
    excited = powers.astype(np.float64) @ spreading()
    everything = excited.sum(axis=0) + (0.0 if rest is None else rest.astype(np.float64) @ spreading())
    levels_db = _db(excited).astype(np.float32)
    by_track = np.full((n_tracks, n_tracks), np.nan)
    by_rest, by_band, share = np.full(n_tracks, np.nan), np.full((n_tracks, n_bands), np.nan), np.full(n_tracks, np.nan)
    for i in range(n_tracks):
        cells = counted(powers[i])
        if not cells.any():
            continue
        by_track[i] = _depths(levels_db, levels_db[i]).reshape(n_tracks, -1) @ cells.reshape(-1) / cells.sum()
        ratio_db = _db(everything - excited[i]) - NOISE_OFFSET_DB - levels_db[i]
        depth_db = np.clip(ratio_db, 0.0, MOST_DB)
        by_rest[i] = depth_db[cells].mean()
        share[i] = (ratio_db > 0.0)[cells].mean()
        sounding = cells.any(axis=0)
        by_band[i, sounding] = ((depth_db * cells).sum(axis=0)[sounding]) / cells.sum(axis=0)[sounding]
    np.fill_diagonal(by_track, np.nan)
    return Covering(by_track, by_rest, by_band, share)


def counted(powers: Powers) -> NDArray[np.bool_]:
    """Return in which cells a track sounds, bool (n_frames, n_bands), from its powers of the same shape."""
    frames = powers.sum(axis=1, dtype=np.float64)
    heard = frames > _FLOOR
    for _ in range(2):
        if heard.any():
            heard = heard & (frames >= frames[heard].mean() * 10.0 ** (-FRAME_DB / 10.0))
    loudest = powers.max(axis=1, keepdims=True)
    return np.asarray(heard[:, None] & (powers >= loudest * 10.0 ** (-CELL_DB / 10.0)))


@lru_cache(maxsize=1)
def spreading() -> Floats:
    """Return what a unit of power in each band (row) excites in every band (column), float64 (n_bands, n_bands)."""
    barks = _barks(np.asarray(CENTRES_HZ))
    distance = barks[None, :] - barks[:, None] + 0.474
    return np.asarray(levels.db_to_energy(15.81 + 7.5 * distance - 17.5 * np.sqrt(1.0 + np.square(distance))))  # [3]


def _depths(levels_db: Powers, own_db: Powers) -> Powers:
    """Return how far each of many maskers covers a track, float32 of the maskers' shape."""
    ratio_db: Powers = levels_db - own_db
    ratio_db -= np.float32(NOISE_OFFSET_DB)
    return np.clip(ratio_db, np.float32(0.0), np.float32(MOST_DB), out=ratio_db)


def _barks(frequencies_hz: Floats) -> Floats:
    """Return the critical-band rate, by H. Traunmueller (1990): JASA 88(1), eq. 6."""
    return 26.81 * frequencies_hz / (1_960.0 + frequencies_hz) - 0.53


def _db(powers: Floats) -> Floats:
    return levels.energy_to_db(np.maximum(powers, _FLOOR))
