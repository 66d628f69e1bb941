"""Items: how media are named, sections, lanes, and what an audio accessor hears."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath

import pytest
from reaper_report import Finding

from reaper.opening import OpenTab
from reaper.projects import FIRST, RATE_HZ, SECTION_MODES, STEP
from reaper.test_envelopes import track
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.snapshot import snapshot

pytestmark = pytest.mark.reaper

N_SAMPLES = 64


def field(chunk: str, key: str) -> str:
    """Return the rest of the first line with a key; empty if there is none."""
    lines = (line.strip() for line in chunk.splitlines())
    return next((line.partition(" ")[2] for line in lines if line.partition(" ")[0] == key), "")


def source_of(project: Reaper, item: str) -> str:
    return str(project.api.GetMediaItemTake_Source(project.api.GetActiveTake(item)))


def heard(project: Reaper, item: str, time_s: float) -> float:
    """Return the sample that an audio accessor gives at a time in the take."""
    accessor = project.api.CreateTakeAudioAccessor(project.api.GetActiveTake(item))
    try:
        wanted = (accessor, RATE_HZ, 1, time_s, N_SAMPLES, [0.0] * N_SAMPLES)
        return float(project.api.GetAudioAccessorSamples(*wanted)[1][0])
    finally:
        project.api.DestroyAudioAccessor(accessor)


def test_how_media_are_named(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        item = project.items(track(project, "Plain"))[0]
        name = field(project.item_chunk(item), "FILE").split('" ')[0].strip('"')
        by_function = str(project.api.GetMediaSourceFileName(source_of(project, item), "", 4096)[1])
        read = snapshot(project)
    finding("in the item's chunk", how_named(name))
    finding("by GetMediaSourceFileName", how_named(by_function))
    sources = [i.takes[0].source.path for t in read.tracks if t.name == "Plain" for i in t.items]
    assert [Path(path or "").name for path in sources] == ["ramp.wav"]
    assert Path(sources[0] or "").is_file()


def how_named(name: str) -> str:
    absolute = Path(name).is_absolute() or PureWindowsPath(name).is_absolute()
    return f"absolute, ...{Path(name).name}" if absolute else f"relative: {name}"


@pytest.mark.parametrize("mode", SECTION_MODES)
def test_sections(tab: OpenTab, finding: Finding, mode: int) -> None:
    with tab.held() as project:
        item = project.items(track(project, "Sections"))[SECTION_MODES.index(mode)]
        chunk, source = project.item_chunk(item), source_of(project, item)
        spelled = {key: field(chunk, key) for key in ("LENGTH", "MODE", "STARTPOS")}
        finding("chunk after loading", spelled | {"LENGTH": chunk.count("LENGTH ")})
        kind = project.api.GetMediaSourceType(source, "", 64)[1]
        finding("type", kind)
        finding("file name of the section", bool(project.api.GetMediaSourceFileName(source, "", 4096)[1]))
        times_s = [round((heard(project, item, time_s) - FIRST) / STEP, 4) for time_s in (0.1, 0.3, 0.5)]
        finding("times in the file that are heard at 0.1, 0.3 and 0.5 s", times_s)
        finding("offset, length, reversed", list(project.api.PCM_Source_GetSectionInfo(source, 0.0, 0.0, False)[2:5]))
    assert kind == "SECTION"
    assert "<SOURCE SECTION" in chunk


def test_lanes(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        of = track(project, "Lanes")
        items = project.items(of)
        finding("I_FREEMODE", project.value(of, "I_FREEMODE"))
        finding("C_LANEPLAYS of the items", [project.item_value(item, "C_LANEPLAYS") for item in items])
        finding("I_FIXEDLANE of the items", [project.item_value(item, "I_FIXEDLANE") for item in items])
        finding("YPOS of the items", [field(project.item_chunk(item), "YPOS") for item in items])
    text = re.split('NAME "?Lanes', tab.save())[1].partition("<ITEM")[0]
    kept = [line.strip() for line in text.splitlines() if "LANE" in line or "FREEMODE" in line]
    finding("saved lines of the track", kept)
    assert len(items) == 2


def test_what_an_accessor_hears(tab: OpenTab, finding: Finding) -> None:
    with tab.held() as project:
        plain = heard(project, project.items(track(project, "Plain"))[0], 0.5)
        quiet = heard(project, project.items(track(project, "Quiet item"))[0], 0.5)
        late = heard(project, project.items(track(project, "Quiet item"))[0], 1.5)
    finding("plain item at 0.5 s (0.225 in the file)", plain)
    finding("share of the file, item volume 0.5, in the middle of a fade-in", quiet / (FIRST + STEP * 0.5))
    finding("share of the file, item volume 0.5, after the fade-in", late / (FIRST + STEP * 1.5))
    assert plain == pytest.approx(FIRST + STEP * 0.5, abs=1e-3)
