"""The command ``train``: from corpora to a model and its card. Needs the extra ``train``."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path

from reaper_automix.progress import Progress, silent
from reaper_automix.training import balance
from reaper_automix.training.evaluation.listening import listen
from reaper_automix.training.evaluation.results import table_of
from reaper_automix.training.evaluation.sources import corpus_songs
from reaper_automix.training.rides.fit import train_rides, write_rides
from reaper_automix.training.rides.listening import hear_rides
from reaper_automix.training.rides.mix_gains import with_mix_gains
from reaper_automix.training.rides.tables import rides_text


def fit(mixer: str, data: Path, corpora: tuple[str, ...], out: Path, progress: Progress = silent) -> str:
    """Fit a mixer's model, write it, and return the table of its scores on authors left out.

    Raises
    ------
    CorpusError
        If the data hold no corpus, a damaged one, or too few authors.
    """
    songs = corpus_songs(data, corpora)
    if mixer == "balance":
        weights, card, evaluation = balance.train(listen(songs, progress=progress))
        balance.write(weights, card, out)
        return table_of(evaluation)
    known = with_mix_gains(songs, user_cache_path("reaper-automix", appauthor=False) / "experiments", progress=progress)
    trained = train_rides(hear_rides(known, progress=progress))
    write_rides(trained, out)
    return rides_text(trained.table)
