"""Tables in narrow terminals: every column can be read."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reaper_automix.terminal import Columns, show_table

SETTINGS = "low shelf +0.1 dB at 105 Hz (Q 0.71), +0.2 dB at 332 Hz (Q 0.81), -0.1 dB at 1.55 kHz (Q 0.79)"
MOVES = Columns(
    ("Track", "What", ">Before", ">After", "Why"),
    (
        ("Kick In", "fader", "-6.5 dB", "-4.2 dB", "+4.5 LU beside the average track"),
        ("Kick In", "equaliser (ReaEQ)", "", SETTINGS, "its tone is that of the role"),
    ),
)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_settings_in_words_leave_the_other_columns_room(width: int) -> None:
    shown = io.StringIO()
    show_table(Console(file=shown, width=width), MOVES)
    words = shown.getvalue().split()
    assert "…" not in shown.getvalue(), "nothing is cut off"
    for text in ("Kick", "(ReaEQ)", "-6.5", "332", "average", "role"):
        assert text in words, "whole words, not one letter per line"


def test_numbers_stand_to_the_right_on_one_line() -> None:
    shown = io.StringIO()
    show_table(Console(file=shown, width=80), Columns((">LUFS", "Track"), (("-9.0", "a"), ("-23.0", "b"))))
    assert shown.getvalue().splitlines() == [" LUFS  Track", " -9.0  a    ", "-23.0  b    "]
