"""The tone mixer as a user runs it: equalisers that leave the level alone, and takes that are added and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tone_models

from reaper_automix.analysis.third_octaves import CENTRES_HZ, third_octaves_db
from reaper_automix.audio.reader import TrackReader
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers import tone
from reaper_automix.mixplan import EffectMove, MixPlan, TrackRef
from reaper_automix.plan_writing import apply_plan
from reaper_automix.session import Fade, Item, Session, Track

RATE_HZ = 16_000
LENGTH_S = 12.0
NAMES = ("Bass", "Gtr", "Keys", "Kick", "Lead Vox", "Qwxz")
TONED = ("Bass", "Gtr", "Keys", "Lead Vox")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tone, "load_model", tone_models.model)


def pink(seed: int, n_channels: int = 1) -> np.ndarray:
    """Return noise that falls by 3 dB per octave, with a loud part; (n_samples, n_channels)."""
    n = round(LENGTH_S * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((n, n_channels)), axis=0)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))[:, None]
    audio = np.fft.irfft(spectrum, n, axis=0)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * (np.arange(n) / n + 0.1 * seed))[:, None]
    return 0.2 * swell * audio / np.abs(audio).max()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    folder = tmp_path / "Söng"
    folder.mkdir()
    for seed, name in enumerate(NAMES):
        soundfile.write(folder / f"{name}.wav", pink(seed, 2 if name == "Keys" else 1), RATE_HZ, subtype="PCM_24")
    return folder


@pytest.fixture
def project(song: Path, save: Callable[..., Path]) -> Path:
    return save(StemsHost(song).read_session())


def tracks_of(project: Path) -> dict[str, Track]:
    tracks = RppHost(project).read_session().tracks
    return {t.name: replace(t, items=tuple(replace(i, line_number=None) for i in t.items)) for t in tracks}


def audio_of(track: Track) -> np.ndarray:
    with TrackReader(track, sample_rate_hz=RATE_HZ) as reader:
        return reader.read(0, round(LENGTH_S * RATE_HZ))


def change_db(track: Track, before: Track, at_hz: float) -> float:
    bands = [third_octaves_db(audio_of(one), RATE_HZ) for one in (track, before)]
    return float((bands[0] - bands[1])[int(np.abs(np.log(np.array(CENTRES_HZ) / at_hz)).argmin())])


def test_known_instruments_get_an_equaliser_and_stay_as_loud(cli, project, tmp_path) -> None:
    out, plan, report = tmp_path / "out.RPP", tmp_path / "plan.json", tmp_path / "report.html"
    records = ("--plan", plan, "--report", report, "--no-report-audio")
    ran = cli("mix", project, "--mixer", "tone", "--out", out, *records)
    assert ran.code == 0, ran.err
    tracks = tracks_of(out)
    for name in TONED:
        (slot,) = tracks[name].effects
        assert (slot.tag, slot.name) == ("Automix: equaliser", "VST: ReaEQ (Cockos)")
        assert isinstance(slot.settings, EqualiserSettings)
        assert 1 <= len(slot.settings.bands) <= 6
    assert not tracks["Kick"].effects
    assert not tracks["Qwxz"].effects
    data = json.loads(plan.read_text())
    warned = " ".join(data["warnings"])
    assert "Kick: left alone, because the networks know" in warned
    assert "Qwxz: left alone, because nothing says what it plays" in warned
    assert data["settings"]["tone_take"] is False
    page = report.read_text(encoding="utf-8")
    assert page.count("spectrum of its loudest ten seconds") == len(TONED)
    before, after = (data["predicted"][key] for key in ("before_loudness_lufs", "loudness_lufs"))
    assert after == pytest.approx(before, abs=0.3)


def test_a_second_run_changes_nothing_and_revert_takes_all_back(cli, project, tmp_path) -> None:
    once, twice, back = (tmp_path / f"{name}.RPP" for name in ("once", "twice", "back"))
    assert cli("mix", project, "--mixer", "tone", "--out", once).code == 0
    assert cli("mix", once, "--mixer", "tone", "--out", twice).code == 0
    assert tracks_of(twice) == tracks_of(once)
    assert cli("revert", twice, "--out", back).code == 0
    assert tracks_of(back) == tracks_of(project)


def test_equalisers_of_other_runs_stay(cli, project, tmp_path) -> None:
    other, out = tmp_path / "other.RPP", tmp_path / "out.RPP"
    host = RppHost(project, target=other)
    session = host.read_session()
    lead = next(track for track in session.tracks if track.name == "Lead Vox")
    cut = EqualiserSettings((Band("band", 300.0, -3.0),))
    move = EffectMove(TrackRef(lead.id, lead.name), "ReaEQ", "Automix: equaliser", cut)
    apply_plan(host, MixPlan("strips", "", "", "", (lead.id,), (0.0, LENGTH_S), (move,)))
    ran = cli("mix", other, "--mixer", "tone", "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert tracks_of(out)["Lead Vox"].effects == tracks_of(other)["Lead Vox"].effects
    assert any("Lead Vox: no equaliser for its tone" in warning for warning in ran.data["warnings"])


def test_takes_are_added_in_place_of_equalisers_and_are_the_active_ones(cli, project, tmp_path) -> None:
    before = tracks_of(project)
    ran = cli("mix", project, "--mixer", "tone", "--take", "--in-place", "--json")
    assert ran.code == 0, ran.err
    after = tracks_of(project)
    for name in TONED:
        (item,), (old,) = after[name].items, before[name].items
        assert not after[name].effects, "both would be the tone twice"
        assert item.takes[0] == old.takes[0], "the original is kept"
        assert (len(item.takes), item.active_take) == (2, 1)
        path = Path(item.takes[1].source.path or "")
        assert path.parent == project.parent
        info, source = soundfile.info(path), soundfile.info(old.takes[0].source.path)
        assert (info.frames, info.samplerate, info.channels) == (source.frames, source.samplerate, source.channels)
        assert change_db(after[name], before[name], 2_000.0) - change_db(after[name], before[name], 250.0) > 4.0
    assert after["Kick"] == before["Kick"]
    assert ran.data["predicted"]["loudness_lufs"] == pytest.approx(
        ran.data["predicted"]["before_loudness_lufs"], abs=0.3
    )


def test_takes_are_reverted_to_the_very_bytes_and_a_rerun_writes_the_same(cli, project) -> None:
    original = project.read_bytes()
    assert cli("mix", project, "--mixer", "tone", "--take", "--in-place").code == 0
    once, media = project.read_bytes(), sorted(project.parent.glob("*tone*.wav"))
    assert len(media) == len(TONED)
    assert cli("mix", project, "--mixer", "tone", "--take", "--in-place").code == 0
    assert tracks_of(project) == tracks_of_bytes(once, project)
    assert sorted(project.parent.glob("*tone*.wav")) == media
    assert cli("revert", project).code == 0
    assert project.read_bytes() == original


def tracks_of_bytes(data: bytes, project: Path) -> dict[str, Track]:
    copy = project.with_name("copy.RPP")
    copy.write_bytes(data)
    return tracks_of(copy)


def test_a_take_that_the_engineer_put_aside_is_left_alone(cli, project, tmp_path) -> None:
    assert cli("mix", project, "--mixer", "tone", "--take", "--in-place").code == 0
    text = project.read_text()
    first = text.index("TAKE SEL")
    project.write_text(text[:first] + "TAKE" + text[first + len("TAKE SEL") :])
    now = tracks_of(project)
    chosen = next(name for name in TONED if now[name].items[0].active_take == 0)
    out = tmp_path / "out.RPP"
    ran = cli("mix", project, "--mixer", "tone", "--take", "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert tracks_of(out)[chosen].items == now[chosen].items
    assert any(f"{chosen}: you changed it since the last run" in warning for warning in ran.data["warnings"])


def cut(session: Session) -> Session:
    """Return the session with two items of one source on the guitar: later, faster, louder, faded, offset, looped."""
    track = next(t for t in session.tracks if t.name == "Gtr")
    (item,) = track.items
    (take,) = item.takes
    first = replace(item, length_s=3.0, fade_in=Fade(0.5, 1), fade_out=Fade(0.5, 1))
    second = Item(
        "{22222222-2222-2222-2222-222222222222}",
        position_s=4.0,
        length_s=6.0,
        gain_db=-3.0,
        loop_source=True,
        takes=(
            replace(
                take,
                id="{33333333-3333-3333-3333-333333333333}",
                start_offset_s=4.25,
                playrate=1.5,
                preserve_pitch=False,
                gain_db=2.0,
                pan=-0.4,
                polarity_inverted=True,
            ),
        ),
    )
    return session.with_tracks({track.id: replace(track, items=(first, second))})


def test_several_items_offsets_rates_loops_and_fades_play_as_before(cli, song, save, monkeypatch) -> None:
    flat = tone_models.model(0.0 * tone_models.BELL_DB)
    monkeypatch.setattr(tone, "load_model", lambda: flat)
    project = save(cut(StemsHost(song).read_session()))
    before = tracks_of(project)["Gtr"]
    assert cli("mix", project, "--mixer", "tone", "--take", "--in-place").code == 0
    after = tracks_of(project)["Gtr"]
    assert [len(item.takes) for item in after.items] == [2, 2]
    assert [soundfile.info(i.takes[1].source.path).frames for i in after.items] == [3 * RATE_HZ, 9 * RATE_HZ]
    old, new = audio_of(before), audio_of(after)
    assert np.abs(old).max() > 0.05
    off = np.abs(new - old).max(axis=0)
    edges = round(4.0 * RATE_HZ), round(10.0 * RATE_HZ)  # a resampler hears what lies beyond the cut
    for edge in edges:
        off[edge - 80 : edge + 80] = 0.0
    assert off.max() < 1e-4 * np.abs(old).max(), "a network that changes nothing changes nothing"


def test_items_that_can_have_no_take_leave_the_whole_track_to_an_equaliser(cli, song, save, tmp_path) -> None:
    session = StemsHost(song).read_session()
    track = next(t for t in session.tracks if t.name == "Bass")
    both = replace(track.items[0], play_all_takes=True)
    project = save(session.with_tracks({track.id: replace(track, items=(both,))}))
    out = tmp_path / "out.RPP"
    ran = cli("mix", project, "--mixer", "tone", "--take", "--out", out, "--json")
    assert ran.code == 0, ran.err
    after = tracks_of(out)
    assert len(after["Bass"].items[0].takes) == 1
    assert after["Bass"].effects
    assert len(after["Gtr"].items[0].takes) == 2
    assert any("an equaliser in place of new takes, because of its item" in w for w in ran.data["warnings"])


def test_a_run_without_takes_puts_equalisers_in_their_place_and_back(cli, project) -> None:
    assert cli("mix", project, "--mixer", "tone", "--take", "--in-place").code == 0
    assert cli("mix", project, "--mixer", "tone", "--in-place").code == 0
    equalised = tracks_of(project)
    assert {name for name, track in equalised.items() if track.effects} == set(TONED)
    assert all(len(track.items[0].takes) == 1 for track in equalised.values())
    assert cli("mix", project, "--mixer", "tone", "--take", "--in-place").code == 0
    again = tracks_of(project)
    assert not any(track.effects for track in again.values())
    assert {name for name, track in again.items() if track.items[0].active_take == 1} == set(TONED)


def test_a_dry_run_and_a_range_write_no_media(cli, project, tmp_path) -> None:
    assert cli("mix", project, "--mixer", "tone", "--take", "--dry-run").code == 0
    ran = cli("mix", project, "--mixer", "tone", "--take", "--range", "2", "8", "--in-place", "--json")
    assert ran.code == 0, ran.err
    assert any("No equaliser or take is set" in warning for warning in ran.data["warnings"])
    assert not list(project.parent.glob("*tone*.wav"))
    assert all(len(track.items[0].takes) == 1 for track in tracks_of(project).values())


def test_strength_reaches_takes_too(cli, project, tmp_path) -> None:
    before = tracks_of(project)
    steps = {}
    for percent in (40, 100):
        out = tmp_path / f"{percent}.RPP"
        assert cli("mix", project, "--mixer", "tone", "--take", "--strength", str(percent), "--out", out).code == 0
        track = tracks_of(out)["Gtr"]
        steps[percent] = change_db(track, before["Gtr"], 2_000.0) - change_db(track, before["Gtr"], 250.0)
    assert steps[40] == pytest.approx(0.4 * steps[100], abs=0.3)


def test_another_folder_gets_the_media_and_an_engineers_file_is_never_written_over(cli, project, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = elsewhere / "out.RPP"
    assert cli("mix", project, "--mixer", "tone", "--take", "--out", out).code == 0
    media = sorted(elsewhere.glob("*tone*.wav"))
    assert len(media) == len(TONED)
    assert not list(project.parent.glob("*tone*.wav"))
    media[0].write_bytes(b"mine")
    again = elsewhere / "again.RPP"
    assert cli("mix", project, "--mixer", "tone", "--take", "--out", again).code == 0
    assert media[0].read_bytes() == b"mine"
    assert len(list(elsewhere.glob("*tone*.wav"))) == len(TONED) + 1
    assert all(Path(t.items[0].takes[-1].source.path or "").is_file() for t in tracks_of(again).values())


def test_nothing_is_left_where_the_project_cannot_be_written(cli, project, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    original = project.read_bytes()
    monkeypatch.setattr("reaper_automix.hosts.rpp.host.replace_whole", refuse)
    with pytest.raises(PermissionError):
        cli("mix", project, "--mixer", "tone", "--take", "--in-place")
    assert project.read_bytes() == original
    assert not list(project.parent.glob("*tone*.wav"))


def test_a_stems_folder_becomes_a_project_with_takes(cli, song, tmp_path) -> None:
    out = tmp_path / "stems.RPP"
    assert cli("mix", song, "--mixer", "tone", "--take", "--out", out).code == 0
    assert {n for n, track in tracks_of(out).items() if len(track.items[0].takes) == 2} == set(TONED)
