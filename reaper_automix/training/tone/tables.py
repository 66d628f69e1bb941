"""The figures of all experiments in short, over songs, and as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.mixers.tone_groups import GROUPS
from reaper_automix.training.evaluation.intervals import draw_songs, interval
from reaper_automix.training.tone.baselines import AS_IT_IS, MEAN_CURVE, MEAN_SPECTRUM, OWN_CURVE
from reaper_automix.training.tone.experiments import AUTOENCODER, STEM
from reaper_automix.training.tone.network import RECIPES
from reaper_automix.training.tone.scores import ADDED, FIT, FIT_BANDS, FIT_OF, LSD, MAE, TONE

UNSEEN, RECORDED_RAWS, REAL = "unseen songs", "recorded raw tracks", "stems of engineers"
SETS: Mapping[str, str] = {
    UNSEEN: "Songs that nothing was learned from, stems made by the invented engineers",
    RECORDED_RAWS: "Recorded raw tracks of another author, stems made by the invented engineers",
    REAL: "Recorded raw tracks and the stems that human engineers made of them",
}
METHODS = (AS_IT_IS, MEAN_CURVE, MEAN_SPECTRUM, AUTOENCODER, *(recipe.name for recipe in RECIPES), OWN_CURVE, STEM)
COMPARED = (MAE, LSD, TONE)
AGAINST = (AS_IT_IS, MEAN_CURVE, AUTOENCODER)
SEED = 17
FEWEST_SONGS = 5
"""Of fewer songs, draws of songs say nothing."""

Songs = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By song and method, the scores."""
Floats = NDArray[np.float64]


def set_of(key: str) -> str:
    """Return which set a pair is judged in, by its key."""
    corpus = key.partition("/")[0]
    return {"raw-tracks": RECORDED_RAWS, "raw-and-mix": REAL, "medleydb": REAL}.get(corpus, UNSEEN)


def summary(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the scores of each set, group and method over songs.

    Parameters
    ----------
    parts : mapping of str to mapping
        What each experiment gave, by its key.
    """
    found: dict[str, Any] = {}
    for name in SETS:
        for group in GROUPS:
            if songs := _songs(parts, name, group):
                found.setdefault(name, {})[group] = {m: _row(songs, m) for m in METHODS if _have(songs, m)}
    return found


def is_proven(found: Mapping[str, Any], group: str, method: str, of: str = UNSEEN) -> bool:
    """Tell whether a method is nearer than the raw track and the mean curve beyond doubt, in tone and in spectrum."""
    row = found.get(of, {}).get(group, {}).get(method)
    if row is None or method in (AS_IT_IS, MEAN_CURVE) or row["songs"] < FEWEST_SONGS:
        return False
    worst: list[float] = [
        row["minus"][other][score]["high"] for other in (AS_IT_IS, MEAN_CURVE) for score in (LSD, TONE)
    ]
    return all(high < 0.0 for high in worst)


def markdown(found: Mapping[str, Any]) -> str:
    """Return the tables of ``evaluate``."""
    texts = ["| group | role | corpus | raw | stem | augmented |", "|---|---|---|---|---|---|"]
    texts += ["| " + " | ".join(str(value) for value in row) + " |" for row in found["counts"]] + [""]
    for name, groups in found["summary"].items():
        for group, rows in groups.items():
            texts += [f"**{group}: {SETS[name]}** (mean ± std over songs)\n", *_table(rows), ""]
    return "\n".join(texts)


def _songs(parts: Mapping[str, Mapping[str, Any]], name: str, group: str) -> Songs:
    """Return the scores of each song: mean over its pairs, and before over the folds that judge the same pair."""
    pairs: dict[str, dict[str, list[Mapping[str, float]]]] = {}
    for key, part in parts.items():
        if key.split(" | ")[1].rpartition(" ")[0] == group:
            for pair, methods in part["pairs"].items():
                for method, scores in methods.items():
                    if set_of(pair) == name:
                        pairs.setdefault(pair, {}).setdefault(method, []).append(scores)
    songs: dict[str, dict[str, list[Mapping[str, float]]]] = {}
    for pair, methods in pairs.items():
        for method, scores in methods.items():
            songs.setdefault(pair.rpartition("/")[0], {}).setdefault(method, []).append(_mean(scores))
    return {song: {method: _mean(scores) for method, scores in own.items()} for song, own in songs.items()}


def _mean(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}


def _have(songs: Songs, method: str) -> bool:
    return any(method in own for own in songs.values())


def _row(songs: Songs, method: str) -> dict[str, Any]:
    own = {song: methods for song, methods in songs.items() if method in methods}
    scores = next(iter(own.values()))[method]
    row: dict[str, Any] = {"songs": len(own)}
    for name in scores:
        values = np.array([methods[method][name] for methods in own.values()])
        row[name] = {"mean": float(values.mean()), "std": float(values.std())}
    row["minus"] = {
        other: {score: _difference(own.values(), method, other, score) for score in COMPARED}
        for other in AGAINST
        if other != method and any(other in methods for methods in own.values())
    }
    return row


def _difference(
    songs: Iterable[Mapping[str, Mapping[str, float]]], method: str, other: str, score: str
) -> dict[str, float]:
    """Return by how much a method is worse than another on the songs that both were judged on."""
    off = np.array([own[method][score] - own[other][score] for own in songs if other in own and method in own])
    draws = draw_songs(off.size, np.random.default_rng(SEED))
    found = interval(np.concatenate(([off.mean()], draws @ off / off.size)))
    return {"songs": off.size, "value": found.value, "low": found.low, "high": found.high}


def _table(rows: Mapping[str, Any]) -> list[str]:
    texts = [
        "| | songs | MAE % | LSD dB | tone dB | added dB | LSD minus mean curve | tone minus mean curve | "
        "fit of curve, dB (bands) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for method, row in rows.items():
        cells = [f"{row[name]['mean']:.{places}f} ± {row[name]['std']:.{places}f}" for name, places in _COLUMNS]
        minus = row["minus"].get(MEAN_CURVE)
        cells += [_interval(minus[score]) if minus else "" for score in (LSD, TONE)]
        fit = (
            f"{row[FIT]['mean']:.2f} of {row[FIT_OF]['mean']:.2f} ({row[FIT_BANDS]['mean']:.1f})" if FIT in row else ""
        )
        texts.append(f"| {method} | {row['songs']} | " + " | ".join([*cells, fit]) + " |")
    minus = rows.get(RECIPES[-1].name, {}).get("minus", {}).get(AUTOENCODER)
    if minus is not None:
        told = ", ".join(f"{score} {_interval(minus[score])}" for score in COMPARED)
        texts.append(f"\n{RECIPES[-1].name} minus {AUTOENCODER}, on the same {minus[LSD]['songs']} songs: {told}.")
    return texts


_COLUMNS = ((MAE, 1), (LSD, 2), (TONE, 2), (ADDED, 1))


def _interval(found: Mapping[str, float]) -> str:
    if found["songs"] < FEWEST_SONGS:
        return f"{found['value']:+.2f}"
    return f"{found['value']:+.2f} [{found['low']:+.2f}, {found['high']:+.2f}]"
