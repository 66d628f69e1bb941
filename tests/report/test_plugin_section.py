"""The plug-ins of a track on the page: in words always, as curves where they are drawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.report import NEW, MoveRow, Report, SkipRow, TrackRow, plots, render_report
from reaper_automix.report.plugin_model import Decay, PluginRow, Reduction
from reaper_automix.report.plugin_section import plugin_section

EQUALISER = PluginRow(
    "equaliser", "ReaEQ", EqualiserSettings((Band("band", 400.0, -3.0, 1.4),)), None, "the guitars mask it", 48_000
)
COMPRESSOR = PluginRow(
    "compressor",
    "ReaComp",
    CompressorSettings(threshold_db=-20.0, ratio=4.0),
    CompressorSettings(threshold_db=-30.0, ratio=2.0),
    "it is uneven",
    48_000,
    reduction=Reduction(62.0, 0.1, (1.0, 4.0, 2.0), 2.3),
)
REVERB = PluginRow(
    "reverb",
    "ReaVerbate",
    ReverbSettings(decay_s=1.2, dampening=0.4, dry_db=-150.0),
    None,
    "",
    48_000,
    decay=Decay(0.01, tuple(-0.5 * n for n in range(160)), (), 1.2),
)


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", html).split())


def test_each_plug_in_has_its_settings_its_reason_and_its_curves() -> None:
    html = str(plugin_section("Kick", (EQUALISER, COMPRESSOR, REVERB)))
    words = words_of(html)
    assert "Equaliser ReaEQ -3.0 dB at 400 Hz (Q 1.4). the guitars mask it" in words
    assert "4:1 over -20.0 dB, attack 3 ms, release 100 ms. Was: 2:1 over -30.0 dB" in words
    assert "it is uneven" in words
    assert "from 1:02 to 1:02, where the track is loudest: 2.3 dB in the mean, 4.0 dB at the most, at 1:02.1" in words
    assert "Decay 1.20 s, wet +0.0 dB, no dry signal, initial delay 0 ms, dampening 0.40, width 1.00." in words
    titles = re.findall("<title>(.*?)</title>", html)
    assert titles == [
        "Kick: response of the equaliser",
        "Kick: transfer curve of the compressor",
        "Kick: gain reduction over time",
        "Kick: decay of the reverb",
    ]
    assert html.count("<figcaption>") == html.count("<figure>") == 4
    assert html.count("<h4>") == 3


def test_no_plug_in_is_nothing() -> None:
    assert plugin_section("Kick", ()) == ""


@pytest.mark.parametrize("row", [EQUALISER, COMPRESSOR, REVERB])
def test_without_a_picture_the_measured_numbers_stay(row: PluginRow, monkeypatch: pytest.MonkeyPatch) -> None:
    html = str(plugin_section("Kick", (replace(row, is_pictured=False, remark="Too many."),)))
    assert "<svg" not in html
    assert "Too many." in html
    assert ("4.0 dB at the most" in html) == (row is COMPRESSOR)
    assert ("RT60 1.20 s" in html) == (row is REVERB)
    monkeypatch.setattr(plots, "available", lambda: False)
    assert "<svg" not in plugin_section("Kick", (row,))


def test_names_and_reasons_are_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>"
    html = str(plugin_section(evil, (replace(EQUALISER, plugin=evil, reason=evil, remark=evil),)))
    assert "<img" not in html


def test_an_article_tells_all_its_moves_once_its_skips_and_its_plug_ins(
    make_report: Callable[..., Report], make_track: Callable[..., TrackRow]
) -> None:
    moves = (
        MoveRow("Kick", "fader", "+1.2 dB", "-8.1 dB", "too loud"),
        MoveRow("Kick", "equaliser (ReaEQ)", "", "-3.0 dB at 400 Hz (Q 1.4)", "the guitars mask it"),
        MoveRow("Kick", "send to Automix reverb", "", "-12.0 dB", "a little room"),
    )
    skipped = (SkipRow("Kick", "1 item", "MIDI makes no sound here", "Freeze the track."),)
    track = make_track(moves=moves, skipped=skipped, plugins=(EQUALISER,))
    bus = make_track(id="{B}", name="Automix reverb", status=NEW, moves=(), reason="", plugins=(REVERB,))
    html = render_report(make_report(tracks=(track, bus)))
    kick, made = (words_of(part) for part in re.findall("<article.*?</article>", html, re.DOTALL))
    assert "fader +1.2 dB → to -8.1 dB: too loud" in kick
    assert "send to Automix reverb -12.0 dB: a little room" in kick
    assert "Skipped, 1 item: MIDI makes no sound here. Freeze the track." in kick
    assert kick.count("the guitars mask it") == kick.count("at 400 Hz") == 1
    assert "new · kick" in made
    assert "2 tracks: 1 changed, 1 new." in words_of(html)


def test_a_page_without_matplotlib_says_what_to_do(
    make_report: Callable[..., Report], make_track: Callable[..., TrackRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reaper_automix.report.html.available", lambda: False)
    monkeypatch.setattr(plots, "available", lambda: False)
    assert plots.NO_PLOTS in render_report(make_report(tracks=(make_track(plugins=(EQUALISER,)),)))
    assert plots.NO_PLOTS not in render_report(make_report())


def test_24_tracks_with_three_plug_ins_stay_small(
    make_report: Callable[..., Report], make_track: Callable[..., TrackRow]
) -> None:
    plain = len(render_report(make_report(tracks=(make_track(),) * 24)).encode())
    full = render_report(make_report(tracks=(make_track(plugins=(EQUALISER, COMPRESSOR, REVERB)),) * 24))
    assert full.count('<svg class="chart"') == 96
    assert len(full.encode()) - plain < 700_000
