"""The vocal on the page: level, compressor, masking and reverb, in words, in pictures, and with names that are text."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from reaper_automix.analysis.octave_bands import OCTAVES_HZ
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.pipeline import make_plan
from reaper_automix.report.vocal_masking import MaskingRows
from reaper_automix.report.vocal_section import CompressorRow, VocalPage, vocal_section
from reaper_automix.reporting import report_of
from reaper_automix.settings import MixSettings

SILENT = -math.inf
VOCAL_DB = (SILENT, -60.0, -50.0, -40.0, -38.0, -42.0, -50.0, -50.0, -52.0, -60.0)
BACKING_DB = (-30.0, -32.0, -40.0, -44.0, -46.0, -48.0, -44.0, -52.0, -60.0, SILENT)
BOTH = slice(1, 9)
SHIFT_DB = float(np.mean(VOCAL_DB[BOTH]) - np.mean(BACKING_DB[BOTH]))
DIFFERENCE_DB = tuple(
    v - b - SHIFT_DB if math.isfinite(v) and math.isfinite(b) else math.nan
    for v, b in zip(VOCAL_DB, BACKING_DB, strict=True)
)
EQUALISER = EqualiserSettings(
    (Band("band", 2_000.0, -DIFFERENCE_DB[6], 2.0), Band("band", 4_000.0, -DIFFERENCE_DB[7], 2.0))
)
MASKING = MaskingRows(VOCAL_DB, BACKING_DB, DIFFERENCE_DB, (4, 3, 5, 6), (0, 1, 7), EQUALISER, 48_000)
COMPRESSOR = CompressorSettings(threshold_db=-21.0, ratio=3.7, attack_ms=30.0, release_ms=200.0, makeup_db=4.0)
ROW = CompressorRow("Lead <b>", COMPRESSOR, 21.4, 16.1, "brings it down", (0.0, 3.0, 9.5, 0.4), 0.1)
PAGE = VocalPage(
    leads=("Lead <b>",),
    before_lu=-8.2,
    wanted_lu=-0.5,
    after_lu=-0.4,
    measured="while somebody sings",
    other_lu=-2.8,
    compressors=(ROW,),
    masking=MASKING,
    reverb="1.71 s at 123 BPM",
    range_s=(0.0, 0.4),
)


def html_of(page: VocalPage = PAGE) -> str:
    return vocal_section(page).html


def words_of(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def pictures_of(html: str) -> list[ElementTree.Element]:
    found = re.findall(r'<svg class="plot figure".*?</svg>', html)
    return [ElementTree.fromstring(one) for one in found]


def path_of(picture: ElementTree.Element, css_class: str) -> list[str]:
    return [path.get("d", "") for path in picture.iter("path") if path.get("class") == css_class]


def test_level_compressor_equaliser_and_reverb_are_said_in_words() -> None:
    section = vocal_section(PAGE)
    assert section.title == "The vocal"
    words = words_of(section.html)
    assert "While somebody sings -8.2 -0.5 -0.4" in words
    assert "Over the whole song -2.8" in words
    assert "3.7:1 over -21.0 dB, attack 30 ms, release 200 ms, make-up +4.0 dB 21.4 16.1 brings it down" in words
    assert "at the most 9.5 dB, at 0:00; 1 dB or more in 50% of the time" in words
    assert "The vocal's equaliser: +4.0 dB at 2 kHz (Q 2), -4.0 dB at 4 kHz (Q 2)." in words.replace("&#39;", "'")
    assert "Decay 1.71 s at 123 BPM." in words


def test_names_are_text_in_words_and_labels() -> None:
    html = html_of()
    assert "<b>" not in html
    assert html.count("Lead &lt;b&gt;") == 4  # heading, table, caption and label


def test_each_picture_is_whole_svg_and_says_what_it_shows() -> None:
    pictures = pictures_of(html_of())
    assert len(pictures) == 3
    assert all(picture.get("role") == "img" for picture in pictures)
    level, reduction, spectra = (picture.get("aria-label", "") for picture in pictures)
    assert "while somebody sings -8.2 LU before, -0.5 LU wanted, -0.4 LU after" in level
    assert "over the whole song -2.8 LU after" in level
    assert reduction.startswith("Gain reduction of Lead <b> over time: at the most 9.5 dB")
    assert "equaliser on the vocal: +4.0 dB at 2 kHz" in spectra


@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
def test_no_picture_leaves_its_frame(rate_hz: int) -> None:
    for picture in pictures_of(html_of(replace(PAGE, masking=replace(MASKING, sample_rate_hz=rate_hz)))):
        _, _, width, height = map(float, picture.get("viewBox", "").split())
        for dot in picture.iter("circle"):
            assert 0.0 <= float(dot.get("cx", "")) <= width
            assert 0.0 <= float(dot.get("cy", "")) <= height


def test_nothing_beside_the_vocal_is_said_and_not_drawn() -> None:
    nan = math.nan
    page = replace(PAGE, before_lu=nan, wanted_lu=nan, after_lu=nan, other_lu=nan, masking=None, compressors=())
    html = html_of(page)
    assert "<svg" not in html
    assert "nan" not in html
    assert "Nothing sounds beside the vocal, so there is no level to compare it with." in html
    assert "Nothing sounds beside the vocal that could mask it." in html


def test_a_level_that_was_not_measured_has_a_dash_and_no_dot() -> None:
    html = html_of(replace(PAGE, before_lu=math.nan, masking=None, compressors=()))
    (level,) = pictures_of(html)
    assert "While somebody sings – -0.5 -0.4" in words_of(html)
    assert [dot.get("class") for dot in level.iter("circle")] == ["dot after", "dot after"]


def test_spectra_compare_as_shapes_with_large_dots_where_they_are_essential() -> None:
    html = html_of()
    words = words_of(html)
    vocal_db, backing_db = (side[4] - float(np.mean(side[BOTH])) for side in (VOCAL_DB, BACKING_DB))
    assert f"500 Hz {vocal_db:+.1f} {backing_db:+.1f} {DIFFERENCE_DB[4]:+.1f} vocal" in words
    assert "31.5 Hz silent" in words
    spectra = pictures_of(html)[2]
    for kind, essential in (("after", 4), ("before", 3)):
        radii = [dot.get("r") for dot in spectra.iter("circle") if dot.get("class") == f"dot {kind}"]
        assert radii.count("6") == essential
    assert len(path_of(spectra, "wave edged")) == 8  # octaves in which both sound


def test_a_silent_octave_breaks_the_line() -> None:
    gap = (*VOCAL_DB[:4], SILENT, *VOCAL_DB[5:])
    spectra = pictures_of(html_of(replace(PAGE, masking=replace(MASKING, vocal_db=gap))))[2]
    line = path_of(spectra, "after")[0]
    assert line.count("M") == 2
    assert line.count("L") == 6


def test_bands_are_marked_on_the_curve_and_explained() -> None:
    html = html_of()
    words = words_of(html)
    assert "-4.0 the vocal masks the backing" in words
    assert "+4.0 the backing masks the vocal" in words
    spectra = pictures_of(html)[2]
    curve = np.array([p.split() for p in path_of(spectra, "after")[1][1:].split("L")], np.float64)
    marks = [dot for dot in spectra.iter("circle") if dot.get("r") == "4.5"]
    assert [text.text for text in spectra.iter("text") if text.get("class") == "mark"] == ["+4.0", "-4.0"]
    for mark in marks:
        x, y = float(mark.get("cx", "")), float(mark.get("cy", ""))
        assert np.interp(x, curve[:, 0], curve[:, 1]) == pytest.approx(y, abs=1.0)


def test_no_band_is_a_sentence_and_no_curve() -> None:
    html = html_of(replace(PAGE, masking=replace(MASKING, equaliser=EqualiserSettings())))
    assert "No band was needed" in html
    assert "Equaliser</th>" not in html
    assert len(path_of(pictures_of(html)[2], "after")) == 1  # the vocal's spectrum


def test_nobody_singing_draws_no_spectra() -> None:
    silent = replace(MASKING, vocal_db=(SILENT,) * len(OCTAVES_HZ), difference_db=(math.nan,) * len(OCTAVES_HZ))
    html = html_of(replace(PAGE, masking=silent, compressors=()))
    assert "Nobody sings" in html
    assert len(pictures_of(html)) == 1


def test_a_vocal_that_was_left_alone_says_why_and_has_no_picture() -> None:
    row = CompressorRow("Lead", None, 7.6, 7.6, "its range is below 16.7 LU already")
    html = html_of(replace(PAGE, compressors=(row,)))
    assert "left alone 7.6 7.6 its range is below 16.7 LU already" in words_of(html)
    assert "Gain reduction of" not in html


def test_gain_reduction_hangs_from_0_db_as_deep_as_it_goes() -> None:
    reduction = pictures_of(html_of())[1]
    (outline,) = path_of(reduction, "wave edged")
    depths = [float(y) for y in re.findall(r"V([\d.]+)", outline)]
    assert max(depths) == pytest.approx(8.0 + 100.0 * 9.5 / 12.0, abs=0.06)  # the axis ends at -12 dB
    assert depths[-1] == 8.0


def test_an_hour_of_gain_reduction_keeps_its_depths_and_stays_small() -> None:
    reduction_db = np.random.default_rng(3).uniform(0.0, 5.0, 36_000)
    reduction_db[[0, 17_771, -1]] = (6.0, 11.0, 5.5)
    page = replace(PAGE, compressors=(replace(ROW, reduction_db=reduction_db.tolist()),), range_s=(0.0, 3_600.0))
    html = html_of(page)
    (outline,) = path_of(pictures_of(html)[1], "wave edged")
    assert outline.count("V") <= 901
    depths = [float(y) for y in re.findall(r"V([\d.]+)", outline)]
    assert depths[0] == pytest.approx(58.0)
    assert max(depths) == pytest.approx(8.0 + 100.0 * 11.0 / 12.0, abs=0.06)
    assert "at the most 11.0 dB, at 29:37" in html


def test_a_compressor_that_never_works_draws_a_line() -> None:
    html = html_of(replace(PAGE, compressors=(replace(ROW, reduction_db=(0.0,) * 4),)))
    assert "at the most 0.0 dB" in html
    assert path_of(pictures_of(html)[1], "wave edged") == ["M58 8H628V8z"]


def test_steps_that_were_not_done_say_so() -> None:
    left_out = {step: f"The {step} stays." for step in ("level", "compressor", "equaliser", "reverb")}
    html = html_of(replace(PAGE, compressors=(), masking=None, reverb="", left_out=left_out))
    assert [step for step in left_out if f"The {step} stays." not in html] == []
    assert "Nothing sounds" not in html
    assert "None:" not in html


def test_part_of_the_way_is_said() -> None:
    assert "strength" not in html_of()
    assert "at 50 % strength" in html_of(replace(PAGE, strength_percent=50.0))


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that is loud and quiet in turn, over keys."""
    folder, rate_hz, rng = tmp_path_factory.mktemp("song"), 16_000, np.random.default_rng(5)
    time_s = np.arange(24 * rate_hz) / rate_hz
    voice = sum(np.sin(2.0 * np.pi * 220.0 * n * time_s) / n for n in range(1, 12))
    voice = voice * np.where(time_s // 4.0 % 2.0 < 1.0, 0.2, 0.02)
    soundfile.write(folder / "lead vocal.wav", voice, rate_hz, subtype="FLOAT")
    soundfile.write(folder / "keys.wav", 0.05 * rng.standard_normal(time_s.size), rate_hz, subtype="FLOAT")
    return folder


def test_what_the_mixer_found_comes_to_the_page(song: Path) -> None:
    planned = make_plan(StemsHost(song).read_session(), "vocal", MixSettings(vocal_level="rule"))
    section, *_ = report_of(planned, None, ()).sections
    words = words_of(section.html)
    found = planned.findings
    assert "Lead vocal: lead vocal" in words
    assert f"{found.before_lu:+.1f} -0.5 -0.5" in words
    compression = dict(found.compressions)["lead vocal"]
    assert compression.settings is not None
    assert f"at the most {compression.reduction_db.max():.1f} dB" in words
    assert all(f"{band.gain_db:+.1f} dB at" in words for band in found.unmasking.bands)
    assert found.reverb in words


def test_a_part_of_the_session_says_why_no_plug_in_is_written(song: Path) -> None:
    settings = MixSettings(vocal_level="rule", vocal_steps=("level", "equaliser"))
    planned = make_plan(StemsHost(song).read_session(), "vocal", settings, range_s=(2.0, 12.0))
    section, *_ = report_of(planned, None, ()).sections
    assert "The equaliser is left as it is: plug-ins play everywhere" in section.html
    assert "The compressor was not among the steps of this run." in section.html
    assert "Nothing sounds" not in section.html
