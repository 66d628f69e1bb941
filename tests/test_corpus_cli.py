from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from rich.console import Console
from training.corpora import look_alikes

from reaper_automix.corpus_cli import add_corpus_parser
from reaper_automix.training.corpora.registry import CORPORA


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_corpus_parser(parser.add_subparsers())
    options = parser.parse_args(["corpus", *arguments])
    code: int = options.run(options, Console(stderr=True, soft_wrap=True))
    return code


def test_list_names_every_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)) == set(CORPORA)
    assert run("list") == 0
    assert "musdb18hq" in capsys.readouterr().out


def test_check_counts_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "gm-midi", str(look_alikes.gm_midi(tmp_path)), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["songs"], report["tracks"], report["moving_tracks"], report["findings"]) == (1, 2, 1, [])


def test_check_fails_on_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    next(look_alikes.lmms(tmp_path).rglob("raw_01.wav")).unlink()
    assert run("check", "lmms", str(tmp_path)) == 1
    assert "raw_01.wav" in capsys.readouterr().err


def test_build_refuses_a_wrong_corpus() -> None:
    with pytest.raises(SystemExit):
        run("build", "lmms", "--out", "x")
