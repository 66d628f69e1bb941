"""Listening to tracks whose names say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from reaper_automix.analysis.roles import RoleSource, unnamed_tracks
from reaper_automix.role_hearing import ENOUGH_S, hear_roles
from reaper_automix.session import Item, Session, Source, Take, Track

RATE_HZ = 44100


def _session(tmp_path: Path, *lengths_s: float) -> Session:
    tracks = []
    for number, length_s in enumerate(lengths_s, 1):
        path = tmp_path / f"{number:02d}.wav"
        if length_s:
            times_s = np.arange(round(min(length_s, 4.0) * RATE_HZ)) / RATE_HZ
            soundfile.write(path, 0.2 * np.sin(2 * np.pi * 55.0 * times_s), RATE_HZ)
        take = Take("t", "", Source("WAVE", str(path)))
        item = Item("i", 0.0, length_s or 1.0, (take,), loop_source=True)
        tracks.append(Track(f"#{number}", f"Track {number}", number, items=(item,)))
    return Session(sample_rate_hz=RATE_HZ, tracks=tuple(tracks))


def test_each_unnamed_track_is_heard(tmp_path: Path) -> None:
    session = _session(tmp_path, 4.0, 3.0)
    told: list[tuple[float, str]] = []
    heard = hear_roles(
        session, unnamed_tracks(session), progress=lambda stage, done, total, label="": told.append((done, label))
    )
    assert list(heard) == ["#1", "#2"]
    assert all(role.source is RoleSource.AUDIO and "sounds like" in role.evidence for role in heard.values())
    done = [n for n, _ in told]  # told again where a track takes long; two may be done before either is told
    assert done == sorted(done)
    assert done[-1] == 2
    assert told[0] == (0, "")
    assert {label for _, label in told} == {"", "Track 1", "Track 2"}


def test_no_track_needs_no_model(tmp_path: Path) -> None:
    assert hear_roles(_session(tmp_path, 1.0), ()) == {}


def test_a_file_that_is_missing_says_so_or_is_silent(tmp_path: Path) -> None:
    heard = hear_roles(_session(tmp_path, 0.0), ["#1"])["#1"]
    assert heard.role is None
    assert heard.evidence


def test_a_long_track_is_heard_as_its_first_minutes(tmp_path: Path) -> None:
    short, long = _session(tmp_path, ENOUGH_S), _session(tmp_path, 10 * ENOUGH_S)
    assert hear_roles(long, ["#1"])["#1"] == hear_roles(short, ["#1"])["#1"]
