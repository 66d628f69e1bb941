"""The short form of the campaign (``run.py``): mutations of the seeds, properties, and findings of the past."""
# ruff: noqa: E402

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import mutators
import run
import seeds
import targets
import trying

from reaper_automix.audio.media import MediaReader
from reaper_automix.chunks.lines import parse_project
from reaper_automix.chunks.text import LARGEST_NUMBER
from reaper_automix.errors import PlanError, ProjectSyntaxError, SessionError
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.rpp import read_project
from reaper_automix.ledger import Ledger
from reaper_automix.mixplan_json import plan_from_json
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.session import Session
from reaper_automix.session_json import session_from_json, session_to_json

N_MUTATIONS = {
    "rpp": 800,
    "edits": 120,
    "chunk": 300,
    "plan": 400,
    "session": 250,
    "request": 200,
    "ledger": 120,
    "names": 1000,
    "audio": 250,
    "ratings": 300,
}
"""About a second each."""


def must_hold(target: str, data: bytes) -> None:
    error = trying.attempt(targets.TARGETS[target], data)
    if error is not None:
        raise AssertionError(f"{target} broke on {data[:2000]!r}") from error


# --- mutations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", list(targets.TARGETS))
def test_every_seed_holds(target: str) -> None:
    for data in run.seeds_of(target, longest=6_000):
        must_hold(target, data)


@pytest.mark.parametrize("target", list(targets.TARGETS))
def test_mutations_of_the_seeds_hold(target: str) -> None:
    rng = random.Random(11)
    pool = run.seeds_of(target, longest=2_500)
    for _ in range(N_MUTATIONS[target]):
        data = rng.choice(pool)
        for _ in range(rng.choice((1, 1, 2, 4))):
            data = mutators.MUTATORS[target](data, rng, pool)
        must_hold(target, data[:20_000])


def test_the_seeds_are_readable_and_mutations_get_past_the_first_line() -> None:
    """Otherwise the fuzzing would try nothing but refusals."""
    pool = run.seeds_of("rpp", longest=2_500)
    assert all(read_project(parse_project(data), targets.NOWHERE) for data in pool)
    rng = random.Random(5)
    n_read = 0
    for _ in range(300):
        try:
            read_project(parse_project(mutators.mutate_project(rng.choice(pool), rng, pool)), targets.NOWHERE)
            n_read += 1
        except ProjectSyntaxError:
            pass
    assert 120 < n_read < 290


def test_a_broken_promise_is_found() -> None:
    """The harness itself: what is raised comes back, with a name that tells one finding from another."""

    def target(data: bytes) -> None:
        raise ZeroDivisionError if data else KeyError("x")

    error = trying.attempt(target, b"1")
    assert isinstance(error, ZeroDivisionError)
    assert trying.signature(error) != trying.signature(trying.attempt(target, b"") or Exception())
    assert trying.attempt(lambda data: None, b"") is None


@pytest.mark.skipif(not trying.can_limit(), reason="needs a processor timer (not on Windows)")
def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "TIME_LIMIT_S", 0.05)

    def for_ever(data: bytes) -> None:
        while True:
            pass

    assert isinstance(trying.attempt(for_ever, b""), trying.Hang)


@pytest.mark.data
def test_real_projects_hold(shared_data: Path) -> None:
    for path in sorted((shared_data / "rpp").glob("*.RPP")):
        must_hold("rpp", path.read_bytes())


