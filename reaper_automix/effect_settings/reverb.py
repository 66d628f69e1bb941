"""What a reverb is set to. Stdlib only."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from reaper_automix.effect_settings.parameters import Parameter, check_values, values_between
from reaper_automix.units import SILENCE_DB

WET = Parameter("wet_db", "dB", SILENCE_DB, 12.0, 0.0)
DRY = Parameter("dry_db", "dB", SILENCE_DB, 12.0, 0.0)
DECAY = Parameter("decay_s", "s", 0.1, 20.0, 0.46, "log")
DAMPENING = Parameter("dampening", "", 0.0, 1.0, 0.5)
WIDTH = Parameter("width", "", -1.0, 1.0, 1.0)
INITIAL_DELAY = Parameter("initial_delay_ms", "ms", 0.0, 500.0, 0.0)
LOWPASS = Parameter("lowpass_hz", "Hz", 20.0, 20_000.0, 20_000.0, "log")
HIGHPASS = Parameter("highpass_hz", "Hz", 20.0, 20_000.0, 20.0, "log")
PARAMETERS = (WET, DRY, DECAY, DAMPENING, WIDTH, INITIAL_DELAY, LOWPASS, HIGHPASS)


@dataclass(frozen=True, slots=True)
class ReverbSettings:
    """The knobs, whatever plug-in plays them; ``PlanError`` if a value is outside of its range.

    Which of them a plug-in has, and how far they reach, is said by its module in ``plugins``.

    Parameters
    ----------
    wet_db, dry_db : float
        -150 (none) to 12 dB.
    decay_s : float
        0.1 to 20 s: the time in which the middle frequencies fall by 60 dB (RT60).
    dampening : float
        0 to 1; how much faster high frequencies decay.
    width : float
        1 wide, 0 mono, -1 wide with the channels swapped.
    initial_delay_ms : float
        0 to 500 ms, before what the reverb itself takes to begin.
    lowpass_hz, highpass_hz : float
        20 to 20,000 Hz, 12 dB per octave on the wet signal; 20,000 and 20 are off.
    """

    wet_db: float = WET.default
    dry_db: float = DRY.default
    decay_s: float = DECAY.default
    dampening: float = DAMPENING.default
    width: float = WIDTH.default
    initial_delay_ms: float = INITIAL_DELAY.default
    lowpass_hz: float = LOWPASS.default
    highpass_hz: float = HIGHPASS.default

    def __post_init__(self) -> None:
        check_values(PARAMETERS, asdict(self))

    def between(self, after: ReverbSettings, share: float) -> ReverbSettings:
        """Return the settings at a share of the way, 0 (these) to 1 (the others)."""
        return ReverbSettings(**values_between(PARAMETERS, asdict(self), asdict(after), share))
