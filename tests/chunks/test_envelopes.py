"""Envelope chunks: what they say, and edits that can be taken back byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reaper_automix.chunks.envelopes import (
    Pool,
    envelope_lines,
    parse_envelope,
    parse_pool,
    restore_points,
    set_points,
    spelling,
)
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.session import Envelope, EnvelopeKind, EnvelopePoint, PointShape

VOLUME = EnvelopeKind.VOLUME
GUID = "{11111111-2222-3333-4444-555555555555}"
CHUNK = """\
    <VOLENV2
      EGUID {5CA280E0-ACED-7542-A55C-5AF15AB2DB63}
      ACT 0 4
      VIS 0 1 1
      LANEHEIGHT 0 0
      ARM 1
      DEFSHAPE 2 -1 -1
      VOLTYPE 1
      <EXT
        PT 3 3 3
      >
      POOLEDENVINST 7 10 4 0.5 2 0 0.25 -1 1 0 0 3 1 0 0.012 0
      PT 0 1 0
      PT 2 0.5 5 0 0 0 -0.7
      PT 4 0 1 0 1
      PT 9 2 -1
    >""".splitlines()


def test_every_field_is_read() -> None:
    pools = {7: Pool(7, 2.0, ((0.0, 0.0, PointShape.LINEAR, 0.0), (1.0, 1.0, PointShape.BEZIER, 0.3)))}
    envelope = parse_envelope(CHUNK, VOLUME, pools=pools)
    assert (envelope.active, envelope.visible, envelope.armed) == (False, False, True)
    assert envelope.fader_scaling
    assert envelope.bypass_outside_items
    assert [p.time_s for p in envelope.points] == [0.0, 2.0, 4.0, 9.0]
    assert [p.value for p in envelope.points] == pytest.approx([0.0, -6.0206, -150.0, 6.0206], abs=1e-4)
    shapes = [p.shape for p in envelope.points]
    assert shapes == [PointShape.LINEAR, PointShape.BEZIER, PointShape.SQUARE, PointShape.SLOW_START_END]
    assert envelope.points[1].tension == -0.7
    (item,) = envelope.automation_items
    assert (item.pool_id, item.position_s, item.length_s, item.start_offset_s, item.playrate) == (
        7,
        10.0,
        4.0,
        0.5,
        2.0,
    )
    assert (item.baseline, item.amplitude, item.loop, item.muted, item.pool_length_s) == (0.25, -1.0, True, True, 2.0)
    assert [p.value for p in item.points] == pytest.approx([-150.0, 6.0206], abs=1e-4)
    assert item.points[1].tension == 0.3


def test_pan_is_negative_in_the_chunk() -> None:
    envelope = parse_envelope(["<PANENV2", "PT 0 0.25 0", "PT 1 -1 0", ">"], EnvelopeKind.PAN)
    assert [p.value for p in envelope.points] == [-0.25, 1.0]
    back = set_points(None, EnvelopeKind.PAN, (0, 1), envelope.points, GUID)
    assert back[-3:] == ["PT 0 0.25 0", "PT 1 -1 0", ">"]


def test_the_project_decides_where_the_envelope_says_so() -> None:
    lines = ["<VOLENV2", "ACT 1 -1", "PT 0 1 0", ">"]
    assert parse_envelope(lines, VOLUME, project_attach=4).bypass_outside_items
    assert not parse_envelope(lines, VOLUME).bypass_outside_items


def test_pool() -> None:
    pool = parse_pool(["<POOLEDENV", "ID 3", 'NAME ""', "SRCLEN 1.5", "PPT 1 0.5 5 0.2", "PPT 0 1 0 0 ", ">"])
    assert pool == Pool(3, 1.5, ((0.0, 1.0, PointShape.LINEAR, 0.0), (1.0, 0.5, PointShape.BEZIER, 0.2)))


def test_pan_and_mute_pools_are_shares_of_the_range() -> None:
    pools = {1: Pool(1, 1.0, ((0.0, 0.25, PointShape.LINEAR, 0.0),))}
    lines = ["<PANENV2", "POOLEDENVINST 1 0 1", ">"]
    assert parse_envelope(lines, EnvelopeKind.PAN, pools=pools).automation_items[0].points[0].value == 0.5
    assert parse_envelope(lines, EnvelopeKind.MUTE, pools=pools).automation_items[0].points[0].value == 0.0


@pytest.mark.parametrize("line", ["PT 1 abc 0", "PT 1", "PT", "ACT x", "POOLEDENVINST 1 2", "PT 1 nan 0"])
def test_a_malformed_line_is_named(line: str) -> None:
    with pytest.raises(ProjectSyntaxError) as caught:
        parse_envelope(["<VOLENV2", "EGUID x", line, ">"], VOLUME)
    assert caught.value.line_number == 3


def test_spelling_lists_state_and_points_of_the_closed_window() -> None:
    assert spelling(CHUNK, (2.0, 4.0)) == (
        "ACT 0 4",
        "VIS 0 1 1",
        "ARM 1",
        "PT 2 0.5 5 0 0 0 -0.7",
        "PT 4 0 1 0 1",
    )


def test_what_spelling_returns_can_itself_be_read_and_restored() -> None:
    lines = list(spelling(CHUNK, (float("-inf"), float("inf"))))
    assert len(parse_envelope(lines, VOLUME).points) == 4
    assert restore_points(lines, (2.0, 9.0), ("ACT 1 -1", "VIS 1 1 1", "ARM 0", "PT 3 1 0")) == [
        "ACT 1 -1",
        "VIS 1 1 1",
        "ARM 0",
        "PT 0 1 0",
        "PT 3 1 0",
    ]
    assert restore_points([], (0.0, 1.0), ()) is None


def test_set_changes_only_what_it_must() -> None:
    points = (EnvelopePoint(2.0, 0.0), EnvelopePoint(3.0, -6.0, PointShape.BEZIER, 0.5))
    new = set_points(CHUNK, VOLUME, (2.0, 4.0), points, GUID)
    changed = [(a, b) for a, b in zip(CHUNK, new, strict=True) if a != b]
    assert changed == [
        ("      ACT 0 4", "      ACT 1 4"),
        ("      VIS 0 1 1", "      VIS 1 1 1"),
        ("      PT 2 0.5 5 0 0 0 -0.7", "      PT 2 1 0"),
        ("      PT 4 0 1 0 1", "      PT 3 0.5011872336272722 5 0 0 0 0.5"),
    ]


def test_a_new_envelope_is_complete() -> None:
    assert set_points(None, VOLUME, (0.0, 1.0), (EnvelopePoint(0.5, 0.0),), GUID) == [
        "<VOLENV2",
        f"EGUID {GUID}",
        "ACT 1 -1",
        "VIS 1 1 1",
        "LANEHEIGHT 0 0",
        "ARM 1",
        "DEFSHAPE 0 -1 -1",
        "VOLTYPE 1",
        "PT 0.5 1 0",
        ">",
    ]
    assert "VOLTYPE 1" not in set_points(None, EnvelopeKind.PAN, (0.0, 1.0), (), GUID)


def test_an_envelope_that_the_edit_created_goes_again_unless_used() -> None:
    new = set_points(None, VOLUME, (1.0, 2.0), (EnvelopePoint(1.0, 0.0),), GUID)
    assert restore_points(new, (1.0, 2.0), ()) is None
    used = [*new[:-1], "PT 7 1 0", ">"]
    kept = restore_points(used, (1.0, 2.0), ())
    assert kept is not None
    assert spelling(kept, (0.0, 9.0))[-1] == "PT 7 1 0"


def test_rounding_of_saved_times_does_not_leave_points_behind() -> None:
    start_s, end_s = 1.00000000049, 2.00000000049
    was = spelling(CHUNK, (start_s, end_s))
    new = set_points(CHUNK, VOLUME, (start_s, end_s), (EnvelopePoint(start_s, 0.0), EnvelopePoint(end_s, 0.0)), GUID)
    saved = [line.replace("1.00000000049", "1.00000000").replace("2.00000000049", "2.00000000") for line in new]
    assert restore_points(saved, (start_s, end_s), was) == CHUNK


def test_missing_state_lines_come_and_go() -> None:
    old = ["<VOLENV2", "  EGUID x", "  PT 0 1 0", ">"]
    new = set_points(old, VOLUME, (0.0, 1.0), (EnvelopePoint(0.0, 0.0),), GUID)
    assert new == ["<VOLENV2", "  EGUID x", "  ACT 1", "  VIS 1", "  PT 0 1 0", ">"]
    assert restore_points(new, (0.0, 1.0), spelling(old, (0.0, 1.0))) == old


TIMES = st.lists(st.integers(0, 4000).map(lambda n: n / 100), max_size=12).map(sorted)
STATE = st.sampled_from([("ACT 1 -1", "VIS 1 1 1", "ARM 1"), ("ACT 0 4", "VIS 0 0 1", "ARM 0"), ("ACT 0", "ARM 1")])


@settings(max_examples=40, deadline=None)
@given(STATE, TIMES, TIMES, st.tuples(st.integers(0, 40), st.integers(0, 40)), st.sampled_from(["", "  ", "\t"]))
def test_restore_is_the_exact_inverse(
    state: tuple[str, ...], old: list[float], new: list[float], window: tuple[int, int], indent: str
) -> None:
    window_s = (float(min(window)), float(max(window)))
    inner = ["EGUID {X}", *state, "LANEHEIGHT 0 0", *(f"PT {t:g} 0.5 0 0 1" for t in old)]
    lines = ["<VOLENV2", *(indent + line for line in inner), ">"]
    points = tuple(EnvelopePoint(t, -3.0) for t in new if window_s[0] <= t <= window_s[1])
    edited = set_points(lines, VOLUME, window_s, points, GUID)
    read = parse_envelope(edited, VOLUME)
    assert read.active
    assert read.visible
    assert [p.time_s for p in read.points if window_s[0] <= p.time_s <= window_s[1]] == [p.time_s for p in points]
    assert [line for line in edited if "PT" in line] == sorted(
        (line for line in edited if "PT" in line), key=lambda line: float(line.split()[1])
    )
    assert restore_points(edited, window_s, spelling(lines, window_s)) == lines


POINTS = st.lists(
    st.builds(
        EnvelopePoint,
        st.integers(0, 10**6).map(lambda n: n / 1000),
        st.floats(-1, 1),
        st.sampled_from(PointShape),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(POINTS, st.sampled_from(EnvelopeKind), st.booleans(), st.booleans(), st.booleans())
def test_a_spelled_envelope_reads_back(
    points: list[EnvelopePoint], kind: EnvelopeKind, active: bool, armed: bool, bypass: bool
) -> None:
    points.sort(key=lambda p: p.time_s)
    envelope = Envelope(kind, active, not active, armed, active, tuple(points), (), bypass)
    read = parse_envelope(envelope_lines(envelope, eguid=GUID), kind)
    assert [p.value for p in read.points] == pytest.approx([p.value for p in points], abs=1e-9)
    assert [(p.time_s, p.shape) for p in read.points] == [(p.time_s, p.shape) for p in points]
    assert (read.active, read.visible, read.armed, read.fader_scaling) == (active, not active, armed, active)
    assert read.bypass_outside_items == bypass
