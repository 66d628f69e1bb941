"""What the transformation network learns from: recorded tracks at the level a channel meets them, split by song.

Of each track the loudest part of its louder side is kept, at -23 LUFS, as the tracks of a song are normalised before
they are mixed; a patch of it then meets the input gain of a strip, drawn uniformly from its range. Some songs are never
learned from: a few say how training goes, and the others are judged on. Songs of one author stay on one side; where a
corpus has too few authors for that, songs do. A drum kit, whose performances share their strokes, is learned from only.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import Audio
from reaper_automix.errors import CorpusError
from reaper_automix.files import write_bytes_whole
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_parameters import GAIN
from reaper_automix.training.corpora.contract import CorpusSong, Usage
from reaper_automix.training.corpora.loading import file_status, read_audio_at, resampled
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.resuming import Say, unsaid
from reaper_automix.training.role_drumkit import DrumKit
from reaper_automix.training.strips.features import loudness_of
from reaper_automix.training.strips.transformation import (
    PATCH_S,
    STAGES,
    Examples,
    Source,
    Stage,
    centre_crop,
    random_examples,
    random_patches,
)
from reaper_automix.units import db_to_lin

MADE_AS = 1
"""Raise this when recordings are made differently, so that old ones are not used."""

RATE_HZ = 44_100
PATCH_SAMPLES = round(PATCH_S * RATE_HZ)
LONGEST_S = 20.0
"""Of each track, so that those of 15 songs stay below a gigabyte."""
LEARNED, WATCHED, UNSEEN = SPLITS = ("learned", "watched", "unseen")
_TURN = (LEARNED, LEARNED, WATCHED, UNSEEN)
_QUIETEST_ENERGY = 1e-5
_MOST_TRIES = 20
FEWEST_AUTHORS = len(_TURN)
KIT = "drumkit"
KIT_PERFORMANCES = 2

Recording = NDArray[np.float32]
Recordings = Mapping[str, Sequence[Recording]]
"""By split."""
_Read = Callable[[], Iterator[Audio]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A song, or a performance of the kit: ``read`` yields its tracks, (1 or 2, n_samples) at 44.1 kHz."""

    name: str
    split: str
    state: str
    read: _Read


def recordings_below(data: Path, kept: Path, say: Say = unsaid) -> Recordings:
    """Return the recordings of the corpora below a folder by split; made once.

    Parameters
    ----------
    data : Path
        Its subfolders are corpora; those that a shipped model may not learn from are left out.
    kept : Path
        Where they are kept, ``.npz``.
    say : callable
        Told a line about each song.

    Raises
    ------
    CorpusError
        If there is no such corpus, one is damaged, or a split would be empty.
    """
    parts = [*_songs(data), *_performances(data / KIT)]
    digest = hashlib.sha256(repr((MADE_AS, [(p.name, p.split, p.state) for p in parts])).encode()).hexdigest()
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as stored:
            if str(stored["digest"]) == digest:
                return _by_split({name: stored[name] for name in stored.files if name != "digest"})
    found: dict[str, NDArray[np.float16]] = {}
    for number, part in enumerate(parts, 1):
        for track, audio in enumerate(part.read()):
            if (recording := loudest_part(audio)) is not None:
                found[f"{part.split}/{part.name}/{track}"] = recording.astype(np.float16)
        say(f"{number}/{len(parts)}  {part.split}: {part.name}")
    recordings = _by_split(found)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, digest=np.array(digest), **found)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_bytes_whole(kept, buffer.getvalue())
    return recordings


def split_of(songs: Sequence[CorpusSong]) -> dict[tuple[str, str], str]:
    """Return the split of each song, by corpus and id: of four authors (or songs) two are learned from."""
    found: dict[tuple[str, str], str] = {}
    for corpus in sorted({song.corpus for song in songs}):
        own = [song for song in songs if song.corpus == corpus]
        by_author = len({song.author for song in own}) >= FEWEST_AUTHORS
        groups = sorted({song.author if by_author else song.id for song in own})
        for song in own:
            place = groups.index(song.author if by_author else song.id)
            found[corpus, song.id] = _TURN[place % len(_TURN)]
    return found


