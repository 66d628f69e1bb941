"""What a mixer hears: the tracks in scope as they arrive at the master, and who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import ABSOLUTE_GATE_LUFS, BLOCK_S, integrated_lufs, loudness_range_lu
from reaper_automix.analysis.measurement import Measurement
from reaper_automix.analysis.roles import Role
from reaper_automix.audio.console import HeardGain
from reaper_automix.role_vocabulary import TrackRole
from reaper_automix.scope import Scope
from reaper_automix.session import Session

SILENT_LUFS = ABSOLUTE_GATE_LUFS
"""Tracks at or below the absolute gate of BS.1770 count as silent and are left as they are."""


@dataclass(frozen=True)
class Hearing:
    """A session as a mixer hears it.

    Parameters
    ----------
    session : Session
        The session as the engineer left it.
    scope : Scope
        The tracks and the time to mix.
    measurements : mapping of track id to Measurement
        What each track sounds like before its fader: those in scope, and the others that belong to the balance.
    roles : mapping of track id to Role
        Who is who, where it is known.
    found : mapping of track id to TrackRole
        The same with how it is known, unknown tracks included.
    """

    session: Session
    scope: Scope
    measurements: Mapping[str, Measurement]
    roles: Mapping[str, Role]
    found: Mapping[str, TrackRole] = field(default_factory=dict)

    @cached_property
    def _gains(self) -> HeardGain:
        return HeardGain(self.session)

    def block_times_s(self, track_id: str) -> NDArray[np.float64]:
        """Return the middle of each 100 ms block of a track's measurement, float64 (n_blocks,), project seconds."""
        measurement = self.measurements[track_id]
        n_blocks = measurement.block_energy.shape[1]
        return measurement.start_s + (np.arange(n_blocks, dtype=np.float64) + 0.5) * np.float64(BLOCK_S)

    def gain_lin(self, track_id: str) -> NDArray[np.float64]:
        """Return the linear gain left and right from the track's audio to the master, (2, n_blocks)."""
        return self._gains.at(track_id, self.block_times_s(track_id))

    def loudness_lufs(self, track_id: str) -> float:
        """Return a track's gated loudness as heard at the master."""
        energy = self.measurements[track_id].block_energy
        return integrated_lufs(energy, self.gain_lin(track_id))

    def range_lu(self, track_id: str) -> float:
        """Return a track's loudness range as heard at the master."""
        return loudness_range_lu(self.measurements[track_id].block_energy, self.gain_lin(track_id))
