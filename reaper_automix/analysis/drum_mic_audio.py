"""Which microphone of a kit a track is, by its sound beside the others: a normal distribution per kind of microphone.

Each kind has a mean of the features, and all share one covariance, widened so that one recorded kit does not pass for
all kits. A set of tracks is assigned to the kinds as a whole (the Hungarian method), so that there is one snare bottom,
not three. What the model cannot know is left to rules that are said: which kick microphone stands inside (who leads),
how toms are numbered (by pitch), which overhead is the left one (the order of the tracks).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import optimize, special

from reaper_automix.analysis.drum_hits import Floats
from reaper_automix.analysis.drum_mic_features import (
    FEATURES,
    Heard,
    coherence_of,
    features_of,
    lags_ms,
    pitches_hz,
)
from reaper_automix.errors import ModelError
from reaper_automix.models_folder import AGAIN, load_card
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.units import energy_to_db

FORMAT = "reaper_automix.drum_mics/1"

KINDS: Mapping[DrumMic, int] = {
    DrumMic.KICK_IN: 2,
    DrumMic.SNARE_TOP: 1,
    DrumMic.SNARE_BOTTOM: 1,
    DrumMic.HIHAT: 1,
    DrumMic.TOM_1: 6,
    DrumMic.OVERHEAD_LEFT: 2,
    DrumMic.ROOM: 4,
}
"""The kinds that are told apart by ear, and how many of each a kit has at most. A tom is any tom, an overhead either.

There is no ride, no outer and no sub kick microphone in the recordings that the model was fitted to.
"""

OF_ONE_KIT = 0.006
"""Tracks that have less than this in common with every other microphone were not recorded with them.

Measured: 12 unrelated tracks 0.001 at most, the loneliest microphone of a kit in 40 performances 0.025. Short excerpts
have more in common by chance: three times what as many frames of noise have is asked for at least.
"""

SURE_SHARE = 0.8
"""A kind is stated without doubt from this share of the likelihood of all kinds on."""

CONTRADICTION = 12.0
"""A name is doubted where another kind is more likely by this much (natural logarithm)."""

_SECOND_COST = 1.0
"""What another microphone of a kind costs (natural logarithm); toms come in sets."""
_SECOND_TOM_COST = 0.3
_STEREO_COST = 8.0
"""What a stereo track costs as anything but overheads and rooms."""
_PAIRS = (DrumMic.OVERHEAD_LEFT, DrumMic.ROOM)
_BY_CHANCE = 3.0
_SAME_DRUM = 0.4
_SAME_DRUM_DB = 20.0
_PRINTED_REST = 0.1
"""A track of which sums of the others leave less than this share of the energy is printed from them."""
_LEAST_PART = 0.01
_LARGEST_PART = 0.85
_COPIED_REST = 1e-3
_NUMBERED_TOMS = tuple(DrumMic(f"tom_{number}") for number in range(1, 7))


@dataclass(frozen=True, slots=True, eq=False)
class MicModel:
    """Normal distributions of the features per kind, with one covariance.

    Parameters
    ----------
    kinds : tuple of DrumMic
        What can be told apart.
    means : ndarray of float64, shape (n_kinds, n_features)
    spread : ndarray of float64, shape (n_features,)
        What differences are measured in.
    precision : ndarray of float64, shape (n_features, n_features)
        Inverse of the covariance of the features over ``spread``.
    """

    kinds: tuple[DrumMic, ...]
    means: Floats
    spread: Floats
    precision: Floats

    def log_likelihoods(self, features: Floats) -> Floats:
        """Return them up to a constant, float64 (n_tracks, n_kinds)."""
        away = (features[:, None, :] - self.means[None]) / self.spread
        return np.asarray(-0.5 * np.einsum("ijk,kl,ijl->ij", away, self.precision, away))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one track sounds like.

    Parameters
    ----------
    mics : tuple of DrumMic
        Both of a pair where one stereo track holds it; empty where it is no microphone of this kit, or cannot be told.
    share : float
        Likelihood of its kind among all kinds, 0..1.
    evidence : str
        In words.
    doubt : str
        What is unsure about it; empty where nothing is.
    """

    mics: tuple[DrumMic, ...]
    share: float
    evidence: str
    doubt: str = ""


