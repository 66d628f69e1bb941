"""The commands of ``reaper-automix``: their options, and what they show."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from reaper_automix import __version__, commands
from reaper_automix.corpus_cli import add_corpus_parser
from reaper_automix.doctor import Check, doctor_lines, plain_words
from reaper_automix.errors import AutomixError
from reaper_automix.estimate_cli import add_estimate_parser
from reaper_automix.evaluate_cli import add_evaluate_parser
from reaper_automix.interruptions import naming_written
from reaper_automix.listen_cli import add_listen_parser
from reaper_automix.live_cli import add_live_parser
from reaper_automix.mix_options import (
    add_records,
    add_roles,
    add_scope,
    add_settings,
    run_inspect,
    run_mix,
    settings_of,
    show_mixed,
)
from reaper_automix.option_types import time_s
from reaper_automix.terminal import Bars, Terminal, print_json, show_receipt
from reaper_automix.train_cli import add_train_parser

EXAMPLES = """examples:
  reaper-automix mix song.RPP --mixer balance            writes song-automix.RPP beside it
  reaper-automix mix stems/ --out mix.RPP --render mix.wav --report mix.html
  reaper-automix mix song.RPP --tracks "Vox*" 3-7 --range 0:32 1:04 --strength 60
  reaper-automix inspect song.RPP                        tracks, roles, loudness, what would be skipped
  reaper-automix revert song-automix.RPP                 takes everything back
  reaper-automix live mix --strength 60                  the project that is open in REAPER
"""


def run(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, run the command, and return the exit code.

    Raises
    ------
    OutputLost
        If standard output takes no more; whatever was asked for has been done.
    """
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said all there is to say: help, version or wrong usage
        return end.code if isinstance(end.code, int) else 1
    console = Terminal(stderr=True, quiet=getattr(options, "quiet", False), highlight=False, soft_wrap=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if not options.debug else "default")
            command: Callable[[argparse.Namespace, Console], int] = options.run
            return command(options, console)
    except AutomixError as error:
        if options.debug:
            raise
        Terminal(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]refused:[/] {escape(str(error))}")
        return 1


