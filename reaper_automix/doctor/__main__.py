"""``python -m reaper_automix.doctor``: the examination with the standard library alone, where packages are missing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reaper_automix.doctor import doctor_lines, examine, plain_words
from reaper_automix.doctor.machine import CACHE_VARIABLE


def main(words: Sequence[str] | None = None) -> int:
    """Examine this machine, show what was found, and return the exit code of ``reaper-automix doctor``."""
    parser = argparse.ArgumentParser(prog="reaper-automix doctor")
    parser.add_argument("--resource-path", type=Path, metavar="DIR", help="REAPER's resource folder, if portable")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.add_argument("--quiet", action="store_true", help="the exit code only")
    options = parser.parse_args(words)
    checks = examine(cache_folder=_cache_folder(), resource_path=options.resource_path)
    if options.json:
        sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=1) + "\n")
    elif not options.quiet:
        sys.stdout.writelines(f"{mark:>7}  {line}\n" for mark, line in doctor_lines(checks))
        sys.stdout.write(plain_words(checks) + "\n")
    return 1 if any(check.status == "problem" for check in checks) else 0


def _cache_folder() -> Path | None:
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named)
    try:
        import platformdirs
    except ImportError:
        return None
    return Path(platformdirs.user_cache_dir("reaper_automix", appauthor=False))


if __name__ == "__main__":
    sys.exit(main())
