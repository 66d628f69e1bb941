from __future__ import annotations

import json
from pathlib import Path

import pytest
from blind_mixes import noise, write

from reaper_automix.blind_test.ratings_file import COLUMNS
from reaper_automix.command_line import run

RATE_HZ = 16000


@pytest.fixture
def mixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two mixes of a song, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("mine", "rides")):
        write(tmp_path / f"{name}.wav", noise(number, 1.2, -20.0 - 6.0 * number, RATE_HZ), RATE_HZ)
    return tmp_path


def test_a_page_is_made_beside(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listen", "mine.wav", "rides.wav", "--range", "0", "0:01"]) == 0
    said = capsys.readouterr().err
    assert (mixes / "listen.html").is_file()
    assert "Page: listen.html" in said
    assert "rides" in said
    assert "note" not in said


def test_notes_are_shown_as_they_are(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(mixes / "[red]short.wav", noise(3, 1.0, rate_hz=RATE_HZ), RATE_HZ)
    assert run(["listen", "mine.wav", "[red]short.wav", "--out", "p.html"]) == 0
    assert "note all are cut to the shortest, [red]short.wav (1.0 s)." in capsys.readouterr().err


def test_for_programs_it_prints_data(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listen", "mine.wav", "rides.wav", "--json", "--out", "p.html"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["outputs"] == {"page": "p.html"}
    assert [mix["name"] for mix in data["mixes"]] == ["mine", "rides"]


def test_quiet_says_nothing(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listen", "mine.wav", "rides.wav", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_refusal_says_why_and_ends_with_1(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listen", "mine.wav"]) == 1
    assert "refused: there is one mix, and nothing to compare it with. Give two" in capsys.readouterr().err
    assert run(["listen", "mine.wav", "gone.wav"]) == 1
    assert "refused: gone.wav: there is no such file" in capsys.readouterr().err
    assert run(["listen", "mine.wav", "rides.wav", "--out", "mine.wav"]) == 1
    assert not (mixes / "listen.html").exists()


def test_wrong_usage_ends_with_2(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["listen"],
        ["listen", "mine.wav", "--results", "a.csv"],
        ["listen", "a", "b", "--max-mb", "0"],
        ["listen", "a", "b", "--range", "1", "x"],
    ):
        assert run(words) == 2
        assert "error:" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listen", "--help"]) == 0
    said = capsys.readouterr().out
    assert "reaper-automix listen mine.wav balance.wav rides.wav" in said
    assert "--results listening-*.csv" in said


def test_results_are_shown(mixes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [",".join(COLUMNS)]
    for listener in range(7):
        for mixer, rating in (("mine", 50 + listener), ("[b]rides", 62 + 2 * listener)):
            cells = {"listener": f"L{listener}", "session": f"s{listener}", "page": "p", "mixer": mixer}
            lines.append(",".join(str({**cells, "rating": rating}.get(name, "")) for name in COLUMNS))
    (mixes / "r.csv").write_text("\n".join(lines))
    assert run(["listen", "--results", "r.csv"]) == 0
    out, err = capsys.readouterr()
    assert "[b]rides - mine" in out
    assert "+15.0" in out
    assert "7 listeners: small differences need more" in err
    assert run(["listen", "--results", "r.csv", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["mixers"][0]["name"] == "[b]rides"
    assert data["mixers"][0]["mean"] == 68.0
    assert run(["listen", "--results", "gone.csv"]) == 1
