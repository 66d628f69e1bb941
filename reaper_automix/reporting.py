"""From a plan and all that was heard for it to the rows of the report."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from operator import itemgetter

from markupsafe import Markup

from reaper_automix.audio.skips import Skip
from reaper_automix.envelope import Polyline, gain_polyline
from reaper_automix.errors import MediaError
from reaper_automix.masking_reporting import masking_page
from reaper_automix.mixers import drums, strips, tone, vocal
from reaper_automix.mixers.vocal_compression import BLOCK_S
from reaper_automix.mixplan import Move, PanMove, PolarityMove, move_words
from reaper_automix.pipeline import Planned
from reaper_automix.plugin_reporting import plugin_rows
from reaper_automix.receipt import Receipt, Status
from reaper_automix.report.kit_section import KitRow, kit_section
from reaper_automix.report.masking_section import masking_section
from reaper_automix.report.model import (
    CHANGED,
    LEFT_OUT,
    NEW,
    UNCHANGED,
    MixSummary,
    MoveRow,
    Report,
    Section,
    SkipRow,
    TrackRow,
)
from reaper_automix.report.strip_section import strip_section
from reaper_automix.report.tone_section import tone_section
from reaper_automix.report.vocal_masking import MaskingRows
from reaper_automix.report.vocal_section import CompressorRow, VocalPage, vocal_section
from reaper_automix.session import AutomationMode, EnvelopeKind, Session, Track
from reaper_automix.settings import VOCAL_STEPS
from reaper_automix.strip_reporting import strip_page
from reaper_automix.tone_reporting import tone_page
from reaper_automix.units import db_to_lin, lin_to_db

STEP_DB = 2.0
"""The longest straight piece of a gain curve; the true curve bends away from a longer one visibly."""


def report_of(planned: Planned, receipt: Receipt | None, outputs: tuple[tuple[str, str], ...]) -> Report:
    """Return the report of a run.

    Parameters
    ----------
    planned : Planned
        The plan and what was heard.
    receipt : Receipt or None
        What was written; None for a dry run.
    outputs : tuple of (label, path)
        The files of the run.
    """
    plan = planned.plan
    rows = _Rows(planned, receipt)
    return Report(
        title=planned.before.name or planned.before.path or "Session",
        session_path=planned.before.path,
        mixer=plan.mixer,
        created=plan.created,
        strength_percent=float(plan.settings.get("strength_percent", 100.0)),
        start_s=plan.range_s[0],
        end_s=plan.range_s[1],
        tempo_bpm=planned.before.tempo_bpm,
        summary=_summary(planned),
        tracks=tuple(rows.row(track) for track in planned.after.tracks),
        moves=tuple(map(_move_row, plan.moves)),
        warnings=plan.warnings,
        sections=_sections(planned),
        skipped=(*_skip_rows(planned.skips), *_not_written(receipt)),
        outputs=outputs,
    )


def _move_row(move: Move) -> MoveRow:
    return MoveRow(*move_words(move), move.reason)


def _sections(planned: Planned) -> tuple[Section, ...]:
    """Return what the mixer adds to the page, and who covers whom."""
    return (*_mixer_sections(planned), *_masking_sections(planned))


def _masking_sections(planned: Planned) -> tuple[Section, ...]:
    """Return who covers whom; a file that can no longer be read costs this section, not the report."""
    try:
        page = masking_page(planned)
    except MediaError as error:
        return (Section("Masking between tracks", str(Markup("<p>Not measured: {}</p>").format(error))),)
    return (masking_section(page),) if page else ()


def _mixer_sections(planned: Planned) -> tuple[Section, ...]:
    """Return what the mixer adds to the page."""
    if planned.plan.mixer == vocal.NAME and isinstance(planned.findings, vocal.VocalFindings):
        return (vocal_section(_vocal_page(planned, planned.findings)),)
    if planned.plan.mixer == strips.NAME and isinstance(planned.findings, strips.StripFindings):
        return (strip_section(strip_page(planned, planned.findings)),)
    if planned.plan.mixer == tone.NAME and isinstance(planned.findings, tone.ToneFindings):
        return (tone_section(tone_page(planned, planned.findings)),)
    if planned.plan.mixer == drums.NAME and planned.labels:
        return (_kit_section(planned),)
    return ()


def _kit_section(planned: Planned) -> Section:
    after = planned.hearing_after
    rows = []
    for track_id, label in planned.labels.items():
        moves = [m for m in planned.plan.moves if isinstance(m, PanMove | PolarityMove) and m.track.id == track_id]
        remarks = tuple(f"{what} {old} to {new}" for _, what, old, new in map(move_words, moves))
        title = planned.before.track(track_id).title
        levels = (planned.hearing.loudness_lufs(track_id), after.loudness_lufs(track_id))
        rows.append(KitRow(title, label, *levels, remarks))
    return kit_section(rows)


def _vocal_page(planned: Planned, found: vocal.VocalFindings) -> VocalPage:
    compressors = tuple(
        CompressorRow(
            track=title,
            settings=compression.settings,
            range_before_lu=compression.range_before_lu,
            range_after_lu=compression.range_after_lu,
            reason=compression.reason,
            reduction_db=compression.reduction_db.tolist(),
            block_s=BLOCK_S,
        )
        for title, compression in found.compressions
    )
    return VocalPage(
        leads=found.leads,
        before_lu=found.before_lu,
        wanted_lu=found.wanted_lu,
        after_lu=found.after_lu,
        measured=found.measured,
        other_lu=found.other_lu,
        compressors=compressors,
        masking=_masking_rows(found),
        reverb=found.reverb,
        range_s=planned.plan.range_s,
        strength_percent=float(planned.plan.settings.get("strength_percent", 100.0)),
        left_out=_steps_left_out(planned),
    )


def _masking_rows(found: vocal.VocalFindings) -> MaskingRows | None:
    masks = found.unmasking
    if masks is None:
        return None
    return MaskingRows(
        vocal_db=masks.vocal_db.tolist(),
        backing_db=masks.backing_db.tolist(),
        difference_db=masks.difference_db.tolist(),
        vocal_essential=masks.vocal_essential,
        backing_essential=masks.backing_essential,
        equaliser=found.equaliser,
        sample_rate_hz=found.sample_rate_hz,
    )


def _steps_left_out(planned: Planned) -> dict[str, str]:
    """Return the steps of the vocal mixer that this run did not do, and why."""
    asked = planned.plan.settings.get("vocal_steps", VOCAL_STEPS)
    reasons = {step: f"The {step} was not among the steps of this run." for step in VOCAL_STEPS if step not in asked}
    if planned.hearing.scope.whole:
        return reasons
    partial = "The {} is left as it is: plug-ins play everywhere, and this run is for a part of the session."
    return {step: partial.format(step) for step in VOCAL_STEPS if step != "level" and step in asked} | reasons


def _summary(planned: Planned) -> MixSummary:
    before, after = planned.mix_before.loudness, planned.mix_after.loudness
    return MixSummary(
        loudness_before_lufs=before.integrated_lufs,
        loudness_after_lufs=after.integrated_lufs,
        true_peak_before_dbtp=before.true_peak_dbtp,
        true_peak_after_dbtp=after.true_peak_dbtp,
        range_before_lu=before.range_lu,
        range_after_lu=after.range_lu,
    )


class _Rows:
    """Makes the row of each track."""

    def __init__(self, planned: Planned, receipt: Receipt | None) -> None:
        self._planned = planned
        self._plugins = plugin_rows(planned)
        self._made = {track.id for track in planned.after.tracks} - {track.id for track in planned.before.tracks}
        self._before = planned.hearing
        self._after = planned.hearing_after
        self._left_out = {out.track_id: out.reason for out in planned.hearing.scope.left_out}
        self._moves: dict[str, list[Move]] = {}
        for move in planned.plan.moves:
            self._moves.setdefault(move.track.id, []).append(move)
        self._skipped = _skips_by_track(planned.skips, receipt)

    def row(self, after: Track) -> TrackRow:
        """Return the row of a track as the plan leaves it, with what it was; one that is made was not."""
        track = after if after.id in self._made else self._planned.before.track(after.id)
        role = self._before.roles.get(track.id)
        moves = self._moves.get(track.id, [])
        row = TrackRow(
            id=track.id,
            name=track.title,
            depth=sum(1 for _ in self._planned.after.ancestors(after)),
            role=role.value if role else None,
            status=self._status(track),
            reason=self._left_out.get(track.id) or (moves[0].reason if moves else ""),
            fader_before_db=track.gain_db,
            fader_after_db=after.gain_db,
            moves=tuple(map(_move_row, moves)),
            skipped=self._skipped.get(track.id, ()) + self._skipped.get(track.title, ()),
            plugins=self._plugins.get(track.id, ()),
        )
        return self._with_levels(row, track, after) if track.id in self._before.measurements else row

    def _status(self, track: Track) -> str:
        if track.id in self._left_out:
            return LEFT_OUT
        if track.id in self._made:
            return NEW
        return CHANGED if track.id in self._moves else UNCHANGED

    def _with_levels(self, row: TrackRow, before: Track, after: Track) -> TrackRow:
        measurement = self._before.measurements[before.id]
        range_s = self._planned.plan.range_s
        low, high = measurement.waveform
        return replace(
            row,
            loudness_before_lufs=self._before.loudness_lufs(before.id),
            loudness_after_lufs=self._after.loudness_lufs(before.id),
            range_lu=self._before.range_lu(before.id),
            true_peak_dbtp=measurement.loudness.true_peak_dbtp,
            crest_factor_db=measurement.loudness.crest_factor_db,
            waveform=tuple(zip(low.tolist(), high.tolist(), strict=True)),
            gain_before_db=_gain_curve(self._planned.before, before, range_s),
            gain_after_db=_gain_curve(self._planned.after, after, range_s),
        )


def _gain_curve(session: Session, track: Track, range_s: tuple[float, float]) -> Polyline:
    """Return fader times Volume and Trim Volume envelopes as (time in s, dB), straight in dB between its points."""
    mode = session.mode_of(track)
    kinds = (EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME)
    playing = [e for kind in kinds if (e := track.envelope(kind)) is not None and e.plays]
    if mode == AutomationMode.BYPASS:
        playing = []
    owned = mode != AutomationMode.TRIM_READ and any(e.kind == EnvelopeKind.VOLUME for e in playing)
    fader_db = 0.0 if owned else track.gain_db
    lines = [_in_db(gain_polyline(envelope, *range_s)) for envelope in playing] or [tuple((t, 0.0) for t in range_s)]
    return tuple((time_s, fader_db + gain_db) for time_s, gain_db in _sum(lines))


def _in_db(line: Polyline) -> Polyline:
    """Turn a curve that is straight in linear gain into one that is straight in dB, within 0.06 dB."""
    points = [(line[0][0], lin_to_db(line[0][1]))]
    for (start_s, start_lin), (end_s, end_lin) in pairwise(line):
        start_db, end_db = lin_to_db(start_lin), lin_to_db(end_lin)
        n_steps = math.ceil(abs(end_db - start_db) / STEP_DB) if end_s > start_s else 1
        for step in range(1, n_steps):
            level_db = start_db + step / n_steps * (end_db - start_db)
            share = (db_to_lin(level_db) - start_lin) / (end_lin - start_lin)
            points.append((start_s + share * (end_s - start_s), level_db))
        points.append((end_s, end_db))
    return tuple(points)


def _sum(lines: Sequence[Polyline]) -> Polyline:
    """Add curves over the same time; two points at one time are a step."""
    if len(lines) == 1:
        return lines[0]
    total: dict[tuple[float, float], None] = {}  # in order, and a point that is no step once
    for time_s in sorted({t for line in lines for t, _ in line}):
        for find in (bisect_left, bisect_right):
            total[time_s, sum(_value(line, find(line, time_s, key=itemgetter(0)), time_s) for line in lines)] = None
    return tuple(total)


def _value(line: Polyline, index: int, time_s: float) -> float:
    """Return a curve's value at a time before which lie ``index`` points: those at the time itself, or not those."""
    if index == 0 or (index < len(line) and line[index][0] == time_s):
        return line[index][1]
    a, b = line[index - 1], line[min(index, len(line) - 1)]
    return a[1] if b[0] <= a[0] else a[1] + (time_s - a[0]) / (b[0] - a[0]) * (b[1] - a[1])


