"""FdnReverb of the IEM suite: our reverb's settings as its knobs and back.

Measured on version 1.2.4 (Debian 1.14.0) at 48 kHz, with impulses into its inputs 1 and 2 (``tests/plugins/judges``):

- Each output is its own input, always at 0 dB, plus dry/wet times one line of the network. Dry/wet is the gain of the
  wet signal, linear from 0 to 1; it does not lower the dry one. So the outputs 1 and 2 cannot be without the dry
  signal, and their wet signal is 13 dB lower than here, thin, and 1 to 5 dB louder left than right. The outputs from 3
  on hold nothing but wet signal: ``output_pins`` names 30 of them for either side, balanced and as dense as a room.
- The reverberation time is what its knob says, once the dry signal is left out and the shelves are flat. RT60
  (Schroeder integration, a line through -5 to -35 dB, all frequencies) for 0.3, 0.5, 1, 2, 3, 4 s: 0.298, 0.501, 1.003,
  2.020, 3.036, 4.045 s; 0.143 s for 0.1 s. The room is fixed at size 5 with 64 lines: the densest that reaches 0.3 s.
  Its steps are 0.1 s.
- The highs' gain, in dB per second, is added to the decay above a shelf. Ours stands at 8 kHz with a quality of 0.7,
  and a dampening of 1 is -60 dB/s: the octaves up to 1 kHz keep their time within 3 %, and the RT60 over all
  frequencies, of which white noise has most above 8 kHz, stays within 13 % (0.897 s for 1 s at a dampening of 0.5).

A wet level of 0 dB is a dry/wet of 1 at these outputs: white noise then comes out 2.5, 3.8, 5.9, 8.4, 10.0, 11.1 dB
louder than it went in, at the decays above and without dampening: within 4 dB of our model of ReaVerbate.
"""

from __future__ import annotations

from collections.abc import Mapping

from reaper_automix.effect_settings.reverb import (
    DAMPENING,
    DECAY,
    HIGHPASS,
    INITIAL_DELAY,
    LOWPASS,
    WIDTH,
    ReverbSettings,
)
from reaper_automix.plugins.juce import Choice, Slider
from reaper_automix.plugins.knobs import Knob
from reaper_automix.plugins.limits import within
from reaper_automix.units import SILENCE_DB, db_to_lin, lin_to_db

NAME = "FdnReverb"
EFFECT = "reverb"
SUITE = "iem"
LISTED = "VST: FdnReverb (IEM) (64ch)"

HIGHS_HZ = 8_000.0
HIGHS_Q = 0.7
HIGHS_DB_PER_S = 60.0
"""What a dampening of 1 takes from the high frequencies, beyond the decay of the middle ones."""
ROOM_SIZE = 5.0
N_CHANNELS = 64

_DECAY = Slider("Reverberation Time", "s", 0.1, 9.0, 0.1, 1)
_HIGHS_GAIN = Slider("Highs Gain", "dB/s", -80.0, 4.0, 0.1, 1)
_WET = Slider("Dry/Wet", "", 0.0, 1.0, 0.01, 2)
_LINES = Choice("Fdn Size (internal)", ("16", "32", "64"))
_FIXED = (
    (Slider("Room Size", "", 1.0, 30.0, 1.0, 0), ROOM_SIZE),
    (Slider("Lows Cutoff Frequency", "Hz", 20.0, 20_000.0, 1.0, 0, 0.2), 100.0),
    (Slider("Lows Q Factor", "", 0.01, 0.9, 0.01, 2), 0.5),
    (Slider("Lows Gain", "dB/s", -80.0, 6.0, 0.1, 1), 0.0),
    (Slider("Highs Cutoff Frequency", "Hz", 20.0, 20_000.0, 1.0, 0, 0.2), HIGHS_HZ),
    (Slider("Highs Q Factor", "", 0.01, 0.9, 0.01, 2), HIGHS_Q),
    (Slider("Fade-in Time", "s", 0.0, 9.0, 0.01, 2), 0.0),
)
_WORTH_SAYING = 0.03
"""A decay moved by less, to the next step of the knob, is not mentioned."""


