"""From a plan to what its report plays: an excerpt of the mix and of every track in scope, before and after.

A page has room for 15 MB, so the excerpt is short and compressed; the bit rate and the length follow from the number
of tracks. What is the same before and after but for its level is kept once, and so is what is the same on the left and
on the right: the gains do the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.audio.encoding import Encoded, can_encode, decode, encode
from reaper_automix.audio.media import Audio
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.audio.solo import Solos, play_mixes
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.errors import MediaError
from reaper_automix.pipeline import Planned
from reaper_automix.playback_excerpt import MIX_KBPS, Need, Room, fullest_start_s, room_for
from reaper_automix.progress import Progress, silent
from reaper_automix.report import Report
from reaper_automix.report.playback_model import MIX, Piece, Playback, Variant
from reaper_automix.session import Send, Session, Track

STAGE = "Writing the report"

ROOM_BYTES = 10_000_000
"""What the audio may take of a page, as text: two thirds of the 15 MB that a report of 24 tracks may have."""

SHORTEST_EXCERPT_S = 0.5

THREADS = min(os.cpu_count() or 2, 8)
"""Encoding is nearly all of the work, and each track is encoded on its own."""

_SILENT_LIN = 10.0 ** (-70.0 / 20.0)
_UNCHANGED_COUNTS = 0.05
"""How much a track counts that stays as it is, beside one that changes, where the excerpt is chosen."""

_SAME = 1e-7
"""Two signals that differ by less than -70 dB are the same: far below what the encoder adds."""

_NOT_ASKED = "This report was made without audio (--no-report-audio, or 'Automix settings' in REAPER)."
_NO_ROOM = "there is no room for it in this file: run the mixer on fewer tracks to hear it on its own"
_NO_ENCODER = (
    "There is nothing to play: the installed libsndfile cannot write MP3. python install.py brings one that can."
)


def with_playback(report: Report, planned: Planned, progress: Progress = silent, *, wanted: bool = True) -> Report:
    """Return the report with what it plays, as far as a page has room for it.

    Parameters
    ----------
    report : Report
        The rest of the page.
    planned : Planned
        The plan and what was heard.
    progress : Progress
        Hears how far the work is; it may raise to stop.
    wanted : bool
        False: the page says that nobody wanted audio in it.
    """
    if not wanted:
        return replace(report, playback=Playback(reason=_NOT_ASKED))
    if not can_encode():
        return replace(report, playback=Playback(reason=_NO_ENCODER))
    return replace(report, playback=playback_of(planned, progress))


def playback_of(planned: Planned, progress: Progress = silent, *, room_bytes: int = ROOM_BYTES) -> Playback:
    """Return an excerpt of the mix and of the tracks in scope, before and after, in so many bytes of text at most."""
    start_s, end_s = planned.plan.range_s
    if end_s - start_s < SHORTEST_EXCERPT_S:
        return Playback(reason=f"There is nothing to play: the range is shorter than {SHORTEST_EXCERPT_S:g} s.")
    tracks = _tracks_in_scope(planned)
    changed = _changed(planned)
    needs = [_need(planned, track) for track in tracks if track.items]
    needs.sort(key=lambda need: need.name not in changed)
    excerpt = _Excerpt(planned, room_for(needs, room_bytes=room_bytes, available_s=end_s - start_s))
    try:
        mix = excerpt.mix()
    except MediaError as error:
        return Playback(reason=f"There is nothing to play: {error}")
    if mix is None:
        return Playback(reason="There is nothing to play: the mix is silent, before and after.")
    return _collected(excerpt, mix, tracks, progress, room_bytes)


@dataclass(frozen=True, slots=True, eq=False)
class _Coded:
    """A piece whose sounds are numbered from 0."""

    piece: Piece
    sounds: tuple[Encoded, ...]

    @property
    def n_bytes(self) -> int:
        return sum(len(sound.base64) for sound in self.sounds)


class _Excerpt:
    """Plays an excerpt of the mix and one inside it of the tracks, measures and encodes them."""

    def __init__(self, planned: Planned, room: Room) -> None:
        self._room = room
        self._mix_s = _fullest(planned, planned.plan.range_s, room.mix_s)
        self._tracks_s = _fullest(planned, self._mix_s, room.tracks_s)
        self._sessions = (planned.before, planned.after)
        self._rate_hz = session_rate_hz(planned.before)
        self._solos = Solos(self._sessions, self._rate_hz, self._tracks_s)

    def mix(self) -> _Coded | None:
        """Return the mix, or None where it is silent."""
        pair = play_mixes(self._sessions, self._rate_hz, self._mix_s)
        return self._coded(Piece(None, MIX, *self._mix_s), pair, (MIX_KBPS, MIX_KBPS))

    def track(self, track: Track) -> _Coded | str:
        """Return a track on its own, or why it cannot be heard."""
        if not track.items:
            return "it has no items of its own: listen to the tracks that feed it"
        if track.id not in self._room.names:
            return _NO_ROOM
        try:
            piece = Piece(track.id, track.title, *self._tracks_s)
            coded = self._coded(piece, self._solos.play(track.id), self._room.kbps)
        except MediaError as error:
            return f"its audio cannot be played: {error}"
        return coded or "it is silent in the excerpt, before and after"

    def _coded(self, piece: Piece, pair: Sequence[Audio], kbps: tuple[int, int]) -> _Coded | None:
        before, after = pair
        if max(np.abs(before).max(), np.abs(after).max()) < _SILENT_LIN:
            return None
        found, gains = sounds_of(before, after)
        sounds = tuple(encode(sound, self._rate_hz, kbps[len(sound) - 1]) for sound in found)
        played = [decode(sound) for sound in sounds]
        first, second = (_variant(number, sides, sounds[number], *played[number]) for number, *sides in gains)
        return _Coded(replace(piece, before=first, after=second), sounds)


def _variant(number: int, sides: Sequence[float], sound: Encoded, played: Audio, rate_hz: int) -> Variant:
    """Return how a sound is played, and how loud it is then: an encoder is up to 0.1 LU off, and peaks grow in it."""
    gains = np.array([[side * sound.gain_lin] for side in sides], dtype=np.float32)
    meter = LoudnessMeter(rate_hz, 2)
    meter.add(np.ascontiguousarray(played * gains))  # one channel is heard on both sides
    measured = meter.result()
    return Variant(number, float(gains[0, 0]), float(gains[1, 0]), measured.integrated_lufs, measured.true_peak_dbtp)


def _collected(
    excerpt: _Excerpt, mix: _Coded, tracks: Sequence[Track], progress: Progress, room_bytes: int
) -> Playback:
    """Return the mix and the tracks, encoded some at a time; what turns out not to fit is left out."""
    coded, missing, used_bytes = [mix], [], mix.n_bytes
    with closing(_in_turn(excerpt.track, tracks)) as results:
        for done, (track, found) in enumerate(results):
            progress(STAGE, done + 1, len(tracks), track.title)
            if isinstance(found, str):
                missing.append((track.title, found))
            elif used_bytes + found.n_bytes > room_bytes:
                missing.append((track.title, _NO_ROOM))
            else:
                used_bytes += found.n_bytes
                coded.append(found)
    return Playback(
        delay_s=mix.sounds[0].delay_s,
        sounds=tuple(sound.base64 for each in coded for sound in each.sounds),
        pieces=tuple(_numbered(coded)),
        missing=tuple(missing),
    )


def _in_turn(work: Callable[[Track], _Coded | str], tracks: Sequence[Track]) -> Generator[tuple[Track, _Coded | str]]:
    """Do the work for each track, some at a time, and yield it in order; whoever stops listening stops the rest."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="excerpt")
    try:
        yield from zip(tracks, pool.map(work, tracks), strict=True)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _numbered(coded: Iterable[_Coded]) -> Iterator[Piece]:
    """Yield the pieces with the numbers that their sounds have on the page."""
    first = 0
    for each in coded:
        piece = each.piece
        before, after = (replace(v, sound=v.sound + first) for v in (piece.before, piece.after))
        yield replace(piece, before=before, after=after)
        first += len(each.sounds)