def test_the_campaign_runs_where_its_fuzzer_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="needs the extra 'fuzz'")
    command = [sys.executable, str(HERE / "run.py"), "chunk", "--runs", "300", "--corpus", str(tmp_path / "corpus")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "300 executions" in ended.stdout
    assert "findings: 0" in ended.stdout


# --- properties ----------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_trouble(data: bytes) -> None:
    for target in ("rpp", "plan", "session", "request", "names"):
        must_hold(target, data)


FIELD = st.one_of(st.sampled_from(mutators.WORDS), st.floats().map(repr), st.integers().map(str), st.text(max_size=8))
LINE = st.builds(
    lambda key, fields: " ".join((key, *fields)), st.sampled_from(mutators.KEYS), st.lists(FIELD, max_size=9)
)
BLOCK = st.recursive(
    st.lists(LINE, max_size=4),
    lambda inner: st.builds(
        lambda tag, lines, blocks: [f"<{tag}", *lines, *(line for block in blocks for line in block), ">"],
        st.sampled_from(mutators.TAGS),
        st.lists(LINE, max_size=4),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=120)
@given(BLOCK)
def test_any_arrangement_of_known_lines_is_read_or_refused(block: list[str]) -> None:
    data = "\n".join(("<REAPER_PROJECT 0.1", *block, ">", "")).encode("utf-8", "surrogateescape")
    must_hold("rpp", data)


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_name_gives_an_answer(name: str) -> None:
    must_hold("names", name.encode("utf-8", "surrogatepass"))


def test_long_names_take_no_longer_than_they_are_long() -> None:
    for piece in ("kick ", "a", "gtr vox ", "1", "2 mix", "_", ".wav", "ﷺ", "Aa", "e ", "bv "):
        must_hold("names", (piece * (50_000 // len(piece))).encode())


# --- findings of the past ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((HERE / "past").glob("*.input")), ids=lambda path: path.stem)
def test_inputs_that_broke_something_hold(path: Path) -> None:
    must_hold(path.name.partition("-")[0], path.read_bytes())


def project(*lines: str) -> bytes:
    return "\n".join(("<REAPER_PROJECT 0.1", *lines, ">", "")).encode()


def refusal(data: bytes) -> str:
    with pytest.raises(ProjectSyntaxError) as caught:
        read_project(parse_project(data), targets.NOWHERE)
    return str(caught.value)


def test_numbers_that_overflow_are_refused_with_their_line() -> None:
    """1e308 was a number: times a sample rate it was none any more."""
    data = project("  <TRACK", "    <ITEM", "      POSITION 1e308", "    >", "  >")
    assert "line 4: POSITION field 1 is '1e308', beyond every number that a project holds" in refusal(data)
    assert "9 ...'" in refusal(project(f"TEMPO {'9' * 300}"))  # and a long one is not quoted whole
    point = project("  <TRACK", "    <VOLENV2", "      PT 0 -1e13", "    >", "  >")
    assert "line 4: PT field 2 is '-1e13'" in refusal(point)
    must_hold("rpp", project(f"  TEMPO {LARGEST_NUMBER:.0f}"))


def test_an_item_in_a_lane_without_height_is_read() -> None:
    """The quotient was infinite, and infinity has no lane."""
    lanes = ("  <TRACK", "    FREEMODE 2", "    LANESOLO 1", "    <ITEM", "      YPOS 0.5 5e-324", "    >", "  >")
    must_hold("rpp", project(*lanes))


def test_many_tracks_of_one_name_and_many_notes_are_read_in_time() -> None:
    """Both took the square of their number: 40,000 tracks several minutes."""
    twins = "\n".join(("<REAPER_PROJECT", "<TRACK X\n  AUTOMODE 9\n>\n" * 20_000, ">", "")).encode()
    must_hold("rpp", twins)


def test_items_of_one_pool_share_its_points() -> None:
    """A pool of a thousand points on a thousand items was a million points."""
    pool = "".join(f"PPT {n} 0.5 0\n" for n in range(1_000))
    items = "".join(f"POOLEDENVINST 3 {n} 1\n" for n in range(1_000))
    data = f"<REAPER_PROJECT\n<POOLEDENV\nID 3\n{pool}>\n<TRACK\n<VOLENV2\n{items}>\n>\n>\n".encode()
    envelope = read_project(parse_project(data), targets.NOWHERE).tracks[0].envelopes[0]
    assert len({id(item.points) for item in envelope.automation_items}) == 1


def test_writing_nothing_leaves_a_damaged_record_and_one_that_was_packed_otherwise() -> None:
    """Both were rewritten: a damaged record was lost, another zlib's packing changed."""
    damaged = project("  <EXTSTATE", "    <REAPER_AUTOMIX", "      CREATED 1", "      LEDGER_1 eJytVd", "    >", "  >")
    must_hold("rpp", damaged)
    stored_only = "eAEBAgD9_3t9AXUA-Q=="  # {} packed without compression
    must_hold("rpp", damaged.replace(b"eJytVd", stored_only.encode()))


@pytest.mark.parametrize("body", [(), ("      EGUID {A}",), ("      <X", "      >")])
def test_an_envelope_without_state_and_points_survives_a_revert(body: tuple[str, ...]) -> None:
    """It counted as not there, and went, with all that lay in it, when the ride on it was taken back."""
    must_hold("edits", project("  <TRACK {A}", "    NAME x", "    <VOLENV3", *body, "    >", "  >"))


def test_a_receive_from_a_track_that_does_not_exist_stays_as_it_is() -> None:
    """Its number was counted down when our bus went."""
    must_hold("edits", project("  <TRACK {A}", "    NAME x", "    AUXRECV 44 0 1 0 0 0 0 0 0", "  >"))


def test_a_bus_does_not_come_to_life_under_a_number_that_a_receive_waits_for() -> None:
    """The track would have heard our bus, and the bus could not be taken back."""
    data = project("  <TRACK {A}", "    NAME x", "    AUXRECV 1 0 1 0 0 0 0 0 0", "  >")
    host = targets.InMemory.from_text(data.decode(), targets.NOWHERE)
    with pytest.raises(SessionError, match="receives from track 2, which does not exist"):
        apply_plan(host, seeds.everything_plan(host.read_session(), takes=False))


def test_a_plug_in_line_without_a_plug_in_is_passed_over() -> None:
    """A run that found its own FXID in an emptied chain ended with an error of Python's."""
    plan = seeds.everything_plan(seeds.session_of(project("  <TRACK {A}", "  >")), takes=False)
    host = targets.InMemory.from_text(project("  <TRACK {A}", "  >").decode(), targets.NOWHERE)
    apply_plan(host, plan)
    emptied = re.sub(rb"<VST.*?\n *>\n", b"", host.written, flags=re.DOTALL)
    emptied = emptied[: emptied.index(b"  <EXTSTATE")] + b">\n"
    assert b"FXID" in emptied
    must_hold("edits", emptied)


@pytest.mark.parametrize("n_frames", [600, 3_000, 10_000, 33_000])
@pytest.mark.parametrize("block", [50, 1_024, 4_096])
def test_opus_is_the_same_in_blocks_and_in_one_go(tmp_path: Path, n_frames: int, block: int) -> None:
    """libsndfile spoils the last packet of an Opus stream that is not read in one go."""
    path = tmp_path / "a.ogg"
    time_s = np.arange(n_frames) / 48_000
    sf.write(path, 0.5 * np.sin(2 * np.pi * 440 * time_s), 48_000, format="OGG", subtype="OPUS")
    whole, _ = sf.read(path, dtype="float32")
    with MediaReader(path) as reader:
        parts = [reader.read(at, block)[0] for at in range(0, n_frames, block)]
        again = reader.read(0, n_frames)[0]
        end = reader.read(n_frames - 40, 40)[0]
    np.testing.assert_array_equal(np.concatenate(parts)[:n_frames], whole)
    np.testing.assert_array_equal(again, whole)
    np.testing.assert_array_equal(end, whole[-40:])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"schema": ' + "[" * 980 + "]" * 980 + "}",
        '{"schema": "\\ud800"}',
        '{"schema": "reaper_automix.mixplan/1", "mixer": 1' + "0" * 5_000 + "}",
        '{"schema": "reaper_automix.mixplan/1", "mixer": ["\\udfff"]}',
    ],
)
def test_json_that_python_trips_over_is_refused(text: str) -> None:
    for target in ("plan", "session", "request", "ledger"):
        must_hold(target, text.encode())
    with pytest.raises(PlanError):
        plan_from_json(text)


def test_a_bus_cannot_be_named_with_half_a_character() -> None:
    """It was planned, and no file could hold it."""
    move = '{"kind":"bus","name":"\\ud800"}'
    scope = '"session":{},"scope":{"tracks":[],"range_s":[0,1]}'
    with pytest.raises(PlanError, match=r"Half a character \(\\ud800\)"):
        plan_from_json(f'{{"schema":"reaper_automix.mixplan/1","mixer":"x",{scope},"moves":[{move}]}}')


SESSION = json.loads(next(iter(seeds.session_seeds())))


def damaged_session(**changes: object) -> str:
    return json.dumps({**SESSION, "session": {**SESSION["session"], **changes}})


@pytest.mark.parametrize(
    "changes",
    [
        {"tempo_bpm": 10**400},
        {"tempo_bpm": "120"},
        {"tempo_bpm": float("nan")},
        {"name": 3},
        {"tracks": {"a": 1}},
        {"tracks": [3]},
        {"time_signature": [4]},
        {"notes": "abc"},
        {"sample_rate_hz": True},
        {"master": None},
        {"tracks": SESSION["session"]["tracks"] * 2},
        {"tracks": [{**SESSION["session"]["tracks"][0], "parent_id": "nobody"}]},
        {"tracks": [{**SESSION["session"]["tracks"][0], "parent_id": SESSION["session"]["tracks"][0]["id"]}]},
        {"tracks": [{**SESSION["session"]["tracks"][0], "pan_mode": "x" * 5_000}]},
    ],
)
def test_a_session_of_other_kinds_of_values_is_refused(changes: dict[str, object]) -> None:
    """Most came through and broke what read them; a folder that lies in itself was never left again."""
    with pytest.raises(SessionError) as caught:
        session_from_json(damaged_session(**changes))
    assert len(str(caught.value)) < 400
    assert session_from_json(damaged_session()) == session_from_json(json.dumps(SESSION))


def with_ledger(change: object) -> Session:
    session = seeds.session_of(seeds.mixed(seeds.SONG.encode()))
    data = json.loads(session.ledger_json)
    data["entries"] = change(data["entries"]) if callable(change) else change
    return replace(session, ledger_json=json.dumps(data))


@pytest.mark.parametrize(
    "entries",
    [
        lambda entries: [{**entries[0], "track": []}],
        lambda entries: [{**entries[0], "mixer": 3}],
        lambda entries: [{**entries[0], "now": 10**400}],
        lambda entries: [{**entries[0], "now": float("nan")}],
        lambda entries: [{**entry, "tag": "bus"} for entry in entries if "tag" in entry],
        3,
    ],
)
def test_a_record_of_other_kinds_of_values_counts_as_none(entries: object) -> None:
    assert Ledger.of(with_ledger(entries)) == Ledger()


def test_a_record_before_a_damaged_one_counts_as_none() -> None:
    session = seeds.session_of(seeds.mixed(seeds.SONG.encode()))
    data = {**json.loads(session.ledger_json), "previous": []}
    assert Ledger.of(replace(session, ledger_json=json.dumps(data))) == Ledger()


def test_what_lies_on_a_bus_of_ours_goes_with_it_in_any_order() -> None:
    """An entry that was to be taken back after its bus met no track."""
    session = with_ledger(lambda entries: sorted(entries, key=lambda entry: "bus" in entry))
    host = MemoryHost(session)
    revert(host)
    assert session_from_json(session_to_json(host.read_session())) == host.read_session()
