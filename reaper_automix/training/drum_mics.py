"""How well the microphones of a drum kit are found, by name and by ear; and fitting the model that hears them.

``python -m reaper_automix.training.drum_mics names LIST.csv`` judges names, song by song.
``python -m reaper_automix.training.drum_mics audio DATA --json OUT`` judges sound alone on the recorded kit below DATA:
performances and recorded hits that were not fitted to, as recorded and altered (every microphone equalised by chance,
the whole kit tuned by chance); with ``--model FOLDER`` it fits the model that ships, to all of it.

One kit is one kit: altering it says something about other kits, but is no second one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy import signal

from reaper_automix.analysis.drum_hits import Floats
from reaper_automix.analysis.drum_kit import Candidate, Kit, find_kit
from reaper_automix.analysis.drum_mic_audio import (
    FORMAT,
    KINDS,
    MicModel,
    contradictions,
    kind_of,
    propose_mics,
)
from reaper_automix.analysis.drum_mic_features import FEATURES, Heard, coherence_of, features_of, hear_together
from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.roles import guess_role_among
from reaper_automix.errors import CorpusError
from reaper_automix.files import write_text_whole
from reaper_automix.role_vocabulary import KIT_ROLES, DrumMic, Role
from reaper_automix.training.role_drumkit import DrumKit
from reaper_automix.training.role_scores import NamedTrack, load_named_tracks

FOLDS = 5
SIZES = (4, 6, 8, 13)
SUBSETS = 2
"""So many subsets of each size are drawn per performance."""

_WIDENED = {
    "_db": 4.0,
    "top_db": 3.0,
    "bottom_db": 3.0,
    "fall_50ms_db": 2.0,
    "fall_150ms_db": 2.0,
    "explained": 0.1,
    "explained_low": 0.1,
    "lag_ms": 1.5,
    "follows": 0.08,
    "elsewhere_db": 2.0,
}
"""What is added to the deviation of each feature: other microphones, other kits."""
_TUNED = (0.8, 1.25)
_EQ_DB = 6.0
_EQ_HZ = (100.0, 400.0, 1600.0, 6400.0)
_SHOWN = 12
_BY_NAME = " by its name"


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """What all microphones of the kit heard of one performance.

    Parameters
    ----------
    performance : int
        Its number.
    half : int
        Which half of the recorded hits plays.
    is_altered : bool
        Tuned and equalised by chance.
    mics : tuple of DrumMic
    heard : Heard
    struck : tuple of bool
        Whether each microphone's own drum plays at all; True for overheads and rooms.
    """

    performance: int
    half: int
    is_altered: bool
    mics: tuple[DrumMic, ...]
    heard: Heard
    struck: tuple[bool, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    names = commands.add_parser("names", help="judge microphones from names")
    names.add_argument("list", type=Path, help="CSV: song_id, track_name, source_label, role, role_confidence")
    audio = commands.add_parser("audio", help="judge microphones from sound alone")
    audio.add_argument("data", type=Path, help="folder that holds drumkit/")
    audio.add_argument("--json", type=Path, help="file for the scores")
    audio.add_argument("--model", type=Path, help="folder for the fitted model")
    options = parser.parse_args(arguments)
    try:
        lines = names_report(load_named_tracks(options.list)) if options.command == "names" else _audio(options)
    except CorpusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def kit_of_names(tracks: Sequence[NamedTrack]) -> Kit:
    """Return the kit that the names of one song say."""
    return find_kit([Candidate(str(i), track.name, guess_role_among(track.name)) for i, track in enumerate(tracks)])


def names_report(rows: Sequence[NamedTrack]) -> list[str]:
    """Return the lines that say how well names give the microphones of a kit, each song by itself."""
    songs: dict[str, list[NamedTrack]] = defaultdict(list)
    for row in rows:
        songs[row.song].append(row)
    fine, coarse, said_out = Counter[bool](), Counter[bool](), Counter[str]()
    added: list[NamedTrack] = []
    misses: list[str] = []
    for tracks in songs.values():
        kit = kit_of_names(tracks)
        mics = {one.track_id: one.mics for one in kit.microphones}
        reasons = {one.track_id: one.reason for one in kit.others}
        for i, row in enumerate(tracks):
            found, reason = mics.get(str(i)), reasons.get(str(i), "nothing")
            if row.confidence == "high" and row.role in KIT_ROLES:
                is_right = _is_right(row, found)
                (fine if row.mic is not None else coarse)[is_right] += 1
                if not is_right and _BY_NAME in reason:
                    said_out[reason.split(_BY_NAME)[0]] += 1
                elif not is_right:
                    ours = "+".join(mic.value for mic in found) if found else reason
                    misses.append(f"  miss: {row.name}: label {row.label}, ours {ours}")
            elif row.confidence == "high" and found is not None and found != (DrumMic.RIDE,):
                added.append(row)
    total = fine + coarse
    judged = total.total() - said_out.total()
    return [
        f"labels that name a microphone: {_share(fine)}",
        f"labels that name a drum only: {_share(coarse)}",
        f"both: {_share(total)}",
        f"  wrong since their names say that they are none: {', '.join(f'{n} {what}' for what, n in said_out.items())}",
        f"  without these: {total[True] / max(judged, 1):.2%} of {judged}",
        *misses[:_SHOWN],
        f"taken into the kit against their label: {len(added)}",
        *(f"  {row.name}: label {row.label}" for row in added[:_SHOWN]),
    ]


def _is_right(row: NamedTrack, found: tuple[DrumMic, ...] | None) -> bool:
    """Tell whether what was found is what the label says; a drum set as a whole is right if it is no microphone."""
    if row.mic is not None:
        return found is not None and row.mic in found
    if row.role is Role.DRUMS:
        return found is None
    return found is not None and found[0].role is row.role


def _share(counts: Counter[bool]) -> str:
    return f"{counts[True] / max(counts.total(), 1):.2%} of {counts.total()}"


def takes_of(kit: DrumKit, *, every: int = 1, with_altered: bool = True) -> Iterator[Take]:
    """Yield the performances of a kit by both halves of its hits, as recorded and altered."""
    for half in (0, 1):
        with_half = replace(kit, manifest=half_of_hits(kit.manifest, half))
        for number, performance in enumerate(kit.performances[::every]):
            rng = np.random.default_rng((number, half))
            channels = list(with_half.play(performance))
            mics = tuple(DrumMic(c["role"]) for c in kit.manifest["channels"])
            struck = _struck(kit.manifest, [mic.name for mic in channels], performance)
            audio = [mic.audio for mic in channels]
            rate_hz = kit.sample_rate_hz
            yield Take(number, half, False, mics, hear_together(audio, rate_hz), struck)
            if not with_altered:
                continue
            tuned = round(rate_hz * float(np.exp(rng.uniform(*np.log(_TUNED)))))
            altered = [equalised(one, rate_hz, rng) for one in audio]
            yield Take(number, half, True, mics, hear_together(altered, tuned), struck)


def half_of_hits(manifest: Mapping[str, Any], half: int) -> dict[str, Any]:
    """Return a manifest with every other hit of each instrument."""
    instruments = [one | {"hits": one["hits"][half::2]} for one in manifest["instruments"]]
    return dict(manifest) | {"instruments": instruments}


def equalised(audio: Audio, rate_hz: int, rng: np.random.Generator) -> Audio:
    """Return audio through peaks of up to 6 dB either way, as another microphone elsewhere might hear it."""
    found = audio.astype(np.float64)
    for hz in _EQ_HZ:
        gain = 10.0 ** (rng.uniform(-_EQ_DB, _EQ_DB) / 20.0) - 1.0
        b, a = signal.butter(1, (hz / 2.0, min(hz * 2.0, 0.45 * rate_hz)), "bandpass", fs=rate_hz)
        found = found + gain * signal.lfilter(b, a, found, axis=1)
    return np.asarray(found, np.float32)


def _struck(manifest: Mapping[str, Any], names: Sequence[str], performance: Path) -> tuple[bool, ...]:
    played = {line.split(",")[1] for line in performance.read_text("utf-8").splitlines()[1:]}
    close = {one["close_mic"] for one in manifest["instruments"] if one["instrument"] in played}
    return tuple(name in close or name.startswith(("overhead", "room")) for name in names)


def fit_model(takes: Sequence[Take], rng: np.random.Generator) -> MicModel:
    """Fit the distributions to takes, with all microphones and some of them."""
    kinds = tuple(KINDS)
    rows, labels = [], []
    for take in takes:
        for index in subsets(len(take.mics), rng):
            features = features_of(take.heard.among(index))
            for i, row in zip(index, features, strict=True):
                if take.heard.sounds[i] and (kind := kind_of(take.mics[i])) is not None:
                    rows.append(row)
                    labels.append(kinds.index(kind))
    values, answers = np.asarray(rows), np.asarray(labels)
    means = np.stack([values[answers == k].mean(axis=0) for k in range(len(kinds))])
    rest = values - means[answers]
    widened = np.array([_WIDENED.get(name, _WIDENED["_db"]) for name in FEATURES])
    covariance = rest.T @ rest / len(rest) + np.diag(widened**2)
    spread = np.sqrt(np.diag(covariance))
    return MicModel(kinds, means, spread, np.linalg.inv(covariance / np.outer(spread, spread)))


def subsets(n_mics: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Return sets of microphones to look at: all, and some of each size of ``SIZES``."""
    found = [tuple(range(n_mics))]
    for size in SIZES:
        if size < n_mics:
            found += [tuple(int(i) for i in rng.permutation(n_mics)[:size]) for _ in range(SUBSETS)]
    return found


