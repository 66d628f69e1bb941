"""From a plan of the tone mixer to its section of the report: every track's tone as the plan leaves it."""

from __future__ import annotations

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.mixers.tone import ToneChannel, ToneFindings
from reaper_automix.mixplan import EffectMove
from reaper_automix.pipeline import Planned
from reaper_automix.report.tone_picture import ToneRow
from reaper_automix.report.tone_section import TonePage


def tone_page(planned: Planned, found: ToneFindings) -> TonePage:
    """Return what the section shows; equalisers are those of the plan, at its strength."""
    return TonePage(
        rows=tuple(_row(planned, channel) for channel in found.channels),
        sample_rate_hz=found.sample_rate_hz,
        strength_percent=float(planned.plan.settings.get("strength_percent", 100.0)),
        evidence=found.evidence,
    )


def _row(planned: Planned, channel: ToneChannel) -> ToneRow:
    written = [m for m in planned.plan.moves if isinstance(m, EffectMove) and m.track.id == channel.track_id]
    bands = [b for m in written if isinstance(m.settings, EqualiserSettings) for b in m.settings.bands]
    return ToneRow(
        track=planned.before.track(channel.track_id).title,
        group=channel.group,
        start_s=channel.start_s,
        spectrum=tuple(zip(CENTRES_HZ, channel.levels_db.tolist(), strict=True)),
        target=tuple(zip(channel.target.at_hz.tolist(), channel.target.curve_db.tolist(), strict=True)),
        equaliser=EqualiserSettings(tuple(bands)),
        distance_db=channel.fit.distance_db,
        curve_rms_db=channel.fit.curve_rms_db,
        remarks=_remarks(planned, channel),
        mels_db=channel.mels_db,
    )


def _remarks(planned: Planned, channel: ToneChannel) -> tuple[str, ...]:
    said = []
    if channel.left_out:
        said.append(f"no equaliser: {channel.left_out}")
    if channel.n_takes:
        takes = "a new take" if channel.n_takes == 1 else f"{channel.n_takes} new takes"
        said.append(f"{takes} in place of an equaliser")
    if not planned.hearing.scope.whole:
        said.append("no equaliser: this run is for a part of the session")
    if channel.fit.held_back and not channel.n_takes:
        said.append("less boost where the track has nothing")
    return tuple(said)
