"""Engineers: they think in drums, tame bleed, differ from each other as far as stated, and are noisy as stated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from played_kit import write_kit

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.role_vocabulary import DrumMic, Role
from reaper_automix.training.drums.engineers import (
    DECISION_DB,
    ENGINEERS,
    FADER_DB,
    HABITS,
    KitSound,
    mix,
)
from reaper_automix.training.drums.grooves import STYLES, groove
from reaper_automix.training.drums.kit_player import KitPlayer, draw_variation
from reaper_automix.training.role_drumkit import DrumKit

MICS = (
    DrumMic.KICK_IN,
    DrumMic.SNARE_TOP,
    DrumMic.HIHAT,
    DrumMic.TOM_1,
    DrumMic.OVERHEAD_LEFT,
    DrumMic.OVERHEAD_RIGHT,
    DrumMic.ROOM,
)
OWN = (("kick",), ("snare", "snare_rest"), ("hihat_closed", "hihat_open"), ("tom_1",), (), (), ())


def kit_sound(
    *, bleed: float = 0.02, without: tuple[str, ...] = (), louder: dict[str, float] | None = None
) -> KitSound:
    """Return a kit at one loudness by its energies: each close microphone hears its drum and some of the others."""
    close = {"kick": 0, "snare": 1, "hihat_closed": 2, "tom_1": 3, "crash_left": None}
    energy = {}
    for name, own in close.items():
        if name not in without:
            row = np.full(len(MICS), bleed)
            row[4:] = 0.2
            if own is not None:
                row[own] = 1.0
            energy[name] = row * (louder or {}).get(name, 1.0)
    total = sum(energy.values(), np.zeros(len(MICS)))
    energy = {name: row / total for name, row in energy.items()}
    moment = {name: 4.0 * row for name, row in energy.items()}
    return KitSound(MICS, OWN, energy, moment, dict.fromkeys(energy, 1.0))


def drum_db(sound: KitSound, gains_db: np.ndarray, name: str) -> float:
    loud = sound.strokes([name])
    assert loud is not None
    return float(10.0 * np.log10(np.sum(loud * 10.0 ** (gains_db / 10.0))))


def test_every_style_has_a_habit_and_there_are_enough_engineers() -> None:
    assert set(HABITS) == set(STYLES)
    assert len(ENGINEERS) >= 6
    assert len(set(ENGINEERS.values())) == len(ENGINEERS)


def test_balances_add_up_to_one_and_noise_is_beside_what_is_meant() -> None:
    gains_db, meant_db = mix("ada", kit_sound(), "rock", np.random.default_rng(1))
    for balance_db in (gains_db, meant_db):
        assert np.sum(10.0 ** (balance_db / 10.0)) == pytest.approx(1.0)
    assert np.array_equal(meant_db, mix("ada", kit_sound(), "rock", None)[1])
    assert not np.allclose(gains_db, meant_db)


def test_who_wants_more_kick_gets_more_kick() -> None:
    sound = kit_sound()

    def kick_db(name: str) -> float:
        meant_db = mix(name, sound, "rock", None)[1]
        return drum_db(sound, meant_db, "kick") - drum_db(sound, meant_db, "snare")

    assert kick_db("ada") == pytest.approx(0.0, abs=1.0)
    assert kick_db("gala") > kick_db("bo") > kick_db("ada") + 1.5
    assert kick_db("fumi") < kick_db("ada")


def test_a_style_is_heard_in_the_mix() -> None:
    sound = kit_sound()
    close = {
        style: mix("ada", sound, style, None)[1][1] - mix("ada", sound, style, None)[1][4]
        for style in ("jazz", "hip_hop")
    }
    assert close["hip_hop"] > close["jazz"] + 3.0


def test_a_drum_that_is_not_played_leaves_its_microphone_all_but_closed() -> None:
    played = mix("ada", kit_sound(), "rock", None)[1]
    absent = mix("ada", kit_sound(without=("tom_1",)), "rock", None)[1]
    assert absent[3] < played[3] - 6.0


def test_bleed_is_tamed_most_by_those_who_mind_it() -> None:
    clean, dirty = kit_sound(bleed=0.005), kit_sound(bleed=0.5)

    def lowered_db(name: str) -> float:
        """Return how far dirt lowers the microphone of the tom against the overheads."""
        before, after = (mix(name, sound, "rock", None)[1] for sound in (clean, dirty))
        return float((before[3] - before[4]) - (after[3] - after[4]))

    assert lowered_db("emeka") > lowered_db("cleo") + 1.0


def test_decisions_do_not_depend_on_one_number_alone() -> None:
    """The same change of a drum's level moves its microphone by other amounts, by how much of it is there already."""
    moved = []
    for gain in (0.25, 1.0, 4.0, 16.0):
        sound = kit_sound(bleed=0.1, louder={"hihat_closed": gain})
        meant_db = mix("ada", sound, "funk", None)[1]
        moved.append(meant_db[2] - meant_db[1])
    steps = np.diff(moved)
    assert np.ptp(steps) > 1.0


