"""``reaper-automix corpus``: which corpora there are, what is in one, and building the GM MIDI corpus."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from rich.console import Console
from rich.markup import escape

from reaper_automix.option_types import positive
from reaper_automix.terminal import Bars, Columns, Terminal, show_table
from reaper_automix.training.corpora.contract import CorpusSong, Finding
from reaper_automix.training.corpora.registry import CORPORA, corpus_named

BUILT = "gm-midi"

EXAMPLES = """examples:
  reaper-automix corpus list
  reaper-automix corpus check lmms DATA/lmms             missing and damaged files, songs, tracks, licences
  reaper-automix corpus build gm-midi --out DIR          fetches the songs, renders stems; stop and go on at will
"""


def add_corpus_parser(parsers: Any) -> None:
    """Add ``corpus`` and its commands to the parsers of the command line."""
    text = "human mixing decisions to learn from: list, check, build"
    parser: argparse.ArgumentParser = parsers.add_parser(
        "corpus",
        help=text,
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="corpus_command", required=True, metavar="COMMAND")
    _command(commands, "list", _list, "show the corpora: what they are, their licence, how to get them")
    check = _command(commands, "check", _check, "read a corpus and say what is in it, and what is missing or damaged")
    check.add_argument("corpus", metavar="CORPUS", help=f"one of: {', '.join(CORPORA)}")
    check.add_argument("folder", type=Path, metavar="FOLDER", help="where it is")
    build = _command(commands, "build", _build, "make a corpus")
    build.add_argument("corpus", choices=(BUILT,), metavar="CORPUS", help=f"{BUILT}: General MIDI songs as stems")
    _add_build_options(build)


def _command(parsers: Any, name: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parsers.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary; errors only")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _add_build_options(parser: argparse.ArgumentParser) -> None:
    from reaper_automix.training.corpora.gm_build import WINDOW_S

    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the songs go, a folder each")
    parser.add_argument("--songs", type=int, metavar="N", help="this many at most, those with most channels first")
    parser.add_argument(
        "--seconds", type=positive, default=WINDOW_S, help="the densest window of this length (default: %(default)s)"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where fetched packages are kept")
    parser.add_argument("--midi-folder", type=Path, metavar="DIR", help="own .mid and .wad files in place of packages")
    parser.add_argument("--soundfont", type=Path, metavar="FILE", help="own General MIDI .sf2")


def _list(options: argparse.Namespace, console: Console) -> int:
    if options.json:
        sys.stdout.write(json.dumps({c.name: c.what for c in CORPORA.values()}, indent=1, ensure_ascii=False) + "\n")
    elif not options.quiet:
        show_table(
            Terminal(highlight=False),
            Columns(("corpus", "what it is"), tuple((c.name, c.what) for c in CORPORA.values())),
        )
    del console
    return 0


def _check(options: argparse.Namespace, console: Console) -> int:
    corpus = corpus_named(options.corpus)
    findings = list(corpus.check(options.folder))
    problems = [f for f in findings if f.is_problem]
    songs = [] if problems else list(corpus.songs(options.folder))
    if options.json:
        report = {"corpus": corpus.name, **_counts(songs), "findings": [asdict(f) for f in findings]}
        sys.stdout.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        return 1 if problems else 0
    _show_findings(findings, console)
    if songs and not options.quiet:
        show_table(
            Terminal(highlight=False),
            Columns(("song", "author", "licence", "use", ">tracks", ">moving", ">s"), tuple(map(_row, songs))),
        )
    return 1 if problems else 0


def _build(options: argparse.Namespace, console: Console) -> int:
    from reaper_automix.training.corpora.gm_build import build
    from reaper_automix.training.corpora.gm_sources import find_sources

    began_s = time.monotonic()
    cache = options.cache or user_cache_path("reaper-automix", appauthor=False) / "corpora"
    with Bars(console) as bars:
        sources = find_sources(cache, midi_folder=options.midi_folder, font=options.soundfont, progress=bars)
        result = build(sources, options.out, most_songs=options.songs, window_s=options.seconds, progress=bars)
    minutes = (time.monotonic() - began_s) / 60.0
    if options.json:
        sys.stdout.write(json.dumps({**asdict(result), "minutes": round(minutes, 2)}, indent=1) + "\n")
        return 0
    moving = f"{result.n_moving} of {result.n_channels} channels move"
    console.print(
        f"{result.n_songs} songs ({result.n_new} new) in {escape(str(options.out))}, "
        f"{result.seconds_of_audio / 60.0:.0f} min of music, {moving}, {len(result.left_out)} songs hold no mix; "
        f"{minutes:.1f} min"
    )
    return 0


def _show_findings(findings: Iterable[Finding], console: Console) -> None:
    for finding in findings:
        colour = "red" if finding.is_problem else "yellow"
        console.print(f"[{colour}]{escape(finding.song or 'corpus')}:[/] {escape(finding.text)}")


def _row(song: CorpusSong) -> tuple[str, ...]:
    moving = sum(track.moves for track in song.tracks)
    numbers = (str(len(song.tracks)), str(moving), f"{song.length_s:.0f}")
    return (song.id, song.author, song.licence, song.usage.value, *numbers)


def _counts(songs: Iterable[CorpusSong]) -> dict[str, Any]:
    known = list(songs)
    tracks = [track for song in known for track in song.tracks]
    return {
        "songs": len(known),
        "authors": len({song.author for song in known}),
        "tracks": len(tracks),
        "moving_tracks": sum(track.moves for track in tracks),
        "tracks_with_known_gain": sum(track.gain_is_known for track in tracks),
        "minutes": round(sum(song.length_s for song in known) / 60.0, 2),
        "licences": sorted({song.licence for song in known}),
    }
