"""One warm process for all tests of a worker, and scenes to hurt."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.scenes import make_pristine, renew
from faults.warm import Warm

_DARK = {"nt"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, where a process cannot be forked, all that needs it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "warm" in getattr(item, "fixturenames", ()) and os.name in _DARK:
            item.add_marker(pytest.mark.skip(reason="needs os.fork, which Windows does not have"))


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """The process whose children are hurt."""
    process = Warm(tmp_path_factory.mktemp("said"))
    try:
        yield process
    finally:
        process.close()


@pytest.fixture(scope="session")
def pristine(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the commands need; not to be changed."""
    folder = tmp_path_factory.mktemp("faults") / "pristine"
    folder.mkdir()
    make_pristine(folder, warm)
    return folder


@pytest.fixture
def scene(pristine: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make the scene anew, always at one place."""
    return lambda **how: renew(pristine, tmp_path / "scene", **how)
