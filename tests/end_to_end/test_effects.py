"""Plug-ins, sends and a bus from a plan to a project to sound: what the preview plays is what the processors do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.reverb import Reverb
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.units import SILENCE_DB, db_to_lin

BANDS = [
    {"type": "high_pass", "frequency_hz": 90.0, "q": 0.71},
    {"type": "band", "frequency_hz": 900.0, "gain_db": 5.0, "q": 1.3},
]
SQUEEZE = {"threshold_db": -30.0, "ratio": 4.0, "attack_ms": 8.0, "release_ms": 120.0, "makeup_db": 3.0}
ROOM = {"decay_s": 1.1, "wet_db": 2.0, "dry_db": SILENCE_DB, "dampening": 0.4}
SEND_DB = -9.0
RATE_HZ = 44_100


@pytest.fixture
def song(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    rng = np.random.default_rng(5)
    times_s = np.arange(4 * RATE_HZ) / RATE_HZ
    bursts = np.exp(-6.0 * (times_s % 0.5))
    for name, hz in (("Vox", 330.0), ("Gtr", 196.0)):
        sound = bursts * (0.3 * np.sin(2.0 * np.pi * hz * times_s) + 0.02 * rng.standard_normal(times_s.size))
        soundfile.write(folder / f"{name}.wav", np.stack([sound, 0.6 * sound], axis=1), RATE_HZ, subtype="FLOAT")
    return folder


def plan_for(folder: Path, tmp_path: Path, **change: object) -> Path:
    session = StemsHost(folder).read_session()
    vox = next(track for track in session.tracks if track.name == "Vox")
    track = {"id": vox.id, "name": vox.name}
    bus = {"name": "Automix reverb"}
    moves = [
        {"kind": "bus", "name": bus["name"], "reason": "one room for all"},
        {"kind": "effect", "track": bus, "effect": "reverb", "plugin": "ReaVerbate", "settings": ROOM},
        {"kind": "effect", "track": track, "effect": "equaliser", "plugin": "ReaEQ", "settings": {"bands": BANDS}},
        {"kind": "effect", "track": track, "effect": "compressor", "plugin": "ReaComp", "settings": SQUEEZE | change},
        {"kind": "send", "track": track, "to": bus, "level_db": SEND_DB, "mode": "post-fader"},
        {"kind": "fader", "track": track, "after_db": -4.0},
    ]
    for move in moves:
        if move["kind"] == "effect":
            move["tag"] = f"Automix: {move['effect']}"
    data = {"schema": "reaper_automix.mixplan/1", "mixer": "hand", "session": {}, "moves": moves}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(data | {"scope": {"tracks": [vox.id], "range_s": [0.0, session.end_s]}}))
    return path


def played_directly(folder: Path) -> np.ndarray:
    """Return the mix as the processors make it of the files, without any project in between."""
    vox, gtr = (soundfile.read(folder / f"{name}.wav", dtype="float32")[0].T for name in ("Vox", "Gtr"))
    bands = tuple(Band(**band) for band in BANDS)  # type: ignore[arg-type]
    vox = Equaliser(EqualiserSettings(bands), RATE_HZ, 2).process(vox)
    vox = Compressor(CompressorSettings(**SQUEEZE), RATE_HZ, 2).process(vox) * np.float32(db_to_lin(-4.0))
    room = Reverb(ReverbSettings(**ROOM), RATE_HZ, 2).process(vox * np.float32(db_to_lin(SEND_DB)))
    return vox + room + gtr


def test_the_preview_is_what_the_processors_do(cli, song, tmp_path) -> None:
    out, mix = tmp_path / "out.RPP", tmp_path / "mix.wav"
    assert cli("apply", plan_for(song, tmp_path), song, "--out", out).code == 0
    assert cli("render", out, "--out", mix).code == 0
    heard, rate_hz = soundfile.read(mix, dtype="float32")
    expected = played_directly(song)
    assert (rate_hz, heard.T.shape) == (RATE_HZ, expected.shape)
    error = np.sqrt(np.mean(np.square(heard.T - expected)) / np.mean(np.square(expected)))
    assert error < db_to_lin(-80.0)
    for start in range(0, expected.shape[1], RATE_HZ // 2):
        part = slice(start, start + RATE_HZ // 2)
        levels_db = [10.0 * np.log10(np.mean(np.square(x[:, part]))) for x in (heard.T, expected)]
        assert levels_db[0] == pytest.approx(levels_db[1], abs=0.1)


def test_apply_says_what_was_written_and_revert_leaves_no_trace(cli, project, song, tmp_path) -> None:
    out = tmp_path / "out.RPP"
    assert cli("apply", plan_for(song, tmp_path), song, "--out", out).code == 0
    bare = tmp_path / "bare.RPP"
    assert cli("revert", out, "--out", bare).code == 0
    text = bare.read_text()
    assert "Automix" not in text
    assert "FXCHAIN" not in text
    assert "EXTSTATE" not in text
    again = cli("apply", plan_for(song, tmp_path), out, "--in-place", "--json")
    receipt = json.loads(again.out)
    told = {outcome["what"]: outcome["detail"] for outcome in receipt["outcomes"]}
    assert told["compressor (ReaComp)"].startswith("4:1 over -30.0 dB, attack 8 ms, release 120 ms, make-up +3.0 dB")
    assert told["reverb (ReaVerbate)"] == "decay 1.10 s, wet +2.0 dB, no dry signal"


def test_mixing_after_effects_hears_them(cli, song, tmp_path) -> None:
    out = tmp_path / "out.RPP"
    assert cli("apply", plan_for(song, tmp_path, makeup_db=6.0), song, "--out", out).code == 0
    shown = {t["name"]: t for t in json.loads(cli("inspect", out, "--json").out)["tracks"]}
    dry = {t["name"]: t for t in json.loads(cli("inspect", song, "--json").out)["tracks"]}
    lufs = [tracks["Vox"]["before_fader"]["loudness_lufs"] for tracks in (shown, dry)]
    assert lufs[0] != pytest.approx(lufs[1], abs=0.5), "before the fader and after our plug-ins"
    assert shown["Gtr"]["before_fader"] == dry["Gtr"]["before_fader"]
    mixed = tmp_path / "mixed.RPP"
    assert cli("mix", out, "--out", mixed).code == 0
    session = RppHost(mixed).read_session()
    vox = next(track for track in session.tracks if track.name == "Vox")
    assert [fx.tag for fx in vox.effects] == ["Automix: equaliser", "Automix: compressor"]


def test_a_refused_effect_names_the_field(cli, song, tmp_path) -> None:
    ran = cli("apply", plan_for(song, tmp_path, ratio=0.2), song, "--out", tmp_path / "out.RPP")
    assert ran.code == 1
    assert "moves[3].settings: ratio is 0.2:1: choose a value from 1:1 to 100:1" in ran.err
    assert not (tmp_path / "out.RPP").exists()
