"""How close transformation networks come to the processors, on songs and settings that they have not seen.

Patches of 1.5 s, as published. Beside each network: silence, whose mean absolute error is the level of the answers;
leaving the audio as it is; and an oracle, one gain per patch that is fitted to the answer: who does not beat it may
have learned nothing but levels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reaper_automix.errors import CorpusError
from reaper_automix.files import write_bytes_whole, write_text_whole
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.strips.channel_examples import (
    PATCH_SAMPLES,
    RATE_HZ,
    UNSEEN,
    Recordings,
    sounding_examples,
    through_input_gain,
)
from reaper_automix.training.strips.stereo_loss import multi_resolution_loss
from reaper_automix.training.strips.transformation import (
    Examples,
    Scores,
    TransformationNetwork,
    centre_crop,
    measured,
    receptive_field,
)
from reaper_automix.training.strips.transformation_progress import TASKS, Recipe, load_kept

FORMAT = "reaper_automix.transformation_scores/1"
SCORES, PICTURE = "transformation.json", "transformation.png"
SEED = 11
N_PATCHES = 200
UNTOUCHED, ONE_GAIN, SILENCE = "as it is", "one gain, fitted to the answer", "silence"
PUBLISHED: Mapping[str, Sequence[tuple[str, float, float]]] = {
    "channel": (("TCN-10", 0.035, 2.701), ("TCN-20", 0.027, 2.315), ("TCN-30", 0.024, 2.210)),
    "compressor": (("TCN-20, an analogue unit", 0.004, 0.606),),
}
"""MAE and multi-resolution STFT distance of the paper's section 3.1, on other data."""
_DOTS_PER_INCH = 130
_COLOURS = ("tab:blue", "tab:orange", "tab:green")
Row = dict[str, Any]


def judge(out: Path, recordings: Recordings, say: Say = unsaid) -> str:
    """Measure all networks of a folder, write figures and learning curves there, and return a table in Markdown.

    Raises
    ------
    CorpusError
        If there is no network, or one is damaged.
    """
    kept = {file.stem: load_kept(file) for file in sorted(out.glob("*.pt"))}
    if not kept:
        raise CorpusError(f"{out}: holds no network yet. Train one first: leave --judge out.")
    tables: dict[str, list[Row]] = {}
    for task in TASKS:
        if own := {name: one for name, one in kept.items() if one["recipe"]["task"] == task}:
            tables[task] = _judged(task, own, recordings, say)
    curves = {name: one["curve"] for name, one in kept.items()}
    figures = {
        "format": FORMAT,
        "patches": N_PATCHES,
        "patch_s": PATCH_SAMPLES / RATE_HZ,
        "tables": tables,
        "published": PUBLISHED,
        "curves": curves,
    }
    write_text_whole(out / SCORES, json.dumps(figures, indent=1))
    draw_curves(curves, out / PICTURE)
    return markdown(tables)


def _judged(task: str, kept: Mapping[str, Mapping[str, Any]], recordings: Recordings, say: Say) -> list[Row]:
    """Return the rows of a task; all are measured on the middle that the largest network of the task answers."""
    source = through_input_gain(recordings[UNSEEN])
    networks = {name: _network(one) for name, one in kept.items()}
    n_judged = PATCH_SAMPLES - receptive_field(max(one["recipe"]["stacks"] for one in kept.values())) + 1
    scores: dict[str, list[Scores]] = {name: [] for name in (SILENCE, UNTOUCHED, ONE_GAIN, *networks)}
    patches = sounding_examples(source, SEED, N_PATCHES, n_heard=PATCH_SAMPLES, n_answered=n_judged, stages=TASKS[task])
    for number, examples in enumerate(patches, 1):
        for name, network in networks.items():
            ours, untouched = measured(network, _of_middle(examples, n_judged + network.receptive_field - 1))
            scores[name].append(ours)
        scores[UNTOUCHED].append(untouched)
        middle = _of_middle(examples, n_judged)
        scores[ONE_GAIN].append(_at_gain(middle, _best_gain_lin(middle)))
        scores[SILENCE].append(_at_gain(middle, 0.0))
        if number % 50 == 0:
            say(f"{task}: {number}/{N_PATCHES} patches")
    return [_row(name, own, scores[UNTOUCHED], kept.get(name)) for name, own in scores.items()]


def _network(kept: Mapping[str, Any]) -> TransformationNetwork:
    network = Recipe(**kept["recipe"]).network()
    network.load_state_dict(kept["best"] or kept["training"]["network"])
    return network


def _of_middle(examples: Examples, n_samples: int) -> Examples:
    return Examples(
        centre_crop(examples.audio, n_samples), examples.conditions, centre_crop(examples.target, n_samples)
    )


