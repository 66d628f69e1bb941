"""Measuring a session: its tracks before their faders, and its mix at the master; cached where nothing changed.

Tracks and mixes are heard through the plug-ins of ours. What other plug-ins do is not known.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import Any

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.measurement import (
    THREADS,
    Job,
    Measurement,
    MeasurementBuilder,
    measure,
    measure_all,
)
from reaper_automix.audio.media import probe
from reaper_automix.audio.render import render, session_rate_hz
from reaper_automix.audio.seen_files import SeenFiles
from reaper_automix.audio.track_sound import TrackSound
from reaper_automix.effect_settings.kinds import settings_to_data
from reaper_automix.effects.rack import processor_of
from reaper_automix.errors import MediaError
from reaper_automix.progress import Progress, silent
from reaper_automix.session import FxSlot, Item, Session, Take, Track

MEASURED_AS = 1
"""Raise this when the audio of a track or a mix is computed differently, so that old measurements are not used."""

PLAYED_AS = 1
"""Raise this when an effect sounds otherwise: as above, for what is heard through effects."""


def measure_session_tracks(
    session: Session,
    track_ids: Sequence[str],
    range_s: tuple[float, float],
    *,
    cache: MeasurementCache,
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """Measure tracks after our effects on them and before their faders.

    What enters the effects are the items alone: neither pre-FX envelopes (``HeardGain`` has them) nor what a folder or
    a bus receives.

    Parameters
    ----------
    session : Session
        The session.
    track_ids : sequence of str
        Which tracks.
    range_s : tuple of float
        Which time of the project.

    Returns
    -------
    dict of track id to Measurement
        In the order of ``track_ids``.
    """
    rate_hz = session_rate_hz(session)
    hashes = _ContentHashes(cache)
    jobs = [_job(session.track(i), rate_hz, range_s, cache, hashes) for i in track_ids]
    measured = measure_all(jobs, lambda done, total, label: progress("Listening to the tracks", done, total, label))
    return dict(zip(track_ids, measured, strict=True))


def measure_mixes(
    sessions: Sequence[Session], *, cache: MeasurementCache, progress: Progress = silent
) -> tuple[Measurement, ...]:
    """Measure the master of several variants of one session, from start to end.

    Every track is decoded once; variants with other items (new takes, say) are played on their own.
    """
    rate_hz = session_rate_hz(sessions[0])
    end_s = sessions[0].end_s
    hashes = _ContentHashes(cache)
    keys = [_key(_mix_description(session, hashes), rate_hz, (0.0, end_s)) for session in sessions]
    found = {key: cache.load(key) for key in keys}
    missing = {key: session for key, session in zip(keys, sessions, strict=True) if found[key] is None}
    if missing:
        for alike in _with_same_items(missing):
            mixes = _played(list(alike.values()), rate_hz, end_s, progress)
            for session in alike.values():
                hashes.files.check_still(track for track in session.tracks if not track.muted)
            for key, mix in zip(alike, mixes, strict=True):
                cache.store(key, mix)
                found[key] = mix
    return tuple(mix for mix in (found[key] for key in keys) if mix is not None)


def _with_same_items(sessions: Mapping[str, Session]) -> list[dict[str, Session]]:
    """Return sessions by key in groups of those that can be played together."""
    groups: list[tuple[object, dict[str, Session]]] = []
    for key, session in sessions.items():
        items = [(track.id, track.items, track.play_offset_s) for track in session.tracks if track.items]
        group = next((known for own, known in groups if own == items), None)
        if group is None:
            groups.append((items, group := {}))
        group[key] = session
    return [group for _, group in groups]


def _played(sessions: Sequence[Session], rate_hz: int, end_s: float, progress: Progress) -> list[Measurement]:
    """Play variants of a session through and measure their masters."""
    n_samples = round(end_s * rate_hz)
    builders = [MeasurementBuilder(rate_hz, 2, start_s=0.0, n_samples=n_samples) for _ in sessions]

    def playing(share: float) -> None:
        progress("Playing the mix", 100.0 * share, 100.0)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="mix") as pool:
        heard: list[Future[None]] = []
        for masters in render(sessions, sample_rate_hz=rate_hz, progress=playing):
            _wait_for(heard)  # one block is measured while the next one is played
            heard = [pool.submit(builder.add, part) for builder, part in zip(builders, masters, strict=True)]
        _wait_for(heard)
    return [builder.result() for builder in builders]


def _wait_for(heard: Iterable[Future[None]]) -> None:
    for part in heard:
        part.result()


def _job(
    track: Track, rate_hz: int, range_s: tuple[float, float], cache: MeasurementCache, hashes: _ContentHashes
) -> Job[Measurement]:
    """Return the job of finding out how one track sounds before its fader, in the cache or by listening.

    Its files are hashed just before they are listened to: then they are still in memory, however large the session.
    """
    sound = TrackSound(track, rate_hz, range_s)

    def run(between: Callable[[], None]) -> Measurement:
        between()
        key = _key(_track_description(track, hashes), rate_hz, range_s)
        known = cache.load(key)
        if known is not None:
            return known
        try:
            measured = measure(
                sound.blocks(),
                rate_hz,
                sound.n_channels,
                start_s=range_s[0],
                n_samples=sound.n_samples,
                between=between,
            )
        except MediaError as error:
            raise MediaError(f"{track.title}: {error}") from None
        hashes.files.check_still([track])
        cache.store(key, measured)  # at once, so that a run that is stopped has not listened in vain
        return measured

    return Job(track.title, run)


class _ContentHashes:
    """Content hashes of media files, each file hashed once per run; a file that cannot be read has a hash as well.

    Several threads may ask; who asks for a file that is being hashed waits for it.
    """

    def __init__(self, cache: MeasurementCache) -> None:
        self._cache = cache
        self._known: dict[str, str] = {}
        self._being_hashed: defaultdict[str, Lock] = defaultdict(Lock)
        self._choosing = Lock()
        self.files = SeenFiles()

    def of(self, path: str | None) -> str:
        """Return the hash of a file's content, or a word for a file that cannot be read."""
        if path is None:
            return "no file"
        with self._choosing:
            turn = self._being_hashed[path]
        with turn:
            if path not in self._known:
                self._known[path] = self._hash_of(path)
        return self._known[path]

    def _hash_of(self, path: str) -> str:
        self.files.see(path)
        try:
            probe(path)  # what is no audio is not heard, and may be endless: it is not read through
            return self._cache.content_hash(Path(path))
        except (OSError, ValueError, MediaError):
            return "unreadable"


