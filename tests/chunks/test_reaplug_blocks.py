"""The ``<VST`` chunks of ReaEQ, ReaComp and ReaVerbate as text: real ones, new ones and damaged ones."""

from __future__ import annotations

import base64
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.chunks import reacomp, reaeq, reaverbate
from reaper_automix.chunks.lines import Chunk, parse_chunk_text, parse_project
from reaper_automix.chunks.reaplug_blocks import (
    REACOMP,
    REAEQ,
    REAPLUGS,
    REAVERBATE,
    PluginStateError,
    Reaplug,
    ReaplugBlock,
    chunk_of,
    new_block,
    put_block,
    read_block,
    reaplug_of,
)

REENCODE: dict[str, Callable[[ReaplugBlock], ReaplugBlock]] = {
    "ReaEQ": lambda block: reaeq.encode(reaeq.decode(block), block),
    "ReaComp": lambda block: reacomp.encode(reacomp.decode(block), block),
    "ReaVerbate": lambda block: reaverbate.encode(reaverbate.decode(block), block),
}
MODERN_HEAD = '<VST "VST: ReaEQ (Cockos)" reaeq.dll 0 "" 1919247729<56535472656571726561657100000000> ""'


def inner_chunks(chunk: Chunk) -> Iterator[Chunk]:
    """Yield all chunks below a chunk."""
    for child in chunk.chunks():
        yield child
        yield from inner_chunks(child)


def a_block(kind: reaeq.BandKind = reaeq.BandKind.BAND, n_bands: int = 4) -> ReaplugBlock:
    band = reaeq.EqBand(kind, 1000.0, -3.0, 1.0)
    return reaeq.encode(reaeq.EqSettings((band,) * n_bands))


def reread(block: ReaplugBlock, lines: list[str] | None = None) -> ReaplugBlock:
    return read_block(parse_chunk_text("\n".join(lines or block.lines()) + "\n"))


@pytest.mark.data
def test_every_real_block_is_written_back_byte_for_byte(shared_data: Path) -> None:
    count: Counter[str] = Counter()
    for path in sorted((shared_data / "rpp").glob("*.RPP")):
        project = parse_project(path.read_bytes())
        for chunk in inner_chunks(project.root):
            plugin = reaplug_of(chunk)
            if plugin is None:
                continue
            put_block(chunk, REENCODE[plugin.name](read_block(chunk)))
            count[plugin.name] += 1
        assert project.to_bytes() == path.read_bytes(), path.name
    assert count == {"ReaEQ": 28, "ReaComp": 8}, "the corpus holds no ReaVerbate; count the others anew if it has grown"


@pytest.mark.data
def test_every_real_block_is_set_to_something_plausible(shared_data: Path) -> None:
    for path in sorted((shared_data / "rpp").glob("*.RPP")):
        for chunk in inner_chunks(parse_project(path.read_bytes()).root):
            plugin = reaplug_of(chunk)
            if plugin is REAEQ:
                eq = reaeq.decode(read_block(chunk))
                assert 1 <= len(eq.bands) <= 6
                assert all(20.0 <= band.frequency_hz <= 24_000.0 for band in eq.bands)
                assert all(-150.0 <= band.gain_db <= 24.0 and 0.01 <= band.bandwidth_oct <= 4.0 for band in eq.bands)
                assert -24.0 <= eq.gain_db <= 24.0
            elif plugin is REACOMP:
                comp = reacomp.decode(read_block(chunk))
                assert -60.0 <= comp.threshold_db <= 0.0
                assert comp.ratio >= 1.0
                assert 0.0 <= comp.attack_ms <= 500.0
                assert 20.0 <= comp.release_ms <= 5000.0
                assert 0.0 <= comp.highpass_hz < comp.lowpass_hz <= 20_000.5
                assert 0.0 <= comp.wet_db <= 12.0
                assert comp.dry_db <= 0.0


def test_a_new_block_holds_what_reaper_writes() -> None:
    state = bytes(range(100))
    head, header, first, second, trailer, foot = new_block(REACOMP, state, name="automix: comp").lines()
    identity = "5653547265636D726561636F6D700000"
    assert head == f'<VST "VST: ReaComp (Cockos)" reacomp.dll 0 "automix: comp" 1919247213<{identity}> ""'
    pins = struct.pack("<I4QI2Q", 4, 1, 2, 4, 8, 2, 1, 2)
    expected = b"mcer" + bytes.fromhex("ef5eedfe") + pins + struct.pack("<III", 100, 0, 0x100000)
    assert base64.b64decode(header) == expected
    assert (base64.b64decode(first), base64.b64decode(second)) == (state[:96], state[96:])
    assert (trailer, foot) == ("AAAQAAAA", ">")


