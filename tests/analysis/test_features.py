"""The ten features against librosa and plain numpy, and what they do when level, rate or blocks change."""

from __future__ import annotations

import math
import tracemalloc
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import fft, signal

from reaper_automix.analysis.features import (
    BAND_CENTRES_HZ,
    BAND_EDGES_HZ,
    COLUMNS,
    DEPTH_DB,
    FEATURES,
    FLOOR_DB,
    FeatureListener,
    FrameFeatures,
    columns_of,
    hear_features,
)
from reaper_automix.analysis.loudness import BLOCK_S, LoudnessMeter
from reaper_automix.analysis.stft import BIN_HZ, frame_grid, spectra_of
from reaper_automix.errors import MediaError

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]
RATE_HZ = 44_100
IN_DB = ("sub_bands", "peaks", "valleys")
LINEAR = ("rms", "flux", "slope", "intercept")
# Of librosa's spectra, to those of analysis.stft at 44.1 kHz.
TO_POWER = 2.0 / (2048 * 768.0)
FRAMES = {"n_fft": 2048, "hop_length": 1024, "center": False}


@lru_cache
def music(n_channels: int = 1, seconds: float = 4.0, rate_hz: int = RATE_HZ) -> Audio:
    """Coloured noise that swells, with struck harmonic notes: something in every band, well above the floor."""
    rng = np.random.default_rng(1)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    swell = 1.5 + np.sin(2.0 * np.pi * 0.3 * time_s)
    audio = 0.1 * swell * signal.lfilter([1.0], [1.0, -0.7], rng.standard_normal((n_channels, time_s.size)))
    since_s = time_s[: round(0.3 * rate_hz)]
    for start_s in np.arange(0.1, seconds - 0.5, 0.37):
        phases = np.outer(np.arange(1, 6), 2.0 * np.pi * rng.uniform(60.0, 900.0) * since_s)
        start = round(start_s * rate_hz)
        audio[:, start : start + since_s.size] += 0.3 * np.exp(-6.0 * since_s) * np.sin(phases).sum(axis=0)
    audio = audio.astype(np.float32)
    audio.flags.writeable = False
    return audio


def frames_of(audio: Audio, rate_hz: int = RATE_HZ) -> FrameFeatures:
    listener = FeatureListener(rate_hz, audio.shape[0], step_s=None)
    listener.add(audio)
    return listener.result()


def steps_of(audio: Audio, rate_hz: int = RATE_HZ, step_s: float = BLOCK_S, block: int = 65_536) -> FrameFeatures:
    listener = FeatureListener(rate_hz, audio.shape[0], step_s)
    for start in range(0, audio.shape[1], block):
        listener.add(audio[:, start : start + block])
    return listener.result()


def plain_power(audio: Audio) -> Floats:
    """The power spectra of a mono signal at 44.1 kHz in float64, (n_frames, 1025)."""
    n_frames = (audio.shape[1] - 2048) // 1024 + 1
    frames = np.stack([audio[0, k * 1024 : k * 1024 + 2048] for k in range(n_frames)]).astype(np.float64)
    return np.square(np.abs(np.fft.rfft(frames * np.hanning(2049)[:-1]))) * TO_POWER


class TestSchema:
    def test_ten_features_in_the_order_of_the_paper(self) -> None:
        expected = "rms flux bandwidth sub_bands mfcc centroid peaks valleys slope intercept"
        assert tuple(expected.split()) == FEATURES

    def test_columns_follow_their_features_without_gaps(self) -> None:
        ends = [(columns_of(feature).start, columns_of(feature).stop) for feature in FEATURES]
        assert [end for pair in ends for end in pair][1:-1] == [
            start for _, stop in ends[:-1] for start in (stop, stop)
        ]
        assert (ends[0][0], ends[-1][1]) == (0, len(COLUMNS))
        assert len(set(COLUMNS)) == len(COLUMNS) == 46
        assert all(COLUMNS[i].startswith(f) for f in FEATURES for i in range(*columns_of(f).indices(46)))
        assert COLUMNS[columns_of("sub_bands").start] == "sub_bands_63_hz"

    def test_octaves(self) -> None:
        low, high = np.asarray(BAND_EDGES_HZ[1:-1]), np.asarray(BAND_EDGES_HZ[2:])
        np.testing.assert_allclose(high / low, 2.0)
        np.testing.assert_allclose(np.sqrt(low * high), BAND_CENTRES_HZ[1:])

    def test_an_unknown_feature_names_the_others(self) -> None:
        with pytest.raises(ValueError, match="no feature 'loudness': choose from rms, flux"):
            columns_of("loudness")


