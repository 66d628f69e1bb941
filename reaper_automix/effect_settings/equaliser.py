"""What a parametric equaliser is set to: bands with the shapes of ReaEQ. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reaper_automix.effect_settings.parameters import Parameter, check_values, values_between
from reaper_automix.errors import PlanError

BandType = Literal["low_shelf", "high_shelf", "band", "low_pass", "high_pass"]
BAND_TYPES: tuple[BandType, ...] = ("low_shelf", "high_shelf", "band", "low_pass", "high_pass")

FREQUENCY = Parameter("frequency_hz", "Hz", 20.0, 24_000.0, 1_000.0, "log")
GAIN = Parameter("gain_db", "dB", -24.0, 24.0, 0.0)
Q = Parameter("q", "", 0.1, 100.0, 1.0, "log")
PARAMETERS = (FREQUENCY, GAIN, Q)


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

    def _values(self) -> dict[str, float]:
        return {"frequency_hz": self.frequency_hz, "gain_db": self.gain_db, "q": self.q}


@dataclass(frozen=True, slots=True)
class EqualiserSettings:
    """Any number of bands, one after the other; none at all is a wire."""

    bands: tuple[Band, ...] = ()
