"""Training of a controller of the full task: instruments, then known spectra, then the stereo loss through a console.

Published [1]_: the stereo loss through the frozen transformation network alone; Adam, 3e-4, batches of 2, epochs of 100
patches of 5 s, the rate halved after 200 epochs without progress, at most 6 tracks. Scaled to one processor core: an
encoder of our own that first learns instruments; then third-octave levels, which for disturbed songs are known
(``full_loss.known_loss``); then some hundred batches of 2 through the exact console, or as many as take the same time
through the network. The best state by the stereo loss of held-out songs is kept, always measured through the exact
console, whichever way was learned through.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reaper_automix.analysis.loudness import k_weighting_power
from reaper_automix.analysis.mel_spectra import mel_centres_hz
from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.audio import levels
from reaper_automix.effects.equaliser import response_db
from reaper_automix.files import whole_file
from reaper_automix.mixers.strip_excerpts import N_BANDS, RANGE_DB
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.strips.fit import FIRST_RATE, divided, learn_roles
from reaper_automix.training.strips.full_controller import FullController
from reaper_automix.training.strips.full_loss import Route, known_loss, mix_loss, song_mix
from reaper_automix.training.strips.raw_takes import RawTake, as_they_are, drawn, raw_take
from reaper_automix.training.strips.songs import RATE_HZ, StripSong
from reaper_automix.training.strips.transformation import TransformationNetwork
from reaper_automix.training.strips.transformation_progress import load_kept
from reaper_automix.training.strips.wet_targets import target_of

N_TAKES = 3
"""Of each song, to learn from; they are numbered from 1. Take 0 is for judging."""
MOST_TRACKS = 6
"""Of a song in one step, as published; the target is then the human's mix of these."""
BATCH_SONGS = 2
KNOWN_BATCH = 4
STEPS_BETWEEN = 40
"""Steps between two looks at the held-out songs."""
PATIENCE = 3
"""Looks without progress, after which the rate is halved; more of them where steps are cheap."""
KNOWN_PATIENCE = 6
EXACT_SAMPLES = 3 * RATE_HZ
NETWORK_SAMPLES = 16_384
"""Of the answer, of a patch for the console and for the network; the latter takes four times as long per second."""

_KNOWN, _MIX = range(10, 12)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FullRecipe:
    """What is learned, and for how long.

    Parameters
    ----------
    name : str
    route : "exact console" or "network" or None
        What the stereo loss goes through; None: known spectra alone.
    role_steps, known_steps, mix_steps : int
        Batches of instruments, of known spectra, and of the stereo loss.
    rate : float
        Of the stereo loss.
    """

    name: str
    route: Route | None
    role_steps: int = 200
    known_steps: int = 1_600
    mix_steps: int = 0
    rate: float = 3e-4


