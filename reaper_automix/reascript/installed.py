"""Where install.py has put things for this REAPER."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reaper_automix.errors import SessionError
from reaper_automix.reascript.run_folder import read_json

SCHEMA = "reaper_automix.install/1"


@dataclass(frozen=True, slots=True)
class Installed:
    """What install.py noted: the package's folder, the Python of its environment, and where runs are kept."""

    root: Path
    python: Path
    runs: Path


def installed(api: Any) -> Installed:
    """Return what install.py noted for this REAPER.

    Raises
    ------
    SessionError
        If it was not run, or its note is damaged.
    """
    folder = Path(str(api.GetResourcePath())) / "reaper_automix"
    data = read_json(folder / "install.json")
    try:
        if data["schema"] != SCHEMA:
            raise SessionError(f"{folder / 'install.json'} is of another version. Next step: run install.py again.")
        return Installed(Path(data["root"]), Path(data["python"]), folder / "runs")
    except (TypeError, KeyError):
        raise SessionError(
            f"{folder / 'install.json'} is missing or damaged. Next step: run install.py in the reaper_automix folder."
        ) from None
