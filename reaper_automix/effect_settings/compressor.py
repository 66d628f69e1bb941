"""What a compressor is set to. Stdlib only."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from reaper_automix.effect_settings.parameters import Parameter, check_values, values_between
from reaper_automix.units import SILENCE_DB

THRESHOLD = Parameter("threshold_db", "dB", -60.0, 6.0, 0.0)
RATIO = Parameter("ratio", ":1", 1.0, 100.0, 4.0, "log")
KNEE = Parameter("knee_db", "dB", 0.0, 24.0, 0.0)
ATTACK = Parameter("attack_ms", "ms", 0.01, 500.0, 3.0, "log")
RELEASE = Parameter("release_ms", "ms", 0.01, 5_000.0, 100.0, "log")
RMS_SIZE = Parameter("rms_size_ms", "ms", 0.0, 100.0, 5.0)
MAKEUP = Parameter("makeup_db", "dB", SILENCE_DB, 12.0, 0.0)
DRY = Parameter("dry_db", "dB", SILENCE_DB, 12.0, SILENCE_DB)
DETECTOR_LOWPASS = Parameter("detector_lowpass_hz", "Hz", 20.0, 20_000.0, 20_000.0, "log")
DETECTOR_HIGHPASS = Parameter("detector_highpass_hz", "Hz", 20.0, 20_000.0, 20.0, "log")
PARAMETERS = (THRESHOLD, RATIO, KNEE, ATTACK, RELEASE, RMS_SIZE, MAKEUP, DRY, DETECTOR_LOWPASS, DETECTOR_HIGHPASS)


@dataclass(frozen=True, slots=True)
class CompressorSettings:
    """The knobs; ``PlanError`` if a value is outside of its range.

    Parameters
    ----------
    threshold_db : float
        -60 to 6 dB.
    ratio : float
        1 to 100; 100 stands for a limiter (infinity), as in ReaComp.
    knee_db : float
        Width of the soft knee, centred on the threshold; 0 is a hard knee.
    attack_ms, release_ms : float
        Times to 63 % of a change of the gain in dB.
    rms_size_ms : float
        Time constant of the detector's mean square; 0 detects peaks.
    makeup_db : float
        Gain of the compressed signal (ReaComp: Wet).
    dry_db : float
        Gain of the untouched signal that is added; -150 is none.
    detector_lowpass_hz, detector_highpass_hz : float
        20 to 20,000 Hz: what the detector listens to; 20,000 and 20 are off.
    """

    threshold_db: float = THRESHOLD.default
    ratio: float = RATIO.default
    knee_db: float = KNEE.default
    attack_ms: float = ATTACK.default
    release_ms: float = RELEASE.default
    rms_size_ms: float = RMS_SIZE.default
    makeup_db: float = MAKEUP.default
    dry_db: float = DRY.default
    detector_lowpass_hz: float = DETECTOR_LOWPASS.default
    detector_highpass_hz: float = DETECTOR_HIGHPASS.default

    def __post_init__(self) -> None:
        check_values(PARAMETERS, asdict(self))

    def between(self, after: CompressorSettings, share: float) -> CompressorSettings:
        """Return the settings at a share of the way, 0 (these) to 1 (the others)."""
        return CompressorSettings(**values_between(PARAMETERS, asdict(self), asdict(after), share))
