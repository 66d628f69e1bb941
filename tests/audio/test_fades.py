from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.audio.fades import fade_in_gain, fade_out_gain
from reaper_automix.session import Fade

X = np.linspace(0.0, 1.0, 101)


@pytest.mark.parametrize("shape", range(8))
@pytest.mark.parametrize("curvature", [-1.0, -0.4, 0.0, 0.5, 1.0])
def test_every_shape_rises_from_silence_to_unity(shape, curvature):
    gain = fade_in_gain(Fade(1.0, shape, curvature), X)
    assert gain.dtype == np.float32
    assert gain[0] == pytest.approx(0.0, abs=1e-6)
    assert gain[-1] == pytest.approx(1.0, abs=1e-6)
    assert np.all(np.diff(gain) >= -1e-6)


@pytest.mark.parametrize("shape", range(8))
def test_a_fade_out_is_the_mirror_with_the_opposite_curvature(shape):
    np.testing.assert_allclose(
        fade_out_gain(Fade(1.0, shape, 0.3), X), fade_in_gain(Fade(1.0, shape, -0.3), X)[::-1], atol=1e-6
    )


def test_known_curves():
    np.testing.assert_allclose(fade_in_gain(Fade(1.0, 0), X), X, atol=1e-6)
    np.testing.assert_allclose(fade_in_gain(Fade(1.0, 1), X), X * (2 - X), atol=1e-6)
    np.testing.assert_allclose(fade_in_gain(Fade(1.0, 2, 1.0), X), X**2, atol=1e-6)
    np.testing.assert_allclose(fade_out_gain(Fade(1.0, 2, -1.0), X), (1 - X) ** 2, atol=1e-6)
    np.testing.assert_allclose(fade_in_gain(Fade(1.0, 3, -1.0), X), 1 - (1 - X) ** 4, atol=1e-6)
    np.testing.assert_allclose(fade_in_gain(Fade(1.0, 4, 1.0), X), X**4, atol=1e-6)
    np.testing.assert_allclose(fade_in_gain(Fade(1.0, 5), X), 3 * X**2 - 2 * X**3, atol=1e-6)
    assert fade_in_gain(Fade(1.0, 6), np.array([0.25]))[0] == pytest.approx(8 * 0.25**4, abs=1e-6)


def test_progress_beyond_the_fade_holds():
    assert fade_in_gain(Fade(1.0), np.array([-1.0, 2.0])).tolist() == [0.0, 1.0]
    assert fade_out_gain(Fade(1.0), np.array([-1.0, 2.0])).tolist() == [1.0, 0.0]
