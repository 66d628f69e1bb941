"""What the engineer said about who a track is, as a project keeps it and as a command line writes it. Stdlib only.

In a project: one JSON object of track GUID and word, ``{"{GUID}": "snare_top"}``, stored like the ledger: ext state of
the section ``reaper_automix``, cut by ``ext_state_pieces`` into ``ROLES_1``, ``ROLES_2`` ... On the command line:
``--role "TRACK=WORD"``. A word is a coarse role, a drum microphone, ``unknown`` (whatever its name says), or, on the
command line, ``auto`` (forget what was said).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from reaper_automix.role_vocabulary import DrumMic, Role, RoleSource, TrackRole, coarse_role

KEY_PREFIX = "ROLES_"
"""Of the ext state keys: ROLES_1, ROLES_2 ..."""

UNKNOWN_WORD = "unknown"
AUTO_WORD = "auto"
WORDS = tuple(dict.fromkeys([*(r.value for r in Role), *(m.value for m in DrumMic), UNKNOWN_WORD]))
"""What an engineer may say."""


@dataclass(frozen=True, slots=True)
class RoleWish:
    """A role that a command line gives to tracks; None: forget what was said of them.

    Parameters
    ----------
    tracks : str
        A name, pattern or number, as ``--tracks`` takes it.
    role : TrackRole or None
        Who they are.
    """

    tracks: str
    role: TrackRole | None


def stated_role(word: str) -> TrackRole:
    """Return the role that a word of the engineer means.

    Raises
    ------
    ValueError
        If the word is outside the vocabulary.
    """
    plain = word.strip().casefold().replace("-", "_").replace(" ", "_")
    if plain == UNKNOWN_WORD:
        return TrackRole(None, RoleSource.ENGINEER, "the engineer says so")
    if plain not in WORDS:
        msg = f"{word!r} is no role: use one of {', '.join(WORDS)}"
        raise ValueError(msg)
    mic = DrumMic(plain) if plain in {m.value for m in DrumMic} else None
    return TrackRole(coarse_role(plain), RoleSource.ENGINEER, mic=mic)


def parse_role_overrides(text: str) -> dict[str, TrackRole]:
    """Read what a project keeps; an empty text holds nothing, and words of a newer version are left out.

    Raises
    ------
    ValueError
        If the text is damaged.
    """
    if not text:
        return {}
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(data, dict):
        msg = "expected an object of track ids"
        raise ValueError(msg)
    return {track: stated_role(word) for track, word in data.items() if isinstance(word, str) and word in WORDS}


def format_role_overrides(overrides: Mapping[str, TrackRole]) -> str:
    """Write what a project keeps; an empty text where there is nothing to keep."""
    words = {track: word_of(role) for track, role in sorted(overrides.items())}
    return json.dumps(words, separators=(",", ":")) if words else ""


def word_of(role: TrackRole) -> str:
    """Return the word for a role, the finest one."""
    if role.role is None:
        return UNKNOWN_WORD
    return role.role.value if role.mic is None else role.mic.value


def parse_role_option(text: str) -> RoleWish:
    """Read ``TRACK=WORD`` of a command line; the last equals sign divides.

    Raises
    ------
    ValueError
        If it has another form, or the word is outside the vocabulary.
    """
    tracks, divided, word = text.rpartition("=")
    if not divided or not tracks.strip():
        msg = f'{text!r} is not TRACK=ROLE: write --role "Lead 2=synth"'
        raise ValueError(msg)
    wanted = word.strip().casefold()
    return RoleWish(tracks.strip(), None if wanted == AUTO_WORD else stated_role(word))


def with_wishes(
    overrides: Mapping[str, TrackRole],
    wishes: Iterable[RoleWish],
    find: Callable[[str], Collection[str]],
) -> dict[str, TrackRole]:
    """Return overrides changed by the wishes of a command line, later ones last.

    Parameters
    ----------
    overrides : mapping of track id to TrackRole
        What the project keeps.
    wishes : iterable of RoleWish
        What the command line says.
    find : callable
        Returns the ids of the tracks that a wish names, and raises ``ScopeError`` where there are none.
    """
    changed = dict(overrides)
    for wish in wishes:
        for track_id in find(wish.tracks):
            if wish.role is None:
                changed.pop(track_id, None)
            else:
                changed[track_id] = wish.role
    return changed
