"""The network of tone, as numpy plays it."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.analysis.stft import frame_grid, spectra_of
from reaper_automix.mixers.tone_network import (
    CENTRES_HZ,
    MOST_BOOST_DB,
    MOST_CUT_DB,
    N_BANDS,
    N_FEATURES,
    REACH,
    SILENCE_DB,
    ToneNetwork,
    band_weights,
    hear,
    heard_of,
    levels_of,
    long_term_gain_db,
    networks_from_bytes,
    networks_to_bytes,
)

N_CONTEXT = (2 * REACH + 1) * N_BANDS


def drawn(seed: int, size: float = 0.3) -> ToneNetwork:
    rng = np.random.default_rng(seed)

    def layer(n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
        weights = rng.normal(0.0, size / np.sqrt(n_in), (n_in, n_out))
        return weights.astype(np.float32), rng.normal(0.0, size, n_out).astype(np.float32)

    return ToneNetwork(
        rng.normal(-20.0, 5.0, N_FEATURES).astype(np.float32),
        rng.uniform(2.0, 8.0, N_FEATURES).astype(np.float32),
        rng.normal(0.0, 4.0, N_BANDS).astype(np.float32),
        (layer(N_FEATURES, 8), layer(8, N_BANDS)),
        (layer(N_CONTEXT, 8), layer(8, N_BANDS)),
    )


def constant(gain_db: float) -> ToneNetwork:
    zeros, ones = np.zeros(N_FEATURES, np.float32), np.ones(N_FEATURES, np.float32)
    return ToneNetwork(zeros, ones, np.full(N_BANDS, gain_db, np.float32))


def noise(seconds: float, rate_hz: int = 44_100, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.normal(0.0, 0.1, (channels, round(seconds * rate_hz))).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000, 192_000])
def test_bins_and_bands_belong_together(rate_hz: int) -> None:
    grid = frame_grid(rate_hz)
    weights = band_weights(grid)
    assert weights.shape == (grid.n_bins, N_BANDS)
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (weights.sum(axis=0)[np.array(CENTRES_HZ) < 0.9 * rate_hz / 2.0] > 0.0).all()


def test_the_level_of_a_band_does_not_depend_on_the_rate() -> None:
    found = []
    for rate_hz in (44_100, 96_000):
        time_s = np.arange(2 * rate_hz) / rate_hz
        sine = (0.5 * np.sin(2.0 * np.pi * 1_000.0 * time_s))[np.newaxis].astype(np.float32)
        grid = frame_grid(rate_hz)
        found.append(hear(levels_of(spectra_of(sine, grid).magnitude, grid)).long_term_db)
    assert int(np.argmax(found[0])) == 12
    assert found[0][12] == pytest.approx(found[1][12], abs=0.3)


def test_what_is_heard_does_not_depend_on_the_level() -> None:
    audio = noise(3.0)
    loud, quiet = heard_of(audio, 44_100), heard_of(audio * np.float32(0.01), 44_100)
    assert np.abs(loud.features - quiet.features).max() < 0.01
    assert loud.long_term_db - quiet.long_term_db == pytest.approx(40.0, abs=0.01)


def test_the_loudest_ten_seconds_are_heard() -> None:
    audio = noise(30.0)
    audio[:, : 15 * 44_100] *= 0.1
    alone = heard_of(audio[:, 16 * 44_100 :], 44_100)
    assert heard_of(audio, 44_100).long_term_db == pytest.approx(alone.long_term_db, abs=0.5)


def test_gains_stay_within_their_limits() -> None:
    levels_db = levels_of(spectra_of(noise(1.0), frame_grid(44_100)).magnitude, frame_grid(44_100))
    heard = hear(levels_db)
    for network in (constant(1_000.0), constant(-1_000.0), drawn(0, size=50.0)):
        gains_db = network.gains_db(levels_db, heard)
        assert gains_db.shape == levels_db.shape
        assert gains_db.max() <= MOST_BOOST_DB + 1e-4
        assert gains_db.min() >= -MOST_CUT_DB - 1e-4
    assert constant(3.0).gains_db(levels_db, heard).max() == pytest.approx(12.0 * np.tanh(0.25), abs=1e-4)


def test_what_is_not_there_is_not_boosted() -> None:
    levels_db = np.full((20, N_BANDS), -30.0, np.float32)
    levels_db[:, 20:] = SILENCE_DB
    levels_db[10:, 3] = SILENCE_DB
    gains_db = constant(20.0).gains_db(levels_db, hear(levels_db))
    assert gains_db[:, 20:].max() == 0.0
    assert gains_db[10:, 3].max() == 0.0
    assert gains_db[:10, :20].min() > 5.0


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_track_has_a_curve(rate_hz: int, channels: int) -> None:
    gain_db, share_db = long_term_gain_db(drawn(1), noise(1.5, rate_hz, channels), rate_hz)
    assert gain_db.shape == share_db.shape == (N_BANDS,)
    assert np.isfinite(gain_db).all()
    assert np.abs(gain_db).max() > 0.1


@pytest.mark.parametrize("n_samples", [0, 1, 100, 3_000, 50_000])
def test_silence_and_very_short_tracks_are_not_boosted(n_samples: int) -> None:
    gain_db, _ = long_term_gain_db(constant(6.0), np.zeros((2, n_samples), np.float32), 44_100)
    assert np.array_equal(gain_db, np.zeros(N_BANDS, np.float32))


def test_the_curve_is_that_of_the_gains() -> None:
    gain_db, _ = long_term_gain_db(constant(-6.0), noise(2.0), 44_100)
    assert gain_db == pytest.approx(-24.0 * np.tanh(0.25), abs=1e-3)


def test_networks_are_read_as_they_were_written() -> None:
    audio = noise(1.0)
    networks = {"bass": drawn(2), "keys": constant(2.0)}
    again = networks_from_bytes(networks_to_bytes(networks))
    assert list(again) == ["bass", "keys"]
    for group, network in networks.items():
        before, after = (long_term_gain_db(one, audio, 44_100)[0] for one in (network, again[group]))
        assert np.array_equal(before, after)


def test_numbers_that_are_no_network_are_refused() -> None:
    whole = drawn(3)
    broken = ToneNetwork(whole.mean, whole.deviation, whole.base_db, ((whole.still[0][0][1:], whole.still[0][1]),))
    with pytest.raises(ValueError, match="layer 0 of x/still"):
        networks_from_bytes(networks_to_bytes({"x": broken}))
    with pytest.raises(ValueError, match="ends in"):
        networks_from_bytes(
            networks_to_bytes({"x": ToneNetwork(whole.mean, whole.deviation, whole.base_db, whole.still[:1])})
        )
    with pytest.raises(ValueError, match="answers"):
        networks_from_bytes(networks_to_bytes({"x": ToneNetwork(whole.mean, whole.deviation, whole.base_db[1:])}))