def test_new_heads_carry_the_ids_of_real_files() -> None:
    assert REAEQ.head() == MODERN_HEAD
    assert "1920361016<56535472766238726561766572626174>" in REAVERBATE.head()
    assert [reaplug_of(chunk_of(new_block(plugin, b"x"))) for plugin in REAPLUGS] == list(REAPLUGS)


@given(
    st.sampled_from(REAPLUGS),
    st.binary(min_size=1, max_size=700),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20),
)
def test_any_state_survives_the_text_of_a_project(plugin: Reaplug, state: bytes, name: str) -> None:
    block = new_block(plugin, state, name=name)
    lines = [line.text + line.ending for line in chunk_of(block, indent="    ", ending="\r\n").all_lines()]
    data = ("<REAPER_PROJECT 0.1\r\n  <FXCHAIN\r\n" + "".join(lines) + "  >\r\n>\r\n").encode()
    project = parse_project(data)
    chain = project.root.chunk("FXCHAIN")
    assert chain is not None
    read = read_block(next(chain.chunks("VST")))
    assert (read, project.to_bytes()) == (block, data)
    assert read.name == block.name == (name if "`" not in name else block.name)


def test_a_longer_state_is_put_into_a_chunk_in_place() -> None:
    old = chunk_of(a_block(n_bands=1).with_name("air"), indent="\t", ending="\r\n")
    block = reaeq.encode(reaeq.EqSettings((reaeq.EqBand(reaeq.BandKind.BAND, 90.0),) * 5), read_block(old))
    put_block(old, block)
    assert read_block(old) == block
    assert {line.ending for line in old.all_lines()} == {"\r\n"}
    assert [line.text[:3] for line in old.all_lines()][1:-1] == ["\t  "] * 5
    assert (block.name, block.piece_sizes) == ("air", (96, 96, 13))
    put_block(old, a_block(n_bands=1))
    assert len(old.body) == 3


def test_older_line_widths_presets_and_missing_trailers_survive() -> None:
    head, header, *pieces, _, foot = a_block(n_bands=7).lines()
    state = b"".join(base64.b64decode(piece) for piece in pieces)
    wide = [base64.b64encode(part).decode() for part in (state[:210], state[210:])]
    preset = base64.b64encode(b"\0stock - air\0\0\0\0\0").decode()
    for trailer in ([preset], []):
        lines = [head, header, *wide, *trailer, foot]
        block = reread(a_block(), lines)
        assert list(block.lines()) == lines
        assert block.program == ("stock - air" if trailer else "")
        longer = block.with_state(block.state + block.state)
        assert longer.piece_sizes[:2] == (210, 210)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: [t[0], t[1], "!" + t[2][1:], *t[3:]], r"line 3 of the project, '!"),
        (lambda t: [t[0], t[1], t[2][:-2], *t[3:]], r"no whole base64"),
        (lambda t: [t[0], t[1], "", *t[2:]], r"no whole base64"),
        (lambda t: [t[0], t[1], *t[3:]], r"announces a state of 172 bytes, and its lines hold 82"),
        (lambda t: [t[0], t[2], t[-1]], r"do not begin as REAPER 4"),
        (lambda t: [t[0], t[-1]], r"do not begin .*\(nothing\)"),
        (lambda t: [t[0], t[1][:40], *t[2:]], r"header of 30 bytes is cut off"),
        (lambda t: [t[0], t[1][:12] + "/////w" + t[1][18:], *t[2:]], r"header of 60 bytes is cut off"),
    ],
)
def test_damage_is_told_with_the_plugin_and_the_next_step(
    change: Callable[[list[str]], list[str]], problem: str
) -> None:
    lines = list(a_block().with_name("air").lines())
    with pytest.raises(PluginStateError, match=rf"^ReaEQ 'air' \(line 1\): .*{problem}.*\.rpp-bak beside the project"):
        reread(a_block(), change(lines))


def test_other_plugins_are_none_of_ours() -> None:
    convolver = parse_chunk_text('<VST "VST: ReaVerb (Cockos)" reaverb.dll 0 "" 1919252066<00> ""\n>\n')
    script = parse_chunk_text('<JS utility/volume ""\n>\n')
    bare = parse_chunk_text("<VST\n>\n")
    assert [reaplug_of(chunk) for chunk in (convolver, script, bare)] == [None] * 3
    with pytest.raises(PluginStateError, match=r"line 1: .*ReaVerb \(Cockos\).* none of ReaEQ, ReaComp, ReaVerbate"):
        read_block(convolver)


def test_the_id_counts_also_where_an_old_reaper_wrote_it_bare() -> None:
    lines = list(a_block().lines())
    lines[0] = '<VST "VST: ReaEQ (Cockos)" reaeq.vst.so 0 "" 1919247729'
    assert list(reread(a_block(), lines).lines()) == lines
