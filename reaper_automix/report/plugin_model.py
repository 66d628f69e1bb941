"""What the page shows of a plug-in that the plan sets: plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reaper_automix.effect_settings.kinds import EffectSettings


@dataclass(frozen=True, slots=True)
class Reduction:
    """How far a compressor turns its track down over an excerpt of it.

    Parameters
    ----------
    start_s : float
        Where the excerpt begins, in seconds of the project.
    step_s : float
        How much time one value stands for.
    depth_db : sequence of float
        The deepest reduction in each step, 0 or more.
    mean_db : float
        The mean over the excerpt while the track sounds.
    """

    start_s: float
    step_s: float
    depth_db: Sequence[float]
    mean_db: float


@dataclass(frozen=True, slots=True)
class Decay:
    """How a reverb fades after one impulse: the energy that is still to come, beside all of it (Schroeder 1965).

    Parameters
    ----------
    step_s : float
        Time from one value to the next; the first is the impulse itself.
    level_db : sequence of float
        Of the whole wet signal, 0 dB and falling.
    bands_db : tuple of (str, sequence of float)
        The same of some bands, where they fade differently.
    rt60_s : float
        Time from the end of the initial delay until 60 dB are gone, by a line through -5 to -35 dB; NaN if it cannot be
        told.
    """

    step_s: float
    level_db: Sequence[float]
    bands_db: tuple[tuple[str, Sequence[float]], ...]
    rt60_s: float


@dataclass(frozen=True, slots=True)
class PluginRow:
    """One plug-in as the plan leaves it.

    Parameters
    ----------
    effect, plugin : str
        What it is ("equaliser") and what plays it ("ReaEQ").
    settings, before : EffectSettings
        What it is set to, and what it was set to; None: it was not there.
    reason : str
    sample_rate_hz : int
        Of the session; an equaliser's response depends on it.
    reduction, decay : Reduction, Decay or None
        Of a compressor and of a reverb, where they were played.
    remark : str
        Why something is not shown.
    is_pictured : bool
        Whether its curves are drawn; in words it is always there.
    """

    effect: str
    plugin: str
    settings: EffectSettings
    before: EffectSettings | None
    reason: str
    sample_rate_hz: int
    reduction: Reduction | None = None
    decay: Decay | None = None
    remark: str = ""
    is_pictured: bool = True

    @property
    def what(self) -> str:
        """What its move is called (``mixplan.move_words``)."""
        return f"{self.effect} ({self.plugin})"
