"""What the level network sees and answers: mel spectra as librosa has them, no trace of levels, any length and rate."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from reaper_automix import models_folder
from reaper_automix.analysis.mel_spectra import HOP, RATE_HZ, in_db, mel_energies, mel_filters
from reaper_automix.errors import ModelError
from reaper_automix.learning.convolution import Convolution, ConvolutionNetwork
from reaper_automix.mixers.vocal_network import (
    BLOCK_FRAMES,
    SHOWN_GAIN_DB,
    VocalNetwork,
    as_heard,
    blocks_of,
    load_vocal_network,
    network_of,
    predicted_gap_lu,
    sounding,
    vocal_network_is_proven,
)

Audio = NDArray[np.float32]


def noise(seconds: float, rate_hz: int = RATE_HZ, seed: int = 0) -> Audio:
    return (0.1 * np.random.default_rng(seed).standard_normal(int(seconds * rate_hz))).astype(np.float32)


def tones(seconds: float, rate_hz: int = RATE_HZ) -> Audio:
    """A voice-like sum of partials, on and off every second."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    partials = sum(np.sin(2 * np.pi * 220.0 * n * time_s) / n for n in range(1, 9))
    return np.asarray(0.1 * partials * (np.sin(np.pi * time_s) > 0.0), np.float32)


def small_network(**how: object) -> VocalNetwork:
    rng = np.random.default_rng(5)
    layers = []
    for n_in, n_out in ((2, 4), (4, 8), (8, 8), (8, 8)):
        weight = rng.normal(0.0, 0.2, (n_out, n_in, 3, 3)).astype(np.float32)
        layers.append(Convolution(weight, np.full(n_out, 0.1, np.float32)))
    answer = rng.normal(0.0, 0.2, 96).astype(np.float32)
    return VocalNetwork(ConvolutionNetwork(tuple(layers), answer, -4.0), **how)  # type: ignore[arg-type]


def test_mel_spectrum_is_that_of_librosa() -> None:
    librosa = pytest.importorskip("librosa")
    np.testing.assert_allclose(mel_filters(), librosa.filters.mel(sr=44_100, n_fft=2048, n_mels=128), atol=1e-7)
    audio = noise(1.0) + tones(1.0)
    wanted = librosa.feature.melspectrogram(y=audio, sr=44_100, n_fft=2048, hop_length=1024, center=False, n_mels=128)
    found = mel_energies(audio, RATE_HZ)
    assert found.shape == (128, 1 + (RATE_HZ - 2048) // 1024)
    np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=1e-6)


def test_other_rates_have_the_same_spectrum() -> None:
    audio = tones(2.0)
    wanted = mel_energies(audio, RATE_HZ)
    for rate_hz in (48_000, 96_000):
        found = mel_energies(soxr.resample(audio, RATE_HZ, rate_hz), rate_hz)
        assert abs(found.shape[1] - wanted.shape[1]) <= 1
        loud = wanted[:, :20] > wanted.max() * 1e-4
        np.testing.assert_allclose(found[:, :20][loud], wanted[:, :20][loud], rtol=0.02)


