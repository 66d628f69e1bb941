"""The effects: processor time per second of audio, and how true each is to what was asked for.

Ours beside dasp-pytorch, in whose place they stand, and pedalboard (both optional). One thread.

* equaliser: six bands on 60 s of stereo; the response at nine frequencies against the analogue prototypes by the
  frequency axis of the bilinear transform, ours with ReaEQ's widths, the others with the plain Q
* compressor: threshold, ratio, knee and attack on 60 s of stereo; the steady gain reduction at seven levels against
  the formula (pedalboard has no knee: against the formula without one), and how long two releases last, by each
  library's own definition: ours until 63 % of the reduction is gone (as pedalboard), dasp-pytorch 10 to 90 %
* reverb: ours on 60 s, dasp-pytorch on 5 s of stereo (its noise is made anew with every call, which does not shrink
  with shorter audio); the decay measured from an impulse response (-5 to -35 dB)
* the torch twins of all three on 3 s, forward and backward, by all knobs and the audio
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import is_there
from benchmarks.rows import Figure, Row
from benchmarks.size import Size
from benchmarks.sounds import music
from benchmarks.timing import race
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.units import q_to_bandwidth_oct

SUITE = "effects"
RATE_HZ = 44_100
SECONDS, DASP_REVERB_SECONDS, TWIN_SECONDS = 60, 5, 3
GOALS = {"equaliser": 40.0, "reverb": 300.0}
"""How many times faster than dasp-pytorch ours must be."""
FREQUENCIES_HZ = 62.5 * 2.0 ** np.arange(9)
LEVELS_DB = (-50.0, -35.0, -24.0, -20.0, -16.0, -8.0, 0.0)
RELEASES_MS = (100.0, 800.0)
DECAYS_S = (0.5, 1.0, 1.5)

BANDS = (
    Band("low_shelf", 90.0, 4.0, 0.707),
    Band("band", 250.0, -5.0, 1.4),
    Band("band", 800.0, 3.0, 0.9),
    Band("band", 2_500.0, -4.0, 2.0),
    Band("band", 5_000.0, 5.0, 1.0),
    Band("high_shelf", 9_000.0, -3.0, 0.707),
)
SQUASH = CompressorSettings(threshold_db=-20.0, ratio=4.0, knee_db=6.0, attack_ms=5.0, rms_size_ms=0.0)
AS_TRUE = 1.05
"""Fidelity is equal up to this factor."""


Audio = NDArray[np.float32]
Play = Callable[[Audio], Audio]


@dataclass(frozen=True)
class Contender:
    """One processor of one library, and on how much audio it is measured."""

    effect: str
    library: str
    play: Play
    seconds: float


def rows(size: Size) -> Iterator[Row]:
    """Measure."""
    missing = {name: is_there(name) for name in ("dasp-pytorch", "pedalboard")}
    ours = _ours(size.of(SECONDS, 1))
    made = {"dasp-pytorch": _dasp, "pedalboard": _pedalboard}
    theirs = [contender for name, why in missing.items() if not why for contender in made[name](size)]
    truth = {c: _fidelity(c) for c in (*ours, *theirs)}
    for mine in ours:
        for other in (c for c in theirs if c.effect == mine.effect):
            yield _compared(mine, other, truth, size)
    for name, why in missing.items():
        if why:
            yield Row(SUITE, f"equaliser, compressor, reverb beside {name}", skipped=why)
    yield from _twins(size) if not missing["dasp-pytorch"] else ()


def _compared(mine: Contender, other: Contender, truth: dict[Contender, tuple[float, str]], size: Size) -> Row:
    """Return the row of two contenders, per second of audio."""
    audio, others_audio = (music(c.seconds, rate_hz=RATE_HZ) for c in (mine, other))
    rounds = size.long_rounds if other.library == "dasp-pytorch" else size.rounds
    contenders = {"ours": lambda: mine.play(audio), other.library: lambda: other.play(others_audio)}
    found = race(contenders, rounds)
    figures = tuple(found.figure(c.library, unit="ms/s", per=c.seconds) for c in (mine, other))
    per_second = found.ratio(other.library)
    scale = mine.seconds / other.seconds
    ratio = Figure("", "x", per_second.median * scale, per_second.low * scale, per_second.high * scale, per_second.runs)
    goal = GOALS.get(mine.effect) if other.library == "dasp-pytorch" else None
    is_true = bool(truth[mine][0] <= AS_TRUE * truth[other][0])
    return Row(
        SUITE,
        f"{mine.effect}, stereo, 44.1 kHz",
        figures,
        ratio,
        goal="" if goal is None else f"{goal:g} x, as true or truer",
        met=None if goal is None else ratio.median >= goal and is_true,
        note=f"ours {truth[mine][1]}; {other.library} {truth[other][1]}",
    )


def _ours(seconds: float) -> list[Contender]:
    equaliser, room = EqualiserSettings(BANDS), ReverbSettings(decay_s=1.5)
    return [
        Contender("equaliser", "ours", lambda x: Equaliser(equaliser, RATE_HZ, len(x)).process(x), seconds),
        Contender("compressor", "ours", lambda x: Compressor(SQUASH, RATE_HZ, len(x)).process(x), seconds),
        Contender("reverb", "ours", lambda x: Reverb(room, RATE_HZ, len(x)).process(x), seconds),
    ]


def _dasp(size: Size) -> list[Contender]:
    seconds, short = size.of(SECONDS, 1), size.of(DASP_REVERB_SECONDS, 1)
    return [
        Contender("equaliser", "dasp-pytorch", _dasp_equaliser, seconds),
        Contender("compressor", "dasp-pytorch", lambda x: _dasp_compressor(x, SQUASH), seconds),
        Contender("reverb", "dasp-pytorch", lambda x: _dasp_reverb(x, 1.5), short),
    ]


def _pedalboard(size: Size) -> list[Contender]:
    import pedalboard

    seconds = size.of(SECONDS, 1)
    kinds = {"low_shelf": pedalboard.LowShelfFilter, "band": pedalboard.PeakFilter}
    filters = [kinds.get(b.type, pedalboard.HighShelfFilter)(b.frequency_hz, b.gain_db, b.q) for b in BANDS]
    return [
        Contender("equaliser", "pedalboard", lambda x: pedalboard.Pedalboard(filters)(x, RATE_HZ), seconds),
        Contender("compressor", "pedalboard", lambda x: _pedalboard_compressor(x, SQUASH), seconds),
        Contender("reverb", "pedalboard", lambda x: pedalboard.Reverb(0.7, 0.5)(x, RATE_HZ), seconds),
    ]


def _pedalboard_compressor(audio: Audio, settings: CompressorSettings) -> Audio:
    import pedalboard

    return pedalboard.Compressor(settings.threshold_db, settings.ratio, settings.attack_ms, settings.release_ms)(
        audio, RATE_HZ
    )


def _one(value: float) -> Any:
    import torch

    return torch.tensor([value])


def _played(processor: Callable[..., Any], audio: Audio, *values: Any) -> Audio:
    import torch

    with torch.no_grad():
        return processor(torch.from_numpy(audio[None]), RATE_HZ, *values)[0].numpy()


def _functional() -> Any:
    import dasp_pytorch

    return dasp_pytorch.functional


def _dasp_bands() -> list[Any]:
    return [_one(value) for b in BANDS for value in (b.gain_db, b.frequency_hz, b.q)]


def _dasp_curve(settings: CompressorSettings) -> list[Any]:
    names = ("threshold_db", "ratio", "attack_ms", "release_ms", "knee_db", "makeup_db")
    return [_one(getattr(settings, name)) for name in names]


def _dasp_room(decay_s: float) -> list[Any]:
    """Return its knobs: over its 65,536 samples the noise falls by exp(-(10 decay + 1))."""
    decay = (math.log(1e3) * 65_536 / RATE_HZ / decay_s - 1.0) / 10.0
    return [_one(1.0)] * 12 + [_one(decay)] * 12 + [_one(1.0)]


def _dasp_equaliser(audio: Audio) -> Audio:
    return _played(_functional().parametric_eq, audio, *_dasp_bands())


def _dasp_compressor(audio: Audio, settings: CompressorSettings) -> Audio:
    return _played(_functional().compressor, audio, *_dasp_curve(settings))


def _dasp_reverb(audio: Audio, decay_s: float) -> Audio:
    import torch

    torch.manual_seed(0)  # its response is noise
    return _played(_functional().noise_shaped_reverberation, audio, *_dasp_room(decay_s))


def _fidelity(contender: Contender) -> tuple[float, str]:
    """Return the error that counts, and all errors in words."""
    if contender.effect == "equaliser":
        error_db = _response_error_db(contender)
        return error_db, f"response within {error_db:.1e} dB"
    if contender.effect == "compressor":
        error_db = _curve_error_db(contender.library)
        asked, measured = "100, 800", ", ".join(f"{_release_ms(contender.library, ms):.1f}" for ms in RELEASES_MS)
        return error_db, f"curve within {error_db:.1e} dB; releases of {asked} ms last {measured} ms"
    if contender.library == "pedalboard":
        return math.inf, "no decay time to set"
    errors = [_decay_error(contender.library, decay_s) for decay_s in DECAYS_S]
    words = ", ".join(f"{100.0 * error:+.1f} %" for error in errors)
    return max(map(abs, errors)), f"RT60 of 0.5, 1, 1.5 s: {words}"


def _response_error_db(contender: Contender) -> float:
    impulse = np.zeros((2, 1 << 18), np.float32)
    impulse[:, 0] = 1.0
    response = contender.play(impulse).astype(np.float64)
    turns = np.exp(-2j * np.pi * FREQUENCIES_HZ[:, None] / RATE_HZ * np.arange(impulse.shape[1]))
    measured_db = 20.0 * np.log10(np.abs(response @ turns.T))
    expected_db = sum(_prototype_db(band, as_reaeq=contender.library == "ours") for band in BANDS)
    return float(np.abs(measured_db - expected_db).max())


def _prototype_db(band: Band, *, as_reaeq: bool) -> NDArray[np.float64]:
    """Return the response of the analogue filter behind a band, by the bilinear transform's frequency axis."""
    w = 2.0 * math.pi * band.frequency_hz / RATE_HZ
    s = 1j * np.tan(np.pi * FREQUENCIES_HZ / RATE_HZ) / math.tan(w / 2.0)
    a = 10.0 ** (band.gain_db / 40.0)
    if band.type == "band":
        octaves = q_to_bandwidth_oct(band.q) * w / math.sin(w)
        q = 0.5 / math.sinh(math.log(2.0) / 2.0 * octaves) if as_reaeq else band.q
        h = (s * s + s * a / q + 1.0) / (s * s + s / (a * q) + 1.0)
    else:
        inverse_slope = max(q_to_bandwidth_oct(band.q), 0.915) ** 2
        slope = math.sqrt((a + 1.0 / a) * (inverse_slope - 1.0) + 2.0) if as_reaeq else 1.0 / band.q
        s = s if band.type == "low_shelf" else 1.0 / s
        h = a * (s * s + math.sqrt(a) * slope * s + a) / (a * s * s + math.sqrt(a) * slope * s + 1.0)
    return np.asarray(20.0 * np.log10(np.abs(h)))


