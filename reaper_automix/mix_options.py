"""What the commands for a project file and for the open project share: options of a mix, and what is shown."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from reaper_automix import commands
from reaper_automix.inspecting import Inspected
from reaper_automix.interruptions import naming_written
from reaper_automix.mixers.registry import MIXERS
from reaper_automix.option_types import percent, positive, time_s
from reaper_automix.plugins.registry import SUITES
from reaper_automix.progress import Progress
from reaper_automix.role_overrides import RoleWish, parse_role_option
from reaper_automix.settings import (
    BALANCES,
    RIDE_ENVELOPES,
    RIDERS,
    STRIP_SOURCES,
    STRIP_STEPS,
    VOCAL_LEVELS,
    VOCAL_REVERBS,
    VOCAL_STEPS,
    MixSettings,
)
from reaper_automix.terminal import Bars, Terminal, print_json, show_receipt, show_table


def add_scope(parser: argparse.ArgumentParser, *, tracks: str, range_: str) -> None:
    """Add who decides, about which tracks and which time; the two texts say what holds by default."""
    parser.add_argument("--mixer", choices=tuple(MIXERS), default="balance", help="who decides (default: %(default)s)")
    parser.add_argument("--tracks", nargs="+", default=(), metavar="TRACK", help=tracks)
    parser.add_argument("--range", nargs=2, type=time_s, metavar=("START", "END"), help=range_)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add how far moves go, and where they are written."""
    parser.add_argument(
        "--strength",
        type=percent,
        default=100.0,
        metavar="0..100",
        help="how far every move goes, in percent (default: 100)",
    )
    parser.add_argument(
        "--balance",
        choices=BALANCES,
        default="auto",
        help="equal loudness for every track, by role, or learned from human mixes; auto takes what is proven on "
        "unseen authors, where most names say a role (default: auto)",
    )
    parser.add_argument(
        "--rides",
        choices=RIDERS,
        default="auto",
        help="who rides in the mixer 'rides': rule evens the loudness of each track out, lds is learned from human "
        "rides; auto takes what is proven on unseen authors (default: auto)",
    )
    parser.add_argument(
        "--ride-range-db", type=positive, default=5.0, metavar="DB", help="how far a ride goes up or down (5)"
    )
    parser.add_argument("--keep-pans", action="store_true", help="the mixers 'drums' and 'strips' set no pans")
    parser.add_argument(
        "--keep-polarity", action="store_true", help="the mixers 'drums' and 'strips' invert no polarity"
    )
    add_vocal(parser)
    add_strips(parser)
    add_tone(parser)
    parser.add_argument(
        "--plugins",
        choices=SUITES,
        default="stock",
        help="REAPER's own plug-ins, or those of the IEM suite where they fit (default: stock)",
    )
    add_envelopes(parser)


def add_vocal(parser: argparse.ArgumentParser) -> None:
    """Add what the mixer 'vocal' does."""
    parser.add_argument(
        "--level",
        choices=VOCAL_LEVELS,
        default="auto",
        help="how loud the mixer 'vocal' puts the lead against everything else: -0.5 LU by the published rule, as "
        "usual in human mixes (one number), by its role, by the learned balance, or by a network; auto takes what errs "
        "least against unseen humans (default: auto)",
    )
    parser.add_argument(
        "--while-sung",
        action="store_true",
        help="the mixer 'vocal' compares the lead with everything else only while somebody sings: loud parts without a "
        "voice do not count",
    )
    parser.add_argument(
        "--vocal-steps",
        nargs="+",
        choices=VOCAL_STEPS,
        default=VOCAL_STEPS,
        metavar="STEP",
        help=f"what the mixer 'vocal' does, of {', '.join(VOCAL_STEPS)} (default: all)",
    )
    parser.add_argument(
        "--reverb",
        choices=VOCAL_REVERBS,
        default="send",
        help="a send to one bus, or the published insert, 60 %% wet (default: send)",
    )


def add_strips(parser: argparse.ArgumentParser) -> None:
    """Add what the mixer 'strips' does."""
    parser.add_argument(
        "--strips",
        choices=STRIP_SOURCES,
        default="auto",
        help="who suggests the channel strips of the mixer 'strips': usual is what tracks of a role have in human "
        "mixes, learned is a network that listens to every track and to all of them together; auto takes what is "
        "proven on unseen authors (default: auto)",
    )
    parser.add_argument(
        "--strip-steps",
        nargs="+",
        choices=STRIP_STEPS,
        default=STRIP_STEPS,
        metavar="STEP",
        help=f"what of a strip is written, of {', '.join(STRIP_STEPS)}; the level makes up for the loudness of what is "
        "left out (default: all)",
    )


