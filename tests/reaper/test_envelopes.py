"""Envelopes: scaling, what runs between points, fresh and emptied ones, spelling, sign, automation items."""

from __future__ import annotations

import re

import pytest
from reaper_report import Finding

from reaper.opening import OpenTab
from reaper.projects import POOL_AMPLITUDES, RATE_HZ, SHAPES
from reaper_automix.envelope import value_at
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.snapshot import snapshot
from reaper_automix.session import EnvelopeKind
from reaper_automix.units import db_to_lin

pytestmark = pytest.mark.reaper

LEVELS_DB = (-150, -120, -96, -72, -60, -48, -36, -30, -24, -18, -12, -9, -6, -3, -1, 0, 1, 3, 6, 12, 24)
TAGS = ("VOLENV", "VOLENV2", "VOLENV3", "PANENV", "PANENV2", "MUTEENV")


def track(project: Reaper, name: str) -> str:
    return next(pointer for pointer in project.tracks() if project.text(pointer, "P_NAME") == name)


def envelope(project: Reaper, name: str, kind: EnvelopeKind = EnvelopeKind.VOLUME) -> str:
    found = project.envelope(track(project, name), kind)
    assert found is not None
    return found


def evaluated(project: Reaper, pointer: str, time_s: float) -> float:
    return float(project.api.Envelope_Evaluate(pointer, time_s, float(RATE_HZ), 1, 0.0, 0.0, 0.0, 0.0)[5])


