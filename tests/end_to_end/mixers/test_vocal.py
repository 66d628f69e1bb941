"""The vocal mixer from files to a project to sound: what was decided is measured on what the project plays."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.loudness import integrated_lufs, loudness_range_lu
from reaper_automix.analysis.roles import Role
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.vocal_sound import Side, hear_side
from reaper_automix.mixplan import bus_ref
from reaper_automix.pipeline import make_plan
from reaper_automix.session import Session, Track
from reaper_automix.settings import MixSettings
from reaper_automix.units import SILENCE_DB

RATE_HZ = 22_050
LENGTH_S = 32.0
SUNG_S = ((2.0, 8.0), (10.0, 16.0), (18.0, 24.0), (25.0, 30.0))
SONGS = ("lithium", "potassium", "rubidium", "sodium")


def voice(levels_db: Collection[float], seed: int = 1, hz: float = 220.0) -> np.ndarray:
    """Return syllables of a harmonic tone, each phrase at its level, with breaths before them; float64 (n_samples,)."""
    n = round(LENGTH_S * RATE_HZ)
    rng = np.random.default_rng(seed)
    time_s = np.arange(n) / RATE_HZ
    pitch_hz = hz * (1.0 + 0.01 * np.sin(2.0 * np.pi * 5.0 * time_s))
    phase = 2.0 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    tone = sum(np.sin(k * phase) / k for k in range(1, 12))
    syllables = np.square(np.sin(np.pi * 3.0 * time_s))
    level = np.zeros(n)
    for (start_s, end_s), level_db in zip(SUNG_S, levels_db, strict=True):
        level[(time_s >= start_s) & (time_s < end_s)] = 10.0 ** (level_db / 20.0)
        level[(time_s >= start_s - 0.3) & (time_s < start_s)] = 1e-3
    return 0.2 * level * syllables * (tone + 0.05 * rng.standard_normal(n))


def backing() -> dict[str, np.ndarray]:
    n = round(LENGTH_S * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    rng = np.random.default_rng(3)
    beat = np.exp(-8.0 * (time_s % 0.5))
    louder = np.where((time_s > 16.0) & (time_s < 18.0), 8.0, 1.0)  # while nobody sings
    return {
        "Drums": 0.15 * louder * beat * rng.standard_normal(n),
        "Bass": 0.2 * np.sin(2.0 * np.pi * 55.0 * time_s) * (0.6 + 0.4 * beat),
        "Keys": 0.05 * sum(np.sin(2.0 * np.pi * f * time_s) for f in (262.0, 330.0, 392.0, 1_050.0)),
        "BV oohs": voice((-12.0, -10.0, -12.0, -10.0), seed=8, hz=330.0),
    }


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("songs") / "song", voice((-16.0, -2.0, -18.0, 0.0)))


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song whose raw vocal has a loudness range beyond 20 LU."""
    return saved(tmp_path_factory.mktemp("songs") / "wild", voice((-24.0, 0.0, -25.0, -23.0)))


def saved(folder: Path, vocal: np.ndarray) -> Path:
    folder.mkdir()
    for name, audio in backing().items():
        stereo = np.stack([audio, 0.8 * audio], axis=1) if name == "Keys" else audio
        soundfile.write(folder / f"{name}.wav", stereo, RATE_HZ, subtype="FLOAT")
    soundfile.write(folder / "Lead Vox.wav", vocal, RATE_HZ, subtype="FLOAT")
    soundfile.write(folder / "Lead Vox double.wav", 0.3 * np.roll(vocal, 400), RATE_HZ, subtype="FLOAT")
    return folder


def tracks_of(project: Path) -> dict[str, Track]:
    return {track.name: track for track in RppHost(project).read_session().tracks}


def sides(session: Session) -> tuple[Side, Side]:
    """Return the lead, dry, and everything else, as the session plays them."""
    dry = replace(session, tracks=tuple(replace(t, receives=()) for t in session.tracks))
    leads = {t.id for t in session.tracks if t.name.lower().startswith(("lead", "vox_lead"))}
    others = {t.id for t in session.tracks if t.items} - leads
    return hear_side(dry, leads, (0.0, session.end_s)), hear_side(dry, others, (0.0, session.end_s))


def gap_lu(session: Session, sung: np.ndarray | None = None) -> float:
    lead, rest = sides(session)
    return lead.lufs - rest.lufs if sung is None else lead.lufs_while(sung) - rest.lufs_while(sung)


