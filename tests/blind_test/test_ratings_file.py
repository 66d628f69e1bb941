from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.blind_test.ratings_file import COLUMNS, Rating, read_ratings
from reaper_automix.errors import ListeningError

HEAD = ",".join(COLUMNS)


def row(**cells: object) -> str:
    usual = {
        "listener": "Ada",
        "date": "2026-01-02T03:04:05.000Z",
        "session": "s1",
        "page": "p1",
        "song": "Tide",
        "mixer": "rides",
        "rating": 62,
    }
    return ",".join(str({**usual, **cells}.get(name, "")) for name in COLUMNS)


def saved(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\ufeff" + "\r\n".join((head, *rows)) + "\r\n", "utf-8")
    return path


def test_ratings_are_read_as_they_were_saved(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.csv", row(), row(mixer='"a, ""b"""', rating="7.5", comment='"two\r\nlines"'))
    ratings, notes = read_ratings([file])
    assert ratings == (
        Rating("Ada", "s1", "p1", "Tide", "rides", 62.0),
        Rating("Ada", "s1", "p1", "Tide", 'a, "b"', 7.5),
    )
    assert notes == ()


def test_names_that_spreadsheets_would_compute_come_back(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.csv", row(mixer="'=1+1"), row(mixer="'quoted'"))
    assert [one.mixer for one in read_ratings([file])[0]] == ["=1+1", "'quoted'"]


def test_semicolons_of_a_spreadsheet_are_read(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.csv", row().replace(",", ";"), head=HEAD.replace(",", ";"))
    assert [one.rating for one in read_ratings([file])[0]] == [62.0]


def test_a_go_that_was_saved_twice_counts_once(tmp_path: Path) -> None:
    files = [saved(tmp_path / name, row(), row(mixer="mine")) for name in ("a.csv", "a (1).csv")]
    ratings, notes = read_ratings(files)
    assert len(ratings) == 2
    assert notes == ("a (1).csv: 2 of its 2 ratings are in another file as well, and count once.",)


def test_goes_without_a_name_are_listeners_of_their_own(tmp_path: Path) -> None:
    files = [saved(tmp_path / f"{go}.csv", row(listener=" ", session=go)) for go in ("s1", "s2")]
    assert [one.listener for one in read_ratings(files)[0]] == ["no name (s1)", "no name (s2)"]


def test_results_of_several_pages_are_put_together_and_it_is_said(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.csv", row(), row(page="p2", song="Ebb"))
    assert read_ratings([file])[1] == ("Results of 2 different pages together: a mixer is whatever has the same name.",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no results of a listening page, the column listener is missing"),
        (b"a,b\r\n1,2\r\n", "the column listener is missing. Give the files that the page saved"),
        (HEAD.encode(), "it holds no rating"),
        ((HEAD + "\n" + row(rating="loud")).encode(), r"line 2: the rating is 'loud', expected a number from 0 to 100"),
        ((HEAD + "\n" + row(rating=101)).encode(), "line 2: the rating is '101'"),
        ((HEAD + "\n" + row(rating="nan")).encode(), "line 2: the rating is 'nan'"),
        ((HEAD + "\nAda,only").encode(), "line 2: the rating is ''"),
        ((HEAD + "\n" + row(session="")).encode(), "line 2: session or mixer is empty"),
        ((HEAD + "\n" + row(comment='"open')).encode(), "unexpected end of data. Save it from the page again"),
        (b"\xff\xfe\x00listener", "it is no text in UTF-8"),
    ],
)
def test_files_that_no_page_saved_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(ListeningError, match=message) as refused:
        read_ratings([file])
    assert str(file) in str(refused.value)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ListeningError, match="cannot be read"):
        read_ratings([tmp_path / "gone.csv"])
    with pytest.raises(ListeningError, match="cannot be read"):
        read_ratings([tmp_path])
    monkeypatch.setattr("reaper_automix.blind_test.ratings_file._MOST_BYTES", 10)
    with pytest.raises(ListeningError, match="too large"):
        read_ratings([saved(tmp_path / "a.csv", row())])
