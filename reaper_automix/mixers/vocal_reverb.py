"""The reverb of a vocal: its time from the tempo, and its loudness under the mix [1] section III-A 4.

RT = -T / 45 + 40 / 9 [1] eq. 1 is 0 s at 200 BPM and negative above, so it is held within the times that were
observed (0.17 to 4.11 s), and within what the plug-in has. As a send the reverb is 14 LU below the full mix; as an
insert it has the published 60 %, as FdnReverb has it, which [1] used: the wet signal at 0.6 beside the dry one.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-A 4.
"""

from __future__ import annotations

import math

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.session import Session
from reaper_automix.units import SILENCE_DB, lin_to_db

OBSERVED_S = (0.17, 4.11)
UNDER_MIX_LU = 14.0
INSERT_WET = 0.6
DEFAULT_BPM = 120.0
"""REAPER's tempo in a project in which nobody set one."""


def decay_s(tempo_bpm: float) -> float:
    """Return the reverb time for a tempo [1] eq. 1, held within what was observed."""
    return min(max(40.0 / 9.0 - tempo_bpm / 45.0, OBSERVED_S[0]), OBSERVED_S[1])


def is_tempo_set(session: Session) -> bool:
    """Tell whether somebody set the project's tempo: 120 BPM without a marker is how every project begins."""
    return bool(session.tempo_map) or session.tempo_bpm != DEFAULT_BPM


def tempo_of(session: Session, heard_bpm: float | None, range_s: tuple[float, float]) -> tuple[float, str]:
    """Return the tempo, and where it is from: the project's map, else by ear, else the usual one.

    Parameters
    ----------
    session : Session
        Its tempo map counts by how long each tempo lasts within the range.
    heard_bpm : float or None
        By ear.
    range_s : tuple of float
        Seconds of the project.
    """
    if is_tempo_set(session):
        return _mean_bpm(session, range_s), "the project's tempo"
    if heard_bpm is not None:
        return heard_bpm, "the tempo by ear, as the project has none of its own"
    return DEFAULT_BPM, "the project's tempo, as no pulse was heard"


def _mean_bpm(session: Session, range_s: tuple[float, float]) -> float:
    start_s, end_s = range_s
    changes = [(0.0, session.tempo_bpm), *((m.time_s, m.bpm) for m in session.tempo_map)]
    total, length = 0.0, 0.0
    for (time_s, bpm), (next_s, _) in zip(changes, [*changes[1:], (math.inf, 0.0)], strict=True):
        lasts_s = min(next_s, end_s) - max(time_s, start_s)
        if lasts_s > 0.0:
            total, length = total + bpm * lasts_s, length + lasts_s
    return total / length if length > 0.0 else session.tempo_bpm


def on_bus(time_s: float) -> ReverbSettings:
    """Return the reverb of a bus: all wet."""
    return ReverbSettings(decay_s=time_s, wet_db=0.0, dry_db=SILENCE_DB)


def inserted(time_s: float) -> ReverbSettings:
    """Return the reverb in the vocal's own chain, wet as published."""
    return ReverbSettings(decay_s=time_s, wet_db=lin_to_db(INSERT_WET), dry_db=0.0)
