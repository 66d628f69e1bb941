"""The drums mixer on a kit that bleeds, among other tracks: faders, pans, polarities of its microphones, no others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.loudness import integrated_lufs
from reaper_automix.analysis.measurement import measure
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.units import db_to_energy, energy_to_db

RATE_HZ = 44_100
LENGTH_S = 16.0
HITS = {"kick": (0.0, 1.0), "snare": (0.5, 1.0), "hihat": (0.25, 0.25), "tom": (1.75, 1.5)}
"""First hit and distance, in s."""

MICROPHONES = {
    "Kick in": {"kick": (1.0, 0.0), "snare": (0.05, 2.0), "tom": (0.05, 2.0)},
    "Snare top": {"snare": (0.8, 0.0), "hihat": (0.08, 1.0), "kick": (0.06, 2.0)},
    "HiHat": {"hihat": (0.4, 0.0), "snare": (0.1, 1.5)},
    "Tom 1": {"tom": (0.7, 0.0), "snare": (0.05, 2.0), "kick": (0.04, 2.0)},
    "OH L": {"kick": (0.12, 4.0), "snare": (0.2, 3.0), "hihat": (0.3, 3.0), "tom": (0.06, 0.5)},
    "OH R": {"kick": (0.12, 4.0), "snare": (0.2, 3.0), "hihat": (0.08, 4.0), "tom": (0.3, 0.5)},
}
"""What each microphone hears of each drum: amplitude, and delay in ms."""


def hit(drum: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
    tone = {"kick": 55.0, "snare": 190.0, "tom": 110.0, "hihat": 7_000.0}[drum]
    decay = {"kick": 14.0, "snare": 22.0, "tom": 10.0, "hihat": 60.0}[drum]
    noise = {"kick": 0.05, "snare": 0.7, "tom": 0.1, "hihat": 1.0}[drum]
    sound = np.sin(2.0 * np.pi * tone * times_s) + noise * rng.standard_normal(times_s.size)
    return sound * np.exp(-decay * times_s) * rng.uniform(0.6, 1.0)


def kit_audio() -> dict[str, np.ndarray]:
    """Return what each microphone hears: the same hits, with bleed and delays."""
    n = round(LENGTH_S * RATE_HZ)
    dry = {drum: np.zeros(n) for drum in HITS}
    for drum, (first_s, distance_s) in HITS.items():
        for number, time_s in enumerate(np.arange(first_s, LENGTH_S - 0.5, distance_s)):
            at = round(time_s * RATE_HZ)
            sound = hit(drum, number)
            dry[drum][at : at + sound.size] += sound[: n - at]
    heard = {}
    for name, drums in MICROPHONES.items():
        heard[name] = sum(
            gain * np.concatenate((np.zeros(round(delay_ms * RATE_HZ / 1000.0)), dry[drum]))[:n]
            for drum, (gain, delay_ms) in drums.items()
        )
    return heard


def save_kit(folder: Path, audio: dict[str, np.ndarray], *, band: bool = True) -> Path:
    folder.mkdir()
    for number, (name, sound) in enumerate(audio.items()):
        level = 10.0 ** (-(6.0 + 3.0 * (number % 4)) / 20.0)
        soundfile.write(folder / f"{name}.wav", 0.5 * level * sound, RATE_HZ)
    times_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    for name, hz in (("Bass DI", 55.0), ("Lead Vox", 440.0)) if band else ():
        swell = 0.1 + 0.1 * np.sin(2.0 * np.pi * 0.3 * times_s)
        soundfile.write(folder / f"{name}.wav", swell * np.sin(2.0 * np.pi * hz * times_s), RATE_HZ)
    return folder


@pytest.fixture(scope="module")
def kit() -> dict[str, np.ndarray]:
    return kit_audio()


@pytest.fixture
def band(tmp_path: Path, kit: dict[str, np.ndarray]) -> Path:
    return save_kit(tmp_path / "band", kit)


def tracks_of(path: Path) -> dict[str, object]:
    return {track.name: track for track in RppHost(path).read_session().tracks}


def loudness_of_kit(folder: Path, project: Path) -> float:
    """Return the sum of the loudnesses of the kit's tracks at their faders and pans, dB."""
    total = 0.0
    for name, track in tracks_of(project).items():
        if name in MICROPHONES:
            audio = soundfile.read(folder / f"{name}.wav", dtype="float32")[0]
            gain = 10.0 ** (track.gain_db / 20.0)  # type: ignore[attr-defined]
            sides = gain * np.array([min(1.0, 1.0 - track.pan), min(1.0, 1.0 + track.pan)])  # type: ignore[attr-defined]
            measured = measure([np.float32(audio[None])], RATE_HZ, 1, start_s=0.0, n_samples=audio.size)
            blocks = measured.block_energy
            total += db_to_energy(integrated_lufs(blocks, np.repeat(sides[:, None], blocks.shape[1], axis=1)))
    return energy_to_db(total)


