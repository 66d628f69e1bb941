from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.analysis.third_octaves import CENTRES_HZ, N_BANDS
from reaper_automix.effects.equaliser import response_db
from reaper_automix.training.strips.role_spectra import MOST_BOOST_DB, MOST_CUT_DB, RoleSpectra, equaliser_towards

USUAL_DB = -20.0 - 2.0 * np.abs(np.arange(N_BANDS) - 10.0) / 3.0
AT_HZ = np.array(CENTRES_HZ)


def spectra(share: float) -> RoleSpectra:
    return RoleSpectra({"bass": USUAL_DB, "": np.full(N_BANDS, -20.0)}, share)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_dull_track_is_taken_so_far_towards_the_usual_spectrum(share: float) -> None:
    dull_db = USUAL_DB - np.maximum(np.log2(AT_HZ / 1_000.0), 0.0)
    settings = equaliser_towards(spectra(share), "bass", dull_db, 48_000)
    heard = (AT_HZ >= 100.0) & (AT_HZ <= 10_000.0)
    wanted_db = share * spectra(share).wanted_db("bass", dull_db)
    assert np.abs(response_db(settings, AT_HZ, 48_000) - wanted_db)[heard].max() < 0.7
    assert max(band.gain_db for band in settings.bands) <= MOST_BOOST_DB


def test_a_track_with_the_usual_spectrum_is_left_alone_however_loud() -> None:
    assert equaliser_towards(spectra(1.0), "bass", USUAL_DB + 9.0, 44_100).bands == ()


def test_nothing_is_boosted_where_there_is_nothing() -> None:
    narrow_db = np.where(AT_HZ < 500.0, USUAL_DB, -120.0)
    wanted_db = spectra(1.0).wanted_db("bass", narrow_db)
    assert not wanted_db[AT_HZ >= 500.0].any()


def test_an_unknown_role_goes_towards_the_spectrum_of_all() -> None:
    one, other = (spectra(1.0).wanted_db(role, USUAL_DB) for role in ("kazoo", ""))
    np.testing.assert_array_equal(one, other)
    assert MOST_CUT_DB > MOST_BOOST_DB
