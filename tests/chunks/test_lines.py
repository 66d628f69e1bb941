"""The line tree: every byte survives, and damage is named with its line."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import pytest
import rpp
from hypothesis import given, settings
from hypothesis import strategies as st

from reaper_automix.chunks.lines import Chunk, Line, parse_project
from reaper_automix.chunks.text import tokenise
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.hosts.rpp.reading import read_project

ENDINGS = st.sampled_from(["\n", "\r\n"])


def assert_reads_or_says_why(data: bytes) -> None:
    with contextlib.suppress(ProjectSyntaxError):
        project = parse_project(data)
        read_project(project, Path("/nowhere/x.RPP"))
        assert project.to_bytes() == data


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_bytes_survive(song: str, ending: str, final: bool) -> None:
    data = song.replace("\n", ending).encode()
    data = data if final else data.rstrip()
    assert parse_project(data).to_bytes() == data


def test_mixed_endings_tabs_blank_lines_and_foreign_bytes_survive(song: str) -> None:
    lines = song.encode().replace(b"Snare top", b"Caf\xe9 \xff").split(b"\n")
    lines[3:3] = [b"", b"\t\t", b"\tKEY\t1  "]
    data = b"".join(line + (b"\r\n" if i % 3 else b"\n") for i, line in enumerate(lines)) + b"\nafter the end\n"
    data = data.replace(b">\r\n\n", b">\r\n", 1)
    project = parse_project(b"\xef\xbb\xbf" + data)
    assert project.to_bytes() == b"\xef\xbb\xbf" + data
    assert read_project(project, Path("/x/x.RPP")).tracks[0].name == "Caf\ufffd \ufffd"


def test_text_that_looks_like_tags_is_no_tag(song: str) -> None:
    root = parse_project(song.encode()).root
    notes = root.chunk("NOTES")
    assert notes is not None
    assert [n.text.strip() for n in notes.body if isinstance(n, Line)] == ["|>", "|<TRACK in a note"]
    assert len(list(root.chunks("TRACK"))) == 2


def test_only_a_letter_or_underscore_opens() -> None:
    text = "<REAPER_PROJECT 0.1\n  <1 x\n  <\n  <= y\n  >> z\n  > 1\n  <_SWS\n  >\n>\n"
    root = parse_project(text.encode()).root
    assert [n.head.key if isinstance(n, Chunk) else n.key for n in root.body] == ["<1", "<", "<=", ">>", ">", "<_SWS"]


def test_lines_know_their_numbers(song: str) -> None:
    lines = song.splitlines()
    for line in parse_project(song.encode()).root.all_lines():
        assert lines[line.number - 1] == line.text


@pytest.mark.parametrize(
    ("data", "number", "words"),
    [
        (b"", 1, "empty"),
        (b" \r\n\n", 1, "empty"),
        (b"<TRACK\n>\n", 1, "'<TRACK'"),
        (b"hello\n", 1, "'hello'"),
        ("<REAPER_PROJECT 0.1\n>\n".encode("utf-16"), 1, "UTF-16"),
        (b"RIFF\n\0\0\0WAVE", 2, "binary"),
        (b"<REAPER_PROJECT 0.1\n  <TRACK\n    NAME x\n", 3, "opened at line 2"),
        (b"<REAPER_PROJECT 0.1\n", 1, "<REAPER_PROJECT (opened at line 1)"),
        (b"<REAPER_PROJECT 0.1\n  >\n  NAME x\n>\n", 4, "ended at line 2"),
        (b"<REAPER_PROJECT 0.1\n" + b"<A\n" * 200 + b">\n" * 201, 101, "nested"),
    ],
)
def test_damage_is_named(data: bytes, number: int, words: str) -> None:
    with pytest.raises(ProjectSyntaxError) as caught:
        parse_project(data, Path("song.RPP"))
    assert caught.value.line_number == number
    assert words in str(caught.value)
    assert "song.RPP" in str(caught.value)


def test_truncation_points_to_the_backup(song: str) -> None:
    with pytest.raises(ProjectSyntaxError, match="rpp-bak"):
        parse_project("\n".join(song.splitlines()[:40]).encode())


def test_truncated_anywhere_it_reads_or_says_why(song: str) -> None:
    data = song.encode()
    lines = data.splitlines(keepends=True)
    for count in range(len(lines) + 1):
        assert_reads_or_says_why(b"".join(lines[:count]))
    for count in range(0, len(data), 7):
        assert_reads_or_says_why(data[:count])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_anywhere_it_reads_or_says_why(song: str, data: st.DataObject) -> None:
    lines = song.splitlines()
    index = data.draw(st.integers(1, len(lines) - 2))
    tokens = tokenise(lines[index])
    junk = data.draw(
        st.sampled_from(["", "x", "-1", "nan", "1e400", "99999999999999999999", '"', "<A", ">", "-5", "é"])
    )
    if tokens and data.draw(st.booleans()):
        token = data.draw(st.sampled_from(tokens))
        lines[index] = lines[index][: token.start] + junk + lines[index][token.end :]
    else:
        lines[index] = data.draw(st.sampled_from([junk, lines[index] + "\n" + lines[index], ""]))
    assert_reads_or_says_why("\n".join(lines).encode())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\n")), ENDINGS)))
def test_any_text_block_survives(block: list[tuple[str, str]]) -> None:
    inner = "".join(f"    |{text}{ending}" for text, ending in block)
    data = f"<REAPER_PROJECT 0.1\n  <NOTES\n{inner}  >\n>\n".encode()
    assert parse_project(data).to_bytes() == data


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_read_or_say_why(data: bytes) -> None:
    assert_reads_or_says_why(data)
    assert_reads_or_says_why(b"<REAPER_PROJECT 0.1\n" + data + b"\n>\n")


@pytest.mark.data
def test_real_files_are_byte_identical(shared_data: Path) -> None:
    files = sorted((shared_data / "rpp").glob("*.RPP"))
    assert len(files) >= 30
    for file in files:
        data = file.read_bytes()
        project = parse_project(data, file)
        assert project.to_bytes() == data, file.name
        session = read_project(project, file)
        assert len(session.tracks) == sum(1 for line in data.splitlines() if line.lstrip().startswith(b"<TRACK"))


@pytest.mark.data
def test_real_tokens_agree_with_the_rpp_package(shared_data: Path) -> None:
    n_lines = 0
    for name in ("rppp_tricky_strings", "rppp_send_receive", "tenthpres_sermon_editing", "perlence_vst"):
        text = (shared_data / "rpp" / f"{name}.RPP").read_text("utf-8")
        try:
            theirs = rpp.loads(text)
        except (ValueError, IndexError):
            continue
        for ours, their_track in zip(
            parse_project(text.encode()).root.chunks("TRACK"), theirs.findall("./TRACK"), strict=True
        ):
            our_lines = [[t.text for t in tokenise(n.text)] for n in ours.body if isinstance(n, Line)]
            their_lines = [list(n) for n in their_track.children if isinstance(n, list)]
            assert our_lines == their_lines
            n_lines += len(our_lines)
    assert n_lines > 300


def test_a_long_file_is_read_quickly(song: str, capsys: pytest.CaptureFixture[str]) -> None:
    items = "".join(
        f"    <ITEM\n      POSITION {n}\n      LENGTH 1\n      VOLPAN 1 0 1 -1\n    >\n" for n in range(4000)
    )
    data = song.replace("    NAME Reverb\n", "    NAME Reverb\n" + items).encode()
    start = time.perf_counter()
    project = parse_project(data)
    parsed = time.perf_counter()
    session = read_project(project, Path("/x/x.RPP"))
    read = time.perf_counter()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(data.splitlines())} lines: tree {parsed - start:.3f} s, session {read - parsed:.3f} s\n"
        )
    assert len(session.tracks[1].items) == 4001
