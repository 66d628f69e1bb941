"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import measuring
import pytest
from double import observing
from hypothesis import settings

from reaper_automix.chunks.lines import parse_project
from reaper_automix.hosts.rpp.reading import read_project
from reaper_automix.session import Session

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

PORT_LIMIT_S = 300.0
REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Give each process of a run one core, and let signals end what tests start, whoever started the run."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when numpy or torch is loaded, which is later
    if not config.getoption("numprocesses", None):  # else the processes that run the tests have to inherit it
        observing.keep_from_others()
        measuring.measure(config)
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sessions and songs that are kept beside the repository; tests that need them skip where they are missing."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the corpus folder ../shared/data beside the repository")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A real browser without a screen. What a page saves goes to ``browser.downloads``."""
    pytest.importorskip("selenium", reason="needs selenium, which the test set-up installs")
    import browser as real_browser

    if real_browser.programs() is None:
        pytest.skip("needs Chromium and its driver (Debian: apt install chromium chromium-driver)")
    folder = tmp_path_factory.mktemp("browser")
    (folder / "downloads").mkdir()
    started = real_browser.start(folder / "profile", folder / "downloads")
    started.downloads = folder / "downloads"
    try:
        yield started
    finally:
        started.quit()


@pytest.fixture(autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the measurements cache of a test run out of the user's own, and make the list of fonts once."""
    monkeypatch.setenv("REAPER_AUTOMIX_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path_factory.getbasetemp() / "matplotlib"))


@pytest.fixture
def reapy_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hold the one port that reapy knows: another process of the same run may want it at the same time."""
    folder = tmp_path_factory.getbasetemp()
    lock = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "reapy-port.lock"
    until_s = time.monotonic() + PORT_LIMIT_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > until_s:
                pytest.skip("another process of this run did not give the port of reapy back")
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink()


settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

Read = Callable[[str], Session]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the body of a project (what lies between its first and last line)."""

    def read_body(body: str) -> Session:
        text = f'<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1700000000\n{body}\n>\n'
        return read_project(parse_project(text.encode()), tmp_path / "Song.RPP")

    return read_body


@pytest.fixture(scope="session")
def song() -> str:
    """A project with two tracks, a send, an envelope, plug-ins, text blocks and items."""
    return SONG


SONG = """\
<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1700000000
  <NOTES 0 2
    |>
    |<TRACK in a note
  >
  RIPPLE 0
  PANLAW 1
  SAMPLERATE 48000 1 0
  <RENDER_CFG
    ZXZhdxgAAQ==
  >
  TEMPO 120 4 4
  SELECTION 0 0
  MASTER_VOLUME 1 0 -1 -1 1
  <PROJBAY
  >
  <TRACK {AAAAAAAA-0000-0000-0000-000000000001}
    NAME "Snare top"
    PEAKCOL 16576
    AUTOMODE 0
    VOLPAN 0.70794578 -0.25 -1 -1 1
    MUTESOLO 0 0 0
    IPHASE 0
    ISBUS 0 0
    NCHAN 2
    FX 1
    TRACKID {AAAAAAAA-0000-0000-0000-000000000001}
    MAINSEND 1 0
    <VOLENV2
      EGUID {AAAAAAAA-0000-0000-0000-00000000000E}
      ACT 0 -1
      VIS 0 1 1
      LANEHEIGHT 0 0
      ARM 1
      DEFSHAPE 0 -1 -1
      VOLTYPE 1
      PT 0 1 0
      PT 4 0.5 0
      PT 9 1 0
    >
    <FXCHAIN
      SHOW 0
      BYPASS 0 0 0
      <VST "VST: ReaEQ (Cockos)" reaeq.dll 0 "" 1919247729<56535472656571726561657100000000> ""
        cWVlcu5e7f4CAAAAAQAAAAAAAAACAAAAAAAAAAIAAAABAAAAAAAAAAIAAAAAAAAAzQAAAAEAAAAAABAA
      >
      FXID {AAAAAAAA-0000-0000-0000-0000000000F1}
      WAK 0 0
    >
    <ITEM
      POSITION 1
      LENGTH 4
      LOOP 0
      FADEIN 1 0.01 0 1 0 0 0
      IGUID {AAAAAAAA-0000-0000-0000-0000000000A1}
      NAME snare.wav
      VOLPAN 1 0 1 -1
      SOFFS 0
      PLAYRATE 1 1 0 -1 0 0.0025
      <SOURCE WAVE
        FILE "Media\\snare.wav"
      >
    >
  >
  <TRACK {AAAAAAAA-0000-0000-0000-000000000002}
    NAME Reverb
    VOLPAN 1 0 -1 -1 1
    AUXRECV 0 0 0.5 0 0 0 0 0 0 -1:U 0 -1 ''
    MAINSEND 1 0
    <ITEM
      POSITION 0
      LENGTH 2
      <SOURCE WAVE
        FILE "/elsewhere/pad.wav"
      >
    >
  >
  <EXTENSIONS
  >
>
"""
