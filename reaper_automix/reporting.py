"""From a plan and all that was heard for it to the rows of the report."""

from __future__ import annotations

from dataclasses import replace

from reaper_automix.audio.skips import Skip
from reaper_automix.envelope import value_at
from reaper_automix.mixplan import move_words
from reaper_automix.pipeline import Planned
from reaper_automix.receipt import Receipt, Status
from reaper_automix.report.model import CHANGED, LEFT_OUT, UNCHANGED, MixSummary, MoveRow, Report, SkipRow, TrackRow
from reaper_automix.session import AutomationMode, EnvelopeKind, Session, Track


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
    rows = _Rows(planned)
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
        tracks=tuple(rows.row(track) for track in planned.before.tracks),
        moves=tuple(MoveRow(*move_words(move), move.reason) for move in plan.moves),
        warnings=plan.warnings,
        skipped=(*_skip_rows(planned.skips), *_not_written(receipt)),
        outputs=outputs,
    )


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

    def __init__(self, planned: Planned) -> None:
        self._planned = planned
        self._before = planned.hearing
        self._after = replace(planned.hearing, session=planned.after)
        self._left_out = {out.track_id: out.reason for out in planned.hearing.scope.left_out}
        self._reasons = {m.track.id: m.reason for m in planned.plan.moves if hasattr(m, "track")}

    def row(self, track: Track) -> TrackRow:
        """Return the row of a track as it was, with what it becomes."""
        after = self._planned.after.track(track.id)
        role = self._before.roles.get(track.id)
        row = TrackRow(
            id=track.id,
            name=track.title,
            depth=sum(1 for _ in self._planned.before.ancestors(track)),
            role=role.value if role else None,
            status=self._status(track),
            reason=self._left_out.get(track.id) or self._reasons.get(track.id, ""),
            fader_before_db=track.gain_db,
            fader_after_db=after.gain_db,
        )
        return self._with_levels(row, track, after) if track.id in self._before.measurements else row

    def _status(self, track: Track) -> str:
        if track.id in self._left_out:
            return LEFT_OUT
        return CHANGED if track.id in self._reasons else UNCHANGED

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


def _gain_curve(session: Session, track: Track, range_s: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Return fader times Volume and Trim Volume envelopes as (time in s, dB), at every point and at the ends."""
    mode = session.mode_of(track)
    kinds = (EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME)
    playing = [e for kind in kinds if (e := track.envelope(kind)) is not None and e.plays]
    if mode == AutomationMode.BYPASS:
        playing = []
    owned = mode != AutomationMode.TRIM_READ and any(e.kind == EnvelopeKind.VOLUME for e in playing)
    fader_db = 0.0 if owned else track.gain_db
    inner = {p.time_s for e in playing for p in e.points if range_s[0] < p.time_s < range_s[1]}
    times = sorted({*range_s, *inner})
    return tuple((t, fader_db + sum(value_at(e, t) for e in playing)) for t in times)


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
