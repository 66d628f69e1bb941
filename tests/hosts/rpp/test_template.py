"""New projects: what is written reads back as the same session."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp import new_project_text, parse_project, read_project, source_kind
from reaper_automix.session import (
    AutomationMode,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    Fade,
    Item,
    Master,
    PointShape,
    Send,
    SendMode,
    Session,
    Source,
    Take,
    TempoMarker,
    Track,
)
from reaper_automix.units import SILENCE_DB

HERE = Path("/songs/x.RPP")


def through(session: Session, *, folder: Path | None = None) -> Session:
    return read_project(parse_project(new_project_text(session, folder=folder).encode()), HERE)


def same(a: Any, b: Any) -> bool:
    """Compare two values of a session; numbers that went through a gain and back may differ in the last digits."""
    if dataclasses.is_dataclass(a) and type(a) is type(b):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return bool(a == b)


NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="`"), max_size=12).map(
    lambda name: name if name.strip() == name else "x"
)
GAINS = st.one_of(st.just(SILENCE_DB), st.just(0.0), st.floats(-140, 24))
PANS = st.floats(-1, 1)
TIMES = st.integers(0, 10**7).map(lambda n: n / 1000)
GUIDS = st.uuids().map(lambda u: "{" + str(u).upper() + "}")
FADES = st.builds(Fade, st.floats(0, 10), st.integers(0, 6), PANS)


@st.composite
def envelopes(draw: st.DrawFn, kinds: list[EnvelopeKind]) -> tuple[Envelope, ...]:
    chosen = draw(st.lists(st.sampled_from(kinds), unique=True, max_size=2))
    found = []
    for kind in sorted(chosen, key=kinds.index):
        values = GAINS if kind.is_volume else st.sampled_from([0.0, 1.0]) if kind == EnvelopeKind.MUTE else PANS
        points = draw(st.lists(st.builds(EnvelopePoint, TIMES, values, st.sampled_from(PointShape)), max_size=4))
        points.sort(key=lambda p: p.time_s)
        flags = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
        found.append(
            Envelope(kind, *flags, kind.is_volume and draw(st.booleans()), tuple(points), (), draw(st.booleans()))
        )
    return tuple(found)


SOURCES = st.one_of(
    st.sampled_from(["a b.wav", "c.flac", "d'\".mp3", "é.ogg"]).flatmap(
        lambda name: st.builds(
            Source,
            st.just(source_kind(name)),
            st.just(f"/songs/Audio/{name}"),
            st.sampled_from([0.0, 1.5]),
            st.sampled_from([None, 2.0]),
            st.booleans(),
            st.booleans(),
        )
    ),
    st.just(Source("MIDI")),
)
TAKE_KINDS = [EnvelopeKind.VOLUME, EnvelopeKind.PAN, EnvelopeKind.MUTE]
TAKES = st.builds(
    Take,
    GUIDS,
    NAMES,
    SOURCES,
    start_offset_s=st.floats(-5, 60),
    playrate=st.floats(0.25, 4),
    preserve_pitch=st.booleans(),
    pitch_semitones=st.floats(-12, 12),
    gain_db=GAINS.filter(lambda g: g > SILENCE_DB),
    polarity_inverted=st.booleans(),
    pan=PANS,
    channel_mode=st.integers(0, 70),
    envelopes=envelopes(TAKE_KINDS),
)


@st.composite
def items(draw: st.DrawFn) -> Item:
    takes = tuple(draw(st.lists(TAKES, max_size=3)))
    return Item(
        id=draw(GUIDS),
        position_s=draw(TIMES),
        length_s=draw(TIMES),
        takes=takes,
        active_take=draw(st.integers(0, max(len(takes) - 1, 0))),
        play_all_takes=draw(st.booleans()),
        muted=draw(st.booleans()),
        plays=draw(st.booleans()),
        loop_source=draw(st.booleans()),
        gain_db=draw(GAINS),
        fade_in=draw(FADES),
        fade_out=draw(FADES),
    )


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    depths = [0]
    for _ in range(draw(st.integers(0, 4))):
        depths.append(draw(st.integers(0, depths[-1] + 1)))
    ids = draw(st.lists(GUIDS, min_size=len(depths), max_size=len(depths), unique=True))
    path: list[str] = []
    tracks = []
    for index, depth in enumerate(depths):
        del path[depth:]
        n_sends = draw(st.integers(0, 2)) if index else 0
        sends = st.builds(
            Send,
            st.sampled_from(ids),
            st.sampled_from(SendMode),
            GAINS,
            PANS,
            st.booleans(),
            st.booleans(),
            st.booleans(),
            st.integers(0, 6),
            st.booleans(),
            st.integers(0, 6),
            st.booleans(),
            envelopes(TAKE_KINDS),
        )
        mode = draw(st.sampled_from([None, 0, 3]))
        tracks.append(
            Track(
                id=ids[index],
                name=draw(NAMES),
                number=index + 1,
                gain_db=draw(GAINS),
                pan=draw(PANS),
                width=draw(PANS),
                pan_law_db=draw(st.sampled_from([None, -3.0, 0.0])),
                pan_mode=mode,
                muted=draw(st.booleans()),
                soloed=draw(st.booleans()),
                solo_defeat=draw(st.booleans()),
                polarity_inverted=draw(st.booleans()),
                automation_mode=draw(st.sampled_from([m for m in AutomationMode if m != AutomationMode.BYPASS])),
                n_channels=draw(st.sampled_from([2, 4, 6])),
                parent_id=path[-1] if path else None,
                is_folder=index + 1 < len(depths) and depths[index + 1] > depth,
                sends_to_parent=draw(st.booleans()),
                play_offset_s=draw(st.sampled_from([0.0, 0.25, -1.5])),
                selected=draw(st.booleans()),
                record_armed=draw(st.booleans()),
                locked=draw(st.booleans()),
                effects_bypassed=draw(st.booleans()),
                receives=tuple(draw(sends) for _ in range(n_sends)),
                envelopes=draw(
                    envelopes(
                        [EnvelopeKind.VOLUME_PRE_FX, EnvelopeKind.VOLUME, EnvelopeKind.TRIM_VOLUME, EnvelopeKind.PAN]
                    )
                ),
                items=tuple(draw(st.lists(items(), max_size=2))),
                vca_leads=draw(st.frozensets(st.integers(1, 64), max_size=2)),
                vca_follows=draw(st.frozensets(st.integers(1, 64), max_size=2)),
            )
        )
        path.append(ids[index])
    return Session(
        sample_rate_hz=draw(st.sampled_from([None, 44100, 48000])),
        tempo_bpm=draw(st.floats(20, 300)),
        time_signature=draw(st.sampled_from([(4, 4), (6, 8)])),
        tempo_map=draw(st.sampled_from([(), (TempoMarker(0.0, 79.0, 4, 4), TempoMarker(8.0, 90.5, gradual=True))])),
        time_selection_s=draw(st.sampled_from([None, (1.0, 2.5)])),
        pan_law_db=draw(st.sampled_from([0.0, -3.0])),
        pan_mode=draw(st.sampled_from([0, 3, 5])),
        automation_override=draw(st.sampled_from([None, AutomationMode.READ, AutomationMode.BYPASS])),
        master=Master(
            gain_db=draw(GAINS),
            pan=draw(PANS),
            muted=draw(st.booleans()),
            mono=draw(st.booleans()),
            envelopes=draw(envelopes([EnvelopeKind.VOLUME_PRE_FX, EnvelopeKind.VOLUME])),
        ),
        tracks=tuple(tracks),
    )


def without_line_numbers(session: Session) -> Session:
    return replace(
        session,
        path="",
        name="",
        tracks=tuple(replace(t, items=tuple(replace(i, line_number=None) for i in t.items)) for t in session.tracks),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(sessions())
def test_a_written_session_reads_back(session: Session) -> None:
    back = without_line_numbers(through(session))
    for ours, theirs in zip(session.tracks, back.tracks, strict=True):
        for field in dataclasses.fields(Track):
            assert same(getattr(ours, field.name), getattr(theirs, field.name)), field.name
    assert same(session, back)


def test_numbered_ids_stay() -> None:
    assert [t.id for t in through(Session(tracks=(Track("#1", "a"), Track("#2", "b", 2)))).tracks] == ["#1", "#2"]


def test_other_ids_become_guids() -> None:
    session = Session(tracks=(Track("kick", "a"), Track("snare", "b", 2, receives=(Send("kick"),))))
    text = new_project_text(session)
    assert text == new_project_text(session)
    a, b = through(session).tracks
    assert a.id.startswith("{")
    assert b.receives[0].source_track_id == a.id


def test_files_below_the_folder_are_named_relative_to_it(tmp_path: Path) -> None:
    takes = [
        Take("{1}", "n", Source("WAVE", str(tmp_path / "Audio" / "x.wav"))),
        Take("{2}", "n", Source("X", "/y.aif")),
    ]
    session = Session(tracks=(Track("{T}", "t", items=(Item("{I}", 0.0, 1.0, tuple(takes)),)),))
    text = new_project_text(session, folder=tmp_path)
    assert 'FILE "Audio/x.wav"' in text
    assert '<SOURCE WAVE\n        FILE "/y.aif"' in text
    assert text.startswith("<REAPER_PROJECT ")
    assert text.endswith("\n>\n")


def test_a_send_from_nowhere_is_refused() -> None:
    with pytest.raises(SessionError, match="missing"):
        new_project_text(Session(tracks=(Track("{A}", "Bus", receives=(Send("{B}"),)),)))
