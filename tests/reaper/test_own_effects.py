"""Plug-ins of ours: blocks that we write into a project file as REAPER loads and plays them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from reaper_report import Finding

from reaper.connection import Connection
from reaper.opening import OpenTab
from reaper.projects import RATE_HZ
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings, same_settings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.rack import Rack
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan import EffectMove, MixPlan, TrackRef
from reaper_automix.plan_writing import apply_plan
from reaper_automix.plugins.registry import knobs_of
from reaper_automix.reascript.own_effects import own_slots
from reaper_automix.reascript.rendering import render_tracks
from reaper_automix.reascript.snapshot import snapshot
from reaper_automix.session import Track
from reaper_automix.units import SILENCE_DB

pytestmark = pytest.mark.reaper

PLUGINS: dict[str, EffectSettings] = {
    "ReaEQ": EqualiserSettings(
        (Band("high_pass", 80.0, q=0.71), Band("band", 1_000.0, -6.0, 1.4), Band("high_shelf", 8_000.0, 4.0))
    ),
    "ReaComp": CompressorSettings(threshold_db=-30.0, ratio=4.0, attack_ms=10.0, release_ms=150.0, makeup_db=3.0),
    "ReaVerbate": ReverbSettings(decay_s=1.15, dampening=0.3, dry_db=SILENCE_DB),
}
LENGTH_S = 4.0
PART_S = 0.5


def project_with_effects(folder: Path) -> Path:
    """Write a project in which each plug-in has a track of its own, which plays bursts of noise."""
    rng = np.random.default_rng(3)
    times_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    bursts = 0.3 * rng.standard_normal(times_s.size) * np.exp(-8.0 * (times_s % 1.0))
    for name in PLUGINS:
        soundfile.write(folder / f"{name}.wav", np.stack([bursts, 0.7 * bursts], axis=1), RATE_HZ, subtype="FLOAT")
    path = folder / "effects.RPP"
    session = StemsHost(folder).read_session()
    path.write_text(new_project_text(session, folder=folder), encoding="utf-8")
    moves = tuple(
        EffectMove(TrackRef(track.id, track.name), track.name, f"Automix: {track.name}", PLUGINS[track.name])
        for track in session.tracks
    )
    apply_plan(RppHost(path), MixPlan("hand", "", "", "", (), (0.0, LENGTH_S), moves))
    return path


@pytest.fixture
def effects_tab(reaper: Connection, tmp_path_factory: pytest.TempPathFactory) -> OpenTab:
    folder = tmp_path_factory.getbasetemp() / "effects"
    folder.mkdir(exist_ok=True)
    return OpenTab(reaper, project_with_effects(folder))


def test_our_blocks_are_loaded_as_meant(effects_tab: OpenTab, finding: Finding) -> None:
    with effects_tab as tab, tab.held() as project:
        found = {}
        for track in project.tracks():
            name = project.text(track, "P_NAME")
            (slot,) = own_slots(project, track).values()
            found[name] = slot.settings
            finding(f"{name}: settings in REAPER's own state", repr(slot.settings))
            names = [project.parameter_name(track, 0, n) for n in range(project.n_parameters(track, 0))]
            finding(f"{name}: knobs", [[n, project.shown(track, 0, number)] for number, n in enumerate(names)])
            wanted = {(k.index, k.name): (k.normalised, k.text) for k in knobs_of(name, PLUGINS[name], RATE_HZ)}
            for (number, knob), (normalised, text) in wanted.items():
                if number is not None and number < len(names):
                    stands = project.parameter(track, 0, number)
                    said = [names[number], project.shown(track, 0, number), text, stands, normalised]
                    finding(f"{name}: {knob}: name, shown, meant, stands at, by our formula", said)
    for name, settings in PLUGINS.items():
        seen = found[name]
        assert seen is not None
        assert same_settings(seen, settings), name


def test_how_far_the_preview_is_from_what_reaper_plays(effects_tab: OpenTab, tmp_path: Path, finding: Finding) -> None:
    with effects_tab as tab, tab.held() as project:
        session = snapshot(project)
        rendered = render_tracks(project, session, list(session.tracks), (0.0, LENGTH_S), tmp_path / "rendered")
    for track in session.tracks:
        if track.id not in rendered or not Path(rendered[track.id].path).is_file():
            finding(track.name, "no file")
            continue
        audio, rate_hz = soundfile.read(rendered[track.id].path, always_2d=True, dtype="float32")
        told = "REAPER's level minus the preview's, dB per half second"
        finding(f"{track.name}: {told}", _differences(track, audio, rate_hz))
    assert rendered


def _differences(track: Track, audio: np.ndarray, rate_hz: int) -> list[float]:
    source = track.items[0].takes[0].source.path
    assert source is not None
    dry = soundfile.read(source, always_2d=True, dtype="float32")[0].T
    preview = Rack(track.effects_played(), RATE_HZ).process(dry)
    both = zip(_levels_db(audio, rate_hz), _levels_db(preview.T, RATE_HZ), strict=True)
    return [round(reaper_db - preview_db, 2) for reaper_db, preview_db in both]


def _levels_db(sound: np.ndarray, rate_hz: int) -> list[float]:
    n = round(PART_S * rate_hz)
    parts = (sound[part * n : (part + 1) * n] for part in range(round(LENGTH_S / PART_S)))
    return [float(10.0 * np.log10(np.mean(np.square(part)) + 1e-15)) for part in parts]
