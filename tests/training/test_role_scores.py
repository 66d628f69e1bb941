"""Judging roles from names on a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper_automix.errors import CorpusError
from reaper_automix.training.role_scores import load_named_tracks, mic_report, name_report, share_right

LIST = """\
song_id,track_name,source_label,role,role_confidence
a,01_KickIn.wav,kick,kick_in,high
a,02_SnareUp.wav,snare,snare_top,high
a,03_BassGtrAmp.wav,guitar,electric_guitar,high
a,04_Snare2b.wav,snare,snare_bottom,high
a,05_Blorp.wav,misc,other,low
a,06_Drip.wav,misc,synth,high
"""


@pytest.fixture
def named(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text(LIST, "utf-8")
    return path


def test_a_list_is_judged(named: Path) -> None:
    rows = load_named_tracks(named)
    high = [row for row in rows if row.confidence == "high"]
    assert share_right(high) == pytest.approx(3 / 5)
    report = "\n".join(name_report(rows))
    assert "coarse roles, high confidence: 60.00% of 5 names" in report
    assert "1 electric_guitar -> bass: 03_BassGtrAmp.wav" in report
    assert "1 synth -> nothing: 06_Drip.wav" in report
    assert "of these the label looks wrong, or says only what kind of file it is: 1" in report
    assert "03_BassGtrAmp.wav: label electric_guitar (guitar), ours bass" in report


def test_microphones_are_judged_apart(named: Path) -> None:
    report = "\n".join(mic_report(load_named_tracks(named)))
    assert "drum microphones: 66.67% of 3 labels" in report
    assert "miss: 04_Snare2b.wav: label snare_bottom (snare), ours snare" in report


def test_a_list_that_is_missing_or_other_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"names\.csv: cannot be read"):
        load_named_tracks(tmp_path / "names.csv")
    (tmp_path / "names.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(CorpusError, match="has no column"):
        load_named_tracks(tmp_path / "names.csv")


@pytest.mark.data
def test_the_real_list(shared_data: Path) -> None:
    path = shared_data / "names" / "cambridge.csv"
    if not path.is_file():
        pytest.skip("needs names/cambridge.csv in the corpus folder")
    high = [row for row in load_named_tracks(path) if row.confidence == "high"]
    assert share_right(high) >= 0.99
    mics = [row for row in high if row.mic is not None]
    assert sum(row.guess is not None and row.guess.mic is row.mic for row in mics) / len(mics) >= 0.97
