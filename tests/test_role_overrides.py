"""What the engineer said about roles: in a project and on a command line."""

from __future__ import annotations

import pytest

from reaper_automix.analysis.roles import DrumMic, Role, RoleSource
from reaper_automix.chunks.text import ext_state_pieces, join_ext_state_pieces
from reaper_automix.role_overrides import (
    WORDS,
    format_role_overrides,
    parse_role_option,
    parse_role_overrides,
    stated_role,
    with_wishes,
    word_of,
)

GUID = "{AAAAAAAA-0000-0000-0000-000000000001}"


@pytest.mark.parametrize("word", WORDS)
def test_every_word_survives_a_project(word: str) -> None:
    kept = format_role_overrides({GUID: stated_role(word)})
    stored = join_ext_state_pieces(ext_state_pieces(kept))
    assert {t: word_of(r) for t, r in parse_role_overrides(stored).items()} == {GUID: word}


def test_nothing_said_keeps_nothing() -> None:
    assert format_role_overrides({}) == ""
    assert parse_role_overrides("") == {}


def test_words_of_a_newer_version_are_left_out() -> None:
    assert parse_role_overrides(f'{{"{GUID}": "theremin_left", "x": 3}}') == {}


@pytest.mark.parametrize("text", ["[]", "{", '"kick"'])
def test_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_role_overrides(text)


def test_a_microphone_brings_its_coarse_role() -> None:
    role = stated_role("Snare top")
    assert (role.role, role.mic, role.source) == (Role.SNARE, DrumMic.SNARE_TOP, RoleSource.ENGINEER)


def test_an_option_of_the_command_line() -> None:
    wish = parse_role_option("A = B=lead-vocal")
    assert wish.tracks == "A = B"
    assert wish.role is not None
    assert wish.role.role is Role.LEAD_VOCAL
    assert parse_role_option("3=auto").role is None


@pytest.mark.parametrize("text", ["Lead", "=bass", "Lead=", "Lead=trumpets"])
def test_an_option_that_says_no_role_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not TRACK=ROLE|is no role: use one of"):
        parse_role_option(text)


def test_wishes_change_what_a_project_keeps() -> None:
    kept = {"#1": stated_role("bass"), "#2": stated_role("kick")}
    wishes = [parse_role_option(text) for text in ("both=synth", "second=auto", "first=unknown")]
    found = {"both": ("#1", "#3"), "second": ("#2",), "first": ("#1",)}
    changed = with_wishes(kept, wishes, found.__getitem__)
    assert {track: word_of(role) for track, role in changed.items()} == {"#1": "unknown", "#3": "synth"}
    assert kept["#1"].role is Role.BASS
