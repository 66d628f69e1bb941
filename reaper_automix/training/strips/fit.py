"""Training of a controller: instruments, known gains, then the stereo loss through the exact console.

Published [1]: VGGish as trained on AudioSet, then the stereo loss alone; Adam, 3e-4, batches of 16, epochs of 100
patches of 5 s, the rate halved after 200 epochs without progress. Scaled to two processor cores: an encoder of our own
that first learns instruments, batches of 4, few epochs, some frames of each patch (``frames``), patience to match.

References
----------
.. [1] C. J. Steinmetz et al., Automatic multitrack mixing with a differentiable mixing console of neural audio
   effects, ICASSP 2021, sections 2.2 to 2.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reaper_automix.files import whole_file
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.strips.controller import Controller, Shape
from reaper_automix.training.strips.frames import FrameSpectra, drawn_spectra, frames_loss
from reaper_automix.training.strips.songs import StripSong
from reaper_automix.training.strips.transformation_progress import load_kept

FIRST_RATE = 1e-3
"""Of what comes before the stereo loss."""

EPOCH_PATCHES = 100
BATCH_SONGS = 4
BATCH_TRACKS = 32
PATIENCE_EPOCHS = 4
VALIDATION_SHARE = 8
"""One of so many songs is not learned from, and says when to halve the rate and which epoch was best."""

GAIN_UNIT_DB = 6.0
"""So much of gain weighs as much as a pan from the centre to one side, where both are known."""

_ROLES, _KNOWN, _MIX, _VALIDATION = range(4)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is learned, in which order, for how long.

    Parameters
    ----------
    name : str
    role_steps, known_steps : int
        Batches of instrument recognition, and of the human's gains and pans where they are known; 0: not at all.
    epochs : int
        Of the stereo loss, 100 patches each.
    rate : float
        Of learning from the stereo loss; 3e-4 as published.
    shape : Shape
    """

    name: str
    role_steps: int
    known_steps: int
    epochs: int
    rate: float = 3e-4
    shape: Shape = field(default_factory=Shape)


RECIPES = (
    Recipe("controller, instruments and known gains first", 200, 200, 12),
    Recipe("controller, known gains alone", 200, 200, 0),
    # Without gains to begin with, the published rate would need many times the epochs.
    Recipe("controller, instruments first", 200, 0, 20, rate=1e-3),
)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained controller, and the loss of each epoch: learned from, held out, rate."""

    recipe: Recipe
    controller: Controller
    curve: tuple[tuple[float, float, float], ...]


def fit(recipe: Recipe, songs: Sequence[StripSong], seed: int, kept: Path | None = None, say: Say = unsaid) -> Fitted:
    """Train a controller.

    Parameters
    ----------
    recipe : Recipe
    songs : sequence of StripSong
        To learn from.
    seed : int
        Of weights, order and frames.
    kept : Path, optional
        A file for the state after each epoch; where it is there, training goes on from it.
    say : callable
        Told a line about each epoch.

    Raises
    ------
    ValueError
        If there is nothing to learn from.
    """
    if not songs:
        raise ValueError("no song to learn from: give songs whose licence allows it")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    controller = Controller(recipe.shape)
    learned, held_out = divided(songs, seed)
    state = _State(controller, recipe, seed, kept)
    if not state.resume():
        learn_roles(controller, recipe.role_steps, learned, seed)
        _learn_known(controller, recipe, learned, seed)
        state.begin(_validation_loss(controller, held_out, seed))
    for epoch in range(len(state.curve) - 1, recipe.epochs):
        loss = _epoch(controller, state.optimiser, learned, np.random.default_rng([seed, _MIX, epoch]))
        held_out_loss = _validation_loss(controller, held_out, seed)
        state.note(loss, held_out_loss)
        say(f"{recipe.name}: epoch {epoch + 1}/{recipe.epochs}, loss {loss:.3f}, held out {held_out_loss:.3f}")
    controller.load_state_dict(state.best)
    return Fitted(recipe, controller.eval(), tuple(state.curve))


def divided(songs: Sequence[StripSong], seed: int) -> tuple[list[StripSong], list[StripSong]]:
    """Return songs to learn from and to look at in between; few songs serve as both."""
    order = np.random.default_rng([seed, _VALIDATION]).permutation(len(songs))
    n_held_out = len(songs) // VALIDATION_SHARE
    held_out = [songs[number] for number in sorted(order[:n_held_out])]
    learned = [songs[number] for number in sorted(order[n_held_out:])]
    return learned, held_out or learned


class _State:
    """Where the training through the console stands; written down after each epoch."""

    def __init__(self, controller: Controller, recipe: Recipe, seed: int, kept: Path | None) -> None:
        self.controller, self.kept = controller, kept
        self.of = f"{asdict(recipe)} {seed}"
        self.optimiser = torch.optim.Adam(controller.parameters(), lr=recipe.rate)
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimiser, factor=0.5, patience=PATIENCE_EPOCHS)
        self.curve: list[tuple[float, float, float]] = []
        self.best: dict[str, Tensor] = {}

    def begin(self, held_out_loss: float) -> None:
        self._add(math.nan, held_out_loss)

    def note(self, loss: float, held_out_loss: float) -> None:
        self.schedule.step(held_out_loss)
        self._add(loss, held_out_loss)

    def resume(self) -> bool:
        """Go on from the file, if it is of the same recipe and seed."""
        if self.kept is None or not self.kept.is_file():
            return False
        stored = load_kept(self.kept)
        if stored["of"] != self.of:
            return False
        self.controller.load_state_dict(stored["controller"])
        self.optimiser.load_state_dict(stored["optimiser"])
        self.schedule.load_state_dict(stored["schedule"])
        self.curve, self.best = [tuple(row) for row in stored["curve"]], stored["best"]
        return True

    def _add(self, loss: float, held_out_loss: float) -> None:
        if not self.curve or held_out_loss < min(row[1] for row in self.curve):
            self.best = {name: tensor.clone() for name, tensor in self.controller.state_dict().items()}
        self.curve.append((loss, held_out_loss, float(self.optimiser.param_groups[0]["lr"])))
        if self.kept is None:
            return
        parts = {"controller": self.controller, "optimiser": self.optimiser, "schedule": self.schedule}
        stored = {name: part.state_dict() for name, part in parts.items()}
        with whole_file(self.kept) as part:
            torch.save({**stored, "of": self.of, "curve": self.curve, "best": self.best}, part)


def learn_roles(controller: Controller, n_steps: int, songs: Sequence[StripSong], seed: int) -> None:
    """Teach the encoder which instrument it hears, in so many batches."""
    rows = [(song, n, role) for song in songs for n, role in enumerate(song.roles) if role]
    names = sorted({role for *_, role in rows})
    if len(names) < 2:
        return
    answer = torch.nn.Linear(controller.shape.n_features, len(names))
    optimiser = torch.optim.Adam([*controller.encoder.parameters(), *answer.parameters()], lr=FIRST_RATE)
    rng = np.random.default_rng([seed, _ROLES])
    controller.train()
    for _ in range(n_steps):
        some = [rows[n] for n in rng.integers(0, len(rows), BATCH_TRACKS)]
        images = torch.stack([_one_image(song, track, rng) for song, track, _ in some])
        wanted = torch.tensor([names.index(role) for *_, role in some])
        loss = torch.nn.functional.cross_entropy(answer(controller.encoder(images)), wanted)
        _step(optimiser, loss)


def _learn_known(controller: Controller, recipe: Recipe, songs: Sequence[StripSong], seed: int) -> None:
    """Teach the controller the human's gains, and the size of pans where they are known."""
    optimiser = torch.optim.Adam(controller.parameters(), lr=FIRST_RATE)
    rng = np.random.default_rng([seed, _KNOWN])
    controller.train()
    for _ in range(recipe.known_steps):
        some = _drawn(songs, rng)
        gains_db, pans, belongs = _answers(controller, some, rng)
        losses = []
        for number, song in enumerate(some):
            own = belongs == number
            wanted_db = torch.from_numpy(song.gains_db - np.median(song.gains_db)).float()
            error_db = gains_db[own] - wanted_db
            losses.append((error_db - error_db.detach().median()).abs().mean() / GAIN_UNIT_DB)
            if song.is_stereo and song.levels_are_raw:
                losses.append((pans[own].abs() - torch.from_numpy(song.pans).float().abs()).abs().mean())
        _step(optimiser, torch.stack(losses).sum() / len(some))


