from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.audio.panning import UNITY, balance, chain, pan_matrix


@pytest.mark.parametrize(
    ("pan", "law_db", "expected"),
    [
        (0.0, 0.0, (1.0, 1.0)),
        (0.5, 0.0, (0.5, 1.0)),
        (-1.0, 0.0, (1.0, 0.0)),
        (0.0, -6.0, (10**-0.3, 10**-0.3)),
        (1.0, -6.0, (0.0, 1.0)),
        (0.0, -3.0, (10**-0.15, 10**-0.15)),
        (0.0, 3.0, (1.0, 1.0)),
        (-1.0, 3.0, (10**0.15, 0.0)),
    ],
)
def test_balance(pan, law_db, expected):
    assert balance(pan, law_db) == pytest.approx(expected, abs=1e-6)
    drawn = balance(np.array([pan], np.float32), law_db)
    assert [float(side[0]) for side in drawn] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("mode", [0, 3, 5])
def test_full_width_at_the_centre_changes_nothing(mode):
    assert pan_matrix(0.0, mode=mode, law_db=0.0) == UNITY
    assert pan_matrix(-1.0, mode=6, law_db=0.0, pan_right=1.0) == UNITY


def test_width_and_dual_pan():
    assert pan_matrix(0.0, mode=5, law_db=0.0, width=0.0) == (0.5, 0.5, 0.5, 0.5)
    assert pan_matrix(0.0, mode=5, law_db=0.0, width=-1.0) == (0.0, 1.0, 1.0, 0.0)
    assert pan_matrix(1.0, mode=5, law_db=0.0) == (0.0, 0.0, 1.0, 1.0)
    assert pan_matrix(-1.0, mode=6, law_db=0.0, pan_right=0.0) == (1.0, 0.5, 0.0, 0.5)
    moving = pan_matrix(np.array([-1.0, 0.0, 1.0], np.float32), mode=5, law_db=0.0)
    assert [g.tolist() for g in moving] == [[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1]]


def test_a_chain_is_a_matrix_product():
    later, earlier = (0.5, 0.25, 2.0, 1.0), (1.0, 3.0, 0.0, 0.5)
    a, b = np.array(later).reshape(2, 2), np.array(earlier).reshape(2, 2)
    assert np.array(chain(later, earlier)).reshape(2, 2) == pytest.approx(a @ b)
    assert chain(UNITY, earlier) == earlier
