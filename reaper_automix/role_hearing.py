"""Listening to the tracks whose names say nothing: who they sound like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from reaper_automix.analysis.measurement import Job, measure_all
from reaper_automix.analysis.role_audio import RoleClassifier, load_role_classifier
from reaper_automix.analysis.role_features import Audio
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.errors import MediaError
from reaper_automix.progress import Progress, silent
from reaper_automix.role_vocabulary import RoleSource, TrackRole
from reaper_automix.session import Session, Track

BLOCK_SAMPLES = 1 << 16
ENOUGH_S = 120.0
"""A track that has played for so long has said who it is."""


def hear_roles(session: Session, track_ids: Sequence[str], *, progress: Progress = silent) -> dict[str, TrackRole]:
    """Return who tracks sound like, before their effects.

    Parameters
    ----------
    session : Session
        The session.
    track_ids : sequence of str
        Which tracks; ``roles.unnamed_tracks`` says which need it.
    progress : Progress, optional
        Told after each track.

    Returns
    -------
    dict of track id to TrackRole
        With role None where the classifier is not sure, or the audio cannot be read, and why.
    """
    if not track_ids:
        return {}
    classifier, rate_hz = load_role_classifier(), session_rate_hz(session)
    jobs = [_job(session.track(track_id), classifier, rate_hz) for track_id in track_ids]
    heard = measure_all(jobs, lambda done, total, label: progress("Listening who is who", done, total, label))
    return dict(zip(track_ids, heard, strict=True))


def _job(track: Track, classifier: RoleClassifier, rate_hz: int) -> Job[TrackRole]:
    def run(between: Callable[[], None]) -> TrackRole:
        try:
            with TrackReader(track, sample_rate_hz=rate_hz) as reader:
                return classifier.hear(_playing(reader, rate_hz, between), rate_hz)
        except MediaError as error:
            return TrackRole(None, RoleSource.AUDIO, f"its audio cannot be read: {error}")

    return Job(track.title, run)


def _playing(reader: TrackReader, rate_hz: int, between: Callable[[], None]) -> Iterator[Audio]:
    """Yield the blocks in which items play, until there were enough."""
    left = round(ENOUGH_S * rate_hz)
    for start in range(0, reader.end_sample, BLOCK_SAMPLES):
        if left > 0 and reader.sounds(start, BLOCK_SAMPLES):
            left -= BLOCK_SAMPLES
            between()
            yield reader.read(start, BLOCK_SAMPLES)