def _best_gain_lin(examples: Examples) -> float:
    """Return the gain that brings the audio closest to the target in energy."""
    energy = float(examples.audio.square().sum())
    return float((examples.audio * examples.target).sum()) / energy if energy > 0.0 else 1.0


def _at_gain(examples: Examples, gain_lin: float) -> Scores:
    """Return the scores of the audio at a gain."""
    answer = examples.audio * gain_lin
    distance = multi_resolution_loss(answer[:, 0], examples.target[:, 0])
    return Scores(float((answer - examples.target).abs().mean()), float(distance.mean()))


def _row(name: str, own: Sequence[Scores], untouched: Sequence[Scores], kept: Mapping[str, Any] | None) -> Row:
    row: Row = {"name": name}
    for figure in ("mae", "mr_stft"):
        values = np.array([getattr(score, figure) for score in own])
        before = np.array([getattr(score, figure) for score in untouched])
        row[figure] = {"mean": float(values.mean()), "std": float(values.std()), "median": float(np.median(values))}
        row[figure]["closer"] = float(np.mean(values < before))
    if kept is not None:
        best = min(kept["curve"], key=lambda epoch: epoch["watched_mae"])["step"] if kept["best"] else kept["step"]
        row["trained"] = {
            "recipe": kept["recipe"],
            "judged_at_step": best,
            "steps": kept["step"],
            "process_s": kept["spent_s"],
        }
    return row


def markdown(tables: Mapping[str, Sequence[Row]]) -> str:
    """Return the table of all tasks, with what was published below each."""
    lines = [
        f"Unseen songs and settings, {N_PATCHES} patches of {PATCH_SAMPLES / RATE_HZ:g} s: mean +- spread over patches "
        "(share of patches closer than as it is); less is better",
        "",
        "| task | who | MAE | MR-STFT | steps, best of all |",
        "|---|---|---|---|---|",
    ]
    for task, rows in tables.items():
        for row in rows:
            trained = row.get("trained")
            learned = f"{trained['judged_at_step']} of {trained['steps']}" if trained else ""
            cells = (_cell(row["mae"], 4, row["name"]), _cell(row["mr_stft"], 3, row["name"]))
            lines.append(f"| {task} | {row['name']} | {' | '.join(cells)} | {learned} |")
        lines += [f"| {task} | published: {who} | {mae:g} | {far:.3f} | |" for who, mae, far in PUBLISHED[task]]
    lines += [
        "",
        "Published figures are of other audio at other levels, through other processors: a scale, not a rival. That of "
        "the compressor is of an analogue unit, and not comparable at all.",
    ]
    return "\n".join(lines)


def _cell(figure: Mapping[str, float], digits: int, name: str) -> str:
    cell = f"{figure['mean']:.{digits}f} +- {figure['std']:.{digits}f}"
    return cell if name == UNTOUCHED else f"{cell} ({100.0 * figure['closer']:.0f} %)"


def draw_curves(curves: Mapping[str, Sequence[Mapping[str, float]]], path: Path) -> None:
    """Draw the error on learned and on watched songs over the patches that were learned, a panel per task.

    Parameters
    ----------
    curves : mapping
        The lines of each network's log, by its name.
    path : Path
        PNG.
    """
    tasks = [task for task in TASKS if any(name.startswith(task) and rows for name, rows in curves.items())]
    if not tasks:
        return
    figure = Figure(figsize=(4.4 * len(tasks), 3.6), layout="constrained")
    for panel, task in zip(np.atleast_1d(figure.subplots(1, len(tasks))), tasks, strict=True):
        own = {name: rows for name, rows in curves.items() if name.startswith(task) and rows}
        for (name, rows), colour in zip(own.items(), _COLOURS, strict=False):
            steps = [row["step"] for row in rows]
            title = name.removeprefix(f"{task}-")
            panel.plot(steps, [row["watched_mae"] for row in rows], "o-", ms=3, color=colour, label=f"{title}, watched")
            panel.plot(steps, [row["learned_mae"] for row in rows], ":", color=colour, label=f"{title}, learned")
            panel.axhline(rows[0]["untouched_mae"], color=colour, ls="--", lw=1, alpha=0.6)
        panel.plot([], [], "k--", lw=1, alpha=0.6, label="watched, as it is")
        panel.set_title(task, fontsize=10)
        panel.set_xlabel("steps")
        panel.set_ylabel("mean absolute error")
        panel.set_ylim(bottom=0.0)
        panel.set_xlim(left=0.0)
        panel.grid(alpha=0.25)
        panel.legend(frameon=False, fontsize=8)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    write_bytes_whole(path, buffer.getvalue())
