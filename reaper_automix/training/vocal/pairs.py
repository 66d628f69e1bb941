"""From the songs of corpora to pairs: a vocal, or lead part, and everything else, at the level of the human's mix.

What is kept of a pair is what training needs: mel spectra in dB and loudness per 100 ms. It is made once and kept in a
folder. Loudness is that of the stereo signals, as the master hears them; the spectra are of their mean, mono, as
published [1]. Tracks whose human gain is not known would be missing in the backing, so their songs are left out.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, section III-B.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import Audio, Energy, LoudnessMeter, integrated_lufs
from reaper_automix.analysis.mel_spectra import RATE_HZ, Mels, in_db, mel_energies
from reaper_automix.analysis.roles import UTILITY_ROLES
from reaper_automix.audio import levels
from reaper_automix.files import write_bytes_whole
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, GainCurve, Usage
from reaper_automix.training.corpora.loading import digest_of_song, read_audio_at
from reaper_automix.training.evaluation.sources import songs_of_those_there
from reaper_automix.training.vocal.leads import best_of, candidates_of, vocals_of, voicing_of
from reaper_automix.units import db_to_lin

MADE_AS = 1
"""Raise this when pairs are made differently, so that old ones are not used."""

CORPORA = ("songs", "lmms", "gm-midi", "musdb18hq")
VOCAL, LEAD = "vocal", "lead part"

N_REMIXES = 2
REMIX_DB, MOST_REMIX_DB = 3.0, 6.0
"""Standard deviation and limit of what a remix moves each track of the backing by."""

SILENT_LUFS = -70.0


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A vocal or lead part and its backing.

    Parameters
    ----------
    corpus, song, author, licence : str
    usage : Usage
        Whether a shipped model may learn from it.
    kind : str
        ``vocal``, or ``lead part`` of a song in which nobody sings.
    lead : str
        Names of the tracks that are the vocal.
    lead_ids : tuple of str
        Their ids in the song.
    mels_db : ndarray of float16, shape (2 + N_REMIXES, 128, n_frames)
        Mel energies in dB of the vocal, the backing, and backings whose inner balance is changed.
    energies : ndarray of float64, shape (2, n_blocks)
        K-weighted mean square of vocal and backing per 100 ms, summed over left and right.
    gap_lu : float
        Integrated loudness of the vocal minus that of the backing: the human's decision.
    """

    corpus: str
    song: str
    author: str
    licence: str
    usage: Usage
    kind: str
    lead: str
    lead_ids: tuple[str, ...]
    mels_db: NDArray[np.float16]
    energies: Energy
    gap_lu: float

    def mels(self, channel: int) -> Mels:
        """Return the mel energies of a channel, (128, n_frames)."""
        return levels.db_to_energy(self.mels_db[channel].astype(np.float32))

    @property
    def key(self) -> str:
        """Unique among all pairs."""
        return f"{self.corpus}/{self.song}"


def songs_below(data: Path) -> tuple[CorpusSong, ...]:
    """Return the songs of those corpora in a folder that pairs are made from.

    Raises
    ------
    CorpusError
        If none of them is there, or one is damaged.
    """
    return songs_of_those_there(data, CORPORA)


def pair_of(song: CorpusSong, kept: Path) -> Pair | None:
    """Return the pair of a song, made once; None where it has no vocal and no lead part, or no known level.

    Parameters
    ----------
    song : CorpusSong
    kept : Path
        Folder of pairs that are made already.

    Raises
    ------
    CorpusError
        If its audio cannot be read.
    """
    file = kept / f"{song.corpus}-{digest_of_song(song, MADE_AS)}.npz"
    if not file.is_file():
        made = _made(song)
        kept.mkdir(parents=True, exist_ok=True)
        write_bytes_whole(file, _to_bytes(made))
    with np.load(file, allow_pickle=False) as stored:
        if not stored["mels_db"].size:
            return None
        kind, lead, *ids = (str(text) for text in stored["texts"])
        mels_db, energies = stored["mels_db"], stored["energies"]
    gap_lu = integrated_lufs(_halves(energies[0])) - integrated_lufs(_halves(energies[1]))
    about = (song.corpus, song.id, song.author, song.licence, song.usage)
    return Pair(*about, kind, lead, tuple(ids), mels_db, energies, gap_lu)


def _halves(energy: Energy) -> Energy:
    """Return energies summed over the sides as the meter's functions take them, (2, n_blocks)."""
    return np.stack([energy, energy]) / 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    kind: str
    lead: str
    lead_ids: tuple[str, ...]
    mels_db: NDArray[np.float16]
    energies: Energy


