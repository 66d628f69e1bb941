"""What no channel strip does to a track, whoever suggests it: bounds that are measured on the track's own excerpts.

* No boost where the track has nothing: a band whose third-octaves all lie more than 40 dB below the loudest one stays
  flat, because it would lift noise and bleed alone.
* No more than 6 dB of gain reduction in the mean while the track sounds: the threshold goes up until that holds.
* Nothing that nobody hears: a compressor that reduces by less than 0.2 dB in the mean, a reverb 36 LU below its track.
* The reverb of a track stays 10 LU below its dry sound, that of a lead vocal 14 LU, and bass and kick have none:
  over-reverberated vocals were the failure of the published system [1]_.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP, section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import Energy, LoudnessMeter, integrated_lufs
from reaper_automix.analysis.roles import Role
from reaper_automix.analysis.third_octaves import CENTRES_HZ, third_octaves_db
from reaper_automix.audio.media import Audio
from reaper_automix.effect_settings.compressor import RATIO, THRESHOLD, CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effect_settings.wording import hz
from reaper_automix.effects.compressor import Compressor, slope
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.pan import panned
from reaper_automix.effects.reverb import Reverb
from reaper_automix.mixers.strip_parameters import StripSettings
from reaper_automix.units import SILENCE_DB, energy_to_db, q_to_bandwidth_oct

NOTHING_BELOW_DB = -40.0
"""A band that lies so far below the loudest third-octave of its track holds nothing of it."""
MOST_REDUCTION_DB = 6.0
REVERB_UNDER_LU = 10.0
LEAD_REVERB_UNDER_LU = 14.0
WITHOUT_REVERB = frozenset({Role.BASS, Role.KICK})
SMALLEST_SEND_DB = -60.0
"""A send below this is none."""
SMALLEST_REDUCTION_DB = 0.2
SMALLEST_REVERB_LU = -36.0
"""A compressor that reduces less in the mean while the track sounds, and a reverb further below its dry track, are
heard by nobody: they are left out, so that there is nothing to read that does nothing."""

SMALLEST_GAIN_DB = 0.25
"""An equaliser whose bands all stay within it is none."""
_FLAT_DB = 0.05
_SMALLEST_RATIO = 1.005
_SOUNDS_BELOW_DB = 20.0
"""A track sounds in a block of 100 ms that is less than this below its mean."""
_AIM_DB = 5.95
_STEPS = 12
"""Of finding the threshold; music needs two or three."""
_LEAST_SLOPE = 0.1
"""Of the last one that counts for the next step."""
_TAIL = 1.25
"""Decays are set for the middle frequencies; the lowest ones last longer."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mannered:
    """A strip within its bounds.

    Parameters
    ----------
    strip : StripSettings
    bounds : dict of str to str
        What was changed and why, by step: ``equaliser``, ``compressor``, ``reverb``.
    change_lu : float
        What equaliser and compressor, make-up included, do to the loudness.
    reduction_db : float
        Gain reduction, mean while the track sounds; 0 without a compressor.
    reverb_lu : float
        How loud its part of the reverb is beside the dry track; ``-inf`` without.
    """

    strip: StripSettings
    bounds: dict[str, str] = field(default_factory=dict)
    change_lu: float = 0.0
    reduction_db: float = 0.0
    reverb_lu: float = -math.inf


def with_manners(
    strip: StripSettings, sound: Audio, sample_rate_hz: int, *, role: Role | None, reverb: ReverbSettings
) -> Mannered:
    """Return a strip within its bounds.

    Parameters
    ----------
    strip : StripSettings
    sound : ndarray of float32, shape (1 or 2, n_samples)
        Excerpts of the track as its equaliser gets them.
    sample_rate_hz : int
    role : Role or None
    reverb : ReverbSettings
        Of the bus that the strip sends to.
    """
    if not sound.any():
        return Mannered(replace(strip, send_db=SILENCE_DB), change_lu=strip.compressor.makeup_db)
    bounds: dict[str, str] = {}
    strip = _without_empty_boosts(strip, sound, sample_rate_hz, bounds)
    equalised = _equalised(strip.equaliser, sound, sample_rate_hz)
    strip, played, reduction_db = _within_reduction(strip, equalised, sample_rate_hz, bounds)
    strip, reverb_lu = _within_reverb(strip, reverb, played, sample_rate_hz, role, bounds)
    return Mannered(strip, bounds, _change_lu(strip, sound, played, sample_rate_hz), reduction_db, reverb_lu)


