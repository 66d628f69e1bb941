"""Stems that engineers made, with the raw tracks they made them of: MedleyDB [1] as its owners have it, and excerpts.

All of them are non-commercial: a shipped model is judged on them and never learns from them.

References
----------
.. [1] R. Bittner, J. Salamon, M. Tierney, M. Mauch, C. Cannam, J. P. Bello, "MedleyDB: a multitrack dataset for
   annotation-intensive MIR research", ISMIR 2014, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack
from reaper_automix.training.corpora.registry import corpus_named
from reaper_automix.training.evaluation.sources import corpus_songs

EXCERPTS, MEDLEYDB = "raw-and-mix", "medleydb"
RECORDED = (EXCERPTS, MEDLEYDB)
_RAW_OF_MEDLEYDB = "medleydb-raw"

Stem = tuple[str, Role | None, Path, tuple[Path, ...]]
"""Its name, who it is, its audio, and its raw tracks."""


def stems_of(data: Path, corpus: str) -> Iterator[tuple[CorpusSong, list[Stem]]]:
    """Yield the songs of a corpus with those of their stems whose raw tracks are there.

    Parameters
    ----------
    data : Path
        Folder of corpora.
    corpus : str
        One of ``RECORDED``.

    Raises
    ------
    CorpusError
        If it is not there, or damaged.
    """
    if corpus == EXCERPTS:
        for song in corpus_songs(data, [EXCERPTS]):
            yield song, list(_beside(song.tracks))
        return
    if not (data / MEDLEYDB).is_dir():
        raise CorpusError(f"{data}: has no subfolder {MEDLEYDB}. Give the folder that holds it.")
    yield from _of_medleydb(data / MEDLEYDB)


def _of_medleydb(folder: Path) -> Iterator[tuple[CorpusSong, list[Stem]]]:
    """Yield its songs: stem S01 of the description is the file that ends in STEM_01, made of those RAW_01_..."""
    raw_songs = {song.id: song for song in corpus_named(_RAW_OF_MEDLEYDB).songs(folder)}
    for song in corpus_named(MEDLEYDB).songs(folder):
        raws = raw_songs[song.id].tracks
        stems = []
        for stem in song.tracks:
            number = _number_of(stem.path.stem, r"STEM_(\d+)$")
            own = tuple(raw.path for raw in raws if number is not None and _number_of(raw.group, r"S(\d+)$") == number)
            if own:
                stems.append((stem.id, stem.role, stem.path, own))
        yield song, stems


def _beside(raws: Sequence[CorpusTrack]) -> Iterator[Stem]:
    """Yield the stems of excerpts, which lie beside their raw tracks under the same name."""
    for raw in raws:
        stem = raw.path.with_name(raw.path.name.replace("_raw.", "_stem."))
        if stem != raw.path and stem.is_file():
            yield raw.id, raw.role, stem, (raw.path,)


def _number_of(name: str, pattern: str) -> int | None:
    found = re.search(pattern, name)
    return int(found.group(1)) if found else None
