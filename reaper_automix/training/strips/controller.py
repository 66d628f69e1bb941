"""The controller of Steinmetz et al. [1] in torch, and the same weights as plain arrays.

A compact encoder of our own takes the place of VGGish; who has the public weights of that one can load them into
``Vggish``. The console is the part that needs no network, gain and pan: ``mixed`` is its exact sum.

References
----------
.. [1] C. J. Steinmetz et al., Automatic multitrack mixing with a differentiable mixing console of neural audio
   effects, ICASSP 2021, section 2.2 and Figure 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reaper_automix.errors import ModelError
from reaper_automix.learning.convolution import Convolution
from reaper_automix.mixers.strip_controller import MOST_GAIN_DB, Dense, StripController, Strips
from reaper_automix.mixers.strip_excerpts import CHANNELS, N_BANDS, Heard

KERNEL = 3
DROPOUT = 0.1
N_ANSWERS = 2
VGGISH_FEATURES = 128


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels of the encoder's layers and of the post-processor's hidden ones."""

    encoder: tuple[int, ...] = (16, 32, 48, 64)
    hidden: tuple[int, int] = (128, 64)

    @property
    def n_features(self) -> int:
        """Size of an embedding: 128."""
        rows = N_BANDS
        for _ in self.encoder:
            rows = (rows - KERNEL + 1) // 2
        return rows * self.encoder[-1]


class Encoder(torch.nn.Module):
    """Images of excerpts to embeddings; convolution, normalisation, ReLU and maximum of 2 x 2, four times."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = []
        n_in = CHANNELS
        for n_out in shape.encoder:
            layers += [torch.nn.Conv2d(n_in, n_out, KERNEL), torch.nn.BatchNorm2d(n_out)]
            layers += [torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
            n_in = n_out
        self.layers = torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Return (n_images, n_features) of (n_images, 2, N_BANDS, N_COLUMNS): the mean over time."""
        heard: Tensor = self.layers(images.contiguous(memory_format=torch.channels_last))
        return heard.mean(dim=3).flatten(1)


class Controller(torch.nn.Module):
    """Encoder and post-processor with shared weights over tracks."""

    def __init__(self, shape: Shape | None = None, *, n_answers: int = N_ANSWERS, n_beside: int = 0) -> None:
        super().__init__()
        self.shape = shape or Shape()
        first, second = self.shape.hidden
        self.encoder = Encoder(self.shape)
        # Three layers, PReLU, dropout 0.1 [1, section 2.2].
        self.post_processor = torch.nn.Sequential(
            torch.nn.Linear(2 * (self.shape.n_features + n_beside), first),
            torch.nn.PReLU(),
            torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(first, second),
            torch.nn.PReLU(),
            torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(second, n_answers),
        )
        last = self.post_processor[-1]
        # Equal gains, and hardly any pan, to begin with; exactly none has no gradient through its size.
        torch.nn.init.normal_(last.weight, std=0.01)
        torch.nn.init.zeros_(last.bias)

    def embed(self, images: Tensor, sounds: Tensor) -> Tensor:
        """Return the embedding of each track: the mean over the excerpts in which it sounds.

        Parameters
        ----------
        images : Tensor, shape (n_tracks, n_excerpts, 2, N_BANDS, N_COLUMNS)
        sounds : Tensor of bool, shape (n_tracks, n_excerpts)
            At least one per track.
        """
        parts = self.encoder(images[sounds])
        rows = sounds.nonzero()[:, 0]
        total = torch.zeros(len(images), parts.shape[1], dtype=parts.dtype, device=parts.device)
        return total.index_add(0, rows, parts) / sounds.sum(dim=1, keepdim=True)

    def forward(self, images: Tensor, sounds: Tensor, songs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return gains in dB, with a mean of 0 per song, and pans, each (n_tracks,).

        Parameters
        ----------
        images, sounds : Tensor
            As ``embed``.
        songs : Tensor of int64, shape (n_tracks,), optional
            Which song each track is of, counted from 0: a batch of songs. Without it, all are of one.
        """
        answers, _, songs = self.answered(images, sounds, songs)
        answers = torch.tanh(answers)
        gains = answers[:, 0:1]
        gains_db = MOST_GAIN_DB * (gains - mean_by(gains, songs)[songs])[:, 0]
        return gains_db, answers[:, 1]

    def answered(self, images: Tensor, sounds: Tensor, songs: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the post-processor says of each track, the context of each song, and ``songs`` itself."""
        own = self.embed(images, sounds)
        songs = torch.zeros(len(own), dtype=torch.int64, device=own.device) if songs is None else songs
        context = mean_by(own, songs)
        return self.post_processor(torch.cat([own, context[songs]], dim=1)), context, songs

    def predict(self, heard: Heard) -> Strips:
        """Return the answers for a song in which every track is heard."""
        self.eval()
        with torch.no_grad():
            gains_db, pans = self(torch.from_numpy(heard.images), torch.from_numpy(heard.sounds))
        return Strips(gains_db.numpy().astype(np.float64), pans.numpy().astype(np.float64))


def mean_by(rows: Tensor, groups: Tensor) -> Tensor:
    """Return the mean of the rows of each group, (n_groups, n_columns)."""
    n_groups = int(groups.max()) + 1
    total = torch.zeros(n_groups, rows.shape[1], dtype=rows.dtype, device=rows.device).index_add(0, groups, rows)
    counts = torch.bincount(groups, minlength=n_groups).to(rows.dtype)
    return total / counts[:, None]


def side_gains(gains_db: Tensor, pans: Tensor) -> Tensor:
    """Return the linear gains of left and right of each track, (n_tracks, 2): fader and balance without pan law."""
    sides = torch.stack([1.0 - torch.relu(pans), 1.0 - torch.relu(-pans)], dim=1)
    return sides * (10.0 ** (gains_db / 20.0))[:, None]


def mixed(tracks: Tensor, gains_db: Tensor, pans: Tensor) -> Tensor:
    """Return the mix (2, n_samples) of stereo tracks (n_tracks, 2, n_samples)."""
    return torch.einsum("nc,ncs->cs", side_gains(gains_db, pans), tracks)


def as_arrays(controller: Controller, reverb: torch.nn.Linear | None = None) -> StripController:
    """Return the weights of a trained controller, normalisation worked into them; ``reverb`` for the full task."""
    modules = list(controller.encoder.layers)
    pairs = [(modules[n], modules[n + 1]) for n, m in enumerate(modules) if isinstance(m, torch.nn.Conv2d)]
    encoder = tuple(_folded(convolution, norm) for convolution, norm in pairs)
    post = list(controller.post_processor)
    dense = tuple(
        Dense(_array(m.weight, np.float32), _array(m.bias, np.float32), _slope(post[n + 1 : n + 2]))
        for n, m in enumerate(post)
        if isinstance(m, torch.nn.Linear)
    )
    if reverb is None:
        return StripController(encoder, dense)
    return StripController(
        encoder, dense, Dense(_array(reverb.weight, np.float32), _array(reverb.bias, np.float32), 1.0)
    )


def _slope(following: list[torch.nn.Module]) -> float:
    return float(following[0].weight.item()) if following and isinstance(following[0], torch.nn.PReLU) else 1.0


def _folded(convolution: Any, norm: Any) -> Convolution:
    scale = _array(norm.weight, np.float64) / np.sqrt(_array(norm.running_var, np.float64) + norm.eps)
    bias = scale * (_array(convolution.bias, np.float64) - _array(norm.running_mean, np.float64))
    bias += _array(norm.bias, np.float64)
    weight = _array(convolution.weight, np.float64) * scale[:, None, None, None]
    return Convolution(np.ascontiguousarray(weight, np.float32), bias.astype(np.float32))


def _array(tensor: Tensor, dtype: Any) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype)


