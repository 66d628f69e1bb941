"""The differentiable console against the numpy processors, and what a mix must not depend on."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.errors import MediaError  # noqa: E402
from reaper_automix.mixers import strip_parameters as strips  # noqa: E402
from reaper_automix.mixers.strip_parameters import NAMES, reverb_from, settings_from  # noqa: E402
from reaper_automix.training.strips.console import mix, reference_mix, strip_values  # noqa: E402

RATE_HZ = 44_100


def _tracks(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Noise that swells and fades at another pace on every track, so that compressors work and rest."""
    rng = np.random.default_rng(seed)
    n_samples = shape[-1]
    pace = rng.uniform(3_000, 9_000, (*shape[:-2], 1, 1))
    return (0.4 * np.exp(-5.0 * (np.arange(n_samples) % pace) / pace) * rng.standard_normal(shape)).astype(np.float32)


def _vectors(batch: int, n_tracks: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    vectors = rng.uniform(0.05, 0.95, (batch, n_tracks, strips.N_STRIP))
    return torch.tensor(vectors, dtype=torch.float32), torch.tensor(rng.uniform(0.05, 0.95, (batch, strips.N_REVERB)))


@pytest.mark.parametrize(("rate_hz", "n_channels"), [(44_100, 1), (44_100, 2), (22_050, 2), (8_000, 1), (96_000, 2)])
def test_it_mixes_as_the_numpy_processors_do(rate_hz: int, n_channels: int) -> None:
    tracks = _tracks((2, 3, n_channels, rate_hz))
    vectors, reverbs = _vectors(2, 3, seed=n_channels)
    vectors[:, 0, NAMES.index("polarity")] = 1.0
    mixes = mix(torch.from_numpy(tracks), vectors, reverbs, rate_hz)
    assert mixes.dtype == torch.float32
    assert mixes.shape == (2, 2, rate_hz)
    for mixed, song, song_vectors, reverb in zip(mixes.numpy(), tracks, vectors, reverbs, strict=True):
        settings = [settings_from(vector) for vector in song_vectors.numpy()]
        expected = reference_mix(list(song), settings, reverb_from(reverb.numpy()), rate_hz)
        assert np.abs(mixed - expected).max() <= 1e-4 * np.abs(expected).max()


def test_it_reads_vectors_as_the_mixer_does() -> None:
    vectors, _ = _vectors(1, 50)
    vectors[0, :3] = torch.tensor([[0.0], [1.0], [0.5]])
    expected = strips.values_of(vectors[0].numpy())
    got = strip_values(vectors[0])
    assert tuple(got) == NAMES
    for i, name in enumerate(NAMES):
        np.testing.assert_allclose(got[name].numpy(), expected[:, i], rtol=1e-12, atol=1e-12)


def test_a_mono_track_plays_the_same_in_two_equal_channels() -> None:
    mono = torch.from_numpy(_tracks((1, 2, 1, 12_000)))
    vectors, reverbs = _vectors(1, 2)
    once, twice = (mix(t, vectors, reverbs, RATE_HZ) for t in (mono, mono.expand(-1, -1, 2, -1)))
    np.testing.assert_allclose(once.numpy(), twice.numpy(), atol=1e-6)


def test_left_and_right_of_a_stereo_track_stay_apart() -> None:
    tracks = torch.zeros(1, 1, 2, 4_000)
    tracks[:, :, 0] = torch.from_numpy(_tracks((1, 1, 4_000)))
    vectors, reverbs = _vectors(1, 1)
    vectors[..., NAMES.index("send_db")] = 0.0
    mixed = mix(tracks, vectors, reverbs, RATE_HZ)[0]
    assert mixed[0].abs().max() > 1e-3
    assert mixed[1].abs().max() == 0.0


def test_the_order_of_the_tracks_does_not_matter() -> None:
    tracks, (vectors, reverbs) = torch.from_numpy(_tracks((1, 5, 2, 8_000))), _vectors(1, 5)
    order = [3, 0, 4, 2, 1]
    mixed = mix(tracks, vectors, reverbs, RATE_HZ)
    shuffled = mix(tracks[:, order], vectors[:, order], reverbs, RATE_HZ)
    np.testing.assert_allclose(shuffled.numpy(), mixed.numpy(), atol=1e-6)
    assert (mix(tracks, vectors[:, order], reverbs, RATE_HZ) - mixed).abs().max() > 0.01


@pytest.mark.parametrize("task", ["basic", "full"])
def test_silent_tracks_add_nothing(task: strips.Task) -> None:
    tracks, (vectors, reverbs) = _tracks((1, 3, 1, 8_000)), _vectors(1, 3)
    tracks[:, 2] = 0.0
    audio = torch.from_numpy(tracks)
    whole = mix(audio, vectors, reverbs, RATE_HZ, task=task)
    part = mix(audio[:, :2], vectors[:, :2], reverbs, RATE_HZ, task=task)
    np.testing.assert_allclose(whole.numpy(), part.numpy(), atol=1e-7)
    assert mix(torch.zeros_like(audio), vectors, reverbs, RATE_HZ, task=task).abs().max() == 0.0


def test_neutral_strips_are_the_plain_sum() -> None:
    tracks = torch.from_numpy(_tracks((2, 4, 2, 6_000)))
    vectors = torch.tensor(strips.neutral_vector()).expand(2, 4, -1)
    reverbs = torch.tensor(strips.neutral_reverb_vector()).expand(2, -1)
    np.testing.assert_allclose(mix(tracks, vectors, reverbs, RATE_HZ), tracks.sum(dim=1), atol=1e-5)


def test_the_basic_task_plays_faders_and_pans_alone() -> None:
    tracks, (vectors, reverbs) = torch.from_numpy(_tracks((1, 3, 2, 6_000))), _vectors(1, 3)
    held = torch.tensor(strips.held_to(vectors.numpy(), "basic"))
    basic = mix(tracks, vectors, reverbs, RATE_HZ, task="basic")
    np.testing.assert_allclose(basic.numpy(), mix(tracks, held, reverbs, RATE_HZ).numpy(), atol=1e-5)
    assert (basic - mix(tracks, vectors, reverbs, RATE_HZ)).abs().max() > 0.01


def test_gradients_reach_every_continuous_parameter() -> None:
    tracks = torch.from_numpy(_tracks((2, 3, 2, 9_000)))
    vectors, reverbs = _vectors(2, 3, seed=5)
    vectors[..., NAMES.index("threshold_db")] *= 0.4  # a compressor at rest has no gradients
    vectors.requires_grad_()
    reverbs.requires_grad_()
    mix(tracks, vectors, reverbs, RATE_HZ).square().sum().backward()
    assert torch.isfinite(vectors.grad).all()
    assert torch.isfinite(reverbs.grad).all()
    is_switch = torch.tensor([name == "polarity" for name in NAMES])
    assert (vectors.grad[..., ~is_switch] != 0.0).all()
    assert (vectors.grad[..., is_switch] == 0.0).all()
    assert (reverbs.grad != 0.0).all()


def test_gradients_are_numbers_at_rest_and_in_silence() -> None:
    tracks = torch.from_numpy(_tracks((1, 3, 2, 5_000)))
    tracks[:, 1] = 0.0
    vectors = torch.tensor(strips.neutral_vector()).repeat(1, 3, 1).requires_grad_()
    reverbs = torch.tensor(strips.neutral_reverb_vector())[None].requires_grad_()
    mix(tracks, vectors, reverbs, RATE_HZ).square().sum().backward()
    assert torch.isfinite(vectors.grad).all()
    assert torch.isfinite(reverbs.grad).all()
    loud = [NAMES.index(name) for name in ("fader_db", "makeup_db", "third_band_gain_db", "ratio", "pan")]
    assert (vectors.grad[0, 0, loud] != 0.0).all()
    assert (vectors.grad[0, 1] == 0.0).all()


@pytest.mark.parametrize("n_samples", [1, 2, 100])
def test_short_songs_are_mixed(n_samples: int) -> None:
    tracks, (vectors, reverbs) = _tracks((1, 2, 1, n_samples)), _vectors(1, 2)
    expected = reference_mix(
        list(tracks[0]), [settings_from(v) for v in vectors[0].numpy()], reverb_from(reverbs[0].numpy()), RATE_HZ
    )
    np.testing.assert_allclose(mix(torch.from_numpy(tracks), vectors, reverbs, RATE_HZ)[0], expected, atol=1e-6)


def test_gradients_are_those_of_the_mix() -> None:
    tracks = torch.from_numpy(_tracks((1, 2, 2, 3_000)).astype(np.float64))
    vectors, reverbs = _vectors(1, 2, seed=7)
    vectors = vectors.double()

    def energy(v: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
        return mix(tracks, v, r, RATE_HZ).square().sum()

    asked = (vectors.requires_grad_(), reverbs.requires_grad_())
    by_vectors, by_reverbs = torch.autograd.grad(energy(*asked), asked)
    step = 1e-5
    with torch.no_grad():
        for i in range(strips.N_STRIP):
            moved = torch.zeros_like(vectors)
            moved[0, 1, i] = step
            slope = (energy(vectors + moved, reverbs) - energy(vectors - moved, reverbs)) / (2.0 * step)
            assert float(by_vectors[0, 1, i]) == pytest.approx(float(slope), rel=1e-3, abs=1e-5), NAMES[i]
        for i in range(strips.N_REVERB):
            moved = torch.zeros_like(reverbs)
            moved[0, i] = step
            slope = (energy(vectors, reverbs + moved) - energy(vectors, reverbs - moved)) / (2.0 * step)
            assert float(by_reverbs[0, i]) == pytest.approx(float(slope), rel=1e-3, abs=1e-5)


def test_what_cannot_be_mixed_is_refused() -> None:
    tracks, (vectors, reverbs) = torch.from_numpy(_tracks((1, 2, 2, 100))), _vectors(1, 2)
    with pytest.raises(ValueError, match="with vectors of shape"):
        mix(tracks, vectors[:, :1], reverbs, RATE_HZ)
    with pytest.raises(ValueError, match="with vectors of shape"):
        mix(tracks[0], vectors, reverbs, RATE_HZ)
    with pytest.raises(ValueError, match="outside of 0 to 1"):
        mix(tracks, vectors + 1.0, reverbs, RATE_HZ)
    with pytest.raises(MediaError, match="not numbers"):
        mix(tracks * float("nan"), vectors, reverbs, RATE_HZ)
