"""MUSDB18-HQ as its owners have it: ``train`` and ``test``, a folder per song with four stems and the mixture.

The stems sum up to the mixture: they are at mix level. Which part of "other" is which nobody says.

References
----------
.. [1] Z. Rafii, A. Liutkus, F.-R. Stoeter, S. I. Mimilakis, R. Bittner, "MUSDB18-HQ, an uncompressed version of
   MUSDB18", 2019, doi:10.5281/zenodo.3338373.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Finding, Usage
from reaper_automix.training.corpora.loading import check_each, length_of, places

SUBSETS = ("train", "test")
STEMS = {
    "drums": (Role.DRUMS, "high"),
    "bass": (Role.BASS, "high"),
    "vocals": (Role.LEAD_VOCAL, "medium"),  # all singers together
    "other": (Role.OTHER, "low"),
}
N_SONGS = 150


class Musdb18HqCorpus:
    """``train/<artist> - <title>/{drums,bass,vocals,other,mixture}.wav``, and the same below ``test``."""

    name = "musdb18hq"
    what = "MUSDB18-HQ: four stems at mix level and the mixture, 150 songs; educational use, evaluation only"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(load_song, self._folders(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and unreadable files, and how many songs are there."""
        folders = self._folders(folder)
        yield from check_each(folders, load_song)
        if len(folders) != N_SONGS:
            yield Finding("", f"{len(folders)} of {N_SONGS} songs are here.", is_problem=False)

    @staticmethod
    def _folders(folder: Path) -> list[Path]:
        mixtures = places(folder, "t*/*/mixture.wav", "MUSDB18-HQ: the folders train and test")
        return [m.parent for m in mixtures if m.parent.parent.name in SUBSETS]


def load_song(folder: Path) -> CorpusSong:
    """Return the song of a folder.

    Raises
    ------
    CorpusError
        If a stem is missing.
    """
    missing = [stem for stem in STEMS if not (folder / f"{stem}.wav").is_file()]
    if missing:
        raise CorpusError(f"{folder}: has no {', '.join(missing)}.wav. Unpack MUSDB18-HQ again.")
    artist, dash, title = folder.name.partition(" - ")
    return CorpusSong(
        corpus=Musdb18HqCorpus.name,
        id=f"{folder.parent.name}/{folder.name}",
        title=title if dash else folder.name,
        author=artist,
        licence="MUSDB18-HQ (educational use only; licences differ per song)",
        usage=Usage.EVALUATE,
        length_s=length_of(folder / "mixture.wav"),
        tracks=tuple(
            CorpusTrack(stem, stem, folder / f"{stem}.wav", role, role_confidence=sure, gain_is_exact=False, group=stem)
            for stem, (role, sure) in STEMS.items()
        ),
        mix=folder / "mixture.wav",
    )
