"""The network that stands for a channel's processors: what it sees, what it is taught, and that it learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: install the extra 'deep'")

from reaper_automix.mixers import strip_parameters as strips  # noqa: E402
from reaper_automix.mixers.strip_parameters import NAMES, reverb_from, settings_from  # noqa: E402
from reaper_automix.training.strips import transformation  # noqa: E402
from reaper_automix.training.strips.console import reference_mix  # noqa: E402
from reaper_automix.training.strips.transformation import (  # noqa: E402
    STAGES,
    TransformationNetwork,
    TransformationTraining,
    centre_crop,
    conditions_of,
    conditions_size,
    measured,
    processed,
    random_examples,
    random_patches,
    receptive_field,
    transformed_mix,
)

RATE_HZ = 44_100


def _music(n_samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    swell = np.exp(-5.0 * (np.arange(n_samples) % 6_000) / 6_000.0)
    return (0.3 * swell * rng.standard_normal(n_samples)).astype(np.float32)


def _network(n_conditions: int = 24, width: int = 2) -> TransformationNetwork:
    torch.manual_seed(0)
    return TransformationNetwork(n_conditions, width=width)


def test_receptive_fields_are_those_published() -> None:
    assert [receptive_field(n) for n in (1, 2, 3)] == [14_323, 28_645, 42_967]
    for n_stacks, time_s in ((1, 0.32), (2, 0.65), (3, 0.97)):
        network = TransformationNetwork(24, n_stacks=n_stacks, width=1)
        assert len(network.blocks) == 10 * n_stacks
        assert network.receptive_field / RATE_HZ == pytest.approx(time_s, abs=0.005)


def test_a_sample_of_the_answer_hears_exactly_its_receptive_field() -> None:
    network = _network().double().eval()
    audio = torch.from_numpy(_music(14_323 + 2_000)[None, None].astype(np.float64)).requires_grad_()
    answer = network(audio, torch.full((1, 24), 0.5, dtype=torch.float64))
    assert answer.shape == (1, 1, 2_001)
    answer[0, 0, 700].backward()
    heard = torch.nonzero(audio.grad[0, 0]).flatten()
    assert (int(heard.min()), int(heard.max())) == (700, 700 + 14_323 - 1)


def test_blocks_are_those_of_the_paper() -> None:
    network = TransformationNetwork(24, n_stacks=2, width=4)
    assert [b.convolution.dilation[0] for b in network.blocks] == [2**i for i in range(10)] * 2
    assert all(b.convolution.kernel_size == (15,) and b.convolution.padding == (0,) for b in network.blocks)
    assert not any(b.norm.affine for b in network.blocks)
    assert network.conditioner[-1].out_features == 128
    assert sum(isinstance(layer, torch.nn.Linear) for layer in network.conditioner) == 3


def test_every_condition_is_heard() -> None:
    network = _network().double().eval()
    conditions = torch.full((1, 24), 0.5, dtype=torch.float64, requires_grad=True)
    audio = torch.from_numpy(_music(15_000)[None, None].astype(np.float64))
    network(audio, conditions).square().sum().backward()
    assert (conditions.grad != 0.0).all()


def test_too_short_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 14323 and more"):
        _network()(torch.zeros(1, 1, 14_322), torch.zeros(1, 24))
    with pytest.raises(ValueError, match="cannot be cropped"):
        centre_crop(torch.zeros(3), 4)


def test_conditions_are_the_entries_of_the_stages() -> None:
    assert [conditions_size(s) for s in (STAGES, ("compressor",), ("equaliser",), ("reverb",))] == [24, 6, 13, 5]
    vectors = torch.arange(24.0).expand(2, -1)
    reverbs = 100.0 + torch.arange(4.0).expand(2, -1)
    whole = conditions_of(vectors, reverbs)[0].tolist()
    assert [NAMES[round(i)] for i in whole[:20]] == [*NAMES[2:21], "send_db"]
    assert whole[20:] == [100.0, 101.0, 102.0, 103.0]
    assert NAMES[int(conditions_of(vectors, reverbs, ("compressor",))[0, 0])] == "threshold_db"


def test_targets_are_what_the_console_plays() -> None:
    """The mean of both sides of a mix of one track: the network's reverb is mono."""
    rng = np.random.default_rng(2)
    vector, reverb = rng.uniform(size=24), rng.uniform(size=4)
    vector[[NAMES.index("gain_db"), NAMES.index("polarity"), NAMES.index("pan")]] = 0.5, 0.0, 0.5
    strip = replace(settings_from(vector), fader_db=0.0)
    patch = _music(30_000)[None]
    expected = reference_mix([patch], [strip], reverb_from(reverb), RATE_HZ).mean(axis=0)
    np.testing.assert_allclose(processed(patch, vector, reverb, RATE_HZ)[0], expected, atol=1e-5)
    assert np.abs(expected - patch[0]).max() > 0.01
    np.testing.assert_array_equal(processed(patch, vector, reverb, RATE_HZ, ()), patch)


