"""The demo's building blocks against direct formulas."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.demo import synthesis

RATE_HZ = 8000


def test_partials_equal_the_sum_written_out() -> None:
    frequencies_hz, gains_lin, decays_s = (110.0, 220.5, 3900.0), (1.0, 0.5, 0.7), (0.3, 0.1, 0.1)
    t = np.arange(1237) / RATE_HZ
    direct = sum(
        gain * np.exp(-t / decay) * np.sin(2 * np.pi * hz * t)
        for hz, gain, decay in zip(frequencies_hz[:2], gains_lin, decays_s, strict=False)
    )
    made = synthesis.partials(frequencies_hz, gains_lin, decays_s, 1237 / RATE_HZ, RATE_HZ)
    np.testing.assert_allclose(made, direct, atol=1e-9)  # the third would alias and is left out


@pytest.mark.parametrize("n_samples", [1, 2, 16, 17, 1000, 2_117_241])
def test_fast_lengths_are_long_enough_and_smooth(n_samples: int) -> None:
    length = synthesis.fast_length(n_samples)
    assert n_samples <= length <= max(8, 1.3 * n_samples)
    for factor in (2, 3, 5):
        while length % factor == 0:
            length //= factor
    assert length == 1


def test_the_answer_of_a_room_is_a_convolution() -> None:
    rng = np.random.default_rng(1)
    signal, response = rng.normal(size=500), rng.normal(size=90)
    np.testing.assert_allclose(synthesis.in_room(signal, response), np.convolve(signal, response)[:500], atol=1e-9)


def test_a_band_keeps_its_middle_and_drops_the_rest() -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    low, middle = np.sin(2 * np.pi * 20 * t), np.sin(2 * np.pi * 500 * t)
    shaped = synthesis.shape_spectrum(low + middle, synthesis.band(100.0, 2500.0), RATE_HZ)
    assert np.max(np.abs(shaped - middle)[800:-800]) < 0.06


def test_adding_drops_what_hangs_over_the_ends() -> None:
    target = np.zeros(4)
    synthesis.add_at(target, np.array([1.0, 2.0, 3.0]), -1)
    synthesis.add_at(target, np.array([1.0, 2.0, 3.0]), 3, gain_lin=10.0)
    synthesis.add_at(target, np.ones(3), 9)
    np.testing.assert_array_equal(target, [2.0, 3.0, 0.0, 10.0])


def test_a_pitch_is_tuned_to_440_hz() -> None:
    assert synthesis.midi_to_hz(69) == 440.0
    assert synthesis.midi_to_hz(57) == pytest.approx(220.0)
