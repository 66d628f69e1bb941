"""Judge the controller: ``python -m reaper_automix.training.strips.evaluate DATA --json OUT --midi FOLDER``.

DATA holds the corpora songs, lmms or gm-midi; FOLDER the MIDI files that gm-midi was made from, for their pans. Beside
OUT lie ``.songs``, the songs cut into excerpts, ``.states``, where each training stands, and ``.parts``, a line per
experiment: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.files import write_text_whole
from reaper_automix.mixers.strip_controller import Strips, on_both_sides
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.resuming import Say, results_of, to_stderr, unsaid
from reaper_automix.training.strips.baselines import baselines, fit_roles
from reaper_automix.training.strips.fit import RECIPES, Recipe, fit
from reaper_automix.training.strips.pans import midi_below
from reaper_automix.training.strips.scoring import Score, answer_of, score
from reaper_automix.training.strips.songs import StripSong, songs_below, strip_song
from reaper_automix.training.strips.tables import markdown, summary

FORMAT = "reaper_automix.strip_scores/1"
MOST_GROUPS = 3
"""Of authors: a controller is trained for each."""

BASELINES = "baselines"
SIDES = ", sides balanced"
HALF = ", half way to the role mean"
SEED = 9
Scores = dict[str, dict[str, Score]]
"""By song, then by mix."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """Songs to be judged, by their keys, and how they are mixed; None: by the baselines."""

    group: int
    judged: tuple[str, ...]
    recipe: Recipe | None

    @property
    def key(self) -> str:
        """Unique among all experiments."""
        return f"{self.recipe.name if self.recipe else BASELINES} | authors {self.group}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiments, print the table."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.strips.evaluate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the figures are written")
    parser.add_argument("--midi", type=Path, metavar="FOLDER", help="MIDI or WAD files that gm-midi was made from")
    parser.add_argument("--most-per-author", type=int, metavar="N", help="songs of one author in one corpus, at most")
    parser.add_argument("--recipes", type=int, default=len(RECIPES), metavar="N", help="only the first N recipes")
    asked = parser.parse_args(arguments)
    try:
        songs = cut_songs(asked.data, asked.json, asked.midi, asked.most_per_author, say=to_stderr)
        found = evaluate(songs, asked.json, RECIPES[: asked.recipes], say=to_stderr)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    sys.stdout.write(markdown(found["summary"]) + "\n")
    return 0


def cut_songs(
    data: Path, target: Path, midi: Path | None, most_per_author: int | None = None, *, say: Say = unsaid
) -> list[StripSong]:
    """Return the songs of the corpora below a folder, those not cut yet cut first, into a folder beside ``target``.

    Raises
    ------
    CorpusError
        If no corpus is there, or one is damaged.
    """
    stored = midi_below(midi) if midi is not None else {}
    found = []
    wanted = songs_below(data, most_per_author)
    for number, song in enumerate(wanted, 1):
        cut = strip_song(song, stored, target.with_suffix(".songs"))
        say(f"{number}/{len(wanted)}  {song.corpus}/{song.id}: {len(cut.roles) if cut else 'too few'} tracks")
        if cut is not None:
            found.append(cut)
    return found


def evaluate(
    songs: Sequence[StripSong], target: Path, recipes: Sequence[Recipe], *, say: Say = unsaid
) -> dict[str, Any]:
    """Run what has not been run yet, and write all figures to ``target``.

    Parameters
    ----------
    songs : sequence of StripSong
    target : Path
        The figures, JSON.
    recipes : sequence of Recipe
    say : callable
        Told a line about each epoch and experiment.

    Raises
    ------
    CorpusError
        If the songs are of fewer than two authors.
    """
    digest = digest_of(songs)
    wanted = experiments(songs, recipes)
    states = target.with_suffix(".states") / digest[:16]
    results = results_of(
        wanted,
        lambda left: ((experiment, run(experiment, songs, states, say)) for experiment in left),
        parts=target.with_suffix(".parts"),
        digest=digest,
        say=say,
    )
    scores = merged([dict(result) for result in results.values()])
    found = {
        "format": FORMAT,
        "set": {"sha256": digest, "songs": [about(song) for song in songs]},
        "recipes": [recipe.name for recipe in recipes],
        "summary": summary(scores, {song.key: song.corpus for song in songs}),
        "scores": scores,
    }
    write_text_whole(target, json.dumps(found, indent=1))
    return found


def experiments(songs: Sequence[StripSong], recipes: Sequence[Recipe]) -> list[Experiment]:
    """Return what is to be run; ``CorpusError`` as ``grouped``."""
    judged = grouped(songs)
    return [Experiment(n, keys, recipe) for recipe in (None, *recipes) for n, keys in enumerate(judged, 1)]


def grouped(songs: Sequence[StripSong]) -> list[tuple[str, ...]]:
    """Return the keys of songs to be judged together: authors in groups, which are never on both sides.

    Raises
    ------
    CorpusError
        If there are fewer than two authors.
    """
    counts = Counter(song.author for song in songs)
    groups: list[list[str]] = [[] for _ in range(min(MOST_GROUPS, len(counts)))]
    if len(groups) < 2:
        raise CorpusError(f"{len(songs)} song(s) of {len(counts)} author(s): give songs of at least two authors.")
    for author in sorted(counts, key=lambda author: (-counts[author], author)):
        min(groups, key=lambda group: sum(counts[a] for a in group)).append(author)
    return [tuple(song.key for song in songs if song.author in group) for group in groups]


def run(experiment: Experiment, songs: Sequence[StripSong], states: Path, say: Say = unsaid) -> Scores:
    """Learn from the other authors, and return the scores of the judged songs."""
    judged = [song for song in songs if song.key in experiment.judged]
    authors = {song.author for song in judged}
    learned = [song for song in songs if song.author not in authors and song.usage is Usage.TRAIN]
    if not learned:
        raise CorpusError("no song of other authors may be learned from by its licence. Give songs or lmms.")
    table = fit_roles(learned)
    if experiment.recipe is None:
        return {
            song.key: {name: score(song, answers) for name, answers in baselines(song, table, SEED).items()}
            for song in judged
        }
    states.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(repr(experiment).encode()).hexdigest()[:16]
    fitted = fit(experiment.recipe, learned, SEED, states / f"{name}.pt", say)
    found: Scores = {}
    for song in judged:
        mixes = _mixes(experiment.recipe.name, fitted.controller.predict(song.heard), table.offsets_of(song))
        found[song.key] = {mix: score(song, answer_of(own)) for mix, own in mixes.items()}
    return found


def _mixes(name: str, strips: Strips, offsets_db: NDArray[np.float64]) -> dict[str, Strips]:
    """Return the mixes made of one answer: as it is, its sides balanced, and that half way to the role mean."""
    balanced = Strips(strips.gains_db, on_both_sides(strips.pans, strips.gains_db))
    return {name: strips, name + SIDES: balanced, name + HALF: half_way(balanced, offsets_db)}


def half_way(strips: Strips, offsets_db: NDArray[np.float64]) -> Strips:
    """Return answers whose gains lie between the controller's and those of another rule, as the mean of their roles.

    Parameters
    ----------
    strips : Strips
    offsets_db : ndarray of float64, shape (n_tracks,)
        What the other rule says of tracks at the common loudness; what is common to all of them does not count.
    """
    if not offsets_db.size:
        return strips
    return Strips((strips.gains_db + offsets_db - offsets_db.mean()) / 2.0, strips.pans)


def merged(parts: Sequence[Scores]) -> Scores:
    """Return the scores of all experiments by song."""
    found: Scores = {}
    for part in parts:
        for key, own in part.items():
            found.setdefault(key, {}).update(own)
    return found


def about(song: StripSong) -> dict[str, Any]:
    """Return what a card says of a song."""
    names = ("corpus", "id", "author", "licence", "is_stereo")
    return {**{name: getattr(song, name) for name in names}, "tracks": len(song.roles)}


def digest_of(songs: Sequence[StripSong]) -> str:
    """Return a hash of what was heard and what the human did."""
    found = hashlib.sha256()
    for song in songs:
        found.update(f"{song.key} {song.author} {song.roles} {song.is_stereo}".encode())
        for array in (song.gains_db, song.pans, song.heard.loudness_lufs):
            found.update(array.tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