def _gain_db(library: str, settings: CompressorSettings, audio: Audio) -> NDArray[np.float64]:
    """Return the gain of each sample of a mono signal that is nowhere 0."""
    if library == "ours":
        output = Compressor(settings, RATE_HZ, 1).process(audio)
    else:
        output = (_dasp_compressor if library == "dasp-pytorch" else _pedalboard_compressor)(audio, settings)
    return 20.0 * np.log10(output[0].astype(np.float64) / audio[0])


def _curve_error_db(library: str) -> float:
    errors_db = []
    for level_db in LEVELS_DB:
        steady = np.full((1, RATE_HZ), 10.0 ** (level_db / 20.0), np.float32)
        over_db, knee_db = level_db - SQUASH.threshold_db, 0.0 if library == "pedalboard" else SQUASH.knee_db
        effective_db = (
            max(over_db, 0.0) if abs(over_db) >= knee_db / 2.0 else (over_db + knee_db / 2.0) ** 2 / 2.0 / knee_db
        )
        expected_db = -(1.0 - 1.0 / SQUASH.ratio) * effective_db
        errors_db.append(abs(_gain_db(library, SQUASH, steady)[-1] - expected_db))
    return max(errors_db)


def _release_ms(library: str, release_ms: float) -> float:
    """Return how long the gain takes to come back after a second at 0 dB, by the library's definition."""
    settings = CompressorSettings(threshold_db=-20.0, ratio=4.0, attack_ms=5.0, release_ms=release_ms, rms_size_ms=0.0)
    if library == "dasp-pytorch":  # it divides by the knee
        settings = CompressorSettings(**{**_fields(settings), "knee_db": 0.01})
    audio = np.repeat(np.float32([1.0, 0.01]), [RATE_HZ, 6 * RATE_HZ])[None]
    gain_db = _gain_db(library, settings, audio)[RATE_HZ - 1 :]
    share_back = 1.0 - gain_db / gain_db[0]
    first, last = (0.1, 0.9) if library == "dasp-pytorch" else (0.0, 1.0 - math.exp(-1.0))
    return 1_000.0 * float(np.argmax(share_back >= last) - np.argmax(share_back >= first)) / RATE_HZ


