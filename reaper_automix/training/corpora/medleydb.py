"""MedleyDB as its owners have it: per song the mix, stems at mix level, raw tracks, and a YAML file on who is who.

Two corpora: ``medleydb`` gives the stems (the balance), ``medleydb-raw`` the raw tracks, a stem being a group of them;
from a raw track to the mix lies what the engineer did, and no file says it.

References
----------
.. [1] R. Bittner, J. Salamon, M. Tierney, M. Mauch, C. Cannam, J. P. Bello, "MedleyDB: a multitrack dataset for
   annotation-intensive MIR research", ISMIR 2014, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from reaper_automix.analysis.roles import Role, role_of
from reaper_automix.errors import INSTALL_TRAINING, CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, CorpusTrack, Finding, Usage
from reaper_automix.training.corpora.loading import check_each, length_of, places

LICENCE = "CC-BY-NC-SA-4.0"

_LABELS = {
    "vocalists": Role.BACKING_VOCAL,
    "choir": Role.BACKING_VOCAL,
    "male screamer": Role.LEAD_VOCAL,
    "female screamer": Role.LEAD_VOCAL,
    "male speaker": Role.LEAD_VOCAL,
    "female speaker": Role.LEAD_VOCAL,
    "beatboxing": Role.PERCUSSION,
    "drum set": Role.DRUMS,
    "drum machine": Role.DRUMS,
    "auxiliary percussion": Role.PERCUSSION,
    "electronic organ": Role.KEYS,
    "synthesizer": Role.SYNTH,
    "tack piano": Role.PIANO,
    "fx/processed sound": Role.FX,
    "sampler": Role.FX,
    "scratches": Role.FX,
    "french horn": Role.BRASS,
    "lap steel guitar": Role.ELECTRIC_GUITAR,
    "crowd": Role.OTHER,
    "castanet": Role.PERCUSSION,
    "doumbek": Role.PERCUSSION,
    "erhu": Role.STRINGS,
    "piccolo": Role.OTHER,
    "oud": Role.OTHER,
    "dizi": Role.OTHER,
    "guzheng": Role.OTHER,
    "yangqin": Role.OTHER,
    "zhongruan": Role.OTHER,
    "liuqin": Role.OTHER,
    "unlabeled": None,
    "main system": None,
}
"""Labels of MedleyDB that are not words of a track name."""


class MedleyDbCorpus:
    """The stems: at mix level, so that their gain is 0 dB as far as the mix is their sum."""

    name = "medleydb"
    what = "MedleyDB: stems at mix level and the mix, 196 songs; CC-BY-NC-SA-4.0, evaluation only"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(partial(load_song, corpus=self.name, raw=False), _descriptions(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and unreadable files, and songs with bleed."""
        yield from _check(folder, self.name, raw=False)


class MedleyDbRawCorpus:
    """The raw tracks, grouped by stem; their gains are not known."""

    name = "medleydb-raw"
    what = "MedleyDB: raw tracks and the mix, gains not known; CC-BY-NC-SA-4.0, evaluation only"

    def songs(self, folder: Path) -> Iterator[CorpusSong]:
        """Yield the songs below a folder."""
        yield from map(partial(load_song, corpus=self.name, raw=True), _descriptions(folder))

    def check(self, folder: Path) -> Iterator[Finding]:
        """Yield missing and unreadable files, and songs with bleed."""
        yield from _check(folder, self.name, raw=True)


def role_of_label(label: str) -> Role | None:
    """Return the role of an instrument as MedleyDB calls it."""
    words = label.casefold()
    return _LABELS[words] if words in _LABELS else role_of(words)


