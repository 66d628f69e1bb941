"""The experiments of Scott and Kim on our songs, cut into units that can be done apart, kept, and not done twice.

References
----------
.. [1] J. Scott, Y. E. Kim, Analysis of acoustic features for automated multi-track mixing, ISMIR 2011.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.errors import CorpusError
from reaper_automix.files import write_text_whole
from reaper_automix.progress import Progress, silent
from reaper_automix.training.processes import worked
from reaper_automix.training.rides.baselines import CONSTANT, baselines
from reaper_automix.training.rides.groups import GROUPS
from reaper_automix.training.rides.listening import RiddenSong
from reaper_automix.training.rides.pooled import POOLED, pooled_errors
from reaper_automix.training.rides.published import (
    EARLIER_FEATURES,
    FEWEST_LEARNED,
    Case,
    Fold,
    Recipe,
    all_tracks,
    can_be_judged,
    columns_for,
    folds_by_author,
    folds_by_song,
    one_versus_all,
    predict_held_out,
    squared_errors,
)
from reaper_automix.training.rides.selection import (
    INNER_FOLDS,
    merged,
    ova_errors,
    predict_nested,
    select_forward,
)
from reaper_automix.training.rides.showing import ShownSong, show

MADE_AS = 1
"""Raise this when an experiment is done differently, so that kept results are not used."""

TOGETHER: tuple[str, ...] = ("backup", "bass", "drums", "guitar")
"""The groups that enough songs have all of: All-Tracks can be learned for these only (few songs have vocals too)."""

SEED = 5
OUTER_FOLDS = 10
PROCESSES = 2
"""Beside the one that waits; 1: no other than that one."""

BY_SONG, BY_AUTHOR = "song", "author"
FOLDS: Mapping[str, Callable[[Sequence[Case]], list[Fold]]] = {BY_SONG: folds_by_song, BY_AUTHOR: folds_by_author}

RECIPES: tuple[Recipe, ...] = (
    *(Recipe(step_s=step, r_scale=scale) for step in (0.5, 1.0, 2.0, 5.0) for scale in (1.0, 10.0, 20.0, 50.0, 100.0)),
    *(Recipe(centred=False, r_scale=scale) for scale in (1.0, 50.0)),
    Recipe(initial="all"),
)
"""What [1] is silent about: the length of a step, what is expected at the first, means, the correlation of errors."""

PUBLISHED, OURS = "published", "ours"
NAMED: Mapping[str, Recipe] = {
    PUBLISHED: Recipe(),
    OURS: Recipe(smoothed=True, in_db=True, loudness=True, logged=True),
}
"""The recipes that features are selected with: the published one, and the best that was found (see ``VARIATIONS``)."""

VARIATIONS: Mapping[str, Recipe] = {
    "as published": Recipe(),
    "successive steps count as independent": Recipe(r_scale=1.0),
    "gain in dB": Recipe(in_db=True),
    "features in dB and octaves": Recipe(logged=True),
    "gain and features in dB": Recipe(in_db=True, logged=True),
    "loudness in place of RMS": Recipe(loudness=True),
    "gain in dB, loudness": Recipe(in_db=True, loudness=True, logged=True),
    "features over 9 s": Recipe(context_s=9.0),
    "gain in dB, loudness over 9 s": Recipe(in_db=True, loudness=True, logged=True, context_s=9.0),
    "looking ahead as well": Recipe(smoothed=True),
    "looking ahead, loudness": Recipe(smoothed=True, loudness=True),
    "looking ahead, loudness, gain in dB": NAMED[OURS],
    "R nearer to its diagonal": Recipe(shrinkage=0.1),
}
"""What may limit the published system, one at a time and together."""


@dataclass(slots=True)
class Songs:
    """The songs' groups, and as they are shown; the same levels by chance whatever the step."""

    ridden: Sequence[RiddenSong]
    _shown: dict[float, list[ShownSong]] = field(default_factory=dict)

    def shown(self, step_s: float) -> list[ShownSong]:
        """Return the songs in steps of this length."""
        if step_s not in self._shown:
            rng = np.random.default_rng(SEED)
            self._shown[step_s] = [show(song, song.groups, step_s, rng) for song in self.ridden]
        return self._shown[step_s]

    def complete(self, step_s: float) -> list[ShownSong]:
        """Return the songs that have all of ``TOGETHER``; none where that is too few for All-Tracks to be learned."""
        shown = self.shown(step_s)
        found = [song for song in shown if all(song.track(group) is not None for group in TOGETHER)]
        return found if len(found) > FEWEST_LEARNED else []

    def with_group(self, group: str, step_s: float) -> list[ShownSong]:
        """Return the songs that a group is judged on.

        For those of ``TOGETHER`` these are the ones that All-Tracks has too, unless it has none.
        """
        together = self.complete(step_s) if group in TOGETHER else []
        return together or self.shown(step_s)


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of the experiments: which of ``WORK``, and with what."""

    kind: str
    options: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """A name for a file, the same for the same piece."""
        digest = hashlib.sha256(repr((MADE_AS, self.options)).encode()).hexdigest()[:12]
        return f"{self.kind}-{digest}"


def all_units(groups: Sequence[str], n_folds: Mapping[str, int]) -> list[Unit]:
    """Return every piece, those that take longest first.

    Parameters
    ----------
    groups : sequence of str
        The groups that occur.
    n_folds : mapping of str to int
        How many outer folds the nested selection has, by song and by author.
    """
    return [
        *(
            Unit("nested", (g, by, k, name))
            for name in NAMED
            for by, n in n_folds.items()
            for g in groups
            for k in range(n)
        ),
        *(Unit("selection", (group, name)) for name in NAMED for group in groups),
        *(Unit("systems", (by,)) for by in (BY_SONG, BY_AUTHOR)),
        *(Unit("recipe", (recipe,)) for recipe in RECIPES),
        *(Unit("variation", (name,)) for name in (*VARIATIONS, *POOLED)),
    ]


def run_units(
    units: Sequence[Unit], songs: Sequence[RiddenSong], folder: Path, *, progress: Progress = silent
) -> dict[Unit, dict[str, Any]]:
    """Do what has not been done yet, on both cores, and keep each result as soon as it is there.

    Where the songs are too few for a piece, its result says so by leaving out what could not be done.

    Parameters
    ----------
    units : sequence of Unit
        The pieces.
    songs : sequence of RiddenSong
        The songs.
    folder : Path
        Where results are kept; another set of songs has its own subfolder. May be deleted at any time.

    Returns
    -------
    dict
        The result of each piece, in the order of ``units``.

    Raises
    ------
    CorpusError
        If the folder cannot be made.
    SessionError
        If a result cannot be written into it.
    AutomixError
        If a process that works was ended from outside.
    """
    place = _made(folder / _fingerprint(songs))
    results = {unit: found for unit in units if (found := _kept(place / f"{unit.name}.json")) is not None}
    missing = [unit for unit in units if unit not in results]
    slim = [replace(song, tracks=()) for song in songs]
    with closing(_done(missing, slim)) as done:
        for number, (unit, found) in enumerate(done):
            text = json.dumps(found)
            results[unit] = json.loads(text)  # the same whether it was kept or not: JSON has no tuples
            write_text_whole(place / f"{unit.name}.json", text + "\n")
            progress("Experiments", number + 1, len(missing), unit.kind)
    return {unit: results[unit] for unit in units}


def nested_fold_counts(songs: Sequence[RiddenSong]) -> dict[str, int]:
    """Return how many outer folds the nested selection has, by song and by author; the same for every group."""
    n_authors = len({song.author for song in songs})
    return {BY_SONG: min(OUTER_FOLDS, len(songs)), BY_AUTHOR: min(OUTER_FOLDS, n_authors)}


# --- the work ------------------------------------------------------------------------------------------------------


def _recipe(songs: Songs, recipe: Recipe) -> dict[str, Any]:
    """Judge All-Tracks and One-Versus-All with one choice of what [1] leaves open; beside one constant gain."""
    constant = {g: baselines(songs.with_group(g, recipe.step_s), g, by_author=False)[CONSTANT] for g in TOGETHER}
    return {
        "at": _means(_all_tracks_errors(songs, recipe, BY_SONG)),
        "ova": _means(_ova_errors(songs, recipe)),
        "constant": _means(constant),
    }


def _systems(songs: Songs, by: str) -> dict[str, Any]:
    """Judge both systems on the earlier feature set, [1] table 1, beside the baselines; song by song."""
    recipe = Recipe()
    joint = _all_tracks_errors(songs, recipe, by)
    result: dict[str, Any] = {"at": joint, "ova": {}, "baselines": {}, "songs": {}}
    for group in GROUPS:
        judged = songs.with_group(group, recipe.step_s)
        cases = one_versus_all(judged, group, recipe)
        folds = FOLDS[by](cases)
        if can_be_judged(cases, folds):
            result["ova"][group] = ova_errors(cases, folds, EARLIER_FEATURES, recipe).tolist()
            result["baselines"][group] = baselines(judged, group, by_author=by == BY_AUTHOR)
            result["songs"][group] = [[case.corpus, case.song, case.author] for case in cases]
    return result


def _selection(songs: Songs, group: str, name: str) -> dict[str, Any]:
    """Select features as [1] does: judged by leave-one-song-out on the very songs that choose."""
    recipe = NAMED[name]
    cases = one_versus_all(songs.with_group(group, recipe.step_s), group, recipe)
    folds = folds_by_song(cases)
    return asdict(select_forward(cases, folds, recipe)) if can_be_judged(cases, folds) else {}


def _nested(songs: Songs, group: str, by: str, number: int, name: str) -> dict[str, Any]:
    """Select without one fold of songs or authors, and judge on it."""
    recipe = NAMED[name]
    cases = one_versus_all(songs.with_group(group, recipe.step_s), group, recipe)
    folds = merged(FOLDS[by](cases), OUTER_FOLDS)
    if number >= len(folds) or not _can_select(cases, folds[number], by):
        return {"features": [], "errors": {}}
    fold = folds[number]
    features, predicted = predict_nested(cases, fold, recipe, by_author=by == BY_AUTHOR)
    judged = [cases[index] for index in fold]
    errors = squared_errors(judged, predicted)[:, 0].tolist()
    names = [f"{case.corpus}/{case.song}" for case in judged]
    return {"features": list(features), "errors": dict(zip(names, errors, strict=True))}


def _variation(songs: Songs, name: str) -> dict[str, Any]:
    """Judge One-Versus-All on the earlier features with one thing changed."""
    if name in POOLED:
        return _means(pooled_errors(songs.with_group(TOGETHER[0], Recipe().step_s), TOGETHER, POOLED[name]))
    return _means(_ova_errors(songs, VARIATIONS[name]))


WORK: Mapping[str, Callable[..., dict[str, Any]]] = {
    "recipe": _recipe,
    "systems": _systems,
    "selection": _selection,
    "nested": _nested,
    "variation": _variation,
}


def _can_select(cases: Sequence[Case], fold: Fold, by: str) -> bool:
    """Return whether features can be selected without a fold: see ``predict_nested``."""
    learned = [case for index, case in enumerate(cases) if index not in fold]
    return can_be_judged(learned, merged(FOLDS[by](learned), INNER_FOLDS))


def _all_tracks_errors(songs: Songs, recipe: Recipe, by: str) -> dict[str, list[float]]:
    """Return the errors of All-Tracks, song by song, per group; nothing where it cannot be learned."""
    cases = all_tracks(songs.complete(recipe.step_s), TOGETHER, recipe)
    folds = FOLDS[by](cases)
    if not can_be_judged(cases, folds):
        return {}
    errors = squared_errors(cases, predict_held_out(cases, folds, columns_for(EARLIER_FEATURES, len(TOGETHER)), recipe))
    return {group: errors[:, column].tolist() for column, group in enumerate(TOGETHER)}


def _ova_errors(songs: Songs, recipe: Recipe) -> dict[str, list[float]]:
    """Return the same of One-Versus-All, for the groups that it can be learned for."""
    errors: dict[str, list[float]] = {}
    for group in TOGETHER:
        cases = one_versus_all(songs.with_group(group, recipe.step_s), group, recipe)
        folds = folds_by_song(cases)
        if can_be_judged(cases, folds):
            errors[group] = ova_errors(cases, folds, EARLIER_FEATURES, recipe).tolist()
    return errors


def _means(errors: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the mean of each group over the songs in which it is known."""
    known = {group: [value for value in values if math.isfinite(value)] for group, values in errors.items()}
    return {group: float(np.mean(values)) for group, values in known.items() if values}


