"""Rendering: the settings of a render before the faders, and what it writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from reaper_report import Finding

from reaper.opening import OpenTab
from reaper.projects import FADE_SHAPES, FIRST, PAN_LAWS, STEP
from reaper_automix.reascript.rendering import render_tracks
from reaper_automix.reascript.snapshot import snapshot

pytestmark = pytest.mark.reaper

NUMBERS = {
    "RENDER_SETTINGS": 8194.0,
    "RENDER_BOUNDSFLAG": 0.0,
    "RENDER_CHANNELS": 2.0,
    "RENDER_SRATE": 0.0,
    "RENDER_STARTPOS": 0.25,
    "RENDER_ENDPOS": 1.25,
    "RENDER_TAILFLAG": 0.0,
    "RENDER_TAILMS": 0.0,
    "RENDER_ADDTOPROJ": 0.0,
    "RENDER_DITHER": 0.0,
    "RENDER_NORMALIZE": 0.0,
}
AFTER_FADERS = {"RENDER_SETTINGS": 2.0, "RENDER_STARTPOS": 0.0, "RENDER_ENDPOS": 2.0}
RENDER = 42230
"""Action: render with the most recent settings and close the window."""

TEXTS = {"RENDER_PATTERN": "automix-$tracknumber", "RENDER_FORMAT": "ZXZhdyAAAQ==", "RENDER_FORMAT2": ""}


def test_render_settings_read_back_as_set(tab: OpenTab, tmp_path: Path, finding: Finding) -> None:
    with tab.held() as project:
        finding("before", {name: project.setting(name) for name in NUMBERS})
        finding("format before", project.text_setting("RENDER_FORMAT"))
        for name, value in NUMBERS.items():
            project.set_setting(name, value)
        for name, text in (TEXTS | {"RENDER_FILE": str(tmp_path)}).items():
            project.set_text_setting(name, text)
        numbers = {name: project.setting(name) for name in NUMBERS}
        texts = {name: project.text_setting(name) for name in TEXTS}
        same_folder = Path(project.text_setting("RENDER_FILE")) == tmp_path
    finding("numbers that read back differently", {n: v for n, v in numbers.items() if v != NUMBERS[n]})
    finding("texts that read back differently", {n: v for n, v in texts.items() if v != TEXTS[n]})
    finding("the folder reads back", same_folder)
    assert numbers == NUMBERS
    assert texts["RENDER_PATTERN"] == TEXTS["RENDER_PATTERN"]
    assert same_folder


def test_a_render_before_the_faders(tab: OpenTab, tmp_path: Path, finding: Finding) -> None:
    """The file's sample at t is 0.1 + t/4: what is written tells of the fader, the plug-in and the playback offset."""
    with tab.held() as project:
        session = snapshot(project)
        names = ("Plain", "Low fader", "Effect", "Later")
        tracks = [track for track in session.tracks if track.name in names]
        rendered = render_tracks(project, session, tracks, (0.0, 1.0), tmp_path / "rendered")
    written: list[str] = []
    for track in tracks:
        if track.id not in rendered or not Path(rendered[track.id].path).is_file():
            finding(track.name, "no file")
            continue
        written.append(track.name)
        audio, rate_hz = soundfile.read(rendered[track.id].path, always_2d=True)
        left = audio[:, 0]
        finding(f"{track.name}: rate, channels, length in s", [rate_hz, audio.shape[1], len(left) / rate_hz])
        at_half = float(left[round(0.5 * rate_hz)])
        finding(f"{track.name}: share of the file at 0.5 s", at_half / (FIRST + STEP * 0.5))
        sounding = np.flatnonzero(np.abs(left) > FIRST / 10)
        finding(f"{track.name}: begins at s", float(sounding[0]) / rate_hz if len(sounding) else None)
    finding("shares expected before the faders", {"Plain": 1.0, "Low fader": 1.0, "Effect": 0.5})
    assert sorted(written) == sorted(names)


def test_the_curves_of_fades(tab: OpenTab, tmp_path: Path, finding: Finding) -> None:
    """A fade-in of 1 s of each shape, every 2 s, straight curvature."""
    with tab.held() as project:
        session = snapshot(project)
        tracks = [track for track in session.tracks if track.name == "Fades"]
        rendered = render_tracks(project, session, tracks, (0.0, 2.0 * len(FADE_SHAPES)), tmp_path / "fades")
    audio, rate_hz = soundfile.read(rendered[tracks[0].id].path, always_2d=True)
    for index, shape in enumerate(FADE_SHAPES):
        times_s = [share / 8 for share in range(1, 9)]
        heard = [float(audio[round((2.0 * index + t) * rate_hz), 0]) / (FIRST + STEP * t) for t in times_s]
        finding(f"shape {shape}: gain at 1/8 to 8/8", [round(gain, 5) for gain in heard])
    assert len(audio) == 2 * len(FADE_SHAPES) * rate_hz


def test_the_taper_of_pan_laws(tab: OpenTab, tmp_path: Path, finding: Finding) -> None:
    """Tracks with a pan envelope from left to right, rendered after the faders; the file is mono."""
    folder = tmp_path / "pans"
    folder.mkdir()
    with tab.held() as project:
        for track in [*project.tracks(), project.master()]:
            project.set_value(track, "I_SELECTED", float(project.text(track, "P_NAME") in PAN_LAWS))
        for name, value in (NUMBERS | AFTER_FADERS).items():
            project.set_setting(name, value)
        for name, text in (TEXTS | {"RENDER_FILE": str(folder)}).items():
            project.set_text_setting(name, text)
        project.api.Main_OnCommandEx(RENDER, 0, project.project)
    files = sorted(folder.glob("*.wav"))
    assert len(files) == len(PAN_LAWS)
    for name, path in zip(PAN_LAWS, files, strict=True):  # they are numbered in the order of the tracks
        audio, rate_hz = soundfile.read(path, always_2d=True)
        for share in range(1, 8):
            time_s = share / 4
            frame = audio[round(time_s * rate_hz)] / (FIRST + STEP * time_s)
            finding(f"{name}, pan {time_s - 1:g}: gains left, right", [round(float(gain), 5) for gain in frame])