def test_the_scale_of_faders(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        gains = [0.0, 0.5, *(db_to_lin(level_db) for level_db in LEVELS_DB)]
        scaled = [project.api.ScaleToEnvelopeMode(1, gain) for gain in gains]
        back = [project.api.ScaleFromEnvelopeMode(1, raw) for raw in scaled]
        plain = [project.api.ScaleToEnvelopeMode(0, gain) for gain in gains]
    finding("gain, scaled", [[gain, raw] for gain, raw in zip(gains, scaled, strict=True)])
    finding("back again, relative error", [abs(b - g) / g for g, b in zip(gains, back, strict=True) if g > 0.0])
    in_range = [(gain, again) for gain, again in zip(gains, back, strict=True) if 1e-3 <= gain <= 2.0]
    assert [again for _, again in in_range] == pytest.approx([gain for gain, _ in in_range], rel=1e-5)
    assert plain == pytest.approx(gains)


@pytest.mark.parametrize("name", ["Fader ride", "Gain ride"])
def test_between_two_points(tab: OpenTab, finding: Finding, name: str) -> None:
    with tab.held() as project:
        pointer = envelope(project, name)
        mode = project.api.GetEnvelopeScalingMode(pointer)
        raw = [evaluated(project, pointer, time_s) for time_s in (0.0, 0.25, 0.5, 0.75, 1.5)]
        gains = [project.api.ScaleFromEnvelopeMode(mode, value) for value in raw]
        ends = [project.api.ScaleToEnvelopeMode(mode, gain) for gain in (1.0, 0.25)]
        scaled_middle = project.api.ScaleFromEnvelopeMode(mode, sum(ends) / 2)
    finding("scaling mode", mode)
    finding("gains at 0, 0.25, 0.5, 0.75 and 1.5 s, of a ride from 1 at 0 s to 0.25 at 1 s", gains)
    middles = {"gain": 0.625, "dB": 0.5, "fader": scaled_middle}
    finding("closest to linear in", min(middles, key=lambda domain: abs(middles[domain] - gains[2])))
    assert (gains[0], gains[-1]) == pytest.approx((1.0, 0.25), rel=1e-4)


def test_shapes(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        pointer = envelope(project, "Shapes")
        for index, shape in enumerate(SHAPES):
            values = [evaluated(project, pointer, index + share / 8) for share in range(1, 8)]
            way = [round(value if index % 2 == 0 else 1.0 - value, 6) for value in values]
            finding(f"shape {shape}: share of the way at 1/8 to 7/8", way)
            assert all(-1e-6 <= share <= 1.0 + 1e-6 for share in way)
            assert way == sorted(way)


@pytest.mark.parametrize("owner", ["a track", "the master"])
def test_an_envelope_that_was_never_used(tab: OpenTab, finding: Finding, owner: str) -> None:
    with tab.held() as project:
        of = track(project, "Plain") if owner == "a track" else project.master()
        for tag in TAGS:
            pointer = str(project.api.GetTrackEnvelopeByChunkName(of, f"<{tag}"))
            null = pointer.endswith("0x0000000000000000")
            chunk = "" if null else project.envelope_chunk(pointer)
            finding(f"<{tag}", "null" if null else without_guids(chunk))
            assert null or chunk.startswith((f"<{tag}\n", f"<MASTER{tag}\n"))
        finding("points of <VOLENV2", _points_of(project, of))


def _points_of(project: Reaper, of: str) -> int | str:
    pointer = project.envelope(of, EnvelopeKind.VOLUME)
    return "null" if pointer is None else int(project.api.CountEnvelopePoints(pointer))


def without_guids(chunk: str) -> str:
    return re.sub(r"EGUID \{[^}]*\}", "EGUID {}", chunk.strip()).replace("\n", " | ")


def test_an_envelope_without_points_is_unused_again(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        pointer = envelope(project, "Gain ride")
        lines = project.envelope_chunk(pointer).splitlines()
        assert project.set_envelope_chunk(pointer, "\n".join(line for line in lines if not line.startswith("PT ")))
        of = track(project, "Gain ride")
        pointer = project.envelope(of, EnvelopeKind.VOLUME) or ""
        finding("points", project.api.CountEnvelopePoints(pointer) if pointer else "null")
        finding("chunk", without_guids(project.envelope_chunk(pointer)) if pointer else "null")
        by_name = str(project.api.GetTrackEnvelopeByName(of, "Volume"))
        finding("null by its name", by_name.endswith("0x0000000000000000"))
        finding("envelopes of the track", project.api.CountTrackEnvelopes(of))
    text = tab.save()
    finding("in the saved file", "<VOLENV2" in text.partition('NAME "Gain ride"')[2].partition("<TRACK")[0])


def test_how_points_are_spelled(tab: OpenTab, finding: Finding) -> None:
    given = ["PT 0.123456789012345 0.123456789012345 0", "PT 1.333333333333333 0.333333333333333 0", "PT 2 0.0000123 0"]
    with tab.held() as project:
        pointer = envelope(project, "Gain ride")
        lines = [line for line in project.envelope_chunk(pointer).splitlines() if not line.startswith("PT ")]
        assert project.set_envelope_chunk(pointer, "\n".join([*lines[:-1], *given, ">"]))
        read = [line.strip() for line in project.envelope_chunk(pointer).splitlines() if line.startswith("PT ")]
        values = [project.api.GetEnvelopePoint(pointer, n, 0.0, 0.0, 0, 0.0, False)[3:5] for n in range(3)]
    finding("given", given)
    finding("in the chunk", read)
    finding("by the function", [list(pair) for pair in values])
    wanted = [[float(word) for word in line.split()[1:3]] for line in given]
    assert [pytest.approx(pair, abs=1e-5) for pair in wanted] == [list(pair) for pair in values]


def test_the_sign_of_pan(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        pointer = envelope(project, "Pan ride", EnvelopeKind.PAN)
        for value in (1.0, -1.0):
            shown = project.api.Envelope_FormatValue(pointer, value, "", 64)[2]
            finding(f"an envelope's value {value:g} is shown as", shown)
        of = track(project, "Plain")
        project.set_value(of, "D_PAN", -1.0)
        assert project.value(of, "D_PAN") == -1.0
        finding("D_PAN -1 is shown as", project.api.mkpanstr("", -1.0)[0])


def test_automation_items(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        pointer = envelope(project, "Automation items")
        read = next(t for t in snapshot(project).tracks if t.name == "Automation items").envelope(EnvelopeKind.VOLUME)
        assert project.api.CountAutomationItems(pointer) == len(POOL_AMPLITUDES)
        assert read is not None
        mode = project.api.GetEnvelopeScalingMode(pointer)
        for index, (baseline, amplitude) in enumerate(POOL_AMPLITUDES):
            names = ("D_BASELINE", "D_AMPLITUDE")
            held = [project.api.GetSetAutomationItemInfo(pointer, index, name, 0.0, False) for name in names]
            times_s = [2.0 * index + share for share in (0.1, 0.5, 0.9)]
            raw = [evaluated(project, pointer, time_s) for time_s in times_s]
            gains = [project.api.ScaleFromEnvelopeMode(mode, value) for value in raw]
            label = f"baseline {baseline:g}, amplitude {amplitude:g}"
            finding(f"{label}: REAPER has", held)
            finding(f"{label}: REAPER plays at 0.1, 0.5, 0.9 s", gains)
            finding(f"{label}: we read", [db_to_lin(value_at(read, time_s)) for time_s in times_s])
            finding(f"{label}: its points", [[p[0], p[1]] for p in project.item_points(pointer, index)])
