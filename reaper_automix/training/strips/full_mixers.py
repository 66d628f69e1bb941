"""Who mixes the songs of the full task: baselines, controllers and waveform networks, each in one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from reaper_automix.analysis.third_octaves import third_octaves_db
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.mixers.strip_knobs import MEAN_FADER_DB
from reaper_automix.mixers.strip_parameters import FADER, NAMES, PAN, settings_from
from reaper_automix.training.strips.baselines import SPECTRA, RoleTable
from reaper_automix.training.strips.features import loudness_of
from reaper_automix.training.strips.full_baselines import full_baselines
from reaper_automix.training.strips.full_controller import FullController
from reaper_automix.training.strips.full_loss import HEARD_BELOW_DB, song_mix
from reaper_automix.training.strips.raw_takes import RawTake
from reaper_automix.training.strips.role_spectra import RoleSpectra
from reaper_automix.training.strips.songs import RATE_HZ
from reaper_automix.training.strips.transformation import TransformationNetwork
from reaper_automix.training.strips.waveform import WaveformNetwork
from reaper_automix.training.strips.waveform_fit import waveform_mix

AS_PLAYED = "the same, as the network plays it"
ROLE_FADERS = ", faders of the role mean, centred"
"""Equaliser, compressor and reverb of the controller; its tracks as loud as their roles, and where they were."""
SEED = 9

Mixes = NDArray[np.float32]
"""Of some excerpts, (n_excerpts, 2, n_samples)."""
Figures = dict[str, dict[str, float]]
"""What else is to be known of a mix, by its name."""


class Mixer(Protocol):
    """Mixes songs that it has not learned from."""

    def mixes(self, take: RawTake, places: Sequence[int]) -> dict[str, list[Mixes]]:
        """Return mixes of some excerpts by their names, several of those that draw."""
        ...

    def beside(self, take: RawTake, mixes: Mapping[str, list[Mixes]]) -> Figures:
        """Return what else is to be known of these mixes."""
        ...


@dataclass(frozen=True, slots=True)
class Baselines:
    """What knows roles, or nothing."""

    table: RoleTable
    spectra: RoleSpectra
    sends_db: Mapping[str, float]

    def mixes(self, take: RawTake, places: Sequence[int]) -> dict[str, list[Mixes]]:
        """Return the mixes of ``full_baselines``."""
        return {
            name: [np.stack([fader.mixed(take, place) for place in places]) for fader in draws]
            for name, draws in full_baselines(take, self.table, self.spectra, self.sends_db, SEED).items()
        }

    def beside(self, take: RawTake, mixes: Mapping[str, list[Mixes]]) -> Figures:
        """Return how far spectra are from those before they were disturbed, and from those usual of their roles."""
        del mixes
        disturbed_db: list[float] = []
        unusual_db: list[float] = []
        for role, heard_db, clean_db in zip(take.song.roles, take.bands_db, take.clean_bands_db, strict=True):
            counts = clean_db > clean_db.max() - HEARD_BELOW_DB
            usual_db = self.spectra.bands_db.get(role, self.spectra.bands_db[""])
            for found, off_db in ((disturbed_db, heard_db - clean_db), (unusual_db, usual_db - clean_db)):
                found.append(float(np.abs(off_db - np.median(off_db[counts]))[counts].mean()))
        return {
            SPECTRA: {
                "share": self.spectra.share,
                "disturbed_db": float(np.mean(disturbed_db)),
                "unusual_db": float(np.mean(unusual_db)),
            }
        }


@dataclass(frozen=True, slots=True)
class Controlled:
    """A controller through the exact console, which is what an engineer gets, however it has learned.

    Parameters
    ----------
    name : str
    controller : FullController
    table : RoleTable
        For its strips with the faders of the role mean.
    network : TransformationNetwork, optional
        Whose mix at the same settings, which it has learned from, is judged beside it.
    """

    name: str
    controller: FullController
    table: RoleTable
    network: TransformationNetwork | None = None

    def mixes(self, take: RawTake, places: Sequence[int]) -> dict[str, list[Mixes]]:
        """Return the mixes with its own faders, with those of the role mean, and the network's."""
        vectors, reverb = (torch.from_numpy(answer) for answer in self.controller.answer(take.heard))
        tracks = [take.audio(place) for place in places]
        by_role = torch.from_numpy(role_faders(vectors.numpy(), tracks, self.table.offsets_of(take.song)))
        found: dict[str, list[Mixes]] = {}
        with torch.no_grad():
            for mix, own in ((self.name, vectors), (self.name + ROLE_FADERS, by_role)):
                mixes = [song_mix("exact console", torch.from_numpy(audio), own, reverb).numpy() for audio in tracks]
                found[mix] = [np.stack(mixes).astype(np.float32)]
            if self.network is not None:
                before = (self.network.receptive_field - 1) // 2
                ends = (before, self.network.receptive_field - 1 - before)
                longer = [torch.nn.functional.pad(torch.from_numpy(audio), ends) for audio in tracks]
                played = [song_mix(self.network, audio, vectors, reverb).numpy() for audio in longer]
                found[AS_PLAYED] = [np.stack(played).astype(np.float32)]
        return found

    def beside(self, take: RawTake, mixes: Mapping[str, list[Mixes]]) -> Figures:
        """Return how far the network's mix is from the exact one."""
        del take
        if AS_PLAYED not in mixes:
            return {}
        return {AS_PLAYED: {"off_db": thirds_off_db(mixes[self.name][0], mixes[AS_PLAYED][0])}}