def test_the_lead_is_where_the_rule_has_it(cli, song, tmp_path) -> None:
    out, plan = tmp_path / "out.RPP", tmp_path / "plan.json"
    ran = cli("mix", song, "--mixer", "vocal", "--level", "rule", "--out", out, "--plan", plan)
    assert ran.code == 0, ran.err
    mixed = RppHost(out).read_session()
    assert gap_lu(mixed) == pytest.approx(-0.5, abs=0.1)
    tracks = tracks_of(out)
    assert tracks["Lead Vox"].gain_db == pytest.approx(tracks["Lead Vox double"].gain_db, abs=1e-4), (
        "they move together"
    )
    others = {tracks[name].gain_db for name in backing()}
    assert max(others) - min(others) < 1e-4, "lowered together, if at all"
    assert max(others) <= 0.0
    predicted = json.loads(plan.read_text())["predicted"]
    limit = max(0.0, predicted["before_true_peak_dbtp"])
    assert predicted["true_peak_dbtp"] <= limit


def test_loud_parts_without_singing_do_not_count_on_wish(cli, song, tmp_path) -> None:
    lead, rest = sides(StemsHost(song).read_session())
    sung = lead.sung()
    share = sung.mean() * sung.size / 10.0
    assert share == pytest.approx(sum(end - start for start, end in SUNG_S), abs=3.0)
    assert rest.lufs_while(sung) < rest.lufs - 1.0, "the drums are loud while nobody sings"
    out = tmp_path / "out.RPP"
    assert cli("mix", song, "--mixer", "vocal", "--level", "rule", "--while-sung", "--out", out).code == 0
    mixed = RppHost(out).read_session()
    assert gap_lu(mixed, sung) == pytest.approx(-0.5, abs=0.1)
    assert gap_lu(mixed) < -1.5


def test_a_wild_vocal_is_compressed_to_the_aim_and_keeps_its_level(cli, wild, tmp_path) -> None:
    before = sides(StemsHost(wild).read_session())[0]
    assert loudness_range_lu(before.energy) > 20.0
    out = tmp_path / "out.RPP"
    assert cli("mix", wild, "--mixer", "vocal", "--level", "rule", "--out", out).code == 0
    after = sides(RppHost(out).read_session())[0]
    assert loudness_range_lu(after.energy) < 16.7
    assert gap_lu(RppHost(out).read_session()) == pytest.approx(-0.5, abs=0.2)
    settings = [fx.settings for fx in tracks_of(out)["Lead Vox"].effects if isinstance(fx.settings, CompressorSettings)]
    assert len(settings) == 1
    assert (settings[0].attack_ms, settings[0].release_ms) == pytest.approx((30.0, 200.0), rel=0.01)


def test_the_reverb_is_14_lu_below_the_mix_on_one_bus(cli, song, tmp_path) -> None:
    out = tmp_path / "out.RPP"
    assert cli("mix", song, "--mixer", "vocal", "--level", "rule", "--out", out).code == 0
    session = RppHost(out).read_session()
    bus = next(t for t in session.tracks if t.name == "Automix reverb")
    assert {s.source_track_id for s in bus.receives} == {t.id for t in session.tracks if t.name.startswith("Lead")}
    (reverb,) = [fx.settings for fx in bus.effects]
    assert isinstance(reverb, ReverbSettings)
    assert (reverb.wet_db, reverb.dry_db) == (0.0, SILENCE_DB)
    silent = {t.id: replace(t, sends_to_parent=t.id == bus.id) for t in session.tracks}
    wet = hear_side(session.with_tracks(silent), {t.id for t in session.tracks}, (0.0, session.end_s))
    dry = [side.energy for side in sides(session)]
    assert wet.lufs == pytest.approx(integrated_lufs(dry[0] + dry[1]) - 14.0, abs=0.3)


def test_the_published_insert(cli, song, tmp_path) -> None:
    out = tmp_path / "out.RPP"
    ran = cli(
        "mix", song, "--mixer", "vocal", "--level", "rule", "--reverb", "insert", "--plugins", "iem", "--out", out
    )
    assert ran.code == 0, ran.err
    tracks = tracks_of(out)
    assert "Automix reverb" not in tracks
    (reverb,) = [fx.settings for fx in tracks["Lead Vox"].effects if isinstance(fx.settings, ReverbSettings)]
    assert 10.0 ** (reverb.wet_db / 20.0) == pytest.approx(0.6, abs=0.01)
    assert reverb.dry_db == 0.0
    assert gap_lu(RppHost(out).read_session()) == pytest.approx(-0.5, abs=0.1), "level again, behind the reverb"


def test_steps_can_be_chosen_and_strength_counts(cli, wild, tmp_path) -> None:
    only, half = tmp_path / "only.RPP", tmp_path / "half.RPP"
    asked = ("mix", wild, "--mixer", "vocal", "--level", "rule")
    assert cli(*asked, "--vocal-steps", "compressor", "--out", only).code == 0
    tracks = tracks_of(only)
    assert tracks["Lead Vox"].effects
    assert {t.gain_db for t in tracks.values()} == {0.0}
    assert "Automix reverb" not in tracks
    whole = tmp_path / "whole.RPP"
    assert cli(*asked, "--vocal-steps", "level", "--out", whole).code == 0
    assert cli(*asked, "--vocal-steps", "level", "--strength", "50", "--out", half).code == 0
    assert tracks_of(half)["Lead Vox"].gain_db == pytest.approx(tracks_of(whole)["Lead Vox"].gain_db / 2.0, abs=0.1)
    assert not tracks_of(whole)["Lead Vox"].effects


