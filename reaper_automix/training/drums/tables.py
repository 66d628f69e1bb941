"""The figures of all experiments in short, and as the published table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reaper_automix.training.drums.experiments import CEILING, OTHERS, Parts
from reaper_automix.training.drums.scores import mean_and_spread, over

Table = dict[tuple[str, str], float]
"""By split and engineer."""

PUBLISHED: Mapping[str, tuple[float, float]] = {
    "random forest": (0.98, 0.89),
    "LASSO": (0.18, 0.20),
    "support vector regression": (0.95, 0.76),
    "loudness normalised": (-12.62, -16.45),
    "source separation": (-8.34, -169.5),
    "direct sum": (-1.06, -1.62),
}
"""Train and test R^2 of Moffat and Sandler 2019, Table 1, on another corpus (ENST-Drums)."""
VARIANTS = ("eight", "some missing", "shuffled", "more than eight", "as recorded")


def summary(parts: Mapping[str, Parts]) -> dict[str, Any]:
    """Return the means over splits and engineers, with the spread over each.

    Parameters
    ----------
    parts : mapping of str to mapping
        What each experiment gave, by its key.
    """
    by_kind: dict[str, dict[tuple[str, str], Parts]] = {}
    for key, part in parts.items():
        kind, split, engineer = key.split(" | ")
        by_kind.setdefault(kind, {})[split, engineer] = part
    found: dict[str, Any] = {}
    if trees := by_kind.get("trees"):
        found["trees"] = _trees(list(trees.values()))
    if own := by_kind.get("performance"):
        found["performance"] = {side: _rows({k: _side(p["rows"], side) for k, p in own.items()}) for side in _SIDES}
    if own := by_kind.get("microphones"):
        variants = [v for v in VARIANTS if any(v in p["rows"] for p in own.values())]
        found["microphones"] = {v: _rows({k: p["rows"][v] for k, p in own.items() if v in p["rows"]}) for v in variants}
    if own := by_kind.get("engineer"):
        found["engineer"] = _rows({k: p["rows"] for k, p in own.items()})
    return found


_SIDES = ("train", "test")


def _side(rows: Mapping[str, Any], side: str) -> dict[str, Any]:
    return {name: row[side] for name, row in rows.items()}


def _trees(parts: Sequence[Parts]) -> dict[str, Any]:
    numbers = [number for number, _ in parts[0]["curve"]]
    errors = np.asarray([[error for _, error in part["curve"]] for part in parts])
    shares = {share: [part["oob_r2_by_share"][share] for part in parts] for share in parts[0]["oob_r2_by_share"]}
    return {
        "curve": [
            [n, float(mean), float(spread)]
            for n, mean, spread in zip(numbers, errors.mean(axis=0), errors.std(axis=0), strict=True)
        ],
        "enough": sorted(part["enough"] for part in parts),
        "oob_r2_by_share": {share: mean_and_spread(values) for share, values in shares.items()},
    }


def _rows(found: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))
    return {name: _row({key: rows[name] for key, rows in found.items()}) for name in names}


def _row(scores: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, Any]:
    """Return mean, spread over splits and spread over engineers of each figure."""
    row: dict[str, Any] = {}
    for figure in ("r2", "r2_db", "error_db"):
        table: Table = {key: float(own[figure]) for key, own in scores.items()}
        by_split, by_engineer = over(table, lambda key: key[0]), over(table, lambda key: key[1])
        row[figure] = {
            "mean": float(np.mean(list(table.values()))),
            "spread_splits": float(np.std(by_split)),
            "spread_engineers": float(np.std(by_engineer)),
        }
    mics = sorted({mic for own in scores.values() for mic in own["per_microphone"]})
    row["per_microphone"] = {
        mic: [
            float(value)
            for value in np.mean([o["per_microphone"][mic] for o in scores.values() if mic in o["per_microphone"]], 0)
        ]
        for mic in mics
    }
    return row


def markdown(found: Mapping[str, Any]) -> str:
    """Return the tables of ``evaluate``'s figures."""
    figures = found["summary"]
    blocks = []
    if "performance" in figures:
        blocks.append(_published_table(figures["performance"]))
    if "microphones" in figures:
        blocks.append(_microphones_table(figures["microphones"]))
    if "engineer" in figures:
        blocks.append(_engineer_table(figures["engineer"]))
    if "trees" in figures:
        blocks.append(_trees_lines(figures["trees"]))
    return "\n\n".join(blocks)


def _published_table(sides: Mapping[str, Any]) -> str:
    lines = [
        "Unseen performances and hits, eight microphones; mean, +- over splits / over engineers",
        "",
        "| method | train R2 | test R2 | of ceiling | test R2 in dB | error dB | published train / test |",
        "|---|---|---|---|---|---|---|",
    ]
    ceiling = sides["test"][CEILING]["r2"]["mean"]
    for name, test in sides["test"].items():
        there = PUBLISHED.get(name)
        lines.append(
            f"| {name} | {sides['train'][name]['r2']['mean']:.3f} | {_spread(test['r2'])} "
            f"| {test['r2']['mean'] / ceiling:.3f} | {_spread(test['r2_db'])} | {test['error_db']['mean']:.2f} "
            f"| {f'{there[0]:.2f} / {there[1]:.2f}' if there else ''} |"
        )
    return "\n".join(lines)


def _microphones_table(variants: Mapping[str, Any]) -> str:
    names = list(dict.fromkeys(name for rows in variants.values() for name in rows))
    lines = [
        "Learned from full kits of eight, judged with other microphones; test R2 (R2 in dB, error in dB)",
        "",
        "| method | " + " | ".join(variants) + " |",
        "|---|" + "---|" * len(variants),
    ]
    for name in names:
        cells = [_cell(rows.get(name)) for rows in variants.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _engineer_table(rows: Mapping[str, Any]) -> str:
    lines = [
        "Learned from the other engineers, judged by one who was not there, on unseen performances",
        "",
        "| method | test R2 | test R2 in dB | error dB, +- over engineers |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        said = f"{name} (the spread between engineers)" if name == OTHERS else name
        error = row["error_db"]
        lines.append(
            f"| {said} | {_spread(row['r2'])} | {_spread(row['r2_db'])} "
            f"| {error['mean']:.2f} +- {error['spread_engineers']:.2f} |"
        )
    return "\n".join(lines)


def _trees_lines(trees: Mapping[str, Any]) -> str:
    curve = ", ".join(f"{number}: {mean:.3f}" for number, mean, _ in trees["curve"])
    shares = ", ".join(f"{share}: {mean:.3f}" for share, (mean, _) in trees["oob_r2_by_share"].items())
    return (
        f"Out-of-bag error by number of trees: {curve}\n"
        f"Within 0.005 of its end from {', '.join(str(n) for n in trees['enough'])} trees on, by engineer\n"
        f"Out-of-bag R2 by share of features at a node: {shares}"
    )


def _spread(figure: Mapping[str, float]) -> str:
    return f"{figure['mean']:.3f} +- {figure['spread_splits']:.3f} / {figure['spread_engineers']:.3f}"


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{row['r2']['mean']:.3f} ({row['r2_db']['mean']:.3f}, {row['error_db']['mean']:.2f})"
