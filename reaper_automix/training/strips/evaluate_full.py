"""Judge the full task: ``python -m reaper_automix.training.strips.evaluate_full DATA --json OUT --midi FOLDER``.

DATA and FOLDER are as for ``evaluate``, which judges gain and pan alone. Songs are heard as if no engineer had touched
them (``raw_takes``), and once more as they are, to see what is done to tracks that need nothing. ``--network FILE`` is
a network that ``train_transformation`` trained for the whole channel, for the controller that learns through it. Beside
OUT lie ``.songs``, ``.takes``, ``.states`` and ``.parts``: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reaper_automix.errors import AutomixError, CorpusError
from reaper_automix.files import write_text_whole
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.processes import worked
from reaper_automix.training.resuming import Say, results_of, to_stderr, unsaid
from reaper_automix.training.strips.baselines import SPECTRA, fit_roles
from reaper_automix.training.strips.evaluate import about, cut_songs, digest_of, grouped
from reaper_automix.training.strips.full_baselines import best_share, fit_spectra, usual_sends_db
from reaper_automix.training.strips.full_fit import FULL_RECIPES, N_TAKES, Takes, fit_full
from reaper_automix.training.strips.full_mixers import AS_PLAYED, SEED, Baselines, Controlled, Mixer, Waveforms
from reaper_automix.training.strips.raw_takes import RawTake
from reaper_automix.training.strips.scoring import JUDGED_EXCERPTS, Score, score_mixes
from reaper_automix.training.strips.songs import StripSong
from reaper_automix.training.strips.tables import markdown, summary
from reaper_automix.training.strips.transformation import TransformationNetwork
from reaper_automix.training.strips.transformation_progress import Recipe as TransformationRecipe
from reaper_automix.training.strips.transformation_progress import load_kept
from reaper_automix.training.strips.waveform_fit import fit_waveform
from reaper_automix.training.strips.wet_targets import target_of

FORMAT = "reaper_automix.full_strip_scores/1"
BASELINES, WAVEFORM, WAVEFORM_BASIC = "baselines", "waveform network", "waveform network, tracks as they are"
RAW, UNTOUCHED = "as if nobody had touched them", "as they are"
HEARD = (RAW, UNTOUCHED)
BESIDE = ((AS_PLAYED, "off_db"), (SPECTRA, "share"), (SPECTRA, "disturbed_db"), (SPECTRA, "unusual_db"))
TOLD = {
    "off_db": "The network's mix beside the exact console's, mean of thirds of an octave, median of songs",
    "disturbed_db": "Tracks beside what they were before they were made raw, the same",
    "unusual_db": "Tracks as they were beside the mean spectrum of their role, the same",
}
Scores = dict[str, dict[str, dict[str, Score]]]
"""By how it was heard, then by song, then by mix."""
Mixes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FullExperiment:
    """Songs to be judged, by their keys, and who mixes them."""

    group: int
    judged: tuple[str, ...]
    mixer: str

    @property
    def key(self) -> str:
        """Unique among all experiments."""
        return f"{self.mixer} | authors {self.group}"


@dataclass(frozen=True, slots=True)
class _Places:
    """Where everything is: what a process needs to begin."""

    data: Path
    target: Path
    midi: Path | None
    most_per_author: int | None
    network: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiments, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m reaper_automix.training.strips.evaluate_full", description=__doc__)
    parser.add_argument("data", type=Path, help="folder whose subfolders are corpora")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the figures are written")
    parser.add_argument("--midi", type=Path, metavar="FOLDER", help="MIDI or WAD files that gm-midi was made from")
    parser.add_argument("--most-per-author", type=int, metavar="N", help="songs of one author in one corpus, at most")
    parser.add_argument("--network", type=Path, metavar="FILE", help="a trained transformation network")
    parser.add_argument(
        "--groups", type=int, metavar="N", help="judge the first N of the three groups of authors alone"
    )
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="how many at once (default: 1)")
    asked = parser.parse_args(arguments)
    places = _Places(asked.data, asked.json, asked.midi, asked.most_per_author, asked.network)
    try:
        found = evaluate_full(places, asked.processes, asked.groups, say=to_stderr)
    except AutomixError as error:
        to_stderr(str(error))
        return 1
    for heard in HEARD:
        sys.stdout.write(f"## Tracks {heard}\n\n{markdown(found['summary'][heard])}\n\n")
    told = {figure: value for figure, value in found["beside"].items() if value is not None}
    sys.stdout.write("".join(f"{TOLD[figure]}: {value:.2f} dB\n" for figure, value in told.items() if figure in TOLD))
    return 0


def evaluate_full(
    places: _Places, n_processes: int, n_groups: int | None = None, *, say: Say = unsaid
) -> dict[str, Any]:
    """Run what has not been run yet, and write all figures.

    Raises
    ------
    CorpusError
        If the songs are of fewer than two authors.
    """
    songs = cut_songs(places.data, places.target, places.midi, places.most_per_author, say=say)
    digest = digest_of(songs)
    recipes = [recipe.name for recipe in FULL_RECIPES if recipe.route != "network" or places.network]
    groups = grouped(songs)[:n_groups]
    wanted = [
        FullExperiment(number, keys, mixer)
        for mixer in (BASELINES, *recipes, WAVEFORM, WAVEFORM_BASIC)
        for number, keys in enumerate(groups, 1)
    ]

    def do(left: Sequence[FullExperiment]) -> Generator[tuple[FullExperiment, Any], None, None]:
        return worked(_work, left, n_processes, initializer=_begin, initargs=(places,))

    results = results_of(wanted, do, parts=places.target.with_suffix(".parts"), digest=digest, say=say)
    scores: Scores = {heard: {} for heard in HEARD}
    for result in results.values():
        for heard, by_song in result.items():
            for key, own in by_song.items():
                scores[heard].setdefault(key, {}).update(own)
    corpora = {song.key: song.corpus for song in songs}
    found = {
        "format": FORMAT,
        "set": {"sha256": digest, "songs": [about(song) for song in songs]},
        "summary": {heard: summary(scores[heard], corpora) for heard in HEARD},
        "beside": {figure: _median_of(scores[RAW], mix, figure) for mix, figure in BESIDE},
        "scores": scores,
    }
    write_text_whole(places.target, json.dumps(found, indent=1))
    return found


def _median_of(scores: dict[str, dict[str, Score]], mix: str, figure: str) -> float | None:
    """Return a figure of a mix, median over the songs that have it."""
    known = [value for own in scores.values() if (value := own.get(mix, {}).get(figure)) is not None]
    return float(np.median(known)) if known else None


class _Judge:
    """All that the experiments of one process share."""

    def __init__(self, places: _Places) -> None:
        self._songs = cut_songs(places.data, places.target, places.midi, places.most_per_author)
        self._takes = Takes(places.target.with_suffix(".takes"))
        self._states = places.target.with_suffix(".states") / digest_of(self._songs)[:16]
        self._network = load_network(places.network) if places.network else None

    def judge(self, experiment: FullExperiment) -> Scores:
        """Learn from the other authors, and return the scores of the judged songs."""
        torch.set_num_threads(1)
        judged = [song for song in self._songs if song.key in experiment.judged]
        authors = {song.author for song in judged}
        learned = [song for song in self._songs if song.author not in authors and song.usage is Usage.TRAIN]
        if not learned:
            raise CorpusError("no song of other authors may be learned from by its licence. Give songs or lmms.")
        states = self._states / str(experiment.group)
        states.mkdir(parents=True, exist_ok=True)
        mixer = self._mixer(experiment.mixer, learned, states)
        found: Scores = {heard: {} for heard in HEARD}
        for song in judged:
            excerpts = range(min(JUDGED_EXCERPTS, len(song.tracks)))
            target = np.stack([target_of(song, place) for place in excerpts])
            for heard, take in ((RAW, self._takes.of(song, 0)), (UNTOUCHED, self._takes.untouched(song))):
                mixes = mixer.mixes(take, excerpts)
                own = {name: score_mixes(draws, target, is_stereo=song.is_stereo) for name, draws in mixes.items()}
                for name, figures in mixer.beside(take, mixes).items():
                    own[name].update(figures)
                found[heard][song.key] = own
        return found

    def _mixer(self, name: str, learned: Sequence[StripSong], states: Path) -> Mixer:
        table = fit_roles(learned)
        if name == BASELINES:
            takes = [self._takes.of(song, 1) for song in learned]
            return Baselines(table, fit_spectra(takes, best_share(takes)), usual_sends_db(learned))
        if name in (WAVEFORM, WAVEFORM_BASIC):
            take_of = self._drawn if name == WAVEFORM else self._untouched
            return Waveforms(name, fit_waveform(learned, take_of, SEED, states / f"{name}.pt", say=to_stderr))
        recipe = next(recipe for recipe in FULL_RECIPES if recipe.name == name)
        fitted = fit_full(recipe, learned, self._takes, SEED, states, self._network, to_stderr)
        return Controlled(name, fitted.controller, table, self._network if recipe.route == "network" else None)

    def _drawn(self, song: StripSong, rng: np.random.Generator) -> RawTake:
        return self._takes.of(song, int(rng.integers(1, N_TAKES + 1)))

    def _untouched(self, song: StripSong, rng: np.random.Generator) -> RawTake:
        del rng
        return self._takes.untouched(song)


def load_network(file: Path) -> TransformationNetwork:
    """Return a network that ``train_transformation`` trained for the whole channel, frozen.

    Raises
    ------
    CorpusError
        If the file holds none.
    """
    kept = load_kept(file)
    try:
        network = TransformationRecipe(**kept["recipe"]).network()
        network.load_state_dict(kept["best"])
    except (KeyError, RuntimeError, TypeError) as error:
        raise CorpusError(f"{file}: no network of a whole channel ({type(error).__name__}). Train it anew.") from error
    network.eval().requires_grad_(False)
    return network


_JUDGES: list[_Judge] = []
"""Of this process."""


def _begin(places: _Places) -> None:
    _JUDGES.append(_Judge(places))


def _work(experiment: FullExperiment) -> Scores:
    return _JUDGES[-1].judge(experiment)


if __name__ == "__main__":
    sys.exit(main())
