"""``reaper-automix live``: the commands for the project that is open in REAPER, and what they show."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from rich.console import Console

from reaper_automix import commands, live_commands
from reaper_automix.mix_options import add_records, add_scope, add_settings, run_inspect, run_mix, settings_of
from reaper_automix.receipt import Receipt
from reaper_automix.terminal import print_json, show_receipt

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
    add_scope(
        parser,
        tracks="names, patterns with *, numbers, ranges 3-7 (default: the selected ones; none selected: all that "
        "belong to a balance)",
        range_="mix only this time, in seconds or m:ss; faders stay then (default: the time selection, or everything)",
    )
    add_settings(parser)
    add_records(parser)
    parser.add_argument("--dry-run", action="store_true", help="show the moves, write nothing into the project")


def _mix(options: argparse.Namespace, console: Console) -> int:
    request = live_commands.LiveMixRequest(
        mixer=options.mixer,
        settings=settings_of(options),
        wanted=tuple(options.tracks),
        range_s=tuple(options.range) if options.range else None,
        dry_run=options.dry_run,
        plan=options.plan,
        report=options.report,
        report_audio=not options.no_report_audio,
    )
    return run_mix(options, console, lambda progress, outputs: live_commands.mix(request, progress, outputs=outputs))


def _inspect(options: argparse.Namespace, console: Console) -> int:
    return run_inspect(options, console, live_commands.inspect)


def _revert(options: argparse.Namespace, console: Console) -> int:
    receipt: Receipt = live_commands.revert()
    if options.json:
        print_json(commands.receipt_data(receipt))
        return 0
    if not receipt.outcomes:
        console.print("There is nothing of Automix to take back in this project.")
    else:
        show_receipt(console, receipt, (), every_outcome=True)
    return 0