def test_two_kick_drums_share_the_room_of_one() -> None:
    recording_mics = (
        DrumMic.KICK_IN,
        DrumMic.KICK_IN,
        DrumMic.SNARE_TOP,
        DrumMic.OVERHEAD_LEFT,
        DrumMic.OVERHEAD_RIGHT,
    )
    own = (("kick",), ("kick_left",), ("snare", "snare_rest"), (), ())

    def levels_db(*feet: str) -> np.ndarray:
        rows = {"kick": [1.0, 0, 0, 0.1, 0.1], "kick_left": [0, 1.0, 0, 0.1, 0.1], "snare": [0.01, 0.01, 1.0, 0.5, 0.5]}
        energy = {name: np.array(rows[name]) for name in (*feet, "snare")}
        sound = KitSound(recording_mics, own, energy, energy, dict.fromkeys(energy, 0.5))
        return mix("ada", sound, "rock", None)[1]

    one, two = levels_db("kick"), levels_db("kick", "kick_left")
    assert (two[0] - two[2]) < (one[0] - one[2]) - 1.0
    assert two[1] == pytest.approx(two[0], abs=0.5)
    assert one[1] < one[0] - 10.0


@pytest.mark.parametrize(
    "sound",
    [
        KitSound(MICS, OWN, {}, {}, {}),
        kit_sound(without=("snare",)),
        kit_sound(without=("crash_left", "snare", "kick")),
        KitSound((DrumMic.KICK_IN,), (("kick",),), {"kick": np.ones(1)}, {"kick": np.ones(1)}, {"kick": 1.0}),
        KitSound((DrumMic.OVERHEAD_LEFT,), ((),), {"kick": np.zeros(1)}, {"kick": np.zeros(1)}, {"kick": 1.0}),
    ],
)
def test_odd_kits_get_a_balance(sound: KitSound) -> None:
    for name in ENGINEERS:
        for balance_db in mix(name, sound, "a style nobody knows", np.random.default_rng(0)):
            assert np.isfinite(balance_db).all()


def test_noise_is_as_stated() -> None:
    sound, rng = kit_sound(), np.random.default_rng(2)
    off_db = np.array([np.subtract(*mix("bo", sound, "rock", rng)) for _ in range(800)])
    # What is common to all is no decision: differences between microphones of two roles, and of one.
    apart = np.std(off_db[:, 0] - off_db[:, 1])
    assert apart == pytest.approx(np.sqrt(2.0 * (DECISION_DB**2 + FADER_DB**2)), rel=0.1)
    assert np.std(off_db[:, 4] - off_db[:, 5]) == pytest.approx(np.sqrt(2.0) * FADER_DB, rel=0.1)


@pytest.fixture(scope="module")
def meant(tmp_path_factory: pytest.TempPathFactory) -> dict[Role, np.ndarray]:
    """What every engineer means for 16 takes on the kit of noises: role to (n_values, n_engineers)."""
    kit = DrumKit.load(write_kit(tmp_path_factory.mktemp("kit")) / "drumkit")
    return _meant(kit, 16)


def _meant(kit: DrumKit, n: int) -> dict[Role, np.ndarray]:
    found: dict[Role, list[np.ndarray]] = {}
    for number in range(n):
        song = groove(number, 2)
        variation = draw_variation(kit, np.random.default_rng(number))
        recording = KitPlayer(kit, "ab"[number % 2]).play(song.window(0.0, 10.0), variation, 10.0)
        sound = KitSound.of(recording, _loudness_lufs(recording.audio, recording.rate_hz))
        balances = np.array([mix(name, sound, song.style, None)[1] for name in ENGINEERS])
        for mic, levels_db in zip(recording.microphones, balances.T, strict=True):
            found.setdefault(mic.role, []).append(levels_db)
    return {role: np.array(rows) for role, rows in found.items()}


def _loudness_lufs(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    found = []
    for row in audio:
        meter = LoudnessMeter(rate_hz, 1)
        meter.add(row[None])
        found.append(meter.result().integrated_lufs)
    return np.array(found)


def test_engineers_differ_and_so_do_songs(meant: dict[Role, np.ndarray]) -> None:
    for role, levels_db in meant.items():
        between_db = float(levels_db.std(axis=1, ddof=1).mean())
        assert 1.2 < between_db < 6.0, role
        assert levels_db.std(axis=0).mean() > 1.0, role


@pytest.mark.data
def test_on_the_recorded_kit_engineers_differ_as_published_and_songs_more(shared_data: Path) -> None:
    for role, levels_db in _meant(DrumKit.load(shared_data / "drumkit"), 10).items():
        assert 1.5 < float(levels_db.std(axis=1, ddof=1).mean()) < 5.5, role
        assert levels_db.std(axis=0).mean() > 2.0, role


def test_a_louder_recording_is_mixed_the_same(tmp_path: Path) -> None:
    kit = DrumKit.load(write_kit(tmp_path) / "drumkit")
    variation = draw_variation(kit, np.random.default_rng(1))
    song = groove(0, 2).window(0.0, 6.0)
    balances = []
    for preamp_db in (variation.preamp_db, variation.preamp_db[::-1] * 0.5):
        recording = KitPlayer(kit, "a").play(song, replace(variation, preamp_db=preamp_db), 6.0)
        sound = KitSound.of(recording, _loudness_lufs(recording.audio, recording.rate_hz))
        balances.append(mix("hugo", sound, "rock", None)[1])
    np.testing.assert_allclose(balances[0], balances[1], atol=0.2)
