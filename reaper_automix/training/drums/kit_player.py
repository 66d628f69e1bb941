"""A sampled kit that plays a performance the way it could have been recorded: another tuning, room and desk each time.

Every recorded hit was heard by all microphones at once, so that bleed and delays are real. Of each instrument only half
of the recorded hits plays: ``a`` and ``b`` share none. Layers with two recordings give one to each half, in turn the
first and the second; layers with one recording (ride, ride bells, china, the loudest of ``tom_1`` and ``crash_left``)
go to the halves in turn, and a stroke between them takes the nearest layer of its half and is brought some dB towards
its own strength.

Beside the audio a recording knows what each drum put into each microphone. No feature may see that: it is what an
engineer's ears tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.loudness import k_weighting
from reaper_automix.audio import levels
from reaper_automix.errors import CorpusError
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.role_drumkit import DrumKit, load_hit
from reaper_automix.units import db_to_energy, db_to_lin

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]
Stroke = tuple[float, str, float]
"""Time in seconds, instrument, velocity 0..1."""

HALVES = ("a", "b")
LONGEST_HIT_S = 5.0
FADE_S = 0.25
MOMENT_S = 0.4
"""How long a momentary loudness listens: how loud a stroke is."""

TUNING_SEMITONES = 2.0
DRUMMER_DB = 3.0
STROKE_DB = 0.7
"""Standard deviation of strokes of one velocity."""
LAYER_DB = 4.0
"""A stroke is brought at most so far from the level of its recording towards that of its velocity."""
PREAMP_DB = 12.0
NOISE_DB = (-75.0, -45.0)
"""Hum and hiss against the RMS of the microphone."""
BLEED_DB = (-3.0, 15.0)
"""What other drums lose or gain in a close microphone against the recorded kit. Its close microphones are clean: the
snare lies 32 to 38 dB below the own drum in those of the toms."""
BLEED_APART_DB = 1.5
"""So far the microphones of one recording differ in that."""
ROOM_DECAY_S = (0.1, 0.6)
ROOM_DB = (-18.0, -3.0)
"""Energy of the added room against what the room microphones heard."""
OVERHEAD_ROOM_DB = -10.0
"""Overheads get so much less of it."""
TIMING_S = (0.001, 0.006)

_FAR = (DrumMic.ROOM, DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
_EIGHT = ("kick_r", "snare_top", "hihat", "tom_1", "tom_2", "tom_3", "overhead_left", "overhead_right")
_FEWEST = ("kick_r", "snare_top", "overhead_left", "overhead_right")
_NUMBERS = (4, 6, 8, 10, 13)
_HOW_OFTEN = (0.1, 0.1, 0.35, 0.2, 0.25)


@dataclass(frozen=True, slots=True)
class Variation:
    """How one recording differs from the kit as it was sampled.

    Parameters
    ----------
    channels : tuple of int
        The microphones that are recorded, as channels of the kit.
    tuning_semitones, drummer_db : mapping of str to float
        Per instrument, in all microphones.
    preamp_db, noise_db, bleed_db : ndarray of float64, shape (n_microphones,)
        Gain; noise against the RMS of the microphone; what drums that are not its own have more in it. Overheads and
        rooms have no own drum, and no change of bleed.
    hum_hz : float
        50 or 60.
    room_decay_s, room_db : float
        Time in which the added room falls by 60 dB, and its energy in the room microphones.
    timing_s : float
        Standard deviation of the time of a stroke.
    seed : int
        Of what differs from stroke to stroke, and of the noise.
    """

    channels: tuple[int, ...]
    tuning_semitones: Mapping[str, float]
    drummer_db: Mapping[str, float]
    preamp_db: Floats
    noise_db: Floats
    bleed_db: Floats
    hum_hz: float
    room_decay_s: float
    room_db: float
    timing_s: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What the microphones recorded.

    Parameters
    ----------
    audio : ndarray of float32, shape (n_microphones, n_samples)
        May be beyond full scale: preamplifiers here do not clip.
    rate_hz : int
        Of the audio.
    names : tuple of str
        Channels of the kit.
    microphones : tuple of DrumMic
        What they are.
    energy : mapping of str to ndarray of float64, shape (n_microphones,)
        Per instrument that played: the K-weighted energy of all its strokes in each microphone, as a mean square over
        the recording.
    moment : mapping of str to ndarray of float64, shape (n_microphones,)
        The K-weighted mean square of the 400 ms after a stroke, each stroke weighted by its energy: how loud those
        strokes are that count.
    n_strokes : mapping of str to int
        How often each instrument was hit.
    """

    audio: Audio
    rate_hz: int
    names: tuple[str, ...]
    microphones: tuple[DrumMic, ...]
    energy: Mapping[str, Floats]
    moment: Mapping[str, Floats]
    n_strokes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Hit:
    """A recorded hit: its file, the middle of its velocities and how loud it is where it is loudest."""

    file: str
    velocity: float
    level_db: float


