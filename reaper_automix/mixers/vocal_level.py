"""How loud the lead vocal is to be against everything else, in LU: by rule [1], or as human mixes have it.

``rule``: -0.5 LU, so that the vocal is about 3 LU below the full mix [1] section III-A 1; ``usual``: one number for all
songs, the mean of human mixes; ``roles`` and ``learned``: what the rungs of the balance mixer make of these tracks, the
lead's against the sum of the others'; ``network``: what the network of [1] section III-B hears in the spectra of the
two. All were published or judged as differences of integrated loudness over the whole song.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

from reaper_automix.mixers.balance import offsets_db
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.vocal_network import predicted_gap_lu, usual_gap_lu, vocal_network_is_proven
from reaper_automix.mixers.vocal_sound import Excerpts
from reaper_automix.units import db_to_energy, energy_to_db

RULE_LU = -0.5


@dataclass(frozen=True, slots=True)
class WantedLevel:
    """Where the lead is to be.

    Parameters
    ----------
    gap_lu : float
        So far above everything else.
    source : str
        Who says so, in words.
    """

    gap_lu: float
    source: str


def wanted_level(hearing: Hearing, leads: Collection[str], who: str, excerpts: Callable[[], Excerpts]) -> WantedLevel:
    """Return how loud the lead is to be.

    Parameters
    ----------
    hearing : Hearing
        The session, the scope and the measurements.
    leads : collection of str
        The tracks of the lead vocal.
    who : str
        One of ``settings.VOCAL_LEVELS``; ``auto`` is the network once it is proven, else what is usual.
    excerpts : callable
        Gives the audio of both sides, where it is needed.

    Raises
    ------
    ModelError
        If a model is missing or damaged.
    ValueError
        From the network, if the two never sound together.
    """
    if who == "auto":
        who = "network" if vocal_network_is_proven() else "usual"
    match who:
        case "rule":
            return WantedLevel(RULE_LU, "by the published rule")
        case "usual":
            return WantedLevel(usual_gap_lu(), "the mean of human mixes")
        case "network":
            sides = excerpts()
            gap_lu = predicted_gap_lu(sides.vocal, sides.backing, sides.rate_hz)
            return WantedLevel(gap_lu, "as a network hears it in human mixes")
    offsets = offsets_db(hearing, who)
    ours = math.fsum(db_to_energy(level) for i, level in offsets.items() if i in leads)
    theirs = math.fsum(db_to_energy(level) for i, level in offsets.items() if i not in leads)
    source = "as these roles stand in human mixes" if who == "roles" else "as comparable songs have it"
    return WantedLevel(energy_to_db(ours / theirs), source)