def test_a_range_gets_a_level_and_no_plugins(cli, song, tmp_path) -> None:
    out = tmp_path / "part.RPP"
    assert cli("mix", song, "--mixer", "vocal", "--level", "rule", "--range", "9", "17", "--out", out).code == 0
    tracks = tracks_of(out)
    assert not any(t.effects for t in tracks.values())
    assert tracks["Lead Vox"].envelopes
    assert "Automix reverb" not in tracks


def test_a_second_run_changes_nothing_and_revert_takes_all_back(cli, wild, tmp_path) -> None:
    before, once, twice, back = (tmp_path / f"{name}.RPP" for name in ("before", "once", "twice", "back"))
    assert cli("mix", wild, "--strength", "0", "--out", before).code == 0
    assert cli("mix", before, "--mixer", "vocal", "--out", once).code == 0
    assert cli("mix", once, "--mixer", "vocal", "--out", twice).code == 0
    first, second = tracks_of(once), tracks_of(twice)
    assert first.keys() == second.keys()
    for name, track in first.items():
        assert second[name].gain_db == pytest.approx(track.gain_db, abs=0.01), name
        assert [fx.settings for fx in second[name].effects] == [fx.settings for fx in track.effects], name
    assert cli("revert", twice, "--out", back).code == 0
    assert tracks_of(back).keys() == tracks_of(before).keys()
    assert all(t == tracks_of(before)[name] for name, t in tracks_of(back).items())


def test_without_a_lead_it_says_what_to_do(cli, song, tmp_path) -> None:
    folder = tmp_path / "renamed"
    folder.mkdir()
    for number, path in enumerate(sorted(song.iterdir())):
        if path.name != "Lead Vox double.wav":
            (folder / f"Track {number}.wav").write_bytes(path.read_bytes())
    others = [f"Track {n}=synth" for n, p in enumerate(sorted(song.iterdir())) if not p.name.startswith("Lead")]
    lead = next(f"Track {n}" for n, p in enumerate(sorted(song.iterdir())) if p.name == "Lead Vox.wav")
    ran = cli(
        "mix", folder, "--mixer", "vocal", "--role", *others, f"{lead}=backing_vocal", "--out", tmp_path / "a.RPP"
    )
    assert ran.code == 1
    assert "no lead vocal was found" in ran.err
    assert "--role" in ran.err
    assert not (tmp_path / "a.RPP").exists()
    ran = cli("mix", folder, "--mixer", "vocal", "--role", *others, f"{lead}=lead_vocal", "--out", tmp_path / "b.RPP")
    assert ran.code == 0, ran.err


def test_a_vocal_alone_is_left_at_its_level(cli, wild, tmp_path) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    (folder / "Lead Vox.wav").write_bytes((wild / "Lead Vox.wav").read_bytes())
    out = tmp_path / "out.RPP"
    ran = cli("mix", folder, "--mixer", "vocal", "--out", out)
    assert ran.code == 0, ran.err
    assert tracks_of(out)["Lead Vox"].gain_db <= 0.0
    assert any(isinstance(fx.settings, CompressorSettings) for fx in tracks_of(out)["Lead Vox"].effects)
    assert "Nothing sounds beside the lead vocal" in ran.out + ran.err


@pytest.mark.data
@pytest.mark.parametrize("name", SONGS if "REAPER_AUTOMIX_ALL_SONGS" in os.environ else SONGS[2:3])
def test_real_songs_by_rule(shared_data, name) -> None:
    """Levels disturbed first; measured on what the session plays then."""
    session = StemsHost(shared_data / "songs" / name).read_session()
    rng = np.random.default_rng(len(name))
    session = session.with_tracks({t.id: replace(t, gain_db=float(rng.uniform(-8.0, 8.0))) for t in session.tracks})
    planned = make_plan(session, "vocal", MixSettings(vocal_level="rule"))
    assert {planned.hearing.roles[t.id] for t in session.tracks if t.name == "vox_lead"} == {Role.LEAD_VOCAL}
    before, _ = sides(session)
    lead, rest = sides(planned.after)
    assert lead.lufs - rest.lufs == pytest.approx(-0.5, abs=0.2)
    ranges = loudness_range_lu(before.energy), loudness_range_lu(lead.energy)
    assert ranges[1] < 16.7 or ranges[1] == pytest.approx(ranges[0], abs=0.1)
    limit = max(0.0, planned.mix_before.loudness.true_peak_dbtp)
    assert planned.mix_after.loudness.true_peak_dbtp <= limit
    assert bus_ref("Automix reverb").id in {t.id for t in planned.after.tracks}
