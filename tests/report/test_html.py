from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reaper_automix import __version__
from reaper_automix.errors import SessionError
from reaper_automix.report import (
    LEFT_OUT,
    UNCHANGED,
    MixSummary,
    MoveRow,
    Report,
    Section,
    SkipRow,
    TrackRow,
    render_report,
    write_report,
)

MakeTrack = Callable[..., TrackRow]
MakeReport = Callable[..., Report]

VOID = {"meta", "link", "br", "col", "input", "img", "hr"}
LOADING = {"src", "href", "srcset", "data", "poster", "action", "xlink:href"}


@dataclass
class Page(HTMLParser):
    """What a page is made of; fails on a tag that is closed out of turn."""

    text: str = ""
    stack: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    captions_missing: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"</{tag}> at line {self.getpos()[0]} closes something else"

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.stack):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(report: Report) -> Page:
    """Render and parse a report, and check what must hold for every page."""
    page = Page()
    page.feed(render_report(report))
    page.close()
    assert page.stack == []
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in LOADING & attributes.keys():
            assert (attributes[name] or "").removeprefix("#") in ids
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("aria-labelledby", ids[0]) in ids
    for picture in page.all("svg"):
        assert picture.get("role") == "img"
        assert (picture.get("aria-label") or "").strip()
    assert len(page.all("caption")) == len(page.all("table"))
    return page


def words(page: Page) -> str:
    return " ".join(page.text.split())


def test_page_shows_every_number_with_its_unit(make_report: MakeReport) -> None:
    text = words(read(make_report()))
    for number in ("1.2 → to -8.1 dB", "-14.3 → to -23.6 LUFS", "6.4 LU", "-0.7 dBTP", "17.9 dB"):
        assert number in text
    for number in ("-18.2 LUFS", "-1.4 dBTP", "-1.9 dBTP", "-0.5 dB", "6.3 LU", "7.1 LU", "+0.8 LU"):
        assert number in text
    for fact in ("80 %", "0:00 to 3:07 (187.2 s)", "117.5 BPM", "2026-03-01 14:05 UTC", "balance", __version__):
        assert fact in text


def test_page_shows_reasons_skips_warnings_files_and_the_way_back(make_report: MakeReport) -> None:
    text = words(read(make_report()))
    assert "5.1 LU above where kicks sit." in text
    assert "Select it to include it." in text
    assert "Keys: judged dry." in text
    assert "/music/Harbour Lights-automix.RPP" in text
    assert "reaper-automix revert" in text


def test_without_a_written_project_there_is_no_revert_command(make_report: MakeReport) -> None:
    text = words(read(make_report(outputs=(("Plan", "/music/plan.json"),))))
    assert "reaper-automix revert" not in text
    assert "Ctrl+Z" in text


def test_every_text_is_escaped(make_report: MakeReport, make_track: MakeTrack) -> None:
    evil = "<script>alert(1)</script><img src=x onerror='a'>\" & 'b'"
    report = make_report(
        title=evil,
        session_path=evil,
        mixer=evil,
        created=evil,
        tracks=(make_track(name=evil, role=evil, reason=evil, status=evil),),
        moves=(MoveRow(evil, evil, evil, evil, evil),),
        warnings=(evil,),
        skipped=(SkipRow(evil, evil, evil, evil),),
        sections=(Section(evil, "<p>ours</p>"),),
        outputs=((evil, evil + ".rpp"),),
    )
    page = read(report)
    assert page.all("img") == []
    assert len(page.all("script")) == 1
    assert page.text.count("<script>alert(1)</script>") >= 20


def test_policy_lets_only_our_script_run_and_nothing_load(make_report: MakeReport) -> None:
    policy = next(a["content"] for a in read(make_report()).all("meta") if a.get("http-equiv")) or ""
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "url(" not in render_report(make_report())


def test_sections_of_later_mixers_are_put_in_as_they_are(make_report: MakeReport) -> None:
    sections = (Section("Bleed", "<h3>Kick into snare</h3>"), Section("Phase & lag", "<p>0.4 ms</p>"))
    page = read(make_report(sections=sections))
    assert "Kick into snare" in page.text
    links = [a.get("href") for a in page.all("a")]
    assert "#section-1" in links
    assert "#section-2" in links


