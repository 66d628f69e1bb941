"""Channel strips on the page: one picture per track that says what it shows, and names that are text."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.report.strip_picture import HEIGHT, WIDTH, StripRow, pan_words, strip_picture, strip_words
from reaper_automix.report.strip_section import StripPage, strip_section
from reaper_automix.units import SILENCE_DB

BANDS = (Band("low_shelf", 100.0, -6.0, 0.707), Band("band", 2_000.0, 3.0, 1.0), Band("high_shelf", 15_000.0, 12.0))
ROW = StripRow(
    track="Lead <b> & a name that is far too long for its strip",
    role="lead vocal",
    equaliser=EqualiserSettings(BANDS),
    compressor=CompressorSettings(threshold_db=-24.0, ratio=3.0, attack_ms=100.0, release_ms=1_000.0, makeup_db=12.0),
    reduction_db=2.26,
    send_db=-18.0,
    reverb_lu=-14.0,
    pan_before=0.0,
    pan=-0.42,
    fader_before_db=SILENCE_DB,
    fader_db=12.0,
    bounds=("no boost at 9 kHz",),
    left_out=("no compressor: <i>",),
    inverted=True,
)
BARE = StripRow("", "", EqualiserSettings(), None, 0.0, SILENCE_DB, -math.inf, 0.3, 0.3, 0.0, -3.0)
PAGE = StripPage(
    rows=(ROW, BARE),
    reverb=ReverbSettings(decay_s=1.2, wet_db=0.0, dry_db=SILENCE_DB, highpass_hz=150.0, lowpass_hz=8_000.0),
    bus="Automix <reverb>",
    source="the <test>",
    starts_s=(31.0, 5.0),
    excerpt_s=5.0,
    sample_rate_hz=48_000,
)


def words_of(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def picture_of(row: StripRow, rate_hz: int = 48_000) -> ElementTree.Element:
    return ElementTree.fromstring(strip_picture(row, rate_hz))


def numbers_of(picture: ElementTree.Element) -> list[tuple[float, float]]:
    """Return the ends of all lines, as (x, y); relative steps are left out."""
    found = []
    for path in picture.iter("path"):
        for point in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d", "")):
            found.append((float(point[0]), float(point[1])))
    return found


@pytest.mark.parametrize("row", [ROW, BARE, replace(ROW, pan=1.0, send_db=6.0, fader_db=SILENCE_DB)])
@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_a_picture_is_well_formed_and_stays_in_its_case(row, rate_hz) -> None:
    picture = picture_of(row, rate_hz)
    assert picture.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    places = numbers_of(picture)
    places += [(float(dot.get("cx", "nan")), float(dot.get("cy", "nan"))) for dot in picture.iter("circle")]
    places += [(float(text.get("x", "nan")), float(text.get("y", "nan"))) for text in picture.iter("text")]
    assert places
    assert all(0.0 <= x <= WIDTH and 0.0 <= y <= HEIGHT for x, y in places)


def test_top_to_bottom_as_the_signal_goes() -> None:
    texts = {text.text: float(text.get("y", "nan")) for text in picture_of(ROW).iter("text")}
    stages = ["lead vocal, upside down", "Equaliser", "Compressor", "Reverb send", "Pan", "Fader"]
    heights = [texts[stage] for stage in stages]
    assert heights == sorted(heights)
    for knob in ("3:1", "-24.0 dB", "100 / 1000 ms", "make-up +12.0", "takes 2.3 dB", "-18.0 dB", "42 L", "+12.0 dB"):
        assert knob in texts
    assert "was -inf" in texts


def test_the_curve_is_the_equalisers() -> None:
    picture = picture_of(replace(ROW, equaliser=EqualiserSettings((Band("band", 1_000.0, 12.0, 0.5),))))
    curve = next(path.get("d", "") for path in picture.iter("path") if path.get("class") == "after")
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", curve)]
    top = min(points, key=lambda point: point[1])
    flat = picture_of(BARE)
    middle = next(p.get("d", "") for p in flat.iter("path") if p.get("class") == "before")
    zero = float(re.findall(r"M-?[\d.]+ (-?[\d.]+)", middle)[0])
    assert zero - top[1] == pytest.approx(38.0, abs=1.5), "12 dB are half of the picture"
    assert points[0][1] > top[1] + 25.0


def test_nothing_is_said_to_be_none() -> None:
    assert strip_words(BARE) == "no equaliser; no compressor; send none; pan 30 R; fader +0.0 to -3.0 dB"
    texts = [text.text for text in picture_of(BARE).iter("text")]
    assert texts.count("none") == 2
    assert "role unknown" in texts
    assert "(unnamed track)" in texts


@pytest.mark.parametrize(("pan", "words"), [(0.0, "C"), (0.004, "C"), (-1.0, "100 L"), (0.256, "26 R")])
def test_places_are_written_as_on_a_desk(pan, words) -> None:
    assert pan_words(pan) == words


def test_the_section_says_who_where_and_what_was_held_back() -> None:
    section = strip_section(PAGE)
    assert section.title == "The channel strips"
    words = words_of(section.html)
    assert "Heard in 2 excerpts of 5 s, from 0:05, 0:31 on" in words
    assert "decay 1.20 s" in words
    assert "from 150 Hz to 8 kHz" in words
    assert "low shelf -6.0 dB at 100 Hz" in words
    assert "no boost at 9 kHz" in words
    assert "14 LU below" in words
    assert section.html.count('class="plot strip"') == 2


def test_names_are_text() -> None:
    html = strip_section(PAGE).html
    for raw in ("Lead <b>", "Automix <reverb>", "the <test>", "compressor: <i>"):
        assert raw not in html
    for picture in re.findall(r'<svg class="plot strip".*?</svg>', html):
        ElementTree.fromstring(picture)


def test_without_sends_there_is_no_reverb_and_steps_that_were_not_done_are_named() -> None:
    page = replace(PAGE, rows=(BARE,), reverb=None, strength_percent=60.0, left_out={"reverb": "The reverb was not."})
    words = words_of(strip_section(page).html)
    assert "no track is sent there" in words
    assert "The reverb was not." in words
    assert "60 % strength" in words
