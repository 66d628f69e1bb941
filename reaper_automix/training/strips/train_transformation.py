"""Train the transformation network: ``python -m reaper_automix.training.strips.train_transformation DATA --out OUT``.

DATA holds the corpora songs, lmms or gm-midi, and a drumkit. OUT keeps the recordings, and of each network where its
training stands (``.pt``) and a line per epoch (``.jsonl``): a run that was stopped goes on where it was. ``--judge``
then measures all networks of OUT on songs and settings that none of them has seen.

Published [1]: batches of 32 patches of 1.5 s, Adam at 3e-4, halved after 20 epochs of 1,000 patches without progress;
so it is here on a GPU. On a processor: 8 channels, batches of 4, half a second of each 1.5 s, a few epochs, the rate
halved after each one without progress, and 6e-3 at first: 250 steps leave a mean absolute error of 0.086 at 3e-4, 0.048
at 2e-3 and 0.032 at 6e-3 (channel, the last 50 batches). No weights are shipped: the exact console mixes.

References
----------
.. [1] C. J. Steinmetz, J. Pons, S. Pascual, J. Serra (2021): Automatic multitrack mixing with a differentiable mixing
   console of neural audio effects. ICASSP, sections 2.4 and 3.1.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from reaper_automix.errors import AutomixError
from reaper_automix.training.resuming import Say, to_stderr, unsaid
from reaper_automix.training.strips.channel_examples import (
    LEARNED,
    PATCH_SAMPLES,
    WATCHED,
    Recordings,
    channel_examples,
    recordings_below,
    sounding_examples,
    through_input_gain,
)
from reaper_automix.training.strips.transformation import (
    BATCH,
    LEARNING_RATE,
    PATIENCE_EPOCHS,
    Examples,
    Source,
    measured,
    receptive_field,
)
from reaper_automix.training.strips.transformation_progress import SEED, TASKS, Progress, Recipe, begin

RECORDINGS = "recordings.npz"
WATCHED_SEED = 10
N_WATCHED = 64
SMALL_WIDTH, SMALL_BATCH, SMALL_STEPS = 8, 4, 2_000
SMALL_ANSWER = 8_192
"""Samples that a network on a processor answers of each patch."""
SMALL_RATE = 6e-3
SMALL_PATIENCE = 0
GPU_WIDTH, GPU_STEPS, GPU_WORKERS = 32, 31_000, 8
"""A thousand epochs on a GPU; how many were published is not in the text."""
_SAY_EVERY_S = 15.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one network, or judge those that were trained."""
    asked = _parser().parse_args(arguments)
    try:
        recordings = recordings_below(asked.data, asked.out / RECORDINGS, to_stderr)
        if asked.judge:
            from reaper_automix.training.strips.judge_transformation import judge  # which alone needs matplotlib

            sys.stdout.write(judge(asked.out, recordings, to_stderr) + "\n")
            return 0
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        recipe, n_steps, n_workers = _wanted(asked, device)
        with _interrupt_noted() as interrupted:
            done = train(recipe, recordings, asked.out, n_steps, device, n_workers, to_stderr, interrupted)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    return 0 if done else 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reaper_automix.training.strips.train_transformation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="where everything is kept")
    parser.add_argument("--judge", action="store_true", help="measure the networks of OUT instead")
    parser.add_argument("--task", choices=TASKS, default="channel")
    parser.add_argument("--stacks", type=int, choices=(1, 2, 3), default=1, help="of 10 blocks each (default: 1)")
    parser.add_argument("--width", type=_count, metavar="N", help="channels (default: 32 on a GPU, else 8)")
    parser.add_argument("--batch", type=_count, metavar="N", help="default: 32 on a GPU, else 4")
    parser.add_argument("--steps", type=_count, metavar="N", help="batches in all (default: 31000 on a GPU, else 2000)")
    parser.add_argument("--rate", type=float, metavar="R", help="learning rate (default: 3e-4 on a GPU, else 6e-3)")
    return parser


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number}: give 1 or more")
    return number


def _wanted(asked: argparse.Namespace, device: torch.device) -> tuple[Recipe, int, int]:
    """Return the recipe, the number of batches, and the processes that make examples."""
    short = min(receptive_field(asked.stacks) - 1 + SMALL_ANSWER, PATCH_SAMPLES)
    if device.type == "cuda":
        usual = (GPU_WIDTH, BATCH, PATCH_SAMPLES, LEARNING_RATE, PATIENCE_EPOCHS, GPU_STEPS, GPU_WORKERS)
    else:
        usual = (SMALL_WIDTH, SMALL_BATCH, short, SMALL_RATE, SMALL_PATIENCE, SMALL_STEPS, 0)
    width, batch, heard, rate, patience, n_steps, n_workers = usual
    recipe = Recipe(
        asked.task,
        asked.stacks,
        asked.width or width,
        asked.batch or batch,
        heard,
        asked.rate or rate,
        patience,
    )
    return recipe, asked.steps or n_steps, n_workers


