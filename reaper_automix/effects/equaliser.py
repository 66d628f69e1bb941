"""A parametric equaliser with the band shapes of ReaEQ.

Every band is one second-order section. The shapes are those fitted on renders of REAPER: Bristow-Johnson's [1]_, with
the bandwidth of a band corrected for the bilinear transform (which widens it towards the Nyquist frequency, where a
shelf does better) and with the slope of shelves S = 1 / max(bandwidth, 0.915)^2.

References
----------
.. [1] R. Bristow-Johnson: Cookbook formulae for audio EQ biquad filter coefficients.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.audio import levels
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effects.blocks import STATE_FLOOR, Audio, check_block, check_stream
from reaper_automix.units import db_to_lin, q_to_bandwidth_oct

SHORTEST_SHELF_OCT = 0.915
HIGHEST_ALPHA = 1e5
"""A bandwidth corrected beyond all measure, just below the Nyquist frequency, would put poles on the unit circle."""
HIGHEST_RELATIVE = 0.49
"""Frequency over sample rate that low shelves and high passes stop at."""
_CHUNK_S = 1
HIGHPASS_OFF_HZ = 20.0
LOWPASS_OFF_HZ = 20_000.0


def section(band: Band, sample_rate_hz: int) -> NDArray[np.float64]:
    """Return a band's second-order section at a rate above twice its frequency, float64 (6,)."""
    w = 2.0 * math.pi * band.frequency_hz / sample_rate_hz
    if band.type in ("low_pass", "high_pass"):
        b, a = _pass(w, band.q, is_high=band.type == "high_pass")
    elif band.type == "band":
        b, a = _peak(w, band.gain_db, q_to_bandwidth_oct(band.q))
    else:
        b, a = _shelf(w, band.gain_db, q_to_bandwidth_oct(band.q), is_high=band.type == "high_shelf")
    return np.array([*b, *a]) / a[0]


def sections(settings: EqualiserSettings, sample_rate_hz: int) -> NDArray[np.float64]:
    """Return the second-order sections at a rate, float64 (n_sections, 6); see ``notes`` for what is left out."""
    playable = (_playable(band, sample_rate_hz) for band in settings.bands)
    return np.array([section(band, sample_rate_hz) for band in playable if band]).reshape(-1, 6)


def passes(*, highpass_hz: float, lowpass_hz: float) -> EqualiserSettings:
    """Return second-order Butterworth filters for what lets through a range; at 20 and at 20,000 Hz each is off."""
    bands = []
    if highpass_hz > HIGHPASS_OFF_HZ:
        bands.append(Band("high_pass", highpass_hz, q=math.sqrt(0.5)))
    if lowpass_hz < LOWPASS_OFF_HZ:
        bands.append(Band("low_pass", lowpass_hz, q=math.sqrt(0.5)))
    return EqualiserSettings(tuple(bands))


def response_db(
    settings: EqualiserSettings, frequencies_hz: NDArray[np.float64], sample_rate_hz: int
) -> NDArray[np.float64]:
    """Return the gain of settings at each frequency.

    Parameters
    ----------
    settings : EqualiserSettings
    frequencies_hz : ndarray of float64, any shape
        0 Hz to half the sample rate.
    sample_rate_hz : int
        The response depends on it near the Nyquist frequency.

    Returns
    -------
    ndarray of float64, the same shape
        In dB; ``-inf`` where nothing passes.

    Raises
    ------
    ValueError
        If a frequency is outside of these limits.
    """
    if not np.all((frequencies_hz >= 0.0) & (frequencies_hz <= sample_rate_hz / 2.0)):
        raise ValueError(f"frequencies outside of 0 to {sample_rate_hz / 2.0:g} Hz have no response")
    delay = np.exp(-2j * np.pi * np.asarray(frequencies_hz) / sample_rate_hz)
    response = np.ones_like(delay)
    for b0, b1, b2, a0, a1, a2 in sections(settings, sample_rate_hz):
        response *= (b0 + delay * (b1 + delay * b2)) / (a0 + delay * (a1 + delay * a2))
    return levels.energy_to_db(np.square(response.real) + np.square(response.imag))


def notes(settings: EqualiserSettings, sample_rate_hz: int) -> tuple[str, ...]:
    """Return one sentence for each band that a stream of this rate cannot play as it is written."""
    said = []
    for band in settings.bands:
        played = _playable(band, sample_rate_hz)
        if played == band:
            continue
        outcome = "is left out" if played is None else f"plays at {played.frequency_hz:g} Hz"
        said.append(
            f"{band.type} at {band.frequency_hz:g} Hz {outcome}: audio at {sample_rate_hz} Hz "
            f"ends at {sample_rate_hz / 2.0:g} Hz"
        )
    return tuple(said)