def loudest_part(audio: Audio) -> Recording | None:
    """Return the loudest ``LONGEST_S`` of the louder side of a track at -23 LUFS, (n_samples,); None for silence."""
    side = audio[int(np.argmax(np.square(audio).sum(axis=1, dtype=np.float64)))]
    length = round(LONGEST_S * RATE_HZ)
    if side.size > length:
        passed = np.concatenate([[0.0], np.cumsum(np.square(side, dtype=np.float64))])
        start = int(np.argmax(passed[length:] - passed[:-length]))
        side = side[start : start + length]
    level_lufs = loudness_of(side[None, None], RATE_HZ)
    if not np.isfinite(level_lufs):
        return None
    return np.asarray(side * np.float32(db_to_lin(REFERENCE_LUFS - level_lufs)), np.float32)


def through_input_gain(recordings: Sequence[Recording]) -> Source:
    """Return a source of patches, each at an input gain drawn uniformly from the range of a strip."""
    draw = random_patches(recordings)

    def gained(n_samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
        gain_db = float(rng.uniform(GAIN.low, GAIN.high))
        return draw(n_samples, rng) * np.float32(db_to_lin(gain_db))

    return gained


def channel_examples(
    source: Source, seed: Sequence[int], *, n_examples: int, n_heard: int, stages: Sequence[Stage] = STAGES
) -> Examples:
    """Make examples of 1.5 s, as published, and return one stretch of so many samples of each.

    The processors begin at rest where the 1.5 s do, so that a network that can afford short patches only still hears
    reverbs and compressors on their way.
    """
    rng = np.random.default_rng(list(seed))
    whole = random_examples(source, rng, n_examples=n_examples, n_samples=PATCH_SAMPLES, stages=stages)
    start = int(rng.integers(PATCH_SAMPLES - n_heard + 1))
    end = start + n_heard
    return Examples(whole.audio[..., start:end], whole.conditions, whole.target[..., start:end])


def sounding_examples(
    source: Source, seed: int, count: int, *, n_heard: int, n_answered: int, stages: Sequence[Stage] = STAGES
) -> Iterator[Examples]:
    """Yield examples to measure on, one by one, always the same ones.

    Those whose middle of ``n_answered`` samples stays below -50 dBFS (RMS) are passed over, up to 20 times as many as
    are wanted: the spectral convergence against silence is as large as one likes.
    """
    for number in range(_MOST_TRIES * count):
        examples = channel_examples(source, (seed, number), n_examples=1, n_heard=n_heard, stages=stages)
        level = float(centre_crop(examples.audio, n_answered).square().mean())
        if level >= _QUIETEST_ENERGY:
            yield examples
            count -= 1
        if not count:
            return


def _songs(data: Path) -> list[_Part]:
    songs = [s for s in corpus_songs(data) if s.usage is Usage.TRAIN]
    splits = split_of(songs)
    return [
        _Part(f"{s.corpus}/{s.id}", splits[s.corpus, s.id], _state([t.path for t in s.tracks]), _reader(s))
        for s in sorted(songs, key=lambda song: (song.corpus, song.id))
    ]


def _performances(folder: Path) -> list[_Part]:
    if not folder.is_dir():
        return []
    kit = DrumKit.load(folder)
    return [
        _Part(f"{KIT}/{path.stem}", LEARNED, _state([path, folder / "manifest.json"]), _player(kit, path))
        for path in kit.performances[:KIT_PERFORMANCES]
    ]


def _reader(song: CorpusSong) -> _Read:
    return lambda: (read_audio_at(track.path, RATE_HZ) for track in song.tracks)


def _player(kit: DrumKit, performance: Path) -> _Read:
    return lambda: (resampled(mic.audio, kit.sample_rate_hz, RATE_HZ) for mic in kit.play(performance))


def _state(paths: Sequence[Path]) -> str:
    return " ".join(f"{path.name} {file_status(path).st_size}" for path in paths)


def _by_split(found: Mapping[str, NDArray[np.float16]]) -> Recordings:
    by_split = {
        split: [half.astype(np.float32) for name, half in found.items() if name.startswith(f"{split}/")]
        for split in SPLITS
    }
    for split, recordings in by_split.items():
        if not any(recording.size >= PATCH_SAMPLES for recording in recordings):
            raise CorpusError(f"no track of {PATCH_S:g} s and more for the split '{split}': give more songs.")
    return by_split
