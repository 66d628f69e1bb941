"""Pairs of raw and stem as published [1]: the loudest ten seconds, mono, at one loudness, transposed, as spectra.

The ten seconds are those of highest energy of the stem; of the raw tracks the one with the highest energy there is
taken. Where the stem is made by ``engineers``, those hear the 30 seconds around the loudest part of the raw track, and
begin at rest. Transposition is varispeed, resampling alone: 17 steps of 50 cents from -4 to +4 semitones, at which the
tempo, formants and what an equaliser did move along by up to a third of an octave. [1] does not name its method.

What is kept of a pair is the audio of both, and for learning the bands of all frames of each step and the magnitudes of
some frames drawn by chance.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features,
   section 4.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import LoudnessMeter, integrated_lufs
from reaper_automix.analysis.stft import frame_grid, spectra_of
from reaper_automix.files import write_bytes_whole
from reaper_automix.mixers.tone_network import SEGMENT_S, levels_of, loudest
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.corpora.loading import file_status, read_audio_at
from reaper_automix.training.tone.engineers import LEVEL_LUFS, chain_for, habits_of, heard, processed
from reaper_automix.training.tone.groups import Source
from reaper_automix.units import db_to_lin

MADE_AS = 1
"""Raise this when pairs are made differently, so that old ones are not used."""

RATE_HZ = 44_100
GRID = frame_grid(RATE_HZ)
"""2048 samples, half overlapping, as published."""
LOUDNESS_LUFS = -23.0
SHIFTS_SEMITONES = tuple(step / 2.0 for step in range(-8, 9))
UNSHIFTED = SHIFTS_SEMITONES.index(0.0)
N_FRAMES = 32
"""Whose magnitudes are kept of each pair and step."""
HEARD_S = 30.0
SHORTEST_S = 1.0
SCALE = 1024.0
"""Magnitudes times this fit half precision."""

Mono = NDArray[np.float32]
Halves = NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """A pair at each step of transposition, to learn from.

    Parameters
    ----------
    levels_db : sequence of ndarray of float16, shape (n_frames, n_bands)
        Of the raw track, all frames.
    frames : ndarray of int32, shape (n_shifts, N_FRAMES)
        Those whose magnitudes are kept.
    raw, stem : ndarray of float16, shape (n_shifts, N_FRAMES, n_bins)
        Their magnitudes, times ``SCALE``.
    """

    levels_db: Sequence[Halves]
    frames: NDArray[np.int32]
    raw: Halves
    stem: Halves


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Ten seconds of a raw track and of the stem.

    Parameters
    ----------
    source : Source
    raw, stem : ndarray of float32, shape (n_samples,)
        Mono at 44.1 kHz, each at ``LOUDNESS_LUFS``.
    variants : Variants or None
        Of pairs that may be learned from.
    """

    source: Source
    raw: Mono
    stem: Mono
    variants: Variants | None

    @property
    def key(self) -> str:
        """Unique among all pairs."""
        return self.source.key

    @property
    def is_real(self) -> bool:
        """Whether a human made the stem."""
        return self.source.stem is not None


def pair_of(source: Source, kept: Path) -> Pair | None:
    """Return the pair of a source, made once; None where it is silent or shorter than a second.

    Parameters
    ----------
    source : Source
    kept : Path
        Folder of pairs that are made already.

    Raises
    ------
    CorpusError
        If its audio cannot be read.
    """
    file = kept / f"{source.group}-{_digest(source)}.npz"
    if not file.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        write_bytes_whole(file, _made(source))
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if not arrays:
        return None
    variants = _read_variants(arrays) if "frames" in arrays else None
    return Pair(source, arrays["raw"], arrays["stem"], variants)


def magnitudes_of(mono: Mono) -> NDArray[np.float32]:
    """Return the magnitudes of a mono signal, float32 (n_frames, 1025)."""
    return spectra_of(mono[np.newaxis], GRID).magnitude


def transposed(mono: Mono, semitones: float) -> Mono:
    """Return a signal as if played faster (upwards) or slower."""
    if semitones == 0.0:
        return mono
    return np.asarray(soxr.resample(mono, RATE_HZ * 2.0 ** (semitones / 12.0), RATE_HZ, quality="HQ"), np.float32)


def at_loudness(mono: Mono, level_lufs: float) -> Mono | None:
    """Return a mono signal at a loudness; None where it is silent."""
    meter = LoudnessMeter(RATE_HZ, 1)
    meter.add(mono[np.newaxis])
    now_lufs = integrated_lufs(meter.block_energy())
    return mono * np.float32(db_to_lin(level_lufs - now_lufs)) if np.isfinite(now_lufs) else None


