"""The stereo loss against numpy and auraloss, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.training.strips import stereo_loss as losses  # noqa: E402
from reaper_automix.training.strips.stereo_loss import StereoTarget, multi_resolution_loss, stereo_loss  # noqa: E402


def _mixes(batch: int = 3, n_samples: int = 12_000, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    audio = np.cumsum(rng.standard_normal((batch, 2, n_samples)), axis=-1)
    audio -= audio.mean(axis=-1, keepdims=True)
    return torch.tensor(0.5 * audio / np.abs(audio).max(), dtype=torch.float32)


def _by_hand(predicted: np.ndarray, target: np.ndarray) -> float:
    """The loss of one pair of mixes, from the formulas, one frame at a time."""
    total = 0.0
    for sign in (1.0, -1.0):
        for frame, hop, width in ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200)):
            window = np.zeros(frame)
            edge = (frame - width) // 2
            window[edge : edge + width] = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(width) / width)
            spectra = []
            for mix in (predicted, target):
                signal = np.pad(mix[0].astype(np.float64) + sign * mix[1], frame // 2, mode="reflect")
                starts = range(0, signal.size - frame + 1, hop)
                power = [np.abs(np.fft.rfft(window * signal[i : i + frame])) ** 2 for i in starts]
                spectra.append(np.sqrt(np.maximum(power, 1e-8)))
            got, wanted = spectra
            total += np.linalg.norm(wanted - got) / np.linalg.norm(wanted) / 3.0
            total += np.mean(np.abs(np.log(wanted) - np.log(got))) / 3.0
    return total


def test_it_is_what_the_formulas_say() -> None:
    predicted, target = _mixes(seed=1), _mixes(seed=2)
    predicted[1, :, :6_000] = 0.0
    expected = [_by_hand(p, t) for p, t in zip(predicted.numpy(), target.numpy(), strict=True)]
    np.testing.assert_allclose(stereo_loss(predicted, target).numpy(), expected, rtol=2e-5)


def test_it_is_twice_that_of_auraloss() -> None:
    auraloss = pytest.importorskip("auraloss", reason="needs auraloss 0.4, only to compare with")
    other = auraloss.freq.SumAndDifferenceSTFTLoss([1024, 2048, 512], [120, 240, 50], [600, 1200, 240])
    mono = auraloss.freq.MultiResolutionSTFTLoss()
    predicted, target = _mixes(seed=1), _mixes(seed=2)
    ours = stereo_loss(predicted, target)
    ours_mono = multi_resolution_loss(predicted[:, 0], target[:, 0])
    for i in range(len(target)):
        one = slice(i, i + 1)
        assert float(ours[i]) == pytest.approx(2.0 * float(other(predicted[one], target[one])), rel=1e-6)
        assert float(ours_mono[i]) == pytest.approx(float(mono(predicted[one, :1], target[one, :1])), rel=1e-6)


def test_swapping_the_sides_changes_nothing() -> None:
    predicted, target = _mixes(seed=1), _mixes(seed=2)
    loss = stereo_loss(predicted, target)
    for swapped in (stereo_loss(predicted, target.flip(1)), stereo_loss(predicted.flip(1), target)):
        assert (swapped - loss).abs().max() < 1e-6
    np.testing.assert_allclose(stereo_loss(target.flip(1), target).numpy(), 0.0, atol=1e-6)


def test_width_counts() -> None:
    target = _mixes()
    mono = target.mean(dim=1, keepdim=True).expand(-1, 2, -1)
    assert (stereo_loss(mono, target) > 1.0).all()
    assert (stereo_loss(0.5 * target, target) > stereo_loss(0.9 * target, target)).all()
    np.testing.assert_allclose(stereo_loss(target, target).numpy(), 0.0, atol=1e-6)


@pytest.mark.parametrize("n_samples", [1, 700, 5_000])
def test_silence_and_short_mixes_are_safe(n_samples: int) -> None:
    silence, music = torch.zeros(2, 2, n_samples), _mixes(2, 5_000)[..., :n_samples]
    for p, t in ((silence, music), (music, silence), (silence, silence), (music, music)):
        predicted = p.clone().requires_grad_()
        loss = stereo_loss(predicted, t)
        assert torch.isfinite(loss).all()
        loss.sum().backward()
        assert torch.isfinite(predicted.grad).all()
    assert stereo_loss(silence, silence).abs().max() == 0.0


def test_gradients_point_downhill() -> None:
    target = _mixes(1, seed=2)
    predicted = (0.3 * target).requires_grad_()
    before = stereo_loss(predicted, target)
    before.sum().backward()
    after = stereo_loss(predicted.detach() - 1e-3 * predicted.grad / predicted.grad.norm(), target)
    assert float(after) < float(before.detach())


def test_a_target_serves_many_predictions() -> None:
    target = _mixes(seed=2)
    kept = StereoTarget(target)
    for seed in (1, 3):
        predicted = _mixes(seed=seed)
        assert torch.equal(kept.loss(predicted), stereo_loss(predicted, target))


def test_other_shapes_are_refused() -> None:
    mixes = _mixes()
    with pytest.raises(ValueError, match="expected \\(batch, 2, n_samples\\)"):
        stereo_loss(mixes[:, :1], mixes[:, :1])
    with pytest.raises(ValueError, match="against a target"):
        stereo_loss(mixes, mixes[..., :-1])
    with pytest.raises(ValueError, match="against one of"):
        multi_resolution_loss(mixes[:, 0], mixes[:2, 0])
    with pytest.raises(ValueError, match="expected \\(batch, n_samples\\)"):
        losses.magnitudes(mixes)
