"""The folders of runs: their names, what is kept, and which report is the last."""

from __future__ import annotations

import json
import os
from pathlib import Path

from reaper_automix.reascript.run_folder import last_report, new_run_folder, read_json, supersede_others


def test_two_runs_of_one_second_have_two_folders(tmp_path: Path) -> None:
    runs = tmp_path / "REAPER ü" / "runs"
    first, second = new_run_folder(runs, "Automix: balance"), new_run_folder(runs, "Automix: balance")
    assert first.path != second.path
    assert first.path.name.endswith("-automix-balance")


def test_the_oldest_finished_runs_are_removed(tmp_path: Path) -> None:
    at_work = new_run_folder(tmp_path, "one that has not ended")
    for number in range(25):
        new_run_folder(tmp_path, f"run {number}").write_receipt("Automix", [], failed=False)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert len(left) <= 22
    assert at_work.path.exists()
    assert any(name.endswith("run-24") for name in left)


def test_the_last_report_is_the_newest(tmp_path: Path) -> None:
    assert last_report(tmp_path / "none", "a.RPP") is None
    for number, project in enumerate(("a.RPP", "a.RPP", "b.RPP", "a.RPP")):
        run = new_run_folder(tmp_path, f"run {number}")
        run.request.write_text(json.dumps({"project": project}))
        os.utime(run.path, (number, number))
        if number < 3:
            run.report.write_text(str(number))
            os.utime(run.path, (number, number))
    report = last_report(tmp_path, "a.RPP")
    assert report is not None
    assert report.read_text() == "1"
    assert last_report(tmp_path, "c.RPP") is None


def test_a_new_run_lets_the_windows_of_earlier_ones_close(tmp_path: Path) -> None:
    runs = [new_run_folder(tmp_path, f"run {number}") for number in range(4)]
    for run, project in zip(runs, ("a.RPP", "b.RPP", "a.RPP", "a.RPP"), strict=True):
        run.request.write_text(json.dumps({"project": project}))
    for run in runs[:2]:
        run.write_receipt("Automix", [], failed=False)
    supersede_others(tmp_path, runs[3], "a.RPP")
    assert [run.superseded.exists() for run in runs] == [True, False, False, False]


def test_a_receipt_is_plain_ascii_json(tmp_path: Path) -> None:
    run = new_run_folder(tmp_path, "x")
    run.write_receipt("Automix: balance", ["Vox 🎤: fader written"], failed=False)
    assert run.receipt.read_bytes().isascii()
    assert json.loads(run.receipt.read_text())["lines"] == ["Vox 🎤: fader written"]


def test_half_written_json_reads_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": ')
    assert read_json(path) is None
    assert read_json(tmp_path / "missing.json") is None