@dataclass(slots=True, eq=False)
class Tally:
    """What was found, counted."""

    table: Counter[tuple[DrumMic, str]]
    by_size: dict[int, Counter[bool]]
    stated: Counter[bool]
    tom_pairs: Counter[bool]
    false_doubts: Counter[bool]
    exchanged_found: Counter[bool]

    @classmethod
    def empty(cls) -> Tally:
        """Return one that has counted nothing."""
        return cls(Counter(), defaultdict(Counter), Counter(), Counter(), Counter(), Counter())

    def add(self, take: Take, model: MicModel, rng: np.random.Generator) -> None:
        """Count one take: names hidden, then names right, then two of them exchanged."""
        for index in subsets(len(take.mics), rng):
            heard = take.heard.among(index)
            mics = [take.mics[i] for i in index]
            struck = [take.struck[i] for i in index]
            self._hidden(heard, mics, struck, model)
            self._named(heard, mics, struck, model, rng)

    def _hidden(self, heard: Heard, mics: list[DrumMic], struck: list[bool], model: MicModel) -> None:
        proposals = propose_mics(heard, range(len(mics)), {}, model)
        for i, mic in enumerate(mics):
            found = proposals[i].mics[0] if proposals[i].mics else None
            ours, kind = (kind_of(found) if found else None), kind_of(mic)
            if kind is None or not heard.sounds[i]:
                continue
            self.table[kind, ours.value if ours else "none"] += 1
            self.by_size[len(mics)][ours is kind] += 1
            if not proposals[i].doubt:
                self.stated[ours is kind] += 1
        toms = [i for i, mic in enumerate(mics) if mic.role is Role.TOMS and struck[i] and _is_sure_tom(proposals[i])]
        for a, b in combinations(toms, 2):
            ours_in_order = proposals[a].mics[0].value < proposals[b].mics[0].value
            self.tom_pairs[ours_in_order == (mics[a].value < mics[b].value)] += 1

    def _named(
        self, heard: Heard, mics: list[DrumMic], struck: list[bool], model: MicModel, rng: np.random.Generator
    ) -> None:
        doubted = contradictions(heard, dict(enumerate(mics)), model)
        for i in range(len(mics)):
            self.false_doubts[i in doubted] += 1
        close = [i for i in range(len(mics)) if struck[i]]
        pairs = [(a, b) for a, b in combinations(close, 2) if mics[a].role is not mics[b].role]
        if not pairs:
            return
        a, b = pairs[int(rng.integers(len(pairs)))]
        exchanged = dict(enumerate(mics)) | {a: mics[b], b: mics[a]}
        self.exchanged_found[bool({a, b} & contradictions(heard, exchanged, model).keys())] += 1

    def lines(self) -> list[str]:
        """Return the confusion table and the shares."""
        columns = [*(kind.value for kind in KINDS), "none"]
        lines = ["label -> heard   " + " ".join(f"{c[:9]:>9}" for c in columns)]
        for kind in KINDS:
            lines.append(f"{kind.value:16} " + " ".join(f"{self.table[kind, c]:9}" for c in columns))
        sizes = ", ".join(f"{size}: {_share(counts)}" for size, counts in sorted(self.by_size.items()))
        return [
            *lines,
            f"right, by number of microphones: {sizes}",
            f"right of those stated without doubt: {_share(self.stated)}",
            f"pairs of toms that both play, in the right order: {_share(self.tom_pairs)}",
            f"names doubted though right: {_share(self.false_doubts)}",
            f"two names exchanged, at least one doubted: {_share(self.exchanged_found)}",
        ]

    def scores(self) -> dict[str, Any]:
        """Return the same as plain numbers."""
        return {
            "confusion": {kind.value: {o: n for (k, o), n in self.table.items() if k is kind} for kind in KINDS},
            "right_by_number_of_microphones": {str(n): _share(c) for n, c in sorted(self.by_size.items())},
            "right_of_stated_without_doubt": _share(self.stated),
            "tom_pairs_in_order": _share(self.tom_pairs),
            "names_doubted_though_right": _share(self.false_doubts),
            "exchanged_names_doubted": _share(self.exchanged_found),
        }


