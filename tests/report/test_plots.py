"""Figures take their colours from the page, say what they show, and never see a track's name."""

from __future__ import annotations

import math
import re
import sys
from importlib.resources import files

import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.report import plots
from reaper_automix.report.plugin_model import Decay, Reduction
from reaper_automix.report.plugin_plots import (
    HEIGHT,
    WIDTH,
    compressor_plot,
    decay_plot,
    equaliser_plot,
    reduction_plot,
)

STYLE = files("reaper_automix.report").joinpath("report.css").read_text("utf-8")
EQUALISER = EqualiserSettings((Band("high_pass", 90.0, q=0.7), Band("band", 400.0, -6.0, 1.4), Band("band", 3e3, 3.0)))
COMPRESSOR = CompressorSettings(threshold_db=-20.0, ratio=4.0, knee_db=6.0)
REDUCTION = Reduction(30.0, 0.1, tuple(3.0 + 3.0 * math.sin(n / 5.0) for n in range(200)), 3.0)
DECAY = Decay(
    0.01,
    tuple(-60.0 * n / 100.0 for n in range(136)),
    (("125 to 500 Hz", tuple(-40.0 * n / 100.0 for n in range(136))),),
    1.0,
)
ALL = {
    "equaliser": lambda name: equaliser_plot(name, EQUALISER, None, 48_000),
    "changed equaliser": lambda name: equaliser_plot(name, EQUALISER, EqualiserSettings(EQUALISER.bands[:1]), 44_100),
    "compressor": lambda name: compressor_plot(name, COMPRESSOR),
    "reduction": lambda name: reduction_plot(name, REDUCTION),
    "decay": lambda name: decay_plot(name, DECAY),
}


@pytest.mark.parametrize("kind", ALL)
def test_a_figure_has_no_colours_of_its_own_and_is_small(kind: str) -> None:
    drawn = str(ALL[kind]("Kick"))
    assert "#" not in drawn
    assert "style=" not in drawn
    assert " id=" not in drawn
    assert "clip-path" not in drawn
    classes = set(re.findall(r'class="([fs]-[^"]*)"', drawn))
    assert classes
    for name in {word for entry in classes for word in entry.split()}:
        assert f".{name} " in STYLE, f"the style sheet does not colour {name}"
    assert len(drawn) < 9_000
    assert drawn == str(ALL[kind]("Kick")), "the same figure twice"


@pytest.mark.parametrize("kind", ALL)
def test_everything_drawn_lies_on_the_picture(kind: str) -> None:
    drawn = str(ALL[kind]("Kick"))
    paths = re.findall(r'<path(?![^>]*transform)[^>]* d="([^"]*)"', drawn)
    for x, y in (pair.split() for path in paths for pair in re.findall(r"[ML]([-\d.]+ [-\d.]+)", path)):
        assert -0.1 <= float(x) <= WIDTH + 0.1
        assert -0.1 <= float(y) <= HEIGHT + 0.1
    for x, y in re.findall(r'<text[^>]* x="([-\d.]+)" y="([-\d.]+)"', drawn):
        assert 0.0 <= float(x) <= WIDTH
        assert 0.0 <= float(y) <= HEIGHT


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "$x^2$ & \\frac", "主唱 🎤", "\u202eright", "@0@"])
def test_names_are_escaped_and_never_drawn(name: str) -> None:
    for draw in ALL.values():
        drawn = str(draw(name))
        assert "<script" not in drawn
        assert re.search(r"<title>.+</title><desc>.+</desc>", drawn)
    on = plots.axes(100.0, 50.0)
    plots.note(on, 0.5, 0.5, plots.name_mark(0), turned=True)
    drawn = str(plots.svg(on, "title", "words", names=[name]))
    assert name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in drawn


def test_a_figure_says_its_numbers() -> None:
    said = str(ALL["equaliser"]("Kick"))
    assert "<title>Kick: response of the equaliser</title>" in said
    assert "-6.0 dB at 400 Hz (Q 1.4)" in said
    assert "RT60 1.00 s" in str(ALL["decay"]("Room"))
    assert "125 to 500 Hz 1.35 s" in str(ALL["decay"]("Room")), "where it does not fall so far, its end"
    assert "3.0 dB in the mean, 6.0 dB at the most" in str(ALL["reduction"]("Kick"))
    assert "4:1 over -20.0 dB" in str(ALL["compressor"]("Kick"))


def points_of(drawn: str, css_class: str) -> list[tuple[float, float]]:
    (path,) = re.findall(rf'<path class="{css_class}" stroke-width="2.2" d="([^"]*)"', drawn)
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path)]


def test_the_curves_are_where_the_settings_put_them() -> None:
    curve = points_of(str(compressor_plot("Kick", CompressorSettings(threshold_db=-30.0, ratio=2.0))), "s-after")
    left, right, top, bottom = 46.0, WIDTH - 10.0, 10.0, HEIGHT - 22.0
    assert curve[0] == pytest.approx((left, bottom), abs=0.1)
    assert curve[-1] == pytest.approx((right, top + (bottom - top) * 15.0 / 60.0), abs=0.3)
    drawn = str(equaliser_plot("Kick", EqualiserSettings((Band("band", 632.46, 6.0, 2.0),)), None, 48_000))
    highest = min(points_of(drawn, "s-after"), key=lambda point: point[1])
    assert highest == pytest.approx(((left + right) / 2.0, top), abs=2.0)


def test_a_limiter_an_unheard_compressor_and_a_flat_equaliser_are_drawn() -> None:
    assert "limits over -60.0 dB" in str(compressor_plot("Kick", CompressorSettings(-60.0, 100.0)))
    assert "over 6.0 dB" in str(compressor_plot("Kick", CompressorSettings(6.0, 2.0, makeup_db=12.0)))
    assert "dry" not in str(compressor_plot("Kick", CompressorSettings(-30.0, 2.0, makeup_db=-150.0, dry_db=-150.0)))
    assert "+0.0 dB" in str(equaliser_plot("Kick", EqualiserSettings(), None, 48_000))
    assert "0.0 dB at the most" in str(reduction_plot("Kick", Reduction(0.0, 0.1, (0.0, 0.0), 0.0)))


def test_heat_goes_up_in_steps_that_the_style_sheet_has() -> None:
    assert [plots.heat(share) for share in (-1.0, 0.0, 0.5, 1.0, 7.0)] == ["h0", "h0", "h5", "h10", "h10"]
    for step in range(plots.HEAT_STEPS + 1):
        assert f".f-h{step} " in STYLE
        assert f".swatch.h{step} " in STYLE
    on = plots.axes(60.0, 60.0)
    on.set_xlim(0, 2)
    on.set_ylim(2, 0)
    plots.squares(on, [(0, 0), (1, 1)], "h3")
    (path,) = re.findall(r'<path class="f-h3" d="([^"]*)"', str(plots.svg(on, "title", "words")))
    assert path.count("z") == 2


def test_matplotlib_is_loaded_by_the_first_figure_only() -> None:
    import subprocess

    told = subprocess.run(
        [sys.executable, "-c", "import sys, reaper_automix.commands; print('matplotlib' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"
