"""The equaliser in torch against the one in numpy: sound, and gradients."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.effect_settings.equaliser import BAND_TYPES, Band, EqualiserSettings  # noqa: E402
from reaper_automix.effects.differentiable.equaliser import equalised, sections  # noqa: E402
from reaper_automix.effects.differentiable.filters import filtered  # noqa: E402
from reaper_automix.effects.differentiable.knobs import bands_of  # noqa: E402
from reaper_automix.effects.equaliser import Equaliser  # noqa: E402
from reaper_automix.effects.equaliser import sections as reference_sections  # noqa: E402
from reaper_automix.errors import MediaError, PlanError  # noqa: E402

PLACES_HZ = (90.0, 7_000.0, 400.0, 9_000.0, 60.0)
WIDE = EqualiserSettings(tuple(Band(kind, hz, 5.0, 0.8) for kind, hz in zip(BAND_TYPES, PLACES_HZ, strict=True)))
SHARP = EqualiserSettings(tuple(Band(b.type, b.frequency_hz, -18.0, 12.0) for b in WIDE.bands))
TYPES = tuple(band.type for band in WIDE.bands)


def _music(n_channels: int, n_samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    swell = np.exp(-5.0 * (np.arange(n_samples) % 20_000) / 20_000.0)
    return (0.3 * swell * rng.standard_normal((n_channels, n_samples))).astype(np.float32)


def _steps(n_channels: int, n_samples: int) -> np.ndarray:
    return np.repeat((np.arange(n_samples) // 9_000 % 2).astype(np.float32)[None], n_channels, axis=0)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_it_sounds_as_the_reference(rate_hz: int, n_channels: int) -> None:
    audio = np.stack([_music(n_channels, 2 * rate_hz), _steps(n_channels, 2 * rate_hz)])
    batch = (WIDE, SHARP)
    output = equalised(torch.from_numpy(audio), *bands_of(batch), rate_hz)
    assert output.dtype == torch.float32
    for got, settings, x in zip(output.numpy(), batch, audio, strict=True):
        np.testing.assert_allclose(got, Equaliser(settings, rate_hz, n_channels).process(x), atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_sections_are_those_of_the_reference_also_beyond_the_nyquist_frequency(rate_hz: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        settings = EqualiserSettings(
            tuple(Band(t, rng.uniform(20, 12e3), rng.uniform(-24, 24), 10 ** rng.uniform(-1, 2)) for t in BAND_TYPES)
        )
        got = sections(*bands_of([settings]), rate_hz)[0].numpy()
        is_wire = (got == [1.0, 0.0, 0.0, 0.0, 0.0]).all(axis=1)
        np.testing.assert_allclose(got[~is_wire], reference_sections(settings, rate_hz)[:, [0, 1, 2, 4, 5]], rtol=1e-9)


def test_gradients_are_those_of_the_function() -> None:
    types, knobs = bands_of([WIDE, SHARP])
    values = [knobs[name].clone().requires_grad_() for name in ("frequency_hz", "gain_db", "q")]
    audio = torch.randn(2, 2, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)

    def play(x: torch.Tensor, *v: torch.Tensor) -> torch.Tensor:
        return equalised(x, types, dict(zip(("frequency_hz", "gain_db", "q"), v, strict=True)), 44_100)

    assert torch.autograd.gradcheck(play, (audio, *values), eps=1e-5, atol=1e-7, rtol=1e-3)


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_gradients_of_the_shortest_signals(n_samples: int) -> None:
    audio = torch.ones(1, 1, n_samples, dtype=torch.float64, requires_grad=True)
    rows = torch.tensor([[[0.5, 0.3, -0.2, -0.4, 0.1], [1.0, 0.2, 0.1, 0.3, 0.2]]], dtype=torch.float64)
    assert torch.autograd.gradcheck(filtered, (audio, rows.requires_grad_()))


@pytest.mark.parametrize("name", ["frequency_hz", "gain_db", "q"])
def test_gradients_are_the_differences_of_the_reference(name: str) -> None:
    audio = _music(2, 20_000, seed=2)
    weight = np.random.default_rng(3).standard_normal(audio.shape)
    types, knobs = bands_of([WIDE])
    knobs = {key: value.float().requires_grad_() for key, value in knobs.items()}
    loss = (equalised(torch.from_numpy(audio[None]), types, knobs, 44_100)[0] * torch.from_numpy(weight)).sum()
    loss.backward()
    for i, band in enumerate(WIDE.bands):
        value = getattr(band, name)
        sides = []
        for moved in (0.995 * value, 1.005 * value):
            bands = list(WIDE.bands)
            values = {"frequency_hz": band.frequency_hz, "gain_db": band.gain_db, "q": band.q, name: moved}
            bands[i] = Band(band.type, **values)
            played = Equaliser(EqualiserSettings(tuple(bands)), 44_100, 2).process(audio)
            sides.append(float((played * weight).sum()))
        expected = (sides[1] - sides[0]) / (0.01 * value)
        assert float(knobs[name].grad[0, i]) == pytest.approx(expected, rel=5e-3, abs=2e-3 / value)


def test_a_gradient_step_finds_the_equaliser_behind_a_sound() -> None:
    audio = torch.from_numpy(_music(1, 8_000, seed=4)[None])
    wanted = equalised(audio, ["band"], {"frequency_hz": _row(900), "gain_db": _row(6), "q": _row(1.4)}, 44_100)
    octave, gain_db = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, 1, requires_grad=True)
    optimiser = torch.optim.Adam([octave, gain_db], lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        knobs = {"frequency_hz": 600.0 * 2.0**octave, "gain_db": gain_db, "q": _row(1.4)}
        (equalised(audio, ["band"], knobs, 44_100) - wanted).square().mean().backward()
        optimiser.step()
    assert 600.0 * 2.0 ** float(octave.detach()) == pytest.approx(900.0, rel=0.01)
    assert float(gain_db.detach()) == pytest.approx(6.0, abs=0.05)


def _row(value: float) -> torch.Tensor:
    return torch.tensor([[value]])


def test_no_bands_are_a_wire() -> None:
    audio = torch.from_numpy(_music(2, 100)[None])
    empty = {name: torch.zeros(1, 0) for name in ("frequency_hz", "gain_db", "q")}
    assert torch.equal(equalised(audio, (), empty, 44_100), audio)


def test_what_cannot_be_is_refused() -> None:
    audio = torch.zeros(1, 1, 10)
    knobs = {"frequency_hz": _row(900), "gain_db": _row(6), "q": _row(1)}
    with pytest.raises(PlanError, match="gain_db is 30 dB"):
        equalised(audio, ["band"], {**knobs, "gain_db": _row(30)}, 44_100)
    with pytest.raises(ValueError, match="the knob 'q' is missing"):
        equalised(audio, ["band"], {k: v for k, v in knobs.items() if k != "q"}, 44_100)
    with pytest.raises(ValueError, match=r"q of shape \(1, 3\), expected \(1, 1\)"):
        equalised(audio, ["band"], {**knobs, "q": torch.ones(1, 3)}, 44_100)
    with pytest.raises(ValueError, match="band type 'notch'"):
        equalised(audio, ["notch"], knobs, 44_100)
    with pytest.raises(ValueError, match="expected floats"):
        equalised(audio[0], ["band"], knobs, 44_100)
    with pytest.raises(MediaError, match="not numbers"):
        equalised(audio * torch.nan, ["band"], knobs, 44_100)
    with pytest.raises(ValueError, match="bands of the same types"):
        bands_of([WIDE, EqualiserSettings()])
