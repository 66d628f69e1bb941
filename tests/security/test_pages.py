"""The pages that we write, opened in a real browser, with names that try to be more than names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from reaper_automix import commands
from reaper_automix.blind_test.making import PageRequest, make_page
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixers.registry import MIXERS
from reaper_automix.pipeline import make_plan
from reaper_automix.report import write_report
from reaper_automix.reporting import report_of
from reaper_automix.role_overrides import parse_role_option
from reaper_automix.session import FxSlot
from reaper_automix.settings import MixSettings

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.importorskip("selenium")

from browser import complaints
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

RATE_HZ, LENGTH_S = 16000, 4.0
RUN = "window.pwned=1"
NAMES = (
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f"' onmouseover='{RUN}' autofocus onfocus='{RUN}' x='",
    f"</title></style></script><script>{RUN}</script>",
    f"<svg onload={RUN}><animate onbegin={RUN} attributeName=x dur=1s>",
    f"--><script>{RUN}</script><!--",
    f"]]><script>{RUN}</script>",
    "{{ 7 * 191 }}{% raw %}",
    f"${{{RUN}}}`+({RUN})+`",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e\\",
    "<base href=http://192.0.2.1/><link rel=stylesheet href=http://192.0.2.1/x.css>",
    "<meta http-equiv=refresh content='0;url=http://192.0.2.1/'>",
    "<iframe src=http://192.0.2.1/></iframe><object data=http://192.0.2.1/>",
    "<form action=http://192.0.2.1/><input type=image src=http://192.0.2.1/i>",
    f"<a href=javascript:{RUN}>Vox</a>",
    "</textarea><plaintext>",
    "\u202eevil\u0000\u0007",
    "@import url(http://192.0.2.1/x.css); } * { display: none }",
)
ROLES = ("kick_in", "snare_top", "overhead_left", "overhead_right", "bass", "lead_vocal", "electric_guitar", "keys")


def _hostile_project(folder: Path) -> Path:
    """A project whose tracks, plug-ins, folder and file are called so."""
    stems = folder / "stems"
    stems.mkdir()
    rng = np.random.default_rng(4)
    n = round(LENGTH_S * RATE_HZ)
    for number in range(len(NAMES)):
        swell = 0.6 + 0.4 * np.sin(np.arange(n) / n * 2.0 * np.pi * (1 + number % 4))
        level = 10 ** (-(12.0 + number % 5) / 20)
        soundfile.write(stems / f"{number:02d}.wav", level * swell * rng.standard_normal(n), RATE_HZ)
    session = StemsHost(stems).read_session()
    effect = FxSlot("{F}", NAMES[0], "VST")
    tracks = tuple(
        replace(track, name=name, effects=(replace(effect, name=name),) if number % 3 == 0 else ())
        for number, (track, name) in enumerate(zip(session.tracks, NAMES, strict=True))
    )
    path = folder / "song &<img src=x onerror=window.pwned=1>.RPP"
    path.write_text(new_project_text(replace(session, tracks=tracks), folder=folder), "utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _hostile_project(tmp_path_factory.mktemp("hostile"))


WAYS: dict[str, dict[str, Any]] = {
    "balance": {},
    "rides": {},
    "drums": {},
    "vocal": {},
    "strips": {"strip_source": "learned"},
    "tone": {},
}


def _check(browser: Chrome, page: Path) -> None:
    """Open a page, use everything in it, and see that no name has become anything but text."""
    complaints(browser)
    browser.get(page.as_uri())
    _nothing_has_run(browser, page)
    for element in browser.find_elements(By.CSS_SELECTOR, "button, input, summary, select, [tabindex]"):
        try:
            browser.execute_script(
                "for (const name of ['mouseover','focus','pointerenter','click','input','change'])"
                " arguments[0].dispatchEvent(new Event(name, {bubbles: true}));",
                element,
            )
        except WebDriverException:
            continue
    # Orders that no person could give (to what is hidden, out of turn) may fail; nothing may be asked of the network.
    _nothing_has_run(browser, page, wrong=("Refused", "Content Security Policy", "Failed to load", "ERR_"))


def _nothing_has_run(browser: Chrome, page: Path, *, wrong: tuple[str, ...] = ("",)) -> None:
    """See that no name has become anything but text; ``wrong``: of which complaints of the browser there are none."""
    assert browser.execute_script("return typeof window.pwned") == "undefined"
    assert browser.current_url.partition("#")[0] == page.as_uri()
    found = browser.execute_script(
        """
        return {
          strangers: [...document.querySelectorAll('img,iframe,object,embed,base,link,form[action],plaintext,animate')]
            .filter((e) => !/^data:/.test(e.src || '')).map((e) => e.outerHTML.slice(0, 120)),
          handlers: [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes])
            .filter((a) => /^on/i.test(a.name) || /^\\s*javascript:/i.test(a.value)).map((a) => a.name + '=' + a.value),
          scripts: [...document.querySelectorAll('script')].filter((e) => /^$|script|^module$/i.test(e.type)).length,
          requests: performance.getEntriesByType('resource').map((e) => e.name)
            .filter((n) => !/^(data|blob):/.test(n)),
          titles: document.querySelectorAll('head title').length,
          bodies: document.querySelectorAll('body').length,
        }"""
    )
    assert found == {"strangers": [], "handlers": [], "scripts": 1, "requests": [], "titles": 1, "bodies": 1}
    assert [said for said in complaints(browser) if any(word in said for word in wrong)] == []


@pytest.mark.parametrize("mixer", WAYS)
def test_names_in_a_report_are_text(browser: Chrome, project: Path, tmp_path: Path, mixer: str) -> None:
    session = RppHost(project).read_session()
    wishes = tuple(parse_role_option(f"{number}={role}") for number, role in enumerate(ROLES, 1))
    settings = MixSettings(**WAYS[mixer])
    page = tmp_path / f"r {NAMES[1][:2]}.html"
    request = commands.MixRequest(
        project,
        mixer=mixer,
        settings=settings,
        roles=wishes,
        out=tmp_path / "out.RPP",
        report=page,
        report_audio=mixer == "balance",
    )
    mixed = commands.mix(request)
    assert mixed.planned.plan.moves
    text = page.read_text("utf-8")
    assert "window.pwned" in text, "the names are in it"
    _check(browser, page)
    heading = browser.find_element(By.TAG_NAME, "h1").text
    assert "<img src=x onerror=window.pwned=1>" in heading
    body = browser.find_element(By.TAG_NAME, "body").text
    assert NAMES[0] in body
    assert "{{ 7 * 191 }}" in body
    assert "1337" not in body
    assert session.tracks


def test_reasons_warnings_and_roles_in_a_report_are_text(browser: Chrome, project: Path, tmp_path: Path) -> None:
    """What a plan says may have come from somewhere else as well."""
    planned = make_plan(RppHost(project).read_session(), "balance", MixSettings())
    moves = tuple(replace(move, reason=NAMES[n % len(NAMES)]) for n, move in enumerate(planned.plan.moves))
    planned = replace(planned, plan=replace(planned.plan, moves=moves, warnings=NAMES, mixer="balance"))
    report = report_of(planned, None, tuple((name, name) for name in NAMES))
    report = replace(
        report,
        mixer=NAMES[0],
        title=NAMES[3],
        session_path=NAMES[4],
        tracks=tuple(
            replace(track, role=NAMES[n % len(NAMES)], reason=NAMES[(n + 1) % len(NAMES)])
            for n, track in enumerate(report.tracks)
        ),
    )
    write_report(report, tmp_path / "r.html")
    _check(browser, tmp_path / "r.html")
    assert browser.title.startswith("</title></style></script>")


@pytest.fixture(scope="module")
def mixes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("mixes") / "<img src=x onerror=window.pwned=1>"
    folder.mkdir()
    rng = np.random.default_rng(9)
    names = [name.replace("/", "-").replace("\x00", "") for name in NAMES[:6]]
    return [
        _written(folder / f"{name[:100]}.wav", 0.1 * rng.standard_normal((round(LENGTH_S * RATE_HZ), 2)))
        for name in names
    ]


def _written(path: Path, audio: np.ndarray) -> Path:
    soundfile.write(path, audio, RATE_HZ)
    return path


def test_names_in_a_listening_page_are_text(browser: Chrome, mixes: list[Path], tmp_path: Path) -> None:
    make_page(PageRequest(tuple(mixes), out=tmp_path / "page.html", title=NAMES[3], question=NAMES[1]))
    _check(browser, tmp_path / "page.html")
    assert NAMES[1] in browser.find_element(By.TAG_NAME, "body").text


def test_the_policy_stops_what_would_get_in_all_the_same(browser: Chrome, project: Path, tmp_path: Path) -> None:
    """Planted in the finished page: a second line of defence that is seen to hold."""
    planned = make_plan(RppHost(project).read_session(), "balance", MixSettings())
    page = tmp_path / "r.html"
    write_report(report_of(planned, None, ()), page)
    text = page.read_text("utf-8")
    planted = (
        f"<script>{RUN}</script><img src='http://192.0.2.1/i.png' onerror='{RUN}'>"
        "<base href='http://192.0.2.1/'><form action='http://192.0.2.1/' id=f></form><link rel=stylesheet href='http://192.0.2.1/c'>"
    )
    page.write_text(text.replace("<main>", f"<main>{planted}", 1), "utf-8")
    complaints(browser)
    browser.get(page.as_uri())
    assert browser.execute_script("return typeof window.pwned") == "undefined"
    browser.execute_script("document.getElementById('f').submit()")
    assert browser.current_url == page.as_uri()
    assert browser.execute_script("return document.baseURI") == page.as_uri()
    refused = [said for said in complaints(browser) if "Content Security Policy" in said]
    assert len(refused) >= 4


def test_every_mixer_is_tried_here() -> None:
    assert set(WAYS) == set(MIXERS)
