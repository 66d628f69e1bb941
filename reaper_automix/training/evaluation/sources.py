"""Which corpora a data folder holds: every subfolder that is named as a corpus is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong
from reaper_automix.training.corpora.registry import CORPORA, corpus_named


def corpus_songs(data: Path, names: Sequence[str] = ()) -> tuple[CorpusSong, ...]:
    """Return the songs of the corpora below a folder.

    Parameters
    ----------
    data : Path
        The folder; ``DATA/songs`` holds the corpus ``songs``, ``DATA/gm-midi`` or ``DATA/gm_midi`` the corpus
        ``gm-midi``, and so on.
    names : sequence of str
        Which corpora; empty: all that are there.

    Raises
    ------
    CorpusError
        If none is there, one that was asked for is not, or one is damaged.
    """
    wanted = [corpus_named(name).name for name in names] or list(CORPORA)
    found = {name: folder for name in wanted if (folder := _folder_of(data, name)) is not None}
    if names and (absent := [name for name in wanted if name not in found]):
        raise CorpusError(f"{data}: has no subfolder {', '.join(absent)}. Give the folder that holds it.")
    if not found:
        raise CorpusError(f"{data}: holds no corpus. Give a folder with one of the subfolders {', '.join(CORPORA)}.")
    return tuple(song for name, folder in found.items() for song in CORPORA[name].songs(folder))


def songs_of_those_there(data: Path, names: Sequence[str]) -> tuple[CorpusSong, ...]:
    """Return the songs of those of some corpora that lie below a folder.

    Raises
    ------
    CorpusError
        If none of them is there, or one is damaged.
    """
    there = [name for name in names if _folder_of(data, corpus_named(name).name) is not None]
    if not there:
        raise CorpusError(f"{data}: has none of the subfolders {', '.join(names)}. Give the folder that holds one.")
    return corpus_songs(data, there)


def _folder_of(data: Path, name: str) -> Path | None:
    candidates = (data / name, data / name.replace("-", "_"))
    return next((folder for folder in candidates if folder.is_dir()), None)
