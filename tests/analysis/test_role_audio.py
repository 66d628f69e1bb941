"""What a track sounds like in numbers, and who the classifier says it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix import models_folder
from reaper_automix.analysis.role_audio import (
    FORMAT,
    NAME,
    Forest,
    RoleClassifier,
    heard_as,
    load_role_classifier,
)
from reaper_automix.analysis.role_features import FEATURES, hear_role_features
from reaper_automix.analysis.roles import Role, RoleSource
from reaper_automix.errors import ModelError

RATE_HZ = 44100
Audio = NDArray[np.float32]


def _tone(hz: float, *, length_s: float = 3.0, rate_hz: int = RATE_HZ) -> Audio:
    times_s = np.arange(round(length_s * rate_hz)) / rate_hz
    waves = sum(np.sin(2 * np.pi * hz * k * times_s) / k for k in range(1, 6))
    return (0.1 * np.asarray(waves, np.float32))[None].astype(np.float32)


def _clicks(*, decay_s: float = 0.03) -> Audio:
    rng = np.random.default_rng(1)
    step = RATE_HZ // 2
    hit = rng.standard_normal(step).astype(np.float32) * np.exp(-np.arange(step) / (decay_s * RATE_HZ))
    return np.tile(0.3 * hit, 8)[None].astype(np.float32)


def _heard(audio: Audio, rate_hz: int = RATE_HZ, block: int = 65536) -> dict[str, float]:
    blocks = [audio[:, at : at + block] for at in range(0, audio.shape[1], block)]
    features = hear_role_features(blocks, rate_hz)
    assert features is not None
    assert np.isfinite(features).all()
    return dict(zip(FEATURES, features.tolist(), strict=True))


@pytest.mark.parametrize("audio", [_tone(220.0), _clicks()], ids=["tone", "clicks"])
@pytest.mark.parametrize("gain_db", [-30.0, 12.0])
def test_a_gain_changes_nothing(audio: Audio, gain_db: float) -> None:
    louder = audio * np.float32(10.0 ** (gain_db / 20.0))
    assert _heard(louder) == pytest.approx(_heard(audio), abs=0.02)


def test_blocks_and_sides_change_nothing() -> None:
    audio = _clicks()
    whole = _heard(audio, block=audio.shape[1])
    assert _heard(audio, block=999) == pytest.approx(whole, abs=1e-4)
    assert _heard(np.repeat(audio, 2, axis=0)) == pytest.approx(whole, abs=1e-4)


@pytest.mark.parametrize("hz", [70.0, 110.0, 220.0, 440.0, 880.0])
@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_the_pitch_of_a_tone(hz: float, rate_hz: int) -> None:
    heard = _heard(_tone(hz, rate_hz=rate_hz), rate_hz)
    assert 2.0 ** heard["pitch_octaves"] == pytest.approx(hz, rel=0.005)
    assert heard["voiced_share"] > 0.95
    assert heard["steady_share"] > 0.95


def test_a_drum_is_no_tone() -> None:
    drum, tone = _heard(_clicks()), _heard(_tone(220.0))
    assert drum["onsets_per_s"] > tone["onsets_per_s"]
    assert drum["drop_100ms_db"] > tone["drop_100ms_db"] + 10.0
    assert drum["flatness_db"] > tone["flatness_db"] + 10.0


@pytest.mark.parametrize("n_samples", [0, 100, RATE_HZ * 3])
def test_silence_and_next_to_nothing_say_nothing(n_samples: int) -> None:
    assert hear_role_features([np.zeros((2, n_samples), np.float32)], RATE_HZ) is None


def _stump(shares: tuple[float, ...]) -> Forest:
    """A tree that asks whether the crest is up to 12 dB: yes gives these shares, no gives them backwards."""
    index = FEATURES.index("crest_db")
    return Forest(
        feature=np.asarray([index, -1, -1], np.int16),
        threshold=np.asarray([12.0, 0.0, 0.0], np.float32),
        below=np.asarray([1, 1, 2], np.int32),
        above=np.asarray([2, 1, 2], np.int32),
        shares=np.asarray([shares, shares, shares[::-1]], np.float32),
        roots=np.asarray([0], np.int32),
    )


CLASSES = (Role.BASS, Role.KICK, Role.SNARE)


def _features(crest_db: float) -> NDArray[np.float32]:
    features = np.zeros(len(FEATURES), np.float32)
    features[FEATURES.index("crest_db")] = crest_db
    return features


def test_a_sure_answer_names_its_share() -> None:
    classifier = RoleClassifier(_stump((0.7, 0.2, 0.1)), CLASSES, {Role.BASS: 0.6}, 0.9)
    role = classifier.role_of(_features(5.0))
    assert (role.role, role.source, role.evidence) == (Role.BASS, RoleSource.AUDIO, "sounds like bass, 70% sure")


def test_some_drum_where_the_drums_together_are_sure() -> None:
    classifier = RoleClassifier(_stump((0.05, 0.5, 0.45)), CLASSES, {Role.KICK: 0.6}, 0.9)
    assert classifier.role_of(_features(5.0)).role is Role.DRUMS


def test_unknown_says_what_it_leans_to() -> None:
    classifier = RoleClassifier(_stump((0.5, 0.3, 0.2)), CLASSES, {Role.BASS: 0.6}, 0.9)
    role = classifier.role_of(_features(5.0))
    assert role.role is None
    assert role.evidence == "sounds like bass, but only 50% sure"


def test_a_class_without_a_threshold_is_never_believed() -> None:
    classifier = RoleClassifier(_stump((1.0, 0.0, 0.0)), CLASSES, {}, 0.9)
    assert classifier.role_of(_features(5.0)).role is None


def test_silence_is_unknown() -> None:
    classifier = RoleClassifier(_stump((0.7, 0.2, 0.1)), CLASSES, {Role.BASS: 0.6}, 0.9)
    role = classifier.hear([np.zeros((1, RATE_HZ), np.float32)], RATE_HZ)
    assert role.role is None
    assert "hardly anything sounds" in role.evidence


def test_what_roles_sound_like() -> None:
    assert heard_as(Role.BACKING_VOCAL) is Role.LEAD_VOCAL
    assert heard_as(Role.FX) is None
    assert heard_as(Role.KICK) is Role.KICK


def test_the_shipped_classifier_hears() -> None:
    classifier = load_role_classifier()
    role = classifier.hear([_clicks()], RATE_HZ)
    assert role.source is RoleSource.AUDIO
    assert sum(classifier.shares(_features(10.0)).values()) == pytest.approx(1.0, abs=1e-4)
    assert set(classifier.sure_share) <= set(classifier.classes)


def test_the_card_of_the_shipped_classifier() -> None:
    card = models_folder.load_card(NAME, FORMAT)
    assert card["features"] == list(FEATURES)
    assert not [s for s in card["training_data"] if "NC" in s["licence"]]
    assert {"lmms", "songs", "drumkit", "raw-tracks", "raw-and-mix"} <= set(card["scores"])


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(models_folder.models_folder() / NAME, tmp_path / NAME)
    monkeypatch.setattr(models_folder, "CANDIDATES", (tmp_path,))
    return tmp_path / NAME


def _load_again() -> RoleClassifier:
    load_role_classifier.cache_clear()
    try:
        return load_role_classifier()
    finally:
        load_role_classifier.cache_clear()


def test_changed_weights_are_refused(copied: Path) -> None:
    weights = copied / "weights.npz"
    weights.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(ModelError, match=r"is not the file that model\.json describes"):
        _load_again()


def test_a_model_for_other_features_is_refused(copied: Path) -> None:
    card = json.loads((copied / "model.json").read_text("utf-8"))
    card["features"] = card["features"][1:]
    (copied / "model.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelError, match="was fitted to other features"):
        _load_again()


def test_missing_weights_are_named(copied: Path) -> None:
    (copied / "weights.npz").unlink()
    with pytest.raises(ModelError, match=r"weights\.npz"):
        _load_again()