def _skips_by_track(skips: tuple[Skip, ...], receipt: Receipt | None) -> dict[str, tuple[SkipRow, ...]]:
    """Return what was not judged by the id of its track, and what was not written by the name, which a receipt has."""
    by_id: dict[str, list[Skip]] = {}
    for skip in skips:
        by_id.setdefault(skip.track_id, []).append(skip)
    rows = {track_id: _skip_rows(tuple(found)) for track_id, found in by_id.items()}
    for row in _not_written(receipt):
        rows[row.track] = (*rows.get(row.track, ()), row)
    return rows


def _skip_rows(skips: tuple[Skip, ...]) -> tuple[SkipRow, ...]:
    """Return one row per reason and track, with the number of items."""
    counts: dict[tuple[str, str, str], int] = {}
    for skip in skips:
        key = (skip.track, skip.cause, skip.next_step)
        counts[key] = counts.get(key, 0) + 1
    return tuple(
        SkipRow(track, f"{count} items" if count > 1 else "1 item", reason, step)
        for (track, reason, step), count in counts.items()
    )


def _not_written(receipt: Receipt | None) -> tuple[SkipRow, ...]:
    if receipt is None:
        return ()
    outcomes = receipt.with_status(Status.SKIPPED, Status.LEFT_ALONE)
    return tuple(SkipRow(o.track, o.what, o.detail, "") for o in outcomes)
