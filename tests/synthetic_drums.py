"""Sessions of a drum kit that are made up: hidden facts of a recording decide features and levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.analysis.drum_strokes import STROKE_FEATURES
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.drums.dataset import EIGHT, DrumSession, DrumSet

MORE = (DrumMic.KICK_IN, DrumMic.SNARE_BOTTOM, DrumMic.RIDE, DrumMic.ROOM)
FEATURE_NAMES = ("level_db.mean", "level_db.max", "tone_db.mean", "tone_db.var", "bark_1_db.mean", "hits_per_s", "none")
USUAL_DB = {"kick": -6.0, "snare": -5.0, "hihat": -18.0, "ride": -20.0, "tom": -12.0, "overhead": -8.0, "room": -14.0}


def drum_set(
    *,
    performances: int = 12,
    engineers: Sequence[str] = ("ann", "bob"),
    noise_db: float = 0.5,
    extra: bool = True,
    missing: bool = True,
    seed: int = 0,
) -> DrumSet:
    """Sessions whose levels follow two features of each microphone, its kind, and the room's first feature."""
    rng = np.random.default_rng(seed)
    sessions = []
    for number in range(performances):
        for half in ("a", "b"):
            kinds = list(EIGHT) + list(MORE) * (extra and number % 3 == 0)
            if missing and number % 5 == 4:
                kinds = [kind for kind in kinds if kind not in (DrumMic.TOM_1, DrumMic.HIHAT)]
            sessions.append(session(f"groove {number}", half, kinds, engineers, noise_db, rng))
    return DrumSet(tuple(sessions), FEATURE_NAMES, {"seed": seed})


def session(
    performance: str,
    half: str,
    kinds: Sequence[DrumMic],
    engineers: Sequence[str],
    noise_db: float,
    rng: np.random.Generator,
) -> DrumSession:
    n = len(kinds)
    features = rng.normal(size=(n, len(FEATURE_NAMES))).astype(np.float32)
    features[:, -1] = 3.0
    usual = np.asarray([USUAL_DB[kind.value.partition("_")[0]] for kind in kinds])
    level = usual + 3.0 * features[:, 0] - 2.0 * np.maximum(features[:, 2], 0.0)
    meant = {
        name: balanced_db(level + index * np.asarray([kind in (DrumMic.KICK_IN,) for kind in kinds]))
        for index, name in enumerate(engineers)
    }
    return DrumSession(
        name=f"{performance} {half}",
        performance=performance,
        hits=half,
        style="rock",
        microphones=tuple(kinds),
        features=features,
        strokes=np.full((n, len(STROKE_FEATURES)), np.nan, np.float32),
        loudness_lufs=-20.0 + rng.normal(scale=6.0, size=n),
        own_parts_db=-np.arange(n, dtype=np.float64),
        gains_db={name: balanced_db(own + rng.normal(scale=noise_db, size=n)) for name, own in meant.items()},
        meant_db=meant,
    )