def load_song(description: Path, *, corpus: str, raw: bool) -> CorpusSong:
    """Return the song of a ``*_METADATA.yaml``.

    Raises
    ------
    CorpusError
        If the description is damaged or the mix is missing.
    """
    data = _read_yaml(description)
    folder = _song_folder(description)
    mix = folder / data["mix_filename"]
    producer = data.get("producer") or [""]
    return CorpusSong(
        corpus=corpus,
        id=folder.name,
        title=str(data["title"]),
        author=str(producer[0] or data["artist"]),
        licence=LICENCE,
        usage=Usage.EVALUATE,
        length_s=length_of(mix),
        tracks=tuple(_raw_tracks(folder, data) if raw else _stems(folder, data)),
        mix=mix,
    )


def _stems(folder: Path, data: Mapping[str, Any]) -> Iterator[CorpusTrack]:
    for stem in data["stems"].values():
        path = folder / data["stem_dir"] / stem["filename"]
        yield _track(path, stem["instrument"], path.stem, known=True)


def _raw_tracks(folder: Path, data: Mapping[str, Any]) -> Iterator[CorpusTrack]:
    for stem_id, stem in data["stems"].items():
        for raw in (stem.get("raw") or {}).values():
            path = folder / data["raw_dir"] / raw["filename"]
            yield _track(path, raw["instrument"], str(stem_id), known=False)


def _track(path: Path, label: Any, group: str, *, known: bool) -> CorpusTrack:
    names = [str(name) for name in label] if isinstance(label, list) else [str(label)]
    role = role_of_label(names[0])
    return CorpusTrack(
        id=path.stem,
        name=", ".join(names),
        path=path,
        role=role,
        role_confidence="high" if role and len(names) == 1 else "low",
        gain_is_exact=False,
        group=group,
        gain_is_known=known,
    )


def _check(folder: Path, corpus: str, *, raw: bool) -> Iterator[Finding]:
    descriptions = _descriptions(folder)
    yield from check_each(descriptions, partial(load_song, corpus=corpus, raw=raw))
    for description in descriptions:
        if str(_read_yaml(description).get("has_bleed")) == "yes":
            yield Finding(_song_name(description), "its microphones hear one another (has_bleed).", is_problem=False)


def _descriptions(folder: Path) -> list[Path]:
    """Return the descriptions of songs whose audio is here; the second release keeps them in a folder of their own."""
    found = places(folder, "**/*_METADATA.yaml", "MedleyDB: the audio folders, and Metadata if it is apart")
    here = [d for d in found if (d.parent / f"{_song_name(d)}_MIX.wav").is_file()]
    named = {_song_name(d) for d in here}
    apart = [d for d in found if _song_name(d) not in named and _audio_apart(d, folder) is not None]
    if here or apart:
        return sorted([*here, *apart], key=_song_name)
    raise CorpusError(f"{folder}: has descriptions, but no *_MIX.wav. Give the folder that holds the audio too.")


def _song_name(description: Path) -> str:
    return description.name.removesuffix("_METADATA.yaml")


def _song_folder(description: Path) -> Path:
    name = _song_name(description)
    if (description.parent / f"{name}_MIX.wav").is_file():
        return description.parent
    for above in list(description.parents)[1:4]:
        if (apart := _audio_apart(description, above)) is not None:
            return apart
    raise CorpusError(f"{description}: no {name}_MIX.wav near it. Give the folder that holds the audio too.")


def _audio_apart(description: Path, folder: Path) -> Path | None:
    name = _song_name(description)
    places_ = (*folder.glob(f"{name}/{name}_MIX.wav"), *folder.glob(f"*/{name}/{name}_MIX.wav"))
    return places_[0].parent if places_ else None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        import yaml  # an extra: only who owns MedleyDB needs it
    except ImportError as error:
        raise CorpusError(f"PyYAML is missing. {INSTALL_TRAINING}") from error
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CorpusError(f"{path}: cannot be read ({error}). Unpack MedleyDB again.") from error
    wanted = {"title", "artist", "mix_filename", "stem_dir", "raw_dir", "stems"}
    if not isinstance(data, dict) or wanted - data.keys():
        raise CorpusError(f"{path}: is no description of a MedleyDB song. Unpack MedleyDB again.")
    return data