class Equaliser:
    """Plays settings on a signal that arrives in blocks; the sizes of the blocks do not change the result.

    Parameters
    ----------
    settings : EqualiserSettings
    sample_rate_hz : int
        8 to 384 kHz.
    n_channels : int
        1 or 2; ``ValueError`` otherwise.
    """

    def __init__(self, settings: EqualiserSettings, sample_rate_hz: int, n_channels: int) -> None:
        check_stream(sample_rate_hz, n_channels)
        self.settings = settings
        self.sample_rate_hz = sample_rate_hz
        self.n_channels = n_channels
        self._cascade = Cascade(sections(settings, sample_rate_hz), n_channels)

    def process(self, block: Audio) -> Audio:
        """Return the next samples, equalised.

        Parameters
        ----------
        block : ndarray of float32, shape (n_channels, n_samples)
            Full scale is 1.

        Returns
        -------
        ndarray of float32, the same shape
            No latency.

        Raises
        ------
        ValueError, MediaError
            See ``blocks.check_block``; the state is then as before.
        """
        check_block(block, self.n_channels)
        if self._cascade.is_wire:
            return block.copy()
        output = np.empty(block.shape, np.float32)
        for start in range(0, block.shape[1], _CHUNK_S * self.sample_rate_hz):
            part = slice(start, start + _CHUNK_S * self.sample_rate_hz)
            output[:, part] = self._cascade.process(block[:, part].astype(np.float64))
        return output


class Cascade:
    """Second-order sections one after the other, with their state, in double precision.

    Parameters
    ----------
    sections : ndarray of float64, shape (n_sections, 6)
        As ``sections`` returns them; none at all are a wire.
    n_channels : int
    """

    def __init__(self, sections: NDArray[np.float64], n_channels: int) -> None:
        self.is_wire = not len(sections)
        self._sections = sections
        self._state = np.zeros((len(sections), n_channels, 2))

    def process(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the next samples, filtered, float64 (n_channels, n_samples); a wire returns the same array."""
        if self.is_wire:
            return samples
        output, self._state = signal.sosfilt(self._sections, samples, zi=self._state)
        traces = np.abs(self._state) < STATE_FLOOR
        self._state[traces] = 0.0
        if traces.all():
            output[np.abs(output) < STATE_FLOOR] = 0.0
        return np.asarray(output)


def _playable(band: Band, sample_rate_hz: int) -> Band | None:
    """Return the band, None if all that it changes lies above the Nyquist frequency, or its nearest relative."""
    if band.frequency_hz < sample_rate_hz / 2.0:
        return band
    if band.type in ("low_shelf", "high_pass"):
        return replace(band, frequency_hz=HIGHEST_RELATIVE * sample_rate_hz)
    return None


_Triple = tuple[float, float, float]


def _peak(w: float, gain_db: float, bandwidth_oct: float) -> tuple[_Triple, _Triple]:
    amplitude = db_to_lin(gain_db / 2.0)
    # sinh overflows at 710; 100 is far beyond the highest alpha.
    corrected = min(math.log(2.0) / 2.0 * bandwidth_oct * w / math.sin(w), 100.0)
    alpha = min(math.sin(w) * math.sinh(corrected), HIGHEST_ALPHA)
    middle = -2.0 * math.cos(w)
    return (
        (1.0 + alpha * amplitude, middle, 1.0 - alpha * amplitude),
        (1.0 + alpha / amplitude, middle, 1.0 - alpha / amplitude),
    )


def _shelf(w: float, gain_db: float, bandwidth_oct: float, *, is_high: bool) -> tuple[_Triple, _Triple]:
    a = db_to_lin(gain_db / 2.0)
    inverse_slope = max(bandwidth_oct, SHORTEST_SHELF_OCT) ** 2
    alpha = math.sin(w) / 2.0 * math.sqrt((a + 1.0 / a) * (inverse_slope - 1.0) + 2.0)
    # A high shelf is a low shelf with the frequency axis turned round.
    cosine, sign = (-math.cos(w), -1.0) if is_high else (math.cos(w), 1.0)
    root = 2.0 * math.sqrt(a) * alpha
    up, down = a + 1.0, a - 1.0
    numerator = (
        a * (up - down * cosine + root),
        sign * 2.0 * a * (down - up * cosine),
        a * (up - down * cosine - root),
    )
    denominator = (up + down * cosine + root, sign * -2.0 * (down + up * cosine), up + down * cosine - root)
    return numerator, denominator


def _pass(w: float, q: float, *, is_high: bool) -> tuple[_Triple, _Triple]:
    alpha = math.sin(w) / (2.0 * q)
    cosine = math.cos(w)
    # 1 -+ cos w without cancellation at low frequencies
    edge = math.cos(w / 2.0) ** 2 if is_high else math.sin(w / 2.0) ** 2
    sign = -2.0 if is_high else 2.0
    return (edge, sign * edge, edge), (1.0 + alpha, -2.0 * cosine, 1.0 - alpha)