def _key(description: Any, rate_hz: int, range_s: tuple[float, float]) -> str:
    """Return the cache key of something that is heard at a rate over a range."""
    whole = {"measured_as": MEASURED_AS, "rate_hz": rate_hz, "range_s": range_s, "what": description}
    text = json.dumps(whole, sort_keys=True, default=sorted)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _track_description(track: Track, hashes: _ContentHashes) -> dict[str, Any]:
    """Describe all that decides how a track sounds before its fader; without effects of ours as it always was."""
    effects = track.effects_played()
    return ({"effects": _effects_description(effects)} if effects else {}) | {
        "offset_s": track.play_offset_s,
        "instrument": any(fx.is_instrument for fx in track.effects_heard()),
        "items": [asdict(_anonymous_item(item, hashes)) for item in track.items],
    }


def _mix_description(session: Session, hashes: _ContentHashes) -> dict[str, Any]:
    """Describe all that decides how a session sounds at the master; without effects of ours as it always was."""
    tracks = tuple(
        replace(t, name="", selected=False, hidden=False, items=tuple(_anonymous_item(i, hashes) for i in t.items))
        for t in session.tracks
    )
    heard = replace(
        session, path="", name="", time_selection_s=None, notes=(), ledger_json="", roles_json="", tracks=tracks
    )
    description = asdict(heard)
    for track, described in zip(session.tracks, description["tracks"], strict=True):
        described["effects"] = _chain_description(track)
    description["master"]["effects"] = [_foreign_description(fx) for fx in session.master.effects]
    return description


def _chain_description(track: Track) -> list[Any]:
    """Describe the plug-ins of others by what they are, and those of ours that are heard by what they do."""
    foreign = [_foreign_description(fx) for fx in track.effects if fx.settings is None]
    return foreign + _effects_description(track.effects_played())


def _foreign_description(fx: FxSlot) -> dict[str, Any]:
    names = ("id", "name", "kind", "bypassed", "offline", "is_instrument")
    return {name: getattr(fx, name) for name in names}


def _effects_description(effects: Iterable[FxSlot]) -> list[Any]:
    return [
        {"played_as": PLAYED_AS, "by": processor_of(fx).__name__, "settings": settings_to_data(fx.settings)}
        for fx in effects
        if fx.settings is not None
    ]


def _anonymous_item(item: Item, hashes: _ContentHashes) -> Item:
    """Return an item without the names and ids that do not sound, and with content hashes for paths."""
    return replace(item, id="", line_number=None, takes=tuple(_anonymous_take(take, hashes) for take in item.takes))


def _anonymous_take(take: Take, hashes: _ContentHashes) -> Take:
    return replace(take, id="", name="", source=replace(take.source, path=hashes.of(take.source.path)))
