"""What a model of drum microphones is told of each one: itself, what it is, and what stands around it.

A row never depends on the order of the microphones, and there is a row for each however many there are. The others are
summed up by group (kick, snare, hi-hat and ride, toms, overheads, room): the mean and the greatest value of some of
their features. Where no other microphone of a group is there, the summary is NaN, and the model that reads the row
fills in what it saw in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_strokes import STROKE_FEATURES
from reaper_automix.role_vocabulary import DrumMic, Role

Rows = NDArray[np.float32]

GROUPS: tuple[str, ...] = ("kick", "snare", "hihat", "toms", "overheads", "room")
"""The hi-hat's group holds the ride as well: close microphones of cymbals."""

_FIRST_WORDS = {"kick": 0, "snare": 1, "hihat": 2, "ride": 2, "tom": 3, "overhead": 4, "room": 5}
_KINDS = tuple(DrumMic)
_TOM_PLACES = {DrumMic.TOM_RACK: 1.5, DrumMic.TOM_FLOOR: 3.0}
"""Beside the numbers of the others, counted from the highest tom."""
_SUMMED_UP = "mean"
"""The statistic of the other microphones that a row tells, as in ``bark_3_db.mean``."""
_HERE = [name for name in STROKE_FEATURES if " here: " in name]
_FINE = ("bark_", "gfcc_")
"""Features of which the other microphones tell nothing: there are many, and others say the same more shortly."""


def group_of(microphone: DrumMic) -> str:
    """Return which of ``GROUPS`` a microphone belongs to."""
    return GROUPS[_FIRST_WORDS[microphone.value.partition("_")[0]]]


def summed_up(feature_names: Sequence[str]) -> list[int]:
    """Return the features by which a row tells of the other microphones: those of the whole file, and most means."""
    return [index for index, name in enumerate(feature_names) if _is_told(*name.partition("."))]


def _is_told(feature: str, dot: str, statistic: str) -> bool:
    return not dot or (statistic == _SUMMED_UP and not feature.startswith(_FINE))


def row_names(feature_names: Sequence[str]) -> tuple[str, ...]:
    """Return what the columns of ``microphone_rows`` are."""
    told = [feature_names[index] for index in summed_up(feature_names)]
    return (
        *feature_names,
        *STROKE_FEATURES,
        *(f"{name} in the overheads" for name in _HERE),
        *(f"is {kind.value}" for kind in _KINDS),
        *(f"is of {group}" for group in GROUPS),
        "tom place",
        "microphones",
        *(f"others of {group}" for group in GROUPS),
        *(f"{name} above the others" for name in told),
        *(f"{name} {how} of {group}" for group in GROUPS for how in ("mean", "most") for name in told),
    )


def microphone_rows(
    features: NDArray[np.floating],
    strokes: NDArray[np.floating],
    microphones: Sequence[DrumMic],
    feature_names: Sequence[str],
) -> Rows:
    """Return a row for each microphone of a kit.

    Parameters
    ----------
    features : ndarray of float, shape (n_microphones, n_features)
        Of each microphone brought to one loudness.
    strokes : ndarray of float, shape (n_microphones, len(STROKE_FEATURES))
        As ``drum_strokes`` has them.
    microphones : sequence of DrumMic
        What each one is; several may be of one kind.
    feature_names : sequence of str
        Of the columns of ``features``.

    Returns
    -------
    ndarray of float32, shape (n_microphones, len(row_names(feature_names)))
        In the order of the microphones. NaN where there is no other microphone to tell of.

    Raises
    ------
    ValueError
        If the shape does not fit.
    """
    own = np.asarray(features, dtype=np.float32)
    for what, found, n_columns in (("features", own, len(feature_names)), ("strokes", strokes, len(STROKE_FEATURES))):
        if found.shape != (len(microphones), n_columns):
            raise ValueError(f"{what} have shape {found.shape}, expected {(len(microphones), n_columns)}")
    if not microphones:
        return np.zeros((0, len(row_names(feature_names))), np.float32)
    told = own[:, summed_up(feature_names)]
    groups = np.asarray([GROUPS.index(group_of(mic)) for mic in microphones])
    beside = ~np.eye(len(microphones), dtype=bool)
    among = beside[None] & (groups[None, :] == np.arange(len(GROUPS))[:, None])[:, None, :]
    counts = among.sum(axis=2).T.astype(np.float32)
    above = told - _mean_over(told, beside)
    summaries = [how(told, of_group) for of_group in among for how in (_mean_over, _most_over)]
    placed = (_in_overheads(strokes, microphones), _placing(microphones, groups))
    return np.column_stack([own, strokes, *placed, counts, above, *summaries]).astype(np.float32)


def _in_overheads(strokes: NDArray[np.floating], microphones: Sequence[DrumMic]) -> Rows:
    """Return how loud each drum is in the overheads, the same row for each microphone: against it all others stand."""
    pair = [index for index, mic in enumerate(microphones) if mic.role is Role.OVERHEADS]
    columns = [STROKE_FEATURES.index(name) for name in _HERE]
    heard = strokes[np.ix_(pair, columns)].mean(axis=0) if pair else np.full(len(columns), np.nan)
    return np.broadcast_to(heard, (len(microphones), len(columns))).astype(np.float32)


def _placing(microphones: Sequence[DrumMic], groups: NDArray[np.intp]) -> Rows:
    """Return what each microphone is, in numbers."""
    kinds = np.asarray([_KINDS.index(mic) for mic in microphones])
    return np.column_stack(
        [
            kinds[:, None] == np.arange(len(_KINDS)),
            groups[:, None] == np.arange(len(GROUPS)),
            [_tom_place(mic) for mic in microphones],
            np.full(len(microphones), len(microphones)),
        ]
    ).astype(np.float32)


def _tom_place(microphone: DrumMic) -> float:
    if group_of(microphone) != "toms":
        return 0.0
    return _TOM_PLACES.get(microphone) or float(microphone.value.rpartition("_")[2])


def _mean_over(values: Rows, among: NDArray[np.bool_]) -> Rows:
    """Return the mean of the values (n, k) over those that each one is told of (n, n); NaN where there are none."""
    number = among.sum(axis=1, dtype=np.float32)[:, None]
    total = among.astype(np.float32) @ values
    return np.where(number > 0, total / np.maximum(number, 1.0), np.nan).astype(np.float32)


def _most_over(values: Rows, among: NDArray[np.bool_]) -> Rows:
    """Return the greatest value, as ``_mean_over``."""
    most = np.where(among[:, :, None], values[None], -np.inf).max(axis=1)
    return np.where(np.isfinite(most), most, np.nan).astype(np.float32)
