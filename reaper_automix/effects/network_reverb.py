"""A room reverb of one feedback delay network: what is played offline for the IEM suite's FdnReverb.

16 delay lines, of mutually prime lengths from 12 to 51 ms, feed each other through an orthogonal (Hadamard) matrix
[1]_. Each line of length d loses 60 d / decay dB per pass, so that all of them decay alike [2]_ eq. 6, and has a
high shelf in its loop, which takes ``plugins.fdnreverb.HIGHS_DB_PER_S`` more at full dampening. All shelves have the
same poles; the zeros are each line's own. Both inputs enter all lines, with signs that are orthogonal; eight lines are
heard left and eight right, before their loss.

The network is ours; FdnReverb was measured from outside, and its wet signal is what leaves it by the outputs that
``plugins.fdnreverb.output_pins`` names. At 48 kHz, for an impulse in both channels and decays from 0.3 to 4 s, the wet
signal of ours has its energy within 0.7 dB (each octave from 250 Hz to 16 kHz within 1.6 dB) and the decay of each of
these octaves within 4 % (``tests/plugins/judges``).

References
----------
.. [1] J. Stautner, M. Puckette (1982): Designing multi-channel reverberators. Computer Music Journal 6(1).
.. [2] J.-M. Jot, A. Chaigne (1991): Digital delay networks for designing artificial reverberators. 90th AES Convention.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, signal

from reaper_automix.audio import levels
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.blocks import Audio
from reaper_automix.effects.room import CHUNK_SAMPLES, SILENCE_LIN, Room
from reaper_automix.plugins.fdnreverb import HIGHS_DB_PER_S, HIGHS_HZ, HIGHS_Q
from reaper_automix.units import db_to_lin

N_LINES = 16
SHORTEST_S = 0.0120
LONGEST_S = 0.0512
"""Their mean, 31.6 ms, is that of FdnReverb's lines at room size 5: the level then rises with the decay as it does."""
_INPUT_COLUMNS = (2, 13)
"""Of the matrix: the signs with which left and right enter the lines. With these left and right are alike (0.4 dB)."""
_LEVEL_DB = 0.4
_HIGHEST_RELATIVE = 0.45
"""Frequency over sample rate that the shelf stops at."""


class NetworkReverb(Room):
    """FdnReverb's; see ``Room``."""

    def __init__(self, settings: ReverbSettings, sample_rate_hz: int, n_channels: int) -> None:
        super().__init__(settings, sample_rate_hz, n_channels)
        self._held = np.zeros((2, self._initial_delay_samples), np.float32)
        self._network = _Network(settings.decay_s, settings.dampening, sample_rate_hz)

    def _wet(self, stereo: Audio) -> Audio:
        late = np.concatenate((self._held, stereo * np.float32(self._wet_lin * db_to_lin(_LEVEL_DB))), axis=1)
        self._held = late[:, stereo.shape[1] :].copy()
        return self._network.process(late[:, : stereo.shape[1]])