class Vggish(torch.nn.Module):
    """The encoder of the paper: VGGish, log-mel patches (n, 1, 96, 64) to embeddings (n, 128).

    References
    ----------
    .. [1] S. Hershey et al., CNN architectures for large-scale audio classification, ICASSP 2017.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = []
        n_in = 1
        for widths in ((64,), (128,), (256, 256), (512, 512)):
            for n_out in widths:
                layers += [torch.nn.Conv2d(n_in, n_out, 3, padding=1), torch.nn.ReLU()]
                n_in = n_out
            layers.append(torch.nn.MaxPool2d(2))
        self.features = torch.nn.Sequential(*layers)
        dense: list[torch.nn.Module] = []
        for n_from, n_to in ((512 * 6 * 4, 4096), (4096, 4096), (4096, VGGISH_FEATURES)):
            dense += [torch.nn.Linear(n_from, n_to), torch.nn.ReLU()]
        self.embeddings = torch.nn.Sequential(*dense)

    def forward(self, patches: Tensor) -> Tensor:
        """Return embeddings; rows, columns and channels are flattened in the order of the public weights."""
        heard: Tensor = self.features(patches).permute(0, 2, 3, 1).flatten(1)
        embedded: Tensor = self.embeddings(heard)
        return embedded


def load_vggish(network: torch.nn.Module, state: Mapping[str, Tensor]) -> torch.nn.Module:
    """Load the weights of a public checkpoint, a state dictionary of the shapes of ``Vggish``, and return the network.

    Parameters
    ----------
    network : Module
        A ``Vggish``.
    state : mapping of str to Tensor
        As ``torch.load(file, weights_only=True)`` gives; weights of a post-processing of embeddings are left out.

    Raises
    ------
    ModelError
        If names or shapes are not those of VGGish.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: tensor for name, tensor in state.items() if not name.startswith("pproc.")}
    wrong = sorted(
        n for n in wanted.keys() | given.keys() if wanted.get(n) != tuple(getattr(given.get(n), "shape", ()))
    )
    if wrong:
        raise ModelError(f"'{wrong[0]}' is not as in VGGish, {len(wrong)} in all. Give the public PyTorch checkpoint.")
    network.load_state_dict(given)
    return network
