"""The settings box: what is asked, what is understood, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from reaper_automix.reascript.preferences import CAPTIONS, Preferences, ask, from_stored


class Boxes:
    """Answers REAPER's input box with prepared entries; None cancels."""

    def __init__(self, *answers: list[str] | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Any, ...]] = []
        self.messages: list[str] = []

    def GetUserInputs(self, *arguments: Any) -> tuple[Any, ...]:
        self.asked.append(arguments)
        entries = self.answers.pop(0)
        return (int(entries is not None), *arguments[:3], "\n".join(entries or []), arguments[4])

    def ShowMessageBox(self, text: str, title: str, kind: int) -> int:
        self.messages.append(text)
        return 1


def test_the_box_shows_what_is_set_and_fits_reapers_sixteen_fields() -> None:
    boxes = Boxes(None)
    assert ask(boxes, Preferences(strength_percent=62.5, target="envelope")) is None
    _title, n_fields, captions, entries, _ = boxes.asked[0]
    assert n_fields == len(CAPTIONS) <= 16
    assert captions.split(",")[:n_fields] == list(CAPTIONS.values())
    assert "separator=\n" in captions
    assert entries.split("\n")[:2] == ["62.5", "envelope"]


def test_entries_may_be_shortened() -> None:
    chosen = ask(Boxes(["50 %", "Env", "t", "ALL", "s", "al", "ru", "le", "t", "n"]), Preferences())
    assert chosen == Preferences(50.0, "envelope", "trim", "all", "stock", "always", "rule", "learned", "take", "no")
    assert chosen.mix_settings().all_on_envelope
    assert chosen.mix_settings().rider == "rule"
    assert chosen.mix_settings().tone_take
    assert chosen.mix_settings().strip_source == "learned"
    assert chosen.mix_settings().ride_envelope == "Trim Volume"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["120", "fader", "volume", "all", "stock", "ask", "auto", "auto", "equaliser", "yes"], "0 to 100"),
        (["nan", "fader", "volume", "all", "stock", "ask", "auto", "auto", "equaliser", "yes"], "0 to 100"),
        (["50", "", "volume", "all", "stock", "ask", "auto", "auto", "equaliser", "yes"], "fader, envelope"),
        (["50", "fader", "volume", "all", "stock", "a", "auto", "auto", "equaliser", "yes"], "ask or always"),
    ],
)
def test_a_wrong_entry_is_told_and_asked_again(entries: list[str], said: str) -> None:
    boxes = Boxes(entries, None)
    assert ask(boxes, Preferences()) is None
    assert len(boxes.messages) == 1
    assert said in boxes.messages[0]
    assert boxes.asked[1][3].split("\n")[: len(entries)] == entries, "what was typed is not lost"


def test_what_was_stored_by_another_version_does_no_harm() -> None:
    assert from_stored({"strength_percent": "many", "target": "envelope", "colour": "red"}) == Preferences(
        target="envelope"
    )


def test_preferences_survive_being_stored() -> None:
    chosen = Preferences(33.0, "envelope", "trim", "all", "iem", "never", "lds")
    assert from_stored(chosen.to_data()) == chosen