def loudness_change_lu(strip: StripSettings, sound: Audio, sample_rate_hz: int) -> float:
    """Return what equaliser and compressor of a strip, make-up included, do to the loudness of excerpts."""
    equalised = _equalised(strip.equaliser, sound, sample_rate_hz)
    return _change_lu(strip, sound, _compressed(strip.compressor, equalised, sample_rate_hz), sample_rate_hz)


def _change_lu(strip: StripSettings, sound: Audio, played: Audio, sample_rate_hz: int) -> float:
    """Return the change of loudness from a sound to what is played before the make-up, and the make-up."""
    if played is sound or not sound.any():
        return strip.compressor.makeup_db
    return _lufs(played, sample_rate_hz) - _lufs(sound, sample_rate_hz) + strip.compressor.makeup_db


def does_something(strip: StripSettings) -> bool:
    """Tell whether a strip has more than gains, polarity and pan: whether a track's sound decides about it."""
    return bool(heard_bands(strip.equaliser).bands) or compresses(strip.compressor) or strip.send_db > SMALLEST_SEND_DB


def heard_bands(equaliser: EqualiserSettings) -> EqualiserSettings:
    """Return the bands that change something; none where all stay within ``SMALLEST_GAIN_DB``."""
    if all(abs(band.gain_db) <= SMALLEST_GAIN_DB for band in equaliser.bands):
        return EqualiserSettings()
    return EqualiserSettings(tuple(band for band in equaliser.bands if abs(band.gain_db) > _FLAT_DB))


def compresses(compressor: CompressorSettings) -> bool:
    """Tell whether a compressor ever changes its gain."""
    return compressor.ratio > _SMALLEST_RATIO


# --- equaliser -----------------------------------------------------------------------------------------------------


def _without_empty_boosts(
    strip: StripSettings, sound: Audio, sample_rate_hz: int, bounds: dict[str, str]
) -> StripSettings:
    if all(band.gain_db <= 0.0 for band in strip.equaliser.bands):
        return strip
    levels_db = third_octaves_db(sound, sample_rate_hz)
    bands, said = [], []
    for band in strip.equaliser.bands:
        below_db = float(levels_db[_reached(band)].max() - levels_db.max())
        if band.gain_db > 0.0 and below_db < NOTHING_BELOW_DB:
            if band.gain_db > SMALLEST_GAIN_DB:
                said.append(f"{hz(band.frequency_hz)} ({below_db:.0f} dB)")
            band = replace(band, gain_db=0.0)
        bands.append(band)
    if said:
        where = " and ".join(said)
        bounds["equaliser"] = f"no boost at {where}: the track has nothing there, beside its loudest third of an octave"
    return replace(strip, equaliser=EqualiserSettings(tuple(bands)))


def _reached(band: Band) -> NDArray[np.bool_]:
    """Return the third-octaves in which a band works: all beyond a shelf's frequency, else those within its width."""
    octaves = np.log2(np.asarray(CENTRES_HZ) / band.frequency_hz)
    if band.type in ("low_shelf", "high_pass"):
        reached = octaves <= 0.0
    elif band.type in ("high_shelf", "low_pass"):
        reached = octaves >= 0.0
    else:
        reached = np.abs(octaves) <= q_to_bandwidth_oct(band.q) / 2.0
    return reached if reached.any() else np.abs(octaves) == np.abs(octaves).min()


def _equalised(equaliser: EqualiserSettings, sound: Audio, sample_rate_hz: int) -> Audio:
    bands = heard_bands(equaliser)
    return Equaliser(bands, sample_rate_hz, len(sound)).process(sound) if bands.bands else sound


# --- compressor ----------------------------------------------------------------------------------------------------


