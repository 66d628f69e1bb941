"""Judge roles from names, and fit and judge the classifier that hears them.

``python -m reaper_automix.training.roles names LIST.csv`` prints how well names give roles.
``python -m reaper_automix.training.roles audio DATA --out models/roles`` fits the classifier on ``lmms``, ``songs`` and
``drumkit`` below DATA, and on a built GM MIDI corpus with ``--gm-midi FOLDER``; what is non-commercial (``raw_tracks``,
``raw_and_mix``) is only judged on.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reaper_automix.analysis.role_audio import FORMAT, WEIGHTS, Forest, RoleClassifier
from reaper_automix.analysis.role_features import FEATURES
from reaper_automix.analysis.roles import VOCAL_ROLES
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import Corpus, CorpusSong, Usage
from reaper_automix.training.corpora.gm_midi import GmMidiCorpus
from reaper_automix.training.corpora.lmms import LmmsCorpus
from reaper_automix.training.corpora.music_delta import RawAndMixCorpus, RawTracksCorpus
from reaper_automix.training.corpora.songs import SongsCorpus
from reaper_automix.training.role_drumkit import DrumKit
from reaper_automix.training.role_examples import Example, examples_of_kit, examples_of_songs
from reaper_automix.training.role_fit import (
    Judged,
    accuracy,
    answer_scores,
    commonest_share,
    confusion_lines,
    drums_share,
    fit,
    judge,
    known_answers,
    leave_authors_out,
    sure_shares,
)
from reaper_automix.training.role_scores import load_named_tracks, name_report
from reaper_automix.training.shipping import sha256_of, write_model

JUDGED_ONLY: tuple[tuple[Corpus, str], ...] = ((RawTracksCorpus(), "raw_tracks"), (RawAndMixCorpus(), "raw_and_mix"))
"""Non-commercial corpora, and their folders."""
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    names = commands.add_parser("names", help="judge roles from names")
    names.add_argument("list", type=Path, help="CSV: song_id, track_name, source_label, role, role_confidence")
    audio = commands.add_parser("audio", help="fit and judge the classifier")
    audio.add_argument("data", type=Path, help="folder that holds lmms/, songs/, drumkit/, raw_tracks/, raw_and_mix/")
    audio.add_argument("--gm-midi", type=Path, help="folder of a built GM MIDI corpus")
    audio.add_argument("--out", type=Path, required=True, help="folder of the model")
    options = parser.parse_args(arguments)
    try:
        lines = _names(options) if options.command == "names" else _audio(options)
    except CorpusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _names(options: argparse.Namespace) -> list[str]:
    return name_report(load_named_tracks(options.list))


def _audio(options: argparse.Namespace) -> list[str]:
    examples = list(examples_of_songs(_training_songs(options)))
    examples.extend(examples_of_kit(DrumKit.load(options.data / "drumkit")))
    judged = list(leave_authors_out(examples))
    sure = [e for e in examples if e.is_sure]
    forest, classes = fit(sure)
    known = known_answers(examples, judged)
    classifier = RoleClassifier(forest, classes, sure_shares(known), drums_share(known))
    for corpus, name in JUDGED_ONLY:
        judged.extend(judge(forest, classes, list(examples_of_songs(corpus.songs(options.data / name)))))
    save(options.out, classifier, sure, judged)
    return audio_report(judged, classifier)


def audio_report(judged: Sequence[Judged], classifier: RoleClassifier) -> list[str]:
    """Return the confusion table of each corpus, of the best classes and of the answers that are given."""
    lines: list[str] = []
    for corpus in dict.fromkeys(j.corpus for j in judged):
        some = [j for j in judged if j.corpus == corpus]
        scores = answer_scores(some, classifier)
        lines.append(f"{corpus}: {accuracy(some):.0%} of {len(some)} tracks have the right class first")
        lines += [f"(its commonest label everywhere: {commonest_share(some):.0%})", ""]
        lines += [*confusion_lines(some), ""]
        lines.append(f"{corpus}, as shipped: {scores['answered']} answered, {scores['right_of_answered']:.0%} right")
        lines += ["", *confusion_lines(some, classifier), "", ""]
    return lines


def save(folder: Path, classifier: RoleClassifier, examples: Sequence[Example], judged: Sequence[Judged]) -> None:
    """Write the weights and the card of a classifier."""
    weights = packed(classifier.forest)
    card = {
        "format": FORMAT,
        "what": "the role of a track from its sound alone, for tracks whose names say nothing",
        "sha256": sha256_of(weights),
        "features": list(FEATURES),
        "classes": [role.value for role in classifier.classes],
        "heard_as": "backing vocals count as lead_vocal, overheads and rooms as drums, all guitars as electric_guitar, "
        "piano as keys; fx and other have no class",
        "sure_share": {role.value: share for role, share in classifier.sure_share.items()},
        "drums_share": classifier.drums_share,
        "training_data": _sources(examples),
        "scores": _scores(judged, classifier),
        "bias": "electronic and General MIDI timbres, one author's voices, one drum kit, no recorded guitars",
        "licence": "the weights are MIT; they hold no audio of the songs above",
    }
    write_model(folder, card, WEIGHTS, weights)


def packed(forest: Forest) -> bytes:
    """Return the arrays of a forest as an npz file, the same bytes for the same forest."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in Forest.__slots__:
            array = io.BytesIO()
            np.lib.format.write_array(array, getattr(forest, name), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _FIXED_DATE), array.getvalue(), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _scores(judged: Sequence[Judged], classifier: RoleClassifier) -> dict[str, Any]:
    scores: dict[str, Any] = {
        "split": "one author left out; the authors of gm-midi share one sound font, so that its scores are too high; "
        "raw-tracks and raw-and-mix are non-commercial and were never trained on",
        "commonest_label": "what calling every track of the corpus by its commonest label would score",
        "thresholds": "sure_share and drums_share were chosen on the same left-out judgements of the training corpora, "
        "classes that one author alone has with single songs left out",
    }
    for corpus in dict.fromkeys(j.corpus for j in judged):
        some = [j for j in judged if j.corpus == corpus]
        scores[corpus] = {
            "right_class_first": round(accuracy(some), 3),
            "commonest_label": round(commonest_share(some), 3),
            **answer_scores(some, classifier),
            "of_label_right_first": _per_label(some),
        }
    return scores


def _per_label(judged: Sequence[Judged]) -> dict[str, str]:
    counts = Counter(j.label for j in judged)
    right = Counter(j.label for j in judged if j.best is j.label)
    return {label.value: f"{right[label]} of {number}" for label, number in sorted(counts.items())}


def _sources(examples: Sequence[Example]) -> list[dict[str, Any]]:
    tracks = Counter((e.corpus, e.author, e.licence) for e in examples if e.is_whole)
    return [
        {"corpus": corpus, "author": author, "licence": licence, "tracks": number}
        for (corpus, author, licence), number in sorted(tracks.items())
    ]


def _training_songs(options: argparse.Namespace) -> Iterator[CorpusSong]:
    """Yield the songs to learn from; the choirs of a synthesizer are no voices, and left out."""
    found = [LmmsCorpus().songs(options.data / "lmms"), SongsCorpus().songs(options.data / "songs")]
    if options.gm_midi is not None:
        found.append(map(_without_voices, GmMidiCorpus().songs(options.gm_midi)))
    return (song for songs in found for song in songs if song.usage is Usage.TRAIN)


def _without_voices(song: CorpusSong) -> CorpusSong:
    return replace(song, tracks=tuple(t for t in song.tracks if t.role not in VOCAL_ROLES))


if __name__ == "__main__":
    sys.exit(main())