class TestAgainstNumpy:
    """Plain definitions in float64."""

    def test_flux(self) -> None:
        audio = music()
        change = np.diff(np.sqrt(plain_power(audio)), axis=0)
        got = frames_of(audio).of("flux")[:, 0]
        assert got[0] == 0.0
        np.testing.assert_allclose(got[1:], np.linalg.norm(change, axis=1), rtol=2e-5)

    def test_sub_bands(self) -> None:
        audio = music()
        summed = np.cumsum(np.pad(plain_power(audio), ((0, 0), (1, 0))), axis=1)
        # The power up to any frequency, as if it were spread evenly over each bin's width.
        ends_hz = (np.arange(1026) - 0.5) * BIN_HZ
        below = np.stack([np.interp(BAND_EDGES_HZ, ends_hz, row) for row in summed])
        np.testing.assert_allclose(frames_of(audio).of("sub_bands"), 10.0 * np.log10(np.diff(below)), atol=1e-4)

    def test_peaks_and_valleys(self) -> None:
        audio = music()
        magnitude, hz = np.sqrt(plain_power(audio)), np.arange(1025) * BIN_HZ
        got = frames_of(audio)
        for k, (low, high) in enumerate(pairwise(BAND_EDGES_HZ)):
            ordered = np.sort(magnitude[:, (hz >= low) & (hz < high)], axis=1)
            n = max(round(0.02 * ordered.shape[1]), 1)
            deepest_db = 20.0 * np.log10(got.of("rms")[:, 0]) + DEPTH_DB
            valleys_db = np.maximum(20 * np.log10(ordered[:, :n].mean(axis=1)), deepest_db)
            np.testing.assert_allclose(got.of("peaks")[:, k], 20 * np.log10(ordered[:, -n:].mean(axis=1)), atol=1e-3)
            np.testing.assert_allclose(got.of("valleys")[:, k], valleys_db, atol=5e-2)

    def test_a_sine_lies_where_it_is(self) -> None:
        time_s = np.arange(RATE_HZ) / RATE_HZ
        sine = (0.5 * np.sin(2.0 * np.pi * 3000.0 * time_s))[None].astype(np.float32)
        got = steps_of(sine)
        assert got.of("rms") == pytest.approx(math.sqrt(0.125), abs=1e-4)
        assert got.of("sub_bands")[:, BAND_CENTRES_HZ.index(4000)] == pytest.approx(10 * math.log10(0.125), abs=0.05)
        assert got.of("centroid") == pytest.approx(3000.0, abs=5.0)
        assert got.of("bandwidth").max() < 60.0


@pytest.fixture(scope="module")
def librosa():
    return pytest.importorskip("librosa", reason="needs the extra 'train'")


@pytest.fixture(scope="module")
def audio() -> Audio:
    return music()


@pytest.fixture(scope="module")
def got(audio: Audio) -> FrameFeatures:
    return frames_of(audio)


