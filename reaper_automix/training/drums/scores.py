"""How near balances are to an engineer's: R^2 per microphone and its mean, as published [1] eq. 5, and errors in dB.

References
----------
.. [1] D. Moffat, M. Sandler, Machine learning multitrack gain mixing of drums, AES 147, 2019, section 5.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from reaper_automix.errors import CorpusError
from reaper_automix.training.drums.dataset import DrumSession, Floats

FEWEST_VALUES = 5
"""Sessions that a microphone has to be in for its variance to mean anything."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one set of balances.

    Parameters
    ----------
    r2, r2_db : float
        Mean over the microphones, each counted the same, of linear amplitudes as published, and of dB.
    error_db : float
        Mean absolute error over all levels.
    per_microphone : dict of str to (float, float, float)
        R^2, R^2 in dB and error in dB of each.
    """

    r2: float
    r2_db: float
    error_db: float
    per_microphone: dict[str, tuple[float, float, float]]

    def as_json(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


def score(sessions: Sequence[DrumSession], wanted_db: Sequence[Floats], said_db: Sequence[Floats]) -> Scores:
    """Score balances of microphones that are all brought to one loudness.

    Parameters
    ----------
    sessions : sequence of DrumSession
        A microphone counts in the sessions that have it; kinds in fewer than ``FEWEST_VALUES`` do not count.
    wanted_db, said_db : sequence of ndarray
        Levels of each session's microphones, energies adding up to 1.

    Raises
    ------
    CorpusError
        If no microphone is in enough sessions.
    """
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for session, wanted, said in zip(sessions, wanted_db, said_db, strict=True):
        for mic, a, b in zip(session.microphones, wanted, said, strict=True):
            pairs[mic.value].append((float(a), float(b)))
    rows = {mic: _row(np.asarray(own)) for mic, own in sorted(pairs.items()) if len(own) >= FEWEST_VALUES}
    if not rows:
        raise CorpusError(
            f"No microphone is in {FEWEST_VALUES} of {len(sessions)} sessions that are judged on. Build more of them."
        )
    means = np.mean([row[:2] for row in rows.values()], axis=0)
    every = np.asarray([pair for own in pairs.values() for pair in own])
    return Scores(float(means[0]), float(means[1]), float(np.abs(every[:, 0] - every[:, 1]).mean()), rows)


def _row(pairs: Floats) -> tuple[float, float, float]:
    wanted, said = pairs.T
    return (
        r_squared(10.0 ** (wanted / 20.0), 10.0 ** (said / 20.0)),
        r_squared(wanted, said),
        float(np.abs(wanted - said).mean()),
    )


def r_squared(wanted: Floats, said: Floats) -> float:
    """Return 1 minus the squared error over the squared deviation from the mean [1] eq. 5."""
    deviation = float(np.square(wanted - wanted.mean()).sum())
    error = float(np.square(wanted - said).sum())
    return 1.0 - error / deviation if deviation > 0.0 else float(error == 0.0)


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation."""
    return float(np.mean(values)), float(np.std(values))


def over(table: dict[tuple[str, str], float], of: Callable[[tuple[str, str]], str]) -> list[float]:
    """Return the means of a table by one part of its keys."""
    parts: dict[str, list[float]] = defaultdict(list)
    for key, value in table.items():
        parts[of(key)].append(value)
    return [float(np.mean(own)) for own in parts.values()]
