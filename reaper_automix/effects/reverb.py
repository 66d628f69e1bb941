"""A room reverb of combs and all-passes that decays as ReaVerbate does.

Per output channel eight combs in parallel, each with a one-pole low pass in its loop, then four all-passes in series:
Schroeder's structure [1]_ with Moorer's damped combs [2]_ and the delays that "Jezar at Dreampoint" published as
Freeverb (2000). Both channels hear the sum of the inputs; the right one has 23 samples more in every delay. Delays are
in samples at 44.1 kHz, and both delays and damping are converted to the rate at hand.

The decay follows a table of RT60 against room size that was measured on renders of ReaVerbate at a dampening of 0.3:
``plugins.reaverbate.DECAY_S``. The feedback of the combs for each of its rows was found by bisection on the RT60 of our
own impulse response (Schroeder integration, a line through -5 to -35 dB, 44.1 kHz, dampening 0.3). Between them the
turns that a comb takes to fall to 1/e, -1 / ln(feedback), go with the decay in straight lines. A decay outside of the
table plays as its nearest end, as in the plug-in. How loud ReaVerbate's wet signal is, and the slopes of its two
filters, are not known: ours are Freeverb's level (0.015 x 3), and 12 dB per octave.

References
----------
.. [1] M. R. Schroeder (1962): Natural sounding artificial reverberation. JAES 10(3).
.. [2] J. A. Moorer (1979): About this reverberation business. Computer Music Journal 3(2).
"""

from __future__ import annotations

import math

import numpy as np

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.blocks import Audio
from reaper_automix.effects.room import CHUNK_SAMPLES, SILENCE_LIN, Room
from reaper_automix.plugins.reaverbate import DECAY_S

FEEDBACK = (0.3425, 0.4084, 0.4599, 0.5287, 0.5901, 0.6494, 0.7127, 0.7784, 0.8439, 0.9108, 0.9798)
"""Of the combs, at the decays of the table; within 7 % of decay this is the straight line 0.34 + 0.64 * room size."""

TUNING_RATE_HZ = 44_100
COMB_SAMPLES = (1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617)
ALLPASS_SAMPLES = (556, 441, 341, 225)
SPREADS_SAMPLES = (0, 23)
"""Of the left and the right channel."""
MOST_DAMPING = 0.4
ALLPASS_GAIN = 0.5
INPUT_GAIN_LIN = 0.015 * 3.0
_NEGLIGIBLE = 1e-7
"""-140 dB, the step of float32: where the damping filter's response is cut off."""


def feedback_for(decay_s: float) -> float:
    """Return the feedback of the combs for an RT60; that of the nearest one from 0.21 to 9.72 s."""
    return math.exp(-1.0 / float(np.interp(decay_s, DECAY_S, -1.0 / np.log(FEEDBACK))))


class Reverb(Room):
    """ReaVerbate's, as far as it is known; see ``Room``."""

    def __init__(self, settings: ReverbSettings, sample_rate_hz: int, n_channels: int) -> None:
        super().__init__(settings, sample_rate_hz, n_channels)
        stretch = sample_rate_hz / TUNING_RATE_HZ
        self._delay = _Delay(self._initial_delay_samples)
        self._combs = _Combs(
            [round((d + s) * stretch) for s in SPREADS_SAMPLES for d in COMB_SAMPLES],
            feedback=feedback_for(settings.decay_s),
            damping=(MOST_DAMPING * settings.dampening) ** (1.0 / stretch),
        )
        self._allpasses = [[_Allpass(round((d + s) * stretch)) for d in ALLPASS_SAMPLES] for s in SPREADS_SAMPLES]

    def _wet(self, stereo: Audio) -> Audio:
        mono = stereo.sum(axis=0) * np.float32(INPUT_GAIN_LIN * self._wet_lin)
        wet = self._combs.process(self._delay.process(mono))
        for channel, allpasses in zip(wet, self._allpasses, strict=True):
            for allpass in allpasses:
                channel[:] = allpass.process(channel)
        if not mono.any():
            wet[np.abs(wet) < SILENCE_LIN] = 0.0
        return wet


class _Delay:
    """A plain delay of 0 samples or more."""

    def __init__(self, n_samples: int) -> None:
        self._held = np.zeros(n_samples, np.float32)

    def process(self, samples: Audio) -> Audio:
        line = np.concatenate((self._held, samples))
        self._held = line[samples.size :].copy()
        return line[: samples.size]