# --- processes and files -------------------------------------------------------------------------------------------

_SONGS: list[Songs] = []
"""In a process that works: its songs. Sent once, when it starts."""


def _hold(ridden: Sequence[RiddenSong]) -> None:
    _SONGS[:] = [Songs(ridden)]


def _work(unit: Unit) -> dict[str, Any]:
    return WORK[unit.kind](_SONGS[0], *unit.options)


def _done(units: Sequence[Unit], songs: Sequence[RiddenSong]) -> Generator[tuple[Unit, dict[str, Any]], None, None]:
    """Yield each piece with its result as it is done; where it is closed early, what has not begun is not begun."""
    if min(PROCESSES, len(units)) < 2:
        held = Songs(songs)
        yield from ((unit, WORK[unit.kind](held, *unit.options)) for unit in units)
        return
    yield from worked(_work, units, PROCESSES, initializer=_hold, initargs=(songs,))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(
            f"{folder}: cannot be made ({error.strerror or error}). Give --work another folder."
        ) from error
    return folder


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _fingerprint(songs: Sequence[RiddenSong]) -> str:
    """Return what tells one set of songs from another: their groups, and what was heard of them."""
    digest = hashlib.sha256()
    for song in songs:
        digest.update(f"{song.corpus}/{song.id}".encode())
        for group in song.groups:
            digest.update(group.id.encode() + group.gain_db.tobytes() + group.energy.tobytes())
    return digest.hexdigest()[:16]