class _Batches(Dataset):  # type: ignore[type-arg,unused-ignore]
    """The examples of each step: the same ones in every run, in however many processes they are made."""

    def __init__(self, recipe: Recipe, source: Source, n_steps: int) -> None:
        self._recipe, self._source, self._n_steps = recipe, source, n_steps

    def __len__(self) -> int:
        return self._n_steps

    def __getitem__(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        found = channel_examples(
            self._source,
            (SEED, step),
            n_examples=self._recipe.batch,
            n_heard=self._recipe.heard_samples,
            stages=TASKS[self._recipe.task],
        )
        return found.audio, found.conditions, found.target


def _leave_interrupts(_: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupt_noted() -> Iterator[list[bool]]:
    """Give a list that a first Ctrl-C fills, so that a step is finished before the state is kept; a second one ends."""
    noted: list[bool] = []

    def note(_number: int, _frame: FrameType | None) -> None:
        noted.append(True)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def train(
    recipe: Recipe,
    recordings: Recordings,
    out: Path,
    n_steps: int,
    device: torch.device,
    n_workers: int = 0,
    say: Say = unsaid,
    interrupted: Sequence[bool] = (),
) -> bool:
    """Train a network up to so many steps, from where it stands.

    Parameters
    ----------
    recipe : Recipe
    recordings : Recordings
    out : Path
        Folder of its files.
    n_steps : int
        In all, with those of earlier runs.
    device : torch.device
    n_workers : int
        Processes that make examples; 0: this one.
    say : callable
        Told lines as it goes.
    interrupted : sequence of bool
        As soon as something is in it, training stops and keeps its state.

    Returns
    -------
    bool
        False where it was interrupted.

    Raises
    ------
    CorpusError
        If what is kept is damaged, or of another recipe.
    """
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{recipe.name}.pt"
    progress = begin(recipe, file, device)
    watched = _watched(recipe, recordings)
    batches = _Batches(recipe, through_input_gain(recordings[LEARNED]), n_steps)
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=range(progress.step, n_steps),
        num_workers=n_workers,
        worker_init_fn=_leave_interrupts,
    )
    began_s, said_s = time.process_time() - progress.spent_s, time.monotonic()
    for batch in loader:
        progress.errors.append(progress.training.step(Examples(*batch).to(device)))
        progress.step += 1
        progress.spent_s = time.process_time() - began_s
        if progress.step % recipe.epoch_steps == 0:
            _end_epoch(progress, watched, device, say)
            progress.keep(recipe, file)
        if time.monotonic() - said_s > _SAY_EVERY_S:
            said_s = time.monotonic()
            recent = float(np.mean(progress.errors[-50:])) if progress.errors else float("nan")
            say(f"{recipe.name}  step {progress.step}/{n_steps}  MAE {recent:.5f}  {progress.spent_s:.0f} s")
        if interrupted:
            break
    progress.keep(recipe, file)
    say(f"{recipe.name}: {progress.step} steps, kept in {file}")
    return not interrupted


def _watched(recipe: Recipe, recordings: Recordings) -> list[Examples]:
    """Return the examples that say how training goes, one by one: always the same ones, as long as those learned."""
    heard = recipe.heard_samples
    found = sounding_examples(
        through_input_gain(recordings[WATCHED]),
        WATCHED_SEED,
        N_WATCHED,
        n_heard=heard,
        n_answered=heard - receptive_field(recipe.stacks) + 1,
        stages=TASKS[recipe.task],
    )
    return list(found)


def _end_epoch(progress: Progress, watched: Sequence[Examples], device: torch.device, say: Say) -> None:
    scores = [measured(progress.training.network, examples.to(device)) for examples in watched]
    mae, mr_stft = (float(np.mean([getattr(ours, name) for ours, _ in scores])) for name in ("mae", "mr_stft"))
    rate = float(progress.training.optimiser.param_groups[0]["lr"])
    row = {
        "epoch": len(progress.curve) + 1,
        "step": progress.step,
        "learned_mae": float(np.mean(progress.errors)),
        "watched_mae": mae,
        "watched_mr_stft": mr_stft,
        "untouched_mae": float(np.mean([untouched.mae for _, untouched in scores])),
        "untouched_mr_stft": float(np.mean([untouched.mr_stft for _, untouched in scores])),
        "rate": rate,
        "process_s": progress.spent_s,
    }
    if all(mae < earlier["watched_mae"] for earlier in progress.curve):
        progress.best = {name: value.detach().cpu().clone() for name, value in _weights(progress).items()}
    progress.training.end_epoch(mae)
    progress.curve.append(row)
    progress.errors.clear()
    say(f"epoch {row['epoch']}: learned {row['learned_mae']:.5f}, watched {mae:.5f} / {mr_stft:.3f}, rate {rate:.1e}")


def _weights(progress: Progress) -> Mapping[str, torch.Tensor]:
    return dict(progress.training.network.state_dict())


if __name__ == "__main__":
    sys.exit(main())
