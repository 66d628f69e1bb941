"""The equaliser against analogue prototypes, and against itself in other block sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reaper_automix.effect_settings.equaliser import BAND_TYPES, Band, EqualiserSettings
from reaper_automix.effects.equaliser import Equaliser, notes, response_db
from reaper_automix.errors import MediaError
from reaper_automix.units import bandwidth_oct_to_q, q_to_bandwidth_oct

RATES_HZ = (22_050, 44_100, 48_000, 96_000)
CHAIN = EqualiserSettings(
    (
        Band("high_pass", 80.0, q=0.7),
        Band("low_shelf", 200.0, 3.0, 0.8),
        Band("band", 900.0, -6.0, 2.0),
        Band("high_shelf", 6_000.0, 4.0, 0.7),
    )
)


def _prototype_db(band: Band, frequencies_hz: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Return the response of the analogue filter behind the band, by the bilinear transform's frequency axis."""
    w0 = 2.0 * math.pi * band.frequency_hz / rate_hz
    s = 1j * np.tan(np.pi * frequencies_hz / rate_hz) / math.tan(w0 / 2.0)
    a = 10.0 ** (band.gain_db / 40.0)
    if band.type == "band":
        octaves = q_to_bandwidth_oct(band.q) * w0 / math.sin(w0)
        q = 0.5 / math.sinh(math.log(2.0) / 2.0 * octaves)
        h = (s * s + s * a / q + 1.0) / (s * s + s / (a * q) + 1.0)
    elif band.type in ("low_pass", "high_pass"):
        h = (1.0 if band.type == "low_pass" else s * s) / (s * s + s / band.q + 1.0)
    else:
        inverse_slope = max(q_to_bandwidth_oct(band.q), 0.915) ** 2
        r = math.sqrt(a) * math.sqrt((a + 1.0 / a) * (inverse_slope - 1.0) + 2.0)
        if band.type == "high_shelf":
            h = a * (a * s * s + r * s + 1.0) / (s * s + r * s + a)
        else:
            h = a * (s * s + r * s + a) / (a * s * s + r * s + 1.0)
    return np.asarray(20.0 * np.log10(np.abs(h)))


@settings(deadline=None)
@given(
    st.sampled_from(BAND_TYPES),
    st.floats(20.0, 9_000.0),
    st.floats(-24.0, 24.0),
    st.floats(0.3, 20.0),
    st.sampled_from(RATES_HZ),
)
def test_every_band_is_its_analogue_prototype(kind: str, hz: float, gain_db: float, q: float, rate_hz: int) -> None:
    band = Band(kind, hz, gain_db, q)  # type: ignore[arg-type]
    frequencies_hz = np.geomspace(20.0, 0.49 * rate_hz, 60)
    got_db = response_db(EqualiserSettings((band,)), frequencies_hz, rate_hz)
    np.testing.assert_allclose(got_db, _prototype_db(band, frequencies_hz, rate_hz), atol=1e-4)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_what_an_engineer_reads_is_what_the_response_shows(rate_hz: int) -> None:
    def at(band: Band, hz: float) -> float:
        return float(response_db(EqualiserSettings((band,)), np.array([hz]), rate_hz)[0])

    bell = Band("band", 500.0, 6.0, bandwidth_oct_to_q(1.0))
    assert at(bell, 500.0) == pytest.approx(6.0)
    # Half of the gain in dB at the edges of the bandwidth.
    assert at(bell, 500.0 * 2.0**0.5) == pytest.approx(3.0, abs=0.05)
    assert at(bell, 500.0 * 2.0**-0.5) == pytest.approx(3.0, abs=0.05)
    for kind, flat_hz in (("low_shelf", 0.0), ("high_shelf", rate_hz / 2.0)):
        shelf = Band(kind, 1_000.0, -8.0, 0.7)  # type: ignore[arg-type]
        assert at(shelf, flat_hz) == pytest.approx(-8.0)
        assert at(shelf, 1_000.0) == pytest.approx(-4.0)
        assert at(shelf, rate_hz / 2.0 - flat_hz) == pytest.approx(0.0, abs=1e-9)
    assert at(Band("high_pass", 100.0, q=math.sqrt(0.5)), 100.0) == pytest.approx(-3.0103, abs=1e-3)
    assert at(Band("high_pass", 100.0, q=math.sqrt(0.5)), 25.0) == pytest.approx(-24.1, abs=0.1)
    assert at(Band("high_pass", 100.0), 0.0) < -250.0
    assert at(Band("low_pass", 400.0, q=2.0), 400.0) == pytest.approx(6.0206, abs=1e-3)


