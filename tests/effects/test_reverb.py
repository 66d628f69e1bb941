"""The reverb against Freeverb's loops run sample by sample, ReaVerbate's decay, and itself in other block sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.reverb import FEEDBACK, Reverb, feedback_for
from reaper_automix.errors import MediaError, PlanError
from reaper_automix.plugins.reaverbate import DECAY_S, decay_of, room_size_for

WET_ONLY = {"dry_db": -150.0}
# From ReaVerbate renders, written out again here: reaper_automix.effects.reverb must not change it unseen.
REAVERBATE_S = {0.0: 0.21, 0.1: 0.24, 0.2: 0.27, 0.3: 0.32, 0.4: 0.38, 0.5: 0.46, 0.6: 0.58, 0.7: 0.78, 0.8: 1.15}
REAVERBATE_S |= {0.9: 2.10, 1.0: 9.72}


def _impulse_response(knobs: ReverbSettings, rate_hz: int, duration_s: float) -> NDArray[np.float32]:
    impulse = np.zeros((2, int(duration_s * rate_hz)), np.float32)
    impulse[:, 0] = 1.0
    return Reverb(knobs, rate_hz, 2).process(impulse)


def _rt60_s(response: NDArray[np.float32], rate_hz: int) -> float:
    """Return the decay time by Schroeder's backward integration, a line through -5 to -35 dB."""
    energy = np.cumsum(np.square(response, dtype=np.float64).sum(axis=0)[::-1])[::-1]
    level_db = 10.0 * np.log10(energy[energy > 0.0] / energy[0])
    on_line = (level_db <= -5.0) & (level_db >= -35.0)
    time_s = np.flatnonzero(on_line) / rate_hz
    return -60.0 / float(np.polyfit(time_s, level_db[on_line], 1)[0])


@pytest.mark.parametrize(("room_size", "expected_s"), REAVERBATE_S.items())
def test_room_sizes_decay_as_in_reaverbate(room_size: float, expected_s: float) -> None:
    knobs = ReverbSettings(decay_s=decay_of(room_size), dampening=0.3, **WET_ONLY)
    response = _impulse_response(knobs, 44_100, min(2.0 * expected_s + 0.5, 12.0))
    assert _rt60_s(response, 44_100) == pytest.approx(expected_s, rel=0.02)
    assert decay_of(room_size) == pytest.approx(expected_s)


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000])
@pytest.mark.parametrize("room_size", [0.0, 0.2, 0.5, 0.6, 0.9])
def test_the_decay_does_not_depend_on_the_rate(rate_hz: int, room_size: float) -> None:
    knobs = ReverbSettings(decay_s=decay_of(room_size), dampening=0.3, **WET_ONLY)
    response = _impulse_response(knobs, rate_hz, 2.0 * REAVERBATE_S[room_size] + 0.5)
    assert _rt60_s(response, rate_hz) == pytest.approx(REAVERBATE_S[room_size], rel=0.15)


@pytest.mark.parametrize("decay_s", [0.25, 0.5, 0.95, 1.5, 3.0, 5.0])
def test_decays_between_the_rows_are_those_asked_for(decay_s: float) -> None:
    knobs = ReverbSettings(decay_s=decay_s, dampening=0.3, **WET_ONLY)
    assert _rt60_s(_impulse_response(knobs, 44_100, 1.5 * decay_s + 0.5), 44_100) == pytest.approx(decay_s, rel=0.01)


def test_decays_outside_of_the_table_play_as_its_ends() -> None:
    assert (feedback_for(0.1), feedback_for(20.0)) == pytest.approx((FEEDBACK[0], FEEDBACK[-1]))
    assert (len(FEEDBACK), len(DECAY_S)) == (11, 11)


