"""Eight engineers who balance the microphones of a kit, each by ear, by the kind of music and by a taste.

An engineer hears which drum is how loud in which microphone (``KitSound``, from the player; no feature says it) and
thinks in drums, not in microphones: how loud the strokes of kick drum, toms, hi-hat and cymbals are to be against those
of the snare, and how much of that is to come from close microphones. The overheads (their cymbals against the snare)
and the rooms come first; close microphones then add what is missing of their drum, sink where they are mostly bleed,
and are all but closed where their drum is not played. Two kick drums share the room of one. Every decision has noise.

How much engineers differ was measured on the coefficients of human mixes that MedleyDB publishes (``mixing_stats``:
stems against the median of their song, method v1, songs of at least three stems, high confidence; interquartile range
over 1.349): drums 2.8 dB (76 stems), bass 2.0 dB (72), percussion 4.7 dB (54). These are different songs; of one kit by
several engineers no published numbers were at hand. The tastes here were spread so that the balances of one kit differ
by about 2 to 5 dB per kind of microphone (standard deviation between engineers), which the tests measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.audio import levels
from reaper_automix.role_vocabulary import DrumMic, Role
from reaper_automix.training.drums.kit_player import MOMENT_S, Recording
from reaper_automix.units import db_to_energy, energy_to_db

Floats = NDArray[np.float64]

DECISION_DB = 0.8
"""Standard deviation of a decision: overheads, rooms, kick drums, snare, toms, hi-hat, each as a whole."""
FADER_DB = 0.8
"""Standard deviation of each fader beside that; together 1.13 dB."""

CLOSED_DB = -18.0
"""Where the loudness of a microphone stands against the strokes of the snare when its drum is not played."""
CLOSED_TAMED_DB = 6.0
"""Those who tame bleed most close it so much further."""
DEEPEST_DB = 12.0
"""Bleed is tamed by no more than this."""
LEAST_SHARE = 0.08
"""A close microphone gives at least this part of the energy of its drum, however loud the drum is without it."""
LOWEST_DB = -60.0

CYMBALS = ("crash", "china", "ride")


@dataclass(frozen=True, slots=True)
class Taste:
    """What an engineer likes; dB beside what is usual in the style.

    Parameters
    ----------
    kick_db, toms_db, hihat_db, cymbals_db : float
        Strokes against those of the snare.
    close_db : float
        Close microphones against overheads: so far lies the snare of the overheads below the snare of the mix.
    room_db : float
        Rooms against overheads.
    bottom_db : float
        Snare from below against the snare from above.
    tames : float
        How much of the bleed of a microphone is answered by lowering it, 0..1.
    follows : float
        How far the habits of a style are followed, 0..1.5.
    cymbals_first : float
        Overheads by their cymbals (1) or by their snare (0).
    """

    kick_db: float
    toms_db: float
    hihat_db: float
    cymbals_db: float
    close_db: float
    room_db: float
    bottom_db: float
    tames: float
    follows: float
    cymbals_first: float


@dataclass(frozen=True, slots=True)
class Habit:
    """What is usual in a style, in the terms of ``Taste``; quick feet are lowered by ``busy_db`` per doubling."""

    kick_db: float
    toms_db: float
    hihat_db: float
    cymbals_db: float
    close_db: float
    room_db: float
    busy_db: float = 0.5


HABITS: Mapping[str, Habit] = {
    "rock": Habit(0.0, -0.5, -8.0, -4.0, 6.0, -5.0),
    "ballad": Habit(-1.0, -1.0, -7.0, -4.0, 5.0, -3.0),
    "funk": Habit(-1.0, -2.0, -5.0, -5.0, 6.5, -8.0),
    "jazz": Habit(-4.0, -1.5, -6.0, -1.0, 2.5, -6.0, 0.0),
    "metal": Habit(1.5, 0.5, -9.0, -5.5, 8.0, -8.0, 1.5),
    "hip_hop": Habit(2.5, -2.0, -6.0, -6.0, 8.5, -9.0),
    "latin": Habit(-2.0, 0.5, -5.0, -3.0, 4.0, -6.0),
    "shuffle": Habit(-1.5, -1.0, -6.5, -3.0, 4.0, -4.5),
}

ENGINEERS: Mapping[str, Taste] = {
    "ada": Taste(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -8.0, 0.5, 1.0, 0.5),
    "bo": Taste(3.0, 1.5, -2.0, -2.5, 4.0, -3.5, -11.0, 0.8, 0.8, 0.3),
    "cleo": Taste(-2.0, -1.5, 1.5, 2.5, -4.0, 3.0, -7.0, 0.2, 1.2, 0.8),
    "dmitri": Taste(1.5, 3.0, -1.0, -1.0, 2.0, 4.0, -5.0, 0.4, 0.6, 0.4),
    "emeka": Taste(-1.0, -3.0, 2.5, 0.5, 1.0, -5.0, -9.0, 0.9, 1.3, 0.6),
    "fumi": Taste(-3.0, 1.0, 1.0, 3.0, -3.0, -1.0, -6.0, 0.3, 0.9, 0.9),
    "gala": Taste(4.0, -0.5, -2.5, 1.0, 5.0, 1.5, -10.0, 0.6, 0.5, 0.2),
    "hugo": Taste(0.5, 2.0, 1.5, -3.0, -2.0, -2.0, -4.0, 0.7, 1.1, 0.5),
}


@dataclass(frozen=True, slots=True, eq=False)
class KitSound:
    """What an engineer hears of a kit whose microphones were brought to one loudness.

    Parameters
    ----------
    microphones : tuple of DrumMic
        What stands where.
    own : tuple of tuple of str
        Per microphone the instruments it stands at; none for overheads and rooms.
    energy, moment : mapping of str to ndarray of float64, shape (n_microphones,)
        Per instrument: K-weighted mean square over the recording, and in the moment of a stroke.
    per_s : mapping of str to float
        Strokes per second.
    """

    microphones: tuple[DrumMic, ...]
    own: tuple[tuple[str, ...], ...]
    energy: Mapping[str, Floats]
    moment: Mapping[str, Floats]
    per_s: Mapping[str, float]

    @classmethod
    def of(cls, recording: Recording, loudness_lufs: Floats) -> KitSound:
        """Return what a recording sounds like once each microphone is brought to 0 LUFS."""
        known = np.isfinite(loudness_lufs)
        scale = np.where(known, levels.db_to_energy(-np.where(known, loudness_lufs, 0.0)), 0.0)
        length_s = recording.audio.shape[1] / recording.rate_hz
        return cls(
            microphones=recording.microphones,
            own=tuple(map(_own, recording.names, recording.microphones)),
            energy={name: energy * scale for name, energy in recording.energy.items()},
            moment={name: moment * scale for name, moment in recording.moment.items()},
            per_s={name: n / max(length_s, 1e-3) for name, n in recording.n_strokes.items()},
        )

    def strokes(self, instruments: Sequence[str]) -> Floats | None:
        """Return how loud the strokes of some instruments are in each microphone, as energy; None without strokes.

        Strokes that follow each other within a moment add up; of several instruments the busier count more.
        """
        played = [name for name in instruments if name in self.moment]
        if not played:
            return None
        weights = np.array([float(self.energy[name].sum()) for name in played])
        loud = [self.moment[name] * (1.0 + MOMENT_S * self.per_s[name]) for name in played]
        return np.asarray(np.average(loud, axis=0, weights=np.maximum(weights, 1e-30)))

    def named(self, *beginnings: str) -> list[str]:
        """Return the instruments that played whose names begin so."""
        return [name for name in self.energy if name.startswith(beginnings)]

    def own_share(self, index: int) -> float:
        """Return which part of the energy of a close microphone is its own drum's."""
        total = sum(float(energy[index]) for energy in self.energy.values())
        own = sum(float(self.energy[name][index]) for name in self.own[index] if name in self.energy)
        return own / total if total > 0.0 else 0.0


