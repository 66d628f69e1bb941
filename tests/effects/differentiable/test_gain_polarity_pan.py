"""Gain, polarity and pan in torch against those in numpy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.effects import gain as reference_gain  # noqa: E402
from reaper_automix.effects import pan as reference_pan  # noqa: E402
from reaper_automix.effects import polarity as reference_polarity  # noqa: E402
from reaper_automix.effects.differentiable.gain import amplified  # noqa: E402
from reaper_automix.effects.differentiable.pan import panned  # noqa: E402
from reaper_automix.effects.differentiable.polarity import inverted  # noqa: E402
from reaper_automix.errors import PlanError  # noqa: E402

PANS = (-1.0, -0.4, 0.0, 0.7, 1.0)
NOISE = np.random.default_rng(0).uniform(-1.0, 1.0, (5, 2, 400)).astype(np.float32)


def test_gain() -> None:
    gains_db = (-150.0, -12.5, 0.0, 3.0, 24.0)
    output = amplified(torch.from_numpy(NOISE), torch.tensor(gains_db), 44_100).numpy()
    for got, gain_db, x in zip(output, gains_db, NOISE, strict=True):
        np.testing.assert_allclose(got, reference_gain.amplified(x, gain_db), atol=2e-6)
    audio = torch.from_numpy(NOISE[1:3, :, :20].astype(np.float64)).requires_grad_()
    gain_db = torch.tensor([-3.0, 6.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, g: amplified(x, g, 44_100), (audio, gain_db))
    with pytest.raises(PlanError, match="gain_db is 40 dB"):
        amplified(audio, torch.tensor([0.0, 40.0]), 44_100)


def test_polarity() -> None:
    audio = torch.from_numpy(NOISE[:2])
    output = inverted(audio, torch.tensor([True, False])).numpy()
    np.testing.assert_array_equal(output[0], reference_polarity.inverted(NOISE[0]))
    np.testing.assert_array_equal(output[1], NOISE[1])


@pytest.mark.parametrize("law_db", [0.0, -3.0, 4.5])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_pan(law_db: float, n_channels: int) -> None:
    audio = NOISE[:, :n_channels]
    output = panned(torch.from_numpy(audio), torch.tensor(PANS), 44_100, law_db=law_db).numpy()
    for got, pan, x in zip(output, PANS, audio, strict=True):
        np.testing.assert_allclose(got, reference_pan.panned(x, pan, law_db=law_db), atol=1e-6)
    short = torch.from_numpy(audio[:2, :, :20].astype(np.float64)).requires_grad_()
    pan = torch.tensor([-0.4, 0.7], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, p: panned(x, p, 44_100, law_db=law_db), (short, pan))


def test_a_pan_at_the_centre_can_be_learned_in_both_directions() -> None:
    for side in (0, 1):
        pan = torch.zeros(1, requires_grad=True)
        panned(torch.ones(1, 1, 10), pan, 44_100)[0, side].sum().backward()
        assert float(pan.grad) == pytest.approx(5.0 * (1 if side else -1))