@dataclass(frozen=True, slots=True)
class Waveforms:
    """A network from waveforms to waveforms."""

    name: str
    network: WaveformNetwork

    def mixes(self, take: RawTake, places: Sequence[int]) -> dict[str, list[Mixes]]:
        """Return its mix."""
        return {self.name: [np.stack([waveform_mix(self.network, take, place) for place in places])]}

    def beside(self, take: RawTake, mixes: Mapping[str, list[Mixes]]) -> Figures:
        """Return nothing more."""
        del take, mixes
        return {}


def role_faders(
    vectors: NDArray[np.float64], tracks: Sequence[Mixes], offsets_db: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return strips whose faders make tracks as loud as their roles usually are, behind equaliser and compressor.

    Parameters
    ----------
    vectors : ndarray of float64, shape (n_tracks, 24)
    tracks : sequence of ndarray of float32, shape (n_tracks, 2, n_samples)
        Excerpts.
    offsets_db : ndarray of float64, shape (n_tracks,)
        Of the roles.
    """
    found = vectors.copy()
    faders_db = offsets_db - offsets_db.mean() + MEAN_FADER_DB
    for number, row in enumerate(vectors):
        strip = settings_from(row)
        before = np.stack([audio[number] for audio in tracks])
        after = np.stack(
            [
                Compressor(strip.compressor, RATE_HZ, 2).process(Equaliser(strip.equaliser, RATE_HZ, 2).process(one))
                for one in before
            ]
        )
        louder_lu = loudness_of(after, RATE_HZ) - loudness_of(before, RATE_HZ)
        fader_db = faders_db[number] - (louder_lu if np.isfinite(louder_lu) else 0.0)
        found[number, NAMES.index(FADER.name)] = np.clip((fader_db - FADER.low) / (FADER.high - FADER.low), 0.0, 1.0)
        found[number, NAMES.index(PAN.name)] = 0.5
    return found


def thirds_off_db(mixes: Mixes, others: Mixes) -> float:
    """Return how far two mixes of a song are from each other, mean over thirds of an octave that sound, level left out.

    Parameters
    ----------
    mixes, others : ndarray of float32, shape (n_excerpts, 2, n_samples)
    """
    own_db, other_db = (third_octaves_db(np.concatenate(list(some), axis=1), RATE_HZ) for some in (mixes, others))
    counts = own_db > own_db.max() - HEARD_BELOW_DB
    off_db = (other_db - own_db)[counts]
    return float(np.abs(off_db - np.median(off_db)).mean())
