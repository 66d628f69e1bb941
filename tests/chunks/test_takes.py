"""A take as lines of an item: what it takes over, where the mark of the active one stands, and the way back."""

from __future__ import annotations

import pytest

from reaper_automix.chunks.lines import Chunk, parse_chunk_text
from reaper_automix.chunks.takes import NewTake, add_take, remove_take
from reaper_automix.errors import SessionError

NEW = NewTake("{NEW}", "Vox tone 1", "Media/Vox tone 1.wav", -6.0)
ONE = """\
<ITEM
  POSITION 1
  LENGTH 2
  IGUID {I}
  NAME "Vox"
  VOLPAN 0.5 -0.25 -0.8 -1
  SOFFS 0.75
  PLAYRATE 1.5 0 2 -1 0 0.0025
  CHANMODE 3
  GUID {ONE}
  <SOURCE WAVE
    FILE "Vox.wav"
  >
  <VOLENV
    EGUID {E}
    ACT 1 -1
    PT 0 1 0
  >
  <PITCHENV
    EGUID {F}
    PT 0 2 0
  >
>
"""
TWO = (
    ONE[: ONE.rindex(">")]
    + """\
  TAKE SEL
  NAME second
  TAKEVOLPAN 0.1 0.9 -1
  SOFFS 0
  PLAYRATE 1 1 0 -1 0 0.0025
  CHANMODE 0
  <SOURCE FLAC
    FILE "two.flac"
  >
>
"""
)


def text_of(chunk: Chunk) -> str:
    return "".join(f"{line.text}{line.ending}" for line in chunk.all_lines())


def test_a_take_plays_in_the_way_of_the_active_one() -> None:
    item = parse_chunk_text(ONE)
    add_take(item, NEW)
    added = text_of(item).removeprefix(ONE[: ONE.rindex(">")]).splitlines()
    assert added[:3] == ["  TAKE SEL", '  NAME "Vox tone 1"', f"  TAKEVOLPAN -0.25 {-0.8 * 10 ** (-6 / 20)!r} -1"]
    assert added[3:6] == ["  SOFFS 0", "  PLAYRATE 1.5 0 2 -1 0 0.0025", "  CHANMODE 0"]
    assert added[6:10] == ["  GUID {NEW}", "  <SOURCE WAVE", '    FILE "Media/Vox tone 1.wav"', "  >"]
    copies = "\n".join(added[10:])
    assert "<VOLENV" in copies
    assert "<PITCHENV" in copies
    assert "{E}" not in copies
    assert "{F}" not in copies


@pytest.mark.parametrize(("text", "active"), [(ONE, "{ONE}"), (TWO, "{I}/2")])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_way_back_is_exact(text: str, active: str, ending: str) -> None:
    before = text.replace("\n", ending)
    item = parse_chunk_text(before)
    add_take(item, NEW)
    after = text_of(item)
    assert after != before
    assert after.count("TAKE SEL") == 1
    assert after.count("\n") == after.count(ending)
    remove_take(item, "{NEW}", active, "{I}")
    assert text_of(item) == before


def test_the_gain_of_a_later_take_stands_elsewhere() -> None:
    item = parse_chunk_text(TWO)
    add_take(item, NewTake("{NEW}", "n", "/n.wav"))
    assert "  TAKEVOLPAN 0.1 0.9 -1\n  SOFFS 0\n  PLAYRATE 1 1 0 -1 0 0.0025\n  CHANMODE 0\n  GUID {NEW}\n" in text_of(
        item
    )


def test_what_is_not_there_stays_so() -> None:
    item = parse_chunk_text(TWO)
    remove_take(item, "{NEW}", "{ONE}", "{I}")
    assert text_of(item) == TWO
    empty = parse_chunk_text("<ITEM\n  POSITION 0\n>\n")
    with pytest.raises(SessionError, match="no take"):
        add_take(empty, NEW)
