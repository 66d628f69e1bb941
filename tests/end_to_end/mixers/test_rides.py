"""The rides mixer from the command line: faders and a few points in, and every promise that an engineer counts on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.edits import Control, SetControl, SetPoints
from reaper_automix.envelope import value_at
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan import EnvelopeMove, FaderMove, MixPlan
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, Session, Track

RATE_HZ = 8000
SECTION_S = 12
VOLUME, TRIM = EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME
SONG_DB = {
    "Vox": (-28.0, -36.0, -28.0, -36.0),
    "Gtr": (-34.0, -34.0, -40.0, -34.0),
    "Kick": (-120.0, -32.0, -32.0, -32.0),
    "Keys": (-120.0, -120.0, -24.0, -24.0),
    "Bass": (-38.0, -38.0, -38.0, -38.0),
}
"""The level of each track in four sections of 12 s; -120 is a pause."""
RIDDEN = {"rule": {"Vox", "Gtr"}, "lds": {"Vox", "Gtr"}}
"""Who is ridden at least: the rule evens sections out, lds goes with the sections of the others."""

riders = pytest.mark.parametrize("rider", ["rule", "lds"])


def sections(levels_db: tuple[float, ...], seed: int, *, n_channels: int = 1) -> np.ndarray:
    """Return noise with a beat, float64 (n_samples, n_channels)."""
    rng = np.random.default_rng(seed)
    level_lin = np.repeat([10.0 ** (level / 20.0) for level in levels_db], SECTION_S * RATE_HZ)
    beat = 0.4 + 0.6 * np.exp(-4.0 * (np.arange(level_lin.size) / RATE_HZ * 2.0 % 1.0))
    return (level_lin * beat)[:, None] * rng.standard_normal((level_lin.size, n_channels))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five stems, one of them stereo, whose levels change from section to section."""
    folder = tmp_path_factory.mktemp("recorded") / "Ridden söng"
    folder.mkdir()
    for seed, (name, levels_db) in enumerate(SONG_DB.items()):
        audio = sections(levels_db, seed, n_channels=2 if name == "Keys" else 1)
        soundfile.write(folder / f"{name}.wav", audio, RATE_HZ, "FLOAT")
    return folder


