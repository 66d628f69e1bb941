"""``reaper-automix evaluate``: how far a mixer is from what humans did, beside the baselines."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from rich.console import Console
from rich.markup import escape

from reaper_automix.errors import INSTALL_TRAINING, ModelError
from reaper_automix.files import write_text_whole
from reaper_automix.terminal import Bars

EXAMPLES = """examples:
  reaper-automix evaluate balance --data corpora --json result.json --picture result.png
  reaper-automix evaluate balance --data corpora --json result.json --roles names     as a session would know them
  reaper-automix evaluate rides --data corpora --json rides.json --picture figures/   tables and figures of the paper
"""

SEED = 4


def add_evaluate_parser(parsers: Any) -> None:
    """Add ``evaluate`` to the parsers of the command line."""
    text = "judge a mixer on songs with known human levels, beside the baselines"
    parser: argparse.ArgumentParser = parsers.add_parser(
        "evaluate",
        help=text,
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_evaluate)
    parser.add_argument("mixer", choices=("balance", "rides"), help="which mixer")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder whose subfolders are corpora")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the result goes")
    parser.add_argument("--picture", type=Path, metavar="P", help="also draw it: a .png (rides: a folder for figures)")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="rides: where single experiments are kept, to go on after a stop"
    )
    parser.add_argument("--corpora", nargs="+", default=(), metavar="NAME", help="which corpora (default: all)")
    parser.add_argument(
        "--roles",
        choices=("corpus", "names"),
        default="corpus",
        help="balance: who is who, as the corpus says or as the track names say (default: %(default)s)",
    )
    parser.add_argument("--forest", action="store_true", help="balance: judge a forest on the same features (slower)")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="of the levels shown and the draws (default: %(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no table; errors only")


def _evaluate(options: argparse.Namespace, console: Console) -> int:
    try:
        importlib.import_module(
            "reaper_automix.evaluating_rides" if options.mixer == "rides" else "reaper_automix.evaluating"
        )
    except ImportError as error:
        raise ModelError(
            f"evaluating needs packages that are not installed ({error.name}). {INSTALL_TRAINING}"
        ) from None
    judge = _rides if options.mixer == "rides" else _balance
    text, written = judge(options, console)
    if not options.quiet and sys.stdout is not None:
        sys.stdout.write(text + "\n")
    for path in (options.json, *written):
        console.print(f"Written: {escape(str(path))}")
    return 0


def _balance(options: argparse.Namespace, console: Console) -> tuple[str, list[Path]]:
    """Judge the balance; return its table and the pictures written."""
    from reaper_automix import evaluating

    request = evaluating.EvaluationRequest(
        options.data,
        corpora=tuple(options.corpora),
        roles_from_names=options.roles == "names",
        forest=options.forest,
        seed=options.seed,
    )
    with Bars(console) as bars:
        evaluation = evaluating.evaluate_balance(request, bars)
    _write(options.json, evaluating.evaluation_data(request, evaluation))
    if options.picture:
        evaluating.draw(evaluation, options.picture)
    return evaluating.table_of(evaluation), [options.picture] if options.picture else []


def _rides(options: argparse.Namespace, console: Console) -> tuple[str, list[Path]]:
    """Judge the rides; return their tables and the pictures written."""
    from reaper_automix import evaluating_rides

    work = options.work or user_cache_path("reaper-automix", appauthor=False) / "experiments"
    request = evaluating_rides.RidesRequest(options.data, work, tuple(options.corpora), options.seed)
    with Bars(console) as bars:
        evaluation = evaluating_rides.evaluate_rides(request, bars)
    _write(options.json, evaluation.data)
    drawn = evaluating_rides.draw_figures(evaluation, options.picture) if options.picture else []
    return evaluating_rides.tables_of(evaluation.data), drawn


def _write(path: Path, data: dict[str, Any]) -> None:
    write_text_whole(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
