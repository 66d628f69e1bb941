"""The page in a real browser: what a listener sees, hears and saves."""

from __future__ import annotations

import base64
import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from blind_mixes import RATE_HZ, tone, write
from scipy import signal

from reaper_automix.analysis.loudness import LoudnessMeter
from reaper_automix.blind_test.making import PageRequest, make_page
from reaper_automix.blind_test.ratings_file import COLUMNS, read_ratings
from reaper_automix.blind_test.results import summarise

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.importorskip("selenium")

from browser import complaints
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

NAMES = ("zebra mine", "zebra <b>rides", 'zebra "音" strips')
TONES_HZ = (300.0, 430.0, 610.0)
LEVELS_DB = (-12.0, -30.0, -20.0)
LENGTH_S = 2.0
WAIT_S = 30.0


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three mixes of one song, a tone each, at very different levels."""
    folder = tmp_path_factory.mktemp("page")
    files = [
        write(folder / f"{name}.wav", tone(frequency_hz, LENGTH_S, level_db))
        for name, frequency_hz, level_db in zip(NAMES, TONES_HZ, LEVELS_DB, strict=True)
    ]
    make_page(PageRequest(tuple(files), out=folder / "page.html"))
    return folder / "page.html"


@pytest.fixture(scope="module")
def songs_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two songs with a reference and a hidden anchor."""
    folder = tmp_path_factory.mktemp("songs")
    for song in ("Tide", "Ebb & Flow"):
        for name, frequency_hz in (("mine", 300.0), ("rides", 430.0), ("master", 610.0)):
            write(folder / song / f"{name}.wav", tone(frequency_hz, LENGTH_S))
    request = PageRequest(
        (folder / "Tide", folder / "Ebb & Flow"),
        out=folder / "page.html",
        reference=Path("master.wav"),
        hidden_anchor=True,
    )
    make_page(request)
    return folder / "page.html"


@pytest.fixture
def opened(browser: Chrome) -> Iterator[Chrome]:
    """The browser, which must not have complained when the test is over."""
    complaints(browser)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    said = complaints(browser)
    browser.get("about:blank")
    assert said == []


def open_page(browser: Chrome, page: Path) -> None:
    """Open a page anew; leaving the one before it is not asked about."""
    browser.execute_script("window.addEventListener('beforeunload', (e) => e.stopImmediatePropagation(), true)")
    browser.get(page.as_uri())


def one(browser: Chrome, selector: str) -> Any:
    return browser.find_element(By.CSS_SELECTOR, selector)


def every(browser: Chrome, selector: str) -> list[Any]:
    return browser.find_elements(By.CSS_SELECTOR, selector)


def wait_for(browser: Chrome, script: str) -> None:
    until_s = time.monotonic() + WAIT_S
    while not browser.execute_script(f"return {script}"):
        assert time.monotonic() < until_s, script
        time.sleep(0.02)


def loaded(browser: Chrome) -> None:
    wait_for(browser, "!document.getElementById('play').disabled")


def begin(browser: Chrome, page: Path, listener: str = "") -> None:
    open_page(browser, page)
    one(browser, "#listener").send_keys(listener)
    one(browser, "#begin-form button").click()
    loaded(browser)


