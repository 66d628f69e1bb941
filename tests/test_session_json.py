"""A session survives its JSON, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reaper_automix.chunks.lines import parse_project
from reaper_automix.errors import SessionError
from reaper_automix.hosts.rpp.reading import read_project
from reaper_automix.session import Session, Track
from reaper_automix.session_json import session_from_json, session_to_json


def test_a_song_survives(song: str, tmp_path: Path) -> None:
    session = read_project(parse_project(song.encode()), tmp_path / "Söng.RPP")
    text = session_to_json(session)
    assert text.isascii()
    assert "\n" not in text
    again = session_from_json(text)
    assert again == session
    assert again.fingerprint() == session.fingerprint()


def test_groups_and_odd_names_survive() -> None:
    session = Session(tracks=(Track("{A}", "Vox 🎤 \"'`", vca_leads=frozenset({3, 1})),))
    assert session_from_json(session_to_json(session)) == session


def test_every_real_project_survives(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("rpp/**/*.rpp"))[:40]:
        session = read_project(parse_project(path.read_bytes(), path), path)
        assert session_from_json(session_to_json(session)) == session, path.name


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema":"other/1"}', '{"schema":"reaper_automix.session/1"}'])
def test_what_is_no_session_is_refused(text: str) -> None:
    with pytest.raises(SessionError):
        session_from_json(text)


def test_a_missing_field_is_refused() -> None:
    data = json.loads(session_to_json(Session()))
    del data["session"]["tracks"]
    with pytest.raises(SessionError, match="damaged"):
        session_from_json(json.dumps(data))
