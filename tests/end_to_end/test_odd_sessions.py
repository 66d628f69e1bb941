"""What engineers will throw at it: a clear message, exit code 1 or a stated skip, and nothing half-written."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.hosts.rpp import RppHost
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.session import Track

RATE_HZ = 16000


def noise(seed: int, n_channels: int, rate_hz: int = RATE_HZ, length_s: float = 3.0) -> np.ndarray:
    return 0.05 * np.random.default_rng(seed).standard_normal((round(length_s * rate_hz), n_channels))


def faders(path: Path) -> dict[str, float]:
    return {track.name: track.gain_db for track in RppHost(path).read_session().tracks}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.RPP"


def test_a_truncated_project_names_the_line(cli, project, out) -> None:
    data = project.read_bytes()
    project.write_bytes(data[: len(data) * 2 // 3])
    ran = cli("mix", project, "--out", out)
    assert ran.code == 1
    assert "line " in ran.err
    assert not out.exists()


def test_a_project_with_a_malformed_number_names_the_line(cli, project, out) -> None:
    project.write_bytes(project.read_bytes().replace(b"VOLPAN 1 0", b"VOLPAN loud 0", 1))
    ran = cli("inspect", project)
    assert ran.code == 1
    assert "line " in ran.err
    assert "loud" in ran.err


@pytest.mark.parametrize("content", [b"", b"RIFF\x00\x01\x02", b"<html></html>", "<REAPER_PROJECT".encode("utf-16")])
def test_what_is_not_a_project(cli, tmp_path, content) -> None:
    path = tmp_path / "not.RPP"
    path.write_bytes(content)
    ran = cli("mix", path)
    assert ran.code == 1
    assert "not.RPP" in ran.err


def test_a_missing_audio_file_is_skipped_and_named(cli, project, stems, out) -> None:
    (stems / "Bass.wav").unlink()
    ran = cli("mix", project, "--out", out, "--json")
    assert ran.code == 0
    assert any("Bass" in w and "missing" in w for w in ran.data["warnings"])
    assert faders(out)["Bass"] == 0.0


def test_all_audio_missing_is_refused(cli, project, stems, out) -> None:
    shutil.rmtree(stems)
    ran = cli("mix", project, "--out", out)
    assert ran.code == 1
    assert "no track can be mixed" in ran.err
    assert not out.exists()


def test_an_empty_folder(cli, tmp_path, out) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no audio")
    ran = cli("mix", tmp_path / "empty", "--out", out)
    assert ran.code == 1
    assert "no audio file" in ran.err
    assert not out.exists()


def test_a_five_channel_file_is_heard_in_part_and_says_so(cli, stems, out) -> None:
    soundfile.write(stems / "Surround.wav", noise(9, 5), RATE_HZ)
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    assert any("Surround" in w and "channels" in w for w in ran.data["warnings"])


def test_a_wav_of_zero_bytes_is_skipped_and_named(cli, stems, out) -> None:
    (stems / "Broken.wav").write_bytes(b"")
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    assert any("Broken.wav" in w for w in ran.data["warnings"])
    assert "Broken" not in faders(out)


def test_a_folder_of_unreadable_files_is_refused(cli, tmp_path, out) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.wav").write_bytes(b"")
    (tmp_path / "bad" / "b.flac").write_bytes(b"fLaC but not really")
    ran = cli("mix", tmp_path / "bad", "--out", out)
    assert ran.code == 1
    assert "none of its 2 audio files" in ran.err


def test_a_192_khz_file_among_others(cli, stems, out) -> None:
    soundfile.write(stems / "Hi-res.wav", noise(9, 2, 192000), 192000)
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    assert "Hi-res" in faders(out)
    assert ran.data["moves"] == 5


def test_a_file_of_4_khz_alone(cli, tmp_path, out) -> None:
    (tmp_path / "low").mkdir()
    for name in ("a", "b"):
        soundfile.write(tmp_path / "low" / f"{name}.wav", noise(len(name), 1, 4000), 4000)
    assert cli("mix", tmp_path / "low", "--out", out).code == 0


def test_a_silent_track_is_left_as_it_is(cli, stems, out) -> None:
    soundfile.write(stems / "Silence.wav", np.zeros((RATE_HZ * 3, 1)), RATE_HZ)
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    assert any("Silence" in w and "silent" in w for w in ran.data["warnings"])
    assert faders(out)["Silence"] == 0.0


def test_nothing_but_silence_is_refused(cli, tmp_path, out) -> None:
    (tmp_path / "quiet").mkdir()
    soundfile.write(tmp_path / "quiet" / "a.wav", np.zeros((RATE_HZ, 1)), RATE_HZ)
    ran = cli("mix", tmp_path / "quiet", "--out", out)
    assert ran.code == 1
    assert "silent" in ran.err
    assert not out.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows allows neither such names nor links")
def test_names_of_emoji_quotes_and_markup(cli, stems, out, tmp_path) -> None:
    for odd in ("\U0001f941\U0001f3a4", "[bold]Vox[/]", "a 'b' `c`", "<b>", "日本語"):
        soundfile.write(stems / f"{odd.replace('/', '')}.wav", noise(len(odd), 1), RATE_HZ)
    ran = cli("mix", stems, "--out", out, "--report", tmp_path / "r.html")
    assert ran.code == 0
    assert {"\U0001f941\U0001f3a4", "a 'b' `c`", "<b>"} <= set(faders(out))
    assert "<b>.wav" not in (tmp_path / "r.html").read_text("utf-8")


def test_two_tracks_of_one_name(cli, stems, out) -> None:
    soundfile.write(stems / "Kick.flac", noise(9, 1), RATE_HZ)
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    session = RppHost(out).read_session()
    kicks = [track for track in session.tracks if track.name == "Kick"]
    assert len({track.id for track in kicks}) == 2
    assert kicks[0].gain_db != kicks[1].gain_db


def test_tracks_of_different_lengths_and_very_short_ones(cli, stems, out) -> None:
    soundfile.write(stems / "Hit.wav", noise(9, 1, length_s=0.05), RATE_HZ)
    assert cli("mix", stems, "--out", out).code == 0
    assert "Hit" in faders(out)


def test_a_printed_mix_and_a_click_are_left_out(cli, stems, out) -> None:
    for name in ("human_mix.wav", "Click.wav"):
        soundfile.write(stems / name, noise(9, 2), RATE_HZ)
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    assert sum("left out" in w for w in ran.data["warnings"]) == 2
    muted = {track.name for track in RppHost(out).read_session().tracks if track.muted}
    assert muted == {"human_mix", "Click"}


def test_a_file_with_samples_that_are_not_numbers(cli, stems, out) -> None:
    bad = noise(9, 1).astype(np.float32)
    bad[100] = np.nan
    soundfile.write(stems / "Bad.wav", bad, RATE_HZ, subtype="FLOAT")
    ran = cli("mix", stems, "--out", out)
    assert ran.code == 1
    assert "not numbers" in ran.err
    assert "Bad" in ran.err
    assert not out.exists()


def test_a_session_that_does_not_exist(cli, tmp_path) -> None:
    assert cli("mix", tmp_path / "nothing.RPP").code == 1
    assert cli("mix", tmp_path / "nowhere").code == 1


def test_a_single_audio_file_is_explained(cli, stems) -> None:
    ran = cli("mix", stems / "Kick.wav")
    assert ran.code == 1
    assert "folder" in ran.err


def test_places_that_cannot_be_written(cli, project, tmp_path) -> None:
    for place in (tmp_path / "no" / "folder" / "o.RPP", tmp_path):
        ran = cli("mix", project, "--out", place)
        assert ran.code == 1
        assert str(place) in ran.err.replace("\n", "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_access(cli, project) -> None:
    project.parent.chmod(0o555)
    try:
        ran = cli("mix", project)
    finally:
        project.parent.chmod(0o755)
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_the_session_itself_is_no_output(cli, project) -> None:
    ran = cli("mix", project, "--out", project)
    assert ran.code == 1
    assert "--in-place" in ran.err


def test_revert_of_an_untouched_project_is_refused(cli, project) -> None:
    ran = cli("revert", project)
    assert ran.code == 1
    assert "nothing to revert" in ran.err


def test_wrong_usage_exits_with_two(cli, project) -> None:
    assert cli("mix").code == 2
    assert cli("mix", project, "--strength", "200").code == 2
    assert cli("mix", project, "--range", "x", "3").code == 2
    assert cli("mix", project, "--range", "1:99", "2:00").code == 2
    assert cli("mix", project, "--range", "0:00", "1:75:00").code == 2
    for error_db in ("inf", "nan", "0", "-1", "50%"):
        assert cli("mix", project, "--max-error-db", error_db).code == 2, error_db
    assert not list(project.parent.glob("*-automix*"))
    assert cli("sing", project).code == 2


def test_times_as_engineers_write_them(cli, project) -> None:
    for start, end in (("0", "2.5"), ("0:00", "0:02.5"), ("0:00:01", "90:00")):
        assert cli("mix", project, "--range", start, end, "--dry-run").code == 0


def test_a_mix_is_a_wav_and_called_one(cli, project, tmp_path) -> None:
    for words in (("render", project, "--out", tmp_path / "m.mp3"), ("mix", project, "--render", tmp_path / "m")):
        ran = cli(*words)
        assert ran.code == 1
        assert ".wav or .wave" in ran.err
    assert not list(tmp_path.glob("m*"))
    assert not project.with_name("song-automix.RPP").exists()
    assert cli("render", project, "--out", tmp_path / "M.WAVE").code == 0
    assert soundfile.info(tmp_path / "M.WAVE").format in ("WAV", "WAVEX")


def test_inspect_says_where_its_levels_are_taken(cli, stems, save) -> None:
    session = StemsHost(stems).read_session()
    path = save(replace(session, tracks=tuple(replace(t, gain_db=-6.0) for t in session.tracks)))
    for track in cli("inspect", path, "--json").data["tracks"]:
        dry, heard = track["before_fader"], track["at_master"]
        assert heard["loudness_lufs"] == pytest.approx(dry["loudness_lufs"] - 6.0, abs=0.02)
        assert heard["range_lu"] == pytest.approx(dry["range_lu"], abs=0.02)
        assert dry["true_peak_dbtp"] > dry["loudness_lufs"]
        assert "true_peak_dbtp" not in heard
    shown = cli("inspect", path).out
    assert "LUFS, LRA and true peak: of the track before its fader." in shown
    kick = next(line for line in shown.splitlines() if " Kick " in line)
    level = next(t for t in cli("inspect", path, "--json").data["tracks"] if t["name"] == "Kick")
    assert f"{level['before_fader']['loudness_lufs']:.1f}" in kick
    assert f"{level['at_master']['loudness_lufs']:.1f}" in kick


def test_a_flac_that_is_cut_short_is_skipped_and_named(cli, project, stems, save, out) -> None:
    soundfile.write(stems / "Pad.flac", noise(9, 2), RATE_HZ)
    path = save(StemsHost(stems).read_session(), "pad.RPP")
    whole = (stems / "Pad.flac").read_bytes()
    (stems / "Pad.flac").write_bytes(whole[: len(whole) * 2 // 3])
    ran = cli("mix", path, "--out", out, "--json")
    assert ran.code == 0
    assert any("Pad.flac" in w and "cut short" in w and "backup" in w for w in ran.data["warnings"])
    assert faders(out)["Pad"] == 0.0
    assert cli("render", path, "--out", out.with_suffix(".wav")).code == 0
    assert ran.data["moves"] == 4


def test_a_closed_folder_fader_is_named(cli, stems, save, out) -> None:
    session = StemsHost(stems).read_session()
    folder = Track("{00000000-0000-4000-8000-00000000000F}", "Band", 1, is_folder=True, gain_db=-150.0)
    inside = tuple(replace(t, parent_id=folder.id, number=t.number + 1) for t in session.tracks[:2])
    outside = tuple(replace(t, number=t.number + 1) for t in session.tracks[2:])
    path = save(replace(session, tracks=(folder, *inside, *outside)))
    ran = cli("mix", path, "--out", out, "--json")
    assert ran.code == 0
    told = [w for w in ran.data["warnings"] if "the fader of its folder Band is closed: open it" in w]
    assert len(told) == 2
    assert not any("silent" in warning for warning in ran.data["warnings"])


def test_help_teaches(cli) -> None:
    for words in (("--help",), ("mix", "--help"), ("inspect", "--help")):
        ran = cli(*words)
        assert ran.code == 0
        assert "usage" in ran.out


def test_a_damaged_plan_is_refused(cli, project, tmp_path, out) -> None:
    plan = tmp_path / "p.json"
    for text in ("{", "[]", '{"schema": "other/3"}'):
        plan.write_text(text)
        ran = cli("apply", plan, project, "--out", out)
        assert ran.code == 1
        assert "p.json" in ran.err
        assert not out.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows allows neither such names nor links")
def test_a_name_that_no_project_can_spell_is_skipped(cli, stems, out) -> None:
    soundfile.write(stems / "a \"b' `c`.wav", noise(9, 1), RATE_HZ)
    ran = cli("mix", stems, "--out", out, "--json")
    assert ran.code == 0
    assert any("cannot spell" in warning for warning in ran.data["warnings"])
    assert len(faders(out)) == 4


def test_a_plan_for_another_session_is_refused(cli, project, stems, tmp_path, out) -> None:
    plan = tmp_path / "p.json"
    assert cli("mix", project, "--dry-run", "--plan", plan).code == 0
    plan.write_bytes(b"\xef\xbb\xbf" + plan.read_text("utf-8").replace('"id": "{', '"id": "{0').encode())
    ran = cli("apply", plan, project, "--out", out)
    assert ran.code == 1
    assert "none of its 4 tracks" in ran.err
    assert not out.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows allows neither such names nor links")
def test_in_place_through_a_link_and_back(cli, project, tmp_path) -> None:
    before = project.read_bytes()
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "song.RPP"
    link.symlink_to(project)
    assert cli("mix", link, "--in-place").code == 0
    assert b"FILE" in before
    assert cli("revert", link).code == 0
    assert project.read_bytes() == before
    assert link.is_symlink()