def press(browser: Chrome, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def heard(browser: Chrome, letter: str) -> None:
    """Wait until a mix counts as listened to."""
    wait_for(browser, f"!/listen to:[^.]*\\b{letter}\\b/.test(document.getElementById('status').textContent)")


def rate_by_keys(browser: Chrome, ratings: dict[str, int]) -> None:
    for letter, rating in ratings.items():
        press(browser, letter.lower())
        tens, ones = divmod(abs(rating - 50), 10)
        up = rating >= 50
        press(browser, *[Keys.PAGE_UP if up else Keys.PAGE_DOWN] * tens)
        press(browser, *[Keys.ARROW_RIGHT if up else Keys.ARROW_LEFT] * ones)
        if rating == 50:
            press(browser, Keys.ENTER)
        heard(browser, letter)


def saved_rows(browser: Any) -> tuple[Path, list[dict[str, str]]]:
    name = one(browser, "#saved-as").text
    file = browser.downloads / name
    until_s = time.monotonic() + WAIT_S
    while not file.is_file():
        assert time.monotonic() < until_s, name
        time.sleep(0.05)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return file, list(csv.DictReader(stream))


def test_nothing_gives_the_names_away_before_the_end(opened: Chrome, page: Path) -> None:
    begin(opened, page)
    assert "zebra" not in opened.page_source
    assert "zebra" not in opened.find_element(By.TAG_NAME, "body").text
    attributes = opened.execute_script(
        "return [...document.querySelectorAll('body *:not(script)')].flatMap(e => [...e.attributes].map(a => a.value))"
    )
    assert not [value for value in attributes if "zebra" in value]
    assert [row.text for row in every(opened, ".letter")] == ["A", "B", "C"]


def test_the_order_is_drawn_anew(opened: Chrome, page: Path) -> None:
    open_page(opened, page)
    orders = opened.execute_script(
        "const songs = JSON.parse(document.getElementById('data').textContent).songs;"
        "return Array.from({length: 3000}, () => AutomixSheet.begin(songs).sheets[0].order.join(''))"
    )
    counts = {order: orders.count(order) for order in set(orders)}
    assert len(counts) == 6
    assert min(counts.values()) > 400  # 500 each on average, 20 the standard deviation
    assert max(counts.values()) < 600


def test_the_keyboard_alone_rates_and_saves(opened: Any, page: Path) -> None:
    open_page(opened, page)
    press(opened, Keys.TAB, "=Ada, Zoë", Keys.ENTER)
    loaded(opened)
    press(opened, Keys.TAB, " ")
    wait_for(opened, "document.getElementById('play').textContent === 'Pause'")
    rate_by_keys(opened, {"A": 62, "B": 50, "C": 7})
    assert one(opened, "#status").text == "All rated; you can still listen and change."
    press(opened, Keys.TAB, 'dull, "wide"; é', Keys.TAB, Keys.ENTER)
    assert one(opened, "#end").is_displayed()
    file, rows = saved_rows(opened)
    assert file.name.startswith("listening-Ada-Zoë-")
    assert list(rows[0]) == list(COLUMNS)
    assert [row["label"] for row in rows] == ["A", "B", "C"]
    assert [row["rating"] for row in rows] == ["62", "50", "7"]
    assert [row["order"] for row in rows] == ["1", "2", "3"]
    assert rows[2]["comment"] == 'dull, "wide"; é'
    assert {row["mixer"] for row in rows} == set(NAMES)
    assert all(float(row["seconds_listened"]) >= 0.5 and int(row["switches"]) == 1 for row in rows)
    ratings, _ = read_ratings([file])
    assert {one.listener for one in ratings} == {"=Ada, Zoë"}
    assert sorted(one.rating for one in ratings) == [7.0, 50.0, 62.0]
    assert len(summarise(ratings).differences) == 3
    revealed = [[cell.text for cell in every_cell(row)] for row in every(opened, "#revealed tr")]
    assert [cells[1] for cells in revealed] == [row["mixer"] for row in rows]
    assert [cells[2] for cells in revealed] == ["62", "50", "7"]


def every_cell(row: Any) -> list[Any]:
    found: list[Any] = row.find_elements(By.TAG_NAME, "td")
    return found


def test_what_is_missing_is_said_and_nothing_ends_before(opened: Chrome, page: Path) -> None:
    begin(opened, page)
    one(opened, "#next").click()
    assert one(opened, "#status").text.startswith("Not yet. Still to listen to: A, B, C. Still to rate: A, B, C.")
    assert opened.switch_to.active_element.text == "A"
    for letter in "ABC":
        press(opened, letter.lower())
        heard(opened, letter)
    one(opened, "#next").click()
    assert one(opened, "#status").text == "Not yet. Still to rate: A, B, C."
    assert opened.switch_to.active_element.get_attribute("aria-label") == "Rating of A"
    assert not one(opened, "#end").is_displayed()


def test_songs_come_one_after_the_other_and_back(opened: Any, songs_page: Path) -> None:
    begin(opened, songs_page, "Bo")
    first = one(opened, "#song-heading").text
    assert first in {"Song 1 of 2: Tide", "Song 1 of 2: Ebb & Flow"}
    assert not one(opened, "#back").is_enabled()
    press(opened, "0")
    wait_for(opened, "document.getElementById('reference').getAttribute('aria-pressed') === 'true'")
    rate_by_keys(opened, {"A": 80, "B": 70, "C": 60})
    one(opened, "#next").click()
    loaded(opened)
    assert one(opened, "#song-heading").text != first
    assert [value.text for value in every(opened, ".value")] == ["–"] * 3
    one(opened, "#back").click()
    loaded(opened)
    assert [value.text for value in every(opened, ".value")] == ["80", "70", "60"]
    one(opened, "#next").click()
    loaded(opened)
    assert one(opened, "#next").text == "Finish"
    rate_by_keys(opened, {"A": 10, "B": 20, "C": 30})
    one(opened, "#next").click()
    _, rows = saved_rows(opened)
    assert [(row["song_order"], row["rating"]) for row in rows] == [
        *[("1", "80"), ("1", "70"), ("1", "60")],
        *[("2", "10"), ("2", "20"), ("2", "30")],
    ]
    assert {row["mixer"] for row in rows} == {"mine", "rides", "hidden anchor (3.5 kHz)"}


def test_letters_are_typed_in_comments_and_can_be_switched_off(opened: Chrome, page: Path) -> None:
    begin(opened, page)
    comment = one(opened, ".comment")
    comment.send_keys("a b c")
    assert comment.get_attribute("value") == "a b c"
    assert one(opened, "#play").text == "Play"
    one(opened, "#keys").click()
    press(opened, "b")
    assert one(opened, "#play").text == "Play"


def test_sliders_say_what_they_are(opened: Chrome, page: Path) -> None:
    begin(opened, page)
    slider = one(opened, "#rows input[type=range]")
    assert slider.get_attribute("aria-label") == "Rating of A"
    assert slider.get_attribute("aria-valuetext") == "not rated yet"
    slider.send_keys(Keys.END)
    assert slider.get_attribute("aria-valuetext") == "100, excellent"
    slider.send_keys(Keys.HOME)
    assert slider.get_attribute("aria-valuetext") == "0, bad"
    unnamed = opened.execute_script(
        "return [...document.querySelectorAll('input, button')].filter(e =>"
        " !(e.textContent || e.ariaLabel || (e.labels && e.labels.length))).map(e => e.outerHTML)"
    )
    assert unnamed == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_and_the_page_is_narrow_enough_for_a_telephone(opened: Chrome, page: Path, theme: str) -> None:
    opened.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    open_page(opened, page)
    assert opened.execute_script(WEAK_TEXT) == []
    one(opened, "#begin-form button").click()
    loaded(opened)
    press(opened, "b")
    assert opened.execute_script("return document.documentElement.scrollWidth") <= 400
    assert opened.execute_script(WEAK_TEXT) == []


WEAK_TEXT = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data;
}
function luminance(color) {
  const [r, g, b] = [...rgba(color)].slice(0, 3).map((v) => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function behind(element) {
  for (let e = element; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if (rgba(color)[3] > 0) return color;
  }
  return 'white';
}
return [...document.querySelectorAll('body *:not(script)')].filter((e) => e.checkVisibility() && !e.disabled
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())).map((e) => {
  const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim().slice(0, 40)];
}).filter(([ratio]) => ratio < 4.5);
"""

OFFLINE = """
window.AudioContext = function () { return (window.offline = new OfflineAudioContext(2, 48000 * 6, 48000)); };
"""

PLAY_THROUGH = """
const done = arguments[arguments.length - 1];
const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', {key: key, bubbles: true}));
press('a');
[['b', 2], ['c', 4]].forEach(([key, time]) =>
  offline.suspend(time).then(() => { press(key); offline.resume(); }));