class _Network:
    """The lines, one per row, in steps of the shortest line: none of them needs its own output."""

    def __init__(self, decay_s: float, dampening: float, sample_rate_hz: int) -> None:
        self._delays = line_lengths(sample_rate_hz)
        lengths_s = np.array(self._delays) / sample_rate_hz
        self._gains = levels.db_to_lin(-60.0 * lengths_s / decay_s).astype(np.float32)[:, None]
        self._shelf = _Shelf(dampening * lengths_s, sample_rate_hz) if dampening > 0.0 else None
        self._mix = (linalg.hadamard(N_LINES) / math.sqrt(N_LINES)).astype(np.float32)
        self._inputs = np.ascontiguousarray(self._mix[:, _INPUT_COLUMNS])
        self._n_kept = max(self._delays)
        self._step = min(self._delays)
        self._lines = np.zeros((N_LINES, self._n_kept + CHUNK_SAMPLES), np.float32)
        self._is_silent = True

    def process(self, stereo: Audio) -> Audio:
        """Return what is heard of a stereo chunk, float32 (2, n_samples)."""
        n_samples = stereo.shape[1]
        heard = np.zeros((2, n_samples), np.float32)
        self._rest(stereo)
        if self._is_silent:
            return heard
        for start in range(0, n_samples, self._step):
            part = slice(start, min(start + self._step, n_samples))
            self._advance(stereo[:, part], start, heard[:, part])
        self._lines[:, : self._n_kept] = self._lines[:, n_samples : n_samples + self._n_kept].copy()
        return heard

    def _rest(self, stereo: Audio) -> None:
        """Note whether there is anything to do, and end a tail that nobody hears."""
        if stereo.any():
            self._is_silent = False
        elif not self._is_silent and np.max(np.abs(self._lines[:, : self._n_kept])) < SILENCE_LIN:
            self._lines[:, : self._n_kept] = 0.0
            if self._shelf is not None:
                self._shelf.clear()
            self._is_silent = True

    def _advance(self, stereo: Audio, start: int, heard: Audio) -> None:
        """Write the next samples of all lines, and what is heard of them."""
        n_samples, now = stereo.shape[1], start + self._n_kept
        rows = zip(self._lines, self._delays, strict=True)
        read = np.array([line[now - delay : now - delay + n_samples] for line, delay in rows])
        # Two lines left, two lines right, and so on.
        np.add.reduce(read.reshape(N_LINES // 4, 2, 2, n_samples), axis=(0, 2), out=heard)
        if self._shelf is not None:
            read = self._shelf.process(read)
        read *= self._gains
        written = self._lines[:, now : now + n_samples]
        np.matmul(self._mix, read, out=written)
        written += self._inputs @ stereo


class _Shelf:
    """A high shelf per line, of second order: (g s^2 + sqrt(g) s / Q + 1) / (s^2 + s / Q + 1) at its frequency.

    Parameters
    ----------
    dampened_s : ndarray of float64, shape (n_lines,)
        Length of each line, times the dampening.
    sample_rate_hz : int
    """

    def __init__(self, dampened_s: NDArray[np.float64], sample_rate_hz: int) -> None:
        relative = min(HIGHS_HZ / sample_rate_hz, _HIGHEST_RELATIVE)
        k = 1.0 / math.tan(math.pi * relative)  # bilinear transform: s = k (1 - 1/z) / (1 + 1/z)
        low, high = np.ones_like(dampened_s), levels.db_to_lin(-HIGHS_DB_PER_S * dampened_s)
        zeros = np.stack(_transformed(high, np.sqrt(high), low, k)) / (k * k + k / HIGHS_Q + 1.0)
        poles = np.stack(_transformed(low[:1], low[:1], low[:1], k))[:, 0] / (k * k + k / HIGHS_Q + 1.0)
        self._zeros = zeros.astype(np.float32)[:, :, None]
        self._poles = poles.astype(np.float32)
        self._state = np.zeros((dampened_s.size, 2), np.float32)
        self._before = np.zeros((dampened_s.size, 2), np.float32)

    def process(self, read: Audio) -> Audio:
        """Return the next samples of all lines (n_lines, n_samples) after their shelves."""
        one = np.ones(1, np.float32)
        behind, self._state = signal.lfilter(one, self._poles, read, axis=1, zi=self._state)
        behind = np.concatenate((self._before, behind), axis=1)
        self._before = behind[:, -2:].copy()
        now, last, second_last = self._zeros
        shelved = now * behind[:, 2:]
        shelved += last * behind[:, 1:-1]
        shelved += second_last * behind[:, :-2]
        return np.asarray(shelved)

    def clear(self) -> None:
        """Forget what was played."""
        self._state[:] = 0.0
        self._before[:] = 0.0


def line_lengths(sample_rate_hz: int) -> list[int]:
    """Return the lengths of the lines in samples, ascending: different primes, near to evenly spaced times."""
    lengths: list[int] = []
    for time_s in np.linspace(SHORTEST_S, LONGEST_S, N_LINES).tolist():
        length = round(time_s * sample_rate_hz)
        while not _is_prime(length) or length in lengths:
            length += 1
        lengths.append(length)
    return lengths


def _is_prime(n: int) -> bool:
    return all(n % divisor for divisor in range(2, math.isqrt(n) + 1))


def _transformed(
    second: NDArray[np.float64], first: NDArray[np.float64], zeroth: NDArray[np.float64], k: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the digital polynomial, in 1/z, of second s^2 + first s / Q + zeroth."""
    s2, s1 = second * k * k, first * k / HIGHS_Q
    return s2 + s1 + zeroth, 2.0 * (zeroth - s2), s2 - s1 + zeroth
