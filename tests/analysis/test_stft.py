"""Frames and their spectra: where they lie, what their levels mean, and that the blocks they came in leave no trace."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reaper_automix.analysis.stft import BIN_HZ, HIGHEST_HZ, Spectra, Stft, frame_grid, spectra_of
from reaper_automix.errors import MediaError

Audio = NDArray[np.float32]
RATE_HZ = 44_100
SIZES = {
    **{8_000: 512, 11_025: 512, 16_000: 1024, 22_050: 1024, 32_000: 2048, 44_100: 2048, 48_000: 2048},
    **{88_200: 4096, 96_000: 4096, 192_000: 8192, 384_000: 16384},
}


def noise(n_channels: int, n_samples: int, seed: int = 1, level: float = 0.1) -> Audio:
    return (level * np.random.default_rng(seed).standard_normal((n_channels, n_samples))).astype(np.float32)


def sine(hz: float, rate_hz: int, n_samples: int, amplitude: float = 1.0) -> Audio:
    return (amplitude * np.sin(2.0 * np.pi * hz * np.arange(n_samples) / rate_hz))[None].astype(np.float32)


def in_blocks(audio: Audio, rate_hz: int, sizes: list[int]) -> Spectra:
    """The spectra of audio that comes in blocks of these sizes, the last of them again and again."""
    parts: list[Spectra] = []
    stft = Stft(frame_grid(rate_hz), audio.shape[0], parts.append)
    start = 0
    for k in range(audio.shape[1]):
        size = sizes[min(k, len(sizes) - 1)]
        stft.add(audio[:, start : start + size])
        start += size
        if start >= audio.shape[1]:
            break
    rest = stft.rest()
    parts += [rest] if rest else []
    assert [part.first for part in parts] == [sum(p.magnitude.shape[0] for p in parts[:k]) for k in range(len(parts))]
    magnitude = np.concatenate([part.magnitude for part in parts])
    return Spectra(0, magnitude, np.concatenate([part.mean_square for part in parts]))


class TestFrameGrid:
    @pytest.mark.parametrize(("rate_hz", "size"), SIZES.items())
    def test_power_of_two_nearest_to_46_ms(self, rate_hz: int, size: int) -> None:
        grid = frame_grid(rate_hz)
        assert (grid.size, grid.hop) == (size, size // 2)
        assert abs(math.log2(size / rate_hz / 0.0464399)) <= 0.5

    @pytest.mark.parametrize("rate_hz", SIZES)
    def test_bins_end_at_half_the_rate_or_22050_hz(self, rate_hz: int) -> None:
        grid = frame_grid(rate_hz)
        hz = grid.frequencies_hz()
        assert hz.size == grid.n_bins
        top_hz = min(HIGHEST_HZ, rate_hz / 2)
        assert top_hz - grid.bin_hz < hz[-1] <= top_hz

    @pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 0), (1, 1), (2047, 1), (2048, 1), (3071, 1), (3072, 2)])
    def test_number_of_frames(self, n_samples: int, n_frames: int) -> None:
        assert frame_grid(RATE_HZ).n_frames(n_samples) == n_frames
        assert spectra_of(noise(1, n_samples), frame_grid(RATE_HZ)).magnitude.shape == (n_frames, 1025)

    @pytest.mark.parametrize("rate_hz", [0, 7_999, 384_001])
    def test_refuses_other_rates(self, rate_hz: int) -> None:
        with pytest.raises(ValueError, match=f"sample rate {rate_hz} Hz"):
            frame_grid(rate_hz)


class TestScale:
    def test_frames_begin_at_sample_0_and_half_a_frame_apart(self) -> None:
        audio = np.zeros((1, 5 * 1024), np.float32)
        audio[0, 3 * 1024 + 512] = 1.0
        mean_square = spectra_of(audio, frame_grid(RATE_HZ)).mean_square
        np.testing.assert_allclose(mean_square, [0.0, 0.0, 1 / 2048, 1 / 2048], rtol=1e-6)

    def test_against_numpy_in_float64(self) -> None:
        audio = noise(1, 8192)
        window = np.hanning(2049)[:-1]
        frames = np.stack([audio[0, k * 1024 : k * 1024 + 2048] for k in range(7)]).astype(np.float64)
        expected = np.abs(np.fft.rfft(frames * window)) * math.sqrt(2.0 / (2048 * np.square(window).sum()))
        got = spectra_of(audio, frame_grid(RATE_HZ))
        np.testing.assert_allclose(got.magnitude, expected, atol=1e-6 * expected.max())
        np.testing.assert_allclose(got.mean_square, np.square(frames).mean(axis=1), rtol=1e-6)

    def test_bins_add_up_to_the_mean_square_at_44100_hz(self) -> None:
        magnitude = spectra_of(sine(1000.0, RATE_HZ, RATE_HZ), frame_grid(RATE_HZ)).magnitude
        np.testing.assert_allclose(np.square(magnitude).sum(axis=1), 0.5, rtol=1e-4)

    def test_full_scale_sine_in_the_middle_of_a_bin(self) -> None:
        magnitude = spectra_of(sine(50 * BIN_HZ, RATE_HZ, 8192), frame_grid(RATE_HZ)).magnitude
        np.testing.assert_allclose(magnitude[:, 50], 1.0 / math.sqrt(3.0), rtol=1e-5)

    @pytest.mark.parametrize("rate_hz", SIZES)
    def test_noise_of_one_density_has_one_level_at_every_rate(self, rate_hz: int) -> None:
        audio = noise(1, 4 * rate_hz, level=0.1 * math.sqrt(rate_hz / RATE_HZ))
        magnitude = spectra_of(audio, frame_grid(rate_hz)).magnitude[:, 5:-5]
        level_db = 10.0 * math.log10(np.square(magnitude).mean())
        assert level_db == pytest.approx(-20.0 - 10.0 * math.log10(1024), abs=0.1)


class TestChannels:
    def test_sides_count_as_much_as_the_middle(self) -> None:
        mono = noise(1, 20_000)
        expected = spectra_of(mono, frame_grid(RATE_HZ))
        for other in (1.0, -1.0):
            got = spectra_of(np.concatenate((mono, np.float32(other) * mono)), frame_grid(RATE_HZ))
            np.testing.assert_allclose(got.magnitude, expected.magnitude, rtol=1e-5, atol=1e-9)
            np.testing.assert_allclose(got.mean_square, expected.mean_square, rtol=1e-6)

    def test_one_side_is_half_the_power(self) -> None:
        mono = noise(1, 20_000)
        got = spectra_of(np.concatenate((mono, 0.0 * mono)), frame_grid(RATE_HZ)).magnitude
        expected = spectra_of(mono, frame_grid(RATE_HZ)).magnitude * math.sqrt(0.5)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-9)


class TestBlocks:
    @settings(max_examples=25, deadline=None)
    @given(
        sizes=st.lists(st.integers(1, 30_000), min_size=1, max_size=20).map(lambda sizes: [*sizes, 50_000]),
        n_channels=st.integers(1, 2),
        n_samples=st.integers(1, 300_000),
        rate_hz=st.sampled_from([8_000, 44_100, 48_000, 96_000]),
    )
    def test_leave_no_trace(self, sizes: list[int], n_channels: int, n_samples: int, rate_hz: int) -> None:
        audio = noise(n_channels, n_samples)
        whole, pieces = spectra_of(audio, frame_grid(rate_hz)), in_blocks(audio, rate_hz, sizes)
        assert np.array_equal(pieces.magnitude, whole.magnitude)
        assert np.array_equal(pieces.mean_square, whole.mean_square)

    def test_rest_changes_nothing(self) -> None:
        audio = noise(1, 600_000)
        parts: list[Spectra] = []
        stft = Stft(frame_grid(RATE_HZ), 1, parts.append)
        for start in range(0, 600_000, 10_000):
            stft.add(audio[:, start : start + 10_000])
            stft.rest()
        rest = stft.rest()
        assert rest is not None
        got = np.concatenate([part.magnitude for part in (*parts, rest)])
        assert np.array_equal(got, spectra_of(audio, frame_grid(RATE_HZ)).magnitude)

    def test_a_whole_number_of_batches_has_no_rest(self) -> None:
        stft = Stft(frame_grid(RATE_HZ), 1, lambda spectra: None)
        assert stft.rest() is None
        stft.add(noise(1, 257 * 1024 + 5))
        assert stft.rest() is None


class TestSilenceAndDamage:
    def test_silence_is_zero(self) -> None:
        got = spectra_of(np.zeros((2, 400_000), np.float32), frame_grid(RATE_HZ))
        assert not got.magnitude.any()
        assert not got.mean_square.any()

    def test_levels_whose_squares_are_denormal_count_as_silence(self) -> None:
        audio = noise(2, 8192)
        audio[:, 4096:] *= np.float32(1e-20)
        got = spectra_of(audio, frame_grid(RATE_HZ))
        assert got.magnitude[:3].min() > 0.0
        assert not got.magnitude[4:].any()
        assert audio[0, -1] != 0.0

    @pytest.mark.parametrize("sample", [np.nan, np.inf, 1e30])
    def test_damage_is_named_with_its_time(self, sample: float) -> None:
        audio = noise(1, 20 * RATE_HZ)
        audio[0, 13 * RATE_HZ] = sample
        with pytest.raises(MediaError, match=r"near 11\.9 s\): export the file again"):
            spectra_of(audio, frame_grid(RATE_HZ))

    @pytest.mark.parametrize("shape", [(1, 10), (10,), (3, 10)])
    def test_refuses_another_number_of_channels(self, shape: tuple[int, ...]) -> None:
        stft = Stft(frame_grid(RATE_HZ), 2, lambda spectra: None)
        with pytest.raises(ValueError, match=r"expected \(2, n_samples\)"):
            stft.add(np.zeros(shape, np.float32))

    def test_refuses_no_channels(self) -> None:
        with pytest.raises(ValueError, match="0 channels"):
            Stft(frame_grid(RATE_HZ), 0, lambda spectra: None)