def playable(settings: ReverbSettings, *, sample_rate_hz: int = 48_000) -> tuple[ReverbSettings, tuple[str, ...]]:
    """Return the nearest settings that FdnReverb can hold, and what was changed.

    A dry signal is at 0 dB or not there at all (by ``output_pins``): where it is to be at another level, that of the
    wet one is moved with it, so that their balance stays.
    """
    del sample_rate_hz
    said: list[str] = []
    dry_db = settings.dry_db
    wet_db = settings.wet_db
    if SILENCE_DB < dry_db != 0.0:
        said.append(f"{NAME}: the dry signal was to be at {dry_db:g} dB; the plug-in has it at 0 dB.")
        wet_db = max(wet_db - dry_db, SILENCE_DB)
        dry_db = 0.0
    beside = "" if wet_db == settings.wet_db else " beside it"
    wet_db = within(wet_db, SILENCE_DB, 0.0, f"{NAME}: the wet signal{beside}", "dB", said)
    wet_db = lin_to_db(_WET.nearest(db_to_lin(wet_db)))
    decay_s = _DECAY.nearest(within(settings.decay_s, _DECAY.low, _DECAY.high, f"{NAME}: decay", "s", said))
    if abs(decay_s / settings.decay_s - 1.0) > _WORTH_SAYING and _DECAY.low <= settings.decay_s <= _DECAY.high:
        said.append(f"{NAME}: decay was to be {settings.decay_s:g} s; the nearest step is {decay_s:g} s.")
    dampening = -_HIGHS_GAIN.nearest(-HIGHS_DB_PER_S * settings.dampening) / HIGHS_DB_PER_S
    said += _without_knob(settings)
    return ReverbSettings(wet_db=wet_db, dry_db=dry_db, decay_s=decay_s, dampening=dampening), tuple(said)


def split(settings: ReverbSettings) -> tuple[ReverbSettings, ...]:
    """Return the one instance that is needed."""
    return (settings,)


def knobs(settings: ReverbSettings, *, sample_rate_hz: int = 48_000) -> tuple[Knob, ...]:
    """Return where the knobs shall stand for settings that are ``playable``, the same at any sample rate."""
    del sample_rate_hz
    return (
        *(slider.knob(value) for slider, value in _FIXED),
        _DECAY.knob(settings.decay_s),
        _HIGHS_GAIN.knob(-HIGHS_DB_PER_S * settings.dampening),
        _WET.knob(db_to_lin(settings.wet_db)),
        _LINES.knob(str(N_CHANNELS)),
    )


def settings_from(values: Mapping[str, float], *, sample_rate_hz: int = 48_000, is_dry: bool = False) -> ReverbSettings:
    """Return settings from the positions (0 to 1) of the knobs by their names.

    Parameters
    ----------
    values : mapping of str to float
        Rooms, lows, cut-offs and the fade-in have no counterpart here and are passed over.
    is_dry : bool
        Whether the outputs 1 and 2, which hold the dry signal, are connected: no knob says so.

    Raises
    ------
    PlanError
        If a knob is missing.
    """
    del sample_rate_hz
    return ReverbSettings(
        wet_db=lin_to_db(_WET.value(values)),
        dry_db=0.0 if is_dry else SILENCE_DB,
        decay_s=DECAY.clamp(_DECAY.value(values)),
        dampening=DAMPENING.clamp(max(-_HIGHS_GAIN.value(values), 0.0) / HIGHS_DB_PER_S),
    )


def output_pins(settings: ReverbSettings) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the outputs, counted from 1, that go to the left and to the right: 30 of wet signal each, and 1 and 2
    where a dry one shall be heard. The inputs are 1 and 2.
    """
    pairs = [(first, first + 1) for first in range(3, 63, 2)]
    left = tuple(pin for pair in pairs[::2] for pin in pair)
    right = tuple(pin for pair in pairs[1::2] for pin in pair)
    return (left, right) if settings.dry_db <= SILENCE_DB else ((1, *left), (2, *right))


def output_channels(settings: ReverbSettings) -> dict[int, int]:
    """Return the channels (as bits) for each output pin, counted from 0."""
    left, right = output_pins(settings)
    return {pin - 1: (pin in left) + 2 * (pin in right) for pin in range(1, N_CHANNELS + 1)}


def _without_knob(settings: ReverbSettings) -> list[str]:
    said = []
    for parameter, off, what in (
        (INITIAL_DELAY, 0.0, "an initial delay"),
        (WIDTH, 1.0, "the width"),
        (LOWPASS, LOWPASS.high, "a low pass"),
        (HIGHPASS, HIGHPASS.low, "a high pass"),
    ):
        value = getattr(settings, parameter.name)
        if value != off:
            unit = f" {parameter.unit}" if parameter.unit else ""
            said.append(f"{NAME}: there is no knob for {what} ({value:g}{unit} was asked for).")
    return said
