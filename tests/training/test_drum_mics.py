"""The measurements of how microphones are found: what they count, and what the real data gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.analysis.drum_mic_audio import FORMAT, KINDS, load_mic_model
from reaper_automix.analysis.drum_mic_features import FEATURES, hear_together
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training import drum_mics
from reaper_automix.training.drum_mics import (
    Take,
    Tally,
    equalised,
    fit_model,
    half_of_hits,
    judge,
    main,
    names_report,
    subsets,
    takes_of,
)
from reaper_automix.training.role_drumkit import DrumKit
from reaper_automix.training.role_scores import load_named_tracks

LIST = """\
song_id,track_name,source_label,role,role_confidence
a,01_KickIn.wav,kick,kick_in,high
a,02_Snare.wav,snare,snare,high
a,03_Tom1.wav,tom,tom_1,high
a,04_KickSample.wav,kick,kick,high
a,05_Loop.wav,loop,drums,high
a,06_SnareOD_Room.wav,roommic,room,high
a,07_BassKick.wav,bass,bass,high
a,08_Gtr.wav,guitar,electric_guitar,high
b,01_Kick.wav,kick,kick,low
"""
MICS = (DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.SNARE_BOTTOM, DrumMic.HIHAT, DrumMic.TOM_1, DrumMic.OVERHEAD_LEFT)
HZ = (60.0, 190.0, 900.0, 7000.0, 120.0, 400.0, 250.0)


def test_names_are_counted_with_and_without_those_that_say_they_are_none(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text(LIST, "utf-8")
    report = names_report(load_named_tracks(path))
    assert report[:3] == [
        "labels that name a microphone: 66.67% of 3",
        "labels that name a drum only: 66.67% of 3",
        "both: 66.67% of 6",
    ]
    assert report[3].endswith("none: 1 a sample")
    assert report[4] == "  without these: 80.00% of 5"
    assert "  miss: 06_SnareOD_Room.wav: label room, ours snare_top" in report
    assert report[-2:] == ["taken into the kit against their label: 1", "  07_BassKick.wav: label bass"]


def test_a_missing_list_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", str(tmp_path / "none.csv")]) == 1
    assert "none.csv: cannot be read" in capsys.readouterr().err


def test_halves_share_no_hit() -> None:
    manifest = {"instruments": [{"instrument": "kick", "hits": [{"file": f"{n}.ogg"} for n in range(5)]}]}
    files = [{h["file"] for h in half_of_hits(manifest, half)["instruments"][0]["hits"]} for half in (0, 1)]
    assert files[0] | files[1] == {f"{n}.ogg" for n in range(5)}
    assert not files[0] & files[1]


def test_equalising_changes_the_spectrum_within_bounds() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((1, 44_100)).astype(np.float32)
    power = [np.abs(np.fft.rfft(one[0])) ** 2 for one in (noise, equalised(noise, 44_100, rng))]
    change_db = 10 * np.log10(power[1].reshape(-1, 1)[:22_000].reshape(-1, 400).sum(1))
    change_db -= 10 * np.log10(power[0].reshape(-1, 1)[:22_000].reshape(-1, 400).sum(1))
    assert 1.0 < np.abs(change_db).max() < 12.0


def _take(number: int, half: int, *, is_altered: bool = False) -> Take:
    """Six microphones of six instruments with bleed."""
    rng = np.random.default_rng((number, half))
    time_s = np.arange(8000) / 8000
    drums: list[NDArray[np.float64]] = []
    for hz in HZ[: len(MICS)]:
        dry = np.zeros(8000 * 8)
        for at in np.sort(rng.choice(56_000, 12, replace=False)):
            dry[at : at + 8000] += np.sin(2 * np.pi * min(hz, 3000.0) * time_s) * np.exp(-time_s / 0.05)
        drums.append(dry)
    bleed = 0.1 * np.sum(drums, axis=0)
    tracks = [(dry + bleed + 1e-4 * rng.standard_normal(dry.size))[None].astype(np.float32) for dry in drums]
    return Take(number, half, is_altered, MICS, hear_together(tracks, 8000), (True,) * len(MICS))


@pytest.fixture
def _without_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {kind: number for kind, number in KINDS.items() if kind is not DrumMic.ROOM}
    monkeypatch.setattr(drum_mics, "KINDS", kinds)


@pytest.mark.usefixtures("_without_rooms")
def test_unseen_performances_are_judged() -> None:
    takes = [_take(n, half, is_altered=altered) for n in range(5) for half in (0, 1) for altered in (False, True)]
    tallies = judge(takes)
    assert set(tallies) == {"as recorded", "altered"}
    for tally in tallies.values():
        assert sum(tally.table.values()) == sum(c.total() for c in tally.by_size.values())
        assert sum(tally.table.values()) == 5 * (6 + 2 * 4)
        right = sum(n for (kind, ours), n in tally.table.items() if kind.value == ours)
        assert right / sum(tally.table.values()) > 0.9
    report = "\n".join(tallies["altered"].lines())
    assert "two names exchanged" in report
    assert json.loads(json.dumps(tallies["altered"].scores()))["confusion"]["kick_in"]["kick_in"] == 14


@pytest.mark.usefixtures("_without_rooms")
def test_a_fitted_model_is_the_same_twice() -> None:
    takes = [_take(n, 0) for n in range(3)]
    one, two = (fit_model(takes, np.random.default_rng(0)) for _ in range(2))
    np.testing.assert_array_equal(one.means, two.means)
    assert np.linalg.eigvalsh(one.precision).min() > 0.0


def test_subsets_hold_all_and_some() -> None:
    found = subsets(13, np.random.default_rng(0))
    assert [len(index) for index in found] == [13, 4, 4, 6, 6, 8, 8]
    assert all(len(set(index)) == len(index) for index in found)


def test_the_shipped_card_says_what_it_is_made_of() -> None:
    model = load_mic_model()
    assert model.kinds == tuple(KINDS)
    path = Path(__file__).resolve().parents[2] / "models" / "drum_mics" / "model.json"
    card = json.loads(path.read_text("utf-8"))
    assert card["format"] == FORMAT
    assert card["features"] == list(FEATURES)
    assert {"training_data", "split", "scores", "bias", "licence"} <= card.keys()


@pytest.mark.data
def test_the_real_names(shared_data: Path) -> None:
    path = shared_data / "names" / "cambridge.csv"
    if not path.is_file():
        pytest.skip("needs names/cambridge.csv in the corpus folder")
    report = names_report(load_named_tracks(path))
    assert float(report[0].split(": ")[1].split("%")[0]) >= 95.0
    assert float(report[4].split(": ")[1].split("%")[0]) >= 99.0
    assert report[-1] == "taken into the kit against their label: 0"


@pytest.mark.data
def test_the_real_kit_by_ear_on_other_performances_and_hits(shared_data: Path) -> None:
    takes = list(takes_of(DrumKit.load(shared_data / "drumkit"), every=7, with_altered=False))
    rng = np.random.default_rng(0)
    model = fit_model([take for take in takes if take.half == 0 and take.performance < 4], rng)
    tally = Tally.empty()
    for take in takes:
        if take.half == 1 and take.performance >= 4:
            tally.add(take, model, rng)
    right = sum(n for (kind, ours), n in tally.table.items() if kind.value == ours)
    assert right / sum(tally.table.values()) >= 0.85
