"""The transformation network of [1]_ section 2.1: a TCN that plays a channel's processors, for gradients through it.

It emulates what lies between the polarity switch and the fader: equaliser, compressor, and the track's share of the
shared reverb as an insert (the dry signal, and the room at the level of the send; one output channel, so that the room
is mono). Everything else of the strip is played directly around it, as in Figure 1C.

One block is a convolution without padding and bias, batch normalisation without an affine transformation, FiLM, PReLU
and the residual: the block's input, cropped to its middle, times a learnable gain per channel. What the text leaves
open follows the first author's public TCN of compressors, micro-tcn: this order, PReLU (which the paper names only for
its post-processor), ReLU in the network of the conditions. Departures: FiLM scales begin around 1 instead of around 0,
so that every block plays from the start; the answer has no tanh, because make-up gain goes beyond full scale.

Examples are made on the fly: a patch of audio through the numpy processors, from rest at the start of the patch, with
all settings drawn uniformly from 0 to 1 of their vectors' entries.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reaper_automix.effects.blocks import Audio
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.mixers.strip_parameters import (
    COMPRESSOR,
    EQUALISER,
    N_REVERB,
    N_STRIP,
    NAMES,
    SEND,
    reverb_from,
    settings_from,
)
from reaper_automix.training.strips.console import input_gain_lin, placed_gains, strip_values
from reaper_automix.training.strips.stereo_loss import multi_resolution_loss

BLOCKS_PER_STACK = 10
KERNEL = 15
CONDITION_SIZE = 128
LEARNING_RATE = 3e-4
BATCH = 32
PATCH_S = 1.5
EPOCH_PATCHES = 1_000
PATIENCE_EPOCHS = 20
"""Published, as are the ones above [1] section 2.4; then the learning rate is halved."""
SHRINK = 0.5

Stage = Literal["equaliser", "compressor", "reverb"]
STAGES: tuple[Stage, ...] = ("equaliser", "compressor", "reverb")
"""All that the network stands for; a part of them is a task of its own, such as a compressor alone."""
Source = Callable[[int, np.random.Generator], NDArray[np.float32]]
"""Returns so many samples of one channel, (n_samples,)."""

_QUIETEST_LIN = 1e-3
_MOST_TRIES = 20


def conditions_size(stages: Sequence[Stage] = STAGES) -> int:
    """Return how many numbers the stages are set by: 24 for all of them."""
    return len(_strip_columns(stages)) + (N_REVERB if "reverb" in stages else 0)


def conditions_of(vectors: Tensor, reverb_vectors: Tensor, stages: Sequence[Stage] = STAGES) -> Tensor:
    """Return what the network is told: the entries of its stages, and those of the shared reverb.

    Parameters
    ----------
    vectors : Tensor, shape (..., 24)
        0 to 1, ``strip_parameters.STRIP``.
    reverb_vectors : Tensor, shape (..., 4)
        0 to 1, ``strip_parameters.REVERB``; with the same leading axes.
    stages : sequence of str

    Returns
    -------
    Tensor, shape (..., conditions_size(stages))
    """
    own = vectors[..., _strip_columns(stages)]
    return torch.cat((own, reverb_vectors), dim=-1) if "reverb" in stages else own


def _strip_columns(stages: Sequence[Stage]) -> list[int]:
    of_stage: Mapping[Stage, tuple[str, ...]] = {
        "equaliser": tuple(p.name for p in EQUALISER),
        "compressor": tuple(p.name for p in COMPRESSOR),
        "reverb": (SEND.name,),
    }
    return [NAMES.index(name) for stage in STAGES if stage in stages for name in of_stage[stage]]


def receptive_field(n_stacks: int) -> int:
    """Return how many samples one sample of the answer depends on: 14,323, 28,645, 42,967 for 1, 2, 3 stacks."""
    return 1 + n_stacks * (KERNEL - 1) * sum(_dilation(i) for i in range(BLOCKS_PER_STACK))


def _dilation(block: int) -> int:
    return int(2 ** (block % BLOCKS_PER_STACK))


def centre_crop(audio: Tensor, n_samples: int) -> Tensor:
    """Return the middle (..., n_samples) of audio; ``ValueError`` where it is shorter."""
    spare = audio.shape[-1] - n_samples
    if spare < 0:
        raise ValueError(f"{audio.shape[-1]} samples cannot be cropped to {n_samples}")
    return audio[..., spare // 2 : spare // 2 + n_samples]


class TransformationNetwork(nn.Module):
    """TCN-10, -20 or -30.

    Parameters
    ----------
    n_conditions : int
        ``conditions_size`` of the stages.
    n_stacks : int
        Of 10 blocks each.
    width : int
        Channels of each block.
    """

    def __init__(self, n_conditions: int, *, n_stacks: int = 1, width: int = 32) -> None:
        super().__init__()
        self.receptive_field = receptive_field(n_stacks)
        self.conditioner = nn.Sequential(
            nn.Linear(n_conditions, CONDITION_SIZE),
            nn.ReLU(),
            nn.Linear(CONDITION_SIZE, CONDITION_SIZE),
            nn.ReLU(),
            nn.Linear(CONDITION_SIZE, CONDITION_SIZE),
        )
        blocks = range(n_stacks * BLOCKS_PER_STACK)
        self.blocks = nn.ModuleList(_Block(width if i else 1, width, _dilation(i)) for i in blocks)
        self.answer = nn.Conv1d(width, 1, 1)

    def forward(self, audio: Tensor, conditions: Tensor) -> Tensor:
        """Return the middle of the audio, processed.

        Parameters
        ----------
        audio : Tensor, shape (batch, 1, n_samples)
            ``ValueError`` if it is shorter than the receptive field.
        conditions : Tensor, shape (batch, n_conditions)

        Returns
        -------
        Tensor, shape (batch, 1, n_samples - receptive_field + 1)
        """
        if audio.shape[-1] < self.receptive_field:
            raise ValueError(f"{audio.shape[-1]} samples: this network needs {self.receptive_field} and more")
        condition = self.conditioner(conditions)
        skipped: Tensor | float = 0.0
        for block in self.blocks:
            audio = block(audio, condition)
            skipped = audio if isinstance(skipped, float) else centre_crop(skipped, audio.shape[-1]) + audio
        return self.answer(audio + skipped / len(self.blocks))


class _Block(nn.Module):
    """One block of Figure 2."""

    def __init__(self, n_in: int, n_out: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(n_in, n_out, KERNEL, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(n_out, affine=False)
        self.film = nn.Linear(CONDITION_SIZE, 2 * n_out)
        nn.init.ones_(self.film.bias[:n_out])
        self.activation = nn.PReLU(n_out)
        self.residual_gain = nn.Parameter(torch.ones(n_out))

    def forward(self, audio: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition)[:, :, None].chunk(2, dim=1)
        activation = self.activation(self.norm(self.convolution(audio)) * scale + shift)
        return activation + self.residual_gain[:, None] * centre_crop(audio, activation.shape[-1])


def transformed_mix(network: TransformationNetwork, tracks: Tensor, vectors: Tensor, reverb_vectors: Tensor) -> Tensor:
    """Mix songs through the network: gain and polarity, the network per channel, fader and pan [1] Figure 1.

    Parameters
    ----------
    network : TransformationNetwork
        For all ``STAGES``. For the mixing task call its ``eval`` and ``requires_grad_(False)`` first.
    tracks : Tensor, shape (batch, n_tracks, 1 or 2, n_samples)
        On the device of the network. The channels of a stereo track go through the network one by one.
    vectors, reverb_vectors : Tensor
        See ``console.mix``.

    Returns
    -------
    Tensor, shape (batch, 2, n_samples - receptive_field + 1)
        To be compared with the middle of the target: ``centre_crop``. Other than in the console, a silent track is not
        sure to stay silent, a room lies where its track is panned, and each channel has a compressor of its own.
    """
    n_songs, n_tracks, n_channels = tracks.shape[:3]
    values = strip_values(vectors.flatten(0, 1))
    rows = tracks.flatten(0, 1) * input_gain_lin(values).to(tracks)[:, None, None]
    conditions = conditions_of(vectors, reverb_vectors[:, None].expand(-1, n_tracks, -1)).flatten(0, 1).to(tracks)
    played = network(rows.flatten(0, 1)[:, None], conditions.repeat_interleave(n_channels, dim=0))
    placed = played[:, 0].unflatten(0, (-1, n_channels)) * placed_gains(values).to(tracks)
    mixed: Tensor = placed.unflatten(0, (n_songs, n_tracks)).sum(dim=1)
    return mixed


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Patches before and after the processors, and what these were set to.

    Parameters
    ----------
    audio, target : Tensor of float32, shape (batch, 1, n_samples)
    conditions : Tensor of float32, shape (batch, n_conditions)
    """

    audio: Tensor
    conditions: Tensor
    target: Tensor

    def to(self, device: Any) -> Examples:
        """Return the examples on a device."""
        return Examples(self.audio.to(device), self.conditions.to(device), self.target.to(device))


