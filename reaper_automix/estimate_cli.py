"""``reaper-automix estimate``: the faders and rides hidden in a finished mix, as a plan for its session."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from reaper_automix import estimating
from reaper_automix.analysis.gain_estimation import METHODS
from reaper_automix.interruptions import naming_written
from reaper_automix.mix_options import add_envelopes, add_report
from reaper_automix.settings import RIDE_ENVELOPES, MixSettings
from reaper_automix.terminal import Bars, print_json, show_receipt, show_table

EXAMPLES = """examples:
  reaper-automix estimate stems/ master.wav                 writes stems-estimated.RPP beside the folder
  reaper-automix estimate song.RPP master.wav --dry-run     the gains and rides, nothing written
  reaper-automix estimate song.RPP master.wav --tracks Vox --plan vox.json --picture gains.png

It listens where each track lies in the mix (offset, lag, polarity), fits the mix by the tracks every half second, and
smooths the gains. A track that was not moved comes out as one number, a ride as an envelope. What the mix did besides
(equalisers, compressors, reverbs) cannot be read as a gain: the residual says how much that is. By waveforms, with
-20 dB and less, gains are good to about a tenth of a dB; by power spectra of processed tracks, to about one.
"""


def add_estimate_parser(parsers: Any) -> None:
    """Add ``estimate`` to the parsers of the command line."""
    text = "find the faders and rides hidden in a finished mix, and write them into a new project"
    parser: argparse.ArgumentParser = parsers.add_parser(
        "estimate",
        help=text,
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_estimate)
    parser.add_argument(
        "session", type=Path, metavar="SESSION", help="the tracks: an .RPP project, or a folder of stems"
    )
    parser.add_argument("mix", type=Path, metavar="MIX", help="the finished mix, an audio file of any rate and format")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="auto",
        help="compare waveforms (exact where the mix is little more than gains), power spectra (processed mixes) or "
        "magnitude spectra (as published); auto looks at what waveforms leave (default: %(default)s)",
    )
    parser.add_argument(
        "--tracks",
        nargs="+",
        default=(),
        metavar="TRACK",
        help="after MIX: write these only; all the others are looked for as well (default: all)",
    )
    add_envelopes(parser)
    _add_outputs(parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="OUT.RPP", help="the project to write (default: <name>-estimated.RPP)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the gains, write no project")
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help="also write the plan")
    add_report(parser)
    parser.add_argument("--picture", type=Path, metavar="P.png", help="also draw the gains over time")
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary; errors only")
    parser.add_argument("--json", action="store_true", help="print the gains of every window as JSON")


def _estimate(options: argparse.Namespace, console: Console) -> int:
    request = estimating.EstimateRequest(
        session=options.session,
        mix=options.mix,
        method=options.method,
        settings=MixSettings(
            all_on_envelope=options.all_on_envelope,
            ride_envelope=RIDE_ENVELOPES[options.ride_envelope],
            max_error_db=options.max_error_db,
        ),
        wanted=tuple(options.tracks),
        out=options.out,
        dry_run=options.dry_run,
        plan=options.plan,
        report=options.report,
        report_audio=not options.no_report_audio,
        picture=options.picture,
    )
    written: list[tuple[str, str]] = []
    with naming_written(written):
        with Bars(console) as bars:
            estimated = estimating.estimate(request, bars, outputs=written)
        if options.json:
            print_json(estimating.estimated_data(estimated))
            return 0
        show_table(console, estimating.estimated_table(estimated))
        show_receipt(console, estimated.receipt, estimated.planned.plan.warnings)
        for label, path in estimated.outputs:
            console.print(f"{label}: {escape(path)}")
        return 0