# --- what is the same is kept once ---------------------------------------------------------------------------------


def sounds_of(before: Audio, after: Audio) -> tuple[list[Audio], list[tuple[int, float, float]]]:
    """Return what has to be encoded so that two stereo signals can be played.

    Parameters
    ----------
    before, after : ndarray of float32, shape (2, n_samples)

    Returns
    -------
    sounds : list of ndarray of float32, shape (1 or 2, n_samples)
        One, where the other differs from it only by a gain per side; else two.
    gains : list of (int, float, float)
        For before and after: which sound, and what its left and right channel (or the only one) are multiplied with.
    """
    for audio in (before, after):
        sound = _narrowed(audio)
        gains = [_gains_over(each, sound) for each in (before, after)]
        if all(gains):
            return [sound], [(0, *sides) for sides in gains if sides]
    sounds = [_narrowed(before), _narrowed(after)]
    sides = [_gains_over(audio, sound) or (1.0, 1.0) for audio, sound in zip((before, after), sounds, strict=True)]
    return sounds, [(0, *sides[0]), (1, *sides[1])]


def _narrowed(audio: Audio) -> Audio:
    """Return one channel where the other is the same but for its level, else both."""
    louder = int(np.vecdot(audio[1], audio[1]) > np.vecdot(audio[0], audio[0]))
    return audio if _gain_over(audio[1 - louder], audio[louder]) is None else audio[louder : louder + 1]


