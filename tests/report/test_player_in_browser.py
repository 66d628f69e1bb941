"""The player of a whole report, made from a session of sines, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from browser import complaints
from offline_playback import RATE_HZ, forget, play_page, record_offline

from reaper_automix.analysis.cache import MeasurementCache
from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.playback_reporting import with_playback
from reaper_automix.report import write_report
from reaper_automix.reporting import report_of
from reaper_automix.settings import MixSettings

SINES = {"Bass": (220.0, 0.3), "Keys": (440.0, 0.1), "Kick": (880.0, 0.02)}
LENGTH_S = 3.0
Heard = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """The plan for three sines, of which the softest comes up the most."""
    stems = tmp_path_factory.mktemp("stems")
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    for name, (frequency_hz, level) in SINES.items():
        soundfile.write(stems / f"{name}.wav", level * np.sin(2.0 * np.pi * frequency_hz * time_s), RATE_HZ)
    session = StemsHost(stems).read_session()
    cache = MeasurementCache(tmp_path_factory.mktemp("cache"))
    return make_plan(session, "balance", MixSettings(balance="equal"), cache=cache)


@pytest.fixture(scope="module")
def page(planned: Planned, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(with_playback(report_of(planned, None, ()), planned), path)
    return path


@pytest.fixture
def opened(browser: Any, page: Path) -> Iterator[Any]:
    """The report, just opened."""
    browser.set_script_timeout(60)
    browser.get(page.as_uri())
    yield browser
    assert complaints(browser) == []


@pytest.fixture
def heard(browser: Any, page: Path) -> Iterator[Heard]:
    """Start something on the page, and return the eight seconds that follow, with what is done meanwhile."""
    browser.set_script_timeout(60)
    token = record_offline(browser)

    def play(start: str, *steps: tuple[float, str, str]) -> np.ndarray:
        browser.get(page.as_uri())
        browser.execute_script(f"document.querySelector({start!r}).click()")
        wait_for(lambda: text(browser, "#play") == "Pause")
        return play_page(browser, list(steps))

    yield play
    forget(browser, token)
    assert complaints(browser) == []


def wait_for(done: Callable[[], bool], limit_s: float = 10.0) -> None:
    until_s = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < until_s, "the page did not get there"
        time.sleep(0.02)


def text(browser: Any, selector: str) -> str:
    return str(browser.execute_script(f"return document.querySelector({selector!r}).textContent"))


def solo(name: str, variant: int) -> str:
    return f'.solo button[aria-label="Play {name} alone, {("before", "after")[variant]}"]'


def levels(audio: np.ndarray, start_s: float) -> dict[str, float]:
    """Return the amplitude of each sine from a time on."""
    part = audio[round(start_s * RATE_HZ) :][: round(0.25 * RATE_HZ)]
    window = np.hanning(part.size)
    time_s = np.arange(part.size) / RATE_HZ
    return {
        name: 2.0 * float(np.abs(np.vdot(np.exp(2j * np.pi * hz * time_s) * window, part))) / float(window.sum())
        for name, (hz, _) in SINES.items()
    }


def lufs(audio: np.ndarray, start_s: float, end_s: float) -> float:
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.add(np.ascontiguousarray(audio[:, round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]))
    return meter.result().integrated_lufs


def faders(planned: Planned) -> dict[str, float]:
    """Return the amplitude of each sine after the plan."""
    return {t.name: SINES[t.name][1] * 10.0 ** (t.gain_db / 20.0) for t in planned.after.tracks}


UNMATCHED = (0.3, "#match", "click")


def test_before_and_after_are_the_mixes_of_the_session(heard: Heard, planned: Planned) -> None:
    audio = heard("#play", UNMATCHED, (1.5, "#variant-0", "click"))
    before, after = {n: level for n, (_, level) in SINES.items()}, faders(planned)
    assert levels(audio[0], 2.0) == pytest.approx(before, rel=0.02, abs=0.001)
    assert levels(audio[0], 1.0) == pytest.approx(after, rel=0.02, abs=0.001)
    np.testing.assert_allclose(audio[0], audio[1], atol=1e-6)


def test_the_switch_makes_no_click(heard: Heard, planned: Planned) -> None:
    steps = [(0.5 + 0.3337 * n, f"#variant-{n % 2}", "click") for n in range(6)]
    audio = heard("#play", UNMATCHED, *steps, (2.7, "body", "key x"), (5.9, "#play", "click"))
    own = max(
        sum(2.0 * np.pi * hz / RATE_HZ * levels[name] for name, (hz, _) in SINES.items())
        for levels in ({n: level for n, (_, level) in SINES.items()}, faders(planned))
    )
    assert np.abs(np.diff(audio[0])).max() <= 1.05 * own + 2e-3
    assert not audio[:, round(6.0 * RATE_HZ) :].any(), "paused"


def test_matched_variants_are_equally_loud_and_plain_ones_are_not(heard: Heard, planned: Planned) -> None:
    steps = [(1.5, "#variant-0", "click"), (3.5, "#match", "click"), (5.5, "#variant-1", "click")]
    audio = heard("#play", *steps)
    after, before, plain_before, plain_after = (lufs(audio, at, at + 1.2) for at in (0.2, 1.8, 3.8, 5.8))
    assert after == pytest.approx(before, abs=0.1)
    difference = planned.mix_after.loudness.integrated_lufs - planned.mix_before.loudness.integrated_lufs
    assert plain_after - plain_before == pytest.approx(difference, abs=0.1)
    assert abs(difference) > 0.5, "else nothing was shown"


def test_solo_plays_the_track_and_nothing_else(heard: Heard, planned: Planned) -> None:
    steps = [UNMATCHED, (1.5, solo("Bass", 0), "click"), (3.0, solo("Keys", 1), "click"), (4.5, "#piece", "0")]
    audio = heard(solo("Kick", 1), *steps)[0]
    after = faders(planned)
    none = dict.fromkeys(SINES, 0.0)
    assert levels(audio, 1.0) == pytest.approx({**none, "Kick": after["Kick"]}, rel=0.02, abs=0.001)
    assert levels(audio, 2.2) == pytest.approx({**none, "Bass": SINES["Bass"][1]}, rel=0.02, abs=0.001)
    assert levels(audio, 3.7) == pytest.approx({**none, "Keys": after["Keys"]}, rel=0.02, abs=0.001)
    assert levels(audio, 5.2) == pytest.approx(after, rel=0.02, abs=0.001)


def test_a_jump_is_heard_and_shown(heard: Heard, opened: Any) -> None:
    audio = heard("#play", (1.0, "#position", "0.5"))
    assert np.abs(np.diff(audio[0])).max() < 0.2
    assert np.abs(audio[0, round(2.0 * RATE_HZ) :]).max() > 0.05


# --- the page itself -----------------------------------------------------------------------------------------------


def test_nothing_plays_or_is_decoded_before_somebody_asks(browser: Any, page: Path) -> None:
    token = record_offline(browser)
    browser.get(page.as_uri())
    time.sleep(0.3)
    assert browser.execute_script("return window.made.length") == 0
    forget(browser, token)
    assert complaints(browser) == []


def test_buttons_say_what_they_are_and_what_is_heard(opened: Any) -> None:
    def pressed() -> list[str]:
        script = (
            "return Array.from(document.querySelectorAll('#player .ab button'), b => b.getAttribute('aria-pressed'))"
        )
        return list(opened.execute_script(script))

    assert opened.find_element("id", "player").is_displayed()
    assert (text(opened, "#play"), pressed()) == ("Play", ["false", "true"])
    opened.find_element("id", "variant-0").click()
    assert pressed() == ["true", "false"]
    opened.find_element("css selector", solo("Kick", 1)).click()
    wait_for(lambda: text(opened, "#player-status").startswith("Playing Kick, after"))
    assert opened.find_element("id", "piece").get_attribute("value") == "3"
    button = opened.find_element("css selector", solo("Kick", 1))
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert (text(opened, "#player-status"), text(opened, "#play")) == ("Paused", "Play")
    assert button.get_attribute("aria-pressed") == "false"


def test_the_position_moves_on_and_is_in_words(opened: Any) -> None:
    opened.find_element("id", "play").click()
    wait_for(lambda: float(opened.find_element("id", "position").get_attribute("value")) > 0.2)
    assert opened.find_element("id", "position").get_attribute("aria-valuetext").startswith("0:0")
    assert opened.find_element("id", "position").get_attribute("max") == "3"
    assert text(opened, "#time").startswith("0:0")
    opened.find_element("id", "play").click()


def test_keys_play_and_switch_but_not_while_somebody_types(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    body = opened.find_element("tag name", "body")
    body.send_keys("p")
    wait_for(lambda: text(opened, "#play") == "Pause")
    body.send_keys("a")
    assert opened.find_element("id", "variant-0").get_attribute("aria-pressed") == "true"
    body.send_keys("x")
    assert opened.find_element("id", "variant-1").get_attribute("aria-pressed") == "true"
    body.send_keys("p")
    assert text(opened, "#play") == "Play"
    play = opened.find_element("id", "play")
    play.send_keys(Keys.SPACE)
    wait_for(lambda: text(opened, "#play") == "Pause")
    play.send_keys(Keys.ENTER)
    assert text(opened, "#play") == "Play"
    opened.find_element("id", "piece").send_keys("p")
    assert text(opened, "#play") == "Play", "a list is being searched"
    body.send_keys(Keys.CONTROL, "a")
    assert opened.find_element("id", "variant-1").get_attribute("aria-pressed") == "true"
    opened.find_element("id", "keys").click()
    body.send_keys("p")
    assert text(opened, "#play") == "Play", "switched off"


def test_focus_can_be_seen_and_reaches_everything(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    opened.execute_script("document.getElementById('play').focus()")
    reached = []
    for _ in range(6):
        reached.append(opened.switch_to.active_element.get_attribute("id"))
        opened.switch_to.active_element.send_keys(Keys.TAB)
        script = "return getComputedStyle(document.activeElement).outlineStyle"
        assert opened.execute_script(script) != "none"
    assert reached == ["play", "variant-0", "variant-1", "piece", "match", "position"]


def test_a_switch_in_real_time_makes_no_click(browser: Any, page: Path) -> None:
    """The same switch on the audio clock of the machine, seen by an analyser before the loudspeaker."""
    source = """
    const Real = window.AudioContext;
    window.AudioContext = class extends Real {
      get destination() {
        if (!this.seen) {
          this.seen = this.createAnalyser();
          this.seen.fftSize = 32768;
          this.seen.connect(super.destination);
          window.seen = this.seen;
        }
        return this.seen;
      }
    };
    """
    token = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    try:
        browser.get(page.as_uri())
        browser.find_element("id", "play").click()
        wait_for(lambda: text(browser, "#play") == "Pause")
        script = "const s = new Float32Array(32768); window.seen.getFloatTimeDomainData(s); return Array.from(s)"
        steps = []
        for wait_s, variant in ((1.0, 0), (0.3, 0), (1.0, 1), (0.3, 1), (1.0, 0)):
            time.sleep(wait_s)  # 32768 samples are 0.7 s: with and without the switch in them
            samples = np.array(browser.execute_script(script))
            assert np.abs(samples).max() > 0.02
            steps.append(float(np.abs(np.diff(samples)).max()))
            browser.find_element("id", f"variant-{variant}").click()
        after, first, before, second, _ = steps
        assert max(first, second) <= 1.1 * max(after, before)
        assert complaints(browser) == []
    finally:
        forget(browser, token)


def test_without_scripts_a_sentence_stands_there(browser: Any, page: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page.as_uri())
        assert not browser.find_element("id", "player").is_displayed()
        assert "this browser does not run scripts" in browser.find_element("css selector", ".listen").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        browser.get("about:blank")


def test_a_printed_page_has_no_player(opened: Any) -> None:
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not opened.find_element("id", "player").is_displayed()
        assert not opened.find_element("css selector", ".solo").is_displayed()
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_browser_without_web_audio_is_told(browser: Any, page: Path) -> None:
    source = "delete window.AudioContext; delete window.webkitAudioContext;"
    token = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    browser.get(page.as_uri())
    assert "no Web Audio" in text(browser, "#no-player")
    assert not browser.find_element("id", "player").is_displayed()
    forget(browser, token)
    assert complaints(browser) == []


def test_audio_that_cannot_be_decoded_is_told(browser: Any, page: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    whole = page.read_text("utf-8")
    start = whole.index('id="sound-0">') + len('id="sound-0">')
    broken.write_text(whole[:start] + "bm90aGluZw==" + whole[whole.index("<", start) :], "utf-8")
    browser.get(broken.as_uri())
    browser.find_element("id", "play").click()
    wait_for(lambda: "cannot play it" in text(browser, "#player-error"))
    assert text(browser, "#play") == "Play"
    complaints(browser)
