"""Songs as the controller learns from them: loudness-normalised tracks, and the mix that a human made of them.

The target is the sum of the tracks at the human's gains and pans, without effects: what gain and pan alone can reach.
Where gains come from, see ``corpora.contract``. Pans are known of LMMS projects and of MIDI files; stems of finished
songs carry theirs in themselves. In this form a pan is a gain per side, and is turned into REAPER's balance.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.roles import UTILITY_ROLES
from reaper_automix.audio import levels
from reaper_automix.files import whole_file, write_bytes_whole
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_excerpts import Heard, Images, excerpt, hear
from reaper_automix.training.corpora.contract import CorpusSong, GainCurve, Usage
from reaper_automix.training.corpora.loading import digest_of_song, read_audio_at
from reaper_automix.training.evaluation.sources import songs_of_those_there
from reaper_automix.training.strips.features import loudness_of
from reaper_automix.training.strips.pans import Sides, sends_db_of, sides_of, to_strip
from reaper_automix.units import db_to_lin, energy_to_db

MADE_AS = 2
"""Raise this when songs are made differently, so that old ones are not used."""

CORPORA = ("songs", "lmms", "gm-midi")
RATE_HZ = 44_100
TARGET_LUFS = -18.0
"""Of the excerpts of a target together: the level of a mix says nothing."""

MONO_BELOW_DB = -40.0
"""A target whose sides differ by less than this is mono: it says nothing of pans, and its difference is noise."""

FEWEST_TRACKS = 2


@dataclass(frozen=True, slots=True, eq=False)
class StripSong:
    """A song, cut into excerpts.

    Parameters
    ----------
    corpus, id, author, licence : str
    usage : Usage
        Whether a shipped model may learn from it.
    roles : tuple of str
        Of each track; empty where it is not known.
    heard : Heard
        What the controller hears.
    gains_db, pans : ndarray of float64, shape (n_tracks,)
        What the human did to the normalised tracks, one number each; the gain is the mean over the excerpts where it
        moves.
    sends_db : ndarray of float64, shape (n_tracks,)
        What the human sent to a reverb, -150 for none; the target is without it.
    tracks : ndarray of float16, shape (n_excerpts, n_tracks, 2, n_samples)
        Normalised to ``REFERENCE_LUFS``; mapped from a file.
    target : ndarray of float32, shape (n_excerpts, 2, n_samples)
        Their sum as the human had it; mapped from a file.
    is_stereo : bool
        Whether the target says anything of pans.
    levels_are_raw : bool
        Whether the tracks came in at the level of a recording; those of finished stems tell the human's balance.
    """

    corpus: str
    id: str
    author: str
    licence: str
    usage: Usage
    roles: tuple[str, ...]
    heard: Heard
    gains_db: NDArray[np.float64]
    pans: NDArray[np.float64]
    sends_db: NDArray[np.float64]
    tracks: NDArray[np.float16]
    target: NDArray[np.float32]
    is_stereo: bool
    levels_are_raw: bool

    @property
    def key(self) -> str:
        """Unique among all songs."""
        return f"{self.corpus}/{self.id}"


def songs_below(data: Path, most_per_author: int | None = None) -> tuple[CorpusSong, ...]:
    """Return the songs of the corpora below a folder, sorted; of one author in one corpus so many at most.

    Raises
    ------
    CorpusError
        If none of them is there, or one is damaged.
    """
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for song in sorted(songs_of_those_there(data, CORPORA), key=lambda song: (song.corpus, song.id)):
        counts[song.corpus, song.author] += 1
        if most_per_author is None or counts[song.corpus, song.author] <= most_per_author:
            kept.append(song)
    return tuple(kept)


def strip_song(song: CorpusSong, midi: Mapping[str, bytes], kept: Path) -> StripSong | None:
    """Return a song cut into excerpts, made once; None where fewer than two tracks sound at a known gain.

    Parameters
    ----------
    song : CorpusSong
    midi : mapping of str to bytes
        MIDI files by their hash, for the pans of rendered songs; without them their targets count as mono.
    kept : Path
        Folder of songs that are made already.

    Raises
    ------
    CorpusError
        If its audio cannot be read.
    """
    sides = sides_of(song, midi)
    file = kept / f"{song.corpus}-{digest_of_song(song, MADE_AS, sides)}.npz"
    if not file.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        _make(song, sides, sends_db_of(song, midi), file)
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if not arrays:
        return None
    starts_s = tuple(float(start_s) for start_s in arrays["starts_s"])
    heard = Heard(arrays["images"].astype(np.float32), arrays["sounds"], arrays["loudness_lufs"], starts_s)
    return StripSong(
        song.corpus,
        song.id,
        song.author,
        song.licence,
        song.usage,
        tuple(str(role) for role in arrays["roles"]),
        heard,
        arrays["gains_db"],
        arrays["pans"],
        arrays["sends_db"],
        np.load(file.with_suffix(".tracks.npy"), mmap_mode="r", allow_pickle=False),
        np.load(file.with_suffix(".target.npy"), mmap_mode="r", allow_pickle=False),
        bool(arrays["is_stereo"]),
        song.corpus != "songs",
    )


def is_stereo(target: Audio) -> bool:
    """Return whether the sides of a mix, (2, n_samples), differ by more than ``MONO_BELOW_DB``."""
    both, between = np.square(target[0] + target[1]).sum(), np.square(target[0] - target[1]).sum()
    return bool(between > both * levels.db_to_energy(np.array(MONO_BELOW_DB)))


def _make(song: CorpusSong, sides: Sequence[Sides] | None, sends_db: Sequence[float], file: Path) -> None:
    chosen = [n for n, t in enumerate(song.tracks) if t.role not in UTILITY_ROLES and t.gain_is_known]
    audio = [read_audio_at(song.tracks[number].path, RATE_HZ)[:2] for number in chosen]
    heard = hear(audio, RATE_HZ)
    here = np.flatnonzero(heard.sounds.any(axis=1))
    if here.size < FEWEST_TRACKS:
        write_bytes_whole(file, _to_bytes({}))
        return
    some = [song.tracks[chosen[n]] for n in here]
    placed = [(1.0, 1.0) if sides is None else sides[chosen[n]] for n in here]
    norms_db = REFERENCE_LUFS - heard.loudness_lufs[here]
    cuts = [audio[n] * np.float32(db_to_lin(float(gain_db))) for n, gain_db in zip(here, norms_db, strict=True)]
    tracks = np.stack([_stereo(cuts, start_s) for start_s in heard.starts_s]).astype(np.float16)
    curves = [_curve_lin(track.gain_db, heard.starts_s, tracks.shape[-1]) for track in some]
    target = _target(tracks, curves, placed, norms_db)
    gains_db, pans = _static(tracks, curves, placed, norms_db)
    # A song whose pans nobody knows is a sum of centred tracks: not what its author heard between the sides.
    stereo = sides is not None and is_stereo(np.concatenate(list(target), axis=1))
    arrays: dict[str, NDArray[np.generic]] = {
        "roles": np.array([t.role.value if t.role else "" for t in some]),
        "images": heard.images[here].astype(np.float16),
        "sounds": heard.sounds[here],
        "loudness_lufs": heard.loudness_lufs[here],
        "starts_s": np.array(heard.starts_s),
        "gains_db": gains_db,
        "pans": pans,
        "sends_db": np.array([sends_db[chosen[n]] for n in here]),
        "is_stereo": np.array(stereo),
    }
    _save(file.with_suffix(".tracks.npy"), tracks)
    _save(file.with_suffix(".target.npy"), target)
    write_bytes_whole(file, _to_bytes(arrays))  # last: where it is, all is


def _stereo(tracks: Sequence[Audio], start_s: float) -> Audio:
    """Return an excerpt of all tracks, (n_tracks, 2, n_samples); mono plays on both sides."""
    cuts = (excerpt(track, start_s, RATE_HZ) for track in tracks)
    return np.stack([np.broadcast_to(cut, (2, cut.shape[1])) for cut in cuts])


def _curve_lin(curve: GainCurve, starts_s: Sequence[float], n_samples: int) -> Images:
    """Return the gain in each excerpt, (n_excerpts, n_samples), or (n_excerpts, 1) where it is constant."""
    if len(curve) == 1:
        return np.full((len(starts_s), 1), db_to_lin(curve[0][1]), np.float32)
    times_s, gains_db = (np.array(column) for column in zip(*curve, strict=True))
    clock_s = np.arange(n_samples) / RATE_HZ
    gains = [levels.db_to_lin(np.interp(start_s + clock_s, times_s, gains_db)) for start_s in starts_s]
    return np.array(gains, np.float32)


def _target(
    tracks: NDArray[np.float16], curves: Sequence[Images], sides: Sequence[Sides], norms_db: NDArray[np.float64]
) -> NDArray[np.float32]:
    target = np.zeros((len(tracks), 2, tracks.shape[-1]), np.float32)
    for number, (curve, (left, right), norm_db) in enumerate(zip(curves, sides, norms_db, strict=True)):
        gain = curve * np.float32(db_to_lin(-float(norm_db)))
        target[:, 0] += tracks[:, number, 0] * gain * np.float32(left)
        target[:, 1] += tracks[:, number, 1] * gain * np.float32(right)
    level_lufs = loudness_of(target, RATE_HZ)
    return target * np.float32(db_to_lin(TARGET_LUFS - level_lufs)) if np.isfinite(level_lufs) else target


def _static(
    tracks: NDArray[np.float16], curves: Sequence[Images], sides: Sequence[Sides], norms_db: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gain in dB and pan of each track; where the gain moves, what keeps its energy over the excerpts."""
    gains_db, pans = np.zeros(len(curves)), np.zeros(len(curves))
    for number, (curve, (left, right)) in enumerate(zip(curves, sides, strict=True)):
        energy = np.square(tracks[:, number].astype(np.float32)).mean(axis=1)
        moved, still = float((energy * np.square(curve)).sum()), float(energy.sum())
        mean_db = energy_to_db(moved / still) if still > 0.0 else energy_to_db(float(np.square(curve).mean()))
        gain_lin, pans[number] = to_strip(left, right)
        gains_db[number] = max(mean_db, -120.0) - norms_db[number] + energy_to_db(gain_lin**2)
    return gains_db, pans


def _save(path: Path, array: NDArray[np.generic]) -> None:
    with whole_file(path) as part, part.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def _to_bytes(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()