def _own(name: str, mic: DrumMic) -> tuple[str, ...]:
    if mic.role is Role.KICK:
        return ("kick_left",) if name == "kick_l" else ("kick",)
    if mic.role is Role.SNARE:
        return ("snare", "snare_rest")
    if mic is DrumMic.HIHAT:
        return ("hihat_closed", "hihat_open")
    return (mic.value,) if mic.role is Role.TOMS else ()


def mix(engineer: str, sound: KitSound, style: str, rng: np.random.Generator | None) -> tuple[Floats, Floats]:
    """Return where an engineer puts each microphone, brought to one loudness, in dB: with noise, and as meant.

    Parameters
    ----------
    engineer : str
        One of ``ENGINEERS``.
    sound : KitSound
        What is heard.
    style : str
        One of ``HABITS``; any other is taken for rock.
    rng : numpy.random.Generator or None
        For the noise of decisions; None decides without.

    Returns
    -------
    gains_db, meant_db : ndarray of float64, shape (n_microphones,)
        Balances: their energies add up to 1.
    """
    wanted = _Wanted.of(ENGINEERS[engineer], HABITS.get(style, HABITS["rock"]), sound)
    meant_db = np.maximum(_Session(sound, wanted).balance_db(), LOWEST_DB)
    if rng is None:
        return balanced_db(meant_db), balanced_db(meant_db)
    roles = [mic.role for mic in sound.microphones]
    of_role = {role: rng.normal(0.0, DECISION_DB) for role in Role if role in roles}
    off_db = np.array([of_role[role] for role in roles]) + rng.normal(0.0, FADER_DB, len(roles))
    return balanced_db(meant_db + off_db), balanced_db(meant_db)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an engineer wants of this kit in this style: strokes against those of the snare, in dB."""

    kick_db: float
    toms_db: float
    hihat_db: float
    cymbals_db: float
    close_db: float
    room_db: float
    taste: Taste

    @classmethod
    def of(cls, taste: Taste, habit: Habit, sound: KitSound) -> _Wanted:
        """Return the habit of the style as far as it is followed, and the taste beside it."""
        usual = HABITS["rock"]
        names = ("kick_db", "toms_db", "hihat_db", "cymbals_db", "close_db", "room_db")
        base = {n: getattr(usual, n) + taste.follows * (getattr(habit, n) - getattr(usual, n)) for n in names}
        want = {n: base[n] + getattr(taste, n) for n in names}
        feet_per_s = sum(sound.per_s[name] for name in sound.named("kick"))
        want["kick_db"] -= habit.busy_db * max(float(np.log2(max(feet_per_s, 1e-3) / 2.0)), 0.0)
        want["close_db"] = max(want["close_db"], 0.5)
        return cls(taste=taste, **want)


class _Session:
    """One balance in the making: faders go up one after the other, the strokes of the snare being at 0 dB."""

    def __init__(self, sound: KitSound, wanted: _Wanted) -> None:
        self._sound = sound
        self._wanted = wanted
        self._level_db = np.full(len(sound.microphones), -np.inf)

    def balance_db(self) -> Floats:
        """Return the levels of all microphones."""
        self._overheads()
        self._rooms()
        for instruments, wanted_db in (
            (("snare", "snare_rest"), 0.0),
            (("kick",), self._kick_db()),
            (("kick_left",), self._kick_db()),
            *(((f"tom_{number}",), self._wanted.toms_db) for number in range(1, 7)),
            (("hihat_closed", "hihat_open"), self._wanted.hihat_db),
        ):
            self._close(instruments, wanted_db)
        return self._level_db

    def _of(self, *mics: DrumMic) -> list[int]:
        return [index for index, mic in enumerate(self._sound.microphones) if mic in mics]

    def _overheads(self) -> None:
        """Put up the overheads: between what their snare and what their cymbals ask for; the snare in the middle."""
        pair = self._of(DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
        wanted, first = self._wanted, self._wanted.taste.cymbals_first
        snare_db = self._strokes_db(("snare", "snare_rest"), pair)
        ringing = self._sound.named(*CYMBALS)
        cymbals_db = self._strokes_db(ringing, pair)
        by_snare_db = -wanted.close_db - snare_db
        by_cymbals_db = wanted.cymbals_db - cymbals_db
        level_db = by_cymbals_db if np.isnan(by_snare_db) else by_snare_db
        if not np.isnan(by_snare_db) and not np.isnan(by_cymbals_db):
            level_db = (1.0 - first) * by_snare_db + first * by_cymbals_db
        self._level_db[pair] = -wanted.close_db if np.isnan(level_db) else level_db
        loud = self._sound.strokes(("snare", "snare_rest"))
        if len(pair) == 2 and loud is not None and loud[pair].all():
            lean_db = energy_to_db(float(loud[pair[0]] / loud[pair[1]]))
            self._level_db[pair] += np.array([-0.25, 0.25]) * lean_db

    def _strokes_db(self, instruments: Sequence[str], pair: Sequence[int]) -> float:
        """Return how loud strokes are in the sum of some microphones at 0 dB, NaN where there are none."""
        loud = self._sound.strokes(instruments)
        total = 0.0 if loud is None else float(loud[list(pair)].sum())
        return energy_to_db(total) if total > 0.0 else float("nan")

    def _rooms(self) -> None:
        """Put the rooms under the overheads, lower where cymbals fill them."""
        rooms = self._of(DrumMic.ROOM)
        pair = self._of(DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
        if not rooms:
            return
        total = sum(self._sound.energy.values(), np.zeros(len(self._level_db)))[rooms].sum()
        washed = sum(float(self._sound.energy[name][rooms].sum()) for name in self._sound.named(*CYMBALS, "hihat"))
        wash = washed / float(total) if total > 0.0 else 0.0
        above_db = float(np.mean(self._level_db[pair])) if pair else 0.0
        self._level_db[rooms] = above_db + self._wanted.room_db - 8.0 * self._wanted.taste.tames * wash

    def _kick_db(self) -> float:
        """Return what is wanted of a kick drum: two that both play share the room of one."""
        shared = len(self._sound.named("kick")) > 1
        return self._wanted.kick_db - (1.5 if shared else 0.0)

    def _close(self, instruments: Sequence[str], wanted_db: float) -> None:
        """Put up the microphones at a drum until its strokes are as loud as wanted."""
        mics = [index for index, own in enumerate(self._sound.own) if own and set(own) == set(instruments)]
        loud = self._sound.strokes(instruments)
        if not mics:
            return
        if loud is None or not loud[mics].all():
            self._level_db[mics] = CLOSED_DB - CLOSED_TAMED_DB * self._wanted.taste.tames
            return
        wanted = db_to_energy(wanted_db)
        there = float(np.sum(loud * levels.db_to_energy(self._level_db)))
        missing = _at_least(wanted - there, LEAST_SHARE * wanted)
        for index, part in zip(mics, self._parts(mics), strict=True):
            bleed_db = -energy_to_db(max(self._sound.own_share(index), 1e-6))
            tamed_db = self._wanted.taste.tames * DEEPEST_DB * float(np.tanh(bleed_db / DEEPEST_DB))
            self._level_db[index] = energy_to_db(missing * part / float(loud[index])) - tamed_db

    def _parts(self, mics: Sequence[int]) -> Floats:
        """Return how microphones at one drum share its energy: a snare from below is under the one from above."""
        under = [self._sound.microphones[index] is DrumMic.SNARE_BOTTOM for index in mics]
        parts = np.where(under, db_to_energy(self._wanted.taste.bottom_db), 1.0)
        return np.asarray(parts / parts.sum())


def _at_least(value: float, least: float) -> float:
    """Return a value, bent smoothly so that it never falls below ``least``."""
    return least + 0.5 * (value - least + float(np.hypot(value - least, least)))
