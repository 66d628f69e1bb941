"""Experiments that are written down as they are done, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

Say = Callable[[str], object]
Result = Mapping[str, Any]


class Keyed(Protocol):
    """Something that is done once."""

    @property
    def key(self) -> str:
        """Unique among what is learned from and judged on."""
        ...


Experiment = TypeVar("Experiment", bound=Keyed)


def results_of(
    wanted: Sequence[Experiment],
    do: Callable[[Sequence[Experiment]], Iterable[tuple[Experiment, Result]]],
    *,
    parts: Path,
    digest: str,
    say: Say,
) -> dict[str, Result]:
    """Return the result of each experiment by its key, those not written down yet done first.

    Parameters
    ----------
    wanted : sequence
        In the order of the result.
    do : callable
        Yields each experiment that it is given with its result, as it is done.
    parts : Path
        Where they are written down, a line each.
    digest : str
        Of what is learned from: lines of another one do not count.
    say : callable
        Told a line about each experiment.
    """
    done = _written(parts, digest)
    left = [experiment for experiment in wanted if experiment.key not in done]
    began = time.monotonic()
    for number, (experiment, result) in enumerate(do(left), 1):
        done[experiment.key] = result
        with parts.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"set": digest, "key": experiment.key, "result": result}) + "\n")
        say(f"{number}/{len(left)}  {time.monotonic() - began:5.0f} s  {experiment.key}")
    return {experiment.key: done[experiment.key] for experiment in wanted}


def to_stderr(line: str) -> None:
    """Say a line at once."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def unsaid(line: str) -> None:
    """Keep a line to oneself."""
    del line


def _written(parts: Path, digest: str) -> dict[str, Result]:
    """Return what was written down of this set; a line that was cut off is no line."""
    if not parts.is_file():
        return {}
    text = parts.read_text("utf-8")
    if text and not text.endswith("\n"):
        with parts.open("a", encoding="utf-8") as file:
            file.write("\n")  # else the next line would belong to the one that was cut off
    found: dict[str, Result] = {}
    for line in text.splitlines():
        try:
            part = json.loads(line)
        except ValueError:
            continue
        if part.get("set") == digest:
            found[part["key"]] = part["result"]
    return found
