"""Which knobs the controller of the full task turns, and where each of them stands before it has learned anything."""

from __future__ import annotations

import numpy as np

from reaper_automix.mixers.strip_parameters import COMPRESSOR, EQUALISER, REVERB, SEND, Floats, vector_of

KNOBS = tuple(p.name for p in (*EQUALISER, *COMPRESSOR, SEND))
"""Fader and pan, which come first among its answers, are told apart: faders as differences to their mean."""

MEAN_FADER_DB = -8.0
"""Of the faders of a song: the level of a mix is free, and this is far from both ends of their range."""

_START_RATIO = 1.2
_START_SEND_DB = -36.0
"""Neither is neutral: where a ratio is 1, or a send is off, no other knob of theirs would have a gradient."""


def _logit(entries: Floats) -> Floats:
    return np.asarray(np.log(entries) - np.log1p(-entries))


_VALUES = {p.name: p.default for p in (*EQUALISER, *COMPRESSOR)} | {"ratio": _START_RATIO, SEND.name: _START_SEND_DB}
START = _logit(vector_of(_VALUES, (*EQUALISER, *COMPRESSOR, SEND)))
"""To be added to the answers before the sigmoid, float64 (20,)."""
REVERB_START = _logit(np.clip(vector_of({p.name: p.default for p in REVERB}, REVERB), 0.01, 0.99))
"""The same for the reverb, float64 (4,)."""
