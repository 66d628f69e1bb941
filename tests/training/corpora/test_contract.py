"""One contract for all loaders, on look-alikes; and what each loader has to itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from training.corpora import look_alikes

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.corpora.contract import CorpusSong, Usage
from reaper_automix.training.corpora.loading import usage_of
from reaper_automix.training.corpora.registry import CORPORA, corpus_named

MAKERS: dict[str, Callable[[Path], Path]] = {
    "lmms": look_alikes.lmms,
    "songs": look_alikes.songs,
    "gm-midi": look_alikes.gm_midi,
    "raw-tracks": partial(look_alikes.music_delta, with_mix=False),
    "raw-and-mix": partial(look_alikes.music_delta, with_mix=True),
    "rockband": look_alikes.rockband,
    "musdb18hq": look_alikes.musdb18hq,
    "medleydb": look_alikes.medleydb,
    "medleydb-raw": look_alikes.medleydb,
    "enst-drums": look_alikes.enst_drums,
}

YAML = {"medleydb", "medleydb-raw"}


@pytest.fixture(params=sorted(MAKERS))
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    if request.param in YAML:
        pytest.importorskip("yaml")
    return request.param, MAKERS[request.param](tmp_path)


def test_every_corpus_has_a_look_alike() -> None:
    assert set(MAKERS) == set(CORPORA)


def test_songs_keep_the_contract(made: tuple[str, Path]) -> None:
    name, folder = made
    songs = list(corpus_named(name).songs(folder))
    assert songs
    assert len({song.id for song in songs}) == len(songs)
    for song in songs:
        assert song.corpus == name
        assert song.author
        assert song.licence
        assert song.length_s == pytest.approx(look_alikes.SECONDS)
        assert song.mix is None or song.mix.is_file()
        _check_tracks(song)


def _check_tracks(song: CorpusSong) -> None:
    assert len(song.tracks) > 1
    assert len({track.id for track in song.tracks}) == len(song.tracks)
    for track in song.tracks:
        assert track.path.is_file()
        assert track.path != song.mix
        assert track.name
        assert track.group
        assert track.role_confidence in {"high", "medium", "low"}
        assert track.role is None or isinstance(track.role, Role)
        times = [t for t, _ in track.gain_db]
        assert times == sorted(times)
        assert len(times) > 0


def test_reading_twice_gives_the_same(made: tuple[str, Path]) -> None:
    name, folder = made
    assert list(corpus_named(name).songs(folder)) == list(corpus_named(name).songs(folder))


def test_a_whole_corpus_has_no_problem(made: tuple[str, Path]) -> None:
    name, folder = made
    assert [finding for finding in corpus_named(name).check(folder) if finding.is_problem] == []


def test_a_track_that_is_no_audio_is_found(made: tuple[str, Path]) -> None:
    name, folder = made
    song = next(iter(corpus_named(name).songs(folder)))
    song.tracks[0].path.write_bytes(b"no audio")
    problems = [finding for finding in corpus_named(name).check(folder) if finding.is_problem]
    assert any(song.tracks[0].path.name in problem.text for problem in problems)


def test_a_folder_without_the_corpus_says_what_to_give(made: tuple[str, Path]) -> None:
    name, folder = made
    (folder / "empty").mkdir()
    with pytest.raises(CorpusError, match="Give the"):
        list(corpus_named(name).songs(folder / "empty"))


def test_non_commercial_material_is_evaluated_only() -> None:
    assert usage_of("CC-BY-NC-SA-4.0") is Usage.EVALUATE
    assert usage_of("unknown") is Usage.EVALUATE
    for licence in ("CC0-1.0", "CC-BY-SA-3.0", "Artistic-2.0", "BSD-3-Clause", "GPL-2.0", "CC BY 4.0"):
        assert usage_of(licence) is Usage.TRAIN


def test_an_unknown_corpus_lists_the_known() -> None:
    assert corpus_named("gm_midi").name == "gm-midi"
    with pytest.raises(CorpusError, match="lmms, songs"):
        corpus_named("nothing")


def test_lmms_gain_is_what_was_heard(tmp_path: Path) -> None:
    tracks = [
        look_alikes.lmms_track("raw_01.wav", heard_gain_db=-9.0, has_bus_fx=True, effect_level_change_db=-3.0),
        look_alikes.lmms_track("raw_02.wav", automation=[[0.0, -6.0], [0.5, -2.0]], heard_gain_db=-4.0),
        look_alikes.lmms_track("raw_03.wav", human_gain_db=-80.0, heard_gain_db=-80.0),
        look_alikes.lmms_track("raw_04.wav", heard_gain_db=-50.0, has_insert_fx=True, effect_level_change_db=None),
        look_alikes.lmms_track("raw_05.wav", heard_gain_db=None, pan=100.0),
    ]
    folder = look_alikes.lmms(tmp_path, tracks, warning="do not use the heard level of raw_04")
    (song,) = corpus_named("lmms").songs(folder)
    by_id = {track.id: track for track in song.tracks}
    assert set(by_id) == {"raw_01", "raw_02", "raw_04", "raw_05"}
    assert by_id["raw_01"].gain_db == ((0.0, -9.0),)
    assert not by_id["raw_01"].gain_is_exact
    assert by_id["raw_02"].gain_db == ((0.0, -6.0), (0.5, -2.0))
    assert by_id["raw_02"].moves
    assert by_id["raw_02"].gain_is_exact
    assert not by_id["raw_04"].gain_is_known
    assert by_id["raw_05"].gain_db[0][1] == pytest.approx(-9.01, abs=0.01)


def test_silent_stems_are_left_out(tmp_path: Path) -> None:
    (song,) = corpus_named("songs").songs(look_alikes.songs(tmp_path))
    assert [track.name for track in song.tracks] == ["BGVOX", "KICK"]


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    tracks = [look_alikes.lmms_track("raw_01.wav", sha256="0" * 64), look_alikes.lmms_track("raw_02.wav")]
    findings = list(corpus_named("lmms").check(look_alikes.lmms(tmp_path, tracks)))
    assert any("raw_01.wav is not the file" in finding.text for finding in findings)


def test_rockband_layouts(tmp_path: Path) -> None:
    own, game = corpus_named("rockband").songs(look_alikes.rockband(tmp_path))
    assert own.author == "The Artist"
    assert own.mix is not None
    assert own.mix.name == "Song mix.wav"
    assert own.usage is Usage.EVALUATE
    assert (game.author, game.title, game.usage, game.mix) == ("Band", "Played", Usage.TRAIN, None)
    assert {t.name: t.role for t in game.tracks} == {
        "drums": Role.DRUMS,
        "guitar": Role.ELECTRIC_GUITAR,
        "rhythm": Role.BASS,
        "song": None,
    }


@pytest.mark.parametrize("apart", [False, True])
def test_medleydb_raws_are_grouped_by_stem(tmp_path: Path, apart: bool) -> None:
    pytest.importorskip("yaml")
    folder = look_alikes.medleydb(tmp_path, apart=apart)
    (raw,) = corpus_named("medleydb-raw").songs(folder)
    assert [track.group for track in raw.tracks] == ["S01", "S01", "S02"]
    assert not any(track.gain_is_known for track in raw.tracks)
    (stems,) = corpus_named("medleydb").songs(folder)
    assert [track.role for track in stems.tracks] == [Role.BASS, Role.LEAD_VOCAL]
    assert stems.author == "P"


def test_enst_leaves_single_hits_out(tmp_path: Path) -> None:
    (take,) = corpus_named("enst-drums").songs(look_alikes.enst_drums(tmp_path))
    assert take.id == "drummer_1/036_phrase_disco_simple_slow_sticks"
    assert {t.role for t in take.tracks} == {Role.KICK, Role.SNARE, Role.HIHAT, Role.TOMS, Role.OVERHEADS}


@pytest.mark.parametrize(
    ("name", "folder", "n_songs", "n_authors"), [("lmms", "lmms", 11, 10), ("songs", "songs", 4, 1)]
)
def test_real_corpora(shared_data: Path, name: str, folder: str, n_songs: int, n_authors: int) -> None:
    songs = list(corpus_named(name).songs(shared_data / folder))
    assert len(songs) == n_songs
    assert len({song.author for song in songs}) == n_authors
    assert all(song.usage is Usage.TRAIN for song in songs)
    assert not [f for f in corpus_named(name).check(shared_data / folder) if f.is_problem]
