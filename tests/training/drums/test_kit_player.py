"""Playing a sampled kit: halves without a common hit, variations that are heard, energies that are true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from played_kit import CLOSE, MICS, SINGLE, write_kit

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.errors import CorpusError
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.drums.kit_player import (
    BLEED_DB,
    DRUMMER_DB,
    PREAMP_DB,
    TUNING_SEMITONES,
    KitPlayer,
    Recording,
    Stroke,
    Variation,
    draw_variation,
    half_of,
)
from reaper_automix.training.role_drumkit import DrumKit

N = len(MICS)
BEATS: list[Stroke] = [(0.5 * n, ("kick", "snare", "hihat_closed", "tom_4")[n % 4], 0.8) for n in range(8)]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> DrumKit:
    return DrumKit.load(write_kit(tmp_path_factory.mktemp("kit")) / "drumkit")


@pytest.fixture
def plain() -> Variation:
    """The kit as it was recorded, all microphones, on the grid, with next to no noise."""
    zeros = dict.fromkeys(CLOSE, 0.0)
    silent = np.full(N, -140.0)
    return Variation(tuple(range(N)), zeros, zeros, np.zeros(N), silent, np.zeros(N), 50.0, 0.2, -140.0, 0.0, 3)


def k_weighted(recording: Recording) -> np.ndarray:
    """Return the K-weighted mean square of each microphone."""
    found = []
    for row in recording.audio:
        meter = LoudnessMeter(recording.rate_hz, 1)
        meter.add(row[None])
        found.append(meter.block_energy()[0].mean())
    return np.array(found)


def test_the_halves_share_no_hit_and_have_every_layer_they_can(kit: DrumKit) -> None:
    a, b = half_of(kit, "a"), half_of(kit, "b")
    assert set(a) == set(b) == set(CLOSE)
    for name in CLOSE:
        files_a, files_b = {h.file for h in a[name]}, {h.file for h in b[name]}
        assert not files_a & files_b
        assert len(files_a) + len(files_b) == (3 if name in SINGLE else 6)
        if name not in SINGLE:
            assert len({h.velocity for h in a[name]}) == len({h.velocity for h in b[name]}) == 3


def test_an_unknown_half_is_named(kit: DrumKit) -> None:
    with pytest.raises(CorpusError, match="half 'c'"):
        half_of(kit, "c")


def test_variations_stay_within_what_is_stated_and_differ(kit: DrumKit) -> None:
    drawn = [draw_variation(kit, np.random.default_rng(seed)) for seed in range(60)]
    assert {len(v.channels) for v in drawn} >= {4, 8, 13}
    names = list(MICS)
    for v in drawn:
        chosen = {names[c] for c in v.channels}
        assert {"kick_r", "snare_top", "overhead_left", "overhead_right"} <= chosen
        assert ("room_left" in chosen) == ("room_right" in chosen)
        assert max(map(abs, v.tuning_semitones.values())) <= TUNING_SEMITONES
        assert max(map(abs, v.drummer_db.values())) <= DRUMMER_DB
        assert np.abs(v.preamp_db).max() <= PREAMP_DB
        assert v.bleed_db.min() >= BLEED_DB[0]
        assert v.bleed_db.max() <= BLEED_DB[1]
    assert len({v.seed for v in drawn}) == len(drawn)


def test_the_same_variation_records_the_same_and_another_half_does_not(kit: DrumKit) -> None:
    variation = draw_variation(kit, np.random.default_rng(5))
    once, again = (KitPlayer(kit, "a").play(BEATS, variation, 5.0) for _ in range(2))
    assert np.array_equal(once.audio, again.audio)
    assert not np.array_equal(once.audio, KitPlayer(kit, "b").play(BEATS, variation, 5.0).audio)


def test_the_energies_add_up_to_what_the_microphones_hear(kit: DrumKit) -> None:
    for seed in range(4):
        variation = draw_variation(kit, np.random.default_rng(seed))
        recording = KitPlayer(kit, "a").play(BEATS, variation, 6.0)
        told = 10.0 * np.log10(sum(recording.energy.values(), np.zeros(len(recording.names))))
        assert told == pytest.approx(10.0 * np.log10(k_weighted(recording)), abs=0.5)


def test_each_drum_is_loudest_in_its_own_microphone(kit: DrumKit, plain: Variation) -> None:
    recording = KitPlayer(kit, "a").play(BEATS, plain, 5.0)
    assert recording.n_strokes == {"kick": 2, "snare": 2, "hihat_closed": 2, "tom_4": 2}
    for name, energy in recording.energy.items():
        assert recording.names[int(energy.argmax())] == CLOSE[name]
        assert recording.moment[name].argmax() == energy.argmax()


def test_a_louder_preamplifier_is_only_louder(kit: DrumKit, plain: Variation) -> None:
    quiet = KitPlayer(kit, "a").play(BEATS, plain, 4.0)
    louder = KitPlayer(kit, "a").play(BEATS, replace(plain, preamp_db=np.full(N, 6.0)), 4.0)
    np.testing.assert_allclose(louder.audio, quiet.audio * 10 ** (6 / 20), rtol=2e-3, atol=1e-5)


def test_bleed_changes_close_microphones_only_and_not_their_own_drum(kit: DrumKit, plain: Variation) -> None:
    before = KitPlayer(kit, "a").play(BEATS, plain, 4.0)
    after = KitPlayer(kit, "a").play(BEATS, replace(plain, bleed_db=np.full(N, 6.0)), 4.0)
    change_db = 10.0 * np.log10(after.energy["snare"] / before.energy["snare"])
    for name, mic, db in zip(before.names, before.microphones, change_db, strict=True):
        unchanged = name.startswith("snare") or mic in (DrumMic.ROOM, DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
        assert db == pytest.approx(0.0 if unchanged else 6.0, abs=1e-6)


def test_tuning_up_raises_the_pitch_of_one_drum(kit: DrumKit, plain: Variation) -> None:
    tuned = replace(plain, tuning_semitones={**plain.tuning_semitones, "kick": 2.0})
    low, high = (KitPlayer(kit, "a").play([(0.0, "kick", 0.8)], v, 0.5) for v in (plain, tuned))
    n_low, n_high = (int(np.flatnonzero(np.abs(r.audio[0]) > 1e-6).max()) for r in (low, high))
    assert n_high / n_low == pytest.approx(2 ** (-2 / 12), abs=0.01)
    assert np.array_equal(
        KitPlayer(kit, "a").play([(0.0, "snare", 0.8)], plain, 0.5).audio,
        KitPlayer(kit, "a").play([(0.0, "snare", 0.8)], tuned, 0.5).audio,
    )


def test_noise_lies_where_it_is_stated(kit: DrumKit, plain: Variation) -> None:
    noisy = replace(plain, noise_db=np.full(N, -40.0))
    clean, heard = (KitPlayer(kit, "a").play(BEATS, v, 4.0).audio for v in (plain, noisy))
    noise = np.sqrt(np.mean(np.square(heard - clean), axis=1)) / np.sqrt(np.mean(np.square(clean), axis=1))
    np.testing.assert_allclose(20 * np.log10(noise), -40.0, atol=0.3)


def test_a_room_adds_its_energy_to_rooms_and_little_to_overheads(kit: DrumKit, plain: Variation) -> None:
    dry, wet = (KitPlayer(kit, "a").play(BEATS, v, 5.0) for v in (plain, replace(plain, room_db=-3.0)))
    added_db = dict(zip(dry.names, 10 * np.log10(k_weighted(wet) / k_weighted(dry)), strict=True))
    assert added_db["room_left"] == pytest.approx(10 * np.log10(1 + 10**-0.3), abs=0.5)
    assert added_db["overhead_left"] == pytest.approx(10 * np.log10(1 + 10**-1.3), abs=0.3)
    assert added_db["kick_r"] == pytest.approx(0.0, abs=1e-3)


def test_drums_without_a_microphone_are_not_there(kit: DrumKit, plain: Variation) -> None:
    names = list(MICS)
    eight = [names.index(n) for n in names if n not in ("kick_l", "tom_4", "snare_bottom", "room_left", "room_right")]
    n = len(eight)
    fewer = replace(
        plain, channels=tuple(eight), preamp_db=np.zeros(n), noise_db=np.full(n, -140.0), bleed_db=np.zeros(n)
    )
    recording = KitPlayer(kit, "a").play([(0.0, "kick_left", 0.8), (0.5, "tom_4", 0.8), (1.0, "gong", 1.0)], fewer, 2.0)
    assert recording.n_strokes == {"kick": 1, "tom_3": 1}


def test_silence_and_nothing_at_all_are_recorded(kit: DrumKit, plain: Variation) -> None:
    assert not KitPlayer(kit, "a").play([], plain, 1.0).audio.any()
    assert KitPlayer(kit, "a").play(BEATS, plain, 0.0).audio.shape == (N, 0)


@pytest.mark.data
def test_the_recorded_kit_is_shared_out_and_bleeds(shared_data: Path) -> None:
    kit = DrumKit.load(shared_data / "drumkit")
    a, b = ({h.file for hits in half_of(kit, half).values() for h in hits} for half in "ab")
    assert not a & b
    assert len(a | b) == 131
    variation = draw_variation(kit, np.random.default_rng(2))
    recording = KitPlayer(kit, "b").play([(0.4 * n, ("kick", "snare")[n % 2], 0.9) for n in range(10)], variation, 5.0)
    told = 10.0 * np.log10(sum(recording.energy.values(), np.zeros(len(recording.names))))
    assert told == pytest.approx(10.0 * np.log10(k_weighted(recording)), abs=0.5)
    snare = recording.energy["snare"]
    assert (snare > 0.0).all()
