"""A drum microphone in numbers: what they mean on known sounds, and what must not change them."""

from __future__ import annotations

import importlib.util
import tracemalloc

import librosa
import numpy as np
import pytest
import soxr
from numpy.typing import NDArray
from scipy import stats

from reaper_automix.analysis.drum_feature_statistics import STATISTICS, statistics
from reaper_automix.analysis.drum_features import (
    FEATURES,
    FILE_FEATURES,
    FRAME_FEATURES,
    PITCH_FEATURES,
    microphone_features,
)
from reaper_automix.analysis.drum_frame_features import BARK_EDGES_HZ, SHAPE_FEATURES, Pitch, SpectrumShape
from reaper_automix.analysis.stft import frame_grid, spectra_of
from reaper_automix.errors import MediaError

RATE_HZ = 44_100
Audio = NDArray[np.float32]


def sine(hz: float, *, length_s: float = 2.0, rate_hz: int = RATE_HZ) -> Audio:
    return (0.3 * np.sin(2.0 * np.pi * hz * np.arange(round(length_s * rate_hz)) / rate_hz)).astype(np.float32)


def noise(*, length_s: float = 10.0, seed: int = 1) -> Audio:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(length_s * RATE_HZ))).astype(np.float32)


def clicks(*, every_s: float = 0.5, length_s: float = 10.0) -> Audio:
    audio = np.zeros(round(length_s * RATE_HZ), np.float32)
    audio[round(0.1 * RATE_HZ) :: round(every_s * RATE_HZ)] = 0.5
    return audio


def tom(
    *, hz: float = 90.0, decay_s: float = 0.1, attack_s: float = 0.0, length_s: float = 10.0, hiss: float = 1e-4
) -> Audio:
    """A hit every half second, the first at 0.1 s: a tone whose level falls exponentially, with a burst of noise."""
    times_s = np.arange(round(0.5 * RATE_HZ)) / RATE_HZ
    rng = np.random.default_rng(2)
    rise = np.minimum(times_s / attack_s, 1.0) if attack_s else 1.0
    hit = np.exp(-times_s / decay_s) * rise * np.sin(2.0 * np.pi * hz * times_s)
    hit += 0.05 * np.exp(-times_s / 0.01) * rise * rng.standard_normal(times_s.size)
    audio = np.zeros(round(length_s * RATE_HZ))
    for number, start in enumerate(range(round(0.1 * RATE_HZ), audio.size - hit.size, hit.size)):
        audio[start : start + hit.size] += 0.5 * 10.0 ** (-(number % 4) * 3.0 / 20.0) * hit
    return (audio + hiss * rng.standard_normal(audio.size)).astype(np.float32)


def heard(audio: Audio, rate_hz: int = RATE_HZ) -> dict[str, float]:
    values = microphone_features(audio, rate_hz)
    assert values.dtype == np.float32
    assert values.shape == (len(FEATURES),)
    assert np.isfinite(values).all()
    return dict(zip(FEATURES, values.tolist(), strict=True))


# --- the schema


def test_names_are_unique_and_as_many_as_there_are_numbers() -> None:
    assert len(set(FEATURES)) == len(FEATURES)
    assert len(FEATURES) == 11 * (len(FRAME_FEATURES) + len(PITCH_FEATURES)) + len(FILE_FEATURES)
    assert FEATURES[:11] == tuple(f"centroid_hz.{statistic}" for statistic in STATISTICS)


# --- statistics


def _frames(n_frames: int = 500) -> Audio:
    rng = np.random.default_rng(3)
    columns = (rng.standard_normal(n_frames), rng.gamma(2.0, 3.0, n_frames), 1000.0 + rng.uniform(-5, 5, n_frames))
    return np.column_stack(columns).astype(np.float32)