@given(st.floats(0.01, 8.0))
def test_bandwidth_and_q_go_both_ways(bandwidth_oct: float) -> None:
    assert q_to_bandwidth_oct(bandwidth_oct_to_q(bandwidth_oct)) == pytest.approx(bandwidth_oct)
    assert bandwidth_oct_to_q(1.0) == pytest.approx(math.sqrt(2.0))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_audio_gets_the_response(rate_hz: int, n_channels: int) -> None:
    impulse = np.zeros((n_channels, rate_hz), np.float32)
    impulse[:, 0] = 1.0
    spectrum = np.fft.rfft(Equaliser(CHAIN, rate_hz, n_channels).process(impulse).astype(np.float64), axis=1)
    frequencies_hz = np.arange(40, rate_hz // 2, 50, dtype=np.float64)
    measured_db = 20.0 * np.log10(np.abs(spectrum[:, frequencies_hz.astype(int)]))
    expected_db = response_db(CHAIN, frequencies_hz, rate_hz)
    np.testing.assert_allclose(measured_db, np.broadcast_to(expected_db, measured_db.shape), atol=2e-3)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=12), st.integers(1, 2))
def test_block_sizes_do_not_matter(sizes: list[int], n_channels: int) -> None:
    audio = np.random.default_rng(1).standard_normal((n_channels, sum(sizes))).astype(np.float32)
    equaliser = Equaliser(CHAIN, 44_100, n_channels)
    blocks = [equaliser.process(part) for part in np.split(audio, np.cumsum(sizes)[:-1], axis=1)]
    whole = Equaliser(CHAIN, 44_100, n_channels).process(audio)
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


def test_a_tail_ends_in_exact_silence() -> None:
    rate_hz = 22_050
    equaliser = Equaliser(CHAIN, rate_hz, 1)
    equaliser.process(np.ones((1, 100), np.float32))
    for _ in range(4):
        tail = equaliser.process(np.zeros((1, rate_hz), np.float32))
    assert not tail.any()
    assert not Equaliser(CHAIN, rate_hz, 2).process(np.zeros((2, 1_000), np.float32)).any()


def test_no_bands_are_a_wire_and_not_the_same_array() -> None:
    audio = np.ones((2, 5), np.float32)
    output = Equaliser(EqualiserSettings(), 48_000, 2).process(audio)
    np.testing.assert_array_equal(output, audio)
    assert output is not audio


def test_bands_beyond_the_nyquist_frequency_are_left_out_and_said() -> None:
    beyond = EqualiserSettings(
        (Band("band", 12_000.0, 6.0), Band("low_shelf", 15_000.0, -6.0), Band("band", 500.0, 2.0))
    )
    assert notes(beyond, 48_000) == ()
    assert notes(beyond, 22_050) == (
        "band at 12000 Hz is left out: audio at 22050 Hz ends at 11025 Hz",
        "low_shelf at 15000 Hz plays at 10804.5 Hz: audio at 22050 Hz ends at 11025 Hz",
    )
    got_db = response_db(beyond, np.array([20.0, 500.0]), 22_050)
    np.testing.assert_allclose(got_db, [-6.0, -4.0], atol=0.01)
    noise = np.random.default_rng(2).standard_normal((2, 2_000)).astype(np.float32)
    assert np.isfinite(Equaliser(beyond, 22_050, 2).process(noise)).all()


def test_a_band_just_below_the_nyquist_frequency_stays_stable() -> None:
    edge = EqualiserSettings((Band("band", 22_049.9, 12.0, 0.1), Band("high_shelf", 22_049.9, 12.0, 1.0)))
    noise = np.random.default_rng(3).standard_normal((1, 44_100)).astype(np.float32)
    assert np.abs(Equaliser(edge, 44_100, 1).process(noise)).max() < 100.0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="outside of 0 to 24000 Hz"):
        response_db(CHAIN, np.array([30_000.0]), 48_000)
    with pytest.raises(ValueError, match="3 channels"):
        Equaliser(CHAIN, 48_000, 3)
    with pytest.raises(ValueError, match="sample rate 100 Hz"):
        Equaliser(CHAIN, 100, 2)


def test_nan_is_an_error_that_leaves_the_state() -> None:
    noise = np.random.default_rng(4).standard_normal((1, 300)).astype(np.float32)
    equaliser, untouched = Equaliser(CHAIN, 48_000, 1), Equaliser(CHAIN, 48_000, 1)
    equaliser.process(noise)
    untouched.process(noise)
    with pytest.raises(MediaError, match="not numbers"):
        equaliser.process(np.full((1, 10), np.nan, np.float32))
    with pytest.raises(ValueError, match="shape"):
        equaliser.process(np.zeros((2, 10), np.float32))
    np.testing.assert_array_equal(equaliser.process(noise), untouched.process(noise))
