"""Microphones by ear: features that no gain changes, all tracks assigned at once, a model that is checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from reaper_automix.analysis import drum_mic_audio
from reaper_automix.analysis.drum_mic_audio import (
    KINDS,
    MicModel,
    contradictions,
    kind_of,
    load_mic_model,
    propose_mics,
)
from reaper_automix.analysis.drum_mic_features import (
    FEATURES,
    Heard,
    coherence_of,
    features_of,
    hear_together,
    is_stereo,
    lags_ms,
    pitches_hz,
)
from reaper_automix.errors import ModelError
from reaper_automix.role_vocabulary import DrumMic

Audio = NDArray[np.float32]
RATE_HZ = 44_100
CLOSE = (DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.HIHAT, DrumMic.TOM_1, DrumMic.TOM_2)


def _drum(pitch_hz: float, every_s: float, first_s: float, seed: int, rate_hz: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    dry = np.zeros(12 * rate_hz)
    time_s = np.arange(round(0.2 * rate_hz)) / rate_hz
    for start_s in np.arange(first_s, 11.5, every_s):
        at = round(start_s * rate_hz)
        tone = np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-time_s / 0.05)
        click = rng.standard_normal(time_s.size) * np.exp(-time_s / 0.01)
        hit = 0.1 * click + tone if pitch_hz < 1000 else signal.lfilter([1, -1], [1], click)
        dry[at : at + time_s.size] += (0.5 + 0.4 * rng.random()) * hit
    return dry


def synthetic_kit(rate_hz: int = RATE_HZ) -> list[Audio]:
    """Five close microphones with bleed, overheads 3 ms later, a room 12 ms later."""
    drums = [
        _drum(60.0, 1.0, 0.1, 1, rate_hz),
        _drum(190.0, 1.0, 0.6, 2, rate_hz),
        _drum(8000.0, 0.25, 0.1, 3, rate_hz),
        _drum(150.0, 3.0, 1.3, 4, rate_hz),
        _drum(100.0, 3.0, 2.3, 5, rate_hz),
    ]
    noise = np.random.default_rng(9)
    everything = np.sum(drums, axis=0)
    tracks = [dry + 0.05 * np.roll(everything, round(0.0015 * rate_hz)) for dry in drums]
    for ms, gains in ((3.0, (1, 1, 2, 1.5, 0.4)), (3.3, (1, 1, 1, 0.5, 1.6)), (12.0, (1.5, 1, 1, 1, 1))):
        far = np.sum([g * dry for g, dry in zip(gains, drums, strict=True)], axis=0)
        tracks.append(0.5 * np.roll(far, round(ms / 1000 * rate_hz)))
    echo = noise.standard_normal(round(0.3 * rate_hz)) * np.exp(-np.arange(round(0.3 * rate_hz)) / (0.1 * rate_hz))
    tracks[-1] += 0.3 * signal.lfilter([0.1], [1, -0.9], signal.fftconvolve(tracks[-1], echo / 30)[: tracks[-1].size])
    return [(t + 1e-4 * noise.standard_normal(t.size))[None].astype(np.float32) for t in tracks]


@pytest.fixture(scope="module")
def kit() -> list[Audio]:
    return synthetic_kit()


@pytest.fixture(scope="module")
def heard(kit: list[Audio]) -> Heard:
    return hear_together(kit, RATE_HZ)


def test_no_gain_is_heard(kit: list[Audio], heard: Heard) -> None:
    gains = (0.05, 1.0, 3.0, 0.3, 0.7, 2.0, 1.5, 0.1)
    moved = hear_together([np.float32(g) * one for g, one in zip(gains, kit, strict=True)], RATE_HZ)
    np.testing.assert_allclose(features_of(moved), features_of(heard), atol=0.1)


def test_the_rate_changes_little(heard: Heard) -> None:
    other = features_of(hear_together(synthetic_kit(48_000), 48_000))
    kept = [i for i, name in enumerate(FEATURES) if name.startswith(("typical", "loud", "lag")) and "12000" not in name]
    assert np.median(np.abs(other - features_of(heard))[:, kept]) < 1.0


def test_close_microphones_lead_and_rooms_come_last(heard: Heard) -> None:
    later_ms = lags_ms(heard)
    assert max(later_ms[:5]) < min(later_ms[5:7])
    assert max(later_ms[5:7]) < later_ms[7]


def test_toms_are_ordered_by_pitch_and_an_unplayed_one_has_none(kit: list[Audio], heard: Heard) -> None:
    pitch_hz = pitches_hz(heard)
    assert pitch_hz[3] == pytest.approx(150.0, rel=0.1)
    assert pitch_hz[4] == pytest.approx(100.0, rel=0.1)
    unplayed = hear_together([*kit, np.float32(0.03) * kit[5]], RATE_HZ)
    assert pitches_hz(unplayed)[-1] == 0.0


def test_strangers_have_nothing_in_common(kit: list[Audio]) -> None:
    rng = np.random.default_rng(2)
    stranger = rng.standard_normal(kit[0].shape).astype(np.float32)
    common = coherence_of(hear_together([*kit, stranger], RATE_HZ)) - np.eye(len(kit) + 1)
    assert common[-1].max() < drum_mic_audio.OF_ONE_KIT
    assert common[:-1].max(axis=1).min() > 3 * drum_mic_audio.OF_ONE_KIT


def test_stereo_is_two_channels_that_differ() -> None:
    rng = np.random.default_rng(0)
    two = rng.standard_normal((2, 1000)).astype(np.float32)
    assert is_stereo(two)
    assert not is_stereo(two[:1])
    assert not is_stereo(np.tile(two[:1], (2, 1)))
    assert not is_stereo(np.zeros((2, 0), np.float32))


@pytest.mark.parametrize("n_samples", [0, 100, 3000])
def test_short_and_silent_audio_is_heard_as_nothing(n_samples: int) -> None:
    found = hear_together([np.zeros((1, n_samples), np.float32)] * 3, RATE_HZ)
    assert not found.sounds.any()
    assert np.isfinite(features_of(found)).all()
    proposals = propose_mics(found, [0, 1, 2], {}, _model(np.zeros((1, len(FEATURES)))))
    assert all(p.mics == () and "hardly anything" in p.doubt for p in proposals.values())


def _model(rows: NDArray[np.float64], kinds: tuple[DrumMic, ...] = tuple(KINDS)) -> MicModel:
    means = np.resize(rows, (len(kinds), len(FEATURES)))
    return MicModel(kinds, means, np.full(len(FEATURES), 3.0), np.eye(len(FEATURES)))


KINDS_HERE = (DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.HIHAT, DrumMic.TOM_1, DrumMic.OVERHEAD_LEFT, DrumMic.ROOM)


@pytest.fixture(scope="module")
def model(heard: Heard) -> MicModel:
    """What this kit sounds like, one row per kind."""
    rows = features_of(heard)
    return _model(np.stack([rows[0], rows[1], rows[2], rows[3:5].mean(0), rows[5:7].mean(0), rows[7]]), KINDS_HERE)


def test_all_tracks_are_assigned_together(heard: Heard, model: MicModel) -> None:
    found = propose_mics(heard, range(8), {}, model)
    kinds = [kind_of(found[i].mics[0]) for i in range(8)]
    assert kinds[:5] == [DrumMic.KICK_IN, DrumMic.SNARE_TOP, DrumMic.HIHAT, DrumMic.TOM_1, DrumMic.TOM_1]
    assert [found[3].mics, found[4].mics] == [(DrumMic.TOM_1,), (DrumMic.TOM_2,)]
    assert [found[5].mics, found[6].mics] == [(DrumMic.OVERHEAD_LEFT,), (DrumMic.OVERHEAD_RIGHT,)]
    assert "in the order of the tracks" in found[5].doubt
    assert found[7].mics == (DrumMic.ROOM,)


def test_what_names_have_taken_is_not_given_again(heard: Heard, model: MicModel) -> None:
    named = {1: DrumMic.SNARE_TOP, 3: DrumMic.TOM_1, 5: DrumMic.OVERHEAD_LEFT}
    found = propose_mics(heard, [0, 2, 4, 6, 7], named, model)
    assert found[4].mics == (DrumMic.TOM_2,)
    assert found[6].mics == (DrumMic.OVERHEAD_RIGHT,)
    assert found[6].doubt == ""


def test_a_stereo_track_is_a_pair(kit: list[Audio], model: MicModel) -> None:
    stereo = hear_together([*kit[:5], np.concatenate(kit[5:7]), kit[7]], RATE_HZ)
    found = propose_mics(stereo, range(7), {}, model)
    assert found[5].mics == (DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)


def test_a_print_and_a_copy_are_no_microphones(kit: list[Audio], model: MicModel) -> None:
    printed = np.sum([0.4 * one for one in kit[:6]], axis=0).astype(np.float32)
    found = propose_mics(hear_together([*kit, printed], RATE_HZ), [8], dict(enumerate(CLOSE)), model)
    assert found[8].mics == ()
    assert "a sum of the other tracks" in found[8].evidence
    copied = propose_mics(hear_together([*kit, kit[1]], RATE_HZ), [8], dict(enumerate(CLOSE)), model)
    assert "a copy of another track" in copied[8].evidence


def test_one_of_a_coincident_pair_is_no_print(kit: list[Audio], model: MicModel) -> None:
    near = 0.97 * kit[6] + 0.2 * kit[5]
    found = propose_mics(hear_together([*kit[:5], kit[6], near, kit[7]], RATE_HZ), range(8), {}, model)
    assert {found[5].mics, found[6].mics} == {(DrumMic.OVERHEAD_LEFT,), (DrumMic.OVERHEAD_RIGHT,)}


def test_a_lone_track_is_not_judged(kit: list[Audio], model: MicModel) -> None:
    found = propose_mics(hear_together(kit[:1], RATE_HZ), [0], {}, model)
    assert found[0].mics == ()
    assert "no other microphone" in found[0].doubt


def test_names_are_doubted_only_where_the_sound_speaks_against_them(heard: Heard, model: MicModel) -> None:
    right = dict(enumerate(CLOSE)) | {5: DrumMic.OVERHEAD_LEFT, 6: DrumMic.OVERHEAD_RIGHT, 7: DrumMic.ROOM}
    assert contradictions(heard, right, model) == {}
    exchanged = right | {0: DrumMic.HIHAT, 2: DrumMic.KICK_IN}
    doubts = contradictions(heard, exchanged, model)
    assert {0, 2} <= doubts.keys()
    assert "named as kick_in, but sounds like hihat" in doubts[2]
    assert contradictions(heard, {0: DrumMic.RIDE, 2: DrumMic.HIHAT}, model) == {}


@pytest.fixture
def _no_cache() -> Iterator[None]:
    load_mic_model.cache_clear()
    yield
    load_mic_model.cache_clear()


@pytest.mark.usefixtures("_no_cache")
def test_a_damaged_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(card: dict[str, object], why: str) -> None:
        monkeypatch.setattr(drum_mic_audio, "load_card", lambda name, form: card)
        with pytest.raises(ModelError, match=why):
            load_mic_model()

    refused({"features": ["level_db"]}, "fitted to other features")
    refused({"features": list(FEATURES), "kinds": ["kick_in"]}, "damaged")
    wrong = {"features": list(FEATURES), "kinds": ["kick_in"], "means": [[0.0]], "spread": [1.0], "precision": [[1.0]]}
    refused(wrong, "its arrays have shapes")


def test_the_shipped_model_hears_thirteen_minutes_of_microphones_fast(kit: list[Audio]) -> None:
    minute = [np.tile(one, (1, 5)) for one in [*kit, *kit[:5]]]
    minute = [one + np.float32(1e-4) * np.float32(i) for i, one in enumerate(minute)]
    start_s = perf_counter()
    found = hear_together(minute, RATE_HZ)
    proposals = propose_mics(found, range(13), {}, load_mic_model())
    assert len(proposals) == 13
    # 1 s on a quiet machine; the bound is for a busy one.
    assert perf_counter() - start_s < 15.0