def _fields(settings: CompressorSettings) -> dict[str, float]:
    return {name: getattr(settings, name) for name in CompressorSettings.__slots__}


def _decay_error(library: str, decay_s: float) -> float:
    impulse = np.zeros((2, 2 * RATE_HZ), np.float32)
    impulse[:, 0] = 1.0
    if library == "ours":
        room = ReverbSettings(decay_s=decay_s, dampening=0.3, dry_db=-150.0)
        response = Reverb(room, RATE_HZ, 2).process(impulse)
    else:
        response = _dasp_reverb(impulse, decay_s)
    energy = np.cumsum(np.square(response, dtype=np.float64).sum(axis=0)[::-1])[::-1]
    level_db = 10.0 * np.log10(energy[energy > 0.0] / energy[0])
    on_line = (level_db <= -5.0) & (level_db >= -35.0)
    per_sample_db = np.polyfit(np.flatnonzero(on_line), level_db[on_line], 1)[0]
    return -60.0 / per_sample_db / RATE_HZ / decay_s - 1.0


def _twins(size: Size) -> Iterator[Row]:
    """Measure the torch twins, and how near they are to the numpy."""
    import torch

    from reaper_automix.effects.differentiable import compressor, equaliser, knobs, reverb

    torch.set_num_threads(1)
    bands, room = EqualiserSettings(BANDS), ReverbSettings(decay_s=1.5)
    types, band_values = knobs.bands_of([bands])
    curve, room_values = knobs.knobs_of([SQUASH]), knobs.knobs_of([room])
    dasp = _functional()
    ours = (
        ("equaliser", lambda v, x: equaliser.equalised(x, types, v, RATE_HZ), band_values, Equaliser, bands),
        ("compressor", lambda v, x: compressor.compressed(x, v, RATE_HZ), curve, Compressor, SQUASH),
        ("reverb", lambda v, x: reverb.reverberated(x, v, RATE_HZ), room_values, Reverb, room),
    )
    theirs = (
        (dasp.parametric_eq, _dasp_bands()),
        (dasp.compressor, _dasp_curve(SQUASH)),
        (dasp.noise_shaped_reverberation, _dasp_room(1.5)),
    )
    seconds = size.of(TWIN_SECONDS, 1)
    audio = music(seconds, rate_hz=RATE_HZ)
    for (name, play, values, kind, settings), (dasp_play, dasp_values) in zip(ours, theirs, strict=True):
        values = {key: value.float().requires_grad_() for key, value in values.items()}
        dasp_values = [value.clone().requires_grad_() for value in dasp_values]
        contenders = {
            "ours": partial(_gradient, partial(play, values), audio),
            "dasp-pytorch": partial(_gradient, lambda x, p=dasp_play, v=dasp_values: p(x, RATE_HZ, *v), audio),
        }
        found = race(contenders, size.long_rounds, clock=time.process_time)
        with torch.no_grad():
            got = play(values, torch.from_numpy(audio[None]))[0].numpy()
        off = np.abs(got - kind(settings, RATE_HZ, 2).process(audio)).max()
        yield Row(
            SUITE,
            f"{name}'s torch twin, {seconds:g} s stereo, forward and backward",
            tuple(found.figure(library) for library in contenders),
            found.ratio("dasp-pytorch"),
            note=f"{off:.0e} of full scale from the numpy reference",
        )


def _gradient(play: Callable[[Any], Any], audio: Audio) -> None:
    import torch

    play(torch.from_numpy(audio[None]).requires_grad_()).square().mean().backward()
