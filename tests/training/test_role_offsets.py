"""Fitting and judging the role table, on look-alikes of the corpora and on the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reaper_automix.mixers.role_offsets import FORMAT, load_role_offsets
from reaper_automix.models_folder import load_card
from reaper_automix.training.role_offsets import (
    FEWEST_SONGS,
    SHRINKAGE_SONGS,
    Song,
    error_db,
    fit_offsets,
    judge,
    load_songs,
    main,
)


def song(name: str, author: str, kick_db: float) -> Song:
    return Song(name, author, "CC0-1.0", (("kick", kick_db), ("synth", 0.0), ("bass", -kick_db)))


def test_an_offset_is_the_mean_over_songs_drawn_towards_zero() -> None:
    songs = [song(str(i), "a", 6.0) for i in range(4)]
    assert fit_offsets(songs)["kick"] == pytest.approx(4 * 6.0 / (4 + SHRINKAGE_SONGS))


def test_a_role_of_too_few_songs_has_no_offset() -> None:
    songs = [song(str(i), "a", 6.0) for i in range(FEWEST_SONGS - 1)]
    assert fit_offsets(songs) == {}


def test_a_table_that_fits_has_no_error() -> None:
    assert error_db(song("x", "a", 6.0), {"kick": 6.0, "bass": -6.0}) == pytest.approx(0.0)
    assert error_db(song("x", "a", 6.0), {}) == pytest.approx(4.0)


def test_no_song_is_judged_by_its_own_author() -> None:
    """One author's habit must not help on their own songs: with one author there is nothing to learn from."""
    alone = judge([song(str(i), "a", 6.0) for i in range(5)])
    assert alone["role_offsets"] == alone["equal_loudness"]
    two = judge([song(str(i), author, 6.0) for author in "ab" for i in range(5)])
    assert two["role_offsets"]["mean_db"] < two["equal_loudness"]["mean_db"]


def look_alike(folder: Path) -> None:
    """Write two tiny corpora in the formats of ``songs`` and ``lmms``."""
    for number in range(4):
        stems = folder / "songs" / f"s{number}"
        stems.mkdir(parents=True)
        rows = [
            {"role": role, "lufs_integrated": level, "active_fraction": 0.9}
            for role, level in (("kick", -14.0), ("synth", -20.0), ("bass", -20.0))
        ]
        rows.append({"role": "fx", "lufs_integrated": None, "active_fraction": 0.0})
        data = {"title": f"S{number}", "artist": f"A{number}", "licence": "CC0-1.0", "stems": rows}
        (stems / "song.json").write_text(json.dumps(data))
    raws = folder / "lmms" / "l"
    raws.mkdir(parents=True)
    tracks = [
        {"role": "kick", "lufs_integrated": -20.0, "heard_gain_db": 6.0},
        {"role": "synth", "lufs_integrated": -20.0, "heard_gain_db": 0.0},
        {"role": "bass", "lufs_integrated": -20.0, "heard_gain_db": -80.0},
        {"role": "pad", "lufs_integrated": -20.0, "heard_gain_db": None},
    ]
    (raws / "song.json").write_text(
        json.dumps({"title": "L", "author": "B", "licence": "CC-BY-SA-3.0", "tracks": tracks})
    )


def test_both_corpora_are_read_and_a_card_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look_alike(tmp_path)
    songs = load_songs(tmp_path)
    assert [len(s.tracks) for s in songs] == [3, 3, 3, 3, 2]
    assert songs[-1].tracks == (("kick", 3.0), ("synth", -3.0))
    assert main([str(tmp_path), "--out", str(tmp_path / "model")]) == 0
    card = json.loads((tmp_path / "model" / "model.json").read_text("utf-8"))
    assert card["format"] == FORMAT
    assert card["offsets_db"]["kick"] == pytest.approx((4 * 6.0 + 3.0) / (5 + SHRINKAGE_SONGS), abs=0.01)
    assert {row["licence"] for row in card["training_data"]} == {"CC0-1.0", "CC-BY-SA-3.0"}
    assert json.loads(capsys.readouterr().out)["songs"] == 5


def test_a_folder_without_songs_is_refused(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "model")]) == 1


def test_the_shipped_table_loads() -> None:
    table = load_role_offsets()
    assert table.offset_db(None) == 0.0
    assert table.offsets_db["kick"] > table.offsets_db["hihat"]


@pytest.mark.data
def test_the_shipped_table_is_the_one_the_corpora_give(shared_data: Path) -> None:
    songs = load_songs(shared_data)
    card = load_card("role_offsets", FORMAT)
    assert card["offsets_db"] == {role: round(offset, 2) for role, offset in fit_offsets(songs).items()}
    assert card["scores"] == judge(songs)