def _within_reduction(
    strip: StripSettings, sound: Audio, sample_rate_hz: int, bounds: dict[str, str]
) -> tuple[StripSettings, Audio, float]:
    """Return the strip, the sound after its compressor without make-up, and the mean reduction while it sounds."""
    suggested = strip.compressor
    if not compresses(suggested):
        return strip, sound, 0.0
    counted = _sounding(sound, sample_rate_hz)

    def tried(threshold_db: float) -> tuple[Audio, float]:
        settings = replace(suggested, threshold_db=threshold_db, makeup_db=0.0)
        played, reduction_db = Compressor(settings, sample_rate_hz, len(sound)).process_metered(sound)
        return played, float(reduction_db[counted].mean())

    threshold_db, takes = suggested.threshold_db, slope(suggested)
    played, first_db = tried(threshold_db)
    if first_db < SMALLEST_REDUCTION_DB:
        return replace(strip, compressor=replace(suggested, ratio=RATIO.low, makeup_db=0.0)), sound, 0.0
    mean_db = first_db
    # The mean falls with the threshold, ever slower and never faster than by the slope: each step falls a little short.
    for _ in range(_STEPS):
        if mean_db <= MOST_REDUCTION_DB or threshold_db >= THRESHOLD.high:
            break
        before_db, higher_db = mean_db, THRESHOLD.clamp(threshold_db + (mean_db - _AIM_DB) / takes)
        played, mean_db = tried(higher_db)
        takes = max((before_db - mean_db) / (higher_db - threshold_db), _LEAST_SLOPE * takes)
        threshold_db = higher_db
    if mean_db > MOST_REDUCTION_DB:  # beyond what a threshold can do: far louder than full scale
        bounds["compressor"] = "no compressor: at any threshold it would reduce the gain by more than 6 dB"
        return replace(strip, compressor=replace(suggested, ratio=RATIO.low)), sound, 0.0
    if threshold_db != suggested.threshold_db:
        bounds["compressor"] = (
            f"threshold raised by {threshold_db - suggested.threshold_db:.1f} dB: at most {MOST_REDUCTION_DB:.0f} dB "
            f"of gain reduction in the mean while it sounds, not {first_db:.1f}"
        )
    return replace(strip, compressor=replace(suggested, threshold_db=threshold_db)), played, mean_db


def _sounding(sound: Audio, sample_rate_hz: int) -> NDArray[np.bool_]:
    """Return in which samples the track sounds, judged by blocks of 100 ms."""
    size = max(sample_rate_hz // 10, 1)
    power = np.square(sound).sum(axis=0, dtype=np.float64)
    n_blocks = max(power.size // size, 1)
    blocks = np.array([part.mean() for part in np.array_split(power, n_blocks)])
    active = blocks >= blocks.mean() * 10.0 ** (-_SOUNDS_BELOW_DB / 10.0)
    lengths = [part.size for part in np.array_split(power, n_blocks)]
    return np.repeat(active, lengths)


def _compressed(compressor: CompressorSettings, sound: Audio, sample_rate_hz: int) -> Audio:
    """Return the sound after the compressor, without its make-up."""
    if not compresses(compressor):
        return sound
    return Compressor(replace(compressor, makeup_db=0.0), sample_rate_hz, len(sound)).process(sound)


# --- reverb --------------------------------------------------------------------------------------------------------


def _within_reverb(
    strip: StripSettings,
    reverb: ReverbSettings,
    played: Audio,
    sample_rate_hz: int,
    role: Role | None,
    bounds: dict[str, str],
) -> tuple[StripSettings, float]:
    if strip.send_db <= SMALLEST_SEND_DB:
        return replace(strip, send_db=SILENCE_DB), -math.inf
    if role in WITHOUT_REVERB:
        bounds["reverb"] = f"no reverb: it would only blur a {role.value}"
        return replace(strip, send_db=SILENCE_DB), -math.inf
    under_lu = LEAD_REVERB_UNDER_LU if role is Role.LEAD_VOCAL else REVERB_UNDER_LU
    reverb_lu = _wet_lu(reverb, panned(played, strip.pan), sample_rate_hz) + strip.send_db
    if reverb_lu < SMALLEST_REVERB_LU:
        return replace(strip, send_db=SILENCE_DB), -math.inf
    excess_lu = reverb_lu + under_lu
    if excess_lu <= 0.0:
        return strip, reverb_lu
    whose = "a lead vocal" if role is Role.LEAD_VOCAL else "the dry track"
    bounds["reverb"] = f"{excess_lu:.1f} dB less than suggested: the reverb stays {under_lu:.0f} LU below {whose}"
    send_db = strip.send_db - excess_lu
    if send_db <= SMALLEST_SEND_DB:
        return replace(strip, send_db=SILENCE_DB), -math.inf
    return replace(strip, send_db=send_db), -under_lu


def _wet_lu(reverb: ReverbSettings, dry: Audio, sample_rate_hz: int) -> float:
    """Return how loud the reverb of a sound is beside it, its tail included, in LU."""
    tail = np.zeros((2, round(_TAIL * reverb.decay_s * sample_rate_hz)), np.float32)
    wet = Reverb(reverb, sample_rate_hz, 2).process(np.concatenate([dry, tail], axis=1))
    before, after = (float(_energy(audio, sample_rate_hz).sum()) for audio in (dry, wet))
    return energy_to_db(after / before) if before > 0.0 else -math.inf


def _lufs(sound: Audio, sample_rate_hz: int) -> float:
    return integrated_lufs(_energy(sound, sample_rate_hz))


def _energy(sound: Audio, sample_rate_hz: int) -> Energy:
    meter = LoudnessMeter(sample_rate_hz, len(sound))
    meter.add(sound)
    return meter.block_energy()
