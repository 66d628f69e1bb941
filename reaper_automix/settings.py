"""What a user can ask of any mixer. Stdlib only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

FADER_TOP_DB = 12.0
"""The top of REAPER's fader as installed; no move goes above it."""

ENVELOPE_TOP_DB = 6.0
"""The top of REAPER's volume envelopes as installed; a preference raises it, but a plan cannot know."""

BALANCES = ("auto", "equal", "roles", "learned")
"""The rungs of the balance mixer, and what takes the best that is proven."""

RIDERS = ("auto", "lds", "rule")
"""Who rides in the rides mixer, and what takes the one that is proven."""

VOCAL_LEVELS = ("auto", "rule", "usual", "roles", "learned", "network")
"""Who says how loud the lead is in the vocal mixer, and what takes who is nearest to humans."""

VOCAL_STEPS = ("level", "compressor", "equaliser", "reverb")
"""What the vocal mixer does, in its order."""

VOCAL_REVERBS = ("send", "insert")
"""Where the vocal's reverb is: on one bus for all, or in its own chain."""

STRIP_SOURCES = ("auto", "usual", "learned")
"""Who suggests channel strips in the strips mixer, and what takes the one that is proven."""

STRIP_STEPS = ("level", "pan", "equaliser", "compressor", "reverb")
"""What the strips mixer does."""

RIDE_ENVELOPES = {"volume": "Volume", "trim": "Trim Volume"}
"""Where rides go: the word of options and preferences, and REAPER's name of the envelope."""


@dataclass(frozen=True, slots=True)
class MixSettings:
    """Settings of a run.

    Parameters
    ----------
    strength_percent : float
        0 changes nothing, 100 is the mixer's answer; between them levels move in dB.
    all_on_envelope : bool
        Put the level on the envelope as well, and leave the faders where they are.
    max_error_db : float
        How far a thinned envelope may be from the mixer's curve.
    ride_envelope : str
        Where rides go: ``Volume``, or ``Trim Volume`` for engineers who keep the former to themselves.
    balance : str
        The rung of the balance mixer, one of ``BALANCES``.
    rider : str
        Who rides in the rides mixer, one of ``RIDERS``.
    ride_range_db : float
        The furthest that a ride goes up or down.
    sets_pans, flips_polarity : bool
        Whether a mixer that hears where things are may pan tracks that stand in the middle, and may invert polarities.
    vocal_level : str
        Who says how loud the lead vocal is, one of ``VOCAL_LEVELS``.
    vocal_while_sung : bool
        Measure that only while somebody sings, instead of over the whole song.
    vocal_steps : tuple of str
        What is done to it, of ``VOCAL_STEPS``.
    vocal_reverb : str
        One of ``VOCAL_REVERBS``.
    strip_source : str
        Who suggests channel strips, one of ``STRIP_SOURCES``.
    strip_steps : tuple of str
        What of them is done, of ``STRIP_STEPS``.
    tone_take : bool
        Render what the tone mixer's network plays as a new take of each item, in place of its equaliser.
    plugins : str
        Whose plug-ins are used: ``stock`` for REAPER's own, ``iem`` for the IEM suite where it fits.
    """

    strength_percent: float = 100.0
    all_on_envelope: bool = False
    max_error_db: float = 0.5
    ride_envelope: str = "Volume"
    balance: str = "auto"
    rider: str = "auto"
    ride_range_db: float = 5.0
    sets_pans: bool = True
    flips_polarity: bool = True
    vocal_level: str = "auto"
    vocal_while_sung: bool = False
    vocal_steps: tuple[str, ...] = VOCAL_STEPS
    vocal_reverb: str = "send"
    strip_source: str = "auto"
    strip_steps: tuple[str, ...] = STRIP_STEPS
    tone_take: bool = False
    plugins: str = "stock"

    def to_data(self) -> dict[str, Any]:
        """Return the settings for the plan, a unit in every key."""
        return asdict(self) | {"vocal_steps": list(self.vocal_steps), "strip_steps": list(self.strip_steps)}
