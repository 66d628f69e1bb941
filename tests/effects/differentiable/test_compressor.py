"""The compressor in torch against the one in numpy: sound, ballistics, and gradients by every knob."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.effect_settings.compressor import CompressorSettings  # noqa: E402
from reaper_automix.effects.compressor import Compressor  # noqa: E402
from reaper_automix.effects.differentiable.compressor import carried_back, compressed, reduction_db  # noqa: E402
from reaper_automix.effects.differentiable.knobs import knobs_of  # noqa: E402
from reaper_automix.errors import PlanError  # noqa: E402

SOFT = CompressorSettings(
    threshold_db=-30.0,
    ratio=3.0,
    knee_db=8.0,
    attack_ms=8.0,
    release_ms=120.0,
    rms_size_ms=5.0,
    makeup_db=4.0,
    dry_db=-12.0,
    detector_lowpass_hz=6_000.0,
    detector_highpass_hz=90.0,
)
BATCH = (
    SOFT,
    CompressorSettings(threshold_db=-20.0),
    CompressorSettings(threshold_db=-35.0, ratio=100.0, attack_ms=0.01, release_ms=2_000.0, rms_size_ms=0.0),
    CompressorSettings(threshold_db=-40.0, ratio=8.0, attack_ms=200.0, release_ms=10.0, knee_db=24.0),
    CompressorSettings(threshold_db=-25.0, makeup_db=-150.0, dry_db=0.0, detector_highpass_hz=300.0),
)
ALL_KNOBS = tuple(asdict(SOFT))


def _music(n_channels: int, n_samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    swell = np.exp(-6.0 * (np.arange(n_samples) % 7_000) / 7_000.0)
    return (0.3 * swell * rng.standard_normal((n_channels, n_samples))).astype(np.float32)


def _steps(n_channels: int, n_samples: int) -> np.ndarray:
    levels = np.array([0.01, 0.9, 0.2, 0.0, 1.0], np.float32)[np.arange(n_samples) * 5 // n_samples]
    return np.repeat(levels[None], n_channels, axis=0)


@pytest.mark.parametrize("rate_hz", [22_050, 48_000])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("signal", [_music, _steps])
def test_it_sounds_as_the_reference(rate_hz: int, n_channels: int, signal: type) -> None:
    audio = signal(n_channels, 2 * rate_hz)
    output = compressed(torch.from_numpy(np.stack([audio] * len(BATCH))), knobs_of(BATCH), rate_hz)
    assert output.dtype == torch.float32
    for got, settings in zip(output.numpy(), BATCH, strict=True):
        np.testing.assert_allclose(got, Compressor(settings, rate_hz, n_channels).process(audio), atol=1e-6)


def test_attack_and_release_both_act() -> None:
    audio = np.repeat([0.01, 1.0, 0.01], 22_050).astype(np.float32)[None]
    slow = {"attack_ms": 100.0, "release_ms": 800.0}
    for name, value in slow.items():
        settings = replace(SOFT, **{name: value})
        meter = reduction_db(torch.from_numpy(audio[None]), knobs_of([settings]), 22_050)[0].numpy()
        reference = Compressor(settings, 22_050, 1).reduction_db(audio)
        np.testing.assert_allclose(meter, reference, atol=1e-5)
        assert np.abs(reference - Compressor(SOFT, 22_050, 1).reduction_db(audio)).max() > 3.0


def test_gradients_are_those_of_the_function() -> None:
    batch = (SOFT, replace(SOFT, threshold_db=-50.0, knee_db=3.0, attack_ms=0.5, release_ms=0.2))
    values = [value.requires_grad_() for value in knobs_of(batch).values()]
    audio = torch.from_numpy(10.0 * _music(2, 120, seed=5).astype(np.float64).reshape(2, 2, 60)).requires_grad_()

    def play(x: torch.Tensor, *v: torch.Tensor) -> torch.Tensor:
        return compressed(x, dict(zip(ALL_KNOBS, v, strict=True)), 44_100)

    assert torch.autograd.gradcheck(play, (audio, *values), eps=1e-5, atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("name", ALL_KNOBS)
def test_gradients_are_the_differences_of_the_reference(name: str) -> None:
    audio = _music(2, 30_000, seed=6)
    weight = np.random.default_rng(7).standard_normal(audio.shape) * audio
    knobs = {key: value.float().requires_grad_() for key, value in knobs_of([SOFT]).items()}
    output = compressed(torch.from_numpy(audio[None]), knobs, 44_100)[0]
    (output.double() * torch.from_numpy(weight)).sum().backward()
    value = asdict(SOFT)[name]
    sides = [
        float((Compressor(replace(SOFT, **{name: moved}), 44_100, 2).process(audio).astype(float) * weight).sum())
        for moved in (0.995 * value, 1.005 * value)
    ]
    expected = (sides[1] - sides[0]) / (0.01 * value)
    assert float(knobs[name].grad[0]) == pytest.approx(expected, rel=5e-3)


def test_carried_back_is_its_recursion() -> None:
    rng = np.random.default_rng(8)
    for n_samples in (1, 2, 3, 17, 1_000):
        gradient, kept = rng.standard_normal((2, n_samples)), rng.uniform(0.0, 1.0, (2, n_samples))
        expected = gradient.copy()
        for n in reversed(range(n_samples - 1)):
            expected[:, n] += kept[:, n + 1] * expected[:, n + 1]
        np.testing.assert_allclose(carried_back(gradient, kept), expected, atol=1e-12)


def test_knobs_at_their_ends_have_gradients_that_are_numbers() -> None:
    ends = CompressorSettings(threshold_db=-60.0, ratio=100.0, knee_db=0.0, rms_size_ms=0.0, attack_ms=0.01)
    knobs = {key: value.float().requires_grad_() for key, value in knobs_of([ends]).items()}
    audio = torch.from_numpy(np.concatenate([np.zeros((1, 2_000), np.float32), _music(1, 3_000)], axis=1)[None])
    audio.requires_grad_()
    compressed(audio, knobs, 44_100).square().sum().backward()
    assert all(torch.isfinite(x.grad).all() for x in (audio, *knobs.values()) if x.grad is not None)
    assert float(knobs["threshold_db"].grad) != 0.0


def test_a_gradient_step_finds_the_release_behind_a_sound() -> None:
    audio = torch.from_numpy(_music(1, 22_050, seed=9)[None])
    fixed = {"threshold_db": torch.tensor([-40.0]), "attack_ms": torch.tensor([2.0])}
    wanted = compressed(audio, {**fixed, "release_ms": torch.tensor([60.0])}, 22_050)
    octave = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([octave], lr=0.15)
    for _ in range(60):
        optimiser.zero_grad()
        output = compressed(audio, {**fixed, "release_ms": 200.0 * 2.0**octave}, 22_050)
        (output - wanted).square().mean().backward()
        optimiser.step()
    assert 200.0 * 2.0 ** float(octave.detach()) == pytest.approx(60.0, rel=0.02)


def test_what_is_left_out_has_its_default_and_one_value_serves_all() -> None:
    audio = torch.from_numpy(np.stack([_music(1, 900), _steps(1, 900)]))
    output = compressed(audio, {"threshold_db": torch.tensor(-30.0)}, 44_100)
    both = compressed(audio, knobs_of([CompressorSettings(threshold_db=-30.0)] * 2), 44_100)
    assert torch.equal(output, both)
    with pytest.raises(PlanError, match="ratio is nan:1"):
        compressed(audio, {"ratio": torch.tensor(torch.nan)}, 44_100)
    with pytest.raises(ValueError, match="the knob 'treshold_db' is not known"):
        compressed(audio, {"treshold_db": torch.tensor(-30.0)}, 44_100)
