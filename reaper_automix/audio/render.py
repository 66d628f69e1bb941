"""Sessions to stereo: every track is decoded once, for as many variants of the mix as are wanted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing

from reaper_automix.audio.console import Console, HeardGain, heard_gain
from reaper_automix.audio.media import Audio, MediaIndex
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.wavfile import write_wav
from reaper_automix.errors import MediaError, SessionError
from reaper_automix.session import Session

__all__ = ["Console", "HeardGain", "heard_gain", "memory_start", "render", "session_rate_hz", "write_wav"]

DEFAULT_RATE_HZ = 48000
USABLE_RATES_HZ = (8000, 384000)

BLOCK_S = 2.0
_BLOCKS_BYTES = 32 << 20
"""With many tracks the blocks get shorter, so that one block of all of them stays below this."""

_DECODING_THREADS = 2

MOST_MEMORY_S = 10.0
"""Where effects play, a part of a session is played from so much before its start at the most."""


def session_rate_hz(session: Session, index: MediaIndex | None = None) -> int:
    """Return the rate the project forces, else the most frequent rate of its files, else 48000.

    Rates outside of ``USABLE_RATES_HZ``, which no meter is defined for, do not count.
    """
    if session.sample_rate_hz and _is_usable(session.sample_rate_hz):
        return session.sample_rate_hz
    index = index or MediaIndex()
    paths = {take.source.path for t in session.tracks for i in t.items for take in i.playing_takes if take.source.path}
    rates = Counter(
        rate for rate in (_rate_or_none(path, index) for path in paths) if rate is not None and _is_usable(rate)
    )
    return max(rates, key=lambda rate: (rates[rate], rate), default=DEFAULT_RATE_HZ)


def render(
    sessions: Sequence[Session],
    *,
    sample_rate_hz: int | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    block_samples: int | None = None,
    progress: Callable[[float], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    index: MediaIndex | None = None,
) -> Iterator[tuple[Audio, ...]]:
    """Mix variants of one session, decoding every track once.

    Parameters
    ----------
    sessions : sequence of Session
        The same tracks and items with other mixing values.
    sample_rate_hz : int, optional
        Of the result; by default ``session_rate_hz`` of the first.
    start_s, end_s : float, optional
        The part to render; by default everything up to the end of the last item. Where effects remember what came
        before, it is played as well, up to ``MOST_MEMORY_S``.
    block_samples : int, optional
        Length of a block; by default about 2 s, less with many tracks.
    progress : callable, optional
        Called with 0..1 after each block.
    on_note : callable, optional
        Called with sentences for the user: loops that were cut, files that break off.
    index : MediaIndex, optional
        Headers already read.

    Yields
    ------
    tuple of ndarray, float32 (2, n_samples)
        One master per variant, never limited or clipped.

    Raises
    ------
    SessionError
        If the variants have different items.
    MediaError
        If a file cannot be read any more.
    """
    _check_variants(sessions)
    index = index or MediaIndex()
    rate_hz = sample_rate_hz or session_rate_hz(sessions[0], index)
    consoles = [Console(session, rate_hz) for session in sessions]
    wanted = frozenset[str]().union(*(c.track_ids for c in consoles))
    first = round(start_s * rate_hz)
    last = round((sessions[0].end_s if end_s is None else end_s) * rate_hz)
    notes = dict.fromkeys(note for console in consoles for note in console.notes)
    with ExitStack() as stack:
        readers = {
            t.id: stack.enter_context(TrackReader(t, sample_rate_hz=rate_hz, index=index))
            for t in sessions[0].tracks
            if t.id in wanted and t.items
        }
        n_block = block_samples or _block_samples(rate_hz, len(readers))
        begin = memory_start(first, rate_hz, max(console.memory_s for console in consoles))
        blocks = _blocks(begin, first, n_block) + _blocks(first, last, n_block)
        # Entered last and so left first: no file may be closed while a thread still reads it.
        decoded = stack.enter_context(closing(_decoded(readers, blocks)))
        for start, n, audio in decoded:
            masters = tuple(console.process(start, audio, n_samples=n) for console in consoles)
            if start >= first:
                yield masters
            if progress is not None:
                progress((start + n - begin) / (last - begin))
        notes.update(dict.fromkeys(note for reader in readers.values() for note in reader.notes))
    for note in notes:
        if on_note is not None:
            on_note(note)


def memory_start(first_sample: int, sample_rate_hz: int, memory_s: float) -> int:
    """Return the sample to start playing at, so that effects have heard what they remember at the first one wanted."""
    n_before = math.ceil(min(memory_s, MOST_MEMORY_S) * sample_rate_hz)
    return min(first_sample, max(first_sample - n_before, 0))


def _blocks(first: int, last: int, n_block: int) -> list[tuple[int, int]]:
    return [(start, min(n_block, last - start)) for start in range(first, last, n_block)]


def _decoded(
    readers: Mapping[str, TrackReader], blocks: Sequence[tuple[int, int]]
) -> Generator[tuple[int, int, dict[str, Audio]], None, None]:
    """Yield (start, n, audio of the tracks that sound), decoding one block ahead of the one in use."""

    def submit(start: int, n: int) -> dict[str, Future[Audio]]:
        return {i: pool.submit(r.read, start, n) for i, r in readers.items() if r.sounds(start, n)}

    pool = ThreadPoolExecutor(_DECODING_THREADS, thread_name_prefix="decode")
    try:
        ahead = submit(*blocks[0]) if blocks else {}
        for i, (start, n) in enumerate(blocks):
            audio = {track_id: future.result() for track_id, future in ahead.items()}
            ahead = submit(*blocks[i + 1]) if i + 1 < len(blocks) else {}
            yield start, n, audio
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _block_samples(rate_hz: int, n_tracks: int) -> int:
    fitting = _BLOCKS_BYTES // (8 * max(n_tracks, 1))
    return max(min(int(BLOCK_S * rate_hz), fitting), 4096)


def _check_variants(sessions: Sequence[Session]) -> None:
    if not sessions:
        raise SessionError("Nothing to render: no session was given.")
    items = [{t.id: (t.items, t.play_offset_s) for t in session.tracks if t.items} for session in sessions]
    if any(other != items[0] for other in items[1:]):
        raise SessionError("The variants to render have different items: render them one by one.")


def _is_usable(rate_hz: int) -> bool:
    return USABLE_RATES_HZ[0] <= rate_hz <= USABLE_RATES_HZ[1]


def _rate_or_none(path: str, index: MediaIndex) -> int | None:
    try:
        return index.info(path).sample_rate_hz
    except MediaError:
        return None