@cache
def load_mic_model() -> MicModel:
    """Load the shipped model.

    Raises
    ------
    ModelError
        If it is missing or damaged.
    """
    card = load_card("drum_mics", FORMAT)
    try:
        if tuple(card["features"]) != FEATURES:
            raise ValueError("it was fitted to other features")
        kinds = tuple(DrumMic(word) for word in card["kinds"])
        means, spread, precision = (np.asarray(card[key], np.float64) for key in ("means", "spread", "precision"))
        shapes = (means.shape, spread.shape, precision.shape)
        n = len(FEATURES)
        if shapes != ((len(kinds), n), (n,), (n, n)):
            raise ValueError(f"its arrays have shapes {shapes}")
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"models/drum_mics/model.json: is damaged ({error}). {AGAIN}") from None
    return MicModel(kinds, means, spread, precision)


def kind_of(mic: DrumMic) -> DrumMic | None:
    """Return the kind that a microphone counts as by ear; None for a ride, which the model does not know."""
    if mic is DrumMic.RIDE:
        return None
    if mic in KINDS:
        return mic
    return next(kind for kind in KINDS if kind.role is mic.role)


def propose_mics(
    heard: Heard, asked: Sequence[int], named: Mapping[int, DrumMic], model: MicModel
) -> dict[int, Proposal]:
    """Return what the tracks whose names say nothing are, by ear.

    Parameters
    ----------
    heard : Heard
        All that may belong to the kit.
    asked : sequence of int
        Positions in ``heard`` of the tracks in question.
    named : mapping of int to DrumMic
        Positions of those that are known; what they are is taken.
    model : MicModel
    """
    found = {i: _outsider(heard, i) for i in asked}
    asked = [i for i in asked if found[i] is None]
    within = sorted({*asked, *named})
    outside = {i: p for i, p in found.items() if p is not None}
    if len(within) < 2:
        return outside | {i: Proposal((), 0.0, "", "no other microphone of a kit to compare it with") for i in asked}
    part = heard.among(within)
    likely = model.log_likelihoods(features_of(part))
    unusual = np.array([kind not in _PAIRS for kind in model.kinds])
    likely = likely - _STEREO_COST * np.outer(part.is_stereo, unusual)
    places = {i: at for at, i in enumerate(within)}
    kinds = _assigned(likely[[places[i] for i in asked]], model.kinds, _free(model.kinds, named, heard))
    shares = special.softmax(likely, axis=1)
    proposals = {
        i: _proposal(kind, shares[places[i]], model.kinds, is_stereo=bool(heard.is_stereo[i]))
        for i, kind in zip(asked, kinds, strict=True)
    }
    fine = _fine(heard, {i: p for i, p in proposals.items() if p.mics}, named)
    return outside | proposals | fine


def contradictions(heard: Heard, named: Mapping[int, DrumMic], model: MicModel) -> dict[int, str]:
    """Return which names the sound speaks strongly against, and how.

    Parameters
    ----------
    heard : Heard
        All that may belong to the kit.
    named : mapping of int to DrumMic
        Positions in ``heard`` of the tracks whose names say what they are.
    model : MicModel
    """
    index = sorted(i for i in named if heard.sounds[i])
    if len(index) < 2:
        return {}
    likely = model.log_likelihoods(features_of(heard.among(index)))
    said: dict[int, str] = {}
    for i, row in zip(index, likely, strict=True):
        kind = kind_of(named[i])
        best = model.kinds[int(np.argmax(row))]
        if kind is None or kind not in model.kinds or best.role is kind.role:
            continue
        against = float(row.max() - row[model.kinds.index(kind)])
        if against >= CONTRADICTION:
            said[i] = f"named as {named[i].value}, but sounds like {_word(best)} among these tracks"
    return said


