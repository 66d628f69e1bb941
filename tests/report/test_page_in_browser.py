"""The page in a real browser: nothing complains or runs off a narrow screen, everything has a name and is legible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browser as real_browser
import numpy as np
import pytest

from reaper_automix.analysis.masking import covering
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.report import LEFT_OUT, NEW, MoveRow, Report, SkipRow, TrackRow, render_report
from reaper_automix.report.kit_section import KitRow, kit_section
from reaper_automix.report.masking_section import MaskingPage, masking_section
from reaper_automix.report.plugin_model import Decay, PluginRow, Reduction

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

NAMES = (
    "Kick",
    "Snare",
    "A track with quite a long name of several words",
    "$Bass$",
    "主唱 🎤",
    "<i>Keys</i>",
    "Gtr L",
    "Gtr R",
)
WIDTHS = (400, 1280)

NAMELESS = """
const nameless = [];
for (const picture of document.querySelectorAll("svg, img")) {
  if (picture.closest("[aria-hidden=true]")) continue;
  const title = picture.querySelector(":scope > title");
  const name = picture.getAttribute("aria-label") || picture.getAttribute("alt") || (title && title.textContent);
  if (!name || !name.trim() || (picture.tagName === "svg" && picture.getAttribute("role") !== "img"))
    nameless.push(picture.outerHTML.slice(0, 120));
}
for (const control of document.querySelectorAll("button, input, select, a, summary")) {
  const name = control.getAttribute("aria-label") || control.textContent || (control.labels && control.labels.length);
  if (!name || !String(name).trim()) nameless.push(control.outerHTML.slice(0, 120));
}
return nameless;
"""

TOO_WIDE = """
const wide = [], edge = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > edge) wide.push("the page: " + document.documentElement.scrollWidth);
for (const element of document.querySelectorAll("body *")) {
  if (element.closest(".scroll, .hidden, svg") || element.closest("svg")) continue;
  const box = element.getBoundingClientRect();
  if (box.width && box.right > edge + 1)
    wide.push(element.tagName + "." + element.className + " " + Math.round(box.right));
}
return wide.slice(0, 10);
"""

ILLEGIBLE = """
function parts(colour) {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return Array.from(canvas.getImageData(0, 0, 1, 1).data);
}
function luminance(colour) {
  const shares = parts(colour).slice(0, 3).map(v => v / 255);
  const c = shares.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}
