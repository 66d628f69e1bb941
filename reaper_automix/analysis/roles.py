"""Who the tracks of a session are: what the engineer said, names, files, folders, and what is heard. Stdlib only.

The first that says something decides, in the order of ``RoleSource``. Where nothing does, the role is unknown, and that
is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PureWindowsPath

from reaper_automix.analysis.role_mics import mic_named
from reaper_automix.analysis.role_names import guess_role, numbered_words_of, role_of, words_of
from reaper_automix.role_vocabulary import (
    KIT_ROLES,
    UTILITY_ROLES,
    VOCAL_ROLES,
    DrumMic,
    Role,
    RoleGuess,
    RoleSource,
    TrackRole,
    coarse_role,
)
from reaper_automix.session import Session, Track

__all__ = [
    "KIT_ROLES",
    "UTILITY_ROLES",
    "VOCAL_ROLES",
    "DrumMic",
    "Role",
    "RoleGuess",
    "RoleSource",
    "TrackRole",
    "coarse_role",
    "guess_role",
    "guess_role_among",
    "role_of",
    "roles_of_session",
    "unnamed_tracks",
    "words_of",
]

UNKNOWN = TrackRole(None, RoleSource.NOTHING, "neither its name, its files nor its folder say who it is")


def guess_role_among(name: str, folders: Iterable[str] = (), files: Iterable[str] = ()) -> TrackRole:
    """Return who a track is by its own name, the names of its files and of the folders around it.

    Parameters
    ----------
    name : str
        Of the track.
    folders : iterable of str
        Names of the folders around it, innermost first.
    files : iterable of str
        Names or paths of the files on it.

    Returns
    -------
    TrackRole
        With role None where nothing says who it is.
    """
    own, around = guess_role(name), _of_folders(folders)
    if around is not None and around.role is Role.REFERENCE:
        return _by(RoleSource.FOLDER, around, name)
    if own is not None and not (own.is_weak and _knows_better(around, own)):
        return TrackRole(own.role, RoleSource.NAME, own.evidence, own.mic or _mic_within(own, around, name))
    if own is None and (file := _of_files(files)) is not None:
        return _by(RoleSource.FILE, file, name)
    if around is not None:
        return _by(RoleSource.FOLDER, around, name)
    return UNKNOWN


def roles_of_session(
    session: Session,
    *,
    said: Mapping[str, TrackRole] | None = None,
    heard: Mapping[str, TrackRole] | None = None,
) -> dict[str, TrackRole]:
    """Return who each track of a session is.

    Parameters
    ----------
    session : Session
        The session.
    said : mapping of track id to TrackRole, optional
        What the engineer said (``role_overrides``); it stands above everything.
    heard : mapping of track id to TrackRole, optional
        What the classifier heard; it is asked last. ``unnamed_tracks`` says where it is needed.

    Returns
    -------
    dict of track id to TrackRole
        Every track is in it; an unknown one with role None and the reason.
    """
    said, heard = said or {}, heard or {}
    return {track.id: _of_track(session, track, said, heard) for track in session.tracks}


def unnamed_tracks(session: Session, *, said: Mapping[str, TrackRole] | None = None) -> tuple[str, ...]:
    """Return the tracks with audio of which nothing but their sound could say who they are."""
    roles = roles_of_session(session, said=said)
    return tuple(t.id for t in session.tracks if roles[t.id].source is RoleSource.NOTHING and t.items)


def _of_track(
    session: Session, track: Track, said: Mapping[str, TrackRole], heard: Mapping[str, TrackRole]
) -> TrackRole:
    folders = [folder.name for folder in session.ancestors(track)]
    guess = guess_role_among(track.name, folders, _files_of(track))
    if track.is_folder and not track.items and guess.role is Role.PRINTED_MIX:
        guess = replace(UNKNOWN, evidence="a folder that holds a mix, not a printed one")
    if track.id in said:
        own = said[track.id]
        return replace(own, mic=guess.mic) if own.mic is None and own.role is guess.role else own
    return heard.get(track.id, guess) if guess.role is None else guess


def _files_of(track: Track) -> list[str]:
    return [take.source.path for item in track.items for take in item.playing_takes if take.source.path]


def _of_files(files: Iterable[str]) -> RoleGuess | None:
    """Return what the names of the files say, if they agree; names that say nothing do not count."""
    guesses = [g for f in dict.fromkeys(files) if (g := guess_role(PureWindowsPath(f).name)) is not None]
    return guesses[0] if len({g.role for g in guesses}) == 1 and not guesses[0].is_weak else None


def _of_folders(folders: Iterable[str]) -> RoleGuess | None:
    """Return what the innermost folder that says something says; a folder "Mix" or "Click" holds other things too."""
    guesses = (guess_role(folder) for folder in folders)
    return next((g for g in guesses if g is not None and g.role not in (Role.PRINTED_MIX, Role.CLICK)), None)


def _knows_better(around: RoleGuess | None, own: RoleGuess) -> bool:
    """Tell whether a folder decides over a word such as "Lead": not where it says less ("Harmony" among vocals)."""
    if around is None or around.is_weak:
        return False
    return not (around.role in VOCAL_ROLES and own.role in VOCAL_ROLES)


def _mic_within(own: RoleGuess, around: RoleGuess | None, name: str) -> DrumMic | None:
    """Return the microphone of a name that needs its folder: "OH" in "Left", say."""
    if around is None or own.role not in KIT_ROLES:
        return None
    return mic_named(own.role, f"{around.evidence} {numbered_words_of(name)}")


def _by(source: RoleSource, guess: RoleGuess, name: str) -> TrackRole:
    """Return a role from elsewhere, with the microphone that the track's own name says ("In" in folder "Kick")."""
    mic = mic_named(guess.role, f"{guess.evidence} {numbered_words_of(name)}") or guess.mic
    return TrackRole(guess.role, source, guess.evidence, mic)
