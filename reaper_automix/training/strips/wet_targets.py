"""The human's mix of some tracks of a song, with the reverb that its author sent them to.

Of gains and pans ``StripSong`` has one number per track; where a gain moves, the mix of all tracks is kept as the human
had it. A reverb is known of MIDI files alone: controller 91, of which 127 is a send of 20 % [1]_. The room is the usual
one of ``strip_parameters``, since nobody wrote down theirs.

References
----------
.. [1] SoundFont technical specification 2.01, section 8.4.8: MIDI continuous controller 91 to reverb effects send.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.effects.reverb import Reverb
from reaper_automix.mixers.strip_parameters import neutral_reverb_vector, reverb_from
from reaper_automix.training.strips.songs import RATE_HZ, StripSong

Audio = NDArray[np.float32]


def target_of(song: StripSong, place: int, tracks: Sequence[int] | None = None) -> Audio:
    """Return the human's mix of an excerpt, (2, n_samples).

    Parameters
    ----------
    song : StripSong
    place : int
        Which excerpt.
    tracks : sequence of int, optional
        Of these tracks alone, at their mean gains; without it of all, as the gains moved.
    """
    chosen = list(range(len(song.roles))) if tracks is None else list(tracks)
    sides = np.stack([1.0 - np.maximum(song.pans, 0.0), 1.0 + np.minimum(song.pans, 0.0)], axis=1)
    sides *= levels.db_to_lin(song.gains_db)[:, None]
    placed = song.tracks[place, chosen].astype(np.float32) * sides[chosen, :, None].astype(np.float32)
    dry = np.asarray(song.target[place], np.float32) if tracks is None else placed.sum(axis=0)
    sends = levels.db_to_lin(song.sends_db[chosen])
    if not (song.sends_db[chosen] > -150.0).any():
        return dry
    sent = np.einsum("n,ncs->cs", sends.astype(np.float32), placed)
    if tracks is None:
        # The mix of all was brought to one loudness; what the static one lacks to it is the same for the reverb.
        still = placed.sum(axis=0)
        energy = float(np.square(still).sum())
        sent = sent * np.float32(np.sqrt(float(np.square(dry).sum()) / energy) if energy > 0.0 else 1.0)
    return dry + Reverb(reverb_from(neutral_reverb_vector()), RATE_HZ, 2).process(sent)
