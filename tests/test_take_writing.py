"""Which items can have a new take, and what an engineer is told of those that cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reaper_automix.session import Item, Source, Take
from reaper_automix.take_writing import take_problem

PLAYED = Take("{T1}", "Kick", Source("WAVE", "kick.wav"))
ITEM = Item("{I}", 0.0, 2.0, takes=(PLAYED,))


def test_an_item_that_plays_one_file_can_have_one() -> None:
    assert take_problem(ITEM) == ""
    assert take_problem(replace(ITEM, takes=(replace(PLAYED, id="{T0}", n_effects=3), PLAYED), active_take=1)) == ""


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (replace(ITEM, play_all_takes=True), "plays all its takes at once"),
        (replace(ITEM, takes=()), "active take is empty"),
        (replace(ITEM, active_take=3), "active take is empty"),
        (replace(ITEM, takes=(replace(PLAYED, source=Source("EMPTY", None)),)), "active take is empty"),
        (replace(ITEM, takes=(replace(PLAYED, id=""),)), "rendered its track"),
        (replace(ITEM, takes=(replace(PLAYED, n_stretch_markers=2),)), "stretch markers (2); glue it"),
        (replace(ITEM, takes=(replace(PLAYED, n_effects=1),)), "plug-ins of its own (1); glue it"),
    ],
)
def test_another_cannot_and_the_next_step_is_named(item: Item, words: str) -> None:
    assert words in take_problem(item)
