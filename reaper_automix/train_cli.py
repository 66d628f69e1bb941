"""``reaper-automix train``: fit a model to corpora, judge its recipe on authors left out, write it with its card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from reaper_automix.errors import INSTALL_TRAINING, ModelError
from reaper_automix.terminal import Bars

EXAMPLES = """examples:
  reaper-automix train rides --data corpora --out models/rides
  reaper-automix train balance --data corpora --out models/balance
"""


def add_train_parser(parsers: Any) -> None:
    """Add ``train`` to the parsers of the command line."""
    text = "fit a mixer's model to human mixes, and judge it on authors it has not seen"
    parser: argparse.ArgumentParser = parsers.add_parser(
        "train",
        help=text,
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_train)
    parser.add_argument("mixer", choices=("balance", "rides"), help="whose model")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder whose subfolders are corpora")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where model.json and the weights go")
    parser.add_argument("--corpora", nargs="+", default=(), metavar="NAME", help="which corpora (default: all)")
    parser.add_argument("--quiet", action="store_true", help="no progress, no table; errors only")


def _train(options: argparse.Namespace, console: Console) -> int:
    try:
        from reaper_automix import fitting
    except ImportError as error:
        raise ModelError(f"training needs packages that are not installed ({error.name}). {INSTALL_TRAINING}") from None
    with Bars(console) as bars:
        table = fitting.fit(options.mixer, options.data, tuple(options.corpora), options.out, bars)
    if not options.quiet and sys.stdout is not None:
        sys.stdout.write(table + "\n")
    console.print(f"Written: {escape(str(options.out))}")
    return 0
