"""The player on the page: what it is told, in numbers and in words."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from reaper_automix.report import Report, TrackRow, render_report
from reaper_automix.report.playback_model import MIX, Piece, Playback, Variant
from reaper_automix.report.player import difference, introduction, piece_number, remarks, settings

MakeTrack = Callable[..., TrackRow]
MakeReport = Callable[..., Report]
SOUND = base64.b64encode(b"\xff\xfb sound").decode()


def variant(
    sound: int, lufs: float = -20.0, *, peak_dbtp: float = -3.0, gains: tuple[float, float] = (1, 1)
) -> Variant:
    return Variant(sound, *gains, lufs, peak_dbtp)


def playback(**fields: Any) -> Playback:
    mix = Piece(None, MIX, 62.0, 87.0, variant(0, -20.0), variant(1, -17.7))
    kick = Piece("{K}", "Kick", 70.0, 80.0, variant(2, -30.0), variant(2, -24.0, gains=(2.0, 2.0)))
    return Playback(**{"delay_s": 0.025, "sounds": (SOUND,) * 3, "pieces": (mix, kick), **fields})


class Elements(HTMLParser):
    """All elements of a page, and the texts of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self._inside = dict(attrs).get("id") or ""
            self.texts[self._inside] = ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self.texts[self._inside] += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.found if t == tag and all(a.get(n) == v for n, v in wanted.items())]


def test_a_page_without_audio_has_no_player(make_report: MakeReport) -> None:
    page = render_report(make_report())
    assert "AutomixPlayback" not in page
    assert 'id="listen"' not in page
    told = render_report(make_report(playback=Playback(reason="Nobody wanted it.")))
    assert "Nobody wanted it." in told
    assert 'id="player"' not in told