FULL_RECIPES = (
    FullRecipe("controller, known spectra alone", None),
    FullRecipe("controller through the exact console", "exact console", mix_steps=240, rate=1e-3),
    FullRecipe("controller through the network", "network", mix_steps=120, rate=1e-3),
    FullRecipe(
        "controller through the exact console, no known spectra",
        "exact console",
        known_steps=0,
        mix_steps=240,
        rate=1e-3,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class FullFitted:
    """A trained controller, and of each look at the held-out songs: steps, loss learned from, loss held out, rate."""

    recipe: FullRecipe
    controller: FullController
    curve: tuple[tuple[float, float, float, float], ...]


class Takes:
    """Takes of songs, each made and read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[str, int], RawTake] = {}

    def of(self, song: StripSong, number: int) -> RawTake:
        """Return a take of a song."""
        if (song.key, number) not in self._read:
            self._read[song.key, number] = raw_take(song, number, self._folder)
        return self._read[song.key, number]

    def untouched(self, song: StripSong) -> RawTake:
        """Return a song of which nothing is taken back."""
        if (song.key, -1) not in self._read:
            self._read[song.key, -1] = as_they_are(song)
        return self._read[song.key, -1]


def fit_full(
    recipe: FullRecipe,
    songs: Sequence[StripSong],
    takes: Takes,
    seed: int,
    states: Path,
    network: TransformationNetwork | None = None,
    say: Say = unsaid,
) -> FullFitted:
    """Train a controller.

    Parameters
    ----------
    recipe : FullRecipe
    songs : sequence of StripSong
        To learn from.
    takes : Takes
    seed : int
    states : Path
        Folder of the states of this training, and of what several recipes begin with; training goes on from there.
    network : TransformationNetwork, optional
        Trained, for the recipes that go through one.
    say : callable

    Raises
    ------
    ValueError
        If there is nothing to learn from, or the network is missing.
    """
    if not songs or (recipe.route == "network" and network is None):
        raise ValueError("no song to learn from, or no network to go through")
    torch.set_num_threads(1)
    learned, held_out = divided(songs, seed)
    controller = _begun(recipe, learned, held_out, takes, seed, states, say)
    route: Any = network if recipe.route == "network" else recipe.route
    file = states / f"{recipe.name.replace(' ', '-').replace(',', '')}-{seed}.pt"
    looked = _looked(held_out, takes)
    training = _Training(controller, recipe.rate, PATIENCE, file, f"{recipe} {sorted(s.key for s in learned)}")
    if not training.resume():
        training.look(math.nan, _mix_validation(controller, looked))
    while training.step < (recipe.mix_steps if recipe.route else 0):
        losses = []
        for _ in range(STEPS_BETWEEN):
            rng = np.random.default_rng([seed, _MIX, training.step])
            losses.append(training.learn(_mix_batch(controller, route, learned, takes, rng), rng))
        training.look(float(np.mean(losses)), _mix_validation(controller, looked))
        say(f"{recipe.name}: {training.told()}")
    controller.load_state_dict(training.best)
    return FullFitted(recipe, controller.eval(), tuple(training.curve))


def _begun(
    recipe: FullRecipe,
    learned: Sequence[StripSong],
    held_out: Sequence[StripSong],
    takes: Takes,
    seed: int,
    states: Path,
    say: Say,
) -> FullController:
    """Return a controller that knows instruments and spectra, as several recipes begin with it."""
    states.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    controller = FullController()
    file = states / f"begun-{recipe.role_steps}-{recipe.known_steps}-{seed}.pt"
    training = _Training(
        controller, FIRST_RATE, KNOWN_PATIENCE, file, f"{recipe.role_steps} {sorted(s.key for s in learned)}"
    )
    looked = [takes.of(song, 1) for song in held_out]
    if not training.resume():
        learn_roles(controller, recipe.role_steps, learned, seed)
        training.look(math.nan, _known_validation(controller, looked))
    while training.step < recipe.known_steps:
        losses = []
        for _ in range(STEPS_BETWEEN):
            rng = np.random.default_rng([seed, _KNOWN, training.step])
            losses.append(training.learn(_known_batch(controller, learned, takes, rng), rng))
        training.look(float(np.mean(losses)), _known_validation(controller, looked))
        say(f"known spectra: {training.told()}")
    controller.load_state_dict(training.best)
    return controller


class _Training:
    """Where a training stands; written down after each look at the held-out songs."""

    def __init__(self, controller: FullController, rate: float, patience: int, kept: Path, of: str) -> None:
        self._controller, self._kept, self._of = controller, kept, of
        self._optimiser = torch.optim.Adam(controller.parameters(), lr=rate)
        self._schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(self._optimiser, factor=0.5, patience=patience)
        self.step = 0
        self.curve: list[tuple[float, float, float, float]] = []
        self.best: dict[str, Tensor] = {}

    def learn(self, loss_of: Any, rng: np.random.Generator) -> float:
        """Take a step; ``loss_of`` is called after dropout is set up for it, so that a resumed run is the same."""
        torch.manual_seed(int(rng.integers(2**31)))
        self._controller.train()
        self._optimiser.zero_grad()
        loss = loss_of()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._controller.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        return float(loss.detach())

    def look(self, loss: float, held_out_loss: float) -> None:
        """Note how it goes; what was there before the first step is only kept where there is no other."""
        if all(row[0] == 0 or held_out_loss < row[2] for row in self.curve):
            self.best = {name: tensor.clone() for name, tensor in self._controller.state_dict().items()}
        if self.curve:
            self._schedule.step(held_out_loss)
        self.curve.append((self.step, loss, held_out_loss, float(self._optimiser.param_groups[0]["lr"])))
        parts = {"controller": self._controller, "optimiser": self._optimiser, "schedule": self._schedule}
        stored = {name: part.state_dict() for name, part in parts.items()}
        with whole_file(self._kept) as part:
            torch.save({**stored, "of": self._of, "step": self.step, "curve": self.curve, "best": self.best}, part)

    def resume(self) -> bool:
        """Go on from the file, if it is of the same training."""
        if not self._kept.is_file():
            return False
        stored = load_kept(self._kept)
        if stored["of"] != self._of:
            return False
        self._controller.load_state_dict(stored["controller"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self._schedule.load_state_dict(stored["schedule"])
        self.step, self.curve, self.best = stored["step"], [tuple(row) for row in stored["curve"]], stored["best"]
        return True

    def told(self) -> str:
        """Return where it stands, in words."""
        step, loss, held_out, rate = self.curve[-1]
        return f"step {step:.0f}, loss {loss:.3f}, held out {held_out:.3f}, rate {rate:.1e}"


def _known_batch(controller: FullController, songs: Sequence[StripSong], takes: Takes, rng: np.random.Generator) -> Any:
    """Draw takes, and as often songs as they are whose images are equalised on the spot: as many as one likes."""
    some, images, bands_db = [], [], []
    for song in (songs[n] for n in rng.integers(0, len(songs), KNOWN_BATCH)):
        is_take = rng.uniform() < 0.5
        take = takes.of(song, int(rng.integers(1, N_TAKES + 1))) if is_take else takes.untouched(song)
        own = [(_one_image(take, n, rng), row) for n, row in enumerate(take.bands_db)]
        own = own if is_take else [equalised(image, row, rng) for image, row in own]
        some.append(take)
        images += [image for image, _ in own]
        bands_db.append(np.array([row for _, row in own]))
    belongs = torch.tensor([n for n, take in enumerate(some) for _ in take.song.roles])

    def loss() -> Tensor:
        vectors, _ = controller.strips(torch.stack(images)[:, None], torch.ones(len(images), 1, dtype=bool), belongs)
        parts = []
        for number, take in enumerate(some):
            own = vectors[belongs == number]
            parts.append(known_loss(take, own, bands_db[number]))
            if take.song.is_stereo and take.song.levels_are_raw:
                sizes = (2.0 * own[:, -1] - 1.0).abs()
                parts.append(6.0 * (sizes - torch.from_numpy(np.abs(take.song.pans)).to(sizes)).abs().mean())
        return torch.stack(parts).sum() / len(some)

    return loss


def equalised(image: Tensor, bands_db: Floats, rng: np.random.Generator) -> tuple[Tensor, Floats]:
    """Return the image and the third-octave levels of a track behind an equaliser drawn at random, as loud.

    Parameters
    ----------
    image : Tensor, shape (2, N_BANDS, N_COLUMNS)
    bands_db : ndarray of float64, shape (n_bands,)
    rng : numpy.random.Generator
    """
    centres_hz = np.array(CENTRES_HZ)
    bands = drawn(rng).equaliser
    moved_db = bands_db + response_db(bands, centres_hz, RATE_HZ)
    weights = k_weighting_power(centres_hz, RATE_HZ)
    energies = [float((levels.db_to_energy(some) * weights).sum()) for some in (bands_db, moved_db)]
    louder_db = 10.0 * math.log10(max(energies[1], 1e-15) / max(energies[0], 1e-15))
    mels_db = response_db(bands, mel_centres_hz(), RATE_HZ).reshape(N_BANDS, -1).mean(axis=1)
    shift = torch.from_numpy((mels_db - louder_db) / RANGE_DB).to(image)[None, :, None]
    return torch.where(image > 0.0, torch.relu(image + shift), image), moved_db - louder_db


def _known_validation(controller: FullController, looked: Sequence[RawTake]) -> float:
    losses = [known_loss(take, torch.from_numpy(controller.answer(take.heard)[0])) for take in looked]
    return float(torch.stack(losses).mean())


def _mix_batch(
    controller: FullController, route: Any, songs: Sequence[StripSong], takes: Takes, rng: np.random.Generator
) -> Any:
    drawn = [_drawn(songs, takes, route, rng) for _ in range(BATCH_SONGS)]

    def loss() -> Tensor:
        parts = []
        for take, images, chosen, audio, target in drawn:
            vectors, reverbs = controller.strips(images[:, None], torch.ones(len(images), 1, dtype=bool))
            mixed = song_mix(route, audio, vectors[chosen], reverbs[0])
            parts.append(mix_loss(mixed, target, is_stereo=take.song.is_stereo))
        return torch.stack(parts).mean()

    return loss


def _drawn(songs: Sequence[StripSong], takes: Takes, route: Any, rng: np.random.Generator) -> tuple[Any, ...]:
    """Return a take, the images of all its tracks, some of these tracks, their audio, and the human's mix of them."""
    take = takes.of(songs[int(rng.integers(len(songs)))], int(rng.integers(1, N_TAKES + 1)))
    place = int(rng.integers(len(take.song.tracks)))
    n_tracks = len(take.song.roles)
    chosen = sorted(rng.permutation(n_tracks)[:MOST_TRACKS].tolist())
    images = torch.stack([_one_image(take, track, rng) for track in range(n_tracks)])
    audio = take.audio(place, chosen)
    target = target_of(take.song, place, chosen)
    n_samples = (
        NETWORK_SAMPLES + route.receptive_field - 1 if isinstance(route, TransformationNetwork) else EXACT_SAMPLES
    )
    n_samples = min(n_samples, audio.shape[-1])
    start = int(rng.integers(audio.shape[-1] - n_samples + 1))
    cut = slice(start, start + n_samples)
    return take, images, chosen, torch.from_numpy(audio[..., cut]), torch.from_numpy(target[..., cut].copy())


def _looked(songs: Sequence[StripSong], takes: Takes) -> list[tuple[RawTake, Tensor, Tensor]]:
    """Return what is looked at in between: of each held-out song its first excerpt, and the human's mix of it."""
    return [
        (take, torch.from_numpy(take.audio(0)), torch.from_numpy(target_of(song, 0).copy()))
        for song, take in ((song, takes.of(song, 1)) for song in songs)
    ]


def _mix_validation(controller: FullController, looked: Sequence[tuple[RawTake, Tensor, Tensor]]) -> float:
    losses = []
    for take, audio, target in looked:
        vectors, reverb = (torch.from_numpy(answer) for answer in controller.answer(take.heard))
        with torch.no_grad():
            mixed = song_mix("exact console", audio, vectors, reverb)
            losses.append(float(mix_loss(mixed, target, is_stereo=take.song.is_stereo)))
    return float(np.mean(losses))


def _one_image(take: RawTake, track: int, rng: np.random.Generator) -> Tensor:
    place = rng.choice(np.flatnonzero(take.heard.sounds[track]))
    return torch.from_numpy(take.heard.images[track, place])