def test_statistics_are_those_of_scipy() -> None:
    frames = _frames()
    values = statistics(frames, np.ones(len(frames), bool))
    wide = frames.astype(np.float64)
    slopes, bends = np.diff(wide, axis=0), np.diff(wide, 2, axis=0)
    expected = (
        *(wide.mean(axis=0), wide.var(axis=0), stats.skew(wide), stats.kurtosis(wide), np.median(wide, axis=0)),
        *(np.abs(slopes).mean(axis=0), slopes.var(axis=0), np.abs(bends).mean(axis=0), bends.var(axis=0)),
        *(wide.max(axis=0), wide.min(axis=0)),
    )
    np.testing.assert_allclose(values, np.column_stack(expected), rtol=1e-5)


def test_frames_left_out_count_in_nothing_and_no_derivative_goes_across_them() -> None:
    frames = _frames(60)
    kept = np.ones(60, bool)
    kept[20:25] = False
    frames[20:25] = 1e6
    parts = [frames[:20].astype(np.float64), frames[25:].astype(np.float64)]
    values = statistics(frames, kept)
    slopes = np.concatenate([np.diff(part, axis=0) for part in parts])
    bends = np.concatenate([np.diff(part, 2, axis=0) for part in parts])
    np.testing.assert_allclose(values[:, 0], np.concatenate(parts).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(values[:, 6], slopes.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(values[:, 8], bends.var(axis=0), rtol=1e-5)


def test_more_features_than_a_batch_are_the_same_as_one_by_one() -> None:
    frames = np.random.default_rng(4).standard_normal((50, 40)).astype(np.float32)
    kept = np.ones(50, bool)
    alone = np.concatenate([statistics(frames[:, k : k + 1], kept) for k in range(40)])
    np.testing.assert_allclose(statistics(frames, kept), alone, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3])
def test_few_frames_have_finite_statistics(n_frames: int) -> None:
    values = statistics(_frames(3)[:n_frames], np.ones(n_frames, bool))
    assert np.isfinite(values).all()
    if n_frames < 2:
        assert not values[:, 5:9].any()


def test_a_constant_feature_has_no_shape() -> None:
    frames = np.full((100, 1), 1234.5678, np.float32)
    frames[::2] += 1e-3
    values = dict(zip(STATISTICS, statistics(frames, np.ones(100, bool))[0].tolist(), strict=True))
    assert values["skew"] == values["kurt"] == 0.0
    assert values["mean"] == pytest.approx(1234.568, abs=1e-2)


# --- frames of known sounds


def test_a_sine_is_one_line() -> None:
    values = heard(sine(1000.0))
    assert values["centroid_hz.mean"] == pytest.approx(1000.0, abs=1.0)
    assert values["hfc_hz.mean"] == pytest.approx(1000.0, abs=1.0)
    assert values["zero_crossings_per_s.mean"] == pytest.approx(2000.0, rel=5e-3)
    assert values["peak_db.mean"] == pytest.approx(3.01, abs=0.02)
    assert values["n_peaks.mean"] == 1.0
    assert values["share_high_mid_db.mean"] == pytest.approx(0.0, abs=1e-3)
    assert values["flux.median"] < 1e-4
    assert values["flux.max"] < 5e-3  # the filter against offsets settles
    assert values["level_db.min"] > -0.01
    band = next(k for k, edge in enumerate(BARK_EDGES_HZ[1:]) if edge > 1000.0)
    assert values[f"bark_{band}_db.mean"] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("hz", [55.0, 82.4, 180.0, 440.0])
def test_the_pitch_of_a_tone(hz: float) -> None:
    values = heard(sine(hz))
    assert 40.0 * 2.0 ** values["pitch_octaves.median"] == pytest.approx(hz, rel=0.005)
    assert 20.0 * 2.0 ** values["peak_octaves.median"] == pytest.approx(hz, rel=0.02)
    assert values["pitch_salience.mean"] > 0.99
    assert values["pitch_confidence.mean"] > 0.98
    assert values["peak_share_db.mean"] > -0.1


def test_white_noise_is_flat() -> None:
    values = heard(noise())
    middle_hz, width_hz = (20.0 + 20_000.0) / 2.0, 20_000.0 - 20.0
    assert values["centroid_hz.mean"] == pytest.approx(middle_hz, rel=5e-3)
    assert values["spread_hz.mean"] == pytest.approx(width_hz / 12.0**0.5, rel=5e-3)
    assert values["arsinh_skewness.mean"] == pytest.approx(0.0, abs=0.02)
    assert values["log2_kurtosis.mean"] == pytest.approx(np.log2(1.8), abs=0.01)
    assert values["rolloff_hz.mean"] == pytest.approx(20.0 + 0.85 * width_hz, rel=5e-3)
    # The geometric over the arithmetic mean of exponentially distributed powers is exp(-gamma).
    assert values["flatness_db.mean"] == pytest.approx(10.0 * np.log10(np.exp(-np.euler_gamma)), abs=0.03)
    # Its mean entropy is that of flat bins, less (1 - gamma) / ln 2 bits.
    n_bins = width_hz / (RATE_HZ / 2048)
    expected = np.log2(n_bins) - (1.0 - np.euler_gamma) / np.log(2.0)
    assert values["entropy_bits.mean"] == pytest.approx(expected, abs=0.01)
    assert values["zero_crossings_per_s.mean"] == pytest.approx(RATE_HZ / 2.0, rel=5e-3)
    assert values["pitch_salience.mean"] < 0.15
    low, high = BARK_EDGES_HZ[20:22]
    share_db = 10.0 * np.log10((high - low) / width_hz)
    assert values["bark_20_db.mean"] == pytest.approx(share_db, abs=0.15)


def test_shape_agrees_with_librosa() -> None:
    audio = soxr.resample(noise(length_s=3.0), 8_000, RATE_HZ, quality="VHQ")[: 2 * RATE_HZ]
    spectra = spectra_of(audio[None], frame_grid(RATE_HZ))
    values, _ = SpectrumShape(frame_grid(RATE_HZ)).features(spectra)
    by_name = dict(zip(SHAPE_FEATURES, values.T, strict=True))
    options = {"sr": RATE_HZ, "n_fft": 2048, "hop_length": 1024, "center": False}
    centroid_hz = librosa.feature.spectral_centroid(y=audio, **options)[0]
    np.testing.assert_allclose(by_name["centroid_hz"], centroid_hz, rtol=0.02)
    bandwidth_hz = librosa.feature.spectral_bandwidth(y=audio, **options)[0]
    np.testing.assert_allclose(by_name["spread_hz"], bandwidth_hz, rtol=0.05)
    # librosa's roll-off is one of magnitudes; squared ones make it one of power, to the next bin.
    magnitude = np.abs(librosa.stft(audio, n_fft=2048, hop_length=1024, center=False)) ** 2
    rolloff_hz = librosa.feature.spectral_rolloff(S=magnitude, sr=RATE_HZ, roll_percent=0.85)[0]
    # Half a bin for the interpolation, one for what counts as the bin that holds the share, and the share below 20 Hz.
    np.testing.assert_allclose(by_name["rolloff_hz"], rolloff_hz, atol=1.5 * RATE_HZ / 2048)


def test_zero_crossings_agree_with_librosa() -> None:
    audio = noise(length_s=2.0)
    audio -= audio.mean()
    options = {"frame_length": 2048, "hop_length": 1024, "center": False, "zero_pos": True, "pad": False}
    rate = librosa.feature.zero_crossing_rate(audio, **options)[0]
    assert heard(audio)["zero_crossings_per_s.mean"] == pytest.approx(rate.mean() * RATE_HZ, rel=2e-3)


def test_spectra_in_batches_are_one_signal() -> None:
    grid = frame_grid(RATE_HZ)
    spectra = spectra_of(tom(length_s=3.0)[None], grid)
    whole, powers = SpectrumShape(grid).features(spectra)
    shape = SpectrumShape(grid)
    cut = [
        shape.features(type(spectra)(at, spectra.magnitude[at : at + 17], spectra.mean_square[at : at + 17]))
        for at in range(0, len(whole), 17)
    ]
    np.testing.assert_allclose(np.concatenate([part for part, _ in cut]), whole, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([part for _, part in cut]), powers, rtol=1e-5)


def test_a_silent_frame_is_finite() -> None:
    grid, pitch_grid = frame_grid(RATE_HZ), frame_grid(RATE_HZ, 0.092)
    silence = np.zeros((1, 10_000), np.float32)
    assert np.isfinite(SpectrumShape(grid).features(spectra_of(silence, grid))[0]).all()
    assert np.isfinite(Pitch(pitch_grid).features(spectra_of(silence, pitch_grid))[0]).all()


# --- the whole file


def test_clicks_are_counted() -> None:
    values = heard(clicks())
    assert values["hits_per_s"] == pytest.approx(2.0, rel=0.06)
    assert values["interval_s"] == pytest.approx(0.5, abs=0.003)
    assert values["interval_spread_s"] < 0.006
    assert values["period_s"] == pytest.approx(0.5, abs=0.024)
    assert values["hit_spread_db"] < 0.01
    assert values["silence_share"] > 0.85
    assert 10.0 ** values["log_attack_s"] < 0.002
    assert values["drop_50_ms_db"] == pytest.approx(60.0, abs=0.1)


def test_an_irregular_drum_has_a_wider_spread_of_intervals() -> None:
    rng = np.random.default_rng(5)
    audio = np.zeros(10 * RATE_HZ, np.float32)
    audio[np.sort(rng.choice(audio.size // 8_000, 18, replace=False)) * 8_000 + 1] = 0.5
    irregular, regular = heard(audio), heard(clicks())
    assert irregular["interval_spread_s"] > 0.1
    assert irregular["period_strength"] < regular["period_strength"]


@pytest.mark.parametrize("decay_s", [0.05, 0.1, 0.2])
def test_a_decay_falls_as_its_time_constant_says(decay_s: float) -> None:
    values = heard(tom(decay_s=decay_s, hz=200.0, hiss=0.0))
    fall_db = values["drop_200_ms_db"] - values["drop_100_ms_db"]
    assert fall_db == pytest.approx(min(20.0 * np.log10(np.e) * 0.1 / decay_s, 60.0), rel=0.15)


def test_a_slower_attack_takes_longer() -> None:
    attacks_s = [10.0 ** heard(tom(attack_s=s, hz=400.0))["log_attack_s"] for s in (0.005, 0.02, 0.04)]
    assert attacks_s[0] < 0.006
    assert attacks_s[2] == pytest.approx(0.7 * 0.04, rel=0.25)
    assert attacks_s == sorted(attacks_s)


def test_longer_drums_have_their_energy_later() -> None:
    short, long = heard(tom(decay_s=0.03)), heard(tom(decay_s=0.2))
    assert short["hit_centroid_s"] < long["hit_centroid_s"]
    assert short["transient_db"] > long["transient_db"] + 3.0


def test_levels_of_frames() -> None:
    steady = heard(noise(length_s=8.0))
    assert steady["within_10_db_share"] == 1.0
    assert steady["silence_share"] == 0.0
    half = np.concatenate((noise(length_s=4.0), np.float32(0.0316228) * noise(length_s=4.0)))
    stepped = heard(half)
    assert stepped["level_75_percentile_db"] - stepped["level_25_percentile_db"] == pytest.approx(30.0, abs=0.5)
    assert stepped["within_20_db_share"] == pytest.approx(0.5, abs=0.02)


def test_loudness_range_of_two_levels() -> None:
    levels = np.repeat(10.0 ** (np.array([0.0, -10.0]) / 20.0), 20 * RATE_HZ).astype(np.float32)
    values = heard(noise(length_s=40.0) * levels)
    assert values["loudness_range_lu"] == pytest.approx(10.0, abs=0.3)  # EBU Tech 3342, test 1
    assert values["dynamic_complexity_db"] == pytest.approx(5.0, abs=0.3)


def test_k_weighting_of_a_tone() -> None:
    assert heard(sine(997.0))["k_weighting_db"] == pytest.approx(0.691, abs=0.05)


def test_modulation_is_found_at_its_speed() -> None:
    times_s = np.arange(10 * RATE_HZ) / RATE_HZ
    values = heard((noise() * (1.0 + 0.8 * np.sin(2.0 * np.pi * 6.0 * times_s))).astype(np.float32))
    assert values["modulation_4_hz_share"] > 0.9


def test_hits_say_where_their_power_is() -> None:
    low, high = heard(tom(hz=60.0)), heard(tom(hz=1500.0))
    assert low["hit_low_share"] > 0.9
    assert high["hit_high_mid_share"] > 0.9


# --- what must not matter


@pytest.mark.parametrize("gain_lin", [2.0**-9, 2.0**5])
def test_a_gain_that_rounds_nothing_changes_not_a_bit(gain_lin: float) -> None:
    audio = tom()
    louder = microphone_features(audio * np.float32(gain_lin), RATE_HZ)
    assert np.array_equal(louder, microphone_features(audio, RATE_HZ))


@pytest.mark.parametrize("gain_db", [-47.3, -3.1, 21.7])
@pytest.mark.parametrize("audio", [tom(), noise(length_s=4.0), clicks()], ids=["tom", "noise", "clicks"])
def test_a_gain_changes_nothing(audio: Audio, gain_db: float) -> None:
    """To 1e-5 of the size of a feature: of its largest magnitude over the frames, squared for variances.

    A few extremes and fourth moments see the rounding of samples 80 dB below the loudest: theirs is 1e-4.
    """
    before = microphone_features(audio, RATE_HZ)
    after = microphone_features(audio * np.float32(10.0 ** (gain_db / 20.0)), RATE_HZ)
    error = np.abs(after - before) / _sizes(before)
    assert np.median(error) < 1e-7
    assert np.mean(error < 1e-5) > 0.995
    assert np.max(error) < 1e-4


def _sizes(values: Audio) -> Audio:
    """Return what an error in a feature is to be measured by; never below 1."""
    n_frame_values = len(FEATURES) - len(FILE_FEATURES)
    frames = values[:n_frame_values].reshape(-1, len(STATISTICS))
    size = np.maximum(np.abs(frames[:, -2:]).max(axis=1, keepdims=True), 1.0)
    powers = np.array([2 if "var" in name else 1 for name in STATISTICS])
    # Skewness and kurtosis have no unit: theirs is how much rounding they see, the size over the deviation.
    sizes = size**powers
    deviation = np.sqrt(np.maximum(frames[:, 1:2], 1e-8))
    for name in ("skew", "kurt"):
        column = STATISTICS.index(name)
        sizes[:, column] = np.maximum(np.abs(frames[:, column]), 1.0) * np.maximum(size / deviation, 1.0)[:, 0]
    return np.concatenate((sizes.ravel(), np.maximum(np.abs(values[n_frame_values:]), 1.0)))


def test_an_offset_changes_nothing() -> None:
    audio = tom()
    before, after = heard(audio), heard(audio + np.float32(0.05))
    for name in ("zero_crossings_per_s.mean", "centroid_hz.mean", "share_low_db.mean", "crest_db", "level_db.mean"):
        assert after[name] == pytest.approx(before[name], rel=2e-3, abs=2e-3), name


@pytest.mark.parametrize("rate_hz", [48_000, 88_200, 96_000])
def test_a_rate_changes_little(rate_hz: int) -> None:
    kit = [tom(hz=hz, decay_s=decay_s, hiss=1e-3) for hz, decay_s in ((60.0, 0.15), (190.0, 0.06), (900.0, 0.03))]
    before = np.array([microphone_features(audio, RATE_HZ) for audio in kit])
    other = [soxr.resample(audio, RATE_HZ, rate_hz, quality="VHQ") for audio in kit]
    after = np.array([microphone_features(audio, rate_hz) for audio in other])
    spread = np.maximum(before.std(axis=0), 1e-3 * np.abs(before).max(axis=0) + 1e-3)
    error = np.abs(after - before) / spread
    assert np.median(error) < 0.002
    assert np.percentile(error, 95) < 0.05


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 32_000])
def test_bands_above_a_low_rate_are_empty(rate_hz: int) -> None:
    values = heard(soxr.resample(tom(hiss=1e-2), RATE_HZ, rate_hz), rate_hz)
    empty = [k for k, edge in enumerate(BARK_EDGES_HZ[:-1]) if edge > 0.6 * rate_hz]
    assert empty or rate_hz == 32_000
    for k in empty:
        assert values[f"bark_{k}_db.max"] == pytest.approx(-70.0, abs=0.1)
        assert values[f"bark_{k}_db.kurt"] == 0.0
    assert values["share_low_db.mean"] > -20.0


def test_silence_behind_it_changes_only_how_much_silence_there_is() -> None:
    audio = tom(hiss=0.0)
    before, after = heard(audio), heard(np.concatenate((audio, np.zeros(5 * RATE_HZ, np.float32))))
    assert after["silence_share"] > before["silence_share"] + 0.2
    for name in ("centroid_hz.mean", "bark_3_db.median", "level_50_percentile_db", "hit_centroid_s", "flux.mean"):
        assert after[name] == pytest.approx(before[name], rel=0.02), name


def test_long_audio_takes_little_memory() -> None:
    audio = np.tile(noise(length_s=10.0), 12)
    tracemalloc.start()
    try:
        microphone_features(audio, RATE_HZ)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The whole spectrogram would take 21 + 21 MB per pass of it, the magnitudes alone.
    assert peak_bytes < 60e6


# --- what cannot be heard


@pytest.mark.parametrize("n_samples", [0, 1, 5, 100, 50_000])
def test_silence_is_zeros(n_samples: int) -> None:
    assert not microphone_features(np.zeros(n_samples, np.float32), RATE_HZ).any()


def test_a_constant_is_silence() -> None:
    assert not microphone_features(np.full(50_000, 0.25, np.float32), RATE_HZ).any()


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("n_samples", [1, 2, 3, 255, 1023, 1024, 1025, 2048, 4095, 4097, 20_000])
def test_any_length_is_finite(n_samples: int, rate_hz: int) -> None:
    assert np.isfinite(list(heard(noise(length_s=0.5)[:n_samples], rate_hz).values())).all()


def test_sparse_clicks_in_silence_are_finite() -> None:
    audio = np.zeros(3 * RATE_HZ, np.float32)
    audio[RATE_HZ] = 1e-6
    assert np.isfinite(list(heard(audio).values())).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_refused(value: float) -> None:
    audio = noise(length_s=10.0)
    audio[8 * RATE_HZ] = value
    with pytest.raises(MediaError, match=r"not numbers \(near .* s\)"):
        microphone_features(audio, RATE_HZ)


def test_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="one row of samples"):
        microphone_features(np.zeros((2, 100), np.float32), RATE_HZ)


@pytest.mark.parametrize("rate_hz", [0, -44_100, 500, 2_000_000])
def test_a_rate_out_of_reach_is_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="sample rate"):
        microphone_features(noise(length_s=0.1), rate_hz)


# --- another implementation


@pytest.mark.skipif(
    importlib.util.find_spec("essentia") is None, reason="essentia is not installed: pip install essentia"
)
def test_shape_agrees_with_essentia() -> None:
    standard = pytest.importorskip("essentia.standard")
    audio = tom(hz=300.0, hiss=1e-2)
    grid = frame_grid(RATE_HZ)
    values, _ = SpectrumShape(grid).features(spectra_of(audio[None], grid))
    by_name = dict(zip(SHAPE_FEATURES, values.T, strict=True))
    window, spectrum = standard.Windowing(type="hann", zeroPadding=0), standard.Spectrum()
    centroid = standard.Centroid(range=RATE_HZ / 2)
    rolloff = standard.RollOff(sampleRate=RATE_HZ)
    frames = [audio[at : at + 2048] for at in range(0, audio.size - 2047, 1024)]
    theirs = np.array([[f(s) for f in (centroid, rolloff)] for s in (spectrum(window(frame)) for frame in frames)])
    loud = by_name["share_low_mid_db"] > -6.0
    for name, column in zip(("centroid_hz", "rolloff_hz"), theirs.T, strict=True):
        assert np.corrcoef(by_name[name][loud], column[loud])[0, 1] > 0.98, name