@dataclass(frozen=True, slots=True, eq=False)
class _Sound:
    """A hit as this recording has it: float32 (n_microphones, n_samples), and its K-weighted energies."""

    audio: Audio
    energy: Floats
    moment: Floats


def half_of(kit: DrumKit, half: str) -> dict[str, tuple[_Hit, ...]]:
    """Return per instrument the hits that belong to half ``a`` or ``b``.

    Raises
    ------
    CorpusError
        If the half is another word.
    """
    if half not in HALVES:
        raise CorpusError(f"half {half!r} of the hits: there are {' and '.join(HALVES)}.")
    return {entry["instrument"]: _half(entry["hits"], HALVES.index(half)) for entry in kit.manifest["instruments"]}


def _half(hits: Sequence[Mapping[str, Any]], side: int) -> tuple[_Hit, ...]:
    by_layer: dict[int, list[Mapping[str, Any]]] = {}
    for hit in hits:
        by_layer.setdefault(int(hit["layer"]), []).append(hit)
    chosen = []
    for number, layer in enumerate(by_layer.values()):
        chosen += [hit for place, hit in enumerate(layer) if (place + number) % 2 == side]
    return tuple(
        _Hit(h["file"], float(h["velocity"]), float(max(h["rms_first_200ms_dbfs"].values())))
        for h in chosen or hits[:1]
    )


def draw_variation(kit: DrumKit, rng: np.random.Generator) -> Variation:
    """Return one of the ways in which a kit may be set up and recorded."""
    instruments = [entry["instrument"] for entry in kit.manifest["instruments"]]
    channels = _draw_channels([c["mic"] for c in kit.manifest["channels"]], rng)
    n = len(channels)
    shared_bleed_db = rng.uniform(BLEED_DB[0] + BLEED_APART_DB, BLEED_DB[1] - BLEED_APART_DB)
    return Variation(
        channels=channels,
        tuning_semitones={i: float(rng.uniform(-TUNING_SEMITONES, TUNING_SEMITONES)) for i in instruments},
        drummer_db={i: float(rng.uniform(-DRUMMER_DB, DRUMMER_DB)) for i in instruments},
        preamp_db=rng.uniform(-PREAMP_DB, PREAMP_DB, n),
        noise_db=rng.uniform(*NOISE_DB, n),
        bleed_db=shared_bleed_db + rng.uniform(-BLEED_APART_DB, BLEED_APART_DB, n),
        hum_hz=float(rng.choice((50.0, 60.0))),
        room_decay_s=float(rng.uniform(*ROOM_DECAY_S)),
        room_db=float(rng.uniform(*ROOM_DB)),
        timing_s=float(rng.uniform(*TIMING_S)),
        seed=int(rng.integers(1 << 31)),
    )


def _draw_channels(names: Sequence[str], rng: np.random.Generator) -> tuple[int, ...]:
    """Return the channels of a recording with few or many microphones; pairs are not torn apart."""
    number = int(rng.choice(_NUMBERS, p=_HOW_OFTEN))
    kept = [name for name in (_FEWEST if number < len(_EIGHT) else _EIGHT) if name in names]
    beside = [name for name in names if name not in kept and (number >= len(_EIGHT) or name not in ("kick_l", "tom_4"))]
    for name in rng.permutation(beside).tolist():
        pair = [other for other in beside if other.partition("_")[0] == name.partition("_")[0] == "room"] or [name]
        if len(kept) < number and not set(pair) & set(kept):
            kept += pair
    return tuple(index for index, name in enumerate(names) if name in kept)


