"""REAPER's text grammar: tokens with exact places, quoting, numbers, ext-state pieces."""

from __future__ import annotations

import math

import pytest
import rpp
from hypothesis import given, settings
from hypothesis import strategies as st

from reaper_automix.chunks.text import (
    MAX_PIECE_CHARS,
    drop_last_token,
    ext_state_pieces,
    format_number,
    indentation,
    join_ext_state_pieces,
    quote,
    replace_token,
    to_number,
    tokenise,
    words,
)

LINE_TEXT = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    VOLPAN 1 0 -1 -1 1", ["VOLPAN", "1", "0", "-1", "-1", "1"]),
        ('NAME "Snare top"', ["NAME", "Snare top"]),
        ("NAME 'a \"quoted\" name'", ["NAME", 'a "quoted" name']),
        ("NAME `\"'`", ["NAME", "\"'"]),
        ('NAME ""', ["NAME", ""]),
        ("AUXRECV 0 0 -1:U 0 -1 ''", ["AUXRECV", "0", "0", "-1:U", "0", "-1", ""]),
        ('NAME it"s', ["NAME", 'it"s']),
        ('NAME "never closed  ', ["NAME", "never closed  "]),
        ('NAME "', ["NAME", ""]),
        ('"a"b', ["a", "b"]),
        ("\tPT\t0  1\t0 ", ["PT", "0", "1", "0"]),
        ("   ", []),
        ("", []),
    ],
)
def test_tokenise(line: str, expected: list[str]) -> None:
    assert words(line) == expected
    assert [t.text for t in tokenise(line)] == expected


@settings(max_examples=40, deadline=None)
@given(LINE_TEXT)
def test_tokens_stand_where_they_say(line: str) -> None:
    tokens = tokenise(line)
    between = [0, *(t.end for t in tokens)]
    starts = [*(t.start for t in tokens), len(line)]
    assert all(line[a:b].strip(" \t") == "" for a, b in zip(between, starts, strict=True))
    assert all(t.text in line[t.start : t.end] for t in tokens)


@settings(max_examples=40, deadline=None)
@given(st.lists(LINE_TEXT, max_size=5))
def test_quoted_texts_come_back(texts: list[str]) -> None:
    line = " ".join(["KEY", *(quote(t) for t in texts)])
    expected = [t.replace("`", "'") if all(q in t for q in "\"'`") else t for t in texts]
    assert words(line) == ["KEY", *expected]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=30))
def test_quote_never_breaks_the_line(text: str) -> None:
    spelling = quote(text)
    assert "\n" not in spelling
    assert "\r" not in spelling
    assert len(tokenise(f"NAME {spelling}")) == 2


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("Kick", "Kick"),
        ("Kick in", '"Kick in"'),
        ("", '""'),
        ('say "hi"', "'say \"hi\"'"),
        ("\"'", "`\"'`"),
        ("\"'`", "`\"''`"),
        ("#1", '"#1"'),
        (";x", '";x"'),
        ("<b", '"<b"'),
        (">", '">"'),
        ("it's", "it's"),
        ("two\r\nlines", '"two lines"'),
    ],
)
def test_quote_follows_reaper(text: str, spelling: str) -> None:
    assert quote(text) == spelling


def test_quote_always() -> None:
    assert quote("a.wav", always=True) == '"a.wav"'


@settings(max_examples=40, deadline=None)
@given(LINE_TEXT, st.text(st.characters(min_codepoint=48, max_codepoint=57), min_size=1, max_size=4))
def test_replacing_a_token_leaves_the_rest(line: str, new: str) -> None:
    for index, token in enumerate(tokenise(line)):
        changed = replace_token(line, index, new)
        assert changed == line[: token.start] + new + line[token.end :]


def test_append_and_drop_a_token() -> None:
    longer = replace_token("  VOLPAN 1  ", 2, "0.5")
    assert longer == "  VOLPAN 1 0.5  "
    assert drop_last_token(longer) == "  VOLPAN 1  "
    with pytest.raises(IndexError):
        replace_token("VOLPAN 1", 3, "1")


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (1.0, "1"),
        (0.5, "0.5"),
        (0.35481339, "0.35481339"),
        (-0.0, "0"),
        (0.0, "0"),
        (100.0, "100"),
        (1e-7, "0.0000001"),
        (1e16, "10000000000000000"),
        (-1.25, "-1.25"),
        (7, "7"),
    ],
)
def test_format_number(value: float, spelling: str) -> None:
    assert format_number(value) == spelling


@settings(max_examples=40, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(value: float) -> None:
    spelling = format_number(value)
    assert "e" not in spelling.lower()
    assert float(spelling) == value
    assert to_number(spelling) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_numbers_are_written(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        format_number(value)


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", "0x10", "-1:U", "1e999", "١", "abc", "1.#IND", "-", "."])
def test_to_number_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        to_number(text)


def test_indentation() -> None:
    assert indentation(" \t PT 0") == " \t "
    assert indentation("PT") == ""


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=4000))
def test_ext_state_pieces(text: str) -> None:
    pieces = ext_state_pieces(text)
    assert all(0 < len(p) <= MAX_PIECE_CHARS and quote(p) == p for p in pieces)
    assert join_ext_state_pieces(pieces) == text


def test_a_missing_piece_is_noticed() -> None:
    pieces = ext_state_pieces("x" * 5001)
    with pytest.raises(ValueError, match="missing or was changed"):
        join_ext_state_pieces(["!" + pieces[0], *pieces[1:]])


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(PRINTABLE.filter(lambda t: not all(q in t for q in "\"'`")), max_size=4))
def test_tokens_agree_with_the_rpp_package(texts: list[str]) -> None:
    """A second implementation reads the same values from lines that we spell."""
    line = " ".join(["KEY", *(quote(t) for t in texts), "END"])
    theirs = rpp.loads(f"<REAPER_PROJECT 0.1\n  {line}\n>\n").children[0]
    assert list(theirs) == words(line)
