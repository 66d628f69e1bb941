"""Values of the command line: from the word that was typed to the number that it means. Stdlib only."""

from __future__ import annotations

import argparse
import math
import re


def time_s(text: str) -> float:
    """Read seconds, ``m:ss`` or ``h:mm:ss``; only the first number of these may go beyond 59.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is no time.
    """
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?", text.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: give seconds (92.5) or m:ss (1:32.5)")
    first, *others = (float(part) for part in text.split(":"))
    if any(part >= 60.0 for part in others):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: what follows a colon ends at 59, or give seconds")
    seconds = first
    for part in others:
        seconds = 60.0 * seconds + part
    return seconds


def percent(text: str) -> float:
    """Read a number from 0 to 100, with or without its sign.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    value = _number(text.removesuffix("%"))
    if not 0.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value


def positive(text: str) -> float:
    """Read a number above 0.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    value = _number(text)
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