class KitPlayer:
    """Plays on one half of the hits of a kit.

    Parameters
    ----------
    kit : DrumKit
        Its files are read when they are played.
    half : str
        ``a`` or ``b``.
    """

    def __init__(self, kit: DrumKit, half: str) -> None:
        self._kit = kit
        self._hits = half_of(kit, half)
        self._close = {entry["instrument"]: entry["close_mic"] for entry in kit.manifest["instruments"]}

    def play(self, strokes: Sequence[Stroke], variation: Variation, length_s: float) -> Recording:
        """Record so many seconds of a performance; instruments that the kit has not are left out.

        A kick drum or tom without a microphone is taken to be missing: its strokes go to the other kick drum, or to the
        next tom.
        """
        rate_hz = self._kit.sample_rate_hz
        rng = np.random.default_rng(variation.seed)
        desk = _Desk.of(self._kit, variation)
        tape = np.zeros((len(variation.channels), round(length_s * rate_hz)), np.float32)
        heard = _Heard(len(variation.channels))
        sounds: dict[tuple[str, str], _Sound] = {}
        for time_s, written, velocity in strokes:
            # Drawn first, so that leaving out a stroke does not change those behind it.
            late_s, louder_db = rng.normal(0.0, variation.timing_s), rng.normal(0.0, STROKE_DB)
            instrument = desk.played(written)
            at = round(max(time_s + late_s, 0.0) * rate_hz)
            if instrument not in self._hits or at >= tape.shape[1]:
                continue
            hit = min(self._hits[instrument], key=lambda h: abs(h.velocity - velocity))
            if (key := (instrument, hit.file)) not in sounds:
                sounds[key] = self._sound(instrument, hit, variation, desk)
            gain_db = louder_db + variation.drummer_db[instrument] + _towards_db(self._hits[instrument], hit, velocity)
            gain, sound = np.float32(db_to_lin(gain_db)), sounds[key]
            n = min(sound.audio.shape[1], tape.shape[1] - at)
            tape[:, at : at + n] += gain * sound.audio[:, :n]
            heard.add(instrument, sound, float(gain) ** 2)
        tape = _in_room(tape, desk.room_energy, variation.room_decay_s, rate_hz, rng)
        _add_noise(tape, variation, rate_hz, rng)
        energy, moment = heard.result(tape.shape[1], 1.0 + desk.room_energy)
        return Recording(tape, rate_hz, desk.names, desk.microphones, energy, moment, heard.n_strokes)

    def _sound(self, instrument: str, hit: _Hit, variation: Variation, desk: _Desk) -> _Sound:
        rate_hz = self._kit.sample_rate_hz
        recorded = load_hit(self._kit.folder / hit.file)[list(variation.channels)]
        tuned = _tuned(recorded, variation.tuning_semitones[instrument], rate_hz)
        audio = tuned * desk.gain_lin(self._close[instrument])[:, None].astype(np.float32)
        square = np.square(signal.sosfilt(k_weighting(rate_hz), audio, axis=-1), dtype=np.float64)
        n_moment = round(MOMENT_S * rate_hz)
        return _Sound(audio, square.sum(axis=1), square[:, :n_moment].sum(axis=1) / n_moment)


@dataclass(frozen=True, slots=True, eq=False)
class _Desk:
    """The microphones of a recording and what they do to a drum."""

    names: tuple[str, ...]
    microphones: tuple[DrumMic, ...]
    preamp_db: Floats
    bleed_db: Floats
    room_energy: Floats

    @classmethod
    def of(cls, kit: DrumKit, variation: Variation) -> _Desk:
        chosen = [kit.manifest["channels"][index] for index in variation.channels]
        microphones = tuple(DrumMic(channel["role"]) for channel in chosen)
        far = np.array([mic in _FAR for mic in microphones])
        less_db = np.array([0.0 if mic is DrumMic.ROOM else OVERHEAD_ROOM_DB for mic in microphones])
        return cls(
            names=tuple(channel["mic"] for channel in chosen),
            microphones=microphones,
            preamp_db=variation.preamp_db,
            bleed_db=np.where(far, 0.0, variation.bleed_db),
            room_energy=np.where(far, levels.db_to_energy(variation.room_db + less_db), 0.0),
        )

    def played(self, instrument: str) -> str:
        """Return which drum is hit for a written one."""
        for missing, other in (("kick_left", "kick"), ("tom_4", "tom_3")):
            mic, other_mic = ("kick_l", "kick_r") if missing == "kick_left" else (missing, other)
            if instrument == missing and mic not in self.names and other_mic in self.names:
                return other
        return instrument

    def gain_lin(self, close_mic: str) -> Floats:
        """Return the gain of each microphone for a drum: what is not its own drum is bleed."""
        own = [
            name.partition("_")[0] == "snare" if close_mic == "snare_top" else name == close_mic for name in self.names
        ]
        return levels.db_to_lin(self.preamp_db + np.where(own, 0.0, self.bleed_db))


