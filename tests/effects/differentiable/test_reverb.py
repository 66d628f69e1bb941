"""The reverb in torch against the one in numpy: sound, and gradients by every knob that moves continuously."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.effect_settings.reverb import ReverbSettings  # noqa: E402
from reaper_automix.effects.differentiable.knobs import knobs_of  # noqa: E402
from reaper_automix.effects.differentiable.reverb import reverberated  # noqa: E402
from reaper_automix.effects.reverb import Reverb  # noqa: E402

ROOM = ReverbSettings(
    wet_db=-3.0,
    dry_db=-9.0,
    decay_s=1.3,
    dampening=0.4,
    width=0.7,
    initial_delay_ms=7.0,
    lowpass_hz=7_000.0,
    highpass_hz=120.0,
)
BATCH = (
    ROOM,
    ReverbSettings(),
    ReverbSettings(decay_s=9.72, dampening=0.0, dry_db=-150.0),
    ReverbSettings(decay_s=20.0, dampening=1.0, width=-1.0, initial_delay_ms=500.0),
    ReverbSettings(decay_s=0.1, wet_db=-150.0, lowpass_hz=900.0),
)
CONTINUOUS = tuple(name for name in asdict(ROOM) if name != "initial_delay_ms")


def _music(n_channels: int, n_samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    swell = np.exp(-6.0 * (np.arange(n_samples) % 17_000) / 17_000.0)
    return (0.3 * swell * rng.standard_normal((n_channels, n_samples))).astype(np.float32)


def _steps(n_channels: int, n_samples: int) -> np.ndarray:
    levels = np.array([0.0, 0.5, -0.5, 0.0], np.float32)[np.arange(n_samples) * 4 // n_samples]
    return np.repeat(levels[None], n_channels, axis=0)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("signal", [_music, _steps])
def test_it_sounds_as_the_reference(rate_hz: int, n_channels: int, signal: type) -> None:
    audio = signal(n_channels, rate_hz)
    output = reverberated(torch.from_numpy(np.stack([audio] * len(BATCH))), knobs_of(BATCH), rate_hz)
    assert output.dtype == torch.float32
    for got, settings in zip(output.numpy(), BATCH, strict=True):
        np.testing.assert_allclose(got, Reverb(settings, rate_hz, n_channels).process(audio), atol=2e-5)


def test_a_long_decay_does_not_wrap_in_three_seconds() -> None:
    audio = _music(2, 3 * 44_100, seed=1)
    hall = ReverbSettings(decay_s=9.0, dampening=0.1)
    output = reverberated(torch.from_numpy(audio[None]), knobs_of([hall]), 44_100)[0].numpy()
    np.testing.assert_allclose(output, Reverb(hall, 44_100, 2).process(audio), atol=5e-5)


@pytest.mark.parametrize("n_samples", [1, 2, 37])
def test_the_shortest_signals_are_dry(n_samples: int) -> None:
    audio = torch.ones(1, 1, n_samples)
    output = reverberated(audio, knobs_of([ReverbSettings()]), 44_100)
    torch.testing.assert_close(output, audio.expand(1, 2, -1), atol=1e-7, rtol=0.0)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025])
def test_gradients_are_those_of_the_function(rate_hz: int) -> None:
    batch = (ROOM, replace(ROOM, decay_s=0.35, dampening=0.9, lowpass_hz=1_000.0, width=-0.3, initial_delay_ms=0.0))
    knobs = knobs_of(tuple(replace(one, lowpass_hz=min(one.lowpass_hz, 3_000.0)) for one in batch))
    values = [knobs[name].requires_grad_() for name in CONTINUOUS]
    generator = torch.Generator().manual_seed(0)
    audio = torch.randn(2, 2, 900, dtype=torch.float64, generator=generator)
    weights = torch.randn(2, 2, 900, 3, dtype=torch.float64, generator=generator)

    def play(x: torch.Tensor, *v: torch.Tensor) -> torch.Tensor:
        moved = {**dict(zip(CONTINUOUS, v, strict=True)), "initial_delay_ms": knobs["initial_delay_ms"]}
        return torch.tensordot(reverberated(x, moved, rate_hz), weights, dims=3)

    assert torch.autograd.gradcheck(play, (audio, *values), eps=1e-4, atol=1e-6, rtol=1e-3)
    fixed = tuple(value.detach() for value in values)
    short = audio[..., -300:].clone().requires_grad_()
    silence = torch.zeros(2, 2, 600, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: play(torch.cat((x, silence), dim=-1), *fixed), (short,), fast_mode=True)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_gradients_are_the_differences_of_the_reference(name: str) -> None:
    audio = _music(2, 30_000, seed=2)
    weight = Reverb(replace(ROOM, decay_s=1.4, lowpass_hz=9_000.0, highpass_hz=90.0), 44_100, 2).process(audio)
    knobs = {key: value.float().requires_grad_() for key, value in knobs_of([ROOM]).items()}
    output = reverberated(torch.from_numpy(audio[None]), knobs, 44_100)[0]
    (output.double() * torch.from_numpy(weight.astype(np.float64))).sum().backward()
    value = asdict(ROOM)[name]
    sides = [
        float((Reverb(replace(ROOM, **{name: moved}), 44_100, 2).process(audio).astype(float) * weight).sum())
        for moved in (0.98 * value, 1.02 * value)
    ]
    expected = (sides[1] - sides[0]) / (0.04 * value)
    assert float(knobs[name].grad[0]) == pytest.approx(expected, rel=2e-2)
    assert knobs["initial_delay_ms"].grad is None


def test_knobs_at_their_ends_have_gradients_that_are_numbers() -> None:
    ends = (ReverbSettings(dampening=0.0, decay_s=0.1), ReverbSettings(dampening=1.0, decay_s=20.0, wet_db=-150.0))
    knobs = {key: value.float().requires_grad_() for key, value in knobs_of(ends).items()}
    reverberated(torch.from_numpy(np.stack([_music(1, 3_000)] * 2)), knobs, 96_000).square().sum().backward()
    assert all(torch.isfinite(x.grad).all() for x in knobs.values() if x.grad is not None)


def test_a_gradient_step_finds_the_decay_behind_a_sound() -> None:
    audio = torch.zeros(1, 1, 16_000)
    audio[..., :200] = 1.0
    wanted = reverberated(audio, {"decay_s": torch.tensor([1.2])}, 16_000)
    octave = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([octave], lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        output = reverberated(audio, {"decay_s": 0.6 * 2.0**octave}, 16_000)
        (output - wanted).square().mean().backward()
        optimiser.step()
    assert 0.6 * 2.0 ** float(octave.detach()) == pytest.approx(1.2, rel=0.03)
