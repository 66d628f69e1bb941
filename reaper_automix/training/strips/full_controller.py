"""The controller of the full task [1] section 2.2 in torch: all knobs of each track's strip, and the shared reverb's.

Encoder, context and post-processor are those of the basic task (``controller``). Beside what the encoder says of a
track stands its mean spectrum, which an equaliser needs finer than the encoder keeps it. The post-processor answers
with one number per knob, and one linear layer on the context with the knobs of the reverb. Input gain and polarity stay
where they change nothing: the first does what the fader does, the second has no gradient.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reaper_automix.mixers.strip_controller import MOST_GAIN_DB, StripController
from reaper_automix.mixers.strip_excerpts import N_BANDS, Heard
from reaper_automix.mixers.strip_knobs import KNOBS, MEAN_FADER_DB, REVERB_START, START
from reaper_automix.mixers.strip_parameters import FADER, N_REVERB, N_STRIP, NAMES, PAN, neutral_vector
from reaper_automix.training.strips.controller import Controller, Shape, as_arrays, mean_by

_KNOB_COLUMNS = [NAMES.index(name) for name in KNOBS]
_FADER, _PAN = NAMES.index(FADER.name), NAMES.index(PAN.name)


class FullController(Controller):
    """Encoder, post-processor of all knobs, reverb."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__(shape, n_answers=2 + len(KNOBS), n_beside=N_BANDS)
        self.reverb = torch.nn.Linear(self.shape.n_features + N_BANDS, N_REVERB)
        torch.nn.init.zeros_(self.reverb.weight)
        torch.nn.init.zeros_(self.reverb.bias)

    def embed(self, images: Tensor, sounds: Tensor) -> Tensor:
        """Return the embedding of each track, and its mean spectrum behind it: shapes as ``Controller.embed``."""
        spectra = images[:, :, 0].mean(dim=3) * sounds[:, :, None]
        mean = spectra.sum(dim=1) / sounds.sum(dim=1, keepdim=True)
        return torch.cat([super().embed(images, sounds), mean], dim=1)

    def strips(self, images: Tensor, sounds: Tensor, songs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return vectors (n_tracks, 24) and those of the reverbs, (n_songs, 4).

        Parameters
        ----------
        images, sounds, songs : Tensor
            As ``Controller.forward``.
        """
        answers, context, songs = self.answered(images, sounds, songs)
        bent = torch.tanh(answers[:, :2])
        fader_db = MOST_GAIN_DB * (bent[:, 0] - mean_by(bent[:, :1], songs)[songs][:, 0]) + MEAN_FADER_DB
        fader = torch.clamp((fader_db - FADER.low) / (FADER.high - FADER.low), 0.0, 1.0)
        knobs = torch.sigmoid(answers[:, 2:] + torch.from_numpy(START).to(answers))
        columns = list(torch.from_numpy(neutral_vector()).to(answers).expand(len(answers), N_STRIP).unbind(1))
        for column, values in zip(_KNOB_COLUMNS, knobs.unbind(1), strict=True):
            columns[column] = values
        columns[_FADER], columns[_PAN] = fader, (bent[:, 1] + 1.0) / 2.0
        reverb = torch.sigmoid(self.reverb(context) + torch.from_numpy(REVERB_START).to(answers))
        return torch.stack(columns, dim=1), reverb

    def answer(self, heard: Heard) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return vectors (n_tracks, 24) and the reverb's, (4,), of a song in which every track is heard."""
        self.eval()
        with torch.no_grad():
            vectors, reverbs = self.strips(torch.from_numpy(heard.images), torch.from_numpy(heard.sounds))
        return vectors.numpy().astype(np.float64), reverbs[0].numpy().astype(np.float64)


def full_arrays(controller: FullController) -> StripController:
    """Return the weights as plain arrays, for ``mixers.strip_controller``."""
    return as_arrays(controller, controller.reverb)