# --- the parser ----------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reaper-automix",
        description="Automatic mixing for REAPER: reads a session, predicts a mix from its audio, and writes faders "
        "and a few editable envelope points into a new project that the engineer refines.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"reaper-automix {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the full traceback of an error")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_mix(parsers)
    _add_apply(parsers)
    _add_revert(parsers)
    _add_render(parsers)
    _add_inspect(parsers)
    add_live_parser(parsers)
    add_corpus_parser(parsers)
    add_train_parser(parsers)
    add_evaluate_parser(parsers)
    add_estimate_parser(parsers)
    add_listen_parser(parsers)
    _add_demo(parsers)
    _add_doctor(parsers)
    return parser


Subparsers = Any


def _command(parsers: Subparsers, name: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parsers.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary; errors only")
    return parser


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", type=Path, metavar="SESSION", help="an .RPP project, or a folder of audio files")


def _add_mix(parsers: Subparsers) -> None:
    parser = _command(parsers, "mix", _mix, "plan a mix and write it into a new project")
    _add_session(parser)
    add_scope(
        parser,
        tracks="after SESSION: names, patterns with *, numbers, ranges 3-7, or 'selected' "
        "(default: all that belong to a balance)",
        range_="mix only this time, in seconds or m:ss; faders stay then, the level goes on the envelopes",
    )
    add_roles(parser)
    add_settings(parser)
    _add_target(parser)
    add_records(parser)
    parser.add_argument("--render", type=Path, metavar="MIX.wav", help="also write a preview of the mix")
    parser.add_argument("--dry-run", action="store_true", help="show the moves, write no project")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_target(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--out", type=Path, metavar="OUT.RPP", help="the project to write (default: <name>-automix.RPP)")
    group.add_argument("--in-place", action="store_true", help="write the session itself; a .bak copy is kept")


def _add_apply(parsers: Subparsers) -> None:
    parser = _command(parsers, "apply", _apply, "write a plan, perhaps edited by hand, into a session")
    parser.add_argument("plan", type=Path, metavar="PLAN.json")
    _add_session(parser)
    _add_target(parser)
    parser.add_argument("--json", action="store_true", help="print the receipt as JSON")


def _add_revert(parsers: Subparsers) -> None:
    text = "take back everything that automix wrote into a project; what you changed since stays"
    parser = _command(parsers, "revert", _revert, text)
    parser.add_argument("session", type=Path, metavar="SESSION", help="an .RPP project; a .bak copy is kept")
    parser.add_argument("--out", type=Path, metavar="OUT.RPP", help="write another file and leave SESSION as it is")
    parser.add_argument("--json", action="store_true", help="print the receipt as JSON")


def _add_render(parsers: Subparsers) -> None:
    text = "mix a session to a stereo WAV offline: faders, envelopes, pans, folders and sends, without plug-ins"
    parser = _command(parsers, "render", _render, text)
    _add_session(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="MIX.wav")
    parser.add_argument("--range", nargs=2, type=time_s, metavar=("START", "END"), help="only this time")
    parser.add_argument("--json", action="store_true", help="print the measured loudness as JSON")


def _add_inspect(parsers: Subparsers) -> None:
    text = "show tracks, roles, loudness, range and peaks, and what would be skipped and why"
    parser = _command(parsers, "inspect", _inspect, text)
    _add_session(parser)
    parser.add_argument("--json", action="store_true", help="print as JSON")


def _add_demo(parsers: Subparsers) -> None:
    parser = _command(parsers, "demo", _demo, "make a short song of our own and mix it: project, plan, WAV and report")
    parser.add_argument("--out", type=Path, default=Path("automix-demo"), metavar="DIR", help="(default: %(default)s)")


def _add_doctor(parsers: Subparsers) -> None:
    text = "check Python, packages, REAPER, models and write access: what works, and what to do about what does not"
    parser = _command(parsers, "doctor", _doctor, text)
    parser.epilog = "Exit code: 0 all that is needed works (notes are no failure), 1 there is a problem, 2 usage."
    parser.add_argument("--resource-path", type=Path, metavar="DIR", help="REAPER's resource folder, if portable")
    parser.add_argument("--json", action="store_true", help="print name, status, detail, why and next_step as JSON")


def _mix(options: argparse.Namespace, console: Console) -> int:
    request = commands.MixRequest(
        session=options.session,
        mixer=options.mixer,
        settings=settings_of(options),
        wanted=tuple(options.tracks),
        roles=tuple(options.role),
        range_s=tuple(options.range) if options.range else None,
        out=options.out,
        in_place=options.in_place,
        dry_run=options.dry_run,
        plan=options.plan,
        render=options.render,
        report=options.report,
        report_audio=not options.no_report_audio,
    )
    return run_mix(options, console, lambda progress, outputs: commands.mix(request, progress, outputs=outputs))


def _apply(options: argparse.Namespace, console: Console) -> int:
    receipt, path = commands.apply(options.plan, options.session, out=options.out, in_place=options.in_place)
    return _show_written(options, console, receipt, path)


def _revert(options: argparse.Namespace, console: Console) -> int:
    receipt, path = commands.revert(options.session, out=options.out)
    return _show_written(options, console, receipt, path)


def _show_written(options: argparse.Namespace, console: Console, receipt: Any, path: Path) -> int:
    with naming_written([("Project", str(path))]):
        if options.json:
            print_json({"path": str(path), **commands.receipt_data(receipt)})
            return 0
        show_receipt(console, receipt, (), every_outcome=True)
        console.print(f"Project: {escape(str(path))}")
        return 0


def _render(options: argparse.Namespace, console: Console) -> int:
    with Bars(console) as bars:
        measured = commands.render_to_wav(
            options.session, options.out, tuple(options.range) if options.range else None, bars
        )
    with naming_written([("Preview", str(options.out))]):
        if options.json:
            print_json(measured)
            return 0
        levels = f"{measured['loudness_lufs']} LUFS, true peak {measured['true_peak_dbtp']} dBTP"
        console.print(f"{escape(str(options.out))}: {levels}")
        return 0


def _inspect(options: argparse.Namespace, console: Console) -> int:
    return run_inspect(options, console, lambda progress: commands.inspect(options.session, progress))


def _demo(options: argparse.Namespace, console: Console) -> int:
    written: list[tuple[str, str]] = []
    with naming_written(written):
        with Bars(console) as bars:
            mixed = commands.demo(options.out, bars, outputs=written)
        show_mixed(console, mixed)
        return 0


def _doctor(options: argparse.Namespace, _: Console) -> int:
    checks = commands.doctor(options.resource_path)
    if options.json:
        print_json([asdict(check) for check in checks])
    elif not options.quiet:
        _show_checks(checks)
    return 1 if any(check.status == "problem" for check in checks) else 0


def _show_checks(checks: tuple[Check, ...]) -> None:
    output = Terminal(highlight=False, soft_wrap=True)
    styles = {"ok": "green", "note": "yellow", "problem": "bold red"}
    for mark, line in doctor_lines(checks):
        output.print(f"[{styles.get(mark, 'none')}]{mark:>7}[/]  {escape(line)}")
    output.print(escape(plain_words(checks)))