def test_room_sizes_and_back() -> None:
    for rt60_s in (0.21, 0.3, 0.5, 1.0, 2.0, 5.0, 9.72):
        assert decay_of(room_size_for(rt60_s)) == pytest.approx(rt60_s)
    assert (room_size_for(0.0), room_size_for(60.0)) == (0.0, 1.0)


def _freeverb(mono: NDArray[np.float64], feedback: float, damping: float, spread: int) -> NDArray[np.float64]:
    """Return one channel of the published algorithm, sample by sample."""
    sums = np.zeros(mono.size)
    for delay in (1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617):
        line, store = [0.0] * (delay + spread), 0.0
        for n, sample in enumerate(mono.tolist()):
            out = line[n % len(line)]
            store = out * (1.0 - damping) + store * damping
            line[n % len(line)] = sample + store * feedback
            sums[n] += out
    for delay in (556, 441, 341, 225):
        line = [0.0] * (delay + spread)
        for n, sample in enumerate(sums.tolist()):
            out = line[n % len(line)]
            line[n % len(line)] = sample + 0.5 * out
            sums[n] = out - sample
    return sums


def test_it_is_freeverb() -> None:
    noise = np.random.default_rng(0).standard_normal((2, 9_000)).astype(np.float32)
    wet = Reverb(ReverbSettings(decay_s=decay_of(0.7), dampening=0.6, **WET_ONLY), 44_100, 2).process(noise)
    mono = 0.045 * noise.sum(axis=0).astype(np.float64)
    for channel, spread in zip(wet, (0, 23), strict=True):
        expected = _freeverb(mono, 0.7784, 0.24, spread)
        np.testing.assert_allclose(channel, expected, atol=3e-6 * np.abs(expected).max())


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 6_000), min_size=1, max_size=10), st.integers(1, 2), st.sampled_from([22_050, 48_000]))
def test_block_sizes_do_not_matter(sizes: list[int], n_channels: int, rate_hz: int) -> None:
    knobs = ReverbSettings(decay_s=decay_of(0.9), initial_delay_ms=12.0, lowpass_hz=6_000.0, highpass_hz=90.0)
    audio = (0.3 * np.random.default_rng(1).standard_normal((n_channels, sum(sizes)))).astype(np.float32)
    reverb = Reverb(knobs, rate_hz, n_channels)
    blocks = [reverb.process(part) for part in np.split(audio, np.cumsum(sizes)[:-1], axis=1)]
    whole = Reverb(knobs, rate_hz, n_channels).process(audio)
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
def test_the_first_reflection_comes_25_ms_after_the_initial_delay(rate_hz: int) -> None:
    for initial_delay_ms in (0.0, 40.0):
        knobs = ReverbSettings(initial_delay_ms=initial_delay_ms, **WET_ONLY)
        first = int(np.flatnonzero(_impulse_response(knobs, rate_hz, 0.2)[0])[0])
        assert 1_000.0 * first / rate_hz == pytest.approx(initial_delay_ms + 25.3, abs=0.1)


def test_the_gain_of_a_constant_in_closed_form() -> None:
    # Combs pass 1 / (1 - feedback) of it each, the all-passes all of it: 0.045 * 2 * 8 / (1 - 0.3425).
    response = _impulse_response(ReverbSettings(decay_s=decay_of(0.0), **WET_ONLY), 48_000, 2.0)
    np.testing.assert_allclose(response.sum(axis=1, dtype=np.float64), 0.72 / (1.0 - 0.3425), rtol=1e-4)


def test_width() -> None:
    wide, mono, swapped = (
        _impulse_response(ReverbSettings(width=width, **WET_ONLY), 44_100, 0.3) for width in (1.0, 0.0, -1.0)
    )
    np.testing.assert_allclose(mono[0], mono[1], atol=1e-9)
    np.testing.assert_allclose(mono[0], wide.mean(axis=0), atol=1e-7)
    np.testing.assert_array_equal(swapped, wide[::-1])
    assert abs(np.corrcoef(wide)[0, 1]) < 0.2


