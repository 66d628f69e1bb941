"""A double of REAPER with a session of 24 tracks in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from double.reaper import DoubleReaper
from open_sessions import session

from reaper_automix.hosts.rpp import new_project_text
from reaper_automix.session import Session

OpenReaper = Callable[..., DoubleReaper]


@pytest.fixture
def open_reaper(tmp_path: Path) -> OpenReaper:
    """Return a maker of a REAPER in which a session is open."""

    def make(of: Session | None = None, **options: Any) -> DoubleReaper:
        path = tmp_path / "song.RPP"
        path.write_text(new_project_text(of or session(tmp_path), folder=tmp_path), encoding="utf-8")
        return DoubleReaper(path, resource_path=tmp_path / "REAPER", **options)

    return make
