"""How far a mix is from the human's: the stereo loss after both are equally loud, in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reaper_automix.mixers.strip_controller import Strips
from reaper_automix.training.strips.baselines import Answer
from reaper_automix.training.strips.controller import mixed
from reaper_automix.training.strips.features import loudness_of
from reaper_automix.training.strips.songs import RATE_HZ, StripSong
from reaper_automix.training.strips.stereo_loss import multi_resolution_loss
from reaper_automix.units import db_to_lin

JUDGED_EXCERPTS = 2
"""Of a song, the first ones: more of them sound alike, and each takes a second for all mixes."""

Mixes = NDArray[np.float32]
Score = dict[str, float | None]


def score(song: StripSong, answers: Sequence[Answer]) -> Score:
    """Return the loss of a mix: ``sum`` of the sides, their ``difference``, and ``stereo``, both together.

    Parameters
    ----------
    song : StripSong
    answers : sequence of Answer
        Several draws are averaged.

    Returns
    -------
    dict
        Of a song whose target is mono, or whose pans are not known, ``difference`` and ``stereo`` are None.
    """
    return score_mixes([mix_of(song, answer) for answer in answers], _target(song), is_stereo=song.is_stereo)


def score_mixes(draws: Sequence[Mixes], target: Mixes, *, is_stereo: bool) -> Score:
    """Return the loss of mixes against a target, all (n_excerpts, 2, n_samples), at its loudness; see ``score``."""
    parts = np.array([_losses(as_loud(mixes, target), target, is_stereo=is_stereo) for mixes in draws]).mean(axis=0)
    if not is_stereo:
        return {"sum": float(parts[0]), "difference": None, "stereo": None}
    return {"sum": float(parts[0]), "difference": float(parts[1]), "stereo": float(parts.sum())}


def as_loud(mixes: Mixes, target: Mixes) -> Mixes:
    """Return mixes at the loudness of a target; silent ones as they are."""
    off_db = loudness_of(target, RATE_HZ) - loudness_of(mixes, RATE_HZ)
    return np.asarray(mixes * np.float32(db_to_lin(off_db) if np.isfinite(off_db) else 1.0))


def mix_of(song: StripSong, answer: Answer) -> Mixes:
    """Return the judged excerpts of a mix, (n_excerpts, 2, n_samples)."""
    gains_db, pans = (_tensor(values) for values in (answer.strips.gains_db, answer.strips.pans))
    excerpts = song.tracks[:JUDGED_EXCERPTS]
    mixes = np.stack([mixed(_tensor(tracks), gains_db, pans).numpy() for tracks in excerpts])
    if answer.is_mono:
        mixes = np.repeat(mixes.mean(axis=1, keepdims=True), 2, axis=1)
    return np.asarray(mixes, np.float32)


def answer_of(strips: Strips) -> list[Answer]:
    """Return one mix as a list of draws."""
    return [Answer(strips)]


def _losses(mixes: Mixes, target: Mixes, *, is_stereo: bool) -> tuple[float, float]:
    """Return the loss of the sum and of the difference of the sides, mean over excerpts; 0 where it says nothing."""
    both = multi_resolution_loss(_tensor(mixes.sum(axis=1)), _tensor(target.sum(axis=1)))
    if not is_stereo:
        return float(both.mean()), 0.0
    between = multi_resolution_loss(_tensor(mixes[:, 0] - mixes[:, 1]), _tensor(target[:, 0] - target[:, 1]))
    return float(both.mean()), float(between.mean())


def _target(song: StripSong) -> Mixes:
    return np.asarray(song.target[:JUDGED_EXCERPTS], np.float32)


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