def test_dampening_shortens_the_high_frequencies_most() -> None:
    def late_share_db(dampening: float, low_hz: int, high_hz: int) -> float:
        response = _impulse_response(ReverbSettings(decay_s=1.15, dampening=dampening, **WET_ONLY), 44_100, 1.0)
        early, late = (np.abs(np.fft.rfft(part, 22_050)) ** 2 for part in np.split(response[0], 2))
        band = slice(low_hz // 2, high_hz // 2)
        return 10.0 * math.log10(late[band].sum() / early[band].sum())

    assert late_share_db(1.0, 8_000, 16_000) < late_share_db(0.0, 8_000, 16_000) - 10.0
    assert late_share_db(1.0, 50, 400) == pytest.approx(late_share_db(0.0, 50, 400), abs=2.0)


def test_the_filters_act_on_the_wet_signal_only() -> None:
    def spectrum_db(**knobs: float) -> NDArray[np.float64]:
        response = _impulse_response(ReverbSettings(**{**WET_ONLY, **knobs}), 44_100, 1.0)
        return np.asarray(20.0 * np.log10(np.abs(np.fft.rfft(response[0], 44_100)) + 1e-12))

    change_db = spectrum_db(lowpass_hz=2_000.0, highpass_hz=200.0) - spectrum_db()
    np.testing.assert_allclose(change_db[[50, 632, 8_000]], [-24.1, -0.1, -25.5], atol=0.6)
    impulse = _impulse_response(ReverbSettings(lowpass_hz=100.0), 44_100, 0.02)
    assert impulse[0, 0] == 1.0
    assert not impulse[:, 1:].any()


def test_a_mono_source_plays_in_both_channels() -> None:
    audio = np.random.default_rng(2).standard_normal((1, 4_000)).astype(np.float32)
    from_mono = Reverb(ReverbSettings(), 44_100, 1).process(audio)
    from_stereo = Reverb(ReverbSettings(), 44_100, 2).process(np.repeat(audio, 2, axis=0))
    np.testing.assert_allclose(from_mono, from_stereo, atol=1e-6)


def test_silence_stays_silent_and_a_tail_ends_before_denormal_numbers() -> None:
    reverb = Reverb(ReverbSettings(decay_s=decay_of(0.0), lowpass_hz=5_000.0), 22_050, 2)
    assert not reverb.process(np.zeros((2, 40_000), np.float32)).any()
    reverb.process(np.random.default_rng(3).standard_normal((2, 22_050)).astype(np.float32))
    tail = np.concatenate([reverb.process(np.zeros((2, 7_000), np.float32)) for _ in range(30)], axis=1)
    assert tail[:, :2_000].all()
    assert not tail[:, -20_000:].any()
    assert not np.any((tail != 0.0) & (np.abs(tail) < np.finfo(np.float32).tiny))


def test_no_wet_signal_is_a_wire() -> None:
    audio = np.random.default_rng(4).standard_normal((2, 3_000)).astype(np.float32)
    np.testing.assert_array_equal(Reverb(ReverbSettings(wet_db=-150.0), 48_000, 2).process(audio), audio)
    assert Reverb(ReverbSettings(), 48_000, 2).process(np.zeros((2, 0), np.float32)).shape == (2, 0)


def test_nan_is_an_error_that_leaves_the_state() -> None:
    reverb, untouched = Reverb(ReverbSettings(), 48_000, 1), Reverb(ReverbSettings(), 48_000, 1)
    audio = np.ones((1, 3_000), np.float32)
    reverb.process(audio)
    untouched.process(audio)
    with pytest.raises(MediaError, match="not numbers"):
        reverb.process(np.full((1, 10), np.nan, np.float32))
    np.testing.assert_array_equal(reverb.process(audio), untouched.process(audio))
    with pytest.raises(PlanError, match=r"decay_s is 21 s"):
        ReverbSettings(decay_s=21.0)
