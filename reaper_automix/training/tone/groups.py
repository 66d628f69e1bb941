"""The four groups of instruments of the paper, and which tracks of our corpora belong to them: its Table 1.

References
----------
.. [1] M. A. Martinez Ramirez, J. D. Reiss, Stem audio mixing as a content-based transformation of audio features,
   section 4 and Table 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.mixers.tone_groups import GROUPS, group_of
from reaper_automix.training.corpora.contract import CorpusSong, Usage
from reaper_automix.training.corpora.registry import CORPORA
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.tone.recorded import RECORDED, stems_of

PROCESSED = ("songs", "lmms", "gm-midi", "raw-tracks")
"""Corpora of tracks without a stem of their own: theirs are made by the engineers of ``engineers``."""


@dataclass(frozen=True, slots=True)
class Source:
    """A stem and the raw tracks that it was made of, or one raw track whose stem is to be made.

    Parameters
    ----------
    corpus, song, track, author, licence : str
    usage : Usage
        Whether a shipped model may learn from it.
    group : str
        One of ``GROUPS``.
    role : Role
    raws : tuple of Path
        One, where the stem is to be made.
    stem : Path or None
        What a human made of them; None where it is to be made.
    """

    corpus: str
    song: str
    track: str
    author: str
    licence: str
    usage: Usage
    group: str
    role: Role
    raws: tuple[Path, ...]
    stem: Path | None = None

    @property
    def key(self) -> str:
        """Unique among all sources."""
        return f"{self.corpus}/{self.song}/{self.track}"


def sources_below(data: Path) -> tuple[Source, ...]:
    """Return what lies below a folder of corpora, sorted by key.

    Raises
    ------
    CorpusError
        If none of the corpora is there, or one is damaged.
    """
    wanted = [name for name in (*PROCESSED, *RECORDED) if _is_there(data, name)]
    if not wanted:
        raise CorpusError(
            f"{data}: has none of the subfolders {', '.join((*PROCESSED, *RECORDED))}. Give their folder."
        )
    tracks = corpus_songs(data, [name for name in wanted if name in PROCESSED]) if set(wanted) & set(PROCESSED) else ()
    found = [source for song in tracks for source in _to_be_made(song)]
    for name in wanted:
        if name in RECORDED:
            found += [s for song, stems in stems_of(data, name) for s in _made_by_humans(song, stems)]
    return tuple(sorted(found, key=lambda source: source.key))


def counts(sources: Iterable[Source], n_shifts: int) -> list[tuple[str, str, str, int, int, int]]:
    """Return rows as of [1] Table 1: group, role, corpus, raw tracks, stems, and segments after augmentation."""
    raws: Counter[tuple[str, str, str]] = Counter()
    stems: Counter[tuple[str, str, str]] = Counter()
    augmented: Counter[tuple[str, str, str]] = Counter()
    for source in sources:
        row = (source.group, source.role.value, source.corpus)
        raws[row] += len(source.raws)
        stems[row] += 1
        augmented[row] += n_shifts if source.usage is Usage.TRAIN else 0
    order = list(GROUPS)
    rows = sorted(raws, key=lambda row: (order.index(row[0]), row[1:]))
    return [(*row, raws[row], stems[row], augmented[row]) for row in rows]


def _is_there(data: Path, name: str) -> bool:
    return (data / CORPORA[name].name).is_dir() or (data / name.replace("-", "_")).is_dir()


def _to_be_made(song: CorpusSong) -> Iterable[Source]:
    for track in song.tracks:
        if track.role is not None and (group := group_of(track.role)) is not None:
            about = (song.corpus, song.id, track.id, song.author, song.licence, song.usage)
            yield Source(*about, group, track.role, (track.path,))


def _made_by_humans(song: CorpusSong, stems: Sequence[tuple[str, Role | None, Path, tuple[Path, ...]]]) -> list[Source]:
    found = []
    for name, role, stem, raws in stems:
        if role is not None and (group := group_of(role)) is not None:
            about = (song.corpus, song.id, name, song.author, song.licence, song.usage)
            found.append(Source(*about, group, role, raws, stem))
    return found
