"""REAPER's stereo balance: the pan of a track, by the gains of ``audio.panning``."""

from __future__ import annotations

import numpy as np

from reaper_automix.audio.panning import balance
from reaper_automix.effect_settings.parameters import Parameter
from reaper_automix.effects.blocks import Audio

PAN = Parameter("pan", "", -1.0, 1.0, 0.0)


def panned(block: Audio, pan: float, *, law_db: float = 0.0) -> Audio:
    """Return a mono or stereo signal at its place between the speakers.

    Parameters
    ----------
    block : ndarray of float32, shape (1 or 2, n_samples)
        A mono source plays in both channels, as in REAPER.
    pan : float
        -1 (left) to 1 (right).
    law_db : float
        The project's pan law, the level of both sides at the centre; see ``audio.panning``.

    Returns
    -------
    ndarray of float32, shape (2, n_samples)

    Raises
    ------
    PlanError
        If the pan is outside of its range.
    ValueError
        If there are more than two channels.
    """
    if block.ndim != 2 or block.shape[0] not in (1, 2):
        raise ValueError(f"a block of shape {block.shape}, expected (1 or 2, n_samples)")
    return block * np.array(balance(PAN.check(pan), law_db), np.float32)[:, None]
