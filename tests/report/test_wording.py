from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from reaper_automix.report import MixSummary, MoveRow, Report, TrackRow, wording

MakeTrack = Callable[..., TrackRow]
MakeReport = Callable[..., Report]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-18.24, "-18.2 LUFS"),
        (-0.04, "0.0 LUFS"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
        (-math.inf, "silent"),
        (-150.0, "silent"),
    ],
)
def test_level(value: float | None, text: str) -> None:
    assert wording.level(value, "LUFS") == text


@pytest.mark.parametrize(("value", "text"), [(6.06, "6.1 LU"), (None, "–"), (-math.inf, "–"), (math.nan, "–")])
def test_extent(value: float | None, text: str) -> None:
    assert wording.extent(value, "LU") == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (0.0, -9.3, "-9.3 dB"),
        (-2.0, 1.04, "+3.0 dB"),
        (-1.04, -0.96, "0.0 dB"),
        (-150.0, 0.0, "–"),
        (None, 0.0, "–"),
    ],
)
def test_change_is_that_of_the_shown_numbers(before: float | None, after: float | None, text: str) -> None:
    assert wording.change(before, after, "dB") == text


@pytest.mark.parametrize(
    ("time_s", "decimals", "text"),
    [
        (0.0, 0, "0:00"),
        (59.6, 0, "1:00"),
        (187.2, 0, "3:07"),
        (3723.0, 0, "1:02:03"),
        (5.25, 1, "0:05.2"),
        (-3.0, 0, "-0:03"),
    ],
)
def test_clock(time_s: float, decimals: int, text: str) -> None:
    assert wording.clock(time_s, decimals) == text


def test_moment() -> None:
    assert wording.moment("2026-03-01T14:05:22+00:00") == "2026-03-01 14:05 UTC"
    assert wording.moment("2026-03-01T14:05:22Z") == "2026-03-01 14:05 UTC"
    assert wording.moment("2026-03-01T14:05:22") == "2026-03-01 14:05"
    assert wording.moment("yesterday") == "yesterday"


def test_findings_name_loudness_largest_fader_and_rides(make_report: MakeReport, make_track: MakeTrack) -> None:
    tracks = (make_track(name="Bass", fader_after_db=0.0), make_track(), make_track(name="Same", fader_after_db=1.21))
    moves = tuple(
        MoveRow(t, w, "", "", "") for t, w in (("Vox", "Volume envelope"), ("Vox", "Trim Volume"), ("Bass", "fader"))
    )
    assert wording.findings(make_report(tracks=tracks, moves=moves)) == (
        "The mix is as loud as before (-18.2 LUFS); 2 faders moved, the largest Kick -9.3 dB; "
        "volume automation on 1 track."
    )


def test_findings_count_plugins_and_sends(make_report: MakeReport) -> None:
    whats = (("Vox", "equaliser (ReaEQ)"), ("Vox", "compressor (ReaComp)"), ("Automix reverb", "new bus"))
    whats += (("Automix reverb", "reverb (ReaVerbate)"), ("Vox", "send to Automix reverb"))
    moves = tuple(MoveRow(track, what, "", "", "") for track, what in whats)
    assert wording.findings(make_report(moves=moves)).endswith("; 3 plug-ins on 2 tracks and 1 send.")
    assert wording.findings(make_report(moves=moves[-1:])).endswith("; 1 send.")


@pytest.mark.parametrize(
    ("before", "after", "start"),
    [
        (-18.2, -16.9, "The mix is 1.3 LU louder than before (-18.2 to -16.9 LUFS); "),
        (-18.2, -20.0, "The mix is 1.8 LU quieter than before (-18.2 to -20.0 LUFS); "),
        (None, -20.0, "The mix is at -20.0 LUFS; "),
        (-20.0, None, "The loudness of the mix was not measured; "),
        (-20.0, -math.inf, "The mix is silent; "),
    ],
)
def test_findings_on_loudness(make_report: MakeReport, before: float | None, after: float | None, start: str) -> None:
    assert wording.findings(make_report(summary=MixSummary(before, after))).startswith(start)


def test_an_opened_fader_counts_as_moved(make_report: MakeReport, make_track: MakeTrack) -> None:
    opened = make_track(fader_before_db=-150.0, fader_after_db=-6.0)
    assert "1 fader moved, Kick silent to -6.0 dB" in wording.findings(make_report(tracks=(opened,)))


def test_right_to_left_names_do_not_turn_the_sentence(make_report: MakeReport, make_track: MakeTrack) -> None:
    name = "غناء"
    assert f"\u2068{name}\u2069 -9.3 dB" in wording.findings(make_report(tracks=(make_track(name=name),)))


@pytest.mark.parametrize(("peak", "says"), [(-0.1, ""), (0.04, ""), (None, ""), (1.3, "1.3 dB above full scale")])
def test_peak_above_full_scale_is_named(peak: float | None, says: str) -> None:
    assert says in wording.peak_finding(peak)
    assert bool(says) == bool(wording.peak_finding(peak))


def test_quoted_path_is_one_word_for_a_posix_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording.os, "name", "posix")
    assert wording.quoted("/m/It's $HOME.RPP") == "'/m/It'\"'\"'s $HOME.RPP'"
    monkeypatch.setattr(wording.os, "name", "nt")
    assert wording.quoted(r"C:\My Songs\a.RPP") == r'"C:\My Songs\a.RPP"'