def _outsider(heard: Heard, own: int) -> Proposal | None:
    """Return why a track is no microphone of this kit; None where nothing speaks against it."""
    if not heard.sounds[own]:
        return Proposal((), 0.0, "", "hardly anything is heard on it")
    common = np.delete(coherence_of(heard)[own], own)
    least = max(OF_ONE_KIT, _BY_CHANCE / heard.bands.shape[1])
    if common.size and float(common.max()) < least:
        return Proposal((), 0.0, "has nothing in common with the microphones of the kit")
    return _printed(heard, own)


def _printed(heard: Heard, own: int) -> Proposal | None:
    """Return that a track is a sum of the others, all with one polarity, if it is."""
    inner = heard.cross.real.sum(axis=0, dtype=np.float64)
    others = np.delete(np.arange(inner.shape[0]), own)
    if others.size < 2 or inner[own, own] <= 0.0:
        return None
    gram = inner[np.ix_(others, others)] + 1e-9 * np.eye(others.size) * max(float(np.trace(inner)), 1e-12)
    values, vectors = np.linalg.eigh(gram)
    root = np.sqrt(np.maximum(values, 1e-15))[:, None] * vectors.T
    target = (vectors.T @ inner[others, own]) / np.sqrt(np.maximum(values, 1e-15))
    gains, _ = optimize.nnls(root, target)
    rest = float(inner[own, own] - 2.0 * gains @ inner[others, own] + gains @ gram @ gains) / float(inner[own, own])
    parts = gains**2 * np.diag(gram) / float(inner[own, own])
    # One of a coincident pair is mostly the other one of it, and no print.
    if rest < _PRINTED_REST and np.sum(parts > _LEAST_PART) > 2 and parts.max() < _LARGEST_PART:
        return Proposal((), 0.0, f"is a sum of the other tracks (they explain {1.0 - rest:.0%} of it)")
    return Proposal((), 0.0, "is a copy of another track") if rest < _COPIED_REST else None


def _free(kinds: Sequence[DrumMic], named: Mapping[int, DrumMic], heard: Heard) -> Counter[DrumMic]:
    """Return how many of each kind are still to be found."""
    taken: Counter[DrumMic] = Counter()
    for i, mic in named.items():
        if (kind := kind_of(mic)) is not None:
            taken[kind] += 2 if heard.is_stereo[i] and kind in _PAIRS else 1
    return Counter({kind: max(KINDS[kind] - taken[kind], 0) for kind in kinds})


def _assigned(likely: Floats, kinds: Sequence[DrumMic], free: Mapping[DrumMic, int]) -> list[DrumMic | None]:
    """Return the kind of each track such that all together are most likely; None where no place is left."""
    places = [(kind, number) for kind in kinds for number in range(free[kind])]
    found: list[DrumMic | None] = [None] * likely.shape[0]
    if not places or not found:
        return found
    costs = np.empty((likely.shape[0], len(places)))
    for column, (kind, number) in enumerate(places):
        again = _SECOND_TOM_COST if kind is DrumMic.TOM_1 else _SECOND_COST
        costs[:, column] = number * again - likely[:, list(kinds).index(kind)]
    rows, columns = optimize.linear_sum_assignment(costs)
    for row, place in zip(rows, columns, strict=True):
        found[int(row)] = places[int(place)][0]
    return found


def _proposal(kind: DrumMic | None, shares: Floats, kinds: Sequence[DrumMic], *, is_stereo: bool) -> Proposal:
    if kind is None:
        return Proposal((), 0.0, "", f"sounds like {_word(kinds[int(np.argmax(shares))])}, but all of these are there")
    share = float(shares[list(kinds).index(kind)])
    pair = {DrumMic.OVERHEAD_LEFT: DrumMic.OVERHEAD_RIGHT}.get(kind, kind)
    mics = (kind, pair) if is_stereo and kind in _PAIRS else (kind,)
    best = int(np.argmax(shares))
    doubt = "" if share >= SURE_SHARE else f"could be {_word(kinds[best])} as well"
    if share < SURE_SHARE and kinds[best] is kind:
        doubt = f"could be {_word(kinds[int(np.argsort(shares)[-2])])} as well"
    return Proposal(mics, share, f"sounds like {_word(kind)} beside the other tracks", doubt)


