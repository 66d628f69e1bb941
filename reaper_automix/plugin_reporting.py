"""From a plan to the plug-ins that it sets, as the page shows them: settings, and what playing them measures.

A compressor is played on the loudest stretch of its track behind the plug-ins before it, a reverb on one impulse; by
our processors, so a compressor on a track that only receives others, and the engineer's own plug-ins, are not heard.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis.loudness import BLOCK_S, loudest_start
from reaper_automix.audio import levels
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import session_rate_hz
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.kinds import effect_of
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import slope
from reaper_automix.effects.equaliser import response_db
from reaper_automix.effects.rack import Rack, processor_of
from reaper_automix.errors import MediaError
from reaper_automix.mixplan import EffectMove
from reaper_automix.pipeline import Planned
from reaper_automix.report.plugin_model import Decay, PluginRow, Reduction
from reaper_automix.session import FxSlot, Track
from reaper_automix.units import SILENCE_DB

EXCERPT_S = 20.0
"""Of a track that a compressor is played on."""
_BEFORE_S = 2.0
"""Played before it, so that the compressor is at work when it begins."""
_STEP_S = 0.1
_SOUNDING_DB = 40.0
MOST_PICTURES = 96
"""Plug-ins with curves; of more the report draws those that change the most, and says so of the others."""
_DECAY_STEP_S = 0.01
_DECAY_SHOWN, _DECAY_PLAYED = 1.35, 2.2
"""In RT60s: until 80 dB are gone, and longer, so that what is missing at the end does not bend the curve."""
_DECAY_BANDS = (("125 to 500 Hz", 125.0, 500.0), ("4 to 8 kHz", 4_000.0, 8_000.0))


def plugin_rows(planned: Planned) -> dict[str, tuple[PluginRow, ...]]:
    """Return the plug-ins that a plan sets, by the id of their track, in the order of its chain."""
    moves = [move for move in planned.plan.moves if isinstance(move, EffectMove)]
    drawn = {id(move) for move in sorted(moves, key=_change_db, reverse=True)[:MOST_PICTURES]}
    rows: dict[str, tuple[PluginRow, ...]] = {}
    for move in moves:
        row = _row(planned, move, is_pictured=id(move) in drawn)
        rows[move.track.id] = (*rows.get(move.track.id, ()), row)
    return rows


def _change_db(move: EffectMove) -> float:
    """Return how much a plug-in changes, about: to choose which are drawn."""
    match move.settings:
        case EqualiserSettings():
            at_hz = np.geomspace(30.0, 16_000.0, 40)
            before = move.before if isinstance(move.before, EqualiserSettings) else EqualiserSettings()
            change = response_db(move.settings, at_hz, 48_000) - response_db(before, at_hz, 48_000)
            return float(np.abs(change).max())
        case CompressorSettings():
            return slope(move.settings) * max(-move.settings.threshold_db, 0.0) / 2.0
        case ReverbSettings():
            return math.inf


def _row(planned: Planned, move: EffectMove, *, is_pictured: bool) -> PluginRow:
    rate_hz = session_rate_hz(planned.before)
    row = PluginRow(
        effect=effect_of(move.settings),
        plugin=move.plugin,
        settings=move.settings,
        before=move.before,
        reason=move.reason,
        sample_rate_hz=rate_hz,
        is_pictured=is_pictured,
    )
    if not is_pictured:
        return replace(row, remark=f"No curve: the report draws the {MOST_PICTURES} plug-ins that change the most.")
    track = planned.after.track(move.track.id)
    slots = track.effects_played()
    place = next((n for n, slot in enumerate(slots) if slot.tag == move.tag), None)
    if place is None:
        return row
    written = slots[place].settings  # what the plug-in can hold of the move
    if isinstance(written, ReverbSettings):
        return replace(row, settings=written, decay=_decay(slots[place], written, rate_hz))
    if isinstance(written, CompressorSettings):
        return _with_reduction(replace(row, settings=written), planned, track, slots[: place + 1])
    return row


# --- a compressor on its track ----------------------------------------------------------------------------------------


def _with_reduction(row: PluginRow, planned: Planned, track: Track, slots: Sequence[FxSlot]) -> PluginRow:
    """Add what the compressor, the last of these plug-ins, does to its track."""
    measurement = planned.hearing.measurements.get(track.id)
    if measurement is None or not track.items:
        return replace(row, remark="Its gain reduction is not known: the track plays nothing of its own.")
    loudest = loudest_start(measurement.block_energy.sum(axis=0), round(EXCERPT_S / BLOCK_S))
    start_s = measurement.start_s + loudest * BLOCK_S
    end_s = min(start_s + EXCERPT_S, planned.plan.range_s[1])
    try:
        return replace(row, reduction=_reduction(track, slots, row.sample_rate_hz, (start_s, end_s)))
    except MediaError as error:
        return replace(row, remark=f"Its gain reduction is not known: {error}")


def _reduction(track: Track, slots: Sequence[FxSlot], rate_hz: int, range_s: tuple[float, float]) -> Reduction | None:
    """Play an excerpt of a track; None where it is too short to be anything."""
    first, last = (round(time_s * rate_hz) for time_s in range_s)
    begin = max(first - round(_BEFORE_S * rate_hz), 0)
    n_step = round(_STEP_S * rate_hz)
    n_steps = (last - first) // n_step
    if n_steps < 1:
        return None
    with TrackReader(track, sample_rate_hz=rate_hz) as reader:
        audio = Rack(slots[:-1], rate_hz).process(reader.read(begin, last - begin))
    compressor = processor_of(slots[-1])(slots[-1].settings, rate_hz, len(audio))
    reduction_db = compressor.process_metered(np.ascontiguousarray(audio))[1][first - begin :]
    steps = reduction_db[: n_steps * n_step].reshape(n_steps, n_step)
    power = (
        np.square(audio[:, first - begin :][:, : n_steps * n_step]).mean(axis=0).reshape(n_steps, n_step).mean(axis=1)
    )
    sounding = power > power.max() * 10.0 ** (-_SOUNDING_DB / 10.0)
    mean_db = float(steps[sounding].mean()) if sounding.any() else 0.0
    return Reduction(range_s[0], _STEP_S, tuple(steps.max(axis=1).round(2).tolist()), mean_db)


# --- a reverb on an impulse -------------------------------------------------------------------------------------------


def _decay(slot: FxSlot, settings: ReverbSettings, rate_hz: int) -> Decay:
    """Play one impulse through a reverb's wet signal."""
    alone = replace(settings, wet_db=0.0, dry_db=SILENCE_DB)
    delay_s = settings.initial_delay_ms / 1_000.0
    n_samples = math.ceil((delay_s + 0.1 + _DECAY_PLAYED * settings.decay_s) * rate_hz)
    n_shown = math.ceil((delay_s + 0.1 + _DECAY_SHOWN * settings.decay_s) / _DECAY_STEP_S)
    impulse = np.zeros((2, n_samples), np.float32)
    impulse[:, 0] = 1.0
    wet = processor_of(slot)(alone, rate_hz, 2).process(impulse).astype(np.float64)
    level_db = _to_come_db(wet, rate_hz)
    uneven = settings.dampening > 0.0
    bands = [
        (words, _to_come_db(_band(wet, low_hz, high_hz, rate_hz), rate_hz))
        for words, low_hz, high_hz in _DECAY_BANDS
        if uneven and high_hz < 0.49 * rate_hz
    ]
    shown = tuple((words, tuple(band_db[:n_shown])) for words, band_db in bands)
    return Decay(_DECAY_STEP_S, tuple(level_db[:n_shown]), shown, _rt60_s(level_db))


