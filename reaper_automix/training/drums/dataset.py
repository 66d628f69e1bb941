"""Recordings of a drum kit as numbers, with what several engineers made of them; kept as one file of arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.analysis.drum_strokes import of_fewer
from reaper_automix.errors import CorpusError
from reaper_automix.files import whole_file
from reaper_automix.role_vocabulary import DrumMic

Floats = NDArray[np.float64]

FORMAT = "reaper_automix.drum_sessions/2"

EIGHT = (
    DrumMic.KICK_IN,
    DrumMic.SNARE_TOP,
    DrumMic.HIHAT,
    DrumMic.TOM_1,
    DrumMic.TOM_2,
    DrumMic.TOM_3,
    DrumMic.OVERHEAD_LEFT,
    DrumMic.OVERHEAD_RIGHT,
)
"""The eight microphones of the published fixed vector, in its order."""


@dataclass(frozen=True, slots=True, eq=False)
class DrumSession:
    """One recording of a kit by some of its microphones.

    Parameters
    ----------
    name : str
        Unique: performance and variation.
    performance : str
        What is played; sessions of one performance belong to one side of a split.
    hits : str
        ``a`` or ``b``: which half of the recorded hits plays. No hit is in both.
    style : str
        The kind of music, which engineers know and no model is told.
    microphones : tuple of DrumMic
        What stands where; two of one kind (both kick drums) may occur.
    features : ndarray of float32, shape (n_microphones, n_features)
        Of each microphone's audio brought to one loudness, so that the gain of a preamplifier is not seen.
    strokes : ndarray of float32, shape (n_microphones, len(STROKE_FEATURES))
        What is heard of the strokes of each drum (``analysis.drum_strokes``).
    loudness_lufs : ndarray of float64, shape (n_microphones,)
        Of each microphone as recorded.
    own_parts_db : ndarray of float64, shape (n_microphones,)
        What is left of each once the kit is separated into its drums (``separation``).
    gains_db : mapping of str to ndarray of float64, shape (n_microphones,)
        Per engineer: the level at which each microphone, brought to one loudness, is in the mix. The energies of all
        add up to 1: only the balance counts.
    meant_db : mapping of str to ndarray
        The same without the engineer's noise: the ceiling of what can be learned.
    """

    name: str
    performance: str
    hits: str
    style: str
    microphones: tuple[DrumMic, ...]
    features: NDArray[np.float32]
    strokes: NDArray[np.float32]
    loudness_lufs: Floats
    own_parts_db: Floats
    gains_db: Mapping[str, Floats]
    meant_db: Mapping[str, Floats]

    def with_microphones(self, kept: Sequence[int]) -> DrumSession:
        """Return the session with these microphones only, in this order; the balance is that of those that are left."""
        index = list(kept)
        return replace(
            self,
            microphones=tuple(self.microphones[i] for i in index),
            features=self.features[index],
            strokes=of_fewer(self.strokes, self.microphones, index),
            loudness_lufs=self.loudness_lufs[index],
            own_parts_db=self.own_parts_db[index],
            gains_db={name: balanced_db(gains[index]) for name, gains in self.gains_db.items()},
            meant_db={name: balanced_db(gains[index]) for name, gains in self.meant_db.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class DrumSet:
    """Sessions with the names of their features, and how they were made (plain JSON)."""

    sessions: tuple[DrumSession, ...]
    feature_names: tuple[str, ...]
    made: Mapping[str, Any]

    @property
    def engineers(self) -> tuple[str, ...]:
        """Who mixed all of them."""
        return tuple(self.sessions[0].gains_db) if self.sessions else ()


def save_set(drums: DrumSet, path: Path) -> None:
    """Write sessions to an ``.npz`` file, whole or not at all."""
    told = [
        {
            "name": s.name,
            "performance": s.performance,
            "hits": s.hits,
            "style": s.style,
            "microphones": [mic.value for mic in s.microphones],
        }
        for s in drums.sessions
    ]
    head = {"format": FORMAT, "sessions": told, "features": list(drums.feature_names), "made": dict(drums.made)}
    engineers = list(drums.engineers)
    arrays = {
        "features": np.concatenate([s.features for s in drums.sessions]),
        "strokes": np.concatenate([s.strokes for s in drums.sessions]),
        "loudness_lufs": np.concatenate([s.loudness_lufs for s in drums.sessions]),
        "own_parts_db": np.concatenate([s.own_parts_db for s in drums.sessions]),
        "gains_db": np.concatenate([np.column_stack([s.gains_db[e] for e in engineers]) for s in drums.sessions]),
        "meant_db": np.concatenate([np.column_stack([s.meant_db[e] for e in engineers]) for s in drums.sessions]),
    }
    text = json.dumps(head | {"engineers": engineers})
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, head=np.array(text), **arrays)


def load_set(path: Path) -> DrumSet:
    """Read what ``save_set`` wrote.

    Raises
    ------
    CorpusError
        If the file is missing, damaged or of another format.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        head = json.loads(str(arrays.pop("head")))
    except (OSError, ValueError, KeyError) as error:
        raise CorpusError(f"{path}: no drum sessions can be read from it ({error}). Build it again.") from None
    if head.get("format") != FORMAT:
        raise CorpusError(f"{path}: expected format {FORMAT!r}, found {head.get('format')!r}. Build it again.")
    sessions, at = [], 0
    for told in head["sessions"]:
        part = slice(at, at := at + len(told["microphones"]))
        sessions.append(
            DrumSession(
                name=told["name"],
                performance=told["performance"],
                hits=told["hits"],
                style=told["style"],
                microphones=tuple(DrumMic(word) for word in told["microphones"]),
                features=arrays["features"][part],
                strokes=arrays["strokes"][part],
                loudness_lufs=arrays["loudness_lufs"][part],
                own_parts_db=arrays["own_parts_db"][part],
                gains_db={e: arrays["gains_db"][part, i] for i, e in enumerate(head["engineers"])},
                meant_db={e: arrays["meant_db"][part, i] for i, e in enumerate(head["engineers"])},
            )
        )
    return DrumSet(tuple(sessions), tuple(head["features"]), head["made"])
