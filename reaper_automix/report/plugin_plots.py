"""The curves of a plug-in: what it does to frequencies, to levels, over time, and after the sound has ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from reaper_automix.audio import levels
from reaper_automix.effect_settings.compressor import RATIO, CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.wording import hz, settings_words
from reaper_automix.effects.compressor import static_gain_db
from reaper_automix.effects.equaliser import response_db
from reaper_automix.report import plots
from reaper_automix.report.plugin_model import Decay, Reduction
from reaper_automix.report.scale import time_scale
from reaper_automix.report.wording import clock
from reaper_automix.units import db_to_lin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 300.0, 165.0
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0
_N_CURVE = 140
OCTAVE_LABELS = (
    *((31.5, "31"), (63.0, "63"), (125.0, "125"), (250.0, "250"), (500.0, "500")),
    *((1_000.0, "1k"), (2_000.0, "2k"), (4_000.0, "4k"), (8_000.0, "8k"), (16_000.0, "16k")),
)
_QUIETEST_DB = -60.0
_MOST_COLUMNS = 300


def equaliser_plot(
    track: str, settings: EqualiserSettings, before: EqualiserSettings | None, sample_rate_hz: int
) -> Markup:
    """Draw the response of all bands together, and of each of them where there are several."""
    highest_hz = min(_HIGHEST_HZ, 0.499 * sample_rate_hz)
    at_hz = np.geomspace(_LOWEST_HZ, highest_hz, _N_CURVE)
    total_db = response_db(settings, at_hz, sample_rate_hz)
    parts = [response_db(EqualiserSettings((band,)), at_hz, sample_rate_hz) for band in settings.bands]
    parts = parts if len(parts) > 1 else []
    old_db = None if before is None or before == settings else response_db(before, at_hz, sample_rate_hz)
    reach_db = _reach_db([total_db, *parts, *([] if old_db is None else [old_db])])
    on = plots.axes(WIDTH, HEIGHT)
    on.set_xlim(math.log10(_LOWEST_HZ), math.log10(_HIGHEST_HZ))
    on.set_ylim(-reach_db, reach_db)
    plots.scale_x(on, [(math.log10(f), words) for f, words in OCTAVE_LABELS])
    plots.scale_y(on, _level_ticks(-reach_db, reach_db, reach_db / 2.0))
    x = np.log10(at_hz)
    for part in parts:
        _curve(on, x, part, reach_db, "zero", width=1.2)
    if old_db is not None:
        _curve(on, x, old_db, reach_db, "before", width=1.6, dashed=True)
    _curve(on, x, total_db, reach_db, "after", width=2.2)
    places = np.log10([band.frequency_hz for band in settings.bands if band.frequency_hz < highest_hz])
    plots.dots(on, places.tolist(), np.clip(np.interp(places, x, total_db), -reach_db, reach_db).tolist(), "after")
    return plots.svg(on, f"{track}: response of the equaliser", _equaliser_words(settings, old_db, total_db, at_hz))


def _equaliser_words(
    settings: EqualiserSettings,
    old_db: NDArray[np.float64] | None,
    total_db: NDArray[np.float64],
    at_hz: NDArray[np.float64],
) -> str:
    highest, lowest = int(total_db.argmax()), int(total_db.argmin())
    was = "" if old_db is None else " What was set before is dashed."
    return (
        f"Gain in dB from 20 Hz to 20 kHz. Bands: {settings_words(settings)}. Together at the most "
        f"{_gain(total_db[highest])} at {hz(float(at_hz[highest]))}, at the least {_gain(total_db[lowest])} at "
        f"{hz(float(at_hz[lowest]))}.{was}"
    )


def _gain(gain_db: float) -> str:
    return f"{round(float(gain_db), 1) + 0.0:+.1f} dB"


def compressor_plot(track: str, settings: CompressorSettings) -> Markup:
    """Draw the level that comes out for each steady level that goes in, with the threshold and the ratio."""
    inputs_db = np.linspace(_QUIETEST_DB, 0.0, _N_CURVE + 5)
    wet_lin = db_to_lin(settings.makeup_db) * levels.db_to_lin(static_gain_db(settings, inputs_db))
    with np.errstate(divide="ignore"):
        outputs_db = inputs_db + 20.0 * np.log10(np.maximum(wet_lin + db_to_lin(settings.dry_db), 1e-9))
    top_db = 6.0 * math.ceil(max(float(outputs_db.max()), 0.0) / 6.0)
    on = plots.axes(WIDTH, HEIGHT)
    on.set_xlim(_QUIETEST_DB, 0.0)
    on.set_ylim(_QUIETEST_DB, top_db)
    plots.scale_x(on, [(v, f"{v:g}") for v in np.arange(_QUIETEST_DB, 1.0, 12.0).tolist()])
    plots.scale_y(on, [(v, f"{v:g}") for v in np.arange(_QUIETEST_DB + 12.0, top_db + 1.0, 12.0).tolist()])
    plots.line(on, (_QUIETEST_DB, 0.0), (_QUIETEST_DB, 0.0), "zero", width=1.2, dashed=True)
    threshold_db = min(max(settings.threshold_db, _QUIETEST_DB), 0.0)
    plots.line(on, (threshold_db, threshold_db), (_QUIETEST_DB, top_db), "before", width=1.2, dashed=True)
    inside = outputs_db >= _QUIETEST_DB
    plots.line(on, inputs_db[inside].tolist(), outputs_db[inside].tolist(), "after", width=2.2)
    out_db = min(float(np.interp(threshold_db, inputs_db, outputs_db)), top_db)
    plots.dots(on, [threshold_db], [max(out_db, _QUIETEST_DB)], "after")
    _threshold_note(on, settings, threshold_db)
    loudest_db = float(outputs_db[-1])
    said = (
        f"Level out over level in, -60 to 0 dB. {settings_words(settings)}. A steady level of 0 dB leaves at "
        f"{loudest_db:+.1f} dB. Without compression and make-up: the dashed diagonal."
    )
    return plots.svg(on, f"{track}: transfer curve of the compressor", said)


def _threshold_note(on: Axes, settings: CompressorSettings, threshold_db: float) -> None:
    ratio = "limits" if settings.ratio >= RATIO.high else f"{settings.ratio:.3g}:1"
    left = threshold_db > _QUIETEST_DB / 2.0
    plots.note(
        on,
        threshold_db,
        _QUIETEST_DB,
        f"{ratio} over {settings.threshold_db:.1f} dB",
        align="right" if left else "left",
        offset=(-5.0 if left else 5.0, 7.0),
    )


def reduction_plot(track: str, reduction: Reduction) -> Markup:
    """Draw the gain reduction over time, hanging from 0 dB, as a meter shows it."""
    depth_db = _columns(np.asarray(reduction.depth_db, np.float64))
    step_s = reduction.step_s * len(reduction.depth_db) / depth_db.size
    low = -max(6.0 * math.ceil(float(depth_db.max()) / 6.0), 6.0)
    end_s = reduction.start_s + step_s * depth_db.size
    on = plots.axes(WIDTH, HEIGHT)
    on.set_xlim(reduction.start_s, end_s)
    on.set_ylim(low, 0.0)
    edges = np.repeat(reduction.start_s + np.arange(depth_db.size + 1) * step_s, 2)
    outline = np.concatenate(([0.0], np.repeat(-depth_db, 2), [0.0]))
    colours: dict[str, Any] = {"facecolor": plots.ink("wave"), "edgecolor": plots.ink("before")}
    on.fill(edges, outline, linewidth=1.0, clip_on=False, **colours)
    times = time_scale(reduction.start_s, end_s, max_steps=5)
    plots.scale_x(on, [(t, clock(t, 1 if times.step < 1.0 else 0)) for t in times.ticks], grid=False)
    plots.scale_y(on, _level_ticks(low, 0.0, -low / 3.0))
    return plots.svg(on, f"{track}: gain reduction over time", reduction_words(reduction))


def reduction_words(reduction: Reduction) -> str:
    """Say what a meter would have shown."""
    deepest = int(np.argmax(reduction.depth_db))
    end_s = reduction.start_s + reduction.step_s * len(reduction.depth_db)
    return (
        f"Gain reduction from {clock(reduction.start_s)} to {clock(end_s)}, where the track is loudest: "
        f"{reduction.mean_db:.1f} dB in the mean, {reduction.depth_db[deepest]:.1f} dB at the most, at "
        f"{clock(reduction.start_s + deepest * reduction.step_s, 1)}."
    )


def decay_plot(track: str, decay: Decay) -> Markup:
    """Draw how a reverb fades, as a whole and in the bands that fade differently, and mark its RT60."""
    step_s = decay.step_s
    end_s = step_s * (len(decay.level_db) - 1)
    on = plots.axes(WIDTH, HEIGHT)
    on.set_xlim(0.0, end_s)
    on.set_ylim(-80.0, 0.0)
    times = time_scale(0.0, end_s, max_steps=5)
    plots.scale_x(on, [(t, f"{t:g}" if t < times.ticks[-1] else f"{t:g} s") for t in times.ticks])
    plots.scale_y(on, [(v, f"{v:g}" if v else "0 dB") for v in (-80.0, -60.0, -40.0, -20.0, 0.0)], zero=-60.0)
    for number, (words, band_db) in enumerate(decay.bands_db):
        _fade(on, band_db, step_s, "before", dashed=number > 0)
        is_slower = _reached_s(band_db, step_s, -40.0) > _reached_s(decay.level_db, step_s, -40.0)
        place, align = (-15.0, plots.LEFT) if is_slower else (-50.0, plots.RIGHT)
        aside = (5.0 if is_slower else -5.0, -4.0)
        plots.note(on, _reached_s(band_db, step_s, place), place, words, "muted", align=align, offset=aside)
    _fade(on, decay.level_db, step_s, "after")
    if math.isfinite(decay.rt60_s):
        plots.dots(on, [_reached_s(decay.level_db, step_s, -60.0)], [-60.0], "after")
        plots.note(on, end_s, 0.0, f"RT60 {decay.rt60_s:.2f} s", align="right", offset=(0.0, -13.0))
    return plots.svg(on, f"{track}: decay of the reverb", decay_words(decay))


def decay_words(decay: Decay) -> str:
    """Say how a reverb fades."""
    bands = ", ".join(f"{words} {_reached_s(band, decay.step_s, -60.0):.2f} s" for words, band in decay.bands_db)
    slower = f" Until 60 dB are gone: {bands}." if bands else ""
    measured = f"RT60 {decay.rt60_s:.2f} s" if math.isfinite(decay.rt60_s) else "RT60 not measurable"
    return f"Energy still to come after one impulse, played by our model of the plug-in: {measured}.{slower}"


def _fade(on: Axes, level_db: Sequence[float], step_s: float, colour: str, *, dashed: bool = False) -> None:
    shown = [(n * step_s, level) for n, level in enumerate(level_db) if level >= -80.0]
    width = 2.2 if colour == "after" else 1.4
    plots.line(on, [t for t, _ in shown], [v for _, v in shown], colour, width=width, dashed=dashed)


def _reached_s(level_db: Sequence[float], step_s: float, wanted_db: float) -> float:
    """Return when a falling curve passes a level; its end where it does not."""
    for n, (a, b) in enumerate(pairwise(level_db)):
        if b <= wanted_db:
            return step_s * (n + (a - wanted_db) / (a - b) if a > b else n + 1.0)
    return step_s * (len(level_db) - 1)


def _curve(
    on: Axes,
    x: NDArray[np.float64],
    gain_db: NDArray[np.float64],
    reach_db: float,
    colour: str,
    *,
    width: float,
    dashed: bool = False,
) -> None:
    """Draw a response, up to where it leaves the axes."""
    shown_db = np.where(np.abs(gain_db) <= reach_db, gain_db, np.nan)
    plots.line(on, x.tolist(), shown_db.tolist(), colour, width=width, dashed=dashed)


def _reach_db(curves: Sequence[NDArray[np.float64]]) -> float:
    """Return how far the axis goes up and down: 6 to 24 dB; a pass that falls for ever does not count."""
    highest = max((float(curve.max()) for curve in curves), default=0.0)
    lowest = min((float(curve[curve > -24.0].min(initial=0.0)) for curve in curves), default=0.0)
    return min(max(6.0 * math.ceil(max(highest, -lowest) / 6.0), 6.0), 24.0)


def _level_ticks(low: float, high: float, step: float) -> list[tuple[float, str]]:
    """Label whole steps; the highest carries the unit."""
    ticks = np.arange(low, high + step / 2.0, step).tolist()
    return [(tick, f"{tick:+g}" if tick else "0") for tick in ticks[:-1]] + [
        (ticks[-1], f"{ticks[-1]:+g} dB" if ticks[-1] else "0 dB")
    ]


def _columns(depth_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at most ``_MOST_COLUMNS`` values, the deepest of each stretch."""
    n_columns = min(depth_db.size, _MOST_COLUMNS)
    edges = np.arange(n_columns) * depth_db.size // n_columns
    return np.maximum.reduceat(depth_db, edges)
