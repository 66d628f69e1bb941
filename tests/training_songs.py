"""Songs of which the human's rule is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mixer_sounds import sound

from reaper_automix.analysis.roles import Role
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.songs import HeardSong, HeardTrack

SOUNDS = tuple(
    sound(-20.0, click=click, low=low, pause=pause)
    for click, low, pause in (
        (0.0, False, 0.0),
        (0.6, False, 0.0),
        (0.0, True, 0.0),
        (0.0, False, 0.5),
        (0.9, False, 0.3),
    )
)
ROLES = (Role.KICK, Role.BASS, Role.SYNTH, Role.LEAD_VOCAL, Role.FX, None)

Rule = Callable[[Role | None, int], float]
"""From a role and the number of a sound to the level in dB that the human wants."""


def by_role(role: Role | None, _: int) -> float:
    """Want the kick high and the effects low."""
    return {Role.KICK: 5.0, Role.LEAD_VOCAL: 3.0, Role.FX: -5.0}.get(role, 0.0) if role else 0.0


def by_sound(_: Role | None, number: int) -> float:
    """Want the sounds of higher numbers lower."""
    return 4.0 - 2.0 * number


def song(
    name: str, author: str = "a", *, rule: Rule = by_role, corpus: str = "c", usage: Usage = Usage.TRAIN
) -> HeardSong:
    """Make a song whose tracks' sounds depend on its name, so that sounds and roles are mixed."""
    start = sum(name.encode())
    tracks = []
    for position, role in enumerate(ROLES):
        number = (start * (position + 1) + position * position) % len(SOUNDS)
        found_db = float((start * 7 + position * 5) % 19) - 9.0
        measurement = SOUNDS[number].louder_by(found_db)
        human_lufs = -25.0 + rule(role, number)
        tracks.append(HeardTrack(f"t{position}", f"Track {position}", role, measurement, human_lufs))
    return HeardSong(corpus, name, author, "CC0-1.0", usage, tuple(tracks))


def songs(n: int, *, authors: Sequence[str] = "ab", rule: Rule = by_role, corpus: str = "c") -> list[HeardSong]:
    """Make songs of several authors in turn."""
    return [song(f"{corpus}{i}", authors[i % len(authors)], rule=rule, corpus=corpus) for i in range(n)]