def test_the_kit_is_balanced_and_nothing_else_moves(cli, band, tmp_path) -> None:
    out, plan = tmp_path / "out.RPP", tmp_path / "plan.json"
    records = ("--plan", plan, "--report", tmp_path / "r.html", "--no-report-audio")
    ran = cli("mix", band, "--mixer", "drums", "--out", out, *records)
    assert ran.code == 0, ran.err
    tracks = tracks_of(out)
    assert {name for name, track in tracks.items() if track.gain_db != 0.0} <= set(MICROPHONES)
    assert sum(tracks[name].gain_db != 0.0 for name in MICROPHONES) >= 5
    assert tracks["Bass DI"].gain_db == tracks["Lead Vox"].gain_db == 0.0
    before = tmp_path / "before.RPP"
    assert cli("mix", band, "--strength", "0", "--out", before).code == 0
    assert loudness_of_kit(band, out) == pytest.approx(loudness_of_kit(band, before), abs=0.3)
    moves = plan_from_json(plan.read_text()).moves
    assert all("in mixes of kits that sound like this" in m.reason for m in moves if m.kind == "fader")
    page = (tmp_path / "r.html").read_text()
    assert "The drum kit" in page
    assert "kick in (name:" in page


def test_overheads_go_to_their_sides_and_pans_may_be_kept(cli, band, tmp_path) -> None:
    out = tmp_path / "out.RPP"
    assert cli("mix", band, "--mixer", "drums", "--out", out).code == 0
    tracks = tracks_of(out)
    assert (tracks["OH L"].pan, tracks["OH R"].pan) == (-1.0, 1.0)
    assert tracks["Tom 1"].pan > 0.2, "the tom is louder in the right overhead"
    assert tracks["HiHat"].pan < -0.2
    assert tracks["Kick in"].pan == tracks["Snare top"].pan == 0.0
    kept = tmp_path / "kept.RPP"
    assert cli("mix", band, "--mixer", "drums", "--keep-pans", "--out", kept).code == 0
    assert {track.pan for track in tracks_of(kept).values()} == {0.0}


def test_an_inverted_microphone_is_flipped_and_said(cli, kit, tmp_path) -> None:
    inverted = dict(kit)
    inverted["Tom 1"] = -kit["Tom 1"]
    folders = {name: save_kit(tmp_path / name, audio) for name, audio in (("as is", kit), ("wrong", inverted))}
    flips = {}
    for name, folder in folders.items():
        out = tmp_path / f"{name}.RPP"
        ran = cli("mix", folder, "--mixer", "drums", "--out", out, "--json")
        assert ran.code == 0, ran.err
        flips[name] = {title for title, track in tracks_of(out).items() if track.polarity_inverted}
    assert "Tom 1" in flips["wrong"] ^ flips["as is"]
    kept = tmp_path / "kept.RPP"
    assert cli("mix", folders["wrong"], "--mixer", "drums", "--keep-polarity", "--out", kept).code == 0
    assert not any(track.polarity_inverted for track in tracks_of(kept).values())


