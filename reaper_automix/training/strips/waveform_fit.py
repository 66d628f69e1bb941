"""Training of the waveform network: tracks in, the human's mix out, by the stereo loss of the controllers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reaper_automix.files import whole_file
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.strips.full_loss import mix_loss
from reaper_automix.training.strips.raw_takes import RawTake
from reaper_automix.training.strips.songs import RATE_HZ, StripSong
from reaper_automix.training.strips.transformation_progress import load_kept
from reaper_automix.training.strips.waveform import WaveformNetwork
from reaper_automix.training.strips.wet_targets import target_of

PATCH_SAMPLES = 2 * RATE_HZ
BATCH_SONGS = 2
STEPS = 400
RATE = 1e-3
STEPS_BETWEEN = 50

TakeOf = Callable[[StripSong, np.random.Generator], RawTake]


def fit_waveform(
    songs: Sequence[StripSong], take_of: TakeOf, seed: int, kept: Path, n_steps: int = STEPS, say: Say = unsaid
) -> WaveformNetwork:
    """Train a network, from where the file of its state stands.

    Parameters
    ----------
    songs : sequence of StripSong
        To learn from.
    take_of : callable
        From a song and a generator to what is heard of it.
    seed : int
    kept : Path
        Written every 50 steps.
    n_steps : int
    say : callable
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    network = WaveformNetwork()
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    step, losses = 0, []
    of = f"{n_steps} {seed} {sorted(song.key for song in songs)}"
    if kept.is_file() and (stored := load_kept(kept))["of"] == of:
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        step = stored["step"]
    while step < n_steps:
        losses.append(_step(network, optimiser, songs, take_of, np.random.default_rng([seed, step])))
        step += 1
        if step % STEPS_BETWEEN == 0 or step == n_steps:
            state: dict[str, Any] = {"network": network.state_dict(), "optimiser": optimiser.state_dict()}
            with whole_file(kept) as part:
                torch.save({**state, "of": of, "step": step}, part)
            say(f"waveform network: step {step}, loss {np.mean(losses):.3f}")
            losses.clear()
    network.eval()
    return network


def waveform_mix(network: WaveformNetwork, take: RawTake, place: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the mix of an excerpt, (2, n_samples)."""
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(take.audio(place))[None])[0].numpy(), np.float32)


def _step(
    network: WaveformNetwork,
    optimiser: torch.optim.Optimizer,
    songs: Sequence[StripSong],
    take_of: TakeOf,
    rng: np.random.Generator,
) -> float:
    network.train()
    losses = []
    for _ in range(BATCH_SONGS):
        take = take_of(songs[int(rng.integers(len(songs)))], rng)
        place = int(rng.integers(len(take.song.tracks)))
        tracks, target = take.audio(place), target_of(take.song, place)
        start = int(rng.integers(max(tracks.shape[-1] - PATCH_SAMPLES, 0) + 1))
        cut = slice(start, start + PATCH_SAMPLES)
        mixed = network(torch.from_numpy(tracks[None, ..., cut]))[0]
        losses.append(mix_loss(mixed, torch.from_numpy(target[..., cut]), is_stereo=take.song.is_stereo))
    loss = torch.stack(losses).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())
