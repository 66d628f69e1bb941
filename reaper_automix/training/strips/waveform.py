"""A network from the tracks' waveforms to the mix's, without a console: the baseline that [1]_ section 3.2 adapts.

Published: Demucs [2]_ without its LSTM, with fewer channels, 80 million parameters, a fixed number of tracks, and songs
of fewer filled up with silence. Scaled to one processor core: 16 tracks in (what a song has beyond is summed into the
last of them), four layers of 24 to 192 channels, patches of 2 s, the stereo loss of the controllers.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
.. [2] A. Defossez, N. Usunier, L. Bottou, F. Bach (2019): Music source separation in the waveform domain.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

N_TRACKS = 16
DEPTH, CHANNELS, GROWTH = 4, 24, 2
KERNEL, STRIDE = 8, 4
CONTEXT = 3


class WaveformNetwork(nn.Module):
    """Encoder and decoder with skips; gated linear units, as in Demucs."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        n_in, width = 2 * N_TRACKS, CHANNELS
        for depth in range(DEPTH):
            self.encoder.append(
                nn.Sequential(
                    nn.Conv1d(n_in, width, KERNEL, STRIDE), nn.ReLU(), nn.Conv1d(width, 2 * width, 1), nn.GLU(1)
                )
            )
            n_out = n_in if depth else 2
            ending: list[nn.Module] = [nn.ReLU()] if depth else []
            self.decoder.insert(
                0,
                nn.Sequential(
                    nn.Conv1d(width, 2 * width, CONTEXT, padding=CONTEXT // 2),
                    nn.GLU(1),
                    nn.ConvTranspose1d(width, n_out, KERNEL, STRIDE),
                    *ending,
                ),
            )
            n_in, width = width, width * GROWTH

    def forward(self, tracks: Tensor) -> Tensor:
        """Return the mix (batch, 2, n_samples) of tracks (batch, n_tracks, 2, n_samples)."""
        x = nn.functional.pad(filled(tracks).flatten(1, 2), (0, _missing(tracks.shape[-1])))
        skips = []
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        for layer in self.decoder:
            x = layer(x + skips.pop())
        return x[..., : tracks.shape[-1]]


def filled(tracks: Tensor) -> Tensor:
    """Return ``N_TRACKS`` of tracks (batch, n_tracks, 2, n_samples): silence behind them, or the last ones summed."""
    n_tracks = tracks.shape[1]
    if n_tracks > N_TRACKS:
        return torch.cat([tracks[:, : N_TRACKS - 1], tracks[:, N_TRACKS - 1 :].sum(dim=1, keepdim=True)], dim=1)
    return nn.functional.pad(tracks, (0, 0, 0, 0, 0, N_TRACKS - n_tracks))


def _missing(n_samples: int) -> int:
    """Return how many samples fill up a signal so that every layer takes all of it."""
    length = n_samples
    for _ in range(DEPTH):
        length = max(-(-(length - KERNEL) // STRIDE) + 1, 1)
    for _ in range(DEPTH):
        length = (length - 1) * STRIDE + KERNEL
    return length - n_samples
