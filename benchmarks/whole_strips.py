"""The command line with a strips mixer that gives every track a whole strip: the most that a plan has to play."""

from __future__ import annotations

import sys

import numpy as np

from reaper_automix import cli
from reaper_automix.mixers import strips
from reaper_automix.mixers.strip_excerpts import Heard
from reaper_automix.mixers.strip_parameters import N_STRIP, neutral_reverb_vector, reverb_from, settings_from
from reaper_automix.mixers.strip_suggestions import Suggestion


def _whole(heard: Heard, _roles: object, source: str = "auto") -> Suggestion:
    """Suggest a whole strip for every track, whoever it is."""
    vectors = [np.random.default_rng(number).uniform(0.25, 0.75, N_STRIP) for number in range(len(heard.sounds))]
    reverb = reverb_from(neutral_reverb_vector())
    return Suggestion(tuple(settings_from(vector) for vector in vectors), reverb, f"made up, not {source}")


if __name__ == "__main__":
    strips.suggested = _whole
    sys.exit(cli.main())