function behind(element) {
  for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (parts(colour)[3] > 0) return colour;
  }
  return getComputedStyle(document.body).backgroundColor;
}
const known = new Map(), illegible = new Set();
for (const element of document.querySelectorAll("body *")) {
  const own = Array.from(element.childNodes).some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || element.closest("title, desc, script, style, option") || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const ink = element.closest("svg") ? style.fill : style.color;
  const key = ink + " on " + behind(element);
  if (!known.has(key)) {
    const a = luminance(ink) + 0.05, b = luminance(behind(element)) + 0.05;
    known.set(key, Math.max(a, b) / Math.min(a, b));
  }
  if (known.get(key) < 4.5)
    illegible.add(element.tagName + "." + element.className + ": " + key + " " + known.get(key).toFixed(2));
}
return { seen: known.size, illegible: Array.from(illegible) };
"""


def plugins() -> tuple[PluginRow, ...]:
    equaliser = EqualiserSettings((Band("high_pass", 90.0, q=0.7), Band("band", 400.0, -6.0, 1.4)))
    before = EqualiserSettings((Band("high_pass", 60.0, q=0.7), Band("band", 400.0, -2.0, 1.4)))
    swing = tuple(float(v) for v in 3.0 + 3.0 * np.sin(np.arange(200) / 7.0))
    return (
        PluginRow("equaliser", "ReaEQ", equaliser, before, "the guitars mask it", 48_000),
        PluginRow(
            *("compressor", "ReaComp", CompressorSettings(-20.0, 4.0), None, "it is uneven", 48_000),
            reduction=Reduction(31.0, 0.1, swing, 3.0),
        ),
    )


def reverb() -> PluginRow:
    fall = tuple(-0.5 * n for n in range(160))
    decay = Decay(0.01, fall, (("4 to 8 kHz", tuple(1.4 * v for v in fall)),), 1.2)
    return PluginRow("reverb", "ReaVerbate", ReverbSettings(decay_s=1.2), None, "", 48_000, decay=decay)


def masking(tracks: int) -> MaskingPage:
    rng = np.random.default_rng(3)
    powers = (10.0 ** rng.uniform(-6.0, -3.0, (tracks, 40, 28))).astype(np.float32)
    softer = powers * (10.0 ** rng.uniform(-1.0, 1.0, (tracks, 1, 1))).astype(np.float32)
    return MaskingPage([NAMES[n % len(NAMES)] for n in range(tracks)], covering(powers), covering(softer), 60, 0.5)


@pytest.fixture
def full(make_report: Callable[..., Report], make_track: Callable[..., TrackRow]) -> Report:
    """A report that holds everything a page can hold."""
    moves = (
        MoveRow("Kick", "fader", "+1.2 dB", "-8.1 dB", "5.1 LU above where kicks sit."),
        MoveRow("Kick", "Volume envelope", "one point at +0.0 dB", "14 points, -3.2 dB to +2.1 dB", "it rises " * 12),
    )
    skip = SkipRow("Kick", "2 items", "MIDI makes no sound here", "Freeze or render this track.")
    tracks = [make_track(id=name, name=name, moves=moves, plugins=plugins()) for name in NAMES]
    tracks[1] = replace(tracks[1], status=LEFT_OUT, plugins=(), moves=(), skipped=(skip,), waveform=())
    tracks.append(make_track(id="{B}", name="Automix reverb", status=NEW, moves=moves[:1], plugins=(reverb(),)))
    kit = kit_section([KitRow(name, "kick", -20.0, -23.0, ("pan 0 to -0.3",)) for name in NAMES])
    return make_report(
        tracks=tuple(tracks),
        moves=moves * 8,
        skipped=(skip,) * 3,
        sections=(kit, masking_section(masking(20))),
        warnings=("Keys: judged dry.", "A warning " + "with a/very/long/path/" * 8),
    )


_PAGE: list[str] = []
"""The page, rendered once: its figures take a second."""


@pytest.fixture
def shown(browser: Chrome, full: Report, tmp_path: Path) -> Iterator[Chrome]:
    """The page, opened; what it complains of is a failure."""
    if not _PAGE:
        _PAGE.append(render_report(full))
    path = tmp_path / "report.html"
    path.write_text(_PAGE[0], "utf-8")
    browser.get(path.as_uri())
    yield browser
    assert real_browser.complaints(browser) == []


def look(browser: Chrome, width: int, theme: str = "light", media: str = "screen") -> None:
    size: dict[str, Any] = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
    browser.execute_script("document.documentElement.setAttribute('data-theme', arguments[0])", theme)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_runs_off_the_screen(shown: Chrome, width: int) -> None:
    look(shown, width)
    assert shown.execute_script(TOO_WIDE) == []


def test_every_picture_and_control_has_a_name(shown: Chrome) -> None:
    look(shown, 1280)
    assert shown.execute_script("return document.querySelectorAll('svg.chart').length") == 26
    assert shown.execute_script(NAMELESS) == []


def test_headings_go_down_one_level_at_a_time(shown: Chrome) -> None:
    levels = shown.execute_script(
        "return Array.from(document.querySelectorAll('h1, h2, h3, h4, h5, h6'), h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []


@pytest.mark.parametrize(("theme", "media"), [("light", "screen"), ("dark", "screen"), ("dark", "print")])
def test_all_words_are_legible(shown: Chrome, theme: str, media: str) -> None:
    look(shown, 1280, theme, media)
    found = shown.execute_script(ILLEGIBLE)
    assert found["seen"] >= 3
    assert found["illegible"] == []


def test_words_in_figures_are_large_enough_on_a_narrow_screen(shown: Chrome) -> None:
    look(shown, 400)
    words = "Array.from(document.querySelectorAll('svg.chart text:not([transform])'))"
    smallest = shown.execute_script(f"return Math.min(...{words}.map(t => t.getBoundingClientRect().height))")
    assert smallest >= 9.0


def test_tables_have_scopes_and_captions_and_their_scrollers_take_the_keyboard(shown: Chrome) -> None:
    look(shown, 400)
    bare = "return Array.from(document.querySelectorAll('th:not([scope])'), c => c.outerHTML)"
    assert shown.execute_script(bare) == []
    captions = "return Array.from(document.querySelectorAll('table:not(:has(caption))'), c => c.outerHTML.slice(0, 80))"
    assert shown.execute_script(captions) == []
    stuck = (
        "return Array.from(document.querySelectorAll('.scroll')).filter(s => s.scrollWidth > s.clientWidth && "
        "s.tabIndex < 0).map(s => s.textContent.slice(0, 60))"
    )
    assert shown.execute_script(stuck) == []


def test_the_theme_button_changes_the_figures(shown: Chrome) -> None:
    look(shown, 1280)
    curve = "return getComputedStyle(document.querySelector('svg.chart .s-after')).stroke"
    light = shown.execute_script(curve)
    button = shown.find_element("id", "theme")
    button.click()
    while button.text != "Theme: dark":
        button.click()
    assert shown.execute_script(curve) != light
    cell = "return getComputedStyle(document.querySelector('svg.heat .f-h5')).fill"
    assert shown.execute_script(cell) not in ("", "none", "rgb(0, 0, 0)")


def test_it_prints_without_what_only_a_screen_can_do(shown: Chrome) -> None:
    look(shown, 690, media="print")
    assert not shown.find_element("id", "theme").is_displayed()
    assert not shown.find_element("css selector", "nav").is_displayed()
    assert shown.execute_script(TOO_WIDE) == []
    look(shown, 1280)
