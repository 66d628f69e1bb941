"""How long our effects take beside those of dasp-pytorch and pedalboard, and how true each is to what was asked of it.

Stereo at 44.1 kHz. One thread: CPU time of this process per second of audio, the best of several runs, everything in
one process. Ours and pedalboard play 60 s; so do the equaliser and the compressor of dasp-pytorch, but its reverb 5 s:
its cost per second does not depend on the length. Then forward and backward of our torch twins and of dasp-pytorch on
3 s. Fidelity is measured on what each of them renders:

* equaliser: the greatest error in dB of an impulse's spectrum at nine frequencies, against the closed form of the
  analogue filters that each one promises: ReaEQ's shapes for ours, Bristow-Johnson's with Q for the other two
* compressor: the greatest error of the gain after a second of a steady level, against the static curve; and the release
  that steps show for settings of 100 and 800 ms, by each one's own definition: 63 % of the change in dB (ours), 10 to
  90 % (dasp-pytorch). pedalboard's acts on the level before the curve: its 63 % are shown, and are no error
* reverb: the error of the RT60 by Schroeder's integration (-5 to -35 dB) at 0.5, 1 and 1.5 s, ours at a dampening of
  0.3; pedalboard's has no setting in seconds

Needs torch and dasp-pytorch; pedalboard's rows are left out where it is not installed. None of them is needed to use
ours.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib.util
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import dasp_pytorch
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.differentiable import compressor as twin_compressor
from reaper_automix.effects.differentiable import equaliser as twin_equaliser
from reaper_automix.effects.differentiable import knobs as twin_knobs
from reaper_automix.effects.differentiable import reverb as twin_reverb
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.units import q_to_bandwidth_oct

RATE_HZ = 44_100
SECONDS = 60
SLOW_SECONDS = 5
TWIN_SECONDS = 3
TARGETS = {"equaliser": 40.0, "reverb": 300.0}
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
    """One processor of one library."""

    effect: str
    library: str
    play: Play
    seconds: int = SECONDS


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="runs of ours and pedalboard (default: 5); dasp: 2")
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    contenders = _contenders()
    is_met = _show_speed(contenders, repeats)
    _show_twins()
    return 0 if is_met else 1


def _contenders() -> list[Contender]:
    equaliser, room = EqualiserSettings(BANDS), ReverbSettings(decay_s=1.5)
    found = [
        Contender("equaliser", "ours", lambda x: Equaliser(equaliser, RATE_HZ, len(x)).process(x)),
        Contender("equaliser", "dasp", _dasp_equaliser),
        Contender("compressor", "ours", lambda x: Compressor(SQUASH, RATE_HZ, len(x)).process(x)),
        Contender("compressor", "dasp", lambda x: _dasp_compressor(x, SQUASH)),
        Contender("reverb", "ours", lambda x: Reverb(room, RATE_HZ, len(x)).process(x)),
        Contender("reverb", "dasp", lambda x: _dasp_reverb(x, 1.5), SLOW_SECONDS),
    ]
    if importlib.util.find_spec("pedalboard") is None:
        print("pedalboard is not installed: its rows are left out\n")
        return found
    return [*found, *_pedalboard()]


def _pedalboard() -> list[Contender]:
    import pedalboard

    kinds = {"low_shelf": pedalboard.LowShelfFilter, "band": pedalboard.PeakFilter}
    filters = [kinds.get(b.type, pedalboard.HighShelfFilter)(b.frequency_hz, b.gain_db, b.q) for b in BANDS]
    return [
        Contender("equaliser", "pedalboard", lambda x: pedalboard.Pedalboard(filters)(x, RATE_HZ)),
        Contender("compressor", "pedalboard", lambda x: _pedalboard_compressor(x, SQUASH)),
        Contender("reverb", "pedalboard", lambda x: pedalboard.Reverb(0.7, 0.5)(x, RATE_HZ)),
    ]


def _pedalboard_compressor(audio: Audio, settings: CompressorSettings) -> Audio:
    import pedalboard

    return pedalboard.Compressor(settings.threshold_db, settings.ratio, settings.attack_ms, settings.release_ms)(
        audio, RATE_HZ
    )


def _one(value: float) -> torch.Tensor:
    return torch.tensor([value])


def _played(processor: Callable[..., torch.Tensor], audio: Audio, *values: torch.Tensor) -> Audio:
    with torch.no_grad():
        return processor(torch.from_numpy(audio[None]), RATE_HZ, *values)[0].numpy()


def _dasp_bands() -> list[torch.Tensor]:
    return [_one(value) for b in BANDS for value in (b.gain_db, b.frequency_hz, b.q)]


def _dasp_curve(settings: CompressorSettings) -> list[torch.Tensor]:
    names = ("threshold_db", "ratio", "attack_ms", "release_ms", "knee_db", "makeup_db")
    return [_one(getattr(settings, name)) for name in names]


def _dasp_room(decay_s: float) -> list[torch.Tensor]:
    """Return its knobs: over its 65,536 samples the noise falls by exp(-(10 decay + 1))."""
    decay = (math.log(1e3) * 65_536 / RATE_HZ / decay_s - 1.0) / 10.0
    return [_one(1.0)] * 12 + [_one(decay)] * 12 + [_one(1.0)]


def _dasp_equaliser(audio: Audio) -> Audio:
    return _played(dasp_pytorch.functional.parametric_eq, audio, *_dasp_bands())


def _dasp_compressor(audio: Audio, settings: CompressorSettings) -> Audio:
    return _played(dasp_pytorch.functional.compressor, audio, *_dasp_curve(settings))


def _dasp_reverb(audio: Audio, decay_s: float) -> Audio:
    torch.manual_seed(0)  # its response is noise
    return _played(dasp_pytorch.functional.noise_shaped_reverberation, audio, *_dasp_room(decay_s))


def _music(seconds: int) -> Audio:
    """Return coloured noise with a beat, different in both channels."""
    rng = np.random.default_rng(1)
    n_samples = seconds * RATE_HZ
    beat = 0.2 + np.exp(-5.0 * (np.arange(n_samples) / RATE_HZ * 2.0 % 1.0))
    noise = signal.lfilter([1.0], [1.0, -0.7], rng.standard_normal((2, n_samples)))
    return (0.1 * beat * noise).astype(np.float32)


def _show_speed(contenders: list[Contender], repeats: int) -> bool:
    """Print the table, and return whether the targets are met."""
    best_ms = {(c.effect, c.library): _best_ms(c, 2 if c.library == "dasp" else repeats) for c in contenders}
    truth = {(c.effect, c.library): _fidelity(c) for c in contenders}
    print(f"{'stereo, 44.1 kHz, one thread':28}{'ms per s':>10}{'x ours':>8}  fidelity")
    for key in sorted(best_ms):
        ratio = best_ms[key] / best_ms[key[0], "ours"]
        print(f"{': '.join(key):28}{best_ms[key]:10.2f}{ratio:8.1f}  {truth[key][1]}")
    print()
    is_met = True
    for effect, target in TARGETS.items():
        is_fast = best_ms[effect, "dasp"] >= target * best_ms[effect, "ours"]
        is_true = truth[effect, "ours"][0] <= AS_TRUE * truth[effect, "dasp"][0]
        is_met &= is_fast and is_true
        words = f"{'yes' if is_fast else 'NO'}; at equal or better fidelity: {'yes' if is_true else 'NO'}"
        print(f"{effect} at least {target:.0f} x faster than dasp-pytorch: {words}")
    return is_met


def _best_ms(contender: Contender, repeats: int) -> float:
    """Return the least CPU time per second of audio."""
    audio = _music(contender.seconds)
    best_s = math.inf
    for _ in range(repeats):
        start = time.process_time()
        contender.play(audio)
        best_s = min(best_s, time.process_time() - start)
    return 1_000.0 * best_s / contender.seconds


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
        output = (_dasp_compressor if library == "dasp" else _pedalboard_compressor)(audio, settings)
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
    if library == "dasp":  # it divides by the knee
        settings = CompressorSettings(**{**_fields(settings), "knee_db": 0.01})
    audio = np.repeat(np.float32([1.0, 0.01]), [RATE_HZ, 6 * RATE_HZ])[None]
    gain_db = _gain_db(library, settings, audio)[RATE_HZ - 1 :]
    share_back = 1.0 - gain_db / gain_db[0]
    first, last = (0.1, 0.9) if library == "dasp" else (0.0, 1.0 - math.exp(-1.0))
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


def _show_twins() -> None:
    """Print forward and backward of the torch twins, by all knobs and the audio, and how near they are to the numpy."""
    bands = EqualiserSettings(BANDS)
    types, band_values = twin_knobs.bands_of([bands])
    curve, room = twin_knobs.knobs_of([SQUASH]), twin_knobs.knobs_of([ReverbSettings(decay_s=1.5)])
    dasp = dasp_pytorch.functional
    rows = (
        ("equaliser", lambda x, v: twin_equaliser.equalised(x, types, v, RATE_HZ), band_values, Equaliser, bands),
        ("compressor", lambda x, v: twin_compressor.compressed(x, v, RATE_HZ), curve, Compressor, SQUASH),
        ("reverb", lambda x, v: twin_reverb.reverberated(x, v, RATE_HZ), room, Reverb, ReverbSettings(decay_s=1.5)),
    )
    theirs = (
        (dasp.parametric_eq, _dasp_bands()),
        (dasp.compressor, _dasp_curve(SQUASH)),
        (dasp.noise_shaped_reverberation, _dasp_room(1.5)),
    )
    audio = _music(TWIN_SECONDS)
    heads = ("forward", "backward", "dasp f.", "dasp b.")
    print(
        f"\n{'3 s stereo, torch, CPU ms':28}" + "".join(f"{head:>10}" for head in heads) + "  from the numpy reference"
    )
    for (name, play, values, kind, settings), (dasp_play, dasp_values) in zip(rows, theirs, strict=True):
        values = {key: value.float().requires_grad_() for key, value in values.items()}
        ours_ms = _both_ways_ms(lambda x, p=play, v=values: p(x, v), audio, 5)
        dasp_values = [value.clone().requires_grad_() for value in dasp_values]
        dasp_ms = _both_ways_ms(lambda x, p=dasp_play, v=dasp_values: p(x, RATE_HZ, *v), audio, 1)
        with torch.no_grad():
            got = play(torch.from_numpy(audio[None]), values)[0].numpy()
        error = np.abs(got - kind(settings, RATE_HZ, 2).process(audio)).max()
        print(f"{name:28}" + "".join(f"{ms:10.1f}" for ms in (*ours_ms, *dasp_ms)) + f"  {error:.1e} of full scale")


def _both_ways_ms(play: Callable[[torch.Tensor], torch.Tensor], audio: Audio, repeats: int) -> tuple[float, float]:
    best_s = [math.inf, math.inf]
    for _ in range(repeats):
        x = torch.from_numpy(audio[None]).requires_grad_()
        start = time.process_time()
        output = play(x)
        middle = time.process_time()
        output.square().mean().backward()
        best_s = [min(best_s[0], middle - start), min(best_s[1], time.process_time() - middle)]
    return 1_000.0 * best_s[0], 1_000.0 * best_s[1]


if __name__ == "__main__":
    sys.exit(main())
