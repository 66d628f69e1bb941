from __future__ import annotations

import base64
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from blind_mixes import noise, tone, write

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.blind_test.excerpts import Stretch
from reaper_automix.blind_test.making import LOUDEST_LUFS, Made, PageRequest, made_data, made_table, make_page, room
from reaper_automix.blind_test.songs import Render, Song
from reaper_automix.errors import ListeningError, MediaError, SessionError

LENGTH_S = 1.5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Four mixes that differ in level, rate, channels and how they peak."""
    folder = tmp_path_factory.mktemp("mixes")
    peaky = noise(3, LENGTH_S, -60.0)
    peaky[::22050] = 0.9
    return (
        write(folder / "loud.wav", noise(1, LENGTH_S, -6.0)),
        write(folder / "soft mono.wav", noise(2, LENGTH_S, -50.0, 48000)[:, :1], 48000, "PCM_24"),
        write(folder / "peaky.wav", peaky),
        write(folder / "tone.flac", tone(997.0, LENGTH_S, -12.0), subtype="PCM_16"),
    )


def page_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def heard(page: str, sound: dict[str, Any]) -> tuple[np.ndarray, int]:
    """Return what a browser decodes of a sound, at the level at which the page plays it."""
    found = re.search(rf'<script type="text/plain" id="{sound["id"]}">(.*?)</script>', page)
    assert found
    frames, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(found[1])), dtype="float32", always_2d=True)
    return frames.T * np.float32(sound["level"]), rate_hz


def loudness_of(page: str, sound: dict[str, Any]) -> tuple[float, float]:
    audio, rate_hz = heard(page, sound)
    meter = LoudnessMeter(rate_hz, 2)
    meter.add(audio)
    result = meter.result()
    return result.integrated_lufs, result.true_peak_dbtp


def made_of(tmp_path: Path, *paths: Path, **wishes: Any) -> tuple[Made, str]:
    made = make_page(PageRequest(paths, out=tmp_path / "page.html", **wishes))
    return made, (tmp_path / "page.html").read_text()


def test_all_are_equally_loud_and_none_clips(tmp_path: Path, files: tuple[Path, ...]) -> None:
    made, page = made_of(tmp_path, *files, reference=None, hidden_anchor=True)
    (song,) = page_data(page)["songs"]
    found = [loudness_of(page, sound) for sound in song["sounds"]]
    assert len(found) == 5
    assert [lufs for lufs, _ in found] == pytest.approx([made.loudness_lufs] * 5, abs=0.1)
    assert max(dbtp for _, dbtp in found) < 0.0
    soft = min(made.heard, key=lambda one: one.loudness_lufs)
    assert soft.gain_db == pytest.approx(made.loudness_lufs - soft.loudness_lufs)


def test_the_one_with_the_highest_peaks_decides(tmp_path: Path, files: tuple[Path, ...]) -> None:
    made, _ = made_of(tmp_path, *files)
    peaky = next(one for one in made.heard if one.name == "peaky")
    assert peaky.true_peak_dbtp + peaky.gain_db == pytest.approx(-1.0, abs=1.0)  # but for what the encoder does
    assert made.loudness_lufs < -30.0
    (note,) = made.notes
    assert note.startswith("peaky peaks ")
    assert note.endswith(" LUFS: turn up to listen, or look for a click in that mix.")
    without, _ = made_of(tmp_path, *files[:2], files[3])
    assert without.loudness_lufs == LOUDEST_LUFS
    assert without.notes == ()


def test_songs_of_one_page_are_as_loud_as_each_other(tmp_path: Path) -> None:
    for song, level_db in (("one", -30.0), ("two", -10.0)):
        for number, name in enumerate(("a.wav", "b.wav", "master.wav")):
            write(tmp_path / song / name, noise(number, 1.5, level_db))
    made, page = made_of(tmp_path, tmp_path / "one", tmp_path / "two", reference=Path("master.wav"))
    songs = page_data(page)["songs"]
    sounds = [sound for song in songs for sound in (*song["sounds"], song["reference"])]
    assert [loudness_of(page, sound)[0] for sound in sounds] == pytest.approx([made.loudness_lufs] * 6, abs=0.1)
    assert [song["name"] for song in songs] == ["one", "two"]
    assert [one.song for one in made.heard] == ["one"] * 3 + ["two"] * 3
    assert made_table(made).headings == ("Song", "Mix", ">LUFS", ">dBTP", ">Gain dB")


def test_the_same_place_of_every_mix_is_heard(tmp_path: Path) -> None:
    frames = tone(997.0, 4.0) + tone(3301.0, 4.0, -40.0) * np.linspace(0.0, 1.0, 4 * 44100)[:, None]
    files = write(tmp_path / "a.wav", frames), write(tmp_path / "b.wav", 0.3 * frames)
    made, page = made_of(tmp_path, *files, range_s=(1.0, 3.0))
    (song,) = page_data(page)["songs"]
    first, second = (heard(page, sound)[0] for sound in song["sounds"])
    assert song["lengthS"] == pytest.approx(2.0)
    assert made.stretches == (Stretch(1.0, 3.0),)
    assert np.abs(first - second).max() < 0.02 * np.abs(first).max()
    expected = frames.T[:, 44100 : 3 * 44100] * 10.0 ** (made.heard[0].gain_db / 20.0)
    error = first[:, : expected.shape[1]] - expected
    assert np.sqrt(np.square(error).mean() / np.square(expected).mean()) < 0.1


def test_names_are_sealed(tmp_path: Path) -> None:
    names = ["mine <script>alert(1)", "Größe “音”", "it's & that"]
    files = [write(tmp_path / f"{name}.wav", noise(number, 1.0)) for number, name in enumerate(names)]
    _, page = made_of(tmp_path, *files, title="</title><b>", question='"How" <good>?')
    assert not [name for name in names if name in page or html.escape(name) in page]
    (song,) = page_data(page)["songs"]
    sealed = json.loads(base64.b64decode(song["sealed"]))
    assert [one["mixer"] for one in sealed] == names
    assert [one["file"] for one in sealed] == [f"{name}.wav" for name in names]
    assert "<b>" not in page
    assert "&lt;/title&gt;" in page


def test_a_page_loads_nothing_and_runs_its_own_script_only(tmp_path: Path, files: tuple[Path, ...]) -> None:
    _, page = made_of(tmp_path, *files[:2])
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "http" not in re.sub(r'<script type="text/plain".*?</script>', "", page).replace("http-equiv", "")


def test_the_same_mixes_make_the_same_page(tmp_path: Path, files: tuple[Path, ...]) -> None:
    _, first = made_of(tmp_path, *files[:2])
    _, second = made_of(tmp_path, *files[:2])
    assert first == second
    assert page_data(first)["page"] != page_data(made_of(tmp_path, *files[1:3])[1])["page"]


def test_what_does_not_fit_is_cut_to_its_loudest_part(tmp_path: Path) -> None:
    def chorus(seed: int) -> np.ndarray:
        frames = noise(seed, 40.0, -40.0, 8000)
        frames[18 * 8000 : 32 * 8000] *= 10.0
        return frames

    files = [write(tmp_path / f"{n}.wav", chorus(n), 8000) for n in range(2)]
    made, _ = made_of(tmp_path, *files, most_mb=0.8)
    (stretch,) = made.stretches
    assert made.n_bytes == (tmp_path / "page.html").stat().st_size
    assert 0.75e6 < made.n_bytes < 0.8e6
    assert 18.0 <= stretch.start_s < stretch.end_s <= 32.0
    assert "heard is the loudest part, 0:" in made.notes[0]
    with pytest.raises(
        ListeningError, match=r"0\.1 MB have no room for 1 s of each of 2 mixes. Give more with --max-mb"
    ):
        made_of(tmp_path, *files, most_mb=0.1)


def test_the_best_quality_is_taken_that_fits() -> None:
    song = Song("", tuple(Render(str(n), Path("a.wav")) for n in range(4)))
    rates = [room([song], [Stretch(0.0, length_s)], 40.0)[1] for length_s in (10.0, 200.0, 230.0, 300.0, 400.0)]
    assert rates == [320, 256, 256, 192, 192]
    room_s, _ = room([song], [Stretch(0.0, 400.0)], 40.0)
    assert 4 * room_s * 192 * 125 * 4 / 3 == pytest.approx(40e6, rel=0.01)


def test_a_mix_that_starts_elsewhere_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    frames = noise(8, 8.0, -60.0, 16000)
    for start in rng.integers(0, 7 * 16000, 40):
        frames[start : start + 4000] += 0.1 * rng.standard_normal((4000, 1)) * np.exp(-np.arange(4000) / 800)[:, None]
    files = write(tmp_path / "a.wav", frames, 16000), write(tmp_path / "b.wav", frames[1600:], 16000)
    made, _ = made_of(tmp_path, *files)
    assert made.notes[1].startswith("b has everything about 0.100 s earlier than a, so a switch to it jumps")


def test_places_that_would_cost_a_file_are_refused_before_any_work(tmp_path: Path, files: tuple[Path, ...]) -> None:
    mix = tmp_path / "mix.wav"
    mix.write_bytes(files[0].read_bytes())
    named_html = tmp_path / "mix.html"
    named_html.write_bytes(files[0].read_bytes())
    before = named_html.read_bytes()
    for out, message in (
        (tmp_path, "is a folder. Give the name of a file in it"),
        (mix, r"mix\.wav: a page's name ends in \.html"),
        (tmp_path / "gone" / "page.html", "its folder does not exist"),
        (named_html, "this is one of the mixes and would be lost"),
    ):
        with pytest.raises(ListeningError, match=message):
            make_page(PageRequest((files[1], named_html), out=out))
    assert named_html.read_bytes() == before


def test_where_a_mix_is_silent_nothing_is_written(tmp_path: Path, files: tuple[Path, ...]) -> None:
    still = write(tmp_path / "still.wav", np.zeros((3 * 44100, 2)))
    with pytest.raises(ListeningError, match=r"still\.wav: it is silent"):
        made_of(tmp_path, files[0], still)
    assert not (tmp_path / "page.html").exists()


def test_a_disk_that_takes_no_more_leaves_the_older_page(
    tmp_path: Path, files: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, older = made_of(tmp_path, *files[:2])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SessionError, match="No space left on device"):
        made_of(tmp_path, *files[2:])
    assert (tmp_path / "page.html").read_text() == older
    assert len(list(tmp_path.iterdir())) == 1


def test_damaged_samples_are_refused_by_name(tmp_path: Path, files: tuple[Path, ...]) -> None:
    frames = noise(1, LENGTH_S)
    frames[50] = np.inf
    with pytest.raises(MediaError, match=r"bad\.wav: the audio holds samples that are not numbers"):
        made_of(tmp_path, files[0], write(tmp_path / "bad.wav", frames))


def test_data_for_programs(tmp_path: Path, files: tuple[Path, ...]) -> None:
    made, _ = made_of(tmp_path, *files[:2])
    data = json.loads(json.dumps(made_data(made)))
    assert data["outputs"] == {"page": str(tmp_path / "page.html")}
    assert [mix["name"] for mix in data["mixes"]] == ["loud", "soft mono"]
    assert data["ranges_s"] == [[0.0, 1.5]]
    assert made_table(made).headings == ("Mix", ">LUFS", ">dBTP", ">Gain dB")
