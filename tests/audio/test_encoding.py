"""Compressed audio comes back at its place, as long and as loud as it was."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import soundfile as sf

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.audio import encoding
from reaper_automix.audio.encoding import Encoded, encode
from reaper_automix.errors import MediaError

N_CHANNELS = (1, 2)


def music(rate_hz: int, n_channels: int, length_s: float = 2.0) -> np.ndarray:
    """Return decaying noise, struck twice a second: strokes show where something lies."""
    n = round(length_s * rate_hz)
    time_s = np.arange(n) / rate_hz
    rng = np.random.default_rng(n_channels)
    audio = rng.standard_normal((n_channels, n)) * np.exp(-20.0 * (time_s % 0.5)) * 0.2
    smooth = np.ones(8) / 8.0
    return np.array([np.convolve(channel, smooth, "same") for channel in audio], dtype=np.float32)


def decoded(encoded: Encoded) -> tuple[np.ndarray, int]:
    audio, rate_hz = sf.read(io.BytesIO(encoded.data), dtype="float32", always_2d=True)
    return audio.T * np.float32(encoded.gain_lin), rate_hz


def lufs(audio: np.ndarray, rate_hz: int) -> float:
    meter = LoudnessMeter(rate_hz, len(audio))
    meter.add(np.ascontiguousarray(audio))
    return meter.result().integrated_lufs


@pytest.mark.parametrize("rate_hz", encoding.RATES_HZ)
@pytest.mark.parametrize("n_channels", N_CHANNELS)
@pytest.mark.parametrize("kbps", [64, 96, 160, 320])
def test_audio_comes_back_at_its_place_as_long_and_as_loud(rate_hz: int, n_channels: int, kbps: int) -> None:
    audio = music(rate_hz, n_channels)
    back, back_rate_hz = decoded(encode(audio, rate_hz, kbps))
    assert (back.shape, back_rate_hz) == (audio.shape, rate_hz)
    lags = range(-40, 41)
    match = [float(np.dot(audio[0, 1000:-1000], np.roll(back[0], -lag)[1000:-1000])) for lag in lags]
    assert lags[int(np.argmax(match))] == 0
    assert lufs(back, rate_hz) == pytest.approx(lufs(audio, rate_hz), abs=0.15)
    bits = 8 * len(encode(audio, rate_hz, kbps).data)
    assert bits / 2.0 == pytest.approx(1000 * kbps, rel=0.05)


@pytest.mark.parametrize("level_db", [-70.0, 18.0])
def test_very_soft_and_too_loud_audio_keeps_its_level(level_db: float) -> None:
    audio = music(44_100, 1) * np.float32(10.0 ** (level_db / 20.0))
    encoded = encode(audio, 44_100, 64)
    file, _ = sf.read(io.BytesIO(encoded.data), dtype="float32")
    assert 0.7 < np.abs(file).max() <= 1.0, "no decoder clips it"
    usual, _ = decoded(encode(music(44_100, 1), 44_100, 64))
    back, _ = decoded(encoded)
    other = back * np.float32(10.0 ** (-level_db / 20.0)) - usual
    assert np.vdot(other, other) < 1e-2 * np.vdot(usual, usual), "the encoder decides alike, but for rounding"


@pytest.mark.parametrize(("rate_hz", "expected_hz"), [(8_000, 48_000), (22_050, 44_100), (96_000, 48_000)])
def test_other_rates_are_resampled(rate_hz: int, expected_hz: int) -> None:
    encoded = encode(music(rate_hz, 2), rate_hz, 128)
    back, back_rate_hz = decoded(encoded)
    assert back_rate_hz == expected_hz
    assert back.shape[1] == round(encoded.length_s * expected_hz) == 2 * expected_hz
    assert encoded.delay_s == pytest.approx(1105 / expected_hz)


def test_silence_and_single_samples_can_be_encoded() -> None:
    for n in (1, 500):
        back, _ = decoded(encode(np.zeros((1, n), np.float32), 48_000, 64))
        assert back.shape == (1, n)
        assert not back.any()


def test_text_holds_the_file() -> None:
    encoded = encode(music(48_000, 1, 0.5), 48_000, 64)
    assert base64.b64decode(encoded.base64) == encoded.data
    assert encoded.data_uri == f"data:audio/mpeg;base64,{encoded.base64}"


@pytest.mark.parametrize(
    ("audio", "kbps", "said"),
    [
        (np.zeros(8, np.float32), 64, "shape"),
        (np.zeros((3, 8), np.float32), 64, "shape"),
        (np.zeros((2, 0), np.float32), 64, "shape"),
        (np.zeros((1, 8), np.float32), 48, "64 to 320"),
    ],
)
def test_what_cannot_be_asked_for(audio: np.ndarray, kbps: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        encode(audio, 44_100, kbps)


@pytest.mark.parametrize("sample", [np.nan, np.inf])
def test_what_is_no_number_is_refused(sample: float) -> None:
    with pytest.raises(MediaError, match="not numbers"):
        encode(np.array([[0.0, sample]], np.float32), 44_100, 64)


def test_a_library_without_mp3_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sf, "available_formats", lambda: {"WAV": "WAV"})
    assert not encoding.can_encode()
    with pytest.raises(MediaError, match="install soundfile with pip"):
        encode(music(44_100, 1), 44_100, 64)
