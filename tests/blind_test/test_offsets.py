from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.blind_test.offsets import COMPARED_S, later_s, middle

RATE_HZ = 8000


def strokes(seed: int) -> NDArray[np.float32]:
    """Return a rhythm of decaying noise, (1, n_samples)."""
    rng = np.random.default_rng(seed)
    audio = 1e-4 * rng.standard_normal(12 * RATE_HZ)
    for start in np.sort(rng.choice(11 * RATE_HZ, 30, replace=False)):
        length = audio.size - start
        audio[start:] += rng.standard_normal(length) * np.exp(-np.arange(length) / (0.05 * RATE_HZ)) * 0.2
    return audio.astype(np.float32)[None]


@pytest.mark.parametrize("shift_s", [0.0, 0.002, 0.02, -0.15, 1.3, -2.0])
def test_a_shift_between_two_mixes_is_found(shift_s: float) -> None:
    first, more = strokes(1), strokes(2)
    shift = round(shift_s * RATE_HZ)
    other = np.roll(first + 0.3 * more, shift, axis=1)
    expected = shift_s if abs(shift_s) > 0.005 else 0.0
    assert later_s(first, other, RATE_HZ) == pytest.approx(expected, abs=1e-6)


def test_of_two_recordings_nothing_is_said() -> None:
    assert later_s(strokes(1), strokes(3), RATE_HZ) == 0.0


def test_the_middle_is_compared() -> None:
    audio = np.arange(2 * 40 * 100, dtype=np.float32).reshape(2, -1)
    found = middle(audio, 100)
    assert found.shape == (1, round(COMPARED_S * 100))
    assert found[0, 0] == audio[:, 500].mean()
    assert middle(audio[:, :50], 100).shape == (1, 50)
