"""Pans from the overheads: known places are found, unknown ones are not made up."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from reaper_automix.analysis.drum_image import WIDEST, pan_at, place_of, suggested_pans
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.role_drumkit import DrumKit

Audio = NDArray[np.float32]
RATE_HZ = 44_100


def hits(pitch_hz: float, offset_s: float, *, seed: int, n_hits: int = 12) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    dry = np.zeros(9 * RATE_HZ)
    time_s = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
    for k in range(n_hits):
        at = round((offset_s + 0.7 * k) * RATE_HZ)
        tone = np.sin(2 * np.pi * pitch_hz * (1 + 0.02 * rng.standard_normal()) * time_s) * np.exp(-time_s / 0.05)
        click = rng.standard_normal(time_s.size) * np.exp(-time_s / 0.003)
        dry[at : at + time_s.size] += (0.5 + 0.4 * rng.random()) * (tone + 0.4 * click)
    return dry


def kit(differences_db: dict[DrumMic, float], *, cymbal: float = 0.0) -> tuple[list[Audio], Audio]:
    """Close microphones of drums that the overheads hear with these level differences, and noisy cymbals over all."""
    rng = np.random.default_rng(2)
    drums = [hits(90.0 + 60.0 * k, 0.2 + 0.17 * k, seed=k) for k in range(len(differences_db))]
    overheads = 0.001 * rng.standard_normal((2, drums[0].size))
    for number, (dry, difference_db) in enumerate(zip(drums, differences_db.values(), strict=True)):
        for side, sign in enumerate((-1, 1)):
            delayed = np.roll(dry, round((0.002 + 0.0004 * side + 0.0002 * number) * RATE_HZ))
            overheads[side] += 0.4 * 10 ** (sign * difference_db / 40) * delayed
    for k in range(8):
        at = round((0.25 + 1.05 * k) * RATE_HZ)
        crash = cymbal * rng.standard_normal(RATE_HZ // 2) * np.exp(-np.arange(RATE_HZ // 2) / 8000)
        overheads[0, at : at + crash.size] += crash
    bleed = 0.03 * sum(drums)
    closes = [(dry + bleed + 0.0005 * rng.standard_normal(dry.size))[None].astype(np.float32) for dry in drums]
    return closes, overheads.astype(np.float32)


FIVE = {DrumMic.TOM_1: -9.0, DrumMic.TOM_2: -3.0, DrumMic.TOM_3: 4.0, DrumMic.TOM_4: 10.0, DrumMic.HIHAT: -6.0}


def test_the_law() -> None:
    assert pan_at(0.0) == pytest.approx(0.0)
    for pan in (-0.6, -0.2, 0.35, 0.65):
        angle = (pan + 1.0) * math.pi / 4.0
        assert pan_at(20.0 * math.log10(math.sin(angle) / math.cos(angle))) == pytest.approx(pan)
    assert pan_at(60.0) == WIDEST
    assert pan_at(-1000.0) == -WIDEST
    assert pan_at(60.0, widest=1.0) > 0.98


@pytest.mark.parametrize("cymbal", [0.0, 0.15])
def test_drums_are_found_where_the_overheads_hear_them(cymbal: float) -> None:
    closes, overheads = kit(FIVE, cymbal=cymbal)
    mics = [(mic,) for mic in FIVE]
    found = suggested_pans(mics, closes, overheads, RATE_HZ)
    for suggestion, difference_db in zip(found, FIVE.values(), strict=True):
        assert suggestion.pan == pytest.approx(pan_at(difference_db), abs=0.1)
        assert "dB louder" in suggestion.reason


def test_exchanged_overheads_exchange_the_pans() -> None:
    closes, overheads = kit(FIVE)
    mics = [(mic,) for mic in FIVE]
    found = suggested_pans(mics, closes, overheads, RATE_HZ)
    exchanged = suggested_pans(mics, closes, overheads[::-1].copy(), RATE_HZ)
    assert [one.pan for one in exchanged] == pytest.approx([-one.pan for one in found if one.pan is not None])


def test_kick_and_snare_stay_in_the_middle_unless_asked() -> None:
    drums = {DrumMic.KICK_IN: 5.0, DrumMic.SNARE_TOP: -6.0, DrumMic.TOM_1: 8.0}
    closes, overheads = kit(drums)
    mics = [(mic,) for mic in drums]
    found = suggested_pans(mics, closes, overheads, RATE_HZ)
    assert [one.pan for one in found][:2] == [0.0, 0.0]
    asked = suggested_pans(mics, closes, overheads, RATE_HZ, centred=frozenset())
    assert asked[0].pan == pytest.approx(pan_at(5.0), abs=0.1)
    assert asked[1].pan == pytest.approx(pan_at(-6.0), abs=0.1)


def test_overheads_go_hard_to_their_sides_and_a_stereo_track_stays() -> None:
    closes, overheads = kit({DrumMic.TOM_1: 8.0})
    pair = [(DrumMic.TOM_1,), (DrumMic.OVERHEAD_LEFT,), (DrumMic.OVERHEAD_RIGHT,), (DrumMic.ROOM,)]
    found = suggested_pans(pair, [*closes, overheads[:1], overheads[1:], overheads[:1]], overheads, RATE_HZ)
    assert [one.pan for one in found][1:] == [-1.0, 1.0, None]
    both = [(DrumMic.TOM_1,), (DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)]
    found = suggested_pans(both, [*closes, overheads], overheads, RATE_HZ)
    assert found[0].pan == pytest.approx(pan_at(8.0), abs=0.1)
    assert found[1].pan is None
    assert "its own channels" in found[1].reason


def test_nothing_is_suggested_without_overheads_or_hits() -> None:
    closes, overheads = kit({DrumMic.TOM_1: 8.0})
    assert suggested_pans([(DrumMic.TOM_1,)], closes, None, RATE_HZ)[0].pan is None
    silent = suggested_pans([(DrumMic.TOM_1,)], [np.zeros_like(closes[0])], overheads, RATE_HZ)[0]
    assert silent.pan is None
    assert "0 hits" in silent.reason
    dead = suggested_pans([(DrumMic.TOM_1,)], closes, np.zeros_like(overheads), RATE_HZ)[0]
    assert dead.pan is None
    unrelated = np.random.default_rng(1).standard_normal(overheads.shape).astype(np.float32)
    assert not place_of(closes[0], unrelated, RATE_HZ).is_sure


@pytest.mark.data
def test_the_toms_of_the_real_kit_stand_in_order(shared_data: Path, tmp_path: Path) -> None:
    recorded = DrumKit.load(shared_data / "drumkit")
    (tmp_path / "performances").mkdir()
    lines = ["time_s,instrument,velocity"]
    for k in range(96):
        time_s = 0.3 + 0.3 * k
        lines.append(f"{time_s},{('tom_1', 'tom_2', 'tom_3', 'tom_4')[k % 4]},{0.5 + 0.4 * (k % 3) / 2}")
        lines += [f"{time_s},hihat_closed,0.6"] if k % 2 else [f"{time_s + 0.15},snare,0.8"]
    (tmp_path / "performances" / "toms.csv").write_text("\n".join(lines) + "\n", "utf-8")
    played = [mic.audio for mic in recorded.play(tmp_path / "performances" / "toms.csv")]
    mics = [(DrumMic(channel["role"]),) for channel in recorded.manifest["channels"]]
    found = suggested_pans(mics, played, np.concatenate(played[9:11]), recorded.sample_rate_hz)
    toms = [one.pan for one, mic in zip(found, mics, strict=True) if mic[0].value.startswith("tom")]
    expected = [pan_at(_level_difference_db(recorded, f"tom_{number}", 4 + number)) for number in range(1, 5)]
    # The two floor toms stand side by side: 0.9 dB apart in their hits by themselves.
    assert toms == pytest.approx(expected, abs=0.15)
    assert toms[0] is not None
    assert toms[1] is not None
    assert toms[0] < toms[1] < min(pan for pan in toms[2:] if pan is not None)


def _level_difference_db(recorded: DrumKit, instrument: str, channel: int) -> float:
    """Of its hits one by one, nothing else sounding: 40 ms in the overheads from its attack on."""
    found = []
    for entry in recorded.manifest["instruments"]:
        for hit in entry["hits"] if entry["instrument"] == instrument else []:
            audio, rate_hz = soundfile.read(recorded.folder / hit["file"], dtype="float32", always_2d=True)
            close = np.abs(audio[:, channel])
            part = audio[int(np.argmax(close > 0.1 * close.max())) :][: round(0.04 * rate_hz), 9:11]
            left, right = np.sum(part.astype(np.float64) ** 2, axis=0)
            found.append(10.0 * math.log10(right / left))
    return float(np.median(found))
