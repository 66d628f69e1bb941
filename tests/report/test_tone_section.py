"""The tone of tracks on the page: one picture per track that says what it shows, and names that are text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from reaper_automix.analysis.third_octaves import CENTRES_HZ
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.report.figure import LEFT, RIGHT
from reaper_automix.report.spectrogram import png
from reaper_automix.report.tone_picture import ToneRow, spectrograms, tone_picture
from reaper_automix.report.tone_section import TonePage, tone_section

BANDS = (Band("low_shelf", 100.0, -6.0, 0.707), Band("band", 2_000.0, 3.0, 1.0), Band("high_shelf", 15_000.0, 2.0))
ROW = ToneRow(
    track="Lead <b> & co",
    group="vocal",
    start_s=62.0,
    spectrum=tuple((hz, -20.0 - 2.0 * n) for n, hz in enumerate(CENTRES_HZ)),
    target=tuple((hz, 6.0 - 0.5 * n) for n, hz in enumerate(CENTRES_HZ[3:])),
    equaliser=EqualiserSettings(BANDS),
    distance_db=0.42,
    curve_rms_db=3.14,
    remarks=("less boost where <i> the track has nothing",),
)
BARE = replace(ROW, track="", equaliser=EqualiserSettings(), remarks=(), spectrum=((1_000.0, -150.0),), target=())


def picture_of(row: ToneRow, rate_hz: int = 48_000) -> ElementTree.Element:
    return ElementTree.fromstring(tone_picture(row, rate_hz))


def test_the_picture_has_the_spectrum_the_wanted_one_and_the_equaliser() -> None:
    picture = picture_of(ROW)
    classes = [path.get("class", "") for path in picture.iter("path")]
    assert classes.count("wave edged") == len(CENTRES_HZ)
    assert (classes.count("wanted"), classes.count("before"), classes.count("after")) == (1, 1, 1)
    assert len(list(picture.iter("circle"))) == len(BANDS)
    label = picture.get("aria-label", "")
    assert "Lead <b> & co: spectrum of its loudest ten seconds" in label
    assert "-6.0 dB at 100 Hz" in label
    marks = [text.text for text in picture.iter("text") if text.get("class") == "mark"]
    assert marks == ["-6.0", "+3.0", "+2.0"]


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_everything_lies_inside(rate_hz) -> None:
    for row in (ROW, BARE):
        _, _, width, height = map(float, picture_of(row, rate_hz).get("viewBox", "").split())
        for path in picture_of(row, rate_hz).iter("path"):
            for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d", "")):
                assert LEFT - 1 <= float(x) <= min(RIGHT, width) + 1
                assert 0 <= float(y) <= height


def test_without_an_equaliser_there_is_only_what_was_wanted() -> None:
    picture = picture_of(BARE)
    assert not list(picture.iter("circle"))
    assert "equaliser: none" in picture.get("aria-label", "")


def test_the_section_says_it_in_words_and_names_are_text() -> None:
    html = tone_section(TonePage((ROW, BARE), 48_000, 50.0, ("It is <not> proven.",))).html
    root = ElementTree.fromstring(f"<div>{html}</div>")
    said = " ".join("".join(root.itertext()).split())
    assert "Lead <b> & co (vocal, heard from 1:02 on)" in said
    assert "at 50 % strength" in said
    assert "It is <not> proven." in said
    assert "3.1" in said
    assert "0.4" in said
    assert "less boost where <i> the track has nothing" in said
    assert len(list(root.iter("svg"))) == 2 + 4, "two pictures, four samples in the legend"


def test_no_track_is_said() -> None:
    assert "No track of a group" in tone_section(TonePage((), 48_000)).html


def test_spectrograms_show_the_raw_track_the_target_and_what_the_equaliser_makes_of_it() -> None:
    mels_db = np.random.default_rng(0).uniform(-80.0, 0.0, (128, 40)).astype(np.float32)
    shown = str(spectrograms(replace(ROW, mels_db=mels_db), 48_000))
    assert shown.count("data:image/png;base64,") == 3
    assert "behind the equaliser" in shown
    assert str(spectrograms(replace(ROW, mels_db=mels_db), 16_000)).count("<figure>") == 3
    assert str(spectrograms(ROW, 48_000)) == ""


def test_a_spectrogram_is_a_picture_that_others_read() -> None:
    image = pytest.importorskip("matplotlib.image")
    import io

    read = image.imread(io.BytesIO(png(np.array([[0, 255, 128], [10, 20, 30]], np.uint8))), format="png")
    assert read.shape[:2] == (2, 3)
    grey = read[..., :3].mean(axis=2)
    assert grey[0, 0] < grey[0, 2] < grey[0, 1]
