"""The examination, from Python outwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reaper_automix.doctor import machine, models, plugins, python, reaper
from reaper_automix.doctor.check import Check, Probes


def examine(
    *, cache_folder: Path | None, resource_path: Path | None = None, probes: Probes | None = None
) -> tuple[Check, ...]:
    """Examine this machine.

    Parameters
    ----------
    cache_folder : Path or None
        Where measurements are kept between runs; None where that cannot be told.
    resource_path : Path, optional
        REAPER's resource folder, for a portable installation.
    probes : Probes, optional
        Where the facts come from.

    Returns
    -------
    tuple of Check
        In the order in which a user would read them.
    """
    probes = probes or Probes()
    return (
        python.python(probes),
        *python.packages(probes),
        python.formats(probes),
        *models.models(probes),
        *(() if cache_folder is None else machine.cache(cache_folder, probes)),
        machine.temporary(probes),
        machine.project_folder(probes),
        machine.open_files(probes),
        machine.text(probes),
        *reaper.reaper(resource_path, probes),
        plugins.iem(probes),
        machine.window(probes),
        machine.browser(probes),
        *python.extras(probes),
    )


def doctor_lines(checks: tuple[Check, ...]) -> Iterator[tuple[str, str]]:
    """Yield what to show: a mark (ok, note or problem; empty for a line that goes on), and the line."""
    for check in checks:
        yield {"warning": "note"}.get(check.status, check.status), f"{check.name}: {check.detail}"
        if check.why:
            yield "", check.why
        if check.next_step:
            yield "", f"-> {check.next_step}"


def plain_words(checks: tuple[Check, ...]) -> str:
    """Say in one sentence how it stands."""
    problems = [check.name for check in checks if check.status == "problem"]
    notes = sum(check.status == "warning" for check in checks)
    also = f" {notes} note{'s' if notes > 1 else ''} besides." if notes else ""
    if not problems:
        return f"Everything that is needed works.{also}"
    return f"{len(problems)} problem{'s' if len(problems) > 1 else ''}: {', '.join(problems)}.{also}"