def segments_of(stem: Mono, raws: Sequence[Mono]) -> tuple[Mono, Mono]:
    """Return the loudest ten seconds of a stem, and the raw track with the highest energy there: (raw, stem)."""
    start, stop = loudest(stem, round(SEGMENT_S * RATE_HZ))
    cuts = [_cut(raw, start, stop) for raw in raws]
    return cuts[int(np.argmax([np.square(cut, dtype=np.float64).sum() for cut in cuts]))], stem[start:stop]


def variants_of(
    raw: Mono, stem: Mono, rng: np.random.Generator, shifts_semitones: Sequence[float] = SHIFTS_SEMITONES
) -> Variants:
    """Return a pair at each step of transposition, with frames drawn by chance."""
    return _read_variants(dict(_variants(raw, stem, rng, shifts_semitones)))


def _read_variants(arrays: Mapping[str, NDArray[Any]]) -> Variants:
    parts = np.split(arrays["levels_db"], np.cumsum(arrays["n_frames"])[:-1])
    return Variants(parts, arrays["frames"], arrays["raw_frames"], arrays["stem_frames"])


def _made(source: Source) -> bytes:
    arrays: dict[str, NDArray[Any]] = {}
    both = _processed(source) if source.stem is None else _recorded(source, source.stem)
    if both is not None:
        arrays |= {"raw": both[0], "stem": both[1]}
        if source.usage is Usage.TRAIN:
            arrays |= _variants(*both, np.random.default_rng(_seed(source.key)), SHIFTS_SEMITONES)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _recorded(source: Source, stem: Path) -> tuple[Mono, Mono] | None:
    return _levelled(*segments_of(_mono(stem), [_mono(path) for path in source.raws]))


def _processed(source: Source) -> tuple[Mono, Mono] | None:
    whole = _mono(source.raws[0])
    centre = sum(loudest(whole, round(SEGMENT_S * RATE_HZ))) // 2
    first = max(0, min(centre - round(HEARD_S * RATE_HZ / 2.0), whole.size - round(HEARD_S * RATE_HZ)))
    raw = at_loudness(whole[first : first + round(HEARD_S * RATE_HZ)], LEVEL_LUFS)
    if raw is None:
        return None
    # One draw per song and group: what an engineer does to one guitar of a song he does to the other.
    habits = habits_of(source.group, np.random.default_rng(_seed(f"{source.corpus}/{source.song}/{source.group}")))
    chain = chain_for(habits, heard(whole[np.newaxis], RATE_HZ))
    stem = processed(raw[np.newaxis], chain, RATE_HZ)[0]
    return _levelled(*segments_of(stem, [raw]))


def _levelled(raw: Mono, stem: Mono) -> tuple[Mono, Mono] | None:
    if stem.size < SHORTEST_S * RATE_HZ:
        return None
    levelled = at_loudness(raw, LOUDNESS_LUFS), at_loudness(stem, LOUDNESS_LUFS)
    return None if levelled[0] is None or levelled[1] is None else (levelled[0], levelled[1])


def _variants(
    raw: Mono, stem: Mono, rng: np.random.Generator, shifts_semitones: Sequence[float]
) -> Iterator[tuple[str, NDArray[Any]]]:
    levels_db, frames, kept = [], [], []
    for semitones in shifts_semitones:
        spectra = [magnitudes_of(transposed(mono, semitones)) for mono in (raw, stem)]
        some = np.sort(rng.choice(len(spectra[0]), N_FRAMES, replace=len(spectra[0]) < N_FRAMES))
        levels_db.append(levels_of(spectra[0], GRID).astype(np.float16))
        frames.append(some.astype(np.int32))
        kept.append([np.minimum(one[some] * np.float32(SCALE), 6e4).astype(np.float16) for one in spectra])
    yield "levels_db", np.concatenate(levels_db)
    yield "n_frames", np.array([len(one) for one in levels_db])
    yield "frames", np.array(frames)
    yield "raw_frames", np.array([raw for raw, _ in kept])
    yield "stem_frames", np.array([stem for _, stem in kept])


def _mono(path: Path) -> Mono:
    return np.asarray(read_audio_at(path, RATE_HZ).mean(axis=0), np.float32)


def _cut(mono: Mono, start: int, stop: int) -> Mono:
    """Return a stretch; what lies after the end is silence."""
    part = mono[start:stop]
    return np.pad(part, (0, stop - start - part.size))


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _digest(source: Source) -> str:
    """Return a name for what a pair is made of."""
    parts = [f"{MADE_AS} {source.key} {source.group} {source.usage.value}"]
    for path in (*source.raws, *((source.stem,) if source.stem else ())):
        status = file_status(path)
        parts.append(f"{path.name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