class TestAgainstLibrosa:
    """librosa 0.11; tolerances are float32 rounding on both sides, in the unit of the feature."""

    def test_rms(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        expected = librosa.feature.rms(y=audio[0], frame_length=2048, hop_length=1024, center=False)
        np.testing.assert_allclose(got.of("rms").T, expected, rtol=1e-6)

    def test_centroid(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        expected = librosa.feature.spectral_centroid(y=audio[0], sr=RATE_HZ, **FRAMES)
        np.testing.assert_allclose(got.of("centroid").T, expected, rtol=1e-5)

    def test_bandwidth(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        expected = librosa.feature.spectral_bandwidth(y=audio[0], sr=RATE_HZ, **FRAMES)
        np.testing.assert_allclose(got.of("bandwidth").T, expected, rtol=1e-5)

    def test_mfcc(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        """librosa's own settings but 40 bands instead of 128 and a floor instead of a distance from the loudest."""
        mel = librosa.feature.melspectrogram(y=audio[0], sr=RATE_HZ, n_mels=40, **FRAMES)
        level_db = librosa.power_to_db(mel * TO_POWER * BIN_HZ, amin=1e-12, top_db=None)
        expected = librosa.feature.mfcc(S=level_db, n_mfcc=13)
        np.testing.assert_allclose(got.of("mfcc").T, expected, atol=1e-3)

    def test_mfcc_at_the_defaults(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        """The same from the audio: librosa's scale is another constant in dB, which only mfcc_0 has."""
        expected = librosa.feature.mfcc(y=audio[0], sr=RATE_HZ, n_mfcc=13, n_mels=40, **FRAMES)
        expected[0] += math.sqrt(40) * 10.0 * math.log10(TO_POWER * BIN_HZ)
        np.testing.assert_allclose(got.of("mfcc").T, expected, atol=1e-3)

    def test_contrast(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        """librosa moves each band down by one bin, which other frequencies undo, and takes 10 log10 of a magnitude."""
        magnitude = np.abs(librosa.stft(y=audio[0], **FRAMES))
        bands = {"fmin": BAND_EDGES_HZ[1], "n_bands": 8, "quantile": 0.02, "freq": (np.arange(1025) - 1) * BIN_HZ}
        expected_db = 2.0 * librosa.feature.spectral_contrast(S=magnitude, sr=RATE_HZ, **bands)
        deepest_db = 20.0 * np.log10(got.of("rms")) + DEPTH_DB
        deep = got.of("valleys") < deepest_db + 0.1
        contrast_db = got.of("peaks") - got.of("valleys")
        assert deep.mean() < 0.15
        np.testing.assert_allclose(contrast_db[~deep], expected_db.T[~deep], atol=2e-2)
        assert (contrast_db[deep] <= expected_db.T[deep] + 0.1).all()

    def test_line(self, librosa, audio: Audio, got: FrameFeatures) -> None:
        expected = librosa.feature.poly_features(y=audio[0], sr=RATE_HZ, order=1, **FRAMES) * math.sqrt(TO_POWER)
        scale = np.abs(expected).max(axis=1)
        np.testing.assert_allclose(got.of("slope")[:, 0], 1000.0 * expected[0], atol=5e-6 * 1000.0 * scale[0])
        np.testing.assert_allclose(got.of("intercept")[:, 0], expected[1], atol=5e-6 * scale[1])


class TestLevel:
    @pytest.mark.parametrize("gain_db", [-12.0, -3.0, 6.0])
    @pytest.mark.parametrize("n_channels", [1, 2])
    def test_a_gain_moves_what_it_should(self, gain_db: float, n_channels: int) -> None:
        audio = music(n_channels)
        gain_lin = 10.0 ** (gain_db / 20.0)
        before, after = steps_of(audio), steps_of(audio * np.float32(gain_lin))
        for feature in LINEAR:
            np.testing.assert_allclose(after.of(feature), gain_lin * before.of(feature), rtol=1e-4, err_msg=feature)
        for feature in IN_DB:
            np.testing.assert_allclose(after.of(feature), before.of(feature) + gain_db, atol=5e-3, err_msg=feature)
        for feature in ("centroid", "bandwidth"):
            np.testing.assert_allclose(after.of(feature), before.of(feature), rtol=1e-5, err_msg=feature)
        moved = after.of("mfcc") - before.of("mfcc")
        np.testing.assert_allclose(moved[:, 0], math.sqrt(40) * gain_db, atol=1e-3)
        np.testing.assert_allclose(moved[:, 1:], 0.0, atol=1e-3)

    def test_silence_is_finite(self) -> None:
        got = steps_of(np.zeros((2, 3 * RATE_HZ), np.float32))
        for feature in FEATURES:
            expected = np.zeros_like(got.of(feature))
            expected[:] = FLOOR_DB if feature in IN_DB else 0.0
            if feature == "mfcc":
                expected[:, 0] = math.sqrt(40) * FLOOR_DB
            np.testing.assert_allclose(got.of(feature), expected, atol=1e-4, err_msg=feature)

    def test_silence_of_whole_batches_is_the_silence_within_one(self) -> None:
        """Long pauses are not computed: the frames at their edges, where the flux is, have to be the same."""
        audio = music(seconds=40.0).copy()
        audio[:, 10 * RATE_HZ : 25 * RATE_HZ] = 0.0
        whole = frames_of(audio)
        shifted = frames_of(audio[:, 200 * 1024 :])
        np.testing.assert_allclose(shifted.values[1:], whole.values[201:], rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("gain_db", [-30.0, 17.0])
    def test_louder_features_are_those_of_louder_audio(self, gain_db: float) -> None:
        """And nothing tells at what level the audio was made: no floor moves along with the gain."""
        turned = steps_of(np.float32(10.0 ** (gain_db / 20.0)) * music())
        np.testing.assert_allclose(steps_of(music()).louder_by(gain_db).values, turned.values, rtol=2e-3, atol=2e-3)

    def test_the_floor_holds_below_it(self) -> None:
        got = steps_of(np.float32(1e-8) * music())
        assert all(got.of(feature) == pytest.approx(FLOOR_DB, abs=1e-4) for feature in IN_DB)


class TestRates:
    @pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 48_000, 96_000, 384_000])
    def test_the_same_sound_has_the_same_features(self, rate_hz: int) -> None:
        """Noise below 3 kHz, sampled at two rates; frames differ in length by up to a half, so means are compared."""
        low = np.zeros(20_001, np.complex128)
        rng = np.random.default_rng(3)
        low[200:12_000] = rng.standard_normal((11_800, 2)) @ (1.0, 1.0j)
        sounds = {hz: (fft.irfft(low, 4 * hz) * hz)[None] for hz in (rate_hz, RATE_HZ)}
        scale = 0.1 / sounds[RATE_HZ].std()
        got, expected = (frames_of((sounds[hz] * scale).astype(np.float32), hz) for hz in (rate_hz, RATE_HZ))
        for feature, tolerance in {"rms": 0.01, "centroid": 0.02, "slope": 0.03, "intercept": 0.03}.items():
            assert got.of(feature).mean() == pytest.approx(expected.of(feature).mean(), rel=tolerance), feature
        power, expected_power = ((10.0 ** (f.of("sub_bands") / 10.0)).mean(axis=0) for f in (got, expected))
        np.testing.assert_allclose(10.0 * np.log10(power / expected_power)[1:6], 0.0, atol=0.3)

    def test_bands_above_half_the_rate_are_silent(self) -> None:
        got = steps_of(music(rate_hz=8_000), 8_000)
        for feature in IN_DB:
            above_frame_db = frames_of(music(rate_hz=8_000), 8_000)
            above_frame_db = above_frame_db.of(feature) - 20.0 * np.log10(above_frame_db.of("rms"))
            assert above_frame_db[:, -2:] == pytest.approx(DEPTH_DB, abs=1e-3)
            assert (got.of(feature)[:, :-2] > got.of(feature)[:, -2:].max() - 1.0).mean() > 0.5
        assert got.of("centroid").max() < 4_000.0

    @pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
    def test_mel_bands_are_librosa_s(self, librosa, rate_hz: int) -> None:
        grid = frame_grid(rate_hz)
        hz = np.arange(grid.size // 2 + 1) * grid.bin_hz
        wide = {"sr": 384_000, "n_fft": round(384_000 / grid.bin_hz), "n_mels": 40, "fmax": 22_050.0}
        weights = librosa.filters.mel(**wide)[:, : grid.n_bins] * grid.bin_hz
        audio = music(rate_hz=rate_hz)
        power = np.square(spectra_of(audio, grid).magnitude.astype(np.float64))
        floor = np.square(frames_of(audio, rate_hz).of("rms").astype(np.float64)) * 1e-6
        level_db = 10.0 * np.log10(np.maximum(power @ weights.T, floor))
        assert hz[1] == pytest.approx(grid.bin_hz)
        expected = fft.dct(level_db, axis=1, norm="ortho")[:, :13]
        np.testing.assert_allclose(frames_of(audio, rate_hz).of("mfcc"), expected, atol=2e-3)


class TestSteps:
    @pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000])
    @pytest.mark.parametrize("step_s", [0.1, 0.07, 0.25, 1.0])
    def test_means_of_the_frames_whose_centre_lies_inside(self, rate_hz: int, step_s: float) -> None:
        audio = music(seconds=4.3, rate_hz=rate_hz)
        frames, grid = frames_of(audio, rate_hz), frame_grid(rate_hz)
        edges = np.floor(np.arange(round(4.3 / step_s) + 1) * step_s * rate_hz + 1e-6)
        edges = edges[edges <= audio.shape[1]]
        centres = np.arange(frames.values.shape[0]) * grid.hop + grid.size // 2
        expected = [frames.values[(centres >= a) & (centres < b)].mean(axis=0) for a, b in pairwise(edges)]
        got = steps_of(audio, rate_hz, step_s)
        assert (got.start_s, got.step_s) == (0.0, step_s)
        np.testing.assert_allclose(got.values, expected, rtol=1e-5, atol=1e-4)

    @settings(max_examples=40, deadline=None)
    @given(n_samples=st.integers(1, 60_000), rate_hz=st.sampled_from([8_000, 11_025, 22_255, 44_100, 96_000]))
    def test_as_many_as_the_meter_has_blocks(self, n_samples: int, rate_hz: int) -> None:
        audio = np.random.default_rng(1).standard_normal((1, n_samples)).astype(np.float32)
        meter = LoudnessMeter(rate_hz, 1)
        meter.add(audio)
        assert steps_of(audio, rate_hz).values.shape == (meter.block_energy().shape[1], len(COLUMNS))

    @pytest.mark.parametrize("rate_hz", [8_000, 11_300, 15_200, 30_800, 44_100, 96_000])
    def test_none_of_100_ms_lacks_frames(self, rate_hz: int) -> None:
        grid = frame_grid(rate_hz)
        for n_steps in range(1, 40):
            n_samples = n_steps * rate_hz // 10
            centres = np.arange(grid.n_frames(n_samples)) * grid.hop + grid.size // 2
            steps = np.floor((centres + 1) * 10 / rate_hz - 1e-9)
            assert set(range(n_steps)) <= set(steps), n_samples

    def test_steps_shorter_than_the_hop_take_the_nearest_that_has_a_frame(self) -> None:
        audio = music()
        frames, got = frames_of(audio), steps_of(audio, step_s=0.01)
        assert got.values.shape[0] == 400
        heard = np.floor(frames.centres_s() * 100.0 + 1e-6)
        distance = np.abs(heard[None] - np.arange(400)[:, None])
        same = (frames.values[None] == got.values[:, None]).all(axis=2)
        assert (distance[np.arange(400), same.argmax(axis=1)] == distance.min(axis=1)).all()
        assert same.any(axis=1).all()

    def test_times_of_frames_are_their_centres(self) -> None:
        frames = frames_of(music())
        np.testing.assert_allclose(frames.centres_s()[:3], np.array([1024, 2048, 3072]) / RATE_HZ)

    def test_of_nothing_there_are_none(self) -> None:
        for step_s in (0.1, None):
            assert FeatureListener(RATE_HZ, 2, step_s).result().values.shape == (0, len(COLUMNS))

    @pytest.mark.parametrize("n_samples", [1, 100, 2047, 4409])
    def test_a_short_signal_has_one(self, n_samples: int) -> None:
        got = steps_of(music()[:, 20_000 : 20_000 + n_samples])
        assert got.values.shape == (1, len(COLUMNS))
        assert np.isfinite(got.values).all()

    @pytest.mark.parametrize("step_s", [0.0, -0.1, math.nan])
    def test_refuses_steps_that_are_none(self, step_s: float) -> None:
        with pytest.raises(ValueError, match="choose one above 0"):
            FeatureListener(RATE_HZ, 1, step_s)


class TestBlocks:
    @settings(max_examples=15, deadline=None)
    @given(
        cuts=st.lists(st.integers(0, 400_000), max_size=30).map(sorted),
        n_channels=st.integers(1, 2),
        rate_hz=st.sampled_from([8_000, 44_100, 48_000]),
        step_s=st.sampled_from([0.1, 0.033, None]),
    )
    def test_leave_no_trace(self, cuts: list[int], n_channels: int, rate_hz: int, step_s: float | None) -> None:
        audio = noise_with_pauses(n_channels, 400_000)
        listener = FeatureListener(rate_hz, n_channels, step_s)
        for start, stop in pairwise([0, *cuts, 400_000]):
            listener.add(audio[:, start:stop])
        whole = FeatureListener(rate_hz, n_channels, step_s)
        whole.add(audio)
        assert np.array_equal(listener.result().values, whole.result().values)

    def test_a_result_on_the_way_changes_nothing(self) -> None:
        audio = music(2, seconds=9.0)
        listener = FeatureListener(RATE_HZ, 2)
        for start in range(0, audio.shape[1], 30_000):
            listener.add(audio[:, start : start + 30_000])
            so_far = listener.result().values
            np.testing.assert_allclose(so_far, steps_of(audio[:, : start + 30_000]).values, rtol=1e-4, atol=1e-4)
        assert np.array_equal(so_far, steps_of(audio).values)

    def test_memory_does_not_grow_with_the_audio(self) -> None:
        block = music(2, seconds=1.0)
        listener = FeatureListener(RATE_HZ, 2)
        listener.add(np.tile(block, (1, 8)))
        tracemalloc.start()
        for _ in range(60):
            listener.add(block)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak_bytes < 20 << 20

    def test_hear_features_is_the_listener(self) -> None:
        audio = music(2)
        got = hear_features((audio[:, k : k + 5_000] for k in range(0, audio.shape[1], 5_000)), RATE_HZ, 2)
        assert np.array_equal(got.values, steps_of(audio).values)

    def test_damage_is_refused(self) -> None:
        audio = music().copy()
        audio[0, 99] = np.nan
        with pytest.raises(MediaError, match="not numbers"):
            steps_of(audio)


def noise_with_pauses(n_channels: int, n_samples: int) -> Audio:
    audio = 0.1 * np.random.default_rng(5).standard_normal((n_channels, n_samples))
    audio[:, n_samples // 4 : n_samples // 3] = 0.0
    return audio.astype(np.float32)
