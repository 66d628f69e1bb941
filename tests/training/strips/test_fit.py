"""Training of the controller on songs whose mix follows a rule that can be learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from synthetic_strip_songs import GAINS_DB, PANS, made_song

from reaper_automix.training.strips import fit as training
from reaper_automix.training.strips.controller import Shape
from reaper_automix.training.strips.fit import Recipe, divided, fit

SMALL = Shape((4, 6, 8, 8), (16, 8))
QUICK = Recipe("quick", 10, 4, 2, shape=SMALL)
SONGS = [made_song(number) for number in range(9)]


@pytest.fixture(autouse=True)
def _short_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EPOCH_PATCHES", 8)
    monkeypatch.setattr(training, "BATCH_TRACKS", 8)


def test_a_rule_is_learned_through_the_console_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EPOCH_PATCHES", 60)
    monkeypatch.setattr(training, "BATCH_TRACKS", 32)
    songs = [made_song(number, mono=True) for number in range(9)]
    fitted = fit(Recipe("rule", 20, 0, 3, 2e-3, SMALL), songs[:8], seed=2)
    losses = [row[1] for row in fitted.curve]
    assert min(losses) < 0.5 * losses[0]
    answer = fitted.controller.predict(songs[8].heard)
    assert np.corrcoef(answer.gains_db, list(GAINS_DB.values()))[0, 1] > 0.9


def test_known_gains_and_pans_are_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "FIRST_RATE", 5e-3)
    fitted = fit(replace(QUICK, known_steps=150, epochs=0), SONGS[:8], seed=1)
    answer = fitted.controller.predict(SONGS[8].heard)
    wanted = np.array(list(GAINS_DB.values()))
    assert np.abs(answer.gains_db - wanted + wanted.mean()).mean() < 3.0
    assert np.abs(np.abs(answer.pans) - np.abs(list(PANS.values()))).mean() < 0.25


def test_the_same_seed_gives_the_same_controller_and_another_one_another() -> None:
    one, same, other = (fit(QUICK, SONGS[:4], seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.curve, same.curve)
    np.testing.assert_array_equal(
        one.controller.predict(SONGS[0].heard).pans, same.controller.predict(SONGS[0].heard).pans
    )
    assert one.curve[-1] != other.curve[-1]


def test_a_run_that_was_stopped_goes_on_as_it_would_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit(QUICK, SONGS[:4], 3)
    told: list[str] = []

    def stop(line: str) -> None:
        told.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(QUICK, SONGS[:4], 3, tmp_path / "state.pt", stop)
    monkeypatch.setattr(training, "learn_roles", None)  # what came before is not done again
    resumed = fit(QUICK, SONGS[:4], 3, tmp_path / "state.pt", told.append)
    assert len(told) == 2
    np.testing.assert_array_equal(resumed.curve, whole.curve)
    heard = SONGS[0].heard
    np.testing.assert_array_equal(resumed.controller.predict(heard).gains_db, whole.controller.predict(heard).gains_db)


def test_a_state_of_another_recipe_is_not_gone_on_from(tmp_path: Path) -> None:
    fit(replace(QUICK, epochs=1), SONGS[:4], 3, tmp_path / "state.pt")
    other = fit(replace(QUICK, name="other", epochs=1), SONGS[:4], 3, tmp_path / "state.pt")
    assert len(other.curve) == 2


def test_the_rate_is_halved_where_nothing_is_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "PATIENCE_EPOCHS", 0)
    monkeypatch.setattr(training, "_validation_loss", lambda *_: 1.0)
    rates = [row[2] for row in fit(replace(QUICK, known_steps=0), SONGS[:4], 3).curve]
    assert rates == pytest.approx([3e-4, 3e-4, 1.5e-4])


def test_songs_to_look_at_are_not_learned_from() -> None:
    learned, held_out = divided(SONGS, 0)
    assert len(held_out) == 1
    assert {s.key for s in learned}.isdisjoint(s.key for s in held_out)
    assert len(learned) + 1 == len(SONGS)
    assert divided(SONGS[:3], 0)[0] == divided(SONGS[:3], 0)[1]


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="licence"):
        fit(QUICK, [], 0)