def test_blocks_are_cut_every_64_frames_and_pooled() -> None:
    rng = np.random.default_rng(1)
    vocal = rng.random((128, 300), np.float32)
    backing = rng.random((128, 280), np.float32)
    blocks = blocks_of(vocal, backing)
    assert blocks.shape == (4, 2, 128, 64)
    np.testing.assert_array_equal(blocks[1, 0], vocal[:, 64:128])
    pooled = blocks_of(vocal, backing, pooling=4)
    assert pooled.shape == (1, 2, 128, 64)
    np.testing.assert_allclose(pooled[0, 0, :, 3], vocal[:, 12:16].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(pooled[0, 1, :, 63], backing[:, 252:256].mean(axis=1), rtol=1e-6)


def test_what_is_shorter_than_a_block_is_filled_up() -> None:
    blocks = blocks_of(np.ones((128, 5), np.float32), np.ones((128, 9), np.float32))
    assert blocks.shape == (1, 2, 128, 64)
    assert blocks[0, 0].sum() == 128 * 5
    assert blocks[0, 1].sum() == 128 * 9


def test_only_blocks_in_which_the_vocal_sounds_count() -> None:
    frames = BLOCK_FRAMES * 6
    vocal, backing = np.ones((128, frames), np.float32), np.ones((128, frames), np.float32)
    vocal[:, 64:128] = 0.0  # silent
    vocal[:, 128:192] *= 1e-3  # bleed, 30 dB below
    vocal[:, 192:256] *= 1e-2  # quiet, 20 dB below: sung
    backing[:, 256:320] = 0.0  # nothing to sing over
    np.testing.assert_array_equal(sounding(blocks_of(vocal, backing)), [True, False, False, True, False, True])
    assert not sounding(blocks_of(np.zeros((128, 64), np.float32), backing)).any()


@pytest.mark.parametrize("as_level", [False, True])
def test_the_level_is_not_in_the_input(as_level: bool) -> None:
    blocks = blocks_of(mel_energies(tones(3.0), RATE_HZ), mel_energies(noise(3.0), RATE_HZ))
    louder = blocks * np.array([100.0, 0.01], np.float32)[:, np.newaxis, np.newaxis]
    one, other = (as_heard(in_db(each), SHOWN_GAIN_DB, as_level=as_level) for each in (blocks, louder))
    # Where the quieter one falls below the floor of the levels there is nothing to compare.
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_energy_and_level_are_shown_below_the_maximum_times_the_gain() -> None:
    blocks = np.full((1, 2, 128, 64), 0.25, np.float32)
    blocks[0, :, 3, 5] = 2.5  # 10 dB above
    gains_db = np.array([[0.0, -12.0]])
    energy = as_heard(in_db(blocks), gains_db, as_level=False)
    np.testing.assert_allclose(energy[0, :, 3, 5], [1.0, 10 ** (-12 / 20)], rtol=1e-5)
    np.testing.assert_allclose(energy[0, 0, 0, 0], 0.1, rtol=1e-5)
    level = as_heard(in_db(blocks), gains_db, as_level=True)
    np.testing.assert_allclose(level[0, :, 3, 5], [1.0, 1.0 - 12.0 / 80.0], rtol=1e-5)
    np.testing.assert_allclose(level[0, 0, 0, 0], 1.0 - 10.0 / 80.0, rtol=1e-5)


def test_the_answer_is_the_mean_over_blocks_in_which_the_vocal_sounds() -> None:
    network = small_network(as_level=True, scale_lu=2.0, shift_lu=1.0)
    vocal, backing = tones(9.0), noise(9.0)
    vocal[: 3 * BLOCK_FRAMES * HOP] = 0.0
    blocks = blocks_of(mel_energies(vocal, RATE_HZ), mel_energies(backing, RATE_HZ))
    heard = blocks[sounding(blocks)]
    assert 0 < len(heard) < len(blocks)
    seen = as_heard(in_db(heard), SHOWN_GAIN_DB, as_level=True)
    wanted = float(network.network.predict(seen).mean() * 2.0 + 1.0)
    assert network.gap_lu(vocal, backing, RATE_HZ) == pytest.approx(wanted, abs=1e-6)


def test_levels_rates_and_lengths_do_not_matter_much() -> None:
    network = small_network(as_level=True)
    vocal, backing = tones(6.0), noise(6.0)
    wanted = network.gap_lu(vocal, backing, RATE_HZ)
    assert network.gap_lu(vocal * np.float32(0.03), backing * np.float32(3.0), RATE_HZ) == pytest.approx(
        wanted, abs=0.02
    )
    assert np.isfinite(
        network.gap_lu(soxr.resample(vocal, 44_100, 48_000), soxr.resample(backing, 44_100, 48_000), 48_000)
    )
    for n_samples in (200, 2047, 5000, 70_000):
        assert np.isfinite(network.gap_lu(vocal[10 : 10 + n_samples], backing[10 : 10 + n_samples], RATE_HZ))
    assert np.isfinite(network.gap_lu(vocal[:100_000], backing, RATE_HZ))
    assert np.isfinite(network.gap_lu(vocal, backing[:100_000], 22_050))


def test_silence_and_damage_are_refused_with_a_reason() -> None:
    network = small_network()
    for vocal, backing in ((np.zeros(90_000, np.float32), noise(2.0)), (tones(2.0), np.zeros(0, np.float32))):
        with pytest.raises(ValueError, match="never sound together"):
            network.gap_lu(vocal, backing, RATE_HZ)
    with pytest.raises(ValueError, match="mono"):
        network.gap_lu(np.zeros((2, 90_000), np.float32), noise(2.0), RATE_HZ)
    with pytest.raises(ValueError, match="not numbers"):
        network.gap_lu(np.full(90_000, np.nan, np.float32), noise(2.0), RATE_HZ)


def test_a_damaged_card_is_refused() -> None:
    arrays = small_network().network
    heard, answer = {"pooling": 4, "as_level": True}, {"scale_lu": 1.0, "shift_lu": 0.0}
    assert network_of(arrays, heard, answer).pooling == 4
    for damaged in ({"pooling": 0, "as_level": True}, {"pooling": "many", "as_level": True}):
        with pytest.raises(ValueError, match=r"no network|invalid"):
            network_of(arrays, damaged, answer)
    with pytest.raises(KeyError):
        network_of(arrays, heard, {})


def test_the_shipped_network_answers_like_a_human_might() -> None:
    answer = predicted_gap_lu(tones(12.0), noise(12.0), RATE_HZ)
    assert -25.0 < answer < 10.0
    assert answer == predicted_gap_lu(tones(12.0), noise(12.0), RATE_HZ)


def test_other_weights_than_the_card_describes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "vocal_level"
    copy.mkdir()
    for file in (models_folder.models_folder() / "vocal_level").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path,))
    assert load_vocal_network().pooling >= 1
    assert vocal_network_is_proven() is json.loads((copy / "model.json").read_text("utf-8"))["proven_on_unseen_authors"]
    (copy / "weights.npz").write_bytes(b"PK" + (copy / "weights.npz").read_bytes()[2:] + b" ")
    with pytest.raises(ModelError, match=r"not the file that model\.json describes"):
        load_vocal_network()
    card = json.loads((copy / "model.json").read_text("utf-8"))
    (copy / "model.json").write_text(json.dumps(card | {"format": "reaper_automix.vocal_level/0"}), "utf-8")
    with pytest.raises(ModelError, match="expected format"):
        load_vocal_network()


def test_four_minutes_take_seconds() -> None:
    vocal, backing = np.tile(tones(10.0), 24), np.tile(noise(10.0), 24)
    predicted_gap_lu(vocal[:200_000], backing[:200_000], RATE_HZ)
    began = time.process_time()
    predicted_gap_lu(vocal, backing, RATE_HZ)
    assert time.process_time() - began < 4.0
