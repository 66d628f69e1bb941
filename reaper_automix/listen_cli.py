"""``reaper-automix listen``: pages on which mixes are compared blindly, and what came of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from reaper_automix.blind_test import making, results
from reaper_automix.blind_test.ratings_file import read_ratings
from reaper_automix.interruptions import naming_written
from reaper_automix.option_types import positive, time_s
from reaper_automix.terminal import Bars, Terminal, print_json, show_table

EXAMPLES = """examples:
  reaper-automix mix song.RPP --mixer balance --render balance.wav --dry-run
  reaper-automix mix song.RPP --mixer rides --render rides.wav --dry-run
  reaper-automix listen mine.wav balance.wav rides.wav         writes listen.html; --range 0:45 1:15 for a passage
  reaper-automix listen songs/*/ --out songs.html              folder by folder; same file name, same mixer
  reaper-automix listen --results listening-*.csv              what listeners made of them

Open the page in a browser: the mixes are called A, B, C in an order drawn anew each time, play equally loud, and
switch at the same place. When all are rated it saves a CSV file and says who was who. The page needs nothing but
itself: send it to others.
"""

_FILE_WIDTH = 200
"""Columns of a table that goes into a file, where nothing has to be broken."""


def add_listen_parser(parsers: Any) -> None:
    """Add ``listen`` to the parsers of the command line."""
    text = "make a page for comparing mixes blindly, or look at the results that such pages saved"
    parser: argparse.ArgumentParser = parsers.add_parser(
        "listen",
        help=text,
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_listen, wrong=parser.error)
    parser.add_argument(
        "mixes",
        type=Path,
        nargs="*",
        metavar="MIX",
        help="audio files: mixes of one song; or folders: each a song, with its mixes in it",
    )
    parser.add_argument("--results", type=Path, nargs="+", metavar="CSV", help="show what these files hold instead")
    _add_content(parser)
    parser.add_argument(
        "--out", type=Path, default=making.PageRequest(()).out, metavar="PAGE.html", help="(default: %(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary; errors only")
    parser.add_argument("--json", action="store_true", help="print what was made, or the results, as JSON")


def _add_content(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--range",
        nargs=2,
        type=time_s,
        metavar=("START", "END"),
        help="what is heard, in seconds or m:ss (default: all, or the loudest part of what there is room for)",
    )
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="MIX",
        help="a mix to be heard beside the others by that name; with folders, the file of this name in each",
    )
    parser.add_argument(
        "--hidden-anchor",
        action="store_true",
        help="hide a mix without anything above 3.5 kHz among the others: who does not hear that is not listening",
    )
    parser.add_argument("--title", default="Blind listening", help="(default: %(default)s)")
    parser.add_argument(
        "--question", default=making.DEFAULT_QUESTION, help="what listeners are asked (default: %(default)s)"
    )
    parser.add_argument(
        "--max-mb",
        type=positive,
        default=making.DEFAULT_MB,
        metavar="MB",
        help="how large the page may be (default: %(default)g)",
    )


def _listen(options: argparse.Namespace, console: Console) -> int:
    if bool(options.mixes) == bool(options.results):
        try:
            options.wrong("give two mixes of a song or more, or a folder per song; or --results with CSV files")
        except SystemExit:
            return 2
    return _show_results(options, console) if options.results else _make(options, console)


def _make(options: argparse.Namespace, console: Console) -> int:
    request = making.PageRequest(
        tuple(options.mixes),
        out=options.out,
        range_s=tuple(options.range) if options.range else None,
        reference=options.reference,
        hidden_anchor=options.hidden_anchor,
        title=options.title,
        question=options.question,
        most_mb=options.max_mb,
    )
    with Bars(console) as bars:
        made = making.make_page(request, bars)
    with naming_written([("Page", str(made.out))]):
        if options.json:
            print_json(making.made_data(made))
            return 0
        show_table(console, making.made_table(made))
        for note in made.notes:
            console.print(f"[yellow]note[/] {escape(note)}")
        size = f"{made.n_bytes / 1e6:.1f} MB, {made.bit_rate_kbps} kbit/s, everything at {made.loudness_lufs:.1f} LUFS"
        console.print(f"Page: {escape(str(made.out))} ({size}). Open it in a browser.")
        return 0


def _show_results(options: argparse.Namespace, console: Console) -> int:
    found = results.summarise(*read_ratings(options.results))
    if options.json:
        print_json(results.results_data(found))
        return 0
    output = Terminal(highlight=False, soft_wrap=True)
    if not output.is_terminal:
        output.width = _FILE_WIDTH
    show_table(output, results.mixers_table(found))
    output.print()
    show_table(output, results.differences_table(found))
    for note in found.notes:
        console.print(f"[yellow]note[/] {escape(note)}")
    return 0