def add_envelopes(parser: argparse.ArgumentParser) -> None:
    """Add where levels and rides are written, and how closely."""
    parser.add_argument("--all-on-envelope", action="store_true", help="leave the faders, put levels on the envelopes")
    parser.add_argument(
        "--ride-envelope",
        choices=tuple(RIDE_ENVELOPES),
        default="volume",
        help="where rides go: Volume (Trim Volume where that holds automation), or always Trim Volume",
    )
    parser.add_argument(
        "--max-error-db", type=positive, default=0.5, metavar="DB", help="how far thinned points may be off (0.5)"
    )


def add_tone(parser: argparse.ArgumentParser) -> None:
    """Add what the mixer 'tone' does."""
    parser.add_argument(
        "--take",
        action="store_true",
        help="the mixer 'tone' renders what its network plays as a new take of each item, in the project's media "
        "folder, and sets no equaliser there (the tone would count twice); the takes that are there stay",
    )


def add_roles(parser: argparse.ArgumentParser) -> None:
    """Add who is who, where the names are wrong or silent."""
    parser.add_argument(
        "--role",
        nargs="+",
        type=role_wish,
        default=(),
        metavar="TRACK=ROLE",
        help='who a track is, such as "Lead 2=synth" or "T7=snare_top"; the project remembers it ("=auto" forgets)',
    )


def role_wish(text: str) -> RoleWish:
    """Read ``TRACK=ROLE``.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    try:
        return parse_role_option(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_records(parser: argparse.ArgumentParser) -> None:
    """Add what else may be written."""
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help="also write the plan")
    add_report(parser)


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add the report, and whether it can be listened to."""
    parser.add_argument("--report", type=Path, metavar="REPORT.html", help="also write a report to look at and hear")
    parser.add_argument(
        "--no-report-audio",
        action="store_true",
        help="the report holds no sound; else it holds a short excerpt of the mix and of every track, before and "
        "after, which whoever gets the file can hear",
    )


def settings_of(options: argparse.Namespace) -> MixSettings:
    """Return the settings that the options of ``add_settings`` mean."""
    return MixSettings(
        strength_percent=options.strength,
        all_on_envelope=options.all_on_envelope,
        ride_envelope=RIDE_ENVELOPES[options.ride_envelope],
        max_error_db=options.max_error_db,
        balance=options.balance,
        rider=options.rides,
        ride_range_db=options.ride_range_db,
        sets_pans=not options.keep_pans,
        flips_polarity=not options.keep_polarity,
        vocal_level=options.level,
        vocal_while_sung=options.while_sung,
        vocal_steps=tuple(step for step in VOCAL_STEPS if step in options.vocal_steps),
        vocal_reverb=options.reverb,
        strip_source=options.strips,
        strip_steps=tuple(step for step in STRIP_STEPS if step in options.strip_steps),
        tone_take=options.take,
        plugins=options.plugins,
    )


def run_mix(
    options: argparse.Namespace,
    console: Console,
    mix: Callable[[Progress, list[tuple[str, str]]], commands.Mixed],
) -> int:
    """Have a mix made, which is given what hears of its progress and a list for the files it writes; show it."""
    written: list[tuple[str, str]] = []
    with naming_written(written):
        with Bars(console) as bars:
            mixed = mix(bars, written)
        if options.json:
            print_json(commands.mixed_data(mixed))
        else:
            show_mixed(console, mixed)
        return 0


def run_inspect(options: argparse.Namespace, console: Console, inspect: Callable[[Progress], Inspected]) -> int:
    """Have a session inspected, and show it."""
    with Bars(console) as bars:
        inspected = inspect(bars)
    if options.json:
        print_json(inspected.data())
        return 0
    output = Terminal(highlight=False, soft_wrap=True)
    for line in inspected.heading():
        output.print(escape(line))
    show_table(output, inspected.table())
    for line in inspected.remarks():
        output.print(escape(line))
    return 0


def show_mixed(console: Console, mixed: commands.Mixed) -> None:
    """Show what a mix did: the table of moves, the receipt, and the files."""
    show_table(console, commands.mixed_table(mixed))
    show_receipt(console, mixed.receipt, mixed.planned.plan.warnings)
    for label, path in mixed.outputs:
        console.print(f"{label}: {escape(path)}")