def _is_sure_tom(proposal: Any) -> bool:
    return bool(proposal.mics) and proposal.mics[0].role is Role.TOMS and not proposal.doubt


def judge(takes: Sequence[Take]) -> dict[str, Tally]:
    """Return how well unseen performances by unseen hits are heard, as recorded and altered."""
    tallies = {"as recorded": Tally.empty(), "altered": Tally.empty()}
    for fold in range(FOLDS):
        rng = np.random.default_rng(fold)
        model = fit_model([t for t in takes if t.performance % FOLDS != fold and t.half == 0], rng)
        for take in takes:
            if take.performance % FOLDS == fold and take.half == 1:
                tallies["altered" if take.is_altered else "as recorded"].add(take, model, rng)
    return tallies


def loneliest(takes: Sequence[Take]) -> float:
    """Return the least that a microphone, all of them there, has in common with the one nearest to it."""
    least = []
    for take in takes:
        common = coherence_of(take.heard) - np.eye(len(take.mics))
        least.append(float(common.max(axis=1)[take.heard.sounds].min()))
    return min(least)


def _audio(options: argparse.Namespace) -> list[str]:
    takes = list(takes_of(kit := DrumKit.load(options.data / "drumkit")))
    tallies = judge(takes)
    scores: dict[str, Any] = {name: tally.scores() for name, tally in tallies.items()}
    scores["least_in_common_with_the_nearest_microphone"] = round(loneliest(takes), 4)
    if options.json:
        write_text_whole(options.json, json.dumps(scores, indent=1) + "\n")
    if options.model:
        save(options.model, fit_model(takes, np.random.default_rng(0)), scores, kit)
    least = scores["least_in_common_with_the_nearest_microphone"]
    lines = [line for name, tally in tallies.items() for line in (f"{name}:", *tally.lines(), "")]
    return [*lines, f"least in common with the nearest microphone: {least}"]


def save(folder: Path, model: MicModel, scores: Mapping[str, Any], kit: DrumKit) -> None:
    """Write a model with its card."""
    card = {
        "format": FORMAT,
        "what": "which microphone of a drum kit a track is, by its sound beside the others",
        "features": list(FEATURES),
        "kinds": [kind.value for kind in model.kinds],
        "training_data": [{"corpus": "drumkit", "author": kit.author, "licence": "CC-BY-4.0", "kits": 1}],
        "split": f"{FOLDS} folds by performance; fitted to one half of the recorded hits, judged on the other",
        "scores": dict(scores),
        "bias": "one kit of one studio, programmed performances; altered copies stand in for other kits. No ride, "
        "outer kick or sub kick microphone is known, and left and right overheads are not told apart.",
        "licence": "the weights are MIT; they hold no audio",
        "means": _rounded(model.means),
        "spread": _rounded(model.spread),
        "precision": _rounded(model.precision),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_text_whole(folder / "model.json", json.dumps(card) + "\n")


def _rounded(values: Floats) -> Any:
    return np.round(values, 5).tolist()


if __name__ == "__main__":
    sys.exit(main())
