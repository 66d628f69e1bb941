"""What the network plays of a track, as audio for a new take of each of its items.

The span of the source that an item plays goes through the network at the source's own rate, so that playrate, pitch,
fades, envelopes and gains of the item do to it what they did before; loops are unrolled. All items of a track are heard
as one: what the network is told of the track is that of its loudest part. No sample goes beyond the original's highest,
or beyond -0.1 dBFS where that is higher; the rest, and what keeps the track as loud as it is, is the take's gain.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reaper_automix.analysis.cache import default_folder
from reaper_automix.analysis.loudness import Energy, LoudnessMeter, integrated_lufs
from reaper_automix.analysis.stft import frame_grid, spectra_of
from reaper_automix.audio.media import Audio, MediaIndex, MediaReader
from reaper_automix.audio.skips import playable
from reaper_automix.audio.sources import SourceLine
from reaper_automix.audio.wavfile import write_wav
from reaper_automix.errors import MediaError, SessionError
from reaper_automix.mixers.tone_audio import played
from reaper_automix.mixers.tone_hearing import LoudestPart
from reaper_automix.mixers.tone_network import Floats, Heard, ToneNetwork, hear, levels_of
from reaper_automix.mixplan import TakeMove, TrackRef
from reaper_automix.session import Item, Track
from reaper_automix.take_writing import take_problem
from reaper_automix.units import db_to_energy, db_to_lin, lin_to_db

HIGHEST_DBFS = -0.1
LONGEST_S = 1_800.0
"""An item is heard as a whole; longer ones would take too much memory."""
MOST_BYTES = 4 << 30
"""Of the audio that waits to be copied into a project; the oldest goes first."""

_LONGEST_NAME = 48
_HASH_CHARS = 10
_LOWEST_GAIN_DB = -60.0
_HIGHEST = float(np.nextafter(np.float32(db_to_lin(HIGHEST_DBFS)), np.float32(0.0)))
"""The nearest float32 is above it."""


@dataclass(frozen=True, slots=True, eq=False)
class SteadyNetwork(ToneNetwork):
    """A network at a strength, that goes by what was heard of the track, whatever part of it is played.

    Parameters
    ----------
    heard : Heard or None
        None: of what is played.
    share : float
        Of every gain in dB, 0 to 1.
    """

    heard: Heard | None = None
    share: float = 1.0

    def gains_db(self, levels_db: Floats, heard: Heard) -> Floats:
        """Return the gain of each band in each frame, float32 (n_frames, n_bands)."""
        return ToneNetwork.gains_db(self, levels_db, self.heard or heard) * np.float32(self.share)


@dataclass(frozen=True, slots=True, eq=False)
class _Played:
    """One item: its audio within the limit, what was taken off for that, and both loudnesses per block."""

    item: Item
    audio: Audio
    rate_hz: int
    lowered_db: float
    before: Energy
    after: Energy


def takes_problem(track: Track, index: MediaIndex) -> str:
    """Say why a track cannot have new takes on all items that play; empty where it can."""
    for item in _sounding(track):
        problem = take_problem(item) or next((skip.cause for skip in playable(item, track, index)), "")
        if not problem and item.length_s * item.playing_takes[0].playrate > LONGEST_S:
            problem = f"it is longer than {LONGEST_S / 60.0:.0f} minutes; split it and run again"
        if problem:
            return f"of its item at {item.position_s:.2f} s: {problem}"
    return ""


def take_moves(
    track: Track, network: ToneNetwork, part: LoudestPart, *, share: float, reason: str, folder: Path | None = None
) -> list[TakeMove]:
    """Play the items of a track through the network, and return the moves that make takes of that.

    Parameters
    ----------
    track : Track
        One without ``takes_problem``.
    network : ToneNetwork
        Of its group.
    part : LoudestPart
        What the network hears of it.
    share : float
        How much of each gain, 0 to 1.
    reason : str
        For the moves.
    folder : Path, optional
        Where the audio waits to be copied into the project; in the cache by default.

    Raises
    ------
    MediaError
        If a file cannot be read any more, or holds samples that are no audio.
    SessionError
        If the audio cannot be written.
    """
    folder = folder or default_folder() / "takes"
    heard = _heard(part)
    made: list[tuple[_Played, str, Path]] = []
    for one in _all_played(track, network, heard, share):
        name, path = _kept(one, track.title, folder)
        made.append((replace(one, audio=one.audio[:, :0]), name, path))
    _prune(folder, {path for _, _, path in made})
    makeup_db = _makeup_db([one for one, _, _ in made])
    ref = TrackRef(track.id, track.title)
    return [
        TakeMove(ref, _item_ref(one.item), str(path), name, round(makeup_db + one.lowered_db, 3), reason)
        for one, name, path in made
    ]


def _sounding(track: Track) -> Iterator[Item]:
    return (item for item in track.items if item.takes and item.plays and not item.muted)


def _heard(part: LoudestPart) -> Heard:
    grid = frame_grid(part.rate_hz)
    return hear(levels_of(spectra_of(part.sound.mean(axis=0, keepdims=True), grid).magnitude, grid))


def _all_played(track: Track, network: ToneNetwork, heard: Heard, share: float) -> Iterator[_Played]:
    parts = {name: getattr(network, name) for name in ("mean", "deviation", "base_db", "still", "moving")}
    for item in _sounding(track):
        take = item.playing_takes[0]
        gain_db = max(item.gain_db + take.gain_db, _LOWEST_GAIN_DB)
        own = Heard(np.asarray(heard.long_term_db - np.float32(gain_db), np.float32), heard.features)
        try:
            dry, rate_hz = source_of(item)
            wet = played(SteadyNetwork(**parts, heard=own, share=share), dry, rate_hz)
        except MediaError as error:
            raise MediaError(f"{track.title}: {error}") from None
        before, after = (_energy(audio, rate_hz) * db_to_energy(gain_db) for audio in (dry, wet))
        limit = max(float(np.abs(dry).max(initial=0.0)), _HIGHEST)
        peak = float(np.abs(wet).max(initial=0.0))
        lowered = limit / peak if peak > limit else 1.0
        if lowered < 1.0:  # rounding may not bring a sample back above the limit
            wet = np.clip(wet * np.float32(lowered), np.float32(-limit), np.float32(limit))
        yield _Played(item, wet, rate_hz, -lin_to_db(lowered), before, after)


def source_of(item: Item) -> tuple[Audio, int]:
    """Return the span of its source that an item plays, float32 (1 or 2, n_samples), and its rate.

    Raises
    ------
    MediaError
        If the file cannot be read.
    """
    take = item.playing_takes[0]
    with MediaReader(take.source.path or "") as media:
        rate_hz = media.info.sample_rate_hz
        line = SourceLine(media, take.source, loop=item.loop_source, channel_mode=take.channel_mode)
        n_frames = math.ceil(round(item.length_s * take.playrate * rate_hz, 3))
        return np.array(line.read(round(take.start_offset_s * rate_hz), n_frames)), rate_hz


def _energy(audio: Audio, rate_hz: int) -> Energy:
    meter = LoudnessMeter(rate_hz, len(audio))
    meter.add(audio)
    return meter.block_energy()


def _makeup_db(items: Sequence[_Played]) -> float:
    """Return what keeps a track as loud as it is."""
    before, after = (
        integrated_lufs(np.concatenate([getattr(one, side) for one in items], axis=1)) for side in ("before", "after")
    )
    return before - after if math.isfinite(before) and math.isfinite(after) else 0.0


def _kept(one: _Played, title: str, folder: Path) -> tuple[str, Path]:
    """Write the audio under the name of its content, and return the name that its copy gets, and its path."""
    audio = np.ascontiguousarray(one.audio.T)
    content = hashlib.sha256(f"{one.rate_hz} {audio.shape}".encode() + audio.tobytes()).hexdigest()
    path = folder / f"{content}.wav"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise SessionError(f"{folder}: cannot be made ({why}). Make the folder writable, and run again.") from None
    if path.is_file():
        os.utime(path)
    else:
        write_wav(path, [one.audio], one.rate_hz)
    words = "".join(c if c.isalnum() or c in " -_" else " " for c in title)
    return f"{' '.join(words.split())[:_LONGEST_NAME].strip() or 'track'} tone {content[:_HASH_CHARS]}", path


def _prune(folder: Path, kept: set[Path]) -> None:
    """Remove the oldest audio where there is too much of it; what cannot be removed stays."""
    with suppress(OSError):
        found = sorted(((p.stat().st_mtime, p.stat().st_size, p) for p in folder.glob("*.wav")), reverse=True)
        total = 0
        for _, n_bytes, path in found:
            total += n_bytes
            if total > MOST_BYTES and path not in kept:
                path.unlink()


def _item_ref(item: Item) -> TrackRef:
    return TrackRef(item.id, f"the item at {item.position_s:.2f} s")