def _gains_over(audio: Audio, sound: Audio) -> tuple[float, float] | None:
    """Return the gains left and right that make a signal out of a sound, None where it is another one."""
    left, right = _gain_over(audio[0], sound[0]), _gain_over(audio[1], sound[-1])
    return None if left is None or right is None else (left, right)


def _gain_over(channel: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Return the gain that makes one channel out of another, None where none does."""
    one, two = channel.astype(np.float64), other.astype(np.float64)
    energy, energy_other = float(np.vecdot(one, one)), float(np.vecdot(two, two))
    if energy == 0.0:
        return 0.0
    gain = float(np.vecdot(one, two)) / energy_other if energy_other else 0.0
    left_over = one - gain * two
    return gain if float(np.vecdot(left_over, left_over)) <= _SAME * energy else None


# --- what is to be expected, and where -------------------------------------------------------------------------------


def _tracks_in_scope(planned: Planned) -> list[Track]:
    """Return the tracks in scope, in session order."""
    scope = set(planned.plan.scope_track_ids)
    return [track for track in planned.before.tracks if track.id in scope]


def _changed(planned: Planned) -> set[str]:
    """Return the tracks that the plan does something to."""
    return {move.track.id for move in planned.plan.moves}


def _fullest(planned: Planned, range_s: tuple[float, float], length_s: float) -> tuple[float, float]:
    """Return start and end of the excerpt, inside a range, in which the most of what changes plays."""
    changed, scope = _changed(planned), set(planned.plan.scope_track_ids)
    heard = (
        (measured, 1.0 if track_id in changed else _UNCHANGED_COUNTS)
        for track_id, measured in planned.hearing.measurements.items()
        if track_id in scope
    )
    start_s = fullest_start_s(planned.mix_before, heard, range_s, length_s)
    return start_s, start_s + length_s


def _need(planned: Planned, track: Track) -> Need:
    """Return what a track will take at the most: one sound where only levels and pans differ on its way."""
    (before, sends_before), (after, sends_after) = (_way(s, track.id) for s in (planned.before, planned.after))
    same = before == after and sends_before == sends_after
    measurement = planned.hearing.measurements.get(track.id)
    mono = measurement is not None and np.array_equal(*measurement.block_energy) and not _reverb_in(before | after)
    return Need(track.id, 1 if same else 2, 1 if mono else 2)


def _reverb_in(stages: Iterable[Track]) -> bool:
    return any(isinstance(fx.settings, ReverbSettings) for track in stages for fx in track.effects_played())


def _way(session: Session, track_id: str) -> tuple[set[Track], set[Send]]:
    """Return the stages that a track passes, levels aside, and the sends on its way."""
    stages: dict[str, Track] = {}
    waiting, sends = [track_id], set()
    while waiting:
        track = session.track(waiting.pop())
        if track.id in stages:
            continue
        stages[track.id] = replace(track, gain_db=0.0, pan=0.0, polarity_inverted=False, receives=(), number=0)
        waiting += [track.parent_id] if track.parent_id is not None and track.sends_to_parent else []
        for target in session.tracks:
            fed = [send for send in target.receives if send.source_track_id == track.id]
            sends.update(fed)
            waiting += [target.id] if fed else []
    return set(stages.values()), sends
