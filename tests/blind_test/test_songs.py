from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from blind_mixes import noise, write

from reaper_automix.blind_test.songs import ANCHOR_NAME, find_songs
from reaper_automix.errors import AutomixError, ListeningError, MediaError


def mix(path: Path, seed: int = 0) -> Path:
    return write(path, noise(seed, 0.5, rate_hz=8000), 8000)


def names(paths: list[Path], **wishes: object) -> list[str]:
    (song,), _ = find_songs(paths, **wishes)  # type: ignore[arg-type]
    return [render.name for render in song.renders]


def test_files_are_the_mixes_of_one_song(tmp_path: Path) -> None:
    files = [mix(tmp_path / name) for name in ("mine.wav", "rides.wav")]
    (song,), notes = find_songs(files)
    assert (song.name, song.prefix, song.reference, notes) == ("", "", None, ())
    assert [(render.name, render.path) for render in song.heard] == list(zip(("mine", "rides"), files, strict=True))


def test_folders_are_songs_in_the_order_given(tmp_path: Path) -> None:
    for song in ("b", "a"):
        for file in ("mix 10.wav", "mix 2.wav"):
            mix(tmp_path / song / file)
        (tmp_path / song / "notes.txt").write_text("no audio")
    songs, notes = find_songs([tmp_path / "b", tmp_path / "a"])
    assert [song.name for song in songs] == ["b", "a"]
    assert [render.name for render in songs[0].renders] == ["mix 2", "mix 10"]
    assert notes == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("a/mix.wav", "b/other.wav"), ["mix", "other"]),
        (("a/mix.wav", "a/mix.flac"), ["mix.wav", "mix.flac"]),
        (("a/mix.wav", "b/mix.wav"), ["a/mix.wav", "b/mix.wav"]),
    ],
)
def test_names_are_as_long_as_they_must_be(tmp_path: Path, files: tuple[str, ...], expected: list[str]) -> None:
    paths = [tmp_path / file for file in files]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        write(path, noise(1, 0.5, rate_hz=8000), 8000, subtype="PCM_16")
    assert names(paths) == expected


def test_names_that_differ_far_up_are_given_in_full(tmp_path: Path) -> None:
    paths = [mix(tmp_path / top / "renders" / "mix.wav") for top in "xy"]
    assert names(paths) == [str(path) for path in paths]


def test_odd_names_are_kept(tmp_path: Path) -> None:
    odd = ['"quoted", it\'s', "<script>alert(1)<&", "Größe 音", "=1+1"]
    assert names([mix(tmp_path / f"{name}.wav") for name in odd]) == odd


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_no_text_are_spelled_out(tmp_path: Path) -> None:
    files = [mix(tmp_path / "plain.wav").rename(tmp_path / os.fsdecode(name)) for name in (b"a\xff.wav", b"a\xfe.wav")]
    assert names(files) == ["a\\udcff", "a\\udcfe"]


def test_a_reference_is_heard_beside_and_an_anchor_is_hidden_among_them(tmp_path: Path) -> None:
    files = [mix(tmp_path / name) for name in ("a.wav", "b.wav")]
    reference = mix(tmp_path / "master.wav")
    (song,), _ = find_songs(files, reference=reference, anchor=True)
    assert song.reference is not None
    assert song.heard[-1] == song.reference
    assert song.reference.path == reference
    anchor = song.renders[-1]
    assert (anchor.name, anchor.path, anchor.is_anchor) == (ANCHOR_NAME, reference, True)
    (alone,), _ = find_songs(files, anchor=True)
    assert alone.renders[-1].path == files[0]


def test_with_folders_a_reference_is_the_file_of_that_name_in_each(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        for file in ("a.wav", "b.wav", "master.wav"):
            mix(folder / file)
    songs, _ = find_songs(folders, reference=Path("master.wav"))
    assert [song.reference.path for song in songs if song.reference] == [folder / "master.wav" for folder in folders]
    assert [[render.name for render in song.renders] for song in songs] == [["a", "b"]] * 2
    (folders[1] / "master.wav").unlink()
    with pytest.raises(ListeningError, match=r"two: it holds no master\.wav, which --reference names"):
        find_songs(folders, reference=Path("master.wav"))


def test_mixes_that_some_songs_lack_are_named(tmp_path: Path) -> None:
    for song, files in (("one", "abcdef"), ("two", "ab")):
        for file in files:
            mix(tmp_path / song / f"{file}.wav")
    _, (note,) = find_songs([tmp_path / "one", tmp_path / "two"])
    assert "two has no c, two has no d, two has no e, two has no f." in note
    mix(tmp_path / "one" / "g.wav")
    _, (note,) = find_songs([tmp_path / "one", tmp_path / "two"])
    assert "and 1 more" in note


def test_more_than_the_standard_advises_is_said(tmp_path: Path) -> None:
    files = [mix(tmp_path / f"{number}.wav") for number in range(13)]
    _, (note,) = find_songs(files)
    assert note.startswith("13 mixes on one scale; BS.1534 advises 12 at most")


def test_channels_that_are_not_heard_are_said(tmp_path: Path) -> None:
    one, six = mix(tmp_path / "one.wav"), write(tmp_path / "six.wav", np.zeros((4000, 6)), 8000)
    _, (note,) = find_songs([six, one], anchor=True)
    assert note.startswith("six.wav has 6 channels: the first two are heard, as left and right.")


def test_what_makes_no_song_is_refused_with_the_next_step(tmp_path: Path) -> None:
    one, two = mix(tmp_path / "one.wav"), mix(tmp_path / "two.wav")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "link.wav").symlink_to(one)
    many = [mix(tmp_path / "many" / f"{number}.wav") for number in range(27)]
    cases: list[tuple[list[Path], dict[str, object], str]] = [
        ([one], {}, "there is one mix, and nothing to compare it with. Give two mixes"),
        ([tmp_path / "empty"], {}, "empty: there is no audio file. Give two mixes"),
        ([one, tmp_path / "gone.wav"], {}, "gone.wav: there is no such file or folder. Check the name"),
        ([one, two], {"reference": tmp_path / "gone.wav"}, "gone.wav: there is no such file"),
        ([one, tmp_path / "empty"], {}, "Files and folders are mixed up"),
        ([one, two, one], {}, "one.wav: given twice. Name each mix once"),
        ([one, tmp_path / "link.wav"], {}, r"link.wav: given twice \(as .*one.wav\)"),
        ([one, two], {"reference": one}, "one.wav: given twice"),
        (many, {}, "27 mixes are more than there are letters"),
        (many[:26], {"anchor": True}, "27 mixes are more than there are letters"),
    ]
    for paths, wishes, message in cases:
        with pytest.raises(ListeningError, match=message):
            find_songs(paths, **wishes)  # type: ignore[arg-type]
    with pytest.raises(MediaError, match=r"text\.wav: not audio that can be read here"):
        find_songs([one, tmp_path / "text.wav"])
    assert issubclass(ListeningError, AutomixError)