def _band(wet: NDArray[np.float64], low_hz: float, high_hz: float, rate_hz: int) -> NDArray[np.float64]:
    sections = signal.butter(3, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    return np.asarray(signal.sosfilt(sections, wet))


def _to_come_db(wet: NDArray[np.float64], rate_hz: int) -> list[float]:
    """Return the energy still to come beside all of it, in dB, every ``_DECAY_STEP_S``; -90 dB is as good as none."""
    energy = np.square(wet).sum(axis=0)
    to_come = np.cumsum(energy[::-1])[::-1]
    picked = to_come[:: round(_DECAY_STEP_S * rate_hz)]
    if picked[0] <= 0.0:
        return [0.0, -90.0]
    level_db = levels.energy_to_db(np.maximum(picked / picked[0], 1e-9))
    return [round(float(v), 2) for v in level_db]


def _rt60_s(level_db: Iterable[float]) -> float:
    """Return the time in which a decay falls by 60 dB, by a straight line through -5 to -35 dB; NaN without one."""
    level = np.asarray(list(level_db))
    inside = (level <= -5.0) & (level >= -35.0)
    if inside.sum() < 3:
        return math.nan
    times_s = np.arange(level.size)[inside] * _DECAY_STEP_S
    slope_db = float(np.polyfit(times_s, level[inside], 1)[0])
    return -60.0 / slope_db if slope_db < 0.0 else math.nan