setTimeout(() => offline.startRendering().then((sound) => {
  const bytes = new Uint8Array(sound.getChannelData(0).buffer);
  let text = '';
  for (let n = 0; n < bytes.length; n += 8192) text += String.fromCharCode(...bytes.subarray(n, n + 8192));
  done(btoa(text));
}), 50);
"""


def test_letters_sound_equally_loud_and_switch_without_a_click(opened: Chrome, page: Path) -> None:
    script = opened.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": OFFLINE})
    try:
        begin(opened, page)
        sound = np.frombuffer(base64.b64decode(opened.execute_async_script(PLAY_THROUGH)), np.float32)
    finally:
        opened.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    parts = [sound[round(start * 48000) : round((start + 1.6) * 48000)] for start in (0.2, 2.2, 4.2)]
    found = [loudness_lufs(part) for part in parts]
    assert max(found) - min(found) < 0.2
    peaks_hz = sorted(float(np.argmax(np.abs(np.fft.rfft(part[:48000])))) for part in parts)
    assert peaks_hz == pytest.approx(TONES_HZ, abs=1.0)
    assert max(click_db(sound, time_s) for time_s in (2.0, 4.0)) < -50.0
    cut = np.concatenate(
        [np.roll(part, -int(np.argmax(part))) * sign for part, sign in zip(parts, (1, -1, 1), strict=True)]
    )
    assert click_db(cut, 1.6) > -30.0  # what no fade at all would give


def click_db(sound: np.ndarray, time_s: float) -> float:
    """Return the highest peak above 4 kHz near a moment, where there are only lower tones, against the sound's peak."""
    bright = np.abs(signal.sosfiltfilt(signal.butter(8, 4000.0, "high", fs=48000, output="sos"), sound))
    near = bright[round((time_s - 0.05) * 48000) : round((time_s + 0.15) * 48000)]
    return float(20.0 * np.log10(near.max() / np.abs(sound).max()))


def loudness_lufs(part: np.ndarray) -> float:
    meter = LoudnessMeter(48000, 1)
    meter.add(part[None].astype(np.float32))
    return meter.result().integrated_lufs


def test_a_browser_that_cannot_play_says_so(opened: Chrome, page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    start = text.index('id="sound-0-0">') + len('id="sound-0-0">')
    broken = tmp_path / "broken.html"
    broken.write_text(text[:start] + base64.b64encode(b"no audio").decode() + text[text.index("</script>", start) :])
    open_page(opened, broken)
    one(opened, "#begin-form button").click()
    wait_for(opened, "document.getElementById('status').textContent.includes('cannot play the sound of this page')")
    press(opened, "a", " ")
    assert one(opened, "#play").text == "Play"


def test_columns_are_the_same_on_both_sides(opened: Chrome, page: Path) -> None:
    open_page(opened, page)
    data = json.loads(opened.execute_script("return document.getElementById('data').textContent"))
    assert tuple(data["columns"]) == COLUMNS
    assert RATE_HZ == 44100
