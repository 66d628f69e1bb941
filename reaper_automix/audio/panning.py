"""Where a track lies between the speakers: pan law, balance, stereo pan and dual pan as 2x2 gains.

What is known of REAPER and what is assumed:

* The pan law is the level of both sides at the centre; a hard-panned side is at unity. A law above 0 dB means "gain
  compensation": unity at the centre, and the law's boost at the hard side (known, from REAPER's API text).
* Between centre and hard side the gains are taken as straight lines (0 dB: the balance of a hi-fi amplifier; -6 dB:
  the linear cross-fade). REAPER has a choice of tapers whose formulas are not published.
* Balance (modes 0 and 3) scales left and right. Stereo pan (5) places the left and right input at ``pan -+ width *
  (1 - |pan|)`` and dual pan (6) at ``pan`` and ``pan_right``; from a place ``q`` the left speaker gets ``(1 - q) / 2``
  and the right one ``(1 + q) / 2``, times the law at the mean of both places. At full width and centre they change
  nothing but the law.
"""

from __future__ import annotations

import numpy as np

from reaper_automix.audio.curves import Gain, product, total
from reaper_automix.units import db_to_lin

Matrix = tuple[Gain, Gain, Gain, Gain]
"""Linear gains left to left, right to left, left to right, right to right."""

UNITY: Matrix = (1.0, 0.0, 0.0, 1.0)

STEREO_PAN = 5
DUAL_PAN = 6


def balance(pan: Gain, law_db: float) -> tuple[Gain, Gain]:
    """Return the gains of the left and right side for a pan of -1 (left) to +1 (right).

    Examples
    --------
    >>> balance(0.5, 0.0)
    (0.5, 1.0)
    """
    centre, hard = _centre_and_hard(law_db)
    if isinstance(pan, np.ndarray):
        right_part, left_part = np.maximum(pan, 0), np.maximum(-pan, 0)
        left = centre + (hard - centre) * left_part - centre * right_part
        right = centre + (hard - centre) * right_part - centre * left_part
        return left.astype(np.float32), right.astype(np.float32)
    near = centre + (hard - centre) * abs(pan)
    far = centre * (1.0 - abs(pan))
    return (near, far) if pan < 0 else (far, near)


def pan_matrix(pan: Gain, *, mode: int, law_db: float, width: float = 1.0, pan_right: float = 1.0) -> Matrix:
    """Return the gains from the two channels of a track to the two speakers; see the module for the modes."""
    if mode == STEREO_PAN:
        spread = width * (1.0 - _size(pan))
        return _placed(pan - spread, pan + spread, pan, law_db)
    if mode == DUAL_PAN:
        return _placed(pan, pan_right, (pan + pan_right) / 2.0, law_db)
    left, right = balance(pan, law_db)
    return left, 0.0, 0.0, right


def chain(later: Matrix, earlier: Matrix) -> Matrix:
    """Return the gains of one stage after another."""
    ll, rl, lr, rr = later
    a, b, c, d = earlier
    return (
        total(product(ll, a), product(rl, c)),
        total(product(ll, b), product(rl, d)),
        total(product(lr, a), product(rr, c)),
        total(product(lr, b), product(rr, d)),
    )


def scaled(matrix: Matrix, gain: Gain) -> Matrix:
    """Return a stage with one more gain on both sides."""
    ll, rl, lr, rr = matrix
    return product(ll, gain), product(rl, gain), product(lr, gain), product(rr, gain)


def _centre_and_hard(law_db: float) -> tuple[float, float]:
    return (db_to_lin(law_db), 1.0) if law_db <= 0.0 else (1.0, db_to_lin(law_db))


def _placed(left_at: Gain, right_at: Gain, mean: Gain, law_db: float) -> Matrix:
    centre, hard = _centre_and_hard(law_db)
    law = centre + (hard - centre) * _size(mean)
    shares = ((1.0 - left_at) / 2.0, (1.0 - right_at) / 2.0, (1.0 + left_at) / 2.0, (1.0 + right_at) / 2.0)
    ll, rl, lr, rr = (product(_plain(share), _plain(law)) for share in shares)
    return ll, rl, lr, rr


def _size(value: Gain) -> Gain:
    return np.abs(value) if isinstance(value, np.ndarray) else abs(value)


def _plain(value: Gain) -> Gain:
    return value.astype(np.float32) if isinstance(value, np.ndarray) else float(value)
