"""``reaper-automix live``: the commands for the project that is open in REAPER, and what they show."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from reaper_automix import commands, live_commands
from reaper_automix.interruptions import naming_written
from reaper_automix.mixers.registry import MIXERS
from reaper_automix.option_types import percent, positive, time_s
from reaper_automix.receipt import Receipt
from reaper_automix.settings import MixSettings
from reaper_automix.terminal import Bars, show_receipt, show_table

EXAMPLES = """examples:
  reaper-automix live mix                                the selected tracks, within the time selection
  reaper-automix live mix --tracks "*" --strength 60     every track that can be mixed, not all the way
  reaper-automix live mix --dry-run --report mix.html    plan and report only
  reaper-automix live revert                             takes everything back

In REAPER, run the action 'Automix remote control' first. One Ctrl+Z there takes a mix back.
"""


def add_live_parser(parsers: Any) -> None:
    """Add ``live`` and its commands to the parsers of the command line."""
    text = "mix, inspect or revert the project that is open in REAPER"
    parser: argparse.ArgumentParser = parsers.add_parser(
        "live",
        help=text,
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands_of = parser.add_subparsers(dest="live_command", required=True, metavar="COMMAND")
    _add_mix(commands_of)
    _command(commands_of, "inspect", _inspect, "show tracks, roles, loudness, and what would be skipped and why")
    _command(commands_of, "revert", _revert, "take back what automix wrote; what you changed since stays")


def run_live(options: argparse.Namespace, console: Console) -> int:
    """Run one of the commands and return its exit code.

    Raises
    ------
    AutomixError
        If it cannot be done; the message says why, and the next step.
    """
    doing: Callable[[argparse.Namespace, Console], int] = options.run_live
    return doing(options, console)


def _command(parsers: Any, name: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parsers.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run_live, run_live=run)
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary; errors only")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _add_mix(parsers: Any) -> None:
    parser = _command(parsers, "mix", _mix, "plan a mix of the open project and write it there in one undo step")
    parser.add_argument("--mixer", choices=tuple(MIXERS), default="balance", help="who decides (default: %(default)s)")
    parser.add_argument(
        "--tracks",
        nargs="+",
        default=(),
        metavar="TRACK",
        help="names, patterns with *, numbers, ranges 3-7 (default: the selected ones; none selected: all that belong "
        "to a balance)",
    )
    parser.add_argument(
        "--range",
        nargs=2,
        type=time_s,
        metavar=("START", "END"),
        help="mix only this time, in seconds or m:ss; faders stay then (default: the time selection, or everything)",
    )
    parser.add_argument(
        "--strength",
        type=percent,
        default=100.0,
        metavar="0..100",
        help="how far every move goes, in percent (default: 100)",
    )
    parser.add_argument(
        "--balance", choices=("auto", "equal", "roles", "learned"), default="auto", help="as for 'mix' (default: auto)"
    )
    parser.add_argument("--all-on-envelope", action="store_true", help="leave the faders, put levels on the envelopes")
    parser.add_argument("--max-error-db", type=positive, default=0.5, metavar="DB", help="as for 'mix' (0.5)")
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help="also write the plan")
    parser.add_argument("--report", type=Path, metavar="REPORT.html", help="also write a report to look at")
    parser.add_argument("--dry-run", action="store_true", help="show the moves, write nothing into the project")


def _mix(options: argparse.Namespace, console: Console) -> int:
    settings = MixSettings(
        strength_percent=options.strength,
        all_on_envelope=options.all_on_envelope,
        max_error_db=options.max_error_db,
        balance=options.balance,
    )
    request = live_commands.LiveMixRequest(
        mixer=options.mixer,
        settings=settings,
        wanted=tuple(options.tracks),
        range_s=tuple(options.range) if options.range else None,
        dry_run=options.dry_run,
        plan=options.plan,
        report=options.report,
    )
    written: list[tuple[str, str]] = []
    with naming_written(written):
        with Bars(console) as bars:
            mixed = live_commands.mix(request, bars, outputs=written)
        if options.json:
            _print_json(commands.mixed_data(mixed))
            return 0
        show_table(console, commands.mixed_table(mixed))
        show_receipt(console, mixed.receipt, mixed.planned.plan.warnings)
        for label, path in mixed.outputs:
            console.print(f"{label}: {escape(path)}")
        return 0


def _inspect(options: argparse.Namespace, console: Console) -> int:
    with Bars(console) as bars:
        inspected = live_commands.inspect(bars)
    if options.json:
        _print_json(inspected.data())
        return 0
    output = Console(highlight=False, soft_wrap=True)
    for line in inspected.heading():
        output.print(escape(line))
    show_table(output, inspected.table())
    for line in inspected.remarks():
        output.print(escape(line))
    return 0


def _revert(options: argparse.Namespace, console: Console) -> int:
    receipt: Receipt = live_commands.revert()
    if options.json:
        _print_json(commands.receipt_data(receipt))
        return 0
    if not receipt.outcomes:
        console.print("There is nothing of Automix to take back in this project.")
    else:
        show_receipt(console, receipt, (), every_outcome=True)
    return 0


def _print_json(data: Any) -> None:
    if sys.stdout is not None:  # None: closed by the user
        sys.stdout.write(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
