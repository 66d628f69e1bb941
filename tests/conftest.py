"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sessions and songs that are kept beside the repository; tests that need them skip where they are missing."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the corpus folder ../shared/data beside the repository")
    return folder


@pytest.fixture(autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the measurements cache of a test run out of the user's own."""
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