def test_the_page_holds_every_sound_once_and_one_script_that_runs(make_report: MakeReport) -> None:
    page = render_report(make_report(playback=playback()))
    elements = Elements(page)
    assert [elements.texts[f"sound-{n}"].strip() for n in range(3)] == [SOUND] * 3
    (script,) = [a for a in elements.all("script") if "type" not in a]
    assert script == {}
    policy = elements.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"] or ""
    digest = base64.b64encode(hashlib.sha256(elements.texts[""].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_the_script_is_told_places_and_gains(make_report: MakeReport) -> None:
    elements = Elements(render_report(make_report(playback=playback())))
    told = json.loads(elements.texts["playback"])
    assert told == json.loads(json.dumps(settings(playback())))
    mix, kick = told["pieces"]
    assert mix["span"] == {"startS": 62.0, "lengthS": 25.0}
    assert [v["sound"] for v in mix["variants"]] == [0, 1]
    assert mix["matched"] == pytest.approx([1.0, 10.0 ** (-2.3 / 20.0)], abs=1e-4)
    assert (mix["plain"], told["delayS"]) == ([1.0, 1.0], 0.025)
    assert kick["variants"][1] == {"sound": 2, "gains": [2.0, 2.0]}


def test_nothing_clips(make_report: MakeReport) -> None:
    loud = Piece(None, MIX, 0.0, 5.0, variant(0, -8.0, peak_dbtp=6.0), variant(1, -14.0))
    told = settings(playback(pieces=(loud,)))["pieces"][0]
    assert told["plain"] == pytest.approx([10.0 ** (-6.0 / 20.0)] * 2, abs=1e-5)
    assert told["matched"] == pytest.approx([10.0 ** (-12.0 / 20.0), 10.0 ** (-6.0 / 20.0)], abs=1e-5)
    assert "6.0 dB lower" in " ".join(remarks(playback(pieces=(loud,))))
    assert "lower than" not in " ".join(remarks(playback()))


def test_solo_buttons_stand_at_tracks_that_can_be_heard(make_report: MakeReport, make_track: MakeTrack) -> None:
    tracks = (make_track(id="{S}", name="Snare"), make_track())
    elements = Elements(render_report(make_report(tracks=tracks, playback=playback())))
    buttons = [a for a in elements.all("button") if "data-piece" in a]
    assert [(a["data-piece"], a["data-variant"]) for a in buttons] == [("1", "0"), ("1", "1")]
    assert buttons[0]["aria-label"] == "Play Kick alone, before"
    assert {a["aria-pressed"] for a in buttons} == {"false"}
    assert piece_number(playback(), "{S}") is None
    assert [a["value"] for a in elements.all("option")] == ["0", "1"]


def test_everything_is_hidden_until_the_script_shows_it(make_report: MakeReport) -> None:
    page = render_report(make_report(playback=playback()))
    elements = Elements(page)
    assert all("hidden" in a for a in elements.all("div") if a.get("id") == "player" or a.get("class") == "solo ab")
    assert "<noscript>" in page
    assert re.search(r"@media print \{\s*\.listen, \.player, \.solo \{ display: none; \}", page)


def test_names_cannot_break_out_of_the_page(make_report: MakeReport, make_track: MakeTrack) -> None:
    evil = "</script><script>alert(1)</script>\" onclick='x' & \u2028"
    piece = Piece("{K}", evil, 0.0, 1.0, variant(0), variant(0))
    report = make_report(
        tracks=(make_track(name=evil),), playback=playback(pieces=(piece,), missing=((evil, evil),), sounds=(SOUND,))
    )
    elements = Elements(render_report(report))
    assert len([a for a in elements.all("script") if "type" not in a]) == 1
    assert json.loads(elements.texts["playback"])["pieces"][0]["title"] == evil
    assert not [a for _, a in elements.found if "onclick" in a]


def test_what_cannot_be_heard_is_named(make_report: MakeReport) -> None:
    page = render_report(make_report(playback=playback(missing=(("Pad", "there is no room for it in this file"),))))
    assert "1 track cannot be heard alone" in page
    assert "there is no room for it in this file." in page


def test_differences_in_words() -> None:
    def piece(before_lufs: float, after_lufs: float, *, same: bool = False) -> Piece:
        return Piece("{K}", "Kick", 0.0, 1.0, variant(0, before_lufs), variant(0 if same else 1, after_lufs))

    assert difference(piece(-20.0, -17.7), matched=True) == "after is lowered by 2.3 dB"
    assert difference(piece(-20.0, -17.7), matched=False) == "after is 2.3 LU louder"
    assert difference(piece(-17.0, -20.0), matched=True) == "before is lowered by 3.0 dB"
    assert difference(piece(-20.0, -20.01), matched=True) == "equally loud as they are"
    assert difference(piece(-20.0, -20.0, same=True), matched=True) == "nothing differs"
    assert "only its level differs" in difference(piece(-20.0, -14.0, same=True), matched=True)
    assert difference(piece(-math.inf, -14.0), matched=True) == "one of them is silent here"


def test_the_introduction_says_what_is_heard() -> None:
    text = introduction(playback())
    assert "from 1:02 to 1:27" in text
    assert "1 track alone" in text
    assert "from 1:10 to 1:20" in text
    assert "alone" not in introduction(playback(pieces=playback().pieces[:1]))
    assert "0.0 MB of MP3" in remarks(playback())[0]
    assert "whoever gets the file" in remarks(playback())[0]


def test_24_tracks_with_all_their_audio_stay_below_15_mb(make_report: MakeReport, make_track: MakeTrack) -> None:
    from reaper_automix.playback_reporting import ROOM_BYTES

    dense = tuple((n * 0.04, -6.0 + (n * 7 % 13) * 0.1) for n in range(4_500))
    tracks = tuple(make_track(id=str(n), gain_before_db=dense) for n in range(24))
    pieces = tuple(Piece(str(n), "Kick", 0.0, 9.0, variant(n), variant(n)) for n in range(24))
    full = playback(pieces=pieces, sounds=("A" * (ROOM_BYTES // 24),) * 24)
    assert len(render_report(make_report(tracks=tracks, playback=full)).encode()) < 15_000_000