class _Heard:
    """Adds up what each drum puts into each microphone."""

    def __init__(self, n_microphones: int) -> None:
        self._n = n_microphones
        self._energy: dict[str, Floats] = {}
        self._moment: dict[str, tuple[Floats, float]] = {}
        self.n_strokes: dict[str, int] = {}

    def add(self, instrument: str, sound: _Sound, gain_energy: float) -> None:
        """Take note of a stroke."""
        self.n_strokes[instrument] = self.n_strokes.get(instrument, 0) + 1
        self._energy[instrument] = self._energy.get(instrument, np.zeros(self._n)) + gain_energy * sound.energy
        weight = gain_energy * float(sound.energy.sum())
        moment, weights = self._moment.get(instrument, (np.zeros(self._n), 0.0))
        self._moment[instrument] = (moment + weight * gain_energy * sound.moment, weights + weight)

    def result(self, n_samples: int, room: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return mean squares over the recording, and those of the moment after a stroke."""
        energy = {name: total * room / n_samples for name, total in self._energy.items()}
        moment = {name: total * room / max(weights, 1e-30) for name, (total, weights) in self._moment.items()}
        return energy, moment


def _towards_db(hits: Sequence[_Hit], hit: _Hit, velocity: float) -> float:
    """Return what a hit is raised or lowered by so that it is about as loud as its velocity says."""
    ordered = sorted(hits, key=lambda h: h.velocity)
    wanted_db = np.interp(velocity, [h.velocity for h in ordered], [h.level_db for h in ordered])
    return float(np.clip(wanted_db - hit.level_db, -LAYER_DB, LAYER_DB))


def _tuned(hit: Audio, semitones: float, rate_hz: int) -> Audio:
    """Return a hit at another pitch, no longer than ``LONGEST_HIT_S``."""
    kept = hit[:, : round(2.0 * LONGEST_HIT_S * rate_hz)]
    tuned = soxr.resample(kept.T, rate_hz, rate_hz * 2.0 ** (-semitones / 12.0), quality="MQ").T
    longest, n_fade = round(LONGEST_HIT_S * rate_hz), round(FADE_S * rate_hz)
    if tuned.shape[1] > longest:
        tuned = tuned[:, :longest].copy()
        tuned[:, -n_fade:] *= np.linspace(1.0, 0.0, n_fade, dtype=np.float32)
    return np.ascontiguousarray(tuned, dtype=np.float32)


def _in_room(tape: Audio, energy: Floats, decay_s: float, rate_hz: int, rng: np.random.Generator) -> Audio:
    """Return the tape with a decaying noise convolved to the microphones that hear a room.

    The noise is white, so that what it adds has the spectrum of what was there, and ``energy`` times its energy.
    """
    time_s = np.arange(1, max(round(decay_s * rate_hz), 2)) / rate_hz
    fall = levels.db_to_lin(-60.0 * time_s / decay_s)
    for index in np.flatnonzero(energy):
        tail = rng.standard_normal(time_s.size) * fall
        tail *= np.sqrt(energy[index] / np.sum(np.square(tail)))
        wet = signal.oaconvolve(tape[index], tail.astype(np.float32))[: tape.shape[1] - 1]
        tape[index, 1:] += wet.astype(np.float32)
    return tape


def _add_noise(tape: Audio, variation: Variation, rate_hz: int, rng: np.random.Generator) -> None:
    """Add hiss, and a third of its energy as hum with two overtones, under each microphone."""
    time_s = np.arange(tape.shape[1]) / rate_hz
    tones = np.stack([np.sin(2.0 * np.pi * variation.hum_hz * n * time_s) / n for n in (1, 2, 3)])
    hum = tones.sum(axis=0)
    hum *= np.sqrt(db_to_energy(-4.77) / np.mean(np.square(hum))) if time_s.size else 1.0
    for row, level_db in zip(tape, variation.noise_db, strict=True):
        rms = np.sqrt(np.mean(np.square(row), dtype=np.float64)) if row.size else 0.0
        hiss = rng.standard_normal(row.size, dtype=np.float32) * np.sqrt(2.0 / 3.0)
        row += (rms * db_to_lin(float(level_db)) * (hiss + hum)).astype(np.float32)
