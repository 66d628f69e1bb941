"""Fitting the classifier of roles: the arrays say what the fitted trees say, and thresholds keep their promise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.role_audio import RoleClassifier
from reaper_automix.analysis.role_features import FEATURES
from reaper_automix.analysis.roles import Role
from reaper_automix.errors import CorpusError
from reaper_automix.training.role_drumkit import DrumKit

pytest.importorskip("sklearn", reason="needs scikit-learn (pip install reaper-automix[train])")

from sklearn.ensemble import ExtraTreesClassifier

from reaper_automix.training import role_fit
from reaper_automix.training.role_examples import Example, examples_of_kit, weights_of
from reaper_automix.training.role_fit import Judged
from reaper_automix.training.roles import packed

ROLES = (Role.BASS, Role.KICK, Role.LEAD_VOCAL)


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_fit, "N_TREES", 12)


def _examples(authors: Sequence[str] = ("a", "b", "c"), *, n_tracks: int = 6) -> list[Example]:
    """Tracks whose first features say their class, whoever made them."""
    rng = np.random.default_rng(3)
    found = []
    for author in authors:
        for number in range(n_tracks):
            role = ROLES[number % len(ROLES)]
            features = rng.standard_normal(len(FEATURES)).astype(np.float32)
            features[:8] += 6.0 * ROLES.index(role)
            found.append(Example("x", author, "CC0-1.0", author, f"{number}", role, True, True, features))
    return found


def test_the_arrays_answer_as_the_fitted_trees_do() -> None:
    examples = _examples()
    features = np.stack([e.features for e in examples])
    model = ExtraTreesClassifier(20, min_samples_leaf=2, random_state=0).fit(features, [e.role.value for e in examples])
    forest = role_fit.to_arrays(model)
    ours = np.stack([forest.predict(row) for row in features])
    np.testing.assert_allclose(ours, model.predict_proba(features), atol=1e-5)


def test_packing_twice_gives_the_same_bytes() -> None:
    forest, _ = role_fit.fit(_examples())
    assert packed(forest) == packed(role_fit.fit(_examples())[0])


def test_each_author_is_judged_by_trees_that_never_saw_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    fit = role_fit.fit

    def watched(examples: Sequence[Example]) -> object:
        seen.append({e.author for e in examples})
        return fit(examples)

    monkeypatch.setattr(role_fit, "fit", watched)
    judged = list(role_fit.leave_authors_out(_examples()))
    assert seen == [{"b", "c"}, {"a", "c"}, {"a", "b"}]
    assert role_fit.accuracy(judged) == 1.0


def test_a_track_counts_once_however_many_parts_it_has() -> None:
    one, two = _examples(("a",), n_tracks=2)
    weights = weights_of([one, two, two, two])
    assert weights[0] == pytest.approx(weights[1:].sum())


def _judged(best: Role, share: float, label: Role) -> Judged:
    shares = {best: share} | {role: (1.0 - share) / 2.0 for role in ROLES if role is not best}
    return Judged("x", "a", label, shares)


def test_a_threshold_lies_where_answers_begin_to_fail() -> None:
    right = [_judged(Role.BASS, 0.9 - 0.01 * k, Role.BASS) for k in range(10)]
    wrong = [_judged(Role.BASS, 0.6 - 0.01 * k, Role.KICK) for k in range(5)]
    assert role_fit.sure_shares([*right, *wrong])[Role.BASS] == pytest.approx(0.6, abs=0.011)


def test_no_threshold_for_a_class_that_is_rarely_right_or_rarely_seen() -> None:
    guessed = [_judged(Role.BASS, 0.9, Role.BASS if k % 2 else Role.KICK) for k in range(20)]
    rare = [_judged(Role.KICK, 0.9, Role.KICK)] * 2
    assert role_fit.sure_shares([*guessed, *rare]) == {}


def test_answers_count_unknown_apart_and_any_drum_as_drums() -> None:
    classifier = RoleClassifier(role_fit.fit(_examples())[0], ROLES, {Role.BASS: 0.7}, 0.5)
    judged = [
        _judged(Role.BASS, 0.8, Role.BASS),
        _judged(Role.BASS, 0.5, Role.BASS),
        _judged(Role.KICK, 0.8, Role.KICK),
    ]
    assert role_fit.answer_scores(judged, classifier) == {"tracks": 3, "answered": 2, "right_of_answered": 1.0}
    assert "unknown" in role_fit.confusion_lines(judged, classifier)[0]


@pytest.fixture
def kit(tmp_path: Path) -> DrumKit:
    rng = np.random.default_rng(0)
    hit = (
        np.repeat(rng.standard_normal((4410, 1)), 2, axis=1).astype(np.float32)
        * np.linspace(0.5, 0.0, 4410, dtype=np.float32)[:, None]
    )
    hit[:, 1] *= 0.1
    (tmp_path / "samples").mkdir()
    (tmp_path / "performances").mkdir()
    soundfile.write(tmp_path / "samples" / "kick.wav", hit, 44100, subtype="FLOAT")
    times = "\n".join(f"{k * 0.5},kick,0.5" for k in range(20))
    (tmp_path / "performances" / "a.csv").write_text(
        f"time_s,instrument,velocity\n{times}\n1.0,tambourine,1\n", "utf-8"
    )
    manifest = {
        "author": "A. Drummer (mapping: B)",
        "licence": "CC-BY-4.0",
        "sample_rate": 44100,
        "channels": [{"mic": "kick", "role": "kick_in"}, {"mic": "room", "role": "room"}],
        "instruments": [
            {"instrument": "kick", "hits": [{"file": "samples/kick.wav", "velocity_range": [0.0, 1.0]}]},
        ],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return DrumKit.load(tmp_path)


def test_a_kit_plays_into_all_its_microphones(kit: DrumKit) -> None:
    mics = list(kit.play(kit.performances[0]))
    assert [(m.name, m.role) for m in mics] == [("kick", Role.KICK), ("room", Role.DRUMS)]
    np.testing.assert_allclose(mics[1].audio, 0.1 * mics[0].audio, atol=1e-6)
    examples = list(examples_of_kit(kit))
    assert {(e.author, e.role) for e in examples} == {("A. Drummer", Role.KICK), ("A. Drummer", Role.DRUMS)}


def test_a_folder_without_a_kit_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no drum kit"):
        DrumKit.load(tmp_path)
