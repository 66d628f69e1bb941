"""The demo session on disk: what a real session has, and out of balance on purpose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from reaper_automix.demo import PROJECT_NAME, write_demo_session, writing
from reaper_automix.demo.layout import CROSSFADE_S, DRUM_PARTS, SPLIT_S
from reaper_automix.demo.parts import MOST_OFFSET_DB, Part, active_level_dbfs
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp import RppHost
from reaper_automix.session import EnvelopeKind, Session, Track


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_session(tmp_path_factory.mktemp("démo session"))


@pytest.fixture(scope="module")
def session(project: Path) -> Session:
    return RppHost(project).read_session()


def named(session: Session, name: str) -> Track:
    return next(track for track in session.tracks if track.name == name)


def media(track: Track) -> Path:
    path = track.items[0].takes[0].source.path
    assert path is not None
    return Path(path)


def test_the_project_reads_back_as_a_song_of_the_right_length(session: Session) -> None:
    assert session.tempo_bpm == 100.0
    assert session.sample_rate_hz == 44_100
    assert 45.0 <= session.end_s <= 60.0
    assert session.notes == ()


def test_drums_lie_in_a_folder(session: Session) -> None:
    folder = named(session, "Drums")
    assert folder.is_folder
    assert tuple(track.name for track in session.children(folder.id)) == DRUM_PARTS


def test_files_are_referred_to_relatively_and_are_there(project: Path, session: Session) -> None:
    assert str(project.parent) not in project.read_text("utf-8")
    assert all(media(track).is_file() for track in session.tracks if track.items)
    assert not list(project.parent.rglob("*.part"))


def test_formats_differ_as_in_a_real_session(session: Session) -> None:
    infos = {track.name: sf.info(media(track)) for track in session.tracks if track.items}
    assert infos["Bass"].samplerate == 48_000
    assert infos["Keys"].format == "FLAC"
    assert infos["Lead Vox"].channels == 1
    assert infos["OH"].channels == infos["Room"].channels == infos["Pad"].channels == infos["BGV"].channels == 2
    assert {info.subtype for info in infos.values()} == {"PCM_16"}


def test_it_is_small_enough_and_nothing_clips(project: Path, session: Session) -> None:
    assert sum(path.stat().st_size for path in project.parent.rglob("*")) < 60e6
    for track in session.tracks:
        if track.items:
            audio, _ = sf.read(media(track), dtype="float32")
            assert 0.01 < np.max(np.abs(audio)) < 0.9, track.name


def test_items_stay_inside_their_files(session: Session) -> None:
    for track in session.tracks:
        for item in track.items:
            needed_s = item.takes[0].start_offset_s + item.length_s
            assert item.loop_source or needed_s <= sf.info(media(track)).duration + 1e-6, track.name


def test_the_bass_is_split_with_a_crossfade(session: Session) -> None:
    first, second = named(session, "Bass").items
    assert first.end_s - second.position_s == pytest.approx(CROSSFADE_S)
    assert first.fade_out.length_s == second.fade_in.length_s == pytest.approx(CROSSFADE_S)
    assert second.position_s < SPLIT_S < first.end_s
    assert second.takes[0].start_offset_s - first.takes[0].start_offset_s == pytest.approx(
        second.position_s - first.position_s
    )


def test_click_and_alternative_take_are_muted_and_parts_start_late(session: Session) -> None:
    assert {track.name for track in session.tracks if track.muted} == {"Click", "Lead Vox alt"}
    assert named(session, "Click").items[0].loop_source
    assert all(named(session, name).items[0].position_s > 20.0 for name in ("Gtr L", "Gtr R", "Pad", "BGV"))


def test_the_lead_has_an_untouched_volume_envelope(session: Session) -> None:
    envelope = named(session, "Lead Vox").envelope(EnvelopeKind.VOLUME)
    assert envelope is not None
    assert [point.value for point in envelope.points] == [0.0]


def test_the_singer_is_buried_and_faders_are_not_at_zero(session: Session) -> None:
    def heard_db(name: str) -> float:
        audio, sample_rate_hz = sf.read(media(named(session, name)), dtype="float32", always_2d=True)
        return active_level_dbfs(audio.T, sample_rate_hz) + named(session, name).gain_db

    assert heard_db("Gtr R") > heard_db("Lead Vox")
    assert sum(track.gain_db != 0.0 for track in session.tracks) > 10
    assert all(abs(track.gain_db) <= MOST_OFFSET_DB for track in session.tracks)


@pytest.fixture
def tiny_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand a tenth of a second of noise in for the song: these tests are about the writing."""
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (1, 4410)).astype(np.float32)
    monkeypatch.setattr(writing, "perform", lambda rng: (Part("Click", noise), Part("Bass", noise)))


@pytest.mark.usefixtures("tiny_parts")
def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    once, again, other = (write_demo_session(tmp_path / n, rng_seed=seed) for n, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert once.read_bytes() == again.read_bytes()
    assert once.read_bytes() != other.read_bytes()


@pytest.mark.usefixtures("tiny_parts")
def test_a_demo_that_someone_worked_in_is_kept(tmp_path: Path) -> None:
    project = write_demo_session(tmp_path)
    write_demo_session(tmp_path)
    assert [path.name for path in tmp_path.glob("*.RPP*")] == [PROJECT_NAME]
    project.write_text("my own mix", encoding="utf-8")
    write_demo_session(tmp_path)
    assert (tmp_path / f"{PROJECT_NAME}.bak").read_text("utf-8") == "my own mix"


@pytest.mark.usefixtures("tiny_parts")
def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SessionError, match="cannot be made"):
        write_demo_session(tmp_path / "file" / "demo")
