"""What every corpus loader returns: songs of raw tracks, and what a human did with them. Plain data.

A track is a file that is heard *before* the human's decision, and ``gain_db`` is the decision: the change of level,
over time, that leads from that file to the human's mix. Where a source has only stems at mix level, the file is the
stem and the gain is 0 dB: whoever trains on it normalises the loudness of each track first, and takes the same amount
off the label, so that neither the synthesizer's level nor the stem's says anything (``normalised_gain_db`` does both).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from reaper_automix.analysis.roles import Role

GainCurve = tuple[tuple[float, float], ...]
"""Time in seconds of the song, and gain in dB; linear in dB between points, constant outside. One point: constant."""


class Usage(str, Enum):
    """What a licence allows a shipped model to learn from."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    """Non-commercial material: judged on, never trained on."""


@dataclass(frozen=True, slots=True)
class CorpusTrack:
    """A track before the human's decision, and the decision.

    Parameters
    ----------
    id : str
        Unique in its song.
    name : str
        What the source calls it: a file or track name as a musician would have written it.
    path : Path
        The audio; mono or stereo, any rate.
    role : Role or None
        Who it is; None where the source does not say.
    role_confidence : str
        ``high``, ``medium`` or ``low``.
    gain_db : GainCurve
        From this audio to the human mix; one point where it is constant.
    gain_is_exact : bool
        Read from a fader or controller, not estimated from audio.
    group : str
        Tracks of one group (a stem, a channel) are one decision; the id where there are no groups.
    gain_is_known : bool
        Whether the source says anything of the gain; where False, ``gain_db`` is no label and the track serves roles
        and context only.
    """

    id: str
    name: str
    path: Path
    role: Role | None
    gain_db: GainCurve = ((0.0, 0.0),)
    role_confidence: str = "high"
    gain_is_exact: bool = True
    group: str = ""
    gain_is_known: bool = True

    @property
    def moves(self) -> bool:
        """Whether the human's gain changes over time."""
        return len(self.gain_db) > 1 and max(g for _, g in self.gain_db) - min(g for _, g in self.gain_db) > 0.1


@dataclass(frozen=True, slots=True)
class CorpusSong:
    """A song of a corpus.

    Parameters
    ----------
    corpus, id : str
        Where it is from, and its name there; together unique.
    author : str
        Who mixed it, as far as the source says: songs of one author are never on both sides of a split.
    licence : str
        As the source names it.
    usage : Usage
        Whether a shipped model may learn from it.
    length_s : float
        Length of its tracks.
    mix : Path or None
        The human mix, where the source has it.
    gains_are_in_mix : bool
        Whether the source knows no gains over time, so that they are best estimated from tracks and mix.
    """

    corpus: str
    id: str
    title: str
    author: str
    licence: str
    usage: Usage
    length_s: float
    tracks: tuple[CorpusTrack, ...]
    mix: Path | None = None
    gains_are_in_mix: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of a corpus found: which song (empty: the corpus), and a sentence with the next step."""

    song: str
    text: str
    is_problem: bool = True


class Corpus(Protocol):
    """A source of songs, wherever its owner keeps it."""

    name: str
    what: str
    """One line for ``corpus list``: what it is, its licence, how to get it."""

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder.

        Raises
        ------
        CorpusError
            If the folder does not hold this corpus, or a part of it is damaged; with the next step.
        """
        ...

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield what is missing, damaged or odd below a folder."""
        ...
