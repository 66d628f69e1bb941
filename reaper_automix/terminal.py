"""What the command line shows: progress bars, tables and receipts."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from reaper_automix.receipt import Receipt, Status

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal takes for orders (colours, titles, the cursor), or turns the direction of writing round."""

MOST_WARNINGS = 12
"""A terminal shows this many; the plan and the report hold all."""

NUMBER_WIDTH, TEXT_WIDTH = 20, 10
"""A column of numbers is this wide at most, and no column of text is squeezed below this in a narrow terminal."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A table as plain text: headings (those of numbers begin with ``>``) and rows."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Terminal(Console):
    """A console on which a name shows and does nothing: whoever named a track does not reach the terminal."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text as it is shown, markup done, control characters replaced."""
        return super().render_str(plain(text), **options)


def plain(text: str) -> str:
    """Return a text with a mark for each character that would control a terminal; line breaks and tabs stay."""
    return _CONTROLS.sub("\ufffd", text)


class Bars:
    """Progress bars, one per stage of the work; usable as a ``progress.Progress``."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[label]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,  # in a log they would leave an empty line
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, stage: str, done: float, total: float, label: str = "") -> None:
        """Show where a stage stands."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total, label="")
        shown = escape(" ".join(plain(label[:40]).split()))
        self._progress.update(self._tasks[stage], completed=int(done), total=max(int(total), 1), label=shown)


def show_table(console: Console, columns: Columns) -> None:
    """Show a table; names are shown as they are, markup in them has no effect."""
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(columns.headings):
        widest = max(len(text) for text in (heading, *(row[number] for row in columns.rows)))
        right = heading.startswith(">") and widest <= NUMBER_WIDTH  # settings in words wrap as text does
        room = widest if right else min(widest, TEXT_WIDTH)
        table.add_column(heading.lstrip(">"), justify="right" if right else "left", no_wrap=right, min_width=room)
    for row in columns.rows:
        table.add_row(*(escape(" ".join(cell.splitlines())) for cell in row))
    if columns.rows:
        console.print(table)


def show_receipt(
    console: Console, receipt: Receipt | None, warnings: Sequence[str], *, every_outcome: bool = False
) -> None:
    """Show what was written and what was not, and what the user should know."""
    if receipt is not None:
        counts = [f"{receipt.count(status)} {status.value}" for status in Status if receipt.count(status)]
        console.print(", ".join(counts) + "." if counts else "Nothing to write.")
        statuses = tuple(Status) if every_outcome else (Status.SKIPPED, Status.LEFT_ALONE)
        for outcome in receipt.with_status(*statuses):
            tail = f": {outcome.detail}" if outcome.detail else ""
            console.print(f"  {escape(outcome.track)}: {outcome.what} {outcome.status.value}{escape(tail)}")
        warnings = (*receipt.notes, *warnings)
    for warning in warnings[:MOST_WARNINGS]:
        console.print(f"[yellow]note[/] {escape(warning)}")
    if len(warnings) > MOST_WARNINGS:
        console.print(f"[yellow]note[/] and {len(warnings) - MOST_WARNINGS} more in the plan and the report")


def print_json(data: Any) -> None:
    """Print a result for programs; it is out when this returns, so that a full disk is noticed here."""
    if sys.stdout is not None:  # None: closed by the user
        text = json.dumps(data, indent=1, ensure_ascii=False)
        escaped = _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)  # in JSON they stand in strings only
        sys.stdout.write(escaped + "\n")
        sys.stdout.flush()
