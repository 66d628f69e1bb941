"""From a plan of the strips mixer to its section of the report: every track's strip as the plan leaves it."""

from __future__ import annotations

import math

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.mixers.inserts import BUS
from reaper_automix.mixers.strip_excerpts import EXCERPT_S
from reaper_automix.mixers.strips import Channel, StripFindings
from reaper_automix.mixplan import bus_ref
from reaper_automix.pipeline import Planned
from reaper_automix.report.strip_picture import StripRow
from reaper_automix.report.strip_section import StripPage
from reaper_automix.session import Session, Track
from reaper_automix.settings import STRIP_STEPS
from reaper_automix.units import SILENCE_DB


def strip_page(planned: Planned, found: StripFindings) -> StripPage:
    """Return what the section shows; settings are those of the plan, at its strength."""
    bus = _bus(planned.after)
    rows = tuple(_row(planned, channel, bus) for channel in found.channels)
    slots = bus.effects_played() if bus else ()
    sent = any(row.send_db > SILENCE_DB for row in rows)
    return StripPage(
        rows=rows,
        reverb=next((s.settings for s in slots if isinstance(s.settings, ReverbSettings)), None) if sent else None,
        bus=BUS,
        source=found.source,
        starts_s=found.starts_s,
        excerpt_s=EXCERPT_S,
        sample_rate_hz=found.sample_rate_hz,
        strength_percent=float(planned.plan.settings.get("strength_percent", 100.0)),
        left_out=_steps_left_out(planned),
    )


def _row(planned: Planned, channel: Channel, bus: Track | None) -> StripRow:
    before, after = planned.before.track(channel.track_id), planned.after.track(channel.track_id)
    played = [slot.settings for slot in after.effects_played()]
    bands = [band for settings in played if isinstance(settings, EqualiserSettings) for band in settings.bands]
    compressor = next((settings for settings in played if isinstance(settings, CompressorSettings)), None)
    send = bus.send_from(after.id) if bus else None
    return StripRow(
        track=before.title,
        role=channel.role.value.replace("_", " ") if channel.role else "",
        equaliser=EqualiserSettings(tuple(bands)),
        compressor=compressor,
        reduction_db=channel.reduction_db,
        send_db=send.gain_db if send else SILENCE_DB,
        reverb_lu=channel.reverb_lu if send else -math.inf,
        pan_before=before.pan,
        pan=after.pan,
        fader_before_db=before.gain_db,
        fader_db=after.gain_db,
        bounds=channel.bounds,
        left_out=tuple(f"no {step}: {why}" for step, why in channel.left_out.items()),
        inverted=after.polarity_inverted,
    )


def _bus(session: Session) -> Track | None:
    bus_id = bus_ref(BUS).id
    return next((track for track in session.tracks if track.id == bus_id), None)


def _steps_left_out(planned: Planned) -> dict[str, str]:
    """Return the steps that this run did not do, and why."""
    asked = planned.plan.settings.get("strip_steps", STRIP_STEPS)
    reasons = {step: f"The {step} was not among the steps of this run." for step in STRIP_STEPS if step not in asked}
    if planned.hearing.scope.whole:
        return reasons
    partial = "The {} is left as it is: it would count everywhere, and this run is for a part of the session."
    return {step: partial.format(step) for step in STRIP_STEPS[1:] if step in asked} | reasons