def _made(song: CorpusSong) -> _Made | None:
    tracks = [track for track in song.tracks if track.role not in UTILITY_ROLES]
    if not all(track.gain_is_known for track in tracks):
        return None
    leads = vocals_of(tracks)
    kind = VOCAL if leads else LEAD
    leads = leads or _lead_part(tracks)
    others = [track for track in tracks if track not in leads]
    if not leads or not others:
        return None
    seed = int(hashlib.sha256(f"{song.corpus}/{song.id}".encode()).hexdigest()[:8], 16)
    vocal, backings = _sum_of(leads), _backings(others, np.random.default_rng(seed))
    energies = [_energy(vocal), _energy(backings[0])]
    length = max(energy.size for energy in energies)
    both = np.stack([np.pad(energy, (0, length - energy.size)) for energy in energies])
    if min(integrated_lufs(_halves(energy)) for energy in both) <= SILENT_LUFS:
        return None
    mels = [mel_energies(signal.mean(axis=0), RATE_HZ) for signal in (vocal, *backings)]
    n_frames = max(mel.shape[1] for mel in mels)
    padded = np.stack([np.pad(mel, ((0, 0), (0, n_frames - mel.shape[1]))) for mel in mels])
    mels_db = in_db(padded).astype(np.float16)
    return _Made(kind, " + ".join(t.name for t in leads), tuple(t.id for t in leads), mels_db, both)


def _lead_part(tracks: Sequence[CorpusTrack]) -> tuple[CorpusTrack, ...]:
    candidates = candidates_of(tracks)
    found = best_of([voicing_of(_stereo(track.path).mean(axis=0), RATE_HZ) for track in candidates])
    return () if found is None else (candidates[found],)


def _sum_of(tracks: Sequence[CorpusTrack]) -> Audio:
    total: Audio = np.zeros((2, 0), np.float32)
    for track in tracks:
        total = _added(total, _at_human_level(track))
    return total


def _backings(tracks: Sequence[CorpusTrack], rng: np.random.Generator) -> list[Audio]:
    """Return the sum of the tracks, and remixes of it that are as loud."""
    totals: list[Audio] = [np.zeros((2, 0), np.float32) for _ in range(1 + N_REMIXES)]
    for track in tracks:
        audio = _at_human_level(track)
        moves_db = np.clip(rng.normal(0.0, REMIX_DB, N_REMIXES), -MOST_REMIX_DB, MOST_REMIX_DB)
        for number, move_db in enumerate((0.0, *moves_db.tolist())):
            totals[number] = _added(totals[number], audio * np.float32(db_to_lin(move_db)))
    # A remix keeps the loudness of the backing, so that the human's decision on the vocal stays what it was.
    wanted_lufs = integrated_lufs(_halves(_energy(totals[0])))
    for number, total in enumerate(totals[1:], 1):
        off_db = wanted_lufs - integrated_lufs(_halves(_energy(total)))
        totals[number] = total * np.float32(db_to_lin(off_db) if math.isfinite(off_db) else 1.0)
    return totals


def _added(total: Audio, audio: Audio) -> Audio:
    if total.shape[1] < audio.shape[1]:
        total = np.pad(total, ((0, 0), (0, audio.shape[1] - total.shape[1])))
    total[:, : audio.shape[1]] += audio
    return total


def _energy(audio: Audio) -> Energy:
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.add(audio)
    return np.asarray(meter.block_energy().sum(axis=0))


def _at_human_level(track: CorpusTrack) -> Audio:
    audio = _stereo(track.path)
    return audio * _gain_lin(track.gain_db, audio.shape[1])


def _gain_lin(curve: GainCurve, n_samples: int) -> NDArray[np.float32]:
    """Return the gain of each sample, or one for all of them where it is constant."""
    if len(curve) == 1:
        return np.array([db_to_lin(curve[0][1])], np.float32)
    times_s, gains_db = (np.array(column) for column in zip(*curve, strict=True))
    gain_db = np.interp(np.arange(n_samples) / RATE_HZ, times_s, gains_db)
    return np.asarray(levels.db_to_lin(gain_db), np.float32)


def _stereo(path: Path) -> Audio:
    """Return a file at 44.1 kHz, (2, n_samples); mono plays in both channels."""
    left_right = read_audio_at(path, RATE_HZ)[:2]
    return np.ascontiguousarray(np.broadcast_to(left_right, (2, left_right.shape[1])))


def _to_bytes(made: _Made | None) -> bytes:
    buffer = io.BytesIO()
    if made is None:
        np.savez(buffer, allow_pickle=False, mels_db=np.zeros(0, np.float16))
    else:
        texts = np.array([made.kind, made.lead, *made.lead_ids])
        np.savez(buffer, allow_pickle=False, texts=texts, mels_db=made.mels_db, energies=made.energies)
    return buffer.getvalue()