def test_only_what_is_in_scope_moves_and_strength_counts(cli, band, tmp_path) -> None:
    out = tmp_path / "some.RPP"
    assert cli("mix", band, "--mixer", "drums", "--tracks", "Kick in", "HiHat", "--out", out).code == 0
    assert {name for name, track in tracks_of(out).items() if track.gain_db != 0.0} <= {"Kick in", "HiHat"}
    whole, half = tmp_path / "whole.RPP", tmp_path / "half.RPP"
    assert cli("mix", band, "--mixer", "drums", "--keep-pans", "--out", whole).code == 0
    assert cli("mix", band, "--mixer", "drums", "--keep-pans", "--strength", "50", "--out", half).code == 0
    for name, track in tracks_of(half).items():
        assert track.gain_db == pytest.approx(tracks_of(whole)[name].gain_db / 2.0, abs=0.03)


def test_a_range_gets_envelopes_and_no_pans(cli, band, tmp_path) -> None:
    out = tmp_path / "part.RPP"
    assert cli("mix", band, "--mixer", "drums", "--range", "4", "12", "--out", out).code == 0
    tracks = tracks_of(out)
    assert {track.gain_db for track in tracks.values()} == {0.0}
    assert {track.pan for track in tracks.values()} == {0.0}
    assert sum(bool(track.envelopes) for track in tracks.values()) >= 5


def test_without_a_kit_it_says_what_to_do(cli, stems, tmp_path) -> None:
    (stems / "Kick.wav").rename(stems / "Piano.wav")
    ran = cli("mix", stems, "--mixer", "drums", "--out", tmp_path / "out.RPP")
    assert ran.code == 1
    assert "no drum microphone was found" in ran.err
    assert "--role" in ran.err
    assert not (tmp_path / "out.RPP").exists()


def test_the_engineer_says_what_a_track_is(cli, kit, tmp_path) -> None:
    renamed = {("Track 9" if name == "HiHat" else name): sound for name, sound in kit.items()}
    folder = save_kit(tmp_path / "odd", renamed)
    out, plan = tmp_path / "out.RPP", tmp_path / "plan.json"
    ran = cli("mix", folder, "--mixer", "drums", "--role", "Track 9=hihat", "--out", out, "--plan", plan)
    assert ran.code == 0, ran.err
    reasons = {m["track"]["name"]: m["reason"] for m in json.loads(plan.read_text())["moves"] if m["kind"] == "fader"}
    assert reasons["Track 9"].startswith("hihat:")


def test_a_microphone_whose_drum_is_not_played_is_left_as_it_is(cli, kit, tmp_path) -> None:
    bleed = 0.05 * kit["Snare top"] + 0.04 * kit["Kick in"]
    folder = save_kit(tmp_path / "unplayed", kit | {"Tom 2": bleed})
    out, plan = tmp_path / "out.RPP", tmp_path / "plan.json"
    assert cli("mix", folder, "--mixer", "drums", "--out", out, "--plan", plan).code == 0
    assert tracks_of(out)["Tom 2"].gain_db == 0.0
    assert any("Tom 2: its drum is not played here" in said for said in json.loads(plan.read_text())["warnings"])


def test_a_stereo_overhead_track_counts_as_both(cli, kit, tmp_path) -> None:
    audio = {name: sound for name, sound in kit.items() if not name.startswith("OH")}
    folder = save_kit(tmp_path / "stereo", audio)
    soundfile.write(folder / "Overheads.wav", 0.3 * np.stack([kit["OH L"], kit["OH R"]], axis=1), RATE_HZ)
    out, plan = tmp_path / "out.RPP", tmp_path / "plan.json"
    ran = cli("mix", folder, "--mixer", "drums", "--out", out, "--plan", plan)
    assert ran.code == 0, ran.err
    reasons = {m["track"]["name"]: m["reason"] for m in json.loads(plan.read_text())["moves"] if m["kind"] == "fader"}
    assert reasons["Overheads"].startswith("overheads:")
    assert tracks_of(out)["Overheads"].pan == 0.0
    assert tracks_of(out)["Tom 1"].pan > 0.2