def test_examples_are_drawn_anew_and_from_the_whole_range() -> None:
    source = random_patches([_music(40_000), _music(20_000, seed=1)])
    rng = np.random.default_rng(0)
    examples = random_examples(source, rng, n_examples=40, n_samples=2_000)
    again = random_examples(source, np.random.default_rng(0), n_examples=40, n_samples=2_000)
    assert examples.audio.shape == examples.target.shape == (40, 1, 2_000)
    assert examples.conditions.shape == (40, 24)
    assert examples.audio.dtype == examples.conditions.dtype == examples.target.dtype == torch.float32
    assert torch.equal(examples.target, again.target)
    assert len(torch.unique(examples.audio, dim=0)) == 40
    assert float(examples.conditions.min()) < 0.05
    assert float(examples.conditions.max()) > 0.95
    assert not torch.equal(examples.audio, random_examples(source, rng, n_examples=40, n_samples=2_000).audio)
    alone = random_examples(source, rng, n_examples=2, n_samples=500, stages=("compressor",))
    assert alone.conditions.shape == (2, 6)


def test_patches_are_of_sounding_parts() -> None:
    recording = np.zeros(100_000, np.float32)
    recording[-60_000:] = _music(60_000)
    source = random_patches([np.zeros(10, np.float32), recording])
    rng = np.random.default_rng(0)
    assert min(np.abs(source(1_000, rng)).max() for _ in range(50)) >= 1e-3
    assert source(100_000, rng).size == 100_000
    assert random_patches([np.zeros(50, np.float32)])(20, rng).size == 20
    with pytest.raises(ValueError, match="no recording has 100001 samples"):
        source(100_001, rng)


def test_it_learns_and_goes_on_where_it_was() -> None:
    source = random_patches([_music(60_000), _music(60_000, seed=1)])
    examples = random_examples(source, np.random.default_rng(0), n_examples=4, n_samples=15_000)
    training = TransformationTraining(_network(width=4))
    errors = [training.step(examples) for _ in range(12)]
    assert errors[-1] < 0.9 * errors[0]
    other = TransformationTraining(TransformationNetwork(24, width=4))
    other.resume(training.state())
    assert other.step(examples) == pytest.approx(training.step(examples), rel=1e-6)
    ours, untouched = measured(training.network, examples)
    difference = centre_crop(examples.audio - examples.target, 15_000 - 14_322)
    assert untouched.mae == pytest.approx(float(difference.abs().mean()))
    assert ours.mae > 0.0
    assert ours.mr_stft > 0.0
    assert untouched.mr_stft > 0.0


def test_the_learning_rate_is_halved_after_20_epochs_without_progress() -> None:
    training = TransformationTraining(_network(width=1))
    rates = [training.end_epoch(1.0) for _ in range(22)]
    assert rates == [3e-4] * 21 + [1.5e-4]
    assert transformation.EPOCH_PATCHES == 1_000


def test_mixes_through_the_network() -> None:
    network = _network().eval().requires_grad_(False)
    rng = np.random.default_rng(0)
    tracks = torch.from_numpy(np.stack([_music(2 * 14_800, seed=i).reshape(2, -1) for i in range(3)]))[None]
    vectors = torch.tensor(rng.uniform(size=(1, 3, 24)), dtype=torch.float32, requires_grad=True)
    reverbs = torch.tensor(rng.uniform(size=(1, 4)), dtype=torch.float32, requires_grad=True)
    mixed = transformed_mix(network, tracks, vectors, reverbs)
    assert mixed.shape == (1, 2, 14_800 - 14_322)
    order = [2, 0, 1]
    shuffled = transformed_mix(network, tracks[:, order], vectors[:, order], reverbs)
    np.testing.assert_allclose(shuffled.detach().numpy(), mixed.detach().numpy(), atol=1e-5)
    mixed.square().sum().backward()
    is_switch = torch.tensor([name == "polarity" for name in NAMES])
    assert (vectors.grad[..., ~is_switch] != 0.0).all()
    assert (reverbs.grad != 0.0).all()


def test_around_the_network_is_the_console_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a network that changes nothing, a mix through it is that of the console without its processors."""
    network = _network(width=1).eval()
    monkeypatch.setattr(network, "forward", lambda audio, conditions: centre_crop(audio, audio.shape[-1] - 14_322))
    rng = np.random.default_rng(1)
    song = np.stack([_music(2 * 15_000, seed=i).reshape(2, -1) for i in range(2)])
    vectors = rng.uniform(size=(2, 24))
    settings = [
        replace(
            settings_from(strips.neutral_vector()),
            gain_db=s.gain_db,
            inverted=s.inverted,
            fader_db=s.fader_db,
            pan=s.pan,
        )
        for s in map(settings_from, vectors)
    ]
    expected = reference_mix(list(song), settings, reverb_from(np.full(4, 0.5)), RATE_HZ)
    mixed = transformed_mix(network, torch.from_numpy(song)[None], torch.tensor(vectors)[None], torch.full((1, 4), 0.5))
    np.testing.assert_allclose(mixed[0].numpy(), centre_crop(torch.from_numpy(expected), 678).numpy(), atol=1e-5)