@pytest.fixture
def song(recorded: Path, tmp_path: Path, cli: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder; its audio is measured once for all tests."""
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(recorded.parent / "cache"))
    return shutil.copytree(recorded, tmp_path / recorded.name)


@pytest.fixture
def project(song: Path, save: Callable[..., Path]) -> Path:
    """A project that plays them."""
    return save(StemsHost(song).read_session())


def plan_at(path: Path) -> MixPlan:
    return plan_from_json(path.read_text("utf-8"))


def session_at(path: Path) -> Session:
    return RppHost(path).read_session()


def named(session: Session, name: str) -> Track:
    return next(track for track in session.tracks if track.name == name)


def rides_of(plan: MixPlan) -> dict[str, EnvelopeMove]:
    return {move.track.name: move for move in plan.moves if isinstance(move, EnvelopeMove)}


def faders_of(plan: MixPlan) -> dict[str, FaderMove]:
    return {move.track.name: move for move in plan.moves if isinstance(move, FaderMove)}


def ride_db(move: EnvelopeMove, times_s: np.ndarray) -> np.ndarray:
    return np.interp(times_s, *np.array(move.points).T)


EVERY_STEP_S = np.arange(4 * SECTION_S) + 0.5


@riders
def test_faders_take_the_mean_and_envelopes_ride_around_zero(cli, project, tmp_path, rider) -> None:
    out, plan = tmp_path / "o.RPP", tmp_path / "p.json"
    ran = cli("mix", project, "--mixer", "rides", "--rides", rider, "--out", out, "--plan", plan)
    assert ran.code == 0, ran.err
    plan, written = plan_at(plan), session_at(out)
    rides, faders = rides_of(plan), faders_of(plan)
    assert set(rides) >= RIDDEN[rider]
    for name, move in rides.items():
        audio = sections(SONG_DB[name], list(SONG_DB).index(name)).reshape(4 * SECTION_S, -1)
        energy = np.square(audio).mean(axis=1)
        assert np.average(ride_db(move, EVERY_STEP_S), weights=energy) == pytest.approx(0.0, abs=0.5)
        levels_db = [level for _, level in move.points]
        assert max(levels_db) - min(levels_db) > 0.5, "no flat rides"
        assert max(map(abs, levels_db)) <= 5.0 + 1e-3
        envelope = named(written, name).envelope(VOLUME)
        assert envelope is not None
        for time_s, level_db in move.points:
            assert value_at(envelope, time_s) == pytest.approx(level_db, abs=1e-3)
        assert "rides" in move.reason
    for name, move in faders.items():
        assert named(written, name).gain_db == pytest.approx(move.after_db, abs=1e-6)
        assert "rides" not in move.reason
    assert faders, "levels go to the faders"


def test_the_rule_evens_the_sections_out(cli, project, tmp_path) -> None:
    plan = tmp_path / "p.json"
    assert cli("mix", project, "--mixer", "rides", "--rides", "rule", "--dry-run", "--plan", plan).code == 0
    rides = rides_of(plan_at(plan))
    loud, soft = (ride_db(rides["Vox"], np.array([at_s])) for at_s in (1.5 * SECTION_S, 2.5 * SECTION_S))
    assert loud - soft == pytest.approx(4.0, abs=0.7), "half of the 8 dB between the sections"
    assert "Bass" not in rides, "it is even already"


@riders
def test_the_render_is_as_loud_as_the_plan_says(cli, project, tmp_path, rider) -> None:
    out, plan, wav = tmp_path / "o.RPP", tmp_path / "p.json", tmp_path / "m.wav"
    ran = cli("mix", project, "--mixer", "rides", "--rides", rider, "--out", out, "--plan", plan, "--render", wav)
    assert ran.code == 0, ran.err
    predicted = plan_at(plan).predicted
    rendered = cli("render", out, "--out", tmp_path / "again.wav", "--json").data
    assert rendered["loudness_lufs"] == pytest.approx(predicted.loudness_lufs, abs=0.2)
    assert rendered["true_peak_dbtp"] <= max(0.0, predicted.before_true_peak_dbtp) + 0.01
    preview, again = soundfile.read(wav)[0], soundfile.read(tmp_path / "again.wav")[0]
    assert np.abs(preview - again).max() < 1e-3, "the preview is what the project plays"


def test_levels_are_those_of_the_balance(cli, project, tmp_path) -> None:
    """A ride leaves each track's loudness where the balance mixer puts it."""
    levels = {}
    for mixer in ("balance", "rides"):
        out = tmp_path / f"{mixer}.RPP"
        assert cli("mix", project, "--mixer", mixer, "--balance", "equal", "--rides", "rule", "--out", out).code == 0
        tracks = cli("inspect", out, "--json").data["tracks"]
        levels[mixer] = [track["at_master"]["loudness_lufs"] for track in tracks]
    assert levels["rides"] == pytest.approx(levels["balance"], abs=0.3)


def test_a_peak_in_a_soft_passage_keeps_the_limit(cli, tmp_path) -> None:
    folder = tmp_path / "peaks"
    folder.mkdir()
    vox = sections((-14.0, -22.0), 1)
    vox[SECTION_S * RATE_HZ + 7 :: 8 * RATE_HZ] = 0.98  # clicks that the ride would lift above full scale
    soundfile.write(folder / "Vox.wav", vox, RATE_HZ, "FLOAT")
    out, plan = tmp_path / "o.RPP", tmp_path / "p.json"
    ran = cli("mix", folder, "--mixer", "rides", "--rides", "rule", "--out", out, "--plan", plan)
    assert ran.code == 0, ran.err
    assert rides_of(plan_at(plan)).keys() == {"Vox"}
    assert "lowered" in ran.err
    rendered = cli("render", out, "--out", tmp_path / "m.wav", "--json").data
    assert rendered["true_peak_dbtp"] <= max(0.0, plan_at(plan).predicted.before_true_peak_dbtp) + 0.01


@riders
def test_half_the_strength_is_half_of_fader_and_ride_in_db(cli, project, tmp_path, rider) -> None:
    for strength in ("50", "100"):
        words = ("--rides", rider, "--strength", strength, "--max-error-db", "0.01")
        ran = cli("mix", project, "--mixer", "rides", *words, "--dry-run", "--plan", tmp_path / f"{strength}.json")
        assert ran.code == 0, ran.err
    half, full = (plan_at(tmp_path / f"{strength}.json") for strength in ("50", "100"))
    assert "lowered" not in " ".join((*half.warnings, *full.warnings))
    for name, move in faders_of(half).items():
        assert move.after_db == pytest.approx(faders_of(full)[name].after_db / 2.0, abs=1e-3)
    assert set(rides_of(half)) >= {"Vox", "Gtr"}
    for name, move in rides_of(half).items():
        whole_db = ride_db(rides_of(full)[name], EVERY_STEP_S)
        assert ride_db(move, EVERY_STEP_S) == pytest.approx(whole_db / 2.0, abs=0.02)


@riders
def test_the_range_of_a_ride_is_the_one_asked_for(cli, project, tmp_path, rider) -> None:
    highest_db = []
    for range_db in ("1", "8"):
        plan = tmp_path / f"{range_db}.json"
        words = ("--rides", rider, "--ride-range-db", range_db)
        assert cli("mix", project, "--mixer", "rides", *words, "--dry-run", "--plan", plan).code == 0
        highest_db.append(max(abs(level) for move in rides_of(plan_at(plan)).values() for _, level in move.points))
    assert 0.5 < highest_db[0] <= 1.0 + 1e-3
    assert 1.0 < highest_db[1] <= 8.0 + 1e-3


def test_automation_that_is_there_stays_and_the_ride_goes_to_trim_volume(cli, song, save, tmp_path) -> None:
    session = StemsHost(song).read_session()
    own = Envelope(VOLUME, points=(EnvelopePoint(0.0, -3.0), EnvelopePoint(20.0, 1.0)))
    path = save(
        replace(session, tracks=tuple(replace(t, envelopes=(own,)) if t.name == "Vox" else t for t in session.tracks))
    )
    out, plan = tmp_path / "o.RPP", tmp_path / "p.json"
    words = ("--mixer", "rides", "--rides", "rule", "--out", out, "--plan", plan, "--json")
    ran = cli("mix", path, *words)
    assert ran.code == 0, ran.err
    vox, gtr = (named(session_at(out), name) for name in ("Vox", "Gtr"))
    assert [p.time_s for p in vox.envelope(VOLUME).points] == [0.0, 20.0]
    assert [p.value for p in vox.envelope(VOLUME).points] == pytest.approx([-3.0, 1.0])
    assert len(vox.envelope(TRIM).points) > 2
    assert gtr.envelope(TRIM) is None
    assert "Trim Volume" in rides_of(plan_at(plan))["Vox"].reason
    assert "holds automation" in rides_of(plan_at(plan))["Vox"].reason
    said = {(o["track"], o["what"]): o["status"] for o in ran.data["outcomes"]}
    assert said["Vox", "Trim Volume envelope"] == "written"
    assert said["Gtr", "Volume envelope"] == "written"


def test_engineers_may_keep_volume_to_themselves(cli, project, tmp_path) -> None:
    out = tmp_path / "o.RPP"
    words = ("--rides", "rule", "--ride-envelope", "trim", "--out", out)
    assert cli("mix", project, "--mixer", "rides", *words).code == 0
    for name in RIDDEN["rule"]:
        assert named(session_at(out), name).envelope(VOLUME) is None
        assert len(named(session_at(out), name).envelope(TRIM).points) > 2


@riders
def test_a_passage_moves_envelopes_and_nothing_else(cli, project, tmp_path, rider) -> None:
    out, plan = tmp_path / "o.RPP", tmp_path / "p.json"
    words = ("--rides", rider, "--range", "6", "0:42", "--out", out, "--plan", plan)
    ran = cli("mix", project, "--mixer", "rides", *words)
    assert ran.code == 0, ran.err
    assert not faders_of(plan_at(plan))
    before, after = session_at(project), session_at(out)
    for was, now in zip(before.tracks, after.tracks, strict=True):
        assert replace(now, envelopes=(), items=()) == replace(was, items=()), "no fader, no pan"
        assert {e.kind for e in now.envelopes} == {VOLUME}
        times_s = [point.time_s for point in now.envelope(VOLUME).points]
        assert times_s[:2] == pytest.approx([5.99, 6.0])
        assert times_s[-2:] == pytest.approx([42.0, 42.01])
        for outside_s in (0.0, 3.0, 5.99, 42.01, 45.0, 99.0):
            assert value_at(now.envelope(VOLUME), outside_s) == pytest.approx(0.0, abs=1e-6)
    vox = named(after, "Vox").envelope(VOLUME)
    assert np.ptp([value_at(vox, at_s) for at_s in np.arange(6.0, 42.0)]) > 0.5, "it rides"


@pytest.mark.parametrize("place", ["one", "silent", "unknown"])
@riders
def test_odd_songs_are_ridden_as_well(cli, song, tmp_path, monkeypatch, rider, place) -> None:
    """One track alone; a silent track among others; no role known at all."""
    if place == "one":
        for path in song.iterdir():
            if path.stem != "Vox":
                path.unlink()
    elif place == "silent":
        soundfile.write(song / "Nothing.wav", np.zeros((40 * RATE_HZ, 1)), RATE_HZ)
    else:
        monkeypatch.setattr("reaper_automix.pipeline.known", lambda found: {})
    out, plan = tmp_path / "o.RPP", tmp_path / "p.json"
    ran = cli("mix", song, "--mixer", "rides", "--rides", rider, "--out", out, "--plan", plan)
    assert ran.code == 0, ran.err
    rides = rides_of(plan_at(plan))
    match place:
        case "one":
            assert set(rides) <= {"Vox"}
            assert abs(named(session_at(out), "Vox").gain_db) < 1.0, "its level is where the song has it"
            assert rider == "lds" or rides
        case "silent":
            assert "Nothing" not in {move.track.name for move in plan_at(plan).moves}
            assert "Nothing: silent" in " ".join(plan_at(plan).warnings)
            assert set(rides) >= RIDDEN[rider]
        case "unknown":
            assert set(rides) >= RIDDEN[rider]


@riders
def test_a_second_run_changes_no_byte_and_another_one_replaces(cli, project, rider) -> None:
    words = ("mix", project, "--mixer", "rides", "--rides", rider, "--in-place")
    assert cli(*words).code == 0
    first = project.read_bytes()
    assert cli(*words).code == 0
    assert project.read_bytes() == first, "the same session gives the same rides, not rides of rides"
    points = len(named(session_at(project), "Vox").envelope(VOLUME).points)
    assert cli(*words, "--ride-range-db", "1").code == 0
    levels_db = [p.value for p in named(session_at(project), "Vox").envelope(VOLUME).points]
    assert max(map(abs, levels_db)) <= 1.0 + 1e-3
    assert len(levels_db) <= points + 4, "replaced, not added"


@pytest.mark.parametrize("what", ["fader", "ride"])
def test_a_track_with_an_edit_by_hand_is_left_alone_and_listed(cli, project, what) -> None:
    """Fader and ride belong together: where the engineer changed one, a re-run touches neither."""
    words = ("mix", project, "--mixer", "rides", "--rides", "rule", "--in-place")
    assert cli(*words).code == 0
    host = RppHost(project)
    session = host.read_session()
    vox = named(session, "Vox")
    if what == "fader":
        host.write([SetControl(vox.id, Control.FADER, 1.25)], session.ledger_json)
    else:
        hand = tuple(replace(p, value=p.value + 2.0) for p in vox.envelope(VOLUME).points)
        host.write([SetPoints(vox.id, VOLUME, (0.0, session.end_s), hand)], session.ledger_json)
    edited = named(session_at(project), "Vox")
    ran = cli(*words, "--strength", "40")
    assert ran.code == 0, ran.err
    assert "Vox" in ran.err
    assert "left alone" in ran.err
    now = session_at(project)
    assert replace(named(now, "Vox"), items=()) == replace(edited, items=())
    assert named(now, "Gtr").envelope(VOLUME) != named(session, "Gtr").envelope(VOLUME)


@riders
@pytest.mark.parametrize("extra", [(), ("--range", "6", "42"), ("--ride-envelope", "trim")], ids=str)
def test_revert_takes_every_byte_back(cli, project, rider, extra) -> None:
    before = project.read_bytes()
    assert cli("mix", project, "--mixer", "rides", "--rides", rider, "--in-place", *extra).code == 0
    assert project.read_bytes() != before
    assert cli("revert", project).code == 0
    assert project.read_bytes() == before


@riders
def test_the_report_shows_each_ride_over_its_waveform(cli, project, tmp_path, rider) -> None:
    report, plan = tmp_path / "r.html", tmp_path / "p.json"
    words = ("--rides", rider, "--out", tmp_path / "o.RPP", "--plan", plan, "--report", report, "--no-report-audio")
    assert cli("mix", project, "--mixer", "rides", *words).code == 0
    pictures = re.findall(r'<svg class="plot" viewBox[^>]*aria-label="([^"]*)">(.*?)</svg>', report.read_text("utf-8"))
    by_track = {unescape(label).split(",")[0]: (unescape(label), drawing) for label, drawing in pictures}
    rides = rides_of(plan_at(plan))
    assert set(rides) >= RIDDEN[rider]
    for name in rides:
        label, drawing = by_track[name]
        assert re.search(r"waveform with a peak of .* dBFS; .*gain after .* to .* dB", label)
        assert 'class="wave"' in drawing
        after = re.search(r'class="after" d="M([^"]*)"', drawing).group(1)
        heights = {float(corner.split()[1]) for corner in after.split("L")}
        assert max(heights) - min(heights) > 4.0, "a curve, not a line"
