"""Listening to the tracks whose names say nothing: who they sound like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reaper_automix.analysis.role_audio import RoleClassifier, load_role_classifier
from reaper_automix.analysis.role_features import Audio
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.errors import MediaError
from reaper_automix.progress import Progress, silent
from reaper_automix.role_vocabulary import RoleSource, TrackRole
from reaper_automix.session import Session

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
        Told before each track.

    Returns
    -------
    dict of track id to TrackRole
        With role None where the classifier is not sure, or the audio cannot be read, and why.
    """
    if not track_ids:
        return {}
    classifier, rate_hz = load_role_classifier(), session_rate_hz(session)
    heard: dict[str, TrackRole] = {}
    for number, track_id in enumerate(track_ids):
        progress("Listening who is who", number, len(track_ids), session.track(track_id).title)
        heard[track_id] = _heard(session, track_id, classifier, rate_hz)
    progress("Listening who is who", len(track_ids), len(track_ids))
    return heard


def _heard(session: Session, track_id: str, classifier: RoleClassifier, rate_hz: int) -> TrackRole:
    try:
        with TrackReader(session.track(track_id), sample_rate_hz=rate_hz) as reader:
            return classifier.hear(_playing(reader, rate_hz), rate_hz)
    except MediaError as error:
        return TrackRole(None, RoleSource.AUDIO, f"its audio cannot be read: {error}")


def _playing(reader: TrackReader, rate_hz: int) -> Iterator[Audio]:
    """Yield the blocks in which items play, until there were enough."""
    left = round(ENOUGH_S * rate_hz)
    for start in range(0, reader.end_sample, BLOCK_SAMPLES):
        if left > 0 and reader.sounds(start, BLOCK_SAMPLES):
            left -= BLOCK_SAMPLES
            yield reader.read(start, BLOCK_SAMPLES)
