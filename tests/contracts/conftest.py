"""Every contract test runs on every host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contracts.hosts_under_test import HOSTS, HostMaker
from reaper.opening import HeldHost

from reaper_automix.edits import Host


@pytest.fixture(params=HOSTS, ids=lambda f: f.__name__)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    maker: HostMaker = request.param
    made = maker(tmp_path)
    yield made
    if isinstance(made, HeldHost):
        made.close()