class _Combs:
    """All damped combs of both channels, one per row, in the longest steps that need none of their own output.

    A comb is v[n] = x[n] + feedback * s[n - delay], s[n] = (1 - damping) v[n] + damping * s[n - 1]; its output is
    v[n - delay]. The one-pole filter is applied as a product, 1 / (1 - d/z) = (1 + d/z) (1 + d^2/z^2) (1 + d^4/z^4)...,
    up to where the next factor is -140 dB: a few whole-array operations, with no state but the delay line itself.
    """

    def __init__(self, delays: list[int], *, feedback: float, damping: float) -> None:
        self._delays = delays
        self._factors = _one_pole_factors(damping)
        self._n_past = (1 << len(self._factors)) - 1
        self._scale = np.float32(feedback * (1.0 - damping))
        self._n_kept = max(delays) + self._n_past
        self._step = min(delays)
        self._lines = np.zeros((len(delays), self._n_kept + CHUNK_SAMPLES), np.float32)
        self._read = np.empty(len(delays) * (self._n_past + self._step), np.float32)
        self._earlier = np.empty_like(self._read)
        self._is_silent = True

    def process(self, samples: Audio) -> Audio:
        """Return the sums of the combs of each channel, float32 (2, n_samples), of a mono chunk."""
        n_samples = samples.size
        sums = np.zeros((2, n_samples), np.float32)
        self._rest(samples)
        if self._is_silent:
            return sums
        for start in range(0, n_samples, self._step):
            part = slice(start, min(start + self._step, n_samples))
            self._advance(samples[part], start, sums[:, part])
        self._lines[:, : self._n_kept] = self._lines[:, n_samples : n_samples + self._n_kept].copy()
        return sums

    def _rest(self, samples: Audio) -> None:
        """Note whether there is anything to do, and end a tail that nobody hears."""
        if samples.any():
            self._is_silent = False
        elif not self._is_silent and np.max(np.abs(self._lines[:, : self._n_kept])) < SILENCE_LIN:
            self._lines[:, : self._n_kept] = 0.0
            self._is_silent = True

    def _advance(self, samples: Audio, start: int, sums: Audio) -> None:
        """Write the next samples of all lines, and their outputs of each channel to ``sums``."""
        n_samples, n_past = samples.size, self._n_past
        now = start + self._n_kept
        flat = self._read[: len(self._delays) * (n_past + n_samples)]
        read = flat.reshape(len(self._delays), n_past + n_samples)
        for row, line, delay in zip(read, self._lines, self._delays, strict=True):
            row[:] = line[now - delay - n_past : now - delay + n_samples]
        n_combs = len(self._delays) // 2
        np.add.reduce(read[:, n_past:].reshape(2, n_combs, n_samples), axis=1, out=sums)
        # All rows as one array are three times faster; where a row sees the end of the one before, it is cut off.
        for i, factor in enumerate(self._factors):
            ahead = 1 << i
            flat[ahead:] += np.multiply(flat[:-ahead], factor, out=self._earlier[: flat.size - ahead])
        flat *= self._scale
        np.add(read[:, n_past:], samples, out=self._lines[:, now : now + n_samples])


class _Allpass:
    """Freeverb's all-pass, v[n] = x[n] + g v[n - delay], y[n] = v[n - delay] - x[n], with g = 0.5.

    Four turns of its loop are written out, v[n] = x[n] + g x[n - D] + g^2 x[n - 2 D] + g^3 x[n - 3 D] + g^4 v[n - 4 D],
    so that 4 D samples are found at once.
    """

    _TURNS = 4

    def __init__(self, delay: int) -> None:
        self._delay = delay
        self._inputs = np.zeros((self._TURNS - 1) * delay, np.float32)
        self._line = np.zeros(self._TURNS * delay, np.float32)

    def process(self, samples: Audio) -> Audio:
        delay, n_samples, step = self._delay, samples.size, self._line.size
        inputs = np.concatenate((self._inputs, samples))
        gain = np.float32(ALLPASS_GAIN)
        ahead = inputs[delay:] + gain * inputs[:-delay]
        ahead = ahead[2 * delay :] + gain * gain * ahead[: -2 * delay]
        line = np.concatenate((self._line, ahead))
        for start in range(step, line.size, step):
            stop = min(start + step, line.size)
            line[start:stop] += gain**self._TURNS * line[start - step : stop - step]
        output = line[step - delay : line.size - delay] - samples
        self._inputs = inputs[n_samples:].copy()
        self._line = _without_traces(line[n_samples:])
        return output


def _without_traces(samples: Audio) -> Audio:
    """Return a copy, all zeros if it is below -300 dBFS."""
    if samples.any() and np.max(np.abs(samples)) < SILENCE_LIN:
        return np.zeros_like(samples)
    return samples.copy()


def _one_pole_factors(damping: float) -> list[np.float32]:
    """Return d, d^2, d^4 ... as far as they are heard."""
    factors = []
    while damping > _NEGLIGIBLE:
        factors.append(np.float32(damping))
        damping *= damping
    return factors