def _fine(heard: Heard, proposals: Mapping[int, Proposal], named: Mapping[int, DrumMic]) -> dict[int, Proposal]:
    """Return the proposals with what the kinds leave open: inside or outside, which tom, which side."""
    of_kind = {kind: [i for i, p in proposals.items() if p.mics[0] is kind] for kind in KINDS}
    fine = dict(proposals)
    fine.update(_kicks(heard, of_kind[DrumMic.KICK_IN], proposals, named))
    fine.update(_toms(heard, of_kind[DrumMic.TOM_1], proposals, set(named.values())))
    fine.update(_sides(heard, of_kind[DrumMic.OVERHEAD_LEFT], proposals, set(named.values())))
    return fine


def _kicks(
    heard: Heard, kicks: Sequence[int], proposals: Mapping[int, Proposal], named: Mapping[int, DrumMic]
) -> dict[int, Proposal]:
    known = [i for i, mic in named.items() if mic is DrumMic.KICK_IN]
    if not known and len(kicks) == 2:
        later = lags_ms(heard.among(kicks))
        known = [kicks[0] if later[0] <= later[1] else kicks[1]]
    if not known:
        return {}
    found = {}
    for i in kicks:
        if i in known:
            continue
        evidence = f"{proposals[i].evidence}, of a second drum"
        mics = proposals[i].mics
        if _is_same_drum(heard.among((known[0], i))):
            mics, evidence = (DrumMic.KICK_OUT,), f"{proposals[i].evidence}, after the other one"
        found[i] = replace(proposals[i], mics=mics, evidence=evidence)
    return found


def _is_same_drum(pair: Heard) -> bool:
    energy = pair.bands.sum(axis=(1, 2), dtype=np.float64) + 1e-12
    apart_db = abs(energy_to_db(float(energy[0] / energy[1])))
    return apart_db < _SAME_DRUM_DB and float(coherence_of(pair)[0, 1]) > _SAME_DRUM


def _toms(
    heard: Heard, toms: Sequence[int], proposals: Mapping[int, Proposal], taken: set[DrumMic]
) -> dict[int, Proposal]:
    pitch_hz = pitches_hz(heard)
    order = sorted(toms, key=lambda i: (pitch_hz[i] <= 0.0, -pitch_hz[i]))
    numbers = [mic for mic in _NUMBERED_TOMS if mic not in taken]
    found = {}
    for i, mic in zip(order, numbers, strict=False):
        told = f"{proposals[i].evidence}, at {pitch_hz[i]:.0f} Hz" if pitch_hz[i] > 0.0 else proposals[i].evidence
        doubt = proposals[i].doubt or ("" if pitch_hz[i] > 0.0 else "is hardly played here: which tom cannot be told")
        found[i] = replace(proposals[i], mics=(mic,), evidence=told, doubt=doubt)
    return found


def _sides(
    heard: Heard, overheads: Sequence[int], proposals: Mapping[int, Proposal], taken: set[DrumMic]
) -> dict[int, Proposal]:
    free = [mic for mic in (DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT) if mic not in taken]
    mono = sorted(i for i in overheads if not heard.is_stereo[i])
    if len(mono) == 1 and len(free) == 2:
        mics: tuple[DrumMic, ...] = (DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
        return {
            mono[0]: replace(proposals[mono[0]], mics=mics, evidence=f"{proposals[mono[0]].evidence}, the only one")
        }
    doubt = "which overhead is the left one cannot be heard: taken in the order of the tracks" if len(free) > 1 else ""
    return {
        i: replace(proposals[i], mics=(mic,), doubt="; ".join(filter(None, (proposals[i].doubt, doubt))))
        for i, mic in zip(mono, free, strict=False)
    }


def _word(kind: DrumMic) -> str:
    return {DrumMic.TOM_1: "a tom", DrumMic.OVERHEAD_LEFT: "an overhead", DrumMic.ROOM: "a room"}.get(
        kind, kind.value.replace("_", " ")
    )
