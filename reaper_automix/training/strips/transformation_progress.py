"""Where the training of a transformation network stands, and how it goes on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from reaper_automix.errors import CorpusError
from reaper_automix.files import whole_file, write_text_whole
from reaper_automix.training.strips.transformation import (
    EPOCH_PATCHES,
    STAGES,
    Stage,
    TransformationNetwork,
    TransformationTraining,
    conditions_size,
)

TASKS: Mapping[str, tuple[Stage, ...]] = {"channel": STAGES, "compressor": ("compressor",)}
SEED = 9
"""Of weights, and of what is learned."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and how it is trained.

    Parameters
    ----------
    task : {"channel", "compressor"}
    stacks, width : int
        See ``TransformationNetwork``.
    batch : int
    heard_samples : int
        Of each patch of 1.5 s.
    rate : float
        At the start.
    patience : int
        Epochs without progress, after which it is halved.
    """

    task: str
    stacks: int
    width: int
    batch: int
    heard_samples: int
    rate: float
    patience: int

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.task}-tcn{10 * self.stacks}-width{self.width}"

    @property
    def epoch_steps(self) -> int:
        """Batches of an epoch of 1,000 patches."""
        return max(EPOCH_PATCHES // self.batch, 1)

    def network(self) -> TransformationNetwork:
        """Return the network before it has learned."""
        torch.manual_seed(SEED)
        return TransformationNetwork(conditions_size(TASKS[self.task]), n_stacks=self.stacks, width=self.width)


@dataclass(slots=True, eq=False)
class Progress:
    """Where a training stands.

    Parameters
    ----------
    training : TransformationTraining
    step : int
        Batches learned.
    curve : list of dict
        A row per epoch: the lines of the log.
    best : dict
        Weights of the epoch that was best on the watched songs.
    errors : list of float
        Of the batches of an epoch that has begun.
    spent_s : float
        Of the processor, in all.
    """

    training: TransformationTraining
    step: int
    curve: list[dict[str, float]]
    best: dict[str, Any]
    errors: list[float]
    spent_s: float

    def keep(self, recipe: Recipe, file: Path) -> None:
        """Write all that training goes on from, whole or not at all."""
        names = ("step", "curve", "best", "errors", "spent_s")
        state = {name: getattr(self, name) for name in names}
        with whole_file(file) as part:
            torch.save({"recipe": asdict(recipe), "training": self.training.state(), **state}, part)
        write_text_whole(file.with_suffix(".jsonl"), "".join(json.dumps(row) + "\n" for row in self.curve))


def load_kept(file: Path) -> dict[str, Any]:
    """Return what ``Progress.keep`` wrote.

    Raises
    ------
    CorpusError
        If it is damaged.
    """
    try:
        kept: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError):
        raise CorpusError(f"{file}: cannot be read as a kept training. Remove it, and train again.") from None
    return kept


def begin(recipe: Recipe, file: Path, device: torch.device) -> Progress:
    """Return where a training stands: at its beginning where nothing is kept.

    Raises
    ------
    CorpusError
        If what is kept is of another recipe.
    """
    training = TransformationTraining(recipe.network().to(device))
    training.optimiser.param_groups[0]["lr"] = recipe.rate
    training.schedule.patience = recipe.patience
    if not file.is_file():
        return Progress(training, 0, [], {}, [], 0.0)
    kept = load_kept(file)
    if kept["recipe"] != asdict(recipe):
        raise CorpusError(f"{file}: was trained as {kept['recipe']}, not as {asdict(recipe)}. Give another --out.")
    training.resume(kept["training"])
    return Progress(training, kept["step"], kept["curve"], kept["best"], kept["errors"], kept["spent_s"])