def random_patches(recordings: Sequence[NDArray[np.float32]]) -> Source:
    """Return a source of patches of recordings, (n_samples,) each; the longer a recording, the more often it is heard.

    Patches that stay below -60 dBFS are passed over, up to 20 times. ``ValueError`` if no recording holds a patch.
    """

    def draw(n_samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
        starts = np.array([max(r.size - n_samples + 1, 0) for r in recordings], np.float64)
        if not starts.sum():
            raise ValueError(f"no recording has {n_samples} samples: give longer ones, or shorter patches")
        for _ in range(_MOST_TRIES):
            recording = recordings[rng.choice(len(starts), p=starts / starts.sum())]
            start = int(rng.integers(recording.size - n_samples + 1))
            patch = recording[start : start + n_samples]
            if np.max(np.abs(patch)) >= _QUIETEST_LIN:
                break
        return patch

    return draw


def random_examples(
    source: Source,
    rng: np.random.Generator,
    *,
    n_examples: int = BATCH,
    n_samples: int = round(PATCH_S * 44_100),
    sample_rate_hz: int = 44_100,
    stages: Sequence[Stage] = STAGES,
) -> Examples:
    """Make examples: patches through the numpy processors at settings drawn uniformly.

    Parameters
    ----------
    source : Source
        See ``random_patches``.
    rng : numpy.random.Generator
    n_examples, n_samples : int
        As published: 32 of 1.5 s at 44.1 kHz.
    sample_rate_hz : int
    stages : sequence of str
        Processors that are left out are not played, and not told to the network.
    """
    patches = np.stack([source(n_samples, rng) for _ in range(n_examples)])[:, None]
    vectors = rng.uniform(size=(n_examples, N_STRIP))
    reverbs = rng.uniform(size=(n_examples, N_REVERB))
    played = [processed(*row, sample_rate_hz, stages) for row in zip(patches, vectors, reverbs, strict=True)]
    conditions = conditions_of(torch.from_numpy(vectors), torch.from_numpy(reverbs), stages)
    return Examples(torch.from_numpy(patches), conditions.float(), torch.from_numpy(np.stack(played)))


def processed(
    patch: Audio,
    vector: NDArray[np.float64],
    reverb_vector: NDArray[np.float64],
    sample_rate_hz: int,
    stages: Sequence[Stage] = STAGES,
) -> Audio:
    """Return one channel, float32 (1, n_samples), after the stages in their order, from rest."""
    strip = settings_from(vector)
    if "equaliser" in stages:
        patch = Equaliser(strip.equaliser, sample_rate_hz, 1).process(patch)
    if "compressor" in stages:
        patch = Compressor(strip.compressor, sample_rate_hz, 1).process(patch)
    if "reverb" in stages:
        room = replace(reverb_from(reverb_vector), wet_db=strip.send_db, dry_db=0.0, width=0.0)
        patch = Reverb(room, sample_rate_hz, 1).process(patch)[:1]
    return patch


class TransformationTraining:
    """Trains a network on mean absolute errors of the middle of each patch [1] section 2.4.

    Parameters
    ----------
    network : TransformationNetwork
        On the device that trains it.
    """

    def __init__(self, network: TransformationNetwork) -> None:
        self.network = network
        self.optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimiser, factor=SHRINK, patience=PATIENCE_EPOCHS
        )

    def step(self, examples: Examples) -> float:
        """Learn from one batch, and return its mean absolute error before the step."""
        self.network.train()
        self.optimiser.zero_grad()
        answer = self.network(examples.audio, examples.conditions)
        error = (answer - centre_crop(examples.target, answer.shape[-1])).abs().mean()
        error.backward()
        self.optimiser.step()
        return float(error.detach())

    def end_epoch(self, validation_mae: float) -> float:
        """Tell the schedule how the epoch went, and return the learning rate of the next one."""
        self.schedule.step(validation_mae)
        return float(self.optimiser.param_groups[0]["lr"])

    def state(self) -> dict[str, Any]:
        """Return all that training goes on from, as ``torch.save`` takes it and ``resume`` reads it."""
        return {name: getattr(self, name).state_dict() for name in ("network", "optimiser", "schedule")}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        for name in ("network", "optimiser", "schedule"):
            getattr(self, name).load_state_dict(state[name])


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean absolute error and multi-resolution STFT distance, means over patches [1] section 3.1."""

    mae: float
    mr_stft: float


def measured(network: TransformationNetwork, examples: Examples) -> tuple[Scores, Scores]:
    """Return the scores of a network on examples that it has not seen, and those of leaving them as they are."""
    network.eval()
    with torch.no_grad():
        answer = network(examples.audio, examples.conditions)
    n_samples = answer.shape[-1]
    target = centre_crop(examples.target, n_samples)
    return _scores(answer, target), _scores(centre_crop(examples.audio, n_samples), target)


def _scores(answer: Tensor, target: Tensor) -> Scores:
    distance = multi_resolution_loss(answer[:, 0], target[:, 0]).mean()
    return Scores(float((answer - target).abs().mean()), float(distance))
