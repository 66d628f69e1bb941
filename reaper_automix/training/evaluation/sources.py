"""Which corpora a data folder holds: every subfolder that is named as a corpus is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import Corpus, CorpusSong
from reaper_automix.training.corpora.lmms import LmmsCorpus
from reaper_automix.training.corpora.songs import SongsCorpus

KNOWN: tuple[Corpus, ...] = (SongsCorpus(), LmmsCorpus())
"""The corpora whose labels are a human's balance."""


def corpus_songs(data: Path, names: Sequence[str] = ()) -> tuple[CorpusSong, ...]:
    """Return the songs of the corpora below a folder.

    Parameters
    ----------
    data : Path
        The folder; ``DATA/songs`` holds the corpus ``songs``, and so on.
    names : sequence of str
        Which corpora; empty: all that are there.

    Raises
    ------
    CorpusError
        If none is there, one that was asked for is not, or one is damaged.
    """
    wanted = [corpus for corpus in KNOWN if (data / corpus.name).is_dir() and (not names or corpus.name in names)]
    known = ", ".join(corpus.name for corpus in KNOWN)
    if absent := set(names) - {corpus.name for corpus in wanted}:
        raise CorpusError(f"{data}: has no {', '.join(sorted(absent))}. Known corpora are subfolders named {known}.")
    if not wanted:
        raise CorpusError(f"{data}: holds no corpus. Give a folder with one of the subfolders {known}.")
    return tuple(song for corpus in wanted for song in corpus.songs(data / corpus.name))
