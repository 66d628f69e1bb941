"""The usual spectrum of each role, and an equaliser on the way to it.

A spectrum is the level of each third of an octave of a track at ``balance_features.REFERENCE_LUFS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.mixers.equaliser_fit import fitted

MOST_BOOST_DB, MOST_CUT_DB = 6.0, 12.0
"""As a strip's."""
N_BANDS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RoleSpectra:
    """Mean third-octave levels by role.

    Parameters
    ----------
    bands_db : mapping of str to ndarray of float64, shape (n_bands,)
        By role; the empty name stands for a role that is not known.
    share : float
        How far an equaliser goes, 0 to 1.
    """

    REACH_DB: ClassVar[float] = 40.0
    """What lies further below the loudest band of a track is left alone."""

    bands_db: Mapping[str, Floats]
    share: float

    def wanted_db(self, role: str, heard_db: Floats) -> Floats:
        """Return what would take a track all the way to its role's spectrum, 0 where it has hardly any energy."""
        usual_db = self.bands_db.get(role, self.bands_db[""])
        counts = heard_db > heard_db.max() - self.REACH_DB
        wanted_db = np.where(counts, usual_db - heard_db, 0.0)
        # The level is the fader's: what counts is the shape.
        return np.where(counts, wanted_db - np.median(wanted_db[counts]), 0.0)


def equaliser_towards(spectra: RoleSpectra, role: str, heard_db: Floats, sample_rate_hz: int) -> EqualiserSettings:
    """Return bands that take a track part of the way to the usual spectrum of its role.

    Parameters
    ----------
    spectra : RoleSpectra
    role : str
        Empty where it is not known.
    heard_db : ndarray of float64, shape (n_bands,)
        ``third_octaves_db`` of the track.
    sample_rate_hz : int
        Of the session.
    """
    curve_db = spectra.share * spectra.wanted_db(role, heard_db)
    weights = (heard_db > heard_db.max() - spectra.REACH_DB).astype(np.float64)
    return fitted(
        curve_db,
        np.array(CENTRES_HZ),
        sample_rate_hz,
        n_bands=N_BANDS,
        most_boost_db=MOST_BOOST_DB,
        most_cut_db=MOST_CUT_DB,
        weights=weights,
    )