def test_silence_and_missing_numbers_have_words(make_report: MakeReport, make_track: MakeTrack) -> None:
    silent = make_track(
        loudness_before_lufs=-math.inf,
        loudness_after_lufs=None,
        true_peak_dbtp=-math.inf,
        range_lu=math.nan,
        crest_factor_db=None,
        fader_before_db=-150.0,
        waveform=((math.nan, math.inf),) * 3,
        gain_before_db=((0.0, -math.inf), (3.0, -6.0)),
        gain_after_db=((math.nan, 1.0), (3.0, math.nan), (4.0, -6.0)),
    )
    page = read(make_report(tracks=(silent,), summary=MixSummary(None, -math.inf)))
    text = words(page)
    assert "silent → to -8.1 dB" in text
    assert "silent → to –" in text
    assert "The mix is silent" in text
    drawn = " ".join(str(a) for tag, a in page.elements if tag in ("path", "circle", "line", "text"))
    assert "nan" not in text + drawn
    assert "inf" not in text + drawn


@pytest.mark.parametrize("name", ["", "   ", "🥁🔥", "غناء رئيسي", "x" * 3000, "\x00\x1b[31m\x0b", "bad\udce9byte"])
def test_odd_names(make_report: MakeReport, make_track: MakeTrack, tmp_path: Path, name: str) -> None:
    report = make_report(title=name, tracks=(make_track(name=name),), outputs=(("Project", name + ".RPP"),))
    read(report)
    write_report(report, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == render_report(report)


def test_session_without_tracks(make_report: MakeReport) -> None:
    page = read(make_report(tracks=(), moves=(), warnings=(), skipped=(), outputs=(), end_s=0.0, summary=MixSummary()))
    text = words(page)
    assert "The session has no tracks." in text
    assert "Nothing moved." in text
    assert "Nothing was skipped." in text
    assert "No file was written." in text


def test_all_left_out(make_report: MakeReport, make_track: MakeTrack) -> None:
    rows = tuple(make_track(status=LEFT_OUT, fader_after_db=1.2, loudness_after_lufs=-14.3) for _ in range(5))
    page = read(make_report(tracks=rows, moves=()))
    text = words(page)
    assert "5 tracks: 5 left out." in text
    assert "no fader moved" in text
    assert not [a for a in page.all("circle") if a["class"] == "dot after" and a["cx"] != "14"]


def test_two_hundred_tracks_and_none_of_them_heard(make_report: MakeReport, make_track: MakeTrack) -> None:
    row = make_track(status=UNCHANGED, loudness_before_lufs=None, loudness_after_lufs=-math.inf, waveform=())
    page = read(make_report(tracks=(row,) * 200))
    assert len(page.all("article")) == 200
    assert "200 tracks: 200 unchanged." in words(page)


def test_size_of_24_tracks(make_report: MakeReport, make_track: MakeTrack) -> None:
    dense = tuple((n * 0.04, -6.0 + (n * 7 % 13) * 0.1) for n in range(4_500))
    size = len(render_report(make_report(tracks=(make_track(gain_before_db=dense),) * 24)).encode())
    assert 200_000 < size < 2_000_000


def test_writing_leaves_one_file_and_replaces_the_old_one(make_report: MakeReport, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(make_report(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("place", ["missing/report.html", "folder", "."])
def test_writing_to_an_impossible_place_says_what_to_do(make_report: MakeReport, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(SessionError, match="--report"):
        write_report(make_report(), tmp_path / place)
    assert [p.name for p in tmp_path.rglob("*")] == ["folder", "inside"]


def _luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    channels = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_of_every_theme(make_report: MakeReport) -> None:
    themes = re.findall(r"--page: #[^}]*", render_report(make_report()))
    assert len(themes) == 4  # light, dark by the system, dark by the button, print
    for theme in themes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        page = _luminance(colours["page"]) + 0.05
        for name in ("text", "muted", "after", "before", "warn"):
            ink = _luminance(colours[name]) + 0.05
            assert max(ink, page) / min(ink, page) >= 4.5, f"{name} on {colours['page']}"
        wave, after = _luminance(colours["wave"]) + 0.05, _luminance(colours["after"]) + 0.05
        assert max(wave, after) / min(wave, after) >= 3.0, f"the gain curve on the waveform of {colours['page']}"
