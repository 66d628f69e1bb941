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
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis import levels
from reaper_automix.effects.blocks import STATE_FLOOR, Audio, check_block, check_stream
from reaper_automix.effects.parameters import Parameter, check_values, values_between
from reaper_automix.errors import PlanError
from reaper_automix.units import db_to_lin, q_to_bandwidth_oct

BandType = Literal["low_shelf", "high_shelf", "band", "low_pass", "high_pass"]
BAND_TYPES: tuple[BandType, ...] = ("low_shelf", "high_shelf", "band", "low_pass", "high_pass")

FREQUENCY = Parameter("frequency_hz", "Hz", 20.0, 24_000.0, 1_000.0, "log")
GAIN = Parameter("gain_db", "dB", -24.0, 24.0, 0.0)
Q = Parameter("q", "", 0.1, 100.0, 1.0, "log")
PARAMETERS = (FREQUENCY, GAIN, Q)

_SHORTEST_SHELF_OCT = 0.915
_HIGHEST_ALPHA = 1e5
"""A bandwidth corrected beyond all measure, just below the Nyquist frequency, would put poles on the unit circle."""
_HIGHEST_RELATIVE = 0.49
"""Frequency over sample rate that low shelves and high passes stop at."""
_CHUNK_S = 1


@dataclass(frozen=True, slots=True)
class Band:
    """One band; ``PlanError`` if a value is outside of its range.

    Parameters
    ----------
    type : {"low_shelf", "high_shelf", "band", "low_pass", "high_pass"}
        Passes fall by 12 dB per octave.
    frequency_hz : float
        20 to 24,000 Hz: the centre of a band, where a shelf has half its gain in dB, the corner of a pass.
    gain_db : float
        -24 to 24 dB; a pass has none and ignores it.
    q : float
        0.1 to 100. Shelves get no steeper beyond q = 1.55; a pass is a Butterworth filter at 0.707.
    """

    type: BandType
    frequency_hz: float
    gain_db: float = GAIN.default
    q: float = Q.default

    def __post_init__(self) -> None:
        if self.type not in BAND_TYPES:
            raise PlanError(f"band type {self.type!r}: choose one of {', '.join(BAND_TYPES)}")
        check_values(PARAMETERS, self._values())

    def between(self, after: Band, share: float) -> Band:
        """Return the band at a share of the way, 0 (this one) to 1 (the other); ``PlanError`` if their types differ."""
        if self.type != after.type:
            raise PlanError(f"no band lies between {self.type} and {after.type}: choose 0 or 100 % strength")
        return Band(self.type, **values_between(PARAMETERS, self._values(), after._values(), share))

    def section(self, sample_rate_hz: int) -> NDArray[np.float64]:
        """Return the band's second-order section at a rate above twice its frequency, float64 (6,)."""
        w = 2.0 * math.pi * self.frequency_hz / sample_rate_hz
        if self.type in ("low_pass", "high_pass"):
            b, a = _pass(w, self.q, is_high=self.type == "high_pass")
        elif self.type == "band":
            b, a = _peak(w, self.gain_db, q_to_bandwidth_oct(self.q))
        else:
            b, a = _shelf(w, self.gain_db, q_to_bandwidth_oct(self.q), is_high=self.type == "high_shelf")
        return np.array([*b, *a]) / a[0]

    def _values(self) -> dict[str, float]:
        return {"frequency_hz": self.frequency_hz, "gain_db": self.gain_db, "q": self.q}


@dataclass(frozen=True, slots=True)
class EqualiserSettings:
    """Any number of bands, one after the other; none at all is a wire."""

    bands: tuple[Band, ...] = ()

    def response_db(self, frequencies_hz: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
        """Return the gain at each frequency.

        Parameters
        ----------
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
        for b0, b1, b2, a0, a1, a2 in self.sections(sample_rate_hz):
            response *= (b0 + delay * (b1 + delay * b2)) / (a0 + delay * (a1 + delay * a2))
        return levels.energy_to_db(np.square(response.real) + np.square(response.imag))

    def sections(self, sample_rate_hz: int) -> NDArray[np.float64]:
        """Return the second-order sections at a rate, float64 (n_sections, 6); see ``notes`` for what is left out."""
        playable = (_playable(band, sample_rate_hz) for band in self.bands)
        return np.array([band.section(sample_rate_hz) for band in playable if band]).reshape(-1, 6)

    def notes(self, sample_rate_hz: int) -> tuple[str, ...]:
        """Return one sentence for each band that a stream of this rate cannot play as it is written."""
        said = []
        for band in self.bands:
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
        self._sections = settings.sections(sample_rate_hz)
        self._state = np.zeros((len(self._sections), n_channels, 2))

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
        if not len(self._sections):
            return block.copy()
        output = np.empty(block.shape, np.float32)
        for start in range(0, block.shape[1], _CHUNK_S * self.sample_rate_hz):
            part = slice(start, start + _CHUNK_S * self.sample_rate_hz)
            output[:, part], self._state = signal.sosfilt(
                self._sections, block[:, part].astype(np.float64), zi=self._state
            )
            traces = np.abs(self._state) < STATE_FLOOR
            self._state[traces] = 0.0
            if traces.all():
                output[:, part][np.abs(output[:, part]) < STATE_FLOOR] = 0.0
        return output


def _playable(band: Band, sample_rate_hz: int) -> Band | None:
    """Return the band, None if all that it changes lies above the Nyquist frequency, or its nearest relative."""
    if band.frequency_hz < sample_rate_hz / 2.0:
        return band
    if band.type in ("low_shelf", "high_pass"):
        return replace(band, frequency_hz=_HIGHEST_RELATIVE * sample_rate_hz)
    return None


_Triple = tuple[float, float, float]


def _peak(w: float, gain_db: float, bandwidth_oct: float) -> tuple[_Triple, _Triple]:
    amplitude = db_to_lin(gain_db / 2.0)
    # sinh overflows at 710; 100 is far beyond the highest alpha.
    corrected = min(math.log(2.0) / 2.0 * bandwidth_oct * w / math.sin(w), 100.0)
    alpha = min(math.sin(w) * math.sinh(corrected), _HIGHEST_ALPHA)
    middle = -2.0 * math.cos(w)
    return (
        (1.0 + alpha * amplitude, middle, 1.0 - alpha * amplitude),
        (1.0 + alpha / amplitude, middle, 1.0 - alpha / amplitude),
    )


def _shelf(w: float, gain_db: float, bandwidth_oct: float, *, is_high: bool) -> tuple[_Triple, _Triple]:
    a = db_to_lin(gain_db / 2.0)
    inverse_slope = max(bandwidth_oct, _SHORTEST_SHELF_OCT) ** 2
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
