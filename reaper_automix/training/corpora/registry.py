"""The corpora by name."""

from __future__ import annotations

from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import Corpus
from reaper_automix.training.corpora.enst_drums import EnstDrumsCorpus
from reaper_automix.training.corpora.gm_midi import GmMidiCorpus
from reaper_automix.training.corpora.lmms import LmmsCorpus
from reaper_automix.training.corpora.medleydb import MedleyDbCorpus, MedleyDbRawCorpus
from reaper_automix.training.corpora.musdb18hq import Musdb18HqCorpus
from reaper_automix.training.corpora.music_delta import RawAndMixCorpus, RawTracksCorpus
from reaper_automix.training.corpora.rockband import RockbandCorpus
from reaper_automix.training.corpora.songs import SongsCorpus

ALL: tuple[Corpus, ...] = (
    LmmsCorpus(),
    SongsCorpus(),
    GmMidiCorpus(),
    RawTracksCorpus(),
    RawAndMixCorpus(),
    RockbandCorpus(),
    Musdb18HqCorpus(),
    MedleyDbCorpus(),
    MedleyDbRawCorpus(),
    EnstDrumsCorpus(),
)

CORPORA: dict[str, Corpus] = {corpus.name: corpus for corpus in ALL}


def corpus_named(name: str) -> Corpus:
    """Return a corpus; ``_`` and ``-`` are the same in its name.

    Raises
    ------
    CorpusError
        If there is none of that name.
    """
    if found := CORPORA.get(name.casefold().replace("_", "-")):
        return found
    raise CorpusError(f"'{name}' is no corpus. These are: {', '.join(CORPORA)}.")
