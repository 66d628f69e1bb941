"""Audio as it should not be, sessions that are too large or too small, and names that hurt."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from faults.scenes import EVERY, SILENT, contents, left, of
from faults.warm import Ended, Warm
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.session import Session

RATE_HZ = 8000

Go = Callable[..., Ended]


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    """A folder of two stems that are as they should be."""
    folder = tmp_path / "scene" / "stems"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    for name, level_lin in (("Kick", 0.05), ("Vox", 0.2)):
        soundfile.write(folder / f"{name}.wav", level_lin * rng.standard_normal(12000), RATE_HZ)
    return folder


@pytest.fixture
def go(warm: Warm, tmp_path: Path) -> Go:
    """Run a command in the folder that holds the stems; a traceback is never an answer."""

    def run(*words: object) -> Ended:
        ended = warm.run(of(tmp_path / "scene", tuple(str(word) for word in words), counted=False))
        assert "Traceback" not in ended.said, ended.said
        assert left(contents(tmp_path / "scene")) == []
        return ended

    return run


def mixed(go: Go, stems: Path, *words: object) -> tuple[Ended, dict[str, float]]:
    """Mix the stems with all outputs; return how that ended and the faders, which must be numbers, as all else."""
    folder = stems.parent
    outputs = ("--out", "a.RPP", "--plan", "p.json", "--render", "m.wav", "--report", "r.html")
    ended = go("mix", "stems", *outputs, *words)
    if ended.code != 0:
        assert not (folder / "a.RPP").exists()
        return ended, {}
    plan_from_json((folder / "p.json").read_text("utf-8"))
    assert not any(word in (folder / "p.json").read_text("utf-8") for word in ("NaN", "Infinity"))
    faders = {track.name: track.gain_db for track in RppHost(folder / "a.RPP").read_session().tracks}
    assert all(-150.0 <= level_db <= 12.0 for level_db in faders.values()), faders
    assert np.isfinite(soundfile.read(folder / "m.wav")[0]).all()
    return ended, faders


def tone(length: int, rate_hz: int = RATE_HZ, level_lin: float = 0.1) -> np.ndarray:
    return level_lin * np.sin(2.0 * np.pi * 0.05 * np.arange(length))


SAMPLES = {
    "one sample": (np.array([0.5]), RATE_HZ),
    "two samples": (np.array([0.5, -0.5]), RATE_HZ),
    "DC": (np.full(12000, 0.5), RATE_HZ),
    "full scale DC": (np.ones(12000), RATE_HZ),
    "clipped": (np.clip(tone(12000, level_lin=50.0), -1.0, 1.0), RATE_HZ),
    "denormals": (np.full(12000, 1e-42), RATE_HZ),
    "very soft": (tone(12000, level_lin=1e-9), RATE_HZ),
    "silence": (np.zeros(12000), RATE_HZ),
    "one impulse": (np.eye(1, 12000, 6000)[0], RATE_HZ),
    "far beyond full scale": (tone(12000, level_lin=1e4), RATE_HZ),
    "1 Hz": (tone(20), 1),
    "100 Hz": (tone(400), 100),
    "768 kHz": (tone(768000 // 2), 768000),
}


@pytest.mark.parametrize("what", SAMPLES)
def test_odd_samples_beside_good_stems(go: Go, stems: Path, what: str) -> None:
    audio, rate_hz = SAMPLES[what]
    subtype = "DOUBLE" if what < "c" else "FLOAT"
    soundfile.write(stems / "Odd.wav", audio, rate_hz, subtype=subtype)
    ended, faders = mixed(go, stems)
    assert ended.code == 0, ended.said
    assert {"Kick", "Vox"} <= set(faders)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, 3e38, -1e20])
@pytest.mark.parametrize("count", [1, 12000])
def test_samples_that_are_no_audio_are_named(go: Go, stems: Path, value: float, count: int) -> None:
    audio = tone(12000).astype(np.float32)
    audio[:count] = value
    soundfile.write(stems / "Odd.wav", audio, RATE_HZ, subtype="FLOAT")
    ended, _ = mixed(go, stems)
    assert ended.code == 1, ended.said
    assert "Odd" in ended.said
    assert "not numbers" in ended.said


@pytest.mark.parametrize("n_channels", [3, 8, 24])
def test_many_channels(go: Go, stems: Path, n_channels: int) -> None:
    soundfile.write(stems / "Wide.wav", np.tile(tone(12000)[:, None], n_channels), RATE_HZ, subtype="FLOAT")
    ended, faders = mixed(go, stems)
    assert ended.code == 0, ended.said
    assert "more than two channels" in ended.said
    assert "Wide" in faders


def wav(n_data_bytes: int, data: bytes, *, riff: bytes = b"RIFF", n_channels: int = 1, rate_hz: int = RATE_HZ) -> bytes:
    """Return a 16-bit WAV whose header says ``n_data_bytes``, whatever follows."""
    form = struct.pack("<HHIIHH", 1, n_channels, rate_hz, rate_hz * 2 * n_channels & 0xFFFFFFFF, 2 * n_channels, 16)
    size = min(n_data_bytes + 36, 0xFFFFFFFF)
    head = riff + struct.pack("<I", size) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", min(n_data_bytes, 0xFFFFFFFF)) + data


PCM = (tone(12000) * 32767).astype("<i2").tobytes()

FILES = {
    "header says more": wav(len(PCM) * 3, PCM),
    "header says less": wav(len(PCM) // 2, PCM),
    "header says 0": wav(0, PCM),
    "header says 4 GiB": wav(0xFFFFFFFF, PCM),
    "half a frame at the end": wav(len(PCM), PCM[:-1]),
    "no channels": wav(len(PCM), PCM, n_channels=0),
    "a rate of 0": wav(len(PCM), PCM, rate_hz=0),
    "a rate of 4 GHz": wav(len(PCM), PCM, rate_hz=0xFFFFFFFF),
    "header only": wav(0, b""),
    "half a header": wav(len(PCM), PCM)[:20],
    "RF64 without its sizes": wav(0xFFFFFFFF, PCM, riff=b"RF64"),
    "RF64 of 16 EiB": b"RF64\xff\xff\xff\xffWAVEds64"
    + struct.pack("<IQQQI", 28, 2**63, 2**63 - 8, 2**62, 0)
    + wav(0xFFFFFFFF, PCM)[12:],
    "text": b"this is no audio\n" * 100,
    "zeros": bytes(5000),
    "FLAC's name only": b"fLaC" + bytes(100),
}


@pytest.mark.parametrize("what", FILES)
def test_odd_files_beside_good_stems(go: Go, stems: Path, what: str) -> None:
    (stems / "Odd.wav").write_bytes(FILES[what])
    ended, faders = mixed(go, stems)
    assert ended.code == 0, ended.said
    assert {"Kick", "Vox"} <= set(faders)
    assert "Odd" in faders or "Odd.wav" in ended.said


def test_an_rf64_beyond_4_gib_is_read_to_its_end(go: Go, stems: Path) -> None:
    """A sparse file: 4.3 GB of silence at one byte a sample, and a tone at its end."""
    n_frames = 4_300_000_000
    path = stems / "Huge.wav"
    head = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, n_frames + 72, n_frames, n_frames, 0)
    head += b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 96000, 96000, 1, 8) + b"data\xff\xff\xff\xff"
    with path.open("wb") as file:
        file.write(head)
        try:
            file.truncate(len(head) + n_frames)
        except OSError:
            pytest.skip("this disk holds no sparse file of 4 GiB")
        file.seek(len(head) + n_frames - 4800)
        file.write(((tone(4800, level_lin=0.5) + 1.0) * 127).astype(np.uint8).tobytes())
    if path.stat().st_blocks * 512 > 100_000_000:
        path.unlink()
        pytest.skip("this disk has no sparse files")
    from reaper_automix.audio.media import MediaReader

    with MediaReader(path) as media:
        assert (media.info.format, media.info.n_frames) == ("RF64", n_frames)
        assert np.abs(media.read(n_frames - 4800, 4800)).max() > 0.4
        assert media.read(n_frames - 10, 20)[0, 10:].max() == 0.0
    path.unlink()
    del go


@pytest.mark.skipif(not EVERY, reason="takes minutes: set REAPER_AUTOMIX_FAULTS")
@pytest.mark.parametrize("hours", [1, 10])
def test_hours_in_bounded_memory(
    go: Go, stems: Path, hours: int, record_property: Callable[[str, object], None]
) -> None:
    """The memory that a run needs does not grow with the length of the audio, but for a few bytes per 100 ms."""
    second = (tone(RATE_HZ, level_lin=0.3) * 127 + 128).astype(np.uint8).tobytes()
    for name in ("Kick", "Vox"):
        with soundfile.SoundFile(stems / f"{name}.wav", "w", RATE_HZ, 1, subtype="PCM_U8") as file:
            minute = np.tile(np.frombuffer(second, np.uint8).astype(np.float32) / 128 - 1.0, 60)
            for n in range(hours * 60):
                file.write(minute * (0.2 + 0.8 * (n % 7 == 0)))
    ended = go("mix", "stems", "--out", "a.RPP", "--json")
    assert ended.code == 0, ended.said
    record_property("wall_s", round(ended.wall_s, 1))
    record_property("cpu_s", round(ended.cpu_s, 1))
    record_property("peak_MiB", ended.peak_kib // 1024)
    assert ended.peak_kib < 1_000_000


# --- sessions ------------------------------------------------------------------------------------------------------


def many(session: Session, count: int, name: Callable[[int], str]) -> Session:
    """Return a session of so many tracks that all play the same files."""
    tracks = []
    for n in range(count):
        model = session.tracks[n % len(session.tracks)]
        guid = f"{{{n:08X}-0000-4000-8000-000000000000}}"
        item = replace(model.items[0], id=f"{{{n:08X}-0000-4000-8000-000000000001}}")
        tracks.append(replace(model, id=guid, name=name(n), number=n + 1, items=(item,)))
    return replace(session, tracks=tuple(tracks))


@pytest.mark.parametrize(
    ("count", "name"),
    [
        (500, lambda n: f"Track {n}"),
        (200, lambda n: "Gtr"),
        (200, lambda n: ""),
        (0, str),
    ],
    ids=["500 tracks", "200 of one name", "200 without a name", "none"],
)
def test_many_tracks_and_none(go: Go, stems: Path, count: int, name: Callable[[int], str]) -> None:
    folder = stems.parent
    session = many(StemsHost(stems).read_session(), count, name)
    (folder / "song.RPP").write_text(new_project_text(session, folder=folder), "utf-8", newline="")
    ended = go("mix", "song.RPP", "--json", "--plan", "p.json")
    if count == 0:
        assert ended.code == 1
        assert "no track" in ended.said
        return
    assert ended.code == 0, ended.said
    written = RppHost(folder / "song-automix.RPP").read_session()
    assert [t.name for t in written.tracks] == [t.name for t in session.tracks]
    assert json.loads(ended.out)["moves"] == count
    plan = plan_from_json((folder / "p.json").read_text("utf-8"))
    assert {move.track.id for move in plan.moves} == {track.id for track in written.tracks}  # type: ignore[union-attr]
    before = (folder / "song.RPP").read_bytes()
    assert go("revert", "song-automix.RPP").code == 0
    assert (folder / "song-automix.RPP").read_bytes() == before


NAMES = {
    "emoji": "\U0001f941\U0001f3a4\U0001f468‍\U0001f469‍\U0001f467",
    "right to left": "תוף \u202eabc\u202c كيك",
    "controls": "a\x07b\x1b[31mred\x7f",
    "quotes": "a 'b' \"c\"",
    "dots": "..",
    "a path": "../../etc/passwd",
    "a drive": "C:\\Windows\\x",
    "a device": "CON",
    "markup": "[bold]<b>&amp;{{ x }}</b>[/bold]",
    "combining": "e" + "\u0301" * 300,
    "very long": "x" * 5000,
    "spaces": "   ",
    "no break": "\u00a0\u2028\u2029",
}


@pytest.mark.parametrize("what", NAMES)
def test_names_of_tracks(go: Go, stems: Path, what: str) -> None:
    folder = stems.parent
    session = StemsHost(stems).read_session()
    tracks = (replace(session.tracks[0], name=NAMES[what]), session.tracks[1])
    text = new_project_text(replace(session, tracks=tracks), folder=folder)
    (folder / "song.RPP").write_text(text, "utf-8", newline="")
    named = RppHost(folder / "song.RPP").read_session().tracks[0].name
    ended = go("mix", "song.RPP", "--plan", "p.json", "--report", "r.html", "--render", "m.wav", SILENT)
    assert ended.code == 0, ended.said
    assert "\x1b[31m" not in ended.out + ended.err
    assert RppHost(folder / "song-automix.RPP").read_session().tracks[0].name == named
    assert "<b>&amp;{{" not in (folder / "r.html").read_text("utf-8")
    assert go("apply", "p.json", "song.RPP", "--out", "again.RPP").code == 0
    assert sorted(os.listdir(folder)) == sorted(
        ["again.RPP", "cache", "m.wav", "p.json", "r.html", "song-automix.RPP", "song.RPP", "stems"]
    )
    assert go("revert", "song-automix.RPP").code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", [b"K\xefck \xe9", b"100% %20 %s", b"a\nb", b"-rf", b"~", b"\\", b"C:\\Kick", b"a`b"])
def test_names_of_files_and_folders(go: Go, stems: Path, name: bytes) -> None:
    """Latin-1 bytes, percent signs, line breaks, what looks like an option: mixed or named, and plans can be read."""
    odd = Path(os.fsdecode(os.fsencode(stems.parent) + b"/" + name))
    odd.mkdir()
    os.rename(stems / "Kick.wav", os.fsencode(odd) + b"/" + name + b".wav")
    os.rename(stems / "Vox.wav", odd / "Vox.wav")
    folder = stems.parent
    ended = go(
        "mix", odd, "--out", folder / "a.RPP", "--plan", folder / "p.json", "--report", folder / "r.html", SILENT
    )
    if b"\n" in name or b"`" in name:
        assert "Rename" in ended.said or ended.code == 0, ended.said
    else:
        assert ended.code == 0, ended.said
    if ended.code != 0:
        return
    written = RppHost(folder / "a.RPP").read_session()
    assert all(Path(t.items[0].takes[0].source.path or "").is_file() for t in written.tracks)
    assert go("apply", "p.json", odd, "--out", "b.RPP").code == 0
    assert go("mix", "a.RPP", "--in-place").code == 0
    assert go("revert", "a.RPP").code == 0
