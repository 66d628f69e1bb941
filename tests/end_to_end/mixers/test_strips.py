"""The strips mixer from files to a project to sound: what the project plays is what the console plays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.roles import Role
from reaper_automix.analysis.third_octaves import third_octaves_db
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import render
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import strips
from reaper_automix.mixers.balance_features import REFERENCE_LUFS
from reaper_automix.mixers.strip_excerpts import Heard
from reaper_automix.mixers.strip_parameters import N_STRIP, reverb_from, settings_from
from reaper_automix.mixers.strip_suggestions import Suggestion
from reaper_automix.mixplan import FaderMove, PanMove, SendMove
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.session import Session, Track
from reaper_automix.settings import STRIP_STEPS, MixSettings
from reaper_automix.units import db_to_lin

RATE_HZ = 22_050
LENGTH_S = 14.0
NAMES = ("Kick", "Bass", "Gtr", "Keys", "Lead Vox")
BUS = "Automix reverb"
HOLDS_ENERGY_DB = -60.0
"""A third-octave less than this below the loudest one holds energy."""


def sounds() -> dict[str, np.ndarray]:
    """Return tracks of very different levels, (n_samples,) or (n_samples, 2)."""
    n = round(LENGTH_S * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    rng = np.random.default_rng(4)
    beat = np.exp(-9.0 * (time_s % 0.5))
    sung = np.square(np.sin(np.pi * 1.5 * time_s)) * ((time_s % 5.0) < 4.0)
    chord = sum(np.sin(2.0 * np.pi * f * time_s) / k for k, f in enumerate((262.0, 330.0, 784.0, 2_100.0), 1))
    voice = sum(np.sin(2.0 * np.pi * 220.0 * k * time_s) / k for k in range(1, 14))
    return {
        "Kick": 0.5 * beat * np.sin(2.0 * np.pi * 60.0 * time_s) + 0.02 * beat * rng.standard_normal(n),
        "Bass": 0.1 * np.sin(2.0 * np.pi * 55.0 * time_s) + 0.02 * rng.standard_normal(n),
        "Gtr": 0.03 * rng.standard_normal(n) * (0.3 + beat),
        "Keys": np.stack([0.05 * chord, 0.04 * np.roll(chord, 300)], axis=1),
        "Lead Vox": 0.08 * sung * voice + 0.001 * rng.standard_normal(n),
    }


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs") / "song"
    folder.mkdir()
    for name, audio in sounds().items():
        soundfile.write(folder / f"{name}.wav", audio, RATE_HZ, subtype="FLOAT")
    return folder


def whole_strips(heard: Heard, roles: Sequence[Role | None], source: str = "auto") -> Suggestion:
    """Suggest a full strip by how the track sounds, so that the order of the tracks does not matter."""
    vectors = []
    for image in heard.images:
        rng = np.random.default_rng(round(1e3 * float(image.sum())))
        vector = rng.uniform(0.2, 0.8, N_STRIP)
        vector[1] = float(rng.uniform() > 0.5)
        vectors.append(vector)
    reverb = reverb_from([0.4, 0.5, 0.5, 0.7])
    return Suggestion(tuple(settings_from(vector) for vector in vectors), reverb, "the test")


@pytest.fixture
def suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "suggested", whole_strips)


def planned_of(session: Session, **settings: object) -> Planned:
    return make_plan(session, "strips", MixSettings(**settings))  # type: ignore[arg-type]


def played(session: Session) -> np.ndarray:
    blocks = render([session], sample_rate_hz=RATE_HZ, end_s=LENGTH_S)
    return np.concatenate([master for (master,) in blocks], axis=1)


def raw(track: Track, gain_db: float) -> np.ndarray:
    with TrackReader(track, sample_rate_hz=RATE_HZ) as reader:
        return reader.read(0, round(LENGTH_S * RATE_HZ)) * np.float32(db_to_lin(gain_db))


def tracks_of(project: Path) -> dict[str, Track]:
    return {track.name: track for track in RppHost(project).read_session().tracks}


def console_mix(planned: Planned) -> np.ndarray:
    """Return what the exact console makes of the same strips."""
    pytest.importorskip("torch")
    from reaper_automix.training.strips.console import reference_mix

    found = planned.findings
    assert isinstance(found, strips.StripFindings)
    audio = []
    for channel in found.channels:
        loudness = planned.hearing.measurements[channel.track_id].loudness.integrated_lufs
        assert channel.to_reference_db == pytest.approx(REFERENCE_LUFS - loudness, abs=1e-9)
        audio.append(raw(planned.before.track(channel.track_id), channel.to_reference_db))
    return reference_mix(audio, [channel.strip for channel in found.channels], found.reverb, RATE_HZ)


def assert_same_sound(one: np.ndarray, other: np.ndarray, within_db: float) -> None:
    """Compare every third-octave that holds energy, but for one common gain."""
    bands = [third_octaves_db(audio.astype(np.float32), RATE_HZ) for audio in (one, other)]
    difference_db = (bands[0] - bands[1])[bands[1] > bands[1].max() + HOLDS_ENERGY_DB]
    assert difference_db.size >= 15
    assert np.abs(difference_db - np.median(difference_db)).max() < within_db


@pytest.mark.usefixtures("suggested")
@pytest.mark.parametrize("law_db", [0.0, -3.0])
def test_a_project_plays_what_the_exact_console_plays(song, law_db) -> None:
    session = replace(StemsHost(song).read_session(), pan_law_db=law_db)
    rng = np.random.default_rng(8)
    faders = {t.id: replace(t, gain_db=float(rng.uniform(-9.0, 3.0))) for t in session.tracks}
    planned = planned_of(session.with_tracks(faders))
    kinds = {type(fx.settings) for track in planned.after.tracks for fx in track.effects}
    assert kinds == {EqualiserSettings, CompressorSettings, ReverbSettings}
    assert any(isinstance(move, SendMove) for move in planned.plan.moves)
    if law_db == 0.0:
        assert_same_sound(played(planned.after), console_mix(planned), 0.1)
    else:  # the far side of a pan is the law's, so only the sums agree
        assert_same_sound(played(planned.after), console_mix(planned), 1.0)


@pytest.mark.usefixtures("suggested")
def test_each_side_and_the_reverb_are_the_consoles(song) -> None:
    planned = planned_of(StemsHost(song).read_session())
    ours, theirs = played(planned.after), console_mix(planned)
    for side in range(2):
        assert_same_sound(ours[side : side + 1], theirs[side : side + 1], 0.1)
    gain = float(np.vdot(ours, theirs) / np.vdot(theirs, theirs))
    assert np.abs(ours - gain * theirs).max() < 2e-4 * np.abs(ours).max(), "sample by sample"


@pytest.mark.usefixtures("suggested")
def test_the_order_of_the_tracks_does_not_matter(song) -> None:
    session = StemsHost(song).read_session()
    order = np.random.default_rng(2).permutation(len(session.tracks))
    moved = tuple(replace(session.tracks[i], number=n + 1) for n, i in enumerate(order))
    plans = [planned_of(s).plan for s in (session, replace(session, tracks=moved))]
    by_track = []
    for plan in plans:
        moves = {(move.track.id, type(move).__name__, getattr(move, "plugin", "")): move for move in plan.moves}
        assert len(moves) == len(plan.moves)
        by_track.append(moves)
    first, second = by_track
    assert first.keys() == second.keys()
    for key, move in first.items():
        other = second[key]
        if isinstance(move, FaderMove):
            assert other.after_db == pytest.approx(move.after_db, abs=1e-6)
        elif isinstance(move, SendMove):
            assert other.level_db == pytest.approx(move.level_db, abs=1e-6)
        else:
            assert other == move


@pytest.mark.usefixtures("suggested")
def test_a_second_run_changes_nothing_and_revert_takes_all_back(cli, song, tmp_path) -> None:
    before, once, twice, back = (tmp_path / f"{name}.RPP" for name in ("before", "once", "twice", "back"))
    assert cli("mix", song, "--strength", "0", "--out", before).code == 0
    assert cli("mix", before, "--mixer", "strips", "--out", once).code == 0
    assert cli("mix", once, "--mixer", "strips", "--out", twice).code == 0
    first, second = tracks_of(once), tracks_of(twice)
    assert BUS in first
    assert first.keys() == second.keys()
    for name, track in first.items():
        assert second[name].gain_db == pytest.approx(track.gain_db, abs=0.01), name
        assert second[name].pan == pytest.approx(track.pan, abs=1e-6), name
        assert second[name].polarity_inverted == track.polarity_inverted, name
        assert [(fx.id, fx.settings) for fx in second[name].effects] == [(fx.id, fx.settings) for fx in track.effects]
        assert [s.source_track_id for s in second[name].receives] == [s.source_track_id for s in track.receives]
    assert cli("revert", twice, "--out", back).code == 0
    assert tracks_of(back) == tracks_of(before)


@pytest.mark.usefixtures("suggested")
@pytest.mark.parametrize("step", STRIP_STEPS)
def test_each_step_alone_writes_its_own_moves(song, step) -> None:
    plan = planned_of(StemsHost(song).read_session(), strip_steps=(step,), flips_polarity=False).plan
    kinds = {move.kind if move.kind != "effect" else move.tag.removeprefix("Automix: ") for move in plan.moves}
    lowered = {"fader"} if any("true peak" in warning for warning in plan.warnings) else set()
    expected = {"level": {"fader"}, "reverb": {"bus", "reverb", "send"}}.get(step, {step})
    assert kinds - lowered == expected - lowered


@pytest.mark.usefixtures("suggested")
def test_what_is_left_out_is_made_up_for_by_the_fader(song) -> None:
    session = StemsHost(song).read_session()
    whole, levels = (planned_of(session, strip_steps=steps) for steps in (STRIP_STEPS[:4], ("level", "pan")))
    loudness = [{i: p.hearing_after.loudness_lufs(i) for i in p.hearing.scope.track_ids} for p in (whole, levels)]
    shift_db = np.array([loudness[0][i] - loudness[1][i] for i in loudness[0]])
    assert shift_db - shift_db.mean() == pytest.approx(0.0, abs=0.5), "as loud as with its equaliser and compressor"
    assert abs(whole.mix_after.loudness.integrated_lufs - whole.mix_before.loudness.integrated_lufs) < 3.0


@pytest.mark.usefixtures("suggested")
def test_an_engineers_pan_is_kept_and_counts(song) -> None:
    session = StemsHost(song).read_session()
    panned = {t.id: replace(t, pan=-0.5) for t in session.tracks if t.name == "Gtr"}
    planned = planned_of(session.with_tracks(panned))
    moved = {move.track.name for move in planned.plan.moves if isinstance(move, PanMove)}
    assert moved
    assert "Gtr" not in moved
    assert planned.after.track(next(iter(panned))).pan == -0.5
    assert_same_sound(played(planned.after), console_mix(planned), 0.1)


@pytest.mark.usefixtures("suggested")
def test_a_range_gets_levels_and_nothing_else(cli, song, tmp_path) -> None:
    out = tmp_path / "part.RPP"
    assert cli("mix", song, "--mixer", "strips", "--range", "4", "9", "--out", out).code == 0
    tracks = tracks_of(out)
    assert BUS not in tracks
    for name in NAMES:
        assert not tracks[name].effects
        assert (tracks[name].pan, tracks[name].gain_db, tracks[name].polarity_inverted) == (0.0, 0.0, False)
        assert tracks[name].envelopes


@pytest.mark.usefixtures("suggested")
def test_strength_goes_part_of_the_way(song) -> None:
    session = StemsHost(song).read_session()
    whole, half, none = (planned_of(session, strength_percent=percent) for percent in (100.0, 60.0, 0.0))
    assert not none.plan.moves
    for track in session.tracks:
        full, part = whole.after.track(track.id), half.after.track(track.id)
        assert part.pan == pytest.approx(0.6 * full.pan)
        for a, b in zip(full.effects, part.effects, strict=True):
            if isinstance(a.settings, CompressorSettings):
                assert np.log(b.settings.ratio) == pytest.approx(0.6 * np.log(a.settings.ratio))
            else:
                gains = [[band.gain_db for band in fx.settings.bands] for fx in (a, b)]
                assert gains[1] == pytest.approx([0.6 * gain_db for gain_db in gains[0]])


@pytest.mark.usefixtures("suggested")
def test_plugins_of_others_and_of_other_runs_stay(cli, song, tmp_path) -> None:
    vocal, out = tmp_path / "vocal.RPP", tmp_path / "strips.RPP"
    asked = ("--mixer", "vocal", "--level", "rule", "--vocal-steps", "reverb", "--out", vocal)
    assert cli("mix", song, *asked).code == 0
    assert cli("mix", vocal, "--mixer", "strips", "--out", out).code == 0
    first, second = tracks_of(vocal), tracks_of(out)
    assert second[BUS].effects == first[BUS].effects, "the reverb of the other run"
    lead = first["Lead Vox"].id
    assert second[BUS].send_from(lead) == first[BUS].send_from(lead)
    assert len(second[BUS].receives) > len(first[BUS].receives)


def test_without_a_controller_it_is_the_usual_strip_of_each_role(cli, song, tmp_path) -> None:
    out, plan, report = tmp_path / "out.RPP", tmp_path / "plan.json", tmp_path / "report.html"
    ran = cli("mix", song, "--mixer", "strips", "--strips", "usual", "--out", out, "--plan", plan, "--report", report)
    assert ran.code == 0, ran.err
    data = json.loads(plan.read_text())
    assert data["settings"]["strip_source"] == "usual"
    assert data["settings"]["strip_steps"] == list(STRIP_STEPS)
    assert {m["track"]["name"] for m in data["moves"] if m["kind"] == "fader"} <= set(NAMES)
    page = report.read_text(encoding="utf-8")
    assert page.count('class="plot strip"') == len(NAMES)
    assert data["predicted"]["true_peak_dbtp"] <= max(0.0, data["predicted"]["before_true_peak_dbtp"])


def test_a_silent_session_is_refused_and_a_silent_track_left_alone(cli, song, tmp_path) -> None:
    folder = tmp_path / "quiet"
    folder.mkdir()
    soundfile.write(folder / "Keys.wav", np.zeros(3 * RATE_HZ), RATE_HZ)
    ran = cli("mix", folder, "--mixer", "strips", "--out", tmp_path / "a.RPP")
    assert ran.code == 1
    assert "silent" in ran.err
    soundfile.write(folder / "Gtr.wav", 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ), RATE_HZ)
    ran = cli("mix", folder, "--mixer", "strips", "--out", tmp_path / "b.RPP")
    assert ran.code == 0, ran.err
    assert tracks_of(tmp_path / "b.RPP")["Keys"].gain_db == 0.0


@pytest.mark.data
@pytest.mark.parametrize("source", ["usual", "learned"])
def test_a_real_song(shared_data, source) -> None:
    planned = planned_of(StemsHost(shared_data / "songs" / "rubidium").read_session(), strip_source=source)
    found = planned.findings
    assert isinstance(found, strips.StripFindings)
    assert found.channels
    for channel in found.channels:
        assert channel.reduction_db <= 6.0
        assert channel.reverb_lu <= (-14.0 if channel.role is Role.LEAD_VOCAL else -10.0) + 1e-6
    limit = max(0.0, planned.mix_before.loudness.true_peak_dbtp)
    assert planned.mix_after.loudness.true_peak_dbtp <= limit