def _epoch(
    controller: Controller, optimiser: torch.optim.Optimizer, songs: Sequence[StripSong], rng: np.random.Generator
) -> float:
    torch.manual_seed(int(rng.integers(2**31)))  # of dropout: so that a run that was stopped goes on as it would have
    controller.train()
    losses = []
    for _ in range(EPOCH_PATCHES // BATCH_SONGS):
        some = _drawn(songs, rng)
        gains_db, pans, belongs = _answers(controller, some, rng)
        parts = []
        for number, song in enumerate(some):
            own = belongs == number
            spectra = _spectra(song, int(rng.integers(len(song.tracks))), rng)
            parts.append(frames_loss(spectra, gains_db[own], pans[own], is_stereo=song.is_stereo))
        loss = torch.stack(parts).mean()
        _step(optimiser, loss)
        losses.append(float(loss.item()))
    return float(np.mean(losses))


def _validation_loss(controller: Controller, songs: Sequence[StripSong], seed: int) -> float:
    """Return the mean loss over songs and their excerpts, always on the same frames."""
    losses = []
    with torch.no_grad():
        for number, song in enumerate(songs):
            rng = np.random.default_rng([seed, _VALIDATION, number])
            answer = controller.predict(song.heard)
            gains_db, pans = torch.from_numpy(answer.gains_db).float(), torch.from_numpy(answer.pans).float()
            own = [
                float(frames_loss(_spectra(song, place, rng), gains_db, pans, is_stereo=song.is_stereo))
                for place in range(len(song.tracks))
            ]
            losses.append(np.mean(own))
    return float(np.mean(losses))


def _drawn(songs: Sequence[StripSong], rng: np.random.Generator) -> list[StripSong]:
    return [songs[number] for number in rng.integers(0, len(songs), BATCH_SONGS)]


def _spectra(song: StripSong, place: int, rng: np.random.Generator) -> tuple[FrameSpectra, ...]:
    return drawn_spectra(np.asarray(song.tracks[place]), np.asarray(song.target[place]), rng)


def _answers(
    controller: Controller, songs: Sequence[StripSong], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return gains, pans and the number of the song of all tracks, each heard in one of its excerpts."""
    images = torch.stack([_one_image(song, n, rng) for song in songs for n in range(len(song.roles))])
    belongs = torch.tensor([number for number, song in enumerate(songs) for _ in song.roles])
    gains_db, pans = controller(images[:, None], torch.ones(len(images), 1, dtype=torch.bool), belongs)
    return gains_db, pans, belongs


def _one_image(song: StripSong, track: int, rng: np.random.Generator) -> Tensor:
    place = rng.choice(np.flatnonzero(song.heard.sounds[track]))
    return torch.from_numpy(song.heard.images[track, place])


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
