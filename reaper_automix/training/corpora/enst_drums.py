"""ENST-Drums as its owners have it: per drummer a folder per microphone, and the engineer's dry and wet mix of them.

The dry mix is levels and pans of the microphones, the wet one has equalisers and compressors too: the dry one is the
mix here. No file says the gains.

References
----------
.. [1] O. Gillet, G. Richard, "ENST-Drums: an extensive audio-visual database for drum signals processing", ISMIR 2006,
   section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reaper_automix.analysis.roles import role_of
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Finding, Usage
from reaper_automix.training.corpora.loading import check_each, length_of, places

LICENCE = "ENST-Drums licence (research, non-commercial)"
NO_MICROPHONE = frozenset({"dry_mix", "wet_mix", "accompaniment"})
SINGLE_HITS = "hits"


class EnstDrumsCorpus:
    """``drummer_<n>/audio/<microphone>/<take>.wav``, with ``dry_mix`` and ``wet_mix`` among the microphones."""

    name = "enst-drums"
    what = "ENST-Drums: the microphones of three kits and their dry mix, gains not known; research, evaluation only"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the takes below a folder; single hits are left out."""
        yield from map(load_song, self._takes(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield unreadable files and takes that a microphone lacks."""
        takes = self._takes(folder)
        yield from check_each(takes, load_song)
        for take in takes:
            audio = take.parent.parent
            missing = [m.name for m in _microphones(audio) if not (m / take.name).is_file()]
            if missing:
                text = f"{take.stem}: no file of {', '.join(missing)}."
                yield Finding(f"{audio.parent.name}/{take.stem}", text, is_problem=False)

    @staticmethod
    def _takes(folder: Path) -> list[Path]:
        found = places(folder, "drummer_*/audio/dry_mix/*.wav", "ENST-Drums: the folders drummer_1 to drummer_3")
        return [take for take in found if SINGLE_HITS not in take.stem]


def load_song(take: Path) -> CorpusSong:
    """Return a take, given its dry mix.

    Raises
    ------
    CorpusError
        If the mix cannot be read.
    """
    audio = take.parent.parent
    drummer = audio.parent.name
    return CorpusSong(
        corpus=EnstDrumsCorpus.name,
        id=f"{drummer}/{take.stem}",
        title=take.stem,
        author=drummer,
        licence=LICENCE,
        usage=Usage.EVALUATE,
        length_s=length_of(take),
        tracks=tuple(_track(m / take.name) for m in _microphones(audio) if (m / take.name).is_file()),
        mix=take,
    )


def _microphones(audio: Path) -> list[Path]:
    return sorted(p for p in audio.iterdir() if p.is_dir() and p.name not in NO_MICROPHONE)


def _track(path: Path) -> CorpusTrack:
    name = path.parent.name
    role = role_of(name)
    return CorpusTrack(
        id=name,
        name=name,
        path=path,
        role=role,
        role_confidence="high" if role else "low",
        gain_is_exact=False,
        group=name,
        gain_is_known=False,
    )
