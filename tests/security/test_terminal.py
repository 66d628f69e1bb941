"""A name that is full of orders to a terminal or a spreadsheet shows, and does nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reaper_automix import cli
from reaper_automix.blind_test import page as blind_page
from reaper_automix.errors import AutomixError
from reaper_automix.receipt import Outcome, Receipt, Status
from reaper_automix.terminal import Columns, Terminal, plain, print_json, show_receipt, show_table

ESCAPES = (
    "\x1b]0;owned\x07",  # the title of the window
    "\x1b[2J\x1b[H",  # an empty screen
    "\x1b[31m",
    "\x1b]52;c;ZXZpbA==\x07",  # the clipboard
    "\x9b2J",
    "\x1bP+q\x1b\\",
    "\r\x1b[Krefused: nothing",
    "\x08\x08\x08",
    "\u202egpj.exe",
    "\u2066hidden\u2069",
    "\x7f",
    "\ud800",
)


def console() -> Terminal:
    """A console as a terminal has it, whose output can be read."""
    return Terminal(file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False, soft_wrap=True)


def shown(on: Terminal) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def orders(text: str) -> list[str]:
    """Return the control characters in a text, without rich's own colours and styles."""
    import re

    rest = re.sub("\x1b\\[[0-9;]*m", "", text)
    return [c for c in rest if c != "\n" and plain(c) != c]


@pytest.mark.parametrize("name", ESCAPES)
def test_tables_receipts_and_messages_hold_no_orders(name: str) -> None:
    on = console()
    show_table(on, Columns(("Track", f"What {name}"), ((f"Vox {name}", "[bold]fader[/]"), ("two\nlines", ""))))
    receipt = Receipt((Outcome(f"Vox {name}", "fader", Status.SKIPPED, name),), (name,))
    show_receipt(on, receipt, (f"a note of {name}",), every_outcome=True)
    on.print(f"[bold red]refused:[/] {name}")
    assert orders(shown(on).replace("\x1b[31m", "") if name == "\x1b[31m" else shown(on)) == []
    assert "\x1b[31m" not in shown(on).replace("\x1b[1;31m", "")
    assert "two lines" in shown(on)
    assert "[bold]fader[/]" in shown(on)


def test_json_for_programs_holds_every_name_and_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"names": list(ESCAPES), "plain": "Söng 音"})
    printed = capsys.readouterr().out
    assert orders(printed) == []
    assert json.loads(printed) == {"names": list(ESCAPES), "plain": "Söng 音"}


Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_command_line_shows_hostile_files_and_folders(run: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2Jb"
    folder.mkdir()
    for number, name in enumerate(("Kick\x1b]0;owned\x07", "Bass\u202e", "=cmd|' !A1", "[bold]Vox")):
        soundfile.write(folder / f"{name}.wav", 0.1 * np.random.default_rng(number).standard_normal(32000), 16000)
    for words in (("mix", folder, "--dry-run"), ("inspect", folder), ("mix", folder, "--dry-run", "--json")):
        code, out, err = run(*words)
        assert code == 0, err
        assert orders(out) == orders(err) == []
        assert "[bold]Vox" in out + err or "--json" in words
    for words in (("mix", tmp_path / "no\x1b[2Jthing.RPP"), ("mix", folder, "--tracks", "none\x1b[2J")):
        code, out, err = run(*words)
        assert code == 1
        assert orders(out) == orders(err) == []


def test_ratings_are_saved_so_that_a_spreadsheet_computes_nothing() -> None:
    """The page writes the file; what it does to a cell is read off its source here, and run in the page's own tests."""
    source = (Path(blind_page.__file__).parent / "sheet.js").read_text("utf-8")
    start = source.index("function cell")
    assert all(character in source[start : start + 400] for character in "=+-@")


def test_an_error_keeps_its_words(run: Cli, tmp_path: Path) -> None:
    code, _, err = run("inspect", tmp_path / "[red]none[/].RPP")
    assert code == 1
    assert "[red]none[/].RPP" in err.replace("\n", "")
    assert issubclass(AutomixError, Exception)
